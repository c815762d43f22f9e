package research

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/rebalance"
)

// Holding is what returns are measured of: weights on symbols over a span, or a
// result that has them.
type Holding struct {
	Symbols   []string  `json:"symbols,omitempty" jsonschema:"Of the portfolio; or result."`
	Weights   []float64 `json:"weights,omitempty" jsonschema:"One a symbol, negative for short; default equal."`
	Normalise string    `json:"normalise,omitempty" jsonschema:"none, net or gross: scale to add up to 1." default:"none"`
	Result    string    `json:"result,omitempty" jsonschema:"Handle with weights or returns."`
	Start     string    `json:"start_date,omitempty" jsonschema:"First day."`
	End       string    `json:"end_date,omitempty" jsonschema:"Last day."`
	Frequency string    `json:"rebalance_frequency,omitempty" jsonschema:"daily, weekly, monthly, quarterly or none." default:"daily"`
	Cost      float64   `json:"cost_bps,omitempty" jsonschema:"Cost of trading, 1/100 %."`
	Benchmark string    `json:"benchmark_symbol,omitempty" jsonschema:"To compare with."`
	Where
}

// held are the returns of a holding, with what they were made of.
type held struct {
	name     string
	times    []string
	dates    []time.Time
	returns  []float64
	bench    []float64
	perYear  float64
	panel    *Panel // nil where a result had returns of its own
	weights  []float64
	path     *rebalance.Result // nil as panel
	trades   []float64         // profits of closed trades, nil without any
	gross    []float64         // exposure at each time, nil where it is not known
	warnings []string
	dropped  int
}

// hold computes the returns of a holding. least is how many are needed.
func (s *Service) hold(ctx context.Context, c Caller, in Holding, least int, report Report) (*held, error) {
	const op = "research.hold"
	if in.Result != "" {
		if len(in.Symbols) > 0 || len(in.Weights) > 0 {
			return nil, quant.Bad(op, "result", "given beside symbols", "given alone")
		}
		r, err := s.Find(ctx, c, in.Result)
		if err != nil {
			return nil, err
		}
		switch {
		case slices.ContainsFunc(r.Tables, func(t TableInfo) bool { return t.Name == "weights" }):
			if in.Symbols, in.Weights, err = s.weightsOf(ctx, c, in.Result); err != nil {
				return nil, err
			}
		case slices.ContainsFunc(r.Tables, func(t TableInfo) bool { return slices.Contains(t.Columns, "return") && t.Columns[0] == "time" }):
			return s.ownReturns(ctx, c, r, in, least)
		default:
			return nil, fault.E(op, fault.InvalidParameter, "the result %s of %s has neither weights nor returns", in.Result, r.Kind).With("argument", "result").
				Hinted("Give one of optimize_portfolio, backtest_pairs or calculate_portfolio_performance.")
		}
	}
	if in.Start == "" {
		return nil, quant.Bad(op, "start_date", "missing", "given")
	}
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return nil, err
	}
	weights, err := normalised(in.Weights, len(list), in.Normalise)
	if err != nil {
		return nil, err
	}
	all := list
	if in.Benchmark != "" {
		b, ok := s.cfg.Prices.Lookup(in.Benchmark)
		if !ok {
			return nil, unknown(op, in.Benchmark)
		}
		all = append(slices.Clone(list), b)
	}
	p, err := s.load(ctx, all, Sample{Start: in.Start, End: in.End, Span: Span{Where: in.Where}}, report)
	if err != nil {
		return nil, err
	}
	returns, err := p.Returns()
	if err != nil {
		return nil, err
	}
	if n := len(returns[0]); n < least {
		return nil, fault.E(op, fault.InsufficientData, "there are %d returns; this needs at least %d", n, least).With("value", n).With("limit", least)
	}
	h := &held{name: "portfolio", times: p.Stamps(1), dates: p.Times[1:], perYear: p.PerYear, panel: p, weights: weights, warnings: p.Warnings, dropped: p.Dropped}
	if len(all) > len(list) {
		h.bench = returns[len(list)]
	}
	f := rebalance.Frequency(in.Frequency)
	if f == "" {
		f = rebalance.Daily
	}
	if h.path, err = rebalance.Run(returns[:len(list)], h.dates, rebalance.Params{Weights: weights, Frequency: f, CostBps: in.Cost, Names: p.Symbols[:len(list)]}); err != nil {
		return nil, err
	}
	h.returns, h.warnings = h.path.Returns, append(slices.Clone(h.warnings), h.path.Warnings...)
	return h, nil
}

