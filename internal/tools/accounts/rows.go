package accounts

import (
	"time"

	"quantdesk/internal/order"
	"quantdesk/internal/tool"
)

// Priced gives the provenance of an account's figures; a zero asOf is now.
func Priced(c *tool.Call, a order.Account, asOf time.Time) tool.Provenance {
	if asOf.IsZero() {
		asOf = c.Deps.Feed.Now()
	}
	p := c.Priced(asOf, c.Deps.Feed.Kind())
	p.Account, p.Environment = a.ID, a.Environment
	return p
}
