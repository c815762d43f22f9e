package rest

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/web"
)

func (s *Server) registerAuth(mux *http.ServeMux) {
	secured := func(h http.HandlerFunc) http.Handler { return web.Authenticate(s.cfg.Web, h) }
	mux.Handle("POST /auth/tokens/user", s.audited(s.mint))
	mux.Handle("POST /auth/users", s.audited(s.addUser))
	mux.HandleFunc("GET /auth/users", s.users)
	mux.Handle("POST /auth/users/{id}/rotate", s.audited(s.rotateUser))
	mux.Handle("POST /auth/users/{id}/disable", s.audited(s.disableUser))
	mux.Handle("POST /auth/platform/rotate", s.audited(s.rotatePlatform))
	mux.Handle("GET /auth/tokens", secured(s.tokens))
	mux.Handle("DELETE /auth/tokens/{id}", secured(s.audited(s.revoke)))
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // public by nature
		w.Header().Set("Cache-Control", "public, max-age=300")
		web.JSON(w, http.StatusOK, s.cfg.Identity.JWKS())
	})
	mux.HandleFunc("GET /.well-known/oauth-protected-resource", s.metadata)
	mux.HandleFunc("GET /.well-known/oauth-protected-resource/{path...}", s.metadata)
}

// guessesPerMinute bounds requests about identities from one address: wide
// enough for a platform that mints for all its users, too narrow to search.
const guessesPerMinute = 600

// audited keeps who asked for a token or changed an identity, and how it ended:
// ids only, never a secret.
func (s *Server) audited(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		if wait := s.guesses.Allow(identity.Principal{User: host}, false); wait > 0 {
			f := fault.E("rest.audited", fault.RateLimited, "too many requests about identities from this address")
			f.RetryAfter = wait
			web.Fail(w, r, f)
			return
		}
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h(seen, r)
		if s.cfg.Audit == nil {
			return
		}
		p, _ := web.PrincipalOf(r.Context())
		user := p.User
		if user == "" {
			user = header(r, "user-id")
		}
		raw, err := json.Marshal(map[string]any{"client_id": clip(header(r, "client-id")), "about": clip(r.PathValue("id")), "status": seen.status})
		if err != nil {
			return
		}
		s.cfg.Audit.RecordLater(audit.Entry{Time: time.Now().UTC(), Kind: "identity", User: clip(user), Subject: r.Pattern, Body: raw})
	}
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// clip keeps what a caller sent short.
func clip(s string) string { return s[:min(len(s), 64)] }

// metadata is the protected-resource metadata of RFC 9728. Tokens are minted by
// this server's own endpoint, so it names itself as the place to ask.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("path")
	if path == "" {
		path = "mcp"
	}
	if !strings.HasPrefix(path, "mcp") && !strings.HasPrefix(path, "api/v1") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	b := s.cfg.Web.Base(r)
	web.JSON(w, http.StatusOK, map[string]any{
		"resource":                              b + "/" + path,
		"authorization_servers":                 []string{b},
		"jwks_uri":                              b + "/.well-known/jwks.json",
		"scopes_supported":                      []string{identity.DeskRead},
		"bearer_methods_supported":              []string{"header"},
		"resource_signing_alg_values_supported": []string{"ES256"},
		"resource_name":                         "quantdesk",
	})
}

// header gives a credential header that is there exactly once.
func header(r *http.Request, name string) string {
	if v := r.Header.Values(name); len(v) == 1 {
		return v[0]
	}
	return ""
}

// platform proves the calling platform by its headers.
func (s *Server) platform(r *http.Request) (identity.Platform, error) {
	return s.cfg.Identity.Authenticate(r.Context(), header(r, "client-id"), header(r, "client-secret"))
}

// decode reads a JSON body strictly.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	raw, err := readJSON(w, r)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fault.E("rest.decode", fault.Invalid, "the body is not as expected: %s", short(strings.TrimPrefix(err.Error(), "json: ")))
	}
	return nil
}

// short keeps an echo of what a caller sent from growing.
func short(s string) string {
	return fault.Clip(s, 200)
}

