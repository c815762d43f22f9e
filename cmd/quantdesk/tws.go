package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"quantdesk/internal/broker/paper"
	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/obs"
	"quantdesk/internal/store"
	"quantdesk/internal/tws/server"
)

type twsCmd struct {
	Addr     string `help:"Address to listen on; TWS paper's own port." default:"127.0.0.1:7497" env:"QUANTDESK_TWS_ADDR" placeholder:"HOST:PORT"`
	Accounts int    `help:"Accounts of the login." default:"1"`
	Cash     string `help:"What each account begins with, in USD." default:"1000000"`
	Pace     int    `help:"Messages a second that a client may send, as TWS has it; 0 is no limit." default:"50"`
	Control  string `help:"Take faults on demand over HTTP there: POST {\"kind\":\"drop\"}, lost, restored, pacing, delay_ack, double_ack. Default: not at all." placeholder:"HOST:PORT"`
	LogLevel string `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"QUANTDESK_LOG_LEVEL,LOG_LEVEL"`
	prices
}

// Help is shown below the flags.
func (twsCmd) Help() string {
	return "Any TWS program can connect, as it would to TWS or IB Gateway: contracts, prices, bars, orders, executions, accounts, options, news and scanners are served at server version 178. Accounts are named DUSIM and hold invented money; orders and positions are kept in the home's folder tws. --faults takes partial fills and other faults of the broker from a file."
}

// mostAccounts is how many accounts a login may have.
const mostAccounts = 50

// Run serves until the context ends.
func (c *twsCmd) Run(ctx context.Context, io streams, home place) (err error) {
	const op = "tws"
	cash, err := num.Parse(c.Cash)
	if err != nil || cash.Sign() <= 0 || c.Accounts < 1 || c.Accounts > mostAccounts || c.Pace < 0 {
		return fault.E(op, fault.Invalid, "--cash must be above zero, --accounts 1 to %d, --pace 0 or more", mostAccounts).Hinted("Leave them out for their defaults.")
	}
	h, err := store.Acquire(filepath.Join(string(home), "tws"), "tws", time.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Release()) }()
	log := obs.Logger(io.err, level(c.LogLevel), false)
	prices, err := c.open(ctx)
	if err != nil {
		return err
	}
	script, err := c.script()
	if err != nil {
		return err
	}
	db, err := store.OpenSQLite(h.Path("paper.db"), 4)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	venue, err := server.WithOptions(prices)
	if err != nil {
		return err
	}
	broker, err := paper.Open(paper.Config{DB: db, Market: venue, Log: log, Faults: script, Options: true, Tick: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Close()) }()
	run, stop := context.WithCancel(ctx)
	defer stop()
	g, run := errgroup.WithContext(run)
	g.Go(func() error { return broker.Run(run) })
	var accounts []string
	for i := range c.Accounts {
		name := fmt.Sprintf("DUSIM%06d", i+1)
		if err := broker.OpenAccount(ctx, name, "USD", cash); err != nil {
			stop()
			return errors.Join(err, quiet(g.Wait()))
		}
		accounts = append(accounts, name)
	}
	s, err := server.New(server.Config{Market: venue, Broker: broker, Accounts: accounts, Pace: c.Pace, Log: log})
	if err != nil {
		stop()
		return errors.Join(err, quiet(g.Wait()))
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		stop()
		return errors.Join(listenFault("--addr", c.Addr, err), quiet(g.Wait()))
	}
	g.Go(func() error { return s.Run(run) })
	g.Go(func() error { return s.Serve(run, ln) })
	if c.Control != "" {
		control, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Control)
		if err != nil {
			stop()
			return errors.Join(listenFault("--control", c.Control, err), quiet(g.Wait()))
		}
		web := &http.Server{Handler: s.Control(), ReadHeaderTimeout: 5 * time.Second}
		g.Go(func() error { return web.Serve(control) })
		g.Go(func() error { <-run.Done(); return web.Close() })
		fmt.Fprintf(io.out, "Faults on demand: POST to http://%s\n", control.Addr())
	}
	source := "the simulated market, seed " + fmt.Sprint(c.Seed)
	if c.Market != "sim" {
		source = "a replay of " + c.Market
	}
	fmt.Fprintf(io.out, "Paper TWS on %s, server version 178, over %s.\nAccounts: %s. Nothing here is at stake.\nStop with Ctrl-C (process %d).\n", ln.Addr(), source, strings.Join(accounts, ", "), os.Getpid())
	return quiet(g.Wait())
}

// quiet leaves out what ends everything that was asked to end.
func quiet(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
