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
