package ibkr

import (
	"context"
	"fmt"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
	"quantdesk/internal/tws"
)

var reads = []string{identity.MarketRead}

// Search searches symbols and names at IBKR.
var Search = tool.Define(tool.Spec{
	Name: "ibkr_search_symbols", Title: "Search symbols at IBKR", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "Contracts whose symbol or company name fits a pattern, at most 16. For what the desk itself trades use search_instruments.",
	Aliases:     map[string]string{"query": "pattern", "symbol": "pattern"},
	Examples:    []string{`{"pattern":"AAPL"}`},
}, search)

// Matching is Search under TWS's own name.
var Matching = tool.Define(tool.Spec{
	Name: "ibkr_get_matching_symbols", Title: "Matching symbols at IBKR", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "The same as ibkr_search_symbols, under the name of TWS's own request.",
	Aliases:     map[string]string{"query": "pattern", "symbol": "pattern"},
	Examples:    []string{`{"pattern":"Micro"}`},
}, search)

type searchIn struct {
	Pattern string `json:"pattern" jsonschema:"The beginning of a symbol, or part of a name."`
	accountIn
}

type symbolRow struct {
	ConID           int64    `json:"conId" jsonschema:"IBKR's number of it."`
	Symbol          string   `json:"symbol" jsonschema:"Its symbol."`
	SecType         string   `json:"secType" jsonschema:"STK and so on."`
	PrimaryExchange string   `json:"primaryExchange" jsonschema:"Where it is listed."`
	Currency        string   `json:"currency" jsonschema:"Of the price."`
	Description     string   `json:"description" jsonschema:"Its name."`
	Derivatives     []string `json:"derivativeSecTypes" jsonschema:"What is derived from it."`
}

type searchOut struct {
	Results []symbolRow `json:"results" jsonschema:"Best first."`
	Count   int         `json:"count" jsonschema:"How many."`
}

func search(ctx context.Context, c *tool.Call, in searchIn) (searchOut, error) {
	const longest = 100
	if in.Pattern == "" || len(in.Pattern) > longest {
		return searchOut{}, fault.E("ibkr.search", fault.Invalid, "pattern takes 1 to %d characters", longest).With("argument", "pattern").Hinted("Give a symbol or part of a name.")
	}
	_, client, err := dial(ctx, c, in.Account)
	if err != nil {
		return searchOut{}, err
	}
	found, err := client.MatchingSymbols(ctx, in.Pattern)
	if err != nil {
		return searchOut{}, venue.Fault(err)
	}
	out := searchOut{Results: []symbolRow{}, Count: len(found)}
	for _, f := range found {
		k := f.Contract
		out.Results = append(out.Results, symbolRow{k.ConID, k.Symbol, k.SecType, k.PrimaryExchange, k.Currency, f.Description, append([]string{}, f.Derivatives...)})
	}
	return out, nil
}

// Details tells everything about contracts.
var Details = tool.Define(tool.Spec{
	Name: "ibkr_get_contract_details", Title: "Contract details", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "Everything about the contracts that fit a description: conId, names, tick, order types, exchanges, trading hours. The first is told whole, further ones by their contracts.",
	Aliases:     contractNames,
	Examples:    []string{`{"symbol":"AAPL"}`, `{"contract":{"symbol":"MSFT","secType":"STK","exchange":"SMART","currency":"USD"}}`},
}, details)

// Definition tells about a conId.
var Definition = tool.Define(tool.Spec{
	Name: "ibkr_get_security_definition_by_conid", Title: "Definition of a conId", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "The contract that a conId stands for, with its details.",
}, definition)

type detailsIn struct {
	contractIn
	accountIn
}

type detailsRow struct {
	MarketName     string      `json:"marketName" jsonschema:"The product's name."`
	MinTick        num.Decimal `json:"minTick" jsonschema:"Smallest step of the price."`
	PriceMagnifier int64       `json:"priceMagnifier" jsonschema:"What prices are multiplied by."`
	OrderTypes     []string    `json:"orderTypes" jsonschema:"What TWS takes."`
	ValidExchanges []string    `json:"validExchanges" jsonschema:"Where it trades."`
	MarketRules    []string    `json:"marketRuleIds" jsonschema:"Of those exchanges, for ibkr_get_market_rule."`
	UnderConID     int64       `json:"underConId,omitempty" jsonschema:"The underlying."`
	LongName       string      `json:"longName" jsonschema:"Its name."`
	ContractMonth  string      `json:"contractMonth,omitempty" jsonschema:"yyyymm."`
	Industry       string      `json:"industry" jsonschema:"Of the company."`
	Category       string      `json:"category" jsonschema:"Of the company."`
	Subcategory    string      `json:"subcategory" jsonschema:"Of the company."`
	TimeZoneID     string      `json:"timeZoneId" jsonschema:"Of the hours."`
	TradingHours   string      `json:"tradingHours" jsonschema:"All hours."`
	LiquidHours    string      `json:"liquidHours" jsonschema:"Regular hours."`
	StockType      string      `json:"stockType,omitempty" jsonschema:"COMMON, ETF and so on."`
}

