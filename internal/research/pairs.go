package research

import (
	"context"
	"fmt"
	"math"
	"sort"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/kalman"
	"quantdesk/internal/quant/pairs"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/reversion"
	"quantdesk/internal/quant/unitroot"
)

// SpreadModel is how the hedge ratio of a pair is known.
type SpreadModel string

// Values lists the models.
func (SpreadModel) Values() []string { return []string{"kalman", "fixed"} }

// ZSource is what the z-score of a pair is of.
type ZSource string

// Values lists the sources.
func (ZSource) Values() []string { return []string{"innovation", "rolling"} }

// TradePairsIn asks for a backtest of pairs.
type TradePairsIn struct {
	Pairs     [][]string  `json:"pairs,omitempty" jsonschema:"[[symbol1, symbol2], …]; or result."`
	Result    string      `json:"result,omitempty" jsonschema:"Of find_cointegrated_pairs."`
	Limit     int         `json:"max_pairs,omitempty" jsonschema:"Only the best." default:"20"`
	Start     string      `json:"start_date" jsonschema:"First day."`
	End       string      `json:"end_date,omitempty" jsonschema:"Last day."`
	Formation string      `json:"formation_end,omitempty" jsonschema:"Last day of choosing; trading begins after it."`
	Model     SpreadModel `json:"model,omitempty" jsonschema:"Of the hedge ratio." default:"kalman"`
	Delta     float64     `json:"delta,omitempty" jsonschema:"The filter's discount; default from the formation."`
	Z         ZSource     `json:"z_source,omitempty" jsonschema:"Surprise of a bar, or z over lookback." default:"innovation"`
	Lookback  int         `json:"lookback,omitempty" jsonschema:"Bars." default:"60"`
	Entry     float64     `json:"entry,omitempty" jsonschema:"|z|." default:"2"`
	Exit      float64     `json:"exit,omitempty" jsonschema:"z." default:"0"`
	Stop      float64     `json:"stop,omitempty" jsonschema:"Adverse |z|." default:"4"`
	Confirm   int         `json:"confirm,omitempty" jsonschema:"Bars beyond entry." default:"2"`
	Cap       float64     `json:"pair_cap,omitempty" jsonschema:"Both legs, of NAV." default:"0.03"`
	GrossMax  float64     `json:"gross_max,omitempty" jsonschema:"All pairs, of NAV." default:"3"`
	TimeMult  float64     `json:"time_stop_half_lives,omitempty" jsonschema:"Longest holding." default:"3"`
	Cost      float64     `json:"cost_bps,omitempty" jsonschema:"A side."`
	Borrow    float64     `json:"borrow_bps,omitempty" jsonschema:"A year on shorts."`
	NAV       float64     `json:"nav,omitempty" jsonschema:"At the start." default:"1000000"`
	Where
}

// PairGroup is what a group of trades made.
type PairGroup struct {
	Group  string  `json:"group" jsonschema:"Pair, side, reason or month."`
	PnL    float64 `json:"pnl" jsonschema:"Profit after costs."`
	Costs  float64 `json:"costs" jsonschema:"Of them."`
	Trades int     `json:"trades" jsonschema:"How many."`
	Wins   int     `json:"wins" jsonschema:"How many made money."`
}

// TradePairsOut is a backtest of pairs.
type TradePairsOut struct {
	Pairs     int                    `json:"pairs" jsonschema:"How many were traded."`
	Trades    int                    `json:"trades" jsonschema:"How many round trips; the table trades has them."`
	Skipped   int                    `json:"skipped" jsonschema:"Entries that found no room under gross_max."`
	NAVStart  float64                `json:"nav_start" jsonschema:"Money at the start."`
	NAVEnd    float64                `json:"nav_end" jsonschema:"Money at the end: the difference is the sum of the trades."`
	Metrics   map[string]*float64    `json:"metrics,omitempty" jsonschema:"Of the daily returns of NAV: fractions."`
	By        map[string][]PairGroup `json:"attribution,omitempty" jsonschema:"Profit by pair (the 10 best and worst), side, exit reason, month, leg."`
	MaxGross  *float64               `json:"max_gross,omitempty" jsonschema:"Greatest gross exposure over NAV."`
	InSample  bool                   `json:"in_sample" jsonschema:"True where pairs were chosen on the bars they are traded on."`
	HalfLives map[string]*float64    `json:"half_lives,omitempty" jsonschema:"Of each pair's formation, bars; the first 20."`
	Meta
}

