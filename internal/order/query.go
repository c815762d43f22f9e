package order

import (
	"context"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/trade"
)

// Pending lists the caller's tickets that can still be confirmed, newest first.
func (d *Desk) Pending(ctx context.Context, c Caller) ([]Ticket, error) {
	stored, err := d.cfg.Journal.PendingTickets(ctx, c.User)
	if err != nil {
		return nil, err
	}
	out := make([]Ticket, 0, len(stored))
	for _, t := range stored {
		if t = d.fresh(t); t.State == Pending {
			out = append(out, t)
		}
	}
	return out, nil
}

// fresh gives the ticket as it stands now: what memory knows of it, and expired
// when its time is over.
func (d *Desk) fresh(t Ticket) Ticket {
	d.mu.Lock()
	if known := d.tickets[t.ID]; known != nil {
		t = *known
		t.Legs = slices.Clone(t.Legs)
	}
	d.mu.Unlock()
	t.State = d.state(&t)
	return t
}

// Discard drops a pending ticket.
func (d *Desk) Discard(ctx context.Context, c Caller, id string) (Ticket, error) {
	t, as, err := d.ticket(ctx, c, id)
	if err != nil {
		return Ticket{}, err
	}
	info, ok, err := d.cfg.Directory.Account(ctx, as.Account)
	if err != nil || !ok {
		return Ticket{}, err
	}
	a, err := d.open(ctx, info)
	if err != nil {
		return Ticket{}, err
	}
	var wait func() error
	var dropped Ticket
	err = a.do(ctx, func() error {
		switch s := d.state(t); s {
		case Confirmed:
			return fault.E("order.Discard", fault.Conflict, "ticket %s was confirmed already", id).Hinted("Cancel its order with cancel_order.")
		case Pending, Expired, Discarded:
		}
		d.mu.Lock()
		t.State = Discarded
		d.mu.Unlock()
		dropped = d.copyOf(t)
		wait = d.cfg.Journal.Append(Batch{Tickets: []Ticket{dropped}, Notes: []Note{{Trace: c.Trace, Kind: "discarded", User: c.User, Subject: id}}})
		return nil
	})
	if err != nil {
		return Ticket{}, err
	}
	if err := wait(); err != nil {
		d.forget(id) // it is what the disk says
		return Ticket{}, a.failed(err)
	}
	return dropped, nil
}

// Order gives one order of the caller.
func (d *Desk) Order(ctx context.Context, c Caller, id string) (trade.Order, error) {
	o, _, err := d.find(ctx, c, id)
	return o, err
}

// Orders lists orders of the caller as the journal has them, newest first.
func (d *Desk) Orders(ctx context.Context, c Caller, f OrderFilter) ([]trade.Order, error) {
	f.User = c.User
	return d.cfg.Journal.Orders(ctx, f)
}

// Transactions lists the ledger lines of one of the caller's accounts, newest
// first.
func (d *Desk) Transactions(ctx context.Context, c Caller, f TransactionFilter) ([]trade.Transaction, error) {
	a, err := d.AccountFor(ctx, c, f.Account)
	if err != nil {
		return nil, err
	}
	f.Account = a.ID
	return d.cfg.Journal.Transactions(ctx, f)
}

// Sweep forgets tickets that ended, so that memory does not grow; call it now
// and then.
func (d *Desk) Sweep() {
	now := d.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, t := range d.tickets {
		if t.State != Pending || now.Sub(t.Expires) > time.Minute {
			delete(d.tickets, id)
		}
	}
}

// Ticket gives what is known of a ticket to the caller it is bound to.
func (d *Desk) Ticket(ctx context.Context, c Caller, id string) (Ticket, error) {
	_, as, err := d.ticket(ctx, c, id)
	if err != nil {
		return Ticket{}, err
	}
	return d.fresh(as), nil
}

// OpenAccount starts an account that was just connected.
func (d *Desk) OpenAccount(ctx context.Context, a Account) error {
	_, err := d.open(ctx, a)
	return err
}

// Working counts the orders that have not ended, over all accounts.
func (d *Desk) Working(ctx context.Context) (n int) {
	for _, a := range d.running() {
		_ = a.do(ctx, func() error {
			for _, o := range a.orders {
				if o.Status.AtVenue() {
					n++
				}
			}
			return nil
		})
	}
	return n
}
