package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"quantdesk/internal/fault"
)

// DefaultTTL is how long a token lives unless a shorter time is asked for.
const DefaultTTL = time.Hour

// maxTTL bounds tokens minted on the machine; platforms get DefaultTTL at most.
const maxTTL = 90 * 24 * time.Hour

// Minted is a new token.
type Minted struct {
	Token     string
	ID        string
	Scopes    []string
	ExpiresIn time.Duration
}

type claims struct {
	jwt.Claims
	Scope    string `json:"scope"`
	ClientID string `json:"client_id,omitempty"`
}

// Mint makes a token for a user with at most the user's scopes. Empty scopes
// mean read. remote bounds the life to DefaultTTL.
func (s *Service) Mint(ctx context.Context, userID string, scopes []string, ttl time.Duration, remote bool) (Minted, error) {
	limit := maxTTL
	if remote {
		limit = DefaultTTL
	}
	if remote && slices.Contains(scopes, BrokerTradeDirect) {
		return Minted{}, fault.E("identity.Mint", fault.Forbidden, "%s is granted by the operator alone", BrokerTradeDirect).Hinted("Have the operator run: quantdesk token --scopes trade,%s", BrokerTradeDirect)
	}
	t, err := s.grant(ctx, userID, scopes, ttl, limit)
	if err != nil {
		return Minted{}, err
	}
	u, err := s.User(ctx, userID)
	if err != nil {
		return Minted{}, err
	}
	signer, err := s.cfg.Keys.signer()
	if err != nil {
		return Minted{}, err
	}
	text, err := jwt.Signed(signer).Claims(claims{
		Claims: jwt.Claims{
			ID: t.ID, Issuer: s.cfg.Issuer, Subject: u.ID, Audience: jwt.Audience{s.cfg.Audience},
			IssuedAt: jwt.NewNumericDate(t.Issued), NotBefore: jwt.NewNumericDate(t.Issued), Expiry: jwt.NewNumericDate(t.Expires),
		},
		Scope: strings.Join(t.Scopes, " "), ClientID: u.Platform,
	}).Serialize()
	if err != nil {
		return Minted{}, err
	}
	if err := s.cfg.Store.PutToken(ctx, t); err != nil {
		return Minted{}, err
	}
	return Minted{Token: text, ID: t.ID, Scopes: t.Scopes, ExpiresIn: t.Expires.Sub(t.Issued)}, nil
}

// cached is a verified token, for a short while.
type cached struct {
	p     Principal
	until time.Time
}

const (
	// cacheLife bounds how long a verified token is believed without a look; a
	// revocation ends it at once.
	cacheLife = 10 * time.Second
	cacheSize = 4096
	// skew is how far clocks may differ.
	skew = 5 * time.Second
	// maxToken bounds the text that is looked at.
	maxToken = 8 << 10
)

var errToken = &fault.Error{Code: fault.Unauthenticated, Op: "identity.Verify", Message: "the token is not accepted", Hint: "Mint a new token and send it as a Bearer token."}

// Verify proves a token: signature by one of our keys with the pinned
// algorithm, issuer, audience, expiry, not-before, not revoked, user enabled.
// Why it failed is logged, not told.
func (s *Service) Verify(ctx context.Context, token string) (Principal, error) {
	if token == "" || len(token) > maxToken {
		return Principal{}, errToken
	}
	key := sha256.Sum256([]byte(token))
	now := s.cfg.Now()
	s.mu.Lock()
	c, ok := s.cache[key]
	age := s.age
	s.mu.Unlock()
	if ok && now.Before(c.until) {
		return c.p, nil
	}
	p, err := s.verify(ctx, token, now)
	if err != nil {
		s.cfg.Log.Info("token refused", "err", err)
		return Principal{}, errToken
	}
	until := now.Add(cacheLife)
	if p.Expires.Before(until) {
		until = p.Expires
	}
	s.mu.Lock()
	if len(s.cache) >= cacheSize {
		clear(s.cache)
	}
	if age == s.age { // else what was verified may not hold any more
		s.cache[key] = cached{p, until}
	}
	s.mu.Unlock()
	return p, nil
}

