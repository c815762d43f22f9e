package desktest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/risk"
	"quantdesk/internal/trade"
)

func TestClientRef(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	p := single(trade.Buy, "1", "90")
	p.ClientRef = "mine"
	first := b.propose(ann, p)
	if again := b.propose(ann, p); again.ID != first.ID {
		t.Errorf("the same reference gave tickets %s and %s", first.ID, again.ID)
	}
	// A person who proposes for ann's account means ann's reference.
	if again := b.propose(person, p); again.ID != first.ID {
		t.Errorf("the operator's repetition gave ticket %s; want %s", again.ID, first.ID)
	}
	other := single(trade.Buy, "2", "90")
	other.ClientRef = "mine"
	_, err := b.desk.Propose(context.Background(), ann, other)
	refused(t, err, fault.Conflict)
	for _, ref := range []string{strings.Repeat("x", 129), "a\nb"} {
		other.ClientRef = ref
		_, err := b.desk.Propose(context.Background(), ann, other)
		refused(t, err, fault.Invalid)
	}
	b.confirm(ann, first.ID)
	if again := b.propose(ann, p); again.ID != first.ID || again.State != order.Confirmed {
		t.Errorf("after confirmation: ticket %s is %s; want %s confirmed", again.ID, again.State, first.ID)
	}
	b.restart(nil)
	if again := b.propose(ann, p); again.ID != first.ID {
		t.Errorf("after a restart: ticket %s; want %s", again.ID, first.ID)
	}
}

func TestClientRefAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	for round := range 5 {
		p := single(trade.Buy, "1", "90")
		p.ClientRef = string(rune('a' + round))
		ids := make([]string, 16)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				ticket, err := b.desk.Propose(context.Background(), ann, p)
				if err != nil {
					t.Errorf("propose: %v", err)
				}
				ids[i] = ticket.ID
				if ticket.Digest == "" {
					t.Error("a ticket without a digest")
				}
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("one reference, tickets %v", ids)
			}
		}
	}
	if list, err := b.desk.Pending(context.Background(), ann); err != nil || len(list) != 5 {
		t.Errorf("%d tickets pend, %v; want 5", len(list), err)
	}
}

func TestDoubleConfirm(t *testing.T) {
	t.Parallel()
	sent := &counted{}
	b := start(t, setup{wrap: func(v order.Broker) order.Broker { sent.Broker = v; return sent }})
	ticket := b.propose(ann, single(trade.Buy, "5", ""))
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			orders, _, err := b.desk.Confirm(context.Background(), ann, ticket.ID)
			if err != nil || len(orders) != 1 || orders[0].ID != ticket.Legs[0].Order.ID {
				t.Errorf("confirm: %v, %v", orders, err)
			}
		})
		all.Go(func() { // looking on meanwhile
			if _, err := b.desk.Ticket(context.Background(), ann, ticket.ID); err != nil {
				t.Errorf("ticket: %v", err)
			}
		})
	}
	all.Wait()
	o := b.becomes(ticket.Legs[0].Order.ID, trade.Filled)
	if n := sent.times("place " + o.ID); n != 1 || len(b.book("A1")) != 1 {
		t.Errorf("sent %d times, %d orders at the venue; want 1 and 1", n, len(b.book("A1")))
	}
	b.restart(nil)
	if again := b.confirm(ann, ticket.ID); again[0].ID != o.ID || again[0].Status != trade.Filled {
		t.Errorf("confirmed after a restart: %s %s; want %s filled", again[0].ID, again[0].Status, o.ID)
	}
	if len(b.book("A1")) != 1 {
		t.Errorf("%d orders at the venue; want 1", len(b.book("A1")))
	}
}

func TestSomebodyElse(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ctx := context.Background()
	ticket := b.propose(ann, single(trade.Buy, "1", "90"))
	_, _, err := b.desk.Confirm(ctx, bob, ticket.ID)
	refused(t, err, fault.NotFound)
	_, err = b.desk.Discard(ctx, bob, ticket.ID)
	refused(t, err, fault.NotFound)
	_, err = b.desk.Ticket(ctx, bob, ticket.ID)
	refused(t, err, fault.NotFound)
	_, err = b.desk.Propose(ctx, bob, single(trade.Buy, "1", "90"))
	refused(t, err, fault.NotFound)
	o := b.confirm(ann, ticket.ID)[0]
	for range 2 { // from memory, and from the journal
		_, err = b.desk.Order(ctx, bob, o.ID)
		refused(t, err, fault.NotFound)
		_, err = b.desk.Cancel(ctx, bob, o.ID)
		refused(t, err, fault.NotFound)
		_, err = b.desk.ProposeReplace(ctx, bob, order.Change{OrderID: o.ID, Quantity: dec("2")})
		refused(t, err, fault.NotFound)
		b.restart(nil)
	}
	list, err := b.desk.Orders(ctx, bob, order.OrderFilter{})
	if err != nil || len(list) != 0 {
		t.Errorf("bob sees %d orders, %v", len(list), err)
	}
	if asked, err := b.desk.CancelAll(ctx, bob); err != nil || len(asked) != 0 {
		t.Errorf("bob cancelled %v, %v", asked, err)
	}
	if got := b.order(o.ID); got.Status != trade.Working || got.User != "ann" {
		t.Errorf("order is %s of %q; want working of ann", got.Status, got.User)
	}
}

