package tool

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

// Recorder keeps the audit: what trades at once, what reads within 50 ms.
type Recorder interface {
	Record(e audit.Entry) error
	RecordLater(e audit.Entry)
}

// Config is what a Gate is made of.
type Config struct {
	Catalogue *Catalogue
	Deps      Deps
	Limiter   *identity.Limiter
	Audit     Recorder
	// Bound is what the operator offers at all; nobody gets past it.
	Bound View
	Log   *slog.Logger
	// Tracer makes spans; nil makes none.
	Tracer oteltrace.Tracer
	// Observe is told of every call; nil does nothing.
	Observe func(tool string, code fault.Code, took time.Duration)
	// Deadline bounds one call that does not stream; 0 means a minute.
	Deadline time.Duration
}

// Gate is the one door to every tool: scopes, rate, strict arguments, the call,
// the reply's shape, and the audit, in that order.
type Gate struct{ cfg Config }

// NewGate makes the gate.
func NewGate(cfg Config) *Gate {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = time.Minute
	}
	return &Gate{cfg: cfg}
}

// Catalogue is what the gate guards.
func (g *Gate) Catalogue() *Catalogue { return g.cfg.Catalogue }

// Bound is what the operator offers at all.
func (g *Gate) Bound() View { return g.cfg.Bound }

// Request is one call.
type Request struct {
	Caller identity.Principal
	View   View
	// Via is mcp, rest, cli or the name of the tool that calls this one.
	Via   string
	Name  string
	Args  json.RawMessage
	Trace string
	// Watch marks a look that the desk takes for a subscriber, who asked once: it
	// is neither counted against the limits nor recorded.
	Watch bool
	// Follow marks a caller who listens until it hangs up.
	Follow bool
	// Report takes progress; nil where nobody listens.
	Report func(Progress)
}

// Result is a reply, or a fault.
type Result struct {
	// Structured is the output as JSON, Text the same for reading.
	Structured json.RawMessage
	Text       string
	// Attachments are files beside the reply, Drawing what a view draws of it.
	Attachments []Attachment
	Drawing     json.RawMessage
	Fault       *fault.Error
	Trace       string
}

// NewTrace makes a trace id.
func NewTrace() string { return strings.ToLower(rand.Text()[:20]) }

// Call makes one call. Whatever happens, it answers and leaves a line in the
// audit; a panic in a handler is an internal fault.
func (g *Gate) Call(ctx context.Context, r Request) Result {
	start := time.Now()
	if r.Trace == "" {
		r.Trace = NewTrace()
	}
	t, found := g.cfg.Catalogue.Find(r.Name)
	if !found {
		f := g.unknown(r.Name)
		return g.finish(nil, r, nil, Result{Fault: f}, start)
	}
	if g.cfg.Tracer != nil {
		var span oteltrace.Span
		ctx, span = g.cfg.Tracer.Start(ctx, "tool "+t.Name, oteltrace.WithAttributes(attribute.String("desk.trace", r.Trace), attribute.String("desk.via", r.Via)))
		defer span.End()
		res := g.call(ctx, t, r, start)
		if res.Fault != nil {
			span.SetStatus(codes.Error, string(res.Fault.Code))
		}
		return res
	}
	return g.call(ctx, t, r, start)
}

func (g *Gate) call(ctx context.Context, t *Tool, r Request, start time.Time) Result {
	// Arguments that were not bound are not recorded: a secret in them may hide
	// under another spelling.
	if f := g.admit(t, r); f != nil {
		return g.finish(t, r, nil, Result{Fault: f}, start)
	}
	schema, err := g.cfg.Catalogue.input(t)
	if err != nil {
		return g.finish(t, r, nil, Result{Fault: fault.As(err)}, start)
	}
	args, err := bind(r.Args, schema, spellings{t.Aliases, t.Words})
	if err != nil {
		return g.finish(t, r, nil, Result{Fault: discreet(fault.As(err), t.Secret)}, start)
	}
	if !t.Streams {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.cfg.Deadline)
		defer cancel()
	}
	c := &Call{Deps: g.cfg.Deps, Caller: r.Caller, Trace: r.Trace, Gate: g, View: r.View, Via: r.Via, Follow: r.Follow, report: r.Report}
	res, err := g.guarded(ctx, t, c, args)
	if err != nil {
		res = Result{Fault: fault.As(err)}
	}
	return g.finish(t, r, args, res, start)
}

