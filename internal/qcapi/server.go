// Package qcapi serves QuantConnect's REST API v2 from the desk's own projects:
// paths, bodies, envelopes, spellings and quirks are those of the original, so
// that what speaks to QuantConnect speaks to this.
//
//	s := qcapi.New(qcapi.Config{Projects: svc, Identity: ids, …})
//	http.Serve(listener, s)                       // for the LEAN CLI
//	client := &http.Client{Transport: s.Transport()} // in process, for our tools
//
// Every endpoint takes GET with a query and POST with JSON, a form with bracketed
// keys, multipart, or nothing, and answers an envelope with HTTP 200 also when it
// refuses.
package qcapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/project"
	"quantdesk/internal/web"
)

// Base is the path that everything is served under.
const Base = "/api/v2/"

// Config is what a Server is made of.
type Config struct {
	Projects *project.Service
	Identity *identity.Service
	// Limiter counts calls from outside; nil counts none.
	Limiter *identity.Limiter
	// Audit keeps the calls from outside; nil keeps none.
	Audit Recorder
	// Data is the market data that can be listed and read; nil has none.
	Data Data
	// DataKey signs links to data; 32 random bytes.
	DataKey []byte
	// Version of the engine, as told to clients.
	Version string
	// Observe is told of every call; nil does nothing.
	Observe func(endpoint string, code fault.Code, took time.Duration)
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Recorder keeps the audit.
type Recorder interface {
	RecordLater(e audit.Entry)
}

// Server serves the API.
type Server struct {
	cfg     Config
	routes  map[string]endpoint
	guesses identity.Limiter
}

// guessesPerMinute bounds refused credentials from one address.
const guessesPerMinute = 120

// New makes a server.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, routes: map[string]endpoint{}, guesses: identity.Limiter{Platform: identity.Limits{All: guessesPerMinute}, Now: cfg.Now}}
	for _, list := range [][]endpoint{accountRoutes(), projectRoutes(), fileRoutes(), compileRoutes(), backtestRoutes(), dataRoutes(), absentRoutes()} {
		for _, e := range list {
			s.routes[e.path] = e
		}
	}
	return s
}

// endpoint is one path below Base.
type endpoint struct {
	path   string
	scopes []string
	run    func(c *call, raw json.RawMessage) (any, error)
}

// call is one request that was admitted.
type call struct {
	*Server
	ctx context.Context
	who identity.Principal
	req *http.Request
}

// caller is who asks, as the projects see it.
func (c *call) caller(source string) project.Caller {
	return project.Caller{User: c.who.User, Source: source, KeepFiles: !c.who.Has("qc:files:delete")}
}

// handle makes an endpoint of a function with typed input. In's fields carry the
// wire's names; what a client leaves out is nil or zero.
func handle[In any](path, scope string, f func(c *call, in In) (any, error)) endpoint {
	e := endpoint{path: path, run: func(c *call, raw json.RawMessage) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, badInput(err)
		}
		return f(c, in)
	}}
	if scope != "" {
		e.scopes = []string{scope}
	}
	return e
}

func badInput(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return fault.E("qcapi.decode", fault.Invalid, "%s must be %s, not %s", orBody(t.Field), t.Type, t.Value)
	}
	return fault.E("qcapi.decode", fault.Invalid, "the request is not as expected")
}

func orBody(field string) string {
	if field == "" {
		return "the body"
	}
	return field
}

// fields is an answer; success is set when it is written.
type fields map[string]any

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := s.cfg.Now()
	path, ok := strings.CutPrefix(r.URL.Path, Base)
	path = strings.Trim(path, "/")
	if ok && path == downloadPath {
		s.download(w, r)
		return
	}
	inProcess := isInProcess(r.Context())
	who, err := s.authenticate(r)
	if err == nil && !inProcess {
		err = s.admit(who)
	}
	var out any
	e, known := s.routes[path]
	if err == nil {
		if !ok || !known {
			err = fault.E("qcapi", fault.NotFound, "there is no endpoint %q", clip(r.URL.Path)).Hinted("The API is served below %s.", Base)
		} else {
			out, err = s.run(w, r, e, who)
		}
	}
	code := fault.CodeOf(err)
	if s.cfg.Observe != nil && known {
		s.cfg.Observe(path, code, s.cfg.Now().Sub(start))
	}
	if s.cfg.Audit != nil && !inProcess && who.User != "" {
		s.record(r, who, path, code)
	}
	s.answer(w, r, out, err)
}

