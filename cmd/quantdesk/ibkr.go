package main

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

// openIBKR opens the record of Interactive Brokers; nothing is connected yet.
func (a *app) openIBKR(ctx context.Context) (err error) {
	if a.ibkrDB, err = store.OpenSQLite(a.home.Path("ibkr.db"), 4); err != nil {
		return err
	}
	a.ibkr, err = ibkr.Open(ctx, ibkr.Config{
		DB: a.ibkrDB, Calendar: a.feed.Calendar, Log: a.log, Pace: a.set.TWSPace,
		Allowed: func(account string, env trade.Environment) bool { return a.policy.Now().MayTrade(account, env) },
	})
	return err
}

// attachIBKR takes up the connections to TWS that the home has; they come up
// when their TWS does. A live account that the operator's file no longer names
// stays down.
func (a *app) attachIBKR(ctx context.Context) error {
	all, err := a.identity.Connections(ctx, "")
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Broker != ibkr.ID {
			continue
		}
		var p ibkr.Params
		err := a.mayReachTWS(c.User)
		if err == nil {
			var credentials map[string]string
			if credentials, err = a.identity.Credentials(c); err == nil {
				p, err = a.twsParams(credentials)
			}
		}
		if err == nil {
			p.Account, err = a.accountOf(ctx, c)
		}
		if env := ibkr.Environment(p.Account); err == nil && !a.policy.Now().MayTrade(p.Account, env) {
			err = fault.E("app.attachIBKR", fault.RiskRefused, "%s is a live account, and the operator's policy does not name it", p.Account)
		}
		if err == nil {
			err = a.ibkr.Attach(c.ID, p)
		}
		if err != nil {
			a.log.Error("a connection to TWS stays down", "connection", c.ID, "err", err)
		}
	}
	return nil
}

func (a *app) accountOf(ctx context.Context, c identity.Connection) (string, error) {
	own, err := a.identity.Accounts(ctx, c.User)
	if err != nil {
		return "", err
	}
	for _, x := range own {
		if x.ConnectionID == c.ID {
			return x.ID, nil
		}
	}
	return "", fault.E("app.accountOf", fault.NotFound, "the connection %s has no account", c.ID)
}

// twsParams reads what a connection says of its TWS; the settings say the rest.
func (a *app) twsParams(credentials map[string]string) (ibkr.Params, error) {
	const op = "app.twsParams"
	host, port, id := a.set.TWSHost, a.set.TWSPort, a.set.TWSClientID
	var p ibkr.Params
	for k, v := range credentials {
		var err error
		switch k {
		case "host":
			host = strings.TrimSpace(v)
		case "port":
			if port, err = strconv.Atoi(v); err != nil || port < 1 || port > 65535 {
				return p, fault.E(op, fault.Invalid, "port must be a number from 1 to 65535, not %q", v).Hinted("TWS paper is 7497, live 7496; the Gateway 4002 and 4001.").With("argument", "port")
			}
		case "client_id", "clientId":
			if id, err = strconv.ParseInt(v, 10, 32); err != nil || id < 0 {
				return p, fault.E(op, fault.Invalid, "client_id must be a number, 0 or more, not %q", v).Hinted("Each program that connects to one TWS needs its own.").With("argument", "client_id")
			}
		case "account":
			p.Account = strings.TrimSpace(v)
		default:
			return p, fault.E(op, fault.Invalid, "%s takes no credential %q", ibkr.ID, k).Hinted("It takes host, port, client_id and account.")
		}
	}
	if ip := net.ParseIP(host); !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) && !strings.EqualFold(host, a.set.TWSHost) && !slices.Contains(a.set.TWSHosts, host) {
		return p, fault.E(op, fault.Forbidden, "connections may not name the host %q", host).Hinted("Use this machine, or let the operator name the host with --tws-hosts.").With("argument", "host")
	}
	p.Addr, p.ClientID = net.JoinHostPort(host, strconv.Itoa(port)), id
	return p, nil
}

// mayReachTWS refuses whom the operator has not named. A TWS is logged in for
// somebody, and does not ask who comes: who may reach it trades what it holds.
func (a *app) mayReachTWS(user string) error {
	if user == identity.LocalUser || slices.Contains(a.set.TWSUsers, user) {
		return nil
	}
	return fault.E("app.mayReachTWS", fault.Forbidden, "you may not connect the TWS of this desk").Hinted("The operator names who may with --tws-users.")
}

// openTWS connects an account of Interactive Brokers.
func (a *app) openTWS(ctx context.Context, c identity.Connection, credentials map[string]string) ([]identity.Account, error) {
	if err := a.mayReachTWS(c.User); err != nil {
		return nil, err
	}
	p, err := a.twsParams(credentials)
	if err != nil {
		return nil, err
	}
	account, err := a.ibkr.Connect(ctx, c.ID, p)
	if err != nil {
		return nil, err
	}
	if _, taken, err := a.identity.Account(ctx, account); err != nil || taken {
		a.ibkr.Disconnect(c.ID)
		if err == nil {
			err = fault.E("app.openTWS", fault.Conflict, "the account %s is connected already", account).Hinted("Its connection is in list_connections of whoever made it.")
		}
		return nil, err
	}
	env := ibkr.Environment(account)
	name := map[trade.Environment]string{trade.Simulated: "Paper TWS of the desk", trade.Paper: "IBKR paper account", trade.Live: "IBKR account"}[env]
	return []identity.Account{{ID: account, Name: name, Currency: "USD", Environment: string(env)}}, nil
}
