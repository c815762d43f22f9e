package order

import (
	"context"
	"fmt"

	"quantdesk/internal/trade"
)

// send hands a ticket's orders to the broker, parents before children. It does
// not end with the caller: an order on disk is sent even if nobody waits.
func (a *account) send(ctx context.Context, t *Ticket) {
	ctx = context.WithoutCancel(ctx)
	if t.Kind == KindReplace {
		a.sendReplace(ctx, t)
		return
	}
	defer func() { // legs that were not placed are not under way any more
		for _, l := range t.Legs {
			a.release(l.Order.ID)
		}
	}()
	refused := map[string]bool{}
	for i, l := range t.Legs {
		o := l.Order
		if refused[o.ParentID] {
			_ = a.drop(o.ID, "its entry was refused") // logged; decided at the next reconciliation
			continue
		}
		if i > 0 {
			if err := a.mark(o.ID); err != nil {
				a.desk.log.Error("leg not sent: journal", "order_id", o.ID, "err", err)
				a.settleLater() // the rest stays recorded until the disk takes a decision
				return
			}
		}
		err := a.place(ctx, o)
		if refusal(err) != nil {
			refused[o.ID] = true
		}
		if err != nil && refusal(err) == nil {
			// Lost answer. What belongs to this order waits for what became of
			// it; the rest of the ticket is not sent.
			for _, x := range t.Legs[i+1:] {
				if !family(o, x.Order) {
					_ = a.drop(x.Order.ID, "not sent: the answer to an order before it was lost") // logged; decided later
				}
			}
			a.settleLater()
			return
		}
	}
}

// family tells whether two legs are of one bracket or one pair of exits.
func family(o, x trade.Order) bool {
	return x.ParentID == o.ID || x.ParentID != "" && x.ParentID == o.ParentID || x.Group != "" && x.Group == o.Group
}

// place calls the broker for one order, once its intent is on disk as sending,
// and closes its sent channel.
func (a *account) place(ctx context.Context, o trade.Order) error {
	d := a.desk
	call, cancel := context.WithTimeout(ctx, d.cfg.CallTimeout)
	defer cancel()
	d.cfg.Probe("place.before")
	_, err := a.broker.Place(call, o)
	d.cfg.Probe("place.after")
	if v := refusal(err); v != nil {
		_ = a.resolve(o.ID, trade.Rejected, v, v.Text) // logged; the venue's event says the same
	} else if err != nil {
		d.log.Warn("answer to an order was lost", "order_id", o.ID, "err", err)
		_ = a.resolve(o.ID, trade.Unknown, nil, "the broker's answer was lost; it is never sent again") // logged; so it is in the journal
	}
	a.release(o.ID)
	return err
}

// drop ends an order that was never sent.
func (a *account) drop(id, why string) error { return a.resolve(id, trade.Cancelled, nil, why) }

// resolve writes a decision about an order that did not come as a venue event.
// Where an event was first, nothing is left to decide.
func (a *account) resolve(id string, to trade.Status, v *VenueError, why string) error {
	return a.resolveIf(id, to, v, why, func(*trade.Order) bool {
		_, waits := a.intents[id]
		return waits
	})
}

// resolveIf is resolve for an order that still is as ok wants it.
func (a *account) resolveIf(id string, to trade.Status, v *VenueError, why string, ok func(*trade.Order) bool) error {
	var wait func() error
	var decided trade.Order
	err := a.do(context.Background(), func() error {
		o := a.orders[id]
		if o == nil || o.Status == to || !o.Status.CanBecome(to) || !ok(o) {
			return nil
		}
		b := a.decide(o, to, v, why)
		wait = a.desk.cfg.Journal.Append(b)
		decided = *o
		return nil
	})
	if err == nil && wait != nil {
		a.desk.cfg.Probe("resolve.appended")
		if err = wait(); err != nil {
			err = a.failed(err)
		} else {
			_ = a.do(context.Background(), func() error { // the desk is stopping otherwise
				a.forgetEnded(&decided)
				a.notify(decided)
				return nil
			})
		}
		a.desk.cfg.Probe("resolve.durable")
	}
	if err != nil {
		a.desk.log.Error("decision not written", "order_id", id, "status", to, "err", err)
	}
	return err
}

// decide changes an order in memory and gives the batch that says so.
func (a *account) decide(o *trade.Order, to trade.Status, v *VenueError, why string) Batch {
	now := a.desk.cfg.Now().UTC()
	o.Status, o.Reason, o.Updated = to, why, now
	if v != nil {
		o.VenueCode, o.VenueText = v.Code, v.Text
	}
	b := Batch{Orders: []trade.Order{*o}, Notes: []Note{{Trace: o.Trace, Kind: "order", User: o.User, Subject: o.ID, Body: map[string]any{"status": to, "reason": why, "venue_code": o.VenueCode}}}}
	for id, in := range a.intents {
		if in.OrderID != o.ID || to == trade.Unknown || !to.Terminal() && in.Kind != IntentPlace {
			continue
		}
		in.State, in.Updated = IntentDropped, now
		switch {
		case !to.Terminal():
			in.State = IntentDone // it is at the venue
		case v != nil && in.Kind == IntentPlace:
			in.State = IntentRefused
		}
		b.Intents = append(b.Intents, in)
		delete(a.intents, id)
		delete(a.held, id)
	}
	return b
}

// forgetEnded forgets an order that has ended, unless the venue has brought it
// back since.
func (a *account) forgetEnded(o *trade.Order) {
	if now := a.orders[o.ID]; now != nil && now.Status.Terminal() {
		delete(a.orders, o.ID)
		delete(a.held, o.ID)
	}
}

// mark makes a recorded intent one that is being sent, durably, before the venue
// hears of it. It fails for an intent that was sent or decided before.
func (a *account) mark(id string) error {
	var wait func() error
	err := a.do(context.Background(), func() error {
		in, ok := a.intents[id]
		if !ok || in.State != IntentRecorded {
			return fmt.Errorf("the intent %s does not wait to be sent", id)
		}
		in.State, in.Updated = IntentSending, a.desk.cfg.Now().UTC()
		a.intents[id] = in
		wait = a.desk.cfg.Journal.Append(Batch{Intents: []SentIntent{in}})
		return nil
	})
	if err != nil {
		return err
	}
	a.desk.cfg.Probe("mark.appended")
	if err := wait(); err != nil {
		return a.failed(err)
	}
	a.desk.cfg.Probe("mark.durable")
	return nil
}
