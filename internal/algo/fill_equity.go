package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// EquityFill fills by trades, market orders by quotes: the model of equities.
type EquityFill struct{}

// effort is the freshest bid or ask, the end of what it was taken from, and
// whether that is older than prices may be.
func effort(s *Security, orderUTC int64, bid bool) (price num.Decimal, stale bool, endUTC int64, err error) {
	cut := s.Hours.Local(orderUTC) - int64(s.e.Settings.StalePrice)
	best, found := int64(0), false
	take := func(p num.Decimal, end int64) bool {
		if found && end <= best {
			return false
		}
		price, best, found = p, end, true
		return end >= cut
	}
	ticks := s.subscribed(TradeTicks, QuoteTicks)
	if ticks {
		for i := len(s.lastQuoteTick) - 1; i >= 0; i-- {
			t := s.lastQuoteTick[i]
			p := t.Ask
			if bid {
				p = t.Bid
			}
			if p.Sign() > 0 {
				if take(p, t.Time) {
					return price, false, 0, nil
				}
				break
			}
		}
	}
	if q := s.lastQuote; q != nil && s.subscribed(QuoteBars) {
		p := q.Close()
		if side := q.Ask; !bid && side.Ok {
			p = side.C
		}
		if side := q.Bid; bid && side.Ok {
			p = side.C
		}
		if take(p, q.End) {
			return price, false, 0, nil
		}
	}
	if n := len(s.lastTradeTick); ticks && n > 0 {
		if t := s.lastTradeTick[n-1]; take(t.Price, t.Time) {
			return price, false, 0, nil
		}
	}
	if b := s.lastTrade; b != nil && s.subscribed(TradeBars) {
		if take(b.C, b.End) {
			return price, false, 0, nil
		}
	}
	if !found {
		return num.Zero, false, 0, fmt.Errorf("cannot get a price to fill an order of %s: no data yet", s.Symbol)
	}
	return price, true, s.Hours.UTC(best), nil
}

// effortBar is the last trade bar that ended after the order, nil without one.
func effortBar(s *Security, orderUTC int64) *Bar {
	var bar *Bar
	if s.subscribed(TradeTicks, QuoteTicks) {
		for i, t := range s.lastTradeTick {
			if i == 0 {
				bar = &Bar{Symbol: s.Symbol, Start: t.Time, O: t.Price, H: t.Price, L: t.Price}
			}
			bar.H, bar.L = num.Max(bar.H, t.Price), num.Min(bar.L, t.Price)
			bar.C, bar.End = t.Price, t.Time
			bar.Volume = bar.Volume.Add(t.Quantity)
		}
	} else if s.subscribed(TradeBars) {
		bar = s.lastTrade
	}
	if bar == nil || s.Hours.UTC(bar.End) <= orderUTC {
		return nil
	}
	return bar
}

