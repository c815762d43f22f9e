package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/tool"
)

// pageLimit is what a default page may cost a model, in characters.
const pageLimit = 32_000

// priced are the tools whose replies hold a price or a balance.
var priced = []string{
	"cancel_order", "confirm_trade", "create_basket", "create_order", "get_balances", "get_bars", "get_order", "get_orders", "get_positions",
	"get_quotes", "get_transactions", "list_pending_trades", "replace_order", "stream_quotes",
}

// answer is a call over MCP: its text and its structured output.
func answer(t *testing.T, s *mcp.ClientSession, name, args string) (text string, out map[string]any, failed bool) {
	t.Helper()
	res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: json.RawMessage(args)})
	if err != nil {
		t.Fatalf("%s %s: %v", name, args, err)
	}
	c, ok := res.Content[0].(*mcp.TextContent)
	if !ok {
		t.Fatalf("%s: the content is %T", name, res.Content[0])
	}
	out, ok = res.StructuredContent.(map[string]any)
	if !ok {
		t.Fatalf("%s: the structured content is %T", name, res.StructuredContent)
	}
	return c.Text, out, res.IsError
}

// Every example of every tool works on a fresh desk, and so does one call of
// each tool that has none; each output is as its schema says.
func TestExamples(t *testing.T) {
	d, cloudUser, cloudSecret := withCloud(t)
	s := d.session(t, "/mcp/all", d.token(t, "admin"))
	tws := paperTWS(t)
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]*jsonschema.Resolved{}
	for _, tl := range list.Tools {
		raw, err := json.Marshal(tl.OutputSchema)
		if err != nil {
			t.Fatal(err)
		}
		var schema jsonschema.Schema
		if err := json.Unmarshal(raw, &schema); err != nil {
			t.Fatal(err)
		}
		if outputs[tl.Name], err = schema.Resolve(nil); err != nil {
			t.Fatalf("%s: %v", tl.Name, err)
		}
	}
	seen := map[string]bool{}
	run := func(name, args string) map[string]any {
		t.Helper()
		seen[name] = true
		text, out, failed := answer(t, s, name, args)
		if failed {
			t.Fatalf("%s %s: %s", name, args, text)
		}
		if err := outputs[name].Validate(out); err != nil {
			t.Errorf("%s %s: the output is not as its schema says: %v\n%s", name, args, err, text)
		}
		if len(text) > pageLimit {
			t.Errorf("%s %s: %d characters", name, args, len(text))
		}
		if slices.Contains(priced, name) {
			for _, field := range []string{"environment", "feed", "source", "as_of", "age_ms"} {
				if _, ok := out[field]; !ok {
					t.Errorf("%s: the reply lacks %s", name, field)
				}
			}
			if !strings.HasPrefix(text, "SIMULATED") {
				t.Errorf("%s: the text begins with %.40q", name, text)
			}
		}
		return out
	}
	tools := d.gate.Catalogue().All()
	for _, effect := range []tool.Effect{tool.Read, tool.Write, tool.Trade, tool.Destroy} {
		for _, tl := range tools {
			for _, e := range tl.Examples {
				if tl.Effect == effect && tl.Toolset != "ibkr" { // those need a connection
					if tl.Name == "create_order" { // the second connection made accounts two
						e = strings.Replace(e, "{", `{"account":"SIM-000001",`, 1)
					}
					if tl.Name == "create_basket" || tl.Name == "create_rebalance" {
						e = strings.Replace(e, "{", `{"account":"SIM-000001",`, 1)
					}
					run(tl.Name, e)
				}
			}
		}
	}
	// The rest of the session, from one call to the next.
	ticket := run("create_order", fmt.Sprintf(`{"account":"SIM-000001","symbol":%q,"side":"buy","quantity":0.01}`, symbol))
	run("confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, ticket["confirmation_id"]))
	resting := d.proposeOn(t, d.token(t, "admin"), "SIM-000001")
	run("confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, resting.ID))
	order := fmt.Sprintf(`{"order_id":%q}`, resting.Orders[0].OrderID)
	run("get_order", order)
	change := run("replace_order", fmt.Sprintf(`{"order_id":%q,"quantity":0.02}`, resting.Orders[0].OrderID))
	run("list_pending_trades", `{}`)
	run("call_write_tool", fmt.Sprintf(`{"name":"discard_trade","arguments":{"confirmation_id":%q}}`, change["confirmation_id"]))
	run("discard_trade", fmt.Sprintf(`{"confirmation_id":%q}`, run("create_order", fmt.Sprintf(`{"account":"SIM-000001","symbol":%q,"side":"buy","quantity":0.01}`, symbol))["confirmation_id"]))
	for _, name := range []string{"get_balances", "get_positions", "get_transactions", "get_orders"} {
		run(name, `{"account":"SIM-000001"}`)
	}
	run("cancel_order", order)
	connections, _ := run("list_connections", `{}`)["connections"].([]any)
	last, _ := connections[len(connections)-1].(map[string]any)
	run("delete_connection", fmt.Sprintf(`{"connection_id":%q}`, last["connection_id"]))
	run("ibkr_connect", fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"clientId":1}`, tws))
	for _, tl := range tools {
		for _, e := range tl.Examples {
			if tl.Toolset == "ibkr" {
				run(tl.Name, e)
			}
		}
	}
	atIBKR(t, run)
	bars := run("get_history", `{"symbols":["KO"],"start_date":"2024-01-02","end_date":"2024-02-01"}`)
	handle := fmt.Sprintf(`{"result":%q}`, bars["result"])
	run("query_result", handle)
	drawn := run("calculate_correlation_matrix", `{"symbols":["KO","PEP"],"start_date":"2024-01-02","end_date":"2024-02-01"}`)
	run("create_chart", fmt.Sprintf(`{"result":%q}`, drawn["result"]))
	run("cancel_research", handle)
	run("engage_kill_switch", `{"reason":"the end of the session"}`)
	algorithms(t, run)
	run("configure_quantconnect_auth", fmt.Sprintf(`{"user_id":%q,"api_token":%q}`, cloudUser, cloudSecret))
	for _, name := range []string{"list_projects", "get_auth_status", "validate_quantconnect_auth", "clear_quantconnect_auth"} {
		run(name, `{}`)
	}
	for _, tl := range tools {
		// A collaborator needs a second user: see the tests of the engine's tools.
		// A paper TWS has no company reports and no news wires, and trades no options:
		// see TestIBKRRefusals.
		if !seen[tl.Name] && !strings.HasSuffix(tl.Name, "_project_collaborator") && tl.Name != "ibkr_get_fundamental_data" && tl.Name != "ibkr_place_option_order" && !strings.HasSuffix(tl.Name, "_broadtape_news_resource") {
			t.Errorf("%s was not called", tl.Name)
		}
	}
	if len(tools) != len(list.Tools) {
		t.Errorf("%d tools are listed of %d", len(list.Tools), len(tools))
	}
	// Through call_tool a reply on simulated prices says so too.
	if text, _, _ := answer(t, s, "call_tool", `{"name":"get_quotes","arguments":{"symbols":["AAPL"]}}`); !strings.HasPrefix(text, "SIMULATED") {
		t.Errorf("call_tool hides where prices come from: %.60q", text)
	}
}

// atIBKR calls the tools of Interactive Brokers that have no example.
func atIBKR(t *testing.T, run func(name, args string) map[string]any) {
	t.Helper()
	first := func(v any, field string) map[string]any {
		t.Helper()
		m, _ := v.(map[string]any)
		rows, _ := m[field].([]any)
		if len(rows) == 0 {
			t.Fatalf("%s is empty: %v", field, v)
		}
		row, _ := rows[len(rows)/2].(map[string]any)
		return row
	}
	k, _ := run("ibkr_get_contract_details", `{"symbol":"AAPL"}`)["contract"].(map[string]any)
	id := fmt.Sprintf("%.0f", k["conId"])
	run("ibkr_get_security_definition_by_conid", `{"conId":`+id+`}`)
	run("ibkr_get_market_rule", `{"marketRuleId":26}`)
	run("ibkr_get_smart_components", `{"bboExchange":"9c0001"}`)
	quotes := first(run("get_quotes", `{"symbols":["AAPL"]}`), "quotes")
	last, _ := quotes["last"].(float64)
	chain := first(run("ibkr_get_option_chain_params", `{"underlyingConId":`+id+`}`), "chains")
	expirations, _ := chain["expirations"].([]any)
	option := fmt.Sprintf(`"symbol":"AAPL","expiration":%q`, expirations[len(expirations)/2])
	strike := first(run("ibkr_get_option_chain", "{"+option+`,"strikeCount":3}`), "chain")
	option += fmt.Sprintf(`,"strike":%v,"right":"C"`, strike["strike"])
	if out := run("ibkr_calculate_option_price", "{"+option+`,"volatility":0.3}`); out["optionPrice"] == nil || out["delta"] == nil {
		t.Errorf("the model: %v", out)
	}
	run("ibkr_calculate_option_price", "{"+option+"}")
	run("ibkr_get_wsh_event_data", `{"conId":`+id+`}`)
	news := first(run("ibkr_get_news_articles", `{"symbol":"AAPL","totalResults":3}`), "articles")
	run("ibkr_get_news_article", fmt.Sprintf(`{"providerCode":%q,"articleId":%q}`, news["providerCode"], news["articleId"]))

	held := run("ibkr_place_order", `{"symbol":"AAPL","action":"BUY","quantity":1}`)
	run("confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, held["confirmation_id"]))
	working := run("ibkr_place_bracket_order", fmt.Sprintf(`{"symbol":"AAPL","action":"BUY","quantity":1,"entryPrice":%.2f,"takeProfitPrice":%.2f,"stopLossPrice":%.2f,"tif":"GTC"}`, last*0.95, last*1.05, last*0.93))
	sent := first(run("confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, working["confirmation_id"])), "orders")
	entry := fmt.Sprint(sent["parent_id"])
	run("ibkr_modify_order", fmt.Sprintf(`{"orderId":%q,"limitPrice":%.2f}`, entry, last*0.96))
	run("ibkr_get_order_status", fmt.Sprintf(`{"orderId":%q}`, entry))
	run("ibkr_get_pnl_single", `{"conId":`+id+`}`)
	run("ibkr_cancel_order", fmt.Sprintf(`{"orderId":%q}`, entry))
	for _, name := range []string{"ibkr_get_open_orders", "ibkr_get_all_orders", "ibkr_get_executions", "ibkr_get_positions"} {
		run(name, `{}`)
	}
	run("ibkr_read_resource", `{"uri":"ibkr://portfolio/`+paperAccount+`"}`)
	run("ibkr_stop_market_data_resource", `{"resource_id":"AAPL"}`)
	run("ibkr_stop_portfolio_resource", `{}`)
	run("ibkr_stop_news_resource", `{}`)
	run("ibkr_stop_tick_news_resource", `{"symbol":"AAPL"}`)
	run("ibkr_disconnect", `{}`)
}

// algorithms calls the engine's tools that have no example, from a project to
// its end.
func algorithms(t *testing.T, run func(name, args string) map[string]any) {
	t.Helper()
	project, _ := run("create_project", `{"name":"session"}`)["project"].(map[string]any)
	p := fmt.Sprintf(`"project_id":%v`, project["project_id"])
	call := func(name, more string) map[string]any { t.Helper(); return run(name, "{"+p+more+"}") }
	call("update_project", `,"description":"d"`)
	call("create_file", `,"name":"a.py","content":"x = 1\n"`)
	call("patch_file", `,"patch":"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"`)
	call("update_file_contents", `,"name":"a.py","content":"x = 3\n"`)
	call("update_file_name", `,"name":"a.py","new_name":"b.py"`)
	call("read_file", ``)
	call("delete_file", `,"name":"b.py"`)
	compile := call("create_compile", `,"wait_seconds":50`)
	call("read_compile", fmt.Sprintf(`,"compile_id":%q`, compile["compile_id"]))
	b := fmt.Sprintf(`,"backtest_id":%q`, call("create_backtest", fmt.Sprintf(`,"compile_id":%q,"backtest_name":"b","parameters":{"a":1},"wait_seconds":50`, compile["compile_id"]))["backtest_id"])
	call("read_backtest", b+`,"chart":"Strategy Equity"`)
	call("list_backtests", `,"include_statistics":true`)
	call("read_backtest_chart", b+`,"name":"Strategy Equity"`)
	call("read_backtest_orders", b)
	call("read_backtest_insights", b)
	call("update_backtest", b+`,"name":"c"`)
	call("delete_backtest", b)
	call("copy_project", `,"backend":"embedded","name":"copy"`)
	call("read_project_nodes", ``)
	call("update_project_nodes", ``)
	call("read_project_collaborators", ``)
	call("lock_project_with_collaborators", ``)
	call("delete_project", ``)
}

// Every listing pages to its end without a row twice or lost, in JSON and CSV,
// and shows the fields that are asked for.
func TestListings(t *testing.T) {
	d := open(t, func(s *setup) { unlimited(&s.set); s.scripted = true })
	token := d.token(t, "admin")
	p, compile, _ := d.ran(t, token, "one")
	for i := range 3 {
		d.must(t, token, "create_project", fmt.Sprintf(`{"name":"more %d"}`, i), nil)
		d.must(t, token, "create_backtest", fmt.Sprintf(`{"project_id":%d,"compile_id":%q,"backtest_name":"more","wait_seconds":50}`, p, compile), nil)
	}
	for range 3 {
		d.must(t, token, "confirm_trade", `{"confirmation_id":"`+d.propose(t, token, "").ID+`"}`, nil)
		d.propose(t, token, "")
	}
	d.must(t, token, "create_basket", `{"orders":[{"symbol":"AAPL","side":"buy","quantity":1},{"symbol":"MSFT","side":"buy","quantity":1},{"symbol":"KO","side":"buy","quantity":1}],"client_ref":"b"}`, nil)
	var basket ticketReply
	d.must(t, token, "create_basket", `{"orders":[{"symbol":"AAPL","side":"buy","quantity":1},{"symbol":"MSFT","side":"buy","quantity":1},{"symbol":"KO","side":"buy","quantity":1}],"client_ref":"b"}`, &basket)
	d.must(t, token, "confirm_trade", `{"confirmation_id":"`+basket.ID+`"}`, nil)
	eventually(t, "the basket is filled", func() bool {
		rows, _ := d.rest(t, token, "get_positions", `{}`).field("positions").([]any)
		return len(rows) == 3
	})
	direct := d.token(t, "admin", "broker:trade:direct")
	d.must(t, direct, "ibkr_connect", fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"clientId":1}`, paperTWS(t)), nil)
	for _, s := range []string{"AAPL", "MSFT", "KO"} {
		d.must(t, direct, "ibkr_place_order", fmt.Sprintf(`{"symbol":%q,"action":"BUY","quantity":2}`, s), nil)
		d.must(t, direct, "ibkr_place_order", fmt.Sprintf(`{"symbol":%q,"action":"BUY","quantity":1,"orderType":"LMT","limitPrice":1}`, s), nil)
	}
	eventually(t, "all is told of what was executed", func() bool {
		return strings.Count(d.rest(t, token, "ibkr_get_executions", `{}`).body, `"commissionReport"`) >= 3
	})
	bar := `"symbol":"AAPL","resolution":"1d","start":"` + d.feed.Now().AddDate(0, 0, -12).Format("2006-01-02") + `"`
	args := map[string]string{
		"get_quotes": `"symbols":["AAPL","MSFT","KO","BTCUSD","SPY"]`, "get_bars": bar, "search_instruments": `"class":"crypto"`, "search_tools": `"query":"order"`, "get_orders": `"status":"all"`,
		"get_positions": `"account":"SIM-000001"`, "get_transactions": `"account":"SIM-000001"`,
		"list_backtests": fmt.Sprintf(`"project_id":%d,"include_statistics":true`, p), "get_etf_constituents": `"etf_ticker":"QQQ"`,
	}
	for _, name := range []string{"a", "b", "c"} {
		d.must(t, token, "initialize_quantbook", fmt.Sprintf(`{"instance_name":%q}`, name), nil)
		d.must(t, token, "create_tearsheet", fmt.Sprintf(`{"symbols":["KO"],"start_date":"2024-01-02","end_date":"2024-02-01","title":%q,"formats":["csv"]}`, name), nil)
	}
	for _, tl := range d.gate.Catalogue().All() {
		if tl.Rows == "" {
			continue
		}
		t.Run(tl.Name, func(t *testing.T) {
			given := args[tl.Name]
			with := func(more string) string {
				return "{" + strings.Trim(given+","+more, ",") + "}"
			}
			rows := func(a reply) []any {
				t.Helper()
				list, ok := a.field(tl.Rows).([]any)
				if a.status != http.StatusOK || !ok {
					t.Fatalf("%d %s", a.status, a.body)
				}
				return list
			}
			key := func(row any) string {
				m, ok := row.(map[string]any)
				if !ok || len(m) == 0 {
					t.Fatalf("a row is %v", row)
				}
				for k := range m { // what the clock alone changes
					if k == "age_ms" || k == "as_of" || strings.Contains(k, "price") || strings.Contains(k, "value") || strings.Contains(k, "pnl") || slices.Contains([]string{"bid", "ask", "bid_size", "ask_size", "last", "high", "low", "volume", "updated_at"}, k) {
						delete(m, k)
					}
				}
				raw, err := json.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				return string(raw)
			}
			first := d.rest(t, token, tl.Name, with(""))
			if len(first.body) > pageLimit {
				t.Errorf("the default page has %d characters", len(first.body))
			}
			whole := rows(first)
			if len(whole) == 0 {
				t.Fatal("there is nothing to page")
			}
			var want, got []string
			for _, r := range whole {
				want = append(want, key(r))
			}
			for cursor, pages := "", 0; ; pages++ {
				a := d.rest(t, token, tl.Name, with(fmt.Sprintf(`"limit":2,"cursor":%q`, cursor)))
				page := rows(a)
				if len(page) > 2 || pages > 200 {
					t.Fatalf("page %d has %d rows", pages, len(page))
				}
				for _, r := range page {
					got = append(got, key(r))
				}
				if cursor = a.text("next_cursor"); cursor == "" {
					break
				}
			}
			if whole := first.text("next_cursor") == ""; whole && !slices.Equal(got, want) {
				t.Errorf("by pages of two:\n%s\nat once:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			csv := d.rest(t, token, tl.Name, with(`"format":"csv"`))
			table := csv.text("csv")
			head, _, _ := strings.Cut(table, "\n")
			if len(rows(csv)) != 0 || strings.Count(table, "\n") < len(whole)+1 || !strings.Contains(head, ",") {
				t.Errorf("CSV of %d rows: %s", len(whole), csv.body)
			}
			field := strings.Split(head, ",")[0]
			for _, r := range rows(d.rest(t, token, tl.Name, with(fmt.Sprintf(`"fields":[%q]`, field)))) {
				if m, ok := r.(map[string]any); !ok || len(m) > 1 {
					t.Errorf("with fields [%s] a row is %v", field, r)
				}
			}
			two := d.rest(t, token, tl.Name, with(fmt.Sprintf(`"fields":[%q],"format":"csv","limit":1`, field))).text("csv")
			if !strings.HasPrefix(two, field+"\n") {
				t.Errorf("CSV of one field: %q", two)
			}
			plain := d.do(t, "POST", "/api/v1/"+tl.Name, token, with(`"format":"csv"`), "Accept", "text/csv")
			if !strings.HasPrefix(plain.header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(plain.body, head) {
				t.Errorf("as text/csv: %s %.100s", plain.header.Get("Content-Type"), plain.body)
			}
		})
	}
}