// normalised are weights as they are to be used; nil is equal ones.
func normalised(weights []float64, n int, how string) ([]float64, error) {
	const op = "research.weights"
	if len(weights) == 0 {
		weights = make([]float64, n)
		for i := range weights {
			weights[i] = 1 / float64(n)
		}
	}
	if len(weights) != n {
		return nil, quant.Bad(op, "weights", fmt.Sprintf("%d numbers", len(weights)), fmt.Sprintf("%d, one for each symbol", n))
	}
	net, gross := 0.0, 0.0
	for _, w := range weights {
		net += w
		gross += math.Abs(w)
	}
	if gross == 0 {
		return nil, quant.Bad(op, "weights", "all zero", "different from zero somewhere")
	}
	by := 1.0
	switch how {
	case "", "none":
	case "net":
		by = net
	case "gross":
		by = gross
	default:
		return nil, quant.Bad(op, "normalise", how, "none, net or gross")
	}
	if math.Abs(by) < 1e-12 {
		return nil, quant.Bad(op, "normalise", how, "none or gross where weights add up to zero")
	}
	out := make([]float64, n)
	for i, w := range weights {
		out[i] = w / by
	}
	return out, nil
}

// weightsOf reads the weights of a result.
func (s *Service) weightsOf(ctx context.Context, c Caller, handle string) ([]string, []float64, error) {
	_, t, err := s.Read(ctx, c, handle, "weights")
	if err != nil {
		return nil, nil, err
	}
	symbols, ok := t.Find("symbol")
	weights, found := t.Find("weight")
	if !ok || !found {
		return nil, nil, fault.E("research.weightsOf", fault.InvalidParameter, "the table weights of %s has no symbol and weight", handle).With("argument", "result")
	}
	var names []string
	var out []float64
	for i, w := range weights.Numbers {
		if w != 0 {
			names, out = append(names, symbols.Texts[i]), append(out, w)
		}
	}
	return names, out, nil
}

// Weights are those of a result, without zeros.
func (s *Service) Weights(ctx context.Context, c Caller, handle string) ([]string, []float64, error) {
	return s.weightsOf(ctx, c, handle)
}

// ownReturns are the returns that a result holds.
func (s *Service) ownReturns(ctx context.Context, c Caller, r Result, in Holding, least int) (*held, error) {
	const op = "research.ownReturns"
	at := slices.IndexFunc(r.Tables, func(t TableInfo) bool { return slices.Contains(t.Columns, "return") && t.Columns[0] == "time" })
	_, t, err := s.Read(ctx, c, r.Handle, r.Tables[at].Name)
	if err != nil {
		return nil, err
	}
	times, _ := t.Find("time")
	returns, _ := t.Find("return")
	h := &held{name: r.Kind + " " + r.Handle, times: times.Texts, returns: returns.Numbers, perYear: 252}
	if g, ok := t.Find("gross"); ok {
		h.gross = g.Numbers
		if nav, ok := t.Find("nav"); ok {
			h.gross = make([]float64, len(g.Numbers))
			for i := range h.gross {
				h.gross[i] = g.Numbers[i] / nav.Numbers[i]
			}
		}
	}
	for _, text := range times.Texts {
		d, err := time.Parse("2006-01-02", text)
		if err != nil {
			if d, err = time.Parse(time.RFC3339, text); err != nil {
				return nil, fault.E(op, fault.InvalidParameter, "the times of %s are not readable", r.Handle).With("argument", "result")
			}
		}
		h.dates = append(h.dates, d)
	}
	if n := len(h.returns); n < least {
		return nil, fault.E(op, fault.InsufficientData, "the result %s has %d returns; this needs at least %d", r.Handle, n, least).With("value", n).With("limit", least)
	}
	if slices.ContainsFunc(r.Tables, func(t TableInfo) bool { return t.Name == "trades" }) {
		_, trades, err := s.Read(ctx, c, r.Handle, "trades")
		if err != nil {
			return nil, err
		}
		if pnl, ok := trades.Find("pnl"); ok {
			h.trades = pnl.Numbers
		}
	}
	if in.Benchmark == "" {
		return h, nil
	}
	b, ok := s.cfg.Prices.Lookup(in.Benchmark)
	if !ok {
		return nil, unknown(op, in.Benchmark)
	}
	return h, s.against(ctx, h, b, in)
}

// against gives a benchmark's returns at the times of a holding; a time it lacks
// has its last price.
func (s *Service) against(ctx context.Context, h *held, b market.Instrument, in Holding) error {
	begin := h.dates[0].AddDate(0, 0, -10).Format("2006-01-02")
	p, err := s.load(ctx, []market.Instrument{b}, Sample{Start: begin, End: h.dates[len(h.dates)-1].Format("2006-01-02"), Span: Span{Where: in.Where}}, nil)
	if err != nil {
		return err
	}
	at, last := 0, math.NaN()
	h.bench = make([]float64, len(h.dates))
	for i, d := range h.dates {
		before := last
		for at < len(p.Times) && !p.Times[at].After(d) {
			if p.Times[at].Before(d) {
				before = p.Prices[0][at]
			}
			last = p.Prices[0][at]
			at++
		}
		if math.IsNaN(before) {
			return fault.E("research.against", fault.NoOverlap, "%s has no price before %s", b.Symbol, h.times[0]).With("argument", "benchmark_symbol").With("value", b.Symbol)
		}
		h.bench[i] = last/before - 1
	}
	return nil
}
