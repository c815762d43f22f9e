package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// The auditor's tests are numbered as in docs/security.md.

// securedPaths need a token; each is asked with the method given.
var securedPaths = []struct{ method, path string }{
	{"POST", "/mcp"}, {"GET", "/mcp"}, {"DELETE", "/mcp"}, {"POST", "/mcp/readonly"}, {"POST", "/mcp/x/orders"}, {"POST", "/api/v1/mcp"},
	{"POST", "/api/v1/get_quotes"}, {"GET", "/api/v1/get_quotes?symbols=AAPL"}, {"DELETE", "/api/v1/cancel_order/x"},
	{"GET", "/auth/tokens"}, {"DELETE", "/auth/tokens/x"},
}

func TestAuditor01NoToken(t *testing.T) {
	d := startDesk(t, nil)
	for _, p := range securedPaths {
		a := d.do(t, p.method, p.path, "", "")
		challenge := a.header.Get("WWW-Authenticate")
		if a.status != http.StatusUnauthorized || !strings.HasPrefix(challenge, "Bearer ") || !strings.Contains(challenge, `resource_metadata="`+d.url+`/.well-known/oauth-protected-resource`) {
			t.Errorf("%s %s without a token: %d, WWW-Authenticate %q", p.method, p.path, a.status, challenge)
		}
	}
	for _, kind := range []string{"Basic abc", "Bearer", "Bearer ", "bearer\tx"} {
		if a := d.do(t, "GET", "/auth/tokens", "", "", "Authorization", kind); a.status != http.StatusUnauthorized {
			t.Errorf("Authorization %q: %d", kind, a.status)
		}
	}
	evil := d.do(t, "POST", `/mcp/%22,evil="x`, "", "{}")
	if c := evil.header.Get("WWW-Authenticate"); strings.Contains(c, `",evil`) {
		t.Errorf("the path breaks out of its quotes: %s", c)
	}
}

// forge signs claims with the desk's own newest key, or another.
type forge struct {
	key      any
	alg      jose.SignatureAlgorithm
	kid      string
	issuer   string
	audience string
}

func forgeOf(t *testing.T, d running) forge {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(d.home, "keys", "signing.json"))
	if err != nil {
		t.Fatal(err)
	}
	var keys []struct {
		JWK jose.JSONWebKey `json:"jwk"`
	}
	if err := json.Unmarshal(raw, &keys); err != nil {
		t.Fatal(err)
	}
	var c jwt.Claims
	parsed, err := jwt.ParseSigned(d.token(t), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&c); err != nil {
		t.Fatal(err)
	}
	return forge{keys[0].JWK.Key, jose.ES256, keys[0].JWK.KeyID, c.Issuer, c.Audience[0]}
}

