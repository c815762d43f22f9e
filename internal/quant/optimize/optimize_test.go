package optimize_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/covariance"
	"quantdesk/internal/quant/optimize"
)

// sample is p columns of n returns with one common factor.
func sample(seed uint64, n, p int) [][]float64 {
	r := quant.Stream(seed, 0)
	out := make([][]float64, p)
	market := make([]float64, n)
	for i := range market {
		market[i] = .01 * r.NormFloat64()
	}
	for j := range out {
		out[j] = make([]float64, n)
		beta, own, drift := .3+r.Float64(), .005+.01*r.Float64(), .001*r.Float64()
		for i := range out[j] {
			out[j][i] = drift + beta*market[i] + own*r.NormFloat64()
		}
	}
	return out
}

func moments(t *testing.T, x [][]float64) (cov [][]float64, mu []float64) {
	t.Helper()
	e, err := covariance.Of(t.Context(), x, covariance.Params{Estimator: covariance.Sample})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range x {
		mu = append(mu, quant.Mean(c))
	}
	return e.Matrix, mu
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %v; want %v within %g", what, got, want, tol)
	}
}

func TestPermutationAndScale(t *testing.T) {
	cov, mu := moments(t, sample(1, 300, 9))
	order := quant.Stream(9, 9).Perm(9)
	mixed, mixedMu, large := make([][]float64, 9), make([]float64, 9), make([][]float64, 9)
	for a, i := range order {
		mixed[a] = make([]float64, 9)
		mixedMu[a] = mu[i]
		for b, j := range order {
			mixed[a][b] = cov[i][j]
		}
	}
	for i, row := range cov {
		large[i] = floats.ScaleTo(make([]float64, 9), 1e6, row)
	}
	c := &optimize.Constraints{Upper: optimize.Fill(9, .25)}
	for name, run := range map[string]func(cov [][]float64, mu []float64) ([]float64, error){
		"min_variance": func(cov [][]float64, _ []float64) ([]float64, error) {
			p, err := optimize.MinVariance(t.Context(), cov, c)
			if err != nil {
				return nil, err
			}
			return p.Weights, nil
		},
		"max_sharpe": func(cov [][]float64, mu []float64) ([]float64, error) {
			p, err := optimize.MaxSharpe(t.Context(), cov, mu, 0, c)
			if err != nil {
				return nil, err
			}
			return p.Weights, nil
		},
		"risk_parity": func(cov [][]float64, _ []float64) ([]float64, error) {
			p, err := optimize.RiskParity(t.Context(), cov, nil)
			if err != nil {
				return nil, err
			}
			return p.Weights, nil
		},
	} {
		w, err := run(cov, mu)
		if err != nil {
			t.Fatal(name, err)
		}
		m, err := run(mixed, mixedMu)
		if err != nil {
			t.Fatal(name, err)
		}
		l, err := run(large, mu)
		if err != nil {
			t.Fatal(name, err)
		}
		near(t, name+" budget", floats.Sum(w), 1, 1e-8)
		for a, i := range order {
			near(t, name+" permuted", m[a], w[i], 1e-7)
			near(t, name+" scaled", l[i], w[i], 1e-7)
		}
	}
}

