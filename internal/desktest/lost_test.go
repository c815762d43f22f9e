package desktest

import (
	"context"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// TestLostAnswer loses the answer to an order, with and without the order, and
// wants the venue's list to decide. Nothing is sent twice.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, faults, limit string
		want                trade.Status
	}{
		{"the order arrived and rests", `[{"kind": "lost_answer"}]`, "95", trade.Working},
		{"the order arrived and filled", `[{"kind": "lost_answer"}]`, "", trade.Filled},
		{"the order never arrived", `[{"kind": "disconnect"}]`, "95", trade.Rejected},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sent := &counted{}
			b := start(t, setup{faults: tt.faults, settle: 50 * time.Millisecond, wrap: func(v order.Broker) order.Broker { sent.Broker = v; return sent }})
			ticket := b.propose(ann, single(trade.Buy, "1", tt.limit))
			o := b.confirm(ann, ticket.ID)[0]
			if s := o.Status; s != trade.Unknown && s != tt.want {
				t.Errorf("the caller was told %s; want unknown or %s", s, tt.want)
			}
			got := b.becomes(o.ID, tt.want)
			if tt.want == trade.Rejected && got.VenueCode != "not_received" {
				t.Errorf("code %q; want not_received", got.VenueCode)
			}
			b.confirm(ann, ticket.ID)
			b.restart(nil)
			b.confirm(ann, ticket.ID)
			if b.becomes(o.ID, tt.want); sent.times("place "+o.ID) != 1 {
				t.Errorf("sent %d times; want once", sent.times("place "+o.ID))
			}
			for _, in := range b.intents(o.ID) {
				if in.State == order.IntentSending || in.State == order.IntentRecorded {
					t.Errorf("intent %s is still %s", in.ID, in.State)
				}
			}
		})
	}
}

// TestLateAnswer has the answer come after the desk has given up waiting.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	b := start(t, setup{faults: `[{"kind": "late_ack", "delay_ms": 60000}]`, call: 50 * time.Millisecond, settle: 50 * time.Millisecond})
	o := b.place(single(trade.Buy, "1", "95"))[0]
	b.becomes(o.ID, trade.Working)
	if n := len(b.book("A1")); n != 1 {
		t.Errorf("%d orders at the venue; want 1", n)
	}
}

// TestLostWithinBracket loses one leg's answer: the entry must not go on without
// both exits, and what filled must have them.
func TestLostWithinBracket(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"lost_answer", "disconnect"} {
		for _, leg := range []string{"1", "2", "3"} {
			for _, limit := range []string{"", "95"} {
				t.Run(kind+" of leg "+leg+" limit "+limit, func(t *testing.T) {
					t.Parallel()
					b := start(t, setup{settle: 50 * time.Millisecond, faults: `[{"kind": "` + kind + `", "nth": ` + leg + `}]`})
					orders := b.place(in("A1", exits(wish("AAPL", trade.Buy, "10", limit), "110", "90")))
					if len(orders) != 3 {
						t.Fatalf("%d orders; want 3", len(orders))
					}
					w := &witness{world: b.world, t: t}
					w.settles()
					w.reads("A1")
					w.agrees()
					w.counts("A1")
					w.protects()
					entry := w.orders[orders[0].ID]
					switch {
					case leg == "1" && kind == "disconnect":
						if len(w.venue) != 0 {
							t.Errorf("%d orders at the venue; want none", len(w.venue))
						}
					case limit == "" && entry.Status != trade.Filled:
						t.Errorf("entry is %s; want filled and protected", entry.Status)
					case limit != "" && !entry.Status.Terminal() && len(w.venue) != 3:
						t.Errorf("entry is %s with %d orders at the venue", entry.Status, len(w.venue))
					}
				})
			}
		}
	}
}

// TestLostInBasket does not send what comes after a lost order.
func TestLostInBasket(t *testing.T) {
	t.Parallel()
	b := start(t, setup{settle: 50 * time.Millisecond, faults: `[{"kind": "lost_answer", "nth": 2}]`})
	orders := b.place(in("A1", wish("AAPL", trade.Buy, "1", "95"), wish("MSFT", trade.Buy, "1", "45"), wish("AAPL", trade.Buy, "1", "94")))
	b.becomes(orders[0].ID, trade.Working)
	b.becomes(orders[1].ID, trade.Working)
	if o := b.becomes(orders[2].ID, trade.Cancelled); o.Reason == "" || len(b.book("A1")) != 2 {
		t.Errorf("third order: reason %q, %d at the venue; want 2", o.Reason, len(b.book("A1")))
	}
}

func TestLostReplace(t *testing.T) {
	t.Parallel()
	for kind, revision := range map[string]int{"lost_answer": 1, "disconnect": 0} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := start(t, setup{settle: 50 * time.Millisecond, faults: `[{"kind": "` + kind + `", "call": "replace"}]`})
			o := b.place(single(trade.Buy, "10", "95"))[0]
			b.becomes(o.ID, trade.Working)
			b.confirm(ann, b.replace(order.Change{OrderID: o.ID, Quantity: dec("12")}).ID)
			got := b.becomes(o.ID, trade.Working)
			if got.Revision != revision || b.book("A1")[o.ID].Revision != revision {
				t.Errorf("revision %d, the venue's %d; want %d", got.Revision, b.book("A1")[o.ID].Revision, revision)
			}
			b.confirm(ann, b.replace(order.Change{OrderID: o.ID, Quantity: dec("14")}).ID)
			if next := b.becomes(o.ID, trade.Working); next.Revision != revision+1 || !next.Quantity.Equal(dec("14")) {
				t.Errorf("the next one: %s at revision %d; want 14 at %d", next.Quantity, next.Revision, revision+1)
			}
		})
	}
}

