// Package servertest opens a paper TWS for the tests of whoever speaks to one: the
// server's own, the client's, the broker's and the command's.
//
//	v := servertest.Open(t, servertest.Config{Options: true})
//	conn, err := net.Dial("tcp", v.Addr)
package servertest

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
	"quantdesk/internal/tws/server"
)

// Account is the account of a TWS whose Config names none.
const Account = "DUSIM000001"

// Config is what a test's TWS is made of; the zero value is one account on the
// simulated market, without a limit of messages.
type Config struct {
	// Dir holds the books; empty is a folder of the test's own.
	Dir string
	// Feed is the market; nil is the simulated one, now.
	Feed *feed.Feed
	// Accounts begin with 1,000,000 USD each.
	Accounts []string
	// Options lets options be traded.
	Options bool
	Pace    int
	// Faults is the broker's script.
	Faults string
}

// TWS is a paper TWS with the books it stands on.
type TWS struct {
	*server.Server
	Addr string
	Book *paper.Broker
	// Stop ends it, as the end of the test does.
	Stop func()
}

// Open opens a paper TWS on a free port, until the test ends or Stop is called.
func Open(t testing.TB, in Config) *TWS {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if in.Feed == nil {
		in.Feed, err = feed.New(feed.Config{Source: sim.New(sim.Config{Seed: 42}), Clock: feed.Wall{}, Kind: market.FeedSimulated})
		must(err)
	}
	if in.Dir == "" {
		in.Dir = t.TempDir()
	}
	if len(in.Accounts) == 0 {
		in.Accounts = []string{Account}
	}
	var script *paper.FaultScript
	if in.Faults != "" {
		script, err = paper.ParseFaults([]byte(in.Faults))
		must(err)
	}
	books := paper.Config{Market: in.Feed, Tick: 5 * time.Millisecond, Faults: script}
	venue := server.Config{Market: in.Feed, Accounts: in.Accounts, Pace: in.Pace}
	if in.Options {
		m, err := server.WithOptions(in.Feed)
		must(err)
		books.Market, books.Options, venue.Market = m, true, m
	}
	db, err := store.OpenSQLite(filepath.Join(in.Dir, "paper.db"), 4)
	must(err)
	books.DB = db
	broker, err := paper.Open(books)
	must(err)
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
	for _, a := range in.Accounts {
		must(broker.OpenAccount(ctx, a, "USD", num.FromInt(1_000_000)))
	}
	venue.Broker = broker
	s, err := server.New(venue)
	must(err)
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	must(err)
	wg.Go(func() { _ = s.Run(ctx) })
	wg.Go(func() { _ = s.Serve(ctx, ln) })
	return &TWS{s, ln.Addr().String(), broker, once}
}