// TestConstraints holds every kind of constraint and compares the optimum with random
// feasible points.
func TestConstraints(t *testing.T) {
	x := sample(2, 400, 12)
	cov, mu := moments(t, x)
	zero, floor := 0.0, 2e-4
	beta := make([]float64, 12)
	previous := optimize.Fill(12, 1./12)
	for i := range beta {
		beta[i] = .5 + float64(i)/10
	}
	for name, c := range map[string]optimize.Constraints{
		"groups":   {Groups: []optimize.Group{{Name: "tech", Members: []int{0, 1, 2}, Min: .4, Max: .5}, {Name: "rest", Members: []int{9, 10}, Min: math.Inf(-1), Max: .1}}},
		"turnover": {Previous: previous, Turnover: .1},
		"gross":    {Lower: optimize.Fill(12, -.3), Upper: optimize.Fill(12, .5), Gross: 1.4},
		"neutral":  {Lower: optimize.Fill(12, -.25), Upper: optimize.Fill(12, .25), Net: &zero, Gross: 1.5, Beta: beta, Means: mu, MinReturn: &floor},
	} {
		p, err := optimize.MinVariance(t.Context(), cov, &c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		net := 1.0
		if c.Net != nil {
			net = *c.Net
		}
		near(t, name+" net", floats.Sum(p.Weights), net, 1e-8)
		for _, g := range c.Groups {
			var s float64
			for _, i := range g.Members {
				s += p.Weights[i]
			}
			if s < g.Min-1e-8 || s > g.Max+1e-8 {
				t.Errorf("%s: group %s holds %g", name, g.Name, s)
			}
		}
		if c.Gross > 0 && floats.Norm(p.Weights, 1) > c.Gross+1e-8 {
			t.Errorf("%s: gross %g", name, floats.Norm(p.Weights, 1))
		}
		if c.Turnover > 0 {
			if d := floats.Distance(p.Weights, previous, 1) / 2; d > c.Turnover+1e-8 {
				t.Errorf("%s: turnover %g", name, d)
			}
			if !slices.Contains(p.Active, "turnover") {
				t.Errorf("%s: turnover is not active: %v", name, p.Active)
			}
		}
		if c.Beta != nil {
			near(t, name+" beta", floats.Dot(beta, p.Weights), 0, 1e-8)
			if floats.Dot(mu, p.Weights) < floor-1e-10 {
				t.Errorf("%s: return %g below %g", name, floats.Dot(mu, p.Weights), floor)
			}
		}
		if _, err := optimize.MaxSharpe(t.Context(), cov, mu, 0, &c); err != nil {
			t.Errorf("%s: max_sharpe: %v", name, err)
		}
	}
}

func TestFrontier(t *testing.T) {
	cov, mu := moments(t, sample(3, 500, 8))
	c := &optimize.Constraints{Upper: optimize.Fill(8, .4)}
	line, err := optimize.Frontier(t.Context(), cov, mu, 7, c)
	if err != nil {
		t.Fatal(err)
	}
	best, err := optimize.MaxSharpe(t.Context(), cov, mu, 0, c)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range line {
		if i > 0 && (p.Return <= line[i-1].Return || p.Variance < line[i-1].Variance-1e-12) {
			t.Errorf("point %d: return %g, variance %g after %g, %g", i, p.Return, p.Variance, line[i-1].Return, line[i-1].Variance)
		}
		if s := p.Return / math.Sqrt(p.Variance); s > best.Objective*(1+1e-7) {
			t.Errorf("point %d has a Sharpe ratio of %g above the greatest, %g", i, s, best.Objective)
		}
	}
}

func TestCVaR(t *testing.T) {
	x := sample(4, 300, 10)
	free, err := optimize.MinCVaR(t.Context(), x, optimize.CVaRParams{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the objective", free.Objective, free.CVaR, 1e-8*free.CVaR)
	equal := perfCVaR(x, optimize.Fill(10, .1))
	if free.CVaR > equal {
		t.Errorf("CVaR %g above that of equal weights, %g", free.CVaR, equal)
	}
	for _, share := range []float64{.999, .99} {
		capped, err := optimize.MinCVaR(t.Context(), x, optimize.CVaRParams{MaxVolatility: free.Volatility * share})
		if fault.CodeOf(err) == fault.Infeasible {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		near(t, "volatility", capped.Volatility, free.Volatility*share, 1e-8)
		near(t, "without the cap", capped.CVaRWithoutCap, free.CVaR, 1e-12)
		if capped.CVaR < free.CVaR*(1-1e-9) {
			t.Errorf("a cap lowered CVaR from %g to %g", free.CVaR, capped.CVaR)
		}
	}
	if _, err := optimize.MinCVaR(t.Context(), x, optimize.CVaRParams{MaxVolatility: .001}); fault.CodeOf(err) != fault.Infeasible || !strings.Contains(err.Error(), "least") {
		t.Errorf("%v; want infeasible, quoting the least volatility", err)
	}
	zero := 0.0
	none, err := optimize.MinCVaR(t.Context(), x, optimize.CVaRParams{Constraints: optimize.Constraints{Net: &zero, Lower: optimize.Fill(10, -1), Upper: optimize.Fill(10, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "CVaR of a book that need not hold anything", none.CVaR, 0, 1e-8)
}

func perfCVaR(x [][]float64, w []float64) float64 {
	loss := make([]float64, len(x[0]))
	for j, c := range x {
		floats.AddScaled(loss, -w[j], c)
	}
	slices.Sort(loss)
	return floats.Sum(loss[len(loss)-15:]) / 15 // 5 % of 300
}

func TestErrors(t *testing.T) {
	cov, mu := moments(t, sample(5, 100, 4))
	_, err := optimize.MinVariance(t.Context(), cov, &optimize.Constraints{Upper: optimize.Fill(4, .2)})
	if fault.CodeOf(err) != fault.Infeasible || !strings.Contains(err.Error(), "0.8") {
		t.Errorf("%v; want infeasible with the sum 0.8", err)
	}
	high := 1.0
	_, err = optimize.MinVariance(t.Context(), cov, &optimize.Constraints{Means: mu, MinReturn: &high})
	if fault.CodeOf(err) != fault.Infeasible || !strings.Contains(err.Error(), "min_return") {
		t.Errorf("%v; want infeasible, naming min_return", err)
	}
	if _, err := optimize.MaxSharpe(t.Context(), cov, mu, 1, nil); fault.CodeOf(err) != fault.NoPositiveExcessReturn {
		t.Errorf("%v; want no_positive_excess_return", err)
	}
}

func TestLongShort(t *testing.T) {
	x := sample(6, 250, 12)
	long, short := []int{0, 1, 2, 3, 4, 5}, []int{6, 7, 8, 9, 10, 11}
	for _, combine := range []optimize.Combine{optimize.CVaRTilt, optimize.HRPThenScale, optimize.CVaROnly} {
		p, err := optimize.LongShort(t.Context(), x, optimize.BookParams{Combine: combine, Long: long, Short: short, Cap: .25})
		if err != nil {
			t.Fatalf("%s: %v", combine, err)
		}
		near(t, string(combine)+" long", floats.Sum(p.Weights[:6]), 1, 1e-8)
		near(t, string(combine)+" short", floats.Sum(p.Weights[6:]), -1, 1e-8)
		if floats.Norm(p.Weights, math.Inf(1)) > .25+1e-9 {
			t.Errorf("%s: a position of %g is above the cap", combine, floats.Norm(p.Weights, math.Inf(1)))
		}
	}
	if _, err := optimize.LongShort(t.Context(), x, optimize.BookParams{Cap: .05}); fault.CodeOf(err) != fault.Infeasible || !strings.Contains(err.Error(), "20 names") {
		t.Errorf("%v; want infeasible: 5 %% a name needs 20 names", err)
	}
}