// tradeRow is one round trip.
type tradeRow struct {
	Pair        string  `json:"pair"`
	Side        string  `json:"side"`
	Signal      string  `json:"signal_time"`
	Entry       string  `json:"entry_time"`
	ExitSignal  string  `json:"exit_signal_time"`
	Exit        string  `json:"exit_time"`
	ZEntry      float64 `json:"z_entry"`
	ZExit       float64 `json:"z_exit"`
	Beta        float64 `json:"beta"`
	Units1      float64 `json:"units1"`
	Units2      float64 `json:"units2"`
	Entry1      float64 `json:"entry1"`
	Entry2      float64 `json:"entry2"`
	Exit1       float64 `json:"exit1"`
	Exit2       float64 `json:"exit2"`
	Gross       float64 `json:"gross"`
	PnLLeg1     float64 `json:"pnl_leg1"`
	PnLLeg2     float64 `json:"pnl_leg2"`
	TradeCost   float64 `json:"trade_cost"`
	BorrowCost  float64 `json:"borrow_cost"`
	PnL         float64 `json:"pnl"`
	BarsHeld    int     `json:"bars_held"`
	Reason      string  `json:"reason"`
	ReturnGross float64 `json:"return_on_gross"`
}

// TradePairs backtests pairs with all rules of entry, exit, stop and size.
func (s *Service) TradePairs(ctx context.Context, c Caller, in TradePairsIn, report Report) (TradePairsOut, error) {
	const op = "research.TradePairs"
	if err := s.pairsOf(ctx, c, &in); err != nil {
		return TradePairsOut{}, err
	}
	var symbols []string
	seen := map[string]bool{}
	for _, p := range in.Pairs {
		if len(p) != 2 || p[0] == p[1] {
			return TradePairsOut{}, quant.Bad(op, "pairs", p, "lists of two different symbols")
		}
		for _, symbol := range p {
			if !seen[symbol] {
				seen[symbol] = true
				symbols = append(symbols, symbol)
			}
		}
	}
	list, err := s.resolve(ctx, c, symbols, in.Book)
	if err != nil {
		return TradePairsOut{}, err
	}
	at := map[string]int{}
	for i, symbol := range symbols {
		at[symbol] = i
	}
	return do(ctx, s, c, in.Book, "backtest_pairs", in, report, func(ctx context.Context, report Report) (TradePairsOut, []Table, error) {
		p, opens, err := s.barsOf(ctx, list, in, report)
		if err != nil {
			return TradePairsOut{}, nil, err
		}
		formed, err := formation(p, in.Formation)
		if err != nil {
			return TradePairsOut{}, nil, err
		}
		report(.6, "spreads")
		traded := make([]pairs.Pair, len(in.Pairs))
		errs := make([]error, len(in.Pairs))
		if err := quant.Parallel(ctx, len(in.Pairs), func(_, k int) {
			a, b := at[in.Pairs[k][0]], at[in.Pairs[k][1]]
			traded[k], errs[k] = in.spread(p, opens, a, b, formed)
		}); err != nil {
			return TradePairsOut{}, nil, err
		}
		for _, err := range errs {
			if err != nil {
				return TradePairsOut{}, nil, err
			}
		}
		report(.8, "trades")
		r, err := pairs.Backtest(traded, pairs.Params{
			NAV: in.NAV, Entry: in.Entry, Exit: in.Exit, Stop: in.Stop, Confirm: in.Confirm, Cap: in.Cap, GrossMax: in.GrossMax, TimeMult: in.TimeMult,
			CostBPS: in.Cost, BorrowBPS: in.Borrow, Periods: p.PerYear, FormationEnd: formed,
		})
		if err != nil {
			return TradePairsOut{}, nil, err
		}
		out, tables := in.told(p, traded, r, formed)
		return out, tables, nil
	})
}

// pairsOf takes the pairs of a result.
func (s *Service) pairsOf(ctx context.Context, c Caller, in *TradePairsIn) error {
	const op = "research.TradePairs"
	switch {
	case in.Result == "" && len(in.Pairs) == 0:
		return quant.Bad(op, "pairs", "missing", "given, or result")
	case in.Result != "" && len(in.Pairs) > 0:
		return quant.Bad(op, "result", "given beside pairs", "given alone")
	case in.Result == "":
		return nil
	}
	r, t, err := s.Read(ctx, c, in.Result, "pairs")
	if err != nil {
		return err
	}
	passed, ok := t.Find("passed")
	if !ok {
		return fault.E(op, fault.InvalidParameter, "the result %s is of %s, not of find_cointegrated_pairs", in.Result, r.Kind).With("argument", "result")
	}
	if in.Limit == 0 {
		in.Limit = 20
	}
	for i := range t.Rows() {
		if passed.Texts[i] == "true" && len(in.Pairs) < in.Limit {
			in.Pairs = append(in.Pairs, []string{t.Columns[0].Texts[i], t.Columns[1].Texts[i]})
		}
	}
	if len(in.Pairs) == 0 {
		return fault.E(op, fault.InsufficientData, "no pair of %s passed", in.Result).With("argument", "result").Hinted("Loosen what find_cointegrated_pairs asks for.")
	}
	return nil
}

