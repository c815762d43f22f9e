package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// noOrders fails when any order or ticket came to be.
func (r running) noOrders(t *testing.T, after string) {
	t.Helper()
	admin := r.token(t, "admin")
	for _, x := range []struct{ tool, args, rows string }{{"get_orders", `{"status":"all"}`, "orders"}, {"list_pending_trades", `{}`, "trades"}} {
		if rows, _ := r.rest(t, admin, x.tool, x.args).field(x.rows).([]any); len(rows) != 0 {
			t.Fatalf("after %s there is %v", after, rows)
		}
	}
}

const orderArgs = `{"symbol":"BTCUSD","side":"buy","quantity":0.01}`

func TestAuditor06ScopeBypass(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "read")

	t.Run("the challenge", func(t *testing.T) {
		create := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"create_order","arguments":%s}}`, orderArgs)
		for name, a := range map[string]reply{
			"legacy": d.do(t, "POST", "/mcp", token, create, "Accept", accept),
			"newest": d.callNewest(t, token, "create_order", orderArgs),
			"rest":   d.rest(t, token, "create_order", orderArgs),
			"delete": d.do(t, "DELETE", "/api/v1/cancel_order/x", token, ""),
			"stream": d.do(t, "POST", "/api/v1/stream_quotes", d.token(t, "broker:read"), `{"symbols":["BTCUSD"]}`, "Accept", "text/event-stream"),
		} {
			c := a.header.Get("WWW-Authenticate")
			want := `scope="broker:trade"`
			if name == "stream" {
				want = `scope="market:read"`
			}
			if a.status != http.StatusForbidden || !strings.Contains(c, `error="insufficient_scope"`) || !strings.Contains(c, want) || !strings.Contains(c, "resource_metadata=") {
				t.Errorf("%s: %d, WWW-Authenticate %q, %s", name, a.status, c, a.body)
			}
		}
		a := d.rest(t, d.token(t, "connections:write"), "authorize_connection", `{"brokerage_id":"PaperBrokerage","permissions":"trade"}`)
		if c := a.header.Get("WWW-Authenticate"); a.status != http.StatusForbidden || !strings.Contains(c, `scope="connections:write broker:trade"`) {
			t.Errorf("a step up must name every scope that is needed: %d %q", a.status, c)
		}
		d.noOrders(t, "calls without the scope")
	})

	t.Run("relayed", func(t *testing.T) {
		for _, x := range []struct{ tool, name string }{
			{"call_tool", "create_order"}, {"call_write_tool", "create_order"}, {"call_tool", "confirm_trade"}, {"call_write_tool", "confirm_trade"},
		} {
			a := d.rest(t, token, x.tool, fmt.Sprintf(`{"name":%q,"arguments":%s}`, x.name, orderArgs))
			if a.status != http.StatusForbidden {
				t.Errorf("%s of %s: %d %s", x.tool, x.name, a.status, a.body)
			}
		}
		d.noOrders(t, "relayed calls")
	})

	// A reader that disagrees with the protocol's own about the name of the tool
	// must not open a way around.
	t.Run("two readings", func(t *testing.T) {
		for name, params := range map[string]string{
			"case":               `"name":"create_order","Name":"get_quotes"`,
			"case, other order":  `"Name":"get_quotes","name":"create_order"`,
			"doubled key":        `"name":"get_quotes","name":"create_order"`,
			"doubled key, other": `"name":"create_order","name":"get_quotes"`,
			"escaped":            `"n\u0061me":"create_order"`,
			"escaped value":      `"name":"cre\u0061te_order"`,
		} {
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{%s,"arguments":%s}}`, params, orderArgs)
			a := d.do(t, "POST", "/mcp", token, body, "Accept", accept)
			// Whichever name is read, no ticket may come of it.
			if strings.Contains(a.body, "confirmation_id") {
				t.Errorf("%s: %s", name, a.body)
			}
			for _, spelling := range []string{"tools/call", `tools\/call`, `t\u006fols/call`} {
				b := d.do(t, "POST", "/mcp", token, strings.Replace(message("tools/call", params+`,"arguments":`+orderArgs), "tools/call", spelling, 1),
					"Accept", accept, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "create_order")
				if strings.Contains(b.body, "confirmation_id") {
					t.Errorf("%s, newest protocol: %s", name, b.body)
				}
			}
		}
		d.noOrders(t, "doubled and folded names")
	})

	t.Run("batch", func(t *testing.T) {
		call := func(id int) string {
			return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"create_order","arguments":%s}}`, id, orderArgs)
		}
		body := "[" + call(1) + "," + call(2) + "]"
		for _, version := range []string{"", "2025-03-26", "2024-11-05", "2025-06-18", "2026-07-28"} {
			a := d.do(t, "POST", "/mcp", token, body, "Accept", accept, "Mcp-Protocol-Version", version)
			if strings.Contains(a.body, "confirmation_id") || a.status >= 500 {
				t.Errorf("a batch in %q: %d %s", version, a.status, a.body)
			}
		}
		// In a session of the protocol that has batches each call meets the gate.
		init := d.do(t, "POST", "/mcp", token, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`, "Accept", accept)
		id := init.header.Get("Mcp-Session-Id")
		d.do(t, "POST", "/mcp", token, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, "Accept", accept, "Mcp-Session-Id", id)
		a := d.do(t, "POST", "/mcp", token, body, "Accept", accept, "Mcp-Session-Id", id, "Mcp-Protocol-Version", "2025-03-26")
		if n := strings.Count(a.body, `"code":"forbidden"`); a.status != http.StatusOK || n != 2 {
			t.Errorf("two calls in a batch: %d, %d of them forbidden: %s", a.status, n, a.body)
		}
		d.noOrders(t, "batches")
	})

	t.Run("header and body", func(t *testing.T) {
		admin := d.token(t, "admin")
		for name, a := range map[string]reply{
			"Mcp-Name":   d.newest(t, "/mcp", admin, "tools/call", "get_quotes", `"name":"create_order","arguments":`+orderArgs),
			"Mcp-Method": d.do(t, "POST", "/mcp", admin, message("tools/call", `"name":"create_order","arguments":`+orderArgs), "Accept", accept, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/list", "Mcp-Name", "create_order"),
			"no Name":    d.newest(t, "/mcp", admin, "tools/call", "", `"name":"create_order","arguments":`+orderArgs),
			"version":    d.newest(t, "/mcp", admin, "tools/list", "", "", "Mcp-Protocol-Version", "2027-01-01"),
		} {
			if code, _ := a.field("error", "code").(float64); a.status != http.StatusBadRequest || code != -32020 && name != "version" {
				t.Errorf("%s does not fit the body: %d %s", name, a.status, a.body)
			}
		}
		d.noOrders(t, "headers that lie")
	})

	t.Run("endpoints", func(t *testing.T) {
		admin := d.token(t, "admin")
		// Read-only endpoints are read-only for whatever they list or not.
		for _, path := range []string{"/mcp/readonly", "/mcp/x/all/readonly", "/mcp/all/readonly", "/mcp/x/orders/readonly", "/api/v1/mcp/readonly"} {
			for _, name := range []string{"create_order", "call_write_tool", "engage_kill_switch"} {
				args := orderArgs
				if name == "call_write_tool" {
					args = `{"name":"create_order","arguments":` + orderArgs + `}`
				}
				a := d.newest(t, path, admin, "tools/call", name, fmt.Sprintf(`"name":%q,"arguments":%s`, name, args))
				if a.text("result", "structuredContent", "error", "code") != "forbidden" {
					t.Errorf("%s on %s: %s", name, path, a.body)
				}
			}
		}
		for _, header := range []string{"true", "1", "yes"} {
			a := d.newest(t, "/mcp", admin, "tools/call", "create_order", `"name":"create_order","arguments":`+orderArgs, "X-MCP-Readonly", header)
			if a.text("result", "structuredContent", "error", "code") != "forbidden" {
				t.Errorf("X-MCP-Readonly %s: %s", header, a.body)
			}
		}
		if a := d.newest(t, "/mcp/x/nonsense", admin, "tools/list", "", ""); a.status != http.StatusBadRequest {
			t.Errorf("an unknown toolset: %d", a.status)
		}
		// What clients send under the router's own header is not believed.
		a := d.newest(t, "/mcp/readonly", admin, "tools/call", "create_order", `"name":"create_order","arguments":`+orderArgs, "X-Quantdesk-View", `{"Toolsets":["all"]}`)
		if a.text("result", "structuredContent", "error", "code") != "forbidden" {
			t.Errorf("with a view of one's own: %s", a.body)
		}
		d.noOrders(t, "read-only endpoints")
	})
}

