package solve

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant"
)

const (
	// tolerance is the relative gap and residual of anything that is returned.
	tolerance = 1e-9
	// goal is the gap at which a quadratic program stops: its weights are unique, and
	// as far from the optimum as the gap is, relative to the multipliers. Of a linear
	// one only the value is.
	goal = 1e-12
	// waiting is the gap below which residuals that are left come first.
	waiting = 1e-10
	// hopeless is the gap at which residuals will not fall any more.
	hopeless = 1e-18
	// maxIterations is far above the 10 to 30 that are usual.
	maxIterations = 100
	// toBoundary is the part of the way to the nearest bound that a step takes.
	toBoundary = 0.9995
)

// state is the iterate of the interior-point method. The problem is scaled: the
// objective by objScale, each row by its largest coefficient.
//
// All rows, hard ones first, read D x - e - u + t = 0 with t > 0 and multiplier
// y > 0; u > 0 is the violation that a hinge may have at the price tau, and y+v = tau
// with v > 0 its multiplier. A hard row has neither u nor v.
type state struct {
	p                *Problem
	n, hard, m       int
	objScale         float64
	rowNorm, eqNorm  []float64
	q                [][]float64 // nil for a linear program
	c                []float64
	tau              float64
	cols             [][]float64 // D by columns, each m long
	e                []float64
	eq               [][]float64
	b                []float64
	hasLower, hasUpp []bool

	x, nu, zl, zu, t, y, u, v []float64
	rd, rp, rr                []float64 // residuals
	dx, dnu, dzl, dzu         []float64
	dt, dy, du                []float64
	cl, cu, ct, ch            []float64 // what the complementarity products must change by
	theta, sqrtTheta, qq      []float64
	scaled                    [][]float64
	h                         []float64 // normal matrix
	kkt, schur                Cholesky
	hinvA                     [][]float64
	rho                       float64
	diagonal, g, r1, lastX    []float64
	r2, lastNu                []float64

	// careful keeps further from the boundary and stops at the tolerance.
	careful       bool
	gap, residual float64
	iterations    int
}

func newState(p *Problem) *state {
	n := p.size()
	s := &state{p: p, n: n, hard: len(p.AtMost)}
	scenarios := 0
	if len(p.Hinges.Columns) > 0 {
		scenarios = len(p.Hinges.Columns[0])
	}
	s.m = s.hard + scenarios
	s.scaleObjective()
	s.cols = make([][]float64, n)
	s.e = make([]float64, s.m)
	s.rowNorm = make([]float64, s.hard)
	for k, r := range p.AtMost {
		s.rowNorm[k] = rowScale(r)
		s.e[k] = r.Limit / s.rowNorm[k]
	}
	for i, v := range p.offset {
		s.e[s.hard+i] = -v
	}
	for j := range n {
		s.cols[j] = make([]float64, s.m)
		for k, r := range p.AtMost {
			s.cols[j][k] = r.Of[j] / s.rowNorm[k]
		}
		if scenarios > 0 {
			copy(s.cols[j][s.hard:], p.Hinges.Columns[j])
		}
	}
	for _, r := range p.Equal {
		norm := rowScale(r)
		row := append([]float64(nil), r.Of...)
		floats.Scale(1/norm, row)
		s.eq, s.b, s.eqNorm = append(s.eq, row), append(s.b, r.Limit/norm), append(s.eqNorm, norm)
	}
	s.allocate()
	s.start()
	return s
}

func (s *state) scaleObjective() {
	p := s.p
	var top float64
	for i := range p.Quadratic {
		top = max(top, math.Abs(p.Quadratic[i][i]))
	}
	for _, v := range p.Linear {
		top = max(top, math.Abs(v))
	}
	if top == 0 {
		top = max(p.Hinges.Weight, 1e-300)
	}
	s.objScale = 1 / top
	s.tau = p.Hinges.Weight * s.objScale
	s.c = make([]float64, s.n)
	if p.Linear != nil {
		floats.ScaleTo(s.c, s.objScale, p.Linear)
	}
	if p.Quadratic != nil {
		s.q = make([][]float64, s.n)
		for i, row := range p.Quadratic {
			s.q[i] = floats.ScaleTo(make([]float64, s.n), s.objScale, row)
		}
	}
}

