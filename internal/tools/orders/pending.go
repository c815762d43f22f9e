package orders

import (
	"context"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Pending lists tickets that wait.
var Pending = tool.Define(tool.Spec{
	Name: "list_pending_trades", Title: "List pending trades", Toolset: "orders", Scopes: []string{identity.BrokerRead}, Effect: tool.Read, Rows: "trades",
	Description: "Tickets that wait for confirmation, newest first, with their summaries and expiry. They survive reconnects and restarts.",
	Examples:    []string{`{}`},
}, pending)

type pendingIn struct{ tool.Page }

type pendingRow struct {
	ConfirmationID string            `json:"confirmation_id" jsonschema:"For confirm_trade or discard_trade."`
	Account        string            `json:"account" jsonschema:"Its account."`
	Environment    trade.Environment `json:"environment" jsonschema:"simulated, paper or live."`
	Kind           order.Kind        `json:"kind" jsonschema:"single, bracket, oco, oto, basket or replace."`
	Summary        string            `json:"summary" jsonschema:"What would be sent."`
	Notional       num.Decimal       `json:"notional" jsonschema:"Total in the account's currency."`
	Approver       string            `json:"approver" jsonschema:"model or operator."`
	ExpiresAt      time.Time         `json:"expires_at" jsonschema:"Its end."`
}

type pendingOut struct {
	Trades []pendingRow `json:"trades" jsonschema:"Newest first."`
	tool.Provenance
	tool.Listing
}

func pending(ctx context.Context, c *tool.Call, in pendingIn) (pendingOut, error) {
	list, err := c.Deps.Desk.Pending(ctx, c.Asker())
	if err != nil {
		return pendingOut{}, err
	}
	page, next, err := tool.Slice(list, in.Page)
	if err != nil {
		return pendingOut{}, err
	}
	out := pendingOut{Trades: make([]pendingRow, len(page)), Listing: tool.Listing{NextCursor: next}}
	if out.Provenance, err = toldOf(ctx, c, ""); err != nil {
		return pendingOut{}, err
	}
	for i, t := range page {
		out.Trades[i] = pendingRow{t.ID, t.Account, t.Environment, t.Kind, t.Summary, t.Totals.Notional.Rescale(2), t.Approver, t.Expires.UTC()}
	}
	if len(list) == 0 {
		out.Hints = []string{"Nothing waits. create_order proposes an order; get_orders shows what was sent."}
	}
	return out, nil
}