// guarded runs the handler, renders its output, and turns a panic in either
// into an internal fault.
func (g *Gate) guarded(ctx context.Context, t *Tool, c *Call, args json.RawMessage) (res Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			g.cfg.Log.Error("a tool panicked", "tool", t.Name, "request_id", c.Trace, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fault.E("tool.Gate", fault.Internal, "something went wrong inside the desk")
		}
	}()
	out, err := t.call(ctx, c, args)
	if err != nil {
		return Result{}, err
	}
	if res.Structured, res.Text, err = render(t, out, args); err == nil {
		err = res.attach(out)
	}
	return res, err
}

// admit decides whether the caller may call the tool now.
func (g *Gate) admit(t *Tool, r Request) *fault.Error {
	const op = "tool.Gate"
	if !g.cfg.Catalogue.Callable(r.View, g.cfg.Bound, t) {
		if (r.View.ReadOnly || g.cfg.Bound.ReadOnly) && t.Effect != Read {
			return fault.E(op, fault.Forbidden, "%s changes things and this endpoint is read-only", t.Name).Hinted("Use an endpoint that is not read-only, if the operator offers one.")
		}
		return g.unknown(r.Name)
	}
	if missing := r.Caller.Missing(t.Scopes); len(missing) > 0 {
		return InsufficientScope(t.Name, t.Scopes, missing)
	}
	// What call_tool relays was counted when call_tool was called; what trades is
	// counted as such wherever it comes from.
	if g.cfg.Limiter == nil || r.Watch || r.Via == viaRelay && t.Effect != Trade {
		return nil
	}
	if wait := g.cfg.Limiter.Allow(r.Caller, t.Effect == Trade); wait > 0 {
		s := int(math.Ceil(wait.Seconds()))
		f := fault.E(op, fault.RateLimited, "the limit of calls a minute is reached").Hinted("Wait %d seconds, then call again.", s)
		f.RetryAfter = wait
		return f
	}
	return nil
}

// InsufficientScope is the refusal for want of scopes.
func InsufficientScope(name string, needed, missing []string) *fault.Error {
	return fault.E("tool.Gate", fault.Forbidden, "insufficient_scope: %s needs the scope %s", name, strings.Join(missing, " ")).
		Hinted("Ask the operator for a token with %s.", strings.Join(missing, " ")).
		With("error", "insufficient_scope").With("missing_scopes", missing).With("needed_scopes", needed)
}

func (g *Gate) unknown(name string) *fault.Error {
	name = clip(name)
	f := fault.E("tool.Gate", fault.NotFound, "there is no tool %s", name)
	names := make([]string, 0, len(g.cfg.Catalogue.tools))
	for _, t := range g.cfg.Catalogue.tools {
		names = append(names, t.Name)
	}
	if near := nearest(name, names); near != "" {
		return f.Hinted("Did you mean %s? search_tools finds tools by what they do.", near)
	}
	return f.Hinted("search_tools finds tools by what they do.")
}

// finish logs an internal fault once, hides its cause behind the trace, and
// writes the audit line. A trade that cannot be recorded is told as such.
func (g *Gate) finish(t *Tool, r Request, args json.RawMessage, res Result, start time.Time) Result {
	took := time.Since(start)
	res.Trace = r.Trace
	code := fault.Code("ok")
	if f := res.Fault; f != nil {
		code = f.Code
		if code == fault.Internal {
			g.cfg.Log.Error("internal fault", "tool", r.Name, "request_id", r.Trace, "principal", r.Caller.User, "err", f.Error())
			hidden := *f
			hidden.Message = "something went wrong inside the desk (reference " + r.Trace + ")"
			hidden.Hint, hidden.Detail, hidden.Err = "", nil, nil
			res.Fault = &hidden
		} else {
			res.Fault = presentable(f)
		}
	}
	name := "unknown"
	if t != nil {
		name = t.Name
	}
	if r.Watch {
		return res
	}
	if g.cfg.Observe != nil {
		g.cfg.Observe(name, code, took)
	}
	if g.cfg.Audit == nil {
		return res
	}
	e := audit.Entry{Time: time.Now().UTC(), Trace: r.Trace, Kind: "call", User: r.Caller.User, Subject: clip(r.Name), Body: callBody(t, r, args, code, res.Fault, took)}
	if t == nil || t.Effect == Read {
		g.cfg.Audit.RecordLater(e)
	} else if err := g.cfg.Audit.Record(e); err != nil {
		g.cfg.Log.Error("audit not written", "tool", name, "request_id", r.Trace, "err", err)
		if res.Fault == nil {
			res.Fault = fault.E("tool.Gate", fault.Unavailable, "the call was made but the audit could not be written").
				Hinted("Do not repeat it: read the state, and have the operator check the disk.")
		}
	}
	return res
}

