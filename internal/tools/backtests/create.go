package backtests

import (
	"context"
	"encoding/json"

	"quantdesk/internal/fault"
	"quantdesk/internal/tool"
)

// Create begins a backtest.
var Create = tool.Define(tool.Spec{
	Name: "create_backtest", Title: "Run a backtest", Toolset: "backtests", Scopes: []string{"qc:backtests:write"}, Effect: tool.Write,
	Description: "Run what was compiled over the past. With wait_seconds the summary comes back once it has ended; else read_backtest. Parameters reach the algorithm's get_parameter.",
	Aliases:     map[string]string{"name": "backtest_name", "parameter_set": "parameters"},
}, create)

type createIn struct {
	ProjectID    int64                      `json:"project_id" jsonschema:"The project."`
	CompileID    string                     `json:"compile_id" jsonschema:"From create_compile, with state BuildSuccess."`
	BacktestName string                     `json:"backtest_name" jsonschema:"Its name."`
	Parameters   map[string]json.RawMessage `json:"parameters,omitempty" jsonschema:"Texts and numbers by name."`
	tool.Wait
	tool.Backend
}

func create(ctx context.Context, c *tool.Call, in createIn) (summary, error) {
	for name, v := range in.Parameters {
		var x any
		if err := json.Unmarshal(v, &x); err != nil {
			return summary{}, err
		}
		switch x.(type) {
		case string, float64:
		case bool:
			in.Parameters[name] = json.RawMessage(`"` + string(v) + `"`)
		default:
			return summary{}, fault.E("create_backtest", fault.Invalid, "the parameter %s must be text or a number", tool.Echo(name)).With("argument", "parameters").
				Hinted("Give parameters as one object of texts and numbers.")
		}
	}
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return summary{}, err
	}
	b, err := q.CreateBacktest(ctx, in.ProjectID, in.CompileID, in.BacktestName, in.Parameters)
	// Reading needs a scope of its own; without it the caller is told the id.
	if err != nil || in.Seconds <= 0 || len(c.Caller.Missing([]string{"qc:backtests:read"})) > 0 {
		return summaryOf(b, in.ProjectID, q.Backend()), err
	}
	b, err = await(ctx, c, q, in.ProjectID, b.ID, in.Wait)
	return summaryOf(b, in.ProjectID, q.Backend()), err
}
