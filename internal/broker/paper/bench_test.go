package paper

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

func percentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(took[(len(took)-1)*p/100].Microseconds()), fmt.Sprintf("p%d-µs", p))
	}
}

// BenchmarkPlaceToFill measures closed-loop callers from Place to the delivery
// of the order's EventFill.
func BenchmarkPlaceToFill(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			m := brokertest.NewFakeMarket()
			m.Price("AAPL", "100", "1000000000")
			r := start(b, Config{Market: m, Tick: 100 * time.Millisecond})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var waiting sync.Map // order id to the channel its fill closes
			var wg sync.WaitGroup
			wg.Go(func() {
				_ = r.Events(ctx, acc, 0, func(batch []order.Event) error {
					for _, e := range batch {
						if e.Fill != nil {
							if done, ok := waiting.LoadAndDelete(e.Order.ID); ok {
								close(done.(chan struct{}))
							}
						}
					}
					return nil
				})
			})
			var next atomic.Int64
			var mu sync.Mutex
			var took []time.Duration
			b.ResetTimer()
			var work sync.WaitGroup
			for range callers {
				work.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						o := limit(fmt.Sprintf("b%d-1", n), []trade.Side{trade.Buy, trade.Sell}[n%2], "1", "")
						done := make(chan struct{})
						waiting.Store(o.ID, done)
						began := time.Now()
						if _, err := r.Place(ctx, o); err != nil {
							b.Error(err)
							return
						}
						<-done
						d := time.Since(began)
						mu.Lock()
						took = append(took, d)
						mu.Unlock()
					}
				})
			}
			work.Wait()
			b.StopTimer()
			percentiles(b, took)
			cancel()
			wg.Wait()
		})
	}
}

// BenchmarkFloor is what the disk itself costs: a 4 KiB append with fsync, and
// one small transaction of the same database settings.
func BenchmarkFloor(b *testing.B) {
	b.Run("fsync", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "f"))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		page := make([]byte, 4096)
		var took []time.Duration
		for b.Loop() {
			began := time.Now()
			if _, err := f.Write(page); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(began))
		}
		percentiles(b, took)
	})
	b.Run("transaction", func(b *testing.B) {
		db := openDB(b, filepath.Join(b.TempDir(), "f.db"))
		defer func() { _ = db.Close() }()
		if _, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)`); err != nil {
			b.Fatal(err)
		}
		var took []time.Duration
		for b.Loop() {
			began := time.Now()
			if _, err := db.Exec(`INSERT INTO t (x) VALUES (?)`, "x"); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(began))
		}
		percentiles(b, took)
	})
}

// BenchmarkBalances reads while nothing is written.
func BenchmarkBalances(b *testing.B) {
	m := brokertest.NewFakeMarket()
	r := start(b, Config{Market: m})
	for i, symbol := range []string{"AAPL", "MSFT", "EURUSD", "XAUUSD"} {
		o := limit(fmt.Sprintf("o%d-1", i), trade.Buy, "1", "")
		o.Symbol = symbol
		r.place(o)
	}
	if err := r.OpenAccount(context.Background(), "other", "", num.One); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Balances(context.Background(), acc); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkThousandOpen places orders into an account with a thousand resting
// ones, all of which count in its margin.
func BenchmarkThousandOpen(b *testing.B) {
	m := brokertest.NewFakeMarket()
	r := start(b, Config{Market: m, Tick: 100 * time.Millisecond})
	for i := range 1000 {
		r.place(limit(fmt.Sprintf("r%d", i), trade.Buy, "1", "5"))
	}
	i := 0
	for b.Loop() {
		i++
		r.place(limit(fmt.Sprintf("x%d", i), []trade.Side{trade.Buy, trade.Sell}[i%2], "1", ""))
	}
}
