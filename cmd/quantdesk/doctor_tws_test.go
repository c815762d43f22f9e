package main

import (
	"bufio"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// scriptedTWS is a TWS that says what a test wants: notices once a client has
// started, an error to who lists orders, and an error to who asks for a price.
type scriptedTWS struct {
	version        string
	shut           bool // closes at once
	start          []tws.ErrMsg
	orders, prices tws.ErrMsg
}

func (x scriptedTWS) listen(t *testing.T) string {
	t.Helper()
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
			go x.serve(conn)
		}
	}()
	return ln.Addr().String()
}

func (x scriptedTWS) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if x.shut {
		return
	}
	r := bufio.NewReader(conn)
	send := func(list ...tws.Message) {
		for _, m := range list {
			if b, err := tws.Append(nil, m, tws.MaxVersion); err == nil {
				_, _ = conn.Write(b)
			}
		}
	}
	if _, err := io.CopyN(io.Discard, r, int64(8+len("v176..178"))); err != nil {
		return
	}
	version := x.version
	if version == "" {
		version = "178"
	}
	_, _ = conn.Write(tws.AppendFields(nil, version, "20260102 10:00:00 EST"))
	for {
		payload, err := tws.ReadFrame(r, nil)
		if err != nil {
			return
		}
		m, err := tws.DecodeRequest(payload, tws.MaxVersion)
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case *tws.StartAPI:
			for _, e := range x.start {
				send(&e)
				if e.Code == 326 {
					return
				}
			}
			send(&tws.ManagedAccounts{Accounts: "DU1234567"}, &tws.NextValidID{OrderID: 1})
		case *tws.ReqAllOpenOrders:
			if x.orders.Code != 0 {
				send(&x.orders)
				if x.orders.Code == 321 {
					continue
				}
			}
			send(&tws.OpenOrderEnd{})
		case *tws.ReqExecutions:
			send(&tws.ExecDetailsEnd{ReqID: m.ReqID})
		case *tws.ReqAccountSummary:
			send(&tws.AccountSummary{ReqID: m.ReqID, Account: "DU1234567", Tag: "NetLiquidation", Value: "1000.00", Currency: "USD"}, &tws.AccountSummaryEnd{ReqID: m.ReqID})
		case *tws.ReqAccountUpdatesMulti:
			send(&tws.AccountUpdateMulti{ReqID: m.ReqID, Account: "DU1234567", Key: "NetLiquidation", Value: "1000.00", Currency: "USD"}, &tws.AccountUpdateMultiEnd{ReqID: m.ReqID})
		case *tws.ReqPositions:
			send(&tws.PositionEnd{})
		case *tws.ReqCompletedOrders:
			send(&tws.CompletedOrdersEnd{})
		case *tws.ReqMktData:
			if e := x.prices; e.Code != 0 {
				e.ReqID = m.ReqID
				send(&e)
				if e.Code != 10167 { // a notice: the prices come
					continue
				}
			}
			send(&tws.TickSnapshotEnd{ReqID: m.ReqID})
		}
	}
}

