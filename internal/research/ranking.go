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
	"quantdesk/internal/quant/rank"
)

// RankIn asks for the best and worst third of a universe.
type RankIn struct {
	Symbols   []string `json:"symbols,omitempty" jsonschema:"Instruments; default: all of the workspace." maxItems:"1000"`
	Fund      string   `json:"etf_ticker,omitempty" jsonschema:"What this fund held on the date, instead of symbols."`
	Date      string   `json:"date,omitempty" jsonschema:"As of this day; default the market's now."`
	Signals   []string `json:"signals,omitempty" jsonschema:"value, momentum, or both. Default both." maxItems:"2"`
	Combine   string   `json:"combine,omitempty" jsonschema:"mean_rank, intersection, or single with one signal." default:"mean_rank"`
	By        string   `json:"momentum_by,omitempty" jsonschema:"months: of 12 months without the newest; days: 252 less 21 bars." default:"months"`
	Sectors   bool     `json:"sector_neutral,omitempty" jsonschema:"Rank within each sector."`
	ReportLag int      `json:"report_lag_days,omitempty" jsonschema:"Days until a statement counts as public where its date is not known." default:"90" minimum:"0" maximum:"400"`
	Book      string   `json:"instance_name,omitempty" jsonschema:"Research workspace." default:"default"`
}

// RankRow is a symbol's place.
type RankRow struct {
	Symbol   string   `json:"symbol" jsonschema:"The instrument."`
	Side     string   `json:"side" jsonschema:"long, short, middle or excluded."`
	Score    *float64 `json:"score" jsonschema:"Mean percentile, 0 to 1; null where it is excluded."`
	Value    *float64 `json:"value,omitempty" jsonschema:"Book equity over market capitalisation."`
	Momentum *float64 `json:"momentum,omitempty" jsonschema:"Return, a fraction."`
	Sector   string   `json:"sector,omitempty" jsonschema:"Where it is known."`
	Missing  string   `json:"missing,omitempty" jsonschema:"Signals it lacks."`
}

// RankOut is a universe in thirds.
type RankOut struct {
	AsOf     string    `json:"as_of_date,omitempty" jsonschema:"The day of the ranking."`
	Universe int       `json:"universe" jsonschema:"How many names were looked at."`
	Long     []RankRow `json:"long,omitempty" jsonschema:"The best third, best first; the first 20."`
	Short    []RankRow `json:"short,omitempty" jsonschema:"The worst third, worst first; the first 20."`
	Longs    int       `json:"total_long" jsonschema:"How many."`
	Shorts   int       `json:"total_short" jsonschema:"How many."`
	Excluded int       `json:"total_excluded" jsonschema:"Names without all signals."`
	Meta
}

// Rank sorts a universe by value and momentum as they were known on a day.
func (s *Service) Rank(ctx context.Context, c Caller, in RankIn, report Report) (RankOut, error) {
	const op = "research.Rank"
	if len(in.Signals) == 0 {
		in.Signals = []string{"value", "momentum"}
	}
	for i, name := range in.Signals {
		if name != "value" && name != "momentum" || slices.Contains(in.Signals[:i], name) {
			return RankOut{}, quant.Bad(op, "signals", clip(name), "value, momentum or both")
		}
	}
	if in.By != "" && in.By != "months" && in.By != "days" {
		return RankOut{}, quant.Bad(op, "momentum_by", clip(in.By), "months or days")
	}
	now := s.cfg.Prices.Now()
	on := market.DateOf(now)
	if in.Date != "" {
		var err error
		if on, err = market.ParseDate(in.Date); err != nil || on.After(market.DateOf(now)) {
			return RankOut{}, quant.Bad(op, "date", clip(in.Date), "a date that is not after the market's now, "+market.DateOf(now).String())
		}
	}
	if in.Fund != "" {
		if len(in.Symbols) > 0 {
			return RankOut{}, quant.Bad(op, "etf_ticker", "given beside symbols", "given alone")
		}
		members, _, err := s.Constituents(ctx, in.Fund, on.String())
		if err != nil {
			return RankOut{}, err
		}
		for _, m := range members {
			if _, ok := s.cfg.Prices.Lookup(m.Symbol); ok {
				in.Symbols = append(in.Symbols, m.Symbol)
			}
		}
	}
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return RankOut{}, err
	}
	asked := in
	if in.Fund != "" {
		asked.Symbols = nil
	}
	return do(ctx, s, c, in.Book, "rank_universe", asked, report, func(ctx context.Context, report Report) (RankOut, []Table, error) {
		rows, warnings, err := s.signals(ctx, list, on, in, report)
		if err != nil {
			return RankOut{}, nil, err
		}
		symbols := make([]string, len(rows))
		var sectors []string
		var signals []rank.Signal
		for _, name := range in.Signals {
			sig := rank.Signal{Name: name}
			for _, r := range rows {
				v := r.Value
				if name == "momentum" {
					v = r.Momentum
				}
				x := nan
				if v != nil {
					x = *v
				}
				sig.Values = append(sig.Values, x)
			}
			signals = append(signals, sig)
		}
		for i, r := range rows {
			if symbols[i] = r.Symbol; in.Sectors {
				sectors = append(sectors, r.Sector)
			}
		}
		sorted, err := rank.Terciles(symbols, signals, rank.Params{Combine: rank.Combine(in.Combine), Sectors: sectors})
		if err != nil {
			return RankOut{}, nil, err
		}
		out, table := sortedRows(rows, sorted)
		out.AsOf, out.Universe = on.String(), len(rows)
		out.Meta = Meta{NObs: len(sorted.Symbols), End: on.String(), Params: asked, Method: fmt.Sprintf("terciles of %v by %s, as it was known on the day", in.Signals, combineOf(in.Combine)), Outcome: Outcome{Warnings: warnings}}
		return out, []Table{table}, nil
	})
}

