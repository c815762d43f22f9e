package order

import (
	"context"
	"errors"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/trade"
)

// ticket finds a ticket by id, for the caller it is bound to. Somebody else's is
// told as unknown.
func (d *Desk) ticket(ctx context.Context, c Caller, id string) (*Ticket, error) {
	d.mu.Lock()
	t := d.tickets[id]
	d.mu.Unlock()
	if t == nil {
		stored, ok, err := d.cfg.Journal.Ticket(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			t = &stored
			d.mu.Lock()
			if known := d.tickets[id]; known != nil {
				t = known
			} else if stored.State == Pending {
				d.tickets[id] = t
			}
			d.mu.Unlock()
		}
	}
	if t == nil || t.User != c.User && !c.Operator {
		return nil, fault.E("order.ticket", fault.NotFound, "there is no ticket %q", id).Hinted("Call list_pending_trades, or create the order again.")
	}
	return t, nil
}

// Confirm submits a pending ticket, once, and gives its orders as they stand
// when the venue has first answered. A second Confirm gives the same orders. The
// whole ticket is checked again first. It fails with not_found, expired,
// forbidden (a live ticket needs the operator), conflict (discarded) and
// whatever Propose fails with.
func (d *Desk) Confirm(ctx context.Context, c Caller, id string) ([]trade.Order, Ticket, error) {
	const op = "order.Confirm"
	t, err := d.ticket(ctx, c, id)
	if err != nil {
		return nil, Ticket{}, err
	}
	info, ok, err := d.cfg.Directory.Account(ctx, t.Account)
	if err != nil {
		return nil, Ticket{}, err
	}
	if !ok || !info.Trading {
		return nil, Ticket{}, fault.E(op, fault.Forbidden, "account %s may not trade now", t.Account).Hinted("Connect it again with the trade permission.")
	}
	a, err := d.open(ctx, info)
	if err != nil {
		return nil, Ticket{}, err
	}
	select {
	case <-a.ready:
	case <-ctx.Done():
		return nil, Ticket{}, ctx.Err()
	}
	var bal trade.Balances
	if d.state(t) == Pending {
		if bal, err = d.refresh(ctx, a, t); err != nil {
			return nil, Ticket{}, err
		}
	}
	var wait func() error
	var first bool
	err = a.do(ctx, func() error {
		switch d.state(t) {
		case Confirmed:
			return nil
		case Discarded:
			return fault.E(op, fault.Conflict, "ticket %s was discarded", id).Hinted("Create the order again.")
		case Expired:
			return fault.E(op, fault.Expired, "ticket %s expired at %s", id, t.Expires.Format(time.RFC3339)).Hinted("Create the order again: a ticket can be confirmed for %s.", TicketLife)
		}
		if t.Approver == "operator" && !c.Operator {
			return fault.E(op, fault.Forbidden, "ticket %s is for a live account: a person must approve it on the machine", id).
				Hinted("Ask the operator to run: quantdesk approve %s", id)
		}
		if !t.intact() {
			return fault.E(op, fault.Conflict, "ticket %s is not what was proposed", id).Hinted("Create the order again.")
		}
		use, err := a.admit(ctx, t, bal, a.replaced(t))
		if err != nil {
			d.cfg.Journal.Append(Batch{Notes: []Note{{Trace: c.Trace, Kind: "refused", User: c.User, Subject: t.ID, Body: map[string]any{"text": fault.As(err).Message}}}})
			return err
		}
		first = true
		wait, err = a.commitTicket(c, t, use)
		return err
	})
	if err != nil {
		return nil, *t, err
	}
	if first {
		d.cfg.Probe("confirm.appended")
		if err := wait(); err != nil {
			d.forget(t.ID)
			return nil, Ticket{}, a.failed(err)
		}
		d.cfg.Probe("confirm.durable")
		a.send(ctx, t)
	}
	orders, err := a.settled(ctx, t)
	return orders, *t, err
}

// state is where a ticket stands now; a pending one past its time is expired.
func (d *Desk) state(t *Ticket) State {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.State == Pending && !d.cfg.Now().Before(t.Expires) {
		return Expired
	}
	return t.State
}

func (d *Desk) setState(t *Ticket, s State) {
	d.mu.Lock()
	t.State = s
	d.mu.Unlock()
}

func (d *Desk) forget(id string) {
	d.mu.Lock()
	delete(d.tickets, id)
	d.mu.Unlock()
}

