package sheet

import (
	"fmt"
	"math"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant/perf"
)

// Pair is a name with its value, in the order they are shown.
type Pair struct{ Name, Value string }

// Position is a part of a portfolio, all fractions: its weight, and what it added
// to the total return, NaN where that is not known.
type Position struct {
	Symbol               string
	Weight, Contribution float64
}

// Tearsheet is what there is to show of a portfolio, a backtest or a pair.
type Tearsheet struct {
	Title, Subtitle string
	// Name is what the returns are of, "Portfolio" where it is empty.
	Name string
	// Times and Returns are as long as each other: simple returns, each over the
	// period that ends at its time.
	Times   []time.Time
	Returns []float64
	// Benchmark is as long as the returns, nil for none.
	Benchmark     []float64
	BenchmarkName string
	// PeriodsPerYear annualises; 0 means 252. RiskFree is a rate a year.
	PeriodsPerYear, RiskFree float64
	// Confidence of VaR and CVaR; 0 means 0.95. Window is the bars of what rolls;
	// 0 means 63, or less where the history is short.
	Confidence float64
	Window     int
	Positions  []Position
	// Gross and Net are exposures as fractions of wealth, as long as the returns;
	// nil where they are not known. Turnover likewise, one-way, traded in a period.
	Gross, Net, Turnover []float64
	// Trades are profits of closed trades, nil without any.
	Trades []float64
	// Assumptions are costs, rebalancing, fills and the like.
	Assumptions []Pair
	// InSample says whether what is shown was chosen on the same data.
	InSample *bool
	// Source is where prices come from; Simulated, that they are no market's.
	Source    string
	Simulated bool
	Notes     []string
	// Made is the date of the document.
	Made time.Time
}

// The least and the most returns of a tear sheet.
const (
	leastReturns = 2
	mostReturns  = 1_000_000
)

// sheetOf is a tear sheet with what is computed of it.
type sheetOf struct {
	Tearsheet
	n              int
	wealth, market []float64 // after each return
	fall, fallen   []float64 // drawdown of both
	own, theirs    *perf.Report
	sharpe, vol    []float64 // rolling, NaN until the window is full
	months         []month
	falls          []fallOf
	stats          []statistic
	ruined         bool
}

type statistic struct{ name, own, theirs string }

