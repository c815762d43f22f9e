// Package backtests holds the tools that run algorithms over the past and read
// what came of it: a summary that fits a model's context, the rest by tools of
// their own.
package backtests

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// one is embedded in the input of tools about one backtest.
type one struct {
	ProjectID  int64  `json:"project_id" jsonschema:"The project."`
	BacktestID string `json:"backtest_id" jsonschema:"From create_backtest or list_backtests."`
	tool.Backend
}

type doneOut struct {
	ProjectID  int64      `json:"project_id" jsonschema:"The project."`
	BacktestID string     `json:"backtest_id" jsonschema:"The backtest."`
	Backend    qc.Backend `json:"backend" jsonschema:"Where it lives."`
	Status     string     `json:"status" jsonschema:"What was done."`
}

// summary is a backtest as far as a model's context goes.
type summary struct {
	ProjectID         int64             `json:"project_id" jsonschema:"The project."`
	BacktestID        string            `json:"backtest_id" jsonschema:"Pass it elsewhere."`
	Backend           qc.Backend        `json:"backend" jsonschema:"Where it lives."`
	Name              string            `json:"name" jsonschema:"Its name."`
	Note              string            `json:"note,omitempty" jsonschema:"Free text."`
	Status            string            `json:"status" jsonschema:"In Queue..., Running: N%, Completed. or Runtime Error."`
	Completed         bool              `json:"completed" jsonschema:"It has ended, well or not."`
	Progress          float64           `json:"progress" jsonschema:"From 0 to 1."`
	Error             string            `json:"error,omitempty" jsonschema:"Why it failed, with file and line."`
	StackTrace        string            `json:"stacktrace,omitempty" jsonschema:"The end of the trace."`
	CreatedAt         time.Time         `json:"created_at,omitzero" jsonschema:"When it was asked for."`
	Start             time.Time         `json:"start,omitzero" jsonschema:"First day of the past it ran over."`
	End               time.Time         `json:"end,omitzero" jsonschema:"Last day."`
	TradeableDates    int               `json:"tradeable_dates" jsonschema:"Days with trading."`
	Parameters        map[string]string `json:"parameters" jsonschema:"What it was started with."`
	Tags              []string          `json:"tags" jsonschema:"Its tags."`
	Statistics        map[string]string `json:"statistics" jsonschema:"Return, risk and trading, as LEAN names them."`
	RuntimeStatistics map[string]string `json:"runtime_statistics" jsonschema:"Equity, fees and what the algorithm set."`
	Engine            map[string]string `json:"engine" jsonschema:"Engine version, data hash, seed, counts."`
	Charts            []string          `json:"charts" jsonschema:"Names for read_backtest_chart."`
	Orders            int               `json:"orders" jsonschema:"How many; read_backtest_orders reads them."`
	Insights          int               `json:"insights" jsonschema:"How many; read_backtest_insights reads them."`
	Chart             *chartBody        `json:"chart,omitempty" jsonschema:"The chart that was asked for."`
	Next              string            `json:"next" jsonschema:"What to do next."`
}

// mostText, mostKeys and mostCharts keep a summary within a model's context.
const (
	mostText   = 2_000
	mostKeys   = 80
	mostCharts = 60
)

func head(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

func tail(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return "..." + strings.ToValidUTF8(s[len(s)-most:], "")
}

func texts(o qc.Object) map[string]string {
	all := o.Texts()
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if len(out) == mostKeys {
			break
		}
		out[head(k, 100)] = head(all[k], 300)
	}
	return out
}

func summaryOf(b qc.Backtest, project int64, backend qc.Backend) summary {
	s := summary{
		ProjectID: project, BacktestID: b.ID, Backend: backend, Name: b.Name, Note: head(b.Note, mostText), Status: b.Status, Completed: b.Completed, Progress: b.Progress,
		Error: head(b.Error, mostText), StackTrace: tail(b.StackTrace, mostText), CreatedAt: b.Created.Time, Start: b.Start.Time, End: b.End.Time, TradeableDates: b.Days,
		Parameters: texts(b.Parameters), Tags: append([]string{}, b.Tags...), Statistics: texts(b.Statistics), RuntimeStatistics: texts(b.Runtime), Engine: texts(b.Server), Charts: []string{},
	}
	for _, name := range slices.Sorted(maps.Keys(b.Charts)) {
		if len(s.Charts) < mostCharts {
			s.Charts = append(s.Charts, head(name, 100))
		}
	}
	count := func(names ...string) int {
		for _, n := range names {
			for _, m := range []map[string]string{s.Engine, s.Statistics} {
				if v, err := strconv.Atoi(strings.ReplaceAll(m[n], ",", "")); err == nil {
					return v
				}
			}
		}
		return 0
	}
	s.Orders, s.Insights = count("Orders", "Total Orders"), count("Insights")
	switch {
	case !b.Completed:
		s.Next = "read_backtest with wait_seconds."
	case b.Error != "":
		s.Next = "Correct the files, then create_compile and create_backtest again."
	default:
		s.Next = "read_backtest_chart with one of charts, read_backtest_orders, read_backtest_insights."
	}
	return s
}

// await reads a backtest until it has ended or the time is over.
func await(ctx context.Context, c *tool.Call, q *qc.Client, project int64, id string, w tool.Wait) (b qc.Backtest, err error) {
	err = c.Await(ctx, w, func() (bool, tool.Progress, error) {
		var err error
		b, err = q.Backtest(ctx, project, id)
		text := b.Status
		if at := b.Runtime.Texts()["Date Reached"]; at != "" {
			text += ", " + at
		}
		return b.Completed, tool.Progress{Done: 100 * b.Progress, Total: 100, Message: text}, err
	})
	return b, err
}

// moment reads unix seconds or RFC 3339; empty is 0.
func moment(argument, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 && n < 253402300800 {
		return n, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil && at.Unix() >= 0 {
			return at.Unix(), nil
		}
	}
	return 0, fault.E("backtests.moment", fault.Invalid, "%s must be a time since 1970 as RFC 3339 or unix seconds, not %q", argument, tool.Echo(text)).
		With("argument", argument).Hinted("Write it as 2013-10-07T00:00:00Z.")
}

// window reads the bounds of a page: end 0 means a page from start.
func window(start, end int) (int, int, error) {
	const page, most = 50, 100
	if end == 0 {
		end = start + page
	}
	if end <= start || end-start > most {
		return 0, 0, fault.E("backtests.window", fault.Invalid, "end must be 1 to %d more than start", most).With("argument", "end").Hinted("Leave end out for the next %d.", page)
	}
	return start, end, nil
}

// pageIn is embedded where orders or insights are read by their number.
type pageIn struct {
	Start int `json:"start,omitempty" jsonschema:"First one, from 0." minimum:"0"`
	End   int `json:"end,omitempty" jsonschema:"After the last; at most 100 more. Default: 50 more."`
}

// word gives the name of an enumerated number.
func word(names map[int]string, n int) string {
	if w, ok := names[n]; ok {
		return w
	}
	return fmt.Sprint(n)
}
