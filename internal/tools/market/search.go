// Package market holds the tools that look at prices.
package market

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
)

// Search finds instruments.
var Search = tool.Define(tool.Spec{
	Name: "search_instruments", Title: "Search instruments", Toolset: "market", Scopes: []string{identity.MarketRead}, Effect: tool.Read, Rows: "instruments",
	Description: "Find tradable instruments by symbol, name, class or sector, best match first. Use it before ordering an unfamiliar symbol. Gives tick, lot, currency and sector.",
	Aliases:     map[string]string{"q": "query", "text": "query", "symbol": "query"},
	Examples:    []string{`{"query":"AAPL"}`, `{"sector":"Technology","limit":5,"fields":["symbol","name"]}`},
}, search)

type searchIn struct {
	Query  string       `json:"query,omitempty" jsonschema:"Symbol or part of a name."`
	Class  market.Class `json:"class,omitempty" jsonschema:"Only this class."`
	Sector string       `json:"sector,omitempty" jsonschema:"Only this sector."`
	tool.Page
}

type instrumentRow struct {
	Symbol    string       `json:"symbol" jsonschema:"Use it in every other tool."`
	Name      string       `json:"name,omitempty" jsonschema:"Plain name."`
	Class     market.Class `json:"class" jsonschema:"Kind of instrument."`
	Market    string       `json:"market" jsonschema:"Listing market."`
	Currency  string       `json:"currency" jsonschema:"Currency of prices."`
	Sector    string       `json:"sector,omitempty" jsonschema:"Sector, where known."`
	ETF       bool         `json:"etf,omitempty" jsonschema:"True for a fund."`
	Tick      num.Decimal  `json:"tick" jsonschema:"Smallest price step."`
	Lot       num.Decimal  `json:"lot" jsonschema:"Smallest quantity step."`
	Shortable bool         `json:"shortable" jsonschema:"Can be sold short."`
}

type searchOut struct {
	Instruments []instrumentRow `json:"instruments" jsonschema:"Matches, best first."`
	Total       int             `json:"total" jsonschema:"Matches over all pages."`
	tool.Listing
}

func search(ctx context.Context, c *tool.Call, in searchIn) (searchOut, error) {
	all, err := c.Deps.Feed.Instruments(ctx)
	if err != nil {
		return searchOut{}, err
	}
	hits := market.Select(all, market.Query{Text: in.Query, Class: in.Class, Sector: in.Sector})
	page, next, err := tool.Slice(hits, in.Page)
	if err != nil {
		return searchOut{}, err
	}
	out := searchOut{Instruments: make([]instrumentRow, len(page)), Total: len(hits), Listing: tool.Listing{NextCursor: next}}
	for i, m := range page {
		out.Instruments[i] = instrumentRow{m.Symbol, m.Name, m.Class, m.Market, m.Currency, m.Sector, m.ETF, m.Tick, m.Lot, m.Shortable}
	}
	if len(hits) == 0 {
		out.Hints = []string{"Try a shorter query, or leave out class and sector."}
	}
	return out, nil
}
