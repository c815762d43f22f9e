package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Change is what a replacement alters; a zero field stays as it is. Quantity is
// the new total, filled part included.
type Change struct {
	OrderID      string
	Quantity     num.Decimal
	LimitPrice   num.Decimal
	StopPrice    num.Decimal
	TrailAmount  num.Decimal
	TrailPercent num.Decimal
}

// find gives an order and its running account, for the caller whose it is.
func (d *Desk) find(ctx context.Context, c Caller, id string) (trade.Order, *account, error) {
	missing := fault.E("order.find", fault.NotFound, "there is no order %q", id).Hinted("Call get_orders for your orders.")
	var a *account
	for _, x := range d.running() {
		if x.info.User != c.User && !c.Operator {
			continue
		}
		var hit bool
		_ = x.do(ctx, func() error { _, hit = x.orders[id]; return nil })
		if hit {
			a = x
			break
		}
	}
	if a == nil {
		o, ok, err := d.cfg.Journal.Order(ctx, id)
		if err != nil {
			return o, nil, err
		}
		if !ok {
			return o, nil, missing
		}
		info, err := d.AccountFor(ctx, c, o.Account)
		if err != nil {
			return trade.Order{}, nil, missing
		}
		a, err = d.open(ctx, info)
		if err != nil {
			return o, nil, err
		}
	}
	o, err := d.order(ctx, a, id)
	if err != nil {
		return o, nil, err
	}
	return o, a, nil
}

// ProposeReplace prices and checks a change to a working order and leaves a
// ticket for Confirm, as Propose does for a new one.
func (d *Desk) ProposeReplace(ctx context.Context, c Caller, ch Change) (Ticket, error) {
	const op = "order.ProposeReplace"
	old, a, err := d.find(ctx, c, ch.OrderID)
	if err != nil {
		return Ticket{}, err
	}
	info, err := d.tradingAccount(ctx, c, old.Account)
	if err != nil {
		return Ticket{}, err
	}
	caps := a.broker.Capabilities()
	switch {
	case !caps.Replace:
		return Ticket{}, fault.E(op, fault.Invalid, "%s cannot replace orders", caps.Broker).Hinted("Cancel the order and create a new one.")
	case old.Status != trade.Working && old.Status != trade.PartiallyFilled:
		return Ticket{}, fault.E(op, fault.Conflict, "order %s is %s and cannot be replaced", old.ID, old.Status).Hinted("Only working orders can be replaced.")
	}
	in, ok := d.cfg.Prices.Lookup(old.Symbol)
	if !ok {
		return Ticket{}, fault.E(op, fault.NotFound, "there is no instrument %q any more", old.Symbol)
	}
	o := old
	o.Revision++
	for _, f := range []struct{ to, from *num.Decimal }{
		{&o.Quantity, &ch.Quantity},
		{&o.LimitPrice, &ch.LimitPrice},
		{&o.StopPrice, &ch.StopPrice},
		{&o.TrailAmount, &ch.TrailAmount},
		{&o.TrailPercent, &ch.TrailPercent},
	} {
		if !f.from.IsZero() {
			*f.to = *f.from
		}
	}
	if ch.TrailAmount.Sign() != 0 && ch.TrailPercent.IsZero() {
		o.TrailPercent = num.Zero
	}
	if ch.TrailPercent.Sign() != 0 && ch.TrailAmount.IsZero() {
		o.TrailAmount = num.Zero
	}
	if o.Quantity.Equal(old.Quantity) && o.LimitPrice.Equal(old.LimitPrice) && o.StopPrice.Equal(old.StopPrice) &&
		o.TrailAmount.Equal(old.TrailAmount) && o.TrailPercent.Equal(old.TrailPercent) {
		return Ticket{}, fault.E(op, fault.Invalid, "the replacement changes nothing").Hinted("Give at least one of quantity, limit_price, stop_price, trail_amount, trail_percent with a new value.")
	}
	if err := in.CheckQuantity(o.Quantity); err != nil {
		return Ticket{}, fault.E(op, fault.Invalid, "%s", err)
	}
	if o.Quantity.Cmp(old.Filled) <= 0 {
		return Ticket{}, fault.E(op, fault.Invalid, "quantity %s is the new total and %s has filled already", o.Quantity, old.Filled).Hinted("Give a total above what filled, or cancel the order.")
	}
	if err := d.checkShape(o, in, caps); err != nil {
		return Ticket{}, err
	}
	q, err := d.cfg.Prices.Quote(ctx, in.Symbol)
	if err != nil {
		return Ticket{}, fault.Wrap(op, fault.Unavailable, err, "there is no price for %s", in.Symbol)
	}
	bal, err := a.broker.Balances(ctx, info.ID)
	if err != nil {
		return Ticket{}, brokerFault(op, err)
	}
	rate, err := d.cfg.Prices.Rate(ctx, in.Currency, bal.Currency)
	if err != nil {
		return Ticket{}, fault.Wrap(op, fault.Unavailable, err, "there is no rate from %s to %s", in.Currency, bal.Currency)
	}
	now := d.cfg.Now().UTC()
	price := reckonPrice(o, q)
	t := Ticket{
		ID: newTicketID(), User: info.User, Account: info.ID, Environment: info.Environment, Kind: KindReplace, Approver: "model",
		State: Pending, Created: now, Expires: now.Add(TicketLife), Trace: c.Trace,
		Legs:   []Leg{{Order: o, Asked: o.Quantity, Unit: trade.Shares, Price: price, Notional: in.Notional(price, o.Quantity.Sub(o.Filled)).Mul(rate)}},
		Totals: Totals{Currency: bal.Currency, BuyingPowerAfter: bal.BuyingPower},
	}
	if info.Environment == trade.Live {
		t.Approver = "operator"
	}
	l := &t.Legs[0]
	cost, err := a.broker.Estimate(ctx, o)
	if err != nil {
		return Ticket{}, brokerFault(op, err)
	}
	prior, err := a.broker.Estimate(ctx, old)
	if err != nil {
		return Ticket{}, brokerFault(op, err)
	}
	l.Fee, l.InitialMargin = cost.Fee, cost.InitialMargin
	// The old order's own reservation is freed by the replacement.
	t.Totals.BuyingPowerAfter = bal.BuyingPower.Add(prior.BuyingPowerAfter.Neg().Add(cost.BuyingPowerAfter))
	if bal.Equity.Sign() > 0 {
		l.EquityShare = l.Notional.Quo(bal.Equity).Round(6)
	}
	t.Totals.Notional, t.Totals.Fee, t.Totals.InitialMargin, t.Totals.EquityShare = l.Notional.Round(2), l.Fee, l.InitialMargin, l.EquityShare
	if err := a.do(ctx, func() error { _, err := a.admit(ctx, &t, bal, &old); return err }); err != nil {
		return Ticket{}, err
	}
	t.Summary = fmt.Sprintf("REPLACE order %s, account %s (%s):\nfrom %s\nto   %s\n%s of %s filled. Expires %s.",
		old.ID, t.Account, t.Environment, Describe(old), Describe(o), old.Filled.Normalize(), o.Quantity.Normalize(), t.Expires.Format(time.RFC3339))
	return t, d.keep(c, &t)
}