type detailsOut struct {
	Contract contractRow `json:"contract" jsonschema:"The first that fits."`
	detailsRow
	Details detailsRow    `json:"details" jsonschema:"The same, as one object."`
	Others  []contractRow `json:"others,omitempty" jsonschema:"Further contracts that fit, at most 50."`
	Count   int           `json:"count" jsonschema:"How many fit."`
}

func details(ctx context.Context, c *tool.Call, in detailsIn) (detailsOut, error) {
	want, err := in.asked()
	if err != nil {
		return detailsOut{}, err
	}
	return describe(ctx, c, in.Account, want)
}

type definitionIn struct {
	ConID int64 `json:"conId" jsonschema:"IBKR's number." minimum:"1"`
	accountIn
}

func definition(ctx context.Context, c *tool.Call, in definitionIn) (detailsOut, error) {
	return describe(ctx, c, in.Account, tws.Contract{ConID: in.ConID})
}

func describe(ctx context.Context, c *tool.Call, account string, want tws.Contract) (detailsOut, error) {
	_, client, err := dial(ctx, c, account)
	if err != nil {
		return detailsOut{}, err
	}
	found, err := client.ContractDetails(ctx, want)
	if err == nil && len(found) == 0 {
		err = fault.E("ibkr.describe", fault.NotFound, "no contract fits").Hinted("ibkr_search_symbols finds contracts.")
	}
	if err != nil {
		return detailsOut{}, venue.Fault(err)
	}
	const others = 50
	d := found[0]
	row := detailsRow{
		d.MarketName, d.MinTick, d.PriceMagnifier, list(d.OrderTypes), list(d.ValidExchanges), list(d.MarketRuleIDs), d.UnderConID, d.LongName, d.ContractMonth,
		d.Industry, d.Category, d.Subcategory, d.TimeZoneID, d.TradingHours, d.LiquidHours, d.StockType,
	}
	out := detailsOut{Contract: rowOf(d.Contract), detailsRow: row, Details: row, Count: len(found)}
	for _, x := range found[1:min(len(found), others+1)] {
		out.Others = append(out.Others, rowOf(x.Contract))
	}
	return out, nil
}

// Rule tells the price steps of a market rule.
var Rule = tool.Define(tool.Spec{
	Name: "ibkr_get_market_rule", Title: "Price steps of a market rule", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "Smallest price step from each price on, of a rule that marketRuleIds of ibkr_get_contract_details names.",
	Aliases:     map[string]string{"rule_id": "marketRuleId"},
}, rule)

type ruleIn struct {
	Rule int64 `json:"marketRuleId" jsonschema:"From marketRuleIds." minimum:"0" maximum:"2147483647"`
	accountIn
}

type increment struct {
	LowEdge   num.Decimal `json:"lowEdge" jsonschema:"From this price on."`
	Increment num.Decimal `json:"increment" jsonschema:"The step."`
}

type ruleOut struct {
	Rule       int64       `json:"marketRuleId" jsonschema:"The rule."`
	Increments []increment `json:"priceIncrements" jsonschema:"By price."`
}

func rule(ctx context.Context, c *tool.Call, in ruleIn) (ruleOut, error) {
	_, client, err := dial(ctx, c, in.Account)
	if err != nil {
		return ruleOut{}, err
	}
	steps, err := client.MarketRule(ctx, in.Rule)
	out := ruleOut{in.Rule, []increment{}}
	for _, s := range steps {
		out.Increments = append(out.Increments, increment(s))
	}
	return out, venue.Fault(err)
}

// Components tells what the letters of a BBO stand for.
var Components = tool.Define(tool.Spec{
	Name: "ibkr_get_smart_components", Title: "Exchanges of a SMART quote", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "Which exchanges stand behind the bits of a SMART quote's BBO code.",
}, components)

type componentsIn struct {
	BBO string `json:"bboExchange" jsonschema:"The code, such as 9c0001."`
	accountIn
}

type componentsOut struct {
	BBO        string            `json:"bboExchange" jsonschema:"The code."`
	Components map[string]string `json:"components" jsonschema:"Exchange by bit number."`
}

func components(ctx context.Context, c *tool.Call, in componentsIn) (componentsOut, error) {
	_, client, err := dial(ctx, c, in.Account)
	if err != nil {
		return componentsOut{}, err
	}
	found, err := client.SmartComponents(ctx, in.BBO)
	out := componentsOut{tool.Echo(in.BBO), map[string]string{}}
	for _, f := range found {
		out.Components[fmt.Sprint(f.Bit)] = f.Exchange
	}
	return out, venue.Fault(err)
}
