package mcpd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
	"quantdesk/internal/web"
)

const (
	// sessionless is the first protocol without sessions.
	sessionless = "2026-07-28"
	// principalExtra is where the principal rides in the SDK's token info.
	principalExtra = "quantdesk.principal"
	// viewHeader carries the view from the router to the handler; what a client
	// sends under that name is dropped.
	viewHeader = "X-Quantdesk-View"
	maxBody    = mcp.DefaultMaxRequestBodyBytes
)

// Handler serves MCP over HTTP below the given base paths: the base itself,
// base/x/<toolset>,<toolset>[/readonly], base/readonly and base/all. Requests
// must have been authenticated (web.Authenticate).
func (s *Server) Handler(bases ...string) http.Handler {
	get := func(*http.Request) *mcp.Server { return s.http }
	opt := mcp.StreamableHTTPOptions{Logger: s.cfg.Log, PropagateRequestCancellation: true, DisableLocalhostProtection: true}
	stateless := func(jsonAnswer bool) http.Handler {
		o := opt
		o.Stateless, o.JSONResponse = true, jsonAnswer
		return mcp.NewStreamableHTTPHandler(get, &o)
	}
	answer, stream := stateless(true), stateless(false)
	legacyOpt := opt
	legacyOpt.SessionTimeout = s.cfg.SessionTimeout
	store := mcp.NewMemoryEventStore(nil)
	store.SetMaxBytes(8 << 20)
	legacyOpt.EventStore = store
	legacy := mcp.NewStreamableHTTPHandler(get, &legacyOpt)

	route := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Accel-Buffering", "no")
		if r.Header.Get("Mcp-Protocol-Version") < sessionless {
			legacy.ServeHTTP(w, r)
			return
		}
		if r.Header.Get(streamHeader) != "" {
			stream.ServeHTTP(w, r)
			return
		}
		answer.ServeHTTP(w, r)
	})
	inner := auth.RequireBearerToken(tokenInfo, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})(route)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := web.PrincipalOf(r.Context())
		if !ok {
			web.Fail(w, r, fault.E("mcpd.Handler", fault.Unauthenticated, "a bearer token is required"))
			return
		}
		view, err := s.viewOf(r, bases)
		if err != nil {
			web.Fail(w, r, err)
			return
		}
		r.Header.Set(viewHeader, encodeView(view))
		if r.Header.Get("Authorization") == "" { // the local socket has no token
			r.Header.Set("Authorization", "Bearer local")
		}
		body, ok := readBody(w, r)
		if !ok {
			return
		}
		markStream(r, body)
		if f, needed, id := s.stepUp(body, p); f != nil {
			s.refuse(w, r, f, needed, id)
			return
		}
		release, f := s.caps.admit(r, body, p)
		if f != nil {
			web.Fail(w, r, f)
			return
		}
		defer release()
		inner.ServeHTTP(w, r)
	})
}

// tokenInfo hands the SDK the principal that web.Authenticate proved; the SDK
// binds sessions of the older protocols to its user.
func tokenInfo(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
	p, ok := web.PrincipalOf(ctx)
	if !ok {
		return nil, auth.ErrInvalidToken
	}
	return &auth.TokenInfo{Scopes: p.Scopes, Expiration: p.Expires, UserID: p.User, Extra: map[string]any{principalExtra: p}}, nil
}

func principalFromToken(ctx context.Context) (identity.Principal, bool) {
	if t := auth.TokenInfoFromContext(ctx); t != nil {
		p, ok := t.Extra[principalExtra].(identity.Principal)
		return p, ok
	}
	return identity.Principal{}, false
}

// readBody reads the body once for the looks that come before the SDK's.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if r.Method != http.MethodPost || r.Body == nil {
		return nil, true
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			http.Error(w, "the body is larger than 4 MiB", http.StatusRequestEntityTooLarge)
		} else {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
		}
		return nil, false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return body, true
}

// streamHeader marks, within this server, a request whose answer may have to
// carry notifications. A wrong yes costs a little, a wrong no would lose them.
const streamHeader = "X-Quantdesk-Stream"

func markStream(r *http.Request, body []byte) {
	r.Header.Del(streamHeader)
	if listens(r, body) {
		r.Header.Set(streamHeader, "1")
	}
	for _, word := range []string{"progressToken", "logLevel"} {
		if bytes.Contains(body, []byte(word)) {
			r.Header.Set(streamHeader, "1")
		}
	}
}

// listens tells whether a request opens a stream. JSON can spell the method in
// other ways, the header that the protocol requires of it cannot.
func listens(r *http.Request, body []byte) bool {
	const method = "subscriptions/listen"
	return r.Header.Get("Mcp-Method") == method || bytes.Contains(body, []byte(method))
}

