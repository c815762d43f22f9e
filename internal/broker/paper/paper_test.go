package paper

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

func dec(s string) num.Decimal { return num.MustParse(s) }

func openDB(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// rig is a venue at work on a file.
type rig struct {
	*Broker
	t    testing.TB
	cfg  Config
	path string
	end  func()
}

const acc = "acc"

func start(t testing.TB, cfg Config) *rig {
	t.Helper()
	r := &rig{t: t, cfg: cfg, path: filepath.Join(t.TempDir(), "paper.db")}
	if r.cfg.Tick == 0 {
		r.cfg.Tick = 5 * time.Millisecond
	}
	r.open()
	if err := r.OpenAccount(context.Background(), acc, "USD", num.FromInt(100_000)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.end() })
	return r
}

func (r *rig) open() {
	r.t.Helper()
	db := openDB(r.t, r.path)
	cfg := r.cfg
	cfg.DB = db
	b, err := Open(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Run(ctx); err != nil {
			r.t.Error(err)
		}
	})
	r.Broker = b
	r.end = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err := b.Close(); err != nil {
			r.t.Error(err)
		}
		if err := db.Close(); err != nil {
			r.t.Error(err)
		}
	})
}

func (r *rig) restart() {
	r.t.Helper()
	r.end()
	r.open()
}

// all gives every event so far.
func (r *rig) all() []order.Event {
	r.t.Helper()
	r.mu.Lock()
	newest := r.views[acc].seq
	r.mu.Unlock()
	var out []order.Event
	for int64(len(out)) < newest {
		batch, err := r.store.events(context.Background(), acc, int64(len(out)), 1000)
		if err != nil || len(batch) == 0 {
			r.t.Fatalf("%d of %d events: %v", len(out), newest, err)
		}
		out = append(out, batch...)
	}
	return out
}

// wait waits for an event.
func (r *rig) wait(what string, ok func(order.Event) bool) order.Event {
	r.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		for _, e := range r.all() {
			if ok(e) {
				return e
			}
		}
	}
	r.t.Fatalf("no event: %s", what)
	return order.Event{}
}

func (r *rig) status(id string, s trade.Status) order.Event {
	r.t.Helper()
	return r.wait(id+" becomes "+string(s), func(e order.Event) bool { return e.Order.ID == id && e.Order.Status == s })
}

func limit(id string, side trade.Side, quantity, price string) trade.Order {
	o := trade.Order{ID: id, Ticket: id, Leg: 1, Role: trade.Single, Account: acc, Symbol: "AAPL", Side: side, Type: trade.Market, TIF: trade.Day, Quantity: dec(quantity)}
	if price != "" {
		o.Type, o.LimitPrice = trade.Limit, dec(price)
	}
	return o
}

func (r *rig) place(o trade.Order) {
	r.t.Helper()
	if _, err := r.Place(context.Background(), o); err != nil {
		r.t.Fatalf("place %s: %v", o.ID, err)
	}
}

func TestConformance(t *testing.T) {
	brokertest.Run(t, brokertest.Harness{Open: func(t *testing.T, m *brokertest.FakeMarket) brokertest.Venue {
		r := start(t, Config{Market: m})
		return brokertest.Venue{Broker: r.Broker, Account: acc, Restart: func(*testing.T) order.Broker {
			r.restart()
			return r.Broker
		}}
	}})
}
