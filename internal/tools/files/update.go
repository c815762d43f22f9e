package files

import (
	"context"

	"quantdesk/internal/tool"
)

// Rename gives a file another name.
var Rename = tool.Define(tool.Spec{
	Name: "update_file_name", Title: "Rename a file", Toolset: "files", Scopes: []string{"qc:files:write"}, Effect: tool.Destroy, Idempotent: true,
	Description: "Rename a file. What imports it by its old name breaks until it is changed too.",
	Aliases:     map[string]string{"old_file_name": "name", "new_file_name": "new_name"},
}, rename)

type renameIn struct {
	project
	Name    string `json:"name" jsonschema:"Current name."`
	NewName string `json:"new_name" jsonschema:"New name."`
}

func rename(ctx context.Context, c *tool.Call, in renameIn) (doneOut, error) {
	q, e, err := in.edit(ctx, c)
	if err != nil {
		return doneOut{}, err
	}
	return done(q, in.project, in.NewName, "renamed"), q.RenameFile(ctx, e, in.Name, in.NewName)
}

// Update gives a file new content.
var Update = tool.Define(tool.Spec{
	Name: "update_file_contents", Title: "Update a file", Toolset: "files", Scopes: []string{"qc:files:write"}, Effect: tool.Destroy, Idempotent: true,
	Description: "Replace the whole text of a file. patch_file changes parts of it. Then create_compile.",
}, update)

type updateIn struct {
	project
	Name    string `json:"name" jsonschema:"File name."`
	Content string `json:"content" jsonschema:"The new text, not empty."`
}

func update(ctx context.Context, c *tool.Call, in updateIn) (doneOut, error) {
	q, e, err := in.edit(ctx, c)
	if err != nil {
		return doneOut{}, err
	}
	return done(q, in.project, in.Name, "updated"), q.UpdateFile(ctx, e, in.Name, in.Content)
}
