package order

import (
	"context"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/trade"
)

// reconcile decides every order whose answer may have been lost: journal on one
// side, the venue's list on the other, joined by client id. Nothing that may
// have been sent is sent again. It runs at start and after each break, before
// events are followed; the steps it gives call the venue and are taken once
// events flow.
func (a *account) reconcile(ctx context.Context) (steps []func(), err error) {
	var open []trade.Order
	intents := map[string]SentIntent{}
	if err := a.do(ctx, func() error {
		for _, o := range a.orders {
			if a.sent[o.ID] == nil { // not under way in this process
				open = append(open, *o)
			}
		}
		for id, in := range a.intents {
			intents[id] = in
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if len(open) == 0 {
		return nil, nil
	}
	since := open[0].Created
	for _, o := range open {
		if o.Created.Before(since) {
			since = o.Created
		}
	}
	call, cancel := context.WithTimeout(ctx, a.desk.cfg.CallTimeout)
	defer cancel()
	book, err := a.broker.Book(call, a.info.ID, since.Add(-time.Minute))
	if err != nil {
		return nil, err
	}
	venue := map[string]trade.Order{}
	for _, o := range book.Orders {
		venue[o.ID] = o
	}
	a.desk.cfg.Probe("reconcile.book")
	for _, o := range open {
		if _, there := venue[o.ID]; there {
			continue // its events say what became of it
		}
		in, pending := intents[o.ID]
		switch {
		case !pending && o.Status != trade.Unknown:
			// The venue answered once and no longer lists it.
			if book.Complete {
				a.resolve(o.ID, trade.Unknown, nil, "the venue no longer lists this order: an operator must decide")
			}
		case pending && in.State == IntentRecorded:
			steps = append(steps, a.unsent(ctx, o, venue)...)
		case book.Complete:
			a.resolve(o.ID, trade.Rejected, &VenueError{Code: "not_received", Text: "the venue's complete list does not have this order"}, "never reached the venue; it was not sent again")
		default:
			a.resolve(o.ID, trade.Unknown, nil, "the answer was lost and the venue's list is not complete: an operator must decide")
		}
	}
	steps = append(steps, a.protect(ctx, open, venue)...)
	more, err := a.repeatCancels(ctx, intents, venue)
	return append(steps, more...), err
}

// unsent ends or sends a leg that is known never to have been sent: an exit is
// sent when its entry has filled, to protect what filled; anything else is
// dropped, since its time and price have passed.
func (a *account) unsent(ctx context.Context, o trade.Order, venue map[string]trade.Order) []func() {
	parent, there := venue[o.ParentID]
	if o.ParentID == "" || !there || parent.Filled.IsZero() {
		a.drop(o.ID, "the desk stopped before this order was sent; it was not sent afterwards")
		return nil
	}
	return []func(){func() {
		if err := a.mark(o.ID, IntentSending); err != nil {
			a.desk.log.Error("exit not sent: journal", "order_id", o.ID, "err", err)
			return
		}
		_ = a.place(ctx, o)
	}}
}

// protect cancels an entry that works at the venue while one of its exits never
// got there: it must not fill unprotected.
func (a *account) protect(ctx context.Context, open []trade.Order, venue map[string]trade.Order) (steps []func()) {
	done := map[string]bool{}
	for _, o := range open {
		parent, there := venue[o.ParentID]
		if o.ParentID == "" || !there || done[o.ParentID] || parent.Status.Terminal() {
			continue
		}
		if _, at := venue[o.ID]; at {
			continue
		}
		done[o.ParentID] = true
		steps = append(steps, func() {
			if err := a.cancel(ctx, o.ParentID, o.Trace, "its exits did not reach the venue"); err != nil {
				a.desk.log.Error("unprotected entry not cancelled", "order_id", o.ParentID, "err", err)
			}
		})
	}
	return steps
}

// repeatCancels asks again for cancels whose answer was lost: cancelling twice
// is harmless. A lost replacement is decided by the revision the venue shows.
func (a *account) repeatCancels(ctx context.Context, intents map[string]SentIntent, venue map[string]trade.Order) (steps []func(), err error) {
	for _, in := range intents {
		v, there := venue[in.OrderID]
		if !there || v.Status.Terminal() {
			continue
		}
		switch in.Kind {
		case IntentCancel:
			steps = append(steps, func() {
				if err := a.broker.Cancel(ctx, a.info.ID, in.OrderID); err != nil {
					a.desk.log.Warn("cancel not repeated", "order_id", in.OrderID, "err", err)
				}
			})
		case IntentReplace:
			if err := a.settleReplace(ctx, in, v); err != nil {
				return steps, err
			}
		case IntentPlace:
		}
	}
	return steps, nil
}

// settleReplace ends a replacement whose answer was lost: the venue shows either
// the new revision or the old.
func (a *account) settleReplace(ctx context.Context, in SentIntent, v trade.Order) error {
	var wait func() error
	err := a.do(ctx, func() error {
		o := a.orders[in.OrderID]
		if o == nil {
			return nil
		}
		cur, ok := a.intents[in.ID]
		if !ok {
			return nil
		}
		cur.State, cur.Updated = IntentDropped, a.desk.cfg.Now().UTC()
		if v.Revision >= in.Revision {
			cur.State = IntentDone
			o.Revision, o.Quantity = v.Revision, v.Quantity
			o.LimitPrice, o.StopPrice, o.TrailAmount, o.TrailPercent = v.LimitPrice, v.StopPrice, v.TrailAmount, v.TrailPercent
		}
		delete(a.intents, in.ID)
		if o.Status.CanBecome(v.Status) {
			o.Status = v.Status
		}
		o.Updated = cur.Updated
		wait = a.desk.cfg.Journal.Append(Batch{Orders: []trade.Order{*o}, Intents: []SentIntent{cur}, Notes: []Note{{
			Trace: o.Trace, Kind: "reconciled", User: o.User, Subject: o.ID, Body: map[string]any{"intent": in.ID, "venue_revision": v.Revision, "state": cur.State},
		}}})
		return nil
	})
	if err != nil || wait == nil {
		return err
	}
	return wait()
}

// Decide lets the operator say what became of an order whose answer was lost:
// cancelled or rejected (it is not at the venue), or working (it is).
func (d *Desk) Decide(ctx context.Context, c Caller, id string, to trade.Status) (trade.Order, error) {
	const op = "order.Decide"
	if !c.Operator {
		return trade.Order{}, fault.E(op, fault.Forbidden, "only a person at the machine decides an unknown order")
	}
	o, a, err := d.find(ctx, c, id)
	if err != nil {
		return o, err
	}
	if o.Status != trade.Unknown {
		return o, fault.E(op, fault.Conflict, "order %s is %s, not unknown", id, o.Status)
	}
	if to != trade.Cancelled && to != trade.Rejected && to != trade.Working {
		return o, fault.E(op, fault.Invalid, "an unknown order can be decided as working, cancelled or rejected, not %s", to)
	}
	a.resolve(id, to, nil, "decided by the operator")
	return d.order(ctx, a, id)
}
