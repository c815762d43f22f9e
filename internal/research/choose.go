package research

import (
	"context"
	"fmt"
	"math"
	"slices"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/correlation"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/screen"
)

// ChoiceMethod is how assets are chosen.
type ChoiceMethod string

// Values lists the methods.
func (ChoiceMethod) Values() []string {
	return []string{"min_mean", "min_max", "lowest_correlation", "highest_correlation"}
}

// ChooseIn asks for assets that move together least.
type ChooseIn struct {
	Sample
	Count  int          `json:"num_assets,omitempty" jsonschema:"How many to choose." default:"5" minimum:"2" maximum:"1000"`
	Method ChoiceMethod `json:"method,omitempty" jsonschema:"min_mean: least mean correlation inside the set; min_max: least greatest; the others rank by the mean with all." default:"min_mean"`
	Seed   int64        `json:"seed,omitempty" jsonschema:"Of the random sets that the choice is compared with." default:"42" minimum:"0"`
}

// ChooseOut is the set that was chosen.
type ChooseOut struct {
	Selected   []string            `json:"selected_assets,omitempty" jsonschema:"Symbols in order."`
	Mean       *float64            `json:"mean_abs_correlation,omitempty" jsonschema:"Inside the set."`
	Max        *float64            `json:"max_abs_correlation,omitempty" jsonschema:"Inside the set."`
	MeanAll    *float64            `json:"universe_mean_abs_correlation,omitempty" jsonschema:"Of all names."`
	Exact      bool                `json:"exact" jsonschema:"All sets were compared; else a good one was searched for."`
	Percentile *float64            `json:"random_percentile,omitempty" jsonschema:"Part of random sets that are better."`
	Ranks      map[string]*float64 `json:"mean_abs_by_asset,omitempty" jsonschema:"Of each chosen name with all others."`
	Meta
}

// Choose picks assets that move together least.
func (s *Service) Choose(ctx context.Context, c Caller, in ChooseIn, report Report) (ChooseOut, error) {
	if in.Count == 0 {
		in.Count = 5
	}
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return ChooseOut{}, err
	}
	if in.Count < 2 || in.Count > len(list) {
		return ChooseOut{}, quant.Bad("research.Choose", "num_assets", in.Count, fmt.Sprintf("at least 2 and at most the %d symbols", len(list)))
	}
	return do(ctx, s, c, in.Book, "select_uncorrelated_assets", in, report, func(ctx context.Context, report Report) (ChooseOut, []Table, error) {
		var out ChooseOut
		p, err := s.load(ctx, list, in.Sample, report)
		if err != nil {
			return out, nil, err
		}
		returns, err := p.Returns()
		if err != nil {
			return out, nil, err
		}
		m, err := correlation.Matrix(ctx, p.Symbols, returns, correlation.Params{NoP: true})
		if err != nil {
			return out, nil, err
		}
		how := correlation.Choice(in.Method)
		if how == "" {
			how = correlation.MinMean
		}
		r, err := correlation.Choose(m.Rho, in.Count, how, *seedOf(in.Seed))
		if err != nil {
			return out, nil, err
		}
		out.Ranks = map[string]*float64{}
		for _, i := range r.Members {
			out.Selected = append(out.Selected, p.Symbols[i])
			out.Ranks[p.Symbols[i]] = Maybe(r.MeanAbs[i])
		}
		out.Mean, out.Max, out.Exact, out.Percentile, out.MeanAll = Maybe(r.Mean), Maybe(r.Max), !r.Heuristic, Maybe(r.Percentile), Maybe(quant.Mean(r.MeanAbs))
		out.Meta = p.Meta(1, m.Observations, string(how)+" of Pearson correlations of simple returns", in)
		if r.Heuristic {
			out.Warnings = append(out.Warnings, "there are too many sets to compare all: this is the best that was found from every pair")
		}
		return out, []Table{matrixTable(p.Symbols, m.Rho)}, nil
	})
}

