package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// webPaths are asked with every kind of foreign request.
var webPaths = []struct{ method, path string }{
	{"POST", "/mcp"}, {"POST", "/api/v1/list_accounts"}, {"GET", "/api/v1/list_accounts"}, {"GET", "/openapi.json"}, {"GET", "/healthz"},
	{"GET", "/metrics"}, {"POST", "/auth/tokens/user"}, {"GET", "/.well-known/jwks.json"},
}

func TestAuditor12Rebinding(t *testing.T) {
	for _, bind := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		d := open(t, func(s *setup) { s.listen.Addr, s.listen.AllowedHosts = bind, []string{"Desk.example"} })
		_, port, err := net.SplitHostPort(strings.TrimPrefix(d.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		d.url = "http://127.0.0.1:" + port
		token := d.token(t, "admin")
		for _, p := range webPaths {
			for _, host := range []string{"evil.example", "evil.example:" + port, "127.0.0.1.evil.example", "localhost.evil.example:" + port, "192.0.2.7:" + port, "desk.example.evil"} {
				for _, origin := range []string{"", "http://" + host} {
					if a := d.do(t, p.method, p.path, token, "", "Host", host, "Origin", origin); a.status != http.StatusForbidden || strings.Contains(a.header.Get("Access-Control-Allow-Origin"), "evil") {
						t.Errorf("%s: %s %s for host %s, origin %q: %d", bind, p.method, p.path, host, origin, a.status)
					}
				}
			}
		}
		for _, host := range []string{"localhost:" + port, "127.0.0.1", "[::1]:" + port, "desk.example", "DESK.example:443"} {
			if a := d.do(t, "GET", "/api/v1/list_accounts", token, "", "Host", host); a.status != http.StatusOK {
				t.Errorf("%s: host %s: %d %s", bind, host, a.status, a.body)
			}
		}
	}
}

func TestAuditor13ForeignPages(t *testing.T) {
	const friend = "https://desk.example"
	d := open(t, func(s *setup) { s.listen.AllowedOrigins = []string{friend} })
	token := d.token(t, "admin")
	for name, headers := range map[string][]string{
		"null":               {"Origin", "null"},
		"foreign":            {"Origin", "https://evil.example"},
		"loopback, no port":  {"Origin", "http://127.0.0.1"},
		"another port":       {"Origin", "http://127.0.0.1:1"},
		"a friend's scheme":  {"Origin", "http://desk.example"},
		"a friend's suffix":  {"Origin", "https://desk.example.evil"},
		"cross-site, silent": {"Sec-Fetch-Site", "cross-site"},
		"cross-site, own":    {"Sec-Fetch-Site", "cross-site", "Origin", d.url},
	} {
		for _, p := range webPaths {
			if a := d.do(t, p.method, p.path, token, "", headers...); a.status != http.StatusForbidden || a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %s %s: %d", name, p.method, p.path, a.status)
			}
		}
		if a := d.do(t, "OPTIONS", "/mcp", "", "", append(headers, "Access-Control-Request-Method", "POST")...); a.status != http.StatusForbidden || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: preflight %d", name, a.status)
		}
	}
	// What a page can send without asking is no JSON.
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		if a := d.do(t, "POST", "/mcp", token, "{}", "Content-Type", kind, "Accept", accept); a.status != http.StatusUnsupportedMediaType {
			t.Errorf("%q to MCP: %d", kind, a.status)
		}
		if a := d.do(t, "POST", "/api/v1/list_accounts", token, "{}", "Content-Type", kind); a.status != http.StatusBadRequest {
			t.Errorf("%q to REST: %d", kind, a.status)
		}
	}
	// A page that the operator named may, with its own token.
	for _, p := range []string{"/mcp", "/api/v1/list_accounts"} {
		a := d.do(t, "OPTIONS", p, "", "", "Origin", friend, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,mcp-protocol-version")
		h := a.header
		if a.status != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != friend || h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Mcp-Name") {
			t.Errorf("preflight of %s: %d %v", p, a.status, h)
		}
	}
	a := d.rest(t, token, "list_accounts", "{}")
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("without an origin there is none to allow")
	}
	for _, origin := range []string{friend, d.url} {
		a = d.do(t, "POST", "/api/v1/list_accounts", token, "{}", "Origin", origin)
		if a.status != http.StatusOK || a.header.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("origin %s: %d %v", origin, a.status, a.header)
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAuditor14Bind(t *testing.T) {
	set := struct {
		Listen listen `embed:""`
	}{}
	p, err := kong.New(&set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(nil); err != nil {
		t.Fatal(err)
	}
	if set.Listen.Addr != "127.0.0.1:8787" {
		t.Errorf("the default address is %s", set.Listen.Addr)
	}
	// No address is open without a token: TestAuditor01 and 12 cover both kinds.
	for _, path := range []string{"mcp x", "/", "", "/api", "/api/v1/mcp", "/healthz", "/metrics", "/auth/x", "/{x}", "/.well-known/x"} {
		if got, err := mcpPath(path); err == nil {
			t.Errorf("the MCP endpoint at %q is taken as %s", path, got)
		}
	}
	if got, err := mcpPath("desk/mcp/"); got != "/desk/mcp" || err != nil {
		t.Errorf("desk/mcp/: %q %v", got, err)
	}
}

func TestAuditor16SizeAndDepth(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	big := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_quotes","arguments":{"symbols":["` + strings.Repeat("A", 5<<20) + `"]}}}`
	if a := d.do(t, "POST", "/mcp", token, big, "Accept", accept); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("5 MB to MCP: %d", a.status)
	}
	if a := d.rest(t, token, "get_quotes", big); a.status != http.StatusRequestEntityTooLarge || a.text("error", "hint") == "" {
		t.Errorf("5 MB to REST: %d %s", a.status, a.body)
	}
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for name, a := range map[string]reply{
		"MCP body":       d.do(t, "POST", "/mcp", token, deep, "Accept", accept),
		"MCP params":     d.do(t, "POST", "/mcp", token, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_quotes","arguments":{"symbols":`+deep+`}}}`, "Accept", accept),
		"newest":         d.callNewest(t, token, "get_quotes", `{"symbols":`+deep+`}`),
		"REST":           d.rest(t, token, "get_quotes", deep),
		"REST arguments": d.rest(t, token, "get_quotes", `{"symbols":`+deep+`}`),
		"JSON in text":   d.rest(t, token, "call_tool", `{"name":"get_quotes","arguments":"{\"symbols\":`+deep+`}"}`),
	} {
		if a.status != http.StatusBadRequest {
			t.Errorf("%s, 1e5 deep: %d %.200s", name, a.status, a.body)
		}
	}
	long := strings.Repeat("z", 300_000)
	for _, x := range []struct{ tool, args string }{
		{"get_order", `{"order_id":"%s"}`}, {"confirm_trade", `{"confirmation_id":"%s"}`}, {"get_balances", `{"account":"%s"}`}, {"get_quotes", `{"symbols":["%s","AAPL"]}`},
		{"get_orders", `{"cursor":"%s"}`}, {"delete_connection", `{"connection_id":"%s"}`}, {"call_tool", `{"name":"%s"}`}, {"create_order", `{"%s":1}`},
	} {
		for _, n := range []int{300_000, 150_000} {
			a := d.rest(t, token, x.tool, fmt.Sprintf(x.args, long[:n]))
			if a.status < 400 && x.tool != "get_quotes" || a.status >= 500 || len(a.body) > 5_000 {
				t.Errorf("%s with %d characters: %d, an answer of %d: %.300s", x.tool, n, a.status, len(a.body), a.body)
			}
		}
	}
	if a := d.do(t, "POST", "/mcp", token, `{"jsonrpc":"2.0","id":"`+long+`","method":"tools/list"}`, "Accept", accept); a.status >= 500 {
		t.Errorf("a long request id: %d", a.status)
	}
	if a := d.do(t, "GET", "/api/v1/get_order?order_id="+long[:100_000], token, ""); a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a long address: %d", a.status)
	}
}

func TestAuditor17SessionsAndStreamsAreCapped(t *testing.T) {
	d := startDesk(t, unlimited)
	alice, bob := d.tokenOf(t, d.user(t, "Alice"), "read"), d.tokenOf(t, d.user(t, "Bob"), "read")
	const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	start := func(token string) reply { return d.do(t, "POST", "/mcp", token, hello, "Accept", accept) }
	for i := range 200 {
		if a := start(alice); a.status != http.StatusOK {
			t.Fatalf("session %d: %d %s", i+1, a.status, a.body)
		}
	}
	if a := start(alice); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("session 201: %d %s", a.status, a.body)
	}
	if a := start(bob); a.status != http.StatusOK {
		t.Errorf("Bob beside Alice's sessions: %d", a.status)
	}
	// Streams, however the method is spelt.
	ctx, end := context.WithCancel(t.Context())
	defer end()
	listen := func(token, method string) (*http.Response, error) {
		body := strings.Replace(message("subscriptions/listen", `"notifications":{"resourceSubscriptions":["quantdesk://quotes/BTCUSD"]}`), "subscriptions/listen", method, 1)
		req, err := http.NewRequestWithContext(ctx, "POST", d.url+"/mcp", strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		for k, v := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": accept, "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"} {
			req.Header.Set(k, v)
		}
		return http.DefaultClient.Do(req)
	}
	spelt := []string{"subscriptions/listen", `subscriptions\/listen`, `subscriptions/list\u0065n`}
	for i := range 17 {
		res, err := listen(alice, spelt[i%3])
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if want := i < 16; (res.StatusCode == http.StatusOK) != want {
			t.Errorf("stream %d: %s", i+1, res.Status)
		}
		if i < 16 {
			if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil {
				t.Fatalf("stream %d (%s) says nothing: %q %v", i+1, spelt[i%3], line, err)
			}
		}
	}
	res, err := listen(bob, spelt[0])
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("Bob beside Alice's streams: %s", res.Status)
	}
}
