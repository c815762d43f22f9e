package research

import (
	"context"

	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// ImportFactors is import_factors.
var ImportFactors = tool.Define(tool.Spec{
	Name: "import_factors", Title: "Import factor returns", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Bring factor returns into a workspace: those that come with the simulated market, or a file of Kenneth French's library or AQR's as published.",
	Aliases:     spelled("start_date", "end_date"),
	Examples:    []string{`{"source":"market","start_date":"2023-01-03","end_date":"2023-12-29"}`},
}, importFactors)

type importFactorsOut struct {
	research.ImportFactorsOut
	tool.Provenance
}

func importFactors(ctx context.Context, c *tool.Call, in research.ImportFactorsIn) (importFactorsOut, error) {
	out, err := c.Deps.Research.ImportFactors(ctx, c.Researcher(), in, report(c))
	return importFactorsOut{out, priced(c)}, err
}

// Loadings is factor_loadings.
var Loadings = tool.Define(tool.Spec{
	Name: "factor_loadings", Title: "Explain returns by factors", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Regress returns on factors: alpha and loadings with HAC errors, for each symbol, and a portfolio's exposures and risk by factor.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution"),
	Examples:    []string{`{"symbols":["KO","PEP"],"start_date":"2022-01-03","end_date":"2023-12-29"}`},
}, loadings)

type loadingsOut struct {
	research.LoadingsOut
	tool.Provenance
}

func loadings(ctx context.Context, c *tool.Call, in research.LoadingsIn) (loadingsOut, error) {
	out, err := c.Deps.Research.Loadings(ctx, c.Researcher(), in, report(c))
	return loadingsOut{out, priced(c)}, err
}

// Rank is rank_universe.
var Rank = tool.Define(tool.Spec{
	Name: "rank_universe", Title: "Rank a universe", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Sort a universe by value and 12-1 momentum as they were known on a day, into a long third and a short third. optimize_portfolio takes the handle as ranking.",
	Aliases:     spelled("symbols", "date"),
	Examples:    []string{`{"etf_ticker":"QQQ","date":"2024-06-03"}`},
}, rank)

type rankOut struct {
	research.RankOut
	tool.Provenance
}

func rank(ctx context.Context, c *tool.Call, in research.RankIn) (rankOut, error) {
	out, err := c.Deps.Research.Rank(ctx, c.Researcher(), in, report(c))
	return rankOut{out, priced(c)}, err
}

// Choose is select_uncorrelated_assets.
var Choose = tool.Define(tool.Spec{
	Name: "select_uncorrelated_assets", Title: "Select uncorrelated assets", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "The set of a given size that moves together least, compared with all sets where that can be done.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution"),
	Examples:    []string{`{"symbols":["KO","PEP","XOM","AAPL","JPM"],"start_date":"2023-01-03","end_date":"2024-12-31","num_assets":3}`},
}, choose)

type chooseOut struct {
	research.ChooseOut
	tool.Provenance
}

func choose(ctx context.Context, c *tool.Call, in research.ChooseIn) (chooseOut, error) {
	out, err := c.Deps.Research.Choose(ctx, c.Researcher(), in, report(c))
	return chooseOut{out, priced(c)}, err
}

// Screen is screen_assets_by_criteria.
var Screen = tool.Define(tool.Spec{
	Name: "screen_assets_by_criteria", Title: "Screen assets", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Hold assets against bounds on return, volatility, Sharpe, correlation, price, market cap, dollar volume, history and sector. Each failure has its metric, value and bound; what is not known fails.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "benchmark_symbol"),
	Examples:    []string{`{"symbols":["KO","PEP","XOM"],"start_date":"2023-01-03","end_date":"2024-12-31","max_volatility":0.5}`},
}, screen)

type screenOut struct {
	research.ScreenOut
	tool.Provenance
}

func screen(ctx context.Context, c *tool.Call, in research.ScreenIn) (screenOut, error) {
	out, err := c.Deps.Research.Screen(ctx, c.Researcher(), in, report(c))
	return screenOut{out, priced(c)}, err
}
