package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/paper"
	"quantdesk/internal/feed"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/sim"
	"quantdesk/internal/store"
	"quantdesk/internal/tws/server"
)

// paperAccount is the account of the first paper TWS of a test.
const paperAccount = "DUSIM000001"

// withTWS opens a desk and a paper TWS with the accounts, and gives the port.
func withTWS(t *testing.T, accounts ...string) (d running, port int) {
	t.Helper()
	port = paperTWS(t, accounts...)
	return open(t, func(s *setup) {
		unlimited(&s.set)
		s.set.TWSPace, s.set.TWSPort, s.set.TWSHost, s.set.TWSClientID, s.scripted = -1, port, "127.0.0.1", 1, true
	}), port
}

// paperTWS opens a paper TWS over the simulated market.
func paperTWS(t *testing.T, accounts ...string) (port int) {
	t.Helper()
	if len(accounts) == 0 {
		accounts = []string{paperAccount}
	}
	f, err := feed.New(feed.Config{Source: sim.New(sim.Config{Seed: 42}), Clock: feed.Wall{}, Kind: market.FeedSimulated})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenSQLite(filepath.Join(t.TempDir(), "paper.db"), 4)
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
	t.Cleanup(func() {
		stop()
		wg.Wait()
		if err := errors.Join(broker.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	for _, a := range accounts {
		if err := broker.OpenAccount(ctx, a, "USD", num.FromInt(1_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := server.New(server.Config{Market: f, Broker: broker, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() { _ = s.Run(ctx) })
	wg.Go(func() { _ = s.Serve(ctx, ln) })
	_, text, err := net.SplitHostPort(ln.Addr().String())
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return port
}
