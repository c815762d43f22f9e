package client_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
	"quantdesk/internal/tws/server"
)

func TestRequests(t *testing.T) {
	d := open(t, t.TempDir())
	c := dial(t, client.Config{Addr: d.Addr, ClientID: 3})
	ctx := t.Context()
	if s := c.Status(); s.State != client.Up || s.ServerVersion != 178 || len(s.Accounts) != 1 || s.Accounts[0] != account {
		t.Fatalf("status %+v", s)
	}
	if at, err := c.Time(ctx); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("time %v %v", at, err)
	}
	list, err := c.ContractDetails(ctx, apple)
	if err != nil || len(list) != 1 || list[0].Contract.ConID <= 0 || list[0].MinTick.Sign() <= 0 || list[0].TradingHours == "" || list[0].TimeZoneID != "US/Eastern" {
		t.Fatalf("details %+v %v", list, err)
	}
	k := list[0].Contract
	if again, err := c.ContractDetails(ctx, tws.Contract{ConID: k.ConID}); err != nil || len(again) != 1 || again[0].Contract.Symbol != "AAPL" {
		t.Errorf("by id: %+v %v", again, err)
	}
	var no *client.Error
	if _, err := c.ContractDetails(ctx, tws.Contract{Symbol: "NOSUCH", SecType: "STK"}); !errors.Is(err, client.ErrContract) || !errors.As(err, &no) || no.Code != 200 {
		t.Errorf("an unknown contract: %v", err)
	}
	if found, err := c.MatchingSymbols(ctx, "AAP"); err != nil || len(found) == 0 || found[0].Contract.Symbol != "AAPL" {
		t.Errorf("search %+v %v", found, err)
	}
	h, err := c.Bars(ctx, tws.ReqHistoricalData{Contract: k, BarSize: "1 day", Duration: "1 M", WhatToShow: "TRADES", UseRTH: true, FormatDate: 1})
	if err != nil || len(h.Bars) < 15 || h.Bars[0].High.Less(h.Bars[0].Low) || len(h.Bars[0].Date) != 8 {
		t.Errorf("bars %+v %v", h, err)
	}
	if _, err := c.Bars(ctx, tws.ReqHistoricalData{Contract: k, BarSize: "7 days", Duration: "1 M", WhatToShow: "TRADES"}); !errors.Is(err, client.ErrRequest) {
		t.Errorf("a bar size that is none: %v", err)
	}
	rule, err := c.MarketRule(ctx, 2001)
	if err != nil || len(rule) != 1 || !rule[0].Increment.Equal(num.MustParse("0.01")) {
		t.Errorf("rule %+v %v", rule, err)
	}
	chains, err := c.OptionChains(ctx, k)
	if err != nil || len(chains) == 0 || len(chains[0].Expirations) < 5 || len(chains[0].Strikes) < 10 {
		t.Fatalf("chains %+v %v", chains, err)
	}
	o := tws.Contract{Symbol: "AAPL", SecType: "OPT", Exchange: "SMART", Currency: "USD", Right: "C", LastTradeDate: chains[0].Expirations[6], Strike: chains[0].Strikes[20]}
	price, err := c.Compute(ctx, &tws.ReqCalcOptionPrice{Contract: o, Volatility: num.MustParse("0.3"), UnderPrice: o.Strike})
	if err != nil || !price.Price.Positive() {
		t.Fatalf("option price %+v %v", price, err)
	}
	vol, err := c.Compute(ctx, &tws.ReqCalcImpliedVol{Contract: o, OptionPrice: price.Price.Or(num.Zero), UnderPrice: o.Strike})
	if got, ok := vol.ImpliedVol.Get(); err != nil || !ok || num.MustParse("0.0001").Less(got.Sub(num.MustParse("0.3")).Abs()) {
		t.Errorf("the volatility at the model's price is %s %v, want 0.3", got, err)
	}
	ticks, err := c.Snapshot(ctx, k)
	if err != nil || len(ticks) < 8 {
		t.Errorf("snapshot %d %v", len(ticks), err)
	}
	if rows, err := c.Scan(ctx, tws.ReqScannerSubscription{ScanCode: "MOST_ACTIVE", Instrument: "STK", Location: "STK.US.MAJOR", Rows: tws.Int(5)}); err != nil || len(rows) != 5 {
		t.Errorf("scan %d %v", len(rows), err)
	}
	if values, err := c.AccountSummary(ctx, "NetLiquidation,BuyingPower"); err != nil || len(values) != 2 || values[0].Value != "1000000.00" {
		t.Errorf("summary %+v %v", values, err)
	}
	if w, err := c.WhatIf(ctx, k, buy("10")); err != nil || !w.State.InitMarginChange.Positive() || !w.State.Commission.Positive() {
		t.Errorf("what-if %+v %v", w, err)
	}
	if orders, err := c.OpenOrders(ctx, true); err != nil || len(orders) != 0 {
		t.Errorf("a what-if left %+v %v", orders, err)
	}
}