func (s *state) allocate() {
	n, m, k := s.n, s.m, len(s.eq)
	for _, v := range []*[]float64{&s.x, &s.zl, &s.zu, &s.rd, &s.dx, &s.dzl, &s.dzu, &s.cl, &s.cu, &s.diagonal, &s.g, &s.r1, &s.lastX} {
		*v = make([]float64, n)
	}
	for _, v := range []*[]float64{&s.t, &s.y, &s.u, &s.v, &s.rr, &s.dt, &s.dy, &s.du, &s.ct, &s.ch, &s.theta, &s.sqrtTheta, &s.qq} {
		*v = make([]float64, m)
	}
	for _, v := range []*[]float64{&s.nu, &s.dnu, &s.rp, &s.r2, &s.lastNu} {
		*v = make([]float64, k)
	}
	s.h = make([]float64, n*n)
	s.scaled = make([][]float64, n)
	for j := range n {
		s.scaled[j] = make([]float64, m)
	}
	s.hinvA = make([][]float64, k)
	for j := range k {
		s.hinvA[j] = make([]float64, n)
	}
	s.hasLower, s.hasUpp = make([]bool, n), make([]bool, n)
}

// start chooses a point inside all bounds and, for each pair of slack and multiplier,
// the same product: only the equations and the gradient are not met.
func (s *state) start() {
	for i := range s.n {
		lo, up := s.p.lower(i), s.p.upper(i)
		s.hasLower[i], s.hasUpp[i] = !math.IsInf(lo, 0), !math.IsInf(up, 0)
		switch l, u := s.hasLower[i], s.hasUpp[i]; {
		case l && u:
			s.x[i] = lo + min(.5*(up-lo), 1)
		case l:
			s.x[i] = lo + 1
		case u:
			s.x[i] = up - 1
		}
	}
	excess := s.rows(s.x)
	floats.Sub(excess, s.e)
	width := max(norm(excess), 1e-3)
	mu := s.tau * width / 2
	if s.tau == 0 {
		mu = .1 * max(s.slope(), 1e-3)
	}
	for i := range s.n {
		if s.hasLower[i] {
			s.zl[i] = mu / (s.x[i] - s.p.Lower[i])
		}
		if s.hasUpp[i] {
			s.zu[i] = mu / (s.p.Upper[i] - s.x[i])
		}
	}
	for k, r := range excess {
		if k < s.hard {
			s.t[k] = max(-r, .1*width)
			s.y[k] = mu / s.t[k]
			continue
		}
		// t y = u v = mu with u = t + r and v = tau - y; whichever root has no
		// cancellation comes first.
		root := math.Hypot(s.tau*r, 2*mu)
		if r < 0 {
			s.t[k] = (2*mu - s.tau*r + root) / (2 * s.tau)
			s.y[k] = mu / s.t[k]
			s.v[k] = s.tau - s.y[k]
			s.u[k] = mu / s.v[k]
		} else {
			s.u[k] = (2*mu + s.tau*r + root) / (2 * s.tau)
			s.v[k] = mu / s.u[k]
			s.y[k] = s.tau - s.v[k]
			s.t[k] = mu / s.y[k]
		}
	}
}

// slope is the largest element of the gradient at x.
func (s *state) slope() float64 {
	worst := norm(s.c)
	for i, row := range s.q {
		worst = max(worst, math.Abs(floats.Dot(row, s.x)+s.c[i]))
	}
	return worst
}

// rows is D x.
func (s *state) rows(x []float64) []float64 {
	out := make([]float64, s.m)
	for j, c := range s.cols {
		if x[j] != 0 {
			floats.AddScaled(out, x[j], c)
		}
	}
	return out
}

// run iterates until the gap is closed; false where it stays open.
func (s *state) run(ctx context.Context) (bool, error) {
	best := math.Inf(1)
	var bestX, bestNu, bestY []float64
	var bestResidual float64
	for s.iterations = 0; s.iterations < maxIterations; s.iterations++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		s.measure()
		if math.IsNaN(s.gap) || math.IsNaN(s.residual) || s.gap > 0 && s.gap < hopeless {
			break
		}
		if fine := s.residual <= tolerance; fine && s.gap < best {
			stalled := best <= tolerance && s.gap > .5*best
			best, bestResidual = s.gap, s.residual
			bestX, bestNu, bestY = append(bestX[:0], s.x...), append(bestNu[:0], s.nu...), append(bestY[:0], s.y...)
			if s.gap <= goal || (s.q == nil || s.careful) && s.gap <= tolerance || stalled {
				break
			}
		} else if best <= tolerance {
			break // as good as rounding allows
		}
		if ok, err := s.step(ctx); err != nil {
			return false, err
		} else if !ok {
			break
		}
	}
	if best > tolerance {
		return false, nil
	}
	s.gap, s.residual = best, bestResidual
	copy(s.x, bestX)
	copy(s.nu, bestNu)
	copy(s.y, bestY)
	return true, nil
}

