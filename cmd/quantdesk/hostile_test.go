package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"quantdesk/internal/tool"
)

// hostile are values that nobody means well; each takes the place of each
// argument of each tool.
func hostile() []string {
	long, err := json.Marshal(strings.Repeat("x", 199_990))
	if err != nil {
		panic(err)
	}
	out := []string{
		`null`, `true`, `false`, `0`, `-1`, `-0`, `1.5`, `1e400`, `-1e400`, `1e30`, `0.1e-30`, `1e-400`, `999999999999999`, `-999999999999999`, `123456789012345678901234567890`,
		`0.000000000000001`, `1e15`, `""`, `" "`, `"\t\n"`, `"NaN"`, `"Infinity"`, `"-inf"`, `"1e400"`, `".5"`, `"5."`, `"-.5"`, `"007"`, `"+5"`, `"0x10"`, `"1_000"`, `"1,000"`, `"5e3"`, `"--5"`,
		`[]`, `{}`, `[null]`, `[[]]`, `[{}]`, `[1,2,3]`, `["AAPL",null]`, `{"a":1}`, `{"a":{"b":{"c":[1]}}}`, `"[]"`, `"{}"`, `"[1,"`, `"{\"a\":1,\"a\":2}"`,
		`"null"`, `"true"`, `"\u0000"`, `"a\u0000b"`, `"\u202eLPAA"`, `"أبل"`, `"\ud800"`, `"🙂"`, `"\u001b[31m"`, `"' OR 1=1 --"`, `"'; DROP TABLE orders; --"`, `"%s%n%d"`, `"../../../../etc/passwd"`,
		`"${jndi:ldap://x}"`, `"<script>alert(1)</script>"`, `"=1+1"`, `"AAPL,MSFT"`, `"9999-12-31"`, `"0000-00-00"`, `"0001-01-01"`, `"2026-02-30"`, `"2026-01-31T21:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"9999-12-31T23:59:59-10:00"`, `"0000-01-01T00:00:00+10:00"`,
		`"-9999-01-01T00:00:00Z"`, `"2013-10-11"`, `"1s"`, `"99999999w"`, `"0m"`, `"-5m"`, `"eyJhIjoxfQ"`, `"LTU"`, `"OTk5OTk5OTk5OTk5OTk5OTk5OTk5"`, `"bnVsbA"`, `"W10"`, `"eyJ0IjoiOTk5OS0xMi0zMVQyMzo1OTo1OVoiLCJpIjoiIn0"`, `"IjAwMDEtMDEtMDFUMDA6MDA6MDBaIg"`,
		string(long), `[` + strings.TrimSuffix(strings.Repeat(`"AAPL",`, 5000), ",") + `]`,
	}
	nested := strings.Repeat("[", 50) + strings.Repeat("]", 50)
	return append(out, nested, strings.Repeat(`{"a":`, 50)+"1"+strings.Repeat("}", 50), `"`+nested+`"`)
}

// bases are arguments that are right, for the tools whose examples are none.
func bases(order string, project int64, compile, backtest, result string) map[string]string {
	p := fmt.Sprintf(`{"project_id":%d`, project)
	b := fmt.Sprintf(`%s,"backtest_id":%q`, p, backtest)
	return map[string]string{
		"update_project": p + `,"description":"x"}`, "delete_project": `{"project_id":99}`, "read_project_nodes": p + `}`, "update_project_nodes": p + `}`, "create_file": p + `,"name":"a.py"}`,
		"read_file": p + `}`, "update_file_name": p + `,"name":"none.py","new_name":"other.py"}`, "update_file_contents": p + `,"name":"main.py","content":"x"}`, "patch_file": p + `,"patch":"x"}`,
		"delete_file": p + `,"name":"none.py"}`, "create_compile": p + `}`, "read_compile": fmt.Sprintf(`%s,"compile_id":%q}`, p, compile),
		"create_backtest": fmt.Sprintf(`%s,"compile_id":%q,"backtest_name":"x"}`, p, compile), "read_backtest": b + `}`, "list_backtests": p + `,"include_statistics":true}`,
		"read_backtest_chart": b + `,"name":"Strategy Equity"}`, "read_backtest_orders": b + `}`, "read_backtest_insights": b + `}`, "update_backtest": b + `,"note":"x"}`,
		"delete_backtest": p + `,"backtest_id":"none"}`, "read_project_collaborators": p + `}`, "lock_project_with_collaborators": p + `}`,
		"create_project_collaborator": p + `,"collaborator_user_id":"1","collaboration_write":true,"collaboration_live_control":true}`,
		"update_project_collaborator": p + `,"collaborator_user_id":"1","write":true,"live_control":true}`, "delete_project_collaborator": p + `,"collaborator_id":"1"}`,
		"copy_project": `{"project_id":99,"backend":"embedded"}`, "configure_quantconnect_auth": `{"user_id":"1","api_token":"x"}`,

		"query_result": `{"result":"` + result + `","table":"bars"}`, "cancel_research": `{"result":"` + result + `"}`,

		"confirm_trade": `{"confirmation_id":"none"}`, "discard_trade": `{"confirmation_id":"none"}`,
		"get_order": `{"order_id":"` + order + `"}`, "cancel_order": `{"order_id":"none"}`, "replace_order": `{"order_id":"` + order + `","quantity":0.02}`,
		"call_write_tool": `{"name":"discard_trade","arguments":{"confirmation_id":"none"}}`, "delete_connection": `{"connection_id":"none"}`,
		"engage_kill_switch": `{"keep_working_orders":true}`, "stream_quotes": `{"symbols":["BTCUSD"],"seconds":0.1,"interval_s":0.1}`,
	}
}