// discreet keeps a fault about a secret argument from quoting it.
func discreet(f *fault.Error, secret []string) *fault.Error {
	argument, _ := f.Detail["argument"].(string)
	root, _, _ := strings.Cut(argument, ".")
	root, _, _ = strings.Cut(root, "[")
	if !slices.Contains(secret, root) {
		return f
	}
	return invalid(root, "%s is not as declared; it is not shown here, for it may be secret", root)
}

// maxWords bounds a message and a hint: what a caller sent may be quoted in them.
const maxWords = 1000

// presentable gives a fault whose words are short and plain.
func presentable(f *fault.Error) *fault.Error {
	out := *f
	out.Message, out.Hint = plain(f.Message, maxWords), plain(f.Hint, maxWords)
	if len(f.Detail) > 0 {
		out.Detail = make(map[string]any, len(f.Detail))
		for k, v := range f.Detail {
			if text, ok := v.(string); ok {
				v = plain(text, maxWords)
			}
			out.Detail[k] = v
		}
	}
	return &out
}

// callBody is the audit's account of a call: arguments without secrets, and
// their digest.
func callBody(t *Tool, r Request, args json.RawMessage, code fault.Code, f *fault.Error, took time.Duration) json.RawMessage {
	given := args
	if given == nil {
		given = r.Args
	}
	sum := sha256.Sum256(given)
	body := struct {
		Via    string          `json:"via"`
		Token  string          `json:"token,omitempty"`
		Code   fault.Code      `json:"code"`
		MS     float64         `json:"ms"`
		Digest string          `json:"args_sha256"`
		Args   json.RawMessage `json:"args,omitempty"`
		Text   string          `json:"text,omitempty"`
	}{Via: r.Via, Token: r.Caller.TokenID, Code: code, MS: float64(took.Microseconds()) / 1000, Digest: hex.EncodeToString(sum[:8])}
	if f != nil {
		body.Text = f.Message
	}
	if t != nil && t.Effect != Read && len(args) > 0 && len(args) < 64<<10 && code != fault.Invalid {
		body.Args = withoutSecrets(args, t.Secret)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	return raw
}

func withoutSecrets(args json.RawMessage, secret []string) json.RawMessage {
	var obj map[string]json.RawMessage
	if json.Unmarshal(args, &obj) != nil {
		return nil
	}
	for _, name := range secret {
		if _, ok := obj[name]; ok {
			obj[name] = json.RawMessage(`"***"`)
		}
	}
	raw, err := json.Marshal(obj)
	if err != nil {
		return nil
	}
	return raw
}

// FaultBody is a fault as callers get it.
type FaultBody struct {
	Code       fault.Code     `json:"code"`
	Message    string         `json:"message"`
	Hint       string         `json:"hint,omitempty"`
	RetryAfter float64        `json:"retry_after_s,omitempty"`
	Detail     map[string]any `json:"detail,omitempty"`
	Trace      string         `json:"trace_id,omitempty"`
}

// Body gives the fault of a result as callers get it.
func (r Result) Body() FaultBody {
	f := r.Fault
	return FaultBody{f.Code, sentence(f.Message), f.Next(), math.Ceil(f.RetryAfter.Seconds()), f.Detail, r.Trace}
}

// sentence gives a message its capital and its stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if c := s[0]; c >= 'a' && c <= 'z' && !strings.ContainsAny(strings.SplitN(s, " ", 2)[0], "_:") {
		s = string(c-'a'+'A') + s[1:]
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
