package projects

import (
	"context"

	"quantdesk/internal/fault"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Update changes a project's name or description.
var Update = tool.Define(tool.Spec{
	Name: "update_project", Title: "Update a project", Toolset: "projects", Scopes: []string{"qc:projects:write"}, Effect: tool.Write, Idempotent: true,
	Description: "Change a project's name or description; what is left out stays. Files have tools of their own.",
}, update)

type updateIn struct {
	ProjectID   int64   `json:"project_id" jsonschema:"The project."`
	Name        *string `json:"name,omitempty" jsonschema:"New name."`
	Description *string `json:"description,omitempty" jsonschema:"New description."`
	tool.Backend
}

type doneOut struct {
	ProjectID int64      `json:"project_id" jsonschema:"The project."`
	Backend   qc.Backend `json:"backend" jsonschema:"Where it lives."`
	Status    string     `json:"status" jsonschema:"What was done."`
}

func update(ctx context.Context, c *tool.Call, in updateIn) (doneOut, error) {
	if in.Name == nil && in.Description == nil {
		return doneOut{}, fault.E("update_project", fault.Invalid, "there is nothing to change").With("argument", "name").Hinted("Give name, description or both.")
	}
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return doneOut{}, err
	}
	return doneOut{in.ProjectID, q.Backend(), "updated"}, q.UpdateProject(ctx, in.ProjectID, in.Name, in.Description)
}
