package ibkr

import (
	"context"

	"quantdesk/internal/num"
	"quantdesk/internal/tool"
)

// optionIn is embedded where a tool takes one option.
type optionIn struct {
	Symbol     string      `json:"symbol" jsonschema:"The underlying's."`
	Expiration string      `json:"expiration" jsonschema:"yyyymmdd."`
	Strike     num.Decimal `json:"strike" jsonschema:"The strike."`
	Right      string      `json:"right" jsonschema:"C or P."`
	Exchange   string      `json:"exchange,omitempty" jsonschema:"Where." default:"SMART"`
	Currency   string      `json:"currency,omitempty" jsonschema:"Of the price." default:"USD"`
	Class      string      `json:"tradingClass,omitempty" jsonschema:"Where chains have several."`
}

// optionNames are other names of an option's fields.
var optionNames = map[string]string{
	"expiry": "expiration", "last_trade_date_or_contract_month": "expiration", "ticker": "symbol", "total_quantity": "quantity", "qty": "quantity", "side": "action",
	"lmt_price": "limitPrice", "underlying_price": "underlyingPrice",
}

func (in optionIn) contract() contractIn {
	return contractIn{Contract: &nested{
		Symbol: in.Symbol, SecType: "OPT", Exchange: in.Exchange, Currency: in.Currency, Expiration: in.Expiration, Strike: in.Strike, Right: in.Right, TradingClass: in.Class,
	}}
}

// PlaceOption proposes an order for an option.
var PlaceOption = tool.Define(tool.Spec{
	Name: "ibkr_place_option_order", Title: "Propose an option order", Toolset: toolset, Scopes: trades, Effect: tool.Trade, OpenWorld: true,
	Description: "Check and price an order for one option; nothing is sent until confirm_trade. ibkr_get_option_chain has the options.",
	Aliases:     named(optionNames, "quantity", "action", "limitPrice"),
}, placeOption)

type placeOptionIn struct {
	optionIn
	Action     string      `json:"action" jsonschema:"BUY or SELL."`
	Quantity   num.Decimal `json:"quantity" jsonschema:"Contracts."`
	Type       string      `json:"orderType,omitempty" jsonschema:"MKT or LMT." default:"MKT"`
	LimitPrice num.Decimal `json:"limitPrice,omitzero" jsonschema:"For LMT, of one share."`
	TIF        string      `json:"tif,omitempty" jsonschema:"DAY or GTC." default:"DAY"`
	Ref        string      `json:"client_ref,omitempty" jsonschema:"Your own id: repeating it gives the same pending trade."`
	accountIn
}

func placeOption(ctx context.Context, c *tool.Call, in placeOptionIn) (placedOut, error) {
	p, err := prepare(ctx, c, in.Account, in.contract(), termsIn{Action: in.Action, Quantity: in.Quantity, Type: in.Type, LimitPrice: in.LimitPrice, TIF: in.TIF})
	if err != nil {
		return placedOut{}, err
	}
	p.ref = in.Ref
	return p.propose(ctx, c)
}

// named keeps the names that lead to an option's fields or to those given.
func named(names map[string]string, further ...string) map[string]string {
	keep := map[string]bool{"expiration": true, "symbol": true}
	for _, f := range further {
		keep[f] = true
	}
	out := map[string]string{}
	for from, to := range names {
		if keep[to] {
			out[from] = to
		}
	}
	return out
}