// refresh reads balances and reckons the ticket's costs anew; the orders stay
// exactly as they were proposed.
func (d *Desk) refresh(ctx context.Context, a *account, t *Ticket) (trade.Balances, error) {
	bal, err := a.broker.Balances(ctx, a.info.ID)
	if err != nil {
		return bal, brokerFault("order.Confirm", err)
	}
	fresh := *t
	fresh.Legs = append([]Leg(nil), t.Legs...)
	for i := range fresh.Legs {
		l := &fresh.Legs[i]
		in, ok := d.cfg.Prices.Lookup(l.Order.Symbol)
		if !ok {
			return bal, fault.E("order.Confirm", fault.NotFound, "there is no instrument %q any more", l.Order.Symbol)
		}
		q, err := d.cfg.Prices.Quote(ctx, in.Symbol)
		if err != nil {
			return bal, fault.Wrap("order.Confirm", fault.Unavailable, err, "there is no price for %s", in.Symbol)
		}
		rate, err := d.cfg.Prices.Rate(ctx, in.Currency, bal.Currency)
		if err != nil {
			return bal, fault.Wrap("order.Confirm", fault.Unavailable, err, "there is no rate from %s to %s", in.Currency, bal.Currency)
		}
		if _, err := d.checkHours(l.Order, in); err != nil {
			return bal, err
		}
		l.Price = reckonPrice(l.Order, q)
		l.Notional = in.Notional(l.Price, l.Order.Quantity).Mul(rate)
	}
	if t.Kind != KindReplace {
		if err := d.estimate(ctx, a, &fresh, bal); err != nil {
			return bal, err
		}
	}
	d.mu.Lock()
	if t.State == Pending {
		t.Legs, t.Totals = fresh.Legs, fresh.Totals
	}
	d.mu.Unlock()
	return bal, nil
}

// commitTicket turns the pending ticket into submitted orders and journals them
// with their intents, the reserved use of the day, and the decision.
func (a *account) commitTicket(c Caller, t *Ticket, use dayUse) (func() error, error) {
	d := a.desk
	now := d.cfg.Now().UTC()
	if t.Kind == KindReplace {
		return a.commitReplace(c, t, use, now)
	}
	batch := Batch{DayUse: use.stored(a.info.ID)}
	for i := range t.Legs {
		o := t.Legs[i].Order
		o.Status, o.Updated = trade.Submitted, now
		t.Legs[i].Order.Status = trade.Submitted
		state := IntentRecorded
		if i == 0 {
			// The first leg is sent right after this batch is on disk, so it is
			// marked here and saves a second write.
			state = IntentSending
		}
		intent := SentIntent{ID: o.ID, OrderID: o.ID, Account: a.info.ID, Kind: IntentPlace, State: state, Order: o, Created: now, Updated: now}
		batch.Orders = append(batch.Orders, o)
		batch.Intents = append(batch.Intents, intent)
		a.orders[o.ID] = &o
		a.intents[o.ID] = intent
		if used := t.Legs[i].PowerUsed; counts(o) && used.Sign() > 0 {
			a.held[o.ID] = used
		}
		a.sent[o.ID] = make(chan struct{})
	}
	a.day = use
	d.setState(t, Confirmed)
	batch.Tickets = []Ticket{*t}
	by := c.User
	if c.Operator {
		by = "operator"
	}
	batch.Notes = []Note{{Trace: c.Trace, Kind: "confirmed", User: c.User, Subject: t.ID, Body: map[string]any{"by": by, "digest": t.Digest, "orders": len(t.Legs)}}}
	return d.cfg.Journal.Append(batch), nil
}

// send hands a ticket's orders to the broker, parents before children. It does
// not end with the caller: an order on disk is sent even if nobody waits.
func (a *account) send(ctx context.Context, t *Ticket) {
	ctx = context.WithoutCancel(ctx)
	if t.Kind == KindReplace {
		a.sendReplace(ctx, t)
		return
	}
	var refused bool
	for i, l := range t.Legs {
		o := l.Order
		if refused && o.ParentID != "" {
			a.drop(o.ID, "its entry was refused")
			continue
		}
		if i > 0 {
			if err := a.mark(o.ID, IntentSending); err != nil {
				a.desk.log.Error("leg not sent: journal", "order_id", o.ID, "err", err)
				return // the rest stays recorded and is decided at the next start
			}
		}
		err := a.place(ctx, o)
		refused = refused || refusal(err) != nil && o.Role == trade.Parent
		if err != nil && refusal(err) == nil {
			// Lost answer: whatever follows in this ticket depends on it.
			a.unprotected(t, i)
			a.desk.mu.Lock()
			run := a.desk.runCtx
			a.desk.mu.Unlock()
			a.desk.wg.Go(func() { a.settleLost(run) })
			return
		}
	}
}

// place calls the broker for one order and closes its sent channel.
func (a *account) place(ctx context.Context, o trade.Order) error {
	d := a.desk
	call, cancel := context.WithTimeout(ctx, d.cfg.CallTimeout)
	defer cancel()
	d.cfg.Probe("place.before")
	_, err := a.broker.Place(call, o)
	d.cfg.Probe("place.after")
	if v := refusal(err); v != nil {
		a.resolve(o.ID, trade.Rejected, v, v.Text)
	} else if err != nil {
		d.log.Warn("answer to an order was lost", "order_id", o.ID, "err", err)
		a.resolve(o.ID, trade.Unknown, nil, "the broker's answer was lost; it is never sent again")
	}
	_ = a.do(ctx, func() error {
		if ch := a.sent[o.ID]; ch != nil {
			close(ch)
			delete(a.sent, o.ID)
		}
		return nil
	})
	return err
}

