package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// FillModel decides whether and at what price an order fills.
type FillModel interface {
	Fill(s *Security, o *Order) (*OrderEvent, error)
}

// SlippageModel says how far from the price an order fills, in price units.
type SlippageModel interface {
	Slip(s *Security, o *Order) (num.Decimal, error)
}

// ConstantSlippage is a share of the last price.
type ConstantSlippage struct{ Share num.Decimal }

// Slip is what the fill is worse by.
func (c ConstantSlippage) Slip(s *Security, _ *Order) (num.Decimal, error) {
	if s.last == nil {
		return num.Zero, nil
	}
	return s.last.Last().Mul(c.Share), nil
}

// prices are what a fill model fills at.
type prices struct {
	start, end                      int64 // exchange's wall clock
	current, open, high, low, close num.Decimal
}

func sidePrices(q *QuoteBar, s Side) prices {
	return prices{q.Start, q.End, s.C, s.O, s.H, s.L, s.C}
}

// pricesFor takes the prices an order of a direction meets.
func pricesFor(s *Security, d Direction) prices {
	if d != Hold {
		if s.subscribedAny(TradeTicks, QuoteTicks) {
			if t := s.lastTick(); t != nil {
				p := t.Ask
				if d == Sell {
					p = t.Bid
				}
				if p.IsZero() {
					p = t.Price
				}
				if !p.IsZero() {
					return prices{start: t.Time, end: t.Time, current: p}
				}
			}
		}
		if q := s.lastQuote; q != nil && s.subscribedAny(QuoteBars) {
			side := q.Ask
			if d == Sell {
				side = q.Bid
			}
			if side.Ok {
				return sidePrices(q, side)
			}
		}
		if b := s.lastTrade; b != nil && s.subscribedAny(TradeBars) {
			return prices{b.Start, b.End, b.C, b.O, b.H, b.L, b.C}
		}
	}
	p := prices{current: s.Price, open: s.Open, high: s.High, low: s.Low, close: s.Close}
	if s.last != nil {
		p.start, p.end = s.last.Times()
	} else {
		p.start, p.end = -never/2, -never/2
	}
	return p
}

func (s *Security) subscribedAny(types ...DataType) bool {
	for _, c := range s.Configs {
		for _, t := range types {
			if c.Type == t {
				return true
			}
		}
	}
	return false
}

func (s *Security) lastTick() *Ticks {
	var t *Ticks
	if n := len(s.lastTradeTick); n > 0 {
		t = s.lastTradeTick[n-1]
	}
	if n := len(s.lastQuoteTick); n > 0 && (t == nil || s.lastQuoteTick[n-1].Time >= t.Time) {
		t = s.lastQuoteTick[n-1]
	}
	return t
}

// openFor tells whether orders may fill now. At the end of a bar the exchange
// may just have closed: a bar of today that touched open hours will do.
func (s *Security) openFor(extended bool) bool {
	local := s.Local()
	if s.Hours.IsOpen(local, extended) {
		return true
	}
	if s.last == nil {
		return false
	}
	start, end := s.last.Times()
	return midnight(end) == midnight(local) && s.Hours.IsOpenDuring(start, end, extended)
}

// coarse tells whether all visible subscriptions are of hours or days.
func (s *Security) coarse() bool {
	any := false
	for _, c := range s.Configs {
		if c.Internal {
			continue
		}
		if c.Resolution < Hour {
			return false
		}
		any = true
	}
	return any
}

// waits tells whether an order waits for fresher data than ended then.
func (s *Security) waits(endUTC, orderUTC int64) bool {
	if s.coarse() {
		return true
	}
	finest := Daily
	for _, c := range s.Configs {
		finest = min(finest, c.Resolution)
	}
	span := int64(finest.Span())
	return span > 0 && orderUTC-endUTC > span
}

// ImmediateFill fills as soon as prices allow: the model of everything but
// equities.
type ImmediateFill struct{}

