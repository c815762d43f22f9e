package projects

import (
	"context"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/tool"
)

// Create makes a project.
var Create = tool.Define(tool.Spec{
	Name: "create_project", Title: "Create a project", Toolset: "projects", Scopes: []string{"qc:projects:write"}, Effect: tool.Write,
	Description: "Make a project with a starter algorithm (main.py). Then update_file_contents, create_compile, create_backtest. The embedded engine runs Python; C# runs in the cloud.",
	Examples:    []string{`{"name":"Example"}`},
}, create)

type createIn struct {
	Name           string `json:"name" jsonschema:"Its name; slashes make folders."`
	Language       string `json:"language,omitempty" jsonschema:"Py or C#." default:"Py"`
	OrganizationID string `json:"organization_id,omitempty" jsonschema:"Default: your own."`
	tool.Backend
}

type createOut struct {
	Project projectRow `json:"project" jsonschema:"The new project."`
}

// languageOf reads what people write for a language.
func languageOf(text string) (string, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "py", "python":
		return "Py", nil
	case "c#", "csharp", "cs":
		return "C#", nil
	}
	return "", fault.E("create_project", fault.Invalid, "language must be Py or C#, not %q", tool.Echo(text)).With("argument", "language").Hinted("Leave it out for Python.")
}

func create(ctx context.Context, c *tool.Call, in createIn) (createOut, error) {
	language, err := languageOf(in.Language)
	if err != nil {
		return createOut{}, err
	}
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return createOut{}, err
	}
	p, err := q.CreateProject(ctx, in.Name, language, in.OrganizationID)
	return createOut{rowOf(p, q.Backend())}, err
}
