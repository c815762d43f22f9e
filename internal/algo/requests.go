package algo

import (
	"time"

	"quantdesk/internal/num"
)

// Update changes an open order.
func (e *Engine) Update(t *Ticket, u UpdateFields) Response {
	o := t.Order
	s := e.Securities.Get(o.Symbol)
	u.Time = e.utc
	refused := func(r Response) Response {
		u.Response = r
		t.Updates = append(t.Updates, u)
		return r
	}
	if t.invalid || e.tickets[o.ID] == nil {
		return refuse("UnableToFindOrder", "Unable to locate order with id %d.", o.ID)
	}
	quantity := o.Quantity
	if u.Quantity != nil {
		quantity = *u.Quantity
	}
	switch {
	case e.Warming:
		return refused(refuse("AlgorithmWarmingUp", "This operation is not allowed in Initialize or during warm up: OrderRequest.Update. Please move this code to the OnWarmupFinished() method."))
	case o.Status == New:
		return refused(refuse("InvalidNewOrderStatus", "Unable to update order with id %d and status New.", o.ID))
	case o.Status.Closed() && !u.tagOnly():
		return refused(refuse("InvalidOrderStatus", "Unable to update order with id %d because it already has %s.", o.ID, o.Status))
	case u.Quantity != nil && u.Quantity.IsZero():
		return refused(refuse("OrderQuantityZero", "Unable to update order with id %d that has zero quantity.", o.ID))
	case quantity.Sign() < 0 && !e.shortable(s, quantity, o.ID):
		return refused(e.tooShort(s, o.Quantity))
	}
	t.Updates = append(t.Updates, u)
	at := len(t.Updates) - 1
	e.later(func() {
		r := refuse("InvalidOrderStatus", "Unable to update order with id %d because it already has %s.", o.ID, o.Status)
		if !o.Status.Closed() || u.tagOnly() {
			r = e.update(t, &t.Updates[at])
		}
		r.Done = true
		t.Updates[at].Response = r
	})
	return Response{}
}

// later queues a request. Requests are carried out in the order they came, at
// the next submission or at the end of the step, as LEAN's backtests do: a
// handler that asks from within an event is not called again before it is done.
func (e *Engine) later(request func()) { e.requests = append(e.requests, request) }

func (e *Engine) drain() {
	for len(e.requests) > 0 {
		next := e.requests[0]
		e.requests = e.requests[1:]
		next()
	}
}

func (e *Engine) update(t *Ticket, u *UpdateFields) Response {
	o := t.Order
	s := e.Securities.Get(o.Symbol)
	closed := o.Status.Closed()
	o.Quantity = o.Quantity.Sub(o.Quantity.Rem(s.Properties.Lot))
	ok, why, err := e.Brokerage.CanUpdate(s, o, u)
	if err != nil {
		e.fail(err)
	}
	if !ok {
		r := refuse("BrokerageModelRefusedToUpdateOrder", "OrderID: %d %s", o.ID, why)
		e.Errorf("%s", r.Message)
		e.handle([]*OrderEvent{e.NewOrderEvent(o, "BrokerageModel declared unable to update order")})
		return r
	}
	next := *o
	apply(&next, u)
	if !closed {
		ok, why, err := s.Power.Sufficient(s, &next)
		if err != nil {
			return refuse("ProcessingError", "An error occurred while checking sufficient buying power for the orders.")
		}
		if !ok {
			r := refuse("BrokerageFailedToUpdateOrder", "Brokerage failed to update order with id: %d, Symbol: %s, Insufficient buying power to complete order, Reason: %s", o.ID, o.Symbol, why)
			e.Errorf("%s", r.Message)
			e.handle([]*OrderEvent{e.NewOrderEvent(o, r.Message)})
			return r
		}
	}
	apply(o, u)
	e.roundPrices(o, s)
	if closed {
		return Response{}
	}
	ev := e.NewOrderEvent(o, "")
	ev.Status = UpdateSubmitted
	e.handle([]*OrderEvent{ev})
	return Response{}
}

func apply(o *Order, u *UpdateFields) {
	set := func(to *num.Decimal, v *num.Decimal) {
		if v != nil {
			*to = *v
		}
	}
	set(&o.Quantity, u.Quantity)
	set(&o.LimitPrice, u.LimitPrice)
	set(&o.StopPrice, u.StopPrice)
	set(&o.TriggerPrice, u.TriggerPrice)
	set(&o.Trailing, u.Trailing)
	if u.Tag != nil {
		o.Tag = *u.Tag
	}
}

// Cancel cancels an open order; tag replaces the order's unless it is nil.
func (e *Engine) Cancel(t *Ticket, tag *string) Response {
	o := t.Order
	if t.invalid || e.tickets[o.ID] == nil {
		return refuse("UnableToFindOrder", "Unable to locate order with id %d.", o.ID)
	}
	if t.Cancel != nil && !t.Cancel.Failed() {
		return refuse("InvalidRequest", "Cancellation is already in progress.")
	}
	if tag != nil {
		o.Tag = *tag
	}
	set := func(r Response) Response { t.Cancel = &r; return r }
	switch {
	case o.Status == New:
		return set(refuse("InvalidNewOrderStatus", "Unable to cancel order with id %d and status New.", o.ID))
	case o.Status.Closed():
		return set(refuse("InvalidOrderStatus", "Unable to cancel order with id %d because it already has %s.", o.ID, o.Status))
	case e.Warming:
		return set(refuse("AlgorithmWarmingUp", "This operation is not allowed in Initialize or during warm up: OrderRequest.Cancel. Please move this code to the OnWarmupFinished() method."))
	}
	o.Status = CancelPending
	e.handle([]*OrderEvent{e.NewOrderEvent(o, "")})
	done := set(Response{})
	e.later(func() {
		if !o.Status.Closed() {
			e.unpend(t)
			ev := e.NewOrderEvent(o, "")
			ev.Status = Canceled
			e.handle([]*OrderEvent{ev})
			if tag != nil {
				o.Tag = *tag
			}
		}
		t.Cancel.Done = true
	})
	return done
}

// roundTrip prints a moment as .NET's round-trip format does.
func roundTrip(utc int64) string {
	return time.Unix(0, utc).UTC().Format("2006-01-02T15:04:05.0000000Z")
}

// CancelOpen cancels the open orders of a symbol, or of all when it is nil.
func (e *Engine) CancelOpen(of *Symbol, tag *string) (out []*Ticket) {
	if of == nil {
		word := "Canceled by CancelOpenOrders() at " + roundTrip(e.utc)
		tag = &word
	}
	for _, t := range e.OpenTickets(of) {
		e.Cancel(t, tag)
		out = append(out, t)
	}
	return out
}

func (e *Engine) unpend(t *Ticket) {
	for i, p := range e.pending {
		if p == t {
			e.pending = append(e.pending[:i:i], e.pending[i+1:]...)
			return
		}
	}
}