// Allowing call_tool and call_write_tool for good allows no trade: with every
// scope confirm_trade is reached by its own name alone.
func TestConfirmIsNotRelayed(t *testing.T) {
	d := startDesk(t, unlimited)
	admin := d.token(t, "admin")
	id := d.propose(t, admin, "").ID
	for _, via := range []string{"call_tool", "call_write_tool"} {
		for _, name := range []string{"confirm_trade", "Confirm_Trade", "CONFIRM_TRADE", "confirmTrade", " confirm_trade", "confirm_trade ", "confirm\u005ftrade", "confirm-trade", "call_write_tool", "call_tool"} {
			args := fmt.Sprintf(`{"confirmation_id":%q}`, id)
			if strings.HasPrefix(name, "call_") {
				args = fmt.Sprintf(`{"name":"confirm_trade","arguments":%s}`, args)
			}
			for _, shape := range []string{`{"name":"%s","arguments":%s}`, `{"tool":"%s","args":%s}`, `{"model":{"name":"%s","arguments":%s}}`} {
				a := d.rest(t, admin, via, fmt.Sprintf(shape, name, args))
				if a.status < 400 {
					t.Errorf("%s of %q: %d %s", via, name, a.status, a.body)
				}
			}
		}
	}
	if a := d.rest(t, admin, "list_pending_trades", "{}"); !strings.Contains(a.body, id) {
		t.Errorf("the ticket no longer waits: %s", a.body)
	}
	for alias := range map[string]bool{"get_quote": true, "kill_switch": true, "list_orders": true} { // aliases keep their tool's effect
		a := d.rest(t, admin, "call_tool", fmt.Sprintf(`{"name":%q,"arguments":{}}`, alias))
		if (a.text("error", "code") == "forbidden") != (alias == "kill_switch") {
			t.Errorf("call_tool of %s: %s", alias, a.body)
		}
	}
}

