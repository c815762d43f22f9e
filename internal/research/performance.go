package research

import (
	"context"
	"fmt"
	"slices"

	"quantdesk/internal/quant/perf"
)

// PerformanceIn asks how a portfolio did.
type PerformanceIn struct {
	Holding
	RiskFree   float64 `json:"risk_free,omitempty" jsonschema:"Riskless rate a year, a fraction." default:"0"`
	MAR        float64 `json:"mar,omitempty" jsonschema:"Least acceptable return a year, for Sortino." default:"0"`
	Confidence float64 `json:"confidence,omitempty" jsonschema:"Of VaR and CVaR." default:"0.95" minimum:"0" maximum:"1"`
	Window     int     `json:"window,omitempty" jsonschema:"Bars of the rolling columns." default:"63" minimum:"2" maximum:"5000"`
}

// Drawdown is the deepest fall.
type Drawdown struct {
	Depth    *float64 `json:"max_drawdown" jsonschema:"A negative fraction."`
	Peak     string   `json:"peak,omitempty" jsonschema:"Where it began."`
	Trough   string   `json:"trough,omitempty" jsonschema:"Its lowest point."`
	Recovery string   `json:"recovery,omitempty" jsonschema:"Where the peak was reached again; absent where it was not."`
}

// PerformanceOut is how a portfolio did.
type PerformanceOut struct {
	Symbols      []string            `json:"symbols,omitempty" jsonschema:"The instruments; the first 40."`
	Weights      []float64           `json:"weights,omitempty" jsonschema:"As they were used."`
	Metrics      map[string]*float64 `json:"performance_metrics,omitempty" jsonschema:"Fractions; annualised where the name is a rate. Null has a reason in warnings."`
	Drawdown     *Drawdown           `json:"drawdown,omitempty" jsonschema:"The deepest fall."`
	Comparison   map[string]*float64 `json:"benchmark_comparison,omitempty" jsonschema:"Against the benchmark."`
	Contribution map[string]*float64 `json:"contribution,omitempty" jsonschema:"Of each symbol to the total return; they add up to it with the costs."`
	Turnover     *float64            `json:"turnover_annual,omitempty" jsonschema:"One-way, of wealth."`
	Meta
}

// Performance measures a portfolio.
func (s *Service) Performance(ctx context.Context, c Caller, in PerformanceIn, report Report) (PerformanceOut, error) {
	if in.Window == 0 {
		in.Window = 63
	}
	return do(ctx, s, c, in.Book, "calculate_portfolio_performance", in, report, func(ctx context.Context, report Report) (PerformanceOut, []Table, error) {
		h, err := s.hold(ctx, c, in.Holding, 2, report)
		if err != nil {
			return PerformanceOut{}, nil, err
		}
		r, err := h.measure(in.RiskFree, in.MAR, in.Confidence)
		if err != nil {
			return PerformanceOut{}, nil, err
		}
		out := PerformanceOut{Metrics: metrics(r), Drawdown: h.drawdown(r)}
		out.Meta = h.meta(fmt.Sprintf("returns of weights rebalanced %s", frequency(in.Frequency)), in)
		if h.panel == nil {
			out.Method = "returns of " + h.name
		}
		for name, why := range r.Undefined {
			out.Warnings = append(out.Warnings, name+" is undefined: "+why)
		}
		slices.Sort(out.Warnings)
		if r.Against != nil {
			out.Comparison = comparison(r.Against)
			b, err := perf.Measure(h.bench, perf.Params{PeriodsPerYear: h.perYear, RiskFree: in.RiskFree})
			if err != nil {
				return out, nil, err
			}
			out.Comparison["benchmark_total_return"], out.Comparison["benchmark_volatility"] = Maybe(b.TotalReturn), Maybe(b.Volatility)
			out.Comparison["benchmark_sharpe"], out.Comparison["benchmark_max_drawdown"] = Maybe(b.Sharpe), Maybe(b.MaxDrawdown)
		}
		tables := []Table{h.table(in)}
		if h.path != nil {
			n := len(h.weights)
			if n <= shownNames {
				out.Symbols, out.Weights, out.Contribution = h.panel.Symbols[:n], h.weights, named(h.panel.Symbols[:n], h.path.Contributions)
				out.Contribution["costs"] = Maybe(h.path.CostContribution)
			}
			out.Turnover = Maybe(r.TurnoverAnnual)
			tables = append(tables, Table{"contribution", []Column{Texts("symbol", h.panel.Symbols[:n]), Numbers("weight", h.weights), Numbers("contribution", h.path.Contributions), Numbers("final_weight", h.path.FinalWeights)}})
		}
		return out, tables, nil
	})
}

