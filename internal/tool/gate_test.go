package tool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

type nothing struct{}

// broken is a value that cannot be told.
type broken struct{}

func (broken) MarshalText() ([]byte, error) { panic("no text: /secret/path") }

type brokenOut struct {
	X broken `json:"x" jsonschema:"X."`
}

func gateOf(t *testing.T, change func(*Config), tools ...Tool) (*Gate, *memory, *bytes.Buffer) {
	t.Helper()
	log, audit := &bytes.Buffer{}, &memory{}
	cfg := Config{Catalogue: catalogue(t, nil, map[string]string{"alias": tools[0].Name}, tools...), Audit: audit, Log: slog.New(slog.NewTextHandler(log, nil))}
	if change != nil {
		change(&cfg)
	}
	return NewGate(cfg), audit, log
}

var everything = View{Toolsets: []string{"all"}}

func TestPanicsAndCausesStayInside(t *testing.T) {
	inner := errors.New("open /home/me/keys/secret.pem: token eyJhbGciOiJub25lIn0.e30.x")
	g, audit, log := gateOf(t, nil,
		Define(spec("explode", Read, func(s *Spec) { s.Rows = "" }), func(context.Context, *Call, nothing) (nothing, error) { panic("boom at /secret/path") }),
		Define(spec("unspeakable", Read, func(s *Spec) { s.Rows = "" }), func(context.Context, *Call, nothing) (brokenOut, error) { return brokenOut{}, nil }),
		Define(spec("fail", Write, func(s *Spec) { s.Rows = "" }), func(context.Context, *Call, nothing) (nothing, error) {
			return nothing{}, fault.Wrap("x", fault.Internal, inner, "the file %s", inner).With("path", "/home/me").Hinted("look at /home/me")
		}),
		Define(spec("plain", Write, func(s *Spec) { s.Rows = "" }), func(context.Context, *Call, nothing) (nothing, error) { return nothing{}, inner }),
	)
	for _, name := range []string{"explode", "unspeakable", "fail", "plain", "alias"} {
		res := g.Call(t.Context(), Request{Caller: everyone(), View: everything, Name: name})
		if res.Fault == nil || res.Fault.Code != fault.Internal || res.Trace == "" {
			t.Fatalf("%s: %+v", name, res.Fault)
		}
		raw, err := json.Marshal(res.Body())
		if err != nil {
			t.Fatal(err)
		}
		if s := string(raw); !strings.Contains(s, res.Trace) || !strings.Contains(s, `"hint"`) || strings.ContainsAny(s, "/\\") || strings.Contains(s, "boom") || strings.Contains(s, "eyJ") || strings.Contains(s, "goroutine") {
			t.Errorf("%s tells too much: %s", name, s)
		}
		if !strings.Contains(log.String(), res.Trace) {
			t.Errorf("%s: the log does not hold the reference", name)
		}
	}
	if s := log.String(); !strings.Contains(s, "boom") || !strings.Contains(s, "gate_test.go") {
		t.Error("the log lacks the panic or its stack")
	}
	if s := audit.text(); strings.Contains(s, "/secret") || strings.Contains(s, "/home") {
		t.Errorf("the audit tells too much: %s", s)
	}
}

func TestFaultsAreShortAndPlain(t *testing.T) {
	long := strings.Repeat("a\u202e\x1b", 100_000)
	g, _, _ := gateOf(t, nil, Define(spec("refuse", Read, func(s *Spec) { s.Rows = "" }), func(context.Context, *Call, nothing) (nothing, error) {
		return nothing{}, fault.E("x", fault.NotFound, "there is no %s", long).Hinted("not %s", long).With("asked", long).With("n", 1)
	}))
	b := g.Call(t.Context(), Request{Caller: everyone(), View: everything, Name: "refuse"}).Body()
	asked, _ := b.Detail["asked"].(string)
	for _, s := range []string{b.Message, b.Hint, asked} {
		if len(s) > 1100 || s == "" || strings.ContainsAny(s, "\u202e\x1b") {
			t.Errorf("%d characters: %.100q", len(s), s)
		}
	}
	if b.Detail["n"] != 1 {
		t.Errorf("the detail lost a number: %v", b.Detail)
	}
}

