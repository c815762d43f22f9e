package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"quantdesk/internal/fault"
	"quantdesk/internal/tool"
)

func TestRESTGet(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	for _, c := range []struct {
		path string
		want int
		has  string
	}{
		{"/api/v1/get_quotes?symbols=AAPL,MSFT", 200, `"symbol":"MSFT"`},
		{"/api/v1/get_quotes?symbols=AAPL&symbols=KO", 200, `"symbol":"KO"`},
		{"/api/v1/get_quote?symbol=AAPL", 200, `"symbol":"AAPL"`},
		{"/api/v1/get_bars?symbol=AAPL&resolution=1d&limit=2&extendedHours=false", 200, `"bars":[`},
		{"/api/v1/list_accounts", 200, `"SIM-000001"`},
		{"/api/v1/get_bars?symbol=AAPL&symbol=KO", 400, "must be text"},
		{"/api/v1/get_bars", 400, "is required: The instrument."},
		{"/api/v1/get_bars?symbol=AAPL&limit=x", 400, "must be a number"},
		{"/api/v1/get_order?order_id=none", 404, "not_found"},
		{"/api/v1/none", 404, "not_found"},
		{"/api/v1/create_order?symbol=AAPL&side=buy&quantity=1", 405, "POST"},
		{"/api/v1/confirm_trade?confirmation_id=x", 405, "POST"},
		{"/api/v1/kill_switch", 405, "POST"},
	} {
		a := d.do(t, "GET", c.path, token, "")
		if a.status != c.want || !strings.Contains(a.body, c.has) {
			t.Errorf("GET %s: %d %s", c.path, a.status, a.body)
		}
		if c.want >= 400 && (a.text("error", "message") == "" || a.text("error", "hint") == "" || a.text("error", "code") == "") {
			t.Errorf("GET %s: a fault without its parts: %s", c.path, a.body)
		}
		if c.want == 405 && a.header.Get("Allow") != "POST" {
			t.Errorf("GET %s: Allow is %q", c.path, a.header.Get("Allow"))
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		if a := d.do(t, method, "/api/v1/create_order", token, ""); a.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, a.status)
		}
	}
	d.noOrders(t, "all this")
}

func TestRESTOrderAndCancel(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	p := d.propose(t, token, "")
	a := d.rest(t, token, "confirm_trade", `{"confirmation_id":"`+p.ID+`"}`)
	if a.status != http.StatusOK || a.header.Get("X-Request-Id") == "" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	id := p.Orders[0].OrderID
	if a := d.do(t, "DELETE", "/api/v1/cancel_order/"+id, token, ""); a.status != http.StatusOK || a.text("order", "order_id") != id {
		t.Errorf("DELETE: %d %s", a.status, a.body)
	}
	eventually(t, "the order is cancelled", func() bool {
		return d.rest(t, token, "get_order", `{"order_id":"`+id+`"}`).text("order", "status") == "cancelled"
	})
	if a := d.do(t, "DELETE", "/api/v1/cancel_order/none", token, ""); a.status != http.StatusNotFound {
		t.Errorf("DELETE of none: %d", a.status)
	}
}

func TestRESTStream(t *testing.T) {
	d := startDesk(t, unlimited)
	a := d.do(t, "POST", "/api/v1/stream_quotes", d.token(t, "read"), `{"symbols":["BTCUSD"],"seconds":0.3,"interval_s":0.1}`, "Accept", "text/event-stream")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/event-stream" || a.header.Get("X-Accel-Buffering") != "no" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	var events []string
	for lines := bufio.NewScanner(strings.NewReader(a.body)); lines.Scan(); {
		kind, text, ok := strings.Cut(lines.Text(), ": ")
		switch {
		case ok && kind == "event":
			events = append(events, text)
		case ok && kind == "data" && !json.Valid([]byte(text)):
			t.Errorf("an event is no JSON: %s", text)
		}
	}
	if len(events) < 2 || events[0] != "progress" || events[len(events)-1] != "result" || slices.Contains(events, "error") {
		t.Errorf("events: %v", events)
	}
	// What is refused before it begins is an answer with a status.
	for args, want := range map[string]int{`{}`: 400, `{"symbols":["none"]}`: 404, `{"symbols":[]}`: 400} {
		if a := d.do(t, "POST", "/api/v1/stream_quotes", d.token(t, "read"), args, "Accept", "text/event-stream"); a.status != want || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", args, a.status, a.body)
		}
	}
}

