package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/trade"
)

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
	asked, err := d.cfg.Journal.Intents(ctx, id)
	if err != nil {
		return err
	}
	n := 1 // of this cancel among those of the order
	for _, in := range asked {
		n += boolInt(in.Kind == IntentCancel)
	}
	var wait func() error
	var ch chan trade.Order
	var in SentIntent
	var before trade.Status
	err = a.do(ctx, func() error {
		o := a.orders[id]
		if o == nil || o.Status.Terminal() {
			return fault.E("order.Cancel", fault.Conflict, "order %s has ended already", id).Hinted("Call get_order for how it ended.")
		}
		now := d.cfg.Now().UTC()
		before = o.Status
		if o.Status.CanBecome(trade.PendingCancel) {
			o.Status = trade.PendingCancel
		}
		o.Reason, o.Updated = why, now
		for a.intents[fmt.Sprintf("%s.c%d", id, n)].ID != "" {
			n++
		}
		in = SentIntent{ID: fmt.Sprintf("%s.c%d", id, n), OrderID: id, Account: a.info.ID, Kind: IntentCancel, Revision: o.Revision, State: IntentSending, Order: *o, Created: now, Updated: now}
		a.intents[in.ID] = in
		wait = d.cfg.Journal.Append(Batch{Orders: []trade.Order{*o}, Intents: []SentIntent{in}, Notes: []Note{{Trace: trace, Kind: "cancel", User: o.User, Subject: id, Body: map[string]any{"reason": why, "intent": in.ID}}}})
		ch = a.watch(id)
		return nil
	})
	if err != nil {
		return err
	}
	defer func() { _ = a.do(ctx, func() error { a.unwatch(id, ch); return nil }) }()
	d.cfg.Probe("cancel.appended")
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
		return errors.Join(brokerFault("order.Cancel", err), a.cancelRefused(in, before, v))
	case err != nil && v == nil:
		a.settleLater()
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

// cancelRefused takes a cancel back that the venue refused: the order is as it
// was before.
func (a *account) cancelRefused(in SentIntent, before trade.Status, v *VenueError) error {
	var wait func() error
	err := a.do(context.Background(), func() error {
		if _, waits := a.intents[in.ID]; !waits {
			return nil // an event was first
		}
		delete(a.intents, in.ID)
		in.State, in.Updated = IntentRefused, a.desk.cfg.Now().UTC()
		b := Batch{Intents: []SentIntent{in}}
		if o := a.orders[in.OrderID]; o != nil {
			if before == trade.PendingCancel || before == trade.Working {
				before = atWork(*o) // what it was is not known, or it has filled since
			}
			if o.Status == trade.PendingCancel && before.AtVenue() {
				o.Status = before
			}
			o.Reason = "the venue refused the cancel: " + v.Text
			o.VenueCode, o.VenueText, o.Updated = v.Code, v.Text, in.Updated
			b.Orders = []trade.Order{*o}
			b.Notes = []Note{{Trace: o.Trace, Kind: "order", User: o.User, Subject: o.ID, Body: map[string]any{"status": o.Status, "reason": o.Reason, "venue_code": v.Code}}}
			a.notify(*o)
		}
		wait = a.desk.cfg.Journal.Append(b)
		return nil
	})
	if err != nil || wait == nil {
		return err
	}
	if err := wait(); err != nil {
		return a.failed(err)
	}
	return nil
}
