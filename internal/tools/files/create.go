package files

import (
	"context"

	"quantdesk/internal/tool"
)

// Create adds a file.
var Create = tool.Define(tool.Spec{
	Name: "create_file", Title: "Create a file", Toolset: "files", Scopes: []string{"qc:files:write"}, Effect: tool.Write,
	Description: "Add a file to a project; one of that name must not be there. A new project has main.py already: update_file_contents changes it.",
}, create)

type createIn struct {
	project
	Name    string  `json:"name" jsonschema:"File name; slashes make folders."`
	Content *string `json:"content,omitempty" jsonschema:"Its text. Default: an empty file."`
}

func create(ctx context.Context, c *tool.Call, in createIn) (doneOut, error) {
	q, e, err := in.edit(ctx, c)
	if err != nil {
		return doneOut{}, err
	}
	return done(q, in.project, in.Name, "created"), q.CreateFile(ctx, e, in.Name, in.Content)
}
