// Package compile holds the tools that check a project's source and keep it as
// it is for backtests.
package compile

import (
	"context"
	"strings"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Create begins to compile.
var Create = tool.Define(tool.Spec{
	Name: "create_compile", Title: "Compile a project", Toolset: "compile", Scopes: []string{"qc:compile:execute"}, Effect: tool.Write,
	Description: "Keep a project's source as it is now and check it: syntax, imports, names of the API. With wait_seconds the outcome comes back; else read_compile. create_backtest takes the compile_id.",
}, create)

// Read reads a compile.
var Read = tool.Define(tool.Spec{
	Name: "read_compile", Title: "Read a compile", Toolset: "compile", Scopes: []string{"qc:projects:read"}, Effect: tool.Read,
	Description: "What came of a compile: its state, errors and warnings with file and line.",
}, read)

type createIn struct {
	ProjectID int64 `json:"project_id" jsonschema:"The project."`
	tool.Wait
	tool.Backend
}

type readIn struct {
	ProjectID int64  `json:"project_id" jsonschema:"The project."`
	CompileID string `json:"compile_id" jsonschema:"From create_compile."`
	tool.Wait
	tool.Backend
}

type out struct {
	CompileID string     `json:"compile_id" jsonschema:"For create_backtest."`
	ProjectID int64      `json:"project_id" jsonschema:"The project."`
	Backend   qc.Backend `json:"backend" jsonschema:"Where it lives."`
	State     string     `json:"state" jsonschema:"InQueue, BuildSuccess or BuildError."`
	Errors    []string   `json:"errors" jsonschema:"What keeps it from running, with file and line."`
	Warnings  []string   `json:"warnings" jsonschema:"What may go wrong."`
	Logs      []string   `json:"logs" jsonschema:"The rest of what the compiler says."`
	Next      string     `json:"next" jsonschema:"What to do next."`
}

// mostLines is how many lines of each kind a reply holds, mostText how long one.
const (
	mostLines = 50
	mostText  = 400
)

func outOf(project int64, b qc.Backend, k qc.Compile) out {
	o := out{CompileID: k.ID, ProjectID: project, Backend: b, State: k.State, Errors: []string{}, Warnings: []string{}, Logs: []string{}}
	for _, l := range k.Logs {
		if len(l) > mostText {
			l = strings.ToValidUTF8(l[:mostText], "") + "..."
		}
		list := &o.Logs
		switch {
		case strings.Contains(l, "Build Error:"):
			list = &o.Errors
		case strings.HasPrefix(l, "Warning:"):
			list = &o.Warnings
		}
		if len(*list) < mostLines {
			*list = append(*list, l)
		}
	}
	switch k.State {
	case qc.BuildSuccess:
		o.Next = "create_backtest with this compile_id."
	case qc.BuildError:
		o.Next = "Correct the files, then create_compile again."
	default:
		o.Next = "read_compile with wait_seconds."
	}
	return o
}

func create(ctx context.Context, c *tool.Call, in createIn) (out, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return out{}, err
	}
	k, err := q.CreateCompile(ctx, in.ProjectID)
	if err != nil || in.Seconds <= 0 {
		return outOf(in.ProjectID, q.Backend(), k), err
	}
	// Reading needs a scope of its own; without it the caller is told the id.
	if len(c.Caller.Missing([]string{"qc:projects:read"})) > 0 {
		return outOf(in.ProjectID, q.Backend(), k), nil
	}
	return await(ctx, c, q, in.ProjectID, k.ID, in.Wait)
}

func read(ctx context.Context, c *tool.Call, in readIn) (out, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return out{}, err
	}
	return await(ctx, c, q, in.ProjectID, in.CompileID, in.Wait)
}

func await(ctx context.Context, c *tool.Call, q *qc.Client, project int64, id string, w tool.Wait) (out, error) {
	var k qc.Compile
	err := c.Await(ctx, w, func() (bool, tool.Progress, error) {
		var err error
		k, err = q.Compile(ctx, project, id)
		return k.State != qc.InQueue, tool.Progress{Message: "compiling: " + k.State}, err
	})
	return outOf(project, q.Backend(), k), err
}
