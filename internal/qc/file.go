package qc

import (
	"context"

	"quantdesk/internal/fault"
)

// File is one file of a project.
type File struct {
	Name     string `json:"name"`
	Content  string `json:"content"`
	Modified Time   `json:"modified"`
}

// Edit says whose edit it is: project, and the program that edits.
type Edit struct {
	Project int64
	// Source is the program's label; an empty one is not sent.
	Source string
}

func (e Edit) body() body {
	b := body{"projectId": e.Project}
	if e.Source != "" {
		b["codeSourceId"] = e.Source
	}
	return b
}

// CreateFile adds a file; content nil makes an empty one.
func (c *Client) CreateFile(ctx context.Context, e Edit, name string, content *string) error {
	in := e.body()
	in["name"] = name
	put(in, "content", content)
	return c.Call(ctx, "files/create", in, nil)
}

// Files reads the file that is named, or all.
func (c *Client) Files(ctx context.Context, e Edit, name string) ([]File, error) {
	in := e.body()
	if name != "" {
		in["name"] = name
	}
	var out struct{ Files []File }
	return out.Files, c.Call(ctx, "files/read", in, &out)
}

// RenameFile gives a file another name.
func (c *Client) RenameFile(ctx context.Context, e Edit, name, to string) error {
	in := e.body()
	in["name"], in["newName"] = name, to
	return c.Call(ctx, "files/update", in, nil)
}

// UpdateFile gives a file new content.
func (c *Client) UpdateFile(ctx context.Context, e Edit, name, content string) error {
	in := e.body()
	in["name"], in["content"] = name, content
	return c.Call(ctx, "files/update", in, nil)
}

// PatchFiles applies a unified diff.
func (c *Client) PatchFiles(ctx context.Context, e Edit, patch string) error {
	in := e.body()
	in["patch"] = patch
	return c.Call(ctx, "files/patch", in, nil)
}

// DeleteFile deletes a file.
func (c *Client) DeleteFile(ctx context.Context, e Edit, name string) error {
	in := e.body()
	in["name"] = name
	return c.Call(ctx, "files/delete", in, nil)
}

// States of a compile.
const (
	InQueue      = "InQueue"
	BuildSuccess = "BuildSuccess"
	BuildError   = "BuildError"
)

// Compile is a project's source as it was, and what came of checking it.
type Compile struct {
	ID        string   `json:"compileId"`
	Project   int64    `json:"projectId"`
	State     string   `json:"state"`
	Logs      []string `json:"logs"`
	Signature string   `json:"signature"`
}

// CreateCompile begins to compile.
func (c *Client) CreateCompile(ctx context.Context, project int64) (k Compile, err error) {
	return k, c.Call(ctx, "compile/create", body{"projectId": project}, &k)
}

// Compile reads a compile.
func (c *Client) Compile(ctx context.Context, project int64, id string) (k Compile, err error) {
	return k, c.Call(ctx, "compile/read", body{"projectId": project, "compileId": id}, &k)
}

// empty tells of an answer without what was asked for.
func (c *Client) empty(path string) error {
	return fault.E("qc.empty", fault.NotFound, "the answer of %s to %s holds nothing", c.name(), path).Hinted("List the projects for their ids.")
}