// judge holds an answer to what every answer must be.
func judge(t *testing.T, d running, token, name, args string) {
	t.Helper()
	shown := args
	if len(shown) > 200 {
		shown = shown[:200] + "…"
	}
	a := d.rest(t, token, name, args)
	switch {
	case a.status >= 500 || a.text("error", "code") == "internal":
		t.Errorf("REST %s %s: %d %.400s", name, shown, a.status, a.body)
	case a.status >= 400 && (a.text("error", "message") == "" || a.text("error", "hint") == ""):
		t.Errorf("REST %s %s: %d without a message or a hint: %.400s", name, shown, a.status, a.body)
	case len(a.body) > 64_000:
		t.Errorf("REST %s %s: an answer of %d characters", name, shown, len(a.body))
	}
	if len(args) > 100_000 {
		return // the size is judged once
	}
	b := d.callNewest(t, token, name, args)
	e := func(field string) string { return b.text("result", "structuredContent", "error", field) }
	switch {
	case b.field("error") != nil && b.status == http.StatusBadRequest: // malformed for the protocol itself
	case b.status != http.StatusOK || e("code") == "internal" || e("code") == "timeout" || e("code") == "unavailable":
		t.Errorf("MCP %s %s: %d %.400s", name, shown, b.status, b.body)
	case b.field("result", "isError") == true && (e("message") == "" || e("hint") == ""):
		t.Errorf("MCP %s %s without a message or a hint: %.400s", name, shown, b.body)
	}
	// Both surfaces are one door: they agree on what is wrong, unless the second
	// call meets what the first one did.
	twice := name == "call_write_tool" || name == "remove_quantbook_instance" && a.text("error", "code") == "" || name == "call_tool" || (name == "create_file" || name == "delete_file") && a.text("error", "code") == ""
	if code := e("code"); b.status == http.StatusOK && code != a.text("error", "code") && !twice {
		t.Errorf("%s %s: REST says %q, MCP %q", name, shown, a.text("error", "code"), code)
	}
}

