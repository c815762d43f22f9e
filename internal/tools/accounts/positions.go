package accounts

import (
	"context"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Positions lists what an account holds.
var Positions = tool.Define(tool.Spec{
	Name: "get_positions", Title: "Get positions", Toolset: "accounts", Scopes: []string{identity.BrokerRead}, Effect: tool.Read, Rows: "positions",
	Description: "What one account holds: signed quantity, average price, current price and profit, in the account's currency.",
	Aliases:     map[string]string{"account_id": "account"},
	Examples:    []string{`{}`},
}, positions)

type positionsIn struct {
	Account string `json:"account,omitempty" jsonschema:"account_id; optional where you have one account."`
	Symbol  string `json:"symbol,omitempty" jsonschema:"Only this instrument."`
	tool.Page
}

type positionRow struct {
	Symbol        string      `json:"symbol" jsonschema:"The instrument."`
	Quantity      num.Decimal `json:"quantity" jsonschema:"Signed: below zero is short."`
	AvgPrice      num.Decimal `json:"avg_price" jsonschema:"Average entry price."`
	Price         num.Decimal `json:"price" jsonschema:"Price it is valued at."`
	PriceTime     time.Time   `json:"price_time" jsonschema:"When that was known."`
	MarketValue   num.Decimal `json:"market_value" jsonschema:"Signed value."`
	UnrealizedPnL num.Decimal `json:"unrealized_pnl" jsonschema:"Profit against the entry."`
	RealizedPnL   num.Decimal `json:"realized_pnl" jsonschema:"Profit of closed parts."`
}

type positionsOut struct {
	Positions []positionRow `json:"positions" jsonschema:"By symbol."`
	Currency  string        `json:"currency" jsonschema:"Currency of values."`
	tool.Provenance
	tool.Listing
}

func positions(ctx context.Context, c *tool.Call, in positionsIn) (positionsOut, error) {
	a, err := c.Deps.Desk.AccountFor(ctx, c.Asker(), in.Account)
	if err != nil {
		return positionsOut{}, err
	}
	held, err := c.Deps.Desk.Positions(ctx, a)
	if err != nil {
		return positionsOut{}, err
	}
	held = slices.DeleteFunc(held, func(p trade.Position) bool {
		return p.Quantity.IsZero() || in.Symbol != "" && !strings.EqualFold(p.Symbol, in.Symbol)
	})
	slices.SortFunc(held, func(x, y trade.Position) int { return strings.Compare(x.Symbol, y.Symbol) })
	page, next, err := tool.Slice(held, in.Page)
	if err != nil {
		return positionsOut{}, err
	}
	out := positionsOut{Positions: make([]positionRow, len(page)), Currency: a.Currency, Listing: tool.Listing{NextCursor: next}}
	var oldest time.Time
	for i, p := range page {
		out.Positions[i] = positionRow{p.Symbol, p.Quantity, p.AvgPrice.Round(6), p.Mark, p.MarkTime.UTC(), cents(p.MarketValue), cents(p.UnrealizedPnL), cents(p.RealizedPnL)}
		if oldest.IsZero() || p.MarkTime.Before(oldest) {
			oldest = p.MarkTime
		}
	}
	out.Provenance = Priced(c, a, oldest)
	if len(held) == 0 {
		out.Hints = []string{"Nothing is held. get_orders shows what is working."}
	}
	return out, nil
}
