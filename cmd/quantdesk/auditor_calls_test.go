package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/store"
)

func TestAuditor18RateLimits(t *testing.T) {
	d := startDesk(t, nil)
	// Sixty a minute over every surface together; call_tool costs one, not two.
	alice, bob := d.tokenOf(t, d.user(t, "Alice"), "trader"), d.tokenOf(t, d.user(t, "Bob"), "trader")
	s := d.session(t, "/mcp", alice)
	done := 0
	for done < 60 {
		for _, a := range []reply{
			d.rest(t, alice, "list_accounts", "{}"),
			d.callNewest(t, alice, "list_accounts", "{}"),
			d.rest(t, alice, "call_tool", `{"name":"list_accounts"}`),
			d.do(t, "GET", "/api/v1/list_accounts", alice, ""),
		} {
			done++
			if a.status != http.StatusOK || strings.Contains(a.body, "rate_limited") {
				t.Fatalf("call %d of 60: %d %s", done, a.status, a.body)
			}
		}
		if _, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "quantdesk://accounts"}); err != nil {
			t.Fatalf("call %d of 60: %v", done+1, err)
		}
		done++
	}
	a := d.rest(t, alice, "list_accounts", "{}")
	wait, _ := a.field("error", "retry_after_s").(float64)
	if a.status != http.StatusTooManyRequests || wait < 1 || wait > 60 || a.header.Get("Retry-After") != fmt.Sprint(wait) || !strings.Contains(a.text("error", "hint"), fmt.Sprint(wait)) {
		t.Errorf("call 61: %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.body)
	}
	for name, b := range map[string]reply{
		"call_tool": d.callNewest(t, alice, "call_tool", `{"name":"list_accounts"}`), "newest": d.callNewest(t, alice, "list_accounts", "{}"),
	} {
		if b.status != http.StatusOK || b.text("result", "structuredContent", "error", "code") != "rate_limited" || b.field("result", "isError") != true {
			t.Errorf("%s after the limit: %d %s", name, b.status, b.body)
		}
	}
	if a := d.rest(t, bob, "list_accounts", "{}"); a.status != http.StatusOK {
		t.Errorf("Bob beside Alice's limit: %d", a.status)
	}
	if a := d.rest(t, d.token(t, "read"), "list_accounts", "{}"); a.status != http.StatusOK {
		t.Errorf("the local user beside Alice's limit: %d", a.status)
	}
	// Thirty that trade, relayed or not, and then still calls that do not.
	carol := d.tokenOf(t, d.user(t, "Carol"), "trader")
	for i := range 30 {
		name, args := "cancel_order", `{"order_id":"none"}`
		if i%3 == 0 {
			name, args = "call_write_tool", `{"name":"cancel_order","arguments":{"order_id":"none"}}`
		}
		if a := d.rest(t, carol, name, args); a.status != http.StatusNotFound {
			t.Fatalf("trade %d of 30: %d %s", i+1, a.status, a.body)
		}
	}
	for _, x := range [][2]string{{"cancel_order", `{"order_id":"none"}`}, {"call_write_tool", `{"name":"cancel_order","arguments":{"order_id":"none"}}`}, {"create_order", orderArgs}} {
		if a := d.rest(t, carol, x[0], x[1]); a.status != http.StatusTooManyRequests {
			t.Errorf("trade 31 by %s: %d %s", x[0], a.status, a.body)
		}
	}
	if a := d.rest(t, carol, "list_accounts", "{}"); a.status != http.StatusOK {
		t.Errorf("a look after the trade limit: %d %s", a.status, a.body)
	}
	// Whoever guesses secrets is slowed down by address.
	limited := false
	for range 700 {
		a := d.do(t, "POST", "/auth/tokens/user", "", `{}`, "client-id", "x", "client-secret", "y", "user-id", "z", "user-secret", "w")
		if limited = a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != ""; limited {
			break
		}
		if a.status != http.StatusUnauthorized {
			t.Fatalf("a guess: %d %s", a.status, a.body)
		}
	}
	if !limited {
		t.Error("700 guesses a minute were let through")
	}
	// A subscription is one call, however long it lasts.
	dave := d.tokenOf(t, d.user(t, "Dave"), "read")
	told := make(chan string, 100)
	w := d.connect(t, "/mcp", dave, &mcp.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) { told <- r.Params.URI }}, legacy())
	if err := w.Subscribe(t.Context(), &mcp.SubscribeParams{URI: "quantdesk://quotes/" + symbol}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		<-told
	}
	for i := range 59 {
		if a := d.rest(t, dave, "list_accounts", "{}"); a.status != http.StatusOK {
			t.Fatalf("call %d beside a subscription: %d %s", i+2, a.status, a.body)
		}
	}
}

