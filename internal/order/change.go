package order

import (
	"context"
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
	in, ok := d.prices(old.Account).Lookup(old.Symbol)
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
	if err := checkSize(o.Quantity, o); err != nil {
		return Ticket{}, err
	}
	if err := d.checkShape(o, in, caps); err != nil {
		return Ticket{}, err
	}
	q, err := d.prices(old.Account).Quote(ctx, in.Symbol)
	if err != nil {
		return Ticket{}, fault.Wrap(op, fault.Unavailable, err, "there is no price for %s", in.Symbol)
	}
	bal, err := a.broker.Balances(ctx, info.ID)
	if err != nil {
		return Ticket{}, brokerFault(op, err)
	}
	rate, err := d.prices(old.Account).Rate(ctx, in.Currency, bal.Currency)
	if err != nil {
		return Ticket{}, fault.Wrap(op, fault.Unavailable, err, "there is no rate from %s to %s", in.Currency, bal.Currency)
	}
	now := d.cfg.Now().UTC()
	price := reckonPrice(o, q)
	t := Ticket{
		ID: newTicketID(now), User: info.User, Account: info.ID, Environment: info.Environment, Kind: KindReplace, Approver: "model",
		State: Pending, Created: now, Expires: now.Add(TicketLife), Trace: c.Trace,
		Legs: []Leg{{Order: o, Asked: o.Quantity, Unit: trade.Shares, Price: price, Notional: in.Notional(price, o.Remaining()).Mul(rate)}},
	}
	if info.Environment == trade.Live {
		t.Approver = "operator"
	}
	if err := d.estimateReplace(ctx, a, &t, old, bal); err != nil {
		return Ticket{}, err
	}
	if err := a.do(ctx, func() error { _, err := a.admit(ctx, &t, &old); return err }); err != nil {
		return Ticket{}, err
	}
	t.Summary = fmt.Sprintf("REPLACE order %s, account %s (%s):\nfrom %s\nto   %s\n%s of %s filled. Expires %s.",
		old.ID, t.Account, t.Environment, Describe(old), Describe(o), old.Filled.Normalize(), o.Quantity.Normalize(), t.Expires.Format(time.RFC3339))
	err = d.keep(ctx, c, &t)
	return t, err
}

// estimateReplace asks the broker what a replacement would cost beyond what the
// order reserves already.
func (d *Desk) estimateReplace(ctx context.Context, a *account, t *Ticket, old trade.Order, bal trade.Balances) error {
	l := &t.Legs[0]
	cost, err := a.broker.Estimate(ctx, l.Order)
	if err != nil {
		return brokerFault("order.ProposeReplace", err)
	}
	prior, err := a.broker.Estimate(ctx, old)
	if err != nil {
		return brokerFault("order.ProposeReplace", err)
	}
	l.Fee, l.InitialMargin, l.PowerUsed = cost.Fee, cost.InitialMargin, prior.BuyingPowerAfter.Sub(cost.BuyingPowerAfter)
	l.EquityShare = num.Zero
	if bal.Equity.Sign() > 0 {
		l.EquityShare = l.Notional.Quo(bal.Equity).Round(6)
	}
	t.Totals = Totals{
		Notional: l.Notional.Round(2), Fee: l.Fee, InitialMargin: l.InitialMargin, EquityShare: l.EquityShare,
		BuyingPowerAfter: bal.BuyingPower.Sub(l.PowerUsed), Currency: bal.Currency,
	}
	return nil
}

// replaced is the order a replacement ticket stands in for, nil otherwise.
func (a *account) replaced(t *Ticket) *trade.Order {
	if t.Kind != KindReplace {
		return nil
	}
	return a.orders[t.Legs[0].Order.ID]
}

// replaceID is the id of a replacement's intent. The ticket is part of it: when a
// replacement never arrived, the next one is for the same revision.
func replaceID(t *Ticket) string {
	o := t.Legs[0].Order
	return fmt.Sprintf("%s.r%d.%s", o.ID, o.Revision, t.ID)
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
		ID: replaceID(t), OrderID: o.ID, Account: a.info.ID, Kind: IntentReplace, Revision: want.Revision,
		State: IntentSending, Order: want, Created: now, Updated: now,
	}
	a.intents[intent.ID] = intent
	if used := t.Legs[0].PowerUsed; used.Sign() > 0 {
		a.held[intent.ID] = used
	}
	a.sent[o.ID] = make(chan struct{})
	a.day = use
	t.State = Confirmed
	return a.desk.cfg.Journal.Append(Batch{
		Tickets: []Ticket{*t}, Orders: []trade.Order{*o}, Intents: []SentIntent{intent}, DayUse: use.stored(a.info.ID),
		Notes: []Note{{Trace: c.Trace, Kind: "confirmed", User: c.User, Subject: t.ID, Body: map[string]any{"digest": t.Digest, "intent": intent.ID}}},
	}), nil
}

func (a *account) sendReplace(ctx context.Context, t *Ticket) {
	want := t.Legs[0].Order
	defer a.release(want.ID)
	call, cancel := context.WithTimeout(ctx, a.desk.cfg.CallTimeout)
	defer cancel()
	a.desk.cfg.Probe("replace.before")
	_, err := a.broker.Replace(call, want)
	a.desk.cfg.Probe("replace.after")
	if err == nil {
		return
	}
	v := refusal(err)
	if v == nil {
		a.settleLater()
	}
	var wait func() error
	_ = a.do(ctx, func() error {
		o := a.orders[want.ID]
		id := replaceID(t)
		in, ok := a.intents[id]
		if o == nil || !ok {
			return nil
		}
		b := Batch{Notes: []Note{{Trace: o.Trace, Kind: "order", User: o.User, Subject: o.ID, Body: map[string]any{"replace": want.Revision, "error": "refused or lost"}}}}
		o.Updated = a.desk.cfg.Now().UTC()
		if v != nil {
			in.State, in.Updated = IntentRefused, o.Updated
			delete(a.intents, id)
			delete(a.held, id)
			o.VenueCode, o.VenueText = v.Code, v.Text
			o.Reason = "the venue refused the replacement: " + v.Text
			if o.Status == trade.PendingReplace { // a cancel may have come since
				o.Status = atWork(*o)
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
	if wait == nil {
		return
	}
	err = wait()
	a.desk.cfg.Probe("replace.decided")
	if err != nil {
		a.desk.log.Error("decision not written", "order_id", want.ID, "err", a.failed(err))
	}
}

// atWork is the status of an order that works and has nothing pending.
func atWork(o trade.Order) trade.Status {
	if o.Filled.Sign() > 0 {
		return trade.PartiallyFilled
	}
	return trade.Working
}