func TestHostileArguments(t *testing.T) {
	t.Parallel()
	d, _, _ := withCloud(t)
	token := d.token(t, "admin")
	project, compile, backtest := d.ran(t, token, "base")
	resting := d.propose(t, token, "")
	d.must(t, token, "confirm_trade", `{"confirmation_id":"`+resting.ID+`"}`, nil)
	values := hostile()
	var kept struct{ Result string }
	d.must(t, token, "get_history", `{"symbols":["KO"],"start_date":"2024-01-02","end_date":"2024-02-01"}`, &kept)
	right := bases(resting.Orders[0].OrderID, project, compile, backtest, kept.Result)
	d.must(t, token, "calculate_correlation_matrix", `{"symbols":["KO","PEP"],"start_date":"2024-01-02","end_date":"2024-02-01"}`, &kept)
	right["create_chart"] = fmt.Sprintf(`{"result":%q,"formats":["csv"]}`, kept.Result)
	right["create_tearsheet"] = `{"symbols":["KO","PEP"],"start_date":"2024-01-02","end_date":"2024-02-01","formats":["csv"]}`
	tools := slices.Clone(d.gate.Catalogue().All())
	slices.SortStableFunc(tools, func(a, b *tool.Tool) int { // what cancels everything comes last
		return strings.Compare(fmt.Sprint(a.Name == "engage_kill_switch"), fmt.Sprint(b.Name == "engage_kill_switch"))
	})
	for _, tl := range tools {
		if tl.Toolset == "ibkr" { // see TestHostileIBKR
			continue
		}
		base := right[tl.Name]
		if base == "" {
			base = tl.Examples[0]
		}
		schema := inputOf(t, d, tl)
		t.Run(tl.Name, func(t *testing.T) {
			for k, arg := range slices.Sorted(maps.Keys(schema.Properties)) {
				for i, v := range values {
					if tl.Toolset == "research" && (i+k)%3 != 0 {
						continue // their many arguments share the values out among them
					}
					if f, err := strconv.ParseFloat(strings.Trim(v, `"`), 64); arg == "seconds" && (v == "null" || err == nil && f > 0.1 && f <= 50) {
						continue // would follow for long, rightly
					}
					if testing.Short() && i%4 != 0 {
						continue
					}
					judge(t, d, token, tl.Name, replaced(t, base, arg, v))
				}
			}
			for _, whole := range wholes(base) {
				judge(t, d, token, tl.Name, whole)
			}
			if a := d.rest(t, token, "get_order", right["get_order"]); a.text("order", "status") != "working" && tl.Name != "engage_kill_switch" {
				t.Errorf("after %s the resting order is %s", tl.Name, a.body)
			}
		})
	}
	for _, line := range strings.Split(d.log.String(), "\n") {
		if strings.Contains(line, "panic") || strings.Contains(line, "internal fault") || strings.Contains(line, "level=ERROR") {
			t.Errorf("the log: %.500s", line)
		}
	}
	if r, err := d.db.VerifyAudit(t.Context()); err != nil || !r.OK {
		t.Errorf("after all that the audit is not whole: %+v %v", r, err)
	}
}

// The tools of Interactive Brokers are held to the same, against a paper TWS;
// their many arguments share the values out among them.
func TestHostileIBKR(t *testing.T) {
	t.Parallel()
	d, port := withTWS(t)
	token := d.token(t, "admin")
	d.must(t, token, "ibkr_connect", fmt.Sprintf(`{"port":%d}`, port), nil)
	id := fmt.Sprintf("%.0f", d.rest(t, token, "ibkr_get_contract_details", `{"symbol":"AAPL"}`).field("contract", "conId"))
	option := `"symbol":"AAPL","expiration":"20270115","strike":35,"right":"C"`
	right := map[string]string{
		"ibkr_get_security_definition_by_conid": `{"conId":` + id + `}`, "ibkr_get_market_rule": `{"marketRuleId":26}`, "ibkr_get_smart_components": `{"bboExchange":"9c0001"}`,
		"ibkr_get_fundamental_data": `{"symbol":"AAPL"}`, "ibkr_get_pnl_single": `{"conId":` + id + `}`, "ibkr_get_option_chain_params": `{"underlyingConId":` + id + `}`,
		"ibkr_get_option_chain": `{"symbol":"AAPL","expiration":"20270115","strikeCount":1}`, "ibkr_calculate_option_price": `{` + option + `}`, "ibkr_place_option_order": `{` + option + `,"action":"BUY","quantity":1}`,
		"ibkr_place_order": `{"symbol":"AAPL","action":"BUY","quantity":1}`, "ibkr_place_bracket_order": `{"symbol":"AAPL","action":"BUY","quantity":1,"entryPrice":1,"takeProfitPrice":2,"stopLossPrice":0.5}`,
		"ibkr_modify_order": `{"orderId":"none","quantity":1}`, "ibkr_cancel_order": `{"orderId":"none"}`, "ibkr_get_order_status": `{"orderId":"none"}`,
		"ibkr_get_news_article": `{"providerCode":"DESK","articleId":"none"}`, "ibkr_get_wsh_event_data": `{"conId":` + id + `}`,
		"ibkr_stop_market_data_resource": `{"resource_id":"none"}`, "ibkr_stop_portfolio_resource": `{}`, "ibkr_stop_news_resource": `{}`, "ibkr_stop_tick_news_resource": `{"symbol":"none"}`,
		"ibkr_stop_broadtape_news_resource": `{}`, "ibkr_start_broadtape_news_resource": `{}`, "ibkr_get_historical_data": `{"symbol":"AAPL","duration":"5 D","barSize":"1 day","limit":5}`,
		"ibkr_stream_market_data": `{"symbol":"AAPL","duration_seconds":0.1,"interval_s":0.1}`, "ibkr_stream_account_updates": `{"duration_seconds":0.1,"interval_s":0.1}`, "ibkr_stream_news": `{"duration_seconds":0.1,"interval_s":0.1}`,
	}
	values := hostile()
	turn := 0
	for _, tl := range d.gate.Catalogue().All() {
		// What connects and disconnects has its own test; a start waits for a quiet market.
		if tl.Toolset != "ibkr" || tl.Name == "ibkr_connect" || tl.Name == "ibkr_disconnect" {
			continue
		}
		base := right[tl.Name]
		if base == "" {
			base = tl.Examples[0]
		}
		t.Run(tl.Name, func(t *testing.T) {
			for arg := range inputOf(t, d, tl).Properties {
				for i, v := range values {
					if turn++; (i+turn)%13 != 0 || arg == "duration_seconds" || tl.Streams && v == "null" {
						continue
					}
					judge(t, d, token, tl.Name, replaced(t, base, arg, v))
				}
			}
		})
	}
	for _, line := range strings.Split(d.log.String(), "\n") {
		if strings.Contains(line, "panic") || strings.Contains(line, "internal fault") || strings.Contains(line, "level=ERROR") {
			t.Errorf("the log: %.500s", line)
		}
	}
}

