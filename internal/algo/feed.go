package algo

import (
	"sort"

	"quantdesk/internal/num"
)

// stream gives a subscription's points one after another, nil at the end.
// A stream that has ended stays ended.
type stream interface {
	next() (Point, error)
}

// reader reads price data day by day, with the corporate events of each day
// before its points.
type reader struct {
	e          *Engine
	cfg        *Config
	ref        *reference
	start, end int64 // exchange's wall clock
	strict     bool
	aux        bool // events of the day are told

	days     []int64 // tradable days in the zone of the data
	day      int
	events   []Point
	trades   []TradeRow
	quotes   []QuoteRow
	ticks    []TickRow
	file     RowQuery // of the whole-file resolutions
	whole    *Rows
	tradesTo int // where the rows of the last day end in whole
	quotesTo int
	lastEnd  int64
	lastRaw  num.Decimal
	any      bool
	dividend *Dividend // of the next trading day
	split    *Split
	warned   bool
	gone     bool
	ended    bool
}

func (e *Engine) newReader(cfg *Config, start, end int64) (*reader, error) {
	ref, err := e.reference(cfg.Symbol)
	if err != nil {
		return nil, err
	}
	r := &reader{e: e, cfg: cfg, ref: ref, start: start, end: end, strict: cfg.strict(e.Settings.DailyPreciseEndTime), aux: cfg.Symbol.Kind == Equity}
	cfg.mapFrom(ref, cfg.Symbol, start)
	from := start
	if first := ref.first(); !first.IsZero() && from < localOf(first) {
		from = localOf(first)
		r.start = from
	}
	r.days = tradableDays(cfg.Hours, from, end, cfg.Extended)
	if midnight(r.start) > localOf(ref.delisted()) {
		r.ended = true
	}
	return r, nil
}

// mapFrom sets the ticker that the data have as a stream begins. Before the
// first of a map file it is today's, so that the first is told as a change.
func (c *Config) mapFrom(ref *reference, s *Symbol, start int64) {
	if len(ref.maps) == 0 {
		return
	}
	if ticker, ok := ref.ticker(dateOf(start), s.Value); ok {
		c.mapped = ticker
	} else if c.mapped == "" {
		c.mapped = s.Value
	}
}

// tradableDays are the days in the zone of the data on which the exchange is
// open at any time between two of its wall clocks; thru's day counts whole. The
// days are shared: they are not to be changed.
func tradableDays(h *Hours, from, thru int64, extended bool) []int64 {
	key := stretch{from, midnight(thru) + nsDay, extended}
	out, ok := h.tradable[key]
	if !ok {
		out = openDays(h, key)
		h.tradable[key] = out
	}
	return out
}

// stretch is a part of an exchange's wall clock.
type stretch struct {
	from, to int64
	extended bool
}

func openDays(h *Hours, of stretch) (out []int64) {
	from, thru, extended := of.from, of.to, of.extended
	same := h.Data.loc.String() == h.loc.String()
	for at := from; at < thru; {
		data, next := midnight(at), midnight(at)+nsDay
		if !same {
			data = midnight(h.Data.Local(h.UTC(at)))
			next = h.Local(h.Data.UTC(data + nsDay))
		}
		next = max(min(next, thru), at+1)
		if h.IsOpenDuring(at, next, extended) {
			out = append(out, data)
		}
		at = next
	}
	return out
}

func (r *reader) next() (Point, error) {
	for {
		if len(r.events) > 0 {
			p := r.events[0]
			r.events = r.events[1:]
			return p, nil
		}
		if p := r.point(); p != nil {
			return p, nil
		}
		if r.ended || r.day >= len(r.days) {
			r.ended = true
			return nil, nil
		}
		if err := r.open(r.days[r.day]); err != nil {
			return nil, err
		}
		r.day++
	}
}