// ScreenIn asks which assets hold to bounds.
type ScreenIn struct {
	Sample
	Fund           string   `json:"etf_ticker,omitempty" jsonschema:"Or what this fund held."`
	MinReturn      *float64 `json:"min_return,omitempty" jsonschema:"A year, a fraction."`
	MaxReturn      *float64 `json:"max_return,omitempty" jsonschema:"A year."`
	MinVolatility  *float64 `json:"min_volatility,omitempty" jsonschema:"A year."`
	MaxVolatility  *float64 `json:"max_volatility,omitempty" jsonschema:"A year."`
	MinSharpe      *float64 `json:"min_sharpe,omitempty" jsonschema:"A year."`
	MaxCorrelation *float64 `json:"max_correlation,omitempty" jsonschema:"|ρ| with the benchmark."`
	Benchmark      string   `json:"benchmark_symbol,omitempty" jsonschema:"For it."`
	MinPrice       *float64 `json:"min_price,omitempty" jsonschema:"Last."`
	MaxPrice       *float64 `json:"max_price,omitempty" jsonschema:"Last."`
	MinCap         *float64 `json:"min_market_cap,omitempty" jsonschema:"Dollars."`
	MaxCap         *float64 `json:"max_market_cap,omitempty" jsonschema:"Dollars."`
	MinVolume      *float64 `json:"min_dollar_volume,omitempty" jsonschema:"Median of a bar."`
	MinHistory     *float64 `json:"min_history,omitempty" jsonschema:"Bars."`
	Sectors        []string `json:"sectors,omitempty" jsonschema:"Only these."`
	RiskFree       float64  `json:"risk_free,omitempty" jsonschema:"A year."`
}

// ScreenRow is one asset.
type ScreenRow struct {
	Symbol      string   `json:"symbol" jsonschema:"The instrument."`
	Passed      bool     `json:"passed" jsonschema:"All bounds hold."`
	Sector      string   `json:"sector,omitempty" jsonschema:"Where it is known."`
	Return      *float64 `json:"cagr" jsonschema:"A year."`
	Volatility  *float64 `json:"volatility" jsonschema:"A year."`
	Sharpe      *float64 `json:"sharpe" jsonschema:"A year."`
	Correlation *float64 `json:"correlation,omitempty" jsonschema:"With the benchmark."`
	Price       *float64 `json:"price" jsonschema:"Last."`
	Cap         *float64 `json:"market_cap,omitempty" jsonschema:"In dollars."`
	Volume      *float64 `json:"dollar_volume" jsonschema:"Median of a bar, in dollars."`
	History     *float64 `json:"history" jsonschema:"Bars in the span."`
	Reasons     string   `json:"reasons_failed,omitempty" jsonschema:"Metric, value and bound of each that does not hold."`
}

// ScreenOut are the assets on either side.
type ScreenOut struct {
	Passed   []ScreenRow `json:"passed_assets,omitempty" jsonschema:"The first 20; the table assets has all."`
	Failed   []ScreenRow `json:"failed_assets,omitempty" jsonschema:"The first 10, with reasons."`
	Screened int         `json:"total_screened" jsonschema:"How many were looked at."`
	Total    int         `json:"total_passed" jsonschema:"How many passed."`
	Rate     float64     `json:"pass_rate" jsonschema:"A fraction."`
	Meta
}

func (in ScreenIn) bounds() []screen.Bound {
	all := []screen.Bound{
		{Metric: screen.CAGR, Min: in.MinReturn, Max: in.MaxReturn}, {Metric: screen.Volatility, Min: in.MinVolatility, Max: in.MaxVolatility}, {Metric: screen.Sharpe, Min: in.MinSharpe},
		{Metric: screen.Correlation, Max: in.MaxCorrelation}, {Metric: screen.Price, Min: in.MinPrice, Max: in.MaxPrice}, {Metric: screen.MarketCap, Min: in.MinCap, Max: in.MaxCap},
		{Metric: screen.DollarVolume, Min: in.MinVolume}, {Metric: screen.History, Min: in.MinHistory},
	}
	return slices.DeleteFunc(all, func(b screen.Bound) bool { return b.Min == nil && b.Max == nil })
}

