package backtests

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Chart reads a chart of a backtest.
var Chart = tool.Define(tool.Spec{
	Name: "read_backtest_chart", Title: "Read a backtest's chart", Toolset: "backtests", Scopes: []string{"qc:backtests:read"}, Effect: tool.Read,
	Description: "The points of one chart, thinned evenly to count a series, such as Strategy Equity. read_backtest names the charts.",
	Aliases:     map[string]string{"chart": "name", "chart_name": "name"},
}, chart)

type chartIn struct {
	one
	Name  string `json:"name" jsonschema:"The chart, such as Strategy Equity."`
	Count int    `json:"count,omitempty" jsonschema:"Points a series." default:"100" minimum:"1" maximum:"250"`
	Start string `json:"start,omitempty" jsonschema:"From then on: RFC 3339 or unix seconds."`
	End   string `json:"end,omitempty" jsonschema:"Until then, likewise."`
}

type chartBody struct {
	Name   string      `json:"name" jsonschema:"The chart."`
	Series []seriesRow `json:"series" jsonschema:"Its lines, at most 20."`
}

type seriesRow struct {
	Name    string   `json:"name" jsonschema:"The line."`
	Unit    string   `json:"unit,omitempty" jsonschema:"Unit of the values."`
	Columns []string `json:"columns" jsonschema:"What each point holds."`
	Points  [][]any  `json:"points" jsonschema:"A time and its values."`
}

type chartOut struct {
	ProjectID  int64      `json:"project_id" jsonschema:"The project."`
	BacktestID string     `json:"backtest_id" jsonschema:"The backtest."`
	Backend    qc.Backend `json:"backend" jsonschema:"Where it lives."`
	chartBody
}

// mostPoints bounds the points of a reply, mostSeries its lines.
const (
	mostPoints = 600
	mostSeries = 20
)

func readChart(ctx context.Context, q *qc.Client, project int64, id, name string, count int, start, end int64) (chartBody, error) {
	got, err := q.Chart(ctx, project, id, name, qc.Span{Count: count, Start: start, End: end})
	if err != nil {
		return chartBody{}, err
	}
	if got.Loading {
		return chartBody{}, fault.E("read_backtest_chart", fault.Conflict, "the backtest has not ended: %d%% done", int(100*got.Progress)).Hinted("Call read_backtest with wait_seconds, then read the chart.")
	}
	out := chartBody{Name: name, Series: []seriesRow{}}
	keys := slices.Sorted(maps.Keys(got.Series))
	keys = keys[:min(len(keys), mostSeries)]
	for _, k := range keys {
		s := got.Series[k]
		row := seriesRow{Name: head(k, 100), Unit: s.Unit, Columns: []string{"time", "value"}, Points: [][]any{}}
		for _, raw := range thin(s.Values, mostPoints/len(keys)) {
			at, values := point(raw)
			if len(values) == 4 {
				row.Columns = []string{"time", "open", "high", "low", "close"}
			}
			row.Points = append(row.Points, append([]any{at}, values...))
		}
		out.Series = append(out.Series, row)
	}
	return out, nil
}

// thin keeps at most n points, evenly, the last among them.
func thin(points []json.RawMessage, n int) []json.RawMessage {
	if len(points) <= n || n < 2 {
		return points[max(0, len(points)-max(n, 1)):]
	}
	out := make([]json.RawMessage, n)
	for i := range out {
		out[i] = points[i*(len(points)-1)/(n-1)]
	}
	return out
}

// point reads [seconds, values…] or {x, y}.
func point(raw json.RawMessage) (at string, values []any) {
	var list []*json.Number
	var object struct{ X, Y *json.Number }
	if json.Unmarshal(raw, &list) != nil && json.Unmarshal(raw, &object) == nil {
		list = []*json.Number{object.X, object.Y}
	}
	if len(list) == 0 || list[0] == nil {
		return "", []any{}
	}
	seconds, err := list[0].Float64()
	if err != nil {
		return "", []any{}
	}
	for _, v := range list[1:] {
		if v == nil {
			values = append(values, nil)
			continue
		}
		values = append(values, *v)
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339), values
}

func chart(ctx context.Context, c *tool.Call, in chartIn) (chartOut, error) {
	start, err := moment("start", in.Start)
	if err != nil {
		return chartOut{}, err
	}
	end, err := moment("end", in.End)
	if err != nil {
		return chartOut{}, err
	}
	if in.End == "" && start > 0 {
		end = 253402300799 // the API takes 0 for 1970 once start is given
	}
	if in.Count == 0 {
		in.Count = 100
	}
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return chartOut{}, err
	}
	b, err := readChart(ctx, q, in.ProjectID, in.BacktestID, in.Name, in.Count, start, end)
	return chartOut{in.ProjectID, in.BacktestID, q.Backend(), b}, err
}
