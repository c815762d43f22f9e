package connections

import (
	"context"
	"fmt"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Status tells how connections are.
var Status = tool.Define(tool.Spec{
	Name: "connection_status", Title: "Connection status", Toolset: "connections", Scopes: []string{identity.ConnectionsRead}, Effect: tool.Read,
	Description: "Whether your accounts answer and may trade, the state of market data and of the kill switch, and exactly what is missing.",
	Examples:    []string{`{}`},
}, status)

type statusIn struct {
	ConnectionID string `json:"connection_id,omitempty" jsonschema:"Only this connection."`
}

type accountStatus struct {
	Account      string            `json:"account" jsonschema:"The account."`
	ConnectionID string            `json:"connection_id" jsonschema:"Its connection."`
	BrokerageID  string            `json:"brokerage_id" jsonschema:"Its broker."`
	Environment  trade.Environment `json:"environment" jsonschema:"simulated, paper or live."`
	Connected    bool              `json:"connected" jsonschema:"The broker answers."`
	Trading      bool              `json:"trading" jsonschema:"Orders are allowed."`
	Missing      []string          `json:"missing" jsonschema:"What keeps it from trading."`
	TWS          *twsStatus        `json:"tws,omitempty" jsonschema:"What is at the other end, for an account at Interactive Brokers."`
}

type twsStatus struct {
	Address       string    `json:"address" jsonschema:"Where it is."`
	Kind          string    `json:"kind" jsonschema:"The desk's own paper TWS, or TWS or IB Gateway with a paper or live login."`
	State         string    `json:"state" jsonschema:"up, lost (TWS has lost IBKR), down or closed."`
	Since         time.Time `json:"since,omitzero" jsonschema:"Of the state."`
	ServerVersion int       `json:"server_version,omitempty" jsonschema:"Of the API."`
	ClientID      int64     `json:"client_id" jsonschema:"The desk's."`
}

// kinds are what an account's money says of the TWS behind it.
var kinds = map[trade.Environment]string{
	trade.Simulated: "the desk's own paper TWS, simulated money", trade.Paper: "TWS or IB Gateway, a paper login", trade.Live: "TWS or IB Gateway, a live login",
}

type statusOut struct {
	Accounts   []accountStatus `json:"accounts" jsonschema:"Your accounts."`
	MarketData string          `json:"market_data" jsonschema:"Kind and source of prices."`
	VenueTime  time.Time       `json:"venue_time" jsonschema:"The venue clock."`
	KillSwitch bool            `json:"kill_switch" jsonschema:"New orders are refused."`
}

func status(ctx context.Context, c *tool.Call, in statusIn) (statusOut, error) {
	if in.ConnectionID != "" {
		if _, err := c.Deps.Identity.Connection(ctx, c.Caller.User, in.ConnectionID); err != nil {
			return statusOut{}, err
		}
	}
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	if err != nil {
		return statusOut{}, err
	}
	f := c.Deps.Feed
	out := statusOut{
		Accounts: []accountStatus{}, MarketData: fmt.Sprintf("%s (%s)", f.Kind(), f.Name()), VenueTime: f.Now(), KillSwitch: c.Deps.Desk.Kill().Engaged,
	}
	for _, a := range own {
		if in.ConnectionID != "" && a.ConnectionID != in.ConnectionID {
			continue
		}
		s := accountStatus{
			Account: a.ID, ConnectionID: a.ConnectionID, BrokerageID: a.Broker, Environment: a.Environment, Connected: true, Trading: a.Trading, Missing: []string{},
		}
		if _, err := c.Deps.Desk.Balances(ctx, a); err != nil {
			s.Connected = false
			s.Missing = append(s.Missing, fault.As(err).Message)
		}
		if p, tws, ok := c.Deps.IBKR.Status(a.ID); ok {
			s.TWS = &twsStatus{p.Addr, kinds[a.Environment], string(tws.State), tws.Since.UTC(), tws.ServerVersion, p.ClientID}
		}
		if !a.Trading {
			s.Missing = append(s.Missing, "the connection is read-only: authorize it again with permissions trade")
		}
		if !c.Caller.Has(identity.BrokerTrade) {
			s.Missing = append(s.Missing, "your token lacks the scope broker:trade")
		}
		if out.KillSwitch {
			s.Missing = append(s.Missing, "the kill switch is engaged: a person runs quantdesk kill --release")
		}
		if c.Deps.Policy().Halted {
			s.Missing = append(s.Missing, "the operator's policy halts all trading")
		}
		if !c.Deps.Policy().MayTrade(a.ID, a.Environment) {
			s.Missing = append(s.Missing, "the operator's policy does not name this live account")
		}
		out.Accounts = append(out.Accounts, s)
	}
	return out, nil
}