// open takes up a day: its corporate events and its rows.
func (r *reader) open(day int64) error {
	c, date := r.cfg, dateOf(day)
	ticker, has := c.Symbol.Value, true
	if c.Symbol.Kind == Equity {
		if c.mapped != "" {
			ticker = c.mapped
		}
		ticker, has = r.ref.ticker(date, ticker)
		if r.aux {
			r.corporate(day, ticker, has)
		}
		if has {
			c.mapped = ticker
		}
	}
	r.trades, r.quotes, r.ticks = nil, nil, nil
	if !has && c.Symbol.Kind == Equity && len(r.ref.maps) > 0 {
		return nil
	}
	q := RowQuery{Kind: c.Symbol.Kind, Market: c.Symbol.Market, Ticker: ticker, Resolution: c.Resolution, Quote: !c.trades()}
	if c.Resolution < Hour {
		q.Date = date
		rows, err := r.e.source.Rows(q)
		if err != nil {
			r.e.dataError(err)
		}
		if rows != nil {
			r.trades, r.quotes, r.ticks = rows.Trades, rows.Quotes, rows.Ticks
		}
		return nil
	}
	if r.whole == nil || q != r.file {
		rows, err := r.e.source.Rows(q)
		if err != nil {
			r.e.dataError(err)
		}
		if rows == nil {
			rows = &Rows{}
		}
		r.file, r.whole, r.tradesTo, r.quotesTo = q, rows, 0, 0
	}
	r.trades, r.tradesTo = within(r.whole.Trades, r.tradesTo, day, func(x *TradeRow) int64 { return x.At })
	r.quotes, r.quotesTo = within(r.whole.Quotes, r.quotesTo, day, func(x *QuoteRow) int64 { return x.At })
	if r.day == 0 { // the row that ends as the stream begins belongs to it, whatever day it is of
		r.trades = r.whole.Trades[since(r, r.whole.Trades, r.tradesTo-len(r.trades), func(x *TradeRow) int64 { return x.At }):r.tradesTo]
		r.quotes = r.whole.Quotes[since(r, r.whole.Quotes, r.quotesTo-len(r.quotes), func(x *QuoteRow) int64 { return x.At }):r.quotesTo]
	}
	return nil
}

// since goes back from a row to the first that ends within the stream.
func since[R any](r *reader, rows []R, from int, at func(*R) int64) int {
	for from > 0 {
		if _, end := r.place(at(&rows[from-1])); end < r.start {
			break
		}
		from--
	}
	return from
}

// within gives the rows of a day and where they end. From is where those of an
// earlier day ended: mostly the very place to go on.
func within[R any](rows []R, from int, day int64, at func(*R) int64) (part []R, to int) {
	if from == 0 || from >= len(rows) || at(&rows[from-1]) >= day || at(&rows[from]) < day {
		from = sort.Search(len(rows), func(i int) bool { return at(&rows[i]) >= day })
	}
	to = from
	for to < len(rows) && at(&rows[to]) < day+nsDay {
		to++
	}
	return rows[from:to], to
}

// corporate queues the events of a day, in the order they are told.
func (r *reader) corporate(day int64, ticker string, has bool) {
	c, s := r.cfg, r.cfg.Symbol
	emit := c.trades() && !c.Internal
	if has {
		if r.split != nil {
			ev := *r.split
			ev.Time = day
			if r.split = nil; emit {
				r.events = append(r.events, &ev)
			}
		}
		price, split, last, found := r.ref.changes(dateOf(day))
		if found && !split.Equal(num.One) {
			r.split = &Split{Symbol: s, Factor: split, Reference: last}
			if emit {
				r.events = append(r.events, &Split{Symbol: s, Time: day, Warning: true, Factor: split, Reference: r.lastRaw})
			}
		}
		if r.dividend != nil {
			ev := *r.dividend
			ev.Time = day
			c.dividends = c.dividends.Add(ev.Distribution)
			if r.dividend = nil; emit {
				r.events = append(r.events, &ev)
			}
		}
		if found && !price.Equal(num.One) {
			r.dividend = &Dividend{Symbol: s, Reference: last, Distribution: last.Sub(last.Mul(price)).Round(2)}
		}
		if c.mapped != ticker && c.mapped != "" && emit {
			r.events = append(r.events, &SymbolChange{Symbol: s, Time: day, Old: c.mapped, New: ticker})
		}
	}
	last := localOf(r.ref.delisted())
	if !r.warned && day >= last {
		r.warned = true
		if c.trades() {
			r.events = append(r.events, &Delisting{Symbol: s, Time: last, Warning: true, Price: r.lastRaw})
		}
	}
	if !r.gone && day > last {
		r.gone, r.ended = true, true
		if c.trades() {
			r.events = append(r.events, &Delisting{Symbol: s, Time: last + nsDay, Price: r.lastRaw})
		}
	}
}

