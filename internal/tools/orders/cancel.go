package orders

import (
	"context"
	"strconv"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Cancel ends an order in one step.
var Cancel = tool.Define(tool.Spec{
	Name: "cancel_order", Title: "Cancel an order", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Trade, Idempotent: true,
	Description: "End a working order at once; no confirmation is needed. Gives the order as the venue answered: it may have filled first.",
	Aliases:     map[string]string{"id": "order_id"},
}, cancel)

type cancelIn struct {
	OrderID string `json:"order_id" jsonschema:"The order's id; of an order at IBKR its orderId is taken too."`
}

type cancelOut struct {
	Order   orderRow `json:"order" jsonschema:"The order as it stands."`
	OrderID int64    `json:"orderId,omitempty" jsonschema:"At IBKR: TWS's number."`
	Status  string   `json:"status,omitempty" jsonschema:"At IBKR: the status again."`
	tool.Provenance
}

func cancel(ctx context.Context, c *tool.Call, in cancelIn) (cancelOut, error) {
	id, err := idOf(ctx, c, in.OrderID)
	if err != nil {
		return cancelOut{}, err
	}
	o, err := c.Deps.Desk.Cancel(ctx, c.Asker(), id)
	if err != nil {
		return cancelOut{}, err
	}
	out := cancelOut{Order: rowOf(o)}
	if out.OrderID = c.Deps.IBKR.Number(o.Account, o.ID); out.OrderID != 0 {
		out.Status = string(o.Status)
	}
	out.Provenance, err = told(ctx, c, o.Account)
	return out, err
}

// idOf gives the desk's id of an order that is named by a number of TWS.
func idOf(ctx context.Context, c *tool.Call, text string) (string, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text, nil //nolint:nilerr // it is an id of the desk's own
	}
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	for _, a := range own {
		if id, ok := c.Deps.IBKR.Find(a.ID, number); ok {
			return id, nil
		}
	}
	return text, err
}
