package projects

import (
	"context"

	"quantdesk/internal/tool"
)

// Delete deletes a project.
var Delete = tool.Define(tool.Spec{
	Name: "delete_project", Title: "Delete a project", Toolset: "projects", Scopes: []string{"qc:projects:delete"}, Effect: tool.Destroy, Idempotent: true,
	Description: "Move a project to the recycle bin; deleting it there forgets it with its files and backtests.",
}, remove)

type deleteIn struct {
	ProjectID int64 `json:"project_id" jsonschema:"The project."`
	tool.Backend
}

func remove(ctx context.Context, c *tool.Call, in deleteIn) (doneOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return doneOut{}, err
	}
	return doneOut{in.ProjectID, q.Backend(), "deleted"}, q.DeleteProject(ctx, in.ProjectID)
}
