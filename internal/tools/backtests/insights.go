package backtests

import (
	"context"
	"encoding/json"
	"time"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Insights reads the insights of a backtest.
var Insights = tool.Define(tool.Spec{
	Name: "read_backtest_insights", Title: "Read a backtest's insights", Toolset: "backtests", Scopes: []string{"qc:backtests:read"}, Effect: tool.Read,
	Description: "What the alpha models of a backtest predicted, by number. Algorithms without alpha models have none. Read on with next_start.",
}, insights)

type insightsIn struct {
	one
	pageIn
}

type insightRow struct {
	ID         string       `json:"id" jsonschema:"Its id."`
	Symbol     string       `json:"symbol" jsonschema:"What."`
	Type       string       `json:"type" jsonschema:"price or volatility."`
	Direction  string       `json:"direction" jsonschema:"up, flat or down."`
	Generated  time.Time    `json:"generated_at,omitzero" jsonschema:"When it was made."`
	Closes     time.Time    `json:"closes_at,omitzero" jsonschema:"When it is over."`
	Period     float64      `json:"period_s" jsonschema:"Seconds it holds for."`
	Magnitude  *json.Number `json:"magnitude,omitempty" jsonschema:"Expected change."`
	Confidence *json.Number `json:"confidence,omitempty" jsonschema:"From 0 to 1."`
	Weight     *json.Number `json:"weight,omitempty" jsonschema:"Share of the portfolio."`
	Source     string       `json:"source_model,omitempty" jsonschema:"The model."`
	Tag        string       `json:"tag,omitempty" jsonschema:"The algorithm's words."`
}

type insightsOut struct {
	ProjectID  int64        `json:"project_id" jsonschema:"The project."`
	BacktestID string       `json:"backtest_id" jsonschema:"The backtest."`
	Backend    qc.Backend   `json:"backend" jsonschema:"Where it lives."`
	Insights   []insightRow `json:"insights" jsonschema:"Oldest first."`
	Length     int          `json:"length" jsonschema:"How many there are."`
	NextStart  int          `json:"next_start,omitempty" jsonschema:"Pass as start for the next; absent at the end."`
}

func insights(ctx context.Context, c *tool.Call, in insightsIn) (insightsOut, error) {
	start, end, err := window(in.Start, in.End)
	if err != nil {
		return insightsOut{}, err
	}
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return insightsOut{}, err
	}
	list, n, err := q.Insights(ctx, in.ProjectID, in.BacktestID, start, end)
	out := insightsOut{ProjectID: in.ProjectID, BacktestID: in.BacktestID, Backend: q.Backend(), Insights: []insightRow{}, Length: n}
	for _, x := range list {
		out.Insights = append(out.Insights, insightRow{
			x.ID, x.Ticker, x.Type, x.Direction, x.Generated.Time, x.Close.Time, x.Period, x.Magnitude, x.Confidence, x.Weight, head(x.Source, 100), head(x.Tag, 200),
		})
	}
	if end < n {
		out.NextStart = end
	}
	return out, err
}