func (s *Service) verify(ctx context.Context, token string, now time.Time) (Principal, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return Principal{}, errors.New("not a signed token of our kind")
	}
	if len(parsed.Headers) != 1 {
		return Principal{}, errors.New("not exactly one signature")
	}
	pub, ok := s.cfg.Keys.public(parsed.Headers[0].KeyID)
	if !ok {
		return Principal{}, errors.New("unknown key id")
	}
	var c claims
	if err := parsed.Claims(pub, &c); err != nil {
		return Principal{}, errors.New("the signature does not fit")
	}
	switch {
	case c.Issuer == "" || c.Subject == "" || c.ID == "" || len(c.Audience) == 0 || c.Expiry == nil || c.NotBefore == nil || c.IssuedAt == nil:
		return Principal{}, errors.New("a required claim is missing")
	case c.Expiry.Time().Sub(now) <= 0:
		return Principal{}, errors.New("expired")
	}
	if err := c.ValidateWithLeeway(jwt.Expected{Issuer: s.cfg.Issuer, AnyAudience: jwt.Audience{s.cfg.Audience}, Time: now}, skew); err != nil {
		return Principal{}, err
	}
	s.mu.Lock()
	gone := s.revoked[c.ID]
	s.mu.Unlock()
	if gone {
		return Principal{}, errors.New("revoked")
	}
	u, ok, err := s.cfg.Store.User(ctx, c.Subject)
	if err != nil || !ok || u.Disabled || u.Platform != c.ClientID {
		return Principal{}, errors.Join(errors.New("no such user, or disabled"), err)
	}
	if u.Platform != "" {
		if p, ok, err := s.cfg.Store.Platform(ctx, u.Platform); err != nil || !ok || p.Disabled {
			return Principal{}, errors.Join(errors.New("the platform is gone or disabled"), err)
		}
	}
	var scopes []string
	for scope := range strings.FieldsSeq(c.Scope) {
		// A user whose scopes were narrowed since has no more than is left.
		if slices.Contains(u.Scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return Principal{User: u.ID, Platform: u.Platform, TokenID: c.ID, Scopes: sorted(scopes), Local: u.Platform == "", Expires: c.Expiry.Time()}, nil
}

func (s *Service) forgetVerified() {
	s.mu.Lock()
	clear(s.cache)
	s.age++
	s.mu.Unlock()
}

// Tokens lists what is remembered of a user's tokens; empty lists all.
func (s *Service) Tokens(ctx context.Context, user string) ([]Token, error) {
	return s.cfg.Store.Tokens(ctx, user)
}

// Revoke ends a token at once. owner, when not empty, must be whose it is.
func (s *Service) Revoke(ctx context.Context, id, owner string) error {
	t, ok, err := s.cfg.Store.Token(ctx, id)
	if err != nil {
		return err
	}
	if !ok || owner != "" && t.User != owner {
		return fault.E("identity.Revoke", fault.NotFound, "there is no token %q", id).Hinted("List them with: quantdesk token list")
	}
	if t.Revoked.IsZero() {
		t.Revoked = s.cfg.Now().UTC()
		if err := s.cfg.Store.PutToken(ctx, t); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.revoked[id] = true
	s.mu.Unlock()
	s.forgetVerified()
	return nil
}

// JWKS is the public keys, as /.well-known/jwks.json serves them.
func (s *Service) JWKS() jose.JSONWebKeySet { return s.cfg.Keys.set() }

// RotateKey signs with a new key from now on; tokens of the old one stay good
// until they expire.
func (s *Service) RotateKey() (kid string, err error) {
	defer s.forgetVerified()
	return s.cfg.Keys.rotate(s.cfg.Now().UTC())
}