func TestAuditHoldsNoSecrets(t *testing.T) {
	g, audit, _ := gateOf(t, func(c *Config) { c.Limiter = &identity.Limiter{Platform: identity.Limits{All: 6, Trade: 6}} },
		Define(spec("connect", Write, func(s *Spec) { s.Secret, s.Scopes, s.Rows = []string{"free"}, []string{identity.ConnectionsWrite}, "" }), func(_ context.Context, _ *Call, in wordIn) (nothing, error) {
			return nothing{}, fault.E("x", fault.Conflict, "no %s", in.Symbol)
		}),
	)
	args := []string{
		`{"symbol":"AAPL","free":{"k":"hunter2"}}`, `{"symbol":"AAPL","Free":"{\"k\":\"hunter2\"}"}`, `{"model":{"symbol":"AAPL","free":{"k":"hunter2"}}}`,
		`{"symbol":"AAPL","free":{"k":"hunter2"},"x":1}`, `{"symbol":"AAPL","free":"hunter2"}`,
	}
	for _, who := range []identity.Principal{everyone(identity.ConnectionsWrite), everyone()} {
		for range 2 { // within the limit, and beyond
			for _, a := range args {
				g.Call(t.Context(), Request{Caller: who, View: everything, Name: "connect", Args: json.RawMessage(a)})
			}
		}
	}
	s := audit.text()
	if strings.Contains(s, "hunter2") || !strings.Contains(s, `"free":"***"`) || !strings.Contains(s, "rate_limited") || !strings.Contains(s, "forbidden") || len(audit.entries) != 20 {
		t.Errorf("%d entries: %s", len(audit.entries), s)
	}
}

func TestGateOrder(t *testing.T) {
	called := 0
	count := func(context.Context, *Call, nothing) (nothing, error) { called++; return nothing{}, nil }
	flat := func(s *Spec) { s.Rows = "" }
	g, audit, _ := gateOf(t, func(c *Config) { c.Bound = View{Exclude: []string{"hidden"}} },
		Define(spec("look", Read, flat), count), Define(spec("write", Write, flat), count), Define(spec("order", Trade, flat), count), Define(spec("hidden", Read, flat), count))
	trader := everyone("trade")
	for _, c := range []struct {
		name, tool, args string
		who              identity.Principal
		view             View
		want             fault.Code
	}{
		{"all well", "look", "", everyone(), everything, ""},
		{"no such tool", "lok", "", everyone(), everything, fault.NotFound},
		{"excluded by the operator", "hidden", "", trader, everything, fault.NotFound},
		{"excluded by the caller", "write", "", trader, View{Toolsets: []string{"all"}, Exclude: []string{"write"}}, fault.NotFound},
		{"read-only", "write", "", trader, View{ReadOnly: true}, fault.Forbidden},
		{"no scope", "order", "", everyone(), everything, fault.Forbidden},
		{"nobody", "look", "", identity.Principal{}, everything, fault.Forbidden},
		{"scope before arguments", "order", `{"x":1}`, everyone(), everything, fault.Forbidden},
		{"arguments", "order", `{"x":1}`, trader, everything, fault.Invalid},
		{"by another case", "Order", "", trader, everything, fault.NotFound},
		{"with a space", " order", "", trader, everything, fault.NotFound},
	} {
		before, entries := called, len(audit.entries)
		res := g.Call(t.Context(), Request{Caller: c.who, View: c.view, Name: c.tool, Args: json.RawMessage(c.args)})
		var got fault.Code
		if res.Fault != nil {
			got = res.Fault.Code
		}
		if got != c.want || (called > before) != (c.want == "") {
			t.Errorf("%s: %q, want %q; the handler ran %d times", c.name, got, c.want, called-before)
		}
		if len(audit.entries) != entries+1 {
			t.Errorf("%s: %d audit lines", c.name, len(audit.entries)-entries)
		}
	}
	f := g.Call(t.Context(), Request{Caller: everyone(), View: everything, Name: "order"}).Fault
	if diff := cmp.Diff(map[string]any{"error": "insufficient_scope", "missing_scopes": []string{"broker:trade"}, "needed_scopes": []string{"broker:trade"}}, f.Detail); diff != "" {
		t.Errorf("detail (-want +got):\n%s", diff)
	}
	if f := g.Call(t.Context(), Request{Caller: everyone(), View: everything, Name: "lok"}).Fault; !strings.Contains(f.Hint, "Did you mean look?") {
		t.Errorf("a near name: %s", f.Hint)
	}
	if f := g.Call(t.Context(), Request{Caller: everyone(), View: everything, Name: "frobnicate"}).Fault; strings.Contains(f.Hint, "Did you mean") {
		t.Errorf("a far name: %s", f.Hint)
	}
}

