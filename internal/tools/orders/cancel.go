package orders

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Cancel ends an order in one step.
var Cancel = tool.Define(tool.Spec{
	Name: "cancel_order", Title: "Cancel an order", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Trade, Idempotent: true,
	Description: "End a working order at once; no confirmation is needed. Gives the order as the venue answered: it may have filled first.",
	Aliases:     map[string]string{"id": "order_id"},
}, cancel)

func cancel(ctx context.Context, c *tool.Call, in orderIn) (orderOut, error) {
	o, err := c.Deps.Desk.Cancel(ctx, c.Asker(), in.OrderID)
	if err != nil {
		return orderOut{}, err
	}
	out := orderOut{Order: rowOf(o)}
	out.Provenance, err = told(ctx, c, o.Account)
	return out, err
}
