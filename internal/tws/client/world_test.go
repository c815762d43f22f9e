package client_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/paper"
	"quantdesk/internal/feed"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/sim"
	"quantdesk/internal/store"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
	"quantdesk/internal/tws/server"
)

// desk is a paper TWS over the simulated market.
type desk struct {
	*server.Server
	addr string
	stop func()
}

const account = "DUSIM000001"

// open opens a paper TWS whose books are in a folder.
func open(t testing.TB, dir, addr string) *desk {
	t.Helper()
	f, err := feed.New(feed.Config{Source: sim.New(sim.Config{Seed: 42}), Clock: feed.Wall{}, Kind: market.FeedSimulated})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenSQLite(filepath.Join(dir, "paper.db"), 4)
	if err != nil {
		t.Fatal(err)
	}
	broker, err := paper.Open(paper.Config{DB: db, Market: f, Tick: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = broker.Run(ctx) })
	once := sync.OnceFunc(func() {
		stop()
		wg.Wait()
		if err := errors.Join(broker.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(once)
	if err := broker.OpenAccount(ctx, account, "USD", num.FromInt(1_000_000)); err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{Market: f, Broker: broker, Accounts: []string{account}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() { _ = s.Run(ctx) })
	wg.Go(func() { _ = s.Serve(ctx, ln) })
	return &desk{s, ln.Addr().String(), once}
}

func dial(t testing.TB, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var apple = tws.Contract{Symbol: "AAPL", SecType: "STK", Exchange: "SMART", Currency: "USD"}

func buy(n string) tws.Order {
	return tws.Order{Action: "BUY", TotalQuantity: num.MustParse(n), OrderType: "MKT", TIF: "DAY", Transmit: true, Account: account, ExemptCode: -1}
}

// collector keeps what happens to orders.
type collector struct {
	mu   sync.Mutex
	list []tws.Message
}

func (c *collector) add(m tws.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, m)
}

// find gives the first message that fits.
func find[T tws.Message](c *collector, fits func(T) bool) (x T, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.list {
		if x, ok = m.(T); ok && fits(x) {
			return x, true
		}
	}
	return x, false
}

// wait waits until a message fits.
func wait[T tws.Message](t *testing.T, c *collector, what string, fits func(T) bool) T {
	t.Helper()
	end := time.Now().Add(10 * time.Second)
	for {
		x, ok := find(c, fits)
		if ok {
			return x
		}
		if time.Now().After(end) {
			t.Fatalf("nothing came: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func status(id int64, s string) func(*tws.OrderStatus) bool {
	return func(m *tws.OrderStatus) bool { return m.OrderID == id && m.Status == s }
}
