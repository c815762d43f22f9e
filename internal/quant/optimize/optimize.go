// Package optimize chooses portfolio weights: minimum variance, target return,
// utility, maximum Sharpe ratio, the efficient frontier, risk budgets and minimum
// CVaR, under one set of constraints.
//
// A covariance is p×p, p columns of p; means are per period. Weights are fractions
// of the capital, negative for short positions. Every optimum is proven within a
// relative gap of 1e-9; errors are fault.Infeasible with the arithmetic where it is
// simple, fault.SingularCovariance, fault.NoPositiveExcessReturn,
// fault.InvalidParameter and fault.NotConverged.
//
//	c := optimize.Constraints{Upper: optimize.Fill(p, 0.15)}
//	best, err := optimize.MinVariance(ctx, covariance, &c)
package optimize

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/solve"
)

// Portfolio is an optimum.
type Portfolio struct {
	Weights []float64
	// Variance is w'Sw a period; NaN where no covariance was given.
	Variance float64
	// Return is mu'w a period; NaN where no means were given.
	Return float64
	// Objective is what was minimised or maximised, as the function says.
	Objective float64
	// Gap bounds the distance to the optimum, relative to the objective.
	Gap        float64
	Iterations int
	Status     string
	// Active names the constraints that hold with equality.
	Active   []string
	Warnings []string
}

// Fill is a slice of p equal values, for bounds.
func Fill(p int, value float64) []float64 {
	out := make([]float64, p)
	for i := range out {
		out[i] = value
	}
	return out
}

// noiseYears is the length of daily history below which means are mostly noise.
const noiseYears = 5

// MeanWarning warns that means of n daily observations are noise; empty where n is
// at least five years of 252.
func MeanWarning(n int) string {
	if n >= noiseYears*252 {
		return ""
	}
	return fmt.Sprintf("the means come from %d observations; below %d they are mostly noise", n, noiseYears*252)
}

// JamesStein shrinks the sample means of p series of n observations toward their
// grand mean under minimum-variance weights (Jorion 1986, eq. 17, Bayes-Stein): it returns the shrunk
// means and the weight of the target in [0, 1]. It needs p >= 3.
func JamesStein(means []float64, covariance [][]float64, n int) (shrunk []float64, shrinkage float64, err error) {
	const op = "optimize.JamesStein"
	p := len(means)
	if p < 3 {
		return nil, 0, quant.Bad(op, "series", p, "at least 3")
	}
	if err := checkCovariance(op, covariance); err != nil {
		return nil, 0, err
	}
	var ch solve.Cholesky
	if ch.Factor(flatten(covariance), p) > 0 {
		return nil, 0, singular(op)
	}
	ones := Fill(p, 1)
	ch.Solve(ones)
	target := floats.Dot(ones, means) / floats.Sum(ones)
	d := make([]float64, p)
	for i, m := range means {
		d[i] = m - target
	}
	z := append([]float64(nil), d...)
	ch.Solve(z)
	shrinkage = float64(p+2) / (float64(p+2) + float64(n)*floats.Dot(d, z))
	shrunk = make([]float64, p)
	for i, v := range d {
		shrunk[i] = target + (1-shrinkage)*v
	}
	return shrunk, shrinkage, nil
}

// MinVariance minimises w'Sw; Objective is that variance. With Means and MinReturn
// in the constraints it is Markowitz' target-return portfolio. A covariance that is
// singular while weights are unbounded is fault.SingularCovariance.
func MinVariance(ctx context.Context, covariance [][]float64, c *Constraints) (*Portfolio, error) {
	const op = "optimize.MinVariance"
	pr, err := prepare(ctx, op, covariance, len(covariance), c)
	if err != nil {
		return nil, err
	}
	pr.quadratic(covariance, 2)
	return pr.solve(ctx, covariance)
}

