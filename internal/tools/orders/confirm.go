package orders

import (
	"context"
	"fmt"

	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Confirm submits a ticket, once.
var Confirm = tool.Define(tool.Spec{
	Name: "confirm_trade", Title: "Confirm a trade", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Trade, Alone: true,
	Description: "Send a pending ticket to the broker, once: only after the person agreed to its summary. Calling it again gives the same orders. Gives the orders with status, fills and fees.",
	Aliases:     map[string]string{"id": "confirmation_id", "ticket_id": "confirmation_id"},
}, confirm)

type confirmIn struct {
	ConfirmationID string `json:"confirmation_id" jsonschema:"From create_order, create_basket or replace_order."`
}

type confirmOut struct {
	ConfirmationID string     `json:"confirmation_id" jsonschema:"The ticket."`
	Kind           order.Kind `json:"kind" jsonschema:"single, bracket, oco, oto, basket or replace."`
	Message        string     `json:"message" jsonschema:"What happened in a sentence."`
	Orders         []orderRow `json:"orders" jsonschema:"Its orders as they stand now."`
	tool.Provenance
}

func confirm(ctx context.Context, c *tool.Call, in confirmIn) (confirmOut, error) {
	list, t, err := c.Deps.Desk.Confirm(ctx, c.Asker(), in.ConfirmationID)
	if err != nil {
		return confirmOut{}, err
	}
	out := confirmOut{ConfirmationID: t.ID, Kind: t.Kind, Orders: rowsOf(list), Message: tell(list)}
	out.Provenance, err = told(ctx, c, t.Account)
	return out, err
}

// tell says in a sentence how orders stand.
func tell(list []trade.Order) string {
	if len(list) == 1 {
		o := list[0]
		switch o.Status {
		case trade.Filled:
			return fmt.Sprintf("%s: filled at %s.", order.Describe(o), o.AvgPrice.Round(6).Normalize())
		case trade.Rejected:
			return fmt.Sprintf("%s: rejected: %s.", order.Describe(o), o.Reason)
		case trade.Unknown:
			return fmt.Sprintf("%s: the broker's answer was lost. Do not order again: read get_order until it is decided.", order.Describe(o))
		default:
			return fmt.Sprintf("%s: %s, %s of %s filled.", order.Describe(o), o.Status, o.Filled.Normalize(), o.Quantity.Normalize())
		}
	}
	counts := map[trade.Status]int{}
	for _, o := range list {
		counts[o.Status]++
	}
	s := fmt.Sprintf("%d orders:", len(list))
	for _, st := range trade.Status("").Values() {
		if n := counts[trade.Status(st)]; n > 0 {
			s += fmt.Sprintf(" %d %s,", n, st)
		}
	}
	return s[:len(s)-1] + "."
}
