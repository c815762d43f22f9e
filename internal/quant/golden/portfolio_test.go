package golden

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/covariance"
	"quantdesk/internal/quant/hrp"
	"quantdesk/internal/quant/optimize"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/rebalance"
	"quantdesk/internal/quant/solve"
	"quantdesk/internal/quant/tracking"
)

// returns are an input's columns; the error cases give one price series x instead.
func (c *call) returns() ([][]float64, error) {
	if cols := c.columns("returns"); cols != nil {
		return cols, nil
	}
	x := c.series("x")
	if x == nil {
		return nil, nil
	}
	if err := quant.Check(quant.Column{Name: "x", Values: x, AtLeast: 3, Positive: true}); err != nil {
		return nil, err
	}
	return [][]float64{quant.Returns(x)}, nil
}

// covariance is given, or that of the returns, or the identity of p assets.
func (c *call) covariance() (cov, returns [][]float64, err error) {
	var symbols []string
	if c.input("symbols", &symbols) {
		if err := quant.CheckSymbols(symbols); err != nil {
			return nil, nil, err
		}
	}
	var dates [][]int
	if c.input("dates", &dates) {
		if _, err := quant.Align(nil, dates); err != nil {
			return nil, nil, err
		}
	}
	if _, ok := c.Inputs["cov"]; ok {
		return c.columns("cov"), nil, nil
	}
	if returns, err = c.returns(); err != nil {
		return nil, nil, err
	}
	p := 0
	var mu []float64
	if c.input("p", &p); c.input("mu", &mu) {
		p = len(mu)
	}
	if returns == nil {
		cov = make([][]float64, p)
		for i := range cov {
			cov[i] = make([]float64, p)
			cov[i][i] = 1
		}
		return cov, nil, nil
	}
	e, err := covariance.Of(context.Background(), returns, covariance.Params{Estimator: covariance.Sample})
	if err != nil {
		return nil, nil, err
	}
	return e.Matrix, returns, nil
}

// means are given, or those of the returns.
func (c *call) means(returns [][]float64) []float64 {
	var mu []float64
	if !c.input("mu", &mu) {
		for _, r := range returns {
			mu = append(mu, quant.Mean(r))
		}
	}
	return mu
}

// bound is a number for all assets, or one each, or null for none.
func bound(raw json.RawMessage, p int, unset, none float64) []float64 {
	var one *float64
	if raw == nil {
		return optimize.Fill(p, unset)
	}
	if json.Unmarshal(raw, &one) == nil {
		if one == nil {
			return optimize.Fill(p, none)
		}
		return optimize.Fill(p, *one)
	}
	var many []*float64
	if err := json.Unmarshal(raw, &many); err != nil {
		panic(err)
	}
	out := optimize.Fill(p, none)
	for i, v := range many {
		if v != nil {
			out[i] = *v
		}
	}
	return out
}

type limits struct {
	Lower, Upper, Lo, Up json.RawMessage
	Budget, Net          *float64
	Gross                float64
	BetaVector           []float64 `json:"beta_vector"`
	MinReturn            *float64  `json:"min_return_daily"`
	Minret               *float64
}

func (c *call) constraints(p int, means []float64) optimize.Constraints {
	var l limits
	c.params(&l)
	if l.Lower == nil {
		l.Lower = l.Lo
	}
	if l.Upper == nil {
		l.Upper = l.Up
	}
	out := optimize.Constraints{Lower: bound(l.Lower, p, 0, math.Inf(-1)), Upper: bound(l.Upper, p, math.Inf(1), math.Inf(1)), Net: l.Budget, Gross: l.Gross, Beta: l.BetaVector, MinReturn: l.MinReturn}
	if l.Net != nil {
		out.Net = l.Net
	}
	if l.Minret != nil {
		out.MinReturn = l.Minret
	}
	if out.MinReturn != nil {
		out.Means = means
	}
	return out
}