func inputOf(t *testing.T, d running, tl *tool.Tool) tool.Schema {
	t.Helper()
	raw, _, err := d.gate.Catalogue().Schemas(tl)
	if err != nil {
		t.Fatal(err)
	}
	var s tool.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// replaced puts a raw value in the place of one argument.
func replaced(t *testing.T, base, arg, value string) string {
	t.Helper()
	var obj map[string]json.RawMessage
	if err := json.Unmarshal([]byte(base), &obj); err != nil {
		t.Fatal(err)
	}
	delete(obj, arg)
	raw, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	sep := ","
	if len(obj) == 0 {
		sep = ""
	}
	return fmt.Sprintf(`{%q:%s%s%s`, arg, value, sep, raw[1:])
}

// wholes are argument objects that are wrong as such.
func wholes(base string) []string {
	first, _, _ := strings.Cut(strings.TrimPrefix(base, "{"), ":")
	inner := strings.TrimSuffix(strings.TrimPrefix(base, "{"), "}")
	out := []string{
		`null`, `[]`, `"x"`, `1`, `{"nonsense":1}`, `{"":1}`, `{"\u0000":1}`, `{"__proto__":{}}`, `{"model":` + base + `}`, `{"model":"{\"x\":1}"}`, `{"model":[]}`, `{"model":null}`,
		`{"model":{"model":` + base + `}}`, `{"limit":1,"Limit":2}`, `{"cursor":"@@@"}`, `{"fields":["no_such_field"]}`, `{"fields":"no such"}`, `{"format":"xml"}`, `{"format":"CSV","limit":0}`, `{"limit":501}`,
	}
	if inner != "" {
		name := strings.Trim(first, `"`)
		out = append(out,
			"{"+inner+","+inner+"}",                                       // every key twice
			"{"+inner+`,"`+strings.ToUpper(name[:1])+name[1:]+`":"AAPL"}`, // two spellings
			"{"+inner+`,"surprise":true}`)
	}
	return out
}

// The arguments of a basket's orders are guarded like those of one order.
func TestHostileBasket(t *testing.T) {
	t.Parallel()
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	for _, tl := range d.gate.Catalogue().All() {
		if tl.Name != "create_basket" {
			continue
		}
		schema := inputOf(t, d, tl)
		for arg := range schema.Properties["orders"].Items.Properties {
			for i, v := range hostile() {
				if testing.Short() && i%4 != 0 {
					continue
				}
				judge(t, d, token, tl.Name, `{"orders":[`+replaced(t, orderArgs, arg, v)+`]}`)
			}
		}
	}
	if log := d.log.String(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") {
		t.Error("the log tells of a fault of the desk itself")
	}
	// A model's words for the arguments are known inside a basket too.
	a := d.rest(t, token, "create_basket", `{"orders":[{"ticker":"BTCUSD","action":"BUY","qty":"0.01","orderType":"Market","tif":"GTC"}]}`)
	if a.status != http.StatusOK {
		t.Errorf("aliases in a basket: %d %s", a.status, a.body)
	}
}
