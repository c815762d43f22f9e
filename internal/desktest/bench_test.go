package desktest

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

	"quantdesk/internal/broker/paper"
	"quantdesk/internal/feed"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/risk"
	"quantdesk/internal/sim"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

// one is a directory of one account.
type one struct{ it order.Account }

func (o one) Accounts(context.Context, string) ([]order.Account, error) {
	return []order.Account{o.it}, nil
}
func (o one) AllAccounts(context.Context) ([]order.Account, error) {
	return []order.Account{o.it}, nil
}
func (o one) Account(_ context.Context, id string) (order.Account, bool, error) {
	return o.it, id == o.it.ID, nil
}

// BenchmarkTicketToFill is ticket, confirmation and fill at the desk's own
// service: 16 callers in closed loops on one account, the durable journal, the
// audit and the paper broker's own database included. The floor is a 4 KiB write
// and fsync on the same disk in the same run.
func BenchmarkTicketToFill(b *testing.B) {
	const callers = 16
	dir := b.TempDir()
	floor := fsyncs(b, dir, 500)
	db, err := store.Open(b.Context(), filepath.Join(dir, "desk.db"), store.Options{AuditKey: make([]byte, 32)})
	if err != nil {
		b.Fatal(err)
	}
	own, err := store.OpenSQLite(filepath.Join(dir, "paper.db"), 4)
	if err != nil {
		b.Fatal(err)
	}
	prices, err := feed.New(feed.Config{Source: sim.New(sim.Config{}), Clock: feed.Wall{}, Kind: market.FeedSimulated})
	if err != nil {
		b.Fatal(err)
	}
	venue, err := paper.Open(paper.Config{DB: own, Market: prices})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	var run sync.WaitGroup
	run.Go(func() { _ = venue.Run(ctx) })
	acc := order.Account{ID: "SIM-000001", User: "local", Broker: "PaperBrokerage", Environment: trade.Simulated, Currency: "USD", Trading: true}
	if err := venue.OpenAccount(ctx, acc.ID, "USD", num.FromInt(100_000_000)); err != nil {
		b.Fatal(err)
	}
	wide := risk.Default()
	wide.Limits.MaxDayOrders, wide.Limits.MaxDayNotional, wide.Limits.MaxDayQuantity = 1<<40, num.MustParse("1e15"), num.MustParse("1e15")
	desk := order.New(order.Config{
		Journal: db, Directory: one{acc}, Prices: prices, Broker: func(string) (order.Broker, bool) { return venue, true }, Policy: func() risk.Policy { return wide },
	})
	if err := desk.Start(ctx); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stop()
		desk.Wait()
		run.Wait()
		_, _, _ = venue.Close(), own.Close(), db.Close()
	})
	// What a quote shows is taken once: many symbols keep the market from running dry.
	all, err := prices.Instruments(ctx)
	if err != nil {
		b.Fatal(err)
	}
	shares := market.Select(all, market.Query{Class: market.Equity})[:callers]
	trading := func(n int64) error {
		side := trade.Buy
		if n%2 == 1 {
			side = trade.Sell
		}
		who := order.Caller{User: "local", Trace: fmt.Sprint(n)}
		t, err := desk.Propose(ctx, who, order.Proposal{Wishes: []order.Wish{{Intent: trade.Intent{
			Symbol: shares[n/2%callers].Symbol, Side: side, Quantity: num.One, Unit: trade.Shares, Type: trade.Market, TIF: trade.Day,
		}}}})
		if err != nil {
			return err
		}
		orders, _, err := desk.Confirm(ctx, who, t.ID)
		if err == nil && orders[0].Status != trade.Filled {
			err = fmt.Errorf("order is %s: %s", orders[0].Status, orders[0].Reason)
		}
		return err
	}
	for n := range int64(4 * callers) { // the first looks compute the market
		if err := trading(n); err != nil {
			b.Fatal(err)
		}
	}
	var mu sync.Mutex
	var times []time.Duration
	var next atomic.Int64
	b.ResetTimer()
	begun := time.Now()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			var mine []time.Duration
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				at := time.Now()
				if err := trading(n); err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			times = append(times, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	took := time.Since(begun)
	b.StopTimer()
	slices.Sort(times)
	if len(times) == 0 {
		return
	}
	us := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(us(times[len(times)/2]), "ms-p50")
	b.ReportMetric(us(times[len(times)*99/100]), "ms-p99")
	b.ReportMetric(float64(len(times))/took.Seconds(), "orders/s")
	b.ReportMetric(us(floor[len(floor)/2]), "fsync-ms-p50")
	b.ReportMetric(us(floor[len(floor)*99/100]), "fsync-ms-p99")
}

// fsyncs times 4 KiB writes with fsync, sorted.
func fsyncs(b *testing.B, dir string, n int) []time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(dir, "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	out := make([]time.Duration, n)
	for i := range out {
		at := time.Now()
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		out[i] = time.Since(at)
	}
	slices.Sort(out)
	return out
}
