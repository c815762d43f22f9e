package paper

import (
	"context"
	"errors"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

func script(t *testing.T, text string) *FaultScript {
	t.Helper()
	s, err := ParseFaults([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFaults(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m, Faults: script(t, `[
		{"kind":"reject","symbol":"AAPL","nth":2,"code":"201","text":"Order rejected - reason: scripted"},
		{"kind":"disconnect","symbol":"AAPL","nth":3},
		{"kind":"lost_answer","symbol":"AAPL","nth":4},
		{"kind":"duplicate_ack","symbol":"AAPL","nth":5},
		{"kind":"late_ack","symbol":"AAPL","nth":6,"delay_ms":80},
		{"kind":"partial_fill","symbol":"MSFT","nth":1,"times":2,"quantity":"3"},
		{"kind":"lost_answer","call":"cancel"}
	]`)})
	ctx := context.Background()
	var v *order.VenueError
	r.place(limit("o1", trade.Buy, "1", "90"))
	if _, err := r.Place(ctx, limit("o2", trade.Buy, "1", "90")); !errors.As(err, &v) || v.Code != "201" {
		t.Errorf("reject: %v", err)
	}
	r.status("o2", trade.Rejected)
	if _, err := r.Place(ctx, limit("o3", trade.Buy, "1", "90")); err == nil || errors.As(err, &v) {
		t.Errorf("disconnect: %v", err)
	}
	if _, err := r.Place(ctx, limit("o4", trade.Buy, "1", "90")); err == nil || errors.As(err, &v) {
		t.Errorf("lost answer: %v", err)
	}
	r.status("o4", trade.Working)
	r.place(limit("o5", trade.Buy, "1", "90"))
	began := time.Now()
	r.place(limit("o6", trade.Buy, "1", "90"))
	if d := time.Since(began); d < 80*time.Millisecond {
		t.Errorf("late ack after %s", d)
	}
	counts := map[string]int{}
	for _, e := range r.all() {
		counts[e.Order.ID]++
	}
	for id, want := range map[string]int{"o1": 1, "o2": 1, "o3": 0, "o4": 1, "o5": 2, "o6": 1} {
		if counts[id] != want {
			t.Errorf("%d events about %s; want %d", counts[id], id, want)
		}
	}
	o := limit("o7", trade.Buy, "10", "")
	o.Symbol = "MSFT"
	r.place(o)
	wantNum(t, "first fill", r.status("o7", trade.PartiallyFilled).Order.Filled, "3")
	m.Price("MSFT", "50", "1000")
	r.wait("second capped fill", func(e order.Event) bool { return e.Order.ID == "o7" && e.Order.Filled.Equal(dec("6")) })
	m.Price("MSFT", "50", "1000")
	r.status("o7", trade.Filled)
	if err := r.Cancel(ctx, acc, "o1"); err == nil || errors.As(err, &v) {
		t.Errorf("lost cancel: %v", err)
	}
	r.status("o1", trade.Cancelled)
}

func TestParseFaultsRefuses(t *testing.T) {
	for _, text := range []string{
		``, `{}`, `[{"kind":"explode"}]`, `[{"kind":"reject","colour":"red"}]`, `[{"kind":"partial_fill"}]`,
		`[{"kind":"late_ack","delay_ms":-1}]`, `[{"kind":"reject","call":"cancel"}]`, `[{"kind":"reject"}] []`,
	} {
		if _, err := ParseFaults([]byte(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
