package backtests

import (
	"context"
	"encoding/json"
	"time"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// List lists the backtests of a project.
var List = tool.Define(tool.Spec{
	Name: "list_backtests", Title: "List backtests", Toolset: "backtests", Scopes: []string{"qc:backtests:read"}, Effect: tool.Read, Rows: "backtests",
	Description: "A project's backtests with their status; include_statistics adds return and risk in figures, to compare them.",
}, list)

type listIn struct {
	ProjectID         int64 `json:"project_id" jsonschema:"The project."`
	IncludeStatistics bool  `json:"include_statistics,omitempty" jsonschema:"Add the figures."`
	tool.Backend
	tool.Page
}

type listRow struct {
	BacktestID  string      `json:"backtest_id" jsonschema:"Pass it elsewhere."`
	Name        string      `json:"name" jsonschema:"Its name."`
	Status      string      `json:"status" jsonschema:"In Queue..., Running: N%, Completed. or Runtime Error."`
	Progress    float64     `json:"progress" jsonschema:"From 0 to 1."`
	CreatedAt   time.Time   `json:"created_at,omitzero" jsonschema:"When it was asked for."`
	Sharpe      json.Number `json:"sharpe_ratio,omitempty" jsonschema:"Sharpe ratio."`
	Annual      json.Number `json:"compounding_annual_return,omitempty" jsonschema:"Percent a year."`
	Net         json.Number `json:"net_profit,omitempty" jsonschema:"Percent."`
	Drawdown    json.Number `json:"drawdown,omitempty" jsonschema:"Percent."`
	Alpha       json.Number `json:"alpha,omitempty" jsonschema:"Alpha."`
	Beta        json.Number `json:"beta,omitempty" jsonschema:"Beta."`
	WinRate     json.Number `json:"win_rate,omitempty" jsonschema:"Percent."`
	TotalOrders json.Number `json:"total_orders,omitempty" jsonschema:"Orders."`
}

type listOut struct {
	ProjectID int64      `json:"project_id" jsonschema:"The project."`
	Backend   qc.Backend `json:"backend" jsonschema:"Where it lives."`
	Backtests []listRow  `json:"backtests" jsonschema:"Newest first."`
	tool.Listing
}

func list(ctx context.Context, c *tool.Call, in listIn) (listOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return listOut{}, err
	}
	all, err := q.Backtests(ctx, in.ProjectID, in.IncludeStatistics)
	if err != nil {
		return listOut{}, err
	}
	page, next, err := tool.Slice(all, in.Page)
	if err != nil {
		return listOut{}, err
	}
	out := listOut{ProjectID: in.ProjectID, Backend: q.Backend(), Backtests: []listRow{}, Listing: tool.Listing{NextCursor: next}}
	for _, b := range page {
		n := b.Rest
		out.Backtests = append(out.Backtests, listRow{
			b.ID, b.Name, b.Status, b.Progress, b.Created.Time,
			n["sharpeRatio"], n["compoundingAnnualReturn"], n["netProfit"], n["drawdown"], n["alpha"], n["beta"], n["winRate"], n["trades"],
		})
	}
	if len(all) == 0 {
		out.Hints = []string{"None yet. create_compile, then create_backtest."}
	}
	return out, nil
}
