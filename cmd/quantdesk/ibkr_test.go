//go:build unix

package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// twsProcess starts the built-in TWS as a process of its own and gives its port.
func twsProcess(t *testing.T, args ...string) (port string, p *process) {
	t.Helper()
	p = start(t, append([]string{"tws", "--home", t.TempDir(), "--addr", "127.0.0.1:0"}, args...)...)
	for {
		line := p.line(t)
		if rest, ok := strings.CutPrefix(line, "Paper TWS on "); ok {
			_, port, err := net.SplitHostPort(strings.TrimSuffix(strings.Fields(rest)[0], ","))
			if err != nil {
				t.Fatal(err)
			}
			return port, p
		}
	}
}

// An account of Interactive Brokers goes through the desk's one order path: two
// steps, prices of its own TWS, fills, positions; and it is there again after
// the desk was opened anew.
func TestInteractiveBrokers(t *testing.T) {
	port, _ := twsProcess(t)
	dir := t.TempDir()
	open := func(t *testing.T) (running, string) {
		d := startDeskIn(t, dir, func(s *desk) { unlimited(s); s.TWSHost, s.TWSPort, s.TWSClientID = "127.0.0.1", 7497, 1 })
		return d, d.token(t, "admin")
	}
	buy := func(t *testing.T, d running, token, quantity string) {
		t.Helper()
		var ticket struct {
			ID          string `json:"confirmation_id"`
			Environment string `json:"environment"`
		}
		d.must(t, token, "create_order", fmt.Sprintf(`{"account":"DUSIM000001","symbol":"AAPL","side":"buy","quantity":%s}`, quantity), &ticket)
		if ticket.Environment != "simulated" {
			t.Errorf("the ticket is %+v", ticket)
		}
		d.must(t, token, "confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, ticket.ID), nil)
	}
	positions := func(t *testing.T, d running, token string) string {
		t.Helper()
		return string(d.rest(t, token, "get_positions", `{"account":"DUSIM000001"}`).body)
	}
	holds := func(t *testing.T, d running, token, want string) {
		t.Helper()
		eventually(t, "the position is "+want, func() bool {
			got := positions(t, d, token)
			return strings.Contains(got, `"symbol":"AAPL"`) && strings.Contains(got, `"quantity":`+want+`,`)
		})
	}
	var made struct {
		Accounts   []string
		Connection struct {
			ID string `json:"connection_id"`
		}
	}
	t.Run("first", func(t *testing.T) {
		d, token := open(t)
		d.refusal(t, token, "unavailable", "authorize_connection", `{"brokerage_id":"InteractiveBrokersBrokerage","permissions":"trade","credentials":{"port":"1"}}`)
		d.refusal(t, token, "forbidden", "authorize_connection", `{"brokerage_id":"InteractiveBrokersBrokerage","credentials":{"host":"192.0.2.1"}}`)
		d.refusal(t, token, "invalid", "authorize_connection", `{"brokerage_id":"InteractiveBrokersBrokerage","credentials":{"port":"many"}}`)
		d.refusal(t, token, "not_found", "authorize_connection", `{"brokerage_id":"InteractiveBrokersBrokerage","credentials":{"port":%s,"account":"DU1"}}`, port)
		d.must(t, token, "authorize_connection", fmt.Sprintf(`{"brokerage_id":"InteractiveBrokersBrokerage","permissions":"trade","credentials":{"host":"127.0.0.1","port":%s,"client_id":7}}`, port), &made)
		if len(made.Accounts) != 1 || made.Accounts[0] != "DUSIM000001" {
			t.Fatalf("connected %+v", made)
		}
		d.refusal(t, token, "conflict", "authorize_connection", `{"brokerage_id":"InteractiveBrokersBrokerage","credentials":{"port":%s,"client_id":8}}`, port)
		other := d.tokenOf(t, d.user(t, "else"), "trader")
		d.refusal(t, other, "forbidden", "authorize_connection", `{"brokerage_id":"InteractiveBrokersBrokerage","credentials":{"port":%s,"client_id":8}}`, port)
		buy(t, d, token, "10")
		holds(t, d, token, "10")
		if a := d.rest(t, token, "connection_status", `{}`); !strings.Contains(a.body, "the desk's own paper TWS") || !strings.Contains(a.body, `"server_version":178`) {
			t.Errorf("status %s", a.body)
		}
		if a := d.rest(t, token, "get_balances", `{"account":"DUSIM000001"}`); a.status != 200 || !strings.Contains(string(a.body), `"environment":"simulated"`) {
			t.Errorf("balances %s", a.body)
		}
		if a := string(d.rest(t, token, "get_transactions", `{"account":"DUSIM000001"}`).body); !strings.Contains(a, `"trade"`) || !strings.Contains(a, `"fee"`) {
			t.Errorf("transactions %s", a)
		}
	})
	t.Run("again", func(t *testing.T) {
		d, token := open(t)
		holds(t, d, token, "10")
		buy(t, d, token, "5")
		holds(t, d, token, "15")
		d.must(t, token, "delete_connection", fmt.Sprintf(`{"connection_id":%q}`, made.Connection.ID), nil)
		if got := positions(t, d, token); !strings.Contains(got, `"error"`) {
			t.Errorf("after its connection is gone: %s", got)
		}
	})
}
