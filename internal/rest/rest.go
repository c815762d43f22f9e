// Package rest serves the tools over plain HTTP, with the same tokens, scopes,
// limits, arguments and audit as MCP, and the endpoints around them: tokens,
// keys, metadata, OpenAPI, health and metrics.
//
//	h := rest.New(rest.Config{Gate: gate, Identity: svc, …}).Handler()
//	// POST /api/v1/get_quotes {"symbols":["AAPL"]}
package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
	"quantdesk/internal/web"
)

// Config is what a Server is made of.
type Config struct {
	Gate     *tool.Gate
	Identity *identity.Service
	Web      web.Config
	Version  string
	// Ready tells why the server cannot work now, nil when it can.
	Ready func(r *http.Request) error
	// Audit keeps who asked for tokens and changed identities.
	Audit tool.Recorder
	// Metrics serves the counters; nil serves none.
	Metrics http.Handler
	Log     *slog.Logger
}

// Server serves REST.
type Server struct {
	cfg     Config
	openapi func() ([]byte, error)
	guesses identity.Limiter
}

// New makes a server.
func New(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, guesses: identity.Limiter{Platform: identity.Limits{All: guessesPerMinute}}}
	s.openapi = sync.OnceValues(func() ([]byte, error) { return OpenAPI(cfg.Gate.Catalogue(), cfg.Version) })
	return s
}

const (
	base    = "/api/v1/"
	maxBody = 4 << 20
)

// Register puts every route on the mux.
func (s *Server) Register(mux *http.ServeMux) {
	secured := func(h http.HandlerFunc) http.Handler { return web.Authenticate(s.cfg.Web, h) }
	mux.Handle("POST "+base+"{tool}", secured(s.post))
	mux.Handle("GET "+base+"{tool}", secured(s.get))
	mux.Handle("DELETE "+base+"cancel_order/{id}", secured(s.cancel))
	mux.Handle("GET "+base+"reports/{id}/{file}", secured(s.report))
	mux.Handle("GET "+base+"stream/{channel}", secured(s.follow))
	mux.HandleFunc("GET /openapi.json", s.spec)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		web.JSON(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", s.ready)
	if s.cfg.Metrics != nil {
		mux.Handle("GET /metrics", s.cfg.Metrics)
	}
	s.registerAuth(mux)
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Ready != nil {
		if err := s.cfg.Ready(r); err != nil {
			web.Fail(w, r, fault.Wrap("rest.ready", fault.Unavailable, err, "not ready"))
			return
		}
	}
	web.JSON(w, http.StatusOK, map[string]any{"status": "ready"})
}

func (s *Server) spec(w http.ResponseWriter, r *http.Request) {
	raw, err := s.openapi()
	if err != nil {
		s.cfg.Log.Error("openapi", "err", err)
		web.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw) // the reader may be gone
}

func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	body, err := readJSON(w, r)
	if err != nil {
		badBody(w, r, err)
		return
	}
	s.call(w, r, r.PathValue("tool"), body)
}

// get takes a read-only tool's arguments from the query.
func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("tool")
	t, ok := s.cfg.Gate.Catalogue().Find(name)
	if ok && t.Effect != tool.Read {
		w.Header().Set("Allow", http.MethodPost)
		web.JSON(w, http.StatusMethodNotAllowed, map[string]any{"error": map[string]any{
			"code": fault.Invalid, "message": t.Name + " changes things and takes POST, not GET.", "hint": "Send the arguments as a JSON body with POST.",
		}})
		return
	}
	args := map[string]any{}
	for k, v := range r.URL.Query() {
		if len(v) == 1 {
			args[k] = v[0]
		} else {
			args[k] = v
		}
	}
	raw, err := json.Marshal(args)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	s.call(w, r, name, raw)
}

func (s *Server) cancel(w http.ResponseWriter, r *http.Request) {
	raw, err := json.Marshal(map[string]any{"order_id": r.PathValue("id")})
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	s.call(w, r, "cancel_order", raw)
}