func slip(s *Security, o *Order) (num.Decimal, error) {
	if s.Slippage == nil {
		return num.Zero, nil
	}
	return s.Slippage.Slip(s, o)
}

func worse(p, slip num.Decimal, d Direction) num.Decimal {
	if d == Buy {
		return p.Add(slip)
	}
	return p.Sub(slip)
}

// filledAt marks an event as a whole fill at a price.
func filledAt(ev *OrderEvent, o *Order, price num.Decimal) *OrderEvent {
	ev.Status, ev.FillPrice, ev.FillQuantity = Filled, price, o.Quantity
	return ev
}

// Fill fills an order by its type.
func (ImmediateFill) Fill(s *Security, o *Order) (*OrderEvent, error) {
	ev := s.e.NewOrderEvent(o, "")
	if o.Status == Canceled {
		return ev, nil
	}
	d := o.Direction()
	slip, err := slip(s, o)
	if err != nil {
		return nil, err
	}
	extended := s.extended()
	p := pricesFor(s, d)
	endUTC := s.Hours.UTC(p.end)
	switch o.Type {
	case Market, ComboMarket:
		if !s.openFor(false) {
			return ev, nil
		}
		if endUTC+int64(s.e.Settings.StalePrice) < o.Time {
			if s.waits(endUTC, o.Time) {
				return ev, nil
			}
			ev.Message = "Warning: fill at stale price"
		}
		price := p.current
		if !p.open.IsZero() && s.coarse() && o.Time <= s.Hours.UTC(p.start) {
			price = p.open
		}
		return filledAt(ev, o, worse(price, slip, d)), nil
	case Limit, ComboLegLimit:
		if !s.openFor(extended) || endUTC <= o.Time {
			return ev, nil
		}
		if d == Buy && p.low.Less(o.LimitPrice) {
			return filledAt(ev, o, num.Min(p.high, o.LimitPrice)), nil
		}
		if d == Sell && o.LimitPrice.Less(p.high) {
			return filledAt(ev, o, num.Max(p.low, o.LimitPrice)), nil
		}
	case StopMarket:
		if !s.openFor(false) || endUTC <= o.Time {
			return ev, nil
		}
		if d == Sell && p.low.Less(o.StopPrice) {
			return filledAt(ev, o, num.Min(o.StopPrice, p.current.Sub(slip))), nil
		}
		if d == Buy && o.StopPrice.Less(p.high) {
			return filledAt(ev, o, num.Max(o.StopPrice, p.current.Add(slip))), nil
		}
	case TrailingStop:
		if !s.openFor(false) || endUTC <= o.Time {
			return ev, nil
		}
		return trail(s, o, ev, p, slip), nil
	case StopLimit:
		if !s.openFor(extended) || endUTC <= o.Time {
			return ev, nil
		}
		return stopLimit(s, o, ev, p), nil
	case LimitIfTouched:
		return ImmediateFill{}.touched(s, o, ev, extended)
	case MarketOnOpen:
		if s.last == nil {
			return ev, nil
		}
		local := s.Hours.Local(o.Time)
		if _, end := s.last.Times(); local >= end {
			return ev, nil
		}
		if s.Hours.IsOpen(local, false) && midnight(local) == midnight(s.Local()) || !s.openFor(false) {
			return ev, nil
		}
		return filledAt(ev, o, worse(p.open, slip, d)), nil
	case MarketOnClose:
		if s.Local() < s.Hours.NextClose(s.Hours.Local(o.Time), false) {
			return ev, nil
		}
		return filledAt(ev, o, worse(p.close, slip, d)), nil
	default:
		return nil, fmt.Errorf("orders of type %s cannot be filled", o.Type)
	}
	return ev, nil
}

