package order

import (
	"context"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/trade"
)

// ticket finds a ticket by id, for the caller it is bound to, and gives the one
// that callers share and a copy of it as it stands. Somebody else's is told as
// unknown.
func (d *Desk) ticket(ctx context.Context, c Caller, id string) (*Ticket, Ticket, error) {
	d.mu.Lock()
	t := d.tickets[id]
	d.mu.Unlock()
	if t == nil {
		stored, ok, err := d.cfg.Journal.Ticket(ctx, id)
		if err != nil {
			return nil, Ticket{}, err
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
	var as Ticket
	if t != nil {
		as = d.copyOf(t) // another caller may be confirming it
	}
	if t == nil || as.User != c.User && !c.Operator {
		return nil, Ticket{}, fault.E("order.ticket", fault.NotFound, "there is no ticket %q", id).Hinted("Call list_pending_trades, or create the order again.")
	}
	return t, as, nil
}

// Confirm submits a pending ticket, once, and gives its orders as they stand
// when the venue has first answered. A second Confirm gives the same orders. The
// whole ticket is checked again first. It fails with not_found, expired,
// forbidden (a live ticket needs the operator), conflict (discarded) and
// whatever Propose fails with.
func (d *Desk) Confirm(ctx context.Context, c Caller, id string) ([]trade.Order, Ticket, error) {
	const op = "order.Confirm"
	t, as, err := d.ticket(ctx, c, id)
	if err != nil {
		return nil, Ticket{}, err
	}
	info, ok, err := d.cfg.Directory.Account(ctx, as.Account)
	if err != nil {
		return nil, Ticket{}, err
	}
	if !ok || !info.Trading {
		return nil, Ticket{}, fault.E(op, fault.Forbidden, "account %s may not trade now", as.Account).Hinted("Connect it again with the trade permission.")
	}
	a, err := d.open(ctx, info)
	if err != nil {
		return nil, Ticket{}, err
	}
	select {
	case <-a.ready:
	case <-ctx.Done():
		return nil, Ticket{}, ctx.Err()
	case <-a.ended:
		return nil, Ticket{}, stopping()
	}
	mine := d.copyOf(t) // reckoned anew, and the ticket itself only once it is confirmed
	if d.state(t) == Pending {
		if err := d.refresh(ctx, a, &mine); err != nil {
			return nil, Ticket{}, err
		}
	}
	var wait func() error
	var land *landing
	err = a.do(ctx, func() error {
		switch d.state(t) {
		case Confirmed:
			land = a.landing[id]
			return nil
		case Discarded:
			return fault.E(op, fault.Conflict, "ticket %s was discarded", id).Hinted("Create the order again.")
		case Expired:
			return fault.E(op, fault.Expired, "ticket %s expired at %s", id, t.Expires.Format(time.RFC3339)).Hinted("Create the order again: a ticket can be confirmed for %s.", TicketLife)
		case Pending:
		}
		if mine.Approver == "operator" && !c.Operator {
			return fault.E(op, fault.Forbidden, "ticket %s is for a live account: a person must approve it on the machine", id).
				Hinted("Ask the operator to run: quantdesk approve %s", id)
		}
		if !mine.intact() {
			return fault.E(op, fault.Conflict, "ticket %s is not what was proposed", id).Hinted("Create the order again.")
		}
		use, err := a.admit(ctx, &mine, a.replaced(&mine))
		if err != nil {
			d.cfg.Journal.Append(Batch{Notes: []Note{{Trace: c.Trace, Kind: "refused", User: c.User, Subject: mine.ID, Body: map[string]any{"text": fault.As(err).Message}}}})
			return err
		}
		d.cfg.Probe("confirm.admitted")
		if wait, err = a.commitTicket(c, &mine, use); err != nil {
			return err
		}
		d.mu.Lock()
		*t = mine
		d.mu.Unlock()
		land = &landing{done: make(chan struct{})}
		a.landing[id] = land
		return nil
	})
	if err != nil {
		return nil, d.copyOf(t), err
	}
	switch {
	case wait != nil:
		d.cfg.Probe("confirm.appended")
		if err := a.land(land, &mine, wait()); err != nil {
			return nil, Ticket{}, err
		}
		d.cfg.Probe("confirm.durable")
		a.send(ctx, &mine)
		d.cfg.Probe("confirm.sent")
	case land != nil: // another caller's confirmation is being written
		select {
		case <-land.done:
			if land.err != nil {
				return nil, Ticket{}, land.err
			}
		case <-ctx.Done():
			return nil, Ticket{}, ctx.Err()
		case <-a.ended:
			return nil, Ticket{}, stopping()
		}
	}
	orders, err := a.settled(ctx, &mine)
	return orders, d.copyOf(t), err
}

// land tells everyone who waits for a confirmation whether it is on disk. After
// a failure the ticket is what the disk says: pending, most likely.
func (a *account) land(l *landing, t *Ticket, err error) error {
	if err == nil {
		_ = a.do(context.Background(), func() error { delete(a.landing, t.ID); return nil })
		close(l.done)
		return nil
	}
	a.desk.forget(t.ID)
	l.err = a.failed(err)
	for _, leg := range t.Legs {
		a.release(leg.Order.ID)
	}
	close(l.done)
	return l.err
}

// copyOf gives a ticket to work on, with legs of its own.
func (d *Desk) copyOf(t *Ticket) Ticket {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := *t
	c.Legs = slices.Clone(t.Legs)
	return c
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

func (d *Desk) forget(id string) {
	d.mu.Lock()
	delete(d.tickets, id)
	d.mu.Unlock()
}

// refresh reckons the costs of a ticket anew; its orders stay exactly as they
// were proposed.
func (d *Desk) refresh(ctx context.Context, a *account, t *Ticket) error {
	const op = "order.Confirm"
	bal, err := a.broker.Balances(ctx, a.info.ID)
	if err != nil {
		return brokerFault(op, err)
	}
	for i := range t.Legs {
		l := &t.Legs[i]
		in, ok := d.prices(l.Order.Account).Lookup(l.Order.Symbol)
		if !ok {
			return fault.E(op, fault.NotFound, "there is no instrument %q any more", l.Order.Symbol)
		}
		q, err := d.prices(l.Order.Account).Quote(ctx, in.Symbol)
		if err != nil {
			return fault.Wrap(op, fault.Unavailable, err, "there is no price for %s", in.Symbol)
		}
		rate, err := d.prices(l.Order.Account).Rate(ctx, in.Currency, bal.Currency)
		if err != nil {
			return fault.Wrap(op, fault.Unavailable, err, "there is no rate from %s to %s", in.Currency, bal.Currency)
		}
		if _, err := d.checkHours(l.Order, in); err != nil {
			return err
		}
		l.Price = reckonPrice(l.Order, q)
		l.Notional = in.Notional(l.Price, l.Order.Remaining()).Mul(rate)
	}
	if t.Kind != KindReplace {
		return d.estimate(ctx, a, t, bal)
	}
	old, err := d.order(ctx, a, t.Legs[0].Order.ID)
	if err != nil {
		return err
	}
	return d.estimateReplace(ctx, a, t, old, bal)
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
		// A ticket read from the journal does not tell whose its orders are.
		o.Status, o.Updated, o.User = trade.Submitted, now, t.User
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
	t.State = Confirmed
	batch.Tickets = []Ticket{*t}
	by := c.User
	if c.Operator {
		by = "operator"
	}
	batch.Notes = []Note{{Trace: c.Trace, Kind: "confirmed", User: c.User, Subject: t.ID, Body: map[string]any{"by": by, "digest": t.Digest, "orders": len(t.Legs)}}}
	return d.cfg.Journal.Append(batch), nil
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
	ended := map[string]trade.Order{} // told as ended, so there is nothing to read again
	for _, p := range waiting {
	next:
		for {
			select {
			case o := <-p.ch:
				if o.Status.Terminal() {
					ended[o.ID] = o
				}
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
		o, told := ended[l.Order.ID]
		if !told {
			var err error
			if o, err = a.desk.order(context.WithoutCancel(ctx), a, l.Order.ID); err != nil {
				return nil, err
			}
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