// Whose subscription it is decides who is told.
func TestSubscriptionsFollowTheirUser(t *testing.T) {
	d := startDesk(t, unlimited)
	alice, bob := d.tokenOf(t, d.user(t, "Alice"), "trader"), d.tokenOf(t, d.user(t, "Bob"), "trader")
	var mu sync.Mutex // guards told
	told := map[string]int{}
	for name, token := range map[string]string{"alice": alice, "bob": bob} {
		for _, era := range []string{"2025-11-25", "2026-07-28"} {
			s := d.connect(t, "/mcp", token, &mcp.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) {
				mu.Lock()
				defer mu.Unlock()
				if len(r.Params.Meta) > 0 && r.Params.Meta["quantdesk.user"] != nil {
					t.Errorf("the user's mark left the server: %v", r.Params.Meta)
				}
				told[name+" "+era]++
			}}, &mcp.ClientSessionOptions{ProtocolVersion: era})
			if err := s.Subscribe(t.Context(), &mcp.SubscribeParams{URI: "quantdesk://orders"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	count := func(who string) int {
		mu.Lock()
		defer mu.Unlock()
		return told[who+" 2025-11-25"] * told[who+" 2026-07-28"]
	}
	d.must(t, bob, "confirm_trade", `{"confirmation_id":"`+d.propose(t, bob, "").ID+`"}`, nil)
	eventually(t, "Bob is told of his order, in both eras", func() bool { return count("bob") > 0 })
	mu.Lock()
	if told["alice 2025-11-25"]+told["alice 2026-07-28"] > 0 {
		t.Errorf("Alice is told of Bob's order: %v", told)
	}
	mu.Unlock()
	d.must(t, alice, "confirm_trade", `{"confirmation_id":"`+d.propose(t, alice, "").ID+`"}`, nil)
	eventually(t, "Alice is told of hers", func() bool { return count("alice") > 0 })
}

func TestAuditor19Cancellation(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "read")
	ended := func(n int) func() bool {
		return func() bool {
			return strings.Contains(d.do(t, "GET", "/metrics", "", "").body, fmt.Sprintf(`quantdesk_tool_calls_total{code="cancelled",tool="stream_quotes"} %d`, n))
		}
	}
	const args = `{"symbols":["BTCUSD"],"seconds":50,"interval_s":0.1}`
	n := 0
	for name, path := range map[string]string{"newest": "/mcp", "REST stream": "/api/v1/stream_quotes", "REST": "/api/v1/stream_quotes"} {
		ctx, cancel := context.WithCancel(t.Context())
		body := args
		if path == "/mcp" {
			body = strings.Replace(message("tools/call", `"name":"stream_quotes","arguments":`+args), `"_meta":{`, `"_meta":{"progressToken":"p",`, 1)
		}
		req, err := http.NewRequestWithContext(ctx, "POST", d.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": accept, "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "stream_quotes"} {
			req.Header.Set(k, v)
		}
		if name == "REST" {
			req.Header.Set("Accept", "application/json")
			go func() { // it answers only at its end
				res, err := http.DefaultClient.Do(req)
				if err == nil {
					_ = res.Body.Close()
				}
			}()
			eventually(t, "the call is on its way", func() bool { return d.working(t) == 1 })
			cancel()
		} else {
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := res.Body.Read(make([]byte, 10)); err != nil {
				t.Fatalf("%s: the stream says nothing: %v", name, err)
			}
			cancel()
			_ = res.Body.Close()
		}
		n++
		eventually(t, name+": the call ended with its stream", ended(n))
	}
	// The older protocol says so in a message of its own.
	ctx, cancel := context.WithCancel(t.Context())
	s := d.connect(t, "/mcp", token, &mcp.ClientOptions{ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) { cancel() }}, legacy())
	p := &mcp.CallToolParams{Name: "stream_quotes", Arguments: json.RawMessage(args)}
	p.SetProgressToken("p")
	if _, err := s.CallTool(ctx, p); err == nil {
		t.Error("a cancelled call succeeded")
	}
	eventually(t, "the call ended with notifications/cancelled", ended(n+1))
}

