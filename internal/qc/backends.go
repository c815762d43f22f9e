package qc

import (
	"context"
	"net/http"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

// Broker is the name that a user's credentials of the cloud are kept under,
// among their connections.
const Broker = "QuantConnect"

// Backends gives each user the client of either backend. Credentials belong to
// one user and are sealed with their connections; none is kept in memory.
type Backends struct {
	// Embedded reaches the engine inside the desk as a principal.
	Embedded func(p identity.Principal) http.RoundTripper
	// EmbeddedBase is the address the embedded API answers below.
	EmbeddedBase string
	// CloudBase is the address of the cloud; empty means QuantConnect's.
	CloudBase string
	// CloudTransport carries requests to the cloud; nil means the network.
	CloudTransport http.RoundTripper
	Identity       *identity.Service
	// Local is the credential that the machine's environment gives, for the local
	// user alone.
	Local Credential
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
}

// Base is the address of the cloud.
func (b *Backends) Base() string {
	if b.CloudBase != "" {
		return b.CloudBase
	}
	return CloudBase
}

// Origin is where a credential comes from.
type Origin string

// The origins: none, sealed with the user's connections, the environment.
const (
	Nowhere     Origin = "none"
	Stored      Origin = "stored"
	Environment Origin = "environment"
)

// Values lists the origins.
func (Origin) Values() []string {
	return []string{string(Nowhere), string(Stored), string(Environment)}
}

// Client gives the caller's client of a backend; an empty one is the embedded.
func (b *Backends) Client(ctx context.Context, p identity.Principal, backend Backend) (*Client, error) {
	if backend != Cloud {
		return New(Config{Backend: Embedded, Base: b.EmbeddedBase, Transport: b.Embedded(p), Now: b.Now}), nil
	}
	cred, origin, err := b.Credential(ctx, p.User)
	if err != nil {
		return nil, err
	}
	if origin == Nowhere {
		return nil, fault.E("qc.Client", fault.Conflict, "there are no credentials of QuantConnect's cloud for you").
			Hinted("Call configure_quantconnect_auth, or leave backend out for the embedded engine.").With("argument", "backend")
	}
	return b.With(cred), nil
}

// With gives a client of the cloud with a credential that need not be stored.
func (b *Backends) With(cred Credential) *Client {
	return New(Config{Backend: Cloud, Base: b.Base(), Transport: b.CloudTransport, Credential: cred, Now: b.Now})
}

// Credential finds a user's credential of the cloud: what they stored last, or,
// for the local user, what the environment gives.
func (b *Backends) Credential(ctx context.Context, user string) (Credential, Origin, error) {
	own, err := b.connections(ctx, user)
	if err != nil {
		return Credential{}, Nowhere, err
	}
	if n := len(own); n > 0 {
		plain, err := b.Identity.Credentials(own[n-1])
		return Credential{plain["user_id"], plain["api_token"], plain["organization_id"]}, Stored, err
	}
	if user == identity.LocalUser && b.Local.UserID != "" && b.Local.Token != "" {
		return b.Local, Environment, nil
	}
	return Credential{}, Nowhere, nil
}

// Configure keeps a credential that the cloud accepted, in place of the one
// before.
func (b *Backends) Configure(ctx context.Context, user string, cred Credential) error {
	before, err := b.connections(ctx, user)
	if err != nil {
		return err
	}
	if _, _, err := b.Identity.Connect(ctx, user, Broker, identity.ReadOnly, map[string]string{
		"user_id": cred.UserID, "api_token": cred.Token, "organization_id": cred.Organization,
	}); err != nil {
		return err
	}
	return b.forget(ctx, user, before)
}

// Clear forgets a user's stored credentials and tells whether there were any.
func (b *Backends) Clear(ctx context.Context, user string) (bool, error) {
	own, err := b.connections(ctx, user)
	if err != nil {
		return false, err
	}
	return len(own) > 0, b.forget(ctx, user, own)
}

func (b *Backends) forget(ctx context.Context, user string, list []identity.Connection) error {
	for _, c := range list {
		if err := b.Identity.Disconnect(ctx, user, c.ID); err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// connections are the user's connections that hold such credentials, oldest
// first.
func (b *Backends) connections(ctx context.Context, user string) ([]identity.Connection, error) {
	if user == "" { // nobody has none; identity would list all
		return nil, nil
	}
	all, err := b.Identity.Connections(ctx, user)
	if err != nil {
		return nil, err
	}
	var own []identity.Connection
	for _, c := range all {
		if c.Broker == Broker {
			own = append(own, c)
		}
	}
	return own, nil
}
