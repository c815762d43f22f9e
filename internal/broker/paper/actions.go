package paper

import (
	"maps"
	"slices"

	"quantdesk/internal/ledger"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// corporateActions takes in what has come into effect since each account last
// looked, once per session date of each instrument it holds or has orders in. It
// looks when the venue clock's minute has changed. A clock that went back, as in
// a replay that begins again, applies nothing until it has passed the last date.
func (t *turn) corporateActions() {
	minute := t.now().Unix() / 60
	if minute == t.b.minute {
		return
	}
	t.b.minute = minute
	for _, id := range slices.Sorted(maps.Keys(t.b.accounts)) {
		a := t.b.accounts[id]
		symbols := map[string]bool{}
		for _, p := range a.ledger.Positions() {
			symbols[p.Symbol] = true
		}
		for _, e := range a.open {
			symbols[e.order().Symbol] = true
		}
		for _, symbol := range slices.Sorted(maps.Keys(symbols)) {
			t.bringUp(a, symbol)
		}
	}
}

// today is the session date of an instrument.
func (t *turn) today(symbol string) (market.Date, bool) {
	cal, err := t.market.Calendar(symbol)
	if err != nil || cal == nil {
		return market.Date{}, false
	}
	return cal.SessionDate(t.now()), true
}

// track begins with today for an instrument the account has nothing in yet:
// what happened before concerns it not.
func (t *turn) track(a *account, symbol string) {
	if !a.ledger.Quantity(symbol).IsZero() {
		return
	}
	for _, e := range a.open {
		if e.order().Symbol == symbol {
			return
		}
	}
	if day, ok := t.today(symbol); ok && a.applied[symbol] != day {
		t.apply(a, symbol, day)
	}
}

func (t *turn) apply(a *account, symbol string, day market.Date) {
	a.applied[symbol] = day
	t.applied = append(t.applied, application{account: a.id, symbol: symbol, date: day})
}

// bringUp applies an instrument's actions up to today.
func (t *turn) bringUp(a *account, symbol string) {
	day, ok := t.today(symbol)
	last := a.applied[symbol]
	if !ok || !last.IsZero() && !day.After(last) {
		return
	}
	if !last.IsZero() {
		list, err := t.market.Actions(symbol, last, day)
		if err != nil {
			t.b.cfg.Log.Warn("corporate actions are not known; asked again within a minute", "symbol", symbol, "err", err)
			return
		}
		for _, x := range list {
			if !x.Date.After(last) || x.Date.After(day) {
				continue
			}
			switch x.Kind {
			case market.Split:
				t.split(a, symbol, x)
			case market.Dividend:
				t.dividend(a, symbol, x)
			case market.Rename:
				t.rename(a, symbol, x)
			case market.Delisting:
				t.endAll(a, symbol, "the instrument was delisted")
				t.expire(a, symbol, x)
			}
		}
	}
	t.apply(a, symbol, day)
}

// split multiplies the position, pays a fraction of a lot in cash, and adjusts
// what orders have yet to execute.
func (t *turn) split(a *account, symbol string, x market.Action) {
	shares, per, err := ledger.Ratio(x.SplitFactor)
	in, known := t.instrument(symbol)
	if err != nil || !known {
		t.b.cfg.Log.Error("split passed over", "symbol", symbol, "factor", x.SplitFactor, "err", err)
		return
	}
	if held := a.ledger.Quantity(symbol); !held.IsZero() {
		after := held.Mul(shares).Quo(per)
		txs := []trade.Transaction{{Kind: trade.TxSplit, Symbol: symbol, Quantity: after.Sub(held), Note: "split " + shares.String() + " for " + per.String()}}
		whole := in.RoundQuantity(after.Abs())
		fraction := after.Abs().Sub(whole)
		if after.Sign() < 0 {
			fraction = fraction.Neg()
		}
		price := x.PriorClose.Mul(per).Quo(shares).Round(10)
		if price.Sign() <= 0 {
			q, _ := t.quote(symbol)
			price = q.Mark()
		}
		rate, err := t.rate(in.Currency, a.currency)
		if !fraction.IsZero() && price.Sign() > 0 && err == nil {
			txs = append(txs, trade.Transaction{
				Kind: trade.TxSplit, Symbol: symbol, Quantity: fraction.Neg(), Price: price,
				Amount: in.Notional(price, fraction).Mul(rate).Round(2), Note: "cash for a fraction",
			})
		}
		t.emitLedger(a, txs...)
	}
	for _, e := range slices.Clone(t.b.bySymbol[symbol]) {
		if e.order().Account == a.id && !e.order().Status.Terminal() {
			t.splitOrder(a, e, in, shares, per)
		}
	}
}

// splitOrder keeps what an order means: its remaining quantity and its prices
// follow the split, as a replacement the venue made.
func (t *turn) splitOrder(a *account, e *entry, in market.Instrument, shares, per num.Decimal) {
	o := e.order()
	more := func(q num.Decimal) num.Decimal { return q.Mul(shares).Quo(per) }
	less := func(p num.Decimal) num.Decimal { return p.Mul(per).Quo(shares).Round(10) }
	left := in.RoundQuantity(more(o.Remaining()))
	if left.Sign() <= 0 {
		t.end(a, e, trade.Cancelled, "a split left less than a lot of it")
		return
	}
	// What has filled stays as it was told; what may yet execute grows.
	e.entryFilled = o.Filled.Add(e.covered).Add(more(e.uncovered()))
	o.Quantity = o.Filled.Add(left)
	o.Revision++
	for _, p := range []*num.Decimal{&o.LimitPrice, &o.StopPrice} {
		if p.Sign() > 0 {
			*p = num.Max(in.RoundPrice(less(*p)), in.Tick)
		}
	}
	o.TrailAmount, e.w.TrailStop = less(o.TrailAmount), less(e.w.TrailStop)
	e.refresh()
	t.emit(a, e, order.Event{Kind: order.EventReplaced})
}

// dividend pays what was held at the start of the day; a short pays it.
func (t *turn) dividend(a *account, symbol string, x market.Action) {
	held := a.ledger.Quantity(symbol)
	in, known := t.instrument(symbol)
	if held.IsZero() || !known {
		return
	}
	rate, err := t.rate(in.Currency, a.currency)
	if err != nil {
		t.b.cfg.Log.Error("dividend passed over", "symbol", symbol, "account", a.id, "err", err)
		return
	}
	t.emitLedger(a, trade.Transaction{
		Kind: trade.TxDividend, Symbol: symbol, Quantity: held, Price: x.Dividend,
		Amount: in.Notional(x.Dividend, held).Mul(rate).Round(2), Note: "dividend of " + x.Date.String(),
	})
}

// expire settles in cash what is held of an option that has ended.
func (t *turn) expire(a *account, symbol string, x market.Action) {
	held := a.ledger.Quantity(symbol)
	in, known := t.instrument(symbol)
	if held.IsZero() || !known || in.Class != market.Option {
		return
	}
	rate, err := t.rate(in.Currency, a.currency)
	if err != nil {
		t.b.cfg.Log.Error("expiry passed over", "symbol", symbol, "account", a.id, "err", err)
		return
	}
	t.emitLedger(a, trade.Transaction{
		Kind: trade.TxTrade, Symbol: symbol, Quantity: held.Neg(), Price: x.PriorClose,
		Amount: in.Notional(x.PriorClose, held).Mul(rate).Round(2), Note: "settled at its expiry before " + x.Date.String(),
	})
}

// rename moves the position to its new name and ends orders in the old one.
func (t *turn) rename(a *account, symbol string, x market.Action) {
	t.endAll(a, symbol, "the instrument is now "+x.NewSymbol)
	if held := a.ledger.Quantity(symbol); held.IsZero() || x.NewSymbol == "" || x.NewSymbol == symbol || !a.ledger.Quantity(x.NewSymbol).IsZero() {
		return
	}
	t.emitLedger(a, trade.Transaction{Kind: trade.TxRename, Symbol: symbol, Note: x.NewSymbol})
	t.apply(a, x.NewSymbol, x.Date)
}

func (t *turn) endAll(a *account, symbol, why string) {
	for _, e := range slices.Clone(t.b.bySymbol[symbol]) {
		if e.order().Account == a.id && !e.order().Status.Terminal() {
			t.end(a, e, trade.Cancelled, why)
		}
	}
}
