package optimize

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/solve"
)

// CVaRParams are the settings of MinCVaR.
type CVaRParams struct {
	// Confidence is beta, between 0 and 1; 0 means 0.95.
	Confidence float64
	// MaxVolatility bounds the annualised volatility of the sample; 0 means no bound.
	MaxVolatility float64
	// PeriodsPerYear annualises it; 0 means 252.
	PeriodsPerYear float64
	Constraints
}

// CVaRPortfolio is an optimum of MinCVaR. Objective is the CVaR of the scenarios as
// the program has it; CVaR is computed anew from the weights.
type CVaRPortfolio struct {
	Portfolio
	// CVaR and VaR are losses a period, positive for a loss.
	CVaR, VaR float64
	// Volatility is annualised, with n-1.
	Volatility float64
	// CVaRWithoutCap is the optimum where volatility is not bounded; NaN where no
	// bound was given.
	CVaRWithoutCap float64
	// Solves counts the programs solved to meet the cap.
	Solves int
}

// MinCVaR minimises the conditional value at risk of -r'w over scenarios, given as p
// columns of S simple returns (rows of history, or of bootstrap paths): Rockafellar
// and Uryasev 2000, eq. 17. The value is unique, the weights need not be. Where
// MaxVolatility binds, the multiplier of w'Sw is found by Brent's method on its
// logarithm until the volatility is met. Means default to those of the scenarios
// where MinReturn is given.
//
// Errors: fault.InvalidParameter, fault.InsufficientData below ceil(1/(1-beta))
// scenarios, fault.Infeasible (quoting the least volatility where that is above the
// cap), fault.NotConverged. Costs about 20 times S*p²/2 multiplications; with a cap
// that binds, some 12 times that.
func MinCVaR(ctx context.Context, returns [][]float64, params CVaRParams) (*CVaRPortfolio, error) {
	const op = "optimize.MinCVaR"
	if params.Confidence == 0 {
		params.Confidence = perf.DefaultConfidence
	}
	if params.PeriodsPerYear == 0 {
		params.PeriodsPerYear = perf.DefaultPeriods
	}
	beta := params.Confidence
	switch {
	case !(beta > 0 && beta < 1):
		return nil, quant.Bad(op, "confidence", beta, "between 0 and 1, both excluded")
	case len(returns) == 0:
		return nil, quant.Bad(op, "assets", 0, "at least 1")
	case params.MaxVolatility < 0 || math.IsNaN(params.MaxVolatility):
		return nil, quant.Bad(op, "max_volatility", params.MaxVolatility, "above 0")
	case !(params.PeriodsPerYear > 0):
		return nil, quant.Bad(op, "periods_per_year", params.PeriodsPerYear, "above 0")
	}
	least := int(math.Ceil(1/(1-beta) - 1e-9))
	if err := quant.CheckAll(params.Names, returns, quant.Column{AtLeast: max(least, 2)}); err != nil {
		return nil, err
	}
	if params.MinReturn != nil && params.Means == nil {
		params.Means = make([]float64, len(returns))
		for i, r := range returns {
			params.Means[i] = quant.Mean(r)
		}
	}
	s := &cvarSearch{op: op, returns: returns, params: params}
	best, err := s.solve(ctx, 0)
	if err != nil {
		return nil, err
	}
	best.CVaRWithoutCap = math.NaN()
	if params.MaxVolatility > 0 {
		free := best.CVaR
		if best.Volatility > params.MaxVolatility*(1+volTolerance) {
			if best, err = s.capped(ctx, best); err != nil {
				return nil, err
			}
		}
		best.CVaRWithoutCap = free
	}
	best.Solves = s.solves
	return best, nil
}

const (
	// volTolerance is how near to its cap the volatility must come, relatively.
	volTolerance = 1e-8
	// capSolves bounds the search for the multiplier.
	capSolves = 60
)

type cvarSearch struct {
	op         string
	returns    [][]float64
	params     CVaRParams
	covariance [][]float64
	solves     int
}

// solve minimises CVaR + l/2 w'Sw.
func (s *cvarSearch) solve(ctx context.Context, l float64) (*CVaRPortfolio, error) {
	s.solves++
	p, n := len(s.returns), len(s.returns[0])
	pr, err := prepare(ctx, s.op, nil, p, &s.params.Constraints)
	if err != nil {
		return nil, err
	}
	pr.extend(1) // the value at risk
	at := pr.p + pr.aux - 1
	pr.Lower[at] = math.Inf(-1)
	pr.Hinges = solve.Hinges{Weight: 1 / ((1 - s.params.Confidence) * float64(n)), Columns: make([][]float64, at+1)}
	zero := make([]float64, n)
	for j := range pr.Hinges.Columns {
		switch {
		case j < p:
			pr.Hinges.Columns[j] = scaled(s.returns[j], -1)
		case j == at:
			pr.Hinges.Columns[j] = Fill(n, -1)
		default:
			pr.Hinges.Columns[j] = zero
		}
	}
	pr.Linear = make([]float64, at+1)
	pr.Linear[at] = 1
	if l > 0 {
		pr.quadratic(s.covariance, l)
	}
	out, err := pr.solve(ctx, nil)
	if err != nil {
		return nil, err
	}
	return s.measured(out), nil
}