// Screen holds assets against bounds, each by itself: one without data fails, and
// costs the others nothing.
func (s *Service) Screen(ctx context.Context, c Caller, in ScreenIn, report Report) (ScreenOut, error) {
	const op = "research.Screen"
	var list []market.Instrument
	var err error
	if in.MaxCorrelation != nil && in.Benchmark == "" {
		return ScreenOut{}, quant.Bad(op, "benchmark_symbol", "missing", "given with max_correlation")
	}
	symbols := in.Symbols
	if in.Fund != "" {
		if len(symbols) > 0 {
			return ScreenOut{}, quant.Bad(op, "etf_ticker", "given beside symbols", "given alone")
		}
		members, _, err := s.Constituents(ctx, in.Fund, in.End)
		if err != nil {
			return ScreenOut{}, err
		}
		for _, m := range members {
			if _, ok := s.cfg.Prices.Lookup(m.Symbol); ok {
				symbols = append(symbols, m.Symbol)
			}
		}
	}
	if list, err = s.resolve(ctx, c, symbols, in.Book); err != nil {
		return ScreenOut{}, err
	}
	if _, err := screen.Apply(nil, in.bounds(), screen.Params{Benchmark: in.Benchmark}); err != nil {
		return ScreenOut{}, err
	}
	return do(ctx, s, c, in.Book, "screen_assets_by_criteria", in, report, func(ctx context.Context, report Report) (ScreenOut, []Table, error) {
		var bench *Panel
		if in.Benchmark != "" {
			b, err := s.resolve(ctx, c, []string{in.Benchmark}, in.Book)
			if err != nil {
				return ScreenOut{}, nil, err
			}
			if bench, err = s.load(ctx, b, in.Sample, nil); err != nil {
				return ScreenOut{}, nil, err
			}
		}
		rows, assets, errs := make([]ScreenRow, len(list)), make([]screen.Asset, len(list)), make([]error, len(list))
		if err := quant.Parallel(ctx, len(list), func(_, i int) {
			rows[i], assets[i], errs[i] = s.metricsOf(ctx, list[i], in, bench)
		}); err != nil {
			return ScreenOut{}, nil, err
		}
		for _, err := range errs {
			if err != nil {
				return ScreenOut{}, nil, err
			}
		}
		r, err := screen.Apply(assets, in.bounds(), screen.Params{Benchmark: in.Benchmark})
		if err != nil {
			return ScreenOut{}, nil, err
		}
		out := in.sides(rows, r)
		last := s.cfg.Prices.Now().Format("2006-01-02")
		if in.End != "" {
			last = min(last, in.End)
		}
		out.Meta = Meta{NObs: len(rows), Start: in.Start, End: last, Params: in, Method: "each asset over its own bars of the span; bounds are inclusive"}
		return out, []Table{tableOf("assets", rows)}, nil
	})
}

