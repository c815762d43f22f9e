package desktest

import (
	"bufio"
	"context"
	"os"
	"strings"
	"time"

	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// keepsWord holds the home to what was acknowledged.
func (w *witness) keepsWord(told []string) {
	w.t.Helper()
	ctx := context.Background()
	list, err := w.db.Orders(ctx, order.OrderFilter{User: "ann"})
	if err != nil {
		w.t.Fatal(err)
	}
	orders := map[string]trade.Order{}
	for _, o := range list {
		orders[o.ID] = o
	}
	for _, line := range told {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] == "K" {
			continue
		}
		if f[0] != "X" {
			t, ok, err := w.db.Ticket(ctx, f[1])
			if err != nil || !ok {
				w.t.Errorf("ticket %s was acknowledged and is gone: %v", f[1], err)
			}
			if f[0] == "C" && t.State != order.Confirmed {
				w.t.Errorf("ticket %s was confirmed and is %s", f[1], t.State)
			}
			f = f[1:]
		}
		for _, word := range f[1:] {
			p := strings.Split(word, "=")
			o, ok := orders[p[0]]
			if !ok {
				w.t.Errorf("order %s was acknowledged and is gone", p[0])
				continue
			}
			if was := trade.Status(p[1]); was.Terminal() && o.Status != was {
				w.t.Errorf("order %s was told as %s and is %s", o.ID, was, o.Status)
			}
			if o.Filled.Less(dec(p[2])) {
				w.t.Errorf("order %s was told to have filled %s and has %s", o.ID, p[2], o.Filled)
			}
		}
	}
}

// confirmsAgain confirms every confirmed ticket once more: the same orders come
// back and the venue gets none.
func (w *witness) confirmsAgain() {
	w.t.Helper()
	ctx := context.Background()
	rows, err := w.db.Orders(ctx, order.OrderFilter{User: "ann"})
	if err != nil {
		w.t.Fatal(err)
	}
	tickets, before := map[string]bool{}, len(w.placed())
	for _, o := range rows {
		tickets[o.Ticket] = true
	}
	for id := range tickets {
		orders, t, err := w.desk.Confirm(ctx, ann, id)
		if err != nil {
			w.t.Errorf("confirm %s again: %v", id, err)
			continue
		}
		if len(orders) != len(t.Legs) {
			w.t.Errorf("confirm %s again: %d orders of %d", id, len(orders), len(t.Legs))
		}
		for i, o := range orders {
			if o.ID != t.Legs[i].Order.ID {
				w.t.Errorf("confirm %s again: order %s; want %s", id, o.ID, t.Legs[i].Order.ID)
			}
		}
	}
	if after := len(w.placed()); after != before {
		w.t.Errorf("confirming again placed %d orders", after-before)
	}
}

func (w *witness) placed() (ids []string) {
	w.t.Helper()
	for _, account := range accounts {
		book, err := w.world.venue.Book(context.Background(), account, time.Time{})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range book.Orders {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// sentOnce reads what every process was about to send: no id twice.
func (w *witness) sentOnce(path string) {
	w.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return // killed before anything was sent
	}
	defer func() { _ = f.Close() }()
	seen := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if seen[lines.Text()] {
			w.t.Errorf("sent twice: %s", lines.Text())
		}
		seen[lines.Text()] = true
	}
}
