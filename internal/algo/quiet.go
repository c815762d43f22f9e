package algo

import (
	"cmp"
	"slices"

	"quantdesk/internal/num"
)

// Idler is a Strategy that can tell that a step with nothing but data has
// nothing for it: it handles neither data nor the end of a step. What it has
// scheduled, it is still called for.
type Idler interface{ Idle() bool }

// Quiet steps. Between two moments that matter the engine goes over plain rows
// (see tape) all at once. It does so only where a walk step by step would do no
// more than: count points, bring prices, positions and open trades up to date,
// value the portfolio, and look for a margin call that cannot come. Then:
//
//   - the moments that matter are never in a stretch, they end it: scheduled
//     events, samples, snapshots of the capacity, settlement and interest, a
//     check for margin calls that could find something, the next point of any
//     subscription that is not plain (filled, auxiliary, of a universe, the
//     last of its rows);
//   - after a stretch everything is as after the step at its last moment: the
//     clock, the slice, the securities, the next points of all subscriptions;
//   - the candle of the portfolio's value has seen every value it would have
//     seen, or those between which they lie: while only one position's price
//     moves, its lowest, its highest and its last;
//   - no value in it is zero or less: nothing is owed and nothing held short,
//     and plain prices are above zero.
//
// Whatever is not known to be harmless makes a step a usual one.
//
// passing is what one subscription has of such a stretch.
type passing struct {
	s     *subscription
	order int   // among the subscriptions
	n     int   // points, the first of them the next point
	last  int64 // utc, of the last of them
}

// quiet goes over the stretch that begins with the next step, true where there
// was one.
func (e *Engine) quiet(modelScan, marginCall *int64) bool {
	if e.EveryStep || e.Warming || !e.running || len(e.subs) == 0 {
		return false
	}
	if s, ok := e.strategy.(Idler); !ok || !s.Idle() {
		return false
	}
	if len(e.open)+len(e.pending)+len(e.requests)+len(e.changes)+len(e.added)+len(e.feeds)+len(e.capacity.monitored) > 0 {
		return false
	}
	until, begins := e.stretch()
	if begins >= until || begins <= e.utc {
		return false
	}
	if until = min(until, e.scans(*modelScan, *marginCall)); begins >= until {
		return false
	}
	list := e.passing(until)
	if list == nil {
		return false
	}
	e.pass(list, begins, modelScan, marginCall)
	return true
}

// stretch is when something else than a plain row comes, at the latest, and
// when the next point does.
func (e *Engine) stretch() (until, begins int64) {
	until, begins = e.results.next+1, never
	if list := e.Schedule.sorted(); len(list) > 0 {
		until = min(until, list[0].at)
	}
	if len(e.capacity.by) > 0 {
		until = min(until, e.capacity.next)
	}
	for _, s := range e.subs {
		if s.cur == nil {
			return 0, 0
		}
		begins = min(begins, s.emit)
		until = min(until, s.emit+int64(s.ahead(e.step))*s.cfg.span())
	}
	return until, begins
}

// scans is when securities are looked at for settlement, interest or margin
// calls, never where nothing can come of it, and now where a stretch could make
// the portfolio worth nothing.
func (e *Engine) scans(modelScan, marginCall int64) int64 {
	p, until := e.Portfolio, never
	for _, c := range p.Cash.All() {
		if c.Amount.Sign() < 0 || len(c.legs) > 0 && !c.Amount.IsZero() {
			return 0
		}
	}
	for _, c := range p.Unsettled.All() {
		if !c.Amount.IsZero() {
			return 0
		}
	}
	margin := p.MarginCall != nil
	if _, ok := p.MarginCall.(DefaultMarginCall); ok {
		margin = false
	}
	for _, s := range e.Securities.All() {
		if s.Interest != nil || !settled(s.Settlement) {
			until = min(until, modelScan)
		}
		if !s.Invested() {
			continue
		}
		if s.Symbol.Kind != Equity || s.Holding.Quantity.Sign() < 0 || s.Holding.Price.Sign() <= 0 || s.rate().Sign() <= 0 || len(s.Quote.legs) > 0 {
			return 0
		}
		// With nothing owed, more stays free than a warning asks for.
		if m, ok := s.Power.(*MarginPower); !ok || m.Over != nil || mostMaintenance.Less(m.maintenance) {
			margin = margin || p.MarginCall != nil
		}
	}
	if p.TotalValue().Sign() <= 0 {
		return 0
	}
	if margin {
		until = min(until, marginCall)
	}
	return until
}

// mostMaintenance is the share of a position's value up to which a portfolio
// that owes nothing is never warned: a warning comes where five hundredths of
// its value or less are free.
var mostMaintenance = num.New(90, 2)

// settled tells that a model has nothing to settle.
func settled(m SettlementModel) bool {
	switch m := m.(type) {
	case ImmediateSettlement, AccountSettlement:
		return true
	case *DelayedSettlement:
		return len(m.due) == 0
	}
	return false
}

// passing gives what subscriptions have before a time, in the order in which
// their last points come; nil where their points are of interest one by one.
func (e *Engine) passing(until int64) []passing {
	list := e.passes[:0]
	for i, s := range e.subs {
		if s.emit >= until {
			continue
		}
		if len(s.cfg.consolidated) > 0 || s.sec.Volatility != nil || s.sec.session != nil {
			return nil
		}
		span := s.cfg.span()
		n := 1 + (until-1-s.emit)/span
		if e.trades.by[s.sec.Symbol] != nil && s.sec.Symbol.Kind != Equity {
			return nil // whose price quotes move, too
		}
		for _, x := range list {
			if x.s.sec == s.sec && x.s.cfg.trades() == s.cfg.trades() {
				return nil // two prices of one security
			}
		}
		list = append(list, passing{s: s, order: i, n: int(n), last: s.emit + (n-1)*span})
	}
	e.passes = list
	slices.SortFunc(list, func(a, b passing) int { return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.order, b.order)) })
	return list
}

