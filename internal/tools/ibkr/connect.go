package ibkr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Connect connects to a TWS.
var Connect = tool.Define(tool.Spec{
	Name: "ibkr_connect", Title: "Connect to TWS", Toolset: toolset, Scopes: []string{identity.ConnectionsWrite}, Effect: tool.Write, Idempotent: true, OpenWorld: true,
	Description: "Connect an account through TWS or IB Gateway that runs and is logged in. Trading is allowed where your token holds broker:trade; live accounts need the operator's policy. Ports: TWS paper 7497, live 7496; Gateway paper 4002, live 4001.",
	Aliases:     map[string]string{"permission": "permissions"},
}, connect)

type connectIn struct {
	Host        string              `json:"host,omitempty" jsonschema:"Where TWS runs; the desk's own setting by default."`
	Port        int                 `json:"port,omitempty" jsonschema:"Its API port; the desk's setting, 7497, by default." minimum:"1" maximum:"65535"`
	ClientID    *int64              `json:"clientId,omitempty" jsonschema:"One for each program; the desk's setting, 1, by default." minimum:"0" maximum:"2147483647"`
	Account     string              `json:"account,omitempty" jsonschema:"Which, where the login has several."`
	Permissions identity.Permission `json:"permissions,omitempty" jsonschema:"read or trade; by default trade where your token may."`
}

type connectOut struct {
	Status       string            `json:"status" jsonschema:"connected."`
	Account      string            `json:"account" jsonschema:"The account."`
	Environment  trade.Environment `json:"environment" jsonschema:"simulated, paper or live money."`
	Host         string            `json:"host" jsonschema:"Where TWS runs."`
	Port         int               `json:"port" jsonschema:"Its port."`
	ClientID     int64             `json:"clientId" jsonschema:"The client id."`
	Trading      bool              `json:"trading" jsonschema:"Orders are allowed."`
	ConnectionID string            `json:"connection_id" jsonschema:"As list_connections has it."`
	Message      string            `json:"message,omitempty" jsonschema:"What to know."`
}

func connect(ctx context.Context, c *tool.Call, in connectIn) (connectOut, error) {
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	if err != nil {
		return connectOut{}, err
	}
	for _, a := range own {
		p, s, ok := c.Deps.IBKR.Status(a.ID)
		if !ok || in.Account != "" && in.Account != a.ID || !same(p, in) {
			continue
		}
		out := connectOut{Status: string(s.State), Account: a.ID, Environment: a.Environment, ClientID: p.ClientID, Trading: a.Trading, ConnectionID: a.ConnectionID, Message: "It was connected already."}
		if _, err := c.Deps.IBKR.Client(a.ID); err != nil {
			return connectOut{}, err
		}
		out.Status = "connected"
		out.Host, out.Port = place(p)
		return out, nil
	}
	if in.Permissions == "" {
		in.Permissions = identity.ReadOnly
		if c.Caller.Has(identity.BrokerTrade) {
			in.Permissions = identity.TradeEnabled
		}
	}
	if in.Permissions == identity.TradeEnabled && !c.Caller.Has(identity.BrokerTrade) {
		return connectOut{}, tool.InsufficientScope("ibkr_connect", []string{identity.ConnectionsWrite, identity.BrokerTrade}, []string{identity.BrokerTrade})
	}
	credentials := map[string]string{}
	if in.Host != "" {
		credentials["host"] = in.Host
	}
	if in.Port != 0 {
		credentials["port"] = strconv.Itoa(in.Port)
	}
	if in.ClientID != nil {
		credentials["client_id"] = strconv.FormatInt(*in.ClientID, 10)
	}
	if in.Account != "" {
		credentials["account"] = in.Account
	}
	conn, accounts, err := c.Deps.Identity.Connect(ctx, c.Caller.User, venue.ID, in.Permissions, credentials)
	if err != nil {
		return connectOut{}, err
	}
	if len(accounts) != 1 {
		return connectOut{}, errors.New("a connection to TWS is one account")
	}
	a := accounts[0]
	p, _, _ := c.Deps.IBKR.Status(a.ID)
	out := connectOut{Status: "connected", Account: a.ID, Environment: trade.Environment(a.Environment), ClientID: p.ClientID, Trading: a.Trading, ConnectionID: conn.ID}
	out.Host, out.Port = place(p)
	if !a.Trading {
		out.Message = "It is read-only: disconnect and connect again with permissions trade to allow orders."
	}
	return out, nil
}

// same tells whether a connection is the one that is asked for; what is not
// said fits any.
func same(p venue.Params, in connectIn) bool {
	host, port := place(p)
	return (in.Host == "" || in.Host == host) && (in.Port == 0 || in.Port == port) && (in.ClientID == nil || *in.ClientID == p.ClientID)
}

func place(p venue.Params) (host string, port int) {
	host, text, err := net.SplitHostPort(p.Addr)
	if err != nil {
		return p.Addr, 0
	}
	_, _ = fmt.Sscan(text, &port) // an address that was dialled has a number
	return host, port
}