// derive checks the input and computes what the pages show.
func (t Tearsheet) derive() (*sheetOf, error) {
	const op = "sheet.Tearsheet"
	s := &sheetOf{Tearsheet: t, n: len(t.Returns)}
	switch {
	case s.n < leastReturns:
		return nil, fault.E(op, fault.InsufficientData, "there are %d returns; a tear sheet needs at least %d", s.n, leastReturns).With("value", s.n).With("limit", leastReturns)
	case s.n > mostReturns:
		return nil, fault.E(op, fault.TooLarge, "there are %d returns; a tear sheet takes at most %d", s.n, mostReturns).With("value", s.n).With("limit", mostReturns)
	case len(t.Times) != s.n:
		return nil, fault.E(op, fault.InvalidParameter, "there are %d times for %d returns", len(t.Times), s.n)
	}
	for name, x := range map[string][]float64{"benchmark": t.Benchmark, "gross": t.Gross, "net": t.Net, "turnover": t.Turnover} {
		if x != nil && len(x) != s.n {
			return nil, fault.E(op, fault.InvalidParameter, "there are %d values of %s for %d returns", len(x), name, s.n)
		}
	}
	for i, r := range t.Returns {
		if math.IsNaN(r) || math.IsInf(r, 0) {
			return nil, fault.E(op, fault.InvalidParameter, "the return of %s is not a number", t.Times[i].Format(time.DateOnly))
		}
		if i > 0 && t.Times[i].Before(t.Times[i-1]) {
			return nil, fault.E(op, fault.InvalidParameter, "the times are not in order at %s", t.Times[i].Format(time.DateOnly))
		}
	}
	if s.Name == "" {
		s.Name = "Portfolio"
	}
	if s.BenchmarkName == "" {
		s.BenchmarkName = "Benchmark"
	}
	if s.PeriodsPerYear <= 0 {
		s.PeriodsPerYear = perf.DefaultPeriods
	}
	if s.Confidence <= 0 || s.Confidence >= 1 {
		s.Confidence = perf.DefaultConfidence
	}
	if s.Window <= 1 {
		s.Window = 63
	}
	s.Window = min(s.Window, max(s.n/3, 2))
	if err := s.compute(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sheetOf) compute() error {
	var upto int
	s.wealth, s.fall, upto = grow(s.Returns)
	// After ruin there is nothing left to measure: the kernel is told of a loss of
	// everything, once.
	measured := s.Returns
	if upto < s.n {
		s.ruined = true
		measured = append(append([]float64{}, s.Returns[:upto]...), -1)
		s.Notes = append(s.Notes, fmt.Sprintf("The wealth was lost on %s; returns after that are not counted, and ratios are not defined.", dayOf(s.Times[upto])))
	}
	params := perf.Params{PeriodsPerYear: s.PeriodsPerYear, RiskFree: s.RiskFree, Confidence: s.Confidence, Trades: s.Trades}
	bench := s.Benchmark
	if bench != nil {
		var end int
		if s.market, s.fallen, end = grow(bench); end < s.n {
			bench = nil
		} else if !s.ruined { // a comparison with what was lost means nothing
			params.Benchmark = bench
		}
	}
	for i, x := range s.Turnover {
		if x != 0 && i < len(measured) && !math.IsNaN(x) {
			params.Turnovers = append(params.Turnovers, x)
		}
	}
	var err error
	if len(measured) >= leastReturns {
		if s.own, err = perf.Measure(measured, params); err != nil {
			return err
		}
	}
	if bench != nil {
		if s.theirs, err = perf.Measure(bench, perf.Params{PeriodsPerYear: s.PeriodsPerYear, RiskFree: s.RiskFree, Confidence: s.Confidence}); err != nil {
			return err
		}
	}
	s.sharpe, s.vol = empty(s.n), empty(s.n)
	if s.Window <= upto {
		if x, err := perf.RollingSharpe(measured[:upto], s.Window, s.PeriodsPerYear, s.RiskFree); err == nil {
			copy(s.sharpe[s.Window-1:], x)
		}
		if x, err := perf.RollingVolatility(measured[:upto], s.Window, s.PeriodsPerYear); err == nil {
			copy(s.vol[s.Window-1:], x)
		}
	}
	s.months, s.falls = monthly(s.Times, measured), deepest(s.Times, s.wealth[:upto], 5)
	s.stats = s.statistics()
	return nil
}

// grow compounds returns; upto counts those before the wealth was lost.
func grow(returns []float64) (wealth, fall []float64, upto int) {
	wealth, fall = make([]float64, len(returns)), make([]float64, len(returns))
	w, peak := 1.0, 1.0
	for i, r := range returns {
		w *= 1 + r
		if w <= 0 || math.IsNaN(w) || math.IsInf(w, 0) {
			for k := i; k < len(returns); k++ {
				wealth[k], fall[k] = 0, -1
			}
			return wealth, fall, i
		}
		peak = max(peak, w)
		wealth[i], fall[i] = w, w/peak-1
	}
	return wealth, fall, len(returns)
}

func empty(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// statistics are the table's rows, of the portfolio and of the benchmark.
func (s *sheetOf) statistics() []statistic {
	var out []statistic
	add := func(name string, u unit, digits int, of func(*perf.Report) float64) {
		row := statistic{name: name, own: dash}
		if s.own != nil {
			row.own = show(of(s.own), u, digits)
		}
		if s.theirs != nil {
			row.theirs = show(of(s.theirs), u, digits)
		}
		out = append(out, row)
	}
	against := func(name string, u unit, digits int, of func(*perf.Comparison) float64) {
		if s.own != nil && s.own.Against != nil {
			out = append(out, statistic{name: name, own: show(of(s.own.Against), u, digits)})
		}
	}
	level := fmt.Sprintf("%g%%", s.Confidence*100)
	add("Total return", percent, 2, func(r *perf.Report) float64 { return r.TotalReturn })
	add("Annual return (CAGR)", percent, 2, func(r *perf.Report) float64 { return r.CAGR })
	add("Volatility, a year", percent, 2, func(r *perf.Report) float64 { return r.Volatility })
	add("Sharpe ratio", number, 2, func(r *perf.Report) float64 { return r.Sharpe })
	add("Sortino ratio", number, 2, func(r *perf.Report) float64 { return r.Sortino })
	add("Calmar ratio", number, 2, func(r *perf.Report) float64 { return r.Calmar })
	add("Deepest drawdown", percent, 2, func(r *perf.Report) float64 { return r.MaxDrawdown })
	add("Downside deviation", percent, 2, func(r *perf.Report) float64 { return r.DownsideDeviation })
	add("VaR "+level+", a "+s.bar(), percent, 2, func(r *perf.Report) float64 { return r.VaRHist })
	add("CVaR "+level+", a "+s.bar(), percent, 2, func(r *perf.Report) float64 { return r.CVaRHist })
	add("Best "+s.bar(), percent, 2, func(r *perf.Report) float64 { return r.Best })
	add("Worst "+s.bar(), percent, 2, func(r *perf.Report) float64 { return r.Worst })
	add(title(s.bar())+"s that gained", percent, 1, func(r *perf.Report) float64 { return r.HitRate })
	add("Skewness", number, 2, func(r *perf.Report) float64 { return r.Skewness })
	add("Excess kurtosis", number, 2, func(r *perf.Report) float64 { return r.ExcessKurtosis })
	add("P(true Sharpe > 0)", percent, 1, func(r *perf.Report) float64 { return r.PSRZero })
	against("Beta", number, 2, func(c *perf.Comparison) float64 { return c.Beta })
	against("Alpha, a year", percent, 2, func(c *perf.Comparison) float64 { return c.Alpha })
	against("t of alpha (HAC)", number, 2, func(c *perf.Comparison) float64 { return c.AlphaT })
	against("Tracking error", percent, 2, func(c *perf.Comparison) float64 { return c.TrackingError })
	against("Information ratio", number, 2, func(c *perf.Comparison) float64 { return c.InformationRatio })
	against("Correlation", number, 2, func(c *perf.Comparison) float64 { return c.Correlation })
	against("Up capture", percent, 0, func(c *perf.Comparison) float64 { return c.UpCapture })
	against("Down capture", percent, 0, func(c *perf.Comparison) float64 { return c.DownCapture })
	if s.own != nil && len(s.Trades) > 0 {
		out = append(out, statistic{name: "Trades", own: thousands(float64(len(s.Trades)), 0)}, statistic{name: "Trades that gained", own: show(s.own.TradeHitRate, percent, 1)})
	}
	if s.own != nil && !math.IsNaN(s.own.TurnoverAnnual) {
		out = append(out, statistic{name: "Turnover, a year", own: show(s.own.TurnoverAnnual, percent, 0)})
	}
	return out
}
