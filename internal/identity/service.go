package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
)

// LocalUser is the user of the machine itself.
const LocalUser = "local"

// Platform vouches for its users: a fintech, with a client id and secret.
type Platform struct {
	ID         string    `json:"client_id"`
	Name       string    `json:"name"`
	SecretHash string    `json:"-"`
	Disabled   bool      `json:"disabled,omitempty"`
	Created    time.Time `json:"created_at"`
}

// User is a subject. Users of a platform have a secret of their own.
type User struct {
	ID         string `json:"user_id"`
	Platform   string `json:"client_id,omitempty"`
	Name       string `json:"name"`
	SecretHash string `json:"-"`
	// Scopes bound what any token of the user may hold.
	Scopes   []string  `json:"scopes"`
	Disabled bool      `json:"disabled,omitempty"`
	Created  time.Time `json:"created_at"`
}

// Token is what is remembered of a minted token: not the token.
type Token struct {
	ID      string    `json:"token_id"`
	User    string    `json:"user_id"`
	Scopes  []string  `json:"scopes"`
	Issued  time.Time `json:"issued_at"`
	Expires time.Time `json:"expires_at"`
	Revoked time.Time `json:"revoked_at,omitzero"`
}

// Store keeps identities. Put methods insert or replace.
type Store interface {
	PutPlatform(ctx context.Context, p Platform) error
	Platform(ctx context.Context, id string) (Platform, bool, error)
	Platforms(ctx context.Context) ([]Platform, error)
	PutUser(ctx context.Context, u User) error
	User(ctx context.Context, id string) (User, bool, error)
	Users(ctx context.Context, platform string) ([]User, error)
	PutToken(ctx context.Context, t Token) error
	Token(ctx context.Context, id string) (Token, bool, error)
	Tokens(ctx context.Context, user string) ([]Token, error)
	// RevokedSince lists ids of revoked tokens that have not expired.
	RevokedSince(ctx context.Context, now time.Time) ([]string, error)
	// UserNumber gives a user's number, making one the first time: the one that is
	// wanted, or the next where that is 0.
	UserNumber(ctx context.Context, user string, wanted int64) (int64, error)
	UserByNumber(ctx context.Context, number int64) (user string, ok bool, err error)
	// PutAPIToken keeps a token's record and its sealed secret.
	PutAPIToken(ctx context.Context, t APIToken) error
	APITokens(ctx context.Context, user string) ([]APIToken, error)
	PutConnection(ctx context.Context, c Connection, accounts []Account) error
	DeleteConnection(ctx context.Context, id string) error
	Connections(ctx context.Context, user string) ([]Connection, error)
	Account(ctx context.Context, id string) (Account, bool, error)
	Accounts(ctx context.Context, user string) ([]Account, error)
}

// Config is what a Service is made of.
type Config struct {
	Store Store
	Keys  *Keys
	// Issuer and Audience are required of every token.
	Issuer, Audience string
	// SecretKey seals broker credentials; 32 bytes.
	SecretKey []byte
	// OpenConnection makes the accounts of a new connection at its broker.
	OpenConnection func(ctx context.Context, c Connection, credentials map[string]string) ([]Account, error)
	// Opened is told of accounts that were just connected; nil does nothing.
	Opened func(ctx context.Context, accounts []Account)
	// Closed is told of a connection that was just forgotten; nil does nothing.
	Closed func(c Connection)
	// FirstBroker is connected for every new user, so that the first call finds
	// an account; empty connects none.
	FirstBroker string
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Service keeps identities and verifies tokens.
type Service struct {
	cfg Config

	mu      sync.Mutex // guards cache, age, revoked
	cache   map[[32]byte]cached
	age     int // counts the times everything verified was forgotten
	revoked map[string]bool
}

// New makes a service; it reads the revoked tokens.
func New(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, cache: map[[32]byte]cached{}, revoked: map[string]bool{}}
	ids, err := cfg.Store.RevokedSince(ctx, cfg.Now())
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		s.revoked[id] = true
	}
	return s, nil
}

// Local is the person at the machine, with the scopes given; nil means all.
func (s *Service) Local(scopes []string, operator bool) Principal {
	if scopes == nil {
		scopes = Scopes()
	}
	return Principal{User: LocalUser, Scopes: scopes, Operator: operator, Local: true}
}

// NewSecret makes a secret of 256 random bits with a prefix that tells its kind.
func NewSecret(kind string) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return kind + "_" + hex.EncodeToString(b)
}

func newID(kind string) string { return kind + "_" + strings.ToLower(rand.Text()[:16]) }

// hashSecret needs no salt or slow hash: the secret is 256 random bits.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func sameSecret(hash, secret string) bool {
	return hash != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(secret))) == 1
}

// AddPlatform makes a platform and gives its secret, once.
func (s *Service) AddPlatform(ctx context.Context, name string) (Platform, string, error) {
	if err := checkName(name); err != nil {
		return Platform{}, "", err
	}
	secret := NewSecret("qdc")
	p := Platform{ID: newID("client"), Name: name, SecretHash: hashSecret(secret), Created: s.cfg.Now().UTC()}
	return p, secret, s.cfg.Store.PutPlatform(ctx, p)
}

// Platforms lists the platforms.
func (s *Service) Platforms(ctx context.Context) ([]Platform, error) {
	return s.cfg.Store.Platforms(ctx)
}

