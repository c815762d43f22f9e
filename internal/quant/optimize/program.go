package optimize

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant/solve"
)

// program is a problem over the weights w and, where gross or turnover is bounded,
// over auxiliary variables: a >= |w - origin| for each asset that may lie on either
// side of the origin.
type program struct {
	op  string
	c   *Constraints
	p   int // assets
	aux int // auxiliary variables
	solve.Problem
}

// prepare checks the input and turns the constraints into rows. The covariance may
// be nil for a linear program.
func prepare(_ context.Context, op string, covariance [][]float64, p int, c *Constraints) (*program, error) {
	if covariance != nil || p == 0 {
		if err := checkCovariance(op, covariance); err != nil {
			return nil, err
		}
	}
	all := c.copied()
	if err := all.check(op, p); err != nil {
		return nil, err
	}
	pr := &program{op: op, c: &all, p: p}
	unbounded := false
	for i := range p {
		pr.Lower, pr.Upper = append(pr.Lower, all.lower(i)), append(pr.Upper, all.upper(i))
		// The sum of the weights bounds those above that are bounded below.
		unbounded = unbounded || math.IsInf(pr.Lower[i], 0)
	}
	if unbounded && all.Gross == 0 && all.Turnover == 0 && covariance != nil {
		var ch solve.Cholesky
		if ch.Factor(flatten(covariance), p) > 0 {
			return nil, singular(op)
		}
	}
	pr.rows()
	return pr, nil
}

// rows writes the constraints down.
func (pr *program) rows() {
	c := pr.c
	pr.Equal = append(pr.Equal, solve.Row{Name: "net", Of: Fill(pr.p, 1), Limit: c.net()})
	if c.Beta != nil {
		pr.Equal = append(pr.Equal, solve.Row{Name: "beta", Of: append([]float64(nil), c.Beta...), Limit: c.BetaTarget})
	}
	for _, g := range c.Groups {
		of := make([]float64, pr.p)
		for _, i := range g.Members {
			of[i] = 1
		}
		switch {
		case g.Min == g.Max:
			pr.Equal = append(pr.Equal, solve.Row{Name: g.Name, Of: of, Limit: g.Min})
			continue
		case !math.IsInf(g.Min, 0):
			pr.AtMost = append(pr.AtMost, solve.Row{Name: "min " + g.Name, Of: scaled(of, -1), Limit: -g.Min})
		}
		if !math.IsInf(g.Max, 0) {
			pr.AtMost = append(pr.AtMost, solve.Row{Name: "max " + g.Name, Of: of, Limit: g.Max})
		}
	}
	if c.MinReturn != nil {
		pr.AtMost = append(pr.AtMost, solve.Row{Name: "min_return", Of: scaled(c.Means, -1), Limit: -*c.MinReturn})
	}
	if c.Gross > 0 {
		pr.absolute("gross", make([]float64, pr.p), c.Gross)
	}
	if c.Turnover > 0 {
		pr.absolute("turnover", c.Previous, 2*c.Turnover)
	}
}

// absolute demands Σ|w - origin| <= limit. Where the bounds fix the sign of a term it
// is linear; the others take an auxiliary variable each.
func (pr *program) absolute(name string, origin []float64, limit float64) {
	sum := solve.Row{Name: name, Of: make([]float64, pr.p+pr.aux), Limit: limit}
	var both []int
	for i, o := range origin {
		switch {
		case pr.Lower[i] >= o:
			sum.Of[i] = 1
			sum.Limit += o
		case pr.Upper[i] <= o:
			sum.Of[i] = -1
			sum.Limit -= o
		default:
			both = append(both, i)
		}
	}
	first := pr.p + pr.aux
	pr.extend(len(both))
	sum.Of = append(sum.Of, Fill(len(both), 1)...)
	for k, i := range both {
		above, below := make([]float64, pr.p+pr.aux), make([]float64, pr.p+pr.aux)
		above[i], above[first+k] = 1, -1
		below[i], below[first+k] = -1, -1
		pr.AtMost = append(pr.AtMost,
			solve.Row{Name: name, Of: above, Limit: origin[i]},
			solve.Row{Name: name, Of: below, Limit: -origin[i]})
	}
	pr.AtMost = append(pr.AtMost, sum)
}

// extend adds k auxiliary variables, not negative.
func (pr *program) extend(k int) {
	pr.aux += k
	zeros := make([]float64, k)
	pr.Lower, pr.Upper = append(pr.Lower, zeros...), append(pr.Upper, Fill(k, math.Inf(1))...)
	for _, rows := range [][]solve.Row{pr.Equal, pr.AtMost} {
		for r := range rows {
			rows[r].Of = append(rows[r].Of, zeros...)
		}
	}
}

// quadratic makes factor/2 w'Sw part of the objective.
func (pr *program) quadratic(s [][]float64, factor float64) {
	n := pr.p + pr.aux
	pr.Quadratic = make([][]float64, n)
	for i := range n {
		pr.Quadratic[i] = make([]float64, n)
		if i < pr.p {
			floats.ScaleTo(pr.Quadratic[i][:pr.p], factor, s[i])
		}
	}
}

// linear makes factor * v'w part of the objective.
func (pr *program) linear(v []float64, factor float64) {
	pr.Linear = make([]float64, pr.p+pr.aux)
	floats.ScaleTo(pr.Linear[:pr.p], factor, v)
}

// solve runs the solver and tells what is known of the weights.
func (pr *program) solve(ctx context.Context, covariance [][]float64) (*Portfolio, error) {
	r, err := solve.Minimise(ctx, &pr.Problem)
	if err != nil {
		return nil, err
	}
	return pr.portfolio(r, covariance), nil
}

func (pr *program) portfolio(r *solve.Result, covariance [][]float64) *Portfolio {
	out := &Portfolio{Weights: r.X[:pr.p:pr.p], Variance: math.NaN(), Return: math.NaN(), Objective: r.Objective, Gap: r.Gap, Iterations: r.Iterations, Status: r.Status}
	if covariance != nil {
		out.Variance = variance(covariance, out.Weights)
	}
	if pr.c.Means != nil {
		out.Return = floats.Dot(pr.c.Means, out.Weights)
	}
	out.Active = pr.c.active(out.Weights)
	return out
}

func scaled(x []float64, by float64) []float64 {
	return floats.ScaleTo(make([]float64, len(x)), by, x)
}