// mint gives a platform's user a token of one hour at most.
func (s *Server) mint(w http.ResponseWriter, r *http.Request) {
	u, err := s.cfg.Identity.AuthenticateUser(r.Context(), header(r, "client-id"), header(r, "client-secret"), header(r, "user-id"), header(r, "user-secret"))
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	var in struct {
		Scopes []string `json:"scopes"`
		TTL    int      `json:"expires_in"`
	}
	if err := decode(w, r, &in); err != nil {
		badBody(w, r, err)
		return
	}
	m, err := s.cfg.Identity.Mint(r.Context(), u.ID, in.Scopes, time.Duration(in.TTL)*time.Second, true)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	web.JSON(w, http.StatusOK, map[string]any{
		"access_token": m.Token, "token_type": "Bearer", "expires_in": int(m.ExpiresIn.Seconds()), "scope": strings.Join(m.Scopes, " "), "token_id": m.ID,
	})
}

func (s *Server) addUser(w http.ResponseWriter, r *http.Request) {
	p, err := s.platform(r)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	var in struct {
		Name   string   `json:"name"`
		Scopes []string `json:"scopes"`
	}
	if err := decode(w, r, &in); err != nil {
		badBody(w, r, err)
		return
	}
	u, secret, err := s.cfg.Identity.AddUser(r.Context(), p.ID, in.Name, in.Scopes)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusCreated, map[string]any{"user_id": u.ID, "user_secret": secret, "name": u.Name, "scopes": u.Scopes})
}

func (s *Server) users(w http.ResponseWriter, r *http.Request) {
	p, err := s.platform(r)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	list, err := s.cfg.Identity.Users(r.Context(), p.ID)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	if list == nil {
		list = []identity.User{}
	}
	web.JSON(w, http.StatusOK, map[string]any{"users": list})
}

// ownUser finds a user of the calling platform; another's is not found.
func (s *Server) ownUser(r *http.Request) (identity.User, error) {
	p, err := s.platform(r)
	if err != nil {
		return identity.User{}, err
	}
	u, err := s.cfg.Identity.User(r.Context(), r.PathValue("id"))
	if err == nil && u.Platform == p.ID {
		return u, nil
	}
	if err == nil || fault.CodeOf(err) == fault.NotFound { // one answer for both
		err = fault.E("rest.ownUser", fault.NotFound, "there is no user %q", short(r.PathValue("id"))).Hinted("GET /auth/users lists yours.")
	}
	return identity.User{}, err
}

func (s *Server) rotateUser(w http.ResponseWriter, r *http.Request) {
	u, err := s.ownUser(r)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	secret, err := s.cfg.Identity.RotateUserSecret(r.Context(), u.ID)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, map[string]any{"user_id": u.ID, "user_secret": secret})
}

func (s *Server) disableUser(w http.ResponseWriter, r *http.Request) {
	u, err := s.ownUser(r)
	if err == nil {
		u, err = s.cfg.Identity.SetDisabled(r.Context(), u.ID, true)
	}
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, u)
}

func (s *Server) rotatePlatform(w http.ResponseWriter, r *http.Request) {
	p, err := s.platform(r)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	secret, err := s.cfg.Identity.RotatePlatformSecret(r.Context(), p.ID)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, map[string]any{"client_id": p.ID, "client_secret": secret})
}

func (s *Server) tokens(w http.ResponseWriter, r *http.Request) {
	p, _ := web.PrincipalOf(r.Context())
	list, err := s.cfg.Identity.Tokens(r.Context(), p.User)
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	if list == nil {
		list = []identity.Token{}
	}
	web.JSON(w, http.StatusOK, map[string]any{"tokens": list})
}

// revoke ends one of the caller's own tokens.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	p, _ := web.PrincipalOf(r.Context())
	if err := s.cfg.Identity.Revoke(r.Context(), r.PathValue("id"), p.User); err != nil {
		web.Fail(w, r, err)
		return
	}
	web.JSON(w, http.StatusOK, map[string]any{"token_id": r.PathValue("id"), "status": "revoked"})
}
