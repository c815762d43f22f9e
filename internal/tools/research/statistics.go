package research

import (
	"context"

	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// Correlate is calculate_correlation_matrix.
var Correlate = tool.Define(tool.Spec{
	Name: "calculate_correlation_matrix", Title: "Correlate assets", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "How assets move together: Pearson, Spearman, Kendall or distance correlation with corrected p-values, whole sample or rolling. A matrix up to 12 symbols, the strongest and weakest pairs, and tables with the rest.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution"),
	Resource:    View,
	Examples:    []string{`{"symbols":["KO","PEP","XOM"],"start_date":"2024-01-02","end_date":"2024-12-31"}`},
}, correlate)

type correlateOut struct {
	research.CorrelationOut
	tool.Provenance
}

func correlate(ctx context.Context, c *tool.Call, in research.CorrelationIn) (correlateOut, error) {
	out, err := c.Deps.Research.Correlation(ctx, c.Researcher(), in, report(c))
	return correlateOut{out, priced(c)}, err
}

// Components is perform_pca_analysis.
var Components = tool.Define(tool.Spec{
	Name: "perform_pca_analysis", Title: "Find principal components", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "What drives returns in common: eigenvalues, explained variance as fractions, loadings by symbol, how many components are more than noise.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution"),
	Examples:    []string{`{"symbols":["GOOGL","AMZN","MSFT"],"start_date":"2023-01-01","end_date":"2023-12-31"}`},
}, components)

type componentsOut struct {
	research.PCAOut
	tool.Provenance
}

func components(ctx context.Context, c *tool.Call, in research.PCAIn) (componentsOut, error) {
	out, err := c.Deps.Research.PCA(ctx, c.Researcher(), in, report(c))
	return componentsOut{out, priced(c)}, err
}

// Cointegration is test_cointegration.
var Cointegration = tool.Define(tool.Spec{
	Name: "test_cointegration", Title: "Test cointegration", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Whether prices keep together: Engle-Granger with hedge ratio, spread and half-life, and Johansen. For two to twelve instruments; find_cointegrated_pairs looks through a universe.",
	Aliases:     spelled("start_date", "end_date", "resolution"),
	Examples:    []string{`{"symbol1":"KO","symbol2":"PEP","start_date":"2023-01-01","end_date":"2024-12-31"}`},
}, cointegration)

type cointegrationOut struct {
	research.CointegrationOut
	tool.Provenance
}

func cointegration(ctx context.Context, c *tool.Call, in research.CointegrationIn) (cointegrationOut, error) {
	out, err := c.Deps.Research.Cointegration(ctx, c.Researcher(), in, report(c))
	return cointegrationOut{out, priced(c)}, err
}

// Reversion is analyze_mean_reversion.
var Reversion = tool.Define(tool.Spec{
	Name: "analyze_mean_reversion", Title: "Analyse mean reversion", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Where prices stand to their rolling mean, and whether they return: z-score, signal, half-life, Hurst, ADF and KPSS with a verdict, variance ratio, past hit rate.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "lookback_period"),
	Examples:    []string{`{"symbols":["KO","PEP"],"start_date":"2023-01-01","end_date":"2024-12-31","lookback_period":20}`},
}, reversion)

type reversionOut struct {
	research.ReversionOut
	tool.Provenance
}

func reversion(ctx context.Context, c *tool.Call, in research.ReversionIn) (reversionOut, error) {
	out, err := c.Deps.Research.Reversion(ctx, c.Researcher(), in, report(c))
	return reversionOut{out, priced(c)}, err
}

// Regime is regime_test.
var Regime = tool.Define(tool.Spec{
	Name: "regime_test", Title: "Test for a regime change", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Whether returns, or their relation to a benchmark, changed: at an unknown date with bootstrap, at a known one, or by switching between two states.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "benchmark_symbol"),
	Examples:    []string{`{"symbols":["SPY"],"start_date":"2022-01-03","end_date":"2023-12-29","bootstrap":99}`},
}, regime)

type regimeOut struct {
	research.RegimeOut
	tool.Provenance
}

func regime(ctx context.Context, c *tool.Call, in research.RegimeIn) (regimeOut, error) {
	out, err := c.Deps.Research.Regime(ctx, c.Researcher(), in, report(c))
	return regimeOut{out, priced(c)}, err
}
