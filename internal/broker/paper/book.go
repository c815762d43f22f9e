package paper

import (
	"fmt"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/match"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// book enters one execution: order, ledger, event, and what it means for the
// other legs of its bracket or group.
func (t *turn) book(a *account, e *entry, in market.Instrument, x match.Execution, now time.Time) {
	o := e.order()
	rate, err := t.rate(in.Currency, a.currency)
	if err != nil { // match has looked it up a moment ago
		t.err = fmt.Errorf("rate of %s: %w", in.Currency, err)
		return
	}
	notional := in.Notional(x.Price, x.Quantity).Mul(rate).Round(8)
	before := t.b.cfg.Fees.Fee(in, o.Filled, e.notional)
	filled := o.Filled.Add(x.Quantity)
	o.AvgPrice = o.AvgPrice.Mul(o.Filled).Add(x.Price.Mul(x.Quantity)).Quo(filled).Round(10).Normalize()
	o.Filled = filled
	e.notional = e.notional.Add(notional)
	fee := num.Max(num.Zero, t.b.cfg.Fees.Fee(in, o.Filled, e.notional).Sub(before))
	o.Fees = o.Fees.Add(fee)
	o.Status = trade.PartiallyFilled
	if o.Filled.Equal(o.Quantity) {
		o.Status = trade.Filled
	}

	fill := trade.Fill{
		ID: fmt.Sprintf("X%d", a.seq+1), OrderID: o.ID, Account: a.id, Symbol: o.Symbol, Side: o.Side,
		Quantity: x.Quantity, Price: x.Price, Fee: fee, Time: now,
	}
	amount := notional
	if o.Side == trade.Buy {
		amount = notional.Neg()
	}
	txs := []trade.Transaction{{
		ID: fill.ID + "-trade", Kind: trade.TxTrade, Symbol: o.Symbol, Quantity: fill.SignedQuantity(), Price: x.Price,
		Amount: amount, OrderID: o.ID, FillID: fill.ID,
	}}
	if fee.Sign() > 0 {
		txs = append(txs, trade.Transaction{
			ID: fill.ID + "-fee", Kind: trade.TxFee, Symbol: o.Symbol, Amount: fee.Neg(), OrderID: o.ID, FillID: fill.ID,
		})
	}
	if o.Status == trade.Filled {
		t.b.remove(a, e)
	}
	e.refresh()
	t.emit(a, e, order.Event{Kind: order.EventFill, Fill: &fill, Transactions: txs})
	t.siblingFilled(a, e, x.Quantity)
	t.entryFilled(a, e, x.Quantity)
	if o.Status == trade.Filled {
		t.entryEnded(a, e)
	}
}

// emit tells of an order as it is now.
func (t *turn) emit(a *account, e *entry, ev order.Event) {
	e.order().Updated = utc(t.b.cfg.Now())
	ev.Order = *e.order()
	t.emitAs(a, e, ev)
}

// emitAs numbers an event whose order is given, folds its transactions and marks
// everything for writing. Event times are on the venue clock.
func (t *turn) emitAs(a *account, e *entry, ev order.Event) {
	a.seq++
	ev.Seq, ev.Account, ev.Time = a.seq, a.id, t.now()
	for i := range ev.Transactions {
		tx := &ev.Transactions[i]
		tx.Account, tx.Seq, tx.Time = a.id, a.ledger.LastSeq()+1, ev.Time
		if ev.Fill != nil {
			tx.Time = ev.Fill.Time
		}
		if err := a.ledger.Fold(*tx); err != nil {
			t.err = err
			return
		}
	}
	if e != nil {
		t.touched[e] = a
	}
	t.events = append(t.events, ev)
	t.accounts[a] = true
}

// emitLedger tells of transactions that no order made.
func (t *turn) emitLedger(a *account, txs ...trade.Transaction) {
	for i := range txs {
		txs[i].ID = fmt.Sprintf("L%d-%d", a.seq+1, i+1)
	}
	t.emitAs(a, nil, order.Event{Kind: order.EventLedger, Transactions: txs})
}