func init() {
	analytics["covariance"] = func(c *call) (map[string]any, error) {
		var p struct {
			Estimator covariance.Estimator
			Lambda    float64
		}
		c.params(&p)
		e, err := covariance.Of(context.Background(), c.columns("returns"), covariance.Params{Estimator: p.Estimator, Lambda: p.Lambda})
		if err != nil {
			return nil, err
		}
		return map[string]any{"matrix": e.Matrix, "shrinkage": e.Shrinkage, "condition_number": e.ConditionNumber, "min_eigenvalue": e.MinEigenvalue}, nil
	}
	analytics["hrp"] = func(c *call) (map[string]any, error) {
		var p struct {
			Linkage  hrp.Linkage
			Distance hrp.Distance
		}
		c.params(&p)
		cov, _, err := c.covariance()
		if err != nil {
			return nil, err
		}
		b, err := hrp.Build(context.Background(), cov, hrp.Params{Linkage: p.Linkage, Distance: p.Distance})
		if err != nil {
			return nil, err
		}
		var heights []float64
		for _, m := range b.Merges {
			heights = append(heights, m.Height)
		}
		return map[string]any{"weights": b.Weights, "order": b.Order, "merge_heights": heights}, nil
	}
	analytics["cap_weights"] = func(c *call) (map[string]any, error) {
		var p struct{ Cap float64 }
		c.params(&p)
		w, err := hrp.Cap(c.series("weights"), p.Cap)
		return map[string]any{"weights": w}, err
	}
	analytics["min_variance"] = meanVariance
	analytics["mean_variance"] = meanVariance
	analytics["max_sharpe"] = maxSharpe
	analytics["risk_parity"] = func(c *call) (map[string]any, error) {
		var p struct{ Budgets []float64 }
		c.params(&p)
		cov, _, err := c.covariance()
		if err != nil {
			return nil, err
		}
		r, err := optimize.RiskParity(context.Background(), cov, p.Budgets)
		if err != nil {
			return nil, err
		}
		return map[string]any{"weights": r.Weights, "risk_contributions": r.Contributions}, nil
	}
	analytics["cvar_min"] = cvarMin
	analytics["sparse_hdr"] = sparse
	analytics["capped_simplex_qp"] = func(c *call) (map[string]any, error) {
		p := struct{ Upper, Sum float64 }{1, 1}
		c.params(&p)
		w, err := solve.CappedSimplex(c.series("q"), p.Upper, p.Sum)
		return map[string]any{"weights": w}, err
	}
	analytics["rebalanced_portfolio"] = rebalanced
	analytics["diversification_ratio"] = func(c *call) (map[string]any, error) {
		var p struct{ Weights []float64 }
		c.params(&p)
		cov, _, err := c.covariance()
		if err != nil {
			return nil, err
		}
		r, err := rebalance.DiversificationRatio(cov, p.Weights)
		return map[string]any{"ratio": r}, err
	}
}

