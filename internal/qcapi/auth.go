package qcapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/web"
)

// authenticate proves who asks: by the hash over token and time in the headers
// or in the query of a link, or by a bearer token of the desk. In process the
// principal stands in the context.
func (s *Server) authenticate(r *http.Request) (identity.Principal, error) {
	if isInProcess(r.Context()) {
		if p, ok := web.PrincipalOf(r.Context()); ok {
			return p, nil
		}
		return identity.Principal{}, fault.E("qcapi.authenticate", fault.Unauthenticated, "nobody is signed in")
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	p, err := s.prove(r)
	if fault.CodeOf(err) == fault.Unauthenticated {
		if wait := s.guesses.Allow(identity.Principal{User: host}, false); wait > 0 {
			f := fault.E("qcapi.authenticate", fault.RateLimited, "too many refused credentials from this address")
			f.RetryAfter = wait
			return p, f
		}
	}
	return p, err
}

func (s *Server) prove(r *http.Request) (identity.Principal, error) {
	var none identity.Principal
	if len(r.Header.Values("Authorization")) > 1 {
		return none, fault.E("qcapi.prove", fault.Unauthenticated, "there is more than one Authorization header")
	}
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	stamp := r.Header.Get("Timestamp")
	if kind == "" {
		q := r.URL.Query()
		if value = q.Get("authorization"); value != "" {
			kind, stamp = "basic", q.Get("timestamp")
		}
	}
	switch strings.ToLower(kind) {
	case "bearer":
		return s.cfg.Identity.Verify(r.Context(), strings.TrimSpace(value))
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil {
			return none, fault.E("qcapi.prove", fault.Unauthenticated, "the Authorization header is not in base64")
		}
		user, hash, _ := strings.Cut(string(raw), ":")
		number, err := strconv.ParseInt(user, 10, 64)
		if err != nil {
			return none, fault.Wrap("qcapi.prove", fault.Unauthenticated, identity.ErrUserID, "the user id is not a number")
		}
		return s.cfg.Identity.VerifyHash(r.Context(), number, stamp, hash)
	}
	return none, fault.E("qcapi.prove", fault.Unauthenticated, "credentials are required").Hinted("Make an API token with: quantdesk token --quantconnect")
}

// refusal is the status and the text for credentials that were refused. The
// LEAN CLI reads the text of an answer with HTTP 200 alone; others want 401.
func (s *Server) refusal(w http.ResponseWriter, r *http.Request, f *fault.Error) (int, string) {
	text := strings.TrimSuffix(f.Message, ".") + ". " + f.Next()
	switch {
	case errors.Is(f, identity.ErrUserID):
		text = "UserID not valid. " + f.Next()
	case errors.Is(f, identity.ErrHash), errors.Is(f, identity.ErrTimestamp):
		text = "Hash doesn't match. " + f.Next()
	}
	if strings.HasPrefix(r.UserAgent(), "Lean CLI") {
		return http.StatusOK, text
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="quantdesk"`)
	return http.StatusUnauthorized, text
}

func retryAfter(d time.Duration) string { return fmt.Sprint(int(d.Seconds() + 0.999)) }

type inProcessKey struct{}

func isInProcess(ctx context.Context) bool {
	v, _ := ctx.Value(inProcessKey{}).(bool)
	return v
}
