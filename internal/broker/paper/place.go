package paper

import (
	"errors"
	"fmt"

	"quantdesk/internal/match"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// refuse makes the venue's definite no.
func refuse(code, format string, args ...any) *order.VenueError {
	return &order.VenueError{Code: code, Text: fmt.Sprintf(format, args...)}
}

// venueID is the venue's own name of an order.
func venueID(number int64) string { return fmt.Sprintf("P-%d", number) }

// handle works one message out in the books.
func (t *turn) handle(m message) answer {
	a := t.b.accounts[m.order.Account]
	if a == nil {
		return answer{err: refuse("unknown_account", "there is no account %q", m.order.Account)}
	}
	f, faulty := t.b.cfg.Faults.call(m.call, t.symbolOf(a, m))
	if faulty && f.Kind == faultDisconnect {
		return answer{err: errors.New("the connection to the paper venue broke before the message arrived (scripted)")}
	}
	var x answer
	switch m.call {
	case callPlace:
		x = t.place(a, m.order, f)
	case callReplace:
		x = t.replace(a, m.order)
	case callCancel:
		x = t.cancel(a, m.order.ID)
	}
	if faulty && f.Kind == faultLostAnswer {
		return answer{err: errors.New("the connection to the paper venue broke before the answer arrived (scripted)")}
	}
	if faulty && f.Kind == faultLateAck {
		x.delay = f.delay()
	}
	return x
}

// symbolOf is the instrument a message is about, for scripted faults.
func (t *turn) symbolOf(a *account, m message) string {
	if e := a.open[m.order.ID]; e != nil {
		return e.order().Symbol
	}
	return m.order.Symbol
}

// known answers for an id the account has, as it was answered the first time.
func (a *account) known(id string) (answer, bool) {
	if e := a.open[id]; e != nil {
		return answer{ack: order.Ack{VenueID: venueID(e.number), Status: trade.Working}}, true
	}
	v, ok := a.ended[id]
	if v.code != "" {
		return answer{err: &order.VenueError{Code: v.code, Text: v.text}}, ok
	}
	return answer{ack: order.Ack{VenueID: venueID(v.number), Status: trade.Working}}, ok
}

// place takes an order in, or records its refusal.
func (t *turn) place(a *account, o trade.Order, f Fault) answer {
	if o.ID == "" {
		return answer{err: refuse("bad_order", "the order has no id")}
	}
	if x, ok := a.known(o.ID); ok {
		return x
	}
	t.b.number++
	now := t.now()
	wall := utc(t.b.cfg.Now())
	o.User, o.VenueCode, o.VenueText, o.Reason = "", "", "", ""
	o.Filled, o.AvgPrice, o.Fees = num.Zero, num.Zero, num.Zero
	o.VenueID, o.Created, o.Updated, o.GoodTill = venueID(t.b.number), wall, wall, utc(o.GoodTill)
	o.Status = trade.Working
	e := &entry{w: match.Working{Order: o, Placed: now}, number: t.b.number}

	var parent *entry
	var no *order.VenueError
	if f.Kind == faultReject {
		no = refuse(f.Code, "%s", f.Text)
	}
	if no == nil {
		no = t.check(e.order())
	}
	if no == nil && o.ParentID != "" {
		parent, no = t.parent(a, o)
	}
	if no == nil && parent == nil {
		no = t.afford(a, e.order())
	}
	if no != nil {
		r := e.order()
		r.Status, r.VenueCode, r.VenueText, r.Reason = trade.Rejected, no.Code, no.Text, no.Text
		a.ended[r.ID] = verdict{number: e.number, code: no.Code, text: no.Text}
		t.emit(a, e, order.Event{Kind: order.EventRejected})
		return answer{err: no}
	}

	cal, err := t.market.Calendar(o.Symbol)
	if err != nil || cal == nil { // check has seen it a moment ago
		return answer{err: fmt.Errorf("calendar of %s: %w", o.Symbol, err)}
	}
	e.w.Expires = utc(match.Expiry(e.order(), cal, now))
	if parent != nil {
		e.entryFilled = parent.order().Filled
	}
	t.track(a, o.Symbol)
	t.b.add(a, e)
	e.refresh()
	t.emit(a, e, order.Event{Kind: order.EventAccepted})
	if f.Kind == faultDuplicateAck {
		t.emit(a, e, order.Event{Kind: order.EventAccepted})
	}
	t.join(a, e, parent)
	t.dirty[o.Symbol] = true
	// An ioc order is decided before the next message of the same turn, so that
	// the order of arrival holds for everyone.
	t.matchAll()
	return answer{ack: order.Ack{VenueID: venueID(e.number), Status: trade.Working}}
}

// replace changes a working order's quantity and prices.
func (t *turn) replace(a *account, n trade.Order) answer {
	e := a.open[n.ID]
	if e == nil {
		return answer{err: t.absent(a, n.ID, "replaced")}
	}
	o := e.order()
	ack := answer{ack: order.Ack{VenueID: o.VenueID, Status: o.Status}}
	same := n.Quantity.Equal(o.Quantity) && n.LimitPrice.Equal(o.LimitPrice) && n.StopPrice.Equal(o.StopPrice) &&
		n.TrailAmount.Equal(o.TrailAmount) && n.TrailPercent.Equal(o.TrailPercent)
	if n.Revision < o.Revision || n.Revision == o.Revision && same {
		return ack
	}
	changed := *o
	changed.Quantity, changed.LimitPrice, changed.StopPrice = n.Quantity, n.LimitPrice, n.StopPrice
	changed.TrailAmount, changed.TrailPercent, changed.Revision = n.TrailAmount, n.TrailPercent, n.Revision
	var no *order.VenueError
	switch {
	case n.Revision != o.Revision+1:
		no = refuse("stale_revision", "the order is at revision %d: a replacement must be revision %d, not %d", o.Revision, o.Revision+1, n.Revision)
	case n.Quantity.Cmp(o.Filled) <= 0:
		no = refuse("bad_quantity", "quantity %s is the new total and %s has filled", n.Quantity, o.Filled)
	default:
		if no = t.check(&changed); no == nil && o.ParentID == "" {
			no = t.afford(a, &changed)
		}
	}
	if no != nil {
		ev := order.Event{Kind: order.EventReplaceFail, Order: *o}
		ev.Order.VenueCode, ev.Order.VenueText = no.Code, no.Text
		t.emitAs(a, e, ev)
		return answer{err: no}
	}
	before := o.Quantity
	if !n.TrailAmount.Equal(o.TrailAmount) || !n.TrailPercent.Equal(o.TrailPercent) {
		e.w.TrailStop = num.Zero // a new distance starts from the market as it is
	}
	*o = changed
	e.refresh()
	t.emit(a, e, order.Event{Kind: order.EventReplaced})
	t.entryResized(a, e, before)
	t.dirty[o.Symbol] = true
	t.matchAll()
	return ack
}

// cancel ends a working order.
func (t *turn) cancel(a *account, id string) answer {
	e := a.open[id]
	if e == nil {
		return answer{err: t.absent(a, id, "cancelled")}
	}
	t.end(a, e, trade.Cancelled, "cancelled on request")
	return answer{}
}

// absent says why an order that is not at work cannot be changed.
func (t *turn) absent(a *account, id, what string) *order.VenueError {
	if _, ok := a.ended[id]; ok {
		return refuse(order.AlreadyDone, "order %s has ended and cannot be %s", id, what)
	}
	return refuse("unknown_order", "there is no order %q", id)
}

// afford refuses what the account has no margin for, and shorts of what is not
// lent. Orders that open nothing always pass, so an account in trouble can close
// its positions.
func (t *turn) afford(a *account, o *trade.Order) *order.VenueError {
	claims := t.claims(a, o.ID)
	quantity := o.Remaining()
	in, _ := t.instrument(o.Symbol)
	if o.Side == trade.Sell && !in.Shortable {
		c := t.claim(o, quantity, a.currency)
		c.Quantity, c.Price, c.Rates = quantity, num.One, match.MarginRates(in.Class)
		var same []match.Claim
		for _, x := range claims {
			if x.Symbol == o.Symbol && x.Side == o.Side {
				x.Price, x.Rates = num.One, c.Rates
				same = append(same, x)
			}
		}
		if match.Reserved(same, a.ledger.Quantity).Less(match.Reserved(append(same, c), a.ledger.Quantity)) {
			return refuse("not_shortable", "%s cannot be sold short: %s is held, less what other orders sell", o.Symbol, a.ledger.Quantity(o.Symbol))
		}
	}
	if _, priced := t.reckon(o); !priced {
		return refuse("no_price", "there is no price for %s to reckon the order at", o.Symbol)
	}
	x := t.cost(a.ledger, claims, o, quantity, t.b.cfg.Fees)
	if x.needs.Sign() > 0 && x.after.Sign() < 0 {
		return refuse("insufficient_buying_power", "the order needs %s %s of margin and %s of fees; buying power falls short by %s", x.needs.Rescale(2), a.currency, x.fee.Rescale(2), x.after.Neg().Rescale(2))
	}
	return nil
}

// claims lists what the account's working orders ask of its margin, but for one
// order; oldest first.
func (t *turn) claims(a *account, but string) []match.Claim {
	list := make([]working, 0, len(a.open))
	for _, e := range a.open {
		list = append(list, working{order: e.order(), number: e.number, active: e.w.Active})
	}
	return t.claimsOf(list, but, a.currency)
}