func (f forge) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: f.alg, Key: f.key}, (&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", f.kid))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAuditor02BadTokens(t *testing.T) {
	d := startDesk(t, nil)
	f := forgeOf(t, d)
	now := time.Now().Unix()
	claims := func(change func(map[string]any)) map[string]any {
		c := map[string]any{
			"iss": f.issuer, "aud": f.audience, "sub": "local", "jti": "tok_forged", "iat": now, "nbf": now, "exp": now + 600, "scope": "desk:read broker:read",
		}
		if change != nil {
			change(c)
		}
		return c
	}
	// The forge itself is right: what is refused below is refused for its fault.
	if a := d.rest(t, f.sign(t, claims(nil)), "list_accounts", "{}"); a.status != http.StatusOK {
		t.Fatalf("a well-made token is refused: %d %s", a.status, a.body)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(f.key.(*ecdsa.PrivateKey).Public())
	if err != nil {
		t.Fatal(err)
	}
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	payload, err := json.Marshal(claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	good := d.token(t, "read")
	parts := strings.Split(good, ".")
	var own map[string]any
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &own); err != nil {
		t.Fatal(err)
	}
	own["scope"] = own["scope"].(string) + " broker:trade"
	wider, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: other.Public(), KeyID: f.kid})
	if err != nil {
		t.Fatal(err)
	}
	without := func(name string) string { return f.sign(t, claims(func(c map[string]any) { delete(c, name) })) }
	with := func(name string, v any) string { return f.sign(t, claims(func(c map[string]any) { c[name] = v })) }
	revoked, err := d.identity.Mint(t.Context(), "local", []string{"read"}, time.Hour, false)
	if err != nil {
		t.Fatal(err)
	}
	if a := d.rest(t, revoked.Token, "list_accounts", "{}"); a.status != http.StatusOK {
		t.Fatalf("before it is revoked: %d", a.status)
	}
	if err := d.identity.Revoke(t.Context(), revoked.ID, ""); err != nil {
		t.Fatal(err)
	}
	hmacForge := forge{public, jose.HS256, f.kid, f.issuer, f.audience}
	bad := map[string]string{
		"garbage":            "not.a.token",
		"too long":           strings.Repeat("a", 20_000),
		"alg none":           b64(`{"alg":"none","kid":"`+f.kid+`"}`) + "." + b64(string(payload)) + ".",
		"HS256, public key":  hmacForge.sign(t, claims(nil)),
		"another's key":      forge{other, jose.ES256, f.kid, "", ""}.sign(t, claims(nil)),
		"key in the header":  b64(`{"alg":"ES256","kid":"`+f.kid+`","jwk":`+string(jwk)+`}`) + "." + b64(string(payload)) + "." + parts[2],
		"unknown kid":        forge{f.key, f.alg, "key_unknown", "", ""}.sign(t, claims(nil)),
		"no kid":             forge{f.key, f.alg, "", "", ""}.sign(t, claims(nil)),
		"expired":            with("exp", now-1),
		"not yet":            with("nbf", now+600),
		"wrong issuer":       with("iss", "https://evil.example"),
		"wrong audience":     with("aud", "https://evil.example"),
		"unknown user":       with("sub", "user_nobody"),
		"platform's user":    with("client_id", "client_x"),
		"no exp":             without("exp"),
		"no nbf":             without("nbf"),
		"no iat":             without("iat"),
		"no iss":             without("iss"),
		"no aud":             without("aud"),
		"no sub":             without("sub"),
		"no jti":             without("jti"),
		"altered scope":      parts[0] + "." + b64(string(wider)) + "." + parts[2],
		"signature cut":      parts[0] + "." + parts[1] + ".",
		"revoked":            revoked.Token,
		"token of this home": startDesk(t, nil).token(t, "read"),
	}
	want := ""
	for name, token := range bad {
		for _, p := range []struct{ method, path string }{{"POST", "/mcp"}, {"POST", "/api/v1/list_accounts"}} {
			a := d.do(t, p.method, p.path, token, "{}", "Accept", accept)
			if a.status != http.StatusUnauthorized || !strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("%s at %s: %d, WWW-Authenticate %q", name, p.path, a.status, a.header.Get("WWW-Authenticate"))
			}
			if want == "" {
				want = a.body
			}
			if a.body != want {
				t.Errorf("%s: the answer tells what is wrong with the token: %s", name, a.body)
			}
		}
	}
	if log := d.log.String(); !strings.Contains(log, "token refused") || strings.Contains(log, parts[2]) {
		t.Error("the log must name the reasons and never a token")
	}
	// A token with scopes that its user does not have gains nothing.
	user := d.user(t, "narrow")
	u, err := d.identity.User(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	greedy := f.sign(t, claims(func(c map[string]any) {
		c["sub"], c["client_id"], c["scope"] = user, u.Platform, "desk:read broker:read qc:admin:write"
	}))
	p, err := d.identity.Verify(t.Context(), greedy)
	if err != nil || p.Has("qc:admin:write") || !p.Has("broker:read") {
		t.Errorf("scopes beyond the user's: %v %v", p.Scopes, err)
	}
}

func TestAuditor03TokenInQuery(t *testing.T) {
	d := startDesk(t, nil)
	token := d.token(t, "admin")
	for _, q := range []string{"?access_token=", "?token=", "?authorization=Bearer+"} {
		for _, p := range []string{"/mcp", "/api/v1/list_accounts"} {
			if a := d.do(t, "POST", p+q+token, "", "{}"); a.status != http.StatusUnauthorized {
				t.Errorf("%s%s…: %d", p, q, a.status)
			}
		}
	}
}