func meanVariance(c *call) (map[string]any, error) {
	var p struct {
		RiskAversion *float64 `json:"risk_aversion"`
		Periods      float64  `json:"periods_per_year"`
	}
	c.params(&p)
	if p.Periods == 0 {
		p.Periods = perf.DefaultPeriods
	}
	cov, returns, err := c.covariance()
	if err != nil {
		return nil, err
	}
	means := c.means(returns)
	limits := c.constraints(len(cov), means)
	if means != nil {
		limits.Means = means
	}
	var r *optimize.Portfolio
	if p.RiskAversion != nil {
		r, err = optimize.Utility(context.Background(), cov, means, *p.RiskAversion, &limits)
	} else {
		r, err = optimize.MinVariance(context.Background(), cov, &limits)
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{"weights": r.Weights, "variance_daily": r.Variance, "volatility": math.Sqrt(r.Variance * p.Periods), "return_daily": r.Return, "objective": r.Objective}, nil
}

func maxSharpe(c *call) (map[string]any, error) {
	var p struct {
		RiskFree float64 `json:"risk_free_daily"`
		Periods  float64 `json:"periods_per_year"`
	}
	c.params(&p)
	if p.Periods == 0 {
		p.Periods = perf.DefaultPeriods
	}
	cov, returns, err := c.covariance()
	if err != nil {
		return nil, err
	}
	means := c.means(returns)
	limits := c.constraints(len(cov), means)
	r, err := optimize.MaxSharpe(context.Background(), cov, means, p.RiskFree, &limits)
	if err != nil {
		return nil, err
	}
	return map[string]any{"weights": r.Weights, "sharpe_annual": r.Objective * math.Sqrt(p.Periods)}, nil
}

func cvarMin(c *call) (map[string]any, error) {
	p := struct {
		Confidence float64
		MaxVol     float64 `json:"max_vol_annual"`
		Periods    float64 `json:"periods_per_year"`
	}{Confidence: perf.DefaultConfidence}
	c.params(&p)
	returns, err := c.returns()
	if err != nil {
		return nil, err
	}
	r, err := optimize.MinCVaR(context.Background(), returns, optimize.CVaRParams{Confidence: p.Confidence, MaxVolatility: p.MaxVol, PeriodsPerYear: p.Periods, Constraints: c.constraints(len(returns), c.means(returns))})
	if err != nil {
		return nil, err
	}
	c.t.Logf("%d solves, %d iterations, gap %.1e, objective %v", r.Solves, r.Iterations, r.Gap, r.Objective)
	return map[string]any{"cvar": r.CVaR, "var": r.VaR, "volatility": r.Volatility, "cvar_without_cap": r.CVaRWithoutCap}, nil
}

func sparse(c *call) (map[string]any, error) {
	var p struct {
		Huber, Lambda, P, Gamma float64
		MaxWeight               float64 `json:"max_weight"`
		Tolerance               float64 `json:"objective_tol"`
		Start                   tracking.Start
	}
	c.params(&p)
	r, err := tracking.Sparse(context.Background(), c.columns("returns"), c.series("benchmark"), tracking.Params{Huber: p.Huber, Lambda: p.Lambda, P: p.P, Gamma: p.Gamma, MaxWeight: p.MaxWeight, Tolerance: p.Tolerance, Start: p.Start})
	if err != nil {
		return nil, err
	}
	c.t.Logf("%d iterations of %d starts, kkt %.1e", r.Iterations, r.Starts, r.KKT)
	return map[string]any{"objective": r.Objective, "objective_slsqp": r.Objective, "start_objective": r.History[0], "hdr": r.HDR, "weights": r.Weights, "n_nonzero": r.Names, "history_head": r.History[:6]}, nil
}

// dates reads YYYYMMDD.
func (c *call) dates(name string) []time.Time {
	c.t.Helper()
	var days []int
	c.input(name, &days)
	out := make([]time.Time, len(days))
	for i, d := range days {
		t, err := time.Parse("20060102", strconv.Itoa(d))
		if err != nil {
			c.t.Fatal(err)
		}
		out[i] = t
	}
	return out
}

func rebalanced(c *call) (map[string]any, error) {
	var p struct {
		Weights   []float64
		Frequency rebalance.Frequency
		CostBps   float64 `json:"cost_bps"`
		Band      float64
	}
	c.params(&p)
	r, err := rebalance.Run(c.columns("returns"), c.dates("dates"), rebalance.Params{Weights: p.Weights, Frequency: p.Frequency, CostBps: p.CostBps, Band: p.Band})
	if err != nil {
		return nil, err
	}
	var tenth []float64
	for i := 0; i < len(r.Returns); i += 10 {
		tenth = append(tenth, r.Returns[i])
	}
	return map[string]any{"total_return": r.TotalReturn, "returns_every_10": tenth, "n_rebalances": len(r.Turnovers), "turnover_one_way_sum": r.TurnoverSum, "final_weights": r.FinalWeights}, nil
}