// place puts a row on the exchange's wall clock.
func (r *reader) place(at int64) (start, end int64) {
	h, span := r.cfg.Hours, r.cfg.span()
	start, end = at, at+span
	if h.Data.loc != h.loc {
		utc := h.Data.UTC(at)
		start, end = h.Local(utc), h.Local(utc+span)
		if span == nsDay {
			end = h.Local(h.Data.UTC(at + span))
		}
	}
	return start, end
}

// times is place for a row that is due, false to pass over it.
func (r *reader) times(at int64) (start, end int64, ok bool) {
	start, end = r.place(at)
	if r.cfg.Resolution != Tick && r.any && end <= r.lastEnd {
		return 0, 0, false
	}
	if end < r.start {
		r.lastEnd, r.any = end, true
		return 0, 0, false
	}
	if start > r.end {
		r.ended = true
		return 0, 0, false
	}
	r.lastEnd, r.any = end, true
	if r.strict {
		from, to := r.cfg.Hours.session(end, true)
		if to < start || to < r.start {
			return 0, 0, false
		}
		start, end = from, to
	}
	return start, end, true
}

// point takes the next row of the day.
func (r *reader) point() Point {
	s := r.cfg.Symbol
	for len(r.trades) > 0 && !r.ended {
		x := &r.trades[0]
		r.trades = r.trades[1:]
		start, end, ok := r.times(x.At)
		if r.lastRaw = x.C; ok {
			return &Bar{Symbol: s, Start: start, End: end, O: x.O, H: x.H, L: x.L, C: x.C, Volume: x.Volume}
		}
	}
	for len(r.quotes) > 0 && !r.ended {
		x := &r.quotes[0]
		r.quotes = r.quotes[1:]
		start, end, ok := r.times(x.At)
		if r.lastRaw = middle(x.Bid.C, x.Ask.C); ok {
			return &QuoteBar{Symbol: s, Start: start, End: end, Bid: x.Bid, Ask: x.Ask, BidSize: x.BidSize, AskSize: x.AskSize}
		}
	}
	for len(r.ticks) > 0 && !r.ended {
		x := &r.ticks[0]
		r.ticks = r.ticks[1:]
		start, _, ok := r.times(x.At)
		if r.lastRaw = x.Price; ok {
			return &Ticks{Symbol: s, Time: start, Quote: !r.cfg.trades(), Price: x.Price, Quantity: x.Size, Bid: x.Bid, Ask: x.Ask,
				BidSize: x.BidSize, AskSize: x.AskSize, Exchange: x.Exchange, Condition: x.Special, Suspicious: x.Suspicious}
		}
	}
	return nil
}

// filter keeps what the exchange's hours and the security's data filter let
// through, up to the end of the subscription.
type filter struct {
	in   stream
	cfg  *Config
	sec  *Security
	end  int64
	over bool
}

func (f *filter) next() (Point, error) {
	for !f.over {
		p, err := f.in.next()
		if p == nil || err != nil {
			return nil, err
		}
		start, end := p.Times()
		if !auxiliary(p) {
			if f.sec != nil && f.sec.DataFilter != nil {
				ok, err := f.sec.DataFilter(f.sec, p)
				if err != nil || !ok {
					continue // an error of a filter lets nothing through, as there
				}
			}
			if !f.cfg.Hours.IsOpenDuring(start, end, f.cfg.Extended) {
				continue
			}
		}
		if start > f.end {
			f.over = true
			return nil, nil
		}
		return p, nil
	}
	return nil, nil
}

// carry fills an absent side of a quote bar with the one before.
type carry struct {
	in       stream
	bid, ask Side
}

func (c *carry) next() (Point, error) {
	p, err := c.in.next()
	if q, ok := p.(*QuoteBar); ok {
		if !q.Bid.Ok {
			q.Bid = c.bid
		}
		if !q.Ask.Ok {
			q.Ask = c.ask
		}
		c.bid, c.ask = q.Bid, q.Ask
	}
	return p, err
}