// trail fills a trailing stop at the stop of the step before, else moves it.
func trail(s *Security, o *Order, ev *OrderEvent, p prices, slip num.Decimal) *OrderEvent {
	d := o.Direction()
	if d == Sell && !o.StopPrice.Less(p.low) {
		return filledAt(ev, o, num.Min(o.StopPrice, p.current.Sub(slip)))
	}
	if d == Buy && !p.high.Less(o.StopPrice) {
		return filledAt(ev, o, num.Max(o.StopPrice, p.current.Add(slip)))
	}
	mark := p.low
	if d == Sell {
		mark = p.high
	}
	if stop, ok := trailed(mark, o.StopPrice, o.Trailing, o.AsPercent, d); ok {
		o.StopPrice = stop
	}
	return ev
}

// trailed gives a stop that has followed the price, false where it stays.
func trailed(mark, stop, amount num.Decimal, percent bool, d Direction) (num.Decimal, bool) {
	distance := amount
	if percent {
		distance = mark.Mul(amount)
	}
	if d == Sell {
		next := mark.Sub(distance)
		return next, stop.Less(next)
	}
	next := mark.Add(distance)
	return next, next.Less(stop)
}

func stopLimit(_ *Security, o *Order, ev *OrderEvent, p prices) *OrderEvent {
	if o.Direction() == Buy {
		if o.StopPrice.Less(p.high) || o.Triggered {
			o.Triggered = true
			if p.current.Less(o.LimitPrice) {
				return filledAt(ev, o, num.Min(p.high, o.LimitPrice))
			}
		}
		return ev
	}
	if p.low.Less(o.StopPrice) || o.Triggered {
		o.Triggered = true
		if o.LimitPrice.Less(p.current) {
			return filledAt(ev, o, num.Max(p.low, o.LimitPrice))
		}
	}
	return ev
}

func (ImmediateFill) touched(s *Security, o *Order, ev *OrderEvent, extended bool) (*OrderEvent, error) {
	if !s.openFor(extended) {
		return ev, nil
	}
	var high, low num.Decimal
	end := -never / 2
	if s.subscribed(TradeTicks, QuoteTicks) {
		p := pricesFor(s, o.Direction())
		high, low, end = p.current, p.current, s.Hours.UTC(p.end)
	} else if b := s.lastTrade; b != nil && s.subscribed(TradeBars) {
		high, low, end = b.H, b.L, s.Hours.UTC(b.End)
	}
	if end <= o.Time {
		return ev, nil
	}
	bid, ask := bestQuote(s)
	if o.Direction() == Sell {
		if !high.Less(o.TriggerPrice) || o.Triggered {
			o.Triggered = true
			if !ask.Less(o.LimitPrice) {
				return filledAt(ev, o, o.LimitPrice), nil
			}
		}
		return ev, nil
	}
	if !o.TriggerPrice.Less(low) || o.Triggered {
		o.Triggered = true
		if !o.LimitPrice.Less(bid) {
			return filledAt(ev, o, o.LimitPrice), nil
		}
	}
	return ev, nil
}

// bestQuote is the last bid and ask of quotes, else the last trade's price.
func bestQuote(s *Security) (bid, ask num.Decimal) {
	if s.subscribed(TradeTicks, QuoteTicks) {
		bid, ask = lastQuoted(s.lastQuoteTick, true), lastQuoted(s.lastQuoteTick, false)
	}
	if q := s.lastQuote; q != nil && s.subscribed(QuoteBars) && bid.IsZero() && ask.IsZero() {
		bid, ask = q.Close(), q.Close()
		if q.Bid.Ok {
			bid = q.Bid.C
		}
		if q.Ask.Ok {
			ask = q.Ask.C
		}
	}
	other := s.Price
	if b := s.lastTrade; b != nil {
		other = b.C
	}
	if bid.IsZero() {
		bid = other
	}
	if ask.IsZero() {
		ask = other
	}
	return bid, ask
}

func lastQuoted(ticks []*Ticks, bid bool) num.Decimal {
	for i := len(ticks) - 1; i >= 0; i-- {
		if p := ticks[i].Bid; bid && p.Sign() > 0 {
			return p
		}
		if p := ticks[i].Ask; !bid && p.Sign() > 0 {
			return p
		}
	}
	return num.Zero
}