// AddUser makes a user and gives its secret, once. A user of the local machine
// has no platform and no secret. scopes bound its tokens; none means trader.
func (s *Service) AddUser(ctx context.Context, platform, name string, scopes []string) (User, string, error) {
	if err := checkName(name); err != nil {
		return User{}, "", err
	}
	if len(scopes) == 0 {
		scopes = []string{"trader"}
	}
	expanded, err := Expand(scopes)
	if err != nil {
		return User{}, "", err
	}
	u := User{ID: newID("user"), Platform: platform, Name: name, Scopes: expanded, Created: s.cfg.Now().UTC()}
	if platform == "" {
		return u, "", s.welcome(ctx, u)
	}
	if _, ok, err := s.cfg.Store.Platform(ctx, platform); err != nil || !ok {
		if err == nil {
			err = fault.E("identity.AddUser", fault.NotFound, "there is no platform %q", platform).Hinted("Make one with: quantdesk user platform add NAME")
		}
		return User{}, "", err
	}
	secret := NewSecret("qdu")
	u.SecretHash = hashSecret(secret)
	return u, secret, s.welcome(ctx, u)
}

// welcome keeps a new user and connects its first broker.
func (s *Service) welcome(ctx context.Context, u User) error {
	if err := s.cfg.Store.PutUser(ctx, u); err != nil || s.cfg.FirstBroker == "" {
		return err
	}
	_, _, err := s.Connect(ctx, u.ID, s.cfg.FirstBroker, TradeEnabled, nil)
	return err
}

// EnsureLocal makes the local user if there is none yet, and gives one of an
// earlier version the scopes that came since: the home is the local user's own,
// and what they may do is bounded by the scopes of each token.
func (s *Service) EnsureLocal(ctx context.Context) error {
	u, ok, err := s.cfg.Store.User(ctx, LocalUser)
	if err != nil {
		return err
	}
	if ok {
		if slices.Equal(u.Scopes, Scopes()) {
			return nil
		}
		u.Scopes = Scopes()
		return s.cfg.Store.PutUser(ctx, u)
	}
	return s.welcome(ctx, User{ID: LocalUser, Name: "local user", Scopes: Scopes(), Created: s.cfg.Now().UTC()})
}

// Users lists the users of a platform; empty lists all.
func (s *Service) Users(ctx context.Context, platform string) ([]User, error) {
	return s.cfg.Store.Users(ctx, platform)
}

// User finds a user.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	u, ok, err := s.cfg.Store.User(ctx, id)
	if err == nil && !ok {
		err = fault.E("identity.User", fault.NotFound, "there is no user %q", id).Hinted("List them with: quantdesk user list")
	}
	return u, err
}

// SetDisabled closes a user's access at once, or opens it again.
func (s *Service) SetDisabled(ctx context.Context, id string, disabled bool) (User, error) {
	u, err := s.User(ctx, id)
	if err != nil {
		return u, err
	}
	u.Disabled = disabled
	if err := s.cfg.Store.PutUser(ctx, u); err != nil {
		return u, err
	}
	s.forgetVerified()
	return u, nil
}

// RotateUserSecret gives a user a new secret; the old one ends at once.
func (s *Service) RotateUserSecret(ctx context.Context, id string) (string, error) {
	u, err := s.User(ctx, id)
	if err != nil {
		return "", err
	}
	if u.Platform == "" {
		return "", fault.E("identity.RotateUserSecret", fault.Invalid, "user %s belongs to this machine and has no secret", id)
	}
	secret := NewSecret("qdu")
	u.SecretHash = hashSecret(secret)
	return secret, s.cfg.Store.PutUser(ctx, u)
}

// RotatePlatformSecret gives a platform a new secret; the old one ends at once.
func (s *Service) RotatePlatformSecret(ctx context.Context, id string) (string, error) {
	p, ok, err := s.cfg.Store.Platform(ctx, id)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fault.E("identity.RotatePlatformSecret", fault.NotFound, "there is no platform %q", id)
	}
	secret := NewSecret("qdc")
	p.SecretHash = hashSecret(secret)
	return secret, s.cfg.Store.PutPlatform(ctx, p)
}

// Authenticate proves a platform by its secret. The error tells nothing apart.
func (s *Service) Authenticate(ctx context.Context, clientID, clientSecret string) (Platform, error) {
	p, ok, err := s.cfg.Store.Platform(ctx, clientID)
	if err != nil {
		return Platform{}, err
	}
	if !ok || p.Disabled || !sameSecret(p.SecretHash, clientSecret) {
		return Platform{}, badCredentials()
	}
	return p, nil
}

// AuthenticateUser proves a platform's user by both secrets.
func (s *Service) AuthenticateUser(ctx context.Context, clientID, clientSecret, userID, userSecret string) (User, error) {
	p, err := s.Authenticate(ctx, clientID, clientSecret)
	if err != nil {
		return User{}, err
	}
	u, ok, err := s.cfg.Store.User(ctx, userID)
	if err != nil {
		return User{}, err
	}
	if !ok || u.Platform != p.ID || u.Disabled || !sameSecret(u.SecretHash, userSecret) {
		return User{}, badCredentials()
	}
	return u, nil
}

func badCredentials() error {
	return fault.E("identity.Authenticate", fault.Unauthenticated, "the client or user credentials are not accepted").
		Hinted("Check client-id, client-secret, user-id and user-secret.")
}

func checkName(name string) error {
	if name = strings.TrimSpace(name); name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fault.E("identity.checkName", fault.Invalid, "a name has 1 to 100 printable characters")
	}
	return nil
}
