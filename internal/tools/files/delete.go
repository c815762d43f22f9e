package files

import (
	"context"

	"quantdesk/internal/tool"
)

// Delete deletes a file.
var Delete = tool.Define(tool.Spec{
	Name: "delete_file", Title: "Delete a file", Toolset: "files", Scopes: []string{"qc:files:delete"}, Effect: tool.Destroy, Idempotent: true,
	Description: "Delete a file of a project, for good. Backtests that were compiled with it keep their source.",
}, remove)

type deleteIn struct {
	project
	Name string `json:"name" jsonschema:"File name."`
}

func remove(ctx context.Context, c *tool.Call, in deleteIn) (doneOut, error) {
	q, e, err := in.edit(ctx, c)
	if err != nil {
		return doneOut{}, err
	}
	return done(q, in.project, in.Name, "deleted"), q.DeleteFile(ctx, e, in.Name)
}
