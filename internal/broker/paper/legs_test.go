package paper

import (
	"context"
	"errors"
	"testing"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// exit makes an exit of an entry.
func exit(id, entry, group, quantity, price string) trade.Order {
	o := limit(id, trade.Sell, quantity, price)
	o.Role, o.TIF, o.ParentID, o.Group = trade.TakeProfit, trade.GTC, entry, group
	return o
}

// TestExitsArriveLate places exits one by one after the entry has filled and
// ended, across a restart: what the group did before a leg came counts for it.
func TestExitsArriveLate(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	r.place(limit("e", trade.Buy, "10", ""))
	r.status("e", trade.Filled)
	r.restart()
	r.place(exit("tp", "e", "g", "10", "99"))
	r.status("tp", trade.Filled)
	r.restart()
	r.place(exit("sl", "e", "g", "10", "120"))
	r.status("sl", trade.Cancelled)
	if p, err := r.Positions(context.Background(), acc); err != nil || len(p) != 0 {
		t.Errorf("positions %+v, %v; want none", p, err)
	}
}

func TestExitOfWhatEndedUnfilled(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	r.place(limit("e", trade.Buy, "10", "90"))
	if err := r.Cancel(context.Background(), acc, "e"); err != nil {
		t.Fatal(err)
	}
	for parent, code := range map[string]string{"e": "parent_ended", "nobody": "unknown_parent"} {
		var v *order.VenueError
		if _, err := r.Place(context.Background(), exit("x-"+parent, parent, "", "10", "110")); !errors.As(err, &v) || v.Code != code {
			t.Errorf("exit of %s: %v; want %s", parent, err, code)
		}
	}
}

// TestExitsFollowTheEntrysSize replaces an entry and looks at what its exits
// cover; then ends it half filled.
func TestExitsFollowTheEntrysSize(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	e := limit("e", trade.Buy, "10", "95")
	r.place(e)
	r.place(exit("tp", "e", "g", "10", "110"))
	e.Revision, e.Quantity = 1, dec("16")
	if _, err := r.Replace(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	r.wait("the exit grows", func(ev order.Event) bool { return ev.Order.ID == "tp" && ev.Order.Quantity.Equal(dec("16")) })
	m.Price("AAPL", "94", "6")
	r.status("e", trade.PartiallyFilled)
	if err := r.Cancel(context.Background(), acc, "e"); err != nil {
		t.Fatal(err)
	}
	r.wait("the exit shrinks", func(ev order.Event) bool { return ev.Order.ID == "tp" && ev.Order.Quantity.Equal(dec("6")) })
	m.Price("AAPL", "111", "1000")
	wantNum(t, "exit", r.status("tp", trade.Filled).Order.Filled, "6")
}

// TestStaleRevision keeps a replacement from being lost when the venue made one
// of its own in between.
func TestStaleRevision(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	o := limit("o", trade.Buy, "10", "90")
	r.place(o)
	o.Revision, o.LimitPrice = 1, dec("91")
	if _, err := r.Replace(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	o.LimitPrice = dec("92")
	var v *order.VenueError
	if _, err := r.Replace(context.Background(), o); !errors.As(err, &v) || v.Code != "stale_revision" {
		t.Errorf("got %v; want stale_revision", err)
	}
	r.wait("told as an event", func(ev order.Event) bool {
		return ev.Kind == order.EventReplaceFail && ev.Order.VenueCode == "stale_revision" && ev.Order.LimitPrice.Equal(dec("91"))
	})
}

// TestDuplicateInOneTurn hands the venue the same order twice in one turn.
func TestDuplicateInOneTurn(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	r.end()
	db := openDB(t, r.path)
	defer func() { _ = db.Close() }()
	b, err := Open(Config{DB: db, Market: m})
	if err != nil {
		t.Fatal(err)
	}
	o := limit("o", trade.Buy, "10", "")
	msgs := []message{{call: callPlace, order: o, reply: make(chan answer, 1)}, {call: callPlace, order: o, reply: make(chan answer, 1)}}
	b.work(context.Background(), msgs, false)
	if x, y := <-msgs[0].reply, <-msgs[1].reply; x != y || x.err != nil {
		t.Errorf("answers %+v and %+v", x, y)
	}
	if seq := b.views[acc].seq; seq != 3 { // deposit, accepted, fill
		t.Errorf("%d events; want 3", seq)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
