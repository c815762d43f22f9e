// Package source gives the simulated market to the engine as if it were a data
// folder: shares and funds on New York's regular hours, pairs and coins around
// the clock. The same seed gives the same data.
//
//	engine := algo.NewEngine(ctx, source.New(sim.New(sim.Config{Seed: 42})))
package source

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/sim"
)

// The history that is given; minutes and seconds exist on every day of it.
var (
	first = market.Date{Year: 2010, Month: time.January, Day: 4}
	last  = market.Date{Year: 2035, Month: time.December, Day: 31}
)

// Source is the simulated market as the engine reads it. It may serve several
// engines at once.
type Source struct {
	m       *sim.Market
	seed    int64
	regular func() (*market.Calendar, error)

	mu   sync.Mutex
	rows map[algo.RowQuery]*algo.Rows // whole histories
}

var _ algo.Source = (*Source)(nil)

// New makes a source of a market with that seed.
func New(seed int64) *Source {
	return &Source{m: sim.New(sim.Config{Seed: seed}), seed: seed, rows: map[algo.RowQuery]*algo.Rows{}, regular: sync.OnceValues(newYork)}
}

func newYork() (*market.Calendar, error) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		return nil, err
	}
	c := &market.Calendar{Zone: zone, DataZone: zone}
	for d := time.Monday; d <= time.Friday; d++ {
		c.Week[d] = []market.Segment{
			{From: 4 * time.Hour, To: 9*time.Hour + 30*time.Minute, State: market.PreMarket},
			{From: 9*time.Hour + 30*time.Minute, To: 16 * time.Hour, State: market.Open},
			{From: 16 * time.Hour, To: 20 * time.Hour, State: market.PostMarket},
		}
	}
	return c, nil
}

// DataHash names the market: its data follow from the seed.
func (s *Source) DataHash() (string, error) { return fmt.Sprintf("sim-%d", s.seed), nil }

// Calendar is New York's regular week for shares, and around the clock for the
// others.
func (s *Source) Calendar(kind algo.Kind, _, _ string) (*market.Calendar, error) {
	c, err := s.regular()
	if err != nil || kind == algo.Equity || kind == algo.Index {
		return c, err
	}
	return &market.Calendar{Zone: c.Zone, DataZone: c.Zone, AlwaysOpen: true}, nil
}

// Properties are those of the instrument.
func (s *Source) Properties(_ algo.Kind, _, ticker string) (algo.Properties, bool, error) {
	i, ok := s.m.Lookup(ticker)
	if !ok {
		return algo.Properties{}, false, nil
	}
	return algo.Properties{Description: i.Name, Quote: i.Currency, Multiplier: i.Multiplier, Tick: i.Tick, Lot: i.Lot, MinOrderSize: i.MinQuantity, Magnifier: num.One}, true, nil
}

// Map is empty: no simulated share changes its ticker.
func (*Source) Map(algo.Kind, string, string, market.Date) ([]algo.MapRow, error) { return nil, nil }

// pairClasses are the kinds that currencies are converted by.
var pairClasses = map[algo.Kind]market.Class{algo.Forex: market.Forex, algo.Crypto: market.Crypto, algo.CFD: market.CFD}

// Pairs lists the instruments of a kind, whatever the market.
func (s *Source) Pairs(kind algo.Kind, _ string) (out []algo.Pair, err error) {
	class, ok := pairClasses[kind]
	if !ok {
		return nil, nil
	}
	for _, i := range s.m.Universe() {
		if i.Class == class {
			out = append(out, algo.Pair{Ticker: i.Symbol, Quote: i.Currency})
		}
	}
	return out, nil
}

// Factors are made of the splits and dividends that are known at the end of the
// history.
func (s *Source) Factors(kind algo.Kind, _, ticker string) ([]algo.FactorRow, error) {
	if _, ok := s.m.Lookup(ticker); !ok || kind != algo.Equity {
		return nil, nil
	}
	actions, err := s.m.Actions(ticker, first, last)
	if err != nil {
		return nil, err
	}
	rows := []algo.FactorRow{{Date: market.Date{Year: 2050, Month: time.December, Day: 31}, Price: num.One, Split: num.One}}
	price, split := num.One, num.One
	for i := len(actions) - 1; i >= 0; i-- {
		a := actions[i]
		switch {
		case a.PriorClose.IsZero():
			continue
		case a.Kind == market.Split:
			split = split.Mul(a.SplitFactor)
		case a.Kind == market.Dividend:
			price = price.Mul(num.One.Sub(a.Dividend.Quo(a.PriorClose)))
		default:
			continue
		}
		// What holds until the evening before; actions never fall on a Monday.
		row := algo.FactorRow{Date: a.Date.AddDays(-1), Price: price.Round(7), Split: split.Round(8), Reference: a.PriorClose}
		if rows[0].Date == row.Date {
			rows[0] = row
			continue
		}
		rows = append([]algo.FactorRow{row}, rows...)
	}
	return rows, nil
}