func TestGateLimits(t *testing.T) {
	flat := func(s *Spec) { s.Rows = "" }
	none := func(context.Context, *Call, nothing) (nothing, error) { return nothing{}, nil }
	synctest.Test(t, func(t *testing.T) {
		g, audit, _ := gateOf(t, func(c *Config) {
			c.Limiter = &identity.Limiter{Platform: identity.Limits{All: 5, Trade: 2}, Local: identity.Limits{All: 50, Trade: 20}}
		}, Define(spec("look", Read, flat), none), Define(spec("order", Trade, flat), none))
		call := func(r Request) *fault.Error {
			r.Caller, r.View = everyone("trade"), everything
			return g.Call(t.Context(), r).Fault
		}
		for range 20 { // what the desk looks at by itself is free and leaves no line
			if f := call(Request{Name: "look", Watch: true}); f != nil {
				t.Fatal(f)
			}
		}
		if len(audit.entries) != 0 {
			t.Errorf("%d audit lines of watching", len(audit.entries))
		}
		for _, name := range []string{"order", "order"} {
			if f := call(Request{Name: name, Via: viaRelay}); f != nil {
				t.Fatal(f)
			}
		}
		f := call(Request{Name: "order"})
		if f == nil || f.Code != fault.RateLimited || f.RetryAfter <= 59*time.Second || f.RetryAfter > time.Minute || !strings.Contains(f.Hint, "60 seconds") {
			t.Errorf("the third trade: %+v", f)
		}
		for range 3 {
			if f := call(Request{Name: "look"}); f != nil {
				t.Fatal(f)
			}
		}
		if f := call(Request{Name: "look"}); f == nil || f.Code != fault.RateLimited {
			t.Errorf("the sixth call: %+v", f)
		}
		if f := call(Request{Name: "look", Via: viaRelay}); f != nil { // call_tool itself was counted, and refused
			t.Errorf("a relayed look: %+v", f)
		}
		time.Sleep(time.Minute)
		if f := call(Request{Name: "order"}); f != nil {
			t.Errorf("a minute later: %+v", f)
		}
	})
}

func TestGateDeadlineAndLostAudit(t *testing.T) {
	flat := func(s *Spec) { s.Rows = "" }
	wait := func(ctx context.Context, _ *Call, _ nothing) (nothing, error) {
		<-ctx.Done()
		return nothing{}, ctx.Err()
	}
	g, audit, _ := gateOf(t, func(c *Config) { c.Deadline = time.Millisecond }, Define(spec("wait", Read, flat), wait),
		Define(spec("order", Trade, flat), func(context.Context, *Call, nothing) (nothing, error) { return nothing{}, nil }))
	if f := g.Call(t.Context(), Request{Caller: everyone(), View: everything, Name: "wait"}).Fault; f == nil || f.Code != fault.Timeout {
		t.Errorf("a call without an end: %+v", f)
	}
	audit.err = errors.New("disk full")
	f := g.Call(t.Context(), Request{Caller: everyone("trade"), View: everything, Name: "order"}).Fault
	if f == nil || f.Code != fault.Unavailable || !strings.Contains(f.Hint, "Do not repeat") {
		t.Errorf("a trade that could not be recorded: %+v", f)
	}
}

func TestReplies(t *testing.T) {
	g, _, _ := gateOf(t, nil, Define(spec("word", Read), echo))
	call := func(args string) Result {
		return g.Call(t.Context(), Request{Caller: everyone(), View: everything, Name: "word", Args: json.RawMessage(args)})
	}
	csv := call(`{"symbol":"A","format":"csv"}`)
	want := "name,price\nplain,-1.5\n'=1+1,1\n'-2+3,1\n'＝x,1\n\"a,\"\"b\"\"\n [31m \",1\n"
	if diff := cmp.Diff(want, csv.Text); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	if some := call(`{"symbol":"A","fields":["Price"]}`); !strings.Contains(some.Text, `"rows":[{"price":-1.5},{"price":1}`) {
		t.Errorf("fields: %s", some.Text)
	}
	if f := call(`{"symbol":"A","fields":["prize"]}`).Fault; f == nil || !strings.Contains(f.Hint, "The fields are name, price.") {
		t.Errorf("an unknown field: %+v", f)
	}
	whole := call(`{"symbol":"x\u202ey\u009b\ud83d\ude00\u007f"}`)
	var out wordOut
	if err := json.Unmarshal(whole.Structured, &out); err != nil || out.Got.Symbol != "x\u202ey\u009b😀\u007f" || strings.ContainsAny(whole.Text, "\u202e\u009b\u007f") || !strings.Contains(whole.Text, "😀") {
		t.Errorf("armour: %q, %v", whole.Text, err)
	}
	var at int
	for cursor, ok := range map[string]bool{"": true, EncodeCursor(3): true, "@@": false, "e30": false, EncodeCursor("x"): false} {
		if err := DecodeCursor(cursor, &at); (err == nil) != ok {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	for _, c := range []struct {
		cursor string
		limit  int
		want   int
		more   bool
	}{{"", 2, 2, true}, {EncodeCursor(4), 2, 1, false}, {EncodeCursor(99), 2, 0, false}, {EncodeCursor(-5), 5, 5, false}} {
		rows, next, err := Slice([]int{1, 2, 3, 4, 5}, Page{Limit: c.limit, Cursor: c.cursor})
		if err != nil || len(rows) != c.want || (next != "") != c.more {
			t.Errorf("%+v: %v %q %v", c, rows, next, err)
		}
	}
}
