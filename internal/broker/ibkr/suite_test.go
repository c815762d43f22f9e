package ibkr_test

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/broker/paper"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/store"
	"quantdesk/internal/tws/server"
)

// fake is the suite's market with what a TWS tells of one beside prices.
type fake struct{ *brokertest.FakeMarket }

func (f fake) Instruments(context.Context) ([]market.Instrument, error) { return f.All(), nil }

func (fake) Bars(context.Context, market.BarRequest) ([]market.Bar, error) { return nil, nil }

// The suite of every broker, over the wire to a paper TWS.
func TestConformance(t *testing.T) {
	brokertest.Run(t, brokertest.Harness{Coarse: true, Open: func(t *testing.T, m *brokertest.FakeMarket) brokertest.Venue {
		db, err := store.OpenSQLite(filepath.Join(t.TempDir(), "paper.db"), 4)
		if err != nil {
			t.Fatal(err)
		}
		book, err := paper.Open(paper.Config{DB: db, Market: m, Tick: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { _ = book.Run(ctx) })
		t.Cleanup(func() { stop(); wg.Wait(); _ = book.Close(); _ = db.Close() })
		if err := book.OpenAccount(ctx, account, "USD", num.FromInt(100_000)); err != nil {
			t.Fatal(err)
		}
		s, err := server.New(server.Config{Market: fake{m}, Broker: book, Accounts: []string{account}})
		if err != nil {
			t.Fatal(err)
		}
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { _ = s.Run(ctx) })
		wg.Go(func() { _ = s.Serve(ctx, ln) })
		dir := t.TempDir()
		p := ibkr.Params{Addr: ln.Addr().String(), ClientID: 1, Account: account}
		b := desk(t, dir)
		if _, err := b.Connect(t.Context(), "c", p); err != nil {
			t.Fatal(err)
		}
		v := brokertest.Venue{Broker: b, Account: account}
		v.Restart = func(t *testing.T) order.Broker {
			b.Close()
			b = desk(t, dir)
			if err := b.Attach("c", p); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if book, err := b.Book(t.Context(), account, time.Time{}); err == nil && book.Complete {
					break
				}
			}
			return b
		}
		return v
	}})
}