// File is nil: there are no files.
func (*Source) File(string) ([]byte, error) { return nil, nil }

var resolutions = map[algo.Resolution]market.Resolution{
	algo.Second: {N: 1, Unit: market.UnitSecond}, algo.Minute: {N: 1, Unit: market.UnitMinute}, algo.Hour: {N: 1, Unit: market.UnitHour}, algo.Daily: market.Daily,
}

// Rows are the bars of a day, or of the whole history.
func (s *Source) Rows(q algo.RowQuery) (*algo.Rows, error) {
	ctx := context.Background()
	_, ok := s.m.Lookup(q.Ticker)
	r, known := resolutions[q.Resolution]
	if !ok || !known {
		return nil, nil
	}
	c, err := s.regular()
	if err != nil {
		return nil, err
	}
	from, to := first, last
	if q.Resolution < algo.Hour {
		from, to = q.Date, q.Date
	} else {
		s.mu.Lock()
		defer s.mu.Unlock()
		if rows, ok := s.rows[q]; ok {
			return rows, nil
		}
	}
	start, end := from.In(c.Zone), to.AddDays(1).In(c.Zone)
	out := &algo.Rows{}
	if q.Quote {
		bars, err := s.quotes(ctx, q.Ticker, r, start, end)
		if err != nil {
			return nil, err
		}
		for _, b := range bars {
			out.Quotes = append(out.Quotes, algo.QuoteRow{At: at(b.Start, b.End, q, c.Zone), Bid: side(b.Bid), Ask: side(b.Ask), BidSize: b.BidSize, AskSize: b.AskSize})
		}
	} else {
		bars, err := s.m.Bars(ctx, market.BarRequest{Symbol: q.Ticker, Resolution: r, Start: start, End: end, Adjustment: market.Raw})
		if err != nil {
			return nil, err
		}
		for _, b := range bars {
			out.Trades = append(out.Trades, algo.TradeRow{At: at(b.Start, b.End, q, c.Zone), O: b.Open, H: b.High, L: b.Low, C: b.Close, Volume: b.Volume})
		}
	}
	if q.Resolution >= algo.Hour {
		s.rows[q] = out
	}
	return out, nil
}

// quotes are asked for a year at a time: quote bars are made of minutes.
func (s *Source) quotes(ctx context.Context, ticker string, r market.Resolution, start, end time.Time) (out []market.QuoteBar, err error) {
	for a := start; a.Before(end); a = a.AddDate(1, 0, 0) {
		b := a.AddDate(1, 0, 0)
		if end.Before(b) {
			b = end
		}
		more, err := s.m.QuoteBars(ctx, ticker, r, a, b)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func side(b market.Bar) algo.Side {
	return algo.Side{O: b.Open, H: b.High, L: b.Low, C: b.Close, Ok: !b.Close.IsZero()}
}

// at is when a row begins, on New York's wall clock: a session, which begins on
// the evening before, at the midnight of its date.
func at(start, end time.Time, q algo.RowQuery, zone *time.Location) int64 {
	t := start
	if q.Resolution == algo.Daily {
		t = end.Add(-time.Second)
		return algo.Wall(market.DateOf(t.In(zone)))
	}
	local := t.In(zone)
	return algo.Wall(market.DateOf(local)) + int64(time.Duration(local.Hour())*time.Hour+time.Duration(local.Minute())*time.Minute+time.Duration(local.Second())*time.Second)
}

// Symbols lists what the market has of a kind, for those who choose.
func (s *Source) Symbols(class market.Class) (out []string) {
	for _, i := range s.m.Universe() {
		if i.Class == class {
			out = append(out, strings.ToUpper(i.Symbol))
		}
	}
	return out
}
