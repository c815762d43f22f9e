package brokertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// Run holds a venue to the suite. The sub-tests run in parallel, each with a
// venue of its own.
func Run(t *testing.T, h Harness) {
	for _, s := range []struct {
		name string
		run  func(*bed)
	}{
		{"PlaceAckEvents", placeAckEvents},
		{"PlaceTwice", placeTwice},
		{"PlaceAgainAfterRestart", placeAgainAfterRestart},
		{"Cancel", cancel},
		{"Replace", replace},
		{"ReplaceRevisions", replaceRevisions},
		{"PartialFill", partialFill},
		{"Bracket", bracket},
		{"BracketPartial", bracketPartial},
		{"BracketCancelled", bracketCancelled},
		{"OCO", oco},
		{"OCOPartial", ocoPartial},
		{"OTO", oto},
		{"Rejects", rejects},
		{"ResumeEvents", resumeEvents},
		{"SinkError", sinkError},
		{"BalancesConserve", balancesConserve},
		{"BookComplete", bookComplete},
		{"IOC", ioc},
		{"FOK", fok},
		{"DayExpires", dayExpires},
		{"GTDExpires", gtdExpires},
		{"GTCStays", gtcStays},
		{"ExpiresWhileDown", expiresWhileDown},
		{"Stops", stops},
		{"Capabilities", capabilities},
		{"Estimate", estimate},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(newBed(t, h))
		})
	}
}

func placeAckEvents(x *bed) {
	o := x.order(trade.Buy, "10", "")
	ack := x.place(o)
	accepted, fill := x.kind(order.EventAccepted, o.ID), x.kind(order.EventFill, o.ID)
	if accepted.Order.VenueID != ack.VenueID || accepted.Order.Status != trade.Working || !accepted.Order.Filled.IsZero() {
		x.Errorf("accepted as %+v; want %s, working, nothing filled", accepted.Order, ack.VenueID)
	}
	f := fill.Fill
	if f == nil || fill.Order.Status != trade.Filled || fill.Seq <= accepted.Seq {
		x.Fatalf("fill event %+v", fill)
	}
	x.equal("fill price", f.Price, "100.01")
	x.equal("average price", fill.Order.AvgPrice, "100.01")
	x.equal("fees", fill.Order.Fees, f.Fee.String())
	sum := num.Zero
	for _, tx := range fill.Transactions {
		sum = sum.Add(tx.Amount)
	}
	x.equal("cash of the fill", sum, num.MustParse("-1000.10").Sub(f.Fee).String())
	for i, e := range x.heard() {
		if e.Seq != int64(i+1) || e.Account != x.v.Account {
			x.Errorf("event %d has seq %d of account %s", i+1, e.Seq, e.Account)
		}
	}
}

func placeTwice(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	first, second := x.place(o), x.place(o)
	if first != second {
		x.Errorf("placed again: %+v; want %+v as the first time", second, first)
	}
	marker := x.order(trade.Buy, "1", "90")
	x.place(marker)
	x.kind(order.EventAccepted, marker.ID)
	n := 0
	for _, e := range x.heard() {
		if e.Order.ID == o.ID {
			n++
		}
	}
	if n != 1 {
		x.Errorf("%d events about an order placed twice; want 1", n)
	}
}

func placeAgainAfterRestart(x *bed) {
	filled, open, bad := x.order(trade.Buy, "10", ""), x.order(trade.Buy, "10", "90"), x.order(trade.Buy, "0.5", "90")
	a1, a2 := x.place(filled), x.place(open)
	no := x.refused(bad)
	x.status(filled.ID, trade.Filled)
	x.kind(order.EventRejected, bad.ID)
	before := len(x.heard())
	x.restart()
	if b1, b2 := x.place(filled), x.place(open); a1 != b1 || a2 != b2 {
		x.Errorf("after a restart: %+v %+v; want %+v %+v", b1, b2, a1, a2)
	}
	if again := x.refused(bad); *again != *no {
		x.Errorf("refused as %+v after a restart; want %+v", again, no)
	}
	marker := x.order(trade.Buy, "1", "90")
	x.place(marker)
	if e := x.kind(order.EventAccepted, marker.ID); e.Seq != int64(before+1) {
		x.Errorf("the next event has seq %d; want %d: the repeats changed something", e.Seq, before+1)
	}
	p, err := x.b.Positions(context.Background(), x.v.Account)
	if err != nil || len(p) != 1 || !p[0].Quantity.Equal(num.FromInt(10)) {
		x.Errorf("positions %+v, %v; want 10 AAPL", p, err)
	}
}

func cancel(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	x.place(o)
	if err := x.b.Cancel(context.Background(), x.v.Account, o.ID); err != nil {
		x.Fatal(err)
	}
	x.status(o.ID, trade.Cancelled)
	if v := x.no(x.b.Cancel(context.Background(), x.v.Account, o.ID)); v.Code != order.AlreadyDone {
		x.Errorf("cancelled again: %s; want %s", v.Code, order.AlreadyDone)
	}
	x.no(x.b.Cancel(context.Background(), x.v.Account, "nobody-1"))
}

