package algo

import (
	"sort"

	"quantdesk/internal/num"
)

// marketType is what a market order of a security becomes now: at the next
// open while the exchange is closed, and at the close where data are daily.
func (e *Engine) marketType(s *Security) OrderType {
	if s.Symbol.Kind == Future || s.Symbol.Kind == FutureOption {
		return Market
	}
	if !s.ExchangeOpen() {
		return MarketOnOpen
	}
	if !s.Hours.Always && e.dailyOnly(s) {
		if e.closing(s) {
			return MarketOnOpen
		}
		return MarketOnClose
	}
	return Market
}

const (
	openNotice  = "Warning: market orders submitted while the market is closed are automatically converted into MarketOnOpen orders to fill at the next market open."
	dailyNotice = "Warning: market orders on daily resolution data sent during market hours are automatically converted into MarketOnClose orders (or MarketOnOpen near the close) to avoid filling at stale prices."
)

// MarketOrder sends a market order, or what one becomes now.
func (e *Engine) MarketOrder(r Request) (*Ticket, error) {
	s := e.Securities.Get(r.Symbol)
	if s == nil {
		return e.Submit(r)
	}
	r.Type = e.marketType(s)
	t, err := e.Submit(r)
	if err == nil && r.Type != Market && !t.Response.Failed() {
		if s.ExchangeOpen() {
			e.once(dailyNotice)
		} else {
			e.once(openNotice)
		}
	}
	return t, err
}

// TargetQuantity is what to order so that a share of the portfolio is held,
// zero with a word to the user where that cannot be told.
func (e *Engine) TargetQuantity(s *Symbol, share num.Decimal) (num.Decimal, error) {
	abs := share.Abs()
	if e.Settings.MaxTarget.Less(abs) || !abs.IsZero() && abs.Less(e.Settings.MinTarget) {
		e.Errorf("The portfolio target percent: %s, does not comply with the current 'Algorithm.Settings' 'MaxAbsolutePortfolioTargetPercentage': %s or 'MinAbsolutePortfolioTargetPercentage': %s. Skipping", share, e.Settings.MaxTarget, e.Settings.MinTarget)
		return num.Zero, nil
	}
	sec := e.Securities.Get(s)
	if sec == nil {
		e.Errorf("%s not found in portfolio. Request this data when initializing the algorithm.", s)
		return num.Zero, nil
	}
	if sec.Price.IsZero() {
		e.Errorf("%s", zeroPrice(s))
		return num.Zero, nil
	}
	total := e.Portfolio.TotalValue()
	if total.IsZero() {
		return num.Zero, nil
	}
	adjusted := share.Mul(e.Portfolio.TotalLessBuffer()).Quo(total)
	leverage, err := sec.Power.Leverage(sec)
	if err != nil {
		return num.Zero, err
	}
	quantity, why, failed, err := sec.Power.Target(sec, adjusted.Quo(leverage), e.Settings.MinOrderMargin)
	if err != nil {
		return num.Zero, err
	}
	if failed {
		e.Errorf("Unable to compute order quantity of %s. Reason: %s Returning null.", s, why)
		return num.Zero, nil
	}
	return quantity.Quo(sec.Properties.Lot).Mul(sec.Properties.Lot), nil
}

// SetHoldings orders what is missing to hold a share of the portfolio.
func (e *Engine) SetHoldings(s *Symbol, share num.Decimal, liquidate, async bool, tag *string, props OrderProperties) ([]*Ticket, error) {
	quantity, err := e.TargetQuantity(s, share)
	if err != nil {
		return nil, err
	}
	return e.order(s, quantity, liquidate, async, tag, props)
}

// Target is a share of the portfolio, or a quantity, that a symbol is to have.
type Target struct {
	Symbol   *Symbol
	Quantity num.Decimal
}

// SetHoldingsOf orders what is missing to hold several shares, those first that
// free margin.
func (e *Engine) SetHoldingsOf(targets []Target, liquidate, async bool, tag *string, props OrderProperties) (out []*Ticket, err error) {
	if liquidate {
		var keep []*Symbol
		for _, t := range targets {
			keep = append(keep, t.Symbol)
		}
		if out, err = e.Liquidate(e.invested(keep), false, tag, props); err != nil {
			return nil, err
		}
	}
	deltas := make([]Target, 0, len(targets))
	for _, t := range targets {
		q, err := e.TargetQuantity(t.Symbol, t.Quantity)
		if err != nil {
			return nil, err
		}
		deltas = append(deltas, Target{t.Symbol, q})
	}
	for _, d := range e.ByMarginImpact(deltas, true) {
		tickets, err := e.order(d.Symbol, d.Quantity, false, async, tag, props)
		if err != nil {
			return nil, err
		}
		out = append(out, tickets...)
	}
	return out, nil
}