// barsOf reads closes and opens at the times that all symbols have.
func (s *Service) barsOf(ctx context.Context, list []market.Instrument, in TradePairsIn, report Report) (*Panel, [][]float64, error) {
	p, all, err := s.read(ctx, list, Sample{Start: in.Start, End: in.End, Span: Span{Where: in.Where}}, []Field{"close", "open"}, report)
	if err != nil {
		return nil, nil, err
	}
	closes, err := p.align(p.Symbols, all)
	if err != nil {
		return nil, nil, err
	}
	for i := range all {
		all[i].values = all[i].values[1:]
	}
	opens, err := p.align(p.Symbols, all)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range []*Panel{closes, opens} {
		if _, err := x.LogPrices(); err != nil { // which refuses what is no price
			return nil, nil, err
		}
	}
	return closes, opens.Prices, nil
}

// minFormation is how many bars a model is formed on at least.
const minFormation = 60

// formation is the first bar after the formation window; 0 has none.
func formation(p *Panel, end string) (int, error) {
	const op = "research.formation"
	if end == "" {
		return 0, nil
	}
	d, err := market.ParseDate(end)
	if err != nil {
		return 0, fault.E(op, fault.InvalidParameter, "formation_end %q is not a date", clip(end)).With("argument", "formation_end").With("value", clip(end))
	}
	after := d.AddDays(1).In(time.UTC)
	n := sort.Search(len(p.Times), func(i int) bool { return !p.Times[i].Before(after) })
	if n < minFormation || n > len(p.Times)-3 {
		return 0, fault.E(op, fault.InsufficientData, "formation_end %s leaves %d bars to form and %d to trade; at least %d and 3 are needed", d, n, len(p.Times)-n, minFormation).
			With("argument", "formation_end").With("value", n).With("limit", minFormation)
	}
	return n, nil
}

// spread models one pair: hedge ratio, z-score and half-life, all known at each
// bar from what came before.
func (in TradePairsIn) spread(p *Panel, opens [][]float64, a, b, formed int) (pairs.Pair, error) {
	y, x := quant.Logs(p.Prices[a]), quant.Logs(p.Prices[b])
	name := p.Symbols[a] + "~" + p.Symbols[b]
	out := pairs.Pair{Name: name, Close1: p.Prices[a], Close2: p.Prices[b], Fill1: opens[a], Fill2: opens[b]}
	window := formed
	if window == 0 {
		window = len(y)
	}
	lookback := in.Lookback
	if lookback == 0 {
		lookback = 60
	}
	if in.Model == "fixed" {
		beta := quant.Covariance(y[:window], x[:window]) / quant.Variance(x[:window])
		level := make([]float64, len(y))
		out.Beta = make([]float64, len(y))
		for t := range y {
			out.Beta[t], level[t] = beta, y[t]-beta*x[t]
		}
		out.Z, _, _ = reversion.ZScores(level, lookback)
	} else {
		delta, err := in.discount(y[:window], x[:window])
		if err != nil {
			return out, renamed(err, []string{p.Symbols[a], p.Symbols[b]})
		}
		params := kalman.Params{Delta: delta}
		if in.Z == "rolling" {
			params.Lookback = lookback
		}
		r, err := kalman.Hedge(y, x, params)
		if err != nil {
			return out, renamed(err, []string{p.Symbols[a], p.Symbols[b]})
		}
		out.Beta, out.Z = r.Beta, r.Z
	}
	h, err := unitroot.HalfLife(name, residual(y[:window], x[:window]), unitroot.HalfLifeParams{})
	if err != nil {
		return out, err
	}
	if out.HalfLife = h.HalfLife; math.IsNaN(out.HalfLife) {
		out.HalfLife = float64(window) / 2 // it does not return: time alone closes it
	}
	return out, nil
}

// residual is what a regression of y on x leaves.
func residual(y, x []float64) []float64 {
	beta := quant.Covariance(y, x) / quant.Variance(x)
	my, mx := quant.Mean(y), quant.Mean(x)
	out := make([]float64, len(y))
	for t := range y {
		out[t] = y[t] - my - beta*(x[t]-mx)
	}
	return out
}

// discount chooses the filter's discount on the formation.
func (in TradePairsIn) discount(y, x []float64) (float64, error) {
	if in.Delta > 0 {
		return in.Delta, nil
	}
	r, err := kalman.Hedge(y, x, kalman.Params{AutoDelta: true})
	if err != nil {
		return 0, err
	}
	return r.Delta, nil
}