// replaced is the order a replacement ticket stands in for, nil otherwise.
func (a *account) replaced(t *Ticket) *trade.Order {
	if t.Kind != KindReplace {
		return nil
	}
	return a.orders[t.Legs[0].Order.ID]
}

// commitReplace journals the replacement as an intent of its own.
func (a *account) commitReplace(c Caller, t *Ticket, use dayUse, now time.Time) (func() error, error) {
	const op = "order.Confirm"
	want := t.Legs[0].Order
	o := a.orders[want.ID]
	if o == nil || o.Status != trade.Working && o.Status != trade.PartiallyFilled || o.Revision != want.Revision-1 {
		return nil, fault.E(op, fault.Conflict, "order %s has changed since the replacement was proposed", want.ID).Hinted("Call get_order and propose again.")
	}
	if want.Quantity.Cmp(o.Filled) <= 0 {
		return nil, fault.E(op, fault.Conflict, "order %s has filled %s since, which is not below the new total %s", o.ID, o.Filled, want.Quantity)
	}
	o.Status, o.Updated = trade.PendingReplace, now
	intent := SentIntent{
		ID: fmt.Sprintf("%s.r%d", o.ID, want.Revision), OrderID: o.ID, Account: a.info.ID, Kind: IntentReplace, Revision: want.Revision,
		State: IntentSending, Order: want, Created: now, Updated: now,
	}
	a.intents[intent.ID] = intent
	a.day = use
	a.desk.setState(t, Confirmed)
	return a.desk.cfg.Journal.Append(Batch{
		Tickets: []Ticket{*t}, Orders: []trade.Order{*o}, Intents: []SentIntent{intent}, DayUse: use.stored(a.info.ID),
		Notes: []Note{{Trace: c.Trace, Kind: "confirmed", User: c.User, Subject: t.ID, Body: map[string]any{"digest": t.Digest, "intent": intent.ID}}},
	}), nil
}

func (a *account) sendReplace(ctx context.Context, t *Ticket) {
	want := t.Legs[0].Order
	call, cancel := context.WithTimeout(ctx, a.desk.cfg.CallTimeout)
	defer cancel()
	a.desk.cfg.Probe("replace.before")
	_, err := a.broker.Replace(call, want)
	a.desk.cfg.Probe("replace.after")
	if err == nil {
		return
	}
	v := refusal(err)
	var wait func() error
	_ = a.do(ctx, func() error {
		o := a.orders[want.ID]
		id := fmt.Sprintf("%s.r%d", want.ID, want.Revision)
		in, ok := a.intents[id]
		if o == nil || !ok {
			return nil
		}
		b := Batch{Notes: []Note{{Trace: o.Trace, Kind: "order", User: o.User, Subject: o.ID, Body: map[string]any{"replace": want.Revision, "error": "refused or lost"}}}}
		o.Updated = a.desk.cfg.Now().UTC()
		if v != nil {
			in.State = IntentRefused
			delete(a.intents, id)
			o.VenueCode, o.VenueText = v.Code, v.Text
			o.Reason = "the venue refused the replacement: " + v.Text
			o.Status = trade.Working
			if o.Filled.Sign() > 0 {
				o.Status = trade.PartiallyFilled
			}
			b.Intents = []SentIntent{in}
		} else {
			o.Status, o.Reason = trade.Unknown, "the answer to a replacement was lost; it is never sent again"
		}
		b.Orders = []trade.Order{*o}
		wait = a.desk.cfg.Journal.Append(b)
		a.notify(*o)
		return nil
	})
	if wait != nil {
		if err := wait(); err != nil {
			a.desk.log.Error("decision not written", "order_id", want.ID, "err", err)
		}
	}
}