func replace(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	x.place(o)
	o.Revision, o.Quantity, o.LimitPrice = 1, num.FromInt(20), num.FromInt(95)
	if _, err := x.b.Replace(context.Background(), o); err != nil {
		x.Fatal(err)
	}
	e := x.kind(order.EventReplaced, o.ID)
	if e.Order.Revision != 1 || e.Order.Status != trade.Working {
		x.Errorf("replaced to %+v", e.Order)
	}
	x.equal("quantity", e.Order.Quantity, "20")
	x.equal("limit", e.Order.LimitPrice, "95")
	o.Revision, o.LimitPrice = 2, num.FromInt(101)
	if _, err := x.b.Replace(context.Background(), o); err != nil {
		x.Fatal(err)
	}
	x.equal("price of the marketable limit", x.status(o.ID, trade.Filled).Order.AvgPrice, "100.01")
	o.Revision = 3
	_, err := x.b.Replace(context.Background(), o)
	x.no(err)
}

func replaceRevisions(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	x.place(o)
	o.Revision, o.LimitPrice = 1, num.FromInt(91)
	for range 2 {
		if _, err := x.b.Replace(context.Background(), o); err != nil {
			x.Fatal(err)
		}
	}
	o.Revision = 3
	_, err := x.b.Replace(context.Background(), o)
	x.no(err)
	marker := x.order(trade.Buy, "1", "90")
	x.place(marker)
	x.kind(order.EventAccepted, marker.ID)
	n := 0
	for _, e := range x.heard() {
		if e.Kind == order.EventReplaced {
			n++
		}
	}
	if got := x.book()[o.ID]; n != 1 || got.Revision != 1 {
		x.Errorf("%d replacements, revision %d; want 1 and 1", n, got.Revision)
	}
}

func partialFill(x *bed) {
	x.m.Price("AAPL", "100", "4")
	o := x.order(trade.Buy, "10", "100.01")
	x.place(o)
	e := x.status(o.ID, trade.PartiallyFilled)
	x.equal("first fill", e.Fill.Quantity, "4")
	down := o
	down.Revision, down.Quantity = 1, num.FromInt(4)
	_, err := x.b.Replace(context.Background(), down)
	x.no(err)
	x.m.Price("AAPL", "99", "50")
	e = x.status(o.ID, trade.Filled)
	x.equal("second fill", e.Fill.Quantity, "6")
	x.equal("its price", e.Fill.Price, "99.01")
	x.equal("average", e.Order.AvgPrice, "99.41")
}

func resumeEvents(x *bed) {
	for range 5 {
		x.place(x.order(trade.Buy, "1", ""))
	}
	x.status("t5-1", trade.Filled)
	all := x.heard()
	x.restart()
	x.place(x.order(trade.Sell, "1", ""))
	x.status("t6-1", trade.Filled)
	total := x.heard()
	for cut := range all {
		ctx, stop := context.WithTimeout(context.Background(), patience)
		next := int64(cut) + 1
		done := errors.New("done")
		err := x.b.Events(ctx, x.v.Account, int64(cut), func(batch []order.Event) error {
			for _, e := range batch {
				if e.Seq != next {
					x.Fatalf("after cursor %d: event %d; want %d", cut, e.Seq, next)
				}
				if w := total[e.Seq-1]; w.Kind != e.Kind || w.Order.ID != e.Order.ID || w.Order.Status != e.Order.Status {
					x.Fatalf("event %d was %s %s, is now %s %s", e.Seq, w.Kind, w.Order.ID, e.Kind, e.Order.ID)
				}
				next++
			}
			if next > int64(len(total)) {
				return done
			}
			return nil
		})
		stop()
		if !errors.Is(err, done) {
			x.Fatalf("after cursor %d the stream ended with %v at %d", cut, err, next)
		}
	}
}

func sinkError(x *bed) {
	x.place(x.order(trade.Buy, "1", ""))
	full := errors.New("full")
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	if err := x.b.Events(ctx, x.v.Account, 0, func([]order.Event) error { return full }); !errors.Is(err, full) {
		x.Errorf("stream ended with %v; want the sink's error", err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if err := x.b.Events(ended, x.v.Account, 0, func([]order.Event) error { return nil }); err == nil {
		x.Error("a stream whose context had ended gave no error")
	}
}

func bookComplete(x *bed) {
	filled, open, dead, bad := x.order(trade.Buy, "1", ""), x.order(trade.Buy, "1", "90"), x.order(trade.Buy, "1", "90"), x.order(trade.Buy, "-1", "")
	x.place(filled)
	x.place(open)
	x.place(dead)
	if err := x.b.Cancel(context.Background(), x.v.Account, dead.ID); err != nil {
		x.Fatal(err)
	}
	x.refused(bad)
	x.status(filled.ID, trade.Filled)
	x.kind(order.EventRejected, bad.ID)
	for range 2 {
		book := x.book()
		for id, want := range map[string]trade.Status{filled.ID: trade.Filled, open.ID: trade.Working, dead.ID: trade.Cancelled, bad.ID: trade.Rejected} {
			if o, ok := book[id]; !ok || o.Status != want {
				x.Errorf("book has %s as %q; want %s", id, o.Status, want)
			}
		}
		x.restart()
	}
	recent, err := x.b.Book(context.Background(), x.v.Account, time.Now().Add(-time.Hour))
	if err != nil || len(recent.Orders) != 4 {
		x.Errorf("the book of the last hour has %d orders, %v; want 4", len(recent.Orders), err)
	}
}
