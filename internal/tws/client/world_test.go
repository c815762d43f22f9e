package client_test

import (
	"sync"
	"testing"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
	"quantdesk/internal/tws/server/servertest"
)

const account = servertest.Account

// open opens a paper TWS whose books are in a folder.
func open(t testing.TB, dir string) *servertest.TWS {
	t.Helper()
	return servertest.Open(t, servertest.Config{Dir: dir})
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
