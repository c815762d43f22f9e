// Package admin holds the tools about versions: of LEAN, and of the desk.
package admin

import (
	"context"
	"time"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// LeanVersions lists the versions of LEAN.
var LeanVersions = tool.Define(tool.Spec{
	Name: "read_lean_versions", Title: "Read LEAN versions", Toolset: "admin", Scopes: []string{"qc:admin:read"}, Effect: tool.Read,
	Description: "The builds of LEAN that projects can run on; the embedded engine is one.",
	Examples:    []string{`{}`},
}, leanVersions)

// ServerVersion tells the desk's version.
var ServerVersion = tool.Define(tool.Spec{
	Name: "read_mcp_server_version", Title: "Read the server's version", Toolset: "admin", Scopes: []string{"qc:admin:read"}, Effect: tool.Read,
	Description: "The version of this server.",
	Examples:    []string{`{}`},
}, serverVersion)

// LatestVersion is what there is to say of newer versions.
var LatestVersion = tool.Define(tool.Spec{
	Name: "read_latest_mcp_server_version", Title: "Read the latest version", Toolset: "admin", Scopes: []string{"qc:admin:read"}, Effect: tool.Read,
	Description: "The newest version of this server that it knows of. It asks no registry, so that is its own; the project's releases tell of later ones.",
	Examples:    []string{`{}`},
}, serverVersion)

type leanIn struct{ tool.Backend }

type versionRow struct {
	ID          int64     `json:"id" jsonschema:"Its id."`
	Name        string    `json:"name" jsonschema:"Its name."`
	Description string    `json:"description,omitempty" jsonschema:"What it is."`
	LeanHash    string    `json:"lean_hash,omitempty" jsonschema:"The commit or version."`
	Public      bool      `json:"public" jsonschema:"Everybody may use it."`
	CreatedAt   time.Time `json:"created_at,omitzero" jsonschema:"When it was made."`
}

type leanOut struct {
	Backend  qc.Backend   `json:"backend" jsonschema:"Who answered."`
	Versions []versionRow `json:"versions" jsonschema:"At most 50."`
}

func leanVersions(ctx context.Context, c *tool.Call, in leanIn) (leanOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return leanOut{}, err
	}
	list, err := q.Versions(ctx)
	out := leanOut{Backend: q.Backend(), Versions: []versionRow{}}
	for _, v := range list[:min(len(list), 50)] {
		out.Versions = append(out.Versions, versionRow{v.ID, v.Name, v.Description, v.Hash, v.Public, v.Created.Time})
	}
	return out, err
}

type serverIn struct{}

type serverOut struct {
	Result string `json:"result" jsonschema:"The version."`
}

func serverVersion(_ context.Context, c *tool.Call, _ serverIn) (serverOut, error) {
	return serverOut{c.Deps.Version}, nil
}
