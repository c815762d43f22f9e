package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// The waits of the look at a TWS. A snapshot takes TWS up to eleven seconds.
const (
	twsKnock    = time.Second
	twsSettle   = 5 * time.Second
	twsSnapshot = 12 * time.Second
)

// examineTWS looks at every connection to TWS, and at the TWS that the settings
// name where one listens.
func examineTWS(ctx context.Context, a *app) []check {
	all, err := a.identity.Connections(ctx, "")
	if err != nil {
		return []check{{"tws", false, err.Error(), ""}}
	}
	var out []check
	var seen []string
	for _, c := range all {
		if c.Broker != ibkr.ID {
			continue
		}
		account, err := a.accountOf(ctx, c)
		if err != nil {
			out = append(out, check{"tws " + c.ID, false, err.Error(), "Delete the connection and make it again."})
			continue
		}
		p, st, ok := settled(ctx, a, account)
		if !ok {
			out = append(out, check{"tws " + account, false, "the connection " + c.ID + " is not taken up", "The log says why: a live account must be named in live_accounts of policy.json, and a host in tws_hosts."})
			continue
		}
		seen = append(seen, p.Addr)
		if c, err := a.ibkr.Client(account); err == nil {
			out = append(out, judgeTWS(ctx, "tws "+account, p.Addr, c)...)
			continue
		}
		out = append(out, twsDown("tws "+account, st)...)
	}
	addr := net.JoinHostPort(a.set.TWSHost, strconv.Itoa(a.set.TWSPort))
	if a.set.TWSPort > 0 && !slices.Contains(seen, addr) && listens(ctx, addr) {
		out = append(out, visitTWS(ctx, addr, a.set.TWSClientID)...)
	}
	return out
}

// settled is how a connection is once its first attempt is over.
func settled(ctx context.Context, a *app, account string) (p ibkr.Params, st client.Status, ok bool) {
	for end := time.Now().Add(twsSettle); ; {
		p, st, ok = a.ibkr.Status(account)
		if !ok || st.State == client.Up || st.Why != nil || time.Now().After(end) {
			return p, st, ok
		}
		select {
		case <-ctx.Done():
			return p, st, ok
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// listens tells whether anything takes connections at an address.
func listens(ctx context.Context, addr string) bool {
	ctx, stop := context.WithTimeout(ctx, twsKnock)
	defer stop()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// visitTWS connects to a TWS, judges it, and leaves.
func visitTWS(ctx context.Context, addr string, id int64) []check {
	name := "tws " + addr
	c, err := client.Dial(ctx, client.Config{Addr: addr, ClientID: id, Timeout: twsSnapshot})
	if err != nil {
		return []check{faultyTWS(name, err)}
	}
	defer c.Close()
	return judgeTWS(ctx, name, addr, c)
}

// judgeTWS asks a connected TWS what an order and a price would meet: whether it
// lists orders, and whether it has prices. Nothing is changed at it.
func judgeTWS(ctx context.Context, name, addr string, c *client.Client) []check {
	ask, stop := context.WithTimeout(ctx, twsSettle)
	_, err := c.OpenOrders(ask, true)
	if err == nil {
		_, err = c.CompletedOrders(ask, true)
	}
	stop()
	st := c.Status()
	if st.State != client.Up {
		return twsDown(name, st)
	}
	var out []check
	if err != nil {
		out = append(out, faultyTWS(name, err))
	} else if m, ok := readOnly(st.Notices); ok {
		out = append(out, faultyTWS(name, &client.Error{Code: m.Code, ID: m.ReqID, Text: m.Text}))
	}
	look, stop := context.WithTimeout(ctx, twsSnapshot)
	defer stop()
	if _, err := c.Snapshot(look, tws.Contract{Symbol: "SPY", SecType: "STK", Exchange: "SMART", Currency: "USD"}); err != nil {
		out = append(out, faultyTWS(name+" prices", err))
	}
	if len(out) > 0 {
		return out
	}
	text := fmt.Sprintf("version %d, accounts %s", st.ServerVersion, strings.Join(st.Accounts, ", "))
	if !strings.Contains(name, addr) {
		text = addr + ", " + text
	}
	return []check{{name, true, text, ""}}
}

// readOnly finds the notice of a TWS that takes no orders.
func readOnly(notices []tws.ErrMsg) (m tws.ErrMsg, ok bool) {
	i := slices.IndexFunc(notices, func(m tws.ErrMsg) bool { return m.Code == 321 && saysReadOnly(m.Text) })
	if i < 0 {
		return m, false
	}
	return notices[i], true
}

func saysReadOnly(text string) bool { return strings.Contains(strings.ToLower(text), "read-only") }

// twsDown is a connection that is not up, with its cause.
func twsDown(name string, st client.Status) []check {
	if st.Why == nil {
		return []check{{name, false, fmt.Sprintf("the connection is %s", st.State), "Look again in a moment."}}
	}
	x := faultyTWS(name, st.Why)
	if st.State == client.Down && st.ServerVersion != 0 { // it was up
		x.Text += fmt.Sprintf("; it was up until %s", st.Since.UTC().Format(time.RFC3339))
		x.Fix = "TWS and the Gateway end their login once a day: look whether it waits to be logged in again, and set its auto restart in Configuration, Lock and Exit. " + x.Fix
	}
	return []check{x}
}

// twsAdvice is what to do about IBKR's numbers.
var twsAdvice = map[int64]string{
	354: noSubscription, 10089: noSubscription, 10090: noSubscription, 10168: noSubscription, 10186: noSubscription,
	10197: "Another session of this login takes its prices: end it (TWS, mobile, Client Portal), or use a login of its own for the desk.",
	1100:  "TWS has lost IBKR: look whether it is logged in and has a network; the connection comes back by itself. Orders that are at IBKR stay.",
	2110:  "TWS has lost its link to IBKR and tries again by itself: look at its window and the network.",
	326:   "Another program has this client id: choose another (--tws-client-id, or client_id of the connection), or end that program.",
	100:   "The desk or another client sends too much; wait a while.",
}

const noSubscription = "Subscribe to the market data in IBKR's Client Portal (Settings, Market Data Subscriptions) and share it with the paper account, or take delayed prices with ibkr_set_market_data_type 3."

// faultyTWS names what is wrong and what to do.
func faultyTWS(name string, err error) check {
	var away *client.ConnectError
	var no *client.Error
	switch {
	case errors.As(err, &away):
		return check{name, false, away.Why, away.Hint}
	case errors.As(err, &no):
		fix := twsAdvice[no.Code]
		if no.Code == 321 && saysReadOnly(no.Text) {
			fix = "In Configuration, API, Settings take the tick off Read-Only API; until then no order goes out."
		}
		return check{name, false, fmt.Sprintf("TWS says %d: %s", no.Code, no.Text), fix}
	case errors.Is(err, client.ErrTimeout):
		return check{name, false, "TWS does not answer in time", "Look at its window: a question may be waiting there. Restart it if it goes on."}
	}
	return check{name, false, err.Error(), "The log says more."}
}