// measure computes the residuals and the relative gap.
func (s *state) measure() {
	copy(s.rd, s.c)
	var objective float64
	for i, row := range s.q {
		g := floats.Dot(row, s.x)
		s.rd[i] += g
		objective += .5 * g * s.x[i]
	}
	objective += floats.Dot(s.c, s.x)
	size := 1.0
	for k, a := range s.eq {
		s.rp[k] = floats.Dot(a, s.x) - s.b[k]
		floats.AddScaled(s.rd, s.nu[k], a)
		size = max(size, math.Abs(s.b[k]), math.Abs(s.nu[k]))
	}
	copy(s.rr, s.rows(s.x))
	for k := range s.rr {
		s.rr[k] += s.t[k] - s.e[k] - s.u[k]
		if k >= s.hard {
			objective += s.tau * s.u[k]
		}
	}
	var comp float64
	for i := range s.n {
		s.rd[i] += floats.Dot(s.cols[i], s.y) + s.zu[i] - s.zl[i]
		comp += s.products(i)
	}
	for k := range s.m {
		comp += s.t[k]*s.y[k] + s.u[k]*s.v[k]
	}
	s.gap = comp / max(math.Abs(objective), 1e-4)
	s.residual = max(norm(s.rd), norm(s.rp), norm(s.rr)) / size
}

// products is the complementarity of the bounds of variable i.
func (s *state) products(i int) float64 {
	var c float64
	if s.hasLower[i] {
		c += (s.x[i] - s.p.Lower[i]) * s.zl[i]
	}
	if s.hasUpp[i] {
		c += (s.p.Upper[i] - s.x[i]) * s.zu[i]
	}
	return c
}

func norm(x []float64) float64 {
	var m float64
	for _, v := range x {
		if !(math.Abs(v) <= m) { // NaN wins
			m = math.Abs(v)
		}
	}
	return m
}

// prices are the multipliers of the rows in the caller's units.
func (s *state) prices() (equal, atMost []float64) {
	equal, atMost = make([]float64, len(s.eq)), make([]float64, s.hard)
	for k := range equal {
		equal[k] = s.nu[k] / s.eqNorm[k] / s.objScale
	}
	for k := range atMost {
		atMost[k] = s.y[k] / s.rowNorm[k] / s.objScale
	}
	return equal, atMost
}

// normal builds and factors Q + bounds + D'ΘD (+ ρA'A, which changes no step) and
// the Schur complement of the equations.
func (s *state) normal(ctx context.Context) error {
	n := s.n
	for k := range s.theta {
		th := s.t[k] / s.y[k]
		if k >= s.hard {
			th += s.u[k] / s.v[k]
		}
		s.theta[k] = 1 / th
		s.sqrtTheta[k] = math.Sqrt(s.theta[k])
	}
	if s.m > 0 {
		for j := range n {
			floats.MulTo(s.scaled[j], s.cols[j], s.sqrtTheta)
		}
		g, err := quant.Gram(ctx, s.scaled)
		if err != nil {
			return err
		}
		for i, row := range g {
			copy(s.h[i*n:(i+1)*n], row)
		}
	} else {
		clear(s.h)
	}
	var mean float64
	for i := range n {
		if s.q != nil {
			floats.Add(s.h[i*n:i*n+n], s.q[i])
		}
		s.diagonal[i] = 0
		if s.hasLower[i] {
			s.diagonal[i] += s.zl[i] / (s.x[i] - s.p.Lower[i])
		}
		if s.hasUpp[i] {
			s.diagonal[i] += s.zu[i] / (s.p.Upper[i] - s.x[i])
		}
		s.h[i*n+i] += s.diagonal[i]
		mean += s.h[i*n+i] / float64(n)
	}
	s.rho = 0
	if len(s.eq) > 0 {
		s.rho = mean
		for _, a := range s.eq {
			for i, v := range a {
				if v != 0 {
					floats.AddScaled(s.h[i*n:i*n+n], s.rho*v, a)
				}
			}
		}
	}
	s.kkt.Factor(s.h, n)
	k := len(s.eq)
	schur := make([]float64, k*k)
	for a := range k {
		copy(s.hinvA[a], s.eq[a])
		s.kkt.Solve(s.hinvA[a])
		for b := range k {
			schur[a*k+b] = floats.Dot(s.eq[b], s.hinvA[a])
		}
	}
	s.schur.Factor(schur, k)
	return nil
}
