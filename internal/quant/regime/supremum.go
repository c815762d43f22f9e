package regime

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Grid of the diffusion below: cells of the radius, steps of time.
const (
	supremumCells = 400
	supremumSteps = 200
)

// supremumP is the chance that |B(s)|²/(s(1-s)), B a Brownian bridge in k
// dimensions, exceeds c within the dates: the limit of tests for a break at an
// unknown date (Andrews 1993). In u = ln(s/(1-s)) the process is a stationary
// radial Ornstein-Uhlenbeck process (DeLong 1981): R' = (k-R) + 2√R noise over a
// window of so much time. The chance to have reached c solves v' = (k-R)v_R +
// 2Rv_RR, v(c) = 1, here by finite volumes under the stationary chi-square law and
// Crank and Nicolson's steps, exact to about four digits.
func supremumP(c float64, k int, time float64) float64 {
	switch {
	case math.IsNaN(c):
		return math.NaN()
	case c <= 0:
		return 1
	}
	half := float64(k) / 2
	const n = supremumCells
	edge := func(i int) float64 { r := float64(i) / n; return c * r * r }
	mass, flow := make([]float64, n), make([]float64, n+1) // flow[i] through edge i
	below := 0.0
	for i := range n {
		upper := mathext.GammaIncReg(half, edge(i+1)/2)
		mass[i] = upper - below
		below = upper
	}
	lgamma, _ := math.Lgamma(half)
	centre := func(i int) float64 { r := (float64(i) + 0.5) / n; return c * r * r }
	for i := 1; i <= n; i++ {
		r := edge(i)
		density := math.Exp((half-1)*math.Log(r/2)-r/2-lgamma) / 2
		next := c
		if i < n {
			next = centre(i)
		}
		flow[i] = 2 * r * density / (next - centre(i-1))
	}
	v := make([]float64, n)
	s := &tridiagonal{diag: make([]float64, n), off: make([]float64, n), rhs: make([]float64, n)}
	step := time / supremumSteps
	for t := range supremumSteps {
		if t < 2 { // the start is a jump: four implicit half steps damp it
			s.advance(v, mass, flow, step/2, 1)
			s.advance(v, mass, flow, step/2, 1)
		} else {
			s.advance(v, mass, flow, step, 0.5)
		}
	}
	p := mathext.GammaIncRegComp(half, c/2)
	for i, m := range mass {
		p += m * v[i]
	}
	return min(1, p)
}

// tridiagonal is the memory of one step.
type tridiagonal struct{ diag, off, rhs []float64 }

// advance takes mass·v' = div(flow·grad v) one step; implicit is the weight of its
// end.
func (s *tridiagonal) advance(v, mass, flow []float64, step, implicit float64) {
	n := len(v)
	explicit := (1 - implicit) * step
	at := func(i int) float64 {
		if i == n {
			return 1
		}
		return v[i]
	}
	for i := range n {
		change := flow[i+1] * (at(i+1) - v[i])
		if i > 0 {
			change -= flow[i] * (v[i] - v[i-1])
		}
		s.rhs[i] = mass[i]*v[i] + explicit*change
		s.diag[i] = mass[i] + implicit*step*(flow[i]+flow[i+1])
		s.off[i] = -implicit * step * flow[i+1]
	}
	s.rhs[n-1] += implicit * step * flow[n]
	for i := 1; i < n; i++ {
		f := s.off[i-1] / s.diag[i-1]
		s.diag[i] -= f * s.off[i-1]
		s.rhs[i] -= f * s.rhs[i-1]
	}
	v[n-1] = s.rhs[n-1] / s.diag[n-1]
	for i := n - 2; i >= 0; i-- {
		v[i] = (s.rhs[i] - s.off[i]*v[i+1]) / s.diag[i]
	}
}
