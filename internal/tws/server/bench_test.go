package server_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// tell reports the middle and the far end of how long something took.
func tell(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}

// BenchmarkOrder is a limit order from a client's Place to the first word that
// TWS says of it, one after the other. The broker has it on disk before that.
func BenchmarkOrder(b *testing.B) {
	d := open(b, setup{})
	type word struct {
		id     int64
		status string
	}
	words := make(chan word, 64)
	c, err := client.Dial(b.Context(), client.Config{Addr: d.Addr, ClientID: 1, Pace: -1, OnOrder: func(m tws.Message) {
		switch m := m.(type) {
		case *tws.OpenOrder:
			words <- word{m.OrderID, m.State.Status}
		case *tws.OrderStatus:
			words <- word{m.OrderID, m.Status}
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	o := tws.Order{Action: "BUY", TotalQuantity: num.One, OrderType: "LMT", LimitPrice: tws.Num(num.One), TIF: "DAY", Transmit: true, Account: account, ExemptCode: -1}
	var took []time.Duration
	for b.Loop() {
		id := c.NextOrderID()
		begun := time.Now()
		if err := c.Place(b.Context(), &tws.PlaceOrder{OrderID: id, Contract: apple, Order: o}); err != nil {
			b.Fatal(err)
		}
		for got := range words {
			if got.id == id {
				break
			}
		}
		took = append(took, time.Since(begun))
		b.StopTimer() // the book stays as small as books are
		if err := c.CancelOrder(b.Context(), id); err != nil {
			b.Fatal(err)
		}
		for got := range words {
			if got == (word{id, tws.Cancelled}) {
				break
			}
		}
		b.StartTimer()
	}
	tell(b, took)
}

// BenchmarkFloor is what the disk takes for an order: one append of 4 KiB with
// fsync.
func BenchmarkFloor(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4096)
	var took []time.Duration
	for b.Loop() {
		begun := time.Now()
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	tell(b, took)
}
