// Package web is what every HTTP surface of the desk stands behind: who may
// reach it by Host and Origin, whose token it is, how long a slow reader is
// borne with, and how faults are told.
//
//	guarded := web.Guard(cfg, mux)            // Host, Origin, CORS, headers
//	secured := web.Authenticate(cfg, handler) // 401, principal in the context
package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

// Config is what the guards need to know.
type Config struct {
	// Hosts are the names, without port, that requests may be addressed to.
	// Loopback names are always among them.
	Hosts []string
	// Origins are web pages, as scheme://host[:port], that browsers may call from.
	Origins []string
	// Verify proves a bearer token.
	Verify func(ctx context.Context, token string) (identity.Principal, error)
	// PublicURL is the base of the addresses told to clients, without a slash at
	// the end; empty means that of the request.
	PublicURL string
	// WriteWait and ReadWait bound one write of an answer and the arrival of a
	// body; 0 means the constants of the same name.
	WriteWait, ReadWait time.Duration
	Log                 *slog.Logger
}

var loopback = []string{"127.0.0.1", "localhost", "::1"}

// hostAllowed compares the host without its port, so that a name that was
// pointed at this machine by somebody else's DNS is refused.
func (c Config) hostAllowed(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return slices.Contains(loopback, host) || slices.Contains(c.Hosts, host)
}

// originAllowed takes listed pages, and pages of this very server.
func (c Config) originAllowed(r *http.Request, origin string) bool {
	if slices.Contains(c.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) && c.hostAllowed(u.Host) && r.Header.Get("Sec-Fetch-Site") != "cross-site"
}

// Guard refuses requests that did not mean this server (DNS rebinding) or that
// a foreign page makes a browser send, answers CORS preflights for listed
// origins, and sets the headers that keep answers from being misread.
func Guard(c Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		if !c.hostAllowed(r.Host) {
			Fail(w, r, fault.E("web.Guard", fault.Forbidden, "this server does not answer to the host %q", clip(r.Host)).
				Hinted("Use 127.0.0.1, or have the operator name the host with --allowed-hosts."))
			return
		}
		origin := r.Header.Get("Origin")
		if origin == "" && r.Header.Get("Sec-Fetch-Site") == "cross-site" || origin != "" && !c.originAllowed(r, origin) {
			Fail(w, r, fault.E("web.Guard", fault.Forbidden, "this server takes no requests from that web page").
				Hinted("Have the operator name its origin with --allowed-origins."))
			return
		}
		if origin != "" {
			h.Add("Vary", "Origin")
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate")
			if r.Method == http.MethodOptions {
				h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
				h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID, X-MCP-Toolsets, X-MCP-Readonly, X-MCP-Exclude-Tools, traceparent")
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

type principalKey struct{}

// PrincipalOf gives who a request is from; false when nobody proved it.
func PrincipalOf(ctx context.Context) (identity.Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(identity.Principal)
	return p, ok
}

// WithPrincipal marks a request's context as proved: for the local socket.
func WithPrincipal(ctx context.Context, p identity.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Authenticate requires a bearer token in the Authorization header. A token in
// the query is not looked at. A principal that is there already is kept.
func Authenticate(c Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := PrincipalOf(r.Context()); ok {
			next.ServeHTTP(w, r)
			return
		}
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		token = strings.TrimSpace(token)
		if !strings.EqualFold(kind, "bearer") || token == "" || len(r.Header.Values("Authorization")) != 1 {
			c.challenge(w, r, "", fault.E("web.Authenticate", fault.Unauthenticated, "a bearer token is required").
				Hinted("Mint one with: quantdesk token, and send it in the Authorization header."))
			return
		}
		p, err := c.Verify(r.Context(), token)
		if err != nil {
			if f := fault.As(err); f.Code != fault.Unauthenticated {
				Fail(w, r, err)
				return
			}
			c.challenge(w, r, "invalid_token", err)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithPrincipal(r.Context(), p)))
	})
}

// challenge answers 401 with where to learn how to sign in.
func (c Config) challenge(w http.ResponseWriter, r *http.Request, code string, err error) {
	v := fmt.Sprintf(`Bearer resource_metadata="%s", scope="desk:read"`, c.MetadataURL(r))
	if code != "" {
		v += fmt.Sprintf(`, error="%s"`, code)
	}
	w.Header().Set("WWW-Authenticate", v)
	Fail(w, r, err)
}

// StepUp answers 403 with every scope the call needs in one challenge.
func (c Config) StepUp(w http.ResponseWriter, r *http.Request, needed []string, f *fault.Error) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s", resource_metadata="%s", error_description="%s"`,
		strings.Join(needed, " "), c.MetadataURL(r), strings.ReplaceAll(f.Message, `"`, "'")))
	Fail(w, r, f)
}

// Base is the address clients know this server by.
func (c Config) Base(r *http.Request) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// MetadataURL is where the protected resource metadata of a path is.
func (c Config) MetadataURL(r *http.Request) string {
	path := r.URL.EscapedPath() // it goes between quotes into a header
	if strings.HasPrefix(path, "/mcp") || strings.HasPrefix(path, "/api/v1") {
		return c.Base(r) + "/.well-known/oauth-protected-resource" + path
	}
	return c.Base(r) + "/.well-known/oauth-protected-resource"
}

// JSON answers with a JSON value.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the reader may be gone
}

// Fail answers with a fault, in the one shape all surfaces use.
func Fail(w http.ResponseWriter, _ *http.Request, err error) {
	f := fault.As(err)
	status := fault.Lookup(f.Code).HTTP
	message := f.Message
	if f.Code == fault.Internal {
		message = "something went wrong inside the desk"
	}
	body := map[string]any{"code": f.Code, "message": message, "hint": f.Next()}
	if f.RetryAfter > 0 {
		s := int(f.RetryAfter.Seconds() + 0.999)
		body["retry_after_s"] = s
		w.Header().Set("Retry-After", fmt.Sprint(s))
	}
	if len(f.Detail) > 0 && f.Code != fault.Internal {
		body["detail"] = f.Detail
	}
	JSON(w, status, map[string]any{"error": body})
}

func clip(s string) string {
	if len(s) > 80 {
		s = s[:80]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}