// QuietPoints counts the data points that were gone over in quiet steps.
func (e *Engine) QuietPoints() int { return e.passed }

// pass goes over a stretch.
func (e *Engine) pass(list []passing, begins int64, modelScan, marginCall *int64) {
	at := list[len(list)-1].last
	e.appraise(list, begins)
	for {
		next := never // the first step at or after the next check
		for _, x := range list {
			if x.last < *marginCall {
				continue
			}
			span := x.s.cfg.span()
			next = min(next, x.s.emit+max(0, (*marginCall-x.s.emit+span-1)/span)*span)
		}
		if next == never {
			break
		}
		*marginCall = next + 5*nsMinute
	}
	*modelScan = max(*modelScan, floorTo(at, nsHour)+nsHour)
	e.setTime(at)
	packets := e.packets[:0]
	for _, x := range list {
		e.Points += x.n
		e.passed += x.n
		if p := x.conclude(); x.last == at {
			x.s.points = append(x.s.points[:0], p)
			packets = append(packets, packet{sub: x.s, points: x.s.points})
		}
	}
	e.packets = packets
	e.Slice = e.slice(at, packets)
	for _, c := range e.Portfolio.Cash.All() {
		c.update()
	}
	e.Portfolio.Invalidate()
}

// conclude brings a security to where its points leave it, gives the last of
// them and takes up the point behind it.
func (x passing) conclude() Point {
	s, sec := x.s, x.s.sec
	last := x.point(x.n - 1)
	// Of volumes and sizes zero leaves the one before.
	switch v := last.(type) {
	case *Bar:
		x.latest(v.Volume, &sec.Volume, func(p Point) num.Decimal { return p.(*Bar).Volume })
	case *QuoteBar:
		x.latest(v.BidSize, &sec.BidSize, func(p Point) num.Decimal { return p.(*QuoteBar).BidSize })
		x.latest(v.AskSize, &sec.AskSize, func(p Point) num.Decimal { return p.(*QuoteBar).AskSize })
	}
	_ = sec.update([]Point{last}, s.cfg.Internal) // only a model of volatility can fail, and there is none
	s.wind(x.n)
	return last
}

// point is one of the points of a stretch.
func (x passing) point(i int) Point {
	if i == 0 {
		return x.s.cur
	}
	_, p := x.s.row(i - 1)
	return p
}

// latest keeps the last figure before the last point that is not zero, where
// that point's own is.
func (x passing) latest(own num.Decimal, to *num.Decimal, of func(Point) num.Decimal) {
	if !own.IsZero() {
		return
	}
	for i := x.n - 2; i >= 0; i-- {
		if v := of(x.point(i)); !v.IsZero() {
			*to = v
			return
		}
	}
}

// closings are the prices that a security takes in a stretch, one after another.
type closings struct {
	passing
	first num.Decimal
	f, up num.Decimal // of the rows behind the first
	plain bool        // they are as they are
}

func (x passing) closings() closings {
	c := closings{passing: x, first: x.s.cur.Last()}
	c.f, c.up = x.s.factor()
	c.plain = c.f.Equal(num.One) && c.up.IsZero()
	return c
}

func (c *closings) at(i int) num.Decimal {
	if i == 0 {
		return c.first
	}
	p := c.s.tape.r.trades[i-1].C
	if c.plain {
		return p
	}
	if p = p.Mul(c.f); !c.up.IsZero() {
		p = p.Add(c.up)
	}
	return p
}

// bounds are the places of the lowest and the highest.
func (c *closings) bounds() (low, high int) {
	least := c.at(0)
	most := least
	for i := 1; i < c.n; i++ {
		p := c.at(i)
		if p.Less(least) {
			low, least = i, p
		} else if most.Less(p) {
			high, most = i, p
		}
	}
	return low, high
}

// appraise values the portfolio over a stretch and tells open trades the
// prices of it.
func (e *Engine) appraise(list []passing, begins int64) {
	var moving []closings
	for _, x := range list {
		if x.s.sec.Symbol.Kind != Equity || x.s.cfg.Type != TradeBars {
			continue
		}
		c := x.closings()
		if o := e.trades.by[x.s.sec.Symbol]; o != nil {
			for i := range c.n {
				o.price(c.at(i))
			}
		}
		if x.s.sec.Invested() {
			moving = append(moving, c)
		}
	}
	set := func(c *closings, i int) { c.s.sec.Holding.Price = c.at(i) }
	value := func() { e.Portfolio.Invalidate(); e.results.value() }
	switch len(moving) {
	case 0:
		value()
	case 1:
		c := &moving[0]
		if c.s.emit == begins {
			set(c, 0)
		}
		value() // of the first step, with which a candle may open
		low, high := c.bounds()
		for _, i := range [...]int{low, high, c.n - 1} {
			set(c, i)
			value()
		}
	default:
		for at, next := begins, never; at != never; at, next = next, never {
			for k := range moving {
				c := &moving[k]
				span := c.s.cfg.span()
				if i := (at - c.s.emit) / span; at >= c.s.emit && i < int64(c.n) {
					set(c, int(i))
				}
				after := c.s.emit
				if at >= after {
					after += ((at-after)/span + 1) * span
				}
				if after <= c.last {
					next = min(next, after)
				}
			}
			value()
		}
	}
}
