package research

import (
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/qc"
	"quantdesk/internal/report/sheet"
	"quantdesk/internal/tool"
)

const readsBacktests = "qc:backtests:read"

// ofBacktest is a backtest of a project as a tear sheet: the last equity of each
// day, and what its charts tell of benchmark, exposure and turnover.
func ofBacktest(ctx context.Context, c *tool.Call, in tearsheetIn) (sheet.Tearsheet, error) {
	const op = "tools.ofBacktest"
	if missing := c.Caller.Missing([]string{readsBacktests}); len(missing) > 0 {
		return sheet.Tearsheet{}, tool.InsufficientScope("create_tearsheet", append([]string{readsBacktests}, reads...), missing)
	}
	if in.BacktestID == "" || in.ProjectID == 0 {
		return sheet.Tearsheet{}, fault.E(op, fault.InvalidParameter, "a backtest needs both project_id and backtest_id").With("argument", "backtest_id").Hinted("list_backtests has them.")
	}
	if in.Benchmark != "" {
		return sheet.Tearsheet{}, fault.E(op, fault.InvalidParameter, "a backtest has its own benchmark").With("argument", "benchmark_symbol").Hinted("Leave it out; SetBenchmark in the algorithm chooses it.")
	}
	q, err := c.Client(ctx, "")
	if err != nil {
		return sheet.Tearsheet{}, err
	}
	b, err := q.Backtest(ctx, in.ProjectID, in.BacktestID)
	if err != nil {
		return sheet.Tearsheet{}, err
	}
	read := func(chart string) map[string][]sample {
		got, err := q.Chart(ctx, in.ProjectID, in.BacktestID, chart, qc.Span{Count: 100_000})
		if err != nil || got.Loading {
			return nil
		}
		out := map[string][]sample{}
		for name, s := range got.Series {
			out[name] = samples(s.Values)
		}
		return out
	}
	equity := perDay(read("Strategy Equity")["Equity"])
	if len(equity) < 3 {
		return sheet.Tearsheet{}, fault.E(op, fault.InsufficientData, "the backtest has no equity of at least three days").With("argument", "backtest_id").
			Hinted("Wait for its end with read_backtest, or run it over a longer time.")
	}
	t := sheet.Tearsheet{Title: b.Name, Subtitle: "backtest " + b.ID, Name: "Strategy", BenchmarkName: "Benchmark"}
	for i, e := range equity[1:] {
		if equity[i].v <= 0 { // nothing is left to earn on
			break
		}
		t.Times, t.Returns = append(t.Times, e.at), append(t.Returns, e.v/equity[i].v-1)
	}
	if market := on(equity, perDay(read("Benchmark")["Benchmark"])); market != nil {
		for i := range t.Returns {
			r := 0.0
			if market[i] > 0 && !math.IsNaN(market[i+1]) {
				r = market[i+1]/market[i] - 1
			}
			t.Benchmark = append(t.Benchmark, r)
		}
	}
	if x := on(equity, perDay(read("Portfolio Turnover")["Portfolio Turnover"])); x != nil {
		t.Turnover = positive(x[1 : len(t.Returns)+1])
	}
	t.Gross, t.Net = exposures(equity, read("Exposure"), len(t.Returns))
	t.Assumptions = []sheet.Pair{{Name: "Fills, fees", Value: "as the algorithm's brokerage model has them"}, {Name: "Returns", Value: "of the last equity of each day"}}
	if b.Error != "" {
		t.Notes = append(t.Notes, "The run ended with an error: "+b.Error)
	}
	return t, nil
}

// sample is a value of a chart.
type sample struct {
	at time.Time
	v  float64
}

// samples reads the points of a series: [seconds, value], candles by their close.
func samples(raw []json.RawMessage) []sample {
	var out []sample
	for _, p := range raw {
		var list []*float64
		if json.Unmarshal(p, &list) == nil && len(list) > 1 && list[0] != nil && list[len(list)-1] != nil {
			out = append(out, sample{time.Unix(int64(*list[0]), 0).UTC(), *list[len(list)-1]})
			continue
		}
		var object struct{ X, Y *float64 }
		if json.Unmarshal(p, &object) == nil && object.X != nil && object.Y != nil {
			out = append(out, sample{time.Unix(int64(*object.X), 0).UTC(), *object.Y})
		}
	}
	return out
}

// perDay keeps the last value of each day.
func perDay(list []sample) []sample {
	var out []sample
	for _, s := range list {
		s.at = s.at.Truncate(24 * time.Hour)
		if n := len(out); n > 0 && !out[n-1].at.Before(s.at) {
			out[n-1].v = s.v
			continue
		}
		out = append(out, s)
	}
	return out
}

// on gives a series at the times of another, its last value where it has none;
// nil where it has nothing.
func on(times, list []sample) []float64 {
	if len(list) == 0 {
		return nil
	}
	out := make([]float64, len(times))
	at, last := 0, math.NaN()
	for i, t := range times {
		for at < len(list) && !list[at].at.After(t.at) {
			last = list[at].v
			at++
		}
		out[i] = last
	}
	if math.IsNaN(out[0]) { // the first known value, so that nothing is earned before
		first := slices.IndexFunc(out, func(v float64) bool { return !math.IsNaN(v) })
		if first < 0 {
			return nil
		}
		for i := range first {
			out[i] = out[first]
		}
	}
	return out
}

func positive(x []float64) []float64 {
	for i, v := range x {
		if math.IsNaN(v) || v < 0 {
			x[i] = 0
		}
	}
	return x
}

// exposures adds up the ratios of all kinds of securities, long and short.
func exposures(equity []sample, series map[string][]sample, n int) (gross, net []float64) {
	for _, name := range slices.Sorted(maps.Keys(series)) {
		x := on(equity, perDay(series[name]))
		if x == nil || !strings.Contains(name, "Ratio") {
			continue
		}
		if gross == nil {
			gross, net = make([]float64, n), make([]float64, n)
		}
		for i := range n {
			gross[i] += math.Abs(x[i+1])
			net[i] += x[i+1]
		}
	}
	return gross, net
}