func (s *cvarSearch) measured(p *Portfolio) *CVaRPortfolio {
	r := make([]float64, len(s.returns[0]))
	for j, c := range s.returns {
		floats.AddScaled(r, p.Weights[j], c)
	}
	out := &CVaRPortfolio{Portfolio: *p}
	out.Variance = quant.Variance(r)
	out.Volatility = math.Sqrt(out.Variance * s.params.PeriodsPerYear)
	floats.Scale(-1, r)
	out.VaR, out.CVaR = perf.TailLoss(r, s.params.Confidence)
	return out
}

// capped finds the multiplier at which the volatility meets its cap.
func (s *cvarSearch) capped(ctx context.Context, free *CVaRPortfolio) (*CVaRPortfolio, error) {
	limit := s.params.MaxVolatility
	s.covariance = sampleCovariance(s.returns)
	calm, err := MinVariance(ctx, s.covariance, &s.params.Constraints)
	if err != nil {
		return nil, err
	}
	if least := math.Sqrt(calm.Variance * s.params.PeriodsPerYear); least > limit {
		return nil, fault.E(s.op, fault.Infeasible, "the volatility may be at most %g a year; the least that the constraints allow is %g", limit, least).With("argument", "max_volatility").With("value", limit).With("limit", least)
	}
	var best *CVaRPortfolio
	// At logarithm x the excess of the volatility over its cap; it falls in x.
	excess := func(x float64) (float64, error) {
		p, err := s.solve(ctx, math.Pow(10, x))
		if err != nil {
			return 0, err
		}
		over := p.Volatility/limit - 1
		if over <= volTolerance && (best == nil || p.CVaR < best.CVaR) {
			best = p
		}
		return over, nil
	}
	// Outward from where both terms weigh the same, until the sign changes. Far below
	// it the optimum is that of least volatility among those of least CVaR.
	a := math.Log10(2 * math.Abs(free.CVaR) / free.Variance)
	fa, err := excess(a)
	if err != nil {
		return nil, err
	}
	b, fb := a, fa
	for step := 1.0; (fa > 0) == (fb > 0) && math.Abs(fb) > volTolerance && step < 16; step *= 2 {
		a, fa = b, fb
		b += math.Copysign(step, fb)
		if fb, err = excess(b); err != nil {
			return nil, err
		}
	}
	if (fa > 0) != (fb > 0) && math.Abs(fb) > volTolerance {
		if err := brent(a, b, fa, fb, volTolerance, capSolves, excess); err != nil {
			return nil, err
		}
	}
	if best == nil {
		return nil, fault.E(s.op, fault.NotConverged, "the volatility did not meet its cap of %g after %d programs", limit, s.solves)
	}
	best.Active = append(best.Active, "max_volatility")
	return best, nil
}

func sampleCovariance(returns [][]float64) [][]float64 {
	out := make([][]float64, len(returns))
	for i := range out {
		out[i] = make([]float64, len(returns))
		for j := range i + 1 {
			out[i][j] = quant.Covariance(returns[i], returns[j])
			out[j][i] = out[i][j]
		}
	}
	return out
}

// brent narrows the bracket [a, b] of a root of f, whose values fa, fb differ in sign, until
// |f| <= tol (Brent 1973, ch. 4). It keeps nothing: f does.
func brent(a, b, fa, fb, tol float64, most int, f func(float64) (float64, error)) error {
	c, fc := a, fa
	d, e := b-a, b-a
	for range most {
		if math.Abs(fc) < math.Abs(fb) {
			a, b, c = b, c, b
			fa, fb, fc = fb, fc, fb
		}
		m := .5 * (c - b)
		if math.Abs(fb) <= tol || math.Abs(m) <= 1e-15*math.Abs(b) {
			return nil
		}
		if math.Abs(fa) > math.Abs(fb) {
			var p, q float64
			if r := fb / fa; a == c {
				p, q = 2*m*r, 1-r
			} else {
				u, v := fa/fc, fb/fc
				p = r * (2*m*u*(u-v) - (b-a)*(v-1))
				q = (u - 1) * (v - 1) * (r - 1)
			}
			if p > 0 {
				q = -q
			}
			p = math.Abs(p)
			if 2*p < min(3*m*q, math.Abs(e*q)) {
				d, e = p/q, d
			} else {
				d, e = m, m
			}
		} else {
			d, e = m, m
		}
		a, fa = b, fb
		b += d
		var err error
		if fb, err = f(b); err != nil {
			return err
		}
		if (fb > 0) == (fc > 0) {
			c, fc = a, fa
			d, e = b-a, b-a
		}
	}
	return fmt.Errorf("optimize.brent: no root within %d steps", most)
}
