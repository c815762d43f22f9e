package research

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/report/sheet"
	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// Chart is create_chart.
var Chart = tool.Define(tool.Spec{
	Name: "create_chart", Title: "Draw a chart", Toolset: toolset, Scopes: reads, Effect: tool.Read,
	Description: "Draw what a result holds: equity with drawdown, correlation heat map, scree plot, loadings, spread with z-score bands and trades, efficient frontier, weights or dendrogram. create_tearsheet makes a whole report.",
	Aliases:     spelled("result"),
	Resource:    View,
}, chart)

// chartKind is what is drawn.
type chartKind string

// The kinds of charts.
const (
	kindEquity     chartKind = "equity"
	kindHeat       chartKind = "heatmap"
	kindScree      chartKind = "scree"
	kindLoadings   chartKind = "loadings"
	kindSpread     chartKind = "spread"
	kindFrontier   chartKind = "frontier"
	kindWeights    chartKind = "weights"
	kindDendrogram chartKind = "dendrogram"
)

// Values lists the kinds.
func (chartKind) Values() []string {
	return []string{"equity", "heatmap", "scree", "loadings", "spread", "frontier", "weights", "dendrogram"}
}

type chartIn struct {
	Result  string       `json:"result" jsonschema:"Handle of an analysis."`
	Kind    chartKind    `json:"kind,omitempty" jsonschema:"Default: what the result is best drawn as."`
	Pair    string       `json:"pair,omitempty" jsonschema:"Of a spread of backtest_pairs; default the one traded most."`
	Title   string       `json:"title,omitempty" jsonschema:"Of the chart."`
	Formats []FileFormat `json:"formats,omitempty" jsonschema:"Default pdf and png." maxItems:"6"`
}

type chartOut struct {
	reportOut
	Kind  chartKind   `json:"kind" jsonschema:"What is drawn."`
	Kinds []chartKind `json:"kinds" jsonschema:"What the result can be drawn as."`
	tool.Provenance
}

func chart(ctx context.Context, c *tool.Call, in chartIn) (chartOut, error) {
	const op = "tools.chart"
	if err := checkTitle(in.Title); err != nil {
		return chartOut{}, err
	}
	r, err := c.Deps.Research.Find(ctx, c.Researcher(), in.Result)
	if err != nil {
		return chartOut{}, err
	}
	if r.State != research.Done {
		return chartOut{}, fault.E(op, fault.Conflict, "the result %s is %s", r.Handle, r.State).Hinted("Wait for it with query_result and no table.")
	}
	kinds := drawable(r)
	if len(kinds) == 0 {
		return chartOut{}, fault.E(op, fault.InvalidParameter, "the result %s of %s has nothing to draw", r.Handle, r.Kind).With("argument", "result").
			Hinted("Give one of an optimisation, a correlation, components, a cointegration test, a performance or backtest_pairs.")
	}
	if in.Kind == "" {
		in.Kind = kinds[0]
	}
	if !slices.Contains(kinds, in.Kind) {
		return chartOut{}, fault.E(op, fault.InvalidParameter, "the result %s of %s cannot be drawn as %s", r.Handle, r.Kind, in.Kind).With("argument", "kind").Hinted("It can be drawn as %s.", joined(kinds))
	}
	p := priced(c)
	s := sketch{Context: ctx, c: c, r: r, in: in}
	s.caption.Title, s.caption.Subtitle, s.caption.Made = in.Title, said(r), made(p)
	s.caption.Source, s.caption.Simulated = sourced(p)
	d, err := s.draw(in.Kind)
	if err != nil {
		return chartOut{}, err
	}
	d.name, d.title, d.formats = string(in.Kind), d.drawing.Title, in.Formats
	out, err := deliver(c, d)
	return chartOut{out, in.Kind, kinds, p}, err
}

// said is what a result is of: its instruments where they are few, its dates, and
// where it comes from.
func said(r research.Result) string {
	var x struct {
		Symbols []string `json:"symbols"`
		Start   string   `json:"start"`
		End     string   `json:"end"`
	}
	var parts []string
	if json.Unmarshal(r.Summary, &x) == nil {
		if n := len(x.Symbols); n > 0 && n <= 8 {
			parts = append(parts, strings.Join(x.Symbols, ", "))
		}
		if x.Start != "" {
			parts = append(parts, x.Start+" to "+x.End)
		}
	}
	return strings.Join(append(parts, strings.ReplaceAll(r.Kind, "_", " ")+" "+r.Handle), "   ·   ")
}

func joined(kinds []chartKind) string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k))
	}
	return strings.Join(out, ", ")
}

// drawable are the kinds of charts that a result has the tables for, the one it
// is best drawn as first.
func drawable(r research.Result) []chartKind {
	tables := map[string]research.TableInfo{}
	series := false
	for _, t := range r.Tables {
		tables[t.Name] = t
		series = series || slices.Contains(t.Columns, "return") && t.Columns[0] == "time"
	}
	has := func(name string) bool { return tables[name].Rows > 0 }
	var out []chartKind
	for _, x := range []struct {
		kind chartKind
		has  bool
	}{
		{kindFrontier, has("frontier")}, {kindHeat, has("matrix")}, {kindScree, has("eigenvalues")}, {kindSpread, has("spread")}, {kindEquity, series}, {kindSpread, has("spreads")},
		{kindWeights, has("weights") || has("contribution")}, {kindDendrogram, has("tree") && has("tree_leaves")}, {kindLoadings, has("components") || has("loadings")},
	} {
		if x.has && !slices.Contains(out, x.kind) {
			out = append(out, x.kind)
		}
	}
	return out
}

// sketch is a chart on its way.
type sketch struct {
	context.Context //nolint:containedctx // it lives for one call
	c               *tool.Call
	r               research.Result
	in              chartIn
	caption         sheet.Caption
}

func (s *sketch) table(name string) (research.Table, error) {
	_, t, err := s.c.Deps.Research.Read(s, s.c.Researcher(), s.r.Handle, name)
	return t, err
}

// titled gives the caption a title where the caller gave none.
func (s *sketch) titled(title string) sheet.Caption {
	if s.caption.Title == "" {
		s.caption.Title = title
	}
	return s.caption
}

func (s *sketch) draw(kind chartKind) (delivery, error) {
	switch kind {
	case kindEquity:
		return s.equity()
	case kindHeat:
		return s.heat()
	case kindScree:
		return s.scree()
	case kindLoadings:
		return s.loadings()
	case kindSpread:
		return s.spread()
	case kindFrontier:
		return s.frontier()
	case kindWeights:
		return s.weights()
	case kindDendrogram:
		return s.dendrogram()
	}
	return delivery{}, fault.E("tools.draw", fault.InvalidParameter, "there is no chart %q", kind)
}

// dataOf is a table as it is written into files.
func dataOf(t research.Table) sheet.Data {
	d := sheet.Data{Name: strings.ReplaceAll(t.Name, "_", "-")}
	for _, c := range t.Columns {
		d.Columns = append(d.Columns, sheet.Column{Name: c.Name, Numbers: c.Numbers, Texts: c.Texts})
	}
	return d
}