func (s *Server) admit(who identity.Principal) error {
	if s.cfg.Limiter == nil {
		return nil
	}
	if wait := s.cfg.Limiter.Allow(who, false); wait > 0 {
		f := fault.E("qcapi.admit", fault.RateLimited, "too many calls in a minute")
		f.RetryAfter = wait
		return f
	}
	return nil
}

func (s *Server) run(w http.ResponseWriter, r *http.Request, e endpoint, who identity.Principal) (out any, err error) {
	if missing := who.Missing(e.scopes); len(missing) > 0 {
		return nil, missingScope(missing[0])
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return nil, fault.E("qcapi.run", fault.Invalid, "the method must be GET or POST")
	}
	raw, err := readInput(w, r)
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("panic in an endpoint", "endpoint", e.path, "panic", p)
			out, err = nil, fault.E("qcapi.run", fault.Internal, "panic")
		}
	}()
	return e.run(&call{s, r.Context(), who, r}, raw)
}

func missingScope(scope string) error {
	return fault.E("qcapi.run", fault.Forbidden, "these credentials lack the scope %s", scope).
		Hinted("Make others with: quantdesk token --quantconnect --scopes ...,%s", scope).With("missing_scopes", []string{scope})
}

func (s *Server) record(r *http.Request, who identity.Principal, path string, code fault.Code) {
	raw, err := json.Marshal(map[string]any{"token_id": who.TokenID, "method": r.Method, "code": code})
	if err != nil {
		return
	}
	s.cfg.Audit.RecordLater(audit.Entry{Time: s.cfg.Now().UTC(), Kind: "qcapi", User: who.User, Subject: clip(path), Body: raw})
}

// errEmpty500 answers HTTP 500 with no body, which clients of data/list expect
// where there is no such data.
var errEmpty500 = errors.New("no such data")

// answer writes the envelope. Refusals are HTTP 200 for all but what clients
// tell apart by status.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, out any, err error) {
	if errors.Is(err, errEmpty500) {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if err == nil {
		f, ok := out.(fields)
		if !ok {
			f = fields{}
		}
		f["success"] = true
		web.JSON(w, http.StatusOK, f)
		return
	}
	f := fault.As(err)
	text := strings.TrimSuffix(f.Message, ".") + ". " + f.Next()
	status := http.StatusOK
	switch f.Code {
	case fault.Internal:
		s.cfg.Log.Error("a call failed", "endpoint", r.URL.Path, "err", err)
		text = "Something went wrong inside the desk; its log has the cause."
	case fault.Unauthenticated:
		status, text = s.refusal(w, r, f)
	case fault.RateLimited:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", retryAfter(f.RetryAfter))
	}
	if f.Detail["status"] != nil {
		if n, ok := f.Detail["status"].(int); ok {
			status = n
		}
	}
	if isInProcess(r.Context()) {
		tellWhole(w, f)
	}
	web.JSON(w, status, map[string]any{"success": false, "errors": []string{text}})
}

// FaultHeader carries a fault whole to a caller in process, as JSON: the
// envelope has words only. An internal one says nothing more than its code.
const FaultHeader = "Quantdesk-Fault"

func tellWhole(w http.ResponseWriter, f *fault.Error) {
	out := map[string]any{"code": f.Code, "message": f.Message, "hint": f.Hint, "detail": f.Detail}
	if f.Code == fault.Internal {
		out = map[string]any{"code": f.Code, "message": "the engine had a fault; the log has its cause"}
	}
	if raw, err := json.Marshal(out); err == nil {
		w.Header().Set(FaultHeader, string(raw))
	}
}