// ByMarginImpact orders targets so that what frees margin comes before what
// takes it. Targets that change nothing, or less than a lot, are left out.
func (e *Engine) ByMarginImpact(targets []Target, delta bool) (out []Target) {
	type ranked struct {
		Target
		reduces bool
		value   num.Decimal
	}
	var list []ranked
	for _, t := range targets {
		s := e.Securities.Get(t.Symbol)
		if s == nil {
			continue
		}
		existing := s.Holding.Quantity
		open := num.Zero
		for _, x := range e.OpenTickets(t.Symbol) {
			open = open.Add(x.Remaining())
		}
		var change num.Decimal
		if delta {
			change = t.Quantity
			existing = existing.Add(open)
		} else {
			change = t.Quantity.Sub(existing).Sub(open)
			existing = existing.Add(open)
		}
		if change.IsZero() || change.Abs().Less(s.Properties.Lot) {
			continue
		}
		target := existing.Add(change)
		list = append(list, ranked{t, target.Abs().Less(existing.Abs()), s.Value(change, s.Price).Abs()})
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].reduces != list[j].reduces {
			return list[i].reduces
		}
		return list[j].value.Less(list[i].value)
	})
	for _, x := range list {
		out = append(out, x.Target)
	}
	return out
}

// invested are the symbols held that are not among those to keep.
func (e *Engine) invested(keep []*Symbol) (out []*Symbol) {
	for _, s := range e.Securities.All() {
		kept := !s.Invested()
		for _, k := range keep {
			kept = kept || k == s.Symbol
		}
		if !kept {
			out = append(out, s.Symbol)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Value < out[j].Value })
	return out
}

// order sends a market order for a quantity less what open market orders will
// already bring.
func (e *Engine) order(s *Symbol, quantity num.Decimal, liquidate, async bool, tag *string, props OrderProperties) (out []*Ticket, err error) {
	if liquidate {
		if out, err = e.Liquidate(e.invested([]*Symbol{s}), false, tag, props); err != nil {
			return nil, err
		}
	}
	for _, t := range e.OpenTickets(s) {
		if t.Order.Type == Market || t.Order.Type == MarketOnOpen {
			quantity = quantity.Sub(t.Remaining())
		}
	}
	if quantity.IsZero() {
		return out, nil
	}
	sec := e.Securities.Get(s)
	if sec == nil {
		e.Errorf("%s not found in portfolio. Request this data when initializing the algorithm.", s)
		return out, nil
	}
	r := Request{Type: MarketOnOpen, Symbol: s, Quantity: quantity, Async: async, Properties: props}
	if tag != nil {
		r.Tag = *tag
	}
	var t *Ticket
	if sec.ExchangeOpen() {
		t, err = e.MarketOrder(r)
	} else {
		t, err = e.Submit(r)
	}
	if err != nil {
		return nil, err
	}
	return append(out, t), nil
}

// Liquidate cancels the open orders of symbols and sells what is held.
func (e *Engine) Liquidate(symbols []*Symbol, async bool, tag *string, props OrderProperties) (out []*Ticket, err error) {
	if !e.Settings.LiquidateEnabled {
		e.Debugf("Liquidate() is currently disabled by settings. To re-enable please set 'Settings.LiquidateEnabled' to true")
		return nil, nil
	}
	word := "Liquidated"
	if tag != nil {
		word = *tag
	}
	for _, sym := range symbols {
		s := e.Securities.Get(sym)
		if s == nil {
			e.once("Warning: liquidate ignored symbol '" + sym.Value + "' because it has not been added to the algorithm. Add the security before liquidating it.")
			continue
		}
		open := e.OpenTickets(sym)
		held := s.Holding.Quantity
		if len(open) == 1 && !held.IsZero() && open[0].Order.Quantity.Equal(held.Neg()) && open[0].Order.Type == Market {
			continue
		}
		coming := num.Zero
		for _, t := range open {
			if t.Order.Type == Market {
				coming = coming.Add(t.Remaining())
			} else {
				e.Cancel(t, &word)
			}
		}
		if held.IsZero() {
			continue
		}
		t, err := e.MarketOrder(Request{Symbol: sym, Quantity: held.Neg().Sub(coming), Async: async, Tag: word, Properties: props})
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// LiquidateAll liquidates every security, by ticker.
func (e *Engine) LiquidateAll(async bool, tag *string, props OrderProperties) ([]*Ticket, error) {
	var all []*Symbol
	for _, s := range e.Securities.All() {
		all = append(all, s.Symbol)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Value < all[j].Value })
	return e.Liquidate(all, async, tag, props)
}
