package identity

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"quantdesk/internal/fault"
)

// Permission is what a connection allows.
type Permission string

// A connection is read-only or trade-enabled.
const (
	ReadOnly     Permission = "read"
	TradeEnabled Permission = "trade"
)

// Values lists the permissions.
func (Permission) Values() []string { return []string{"read", "trade"} }

// Connection ties a user to a broker.
type Connection struct {
	ID         string
	User       string
	Broker     string
	Permission Permission
	Created    time.Time
	// Sealed is the credentials, encrypted; it never leaves the store.
	Sealed string
}

// Account is an account that a connection reaches.
type Account struct {
	ID           string
	ConnectionID string
	User         string
	Broker       string
	Name         string
	Currency     string
	Environment  string
	// Trading follows the connection's permission.
	Trading bool
}

// Connect opens a connection to a broker and keeps it with its accounts.
// Credentials are sealed before they are kept.
func (s *Service) Connect(ctx context.Context, user, broker string, p Permission, credentials map[string]string) (Connection, []Account, error) {
	const op = "identity.Connect"
	if p != ReadOnly && p != TradeEnabled {
		return Connection{}, nil, fault.E(op, fault.Invalid, "permissions must be read or trade, not %q", p)
	}
	c := Connection{ID: newID("conn"), User: user, Broker: broker, Permission: p, Created: s.cfg.Now().UTC()}
	accounts, err := s.cfg.OpenConnection(ctx, c, credentials)
	if err != nil {
		return Connection{}, nil, err
	}
	if c.Sealed, err = s.seal(c.ID, credentials); err != nil {
		return Connection{}, nil, err
	}
	for i := range accounts {
		a := &accounts[i]
		a.ConnectionID, a.User, a.Broker, a.Trading = c.ID, user, broker, p == TradeEnabled
	}
	if err := s.cfg.Store.PutConnection(ctx, c, accounts); err != nil {
		return Connection{}, nil, err
	}
	if s.cfg.Opened != nil {
		s.cfg.Opened(ctx, accounts)
	}
	return c, accounts, nil
}

// Connections lists a user's connections; empty lists all.
func (s *Service) Connections(ctx context.Context, user string) ([]Connection, error) {
	return s.cfg.Store.Connections(ctx, user)
}

// Connection finds one of the user's connections; another's is not found.
func (s *Service) Connection(ctx context.Context, user, id string) (Connection, error) {
	own, err := s.cfg.Store.Connections(ctx, user)
	if err != nil {
		return Connection{}, err
	}
	for _, c := range own {
		if c.ID == id {
			return c, nil
		}
	}
	return Connection{}, fault.E("identity.Connection", fault.NotFound, "there is no connection %q", id).Hinted("Call list_connections.")
}

// Disconnect forgets a connection, its accounts and its credentials. What was
// traded stays in the journal.
func (s *Service) Disconnect(ctx context.Context, user, id string) error {
	c, err := s.Connection(ctx, user, id)
	if err != nil {
		return err
	}
	if err := s.cfg.Store.DeleteConnection(ctx, id); err != nil {
		return err
	}
	if s.cfg.Closed != nil {
		s.cfg.Closed(c)
	}
	return nil
}

// Accounts lists a user's accounts; empty lists all.
func (s *Service) Accounts(ctx context.Context, user string) ([]Account, error) {
	return s.cfg.Store.Accounts(ctx, user)
}

// Account finds an account by id, whoever's it is.
func (s *Service) Account(ctx context.Context, id string) (Account, bool, error) {
	return s.cfg.Store.Account(ctx, id)
}

// Credentials opens a connection's sealed credentials, for its adapter.
func (s *Service) Credentials(c Connection) (map[string]string, error) {
	return s.unseal(c.ID, c.Sealed)
}

// unseal opens what seal encrypted.
func (s *Service) unseal(id, sealed string) (map[string]string, error) {
	g, err := s.aead()
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < g.NonceSize() {
		return nil, errors.New("the sealed credentials are not readable")
	}
	plain, err := g.Open(nil, raw[:g.NonceSize()], raw[g.NonceSize():], []byte(id))
	if err != nil {
		return nil, errors.New("the sealed credentials do not open with this home's key")
	}
	out := map[string]string{}
	return out, json.Unmarshal(plain, &out)
}

// seal encrypts credentials with AES-256-GCM, bound to their connection.
func (s *Service) seal(id string, credentials map[string]string) (string, error) {
	plain, err := json.Marshal(credentials)
	if err != nil {
		return "", err
	}
	g, err := s.aead()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, g.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.StdEncoding.EncodeToString(g.Seal(nonce, nonce, plain, []byte(id))), nil
}

func (s *Service) aead() (cipher.AEAD, error) {
	b, err := aes.NewCipher(s.cfg.SecretKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}