func TestLostCancel(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"lost_answer", "disconnect"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := start(t, setup{settle: 50 * time.Millisecond, faults: `[{"kind": "` + kind + `", "call": "cancel"}]`})
			o := b.place(single(trade.Buy, "10", "95"))[0]
			_, err := b.desk.Cancel(context.Background(), ann, o.ID)
			refused(t, err, fault.Timeout)
			b.becomes(o.ID, trade.Cancelled) // asked again until it is answered
		})
	}
}

// forgetful is a venue whose list is never complete, and lacks what it hides.
type forgetful struct {
	order.Broker
	mu   sync.Mutex
	hide bool
}

func (f *forgetful) Book(ctx context.Context, account string, since time.Time) (order.Book, error) {
	book, err := f.Broker.Book(ctx, account, since)
	f.mu.Lock()
	defer f.mu.Unlock()
	book.Complete = false
	if f.hide {
		book.Orders = nil
	}
	return book, err
}

// TestDecide leaves an order unknown that no list decides, until a person does.
func TestDecide(t *testing.T) {
	t.Parallel()
	for _, to := range []trade.Status{trade.Cancelled, trade.Rejected, trade.Working} {
		t.Run(string(to), func(t *testing.T) {
			t.Parallel()
			sent := &counted{}
			b := start(t, setup{faults: `[{"kind": "disconnect"}]`, settle: 20 * time.Millisecond, wrap: func(v order.Broker) order.Broker {
				sent.Broker = &forgetful{Broker: v, hide: true}
				return sent
			}})
			ctx := context.Background()
			o := b.place(single(trade.Buy, "1", "95"))[0]
			for range 2 { // it stays unknown, and unsent, over a restart
				if got := b.becomes(o.ID, trade.Unknown); sent.times("place "+o.ID) != 1 {
					t.Fatalf("order %s was sent %d times", got.ID, sent.times("place "+o.ID))
				}
				b.restart(nil)
			}
			_, err := b.desk.Decide(ctx, ann, o.ID, to)
			refused(t, err, fault.Forbidden)
			_, err = b.desk.Decide(ctx, person, o.ID, trade.Filled)
			refused(t, err, fault.Invalid)
			if got, err := b.desk.Decide(ctx, person, o.ID, to); err != nil || got.Status != to {
				t.Fatalf("decided: %s, %v; want %s", got.Status, err, to)
			}
			_, err = b.desk.Decide(ctx, person, o.ID, to)
			refused(t, err, fault.Conflict)
			b.restart(nil)
			if got := b.order(o.ID); got.Status != to {
				t.Errorf("after a restart the order is %s; want %s", got.Status, to)
			}
		})
	}
}

// TestVenueKnowsBetter decides an order away that is at the venue: its next event
// brings it back.
func TestVenueKnowsBetter(t *testing.T) {
	t.Parallel()
	deaf := &silent{forgetful: forgetful{hide: true}, open: make(chan struct{})}
	b := start(t, setup{faults: `[{"kind": "lost_answer"}]`, settle: 20 * time.Millisecond, wrap: func(v order.Broker) order.Broker {
		deaf.Broker = v
		return deaf
	}})
	o := b.place(single(trade.Buy, "1", "95"))[0]
	b.becomes(o.ID, trade.Unknown)
	if _, err := b.desk.Decide(context.Background(), person, o.ID, trade.Cancelled); err != nil {
		t.Fatal(err)
	}
	close(deaf.open) // the events come at last
	b.becomes(o.ID, trade.Working)
	if _, err := b.desk.Cancel(context.Background(), ann, o.ID); err != nil {
		t.Error(err)
	}
	b.becomes(o.ID, trade.Cancelled)
}

// silent tells no events until it is opened.
type silent struct {
	forgetful
	open chan struct{}
}

func (s *silent) Events(ctx context.Context, account string, after int64, sink func([]order.Event) error) error {
	select {
	case <-s.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.Broker.Events(ctx, account, after, sink)
}

func TestVenueRefusal(t *testing.T) {
	t.Parallel()
	b := start(t, setup{faults: `[{"kind": "reject", "code": "201", "text": "Order rejected - reason: no trading permission"}]`})
	o := b.place(single(trade.Buy, "1", "95"))[0]
	for range 2 {
		got := b.becomes(o.ID, trade.Rejected)
		if got.VenueCode != "201" || got.VenueText != "Order rejected - reason: no trading permission" {
			t.Errorf("code %q, text %q; want the venue's", got.VenueCode, got.VenueText)
		}
		b.restart(nil)
	}
}

// TestRefusedEntryInBasket drops the exits of the refused entry, not those of
// another bracket in the same basket.
func TestRefusedEntryInBasket(t *testing.T) {
	t.Parallel()
	b := start(t, setup{faults: `[{"kind": "reject", "symbol": "AAPL"}]`})
	orders := b.place(in("A1", exits(wish("AAPL", trade.Buy, "1", "95"), "110", "90"), exits(wish("MSFT", trade.Buy, "1", "45"), "60", "40")))
	want := []trade.Status{trade.Rejected, trade.Cancelled, trade.Cancelled, trade.Working, trade.Working, trade.Working}
	for i, o := range orders {
		b.becomes(o.ID, want[i])
	}
}
