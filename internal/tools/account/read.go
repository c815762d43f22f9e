// Package account holds the tool about the caller's QuantConnect account; the
// accounts that trade have tools of their own.
package account

import (
	"context"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Read reads the account.
var Read = tool.Define(tool.Spec{
	Name: "read_account", Title: "Read the QuantConnect account", Toolset: "account", Scopes: []string{"qc:account:read"}, Effect: tool.Read,
	Description: "The organization and credit of your QuantConnect account, or of its counterpart in the embedded engine. Accounts that trade: list_accounts.",
	Examples:    []string{`{}`},
}, read)

type readIn struct{ tool.Backend }

type card struct {
	Brand      string `json:"brand" jsonschema:"Its brand."`
	Expiration string `json:"expiration" jsonschema:"Month and year."`
	Last4      string `json:"last4" jsonschema:"Last four digits."`
}

type readOut struct {
	Backend        qc.Backend `json:"backend" jsonschema:"Who answered."`
	OrganizationID string     `json:"organization_id" jsonschema:"Your organization."`
	CreditBalance  float64    `json:"credit_balance" jsonschema:"In QuantConnect credits."`
	Card           *card      `json:"card,omitempty" jsonschema:"How credits are paid."`
}

func read(ctx context.Context, c *tool.Call, in readIn) (readOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return readOut{}, err
	}
	a, err := q.Account(ctx)
	out := readOut{Backend: q.Backend(), OrganizationID: a.Organization, CreditBalance: a.Credit}
	if a.Card != nil {
		out.Card = &card{a.Card.Brand, a.Card.Expiration, a.Card.Last4}
	}
	return out, err
}
