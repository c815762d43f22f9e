package desktest

import (
	"context"
	"slices"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/order"
	"quantdesk/internal/risk"
	"quantdesk/internal/trade"
)

func (b *bench) replace(ch order.Change) order.Ticket {
	b.t.Helper()
	t, err := b.desk.ProposeReplace(context.Background(), ann, ch)
	if err != nil {
		b.t.Fatalf("propose the replacement: %v", err)
	}
	return t
}

func (b *bench) intents(id string) (out []order.SentIntent) {
	b.t.Helper()
	out, err := b.db.Intents(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// intentsBecome waits until the journal has these intents in these states: a
// reply may tell what the venue said before it is on disk, for the venue will
// say it again.
func (b *bench) intentsBecome(id string, want ...string) {
	b.t.Helper()
	var got []string
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		got = nil
		for _, in := range b.intents(id) {
			got = append(got, in.ID+" "+string(in.State))
		}
		if slices.Equal(got, want) {
			return
		}
	}
	b.t.Errorf("intents %v; want %v", got, want)
}

func TestReplace(t *testing.T) {
	t.Parallel()
	sent := &counted{}
	b := start(t, setup{wrap: func(v order.Broker) order.Broker { sent.Broker = v; return sent }})
	ctx := context.Background()
	o := b.place(single(trade.Buy, "10", "95"))[0]
	b.becomes(o.ID, trade.Working)
	ticket := b.replace(order.Change{OrderID: o.ID, Quantity: dec("12"), LimitPrice: dec("96")})
	rival := b.replace(order.Change{OrderID: o.ID, Quantity: dec("14")})
	got := b.confirm(ann, ticket.ID)
	if len(got) != 1 || got[0].Status != trade.Working || got[0].Revision != 1 || !got[0].Quantity.Equal(dec("12")) || !got[0].LimitPrice.Equal(dec("96")) {
		t.Fatalf("replaced: %+v; want 12 at 96, revision 1", got)
	}
	if again := b.confirm(ann, ticket.ID); again[0].Revision != 1 || sent.times("replace "+o.ID+" r1 to 12") != 1 {
		t.Errorf("confirmed again: revision %d, sent %d times", again[0].Revision, sent.times("replace "+o.ID+" r1 to 12"))
	}
	_, _, err := b.desk.Confirm(ctx, ann, rival.ID) // it was made for another revision
	refused(t, err, fault.Conflict)
	if v := b.book("A1")[o.ID]; v.Revision != 1 || !v.Quantity.Equal(dec("12")) {
		t.Errorf("the venue has %s at revision %d; want 12 at 1", v.Quantity, v.Revision)
	}
	b.intentsBecome(o.ID, o.ID+" done", o.ID+".r1."+ticket.ID+" done")
}

func TestReplaceRefused(t *testing.T) {
	t.Parallel()
	// The first fill takes four and no more: the rest waits.
	b := start(t, setup{faults: `[{"kind": "partial_fill", "quantity": 4}, {"kind": "partial_fill", "quantity": 0.0001, "nth": 2, "times": 1000000}]`})
	ctx := context.Background()
	o := b.place(single(trade.Buy, "10", "105"))[0]
	b.becomes(o.ID, trade.PartiallyFilled)
	for _, tt := range []struct {
		name string
		ch   order.Change
	}{
		{"not above what filled", order.Change{Quantity: dec("4")}},
		{"nothing changes", order.Change{Quantity: dec("10")}},
		{"off the lot", order.Change{Quantity: dec("10.5")}},
		{"off the tick", order.Change{LimitPrice: dec("104.001")}},
		{"a stop price on a limit order", order.Change{StopPrice: dec("104")}},
		{"beyond any number", order.Change{Quantity: dec("79228162514264337593543950335")}},
	} {
		tt.ch.OrderID = o.ID
		if _, err := b.desk.ProposeReplace(ctx, ann, tt.ch); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v; want invalid", tt.name, err)
		}
	}
	if _, err := b.desk.Cancel(ctx, ann, o.ID); err != nil {
		t.Fatal(err)
	}
	b.becomes(o.ID, trade.Cancelled)
	_, err := b.desk.ProposeReplace(ctx, ann, order.Change{OrderID: o.ID, Quantity: dec("20")})
	refused(t, err, fault.Conflict)
	_, err = b.desk.ProposeReplace(ctx, ann, order.Change{OrderID: "nothing-1", Quantity: dec("20")})
	refused(t, err, fault.NotFound)
}

