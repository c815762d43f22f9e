package orders

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
)

// Replace proposes a change to a working order.
var Replace = tool.Define(tool.Spec{
	Name: "replace_order", Title: "Propose a change to an order", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Trade,
	Description: "Check and price a change to a working order; nothing is sent until confirm_trade. What is left out stays.",
	Aliases:     map[string]string{"id": "order_id", "qty": "quantity"},
}, replace)

type replaceIn struct {
	OrderID      string      `json:"order_id" jsonschema:"The working order."`
	Quantity     num.Decimal `json:"quantity,omitzero" jsonschema:"New total, filled part included."`
	LimitPrice   num.Decimal `json:"limit_price,omitzero" jsonschema:"New limit."`
	StopPrice    num.Decimal `json:"stop_price,omitzero" jsonschema:"New stop."`
	TrailAmount  num.Decimal `json:"trail_amount,omitzero" jsonschema:"New trail in price."`
	TrailPercent num.Decimal `json:"trail_percent,omitzero" jsonschema:"New trail in percent."`
}

func replace(ctx context.Context, c *tool.Call, in replaceIn) (Ticket, error) {
	t, err := c.Deps.Desk.ProposeReplace(ctx, c.Asker(), order.Change{
		OrderID: in.OrderID, Quantity: in.Quantity, LimitPrice: in.LimitPrice, StopPrice: in.StopPrice, TrailAmount: in.TrailAmount, TrailPercent: in.TrailPercent,
	})
	if err != nil {
		return Ticket{}, err
	}
	return TicketOf(ctx, c, t), nil
}