func TestOpenAPI(t *testing.T) {
	d := startDesk(t, nil)
	a := d.do(t, "GET", "/openapi.json", "", "")
	var doc struct {
		OpenAPI string                                `json:"openapi"`
		Info    map[string]any                        `json:"info"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
		Parts   struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
			Schemes map[string]any             `json:"securitySchemes"`
		} `json:"components"`
	}
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %v", a.status, err)
	}
	if doc.OpenAPI != "3.0.3" || doc.Info["title"] == "" || doc.Info["version"] == "" || doc.Parts.Schemas["Fault"] == nil || doc.Parts.Schemes["bearer"] == nil {
		t.Errorf("the head: %s %v", doc.OpenAPI, doc.Info)
	}
	if refs := strings.Count(a.body, `"$ref"`); refs == 0 || refs != strings.Count(a.body, `"$ref": "#/components/schemas/Fault"`) {
		t.Errorf("%d references, not all of them to what is there", refs)
	}
	ids := map[string]bool{}
	for path, item := range doc.Paths {
		for method, raw := range item {
			var op struct {
				ID         string                     `json:"operationId"`
				Summary    string                     `json:"summary"`
				Tags       []string                   `json:"tags"`
				Responses  map[string]json.RawMessage `json:"responses"`
				Parameters []struct {
					Name, In string
					Required bool
					Schema   *jsonschema.Schema
				} `json:"parameters"`
				Body struct {
					Content map[string]struct{ Schema *jsonschema.Schema } `json:"content"`
				} `json:"requestBody"`
			}
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			if op.ID == "" || ids[op.ID] || op.Summary == "" || len(op.Tags) == 0 || len(op.Responses) < 2 {
				t.Errorf("%s %s: operation %q, summary %q, %d responses", method, path, op.ID, op.Summary, len(op.Responses))
			}
			ids[op.ID] = true
			for _, p := range op.Parameters {
				if p.Name == "" || p.Schema == nil || !slices.Contains([]string{"query", "path", "header"}, p.In) || p.In == "path" && (!p.Required || !strings.Contains(path, "{"+p.Name+"}")) {
					t.Errorf("%s %s: parameter %+v", method, path, p)
				}
			}
			if strings.Contains(path, "{") && len(op.Parameters) == 0 {
				t.Errorf("%s %s: its parameter is not declared", method, path)
			}
			for kind, c := range op.Body.Content {
				if c.Schema == nil {
					t.Fatalf("%s %s: no schema for %s", method, path, kind)
				}
				if _, err := c.Schema.Resolve(nil); err != nil {
					t.Errorf("%s %s: %v", method, path, err)
				}
			}
		}
	}
	for _, tl := range d.gate.Catalogue().All() {
		item := doc.Paths["/api/v1/"+tl.Name]
		if item["post"] == nil || (item["get"] != nil) != (tl.Effect == tool.Read) {
			t.Errorf("%s: methods %v", tl.Name, len(item))
		}
	}
	for _, c := range fault.Codes() {
		if !strings.Contains(string(doc.Parts.Schemas["Fault"]), `"`+string(c.Code)+`"`) {
			t.Errorf("the code %s is not told", c.Code)
		}
	}
}

func TestRESTSurroundings(t *testing.T) {
	d := startDesk(t, nil)
	token := d.token(t, "read")
	d.rest(t, token, "list_accounts", "{}")
	for _, c := range []struct{ path, kind, has string }{
		{"/healthz", "application/json", `"ok"`}, {"/readyz", "application/json", `"ready"`},
		{"/metrics", "text/plain", `quantdesk_tool_calls_total{code="ok",tool="list_accounts"} 1`}, {"/metrics", "text/plain", "quantdesk_orders_working 0"},
		{"/.well-known/jwks.json", "application/json", `"kty":"EC"`},
		{"/.well-known/oauth-protected-resource", "application/json", `"resource":"` + d.url + `/mcp"`},
		{"/.well-known/oauth-protected-resource/mcp/readonly", "application/json", `"resource":"` + d.url + `/mcp/readonly"`},
		{"/.well-known/oauth-protected-resource/api/v1/get_quotes", "application/json", `"bearer_methods_supported":["header"]`},
	} {
		a := d.do(t, "GET", c.path, "", "")
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), c.kind) || !strings.Contains(a.body, c.has) {
			t.Errorf("%s: %d %s %.300s", c.path, a.status, a.header.Get("Content-Type"), a.body)
		}
	}
	if a := d.do(t, "GET", "/.well-known/jwks.json", "", ""); strings.Contains(a.body, `"d":`) {
		t.Error("the private key is published")
	}
	if a := d.do(t, "GET", "/.well-known/oauth-protected-resource/etc/passwd", "", ""); a.status != http.StatusNotFound {
		t.Errorf("metadata of nothing: %d", a.status)
	}
	behind := open(t, func(s *setup) { s.listen.PublicURL = "https://desk.example/" })
	if a := behind.do(t, "POST", "/mcp", "", "{}"); !strings.Contains(a.header.Get("WWW-Authenticate"), `"https://desk.example/.well-known/oauth-protected-resource/mcp"`) {
		t.Errorf("behind a proxy: %s", a.header.Get("WWW-Authenticate"))
	}
}

// fintech is a platform as its server sees the desk.
type fintech struct{ id, secret string }

func (f fintech) headers(more ...string) []string {
	return append([]string{"client-id", f.id, "client-secret", f.secret}, more...)
}

func TestPlatformFlow(t *testing.T) {
	d := startDesk(t, nil)
	add := func(name string) fintech {
		p, secret, err := d.identity.AddPlatform(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return fintech{p.ID, secret}
	}
	one, two := add("one"), add("two")
	made := d.do(t, "POST", "/auth/users", "", `{"name":"customer","scopes":["trader"]}`, one.headers()...)
	user, secret := made.text("user_id"), made.text("user_secret")
	if made.status != http.StatusCreated || user == "" || !strings.HasPrefix(secret, "qdu_") {
		t.Fatalf("%d %s", made.status, made.body)
	}
	mint := func(f fintech, user, secret, body string) reply {
		return d.do(t, "POST", "/auth/tokens/user", "", body, f.headers("user-id", user, "user-secret", secret)...)
	}
	a := mint(one, user, secret, `{"scopes":["read","trade"]}`)
	token := a.text("access_token")
	if a.status != http.StatusOK || a.text("token_type") != "Bearer" || a.field("expires_in") != 3600.0 || a.header.Get("Cache-Control") != "no-store" || !strings.Contains(a.text("scope"), "broker:trade") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := d.rest(t, token, "list_accounts", "{}"); a.status != http.StatusOK || !strings.Contains(a.body, "SIM-000002") || strings.Contains(a.body, "SIM-000001") {
		t.Errorf("the customer's accounts: %d %s", a.status, a.body)
	}
	if a := mint(one, user, secret, ``); !strings.Contains(a.text("scope"), "broker:read") || strings.Contains(a.text("scope"), "broker:trade") {
		t.Errorf("without scopes a token reads: %s", a.body)
	}
	for name, x := range map[string]struct {
		a    reply
		want int
	}{
		"two hours":            {mint(one, user, secret, `{"expires_in":7200}`), 400},
		"a scope beyond":       {mint(one, user, secret, `{"scopes":["qc:admin:write"]}`), 403},
		"no such scope":        {mint(one, user, secret, `{"scopes":["everything"]}`), 400},
		"an unknown field":     {mint(one, user, secret, `{"scope":"read"}`), 400},
		"no JSON":              {mint(one, user, secret, `scopes=read`), 400},
		"a wrong secret":       {mint(one, user, "qdu_"+strings.Repeat("0", 64), `{}`), 401},
		"no secret":            {mint(one, user, "", `{}`), 401},
		"a wrong client":       {mint(fintech{one.id, two.secret}, user, secret, `{}`), 401},
		"another's client":     {mint(two, user, secret, `{}`), 401},
		"the local user":       {mint(one, "local", secret, `{}`), 401},
		"no client":            {mint(fintech{}, user, secret, `{}`), 401},
		"users, without proof": {d.do(t, "GET", "/auth/users", "", ""), 401},
		"rotate another's":     {d.do(t, "POST", "/auth/users/"+user+"/rotate", "", "", two.headers()...), 404},
		"disable another's":    {d.do(t, "POST", "/auth/users/"+user+"/disable", "", "", two.headers()...), 404},
		"disable the local":    {d.do(t, "POST", "/auth/users/local/disable", "", "", two.headers()...), 404},
		"a bad name":           {d.do(t, "POST", "/auth/users", "", `{"name":"a\u0007"}`, one.headers()...), 400},
	} {
		if x.a.status != x.want || x.a.text("error", "message") == "" {
			t.Errorf("%s: %d, want %d: %s", name, x.a.status, x.want, x.a.body)
		}
	}
	none := d.do(t, "POST", "/auth/users/user_none/rotate", "", "", two.headers()...)
	hers := d.do(t, "POST", "/auth/users/"+user+"/rotate", "", "", two.headers()...)
	if strings.ReplaceAll(hers.body, user, "user_none") != none.body {
		t.Errorf("another platform's user is told apart from none:\n%s\n%s", hers.body, none.body)
	}
	if a := d.do(t, "GET", "/auth/users", "", "", two.headers()...); a.status != http.StatusOK || strings.Contains(a.body, user) {
		t.Errorf("the other platform sees %s", a.body)
	}

	// Rotation ends the old secret at once; a token lives until it is revoked.
	rotated := d.do(t, "POST", "/auth/users/"+user+"/rotate", "", "", one.headers()...).text("user_secret")
	if a := mint(one, user, secret, `{}`); a.status != http.StatusUnauthorized {
		t.Errorf("the old user secret: %d", a.status)
	}
	next := fintech{one.id, d.do(t, "POST", "/auth/platform/rotate", "", "", one.headers()...).text("client_secret")}
	if a := mint(one, user, rotated, `{}`); a.status != http.StatusUnauthorized {
		t.Errorf("the old client secret: %d", a.status)
	}
	if a := mint(next, user, rotated, `{}`); a.status != http.StatusOK {
		t.Errorf("the new secrets: %d %s", a.status, a.body)
	}
	other := d.tokenOf(t, d.user(t, "other"), "read")
	id := a.text("token_id")
	if a := d.do(t, "DELETE", "/auth/tokens/"+id, other, ""); a.status != http.StatusNotFound {
		t.Errorf("another user revokes: %d", a.status)
	}
	if a := d.do(t, "GET", "/auth/tokens", token, ""); !strings.Contains(a.body, id) {
		t.Errorf("one's own tokens: %s", a.body)
	}
	if a := d.do(t, "DELETE", "/auth/tokens/"+id, token, ""); a.status != http.StatusOK {
		t.Errorf("revoke: %d %s", a.status, a.body)
	}
	if a := d.rest(t, token, "list_accounts", "{}"); a.status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", a.status)
	}
	// A disabled user is out at once.
	live := mint(next, user, rotated, `{}`).text("access_token")
	if a := d.do(t, "POST", "/auth/users/"+user+"/disable", "", "", next.headers()...); a.status != http.StatusOK {
		t.Errorf("disable: %d", a.status)
	}
	if a := d.rest(t, live, "list_accounts", "{}"); a.status != http.StatusUnauthorized {
		t.Errorf("a disabled user: %d", a.status)
	}
	if a := mint(next, user, rotated, `{}`); a.status != http.StatusUnauthorized {
		t.Errorf("a disabled user mints: %d", a.status)
	}
	// The signing key turns over, and tokens of the one before stay good.
	before := d.token(t, "read")
	if _, err := d.identity.RotateKey(); err != nil {
		t.Fatal(err)
	}
	for _, tk := range []string{before, d.token(t, "read")} {
		if a := d.rest(t, tk, "list_accounts", "{}"); a.status != http.StatusOK {
			t.Errorf("after the key's rotation: %d", a.status)
		}
	}
	if n := strings.Count(d.do(t, "GET", "/.well-known/jwks.json", "", "").body, `"kid"`); n != 2 {
		t.Errorf("%d public keys", n)
	}
	// On disk there is no secret and no token.
	files, err := filepath.Glob(filepath.Join(d.home, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			continue // the socket, a folder
		}
		for what, s := range map[string]string{"a client secret": one.secret, "the new client secret": next.secret, "a user secret": secret, "the new user secret": rotated, "a token": live} {
			if bytes.Contains(raw, []byte(s)) {
				t.Errorf("%s is in %s", what, filepath.Base(f))
			}
		}
		if st, err := os.Stat(f); err == nil && st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %s", filepath.Base(f), st.Mode().Perm())
		}
	}
	if log := d.log.String(); strings.Contains(log, secret) || strings.Contains(log, live) || strings.Contains(log, one.secret) {
		t.Error("the log holds a secret")
	}
}
