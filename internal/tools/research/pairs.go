package research

import (
	"context"

	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// FindPairs is find_cointegrated_pairs.
var FindPairs = tool.Define(tool.Spec{
	Name: "find_cointegrated_pairs", Title: "Find cointegrated pairs", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Test all pairs of a universe at once: rolling distance correlation first if asked, Engle-Granger or Johansen corrected for their number, then half-life and Hurst. backtest_pairs takes the handle.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution"),
	Examples:    []string{`{"symbols":["KO","PEP","XOM","CVX"],"start_date":"2022-01-03","end_date":"2023-12-29"}`},
}, findPairs)

type findPairsOut struct {
	research.PairsOut
	tool.Provenance
}

func findPairs(ctx context.Context, c *tool.Call, in research.PairsIn) (findPairsOut, error) {
	out, err := c.Deps.Research.FindPairs(ctx, c.Researcher(), in, report(c))
	return findPairsOut{out, priced(c)}, err
}

// TradePairs is backtest_pairs.
var TradePairs = tool.Define(tool.Spec{
	Name: "backtest_pairs", Title: "Backtest pairs", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Trade pairs on paper: Kalman or fixed hedge ratio, entry with confirmation, target, stop and time exits, caps, costs, fills at the next open; trades, NAV and attribution that add up. Give formation_end so that it is out of sample.",
	Aliases:     spelled("start_date", "end_date", "resolution"),
	Examples:    []string{`{"pairs":[["KO","PEP"]],"start_date":"2021-01-04","end_date":"2023-12-29","formation_end":"2021-12-31"}`},
}, tradePairs)

type tradePairsOut struct {
	research.TradePairsOut
	tool.Provenance
}

func tradePairs(ctx context.Context, c *tool.Call, in research.TradePairsIn) (tradePairsOut, error) {
	out, err := c.Deps.Research.TradePairs(ctx, c.Researcher(), in, report(c))
	return tradePairsOut{out, priced(c)}, err
}

// Alpha is bootstrap_alpha.
var Alpha = tool.Define(tool.Spec{
	Name: "bootstrap_alpha", Title: "Test whether alpha is luck", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Stationary bootstrap of a portfolio's or backtest's alpha against a benchmark: p-values that allow for autocorrelation, and for how many strategies were tried.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "benchmark_symbol"),
	Examples:    []string{`{"symbols":["KO","PEP"],"start_date":"2022-01-03","end_date":"2023-12-29","benchmark_symbol":"SPY","replicates":500}`},
}, alpha)

type alphaOut struct {
	research.AlphaOut
	tool.Provenance
}

func alpha(ctx context.Context, c *tool.Call, in research.AlphaIn) (alphaOut, error) {
	out, err := c.Deps.Research.Alpha(ctx, c.Researcher(), in, report(c))
	return alphaOut{out, priced(c)}, err
}
