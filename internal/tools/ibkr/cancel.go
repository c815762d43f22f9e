package ibkr

import (
	"context"
	"strconv"

	"quantdesk/internal/num"
	"quantdesk/internal/tool"
)

// Cancel ends an order in one step.
var Cancel = tool.Define(tool.Spec{
	Name: "ibkr_cancel_order", Title: "Cancel an order at IBKR", Toolset: toolset, Scopes: trades, Effect: tool.Trade, Idempotent: true, OpenWorld: true,
	Description: "End a working order at once, by TWS's number or the desk's id; no confirmation is needed. It may have filled first.",
	Aliases:     map[string]string{"id": "orderId"},
}, cancel)

type cancelIn struct {
	OrderID string `json:"orderId" jsonschema:"TWS's number, or the desk's id."`
	accountIn
}

type cancelOut struct {
	OrderID int64       `json:"orderId" jsonschema:"TWS's number."`
	ID      string      `json:"order_id" jsonschema:"The desk's id."`
	Status  string      `json:"status" jsonschema:"PendingCancel or Cancelled, or as TWS has it."`
	Symbol  string      `json:"symbol" jsonschema:"What."`
	Filled  num.Decimal `json:"filled" jsonschema:"Executed before."`
	tool.Provenance
}

func cancel(ctx context.Context, c *tool.Call, in cancelIn) (cancelOut, error) {
	a, o, err := orderOf(ctx, c, in.Account, in.OrderID)
	if err != nil {
		return cancelOut{}, err
	}
	if o, err = c.Deps.Desk.Cancel(ctx, c.Asker(), o.ID); err != nil {
		return cancelOut{}, err
	}
	return cancelOut{c.Deps.IBKR.Number(a.ID, o.ID), o.ID, statuses[o.Status], o.Symbol, o.Filled, told(a)}, nil
}

// byNumber gives the desk's id of an order by TWS's number for it.
func byNumber(c *tool.Call, account, text string) (string, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return "", false
	}
	return c.Deps.IBKR.Find(account, n)
}
