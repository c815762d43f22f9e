package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What a program that speaks the design's REST does, with one Authorization
// header added: connect, positions, bars, place, cancel.
func TestIBKRcURL(t *testing.T) {
	t.Parallel()
	d, port := withTWS(t)
	token := d.token(t, "trader", "broker:trade:direct")
	get := func(path string) reply { t.Helper(); return d.do(t, "GET", "/api/v1/"+path, token, "") }
	if a := get("ibkr_get_positions"); a.status != http.StatusNotFound || !strings.Contains(a.text("error", "hint"), "ibkr_connect") {
		t.Fatalf("before a connection: %d %s", a.status, a.body)
	}
	a := d.rest(t, token, "connect_tws", fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"clientId":1}`, port))
	if a.status != http.StatusOK || a.text("status") != "connected" || a.text("account") != paperAccount || a.field("trading") != true {
		t.Fatalf("connect: %d %s", a.status, a.body)
	}
	if again := d.rest(t, token, "connect_tws", fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"clientId":1}`, port)); again.status != http.StatusOK || again.text("connection_id") != a.text("connection_id") {
		t.Errorf("connect again: %d %s", again.status, again.body)
	}
	if a := get("get_positions"); a.status != http.StatusOK || a.text("account") != paperAccount {
		t.Errorf("positions: %d %s", a.status, a.body)
	}
	a = d.rest(t, token, "get_historical_data", `{"contract":{"symbol":"SPY","secType":"STK","exchange":"SMART","currency":"USD"},"durationStr":"30 D","barSizeSetting":"1 day"}`)
	if rows, _ := a.field("bars").([]any); a.status != http.StatusOK || len(rows) < 15 || len(rows) > 31 {
		t.Errorf("bars: %d %d %.300s", a.status, len(rows), a.body)
	}
	a = d.rest(t, token, "place_order", `{"contract":{"symbol":"AAPL","secType":"STK","exchange":"SMART","currency":"USD"},"order":{"action":"BUY","totalQuantity":1,"orderType":"MKT"}}`)
	number, _ := a.field("orderId").(float64)
	if a.status != http.StatusOK || number <= 0 || a.text("status") == "" || a.text("status") == "PendingConfirmation" {
		t.Fatalf("place: %d %s", a.status, a.body)
	}
	eventually(t, "it has filled", func() bool {
		return d.rest(t, token, "ibkr_get_order_status", fmt.Sprintf(`{"orderId":%.0f}`, number)).text("status") == "Filled"
	})
	if a := get("get_positions"); !strings.Contains(a.body, `"conId":`) || !strings.Contains(a.body, `"avgCost":`) {
		t.Errorf("positions: %s", a.body)
	}
	if a := get("get_executions"); !strings.Contains(a.body, fmt.Sprintf(`"orderId":%.0f`, number)) || !strings.Contains(a.body, `"commissionReport":`) {
		t.Errorf("executions: %s", a.body)
	}
	a = d.rest(t, token, "place_order", `{"symbol":"AAPL","action":"BUY","quantity":1,"orderType":"LMT","lmtPrice":1,"tif":"GTC"}`)
	if number, _ = a.field("orderId").(float64); a.text("status") != "Submitted" || number <= 0 {
		t.Fatalf("a limit: %d %s", a.status, a.body)
	}
	if a := get("get_open_orders"); !strings.Contains(a.body, fmt.Sprintf(`"orderId":%.0f`, number)) || !strings.Contains(a.body, `"lmtPrice":1`) || strings.Contains(a.body, "E+308") {
		t.Errorf("open orders: %s", a.body)
	}
	if a := d.do(t, "DELETE", fmt.Sprintf("/api/v1/cancel_order/%.0f", number), token, ""); a.status != http.StatusOK || a.field("orderId") != number {
		t.Errorf("cancel: %d %s", a.status, a.body)
	}
	eventually(t, "it is cancelled", func() bool {
		return d.rest(t, token, "ibkr_get_order_status", fmt.Sprintf(`{"orderId":%.0f}`, number)).text("status") == "Cancelled"
	})
}

