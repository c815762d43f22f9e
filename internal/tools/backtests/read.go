package backtests

import (
	"context"

	"quantdesk/internal/tool"
)

// Read reads the summary of a backtest.
var Read = tool.Define(tool.Spec{
	Name: "read_backtest", Title: "Read a backtest", Toolset: "backtests", Scopes: []string{"qc:backtests:read"}, Effect: tool.Read,
	Description: "A backtest's status and, once it has ended, statistics, error, and the names of its charts. Points, orders and insights have tools of their own. wait_seconds waits for the end.",
}, read)

type readIn struct {
	one
	Chart string `json:"chart,omitempty" jsonschema:"Add this chart, thinned to 50 points."`
	tool.Wait
}

func read(ctx context.Context, c *tool.Call, in readIn) (summary, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return summary{}, err
	}
	b, err := await(ctx, c, q, in.ProjectID, in.BacktestID, in.Wait)
	if err != nil {
		return summary{}, err
	}
	out := summaryOf(b, in.ProjectID, q.Backend())
	if in.Chart != "" && b.Completed {
		chart, err := readChart(ctx, q, in.ProjectID, in.BacktestID, in.Chart, 50, 0, 0)
		if err != nil {
			return summary{}, err
		}
		out.Chart = &chart
	}
	return out, nil
}
