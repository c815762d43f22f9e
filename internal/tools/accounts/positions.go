package accounts

import (
	"context"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Positions lists what an account holds.
var Positions = tool.Define(tool.Spec{
	Name: "get_positions", Title: "Get positions", Toolset: "accounts", Scopes: []string{identity.BrokerRead}, Effect: tool.Read, Rows: "positions",
	Description: "What one account holds: signed quantity, average price, current price and profit, in the account's currency; at Interactive Brokers with its contract too. Where you have several, your only one there is meant.",
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
	*atIBKR
}

// atIBKR is a position in the words of Interactive Brokers.
type atIBKR struct {
	ConID       int64       `json:"conId" jsonschema:"At IBKR: its number."`
	SecType     string      `json:"secType" jsonschema:"At IBKR: STK and so on."`
	Exchange    string      `json:"exchange" jsonschema:"At IBKR: where."`
	LocalSymbol string      `json:"localSymbol" jsonschema:"At IBKR: the contract's own."`
	Position    num.Decimal `json:"position" jsonschema:"At IBKR: the quantity again."`
	AvgCost     num.Decimal `json:"avgCost" jsonschema:"At IBKR: of one, the multiplier included."`
}

type positionsOut struct {
	Positions []positionRow `json:"positions" jsonschema:"By symbol."`
	Currency  string        `json:"currency" jsonschema:"Currency of values."`
	tool.Provenance
	tool.Listing
}

func positions(ctx context.Context, c *tool.Call, in positionsIn) (positionsOut, error) {
	a, err := accountFor(ctx, c, in.Account)
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
		out.Positions[i] = positionRow{p.Symbol, p.Quantity, p.AvgPrice.Round(6), p.Mark, p.MarkTime.UTC(), cents(p.MarketValue), cents(p.UnrealizedPnL), cents(p.RealizedPnL), nil}
		if a.Broker == ibkr.ID {
			if out.Positions[i].atIBKR, err = inTheirWords(ctx, c, p); err != nil {
				return positionsOut{}, err
			}
		}
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

// accountFor is the account named, the only one, or the only one at Interactive
// Brokers: the paper account that everybody has does not stand in its way.
func accountFor(ctx context.Context, c *tool.Call, name string) (order.Account, error) {
	if name == "" {
		own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
		if err != nil {
			return order.Account{}, err
		}
		own = slices.DeleteFunc(own, func(a order.Account) bool { return a.Broker != ibkr.ID })
		if len(own) == 1 {
			return own[0], nil
		}
	}
	return c.Deps.Desk.AccountFor(ctx, c.Asker(), name)
}

func inTheirWords(ctx context.Context, c *tool.Call, p trade.Position) (*atIBKR, error) {
	k, err := c.Deps.IBKR.Contract(ctx, p.Account, p.Symbol)
	if err != nil {
		return nil, err
	}
	cost := p.AvgPrice
	if m, err := num.Parse(k.Multiplier); err == nil && m.Sign() > 0 {
		cost = cost.Mul(m)
	}
	return &atIBKR{k.ConID, k.SecType, k.Exchange, k.LocalSymbol, p.Quantity, cost.Round(6).Normalize()}, nil
}
