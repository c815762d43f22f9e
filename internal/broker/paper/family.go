package paper

import (
	"fmt"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// Exits follow their entry: an exit sleeps until the entry fills, then may
// execute as much as the entry has filled, less what the exits of its group have
// already closed. When the entry ends, so does what of the exits it can no longer
// cover. Legs of one group compete: what one fills, the others lose. A change of
// what works of a leg is told as EventAccepted with the new quantity, at the
// same revision.

// parent finds the entry of an exit that is being placed.
func (t *turn) parent(a *account, o trade.Order) (*entry, *order.VenueError) {
	p := a.open[o.ParentID]
	if p == nil {
		for e, owner := range t.touched { // ended within this turn
			if owner == a && e.order().ID == o.ParentID {
				p = e
			}
		}
	}
	if _, ended := a.ended[o.ParentID]; p == nil && ended {
		var err error
		if p, err = t.b.store.find(t.ctx, a.id, o.ParentID); err != nil {
			t.err = fmt.Errorf("read order %s: %w", o.ParentID, err)
		}
	}
	if p == nil {
		return nil, refuse("unknown_parent", "there is no order %q to follow", o.ParentID)
	}
	if po := p.order(); po.Status.Terminal() && po.Filled.IsZero() {
		return nil, refuse("parent_ended", "order %s ended as %s without a fill, so there is nothing to exit", po.ID, po.Status)
	}
	return p, nil
}

// join brings a new leg in line with what its group and its entry have done
// before it came.
func (t *turn) join(a *account, e, parent *entry) {
	o := e.order()
	if o.Group != "" {
		legs, err := t.b.store.group(t.ctx, a.id, o.Group)
		if err != nil {
			t.err = fmt.Errorf("read group %s: %w", o.Group, err)
			return
		}
		latest := map[string]*entry{}
		for _, leg := range legs {
			latest[leg.order().ID] = leg
		}
		for leg, owner := range t.touched {
			if owner == a && leg.order().Group == o.Group {
				latest[leg.order().ID] = leg
			}
		}
		delete(latest, o.ID)
		taken, done := num.Zero, false
		for _, leg := range latest {
			taken = taken.Add(leg.order().Filled)
			done = done || leg.order().Status == trade.Filled
		}
		if done || taken.Sign() > 0 {
			t.lose(a, e, taken, done)
		}
	}
	if parent != nil && !o.Status.Terminal() && parent.order().Status.Terminal() {
		t.settle(a, e)
	}
}

// siblingFilled takes from the other legs of the group what one has filled.
func (t *turn) siblingFilled(a *account, e *entry, quantity num.Decimal) {
	for _, leg := range a.groups[e.order().Group] {
		if leg != e && !leg.order().Status.Terminal() {
			t.lose(a, leg, quantity, e.order().Status == trade.Filled)
		}
	}
}

// lose lowers a leg by what others of its group have filled.
func (t *turn) lose(a *account, leg *entry, quantity num.Decimal, done bool) {
	o := leg.order()
	leg.covered = leg.covered.Add(quantity)
	left := o.Quantity.Sub(quantity)
	if done || left.Cmp(o.Filled) <= 0 {
		t.end(a, leg, trade.Cancelled, "oco: another leg filled")
		return
	}
	o.Quantity = left
	leg.refresh()
	t.emit(a, leg, order.Event{Kind: order.EventAccepted})
}

// entryFilled wakes the exits of an order for what it has filled.
func (t *turn) entryFilled(a *account, e *entry, quantity num.Decimal) {
	for _, exit := range a.children[e.order().ID] {
		exit.entryFilled = exit.entryFilled.Add(quantity)
		exit.refresh()
		t.touched[exit] = a
		t.dirty[exit.order().Symbol] = true
	}
}

// entryEnded cuts the exits of an ended order down to what it filled.
func (t *turn) entryEnded(a *account, e *entry) {
	for _, exit := range a.children[e.order().ID] {
		if !exit.order().Status.Terminal() {
			t.settle(a, exit)
		}
	}
}

// settle limits an exit to what its ended entry left to close.
func (t *turn) settle(a *account, exit *entry) {
	o := exit.order()
	left := exit.uncovered()
	switch {
	case left.Sign() <= 0:
		t.end(a, exit, trade.Cancelled, "its entry ended with nothing left to exit")
	case left.Less(o.Remaining()):
		o.Quantity = o.Filled.Add(left)
		exit.refresh()
		t.emit(a, exit, order.Event{Kind: order.EventAccepted})
	}
}

// entryResized keeps exits that covered the whole of an order covering it after
// a replacement.
func (t *turn) entryResized(a *account, e *entry, before num.Decimal) {
	now := e.order().Quantity
	if now.Equal(before) {
		return
	}
	for _, exit := range a.children[e.order().ID] {
		o := exit.order()
		if o.Quantity.Add(exit.covered).Equal(before) {
			o.Quantity = o.Quantity.Add(now.Sub(before))
			exit.refresh()
			t.emit(a, exit, order.Event{Kind: order.EventAccepted})
		}
	}
}