// unprotected ends what must not go on after leg i of a ticket was lost: the
// legs after it are not sent.
func (a *account) unprotected(t *Ticket, i int) {
	for _, l := range t.Legs[i+1:] {
		a.drop(l.Order.ID, "not sent: the answer to an order before it was lost")
	}
}

// drop ends an order that was never sent.
func (a *account) drop(id, why string) { a.resolve(id, trade.Cancelled, nil, why) }

// resolve writes a decision about an order that did not come as a venue event.
func (a *account) resolve(id string, to trade.Status, v *VenueError, why string) {
	ctx := context.Background()
	var wait func() error
	err := a.do(ctx, func() error {
		o := a.orders[id]
		if o == nil || o.Status == to || !o.Status.CanBecome(to) {
			return nil // a venue event was here first
		}
		b := a.decide(o, to, v, why)
		wait = a.desk.cfg.Journal.Append(b)
		a.notify(*o)
		a.forgetEnded(o)
		return nil
	})
	if err == nil && wait != nil {
		err = wait()
	}
	if err != nil {
		a.desk.log.Error("decision not written", "order_id", id, "status", to, "err", err)
	}
}

// decide changes an order in memory and gives the batch that says so.
func (a *account) decide(o *trade.Order, to trade.Status, v *VenueError, why string) Batch {
	now := a.desk.cfg.Now().UTC()
	o.Status, o.Reason, o.Updated = to, why, now
	if v != nil {
		o.VenueCode, o.VenueText = v.Code, v.Text
	}
	b := Batch{Orders: []trade.Order{*o}, Notes: []Note{{Trace: o.Trace, Kind: "order", User: o.User, Subject: o.ID, Body: map[string]any{"status": to, "reason": why, "venue_code": o.VenueCode}}}}
	if in, ok := a.intents[o.ID]; ok && to.Terminal() {
		in.State, in.Updated = IntentDropped, now
		if v != nil {
			in.State = IntentRefused
		}
		b.Intents = append(b.Intents, in)
		delete(a.intents, o.ID)
	}
	delete(a.held, o.ID)
	return b
}

func (a *account) forgetEnded(o *trade.Order) {
	if o.Status.Terminal() {
		delete(a.orders, o.ID)
		delete(a.held, o.ID)
	}
}

// mark moves an intent on, durably, before the venue hears of it.
func (a *account) mark(id string, s IntentState) error {
	var wait func() error
	err := a.do(context.Background(), func() error {
		in, ok := a.intents[id]
		if !ok {
			return errors.New("the intent is gone")
		}
		in.State, in.Updated = s, a.desk.cfg.Now().UTC()
		a.intents[id] = in
		wait = a.desk.cfg.Journal.Append(Batch{Intents: []SentIntent{in}})
		return nil
	})
	if err != nil {
		return err
	}
	a.desk.cfg.Probe("mark.appended")
	return wait()
}

// settled waits for the venue's first word on every order of the ticket, at most
// SettleWait, and gives the orders as they stand.
func (a *account) settled(ctx context.Context, t *Ticket) ([]trade.Order, error) {
	type pair struct {
		id string
		ch chan trade.Order
	}
	var waiting []pair
	if err := a.do(ctx, func() error {
		for _, l := range t.Legs {
			if o := a.orders[l.Order.ID]; o != nil && unsettled(o, t) {
				waiting = append(waiting, pair{o.ID, a.watch(o.ID)})
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	timer := time.NewTimer(a.desk.cfg.SettleWait)
	defer timer.Stop()
	for _, p := range waiting {
	next:
		for {
			select {
			case o := <-p.ch:
				if !unsettled(&o, t) {
					break next
				}
			case <-timer.C:
				timer.Reset(0)
				break next
			case <-ctx.Done():
				timer.Reset(0)
				break next
			}
		}
	}
	_ = a.do(context.WithoutCancel(ctx), func() error {
		for _, p := range waiting {
			a.unwatch(p.id, p.ch)
		}
		return nil
	})
	out := make([]trade.Order, 0, len(t.Legs))
	for _, l := range t.Legs {
		o, err := a.desk.order(context.WithoutCancel(ctx), a, l.Order.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func unsettled(o *trade.Order, t *Ticket) bool {
	return o.Status == trade.Submitted || t.Kind == KindReplace && o.Status == trade.PendingReplace
}

// order gives an order as it stands: from memory while it lives, else stored.
func (d *Desk) order(ctx context.Context, a *account, id string) (trade.Order, error) {
	var o trade.Order
	var live bool
	if err := a.do(ctx, func() error {
		if p := a.orders[id]; p != nil {
			o, live = *p, true
		}
		return nil
	}); err != nil {
		return o, err
	}
	if live {
		return o, nil
	}
	stored, ok, err := d.cfg.Journal.Order(ctx, id)
	if err != nil {
		return o, err
	}
	if !ok {
		return o, fault.E("order.order", fault.NotFound, "there is no order %q", id).Hinted("Call get_orders.")
	}
	return stored, nil
}
