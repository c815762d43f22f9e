package ibkr

import (
	"context"
	"slices"
	"strings"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

var accountReads = []string{identity.BrokerRead}

type valueRow struct {
	Value    string `json:"value" jsonschema:"A number, or text."`
	Currency string `json:"currency,omitempty" jsonschema:"Of an amount."`
	Account  string `json:"account" jsonschema:"The account."`
}

// Summary reads chosen values of an account.
var Summary = tool.Define(tool.Spec{
	Name: "ibkr_get_account_summary", Title: "Account summary", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true,
	Description: "Chosen values of an account as TWS names them: what it is worth, cash, buying power, margins. get_balances has the desk's own words.",
	Examples:    []string{`{}`},
}, summary)

type summaryIn struct {
	Tags string `json:"tags,omitempty" jsonschema:"Comma list." default:"NetLiquidation,TotalCashValue,SettledCash,BuyingPower,GrossPositionValue"`
	accountIn
}

type summaryOut struct {
	Summary map[string]valueRow `json:"summary" jsonschema:"Value by tag."`
	tool.Provenance
}

func summary(ctx context.Context, c *tool.Call, in summaryIn) (summaryOut, error) {
	a, tws, err := dial(ctx, c, in.Account)
	if err != nil {
		return summaryOut{}, err
	}
	found, err := tws.AccountSummary(ctx, strings.Join(list(or(in.Tags, "NetLiquidation,TotalCashValue,SettledCash,BuyingPower,GrossPositionValue")), ","))
	if err != nil {
		return summaryOut{}, venue.Fault(err)
	}
	out := summaryOut{map[string]valueRow{}, told(a)}
	for _, v := range found {
		if v.Account == a.ID {
			out.Summary[v.Tag] = valueRow{v.Value, v.Currency, v.Account}
		}
	}
	return out, nil
}

// Values reads all values of an account.
var Values = tool.Define(tool.Spec{
	Name: "ibkr_get_account_values", Title: "Account values", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true,
	Description: "Every value that TWS keeps of an account, by tag and currency.",
	Examples:    []string{`{}`},
}, values)

type valuesOut struct {
	Values map[string]valueRow `json:"values" jsonschema:"Value by tag_currency."`
	Count  int                 `json:"count" jsonschema:"How many."`
	tool.Provenance
}

func values(ctx context.Context, c *tool.Call, in accountIn) (valuesOut, error) {
	a, tws, err := dial(ctx, c, in.Account)
	if err != nil {
		return valuesOut{}, err
	}
	found, err := tws.AccountValues(ctx, a.ID)
	if err != nil {
		return valuesOut{}, venue.Fault(err)
	}
	out := valuesOut{Values: map[string]valueRow{}, Provenance: told(a)}
	for _, v := range found {
		key := v.Key
		if v.Currency != "" {
			key += "_" + v.Currency
		}
		out.Values[key] = valueRow{v.Value, v.Currency, a.ID}
	}
	out.Count = len(out.Values)
	return out, nil
}

// Positions lists what an account holds.
var Positions = tool.Define(tool.Spec{
	Name: "ibkr_get_positions", Title: "Positions at IBKR", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true, Rows: "positions",
	Description: "What an account holds as TWS tells it: contract, signed position, average cost. get_positions adds prices and profit.",
	Examples:    []string{`{}`},
}, positions)

type positionsIn struct {
	accountIn
	tool.Page
}

type positionRow struct {
	Account  string      `json:"account" jsonschema:"The account."`
	Contract contractRow `json:"contract" jsonschema:"What is held."`
	Position num.Decimal `json:"position" jsonschema:"Signed: below zero is short."`
	AvgCost  num.Decimal `json:"avgCost" jsonschema:"Of one, the multiplier included."`
}

type positionsOut struct {
	Positions []positionRow `json:"positions" jsonschema:"By symbol."`
	Count     int           `json:"count" jsonschema:"Of all pages."`
	tool.Provenance
	tool.Listing
}

func positions(ctx context.Context, c *tool.Call, in positionsIn) (positionsOut, error) {
	a, client, err := dial(ctx, c, in.Account)
	if err != nil {
		return positionsOut{}, err
	}
	held, err := client.Positions(ctx)
	if err != nil {
		return positionsOut{}, venue.Fault(err)
	}
	held = slices.DeleteFunc(held, func(p *tws.Position) bool { return p.Account != a.ID || p.Position.IsZero() })
	slices.SortFunc(held, func(x, y *tws.Position) int {
		return strings.Compare(x.Contract.Symbol+x.Contract.LocalSymbol, y.Contract.Symbol+y.Contract.LocalSymbol)
	})
	out := positionsOut{Positions: []positionRow{}, Count: len(held), Provenance: told(a)}
	page, next, err := tool.Slice(held, in.Page)
	for _, p := range page {
		out.Positions = append(out.Positions, positionRow{p.Account, rowOf(p.Contract), p.Position, p.AvgCost})
	}
	out.NextCursor = next
	if len(held) == 0 {
		out.Hints = []string{"Nothing is held. ibkr_get_open_orders shows what is working."}
	}
	return out, err
}

// PNL tells an account's profit of the day.
var PNL = tool.Define(tool.Spec{
	Name: "ibkr_get_pnl", Title: "Profit of the day", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true,
	Description: "An account's profit of the day, unrealised and realised. ibkr_get_pnl_single has it for one position.",
	Examples:    []string{`{}`},
}, pnl)

type pnlOut struct {
	Daily      *num.Decimal `json:"dailyPnL,omitempty" jsonschema:"Since the day before; absent: not known."`
	Unrealized *num.Decimal `json:"unrealizedPnL,omitempty" jsonschema:"Of what is held."`
	Realized   *num.Decimal `json:"realizedPnL,omitempty" jsonschema:"Of what was closed today."`
	tool.Provenance
}

func pnl(ctx context.Context, c *tool.Call, in accountIn) (pnlOut, error) {
	a, client, err := dial(ctx, c, in.Account)
	if err != nil {
		return pnlOut{}, err
	}
	sub, err := client.PNL(ctx, a.ID)
	if err != nil {
		return pnlOut{}, venue.Fault(err)
	}
	m, err := first[*tws.PNL](ctx, sub)
	if err != nil {
		return pnlOut{}, err
	}
	return pnlOut{opt(m.Daily), opt(m.Unrealized), opt(m.Realized), told(a)}, nil
}

// PNLSingle tells a position's profit of the day.
var PNLSingle = tool.Define(tool.Spec{
	Name: "ibkr_get_pnl_single", Title: "Profit of a position", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true,
	Description: "One position's profit of the day, unrealised and realised, with its value.",
}, pnlSingle)

type pnlSingleIn struct {
	ConID int64 `json:"conId" jsonschema:"The contract held." minimum:"1"`
	accountIn
}

type pnlSingleOut struct {
	ConID    int64        `json:"conId" jsonschema:"The contract."`
	Position num.Decimal  `json:"position" jsonschema:"Signed."`
	Value    *num.Decimal `json:"value,omitempty" jsonschema:"What it is worth."`
	pnlOut
}

func pnlSingle(ctx context.Context, c *tool.Call, in pnlSingleIn) (pnlSingleOut, error) {
	a, client, err := dial(ctx, c, in.Account)
	if err != nil {
		return pnlSingleOut{}, err
	}
	held, err := client.Positions(ctx)
	if err != nil {
		return pnlSingleOut{}, venue.Fault(err)
	}
	// TWS stays silent about a contract that is not held.
	if !slices.ContainsFunc(held, func(p *tws.Position) bool { return p.Account == a.ID && p.Contract.ConID == in.ConID }) {
		return pnlSingleOut{}, fault.E("ibkr_get_pnl_single", fault.NotFound, "account %s holds no contract %d", a.ID, in.ConID).With("argument", "conId").Hinted("ibkr_get_positions lists what is held.")
	}
	sub, err := client.PNLSingle(ctx, a.ID, in.ConID)
	if err != nil {
		return pnlSingleOut{}, venue.Fault(err)
	}
	m, err := first[*tws.PNLSingle](ctx, sub)
	if err != nil {
		return pnlSingleOut{}, err
	}
	return pnlSingleOut{in.ConID, m.Position, opt(m.Value), pnlOut{opt(m.Daily), opt(m.Unrealized), opt(m.Realized), told(a)}}, nil
}

// first takes the first message of a kind from a subscription, and ends it.
func first[T tws.Message](ctx context.Context, sub *client.Sub) (out T, err error) {
	defer sub.Close()
	ctx, stop := context.WithTimeout(ctx, answerWait)
	defer stop()
	for {
		select {
		case m, ok := <-sub.C:
			if !ok {
				if err := sub.Err(); err != nil {
					return out, venue.Fault(err)
				}
				return out, venue.Fault(client.ErrTimeout)
			}
			if x, fits := m.(T); fits {
				return x, nil
			}
		case <-ctx.Done():
			return out, venue.Fault(client.ErrTimeout)
		}
	}
}