func frequency(f string) string {
	if f == "" {
		return "daily"
	}
	return f
}

func (h *held) measure(riskFree, mar, confidence float64) (*perf.Report, error) {
	p := perf.Params{PeriodsPerYear: h.perYear, RiskFree: riskFree, MAR: mar, Confidence: confidence, Benchmark: h.bench, Trades: h.trades}
	if h.path != nil {
		for _, t := range h.path.Turnovers {
			p.Turnovers = append(p.Turnovers, t.OneWay)
		}
	}
	return perf.Measure(h.returns, p)
}

func (h *held) meta(method string, params any) Meta {
	n := len(h.times)
	return Meta{NObs: n, Start: h.times[0], End: h.times[n-1], Dropped: h.dropped, Method: method, Params: params, Outcome: Outcome{Warnings: slices.Clone(h.warnings)}}
}

func (h *held) drawdown(r *perf.Report) *Drawdown {
	at := func(wealth int) string { // wealth 0 is the start, before the first return
		if wealth == 0 {
			return "start"
		}
		return h.times[wealth-1]
	}
	d := &Drawdown{Depth: Maybe(r.MaxDrawdown), Peak: at(r.PeakIndex), Trough: at(r.TroughIndex)}
	if r.RecoveryIndex != nil {
		d.Recovery = at(*r.RecoveryIndex)
	}
	return d
}

// table has the returns with wealth, drawdown and what rolls.
func (h *held) table(in PerformanceIn) Table {
	n := len(h.returns)
	wealth, drawdown := make([]float64, n), make([]float64, n)
	w, peak := 1.0, 1.0
	for i, r := range h.returns {
		w *= 1 + r
		peak = max(peak, w)
		wealth[i], drawdown[i] = w, w/peak-1
	}
	t := Table{"returns", []Column{Texts("time", h.times), Numbers("return", h.returns), Numbers("wealth", wealth), Numbers("drawdown", drawdown)}}
	if h.bench != nil {
		t.Columns = append(t.Columns, Numbers("benchmark_return", h.bench))
	}
	if in.Window <= n {
		pad := func(x []float64, err error) []float64 {
			if err != nil {
				return nil
			}
			out := make([]float64, n)
			for i := range out {
				if out[i] = nan; i >= in.Window-1 {
					out[i] = x[i-in.Window+1]
				}
			}
			return out
		}
		if x := pad(perf.RollingSharpe(h.returns, in.Window, h.perYear, in.RiskFree)); x != nil {
			t.Columns = append(t.Columns, Numbers("rolling_sharpe", x))
		}
		if x := pad(perf.RollingVolatility(h.returns, in.Window, h.perYear)); x != nil {
			t.Columns = append(t.Columns, Numbers("rolling_volatility", x))
		}
	}
	return t
}

// metrics are a report's numbers by the names of the field.
func metrics(r *perf.Report) map[string]*float64 {
	return map[string]*float64{
		"total_return": Maybe(r.TotalReturn), "annualized_return": Maybe(r.CAGR), "mean_annual": Maybe(r.MeanAnnual), "volatility": Maybe(r.Volatility),
		"sharpe_ratio": Maybe(r.Sharpe), "sortino_ratio": Maybe(r.Sortino), "downside_deviation": Maybe(r.DownsideDeviation), "max_drawdown": Maybe(r.MaxDrawdown), "calmar_ratio": Maybe(r.Calmar),
		"hit_rate": Maybe(r.HitRate), "trade_hit_rate": Maybe(r.TradeHitRate), "skewness": Maybe(r.Skewness), "excess_kurtosis": Maybe(r.ExcessKurtosis), "best": Maybe(r.Best), "worst": Maybe(r.Worst),
		"var": Maybe(r.VaRHist), "cvar": Maybe(r.CVaRHist), "var_normal": Maybe(r.VaRNormal), "cvar_normal": Maybe(r.CVaRNormal), "var_cornish_fisher": Maybe(r.VaRCornishFisher),
		"probabilistic_sharpe": Maybe(r.PSRZero), "turnover_annual": Maybe(r.TurnoverAnnual),
	}
}

func comparison(c *perf.Comparison) map[string]*float64 {
	return map[string]*float64{
		"active_return": Maybe(c.ActiveReturn), "tracking_error": Maybe(c.TrackingError), "information_ratio": Maybe(c.InformationRatio), "beta": Maybe(c.Beta),
		"alpha": Maybe(c.Alpha), "alpha_t": Maybe(c.AlphaT), "correlation": Maybe(c.Correlation), "up_capture": Maybe(c.UpCapture), "down_capture": Maybe(c.DownCapture),
	}
}