// stepUp finds a tools/call for which the token lacks a scope, to answer it with
// a challenge before the protocol does. It only ever refuses: the gate decides
// again on the SDK's own parse, so a request that reads differently here gains
// nothing.
func (s *Server) stepUp(body []byte, p identity.Principal) (f *fault.Error, needed []string, id json.RawMessage) {
	if !bytes.Contains(body, []byte("tools/call")) {
		return nil, nil, nil
	}
	var msg map[string]json.RawMessage
	var params map[string]json.RawMessage
	var method, name string
	if json.Unmarshal(body, &msg) != nil || json.Unmarshal(msg["method"], &method) != nil || method != "tools/call" ||
		json.Unmarshal(msg["params"], &params) != nil || json.Unmarshal(params["name"], &name) != nil {
		return nil, nil, nil
	}
	t, ok := s.cfg.Gate.Catalogue().Find(name)
	if !ok {
		return nil, nil, nil
	}
	if missing := p.Missing(t.Scopes); len(missing) > 0 {
		return tool.InsufficientScope(t.Name, t.Scopes, missing), t.Scopes, msg["id"]
	}
	return nil, nil, nil
}

// refuse answers 403 with the challenge and an error result that a client can
// show.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f *fault.Error, needed []string, id json.RawMessage) {
	if len(id) == 0 {
		id = json.RawMessage("null")
	}
	raw, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": id,
		"error": map[string]any{"code": -32003, "message": f.Message + ". " + f.Next(), "data": map[string]any{"error": "insufficient_scope", "scope": strings.Join(needed, " ")}},
	})
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	s.cfg.Web.StepUp(&replaceBody{ResponseWriter: w, body: raw}, r, needed, f)
}

// replaceBody keeps status and headers and writes another body.
type replaceBody struct {
	http.ResponseWriter
	body []byte
	done bool
}

func (b *replaceBody) Write(p []byte) (int, error) {
	if !b.done {
		b.done = true
		if _, err := b.ResponseWriter.Write(b.body); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// viewOf reads the view from path and headers; unknown names are refused.
func (s *Server) viewOf(r *http.Request, bases []string) (tool.View, error) {
	rest := r.URL.Path
	for _, b := range bases {
		if after, ok := strings.CutPrefix(r.URL.Path, b); ok && (after == "" || after[0] == '/') {
			rest = strings.Trim(after, "/")
			break
		}
	}
	var v tool.View
	for part := range strings.SplitSeq(rest, "/") {
		switch {
		case part == "" || part == "x":
		case part == "readonly":
			v.ReadOnly = true
		default:
			v.Toolsets = append(v.Toolsets, splitList(part)...)
		}
	}
	if h := r.Header.Get("X-MCP-Toolsets"); h != "" && len(v.Toolsets) == 0 {
		v.Toolsets = splitList(h)
	}
	// A proxy may add a header to one that is there: whichever narrows holds.
	for _, h := range r.Header.Values("X-MCP-Readonly") {
		if h = strings.ToLower(h); h != "" && h != "false" && h != "0" {
			v.ReadOnly = true
		}
	}
	v.Exclude = splitList(strings.Join(r.Header.Values("X-MCP-Exclude-Tools"), ","))
	return v, s.cfg.Gate.Catalogue().CheckToolsets(v.Toolsets)
}

func splitList(s string) []string {
	var out []string
	for w := range strings.SplitSeq(s, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func encodeView(v tool.View) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

func decodeView(s string) tool.View {
	var v tool.View
	if json.Unmarshal([]byte(s), &v) != nil {
		return tool.View{ReadOnly: true}
	}
	return v
}

// capper bounds what one user can hold open.
type capper struct {
	mu      sync.Mutex // guards the maps
	streams map[string]int
	opened  map[string][]time.Time
}

const (
	maxStreams = 16
	// maxSessions bounds sessions opened within the session timeout; an idle one
	// is gone after it.
	maxSessions = 200
)

func newCapper() *capper { return &capper{streams: map[string]int{}, opened: map[string][]time.Time{}} }

func (c *capper) admit(r *http.Request, body []byte, p identity.Principal) (release func(), f *fault.Error) {
	release = func() {}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method == http.MethodGet || listens(r, body) {
		if c.streams[p.User] >= maxStreams {
			f = fault.E("mcpd.Handler", fault.RateLimited, "you have %d streams open already", maxStreams).Hinted("Close one first.")
			f.RetryAfter = time.Second
			return release, f
		}
		c.streams[p.User]++
		return func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.streams[p.User]--; c.streams[p.User] == 0 {
				delete(c.streams, p.User)
			}
		}, nil
	}
	if r.Method == http.MethodPost && r.Header.Get("Mcp-Session-Id") == "" && r.Header.Get("Mcp-Protocol-Version") < sessionless {
		now := time.Now()
		kept := c.opened[p.User][:0]
		for _, t := range c.opened[p.User] {
			if now.Sub(t) < 30*time.Minute {
				kept = append(kept, t)
			}
		}
		if len(kept) >= maxSessions {
			f = fault.E("mcpd.Handler", fault.RateLimited, "you have opened %d sessions in half an hour", maxSessions).Hinted("Reuse a session, or wait.")
			f.RetryAfter = 30*time.Minute - now.Sub(kept[0])
			return release, f
		}
		c.opened[p.User] = append(kept, now)
	}
	return release, nil
}
