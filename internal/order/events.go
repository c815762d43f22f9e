package order

import (
	"context"
	"errors"
	"time"

	"quantdesk/internal/trade"
)

// follow keeps the account in step with its venue: reconcile, then fold events
// as they come; when the stream breaks, wait and do both again.
func (a *account) follow(ctx context.Context) {
	pause := 100 * time.Millisecond
	for ctx.Err() == nil {
		a.settling.Lock()
		if steps, err := a.reconcile(ctx); err != nil {
			a.settling.Unlock()
			a.desk.log.Warn("not reconciled", "account", a.info.ID, "err", err)
		} else {
			a.once.Do(func() { close(a.ready) })
			a.desk.wg.Go(func() {
				defer a.settling.Unlock()
				if err := a.take(steps); err != nil && ctx.Err() == nil {
					a.desk.log.Warn("not settled", "account", a.info.ID, "err", err)
					a.settleLater()
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

// take calls the venue as a reconciliation asked for.
func (a *account) take(steps []func() error) error {
	var errs []error
	for _, step := range steps {
		a.desk.cfg.Probe("reconcile.step")
		errs = append(errs, step())
	}
	return errors.Join(errs...)
}

// settleLater asks the venue for its list, some time after an answer was lost,
// and again until everything the list can decide is decided.
func (a *account) settleLater() {
	a.desk.mu.Lock()
	run := a.desk.runCtx
	a.desk.mu.Unlock()
	if run.Err() != nil || !a.due.CompareAndSwap(false, true) {
		return
	}
	a.desk.wg.Go(func() {
		for pause := a.desk.cfg.SettleWait; ; pause = min(2*pause, time.Minute) {
			select {
			case <-time.After(pause):
			case <-run.Done():
				return
			}
			a.due.Store(false) // what is lost from now on asks anew
			err := a.settle(run)
			if err == nil || run.Err() != nil {
				return
			}
			a.desk.log.Warn("not settled", "account", a.info.ID, "err", err)
			if !a.due.CompareAndSwap(false, true) {
				return // somebody else goes on
			}
		}
	})
}

// settle reconciles and takes the steps.
func (a *account) settle(ctx context.Context) error {
	a.settling.Lock()
	defer a.settling.Unlock()
	steps, err := a.reconcile(ctx)
	return errors.Join(err, a.take(steps))
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
			if err := a.foldOne(ctx, e, &b, changed); err != nil {
				a.broken = true
				return err
			}
		}
		b.Cursor = a.cursor
		for id := range changed {
			o := a.orders[id]
			b.Orders = append(b.Orders, *o)
			touched = append(touched, *o)
		}
		wait = a.desk.cfg.Journal.Append(b)
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
		for i := range touched {
			// Only now: until it is on disk, memory alone knows how it ended.
			a.forgetEnded(&touched[i])
			a.notify(touched[i])
		}
		return nil
	})
}

func (a *account) foldOne(ctx context.Context, e Event, b *Batch, changed map[string]bool) error {
	now := a.desk.cfg.Now().UTC()
	b.Transactions = append(b.Transactions, e.Transactions...)
	if e.Kind == EventLedger {
		b.Notes = append(b.Notes, Note{Kind: "ledger", User: a.info.User, Subject: a.info.ID, Body: map[string]any{"seq": e.Seq, "lines": len(e.Transactions)}})
		return nil
	}
	o := a.orders[e.Order.ID]
	if o == nil {
		var err error
		if o, err = a.unknownOrder(ctx, e, now); err != nil {
			return err
		}
	}
	if o.Status.Terminal() && (o.VenueCode == notReceived || o.Reason == byOperator) {
		// It was decided without the venue, which knows better.
		o.Status, o.VenueCode, o.VenueText, o.Reason = trade.Unknown, "", "", "the venue told of it after it was decided without the venue"
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
			delete(a.held, id)
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
	return nil
}

// answered tells whether an event settles an intent.
func answered(in SentIntent, e Event, o *trade.Order) bool {
	switch in.Kind {
	case IntentPlace:
		return true // any word on the order proves that the venue has it
	case IntentReplace:
		// A revision that came with EventAccepted is the venue's own.
		return o.Revision >= in.Revision && e.Kind != EventAccepted || e.Kind == EventReplaceFail || o.Status.Terminal()
	case IntentCancel:
		return e.Kind == EventCancelFail || o.Status.Terminal()
	}
	return false
}

// unknownOrder finds an order that is not in memory: one that ended before a
// late event, or one placed past the desk, which is recorded as observed.
func (a *account) unknownOrder(ctx context.Context, e Event, now time.Time) (*trade.Order, error) {
	stored, ok, err := a.desk.cfg.Journal.Order(ctx, e.Order.ID)
	if err != nil {
		return nil, err
	}
	if !ok {
		stored = e.Order
		stored.Account, stored.User, stored.Created = a.info.ID, a.info.User, now
		stored.Reason = "observed: not placed through the desk"
		stored.Status = trade.Submitted
	}
	a.orders[stored.ID] = &stored
	return &stored, nil
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
		// A venue may change what works of an order: an exit follows its entry,
		// and a split revises every order.
		switch {
		case e.Kind == EventAccepted && v.Revision > o.Revision:
			o.Revision, o.Quantity = v.Revision, v.Quantity
			o.LimitPrice, o.StopPrice, o.TrailAmount, o.TrailPercent = v.LimitPrice, v.StopPrice, v.TrailAmount, v.TrailPercent
		case v.Quantity.Sign() > 0 && o.Role != trade.Single && v.Revision == o.Revision:
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
