package research

import (
	"context"
	"math"
	"strconv"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/report/sheet"
	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// Tearsheet is create_tearsheet.
var Tearsheet = tool.Define(tool.Spec{
	Name: "create_tearsheet", Title: "Make a tear sheet", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Two pages with returns, drawdown, risk, monthly table, statistics and assumptions, of a result, of a project's backtest, or of weights over a span; and the numbers as files. create_chart draws one chart.",
	Aliases:     spelled("symbols", "start_date", "end_date", "resolution", "benchmark_symbol"),
	Resource:    View,
	Examples:    []string{`{"symbols":["KO","PEP"],"start_date":"2023-01-03","end_date":"2024-12-31","benchmark_symbol":"SPY","formats":["pdf","png","csv"]}`},
}, tearsheet)

type tearsheetIn struct {
	research.Holding
	ProjectID  int64        `json:"project_id,omitempty" jsonschema:"Of a backtest."`
	BacktestID string       `json:"backtest_id,omitempty" jsonschema:"Instead of result."`
	Title      string       `json:"title,omitempty" jsonschema:"Of the page."`
	Formats    []FileFormat `json:"formats,omitempty" jsonschema:"Default pdf and png." maxItems:"6"`
	RiskFree   float64      `json:"risk_free,omitempty" jsonschema:"A year, a fraction." minimum:"-1" maximum:"10"`
	Window     int          `json:"window,omitempty" jsonschema:"Bars of what rolls; default 63." minimum:"2" maximum:"5000"`
}

type tearsheetOut struct {
	reportOut
	Summary  map[string]float64 `json:"summary" jsonschema:"The main figures, fractions; without what is not defined."`
	Warnings []string           `json:"warnings,omitempty" jsonschema:"What to know before relying on it."`
	tool.Provenance
}

func tearsheet(ctx context.Context, c *tool.Call, in tearsheetIn) (tearsheetOut, error) {
	const op = "tools.tearsheet"
	if err := checkTitle(in.Title); err != nil {
		return tearsheetOut{}, err
	}
	p := priced(c)
	var t sheet.Tearsheet
	var warnings []string
	var err error
	if in.BacktestID != "" || in.ProjectID != 0 {
		if in.Result != "" || len(in.Symbols) > 0 {
			return tearsheetOut{}, fault.E(op, fault.InvalidParameter, "a backtest is given beside result or symbols").With("argument", "backtest_id").Hinted("Give one of them.")
		}
		t, err = ofBacktest(ctx, c, in)
	} else {
		var track research.Track
		if track, err = c.Deps.Research.Track(ctx, c.Researcher(), in.Holding, report(c)); err == nil {
			t, warnings = ofTrack(track), track.Warnings
		}
	}
	if err != nil {
		return tearsheetOut{}, err
	}
	if in.Title != "" {
		t.Title = in.Title
	}
	t.RiskFree, t.Window, t.Made = in.RiskFree, in.Window, made(p)
	t.Source, t.Simulated = sourced(p)
	t.Notes = append(t.Notes, warnings...)
	drawing, err := t.Drawing()
	if err != nil {
		return tearsheetOut{}, err
	}
	tables, err := t.Tables()
	if err != nil {
		return tearsheetOut{}, err
	}
	summary, err := t.Summary()
	if err != nil {
		return tearsheetOut{}, err
	}
	out, err := deliver(c, delivery{name: "tearsheet", title: t.Title, drawing: drawing, tables: tables, formats: in.Formats, view: equityView(t, tables[0], summary)})
	return tearsheetOut{out, summary, warnings, p}, err
}

// ofTrack is a path of research as a tear sheet.
func ofTrack(k research.Track) sheet.Tearsheet {
	t := sheet.Tearsheet{
		Title: "Portfolio", Times: k.Times, Returns: k.Returns, Benchmark: k.Benchmark, BenchmarkName: k.BenchmarkName, PeriodsPerYear: k.PerYear,
		Gross: k.Gross, Net: k.Net, Turnover: k.Turnover, Trades: k.Trades, InSample: k.InSample,
	}
	switch k.Of.Kind {
	case "":
	case "backtest_pairs":
		t.Title, t.Name = "Pairs", "Pairs"
	default:
		t.Subtitle = strings.ReplaceAll(k.Of.Kind, "_", " ") + " " + k.Of.Handle
	}
	if n := len(k.Symbols); n > 0 && n <= 6 {
		t.Title = strings.Join(k.Symbols, ", ")
	} else if n > 6 {
		t.Title = "Portfolio of " + strconv.Itoa(n) + " instruments"
	}
	for i, s := range k.Symbols {
		part := math.NaN()
		if i < len(k.Contributions) {
			part = k.Contributions[i]
		}
		t.Positions = append(t.Positions, sheet.Position{Symbol: s, Weight: k.Weights[i], Contribution: part})
	}
	if k.Of.Kind != "backtest_pairs" {
		t.Assumptions = append(t.Assumptions, sheet.Pair{Name: "Rebalancing", Value: rebalancing(k.Frequency) + ", at closes"})
	} else {
		t.Assumptions = append(t.Assumptions, sheet.Pair{Name: "Fills", Value: "decided at a close, filled at the next open"})
	}
	cost := "none"
	if k.Cost != 0 {
		cost = strconv.FormatFloat(k.Cost, 'g', 6, 64) + " basis points of what is traded"
	}
	t.Assumptions = append(t.Assumptions, sheet.Pair{Name: "Costs", Value: cost})
	bars := k.Resolution
	if bars == "" {
		bars = "daily"
	}
	t.Assumptions = append(t.Assumptions, sheet.Pair{Name: "Bars", Value: bars + ", adjusted for splits and dividends"})
	return t
}

func rebalancing(f string) string {
	if f == "none" {
		return "never: bought once"
	}
	return f
}
