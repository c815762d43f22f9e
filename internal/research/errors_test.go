package research_test

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/research"
	"quantdesk/internal/store"
)

// odd is a market of series that something is wrong with.
type odd map[string]func(day int) (price float64, ok bool)

func (odd) Now() time.Time { return today }

func (o odd) Lookup(symbol string) (market.Instrument, bool) {
	_, ok := o[symbol]
	return market.Instrument{Symbol: symbol, Class: market.Equity, Currency: "USD"}, ok
}

func (odd) Calendar(string) (*market.Calendar, error) {
	return &market.Calendar{Zone: time.UTC, DataZone: time.UTC, AlwaysOpen: true}, nil
}

func (odd) Instruments(context.Context) ([]market.Instrument, error) { return nil, nil }

func (o odd) Bars(_ context.Context, r market.BarRequest) ([]market.Bar, error) {
	var out []market.Bar
	for day, at := 0, r.Start; at.Before(r.End); day, at = day+1, at.AddDate(0, 0, 1) {
		p, ok := o[r.Symbol](day)
		if !ok {
			continue
		}
		d, err := num.FromFloat(math.Round(p*1e6) / 1e6)
		if err != nil {
			return nil, err
		}
		out = append(out, market.Bar{Start: at, End: at.AddDate(0, 0, 1), Open: d, High: d, Low: d, Close: d, Volume: num.One})
	}
	return out, nil
}

// walk is a price that wanders with a drift a day.
func walk(seed uint64, drift float64) func(int) (float64, bool) {
	r := rand.New(rand.NewPCG(seed, 0))
	prices := []float64{100}
	for range 1000 {
		prices = append(prices, prices[len(prices)-1]*math.Exp(drift+.01*r.NormFloat64()))
	}
	return func(day int) (float64, bool) { return prices[day], true }
}

func twice(f func(int) (float64, bool)) func(int) (float64, bool) {
	return func(day int) (float64, bool) {
		p, ok := f(day)
		return 2 * math.Round(p*1e6) / 1e6, ok
	}
}

