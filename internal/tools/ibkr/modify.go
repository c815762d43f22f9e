package ibkr

import (
	"context"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Modify proposes a change to a working order.
var Modify = tool.Define(tool.Spec{
	Name: "ibkr_modify_order", Title: "Propose a change at IBKR", Toolset: toolset, Scopes: trades, Effect: tool.Trade, OpenWorld: true,
	Description: "Check and price a change to a working order; nothing is sent until confirm_trade. What is left out stays.",
	Aliases:     map[string]string{"total_quantity": "quantity", "qty": "quantity", "lmt_price": "limitPrice", "stop_price": "auxPrice"},
}, modify)

type modifyIn struct {
	OrderID    string      `json:"orderId" jsonschema:"TWS's number, or the desk's id."`
	Quantity   num.Decimal `json:"quantity,omitzero" jsonschema:"New total, the filled part included."`
	LimitPrice num.Decimal `json:"limitPrice,omitzero" jsonschema:"New limit."`
	AuxPrice   num.Decimal `json:"auxPrice,omitzero" jsonschema:"New stop, or new amount of a trail."`
	accountIn
}

func modify(ctx context.Context, c *tool.Call, in modifyIn) (placedOut, error) {
	a, o, err := orderOf(ctx, c, in.Account, in.OrderID)
	if err != nil {
		return placedOut{}, err
	}
	change := order.Change{OrderID: o.ID, Quantity: in.Quantity, LimitPrice: in.LimitPrice}
	switch {
	case in.AuxPrice.IsZero():
	case o.Type == trade.TrailingStop:
		change.TrailAmount = in.AuxPrice
	default:
		change.StopPrice = in.AuxPrice
	}
	t, err := c.Deps.Desk.ProposeReplace(ctx, c.Asker(), change)
	if err != nil {
		return placedOut{}, err
	}
	n := t.Legs[0].Order
	k, err := c.Deps.IBKR.Contract(ctx, a.ID, n.Symbol)
	if err != nil {
		return placedOut{}, err
	}
	return settle(ctx, c, t, placing{account: a, contract: k, wish: order.Wish{Intent: trade.Intent{Symbol: n.Symbol, Side: n.Side, Type: n.Type, Quantity: n.Quantity}}}.out())
}

// orderOf finds an order of the caller by TWS's number or the desk's id.
func orderOf(ctx context.Context, c *tool.Call, account, id string) (order.Account, trade.Order, error) {
	a, err := accountOf(ctx, c, account)
	if err != nil {
		return a, trade.Order{}, err
	}
	if desk, ok := byNumber(c, a.ID, id); ok {
		id = desk
	}
	o, err := c.Deps.Desk.Order(ctx, c.Asker(), id)
	if err == nil && o.Account != a.ID {
		err = fault.E("ibkr.order", fault.NotFound, "there is no order %q", tool.Echo(id)).Hinted("ibkr_get_all_orders lists orders.").With("argument", "orderId")
	}
	return a, o, err
}
