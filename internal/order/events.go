package order

import (
	"context"
	"time"

	"quantdesk/internal/trade"
)

// follow keeps the account in step with its venue: reconcile, then fold events
// as they come; when the stream breaks, wait and do both again.
func (a *account) follow(ctx context.Context) {
	pause := 100 * time.Millisecond
	for ctx.Err() == nil {
		if steps, err := a.reconcile(ctx); err != nil {
			a.desk.log.Warn("not reconciled", "account", a.info.ID, "err", err)
		} else {
			a.once.Do(func() { close(a.ready) })
			a.desk.wg.Go(func() {
				for _, step := range steps {
					step()
				}
			})
			started := time.Now()
			err := a.broker.Events(ctx, a.info.ID, a.at(ctx), func(batch []Event) error { return a.fold(ctx, batch) })
			if ctx.Err() != nil {
				return
			}
			a.desk.log.Warn("event stream ended", "account", a.info.ID, "err", err)
			if time.Since(started) > time.Minute {
				pause = 100 * time.Millisecond
			}
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, 10*time.Second)
		case <-ctx.Done():
		}
	}
}

// settleLost asks the venue for its list, some time after an answer was lost,
// until nothing is unknown that the list can decide.
func (a *account) settleLost(run context.Context) {
	pause := a.desk.cfg.SettleWait
	for range 8 {
		select {
		case <-time.After(pause):
		case <-run.Done():
			return
		}
		steps, err := a.reconcile(run)
		if err == nil {
			for _, step := range steps {
				step()
			}
			return
		}
		pause = min(2*pause, time.Minute)
	}
}

// at is the cursor to go on from.
func (a *account) at(ctx context.Context) (cursor int64) {
	_ = a.do(ctx, func() error { cursor = a.cursor; return nil })
	return cursor
}

// fold takes a batch of venue events into orders, fills and transactions, with
// the cursor in the same durable unit. An event at or before the cursor has been
// folded already and is passed over.
func (a *account) fold(ctx context.Context, events []Event) error {
	var wait func() error
	var touched []trade.Order
	err := a.do(ctx, func() error {
		b := Batch{CursorAccount: a.info.ID}
		changed := map[string]bool{}
		for _, e := range events {
			if e.Seq <= a.cursor {
				continue
			}
			a.cursor = e.Seq
			a.foldOne(ctx, e, &b, changed)
		}
		b.Cursor = a.cursor
		for id := range changed {
			o := a.orders[id]
			b.Orders = append(b.Orders, *o)
			touched = append(touched, *o)
		}
		wait = a.desk.cfg.Journal.Append(b)
		for i := range touched {
			a.forgetEnded(&touched[i])
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.desk.cfg.Probe("fold.appended")
	if err := wait(); err != nil {
		return a.failed(err)
	}
	a.desk.cfg.Probe("fold.durable")
	return a.do(ctx, func() error {
		for _, o := range touched {
			a.notify(o)
		}
		return nil
	})
}

func (a *account) foldOne(ctx context.Context, e Event, b *Batch, changed map[string]bool) {
	now := a.desk.cfg.Now().UTC()
	b.Transactions = append(b.Transactions, e.Transactions...)
	if e.Kind == EventLedger {
		b.Notes = append(b.Notes, Note{Kind: "ledger", User: a.info.User, Subject: a.info.ID, Body: map[string]any{"seq": e.Seq, "lines": len(e.Transactions)}})
		return
	}
	o := a.orders[e.Order.ID]
	if o == nil {
		o = a.unknownOrder(ctx, e, now)
	}
	if e.Fill != nil {
		b.Fills = append(b.Fills, *e.Fill)
	}
	a.apply(o, e, now)
	changed[o.ID] = true
	delete(a.held, o.ID)
	for id, in := range a.intents {
		if in.OrderID == o.ID && answered(in, e, o) {
			in.State, in.Updated = IntentDone, now
			if e.Kind == EventRejected || e.Kind == EventReplaceFail || e.Kind == EventCancelFail {
				in.State = IntentRefused
			}
			b.Intents = append(b.Intents, in)
			delete(a.intents, id)
		}
	}
	body := map[string]any{"seq": e.Seq, "event": e.Kind, "status": o.Status, "venue_order_id": o.VenueID}
	if e.Fill != nil {
		body["fill_id"], body["quantity"], body["price"] = e.Fill.ID, e.Fill.Quantity, e.Fill.Price
	}
	if e.Order.VenueText != "" {
		body["venue_code"], body["venue_text"] = e.Order.VenueCode, e.Order.VenueText
	}
	b.Notes = append(b.Notes, Note{Trace: o.Trace, Kind: "venue_event", User: o.User, Subject: o.ID, Body: body})
}

// answered tells whether an event settles an intent.
func answered(in SentIntent, e Event, o *trade.Order) bool {
	switch in.Kind {
	case IntentPlace:
		return true // any word on the order proves that the venue has it
	case IntentReplace:
		return o.Revision >= in.Revision || e.Kind == EventReplaceFail || o.Status.Terminal()
	case IntentCancel:
		return e.Kind == EventCancelFail || o.Status.Terminal()
	}
	return false
}

// unknownOrder finds an order that is not in memory: one that ended before a
// late event, or one placed past the desk, which is recorded as observed.
func (a *account) unknownOrder(ctx context.Context, e Event, now time.Time) *trade.Order {
	stored, ok, err := a.desk.cfg.Journal.Order(ctx, e.Order.ID)
	if err != nil || !ok {
		stored = e.Order
		stored.Account, stored.User, stored.Created = a.info.ID, a.info.User, now
		stored.Reason = "observed: not placed through the desk"
		stored.Status = trade.Submitted
	}
	a.orders[stored.ID] = &stored
	return &stored
}

// apply moves an order to what the venue says. The state machine keeps a late or
// doubled event from reviving an ended order; quantities only grow.
func (a *account) apply(o *trade.Order, e Event, now time.Time) {
	v := e.Order
	if v.VenueID != "" {
		o.VenueID = v.VenueID
	}
	if o.Filled.Less(v.Filled) {
		o.Filled, o.AvgPrice, o.Fees = v.Filled, v.AvgPrice, v.Fees
	}
	switch e.Kind {
	case EventReplaced:
		if v.Revision > o.Revision {
			o.Revision, o.Quantity = v.Revision, v.Quantity
			o.LimitPrice, o.StopPrice, o.TrailAmount, o.TrailPercent = v.LimitPrice, v.StopPrice, v.TrailAmount, v.TrailPercent
		}
	case EventReplaceFail, EventCancelFail, EventRejected:
		o.VenueCode, o.VenueText = v.VenueCode, v.VenueText
	case EventFill, EventAccepted:
		// A venue may change what works of an order: an exit follows its entry.
		if v.Quantity.Sign() > 0 && o.Role != trade.Single && v.Revision == o.Revision {
			o.Quantity = v.Quantity
		}
	}
	to := v.Status
	if !to.Terminal() {
		for _, in := range a.intents {
			// A request still under way shows as such until it is answered.
			if in.OrderID == o.ID && in.State == IntentSending && !answered(in, e, o) {
				switch in.Kind {
				case IntentCancel:
					to = trade.PendingCancel
				case IntentReplace:
					to = trade.PendingReplace
				}
			}
		}
	}
	if o.Status != to && o.Status.CanBecome(to) {
		o.Status = to
		if v.Reason != "" {
			o.Reason = v.Reason
		} else if to == trade.Rejected {
			o.Reason = v.VenueText
		}
	}
	o.Updated = now
}