// Each fault of a TWS is named with its own words and what to do.
func TestDoctorTWS(t *testing.T) {
	const none = "Requested market data is not subscribed."
	for name, c := range map[string]struct {
		tws       scriptedTWS
		says, fix string // fix is empty where all is well
	}{
		"well":          {scriptedTWS{}, "accounts DU1234567", ""},
		"delayed":       {scriptedTWS{prices: tws.ErrMsg{Code: 10167, Text: "Displaying delayed market data."}}, "accounts DU1234567", ""},
		"closed":        {scriptedTWS{shut: true}, "closed the connection at once", "trusted addresses"},
		"too old":       {scriptedTWS{version: "150"}, "version 150", "Update TWS"},
		"id in use":     {scriptedTWS{start: []tws.ErrMsg{{ReqID: -1, Code: 326, Text: "in use"}}}, "client id 1 is in use", "client_id"},
		"read-only":     {scriptedTWS{orders: tws.ErrMsg{ReqID: -1, Code: 321, Text: "Error validating request.-'cj' : cause - The API interface is currently in Read-Only mode."}}, "TWS says 321", "Read-Only API"},
		"read-only too": {scriptedTWS{start: []tws.ErrMsg{{ReqID: -1, Code: 321, Text: "The API interface is currently in Read-Only mode."}}}, "TWS says 321", "Read-Only API"},
		"lost":          {scriptedTWS{orders: tws.ErrMsg{ReqID: -1, Code: 1100, Text: "Connectivity has been lost."}}, "TWS says 1100", "logged in"},
		"link broken":   {scriptedTWS{orders: tws.ErrMsg{ReqID: -1, Code: 2110, Text: "Connectivity between TWS and server is broken."}}, "TWS says 2110", "network"},
		"competing":     {scriptedTWS{prices: tws.ErrMsg{Code: 10197, Text: "No market data during competing live session"}}, "TWS says 10197", "Another session"},
		"354":           {scriptedTWS{prices: tws.ErrMsg{Code: 354, Text: none}}, "TWS says 354", "Client Portal"},
		"10089":         {scriptedTWS{prices: tws.ErrMsg{Code: 10089, Text: none}}, "TWS says 10089", "Client Portal"},
		"10168":         {scriptedTWS{prices: tws.ErrMsg{Code: 10168, Text: none}}, "TWS says 10168", "Client Portal"},
		"10186":         {scriptedTWS{prices: tws.ErrMsg{Code: 10186, Text: none}}, "TWS says 10186", "Client Portal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := visitTWS(t.Context(), c.tws.listen(t), 1)
			if len(list) != 1 || list[0].OK != (c.fix == "") || !strings.Contains(list[0].Text, c.says) || !strings.Contains(list[0].Fix, c.fix) {
				t.Errorf("got %+v", list)
			}
		})
	}
}

// The doctor finds the TWS that the settings name, and does not miss one that is
// not there.
func TestDoctorFindsTWS(t *testing.T) {
	home := filepath.Join(t.TempDir(), "h")
	host, port, err := net.SplitHostPort(scriptedTWS{prices: tws.ErrMsg{Code: 354, Text: "Requested market data is not subscribed."}}.listen(t))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := strconv.Atoi(port); err != nil || n == 0 {
		t.Fatal(port, err)
	}
	t.Setenv("TWS_HOST", host)
	t.Setenv("TWS_PORT", port)
	if code, out, errs := cmdline(t, "", "doctor", "--home", home); code != exitFailed || !strings.Contains(out, "FAIL  tws "+net.JoinHostPort(host, port)+" prices") || !strings.Contains(out, "Client Portal") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	t.Setenv("TWS_PORT", "1")
	if code, out, errs := cmdline(t, "", "doctor", "--home", home); code != 0 || strings.Contains(out, "tws") {
		t.Errorf("%d %s %s", code, out, errs)
	}
}

// A connection of the home is looked at where it is, and told apart from one
// whose TWS has gone.
func TestDoctorConnection(t *testing.T) {
	home := filepath.Join(t.TempDir(), "h")
	host, port, err := net.SplitHostPort(scriptedTWS{}.listen(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TWS_HOST", host)
	t.Setenv("TWS_PORT", port)
	if code, out, errs := cmdline(t, "", "connect", ibkr.ID, "--home", home); code != 0 {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	if _, out, _ := cmdline(t, "", "doctor", "--home", home); !strings.Contains(out, "ok    tws DU1234567") || strings.Contains(out, "FAIL  tws") {
		t.Errorf("connected: %s", out)
	}
	t.Setenv("TWS_PORT", "1")
	if code, out, _ := cmdline(t, "", "doctor", "--home", home); code != exitFailed || !strings.Contains(out, "FAIL  tws DU1234567") || !strings.Contains(out, "nothing answers at "+net.JoinHostPort(host, "1")) {
		t.Errorf("gone: %d %s", code, out)
	}
}

// A connection that was up says until when, and what ends logins.
func TestDoctorOvernight(t *testing.T) {
	since := time.Date(2026, 1, 2, 4, 45, 0, 0, time.UTC)
	why := &client.ConnectError{Addr: "127.0.0.1:7497", Why: "nothing answers at 127.0.0.1:7497", Hint: "Start TWS."}
	list := twsDown("tws DU1", client.Status{State: client.Down, Since: since, Why: why, ServerVersion: 178})
	if len(list) != 1 || list[0].OK || !strings.Contains(list[0].Text, "up until 2026-01-02T04:45:00Z") || !strings.Contains(list[0].Fix, "once a day") || !strings.Contains(list[0].Fix, "Start TWS.") {
		t.Errorf("got %+v", list)
	}
}
