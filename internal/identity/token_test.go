package identity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/store"
)

// memory is a key file that tests can read.
type memory struct {
	mu   sync.Mutex
	text []byte
}

func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text, nil
}

func (m *memory) Save(text []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.text = text
	return nil
}

// newest is the private key that signs.
func (m *memory) newest(t *testing.T) jose.JSONWebKey {
	t.Helper()
	var keys []struct {
		JWK jose.JSONWebKey `json:"jwk"`
	}
	text, _ := m.Load()
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	return keys[0].JWK
}

// house is an identity service on a real store, with a clock that is set.
type house struct {
	*identity.Service
	t     *testing.T
	store *store.DB
	keys  *memory
	cfg   identity.Config

	mu  sync.Mutex
	now time.Time
}

const issuer, audience = "https://desk.example", "https://desk.example/mcp"

func newHouse(t *testing.T) *house {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, store: db, keys: &memory{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	keys, err := identity.OpenKeys(h.keys, h.now)
	if err != nil {
		t.Fatal(err)
	}
	h.cfg = identity.Config{
		Store: db, Keys: keys, Issuer: issuer, Audience: audience, SecretKey: make([]byte, 32), Now: h.clock,
		OpenConnection: func(_ context.Context, c identity.Connection, _ map[string]string) ([]identity.Account, error) {
			return []identity.Account{{ID: "acc-" + c.ID}}, nil
		},
	}
	h.reopen()
	if err := h.EnsureLocal(context.Background()); err != nil {
		t.Fatal(err)
	}
	return h
}

// reopen makes the service anew, as after a restart.
func (h *house) reopen() {
	h.t.Helper()
	s, err := identity.New(context.Background(), h.cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Service = s
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	h.now = h.now.Add(d)
	h.mu.Unlock()
}

func (h *house) mint(user string, scopes ...string) identity.Minted {
	h.t.Helper()
	m, err := h.Mint(context.Background(), user, scopes, time.Hour, false)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

func (h *house) accepts(token string) identity.Principal {
	h.t.Helper()
	p, err := h.Verify(context.Background(), token)
	if err != nil {
		h.t.Fatalf("a good token is refused: %v", err)
	}
	return p
}

func (h *house) refuses(what, token string) {
	h.t.Helper()
	p, err := h.Verify(context.Background(), token)
	if fault.CodeOf(err) != fault.Unauthenticated || p.User != "" {
		h.t.Errorf("%s: %+v, %v; want unauthenticated", what, p, err)
	}
	if err != nil && fault.As(err).Message != "the token is not accepted" {
		h.t.Errorf("%s: %q tells too much", what, fault.As(err).Message)
	}
}

// user makes a platform's user.
func (h *house) user(scopes ...string) (identity.Platform, identity.User) {
	h.t.Helper()
	p, _, err := h.AddPlatform(context.Background(), "fintech")
	if err != nil {
		h.t.Fatal(err)
	}
	u, _, err := h.AddUser(context.Background(), p.ID, "customer", scopes)
	if err != nil {
		h.t.Fatal(err)
	}
	return p, u
}

// claims are those of a good token for the local user.
func (h *house) claims() map[string]any {
	at := h.clock().Unix()
	return map[string]any{
		"iss": issuer, "aud": []string{audience}, "sub": identity.LocalUser, "jti": "tok_x", "scope": "market:read",
		"iat": at, "nbf": at, "exp": at + 3600,
	}
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, c map[string]any) string {
	t.Helper()
	opt := (&jose.SignerOptions{}).WithType("at+jwt")
	if kid != "" {
		opt = opt.WithHeader("kid", kid)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opt)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(s).Claims(c).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func part(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestHostileTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key := h.keys.newest(t)
	good := sign(t, jose.ES256, key.Key, key.KeyID, h.claims())
	if p := h.accepts(good); p.User != identity.LocalUser || p.TokenID != "tok_x" || p.Operator {
		t.Fatalf("principal %+v; want the local user, no operator", p)
	}
	body, err := json.Marshal(h.claims())
	if err != nil {
		t.Fatal(err)
	}
	h.refuses("empty", "")
	h.refuses("no token", "Bearer")
	h.refuses("too long", good+strings.Repeat("A", 9<<10))
	h.refuses("alg none", part(`{"alg":"none","typ":"JWT"}`)+"."+part(string(body))+".")
	h.refuses("alg none with a kid", part(`{"alg":"none","kid":"`+key.KeyID+`"}`)+"."+part(string(body))+".")
	h.refuses("alg NONE", part(`{"alg":"NONE","kid":"`+key.KeyID+`"}`)+"."+part(string(body))+".")

	// The public key, in every form an attacker has it, as the secret of a MAC.
	public := key.Public()
	der, err := x509.MarshalPKIXPublicKey(public.Key)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := public.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"DER": der, "JWK": jwk, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "nothing but zeros": make([]byte, 32),
	} {
		h.refuses("HS256 with the public key as "+name, sign(t, jose.HS256, secret, key.KeyID, h.claims()))
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.refuses("another key under our id", sign(t, jose.ES256, other, key.KeyID, h.claims()))
	h.refuses("unknown key id", sign(t, jose.ES256, key.Key, "key_other", h.claims()))
	h.refuses("no key id", sign(t, jose.ES256, key.Key, "", h.claims()))
	embedded, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: other}, (&jose.SignerOptions{EmbedJWK: true}).WithHeader("kid", key.KeyID))
	if err != nil {
		t.Fatal(err)
	}
	own, err := jwt.Signed(embedded).Claims(h.claims()).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	h.refuses("a key of its own in the header", own)

	at := h.clock().Unix()
	for name, change := range map[string]map[string]any{
		"wrong issuer":        {"iss": "https://evil.example"},
		"issuer with a slash": {"iss": issuer + "/"},
		"wrong audience":      {"aud": []string{"https://evil.example"}},
		"expired":             {"exp": at - 1},
		"expires now":         {"exp": at},
		"not yet valid":       {"nbf": at + 60},
		"issued tomorrow":     {"iat": at + 86400},
		"no issuer":           {"iss": nil},
		"no audience":         {"aud": nil},
		"no expiry":           {"exp": nil},
		"no not-before":       {"nbf": nil},
		"no issued-at":        {"iat": nil},
		"no id":               {"jti": nil},
		"no subject":          {"sub": nil},
		"unknown subject":     {"sub": "user_nobody"},
		"another platform":    {"client_id": "client_x"},
		"expiry as text":      {"exp": "never"},
	} {
		c := h.claims()
		maps.Copy(c, change)
		for k, v := range change {
			if v == nil {
				delete(c, k)
			}
		}
		h.refuses(name, sign(t, jose.ES256, key.Key, key.KeyID, c))
	}

	parts := strings.Split(good, ".")
	h.refuses("wider scope under the old signature", parts[0]+"."+part(strings.Replace(string(body), "market:read", "broker:trade", 1))+"."+parts[2])
	h.refuses("signature cut", good[:len(good)-4])
	h.refuses("signature missing", parts[0]+"."+parts[1]+".")
	multi, err := jose.NewMultiSigner([]jose.SigningKey{
		{Algorithm: jose.ES256, Key: key}, {Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: other, KeyID: "two"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := multi.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	h.refuses("two signatures", signed.FullSerialize())
	h.refuses("JSON serialization", `{"payload":"`+parts[1]+`","protected":"`+parts[0]+`","signature":"`+parts[2]+`"}`)

	// A token of another home, minted by the same code.
	h.refuses("another home's token", newHouse(t).mint(identity.LocalUser, "read").Token)
	h.accepts(good) // and nothing of that has shaken the good one
}

// TestScopesAreTheUsers gives a token no more than its user may hold, now.
func TestScopesAreTheUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	_, u := h.user("read", "trade")
	if _, err := h.Mint(ctx, u.ID, []string{"admin"}, 0, true); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("minted beyond the user's scopes: %v", err)
	}
	if _, err := h.Mint(ctx, u.ID, []string{"read"}, 2*time.Hour, true); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a platform's token for two hours: %v", err)
	}
	token := h.mint(u.ID, "trade").Token
	if p := h.accepts(token); !p.Has(identity.BrokerTrade) || p.Local || p.Platform != u.Platform {
		t.Errorf("principal %+v; want trade, of the platform", p)
	}
	key := h.keys.newest(t)
	c := h.claims()
	c["sub"], c["client_id"], c["scope"] = u.ID, u.Platform, "broker:trade qc:admin:write nonsense"
	if p := h.accepts(sign(t, jose.ES256, key.Key, key.KeyID, c)); len(p.Scopes) != 1 || !p.Has(identity.BrokerTrade) {
		t.Errorf("scopes %v; want no more than the user's", p.Scopes)
	}
	narrow, err := identity.Expand([]string{"read"})
	if err != nil {
		t.Fatal(err)
	}
	u.Scopes = narrow
	if err := h.store.PutUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	h.later(11 * time.Second) // beyond the cache
	if p := h.accepts(token); p.Has(identity.BrokerTrade) {
		t.Errorf("scopes %v; the user was narrowed since", p.Scopes)
	}
}

// TestLocalUserGrows opens a home whose local user is older than a scope.
func TestLocalUserGrows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	u, err := h.User(ctx, identity.LocalUser)
	if err != nil {
		t.Fatal(err)
	}
	u.Scopes = slices.DeleteFunc(slices.Clone(u.Scopes), func(s string) bool { return s == identity.BrokerTrade })
	u.Disabled = true
	if err := h.store.PutUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	if err := h.EnsureLocal(ctx); err != nil {
		t.Fatal(err)
	}
	if u, err = h.User(ctx, identity.LocalUser); err != nil || !slices.Equal(u.Scopes, identity.Scopes()) || !u.Disabled {
		t.Errorf("%v: %+v; want all scopes, and still disabled", err, u)
	}
}
