package backtests

import (
	"context"

	"quantdesk/internal/fault"
	"quantdesk/internal/tool"
)

// Update changes a backtest's name or note.
var Update = tool.Define(tool.Spec{
	Name: "update_backtest", Title: "Update a backtest", Toolset: "backtests", Scopes: []string{"qc:backtests:write"}, Effect: tool.Write, Idempotent: true,
	Description: "Change a backtest's name or note; what is left out stays.",
}, update)

type updateIn struct {
	one
	Name *string `json:"name,omitempty" jsonschema:"New name."`
	Note *string `json:"note,omitempty" jsonschema:"New note."`
}

func update(ctx context.Context, c *tool.Call, in updateIn) (doneOut, error) {
	if in.Name == nil && in.Note == nil {
		return doneOut{}, fault.E("update_backtest", fault.Invalid, "there is nothing to change").With("argument", "name").Hinted("Give name, note or both.")
	}
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return doneOut{}, err
	}
	return doneOut{in.ProjectID, in.BacktestID, q.Backend(), "updated"}, q.UpdateBacktest(ctx, in.ProjectID, in.BacktestID, in.Name, in.Note)
}

// Delete deletes a backtest.
var Delete = tool.Define(tool.Spec{
	Name: "delete_backtest", Title: "Delete a backtest", Toolset: "backtests", Scopes: []string{"qc:backtests:delete"}, Effect: tool.Destroy, Idempotent: true,
	Description: "Delete a backtest with its results, for good. One that runs is stopped first.",
}, remove)

type deleteIn struct{ one }

func remove(ctx context.Context, c *tool.Call, in deleteIn) (doneOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return doneOut{}, err
	}
	return doneOut{in.ProjectID, in.BacktestID, q.Backend(), "deleted"}, q.DeleteBacktest(ctx, in.ProjectID, in.BacktestID)
}
