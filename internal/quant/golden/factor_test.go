package golden

import (
	"context"
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
	"quantdesk/internal/quant/perf"
)

func init() {
	analytics["performance"] = performance
	analytics["var_cvar"] = func(c *call) (map[string]any, error) {
		var p struct{ Confidence float64 }
		c.params(&p)
		v, cv, err := perf.VaRCVaR(c.series("losses"), p.Confidence)
		return map[string]any{"var": v, "cvar": cv}, err
	}
	analytics["rolling_sharpe"] = func(c *call) (map[string]any, error) {
		var p struct {
			Window   int
			Periods  float64 `json:"periods_per_year"`
			RiskFree float64 `json:"risk_free"`
		}
		c.params(&p)
		s, err := perf.RollingSharpe(c.series("returns"), p.Window, p.Periods, p.RiskFree)
		if err != nil {
			return nil, err
		}
		return map[string]any{"first": s[0], "last": s[len(s)-1], "mean": quant.Mean(s), "count": len(s)}, nil
	}
	analytics["block_length"] = func(c *call) (map[string]any, error) {
		b, err := factor.BlockLength(c.series("x"))
		if err != nil {
			return nil, err
		}
		return map[string]any{"m_hat": b.MHat, "M": b.M, "b_sb": b.Stationary, "b_cb": b.Circular}, nil
	}
	analytics["alpha_bootstrap"] = func(c *call) (map[string]any, error) {
		var p struct {
			BlockLength float64 `json:"block_length"`
			Lags        *int    `json:"nw_lags"`
			Replicates  int
			Seed        *uint64
		}
		c.params(&p)
		var indices [][]int
		c.input("indices", &indices)
		a, err := factor.AlphaBootstrap(context.Background(), c.series("y"), c.columns("x"), factor.BootstrapParams{BlockLength: p.BlockLength, Lags: p.Lags, Replicates: p.Replicates, Seed: p.Seed, Indices: indices})
		if err != nil {
			return nil, err
		}
		return map[string]any{"alpha": a.Alpha, "se": a.SE, "t": a.T, "alpha_star": a.AlphaStar, "t_star": a.TStar, "p_greater": a.PGreater, "p_two": a.PTwo, "block_length": a.BlockLength}, nil
	}
	analytics["factor_loadings"] = func(c *call) (map[string]any, error) {
		var p struct {
			Lags    *int    `json:"nw_lags"`
			Periods float64 `json:"periods_per_year"`
		}
		c.params(&p)
		m, err := factor.Loadings(c.columns("returns"), c.series("rf"), c.columns("factors"), factor.Params{Lags: p.Lags, PeriodsPerYear: p.Periods})
		if err != nil {
			return nil, err
		}
		l := m.Loadings[0]
		return map[string]any{
			"alpha": l.Alpha, "alpha_annual": l.AlphaAnnual, "betas": l.Betas, "se_hac": l.HAC, "t": l.T, "p": l.P, "se_ols": l.OLS,
			"r2": l.R2, "adj_r2": l.AdjustedR2, "resid_std": l.ResidualSD, "resid_vol_annual": l.ResidualVolAnnual, "durbin_watson": l.DurbinWatson,
			"condition_number": m.ConditionNumber, "vif": m.VIF, "n": m.N, "nw_lags": m.Lags,
		}, nil
	}
	analytics["french_csv"] = func(c *call) (map[string]any, error) {
		p := struct{ Frequency string }{"daily"}
		c.params(&p)
		var text string
		c.input("text", &text)
		t, err := factor.ParseFrench([]byte(text), p.Frequency)
		if err != nil {
			return nil, err
		}
		return map[string]any{"columns": t.Columns, "dates": t.Dates, "rows_decimal": t.Rows, "n_missing": t.Missing, "footer_ignored": t.FooterIgnored, "annual_rows_ignored": t.AnnualIgnored}, nil
	}
	analytics["aqr_csv"] = func(c *call) (map[string]any, error) {
		var p struct{ Column string }
		c.params(&p)
		var text string
		c.input("text", &text)
		t, err := factor.ParseAQR([]byte(text))
		if err != nil {
			return nil, err
		}
		values := t.Column(p.Column)
		missing := 0
		for _, v := range values {
			if math.IsNaN(v) {
				missing++
			}
		}
		return map[string]any{"columns": t.Columns, "dates": t.Dates, "values": values, "n_missing": missing}, nil
	}
}

func performance(c *call) (map[string]any, error) {
	var p struct {
		Periods    float64 `json:"periods_per_year"`
		RiskFree   float64 `json:"risk_free"`
		MAR        float64 `json:"mar"`
		Confidence float64
	}
	c.params(&p)
	cols, err := c.returns()
	if err != nil {
		return nil, err
	}
	r, err := perf.Measure(cols[0], perf.Params{PeriodsPerYear: p.Periods, RiskFree: p.RiskFree, MAR: p.MAR, Confidence: p.Confidence, Benchmark: c.series("benchmark")})
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"total_return": r.TotalReturn, "cagr": r.CAGR, "mean_annual": r.MeanAnnual, "volatility": r.Volatility, "sharpe": r.Sharpe,
		"downside_deviation": r.DownsideDeviation, "sortino": r.Sortino, "max_drawdown": r.MaxDrawdown, "dd_peak_index": r.PeakIndex,
		"dd_trough_index": r.TroughIndex, "dd_recovery_index": r.RecoveryIndex, "hit_rate": r.HitRate, "skewness": r.Skewness,
		"excess_kurtosis": r.ExcessKurtosis, "best": r.Best, "worst": r.Worst, "calmar": r.Calmar, "var_hist": r.VaRHist, "cvar_hist": r.CVaRHist,
		"var_normal": r.VaRNormal, "cvar_normal": r.CVaRNormal, "var_cornish_fisher": r.VaRCornishFisher, "psr_zero": r.PSRZero,
	}
	if a := r.Against; a != nil {
		for k, v := range map[string]float64{
			"tracking_error": a.TrackingError, "information_ratio": a.InformationRatio, "beta": a.Beta, "alpha_annual": a.Alpha, "correlation": a.Correlation,
			"active_return_annual": a.ActiveReturn, "up_capture": a.UpCapture, "down_capture": a.DownCapture,
		} {
			out[k] = v
		}
	}
	return out, nil
}
