package main

import (
	"context"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
	"quantdesk/internal/quant/hrp"
	"quantdesk/internal/quant/optimize"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/tracking"
)

// portfolioWorkloads are those of portfolio construction, factors and performance.
var portfolioWorkloads = map[string]func(dir string) (seconds, check float64, err error){
	"hrp_500":                   given(hrp500, "cov_500"),
	"cvar_lp_100x1000":          given(cvar, "ret_1000x100"),
	"cvar_lp_100x1000_ipm":      given(cvar, "ret_1000x100"),
	"bootstrap_alpha_10000":     given(bootstrapAlpha, "boot_y_500", "boot_x_500"),
	"bootstrap_alpha_10000_vec": given(bootstrapAlpha, "boot_y_500", "boot_x_500"),
	"minvar_qp_500":             given(minVariance, "cov_500"),
	"risk_parity_500":           given(riskParity, "cov_500"),
	"ff6_hac_600x750":           given(loadings, "ret_750x600", "fac_750x6"),
	"sparse_hdr_100x750":        given(sparseHDR, "ret_750x600"),
	"metrics_1000x1250":         given(metrics, "strat_1250x1000"), //nolint:misspell // the file's name
}

// given is a workload on the inputs of these names.
func given(do func(ctx context.Context, in ...[][]float64) (float64, error), names ...string) workload {
	return func(dir string) (seconds, check float64, err error) {
		in := make([][][]float64, len(names))
		for i, name := range names {
			if in[i], err = columns(dir, name); err != nil {
				return 0, 0, err
			}
		}
		return timed(func() (float64, error) { return do(context.Background(), in...) })
	}
}

func hrp500(ctx context.Context, in ...[][]float64) (float64, error) {
	b, err := hrp.Build(ctx, in[0], hrp.Params{})
	if err != nil {
		return 0, err
	}
	return floats.Dot(b.Weights, b.Weights), nil
}

func cvar(ctx context.Context, in ...[][]float64) (float64, error) {
	p, err := optimize.MinCVaR(ctx, in[0], optimize.CVaRParams{Constraints: optimize.Constraints{Upper: optimize.Fill(len(in[0]), .1)}})
	if err != nil {
		return 0, err
	}
	return p.CVaR, nil
}

func bootstrapAlpha(ctx context.Context, in ...[][]float64) (float64, error) {
	a, err := factor.AlphaBootstrap(ctx, in[0][0], in[1], factor.BootstrapParams{BlockLength: 6, Replicates: 10000})
	if err != nil {
		return 0, err
	}
	return a.PGreater, nil
}

func minVariance(ctx context.Context, in ...[][]float64) (float64, error) {
	p, err := optimize.MinVariance(ctx, in[0], &optimize.Constraints{Upper: optimize.Fill(len(in[0]), .05)})
	if err != nil {
		return 0, err
	}
	return p.Variance, nil
}

func riskParity(ctx context.Context, in ...[][]float64) (float64, error) {
	p, err := optimize.RiskParity(ctx, in[0], nil)
	if err != nil {
		return 0, err
	}
	return floats.Dot(p.Weights, p.Weights), nil
}

// loadings sums the standard errors of all coefficients, with six lags.
func loadings(_ context.Context, in ...[][]float64) (sum float64, err error) {
	lags := 6
	m, err := factor.Loadings(in[0], nil, in[1], factor.Params{Lags: &lags})
	if err != nil {
		return 0, err
	}
	for _, l := range m.Loadings {
		sum += floats.Sum(l.HAC)
	}
	return sum, nil
}

// sparseHDR takes 300 plain steps from equal weights, as the reference does, and the
// objective after each.
func sparseHDR(_ context.Context, in ...[][]float64) (objective float64, err error) {
	returns := in[0][:100]
	index := make([]float64, len(returns[0]))
	for _, c := range returns[:20] {
		floats.AddScaled(index, 1./20, c)
	}
	t, err := tracking.New(returns, index, tracking.Params{Huber: 5e-4, Lambda: 1e-7, P: .01, Gamma: .2, MaxWeight: .2})
	if err != nil {
		return 0, err
	}
	w, next := optimize.Fill(100, .01), make([]float64, 100)
	for range 300 {
		t.Step(next, w)
		w, next = next, w
		objective = t.Objective(w)
	}
	return objective, nil
}

// metrics measures each strategy and sums their Sharpe ratios.
func metrics(ctx context.Context, in ...[][]float64) (float64, error) {
	returns := in[0]
	sharpe := make([]float64, len(returns))
	failed := make([]error, len(returns))
	err := quant.Parallel(ctx, len(returns), func(_, i int) {
		var r *perf.Report
		if r, failed[i] = perf.Measure(returns[i], perf.Params{}); failed[i] == nil {
			sharpe[i] = r.Sharpe
		}
	})
	for _, e := range append(failed, err) {
		if e != nil {
			return 0, e
		}
	}
	return floats.Sum(sharpe), nil
}
