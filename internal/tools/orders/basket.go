package orders

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
)

// Basket proposes many orders as one ticket.
var Basket = tool.Define(tool.Spec{
	Name: "create_basket", Title: "Propose a basket of orders", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Trade,
	Description: "Check and price up to 100 orders as one ticket with totals and one confirmation_id; nothing is sent. A rebalance is this and one confirm_trade. One bad order refuses the whole.",
	Aliases:     wishAliases, Words: wishWords,
	Examples: []string{`{"orders":[{"symbol":"AAPL","side":"buy","quantity":5},{"symbol":"KO","side":"buy","quantity":10}]}`},
}, basket)

type basketIn struct {
	Account   string   `json:"account,omitempty" jsonschema:"account_id; optional where you have one account."`
	Orders    []wishIn `json:"orders" jsonschema:"As for create_order." maxItems:"100"`
	ClientRef string   `json:"client_ref,omitempty" jsonschema:"Your own id: repeating it gives the same ticket."`
}

func basket(ctx context.Context, c *tool.Call, in basketIn) (Ticket, error) {
	p := order.Proposal{Account: in.Account, ClientRef: in.ClientRef}
	for _, l := range in.Orders {
		w, err := l.wish()
		if err != nil {
			return Ticket{}, err
		}
		p.Wishes = append(p.Wishes, w)
	}
	t, err := c.Deps.Desk.Propose(ctx, c.Asker(), p)
	if err != nil {
		return Ticket{}, err
	}
	return TicketOf(ctx, c, t), nil
}