// An operator's bound holds against paths, headers, REST and relays.
func TestAuditor06OperatorsBound(t *testing.T) {
	d := startDesk(t, func(s *desk) {
		unlimited(s)
		s.Toolsets, s.ExcludeTools = []string{"market", "desk"}, []string{"get_bars"}
	})
	admin := d.token(t, "admin")
	for _, path := range []string{"/mcp", "/mcp/all", "/mcp/x/orders,market", "/mcp/x/all"} {
		for _, header := range []string{"", "all", "orders"} {
			for _, name := range []string{"create_order", "list_accounts", "get_bars"} {
				a := d.newest(t, path, admin, "tools/call", name, fmt.Sprintf(`"name":%q,"arguments":{}`, name), "X-MCP-Toolsets", header)
				if a.text("result", "structuredContent", "error", "code") != "not_found" {
					t.Errorf("%s on %s with toolsets %q: %s", name, path, header, a.body)
				}
			}
		}
		res, err := d.session(t, path, admin).ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, tl := range res.Tools {
			if strings.Contains("create_order list_accounts get_bars", tl.Name) {
				t.Errorf("%s lists %s", path, tl.Name)
			}
		}
	}
	for _, x := range []struct{ tool, args string }{
		{"list_accounts", "{}"}, {"get_bars", `{"symbol":"AAPL"}`}, {"call_tool", `{"name":"list_accounts"}`}, {"call_write_tool", `{"name":"create_order","arguments":{}}`},
	} {
		if a := d.rest(t, admin, x.tool, x.args); a.status != http.StatusNotFound {
			t.Errorf("%s %s over REST: %d", x.tool, x.args, a.status)
		}
	}
	if _, err := d.session(t, "/mcp", admin).ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "quantdesk://accounts"}); err == nil {
		t.Error("a resource reads what the bound leaves out")
	}
}
