package golden

import (
	"context"
	"math"
	"slices"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/correlation"
	"quantdesk/internal/quant/screen"
)

// universe are a case's simple returns with their symbols.
func (c *call) universe() (symbols []string, returns [][]float64) {
	c.input("symbols", &symbols)
	if raw, ok := c.Inputs["prices"]; ok {
		for _, x := range c.resolve(raw) {
			returns = append(returns, quant.Returns(x))
		}
		return symbols, returns
	}
	return symbols, c.columns("returns")
}

// metricsOf are the four metrics of a screen, of simple returns.
func metricsOf(r, benchmark []float64, periods, riskFree float64) map[screen.Metric]float64 {
	growth := 1.0
	excess := make([]float64, len(r))
	for i, v := range r {
		growth *= 1 + v
		excess[i] = v - quant.PerPeriod(riskFree, periods)
	}
	out := map[screen.Metric]float64{
		screen.CAGR:       math.Pow(growth, periods/float64(len(r))) - 1,
		screen.Volatility: quant.SD(r) * math.Sqrt(periods),
		screen.Sharpe:     quant.Mean(excess) / quant.SD(excess) * math.Sqrt(periods),
	}
	if benchmark != nil {
		out[screen.Correlation] = quant.Covariance(r, benchmark) / quant.SD(r) / quant.SD(benchmark)
	}
	return out
}

func init() {
	analytics["screen"] = func(c *call) (map[string]any, error) {
		var p struct {
			MinReturn      *float64 `json:"min_return"`
			MaxReturn      *float64 `json:"max_return"`
			MinVolatility  *float64 `json:"min_volatility"`
			MaxVolatility  *float64 `json:"max_volatility"`
			MinSharpe      *float64 `json:"min_sharpe"`
			MaxSharpe      *float64 `json:"max_sharpe"`
			MinCorrelation *float64 `json:"min_correlation"`
			MaxCorrelation *float64 `json:"max_correlation"`
			Benchmark      string
			Periods        float64 `json:"periods_per_year"`
			RiskFree       float64 `json:"risk_free"`
		}
		c.params(&p)
		if p.Periods == 0 {
			p.Periods = 252
		}
		symbols, returns := c.universe()
		var benchmark []float64
		if i := slices.Index(symbols, p.Benchmark); i >= 0 {
			benchmark = returns[i]
		}
		var assets []screen.Asset
		all := map[string]map[string]float64{}
		for i, s := range symbols {
			values := metricsOf(returns[i], benchmark, p.Periods, p.RiskFree)
			assets = append(assets, screen.Asset{Symbol: s, Values: values})
			all[s] = map[string]float64{}
			for m, v := range values {
				all[s][string(m)] = v
			}
		}
		var bounds []screen.Bound
		for _, b := range []screen.Bound{
			{Metric: screen.CAGR, Min: p.MinReturn, Max: p.MaxReturn}, {Metric: screen.Volatility, Min: p.MinVolatility, Max: p.MaxVolatility},
			{Metric: screen.Sharpe, Min: p.MinSharpe, Max: p.MaxSharpe}, {Metric: screen.Correlation, Min: p.MinCorrelation, Max: p.MaxCorrelation},
		} {
			if b.Min != nil || b.Max != nil {
				bounds = append(bounds, b)
			}
		}
		r, err := screen.Apply(assets, bounds, screen.Params{Benchmark: p.Benchmark})
		if err != nil {
			return nil, err
		}
		failed := map[string][]string{}
		for _, f := range r.Failed {
			for _, x := range f.Failures {
				failed[f.Symbol] = append(failed[f.Symbol], string(x.Metric))
			}
		}
		return map[string]any{"passed": r.Passed, "metrics": all, "failed": failed}, nil
	}
	analytics["select_uncorrelated"] = func(c *call) (map[string]any, error) {
		var p struct {
			Count int `json:"num_assets"`
		}
		c.params(&p)
		symbols, returns := c.universe()
		if err := quant.CheckSymbols(symbols); err != nil {
			return nil, err
		}
		m, err := correlation.Matrix(context.Background(), symbols, returns, correlation.Params{NoP: true})
		if err != nil {
			return nil, err
		}
		out := map[string]any{}
		for _, how := range []correlation.Choice{correlation.MinMean, correlation.MinMax, correlation.Lowest, correlation.Highest} {
			r, err := correlation.Choose(m.Rho, p.Count, how, 0)
			if err != nil {
				return nil, err
			}
			names := make([]string, len(r.Members))
			for i, k := range r.Members {
				names[i] = symbols[k]
			}
			values := map[string]float64{}
			for i, v := range r.MeanAbs {
				values[symbols[i]] = v
			}
			out["rank_values"] = values
			switch how {
			case correlation.MinMean:
				out["min_mean_abs"], out["min_mean_value"] = names, r.Mean
			case correlation.MinMax:
				out["min_max_abs"], out["min_max_value"] = names, r.Max
			case correlation.Lowest:
				out["rank_lowest"] = names
			default:
				out["rank_highest"] = names
			}
		}
		return out, nil
	}
}
