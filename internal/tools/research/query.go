package research

import (
	"context"
	"encoding/json"

	"quantdesk/internal/identity"
	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

// Query reads a result.
var Query = tool.Define(tool.Spec{
	Name: "query_result", Title: "Read a research result", Toolset: toolset, Scopes: []string{identity.ResearchRead}, Effect: tool.Read,
	Description: "Read on in a result by its handle: its summary and state, or rows of one of its tables with an SQL-like filter, columns and order. With wait_seconds it waits for one that runs.",
	Aliases:     spelled("result", "filter", "order", "columns"),
}, query)

type queryIn struct {
	Result  string      `json:"result" jsonschema:"The handle that an analysis gave."`
	Table   string      `json:"table,omitempty" jsonschema:"One of its tables; without it the summary."`
	Filter  string      `json:"filter,omitempty" jsonschema:"As an SQL WHERE: p < 0.05 AND symbol IN ('KO') AND abs(z) >= 2."`
	Columns []string    `json:"columns,omitempty" jsonschema:"Only these." maxItems:"100"`
	Order   string      `json:"order,omitempty" jsonschema:"As an SQL ORDER BY: p, half_life DESC."`
	Limit   int         `json:"limit,omitempty" jsonschema:"Rows per page; fewer where rows are wide." default:"50" minimum:"1" maximum:"500"`
	Cursor  string      `json:"cursor,omitempty" jsonschema:"next_cursor of the page before."`
	Format  tool.Format `json:"format,omitempty" jsonschema:"json or csv." default:"json"`
	tool.Wait
}

type queryOut struct {
	Result     string               `json:"result" jsonschema:"The handle."`
	Kind       string               `json:"kind" jsonschema:"The tool that made it."`
	State      research.State       `json:"state" jsonschema:"done, running, failed, cancelled or interrupted."`
	Progress   float64              `json:"progress" jsonschema:"From 0 to 1."`
	Message    string               `json:"message,omitempty" jsonschema:"What it is doing, or why it failed."`
	Tables     []research.TableInfo `json:"tables" jsonschema:"What it holds."`
	Summary    json.RawMessage      `json:"summary,omitempty" jsonschema:"The answer of the analysis, where no table is asked for."`
	Columns    []string             `json:"columns,omitempty" jsonschema:"Columns of the rows, in order."`
	Rows       []map[string]any     `json:"rows,omitempty" jsonschema:"A page of the table."`
	Matched    int                  `json:"matched" jsonschema:"Rows that pass the filter."`
	CSV        string               `json:"csv,omitempty" jsonschema:"The rows as CSV when format is csv."`
	NextCursor string               `json:"next_cursor,omitempty" jsonschema:"Pass as cursor for the next page; absent on the last."`
}

// cellsPerPage keeps a page within a model's context.
const cellsPerPage = 600

func query(ctx context.Context, c *tool.Call, in queryIn) (queryOut, error) {
	s := c.Deps.Research
	var r research.Result
	var done float64
	var message string
	err := c.Await(ctx, in.Wait, func() (bool, tool.Progress, error) {
		var err error
		r, err = s.Find(ctx, c.Researcher(), in.Result)
		done, message = s.Progress(in.Result)
		return r.State != research.Running, tool.Progress{Done: done, Total: 1, Message: message}, err
	})
	if err != nil {
		return queryOut{}, err
	}
	out := queryOut{Result: r.Handle, Kind: r.Kind, State: r.State, Progress: done, Message: message, Tables: append([]research.TableInfo{}, r.Tables...)}
	switch {
	case r.State == research.Done:
		out.Progress = 1
	case r.Error != "":
		out.Message = r.Error
	}
	if in.Table == "" && in.Filter == "" && in.Order == "" && len(in.Columns) == 0 || r.State != research.Done {
		out.Summary = r.Summary
		return out, nil
	}
	at := 0
	if err := tool.DecodeCursor(in.Cursor, &at); err != nil {
		return queryOut{}, err
	}
	q := research.Question{Handle: in.Result, Table: in.Table, Filter: in.Filter, Order: in.Order, Columns: in.Columns, Offset: max(at, 0), Limit: in.Limit}
	if q.Limit == 0 {
		q.Limit = 50
	}
	width := len(in.Columns)
	for _, t := range r.Tables {
		if width == 0 && (t.Name == in.Table || in.Table == "") {
			width = len(t.Columns)
		}
	}
	q.Limit = min(q.Limit, max(1, cellsPerPage/max(width, 1)))
	a, err := s.Query(ctx, c.Researcher(), q)
	if err != nil {
		return queryOut{}, err
	}
	out.Columns, out.Matched = a.Columns, a.Matched
	if next := q.Offset + len(a.Rows); next < a.Matched {
		out.NextCursor = tool.EncodeCursor(next)
	}
	if in.Format == "csv" {
		out.CSV, err = tool.CSV(a.Columns, a.Rows)
		return out, err
	}
	out.Rows = a.Rows
	return out, nil
}

// Cancel ends a running analysis.
var Cancel = tool.Define(tool.Spec{
	Name: "cancel_research", Title: "End a running analysis", Toolset: toolset, Scopes: writes, Effect: tool.Write,
	Description: "End an analysis that runs as a job. What it had computed is lost; what other results hold stays.",
	Aliases:     spelled("result"),
}, cancel)

type cancelIn struct {
	Result string `json:"result" jsonschema:"The handle."`
}

type cancelOut struct {
	Result string         `json:"result" jsonschema:"The handle."`
	State  research.State `json:"state" jsonschema:"cancelled, or what it was before."`
}

func cancel(ctx context.Context, c *tool.Call, in cancelIn) (cancelOut, error) {
	r, err := c.Deps.Research.Cancel(ctx, c.Researcher(), in.Result)
	return cancelOut{r.Handle, r.State}, err
}
