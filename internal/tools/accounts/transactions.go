package accounts

import (
	"context"
	"strings"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Transactions lists an account's ledger.
var Transactions = tool.Define(tool.Spec{
	Name: "get_transactions", Title: "Get transactions", Toolset: "accounts", Scopes: []string{identity.BrokerRead}, Effect: tool.Read, Rows: "transactions",
	Description: "The ledger of one account, newest first: deposits, trades, fees, dividends, splits, each with what it did to cash.",
	Aliases:     map[string]string{"account_id": "account", "type": "kind"},
	Examples:    []string{`{"limit":5}`},
}, transactions)

type transactionsIn struct {
	Account string                `json:"account,omitempty" jsonschema:"account_id; optional where you have one account."`
	Kind    trade.TransactionKind `json:"kind,omitempty" jsonschema:"Only this kind."`
	Symbol  string                `json:"symbol,omitempty" jsonschema:"Only this instrument."`
	OrderID string                `json:"order_id,omitempty" jsonschema:"Only this order."`
	tool.Page
}

type transactionRow struct {
	ID       string                `json:"transaction_id" jsonschema:"Unique within the account."`
	Time     time.Time             `json:"time" jsonschema:"On the venue clock."`
	Kind     trade.TransactionKind `json:"kind" jsonschema:"What it is about."`
	Symbol   string                `json:"symbol,omitempty" jsonschema:"The instrument."`
	Quantity num.Decimal           `json:"quantity,omitzero" jsonschema:"Signed."`
	Price    num.Decimal           `json:"price,omitzero" jsonschema:"Per unit."`
	Amount   num.Decimal           `json:"amount" jsonschema:"Change in cash, signed."`
	OrderID  string                `json:"order_id,omitempty" jsonschema:"Its order."`
	Note     string                `json:"note,omitempty" jsonschema:"More in words."`
}

type transactionsOut struct {
	Currency     string           `json:"currency" jsonschema:"Currency of amounts."`
	Transactions []transactionRow `json:"transactions" jsonschema:"Newest first."`
	tool.Provenance
	tool.Listing
}

func transactions(ctx context.Context, c *tool.Call, in transactionsIn) (transactionsOut, error) {
	a, err := c.Deps.Desk.AccountFor(ctx, c.Asker(), in.Account)
	if err != nil {
		return transactionsOut{}, err
	}
	f := order.TransactionFilter{Account: a.ID, Symbol: strings.ToUpper(in.Symbol), OrderID: in.OrderID, Limit: in.Size() + 1}
	if inst, ok := c.Deps.Feed.Lookup(in.Symbol); ok && in.Symbol != "" {
		f.Symbol = inst.Symbol
	}
	if in.Kind != "" {
		f.Kinds = []trade.TransactionKind{in.Kind}
	}
	if err := tool.DecodeCursor(in.Cursor, &f.BeforeSeq); err != nil {
		return transactionsOut{}, err
	}
	lines, err := c.Deps.Desk.Transactions(ctx, c.Asker(), f)
	if err != nil {
		return transactionsOut{}, err
	}
	out := transactionsOut{Currency: a.Currency, Transactions: []transactionRow{}, Provenance: Priced(c, a, time.Time{})}
	if len(lines) > in.Size() {
		lines = lines[:in.Size()]
		out.NextCursor = tool.EncodeCursor(lines[len(lines)-1].Seq)
	}
	for _, t := range lines {
		out.Transactions = append(out.Transactions, transactionRow{t.ID, t.Time.UTC(), t.Kind, t.Symbol, t.Quantity, t.Price, t.Amount, t.OrderID, t.Note})
	}
	return out, nil
}
