package ibkr

import (
	"context"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
)

// Bracket proposes an entry with both exits.
var Bracket = tool.Define(tool.Spec{
	Name: "ibkr_place_bracket_order", Title: "Propose a bracket at IBKR", Toolset: toolset, Scopes: trades, Effect: tool.Trade, OpenWorld: true,
	Description: "Check and price a limit entry with a profit exit and a loss exit, of which one cancels the other; nothing is sent until confirm_trade.",
	Aliases:     more(map[string]string{"total_quantity": "quantity", "qty": "quantity", "side": "action", "take_profit": "takeProfitPrice", "stop_loss": "stopLossPrice", "limit_price": "entryPrice", "lmt_price": "entryPrice"}),
}, bracket)

type bracketIn struct {
	contractIn
	Action     string      `json:"action" jsonschema:"BUY or SELL: of the entry."`
	Quantity   num.Decimal `json:"quantity" jsonschema:"Above zero."`
	Entry      num.Decimal `json:"entryPrice" jsonschema:"Limit of the entry."`
	TakeProfit num.Decimal `json:"takeProfitPrice" jsonschema:"Limit of the profit exit."`
	StopLoss   num.Decimal `json:"stopLossPrice" jsonschema:"Stop of the loss exit."`
	TIF        string      `json:"tif,omitempty" jsonschema:"DAY or GTC." default:"DAY"`
	Ref        string      `json:"client_ref,omitempty" jsonschema:"Your own id: repeating it gives the same pending trade."`
	accountIn
}

func bracket(ctx context.Context, c *tool.Call, in bracketIn) (placedOut, error) {
	p, err := prepare(ctx, c, in.Account, in.contractIn, termsIn{Action: in.Action, Quantity: in.Quantity, Type: "LMT", LimitPrice: in.Entry, TIF: in.TIF})
	if err != nil {
		return placedOut{}, err
	}
	p.ref = in.Ref
	p.wish.Class, p.wish.TakeProfit, p.wish.StopLoss = order.Bracket, in.TakeProfit, in.StopLoss
	return p.propose(ctx, c)
}
