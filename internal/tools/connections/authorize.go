package connections

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Authorize connects a broker.
var Authorize = tool.Define(tool.Spec{
	Name: "authorize_connection", Title: "Connect a broker", Toolset: "connections", Scopes: []string{identity.ConnectionsWrite}, Effect: tool.Write, OpenWorld: true,
	Description: "Connect a broker account, read-only unless permissions is trade. Secrets are better entered by a person with: quantdesk connect, where no model sees them. PaperBrokerage needs none.",
	Aliases:     map[string]string{"brokerage": "brokerage_id", "broker": "brokerage_id", "permission": "permissions"},
	Secret:      []string{"credentials"},
	Examples:    []string{`{"brokerage_id":"PaperBrokerage","permissions":"trade"}`},
}, authorize)

type authorizeIn struct {
	BrokerageID string                     `json:"brokerage_id" jsonschema:"From list_brokers."`
	Credentials map[string]json.RawMessage `json:"credentials,omitempty" jsonschema:"What the broker needs, by name."`
	Permissions identity.Permission        `json:"permissions,omitempty" jsonschema:"read, or trade to allow orders." default:"read"`
}

type authorizeOut struct {
	Status      string        `json:"status" jsonschema:"connected."`
	BrokerageID string        `json:"brokerage_id" jsonschema:"The broker."`
	Connection  connectionRow `json:"connection" jsonschema:"The new connection."`
	Accounts    []string      `json:"accounts" jsonschema:"Accounts it reaches."`
	Message     string        `json:"message" jsonschema:"What to know."`
}

func authorize(ctx context.Context, c *tool.Call, in authorizeIn) (authorizeOut, error) {
	const op = "authorize_connection"
	broker := ""
	known := make([]string, 0, len(c.Deps.Brokers))
	for _, b := range c.Deps.Brokers {
		known = append(known, b.Broker)
		if strings.EqualFold(b.Broker, in.BrokerageID) {
			broker = b.Broker
		}
	}
	if broker == "" {
		return authorizeOut{}, fault.E(op, fault.NotFound, "there is no broker %q here", in.BrokerageID).With("argument", "brokerage_id").
			Hinted("Use one of %s.", strings.Join(known, ", "))
	}
	if in.Permissions == "" {
		in.Permissions = identity.ReadOnly
	}
	if in.Permissions == identity.TradeEnabled && !c.Caller.Has(identity.BrokerTrade) {
		return authorizeOut{}, tool.InsufficientScope(op, []string{identity.ConnectionsWrite, identity.BrokerTrade}, []string{identity.BrokerTrade})
	}
	secrets := map[string]string{}
	for k, v := range in.Credentials {
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		secrets[k] = text
	}
	conn, accounts, err := c.Deps.Identity.Connect(ctx, c.Caller.User, broker, in.Permissions, secrets)
	if err != nil {
		return authorizeOut{}, err
	}
	out := authorizeOut{Status: "connected", BrokerageID: broker, Connection: connectionOf(conn), Accounts: []string{}}
	for _, a := range accounts {
		out.Accounts = append(out.Accounts, a.ID)
	}
	out.Message = fmt.Sprintf("Connected with permission %s. To enter secrets without a model seeing them, a person runs: quantdesk connect %s", in.Permissions, broker)
	return out, nil
}
