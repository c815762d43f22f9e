package research

import (
	"context"

	"quantdesk/internal/market"
	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// Constituents lists what a fund holds.
var Constituents = tool.Define(tool.Spec{
	Name: "get_etf_constituents", Title: "List a fund's holdings", Toolset: toolset, Scopes: reads, Effect: tool.Read, Rows: "constituents",
	Description: "What a fund held on a day, free of survivor bias: from the newest holdings that are not after it, whose date comes back.",
	Aliases:     spelled("etf_ticker"),
	Examples:    []string{`{"etf_ticker":"SPY","limit":5}`},
}, constituents)

type constituentsIn struct {
	Fund string `json:"etf_ticker" jsonschema:"The fund."`
	Date string `json:"date,omitempty" jsonschema:"As of this day; default the market's now."`
	Book string `json:"instance_name,omitempty" jsonschema:"Accepted for QuantConnect's callers; not used."`
	tool.Page
}

type constituentsOut struct {
	Fund    string            `json:"etf_ticker" jsonschema:"The fund."`
	AsOf    market.Date       `json:"date" jsonschema:"The date of the holdings."`
	Count   int               `json:"count" jsonschema:"How many there are."`
	Members []research.Member `json:"constituents" jsonschema:"In the order of the file, or by weight."`
	tool.Listing
}

func constituents(ctx context.Context, c *tool.Call, in constituentsIn) (constituentsOut, error) {
	all, asOf, err := c.Deps.Research.Constituents(ctx, in.Fund, in.Date)
	if err != nil {
		return constituentsOut{}, err
	}
	page, next, err := tool.Slice(all, in.Page)
	return constituentsOut{Fund: tool.Echo(in.Fund), AsOf: asOf, Count: len(all), Members: page, Listing: tool.Listing{NextCursor: next}}, err
}

// AddConstituents follows what a fund holds.
var AddConstituents = tool.Define(tool.Spec{
	Name: "add_etf_universe_securities", Title: "Follow a fund's holdings in research", Toolset: toolset, Scopes: writes, Effect: tool.Write, Idempotent: true,
	Description: "Have a research workspace follow everything a fund held on a day.",
	Aliases:     spelled("etf_ticker", "resolution"),
	Examples:    []string{`{"etf_ticker":"QQQ","instance_name":"default"}`},
}, addConstituents)

type addConstituentsIn struct {
	Fund       string `json:"etf_ticker" jsonschema:"The fund."`
	Date       string `json:"date,omitempty" jsonschema:"As of this day; default the market's now."`
	Resolution string `json:"resolution,omitempty" jsonschema:"daily, hour, minute …" default:"daily"`
	named
}

type addConstituentsOut struct {
	Fund   string           `json:"etf_ticker" jsonschema:"The fund."`
	AsOf   market.Date      `json:"date" jsonschema:"The date of the holdings."`
	Failed []research.Added `json:"failed_securities" jsonschema:"Those that could not be added, the first 50."`
	Added  int              `json:"total_added" jsonschema:"How many are followed now of the holdings."`
	Missed int              `json:"total_failed" jsonschema:"How many could not be added."`
	Count  int              `json:"securities_count" jsonschema:"Securities the workspace follows now."`
}

func addConstituents(ctx context.Context, c *tool.Call, in addConstituentsIn) (addConstituentsOut, error) {
	told, asOf, b, err := c.Deps.Research.AddConstituents(ctx, c.Researcher(), in.Book, in.Fund, in.Date, in.Resolution)
	if err != nil {
		return addConstituentsOut{}, err
	}
	many := manyOut(told, b)
	out := addConstituentsOut{Fund: tool.Echo(in.Fund), AsOf: asOf, Failed: []research.Added{}, Added: many.Added, Missed: many.Failed, Count: many.Count}
	for _, a := range told {
		if !a.Added && len(out.Failed) < 50 {
			out.Failed = append(out.Failed, a)
		}
	}
	return out, nil
}

// History reads prices into a workspace.
var History = tool.Define(tool.Spec{
	Name: "get_history", Title: "Read price history into research", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Bars of many instruments over a span, kept in the workspace as a table: a handle, a summary and the first rows come back; query_result reads the rest. For one instrument now, get_bars is simpler.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution"),
	Examples:    []string{`{"symbols":["AAPL","MSFT"],"start_date":"2024-01-02","end_date":"2024-01-31"}`},
}, history)

type historyOut struct {
	research.HistoryOut
	tool.Provenance
}

func history(ctx context.Context, c *tool.Call, in research.HistoryIn) (historyOut, error) {
	out, err := c.Deps.Research.History(ctx, c.Researcher(), in, report(c))
	return historyOut{out, priced(c)}, err
}

// AddAlternative follows alternative data.
var AddAlternative = tool.Define(tool.Spec{
	Name: "add_alternative_data", Title: "Follow alternative data in research", Toolset: toolset, Scopes: writes, Effect: tool.Write, Idempotent: true,
	Description: "Have a research workspace follow a set of alternative data about an instrument.",
	Aliases:     spelled("data_type", "symbol"),
	Examples:    []string{`{"data_type":"web_traffic","symbol":"AAPL"}`},
}, addAlternative)

type addAlternativeIn struct {
	Dataset string `json:"data_type" jsonschema:"Name of the data set."`
	Symbol  string `json:"symbol" jsonschema:"The instrument."`
	named
}

type addAlternativeOut struct {
	Status      string                     `json:"status" jsonschema:"added."`
	Alternative []research.AltSubscription `json:"alternative_data" jsonschema:"All that the workspace follows."`
}

func addAlternative(ctx context.Context, c *tool.Call, in addAlternativeIn) (addAlternativeOut, error) {
	b, err := c.Deps.Research.AddAlternative(ctx, c.Researcher(), in.Book, in.Dataset, in.Symbol)
	return addAlternativeOut{"added", b.Alternative}, err
}

// AlternativeHistory reads alternative data.
var AlternativeHistory = tool.Define(tool.Spec{
	Name: "get_alternative_data_history", Title: "Read alternative data", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Rows of alternative data over a span, kept in the workspace as a table: a handle and the first rows come back; query_result reads the rest.",
	Aliases:     spelled("data_type", "symbols", "start_date", "end_date"),
	Examples:    []string{`{"data_type":"web_traffic","symbols":["AAPL"],"start_date":"2024-01-01","end_date":"2024-03-01"}`},
}, alternativeHistory)

type alternativeOut struct {
	research.AlternativeOut
	tool.Provenance
}

func alternativeHistory(ctx context.Context, c *tool.Call, in research.AlternativeIn) (alternativeOut, error) {
	out, err := c.Deps.Research.AlternativeHistory(ctx, c.Researcher(), in, report(c))
	return alternativeOut{out, priced(c)}, err
}
