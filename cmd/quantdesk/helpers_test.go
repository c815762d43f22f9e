package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/obs"
	"quantdesk/internal/store"
)

// running is a whole desk on a free port, in this process.
type running struct {
	*app
	url     string
	home    string
	log     *lockedBuffer
	servers []*http.Server
	// quantconnect is the base of QuantConnect's API, where it is served.
	quantconnect string
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if os.Getenv("QUANTDESK_TEST_LOG") != "" {
		_, _ = os.Stderr.Write(p)
	}
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// setup is what a test may alter of a desk before it opens.
type setup struct {
	dir    string
	set    desk
	listen listen
	writeWait,
	readWait time.Duration
	// scripted runs no engine, for tests of what is around it.
	scripted bool
}

// startDesk opens a desk in a fresh home and listens; change may alter its
// settings.
func startDesk(t *testing.T, change func(*desk)) running {
	t.Helper()
	return startDeskIn(t, t.TempDir(), change)
}

func startDeskIn(t *testing.T, dir string, change func(*desk)) running {
	t.Helper()
	return open(t, func(s *setup) {
		s.dir = dir
		if change != nil {
			change(&s.set)
		}
	})
}

// open opens a desk as change sets it up. The log is kept, every level of it.
func open(t *testing.T, change func(*setup)) running {
	t.Helper()
	s := setup{
		set:    desk{prices: prices{Market: "sim", Seed: 42, ReplaySpeed: 1}, RateLimit: 60, TradeRateLimit: 30, LogLevel: "debug"},
		listen: listen{Addr: "127.0.0.1:0", MCPPath: "/mcp"},
	}
	if change != nil {
		change(&s)
	}
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	if s.scripted {
		scriptedHomes.Store(s.dir, true)
	}
	h, err := store.Acquire(s.dir, "test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	log := &lockedBuffer{}
	a, err := openApp(context.Background(), h, s.set, obs.Logger(log, slog.LevelDebug, false))
	if err != nil {
		t.Fatal(err)
	}
	a.writeWait, a.readWait = s.writeWait, s.readWait
	srv, err := a.listen(h, s.listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.shutdown(); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		a.Close()
		if err := h.Release(); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	return running{a, srv.url, s.dir, log, srv.servers, srv.quantconnect}
}

// unlimited takes the rate limits out of a test's way.
func unlimited(s *desk) { s.RateLimit, s.TradeRateLimit = 1_000_000, 1_000_000 }

// token mints a token of the local user.
func (r running) token(t *testing.T, scopes ...string) string {
	t.Helper()
	return r.tokenOf(t, "local", scopes...)
}

func (r running) tokenOf(t *testing.T, user string, scopes ...string) string {
	t.Helper()
	m, err := r.identity.Mint(t.Context(), user, scopes, time.Hour, false)
	if err != nil {
		t.Fatal(err)
	}
	return m.Token
}

// user adds a user of a fresh platform.
func (r running) user(t *testing.T, name string) string {
	t.Helper()
	p, _, err := r.identity.AddPlatform(t.Context(), "platform of "+name)
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := r.identity.AddUser(t.Context(), p.ID, name, []string{"trader"})
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}

// session connects an MCP client with a token, over HTTP.
func (r running) session(t *testing.T, path, token string) *mcp.ClientSession {
	t.Helper()
	return r.connect(t, path, token, nil, nil)
}

func (r running) connect(t *testing.T, path, token string, copt *mcp.ClientOptions, sopt *mcp.ClientSessionOptions) *mcp.ClientSession {
	t.Helper()
	c := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, copt)
	s, err := c.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: r.url + path, HTTPClient: &http.Client{Transport: bearer{token}}}, sopt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// legacy are the options of a session of the protocol before the newest.
func legacy() *mcp.ClientSessionOptions {
	return &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"}
}

// reply is an answer over plain HTTP.
type reply struct {
	status int
	header http.Header
	body   string
}

// field reads a value of a JSON body by its path.
func (r reply) field(path ...string) any {
	var v any
	if json.Unmarshal([]byte(r.body), &v) != nil {
		return nil
	}
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func (r reply) text(path ...string) string {
	s, _ := r.field(path...).(string)
	return s
}

// do sends one request; headers are name, value pairs.
func (r running) do(t *testing.T, method, path, token, body string, headers ...string) reply {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, in)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		switch {
		case headers[i] == "Host":
			req.Host = headers[i+1]
		case headers[i+1] == "":
			req.Header.Del(headers[i])
		default:
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(raw)}
}

// rest calls a tool over REST.
func (r running) rest(t *testing.T, token, tool, args string) reply {
	t.Helper()
	return r.do(t, http.MethodPost, "/api/v1/"+tool, token, args)
}

const accept = "application/json, text/event-stream"

// newest sends one request of the sessionless protocol, headers and all.
func (r running) newest(t *testing.T, path, token, method, name, params string, headers ...string) reply {
	t.Helper()
	h := []string{"Accept", accept, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", method}
	if name != "" {
		h = append(h, "Mcp-Name", name)
	}
	return r.do(t, http.MethodPost, path, token, message(method, params), append(h, headers...)...)
}

// message is a request of the sessionless protocol.
func message(method, params string) string {
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	if params != "" {
		meta = params + "," + meta
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{%s}}`, method, meta)
}

// callNewest calls a tool in the sessionless protocol.
func (r running) callNewest(t *testing.T, token, tool, args string) reply {
	t.Helper()
	return r.newest(t, "/mcp", token, "tools/call", tool, fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args))
}

// must calls a tool over REST and decodes its output.
func (r running) must(t *testing.T, token, tool, args string, out any) {
	t.Helper()
	a := r.rest(t, token, tool, args)
	if a.status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", tool, args, a.status, a.body)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(a.body), out); err != nil {
			t.Fatal(err)
		}
	}
}

// eventually waits for what must become true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 30 s for this: %s", what)
		}
	}
}

// symbol is one that trades at every hour.
const symbol = "BTCUSD"

type ticketReply struct {
	ID     string `json:"confirmation_id"`
	Orders []struct {
		OrderID string `json:"order_id"`
	} `json:"orders"`
}

// propose makes a ticket for a limit order that rests.
func (r running) propose(t *testing.T, token, extra string) ticketReply {
	t.Helper()
	var q struct {
		Quotes []struct {
			Bid float64 `json:"bid"`
		} `json:"quotes"`
	}
	r.must(t, token, "get_quotes", `{"symbols":["`+symbol+`"]}`, &q)
	if len(q.Quotes) != 1 || q.Quotes[0].Bid <= 0 {
		t.Fatalf("no quote of %s: %+v", symbol, q)
	}
	var out ticketReply
	r.must(t, token, "create_order", fmt.Sprintf(`{"symbol":%q,"side":"buy","quantity":0.01,"type":"limit","limit_price":%.0f,"time_in_force":"gtc"%s}`, symbol, math.Floor(q.Quotes[0].Bid*0.9/5000)*5000, extra), &out)
	if out.ID == "" || len(out.Orders) != 1 {
		t.Fatalf("no ticket: %+v", out)
	}
	return out
}

// proposeOn makes a ticket on one of several accounts.
func (r running) proposeOn(t *testing.T, token, account string) ticketReply {
	t.Helper()
	return r.propose(t, token, `,"account":"`+account+`"`)
}

// working counts the calls of stream_quotes that are under way, by the
// goroutines that follow the feed.
func (r running) working(t *testing.T) int {
	t.Helper()
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "feed.(*Feed).Stream(")
}

// withCloud opens a desk with the scripted runner whose cloud is a second desk,
// and gives the credentials there.
func withCloud(t *testing.T) (d running, user, secret string) {
	t.Helper()
	cloud := open(t, func(s *setup) { unlimited(&s.set); s.listen.QuantConnectAddr, s.scripted = "127.0.0.1:0", true })
	m, err := cloud.identity.MintAPIToken(t.Context(), "local", []string{"admin"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d = open(t, func(s *setup) { unlimited(&s.set); s.set.QuantConnectCloud, s.scripted = cloud.quantconnect, true })
	return d, fmt.Sprint(m.Number), m.Secret
}

// ran makes a project with a compile and a backtest that have ended.
func (r running) ran(t *testing.T, token, name string) (project int64, compile, backtest string) {
	t.Helper()
	var made struct {
		Project struct {
			ID int64 `json:"project_id"`
		} `json:"project"`
		Compile  string `json:"compile_id"`
		Backtest string `json:"backtest_id"`
	}
	r.must(t, token, "create_project", fmt.Sprintf(`{"name":%q}`, name), &made)
	r.must(t, token, "create_compile", fmt.Sprintf(`{"project_id":%d,"wait_seconds":50}`, made.Project.ID), &made)
	r.must(t, token, "create_backtest", fmt.Sprintf(`{"project_id":%d,"compile_id":%q,"backtest_name":"b","wait_seconds":50}`, made.Project.ID, made.Compile), &made)
	return made.Project.ID, made.Compile, made.Backtest
}
