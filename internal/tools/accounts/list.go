// Package accounts holds the tools that look at accounts.
package accounts

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// List lists the caller's accounts.
var List = tool.Define(tool.Spec{
	Name: "list_accounts", Title: "List accounts", Toolset: "accounts", Scopes: []string{identity.BrokerRead}, Effect: tool.Read, Rows: "accounts",
	Description: "Your accounts with broker, environment (simulated, paper or live) and whether they may trade. Pass account_id as account elsewhere.",
	Examples:    []string{`{}`},
}, list)

type listIn struct{ tool.Page }

type accountRow struct {
	AccountID    string            `json:"account_id" jsonschema:"Pass it as account."`
	Name         string            `json:"name" jsonschema:"Plain name."`
	BrokerageID  string            `json:"brokerage_id" jsonschema:"The broker."`
	ConnectionID string            `json:"connection_id" jsonschema:"The connection it is reached by."`
	Environment  trade.Environment `json:"environment" jsonschema:"simulated, paper or live."`
	Currency     string            `json:"currency" jsonschema:"Its base currency."`
	Trading      bool              `json:"trading" jsonschema:"Whether orders are allowed on it."`
}

type listOut struct {
	Accounts []accountRow `json:"accounts" jsonschema:"Your accounts."`
	tool.Listing
}

func list(ctx context.Context, c *tool.Call, in listIn) (listOut, error) {
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	if err != nil {
		return listOut{}, err
	}
	page, next, err := tool.Slice(own, in.Page)
	if err != nil {
		return listOut{}, err
	}
	out := listOut{Accounts: make([]accountRow, len(page)), Listing: tool.Listing{NextCursor: next}}
	for i, a := range page {
		out.Accounts[i] = accountRow{a.ID, a.Name, a.Broker, a.ConnectionID, a.Environment, a.Currency, a.Trading}
	}
	if len(own) == 0 {
		out.Hints = []string{"Call authorize_connection to connect a broker."}
	}
	return out, nil
}
