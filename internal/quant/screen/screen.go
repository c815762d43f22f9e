// Package screen holds assets against bounds on their metrics.
//
//	r, err := screen.Apply(assets, []screen.Bound{{Metric: screen.Sharpe, Min: &half}}, screen.Params{})
//	fmt.Println(r.Passed, r.Failed[0].Failures)
//
// The metrics come from the caller.
package screen

import (
	"fmt"
	"math"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Metric is what a bound is set on.
type Metric string

// The metrics: rates are fractions a year, prices and values in dollars, History in
// bars. The bound on Correlation is on its magnitude.
const (
	CAGR         Metric = "cagr"
	Volatility   Metric = "volatility"
	Sharpe       Metric = "sharpe"
	Correlation  Metric = "correlation"
	Price        Metric = "price"
	MarketCap    Metric = "market_cap"
	DollarVolume Metric = "dollar_volume"
	History      Metric = "history"
)

var metrics = map[Metric]bool{CAGR: true, Volatility: true, Sharpe: true, Correlation: true, Price: true, MarketCap: true, DollarVolume: true, History: true}

// Bound is inclusive on both sides; nil is none.
type Bound struct {
	Metric   Metric
	Min, Max *float64
}

// Asset is what is known of one.
type Asset struct {
	Symbol string
	// Values may lack a metric or have NaN; Reasons then says why.
	Values  map[Metric]float64
	Reasons map[Metric]string
}

// Params are those of Apply.
type Params struct {
	// Benchmark is the symbol that Correlation is with; a bound on it needs one.
	Benchmark string
}

// Failure is a bound that does not hold.
type Failure struct {
	Metric Metric
	// Value is NaN where there is none.
	Value float64
	// Side is "min" or "max", Limit the bound.
	Side  string
	Limit float64
	// Reason says why there is no value.
	Reason string
}

// Rejected is an asset with all bounds that do not hold.
type Rejected struct {
	Symbol   string
	Failures []Failure
}

// Result are the assets on either side, each in the order given.
type Result struct {
	Passed []string
	Failed []Rejected
}

// Apply keeps the assets for which all bounds hold. A bound whose metric has no
// value does not hold. Errors: fault.DuplicateSymbol, InvalidParameter (an unknown
// metric, a minimum above its maximum, Correlation without a benchmark).
func Apply(assets []Asset, bounds []Bound, p Params) (*Result, error) {
	const op = "screen.Apply"
	symbols := make([]string, len(assets))
	for i, a := range assets {
		symbols[i] = a.Symbol
	}
	if err := quant.CheckSymbols(symbols); err != nil {
		return nil, err
	}
	for _, b := range bounds {
		switch {
		case !metrics[b.Metric]:
			return nil, quant.Bad(op, "metric", string(b.Metric), "one that is known")
		case b.Min != nil && math.IsNaN(*b.Min), b.Max != nil && math.IsNaN(*b.Max):
			return nil, quant.Bad(op, string(b.Metric), "not a number", "a number")
		case b.Min != nil && b.Max != nil && *b.Min > *b.Max:
			return nil, quant.Bad(op, "min "+string(b.Metric), *b.Min, fmt.Sprintf("at most the maximum, %g", *b.Max))
		case b.Metric == Correlation && p.Benchmark == "":
			return nil, fault.E(op, fault.InvalidParameter, "a bound on the correlation needs a benchmark").With("argument", "benchmark")
		}
	}
	out := &Result{Passed: []string{}}
	for _, a := range assets {
		var failures []Failure
		for _, b := range bounds {
			failures = append(failures, a.hold(b)...)
		}
		if len(failures) == 0 {
			out.Passed = append(out.Passed, a.Symbol)
		} else {
			out.Failed = append(out.Failed, Rejected{a.Symbol, failures})
		}
	}
	return out, nil
}

// hold lists the sides of a bound that do not hold.
func (a *Asset) hold(b Bound) (out []Failure) {
	value, ok := a.Values[b.Metric]
	if !ok {
		value = math.NaN()
	}
	reason := ""
	if math.IsNaN(value) {
		if reason = a.Reasons[b.Metric]; reason == "" {
			reason = "no_value"
		}
	}
	measure := value
	if b.Metric == Correlation {
		measure = math.Abs(value)
	}
	if b.Min != nil && !(measure >= *b.Min) {
		out = append(out, Failure{b.Metric, value, "min", *b.Min, reason})
	}
	if b.Max != nil && !(measure <= *b.Max) {
		out = append(out, Failure{b.Metric, value, "max", *b.Max, reason})
	}
	return out
}
