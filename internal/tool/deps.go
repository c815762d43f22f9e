package tool

import (
	"context"
	"time"

	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/feed"
	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/qc"
	"quantdesk/internal/report/shelf"
	"quantdesk/internal/research"
	"quantdesk/internal/risk"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// Deps are the services handlers call.
type Deps struct {
	Desk     *order.Desk
	Feed     *feed.Feed
	Identity *identity.Service
	// Brokers are the kinds of broker a connection can be made to.
	Brokers []order.Capabilities
	// Policy is the operator's policy as it stands now.
	Policy func() risk.Policy
	// IBKR reaches the TWS of accounts at Interactive Brokers, Streams what users
	// follow there.
	IBKR    IBKR
	Streams *ibkr.Streams
	// QuantConnect reaches the embedded engine and QuantConnect's cloud.
	QuantConnect *qc.Backends
	// Research analyses instruments and keeps what users' analyses gave.
	Research *research.Service
	// Reports keeps the files of users' reports.
	Reports *shelf.Shelf
	// Workspace is the folder of a LEAN CLI workspace that projects can be copied
	// from; empty means none.
	Workspace string
	// Version is the desk's own.
	Version string
	// Started is when the desk opened.
	Started time.Time
	// Now is the wall clock.
	Now func() time.Time
}

// IBKR is what tools need of the connections to Interactive Brokers.
type IBKR interface {
	Client(account string) (*client.Client, error)
	Status(account string) (ibkr.Params, client.Status, bool)
	Resolve(ctx context.Context, account string, want tws.Contract) (contract tws.Contract, symbol string, err error)
	Contract(ctx context.Context, account, symbol string) (tws.Contract, error)
	Find(account string, number int64) (id string, ok bool)
	Number(account, id string) int64
}

// Asker is the caller as the desk knows it. A tool is never the operator: that
// needs the machine itself, whatever the principal is.
func (c *Call) Asker() order.Caller {
	return order.Caller{User: c.Caller.User, Trace: c.Trace}
}

// Researcher is the caller as the research room knows it.
func (c *Call) Researcher() research.Caller { return research.Caller{User: c.Caller.User} }

// Client gives the caller's client of a backend; an empty one is the embedded.
func (c *Call) Client(ctx context.Context, b qc.Backend) (*qc.Client, error) {
	return c.Deps.QuantConnect.Client(ctx, c.Caller, b)
}

// Backend is embedded in the input of the tools that reach projects.
type Backend struct {
	Backend qc.Backend `json:"backend,omitempty" jsonschema:"embedded, or your QuantConnect cloud account." default:"embedded"`
}