// An order lives as at a TWS, and a server that starts again on the same books
// shows the same.
func TestOrders(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	var log collector
	c := dial(t, client.Config{Addr: d.Addr, ClientID: 3, OnOrder: log.add})
	ctx := t.Context()
	place := func(change func(*tws.Order)) int64 {
		t.Helper()
		o := buy("10")
		change(&o)
		id := c.NextOrderID()
		if err := c.Place(ctx, &tws.PlaceOrder{OrderID: id, Contract: apple, Order: o}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	market := place(func(o *tws.Order) { o.OrderRef = "ref-1" })
	x := wait(t, &log, "an execution", func(m *tws.ExecDetails) bool { return m.OrderID == market })
	if x.Side != "BOT" || x.OrderRef != "ref-1" || x.Account != account || x.ClientID != 3 {
		t.Errorf("execution %+v", x)
	}
	wait(t, &log, "filled", status(market, tws.Filled))
	if r := wait(t, &log, "a commission", func(m *tws.CommissionReport) bool { return m.ExecID == x.ExecID }); r.Commission.Sign() <= 0 || r.RealizedPNL.Set() {
		t.Errorf("commission %+v", r)
	}
	if p, err := c.Positions(ctx); err != nil || len(p) != 1 || !p[0].Position.Equal(num.FromInt(10)) || !x.Price.Less(p[0].AvgCost) {
		t.Errorf("positions %+v %v", p, err)
	}

	resting := place(func(o *tws.Order) { o.OrderType, o.LimitPrice = "LMT", tws.Num(num.FromInt(1)) })
	wait(t, &log, "working", status(resting, tws.Submitted))
	o := buy("20")
	o.OrderType, o.LimitPrice = "LMT", tws.Num(num.FromInt(2))
	if err := c.Place(ctx, &tws.PlaceOrder{OrderID: resting, Contract: apple, Order: o}); err != nil {
		t.Fatal(err)
	}
	wait(t, &log, "changed", func(m *tws.OpenOrder) bool {
		return m.OrderID == resting && m.Order.TotalQuantity.Equal(num.FromInt(20)) && m.Order.LimitPrice.Or(num.Zero).Equal(num.FromInt(2))
	})
	for code, change := range map[int64]func(*tws.Order){
		110: func(o *tws.Order) { o.OrderType, o.LimitPrice = "LMT", tws.Num(num.MustParse("1.00001")) },
		111: func(o *tws.Order) { o.TIF = "SOON" },
		201: func(o *tws.Order) { o.TotalQuantity = num.FromInt(9_000_000) },
		321: func(o *tws.Order) { o.Account = "DU1" },
		387: func(o *tws.Order) { o.OrderType = "MIT" },
		434: func(o *tws.Order) { o.TotalQuantity = num.Zero },
	} {
		id := place(change)
		wait(t, &log, "a refusal", func(m *tws.ErrMsg) bool { return m.ReqID == id && m.Code == code })
	}
	if err := c.CancelOrder(ctx, 77_777); err != nil {
		t.Fatal(err)
	}
	wait(t, &log, "nothing to cancel", func(m *tws.ErrMsg) bool { return m.Code == 10147 })

	// A bracket: nothing is sent until the last leg is transmitted.
	parent := place(func(o *tws.Order) { o.OrderType, o.LimitPrice, o.Transmit = "LMT", tws.Num(num.FromInt(1)), false })
	wait(t, &log, "held", status(parent, tws.Inactive))
	profit := place(func(o *tws.Order) {
		o.Action, o.OrderType, o.LimitPrice, o.ParentID, o.Transmit = "SELL", "LMT", tws.Num(num.FromInt(999)), parent, false
	})
	stop := place(func(o *tws.Order) {
		o.Action, o.OrderType, o.AuxPrice, o.ParentID = "SELL", "STP", tws.Num(num.New(5, 1)), parent
	})
	wait(t, &log, "the stop sleeps", func(m *tws.OrderStatus) bool {
		return m.OrderID == stop && m.Status == tws.PreSubmitted && m.ParentID == parent
	})
	wait(t, &log, "the entry works", status(parent, tws.Submitted))
	if err := c.CancelOrder(ctx, parent); err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{parent, profit, stop} {
		wait(t, &log, "cancelled", status(id, tws.Cancelled))
	}

	// The same books under another server.
	c.Close()
	d.Stop()
	d = open(t, dir)
	c = dial(t, client.Config{Addr: d.Addr, ClientID: 3, OnOrder: log.add})
	list, err := c.OpenOrders(ctx, false)
	if err != nil || len(list) != 1 || list[0].Open.OrderID != resting || !list[0].Open.Order.TotalQuantity.Equal(num.FromInt(20)) || list[0].Status == nil {
		t.Fatalf("after a restart: %+v %v", list, err)
	}
	if next := c.NextOrderID(); next <= stop {
		t.Errorf("the next order id is %d, and %d is taken", next, stop)
	}
	runs, err := c.Executions(ctx, tws.ReqExecutions{})
	if err != nil || len(runs) != 1 || runs[0].Details.ExecID != x.ExecID || runs[0].Commission == nil || runs[0].Details.OrderRef != "ref-1" {
		t.Errorf("executions after a restart: %+v %v", runs, err)
	}
	if done, err := c.CompletedOrders(ctx, false); err != nil || len(done) < 4 {
		t.Errorf("%d completed orders after a restart: %v", len(done), err)
	}
	if err := c.CancelOrder(ctx, resting); err != nil {
		t.Fatal(err)
	}
	wait(t, &log, "cancelled after a restart", status(resting, tws.Cancelled))
}

// What no TWS answers says so, with what to do next.
func TestConnectErrors(t *testing.T) {
	d := open(t, t.TempDir())
	dial(t, client.Config{Addr: d.Addr, ClientID: 5})
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	listen := func(serve func(net.Conn)) string {
		ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				serve(conn)
			}
		}()
		return ln.Addr().String()
	}
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ addr, why, hint string }{
		"nothing listens": {free.Addr().String(), "nothing answers", "7497 paper"},
		"a patient one":   {strings.TrimPrefix(web.URL, "http://"), "says nothing", "check the port"},
		"a web server":    {listen(func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }), "is not a TWS", "port"},
		"closes at once":  {listen(func(c net.Conn) { _ = c.Close() }), "closed the connection", "trusted addresses"},
		"says nothing":    {listen(func(net.Conn) {}), "says nothing", "window"},
		"too old":         {listen(func(c net.Conn) { _, _ = c.Write(tws.AppendFields(nil, "150", "20200101 00:00:00 EST")) }), "version 150", "Update"},
		"id in use":       {d.Addr, "client id 5 is in use", "client_id"},
		"no address":      {"nowhere", "no address", "127.0.0.1:7497"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Dial(t.Context(), client.Config{Addr: c.addr, ClientID: 5, Timeout: time.Second})
			var e *client.ConnectError
			if !errors.Is(err, client.ErrConnect) || !errors.As(err, &e) || !strings.Contains(e.Why, c.why) || !strings.Contains(e.Hint, c.hint) {
				t.Fatalf("got %v %+v", err, e)
			}
		})
	}
}

