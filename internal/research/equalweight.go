package research

import (
	"context"
	"slices"

	"quantdesk/internal/quant/covariance"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/rebalance"
)

// EqualWeightIn asks for an equally weighted portfolio.
type EqualWeightIn struct {
	Symbols   []string `json:"symbols,omitempty" jsonschema:"Instruments; default: all of the workspace." maxItems:"1000"`
	Start     string   `json:"start_date" jsonschema:"First day."`
	End       string   `json:"end_date,omitempty" jsonschema:"Last day; default the market's now."`
	Frequency string   `json:"rebalance_frequency,omitempty" jsonschema:"daily, weekly, monthly, quarterly or none." default:"monthly"`
	Cost      float64  `json:"cost_bps,omitempty" jsonschema:"Cost of trading in hundredths of a percent of what is traded." default:"0" minimum:"0"`
	Band      float64  `json:"band,omitempty" jsonschema:"Rebalance also when a weight is further than this from its target." minimum:"0" maximum:"1"`
	RiskFree  float64  `json:"risk_free,omitempty" jsonschema:"Riskless rate a year, a fraction." default:"0"`
	Benchmark string   `json:"benchmark_symbol,omitempty" jsonschema:"Adds a comparison."`
	Where
}

// AssetRow is one asset's part.
type AssetRow struct {
	Symbol       string   `json:"symbol" jsonschema:"The instrument."`
	Return       *float64 `json:"annualized_return" jsonschema:"A year."`
	Volatility   *float64 `json:"volatility" jsonschema:"A year."`
	Sharpe       *float64 `json:"sharpe_ratio" jsonschema:"Of its own."`
	Contribution *float64 `json:"contribution" jsonschema:"To the portfolio's total return."`
	FinalWeight  *float64 `json:"final_weight" jsonschema:"After the last drift."`
}

// EqualWeightOut is an equally weighted portfolio through time.
type EqualWeightOut struct {
	Symbols    []string            `json:"symbols,omitempty" jsonschema:"The instruments."`
	Weight     float64             `json:"equal_weight" jsonschema:"Of each, at a rebalancing."`
	Frequency  string              `json:"rebalance_frequency,omitempty" jsonschema:"How often it is traded back."`
	Rebalances int                 `json:"rebalance_dates" jsonschema:"How often it was."`
	Turnover   float64             `json:"turnover" jsonschema:"One-way, all together, of wealth."`
	Costs      float64             `json:"cost_contribution" jsonschema:"What trading took from the total return."`
	Metrics    map[string]*float64 `json:"portfolio_performance,omitempty" jsonschema:"Of the portfolio."`
	Assets     []AssetRow          `json:"asset_statistics,omitempty" jsonschema:"The first 20; the table weights has all."`
	Ratio      *float64            `json:"diversification_ratio,omitempty" jsonschema:"Mean volatility over the portfolio's."`
	Comparison map[string]*float64 `json:"benchmark_comparison,omitempty" jsonschema:"Against the benchmark."`
	Meta
}

// EqualWeight follows an equally weighted portfolio with its drift.
func (s *Service) EqualWeight(ctx context.Context, c Caller, in EqualWeightIn, report Report) (EqualWeightOut, error) {
	if in.Frequency == "" {
		in.Frequency = "monthly"
	}
	return do(ctx, s, c, in.Book, "optimize_equal_weight_portfolio", in, report, func(ctx context.Context, report Report) (EqualWeightOut, []Table, error) {
		var out EqualWeightOut
		h, err := s.hold(ctx, c, Holding{Symbols: in.Symbols, Start: in.Start, End: in.End, Frequency: in.Frequency, Cost: in.Cost, Benchmark: in.Benchmark, Where: in.Where}, 2, report)
		if err != nil {
			return out, nil, err
		}
		n := len(h.weights)
		returns, err := h.panel.Returns()
		if err != nil {
			return out, nil, err
		}
		returns = returns[:n]
		if in.Band > 0 {
			if h.path, err = rebalance.Run(returns, h.dates, rebalance.Params{Weights: h.weights, Frequency: rebalance.Frequency(in.Frequency), CostBps: in.Cost, Band: in.Band}); err != nil {
				return out, nil, err
			}
			h.returns = h.path.Returns
		}
		r, err := h.measure(in.RiskFree, 0, 0)
		if err != nil {
			return out, nil, err
		}
		cov, err := covariance.Of(ctx, returns, covariance.Params{Estimator: covariance.Sample, Names: h.panel.Symbols[:n]})
		if err != nil {
			return out, nil, err
		}
		ratio, err := rebalance.DiversificationRatio(cov.Matrix, h.weights)
		if err != nil {
			return out, nil, err
		}
		rows := make([]AssetRow, n)
		for i := range rows {
			one, err := perf.Measure(returns[i], perf.Params{PeriodsPerYear: h.perYear, RiskFree: in.RiskFree})
			if err != nil {
				return out, nil, err
			}
			rows[i] = AssetRow{h.panel.Symbols[i], Maybe(one.CAGR), Maybe(one.Volatility), Maybe(one.Sharpe), Maybe(h.path.Contributions[i]), Maybe(h.path.FinalWeights[i])}
		}
		out.Symbols, out.Weight, out.Frequency, out.Rebalances = h.panel.Symbols[:n], h.weights[0], in.Frequency, len(h.path.Turnovers)
		out.Turnover, out.Costs, out.Metrics, out.Assets, out.Ratio = h.path.TurnoverSum, h.path.CostContribution, metrics(r), rows[:min(n, shownValues)], Maybe(ratio)
		if r.Against != nil {
			out.Comparison = comparison(r.Against)
		}
		out.Meta = h.meta("equal weights, drifting between "+in.Frequency+" rebalancings", in)
		weights := tableOf("weights", rows)
		weights.Columns = slices.Insert(weights.Columns, 1, Numbers("weight", h.weights))
		return out, []Table{weights, h.table(PerformanceIn{Window: 63, RiskFree: in.RiskFree})}, nil
	})
}
