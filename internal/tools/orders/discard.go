package orders

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
)

// Discard drops a ticket.
var Discard = tool.Define(tool.Spec{
	Name: "discard_trade", Title: "Discard a pending trade", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Write, Idempotent: true,
	Description: "Drop a pending ticket so that it can no longer be confirmed. For an order already sent use cancel_order.",
	Aliases:     map[string]string{"id": "confirmation_id"},
}, discard)

type discardOut struct {
	ConfirmationID string      `json:"confirmation_id" jsonschema:"The ticket."`
	Status         order.State `json:"status" jsonschema:"discarded."`
}

func discard(ctx context.Context, c *tool.Call, in confirmIn) (discardOut, error) {
	t, err := c.Deps.Desk.Discard(ctx, c.Asker(), in.ConfirmationID)
	return discardOut{t.ID, t.State}, err
}
