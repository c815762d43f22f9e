package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"quantdesk/internal/fault"
)

// APIToken is a token of QuantConnect's protocol: the client proves the secret
// by a hash over it and the time, so the desk must know it, sealed.
type APIToken struct {
	Token
	Sealed string
}

// APIMinted is a new API token with its secret, which is not shown again.
type APIMinted struct {
	// Number is the user's id in QuantConnect's protocol.
	Number int64 `json:"number"`
	Secret string
	Token  Token
}

// maxAPITokens bounds those of one user that are good at a time: each is tried.
const maxAPITokens = 20

// MintAPIToken makes an API token of QuantConnect's protocol with at most the
// user's scopes, as Mint does.
func (s *Service) MintAPIToken(ctx context.Context, userID string, scopes []string, ttl time.Duration) (APIMinted, error) {
	return s.AddAPIToken(ctx, userID, 0, NewSecret("qda"), scopes, ttl)
}

// AddAPIToken is MintAPIToken with a secret that is given, and, where number is
// not 0, a number that the user is to have: for the homes of tests.
func (s *Service) AddAPIToken(ctx context.Context, userID string, number int64, secret string, scopes []string, ttl time.Duration) (APIMinted, error) {
	const op = "identity.AddAPIToken"
	if secret == "" {
		return APIMinted{}, fault.E(op, fault.Invalid, "an API token needs a secret")
	}
	t, err := s.grant(ctx, userID, scopes, ttl, maxTTL)
	if err != nil {
		return APIMinted{}, err
	}
	have, err := s.goodAPITokens(ctx, userID)
	if err != nil {
		return APIMinted{}, err
	}
	if len(have) >= maxAPITokens {
		return APIMinted{}, fault.E(op, fault.Conflict, "user %s has %d API tokens that are good", userID, len(have)).Hinted("Revoke one with: quantdesk token revoke ID")
	}
	number, err = s.cfg.Store.UserNumber(ctx, userID, number)
	if err != nil {
		return APIMinted{}, err
	}
	sealed, err := s.seal(t.ID, map[string]string{"secret": secret})
	if err != nil {
		return APIMinted{}, err
	}
	return APIMinted{Number: number, Secret: secret, Token: t}, s.cfg.Store.PutAPIToken(ctx, APIToken{t, sealed})
}

// grant checks what a user asks to hold and makes the token's record.
func (s *Service) grant(ctx context.Context, userID string, scopes []string, ttl, limit time.Duration) (Token, error) {
	const op = "identity.Mint"
	u, err := s.User(ctx, userID)
	if err != nil {
		return Token{}, err
	}
	if u.Disabled {
		return Token{}, fault.E(op, fault.Forbidden, "user %s is disabled", userID)
	}
	if len(scopes) == 0 {
		scopes = []string{"read"}
	}
	want, err := Expand(scopes)
	if err != nil {
		return Token{}, err
	}
	for _, w := range want {
		if !slices.Contains(u.Scopes, w) {
			return Token{}, fault.E(op, fault.Forbidden, "user %s may not hold the scope %s", userID, w).
				Hinted("Ask for fewer scopes, or have the operator widen the user's.").With("missing_scopes", []string{w})
		}
	}
	if ttl <= 0 {
		ttl = DefaultTTL
	}
	if ttl > limit {
		return Token{}, fault.E(op, fault.Invalid, "a token lives at most %s, not %s", limit, ttl)
	}
	now := s.cfg.Now().UTC().Truncate(time.Second)
	return Token{ID: newID("tok"), User: u.ID, Scopes: want, Issued: now, Expires: now.Add(ttl)}, nil
}

func (s *Service) goodAPITokens(ctx context.Context, user string) ([]APIToken, error) {
	all, err := s.cfg.Store.APITokens(ctx, user)
	now := s.cfg.Now()
	return slices.DeleteFunc(all, func(t APIToken) bool { return !t.Revoked.IsZero() || !now.Before(t.Expires) }), err
}

// UserNumber is a user's number in QuantConnect's protocol, given on first use.
func (s *Service) UserNumber(ctx context.Context, user string) (int64, error) {
	return s.cfg.Store.UserNumber(ctx, user, 0)
}

// UserByNumber finds a user by number.
func (s *Service) UserByNumber(ctx context.Context, number int64) (User, bool, error) {
	id, ok, err := s.cfg.Store.UserByNumber(ctx, number)
	if err != nil || !ok {
		return User{}, false, err
	}
	return s.cfg.Store.User(ctx, id)
}

const (
	// hashLife is how old a timestamp may be: clients use one pair for long.
	hashLife = 7200 * time.Second
	// hashSkew is how far a client's clock may be ahead.
	hashSkew = 5 * time.Minute
)

// Reasons why VerifyHash refuses, wrapped by its faults.
var (
	ErrUserID    = errors.New("no such user id")
	ErrHash      = errors.New("the hash does not fit")
	ErrTimestamp = errors.New("the timestamp is out of range")
)

func refusedHash(why error, message string) error {
	return fault.Wrap("identity.VerifyHash", fault.Unauthenticated, why, "%s", message).Hinted("Make an API token with: quantdesk token --quantconnect")
}

// VerifyHash proves a user of QuantConnect's protocol: hash is the lower-case
// hexadecimal SHA-256 of "secret:timestamp", timestamp the time in whole seconds.
// One pair may come many times, until its timestamp is two hours old.
func (s *Service) VerifyHash(ctx context.Context, number int64, timestamp, hash string) (Principal, error) {
	now := s.cfg.Now()
	sec, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return Principal{}, refusedHash(ErrTimestamp, "the timestamp is not a number of seconds")
	}
	if at := time.Unix(sec, 0); now.Sub(at) > hashLife || at.Sub(now) > hashSkew {
		return Principal{}, refusedHash(ErrTimestamp, "the timestamp is out of range: check the clock")
	}
	u, ok, err := s.UserByNumber(ctx, number)
	if err != nil {
		return Principal{}, err
	}
	if !ok || u.Disabled {
		return Principal{}, refusedHash(ErrUserID, "the user id is not valid")
	}
	if u.Platform != "" {
		p, ok, err := s.cfg.Store.Platform(ctx, u.Platform)
		if err != nil {
			return Principal{}, err
		}
		if !ok || p.Disabled {
			return Principal{}, refusedHash(ErrUserID, "the user id is not valid")
		}
	}
	good, err := s.goodAPITokens(ctx, u.ID)
	if err != nil {
		return Principal{}, err
	}
	for _, t := range good {
		plain, err := s.unseal(t.ID, t.Sealed)
		if err != nil {
			s.cfg.Log.Error("an API token does not open", "token_id", t.ID, "err", err)
			continue
		}
		sum := sha256.Sum256([]byte(plain["secret"] + ":" + timestamp))
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(hash)) != 1 {
			continue
		}
		// A user whose scopes were narrowed since has no more than is left.
		scopes := slices.DeleteFunc(slices.Clone(t.Scopes), func(scope string) bool { return !slices.Contains(u.Scopes, scope) })
		return Principal{User: u.ID, Platform: u.Platform, TokenID: t.ID, Scopes: sorted(scopes), Local: u.Platform == "", Expires: t.Expires}, nil
	}
	return Principal{}, refusedHash(ErrHash, "the hash does not match")
}