// Utility maximises mu'w - riskAversion/2 w'Sw; Objective is that utility. Costs of
// trading are not part of it. riskAversion is above zero.
func Utility(ctx context.Context, covariance [][]float64, means []float64, riskAversion float64, c *Constraints) (*Portfolio, error) {
	const op = "optimize.Utility"
	if !(riskAversion > 0) || math.IsInf(riskAversion, 0) {
		return nil, quant.Bad(op, "risk_aversion", riskAversion, "above 0")
	}
	with := c.copied()
	with.Means = means
	pr, err := prepare(ctx, op, covariance, len(covariance), &with)
	if err != nil {
		return nil, err
	}
	if len(means) != len(covariance) {
		return nil, quant.Bad(op, "means", len(means), fmt.Sprintf("%d numbers, one an asset", len(covariance)))
	}
	pr.quadratic(covariance, riskAversion)
	pr.linear(means, -1)
	out, err := pr.solve(ctx, covariance)
	if err != nil {
		return nil, err
	}
	out.Objective = out.Return - riskAversion/2*out.Variance
	return out, nil
}

// MaxReturn maximises mu'w, a linear program; Objective is that return. The weights
// need not be unique.
func MaxReturn(ctx context.Context, means []float64, c *Constraints) (*Portfolio, error) {
	const op = "optimize.MaxReturn"
	with := c.copied()
	with.Means = means
	pr, err := prepare(ctx, op, nil, len(means), &with)
	if err != nil {
		return nil, err
	}
	pr.linear(means, -1)
	out, err := pr.solve(ctx, nil)
	if err != nil {
		return nil, err
	}
	out.Objective = out.Return
	return out, nil
}

// Frontier is the efficient half of the mean-variance frontier: points portfolios
// with returns equally spaced from the one of minimum variance to the greatest
// possible. points is at least 2.
func Frontier(ctx context.Context, covariance [][]float64, means []float64, points int, c *Constraints) ([]*Portfolio, error) {
	if points < 2 {
		return nil, quant.Bad("optimize.Frontier", "points", points, "at least 2")
	}
	with := c.copied()
	with.Means = means
	first, err := MinVariance(ctx, covariance, &with)
	if err != nil {
		return nil, err
	}
	last, err := MaxReturn(ctx, means, &with)
	if err != nil {
		return nil, err
	}
	out := []*Portfolio{first}
	for k := 1; k < points; k++ {
		share := float64(k) / float64(points-1)
		// A hair below the greatest return, so that the set of choices has an inside.
		target := first.Return + share*(last.Return-first.Return)*(1-1e-9)
		with.MinReturn = &target
		p, err := MinVariance(ctx, covariance, &with)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func checkCovariance(op string, s [][]float64) error {
	p := len(s)
	if p == 0 {
		return quant.Bad(op, "assets", 0, "at least 1")
	}
	for i, row := range s {
		if len(row) != p {
			return quant.Bad(op, "covariance", fmt.Sprintf("%d×%d", p, len(row)), "square")
		}
		for j, v := range row {
			switch {
			case math.IsNaN(v):
				return fault.E(op, fault.MissingValues, "the covariance has no value at %d, %d", i+1, j+1)
			case math.IsInf(v, 0):
				return fault.E(op, fault.NonFinite, "the covariance is infinite at %d, %d", i+1, j+1)
			case math.Abs(v-s[j][i]) > 1e-9*(math.Abs(v)+math.Abs(s[j][i])):
				return quant.Bad(op, "covariance", "not symmetric", "symmetric")
			}
		}
		if row[i] < 0 {
			return quant.Bad(op, "covariance", row[i], "zero or more on its diagonal")
		}
	}
	return nil
}

func singular(op string) error {
	return fault.E(op, fault.SingularCovariance, "the covariance matrix is singular and some weights have no bounds, so that no portfolio is best").Hinted("Use a shrunk covariance (ledoit_wolf), leave out an asset, or bound the weights.")
}

func flatten(s [][]float64) []float64 {
	out := make([]float64, 0, len(s)*len(s))
	for _, row := range s {
		out = append(out, row...)
	}
	return out
}

// variance is w'Sw.
func variance(s [][]float64, w []float64) float64 {
	var v float64
	for i, row := range s {
		if w[i] != 0 {
			v += w[i] * floats.Dot(row, w)
		}
	}
	return v
}