// call makes the call and answers with its output, a fault, or a stream.
func (s *Server) call(w http.ResponseWriter, r *http.Request, name string, args json.RawMessage) {
	p, ok := web.PrincipalOf(r.Context())
	if !ok {
		web.Fail(w, r, fault.E("rest.call", fault.Unauthenticated, "a bearer token is required"))
		return
	}
	req := tool.Request{Caller: p, View: tool.View{Toolsets: []string{"all"}}, Via: "rest", Name: name, Args: args}
	// A GET of what streams is a reader like curl -N, unless it wants JSON.
	accept := r.Header.Get("Accept")
	req.Follow = r.Method == http.MethodGet && !strings.Contains(accept, "application/json")
	if t, ok := s.cfg.Gate.Catalogue().Find(name); ok && t.Streams && (req.Follow || strings.Contains(accept, "text/event-stream")) {
		s.stream(w, r, req)
		return
	}
	res := s.cfg.Gate.Call(r.Context(), req)
	w.Header().Set("X-Request-Id", res.Trace)
	if res.Fault != nil {
		s.fail(w, r, res)
		return
	}
	if wantsCSV(args) {
		var out struct {
			CSV string `json:"csv"`
		}
		if json.Unmarshal(res.Structured, &out) == nil && strings.Contains(r.Header.Get("Accept"), "text/csv") {
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			_, _ = io.WriteString(w, out.CSV)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(res.Structured) // the reader may be gone
}

func wantsCSV(args json.RawMessage) bool { return bytes.Contains(args, []byte("csv")) }

// fail tells a fault of a call; one for want of scopes with its challenge.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, res tool.Result) {
	f := *res.Fault
	body := res.Body()
	f.Message, f.Hint = body.Message, body.Hint
	if f.Detail["error"] == "insufficient_scope" {
		needed, _ := f.Detail["needed_scopes"].([]string)
		s.cfg.Web.StepUp(w, r, needed, &f)
		return
	}
	if f.Code == fault.Internal {
		// The gate has hidden the cause behind its reference.
		web.JSON(w, http.StatusInternalServerError, map[string]any{"error": body})
		return
	}
	web.Fail(w, r, &f)
}

// stream sends a call's steps as server-sent events: progress, then result or
// error.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, req tool.Request) {
	ctl := http.NewResponseController(w)
	var mu sync.Mutex // guards begun and w: steps may come from another goroutine than the result
	begun := false
	send := func(event string, v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("X-Accel-Buffering", "no")
		}
		_, _ = io.WriteString(w, "event: "+event+"\ndata: "+string(raw)+"\n\n")
		_ = ctl.Flush()
	}
	req.Report = func(p tool.Progress) {
		send("progress", map[string]any{"progress": p.Done, "total": p.Total, "message": p.Message, "data": p.Data})
	}
	res := s.cfg.Gate.Call(r.Context(), req)
	mu.Lock()
	refused := res.Fault != nil && !begun
	mu.Unlock()
	if refused { // an answer like any other, with its status
		w.Header().Set("X-Request-Id", res.Trace)
		s.fail(w, r, res)
		return
	}
	if res.Fault != nil {
		send("error", map[string]any{"error": res.Body()})
		return
	}
	send("result", res.Structured)
}

// badBody tells a fault of the body; one that is too large with its own status.
func badBody(w http.ResponseWriter, r *http.Request, err error) {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		f := fault.As(err)
		web.JSON(w, http.StatusRequestEntityTooLarge, map[string]any{"error": map[string]any{"code": f.Code, "message": f.Message, "hint": f.Next()}})
		return
	}
	web.Fail(w, r, err)
}

// readJSON reads a JSON body; an empty one is an empty object.
func readJSON(w http.ResponseWriter, r *http.Request) (json.RawMessage, error) {
	const op = "rest.readJSON"
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return nil, fault.Wrap(op, fault.Invalid, err, "the body is larger than %d bytes", big.Limit).Hinted("Send less at once.")
		}
		return nil, fault.Wrap(op, fault.Invalid, err, "the body could not be read")
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return json.RawMessage("{}"), nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		// A form or plain text is what a foreign page can send without asking.
		return nil, fault.E(op, fault.Invalid, "the body must be sent as application/json")
	}
	return raw, nil
}
