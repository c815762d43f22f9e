package orders

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Get reads one order.
var Get = tool.Define(tool.Spec{
	Name: "get_order", Title: "Get an order", Toolset: "orders", Scopes: []string{identity.BrokerRead}, Effect: tool.Read,
	Description: "One order with status, fills, fees, reason and the venue's own words.",
	Aliases:     map[string]string{"id": "order_id"},
}, get)

type orderIn struct {
	OrderID string `json:"order_id" jsonschema:"From confirm_trade or get_orders."`
}

type orderOut struct {
	Order orderRow `json:"order" jsonschema:"The order."`
	tool.Provenance
}

func get(ctx context.Context, c *tool.Call, in orderIn) (orderOut, error) {
	o, err := c.Deps.Desk.Order(ctx, c.Asker(), in.OrderID)
	if err != nil {
		return orderOut{}, err
	}
	out := orderOut{Order: rowOf(o)}
	out.Provenance, err = told(ctx, c, o.Account)
	return out, err
}