// TestReplaceIsCheckedAgain holds a replacement to policy and buying power when
// it is confirmed, not only when it is proposed.
func TestReplaceIsCheckedAgain(t *testing.T) {
	t.Parallel()
	l := &law{p: risk.Default()}
	b := start(t, setup{policy: l.get})
	ctx := context.Background()
	o, p := b.place(single(trade.Buy, "100", "95"))[0], b.place(single(trade.Buy, "100", "95"))[0]
	small := b.replace(order.Change{OrderID: o.ID, Quantity: dec("200")})
	l.set(func(p *risk.Policy) { p.Limits.MaxOrderQuantity = dec("150") })
	_, _, err := b.desk.Confirm(ctx, ann, small.ID)
	refused(t, err, fault.RiskRefused)
	l.set(func(*risk.Policy) {})
	// Either fits alone.
	b.place(single(trade.Buy, "100", "95"))
	one, two := b.replace(order.Change{OrderID: o.ID, Quantity: dec("1050")}), b.replace(order.Change{OrderID: p.ID, Quantity: dec("1050")})
	if got := b.confirm(ann, one.ID); got[0].Revision != 1 {
		t.Fatalf("order is at revision %d; want 1", got[0].Revision)
	}
	third := b.propose(ann, single(trade.Buy, "1", "95"))
	_, _, err = b.desk.Confirm(ctx, ann, two.ID)
	refused(t, err, fault.InsufficientBuyingPower)
	if v := b.book("A1")[p.ID]; v.Revision != 0 || v.VenueText != "" {
		t.Errorf("the venue saw the replacement: revision %d, %q", v.Revision, v.VenueText)
	}
	b.confirm(ann, third.ID)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ctx := context.Background()
	o := b.place(single(trade.Buy, "10", "95"))[0]
	got, err := b.desk.Cancel(ctx, ann, o.ID)
	if err != nil || got.Status != trade.Cancelled {
		t.Fatalf("cancel: %s, %v", got.Status, err)
	}
	_, err = b.desk.Cancel(ctx, ann, o.ID)
	refused(t, err, fault.Conflict)
	_, err = b.desk.Cancel(ctx, ann, "nothing-1")
	refused(t, err, fault.NotFound)
	in := b.intents(o.ID)
	if len(in) != 2 || in[1].ID != o.ID+".c1" || in[1].State != order.IntentDone {
		t.Errorf("intents %+v; want the cancel done", in)
	}
}

// stubborn refuses cancels, as a venue may that is about to fill.
type stubborn struct {
	order.Broker
	times int
}

func (s *stubborn) Cancel(ctx context.Context, account, id string) error {
	if s.times--; s.times >= 0 {
		return &order.VenueError{Code: "10148", Text: "too late to cancel"}
	}
	return s.Broker.Cancel(ctx, account, id)
}

func TestCancelRefusedByVenue(t *testing.T) {
	t.Parallel()
	b := start(t, setup{wrap: func(v order.Broker) order.Broker { return &stubborn{v, 1} }})
	ctx := context.Background()
	o := b.place(single(trade.Buy, "10", "95"))[0]
	b.becomes(o.ID, trade.Working)
	_, err := b.desk.Cancel(ctx, ann, o.ID)
	if f := refused(t, err, fault.RejectedByVenue); f.Detail["venue_code"] != "10148" || f.Detail["venue_text"] != "too late to cancel" {
		t.Errorf("detail %v; want the venue's words", f.Detail)
	}
	if got := b.order(o.ID); got.Status != trade.Working || got.VenueCode != "10148" {
		t.Errorf("order is %s, code %q; want working again", got.Status, got.VenueCode)
	}
	b.restart(nil) // the journal says the same
	if got := b.order(o.ID); got.Status != trade.Working {
		t.Errorf("order is %s after a restart; want working", got.Status)
	}
	b.restart(func(s *setup) { s.wrap = nil })
	if got, err := b.desk.Cancel(ctx, ann, o.ID); err != nil || got.Status != trade.Cancelled {
		t.Errorf("second cancel: %s, %v", got.Status, err)
	}
	states := map[string]order.IntentState{}
	for _, in := range b.intents(o.ID) {
		states[in.ID] = in.State
	}
	if states[o.ID+".c1"] != order.IntentRefused || states[o.ID+".c2"] != order.IntentDone {
		t.Errorf("intents %v; want the first cancel refused, the second done", states)
	}
}
