package optimize

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/solve"
)

// Parity is a portfolio of given risk contributions.
type Parity struct {
	// Weights are positive and add up to one.
	Weights []float64
	// Contributions are w_i (Sw)_i / w'Sw: they equal the budgets.
	Contributions []float64
	Volatility    float64 // a period
	// Gap is the largest difference of a contribution from its budget.
	Gap        float64
	Iterations int
	Status     string
}

const (
	parityGap   = 1e-10 // what is promised
	parityGoal  = 1e-15 // where to stop, of a budget of one
	paritySteps = 500
)

// RiskParity finds the long-only weights whose risk contributions are the budgets,
// positive numbers that add up to one; nil means equal budgets. It minimises the
// convex ½x'Sx - Σ b ln x, first coordinate by coordinate (Griveau-Billion, Richard
// and Roncalli 2013), p² a sweep, then by damped Newton steps where that is slow
// (Spinu 2013), and normalises. Errors: fault.SingularCovariance, NotConverged.
func RiskParity(ctx context.Context, covariance [][]float64, budgets []float64) (*Parity, error) {
	const op = "optimize.RiskParity"
	if err := checkCovariance(op, covariance); err != nil {
		return nil, err
	}
	p := len(covariance)
	b := budgets
	if b == nil {
		b = Fill(p, 1/float64(p))
	}
	if len(b) != p {
		return nil, quant.Bad(op, "budgets", len(b), "one an asset")
	}
	for _, v := range b {
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, quant.Bad(op, "budgets", v, "above 0")
		}
	}
	if s := floats.Sum(b); math.Abs(s-1) > 1e-9 {
		return nil, quant.Bad(op, "budgets", s, "numbers that add up to 1")
	}
	s := parity{s: covariance, b: b, x: make([]float64, p), sx: make([]float64, p)}
	for i, row := range covariance {
		if row[i] <= 0 {
			return nil, fault.E(op, fault.ConstantSeries, "asset %d has no variance, so it takes no risk", i+1)
		}
		s.x[i] = math.Sqrt(b[i] / row[i])
	}
	steps, before := 0, math.Inf(1)
	for gap := s.gap(); gap > parityGoal && steps < paritySteps; steps++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch slow := gap > .8*before; {
		case slow && gap < parityGap:
			gap = 0 // as near as rounding allows
			continue
		case slow && steps > 20:
			if !s.newton() {
				return nil, singular(op)
			}
		default:
			s.sweep()
		}
		before, gap = gap, s.gap()
	}
	if gap := s.gap(); !(gap <= parityGap) {
		return nil, fault.E(op, fault.NotConverged, "after %d steps a risk contribution is %.1e from its budget; it must be below %g", steps, gap, parityGap)
	}
	out := &Parity{Gap: s.last, Iterations: steps, Status: solve.Optimal}
	out.Weights = scaled(s.x, 1/floats.Sum(s.x))
	v := variance(covariance, out.Weights)
	out.Volatility = math.Sqrt(v)
	out.Contributions = make([]float64, p)
	for i, row := range covariance {
		out.Contributions[i] = out.Weights[i] * floats.Dot(row, out.Weights) / v
	}
	return out, nil
}

// parity is the iterate; at the optimum x_i (Sx)_i = b_i.
type parity struct {
	s        [][]float64
	b, x, sx []float64
	last     float64
}

// gap is how far the contributions are from the budgets, after normalising.
func (s *parity) gap() float64 {
	var total, worst float64
	for i, row := range s.s {
		s.sx[i] = floats.Dot(row, s.x)
		total += s.x[i] * s.sx[i]
	}
	for i, b := range s.b {
		worst = max(worst, math.Abs(s.x[i]*s.sx[i]/total-b))
	}
	s.last = worst
	return worst
}

// sweep solves for each x_i in turn: S_ii x² + (Σ_{j≠i} S_ij x_j) x = b_i.
func (s *parity) sweep() {
	for i, row := range s.s {
		c := floats.Dot(row, s.x) - row[i]*s.x[i]
		root := math.Sqrt(c*c + 4*row[i]*s.b[i])
		if c > 0 { // the form without cancellation
			s.x[i] = 2 * s.b[i] / (c + root)
		} else {
			s.x[i] = (root - c) / (2 * row[i])
		}
	}
}

// newton takes one damped step; false where S has no positive direction left.
func (s *parity) newton() bool {
	p := len(s.x)
	h := flatten(s.s)
	g := make([]float64, p)
	for i := range p {
		g[i] = s.sx[i] - s.b[i]/s.x[i]
		h[i*p+i] += s.b[i] / (s.x[i] * s.x[i])
	}
	var ch solve.Cholesky
	if ch.Factor(h, p) > 0 {
		return false
	}
	d := append([]float64(nil), g...)
	ch.Solve(d)
	t := 1.0
	if decrement := math.Sqrt(max(floats.Dot(g, d), 0) / floats.Min(s.b)); decrement > .95 { // self-concordant scale
		t = 1 / (1 + decrement)
	}
	for i := range p {
		for s.x[i]-t*d[i] <= 0 {
			t /= 2
		}
	}
	floats.AddScaled(s.x, -t, d)
	return true
}
