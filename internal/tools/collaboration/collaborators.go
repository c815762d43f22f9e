// Package collaboration holds the tools about whom a project is shared with.
package collaboration

import (
	"context"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Create shares a project.
var Create = tool.Define(tool.Spec{
	Name: "create_project_collaborator", Title: "Share a project", Toolset: "collaboration", Scopes: []string{"qc:collaboration:write"}, Effect: tool.Write, Idempotent: true,
	Description: "Share a project of yours with another user of the same platform, to read or also to edit.",
	Aliases:     map[string]string{"user_id": "collaborator_user_id", "collaborator_id": "collaborator_user_id", "write": "collaboration_write", "live_control": "collaboration_live_control"},
}, create)

// Read lists the collaborators of a project.
var Read = tool.Define(tool.Spec{
	Name: "read_project_collaborators", Title: "Read a project's collaborators", Toolset: "collaboration", Scopes: []string{"qc:collaboration:read"}, Effect: tool.Read,
	Description: "Who may reach a project and do what, the owner among them, and what you may do.",
}, read)

// Update changes what a collaborator may do.
var Update = tool.Define(tool.Spec{
	Name: "update_project_collaborator", Title: "Update a collaborator", Toolset: "collaboration", Scopes: []string{"qc:collaboration:write"}, Effect: tool.Destroy, Idempotent: true,
	Description: "Change whether a collaborator of your project may edit it and control it live.",
	Aliases:     map[string]string{"user_id": "collaborator_user_id", "collaborator_id": "collaborator_user_id", "collaboration_write": "write", "collaboration_live_control": "live_control"},
}, update)

// Delete ends a collaborator's access.
var Delete = tool.Define(tool.Spec{
	Name: "delete_project_collaborator", Title: "Remove a collaborator", Toolset: "collaboration", Scopes: []string{"qc:collaboration:delete"}, Effect: tool.Destroy, Idempotent: true,
	Description: "End a collaborator's access to your project.",
	Aliases:     map[string]string{"user_id": "collaborator_id", "collaborator_user_id": "collaborator_id"},
}, remove)

// Lock makes the caller the one who edits.
var Lock = tool.Define(tool.Spec{
	Name: "lock_project_with_collaborators", Title: "Lock a shared project", Toolset: "collaboration", Scopes: []string{"qc:collaboration:write"}, Effect: tool.Write, Idempotent: true,
	Description: "Become the one who edits a shared project. Then read_file, to see what the others left; only then edits are taken.",
}, lock)

type readIn struct {
	ProjectID int64 `json:"project_id" jsonschema:"The project."`
	tool.Backend
}

type createIn struct {
	ProjectID   int64  `json:"project_id" jsonschema:"The project."`
	User        string `json:"collaborator_user_id" jsonschema:"The user's public id."`
	LiveControl bool   `json:"collaboration_live_control" jsonschema:"May deploy and stop live algorithms."`
	Write       bool   `json:"collaboration_write" jsonschema:"May edit."`
	tool.Backend
}

type updateIn struct {
	ProjectID   int64  `json:"project_id" jsonschema:"The project."`
	User        string `json:"collaborator_user_id" jsonschema:"The user's public id."`
	LiveControl bool   `json:"live_control" jsonschema:"May deploy and stop live algorithms."`
	Write       bool   `json:"write" jsonschema:"May edit."`
	tool.Backend
}

type deleteIn struct {
	ProjectID int64  `json:"project_id" jsonschema:"The project."`
	User      string `json:"collaborator_id" jsonschema:"The user's public id."`
	tool.Backend
}

type lockIn struct {
	ProjectID    int64  `json:"project_id" jsonschema:"The project."`
	CodeSourceID string `json:"code_source_id,omitempty" jsonschema:"Your label as an editor." default:"MCP Server"`
	tool.Backend
}

type row struct {
	ID          string `json:"id" jsonschema:"Public id."`
	Name        string `json:"name" jsonschema:"Plain name."`
	Permission  string `json:"permission" jsonschema:"read or write."`
	LiveControl bool   `json:"live_control" jsonschema:"May control it live."`
	Owner       bool   `json:"owner" jsonschema:"Owns it."`
}

type out struct {
	ProjectID       int64      `json:"project_id" jsonschema:"The project."`
	Backend         qc.Backend `json:"backend" jsonschema:"Where it lives."`
	Collaborators   []row      `json:"collaborators" jsonschema:"The owner among them."`
	UserPermissions string     `json:"user_permissions,omitempty" jsonschema:"What you may do."`
	UserLiveControl bool       `json:"user_live_control" jsonschema:"You may control it live."`
}

type lockOut struct {
	ProjectID int64      `json:"project_id" jsonschema:"The project."`
	Backend   qc.Backend `json:"backend" jsonschema:"Where it lives."`
	Status    string     `json:"status" jsonschema:"locked."`
	Next      string     `json:"next" jsonschema:"What to do next."`
}

func outOf(id int64, q *qc.Client, s qc.Sharing) out {
	o := out{ProjectID: id, Backend: q.Backend(), Collaborators: []row{}, UserPermissions: s.UserPermissions, UserLiveControl: s.UserLiveControl}
	for _, m := range s.Collaborators {
		o.Collaborators = append(o.Collaborators, row{m.PublicID, m.Name, m.Permission, m.LiveControl, m.Owner})
	}
	return o
}

func create(ctx context.Context, c *tool.Call, in createIn) (out, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return out{}, err
	}
	s, err := q.AddCollaborator(ctx, in.ProjectID, in.User, in.Write, in.LiveControl)
	return outOf(in.ProjectID, q, s), err
}

func read(ctx context.Context, c *tool.Call, in readIn) (out, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return out{}, err
	}
	s, err := q.Collaborators(ctx, in.ProjectID)
	return outOf(in.ProjectID, q, s), err
}

func update(ctx context.Context, c *tool.Call, in updateIn) (out, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return out{}, err
	}
	s, err := q.UpdateCollaborator(ctx, in.ProjectID, in.User, in.Write, in.LiveControl)
	return outOf(in.ProjectID, q, s), err
}

func remove(ctx context.Context, c *tool.Call, in deleteIn) (out, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return out{}, err
	}
	s, err := q.DeleteCollaborator(ctx, in.ProjectID, in.User)
	return outOf(in.ProjectID, q, s), err
}

func lock(ctx context.Context, c *tool.Call, in lockIn) (lockOut, error) {
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return lockOut{}, err
	}
	if in.CodeSourceID == "" {
		in.CodeSourceID = "MCP Server"
	}
	return lockOut{in.ProjectID, q.Backend(), "locked", "read_file, then edit."}, q.Lock(ctx, in.ProjectID, in.CodeSourceID)
}