func combineOf(c string) string {
	if c == "" {
		return "mean_rank"
	}
	return c
}

// signals computes what is ranked, a symbol by itself so that one without data
// costs the others nothing.
func (s *Service) signals(ctx context.Context, list []market.Instrument, on market.Date, in RankIn, report Report) ([]RankRow, []string, error) {
	rows, errs := make([]RankRow, len(list)), make([]error, len(list))
	from := on.AddDays(-420).String()
	lag := time.Duration(in.ReportLag) * 24 * time.Hour
	if in.ReportLag == 0 {
		lag = rank.DefaultReportLag
	}
	if err := quant.Parallel(ctx, len(list), func(_, i int) {
		r := RankRow{Symbol: list[i].Symbol, Sector: list[i].Sector}
		if slices.Contains(in.Signals, "value") {
			f, err := s.cfg.Reference.Fundamentals(ctx, r.Symbol, on)
			switch fault.CodeOf(err) {
			case "":
				st := rank.Statement{PeriodEnd: f.Published.In(time.UTC), Public: f.Published.In(time.UTC), Book: f.Book}
				r.Value = Maybe(rank.BookToMarket([]rank.Statement{st}, f.MarketCap, on.In(time.UTC), lag))
				if f.Sector != "" {
					r.Sector = f.Sector
				}
			case fault.NotFound:
			default:
				errs[i] = err
			}
		}
		if slices.Contains(in.Signals, "momentum") {
			m, err := s.momentum(ctx, list[i], from, on, in.By)
			if errs[i] == nil {
				errs[i] = err
			}
			r.Momentum = Maybe(m)
		}
		rows[i] = r
	}); err != nil {
		return nil, nil, err
	}
	for _, err := range errs {
		if err != nil {
			return nil, nil, err
		}
	}
	var warnings []string
	for _, name := range in.Signals {
		missing := 0
		for _, r := range rows {
			if name == "value" && r.Value == nil || name == "momentum" && r.Momentum == nil {
				missing++
			}
		}
		if missing > 0 {
			warnings = append(warnings, fmt.Sprintf("%d of %d names have no %s on that day", missing, len(rows), name))
		}
	}
	return rows, warnings, nil
}

// momentum is NaN where the history is too short.
func (s *Service) momentum(ctx context.Context, x market.Instrument, from string, on market.Date, by string) (float64, error) {
	p, err := s.load(ctx, []market.Instrument{x}, Sample{Start: from, End: on.String()}, nil)
	switch fault.CodeOf(err) {
	case "":
	case fault.InsufficientData:
		return math.NaN(), nil
	default:
		return 0, err
	}
	var m []float64
	if by == "days" {
		m, err = rank.Momentum(p.Prices, p.Symbols, 0, 0)
	} else {
		m, err = rank.MomentumMonths(p.Times, p.Prices, p.Symbols, 0, 0)
	}
	if fault.CodeOf(err) == fault.InsufficientData {
		return math.NaN(), nil
	}
	if err != nil {
		return 0, err
	}
	return m[0], nil
}

// sortedRows puts each symbol on its side.
func sortedRows(rows []RankRow, sorted *rank.Sorting) (RankOut, Table) {
	at := map[string]int{}
	for i := range rows {
		at[rows[i].Symbol] = i
		rows[i].Side = "middle"
	}
	for k, symbol := range sorted.Symbols {
		rows[at[symbol]].Score = Maybe(sorted.Composite[k])
	}
	for _, e := range sorted.Excluded {
		r := &rows[at[e.Symbol]]
		r.Side, r.Missing = "excluded", fmt.Sprint(e.Signals)
	}
	out := RankOut{Longs: len(sorted.Long), Shorts: len(sorted.Short), Excluded: len(sorted.Excluded)}
	ordered := make([]RankRow, 0, len(rows))
	take := func(names []string, side string, shown *[]RankRow) {
		for k, symbol := range names {
			r := &rows[at[symbol]]
			r.Side = side
			if ordered = append(ordered, *r); k < shownValues {
				*shown = append(*shown, *r)
			}
		}
	}
	take(sorted.Long, "long", &out.Long)
	take(sorted.Short, "short", &out.Short)
	for _, r := range rows {
		if r.Side == "middle" || r.Side == "excluded" {
			ordered = append(ordered, r)
		}
	}
	return out, tableOf("ranking", ordered)
}
