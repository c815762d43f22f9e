package algo

import "quantdesk/internal/num"

// BarKind says what a consolidator reads and makes.
type BarKind uint8

// The kinds of consolidators.
const (
	FromTrades     BarKind = iota // trade bars of trade bars
	FromQuotes                    // quote bars of quote bars
	FromTicks                     // trade bars of trade ticks
	FromQuoteTicks                // quote bars of quote ticks
	FromAnything                  // trade bars of the values of any points
)

// PeriodConsolidator makes bars over a span, a count of points, or the periods
// of a calendar.
type PeriodConsolidator struct {
	Kind BarKind
	Span int64 // zero: by count or calendar
	Max  int   // zero: by span or calendar
	// Calendar gives the start and length of the period that a wall clock is in.
	Calendar func(local int64) (start, span int64, err error)
	Offset   int64 // of the periods within the day
	Emit     func(Point) error

	trade  *Bar
	quote  *QuoteBar
	count  int
	last   int64 // what was told reaches so far
	lastOk bool
	end    int64 // of a calendar's period
}

func (c *PeriodConsolidator) working() bool { return c.trade != nil || c.quote != nil }

// Working is the bar being made, nil before its first point.
func (c *PeriodConsolidator) Working() Point {
	if c.trade != nil {
		return c.trade
	}
	if c.quote != nil {
		return c.quote
	}
	return nil
}

// Reset forgets everything.
func (c *PeriodConsolidator) Reset() {
	c.trade, c.quote, c.count, c.lastOk = nil, nil, 0, false
}

// accepts tells whether a point is of the kind the consolidator reads.
func (c *PeriodConsolidator) accepts(p Point) bool {
	switch v := p.(type) {
	case *Bar:
		return c.Kind == FromTrades || c.Kind == FromAnything
	case *QuoteBar:
		return c.Kind == FromQuotes || c.Kind == FromAnything
	case *Ticks:
		return c.Kind == FromAnything || c.Kind == FromTicks && !v.Quote || c.Kind == FromQuoteTicks && v.Quote
	}
	return c.Kind == FromAnything
}

// roundDown gives the start of the period a wall clock is in.
func (c *PeriodConsolidator) roundDown(at int64) int64 {
	if c.Span > nsDay {
		return at // longer periods begin where the data do
	}
	return floorTo(at-c.Offset, c.Span) + c.Offset
}

// Update takes a point. Bars end before the point that is past their end, or
// with the point that completes their count.
func (c *PeriodConsolidator) Update(p Point) error {
	if !c.accepts(p) {
		return nil
	}
	start, end := p.Times()
	fire, first := false, c.Max > 0
	if c.Max > 0 {
		if c.count++; c.count >= c.Max {
			c.count, fire = 0, true
		}
	}
	if c.working() && (c.Span > 0 || c.Calendar != nil) && c.over(start) {
		fire = true
	}
	if first && (!c.lastOk || start >= c.last) {
		if err := c.aggregate(p, start, end); err != nil {
			return err
		}
	}
	if fire && c.working() {
		if err := c.emit(start); err != nil {
			return err
		}
	}
	if !first && (!c.lastOk || start >= c.last) {
		return c.aggregate(p, start, end)
	}
	return nil
}

// over tells whether the bar being made is over at a wall clock.
func (c *PeriodConsolidator) over(at int64) bool {
	from, _ := c.Working().Times()
	if c.Calendar != nil {
		return at >= c.end
	}
	return at-from >= c.Span && (!c.lastOk || c.roundDown(at) > c.last-c.Span)
}

func (c *PeriodConsolidator) aggregate(p Point, start, end int64) error {
	if !c.working() {
		from := start
		if c.Calendar != nil {
			s, span, err := c.Calendar(start)
			if err == nil && s+span < end {
				// An hour that begins before the market opens lies in no period of
				// its start, but in that of its end; anything else begins its own.
				if end-start == nsHour && midnight(s) < midnight(start) {
					s, span, err = c.Calendar(end)
				} else {
					s = start
				}
			}
			if err != nil {
				return err
			}
			from, c.end = s, s+span
		} else if c.Span > 0 {
			if from = c.roundDown(start); from+c.Span < end {
				from = start
			}
		}
		c.begin(p, from)
	}
	c.merge(p)
	if c.trade != nil {
		c.trade.End = end
	} else {
		c.quote.End = end
	}
	return nil
}

func (c *PeriodConsolidator) begin(p Point, from int64) {
	switch c.Kind {
	case FromQuotes:
		q := p.(*QuoteBar)
		c.quote = &QuoteBar{Symbol: p.Of(), Start: from, Bid: q.Bid, Ask: q.Ask}
	case FromQuoteTicks:
		c.quote = &QuoteBar{Symbol: p.Of(), Start: from}
	default:
		o, h, l, _, _ := values(p)
		c.trade = &Bar{Symbol: p.Of(), Start: from, O: o, H: h, L: l}
	}
}