// A token without broker:trade:direct gets a pending trade, and so does one that
// holds it anywhere but over REST.
func TestIBKRTwoSteps(t *testing.T) {
	t.Parallel()
	d, _ := withTWS(t)
	direct := d.token(t, "trader", "broker:trade:direct")
	d.must(t, direct, "ibkr_connect", `{}`, nil)
	order := `{"symbol":"AAPL","action":"BUY","quantity":1}`
	two := d.rest(t, d.token(t, "trader"), "ibkr_place_order", order)
	if two.status != http.StatusOK || two.text("status") != "PendingConfirmation" || two.text("confirmation_id") == "" || two.field("orderId") != nil {
		t.Fatalf("%d %s", two.status, two.body)
	}
	for name, args := range map[string]string{"ibkr_place_order": order, "call_tool": ""} {
		if args == "" {
			continue
		}
		if a := d.callNewest(t, direct, name, args); a.text("result", "structuredContent", "status") != "PendingConfirmation" {
			t.Errorf("over MCP: %s", a.body)
		}
	}
	if _, err := d.identity.Mint(t.Context(), "local", []string{"trade", "broker:trade:direct"}, 0, true); err == nil {
		t.Error("a platform mints broker:trade:direct")
	}
	// Only an estimate.
	a := d.rest(t, direct, "ibkr_place_order", `{"symbol":"AAPL","action":"BUY","quantity":10,"transmit":false}`)
	if a.text("status") != "WhatIf" || a.field("estimate", "initMarginChange") == nil || a.field("orderId") != nil {
		t.Errorf("a what-if: %s", a.body)
	}
	// Left in TWS.
	a = d.rest(t, direct, "ibkr_place_order", `{"symbol":"AAPL","order":{"action":"BUY","totalQuantity":"10","orderType":"LMT","lmtPrice":5,"transmit":false},"stage":true}`)
	if a.text("status") != "Staged" {
		t.Fatalf("staged: %d %s", a.status, a.body)
	}
	eventually(t, "it waits in TWS", func() bool {
		return strings.Contains(d.rest(t, direct, "ibkr_get_open_orders", `{}`).body, fmt.Sprintf(`"orderId":%.0f`, a.field("orderId")))
	})
	// A bracket in one call, and the desk's own tool by conId with TWS's words.
	quotes, _ := d.rest(t, direct, "get_quotes", `{"symbols":["AAPL"]}`).field("quotes").([]any)
	quote, _ := quotes[0].(map[string]any)
	last, _ := quote["last"].(float64)
	a = d.rest(t, direct, "ibkr_place_bracket_order", fmt.Sprintf(`{"symbol":"AAPL","action":"BUY","quantity":1,"entryPrice":%.2f,"takeProfitPrice":%.2f,"stopLossPrice":%.2f}`, last*0.97, last*1.03, last*0.95))
	if a.field("parentOrderId") == nil || a.field("takeProfitOrderId") == nil || a.field("stopLossOrderId") == nil || a.field("parentOrderId") == a.field("takeProfitOrderId") {
		t.Errorf("bracket: %d %s", a.status, a.body)
	}
	id := d.rest(t, direct, "get_contract_details", `{"symbol":"AAPL"}`).field("contract", "conId")
	if a := d.rest(t, direct, "create_order", fmt.Sprintf(`{"account":%q,"conId":%.0f,"action":"BUY","totalQuantity":1,"orderType":"LMT","lmtPrice":5}`, paperAccount, id)); a.status != http.StatusOK {
		t.Errorf("create_order by conId: %d %s", a.status, a.body)
	}
	// Another user's account does not exist.
	other := d.tokenOf(t, d.user(t, "other"), "trader")
	for name, args := range map[string]string{"ibkr_get_positions": `{"account":"DUSIM000001"}`, "ibkr_get_account_summary": `{}`, "ibkr_place_order": order} {
		if a := d.rest(t, other, name, args); a.status != http.StatusNotFound {
			t.Errorf("another user's %s: %d %s", name, a.status, a.body)
		}
	}
	if a := d.rest(t, direct, "disconnect_tws", `{}`); a.text("status") != "disconnected" {
		t.Errorf("disconnect: %s", a.body)
	}
}

