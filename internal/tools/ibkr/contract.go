// Package ibkr holds the tools that speak Interactive Brokers' own words: its
// contracts, prices, orders, accounts, news and streams, over the caller's
// connection to TWS. Orders go through the desk like any other.
package ibkr

import (
	"context"
	"strings"
	"time"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

const toolset = "ibkr"

// accountIn is embedded in the input of every tool that needs a connection.
type accountIn struct {
	Account string `json:"account,omitempty" jsonschema:"Needed where you have several."`
}

// accountOf finds the caller's account at Interactive Brokers: by name, or the
// only one. Somebody else's does not exist.
func accountOf(ctx context.Context, c *tool.Call, name string) (order.Account, error) {
	const op = "ibkr.account"
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	if err != nil {
		return order.Account{}, err
	}
	var found []order.Account
	for _, a := range own {
		if a.Broker == venue.ID && (name == "" || strings.EqualFold(a.ID, name)) {
			found = append(found, a)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return order.Account{}, fault.E(op, fault.Invalid, "you have %d accounts at Interactive Brokers", len(found)).Hinted("Name one as account: list_accounts has them.").With("argument", "account")
	case name != "":
		return order.Account{}, fault.E(op, fault.NotFound, "you have no account %q at Interactive Brokers", tool.Echo(name)).Hinted("Connect it with ibkr_connect; list_accounts shows yours.").With("argument", "account")
	}
	return order.Account{}, fault.E(op, fault.NotFound, "you have no connection to TWS").Hinted("Call ibkr_connect first, with the port of your TWS.")
}

// dial gives the caller's account with its connection.
func dial(ctx context.Context, c *tool.Call, name string) (order.Account, *client.Client, error) {
	a, err := accountOf(ctx, c, name)
	if err != nil {
		return a, nil, err
	}
	tws, err := c.Deps.IBKR.Client(a.ID)
	return a, tws, err
}

// told is where the figures of a reply come from.
func told(a order.Account) tool.Provenance {
	p := tool.Provenance{Account: a.ID, Environment: a.Environment, Feed: market.FeedRealtime, Source: "TWS", AsOf: time.Now().UTC()}
	if a.Environment == trade.Simulated {
		p.Feed = market.FeedSimulated
	}
	return p
}

// nested is a contract in IBKR's own words.
type nested struct {
	ConID           int64       `json:"conId,omitempty" jsonschema:"Enough alone."`
	Symbol          string      `json:"symbol,omitempty" jsonschema:"Underlying."`
	SecType         string      `json:"secType,omitempty" jsonschema:"STK, OPT."`
	Exchange        string      `json:"exchange,omitempty" jsonschema:"Where."`
	Currency        string      `json:"currency,omitempty" jsonschema:"Of the price."`
	PrimaryExchange string      `json:"primaryExchange,omitempty" jsonschema:"The listing."`
	Expiration      string      `json:"lastTradeDateOrContractMonth,omitempty" jsonschema:"yyyymmdd."`
	Strike          num.Decimal `json:"strike,omitzero" jsonschema:"Option's."`
	Right           string      `json:"right,omitempty" jsonschema:"C or P."`
	Multiplier      string      `json:"multiplier,omitempty" jsonschema:"Option's."`
	LocalSymbol     string      `json:"localSymbol,omitempty" jsonschema:"Its own."`
	TradingClass    string      `json:"tradingClass,omitempty" jsonschema:"Option's."`
}

// contractIn is embedded where a tool takes a contract: flat, nested or a conId.
type contractIn struct {
	Symbol   string  `json:"symbol,omitempty" jsonschema:"Such as AAPL."`
	SecType  string  `json:"secType,omitempty" jsonschema:"STK, CASH, CRYPTO, CFD, IND." default:"STK"`
	Exchange string  `json:"exchange,omitempty" jsonschema:"Where." default:"SMART"`
	Currency string  `json:"currency,omitempty" jsonschema:"Of the price." default:"USD"`
	ConID    int64   `json:"conId,omitempty" jsonschema:"Instead of the rest."`
	Contract *nested `json:"contract,omitempty" jsonschema:"The same, nested."`
}

// contractNames are other names of a contract's fields.
var contractNames = map[string]string{
	"ticker": "symbol", "security_type": "secType", "contract_id": "conId", "con_id": "conId",
}

// more is contractNames with further names.
func more(names map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range []map[string]string{contractNames, names} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// usual is where a kind of contract trades when nothing is said.
var usual = map[string]string{"STK": "SMART", "OPT": "SMART", "CFD": "SMART", "CASH": "IDEALPRO", "CRYPTO": "PAXOS"}

// asked is the contract that the input describes.
func (in contractIn) asked() (tws.Contract, error) {
	const op = "ibkr.contract"
	k := nested{ConID: in.ConID, Symbol: in.Symbol, SecType: in.SecType, Exchange: in.Exchange, Currency: in.Currency}
	if in.Contract != nil {
		if k != (nested{}) {
			return tws.Contract{}, fault.E(op, fault.Invalid, "the contract is given twice").Hinted("Give contract, or the flat fields, not both.").With("argument", "contract")
		}
		k = *in.Contract
	}
	return k.contract()
}

func (k nested) contract() (tws.Contract, error) {
	const op = "ibkr.contract"
	up := func(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }
	c := tws.Contract{
		ConID: k.ConID, Symbol: up(k.Symbol), SecType: up(k.SecType), Exchange: up(k.Exchange), Currency: up(k.Currency), PrimaryExchange: up(k.PrimaryExchange),
		LastTradeDate: strings.TrimSpace(k.Expiration), Strike: k.Strike, Right: up(k.Right), Multiplier: k.Multiplier, LocalSymbol: k.LocalSymbol, TradingClass: k.TradingClass,
	}
	switch {
	case c.ConID < 0:
		return c, fault.E(op, fault.Invalid, "conId must be above zero").With("argument", "conId").Hinted("ibkr_search_symbols finds it.")
	case c.ConID > 0 && c.Symbol == "":
		return tws.Contract{ConID: c.ConID, Exchange: c.Exchange}, nil
	case c.Symbol == "" && c.LocalSymbol == "":
		return c, fault.E(op, fault.Invalid, "symbol or conId is required").With("argument", "symbol").Hinted("Give symbol, with secType where it is no stock; ibkr_search_symbols finds both.")
	}
	if len(c.Right) > 1 { // CALL, PUT
		c.Right = c.Right[:1]
	}
	if c.SecType == "" {
		c.SecType = "STK"
		if c.Right != "" || c.LastTradeDate != "" {
			c.SecType = "OPT"
		}
	}
	if c.SecType == "CASH" && len(c.Symbol) == 6 && (c.Currency == "" || c.Currency == c.Symbol[3:]) {
		c.Symbol, c.Currency = c.Symbol[:3], c.Symbol[3:]
	}
	if c.Currency == "" {
		c.Currency = "USD"
	}
	if c.Exchange == "" || c.Exchange == "SMART" && usual[c.SecType] != "" {
		c.Exchange = usual[c.SecType]
	}
	return c, nil
}

// find gives the one contract that the input describes, and the desk's symbol.
func (in contractIn) find(ctx context.Context, c *tool.Call, account string) (tws.Contract, string, error) {
	want, err := in.asked()
	if err != nil {
		return want, "", err
	}
	return c.Deps.IBKR.Resolve(ctx, account, want)
}

// contractRow is a contract as callers see it.
type contractRow struct {
	ConID           int64       `json:"conId,omitempty" jsonschema:"IBKR's number of it."`
	Symbol          string      `json:"symbol" jsonschema:"The underlying's."`
	SecType         string      `json:"secType" jsonschema:"STK, OPT and so on."`
	Exchange        string      `json:"exchange,omitempty" jsonschema:"Where."`
	PrimaryExchange string      `json:"primaryExchange,omitempty" jsonschema:"Where it is listed."`
	Currency        string      `json:"currency" jsonschema:"Of the price."`
	LocalSymbol     string      `json:"localSymbol,omitempty" jsonschema:"The contract's own."`
	TradingClass    string      `json:"tradingClass,omitempty" jsonschema:"Its class."`
	Expiration      string      `json:"lastTradeDateOrContractMonth,omitempty" jsonschema:"yyyymmdd."`
	Strike          num.Decimal `json:"strike,omitzero" jsonschema:"Of an option."`
	Right           string      `json:"right,omitempty" jsonschema:"C or P."`
	Multiplier      string      `json:"multiplier,omitempty" jsonschema:"Of an option."`
}

// rowOf gives a contract as callers see it.
func rowOf(k tws.Contract) contractRow {
	return contractRow{k.ConID, k.Symbol, k.SecType, k.Exchange, k.PrimaryExchange, k.Currency, k.LocalSymbol, k.TradingClass, k.LastTradeDate, k.Strike, k.Right, k.Multiplier}
}

// opt is a number that may be unset: absent, never NaN.
func opt(n tws.OptNum) *num.Decimal {
	if d, ok := n.Get(); ok {
		return &d
	}
	return nil
}

// list splits a comma list of TWS.
func list(s string) []string {
	out := []string{}
	for w := range strings.SplitSeq(s, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// answerWait bounds the wait for the first word of a subscription.
const answerWait = 10 * time.Second
