package research

import (
	"context"

	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// Performance is calculate_portfolio_performance.
var Performance = tool.Define(tool.Spec{
	Name: "calculate_portfolio_performance", Title: "Measure a portfolio", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Return, risk, drawdown, tail losses, and comparison with a benchmark, of weights over a span or of a result that has weights or returns. Weights are used as they are given.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "benchmark_symbol"),
	Examples:    []string{`{"symbols":["KO","PEP"],"weights":[0.5,0.5],"start_date":"2023-01-03","end_date":"2024-12-31","benchmark_symbol":"SPY"}`},
}, performance)

type performanceOut struct {
	research.PerformanceOut
	tool.Provenance
}

func performance(ctx context.Context, c *tool.Call, in research.PerformanceIn) (performanceOut, error) {
	out, err := c.Deps.Research.Performance(ctx, c.Researcher(), in, report(c))
	return performanceOut{out, priced(c)}, err
}

// EqualWeight is optimize_equal_weight_portfolio.
var EqualWeight = tool.Define(tool.Spec{
	Name: "optimize_equal_weight_portfolio", Title: "Follow equal weights", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "An equally weighted portfolio through time with its drift, rebalancing, turnover, costs and each asset's contribution.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "benchmark_symbol"),
	Examples:    []string{`{"symbols":["KO","PEP","XOM"],"start_date":"2023-01-03","end_date":"2024-12-31"}`},
}, equalWeight)

type equalWeightOut struct {
	research.EqualWeightOut
	tool.Provenance
}

func equalWeight(ctx context.Context, c *tool.Call, in research.EqualWeightIn) (equalWeightOut, error) {
	out, err := c.Deps.Research.EqualWeight(ctx, c.Researcher(), in, report(c))
	return equalWeightOut{out, priced(c)}, err
}

// Optimize is optimize_portfolio.
var Optimize = tool.Define(tool.Spec{
	Name: "optimize_portfolio", Title: "Optimise a portfolio", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Choose weights, long or long/short, with caps and groups; hrp_cvar is HRP tilted by CVaR. Proven optimal, or an error that says what cannot hold.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "benchmark_symbol"),
	Examples:    []string{`{"symbols":["KO","PEP","XOM","AAPL"],"start_date":"2023-01-03","end_date":"2024-12-31","method":"hrp","upper":0.4}`},
}, optimize)

type optimizeOut struct {
	research.OptimizeOut
	tool.Provenance
}

func optimize(ctx context.Context, c *tool.Call, in research.OptimizeIn) (optimizeOut, error) {
	out, err := c.Deps.Research.Optimize(ctx, c.Researcher(), in, report(c))
	return optimizeOut{out, priced(c)}, err
}

// Sparse is sparse_optimization.
var Sparse = tool.Define(tool.Spec{
	Name: "sparse_optimization", Title: "Track an index with few names", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "A sparse portfolio that follows an index and avoids falling short of it (Huber downside risk). Every cap holds; the loss never rises on the way.",
	Aliases:     spelled("start_date", "end_date", "resolution", "benchmark_symbol", "portfolio_symbols"),
	Examples:    []string{`{"portfolio_symbols":["AAPL","MSFT","XOM","KO","PEP","JPM"],"benchmark_symbol":"SPY","start_date":"2023-01-03","end_date":"2024-12-31","max_weight":0.4}`},
}, sparse)

type sparseOut struct {
	research.SparseOut
	tool.Provenance
}

func sparse(ctx context.Context, c *tool.Call, in research.SparseIn) (sparseOut, error) {
	out, err := c.Deps.Research.Sparse(ctx, c.Researcher(), in, report(c))
	return sparseOut{out, priced(c)}, err
}
