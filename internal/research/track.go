package research

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant/perf"
)

// Track is the path of a holding, for those who draw it.
type Track struct {
	// Of is the result that it is of, empty for weights that were given.
	Of   Result
	Name string
	// Times and Returns are as long as each other; Benchmark, Gross, Net and Turnover as
	// well, or nil where they are not known.
	Times                           []time.Time
	Returns                         []float64
	Benchmark, Gross, Net, Turnover []float64
	BenchmarkName                   string
	PerYear                         float64
	Symbols                         []string
	Weights, Contributions          []float64
	Trades                          []float64
	Frequency, Resolution           string
	Cost                            float64
	// InSample says whether weights or rules were chosen on the same bars; nil where
	// that is not known.
	InSample *bool
	Warnings []string
}

// asked are the arguments of a result that a track goes by.
type asked struct {
	Start      string  `json:"start_date"`
	End        string  `json:"end_date"`
	Resolution string  `json:"resolution"`
	Frequency  string  `json:"rebalance_frequency"`
	Cost       float64 `json:"cost_bps"`
	Benchmark  string  `json:"benchmark_symbol"`
}

// Track follows a holding, or what a result holds. Weights of a result without
// dates are followed over the dates of that result: in sample, where they were
// chosen on them.
func (s *Service) Track(ctx context.Context, c Caller, in Holding, report Report) (Track, error) {
	const op = "research.Track"
	out := Track{}
	if in.Result == "" && len(in.Symbols) == 0 && in.Start == "" {
		return out, fault.E(op, fault.InvalidParameter, "there is nothing to follow").With("argument", "result").
			Hinted("Give result, a handle of an analysis; or symbols with start_date; or project_id with backtest_id.")
	}
	var was asked
	if in.Result != "" {
		r, err := s.Find(ctx, c, in.Result)
		if err != nil {
			return out, err
		}
		if r.State != Done {
			return out, fault.E(op, fault.Conflict, "the result %s is %s", r.Handle, r.State).Hinted("Wait for it with query_result and no table.")
		}
		if err := json.Unmarshal(r.Params, &was); err != nil {
			return out, err
		}
		out.Of = r
		if has(r, "weights") {
			out.InSample = chosen(r, in, was)
			in = in.filled(was)
		}
	}
	h, err := s.hold(ctx, c, in, 2, report)
	if err != nil {
		return out, err
	}
	out.Name, out.Times, out.Returns, out.Benchmark, out.Gross, out.PerYear, out.Trades, out.Warnings = h.name, h.dates, h.returns, h.bench, h.gross, h.perYear, h.trades, h.warnings
	out.BenchmarkName, out.Frequency, out.Cost, out.Resolution = in.Benchmark, frequency(in.Frequency), in.Cost, in.Resolution
	if h.path != nil {
		n := len(h.weights)
		out.Symbols, out.Weights, out.Contributions = h.panel.Symbols[:n], h.weights, h.path.Contributions
		out.Turnover = make([]float64, len(h.returns))
		for _, t := range h.path.Turnovers {
			if t.Bar >= 0 && t.Bar < len(out.Turnover) {
				out.Turnover[t.Bar] += t.OneWay
			}
		}
		out.Gross, out.Net, err = h.exposures()
		return out, err
	}
	out.PerYear, out.Resolution, out.Frequency, out.Cost = ratePerYear(h.dates), was.Resolution, was.Frequency, was.Cost
	return out, s.completed(ctx, c, &out, was, in.Benchmark == "")
}

// exposures are the sums of the weights that each bar's return is earned on, by
// magnitude and by sign: they drift, and are reset where the path was rebalanced.
func (h *held) exposures() (gross, net []float64, err error) {
	all, err := h.panel.Returns()
	if err != nil {
		return nil, nil, err
	}
	resets := map[int]bool{}
	for _, t := range h.path.Turnovers {
		resets[t.Bar] = true
	}
	w := slices.Clone(h.weights)
	gross, net = make([]float64, len(h.returns)), make([]float64, len(h.returns))
	for t, r := range h.returns {
		if resets[t] {
			copy(w, h.weights)
		}
		for i, v := range w {
			gross[t] += math.Abs(v)
			net[t] += v
			if w[i] *= 1 + all[i][t]; 1+r > 0 {
				w[i] /= 1 + r
			}
		}
	}
	return gross, net, nil
}

// completed adds what a result with returns of its own has beside them.
func (s *Service) completed(ctx context.Context, c Caller, t *Track, was asked, withBenchmark bool) error {
	at := slices.IndexFunc(t.Of.Tables, func(t TableInfo) bool { return slices.Contains(t.Columns, "return") && t.Columns[0] == "time" })
	if _, table, err := s.Read(ctx, c, t.Of.Handle, t.Of.Tables[at].Name); err != nil {
		return err
	} else if b, ok := table.Find("benchmark_return"); ok && withBenchmark && !slices.ContainsFunc(b.Numbers, math.IsNaN) {
		t.Benchmark, t.BenchmarkName = b.Numbers, was.Benchmark
	}
	if has(t.Of, "contribution") {
		_, table, err := s.Read(ctx, c, t.Of.Handle, "contribution")
		if err != nil {
			return err
		}
		symbols, _ := table.Find("symbol")
		weights, _ := table.Find("weight")
		parts, _ := table.Find("contribution")
		t.Symbols, t.Weights, t.Contributions = symbols.Texts, weights.Numbers, parts.Numbers
	}
	var said struct {
		InSample *bool    `json:"in_sample"`
		Warnings []string `json:"warnings"`
	}
	if len(t.Of.Summary) > 0 {
		if err := json.Unmarshal(t.Of.Summary, &said); err != nil {
			return err
		}
	}
	t.InSample, t.Warnings = said.InSample, said.Warnings
	return nil
}

func has(r Result, table string) bool {
	return slices.ContainsFunc(r.Tables, func(t TableInfo) bool { return t.Name == table })
}

// filled takes what is missing from a result's own arguments.
func (in Holding) filled(was asked) Holding {
	for _, x := range []struct {
		to   *string
		from string
	}{{&in.Start, was.Start}, {&in.End, was.End}, {&in.Resolution, was.Resolution}, {&in.Frequency, was.Frequency}, {&in.Benchmark, was.Benchmark}} {
		if *x.to == "" {
			*x.to = x.from
		}
	}
	if in.Cost == 0 {
		in.Cost = was.Cost
	}
	return in
}

// chosen tells whether the weights of a result have seen the bars they are
// followed on; nil where they were not chosen on any.
func chosen(r Result, in Holding, was asked) *bool {
	if r.Kind != "optimize_portfolio" && r.Kind != "sparse_optimization" {
		return nil
	}
	seen := in.Start == "" || was.End == "" || in.Start <= was.End
	return &seen
}

// ratePerYear is how many bars a year has, judged by the times: the usual number
// where it is near one.
func ratePerYear(times []time.Time) float64 {
	n := len(times)
	years := times[n-1].Sub(times[0]).Hours() / 24 / 365.25
	if years < 0.02 {
		return perf.DefaultPeriods
	}
	rate := float64(n-1) / years
	for _, usual := range []float64{1, 4, 12, 52, 252, 365} {
		if math.Abs(rate/usual-1) < 0.12 {
			return usual
		}
	}
	if rate < 300 {
		return perf.DefaultPeriods
	}
	return rate
}