// Cancel asks the venue to end an order: one step, always allowed. It gives the
// order as it stands when the venue has answered.
func (d *Desk) Cancel(ctx context.Context, c Caller, id string) (trade.Order, error) {
	o, a, err := d.find(ctx, c, id)
	if err != nil {
		return o, err
	}
	if o.Status.Terminal() {
		return o, fault.E("order.Cancel", fault.Conflict, "order %s is already %s", id, o.Status).Hinted("There is nothing left to cancel.")
	}
	if err := a.cancel(ctx, id, c.Trace, "cancelled on request"); err != nil {
		return o, err
	}
	return d.order(context.WithoutCancel(ctx), a, id)
}

// CancelAll cancels every working order of the caller's accounts, or of all
// accounts for the operator, and gives the ids it asked for.
func (d *Desk) CancelAll(ctx context.Context, c Caller) (asked []string, err error) {
	var errs []error
	for _, a := range d.running() {
		if a.info.User != c.User && !c.Operator {
			continue
		}
		var ids []string
		_ = a.do(ctx, func() error {
			for id, o := range a.orders {
				if o.Status.AtVenue() {
					ids = append(ids, id)
				}
			}
			return nil
		})
		for _, id := range ids {
			if err := a.cancel(ctx, id, c.Trace, "cancelled by the kill switch"); err != nil && fault.CodeOf(err) != fault.Conflict {
				errs = append(errs, fmt.Errorf("%s: %w", id, err))
				continue
			}
			asked = append(asked, id)
		}
	}
	return asked, errors.Join(errs...)
}

// cancel journals a cancel intent, asks the venue, and waits for its word.
func (a *account) cancel(ctx context.Context, id, trace, why string) error {
	d := a.desk
	ctx = context.WithoutCancel(ctx)
	var sent chan struct{}
	_ = a.do(ctx, func() error { sent = a.sent[id]; return nil })
	if sent != nil { // being placed right now: the venue may not know it yet
		select {
		case <-sent:
		case <-time.After(d.cfg.CallTimeout + d.cfg.SettleWait):
		}
	}
	var wait func() error
	var ch chan trade.Order
	err := a.do(ctx, func() error {
		o := a.orders[id]
		if o == nil {
			return fault.E("order.Cancel", fault.Conflict, "order %s has ended already", id).Hinted("Call get_order for how it ended.")
		}
		now := d.cfg.Now().UTC()
		if o.Status.CanBecome(trade.PendingCancel) {
			o.Status = trade.PendingCancel
		}
		o.Reason, o.Updated = why, now
		n := 1
		for a.intents[fmt.Sprintf("%s.c%d", id, n)].ID != "" {
			n++
		}
		in := SentIntent{ID: fmt.Sprintf("%s.c%d", id, n), OrderID: id, Account: a.info.ID, Kind: IntentCancel, Revision: o.Revision, State: IntentSending, Order: *o, Created: now, Updated: now}
		a.intents[in.ID] = in
		wait = d.cfg.Journal.Append(Batch{Orders: []trade.Order{*o}, Intents: []SentIntent{in}, Notes: []Note{{Trace: trace, Kind: "cancel", User: o.User, Subject: id, Body: map[string]any{"reason": why, "intent": in.ID}}}})
		ch = a.watch(id)
		return nil
	})
	if err != nil {
		return err
	}
	defer func() { _ = a.do(ctx, func() error { a.unwatch(id, ch); return nil }) }()
	if err := wait(); err != nil {
		return a.failed(err)
	}
	d.cfg.Probe("cancel.durable")
	call, stop := context.WithTimeout(ctx, d.cfg.CallTimeout)
	defer stop()
	err = a.broker.Cancel(call, a.info.ID, id)
	d.cfg.Probe("cancel.after")
	switch v := refusal(err); {
	case v != nil && v.Code != AlreadyDone:
		return brokerFault("order.Cancel", err)
	case err != nil && v == nil:
		return fault.Wrap("order.Cancel", fault.Timeout, err, "the answer to the cancel of %s was lost", id).Hinted("Call get_order; cancelling again is safe.")
	}
	timer := time.NewTimer(d.cfg.SettleWait)
	defer timer.Stop()
	for {
		select {
		case o := <-ch:
			if o.Status.Terminal() {
				return nil
			}
		case <-timer.C:
			return nil
		}
	}
}