func TestAuditor20Injection(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	const nasty = "\x1b[31mred\x07\r\n\u009b2J\u202eevil\u2066\x7f\u0000"
	raw, err := json.Marshal(strings.TrimRight(nasty, "\x00"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, x := range []struct{ tool, args string }{
		{"get_quotes", `{"symbols":[%s]}`}, {"get_quotes", `{"symbols":[%s,"AAPL"]}`}, {"get_order", `{"order_id":%s}`}, {"create_order", `{"symbol":%s,"side":"buy","quantity":1}`},
		{"create_order", `{"symbol":"AAPL","side":%s,"quantity":1}`}, {"create_order", `{"symbol":"AAPL","side":"buy","quantity":%s}`}, {"create_order", `{%s:1}`},
		{"create_order", `{"symbol":"BTCUSD","side":"buy","quantity":0.01,"client_ref":%s}`}, {"call_tool", `{"name":%s}`}, {"search_instruments", `{"sector":"Technology","fields":[%s]}`},
		{"get_balances", `{"account":%s}`}, {"get_bars", `{"symbol":"AAPL","start":%s}`}, {"get_market_hours", `{"symbol":"AAPL","date":%s}`}, {"delete_connection", `{"connection_id":%s}`},
		{"authorize_connection", `{"brokerage_id":%s}`}, {"authorize_connection", `{"brokerage_id":"PaperBrokerage","credentials":{%s:"x"}}`}, {"search_instruments", `{"query":%s}`},
	} {
		a := d.rest(t, token, x.tool, fmt.Sprintf(x.args, raw))
		texts = append(texts, a.text("error", "message"), a.text("error", "hint"))
		if a.status >= 500 {
			t.Errorf("%s %s: %d %s", x.tool, x.args, a.status, a.body)
		}
		b := d.callNewest(t, token, x.tool, fmt.Sprintf(x.args, raw))
		if content, ok := b.field("result", "content").([]any); ok && len(content) > 0 {
			text, _ := content[0].(map[string]any)["text"].(string)
			texts = append(texts, text)
		}
	}
	texts = append(texts, d.do(t, "GET", "/api/v1/"+"%1b%5b31m%c2%9b", token, "").text("error", "message"))
	texts = append(texts, d.do(t, "GET", "/healthz", "", "", "Host", "x\u009b2J").text("error", "message"))
	for _, s := range texts {
		if strings.ContainsAny(s, "\x1b\x07\r\u009b\u202e\u2066\x7f\x00") {
			t.Errorf("control characters come back: %q", s)
		}
	}
	for _, r := range d.log.String() {
		if r < ' ' && r != '\n' || r == '\u009b' || r == '\u202e' {
			t.Fatalf("the log holds %U", r)
		}
	}
}

func TestAuditor21Idempotency(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	ticket := d.propose(t, token, `,"client_ref":"once"`)
	if again := d.propose(t, token, `,"client_ref":"once"`); again.ID != ticket.ID {
		t.Errorf("the same client_ref gave two tickets, %s and %s", ticket.ID, again.ID)
	}
	var wg sync.WaitGroup
	answers := make([]reply, 16)
	for i := range answers {
		wg.Go(func() {
			if i%2 == 0 {
				answers[i] = d.rest(t, token, "confirm_trade", `{"confirmation_id":"`+ticket.ID+`"}`)
			} else {
				answers[i] = d.callNewest(t, token, "confirm_trade", `{"confirmation_id":"`+ticket.ID+`"}`)
			}
		})
	}
	wg.Wait()
	for i, a := range answers {
		if a.status != http.StatusOK || !strings.Contains(a.body, ticket.Orders[0].OrderID) {
			t.Errorf("confirmation %d: %d %s", i, a.status, a.body)
		}
	}
	if rows, _ := d.rest(t, token, "get_orders", `{"status":"all"}`).field("orders").([]any); len(rows) != 1 {
		t.Errorf("sixteen confirmations made %d orders", len(rows))
	}
	book, err := d.paper.Book(t.Context(), "SIM-000001", d.feed.Now().AddDate(-1, 0, 0))
	if err != nil || len(book.Orders) != 1 {
		t.Errorf("the broker has %d orders: %v", len(book.Orders), err)
	}
}

func TestAuditor22NoSecretsAnywhere(t *testing.T) {
	d := startDesk(t, nil)
	p, clientSecret, err := d.identity.AddPlatform(t.Context(), "fintech")
	if err != nil {
		t.Fatal(err)
	}
	u, userSecret, err := d.identity.AddUser(t.Context(), p.ID, "customer", []string{"trader"})
	if err != nil {
		t.Fatal(err)
	}
	minted := d.do(t, "POST", "/auth/tokens/user", "", `{"scopes":["trader"]}`, "client-id", p.ID, "client-secret", clientSecret, "user-id", u.ID, "user-secret", userSecret)
	token := minted.text("access_token")
	if token == "" {
		t.Fatalf("no token: %d %s", minted.status, minted.body)
	}
	const key, cash = "hunter2-is-the-key", "31337.42"
	answers := ""
	for _, args := range []string{
		`{"brokerage_id":"PaperBrokerage","credentials":{"cash":"` + cash + `"}}`,
		`{"brokerage_id":"PaperBrokerage","credentials":{"api_key":"` + key + `"}}`,
		`{"brokerage_id":"PaperBrokerage","Credentials":"{\"api_key\":\"` + key + `\"}"}`,
		`{"model":{"brokerageId":"PaperBrokerage","credentials":{"api_key":"` + key + `"},"permissions":"read"}}`,
		`{"brokerage_id":"PaperBrokerage","credentials":"` + key + `"}`,
		`{"brokerage_id":"PaperBrokerage","credentials":["` + key + `"]}`,
		`{"brokerage_id":"None","credentials":{"api_key":"` + key + `"}}`,
	} {
		answers += d.rest(t, token, "authorize_connection", args).body
		answers += d.callNewest(t, token, "authorize_connection", args).body
		answers += d.rest(t, token, "call_write_tool", `{"name":"authorize_connection","arguments":`+args+`}`).body
		answers += d.rest(t, d.tokenOf(t, u.ID, "read"), "authorize_connection", args).body // refused for its scopes
	}
	d.must(t, token, "confirm_trade", `{"confirmation_id":"`+d.proposeOn(t, token, "SIM-000002").ID+`"}`, nil)
	for range 70 { // beyond the limit
		answers += d.rest(t, token, "authorize_connection", `{"Credentials":{"api_key":"`+key+`"}}`).body
	}
	if !strings.Contains(answers, "rate_limited") || !strings.Contains(answers, "connected") {
		t.Error("the session did not come to its limit or never connected")
	}
	d.do(t, "POST", "/auth/tokens/user", "", `{}`, "client-id", p.ID, "client-secret", clientSecret, "user-id", u.ID, "user-secret", "qdu_wrong")
	d.rest(t, token[:len(token)-4]+"AAAA", "list_accounts", "{}")
	secrets := map[string]string{"the token": token, "the token's signature": token[strings.LastIndex(token, ".")+1:], "the client's secret": clientSecret, "the user's secret": userSecret, "a broker's key": key, "a credential": cash}
	entries, err := d.db.Audit(t.Context(), store.AuditFilter{Limit: 1000})
	if err != nil || len(entries) < 50 {
		t.Fatalf("%d audit entries, %v", len(entries), err)
	}
	audit, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	files := ""
	for _, name := range []string{"desk.db", "desk.db-wal", "paper.db", "paper.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(d.home, name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		files += string(raw)
	}
	for what, secret := range secrets {
		for where, text := range map[string]string{"the log": d.log.String(), "the audit": string(audit), "an answer": answers, "a database": files} {
			if what == "a credential" && where == "a database" {
				continue // the paper broker's first deposit is its balance
			}
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s is in %s: …%.120q", what, where, text[max(0, i-60):])
			}
		}
	}
	if strings.Contains(answers, d.home) || strings.Contains(answers, ".go:") {
		t.Error("an answer tells a path")
	}
}

func TestAuditor23OldVersions(t *testing.T) {
	d := startDesk(t, unlimited)
	read := d.token(t, "read")
	for _, v := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"} {
		s := d.connect(t, "/mcp", read, nil, &mcp.ClientSessionOptions{ProtocolVersion: v})
		res, err := s.ListTools(t.Context(), nil)
		if err != nil || slices.ContainsFunc(res.Tools, func(x *mcp.Tool) bool { return x.Name == "create_order" }) {
			t.Errorf("%s: the list does not follow the token: %v", v, err)
		}
		if _, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "create_order", Arguments: json.RawMessage(orderArgs)}); err == nil {
			t.Errorf("%s: a read token ordered", v)
		}
		ok, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_accounts"})
		if err != nil || ok.IsError {
			t.Errorf("%s: %v", v, err)
		}
	}
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for version, want := range map[string]int{"1999-01-01": 400, "2025-11-26": 400, "2099-01-01": 400, "zzz": 400, "": 200} {
		a := d.do(t, "POST", "/mcp", read, list, "Accept", accept, "Mcp-Protocol-Version", version)
		if a.status != want && (want != 200 || a.status >= 500) {
			t.Errorf("version %q: %d %s", version, a.status, a.body)
		}
		if strings.Contains(a.body, "create_order") {
			t.Errorf("version %q shows what the token may not use", version)
		}
	}
	init := d.do(t, "POST", "/mcp", read, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"1999-01-01","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`, "Accept", accept)
	if init.status != http.StatusOK || strings.Contains(init.body, "1999") {
		t.Errorf("an unknown version is not answered with a known one: %d %s", init.status, init.body)
	}
	d.noOrders(t, "old versions")
}
