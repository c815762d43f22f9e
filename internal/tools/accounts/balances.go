package accounts

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
)

// Balances tells the money of an account.
var Balances = tool.Define(tool.Spec{
	Name: "get_balances", Title: "Get balances", Toolset: "accounts", Scopes: []string{identity.BrokerRead}, Effect: tool.Read,
	Description: "Cash, equity, margin and buying power of one account in its currency, valued at current prices.",
	Aliases:     map[string]string{"account_id": "account"},
	Examples:    []string{`{}`},
}, balances)

type accountIn struct {
	Account string `json:"account,omitempty" jsonschema:"account_id; optional where you have one account."`
}

type balancesOut struct {
	Currency          string      `json:"currency" jsonschema:"Currency of all amounts."`
	Cash              num.Decimal `json:"cash" jsonschema:"Cash; below zero when borrowed."`
	Equity            num.Decimal `json:"equity" jsonschema:"Cash plus market value."`
	MarketValue       num.Decimal `json:"market_value" jsonschema:"Signed value of positions."`
	LongValue         num.Decimal `json:"long_value" jsonschema:"Value of long positions."`
	ShortValue        num.Decimal `json:"short_value" jsonschema:"Value of short positions, above zero."`
	BuyingPower       num.Decimal `json:"buying_power" jsonschema:"Notional that can still be bought."`
	InitialMargin     num.Decimal `json:"initial_margin" jsonschema:"Initial margin of positions."`
	MaintenanceMargin num.Decimal `json:"maintenance_margin" jsonschema:"Maintenance margin of positions."`
	Reserved          num.Decimal `json:"reserved" jsonschema:"Margin held for working orders."`
	RealizedPnL       num.Decimal `json:"realized_pnl" jsonschema:"Profit of closed trades since the account began."`
	Fees              num.Decimal `json:"fees" jsonschema:"Fees since the account began."`
	tool.Provenance
}

func balances(ctx context.Context, c *tool.Call, in accountIn) (balancesOut, error) {
	a, err := c.Deps.Desk.AccountFor(ctx, c.Asker(), in.Account)
	if err != nil {
		return balancesOut{}, err
	}
	b, err := c.Deps.Desk.Balances(ctx, a)
	if err != nil {
		return balancesOut{}, err
	}
	return balancesOut{
		b.Currency, cents(b.Cash), cents(b.Equity), cents(b.MarketValue), cents(b.LongValue), cents(b.ShortValue), cents(b.BuyingPower),
		cents(b.InitialMargin), cents(b.MaintenanceMargin), cents(b.Reserved), cents(b.RealizedPnL), cents(b.Fees), Priced(c, a, b.AsOf),
	}, nil
}

func cents(d num.Decimal) num.Decimal { return d.Rescale(2) }