// metricsOf measures one asset. What cannot be measured is left out with its
// reason.
func (s *Service) metricsOf(ctx context.Context, x market.Instrument, in ScreenIn, bench *Panel) (ScreenRow, screen.Asset, error) {
	row := ScreenRow{Symbol: x.Symbol, Sector: x.Sector}
	a := screen.Asset{Symbol: x.Symbol, Values: map[screen.Metric]float64{}, Reasons: map[screen.Metric]string{}}
	on := market.DateOf(s.cfg.Prices.Now())
	if in.End != "" {
		if d, err := market.ParseDate(in.End); err == nil && d.Before(on) {
			on = d
		}
	}
	f, err := s.cfg.Reference.Fundamentals(ctx, x.Symbol, on)
	switch fault.CodeOf(err) {
	case "":
		a.Values[screen.MarketCap] = f.MarketCap
		if row.Cap = Maybe(f.MarketCap); f.Sector != "" {
			row.Sector = f.Sector
		}
	case fault.NotFound:
		a.Reasons[screen.MarketCap] = "there are no fundamentals"
	default:
		return row, a, err
	}
	p, all, err := s.read(ctx, []market.Instrument{x}, in.Sample, []Field{in.Field, "volume"}, nil)
	if fault.CodeOf(err) == fault.InsufficientData {
		a.Values[screen.History], row.History = 0, Maybe(0)
		return row, a, nil
	}
	if err != nil {
		return row, a, err
	}
	prices, volume := all[0].values[0], all[0].values[1]
	n := len(prices)
	turnover := make([]float64, n)
	for t := range turnover {
		turnover[t] = prices[t] * volume[t]
	}
	slices.Sort(turnover)
	a.Values[screen.History], a.Values[screen.Price], a.Values[screen.DollarVolume] = float64(n), prices[n-1], turnover[n/2]
	row.History, row.Price, row.Volume = Maybe(float64(n)), Maybe(prices[n-1]), Maybe(turnover[n/2])
	r, err := perf.Measure(quant.Returns(prices), perf.Params{PeriodsPerYear: p.PerYear, RiskFree: in.RiskFree})
	if err != nil {
		for _, m := range []screen.Metric{screen.CAGR, screen.Volatility, screen.Sharpe} {
			a.Reasons[m] = fault.As(err).Message
		}
		return row, a, nil
	}
	a.Values[screen.CAGR], a.Values[screen.Volatility], a.Values[screen.Sharpe] = r.CAGR, r.Volatility, r.Sharpe
	row.Return, row.Volatility, row.Sharpe = Maybe(r.CAGR), Maybe(r.Volatility), Maybe(r.Sharpe)
	if bench == nil {
		return row, a, nil
	}
	keys := series{values: bench.Prices}
	for _, t := range bench.Times {
		keys.keys = append(keys.keys, bench.key(t))
	}
	pair, err := p.align([]string{x.Symbol, bench.Symbols[0]}, []series{{all[0].keys, all[0].values[:1]}, keys})
	if err == nil {
		var c *correlation.PairResult
		if c, err = correlation.Pair(quant.Returns(pair.Prices[0]), quant.Returns(pair.Prices[1]), correlation.Automatic); err == nil {
			a.Values[screen.Correlation], row.Correlation = c.Pearson, Maybe(c.Pearson)
		}
	}
	if err != nil {
		a.Reasons[screen.Correlation] = fault.As(err).Message
	}
	return row, a, nil
}

// sides tells which passed, the sector included.
func (in ScreenIn) sides(rows []ScreenRow, r *screen.Result) ScreenOut {
	out := ScreenOut{Screened: len(rows)}
	reasons := map[string]string{}
	for _, f := range r.Failed {
		for _, x := range f.Failures {
			text := fmt.Sprintf("%s %.6g, %s %.6g", x.Metric, x.Value, x.Side, x.Limit)
			if math.IsNaN(x.Value) {
				text = fmt.Sprintf("%s is not known: %s", x.Metric, x.Reason)
			}
			if reasons[f.Symbol] != "" {
				text = "; " + text
			}
			reasons[f.Symbol] += text
		}
	}
	for i := range rows {
		row := &rows[i]
		if row.Reasons = reasons[row.Symbol]; row.Reasons == "" && len(in.Sectors) > 0 && !slices.Contains(in.Sectors, row.Sector) {
			row.Reasons = "sector " + clip(row.Sector)
		}
		if row.Passed = row.Reasons == ""; row.Passed {
			if out.Total++; out.Total <= shownValues {
				out.Passed = append(out.Passed, *row)
			}
		} else if len(out.Failed) < shownRegressions {
			out.Failed = append(out.Failed, *row)
		}
	}
	out.Rate = float64(out.Total) / float64(max(out.Screened, 1))
	return out
}