// values are a point's open, high, low, close and volume.
func values(p Point) (o, h, l, c, v num.Decimal) {
	switch x := p.(type) {
	case *Bar:
		return x.O, x.H, x.L, x.C, x.Volume
	case *QuoteBar:
		return x.Open(), x.High(), x.Low(), x.Close(), num.Zero
	case *Ticks:
		if !x.Quote {
			return x.Price, x.Price, x.Price, x.Price, x.Quantity
		}
	}
	last := p.Last()
	return last, last, last, last, num.Zero
}

func (c *PeriodConsolidator) merge(p Point) {
	if c.trade != nil {
		_, h, l, last, v := values(p)
		b := c.trade
		b.H, b.L, b.C = num.Max(b.H, h), num.Min(b.L, l), last
		b.Volume = b.Volume.Add(v)
		return
	}
	q := c.quote
	side := func(to *Side, o, h, l, last num.Decimal) {
		if !to.Ok {
			*to = Side{O: o, H: h, L: l, C: last, Ok: true}
			return
		}
		to.H, to.L, to.C = num.Max(to.H, h), num.Min(to.L, l), last
	}
	switch v := p.(type) {
	case *QuoteBar:
		if v.Bid.Ok {
			side(&q.Bid, v.Bid.O, v.Bid.H, v.Bid.L, v.Bid.C)
		}
		if v.Ask.Ok {
			side(&q.Ask, v.Ask.O, v.Ask.H, v.Ask.L, v.Ask.C)
		}
		q.BidSize, q.AskSize = v.BidSize, v.AskSize
	case *Ticks:
		if v.Bid.Sign() > 0 {
			side(&q.Bid, v.Bid, v.Bid, v.Bid, v.Bid)
			q.BidSize = v.BidSize
		}
		if v.Ask.Sign() > 0 {
			side(&q.Ask, v.Ask, v.Ask, v.Ask, v.Ask)
			q.AskSize = v.AskSize
		}
	}
}

// emit tells the bar and begins anew; at is the start of the point that ended it.
func (c *PeriodConsolidator) emit(at int64) error {
	p := c.Working()
	start, end := p.Times()
	c.last, c.lastOk = at, true
	switch {
	case c.Calendar != nil:
		end = c.end
		c.last = end
	case c.Span > 0:
		end = start + c.Span
		c.last = end
	}
	if c.trade != nil {
		c.trade.End = end
	} else {
		c.quote.End = end
	}
	c.trade, c.quote = nil, nil
	return c.Emit(p)
}

// Scan ends a bar that is over by the clock.
func (c *PeriodConsolidator) Scan(local int64) error {
	if !c.working() || c.Span == 0 && c.Calendar == nil || !c.over(local) {
		return nil
	}
	return c.emit(local)
}

// IdentityConsolidator tells points as they come.
type IdentityConsolidator struct{ Emit func(Point) error }

// Update tells the point.
func (c *IdentityConsolidator) Update(p Point) error { return c.Emit(p) }

// Scan has nothing to do.
func (*IdentityConsolidator) Scan(int64) error { return nil }

// DayConsolidator makes bars of an hour or a day, days from open to close.
type DayConsolidator struct {
	PeriodConsolidator
	Hours    *Hours
	Strict   bool
	Extended bool
}

// Update takes a point of open hours.
func (c *DayConsolidator) Update(p Point) error {
	start, end := p.Times()
	if !c.Hours.IsOpenDuring(start, end, c.Extended) {
		return nil
	}
	return c.PeriodConsolidator.Update(p)
}

// Day makes a consolidator of whole days.
func Day(kind BarKind, h *Hours, strict, extended bool, emit func(Point) error) *DayConsolidator {
	c := &DayConsolidator{Hours: h, Strict: strict, Extended: extended, PeriodConsolidator: PeriodConsolidator{Kind: kind, Emit: emit}}
	c.Calendar = func(local int64) (int64, int64, error) {
		if strict && !h.Always {
			from, to := h.session(local, false)
			if extended {
				from, to = midnight(local), midnight(local)+nsDay
			}
			return from, to - from, nil
		}
		return midnight(local), nsDay, nil
	}
	return c
}

// Due is when the bar being made is over, on the exchange's wall clock.
func (c *PeriodConsolidator) Due() (int64, bool) {
	if !c.working() {
		return 0, false
	}
	if c.Calendar != nil {
		return c.end, true
	}
	from, _ := c.Working().Times()
	return from + c.Span, c.Span > 0
}
