package tool

import (
	"time"

	"quantdesk/internal/feed"
	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/risk"
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
	// Now is the wall clock.
	Now func() time.Time
}

// Asker is the caller as the desk knows it. A tool is never the operator: that
// needs the machine itself, whatever the principal is.
func (c *Call) Asker() order.Caller {
	return order.Caller{User: c.Caller.User, Trace: c.Trace}
}
