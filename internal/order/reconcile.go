package order

import (
	"context"
	"fmt"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/trade"
)

const (
	// notReceived is the code of an order that a venue's complete list lacks.
	notReceived = "not_received"
	byOperator  = "decided by the operator"
)

// reconcile decides every order whose answer may have been lost: journal on one
// side, the venue's list on the other, joined by client id. Nothing that may
// have been sent is sent again. It runs at start, after each break and after a
// lost answer; the steps it gives call the venue and are taken once events flow.
// The caller holds settling.
func (a *account) reconcile(ctx context.Context) (steps []func() error, err error) {
	var open []trade.Order
	intents := map[string]SentIntent{}
	if err := a.do(ctx, func() error {
		for _, o := range a.orders {
			if a.sent[o.ID] == nil && !o.Status.Terminal() { // not under way in this process
				open = append(open, *o)
			}
		}
		for id, in := range a.intents {
			if a.sent[in.OrderID] == nil {
				intents[id] = in
			}
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
	replacing := map[string]bool{} // settleReplace decides those
	for _, in := range intents {
		replacing[in.OrderID] = replacing[in.OrderID] || in.Kind == IntentReplace
	}
	missing := map[string][]trade.Order{} // exits that are not at the venue, by what is
	for _, o := range open {
		v, there := venue[o.ID]
		in, pending := intents[o.ID]
		anchor, belongs := anchorOf(o, venue)
		var err error
		switch {
		case there && o.Status == trade.Unknown && !v.Status.Terminal() && !replacing[o.ID]:
			err = a.resolveIf(o.ID, v.Status, nil, "the venue's list has it", stays(trade.Unknown))
		case there: // its events say what became of it
		case !pending && o.Status != trade.Unknown:
			// The venue answered once and no longer lists it.
			if book.Complete {
				err = a.resolveIf(o.ID, trade.Unknown, nil, "the venue no longer lists this order: an operator must decide", stays(o.Status))
			}
		case !pending: // the operator decides
		case belongs:
			missing[anchor] = append(missing[anchor], o)
		case in.State == IntentRecorded && (book.Complete || o.ParentID == ""):
			err = a.drop(o.ID, "the desk stopped before this order was sent; it was not sent afterwards")
		case book.Complete:
			err = a.resolve(o.ID, trade.Rejected, absent(), "never reached the venue; it was not sent again")
		case in.State != IntentRecorded:
			err = a.resolve(o.ID, trade.Unknown, nil, "the answer was lost and the venue's list is not complete: an operator must decide")
		}
		if err != nil {
			return nil, err
		}
	}
	a.desk.cfg.Probe("reconcile.decided")
	for anchor, exits := range missing {
		steps = append(steps, func() error { return a.guard(ctx, venue[anchor], exits, intents, book.Complete) })
	}
	more, err := a.repeatCancels(ctx, intents, venue)
	return append(steps, more...), err
}

func stays(s trade.Status) func(*trade.Order) bool {
	return func(o *trade.Order) bool { return o.Status == s }
}

func absent() *VenueError {
	return &VenueError{Code: notReceived, Text: "the venue's complete list does not have this order"}
}

// anchorOf finds the order at the venue that an exit belongs to: its entry, or
// the other exit of its pair.
func anchorOf(o trade.Order, venue map[string]trade.Order) (string, bool) {
	if o.ParentID != "" {
		_, there := venue[o.ParentID]
		return o.ParentID, there
	}
	if o.Group != "" {
		for id, v := range venue {
			if v.Group == o.Group && !v.Status.Terminal() {
				return id, true
			}
		}
	}
	return "", false
}

// guard sees to exits that are not at the venue while the order they belong to
// is. Where something has filled, or the other exit of a pair stands alone, they
// are sent after all, since what is held needs them. An entry that still works
// is cancelled first: until it has ended its exits stay undecided, so that a
// crash in between finds them again.
func (a *account) guard(ctx context.Context, v trade.Order, exits []trade.Order, intents map[string]SentIntent, complete bool) error {
	pair := v.ID != exits[0].ParentID
	protected := pair || v.Filled.Sign() > 0
	if protected {
		if err := a.protect(ctx, exits, intents, complete); err != nil {
			return err
		}
	}
	if pair || v.Status.Terminal() && protected {
		return nil
	}
	if !v.Status.Terminal() {
		if err := a.cancel(ctx, v.ID, exits[0].Trace, "its exits did not reach the venue"); err != nil && fault.CodeOf(err) != fault.Conflict {
			return fmt.Errorf("unprotected entry %s not cancelled: %w", v.ID, err)
		}
		o, err := a.desk.order(ctx, a, v.ID)
		if err != nil {
			return err
		}
		if !o.Status.Terminal() {
			return fmt.Errorf("unprotected entry %s is %s after its cancel", v.ID, o.Status)
		}
		v = o
	}
	switch {
	case protected:
		return nil
	case v.Filled.Sign() > 0: // between the list and the cancel
		return a.protect(ctx, exits, intents, complete)
	}
	for _, x := range exits {
		var err error
		switch {
		case intents[x.ID].State == IntentRecorded:
			err = a.drop(x.ID, "the desk stopped before this order was sent, and its entry ended without a fill")
		case complete:
			err = a.resolve(x.ID, trade.Rejected, absent(), "never reached the venue, and its entry ended without a fill")
		default:
			err = a.resolve(x.ID, trade.Unknown, nil, "the answer was lost and the venue's list is not complete: an operator must decide")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// protect sends exits that were never sent. For one that may have been, and of
// which the venue's complete list proves that it did not arrive, another is sent
// in its stead: no id goes out twice.
func (a *account) protect(ctx context.Context, exits []trade.Order, intents map[string]SentIntent, complete bool) error {
	for _, x := range exits {
		if intents[x.ID].State != IntentRecorded {
			if !complete {
				continue
			}
			next, err := a.replaceLost(x)
			if err != nil {
				return err
			}
			if next.ID == "" {
				continue // an event was first
			}
			x = next
		}
		a.desk.cfg.Probe("protect.before")
		if err := a.mark(x.ID); err != nil {
			return err
		}
		if err := a.place(ctx, x); err != nil && refusal(err) == nil {
			return err
		}
	}
	return nil
}

// replaceLost ends an exit that never arrived and records its stand-in, in one
// unit.
func (a *account) replaceLost(x trade.Order) (next trade.Order, err error) {
	var wait func() error
	var ended trade.Order
	err = a.do(context.Background(), func() error {
		o, in := a.orders[x.ID], a.intents[x.ID]
		if o == nil || o.Status.Terminal() || in.ID == "" {
			return nil
		}
		next = *o
		base, n := o.ID, 0
		if i := strings.LastIndex(base, ".s"); i >= 0 {
			_, _ = fmt.Sscanf(base[i:], ".s%d", &n) // what is no number counts from zero
			base = base[:i]
		}
		next.ID = fmt.Sprintf("%s.s%d", base, n+1)
		now := a.desk.cfg.Now().UTC()
		next.Status, next.VenueCode, next.VenueText, next.Created, next.Updated = trade.Submitted, "", "", now, now
		next.Reason = "stands in for " + o.ID + ", which never reached the venue"
		b := a.decide(o, trade.Rejected, absent(), "never reached the venue; "+next.ID+" was sent in its stead")
		intent := SentIntent{ID: next.ID, OrderID: next.ID, Account: a.info.ID, Kind: IntentPlace, State: IntentRecorded, Order: next, Created: now, Updated: now}
		b.Orders, b.Intents = append(b.Orders, next), append(b.Intents, intent)
		wait = a.desk.cfg.Journal.Append(b)
		ended = *o
		stored := next
		a.orders[next.ID], a.intents[next.ID] = &stored, intent
		return nil
	})
	if err != nil || wait == nil {
		return next, err
	}
	if err := wait(); err != nil {
		return next, a.failed(err)
	}
	return next, a.do(context.Background(), func() error {
		a.forgetEnded(&ended)
		a.notify(ended)
		return nil
	})
}

// repeatCancels asks again for cancels whose answer was lost: cancelling twice
// is harmless. A lost replacement is decided by the revision the venue shows.
func (a *account) repeatCancels(ctx context.Context, intents map[string]SentIntent, venue map[string]trade.Order) (steps []func() error, err error) {
	for _, in := range intents {
		v, there := venue[in.OrderID]
		if !there || v.Status.Terminal() {
			continue
		}
		switch in.Kind {
		case IntentCancel:
			steps = append(steps, func() error {
				call, stop := context.WithTimeout(ctx, a.desk.cfg.CallTimeout)
				defer stop()
				err := a.broker.Cancel(call, a.info.ID, in.OrderID)
				if no := refusal(err); no != nil {
					if no.Code == AlreadyDone {
						return nil
					}
					return a.cancelRefused(in, trade.Working, no)
				}
				return err
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
		delete(a.held, in.ID)
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
	if err := wait(); err != nil {
		return a.failed(err)
	}
	return nil
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
	if err := a.resolveIf(id, to, nil, byOperator, stays(trade.Unknown)); err != nil {
		return o, err
	}
	return d.order(ctx, a, id)
}