func (in TradePairsIn) told(p *Panel, traded []pairs.Pair, r *pairs.Result, formed int) (TradePairsOut, []Table) {
	n := len(r.NAV)
	start := in.NAV
	if start == 0 {
		start = 1e6
	}
	out := TradePairsOut{Pairs: len(traded), Trades: len(r.Trades), Skipped: len(r.Skipped), NAVStart: start, NAVEnd: r.NAV[n-1], InSample: r.InSample, HalfLives: map[string]*float64{}}
	rows := make([]tradeRow, len(r.Trades))
	for i, t := range r.Trades {
		side := "long"
		if t.Side < 0 {
			side = "short"
		}
		at := func(bar int) string { return p.Stamp(p.Times[bar]) }
		rows[i] = tradeRow{
			traded[t.Pair].Name, side, at(t.SignalBar), at(t.EntryBar), at(t.ExitSignalBar), at(t.ExitBar), t.ZEntry, t.ZExit, t.Beta, t.Units1, t.Units2, t.Entry1, t.Entry2, t.Exit1, t.Exit2,
			t.Gross, t.PnLLeg1, t.PnLLeg2, t.TradeCost, t.BorrowCost, t.PnL, t.BarsHeld, string(t.Reason), t.PnL / t.Gross,
		}
	}
	leg1, leg2, costs := pairs.Legs(r.Trades)
	out.By = map[string][]PairGroup{
		"pair":   extremes(groups(pairs.By(r.Trades, func(t *pairs.Trade) string { return traded[t.Pair].Name }))),
		"side":   groups(pairs.By(r.Trades, func(t *pairs.Trade) string { return map[int]string{1: "long", -1: "short"}[t.Side] })),
		"reason": groups(pairs.By(r.Trades, func(t *pairs.Trade) string { return string(t.Reason) })),
		"month":  groups(pairs.By(r.Trades, func(t *pairs.Trade) string { return p.Times[t.ExitBar].Format("2006-01") })),
		"leg":    {{Group: "leg1", PnL: leg1}, {Group: "leg2", PnL: leg2}, {Group: "costs", PnL: -costs, Costs: costs}},
	}
	if len(out.By["month"]) > 24 {
		out.By["month"] = out.By["month"][len(out.By["month"])-24:]
	}
	gross := 0.0
	returns := make([]float64, n)
	last := start
	for t, nav := range r.NAV {
		returns[t] = nav/last - 1
		last = nav
		gross = max(gross, r.Gross[t]/nav)
	}
	out.MaxGross = Maybe(gross)
	pnl := make([]float64, len(r.Trades))
	for i, t := range r.Trades {
		pnl[i] = t.PnL
	}
	if m, err := perf.Measure(returns[formed:], perf.Params{PeriodsPerYear: p.PerYear, Trades: pnl}); err == nil {
		out.Metrics = metrics(m)
	}
	for i, x := range traded {
		if i < shownValues {
			out.HalfLives[x.Name] = Maybe(x.HalfLife)
		}
	}
	out.Meta = p.Meta(formed, n-formed, "pairs backtest: decided at a close, filled at the next open", in)
	if r.InSample {
		out.Warnings = append(out.Warnings, "without formation_end the pairs' models have seen the bars they are traded on: this is in sample")
	}
	if len(r.Trades) < 30 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d trades are too few to tell skill from luck", len(r.Trades)))
	}
	nav := Table{"nav", []Column{Texts("time", p.Stamps(formed)), Numbers("nav", r.NAV[formed:]), Numbers("return", returns[formed:]), Numbers("gross", r.Gross[formed:])}}
	spreads := Table{"spreads", []Column{Texts("time", p.Stamps(0))}}
	for _, x := range traded {
		if len(spreads.Columns) < 100 {
			spreads.Columns = append(spreads.Columns, Numbers(x.Name+" z", x.Z), Numbers(x.Name+" beta", x.Beta))
		}
	}
	return out, []Table{tableOf("trades", rows), nav, spreads}
}

func groups(a pairs.Attribution) []PairGroup {
	out := []PairGroup{}
	for name, g := range a {
		out = append(out, PairGroup{name, g.PnL, g.Costs, g.Trades, g.Wins})
	}
	sort.Slice(out, func(i, k int) bool { return out[i].Group < out[k].Group })
	return out
}

// extremes are the ten best and the ten worst.
func extremes(g []PairGroup) []PairGroup {
	sort.SliceStable(g, func(i, k int) bool { return g[i].PnL > g[k].PnL })
	if len(g) > 20 {
		g = append(g[:10:10], g[len(g)-10:]...)
	}
	return g
}