// curl -N of the design: an SSE stream that stays open until the reader leaves.
func TestIBKRStreamOverREST(t *testing.T) {
	t.Parallel()
	d, _ := withTWS(t)
	token := d.token(t, "trader")
	d.must(t, token, "connect_tws", `{}`, nil)
	ctx, hangUp := context.WithTimeout(t.Context(), 20*time.Second)
	defer hangUp()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/api/v1/stream_market_data?symbol=SPY&secType=STK", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	updates := 0
	for updates < 2 && lines.Scan() {
		text, data := strings.CutPrefix(lines.Text(), "data: ")
		if data && strings.Contains(text, `"symbol":"SPY"`) && strings.Contains(text, `"bid":`) {
			updates++
		}
	}
	if updates < 2 {
		t.Fatalf("%d updates: %v", updates, lines.Err())
	}
	hangUp()
	// Who has left leaves no line at TWS behind: the next follows anew.
	a := d.rest(t, token, "ibkr_stream_market_data", `{"symbol":"SPY","duration_seconds":0.6,"interval_s":0.1}`)
	if n, _ := a.field("updates_count").(float64); a.status != http.StatusOK || n < 1 || a.field("latest", "bid") == nil {
		t.Errorf("as JSON: %d %s", a.status, a.body)
	}
	if a := d.rest(t, token, "stream_account_updates", `{"duration_seconds":0.5}`); a.field("latest", "values", "NetLiquidation_USD") == nil {
		t.Errorf("the account: %d %s", a.status, a.body)
	}
	if a := d.rest(t, token, "ibkr_stream_news", `{"duration_seconds":0.3}`); !strings.Contains(a.body, "paper TWS") {
		t.Errorf("bulletins: %d %s", a.status, a.body)
	}
}

// An option goes the desk's path too: in two steps, paid in hundreds, and not
// sold before it is held.
func TestIBKROptionOrder(t *testing.T) {
	t.Parallel()
	d, _ := withTWS(t)
	token := d.token(t, "trader")
	d.must(t, token, "ibkr_connect", `{}`, nil)
	id := d.rest(t, token, "ibkr_get_contract_details", `{"symbol":"AAPL"}`).field("contract", "conId")
	chains, _ := d.rest(t, token, "ibkr_get_option_chain_params", fmt.Sprintf(`{"underlyingConId":%.0f}`, id)).field("chains").([]any)
	chain, _ := chains[0].(map[string]any)
	expirations, _ := chain["expirations"].([]any)
	strikes, _ := chain["strikes"].([]any)
	order := func(action string) reply {
		var ticket struct {
			ID string `json:"confirmation_id"`
		}
		d.must(t, token, "ibkr_place_option_order", fmt.Sprintf(`{"symbol":"AAPL","expiration":%q,"strike":%v,"right":"CALL","action":%q,"quantity":2}`, expirations[6], strikes[len(strikes)/2-4], action), &ticket)
		return d.rest(t, token, "confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, ticket.ID))
	}
	if a := order("SELL"); !strings.Contains(a.body, "rejected") {
		t.Errorf("an option that is not held: %d %s", a.status, a.body)
	}
	if a := order("BUY"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	eventually(t, "the option is held", func() bool {
		list, _ := d.rest(t, token, "ibkr_get_positions", `{}`).field("positions").([]any)
		if len(list) != 1 {
			return false
		}
		row, _ := list[0].(map[string]any)
		contract, _ := row["contract"].(map[string]any)
		return contract["secType"] == "OPT" && fmt.Sprint(row["position"]) == "2"
	})
}

// What a TWS does not have or do is told in its own words, as a fault.
func TestIBKRRefusals(t *testing.T) {
	t.Parallel()
	d, _ := withTWS(t)
	token := d.token(t, "trader")
	d.must(t, token, "ibkr_connect", `{}`, nil)
	for name, c := range map[string]struct {
		tool, args string
		status     int
		says       string
	}{
		"a report":           {"ibkr_get_fundamental_data", `{"symbol":"AAPL"}`, 422, "no company reports"},
		"a wire":             {"ibkr_start_broadtape_news_resource", `{}`, 404, "No security definition"},
		"a wire not started": {"ibkr_stop_broadtape_news_resource", `{}`, 404, "no stream"},
		"no such symbol":     {"ibkr_get_historical_data", `{"symbol":"NOSUCH"}`, 404, "No security definition"},
		"no such scan":       {"ibkr_run_market_scanner", `{"scanCode":"NOSUCH"}`, 422, "TWS says"},
		"no such account":    {"ibkr_get_pnl", `{"account":"DU999"}`, 404, "no account"},
		"no such port":       {"ibkr_connect", `{"port":1,"clientId":7}`, 503, ""},
		"twice":              {"ibkr_place_order", `{"symbol":"AAPL","contract":{"symbol":"AAPL"},"action":"BUY","quantity":1}`, 400, "twice"},
		"an unknown type":    {"ibkr_place_order", `{"symbol":"AAPL","action":"BUY","quantity":1,"orderType":"REL"}`, 400, "not taken"},
		"nothing asked":      {"ibkr_place_order", `{"action":"BUY","quantity":1}`, 400, "conId is required"},
	} {
		a := d.rest(t, token, c.tool, c.args)
		if a.status != c.status || !strings.Contains(a.text("error", "message"), c.says) || a.text("error", "hint") == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
