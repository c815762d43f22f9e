package orders

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
)

// Create proposes an order.
var Create = tool.Define(tool.Spec{
	Name: "create_order", Title: "Propose an order", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Trade,
	Description: "Check and price an order against broker rules and policy; nothing is sent. Gives a confirmation_id and a summary for the person; confirm_trade sends it within 2 minutes. For many orders use create_basket.",
	Aliases:     wishAliases, Words: wishWords,
	Examples: []string{`{"symbol":"AAPL","side":"buy","quantity":10}`, `{"symbol":"MSFT","side":"buy","quantity":5,"unit":"percent_equity"}`},
}, create)

type createIn struct {
	Account string `json:"account,omitempty" jsonschema:"account_id; optional where you have one account."`
	wishIn
	ClientRef string `json:"client_ref,omitempty" jsonschema:"Your own id: repeating it gives the same ticket."`
}

func create(ctx context.Context, c *tool.Call, in createIn) (Ticket, error) {
	w, err := in.wish()
	if err != nil {
		return Ticket{}, err
	}
	t, err := c.Deps.Desk.Propose(ctx, c.Asker(), order.Proposal{Account: in.Account, ClientRef: in.ClientRef, Wishes: []order.Wish{w}})
	if err != nil {
		return Ticket{}, err
	}
	return TicketOf(ctx, c, t), nil
}