// clock is a wall clock that is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	wall := &clock{now: time.Now()}
	b := start(t, setup{now: wall.Now})
	ctx := context.Background()
	early, late := b.propose(ann, single(trade.Buy, "1", "90")), b.propose(ann, single(trade.Buy, "1", "91"))
	wall.add(order.TicketLife - time.Nanosecond)
	b.confirm(ann, early.ID)
	wall.add(time.Nanosecond)
	for range 2 {
		_, _, err := b.desk.Confirm(ctx, ann, late.ID)
		refused(t, err, fault.Expired)
		if got, err := b.desk.Ticket(ctx, ann, late.ID); err != nil || got.State != order.Expired {
			t.Errorf("ticket is %s, %v; want expired", got.State, err)
		}
		if list, err := b.desk.Pending(ctx, ann); err != nil || len(list) != 0 {
			t.Errorf("%d tickets pend, %v; want none", len(list), err)
		}
		b.desk.Sweep()
		b.restart(nil)
	}
	// What was confirmed in time stays confirmed.
	wall.add(time.Hour)
	if got := b.confirm(ann, early.ID); got[0].Status != trade.Working {
		t.Errorf("order is %s; want working", got[0].Status)
	}
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ctx := context.Background()
	ticket := b.propose(ann, single(trade.Buy, "1", "90"))
	if got, err := b.desk.Discard(ctx, ann, ticket.ID); err != nil || got.State != order.Discarded {
		t.Fatalf("discard: %s, %v", got.State, err)
	}
	for range 2 {
		_, _, err := b.desk.Confirm(ctx, ann, ticket.ID)
		refused(t, err, fault.Conflict)
		b.restart(nil)
	}
	done := b.propose(ann, single(trade.Buy, "1", "90"))
	b.confirm(ann, done.ID)
	_, err := b.desk.Discard(ctx, ann, done.ID)
	refused(t, err, fault.Conflict)
	if len(b.book("A1")) != 1 {
		t.Errorf("%d orders at the venue; want 1", len(b.book("A1")))
	}
}

func TestPendingSurvivesRestart(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	p := in("A1", exits(wish("AAPL", trade.Buy, "3", "99"), "110", "90"))
	// A price that is zero with digits is stored as none.
	p.Wishes[0].StopPrice = dec("0.00")
	ticket := b.propose(ann, p)
	b.restart(nil)
	if list, err := b.desk.Pending(context.Background(), ann); err != nil || len(list) != 1 || list[0].ID != ticket.ID {
		t.Fatalf("pending after a restart: %v, %v", list, err)
	}
	orders := b.confirm(ann, ticket.ID)
	if len(orders) != 3 {
		t.Fatalf("%d orders; want 3", len(orders))
	}
	b.restart(nil)
	for _, o := range orders {
		if got, err := b.desk.Order(context.Background(), ann, o.ID); err != nil || got.Status != trade.Working {
			t.Errorf("order %s is %s, %v; want working and ann's", o.ID, got.Status, err)
		}
	}
}

// TestDayLimits confirms more at once than the day allows.
func TestDayLimits(t *testing.T) {
	t.Parallel()
	tight := func(change func(*risk.Limits)) func() risk.Policy {
		return func() risk.Policy {
			p := risk.Default()
			change(&p.Limits)
			return p
		}
	}
	for _, tt := range []struct {
		name   string
		policy func() risk.Policy
	}{
		{"max_day_orders", tight(func(l *risk.Limits) { l.MaxDayOrders = 5 })},
		{"max_day_quantity", tight(func(l *risk.Limits) { l.MaxDayQuantity = num.FromInt(50) })},
		{"max_day_notional", tight(func(l *risk.Limits) { l.MaxDayNotional = num.FromInt(4_750) })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, setup{policy: tt.policy})
			var tickets []order.Ticket
			for range 12 { // each fits alone
				tickets = append(tickets, b.propose(ann, single(trade.Buy, "10", "95")))
			}
			var all sync.WaitGroup
			var mu sync.Mutex
			var yes int
			for _, ticket := range tickets {
				all.Go(func() {
					_, _, err := b.desk.Confirm(context.Background(), ann, ticket.ID)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						yes++
						return
					}
					if f := refused(t, err, fault.RiskRefused); f.Detail["rule"] != tt.name {
						t.Errorf("rule %v; want %s", f.Detail["rule"], tt.name)
					}
				})
			}
			all.Wait()
			if yes != 5 || len(b.book("A1")) != 5 {
				t.Errorf("%d confirmed, %d at the venue; want 5", yes, len(b.book("A1")))
			}
			b.restart(nil) // what was used today is not forgotten
			_, err := b.desk.Propose(context.Background(), ann, single(trade.Buy, "10", "95"))
			refused(t, err, fault.RiskRefused)
		})
	}
}

// TestBuyingPower confirms more at once than the account can pay: the desk
// refuses what does not fit, so the venue never has to.
func TestBuyingPower(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	var tickets []order.Ticket
	for range 16 { // each takes about a fifth of what 100,000 can buy on margin
		tickets = append(tickets, b.propose(ann, single(trade.Buy, "400", "99")))
	}
	var all sync.WaitGroup
	for _, ticket := range tickets {
		all.Go(func() {
			if _, _, err := b.desk.Confirm(context.Background(), ann, ticket.ID); err != nil {
				refused(t, err, fault.InsufficientBuyingPower)
			}
		})
	}
	all.Wait()
	var taken int
	for _, o := range b.book("A1") {
		if o.Status == trade.Rejected {
			t.Errorf("the venue had to refuse %s: %s", o.ID, o.VenueText)
		}
		taken++
	}
	bal, err := b.venue.Balances(context.Background(), "A1")
	if err != nil || bal.BuyingPower.Sign() < 0 || taken == 0 || taken == 16 {
		t.Errorf("%d orders taken, buying power %s, %v", taken, bal.BuyingPower, err)
	}
}
