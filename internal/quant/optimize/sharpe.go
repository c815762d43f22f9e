package optimize

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/solve"
)

// MaxSharpe maximises (mu'w - riskFree Σw) / sqrt(w'Sw); Objective is that ratio a
// period, not annualised. riskFree is a rate a period. The fraction becomes a
// quadratic program in y = k w with excess'y fixed (Cornuejols and Tütüncü,
// Optimization Methods in Finance, 2006, §8.2). No portfolio of positive excess
// return is fault.NoPositiveExcessReturn.
func MaxSharpe(ctx context.Context, covariance [][]float64, means []float64, riskFree float64, c *Constraints) (*Portfolio, error) {
	const op = "optimize.MaxSharpe"
	p := len(covariance)
	if len(means) != p {
		return nil, quant.Bad(op, "means", len(means), "as many as assets")
	}
	excess := make([]float64, p)
	for i, m := range means {
		excess[i] = m - riskFree
	}
	with := c.copied()
	with.Means = means
	pr, err := prepare(ctx, op, covariance, p, &with)
	if err != nil {
		return nil, err
	}
	if err := pr.hasExcess(ctx, excess); err != nil {
		return nil, err
	}
	r, err := solve.Minimise(ctx, pr.homogeneous(covariance, excess))
	if err != nil {
		return nil, err
	}
	k := r.X[len(r.X)-1]
	if !(k > 0) {
		return nil, fault.E(op, fault.NotConverged, "the best ratio is not reached by any finite portfolio; bound the weights")
	}
	for i := range r.X {
		r.X[i] /= k
	}
	out := pr.portfolio(r, covariance)
	out.Objective = floats.Dot(excess, out.Weights) / math.Sqrt(out.Variance)
	return out, nil
}

// hasExcess refuses where no portfolio earns more than the risk-free rate.
func (pr *program) hasExcess(ctx context.Context, excess []float64) error {
	best := floats.Max(excess)
	longOnly := true
	for i := range pr.p {
		longOnly = longOnly && pr.Lower[i] >= 0
	}
	if best > 0 || !longOnly { // what the constraints leave of it
		lp := *pr
		lp.linear(excess, -1)
		r, err := solve.Minimise(ctx, &lp.Problem)
		switch fault.CodeOf(err) {
		case "":
			best = -r.Objective
		case fault.NotConverged:
			return nil // without bounds there is no greatest return
		default:
			return err
		}
	}
	if best <= 0 {
		return fault.E(pr.op, fault.NoPositiveExcessReturn, "the greatest expected excess return is %g; it must be above 0", best).With("value", best).With("limit", 0)
	}
	return nil
}

// homogeneous writes the program for y = k w, with k as the last variable: every
// limit moves to the left, multiplied by k.
func (pr *program) homogeneous(covariance [][]float64, excess []float64) *solve.Problem {
	n := pr.p + pr.aux
	out := &solve.Problem{Lower: Fill(n+1, math.Inf(-1)), Upper: Fill(n+1, math.Inf(1))}
	out.Lower[n] = 0
	wider := func(of []float64, limit float64) []float64 {
		row := make([]float64, n+1)
		copy(row, of)
		row[n] = -limit
		return row
	}
	for _, r := range pr.Equal {
		out.Equal = append(out.Equal, solve.Row{Name: r.Name, Of: wider(r.Of, r.Limit)})
	}
	for _, r := range pr.AtMost {
		out.AtMost = append(out.AtMost, solve.Row{Name: r.Name, Of: wider(r.Of, r.Limit)})
	}
	for i := range n {
		unit := make([]float64, n)
		switch lo := pr.Lower[i]; {
		case lo == 0:
			out.Lower[i] = 0
		case !math.IsInf(lo, 0):
			unit[i] = -1
			out.AtMost = append(out.AtMost, solve.Row{Name: "lower " + pr.c.name(i), Of: wider(unit, -lo)})
		}
		if up := pr.Upper[i]; !math.IsInf(up, 0) {
			unit[i] = 1
			out.AtMost = append(out.AtMost, solve.Row{Name: "upper " + pr.c.name(i), Of: wider(unit, up)})
		}
	}
	// Any positive number will do; this one makes k about one.
	out.Equal = append(out.Equal, solve.Row{Name: "excess return", Of: append(scaled(excess, 1), make([]float64, n+1-pr.p)...), Limit: floats.Norm(excess, math.Inf(1))})
	out.Quadratic = make([][]float64, n+1)
	for i := range out.Quadratic {
		out.Quadratic[i] = make([]float64, n+1)
		if i < pr.p {
			copy(out.Quadratic[i], covariance[i])
		}
	}
	return out
}
