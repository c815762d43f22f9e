package optimize_test

import (
	"math/rand/v2"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/optimize"
)

// constraints are some of each kind, at random.
func constraints(r *rand.Rand, p int, mu []float64) optimize.Constraints {
	var c optimize.Constraints
	if r.IntN(2) == 0 {
		c.Upper = optimize.Fill(p, (1.2+2*r.Float64())/float64(p))
	}
	if r.IntN(3) == 0 {
		c.Lower, c.Upper = optimize.Fill(p, -.3), optimize.Fill(p, .5)
		if r.IntN(2) == 0 {
			c.Gross = 1.3
		}
		if r.IntN(3) == 0 {
			zero, floor := 0.0, 1e-4
			c.Net, c.Gross, c.MinReturn, c.Means = &zero, 1, &floor, mu
		}
		if r.IntN(2) == 0 {
			c.Beta = make([]float64, p)
			for i := range c.Beta {
				c.Beta[i] = .5 + r.Float64()
			}
			if c.Net == nil {
				c.BetaTarget = .9
			}
		}
	}
	if r.IntN(3) == 0 {
		c.Previous, c.Turnover = optimize.Fill(p, 1/float64(p)), .2
	}
	if r.IntN(4) == 0 {
		c.Groups = []optimize.Group{{Name: "group", Members: []int{0, 1}, Min: 0, Max: .3}}
	}
	return c
}

// TestManyBooks: every objective under every mixture of constraints is solved, or
// refused with a reason that is not the solver's. Some seeds are those of books that
// were hard: volatility caps next to a kink of CVaR.
func TestManyBooks(t *testing.T) {
	seeds := []uint64{240, 396, 469, 573}
	for seed := range uint64(40) {
		seeds = append(seeds, seed)
	}
	for _, seed := range seeds {
		r := quant.Stream(78, seed)
		p := 3 + r.IntN(30)
		x := sample(seed+1000, 60+r.IntN(200), p)
		cov, mu := moments(t, x)
		c := constraints(r, p, mu)
		ctx := t.Context()
		free, err := optimize.MinCVaR(ctx, x, optimize.CVaRParams{Constraints: c})
		solved := map[string]error{"cvar": err}
		if err == nil {
			_, solved["cvar with a cap"] = optimize.MinCVaR(ctx, x, optimize.CVaRParams{Constraints: c, MaxVolatility: free.Volatility * .995})
		}
		_, solved["min_variance"] = optimize.MinVariance(ctx, cov, &c)
		_, solved["max_sharpe"] = optimize.MaxSharpe(ctx, cov, mu, 0, &c)
		_, solved["utility"] = optimize.Utility(ctx, cov, mu, 5, &c)
		_, solved["frontier"] = optimize.Frontier(ctx, cov, mu, 3, &c)
		for what, err := range solved {
			switch fault.CodeOf(err) {
			case "", fault.Infeasible, fault.NoPositiveExcessReturn:
			default:
				t.Errorf("seed %d, %d assets: %s: %v", seed, p, what, err)
			}
		}
	}
}
