package ibkr

import (
	"context"
	"slices"
	"time"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws/client"
)

// Status tells how the connections to TWS are.
var Status = tool.Define(tool.Spec{
	Name: "ibkr_get_status", Title: "Status of TWS", Toolset: toolset, Scopes: []string{identity.ConnectionsRead}, Effect: tool.Read,
	Description: "Whether TWS is connected, for each of your accounts there: state, address, version, and why it is not.",
	Examples:    []string{`{}`},
}, status)

type statusRow struct {
	Account       string            `json:"account" jsonschema:"The account."`
	Environment   trade.Environment `json:"environment" jsonschema:"simulated, paper or live money."`
	State         string            `json:"state" jsonschema:"up; lost: TWS has lost IBKR; down; closed."`
	Since         time.Time         `json:"since,omitzero" jsonschema:"Since when."`
	Host          string            `json:"host" jsonschema:"Where TWS runs."`
	Port          int               `json:"port" jsonschema:"Its port."`
	ClientID      int64             `json:"clientId" jsonschema:"The client id."`
	ServerVersion int               `json:"server_version,omitempty" jsonschema:"TWS's."`
	Trading       bool              `json:"trading" jsonschema:"Orders are allowed."`
	Why           string            `json:"why,omitempty" jsonschema:"Why it is not connected."`
}

type statusOut struct {
	Connected bool        `json:"is_connected" jsonschema:"At least one account is connected, and none is not."`
	Accounts  []statusRow `json:"accounts" jsonschema:"Your accounts at IBKR."`
	Hint      string      `json:"hint,omitempty" jsonschema:"What to do."`
}

func status(ctx context.Context, c *tool.Call, in accountIn) (statusOut, error) {
	out := statusOut{Accounts: []statusRow{}}
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	if err != nil {
		return out, err
	}
	for _, a := range own {
		if a.Broker != venue.ID || in.Account != "" && a.ID != in.Account {
			continue
		}
		p, s, ok := c.Deps.IBKR.Status(a.ID)
		if !ok {
			s.State = client.Down
		}
		row := statusRow{Account: a.ID, Environment: a.Environment, State: string(s.State), Since: s.Since.UTC(), ClientID: p.ClientID, ServerVersion: s.ServerVersion, Trading: a.Trading}
		row.Host, row.Port = place(p)
		if s.Why != nil {
			row.Why = fault.As(venue.Fault(s.Why)).Message
		}
		out.Accounts = append(out.Accounts, row)
	}
	out.Connected = len(out.Accounts) > 0 && !slices.ContainsFunc(out.Accounts, func(r statusRow) bool { return r.State != string(client.Up) })
	if len(out.Accounts) == 0 {
		out.Hint = "Call ibkr_connect with the port of your TWS."
	}
	return out, nil
}

// Time asks TWS for its time.
var Time = tool.Define(tool.Spec{
	Name: "ibkr_get_current_time", Title: "Time of TWS", Toolset: toolset, Scopes: []string{identity.MarketRead}, Effect: tool.Read, OpenWorld: true,
	Description: "The clock of TWS: also the cheapest proof that it answers.",
	Examples:    []string{`{}`},
}, now)

type timeOut struct {
	ServerTime time.Time `json:"server_time" jsonschema:"TWS's clock."`
	Timestamp  int64     `json:"timestamp" jsonschema:"The same in seconds since 1970."`
}

func now(ctx context.Context, c *tool.Call, in accountIn) (timeOut, error) {
	_, tws, err := dial(ctx, c, in.Account)
	if err != nil {
		return timeOut{}, err
	}
	t, err := tws.Time(ctx)
	return timeOut{t, t.Unix()}, venue.Fault(err)
}

// Managed lists the accounts of the login.
var Managed = tool.Define(tool.Spec{
	Name: "ibkr_get_managed_accounts", Title: "Accounts of the login", Toolset: toolset, Scopes: []string{identity.BrokerRead}, Effect: tool.Read,
	Description: "Your connected accounts at Interactive Brokers. list_accounts has those at other brokers too.",
	Examples:    []string{`{}`},
}, managed)

type managedOut struct {
	Accounts []string `json:"accounts" jsonschema:"Account names."`
	Count    int      `json:"count" jsonschema:"How many."`
}

func managed(ctx context.Context, c *tool.Call, _ struct{}) (managedOut, error) {
	out := managedOut{Accounts: []string{}}
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	for _, a := range own {
		if a.Broker == venue.ID {
			out.Accounts = append(out.Accounts, a.ID)
		}
	}
	out.Count = len(out.Accounts)
	return out, err
}

// NextID tells the next order id.
var NextID = tool.Define(tool.Spec{
	Name: "ibkr_get_next_valid_id", Title: "Next order id", Toolset: toolset, Scopes: []string{identity.BrokerRead}, Effect: tool.Read,
	Description: "An order id that no order of this connection has. The desk numbers orders itself: it is for programs that keep ids of their own.",
	Examples:    []string{`{}`},
}, nextID)

type nextIDOut struct {
	NextValidID int64 `json:"nextValidId" jsonschema:"The id; it is not given again."`
}

func nextID(ctx context.Context, c *tool.Call, in accountIn) (nextIDOut, error) {
	_, tws, err := dial(ctx, c, in.Account)
	if err != nil {
		return nextIDOut{}, err
	}
	return nextIDOut{tws.NextOrderID()}, nil
}