// A subscription goes on over a dropped connection and over lost data, and the
// states are told.
func TestReconnect(t *testing.T) {
	d := open(t, t.TempDir())
	states := make(chan client.State, 100)
	c := dial(t, client.Config{Addr: d.Addr, ClientID: 3, OnState: func(s client.State) { states <- s }})
	s, err := c.MarketData(t.Context(), apple, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	next := func(what string) {
		t.Helper()
		for end := time.After(15 * time.Second); ; {
			select {
			case m, ok := <-s.C:
				if !ok {
					t.Fatalf("%s: the subscription ended: %v", what, s.Err())
				}
				if p, ok := m.(*tws.TickPrice); ok && p.TickType == 1 {
					return
				}
			case <-end:
				t.Fatalf("%s: no price came", what)
			}
		}
	}
	state := func(want client.State) {
		t.Helper()
		for end := time.After(10 * time.Second); ; {
			select {
			case s := <-states:
				if s == want {
					return
				}
			case <-end:
				t.Fatalf("the state never became %s", want)
			}
		}
	}
	drain := func() {
		for len(s.C) > 0 {
			<-s.C
		}
	}
	inject := func(f server.Fault) {
		t.Helper()
		if err := d.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
	next("at first")
	inject(server.Fault{Kind: "drop"})
	state(client.Down)
	drain()
	state(client.Up)
	next("after a drop")
	inject(server.Fault{Kind: "lost"})
	state(client.Lost)
	drain()
	inject(server.Fault{Kind: "restored", DataLost: true})
	state(client.Up)
	next("after lost data")
	if err := d.Inject(server.Fault{Kind: "flood"}); err == nil {
		t.Error("an unknown fault is taken")
	}
	s.Close()
	for m := range s.C {
		t.Logf("left over: %T", m)
	}
	if s.Err() != nil {
		t.Errorf("after Close: %v", s.Err())
	}
	c.Close()
	if _, err := c.Time(t.Context()); !errors.Is(err, client.ErrConnect) {
		t.Errorf("after the end: %v", err)
	}
}
