package desk

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/risk"
	"quantdesk/internal/tool"
)

// Policy tells the limits that bind orders.
var Policy = tool.Define(tool.Spec{
	Name: "get_policy", Title: "Get the trading policy", Toolset: "desk", Scopes: []string{identity.BrokerRead}, Effect: tool.Read,
	Description: "The limits the operator set on orders of an account, and the kill switch. No tool can change them; read them before planning a large trade.",
	Aliases:     map[string]string{"account_id": "account"},
	Examples:    []string{`{}`},
}, policy)

type policyIn struct {
	Account string `json:"account,omitempty" jsonschema:"account_id; optional where you have one account."`
}

type policyOut struct {
	Account    string      `json:"account" jsonschema:"The account."`
	MayTrade   bool        `json:"may_trade" jsonschema:"Orders are allowed at all."`
	KillSwitch bool        `json:"kill_switch" jsonschema:"New orders are refused."`
	Limits     risk.Limits `json:"limits" jsonschema:"Money in the account's currency; shares and collar are fractions."`
}

func policy(ctx context.Context, c *tool.Call, in policyIn) (policyOut, error) {
	a, err := c.Deps.Desk.AccountFor(ctx, c.Asker(), in.Account)
	if err != nil {
		return policyOut{}, err
	}
	p := c.Deps.Policy()
	return policyOut{a.ID, a.Trading && !p.Halted && p.MayTrade(a.ID, a.Environment), c.Deps.Desk.Kill().Engaged, p.For(a.ID)}, nil
}