// TestErrors has every code that research can end with, with the name of what is
// wrong and what to do next.
func TestErrors(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	a := walk(1, .0005)
	s := research.New(research.Config{Store: db, Reference: noReference{}, Now: func() time.Time { return today }, Prices: odd{
		"A": a, "AA": twice(a), "B": walk(2, .0003), "C": walk(3, .0001), "DOWN": walk(4, -.01), "DOWN2": walk(5, -.01),
		"FLAT":  func(int) (float64, bool) { return 50, true },
		"ZERO":  func(day int) (float64, bool) { return float64(day % 2), true },
		"EARLY": func(day int) (float64, bool) { return 100 + float64(day%7), day < 50 },
		"LATE":  func(day int) (float64, bool) { return 100 + float64(day%5), day >= 50 },
		"SHORT": func(day int) (float64, bool) { return 100 + float64(day%3), day < 3 },
	}})
	defer s.Close()
	ctx := t.Context()
	sample := func(symbols ...string) research.Sample {
		return research.Sample{Symbols: symbols, Start: "2023-01-02", End: "2024-05-31"}
	}
	optimise := func(method string, change func(*research.OptimizeIn), symbols ...string) func() error {
		return func() error {
			in := research.OptimizeIn{Symbols: symbols, Start: "2023-01-02", End: "2024-05-31", Method: research.Objective(method)}
			if change != nil {
				change(&in)
			}
			_, err := s.Optimize(ctx, me, in, nil)
			return err
		}
	}
	correlate := func(in research.CorrelationIn) func() error {
		return func() error { _, err := s.Correlation(ctx, me, in, nil); return err }
	}
	cap10 := .1
	var many []string
	for range 1001 {
		many = append(many, "A")
	}
	for _, c := range []struct {
		name string
		want fault.Code
		says string
		do   func() error
	}{
		{"a duplicate", fault.DuplicateSymbol, "A", correlate(research.CorrelationIn{Sample: sample("A", "B", "A")})},
		{"an unknown symbol", fault.UnknownSymbol, "NOPE", correlate(research.CorrelationIn{Sample: sample("A", "NOPE")})},
		{"no time in common", fault.NoOverlap, "EARLY", correlate(research.CorrelationIn{Sample: sample("EARLY", "LATE")})},
		{"too little", fault.InsufficientData, "at least", correlate(research.CorrelationIn{Sample: sample("A", "SHORT")})},
		{"a zero price", fault.NonPositivePrice, "ZERO", correlate(research.CorrelationIn{Sample: sample("A", "ZERO")})},
		{"a window beyond the sample", fault.InsufficientData, "5000", correlate(research.CorrelationIn{Sample: sample("A", "B"), Window: 5000})},
		{"a word", fault.InvalidParameter, "adjust", correlate(research.CorrelationIn{Sample: sample("A", "B", "C"), Adjust: "much"})},
		{"one symbol", fault.InvalidParameter, "two or more", correlate(research.CorrelationIn{Sample: sample("A")})},
		{"too many symbols", fault.TooManySeries, "1000", correlate(research.CorrelationIn{Sample: sample(many...)})},
		{"too much", fault.TooLarge, "at once", correlate(research.CorrelationIn{Sample: research.Sample{Symbols: []string{"A", "B"}, Start: "2000-01-03", Span: research.Span{Where: research.Where{Resolution: "second"}}}})},
		{"a constant", fault.ConstantSeries, "FLAT", func() error {
			_, err := s.Cointegration(ctx, me, research.CointegrationIn{Symbol1: "FLAT", Symbol2: "A", Start: "2023-01-02"}, nil)
			return err
		}},
		{"a singular covariance", fault.SingularCovariance, "", func() error {
			_, err := s.Cointegration(ctx, me, research.CointegrationIn{Symbol1: "A", Symbol2: "AA", Start: "2023-01-02", Method: "johansen"}, nil)
			return err
		}},
		{"a cap that cannot be filled", fault.Infeasible, "0.2", optimise("hrp", func(in *research.OptimizeIn) { in.Upper = &cap10 }, "A", "B")},
		{"a cap that cannot be filled, solved", fault.Infeasible, "", optimise("min_variance", func(in *research.OptimizeIn) { in.Upper = &cap10 }, "A", "B", "C")},
		{"no excess return", fault.NoPositiveExcessReturn, "", optimise("max_sharpe", nil, "DOWN", "DOWN2")},
		{"a confidence", fault.InvalidParameter, "1.5", optimise("cvar", func(in *research.OptimizeIn) { in.Confidence = 1.5 }, "A", "B")},
		{"a method", fault.InvalidParameter, "best", optimise("best", nil, "A", "B")},
		{"ruin", fault.ReturnBelowMinusOne, "", func() error {
			_, err := s.Performance(ctx, me, research.PerformanceIn{Holding: research.Holding{Symbols: []string{"DOWN", "A"}, Weights: []float64{100, -99}, Start: "2023-01-02"}}, nil)
			return err
		}},
		{"weights", fault.InvalidParameter, "one for each", func() error {
			_, err := s.Performance(ctx, me, research.PerformanceIn{Holding: research.Holding{Symbols: []string{"A", "B"}, Weights: []float64{1}, Start: "2023-01-02"}}, nil)
			return err
		}},
		{"thirteen series", fault.TooManySeries, "", func() error {
			all := odd{}
			var names []string
			for i := range 13 {
				names = append(names, string(rune('A'+i)))
				all[names[i]] = walk(uint64(i), 0)
			}
			wide := research.New(research.Config{Store: db, Reference: noReference{}, Now: func() time.Time { return today }, Prices: all})
			defer wide.Close()
			_, err := wide.Cointegration(ctx, me, research.CointegrationIn{Symbols: names, Start: "2023-01-02", Method: "johansen"}, nil)
			return err
		}},
	} {
		err := c.do()
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v; want %s", c.name, err, c.want)
			continue
		}
		if f := fault.As(err); !strings.Contains(f.Message, c.says) || f.Next() == "" {
			t.Errorf("%s: %q, %q; want a sentence with %q and what to do next", c.name, f.Message, f.Next(), c.says)
		}
	}
}

// TestAlikes tells of what is constant without an error where the others are of
// use.
func TestAlikes(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := research.New(research.Config{Store: db, Reference: noReference{}, Now: func() time.Time { return today }, Prices: odd{
		"A": walk(1, 0), "B": walk(2, 0), "FLAT": func(int) (float64, bool) { return 50, true }, "GAPS": func(day int) (float64, bool) { return 100 + float64(day%9), day%10 != 0 },
	}})
	defer s.Close()
	in := research.CorrelationIn{Sample: research.Sample{Symbols: []string{"A", "B", "FLAT"}, Start: "2023-01-02", End: "2024-05-31"}}
	out, err := s.Correlation(t.Context(), me, in, nil)
	if err != nil || out.Matrix["A"]["FLAT"] != nil || out.Matrix["A"]["B"] == nil || !strings.Contains(strings.Join(out.Warnings, " "), "FLAT") {
		t.Errorf("%v %+v", err, out)
	}
	in.Symbols = []string{"A", "B", "GAPS"}
	out, err = s.Correlation(t.Context(), me, in, nil)
	if err != nil || out.Dropped == 0 || !strings.Contains(strings.Join(out.Warnings, " "), "GAPS limits the sample") {
		t.Errorf("%v %d %v", err, out.Dropped, out.Warnings)
	}
	in.Align = "pairwise"
	pair, err := s.Correlation(t.Context(), me, in, nil)
	if err != nil || pair.NObs <= out.NObs {
		t.Errorf("%v; pairwise has %d observations, inner %d", err, pair.NObs, out.NObs)
	}
}