func TestAuditor07ListFollowsToken(t *testing.T) {
	d := startDesk(t, nil)
	names := func(path string, scopes ...string) []string {
		s := d.session(t, path, d.token(t, scopes...))
		res, err := s.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.CacheScope != "private" || res.TTLMs <= 0 {
			t.Errorf("cacheScope %q, ttlMs %v", res.CacheScope, res.TTLMs)
		}
		var out []string
		for _, tl := range res.Tools {
			out = append(out, tl.Name)
		}
		return out
	}
	market := []string{"call_tool", "call_write_tool", "get_bars", "get_market_hours", "get_quotes", "search_instruments", "search_tools", "stream_quotes"}
	if diff := cmp.Diff(market, names("/mcp", "market:read")); diff != "" {
		t.Errorf("tools of market:read (-want +got):\n%s", diff)
	}
	for _, n := range names("/mcp", "read") {
		if slices.Contains([]string{"create_order", "confirm_trade", "cancel_order", "authorize_connection", "engage_kill_switch"}, n) {
			t.Errorf("a read token is shown %s", n)
		}
	}
	if got := names("/mcp/readonly", "admin"); slices.Contains(got, "create_order") || !slices.Contains(got, "get_quotes") {
		t.Errorf("/mcp/readonly shows %v", got)
	}
	if got := names("/mcp/x/market", "admin"); !slices.Equal(got, []string{"get_bars", "get_market_hours", "get_quotes", "search_instruments", "stream_quotes"}) {
		t.Errorf("/mcp/x/market shows %v", got)
	}
	var found struct {
		Tools []struct{ Name string } `json:"tools"`
	}
	d.must(t, d.token(t, "market:read"), "search_tools", `{}`, &found)
	if want := names("/mcp/all", "market:read"); len(found.Tools) != len(want) {
		t.Errorf("search_tools shows a market token %d tools, want %d", len(found.Tools), len(want))
	}
	// What may be read of the list may be completed, and no more.
	for scope, want := range map[string]bool{"market:read": true, "broker:read": false} {
		s := d.session(t, "/mcp", d.token(t, scope))
		res, err := s.Complete(t.Context(), &mcp.CompleteParams{
			Ref: &mcp.CompleteReference{Type: "ref/prompt", Name: "place_trade"}, Argument: mcp.CompleteParamsArgument{Name: "symbol", Value: "BTC"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(res.Completion.Values, symbol); got != want {
			t.Errorf("a token of %s is offered %v", scope, res.Completion.Values)
		}
	}
}

func TestAuditor08SessionHijack(t *testing.T) {
	d := startDesk(t, nil)
	alice, bob := d.tokenOf(t, d.user(t, "Alice"), "read"), d.tokenOf(t, d.user(t, "Bob"), "read")
	ids := map[string]bool{}
	for range 3 {
		a := d.do(t, "POST", "/mcp", alice, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`, "Accept", accept)
		id := a.header.Get("Mcp-Session-Id")
		if a.status != http.StatusOK || len(id) < 20 || ids[id] {
			t.Fatalf("initialize: %d, session %q", a.status, id)
		}
		ids[id] = true
	}
	for id := range ids {
		for _, method := range []string{"POST", "GET", "DELETE"} {
			body := ""
			if method == "POST" {
				body = `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`
			}
			if a := d.do(t, method, "/mcp", bob, body, "Accept", accept, "Mcp-Session-Id", id); a.status != http.StatusForbidden {
				t.Errorf("%s on Alice's session with Bob's token: %d %s", method, a.status, a.body)
			}
		}
		if a := d.do(t, "POST", "/mcp", alice, `{"jsonrpc":"2.0","id":3,"method":"tools/list"}`, "Accept", accept, "Mcp-Session-Id", id); a.status != http.StatusOK {
			t.Errorf("Alice on her own session: %d %s", a.status, a.body)
		}
	}
	if a := d.do(t, "POST", "/mcp", alice, `{"jsonrpc":"2.0","id":3,"method":"tools/list"}`, "Accept", accept, "Mcp-Session-Id", "guessed"); a.status != http.StatusNotFound {
		t.Errorf("a guessed session: %d", a.status)
	}
}

func TestAuditor09HandleHijack(t *testing.T) {
	d := startDesk(t, unlimited)
	alice, bob := d.tokenOf(t, d.user(t, "Alice"), "trader"), d.tokenOf(t, d.user(t, "Bob"), "trader")
	var own struct {
		Accounts []struct {
			Account    string `json:"account_id"`
			Connection string `json:"connection_id"`
		} `json:"accounts"`
	}
	d.must(t, alice, "list_accounts", "{}", &own)
	pending, sent := d.propose(t, alice, ""), d.propose(t, alice, "")
	d.must(t, alice, "confirm_trade", `{"confirmation_id":"`+sent.ID+`"}`, nil)
	account, connection, order := own.Accounts[0].Account, own.Accounts[0].Connection, sent.Orders[0].OrderID

	// What Bob is told of Alice's is what he is told of nothing, name for name.
	for _, x := range []struct{ tool, args, id string }{
		{"confirm_trade", `{"confirmation_id":"%s"}`, pending.ID},
		{"confirm_trade", `{"confirmation_id":"%s"}`, sent.ID},
		{"discard_trade", `{"confirmation_id":"%s"}`, pending.ID},
		{"get_order", `{"order_id":"%s"}`, order},
		{"cancel_order", `{"order_id":"%s"}`, order},
		{"replace_order", `{"order_id":"%s","quantity":1}`, order},
		{"get_balances", `{"account":"%s"}`, account},
		{"get_positions", `{"account":"%s"}`, account},
		{"get_transactions", `{"account":"%s"}`, account},
		{"get_orders", `{"account":"%s"}`, account},
		{"get_policy", `{"account":"%s"}`, account},
		{"create_order", `{"account":"%s","symbol":"BTCUSD","side":"buy","quantity":0.01}`, account},
		{"connection_status", `{"connection_id":"%s"}`, connection},
		{"delete_connection", `{"connection_id":"%s"}`, connection},
	} {
		unknown := strings.Repeat("z", len(x.id))
		hers, none := d.rest(t, bob, x.tool, fmt.Sprintf(x.args, x.id)), d.rest(t, bob, x.tool, fmt.Sprintf(x.args, unknown))
		if hers.status != http.StatusNotFound {
			t.Errorf("%s on Alice's: %d %s", x.tool, hers.status, hers.body)
		}
		if got, want := strings.ReplaceAll(hers.body, x.id, unknown), none.body; got != want || hers.status != none.status {
			t.Errorf("%s tells that it is there:\n%s\n%s", x.tool, got, want)
		}
	}
	s := d.session(t, "/mcp", bob)
	for _, uri := range []string{"quantdesk://orders/" + order, "quantdesk://positions/" + account, "quantdesk://balances/" + account} {
		if _, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri}); err == nil {
			t.Errorf("Bob reads %s", uri)
		}
	}
	// Alice's cursor holds a place, not her rows.
	var page struct {
		Next string `json:"next_cursor"`
	}
	for range 3 {
		d.must(t, alice, "confirm_trade", `{"confirmation_id":"`+d.propose(t, alice, "").ID+`"}`, nil)
	}
	d.must(t, alice, "get_orders", `{"status":"all","limit":1}`, &page)
	if page.Next == "" {
		t.Fatal("no cursor")
	}
	a := d.rest(t, bob, "get_orders", `{"status":"all","cursor":"`+page.Next+`"}`)
	if rows, ok := a.field("orders").([]any); a.status != http.StatusOK || !ok || len(rows) != 0 {
		t.Errorf("with Alice's cursor Bob reads %d %s", a.status, a.body)
	}
	if a := d.rest(t, alice, "get_order", `{"order_id":"`+order+`"}`); a.text("order", "status") != "working" {
		t.Errorf("after all that Alice's order is %s", a.body)
	}
}
