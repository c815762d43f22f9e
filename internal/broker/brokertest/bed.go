package brokertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// Harness opens venues for the suite.
type Harness struct {
	// Open gives a fresh venue on the market, at work, with an empty account in
	// USD that has 100,000 in cash. It ends with the test.
	Open func(t *testing.T, m *FakeMarket) Venue
	// Coarse venues tell money in cents, and not what working orders reserve.
	Coarse bool
}

// Venue is one venue under test.
type Venue struct {
	Broker  order.Broker
	Account string
	// Restart ends the venue and opens it again on its own record.
	Restart func(t *testing.T) order.Broker
}

// patience is how long the suite waits for something to happen.
const patience = 10 * time.Second

// bed is one sub-test's venue with a listener on its events.
type bed struct {
	*testing.T
	m *FakeMarket
	// coarse is as the harness has it.
	coarse bool
	v      Venue
	b      order.Broker

	mu     sync.Mutex
	events []order.Event
	more   chan struct{} // closed when events has grown
	stop   func()
	last   int
}

func newBed(t *testing.T, h Harness) *bed {
	t.Helper()
	m := NewFakeMarket()
	x := &bed{T: t, m: m, coarse: h.Coarse, v: h.Open(t, m), more: make(chan struct{})}
	x.b = x.v.Broker
	x.listen(0)
	t.Cleanup(func() { x.stop() })
	return x
}

// listen follows the events after a cursor until stop is called.
func (x *bed) listen(after int64) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = x.b.Events(ctx, x.v.Account, after, func(batch []order.Event) error {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.events = append(x.events, batch...)
			close(x.more)
			x.more = make(chan struct{})
			return nil
		})
	})
	x.stop = func() { cancel(); wg.Wait() }
}

// restart ends the venue, opens it again and goes on listening where it was.
func (x *bed) restart() {
	x.Helper()
	x.stop()
	x.b = x.v.Restart(x.T)
	x.listen(int64(len(x.heard())))
}

func (x *bed) heard() []order.Event {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]order.Event(nil), x.events...)
}

// until waits for the first event that ok accepts.
func (x *bed) until(what string, ok func(order.Event) bool) order.Event {
	x.Helper()
	deadline := time.After(patience)
	for seen := 0; ; {
		x.mu.Lock()
		list, more := x.events, x.more
		x.mu.Unlock()
		for ; seen < len(list); seen++ {
			if ok(list[seen]) {
				return list[seen]
			}
		}
		select {
		case <-more:
		case <-deadline:
			for _, e := range list {
				x.Logf("%d %s %s %s filled %s of %s %s", e.Seq, e.Kind, e.Order.ID, e.Order.Status, e.Order.Filled, e.Order.Quantity, e.Order.Reason)
			}
			x.Fatalf("no event: %s", what)
		}
	}
}

// kind waits for an event of a kind about an order.
func (x *bed) kind(kind order.EventKind, id string) order.Event {
	x.Helper()
	return x.until(fmt.Sprintf("%s of %s", kind, id), func(e order.Event) bool { return e.Kind == kind && e.Order.ID == id })
}

// status waits until an order has come to a status.
func (x *bed) status(id string, s trade.Status) order.Event {
	x.Helper()
	return x.until(fmt.Sprintf("%s becomes %s", id, s), func(e order.Event) bool { return e.Order.ID == id && e.Order.Status == s })
}

// order makes a day order with an id of its own; a limit when a price is given.
func (x *bed) order(side trade.Side, quantity, limit string) trade.Order {
	x.last++
	o := trade.Order{
		ID: fmt.Sprintf("t%d-1", x.last), Ticket: fmt.Sprintf("t%d", x.last), Leg: 1, Role: trade.Single,
		Account: x.v.Account, Symbol: "AAPL", Side: side, Type: trade.Market, TIF: trade.Day,
		Quantity: num.MustParse(quantity), Status: trade.Submitted,
	}
	if limit != "" {
		o.Type, o.LimitPrice = trade.Limit, num.MustParse(limit)
	}
	return o
}

// place sends an order that must be taken.
func (x *bed) place(o trade.Order) order.Ack {
	x.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ack, err := x.b.Place(ctx, o)
	if err != nil {
		x.Fatalf("place %s: %v", o.ID, err)
	}
	if ack.VenueID == "" {
		x.Fatalf("place %s: the venue gave it no id", o.ID)
	}
	return ack
}

// refused sends an order that must be refused in the venue's words.
func (x *bed) refused(o trade.Order) *order.VenueError {
	x.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := x.b.Place(ctx, o)
	return x.no(err)
}

// no wants a definite refusal.
func (x *bed) no(err error) *order.VenueError {
	x.Helper()
	var v *order.VenueError
	if !errors.As(err, &v) {
		x.Fatalf("got %v; want a VenueError", err)
	}
	if v.Code == "" || v.Text == "" {
		x.Errorf("refusal %+v lacks a code or words", v)
	}
	return v
}

func (x *bed) book() map[string]trade.Order {
	x.Helper()
	book, err := x.b.Book(context.Background(), x.v.Account, time.Time{})
	if err != nil {
		x.Fatal(err)
	}
	if !book.Complete {
		x.Error("the book is not complete")
	}
	out := map[string]trade.Order{}
	for _, o := range book.Orders {
		out[o.ID] = o
	}
	return out
}

func (x *bed) balances() trade.Balances {
	x.Helper()
	b, err := x.b.Balances(context.Background(), x.v.Account)
	if err != nil {
		x.Fatal(err)
	}
	return b
}

// equal compares numbers, whatever their digits.
func (x *bed) equal(what string, got num.Decimal, want string) {
	x.Helper()
	if !got.Equal(num.MustParse(want)) {
		x.Errorf("%s = %s; want %s", what, got, want)
	}
}