// Fill fills an order by its type.
func (EquityFill) Fill(s *Security, o *Order) (*OrderEvent, error) {
	ev := s.e.NewOrderEvent(o, "")
	if o.Status == Canceled {
		return ev, nil
	}
	if len(s.visible()) == 0 {
		return nil, fmt.Errorf("cannot fill an order of %s: there is no subscription of its data", s.Symbol)
	}
	slip, err := slip(s, o)
	if err != nil {
		return nil, err
	}
	d := o.Direction()
	switch o.Type {
	case Market:
		if !s.openFor(false) {
			return ev, nil
		}
		price, stale, end, err := effort(s, o.Time, d == Sell)
		if err != nil {
			return nil, err
		}
		if stale && s.waits(end, o.Time) {
			return ev, nil
		}
		return filledAt(ev, o, worse(price, slip, d)), nil
	case Limit:
		bar := effortBar(s, o.Time)
		if bar == nil || !s.openFor(s.extended()) {
			return ev, nil
		}
		if d == Buy && bar.L.Less(o.LimitPrice) {
			return filledAt(ev, o, num.Min(o.LimitPrice, bar.O)), nil
		}
		if d == Sell && o.LimitPrice.Less(bar.H) {
			return filledAt(ev, o, num.Max(o.LimitPrice, bar.O)), nil
		}
	case StopMarket:
		bar := effortBar(s, o.Time)
		if bar == nil || !s.openFor(false) {
			return ev, nil
		}
		if d == Sell && !o.StopPrice.Less(bar.L) {
			return filledAt(ev, o, num.Min(o.StopPrice, bar.O).Sub(slip)), nil
		}
		if d == Buy && !bar.H.Less(o.StopPrice) {
			return filledAt(ev, o, num.Max(o.StopPrice, bar.O).Add(slip)), nil
		}
	case LimitIfTouched:
		bar := effortBar(s, o.Time)
		if bar == nil || !s.openFor(s.extended()) {
			return ev, nil
		}
		if d == Buy && (!o.TriggerPrice.Less(bar.L) || o.Triggered) {
			o.Triggered = true
			if ask, _, _, err := effort(s, o.Time, false); err != nil {
				return nil, err
			} else if !o.LimitPrice.Less(ask) {
				return filledAt(ev, o, num.Min(ask, o.LimitPrice)), nil
			}
		}
		if d == Sell && (!bar.H.Less(o.TriggerPrice) || o.Triggered) {
			o.Triggered = true
			if bid, _, _, err := effort(s, o.Time, true); err != nil {
				return nil, err
			} else if !bid.Less(o.LimitPrice) {
				return filledAt(ev, o, num.Max(bid, o.LimitPrice)), nil
			}
		}
	case MarketOnOpen:
		return equityOpen(s, o, ev, slip)
	case MarketOnClose:
		if s.Local() < s.Hours.NextClose(s.Hours.Local(o.Time), false) {
			return ev, nil
		}
		price := num.Zero
		if s.subscribed(TradeTicks, QuoteTicks) {
			if n := len(s.lastTradeTick); n > 0 {
				price = s.lastTradeTick[n-1].Price
			}
		} else if s.lastTrade != nil && s.subscribed(TradeBars) {
			price = s.lastTrade.C
		}
		return equityAt(s, o, ev, price, slip)
	default:
		return ImmediateFill{}.Fill(s, o)
	}
	return ev, nil
}

// equityAt fills at a price, or at the best quote where there is none.
func equityAt(s *Security, o *Order, ev *OrderEvent, price, slip num.Decimal) (*OrderEvent, error) {
	d := o.Direction()
	if price.IsZero() {
		var err error
		if price, _, _, err = effort(s, o.Time, d == Sell); err != nil {
			return nil, err
		}
	}
	return filledAt(ev, o, worse(price, slip, d)), nil
}

// equityOpen fills at the open of the first trade bar of the next session.
func equityOpen(s *Security, o *Order, ev *OrderEvent, slip num.Decimal) (*OrderEvent, error) {
	local := s.Hours.Local(o.Time)
	price, end := num.Zero, -never/2
	switch {
	case s.subscribed(TradeTicks, QuoteTicks):
		if n := len(s.lastTradeTick); n > 0 {
			t := s.lastTradeTick[n-1]
			if from, _, ok := s.Hours.Session(s.Local()); ok && t.Time-from < nsMinute {
				return ev, nil // the official open may still come
			}
			price, end = t.Price, t.Time
		}
	case s.subscribed(TradeBars):
		if b := s.lastTrade; b != nil {
			if b.Start < local || b.End-b.Start < nsHour && !s.Hours.IsOpen(b.Start, false) {
				return ev, nil
			}
			price, end = b.O, b.End
		}
	}
	if local >= end || s.Hours.IsOpen(local, false) && midnight(local) == midnight(end) || !s.openFor(false) {
		return ev, nil
	}
	return equityAt(s, o, ev, price, slip)
}
