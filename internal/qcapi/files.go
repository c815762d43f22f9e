package qcapi

import (
	"fmt"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

func fileRoutes() []endpoint {
	return []endpoint{
		handle("files/create", "qc:files:write", createFile),
		handle("files/read", "qc:files:read", readFiles),
		handle("files/update", "qc:files:write", updateFile),
		handle("files/delete", "qc:files:delete", deleteFile),
		handle("files/patch", "qc:files:write", patchFiles),
	}
}

func files(id int64, list ...project.Stored) fields {
	out := []fields{}
	for _, f := range list {
		out = append(out, fields{
			"id": nil, "projectId": id, "name": f.Name, "content": f.Content, "modified": stamp(f.Modified), "open": false, "isLibrary": false,
		})
	}
	return fields{"files": out}
}

func createFile(c *call, in struct {
	ProjectID    number
	Name         text
	Content      *text
	CodeSourceID text
}) (any, error) {
	f, err := c.cfg.Projects.CreateFile(c.ctx, c.caller(string(in.CodeSourceID)), int64(in.ProjectID), string(in.Name), (*string)(in.Content))
	return files(int64(in.ProjectID), f), err
}

func readFiles(c *call, in struct {
	ProjectID number
	Name      text
}) (any, error) {
	list, err := c.cfg.Projects.Files(c.ctx, c.caller(""), int64(in.ProjectID), string(in.Name))
	return files(int64(in.ProjectID), list...), err
}

func updateFile(c *call, in struct {
	ProjectID        number
	Name             text
	NewName, Content *text
	CodeSourceID     text
}) (any, error) {
	who, id := c.caller(string(in.CodeSourceID)), int64(in.ProjectID)
	switch {
	case in.NewName != nil && in.Content != nil:
		return nil, fault.E("qcapi.updateFile", fault.Invalid, "newName and content exclude each other").Hinted("Rename the file and update it in two calls.")
	case in.NewName != nil:
		return nil, c.cfg.Projects.RenameFile(c.ctx, who, id, string(in.Name), string(*in.NewName))
	case in.Content != nil:
		f, err := c.cfg.Projects.UpdateFile(c.ctx, who, id, string(in.Name), string(*in.Content))
		return files(id, f), err
	}
	return nil, given("newName or content", false)
}

func deleteFile(c *call, in struct {
	ProjectID          number
	Name, CodeSourceID text
}) (any, error) {
	return nil, c.cfg.Projects.DeleteFile(c.ctx, c.caller(string(in.CodeSourceID)), int64(in.ProjectID), string(in.Name))
}

func patchFiles(c *call, in struct {
	ProjectID           number
	Patch, CodeSourceID text
}) (any, error) {
	return nil, c.cfg.Projects.PatchFiles(c.ctx, c.caller(string(in.CodeSourceID)), int64(in.ProjectID), string(in.Patch))
}

func compileRoutes() []endpoint {
	return []endpoint{
		handle("compile/create", "qc:compile:execute", createCompile),
		handle("compile/read", "qc:projects:read", readCompile),
	}
}

var compileStates = map[project.State]string{
	project.Queued: "InQueue", project.Running: "InQueue", project.Succeeded: "BuildSuccess", project.Failed: "BuildError", project.Cancelled: "BuildError",
}

func compile(k project.Compile) fields {
	uses := []fields{}
	for _, u := range k.Uses {
		line := fields{"line": u.Line, "type": "parameter"}
		if n := len(uses); n > 0 && uses[n-1]["file"] == u.File {
			have, _ := uses[n-1]["parameters"].([]fields)
			uses[n-1]["parameters"] = append(have, line)
			continue
		}
		uses = append(uses, fields{"file": u.File, "parameters": []fields{line}})
	}
	return fields{
		"compileId": k.ID, "state": compileStates[k.State], "projectId": k.Project, "signature": k.Signature, "signatureOrder": k.Files, "parameters": uses,
	}
}

func createCompile(c *call, in projectOnly) (any, error) {
	k, err := c.cfg.Projects.CreateCompile(c.ctx, c.caller(""), int64(in.ProjectID))
	return compile(k), err
}

func readCompile(c *call, in struct {
	ProjectID number
	CompileID text
}) (any, error) {
	k, err := c.cfg.Projects.Compile(c.ctx, c.caller(""), int64(in.ProjectID), string(in.CompileID))
	if err != nil {
		return nil, err
	}
	f := compile(k)
	f["logs"] = c.logs(k)
	return f, nil
}

// logs are what a compile says: an outcome, then problems with their places,
// errors first.
func (c *call) logs(k project.Compile) []string {
	out := []string{}
	switch k.State {
	case project.Succeeded:
		out = append(out, fmt.Sprintf("Build Request Successful for Project ID: %d, with CompileID: %s, Lean Version: %s", k.Project, k.ID, c.cfg.Version))
	case project.Failed, project.Cancelled:
		out = append(out, fmt.Sprintf("Build Request Failed for Project ID: %d, with CompileID: %s, Lean Version: %s", k.Project, k.ID, c.cfg.Version))
	default:
		return out
	}
	if k.Failure != "" {
		out = append(out, "Build Error: "+k.Failure)
	}
	for _, wanted := range []bool{false, true} {
		for _, p := range k.Problems {
			if (p.Severity == project.Warning) != wanted {
				continue
			}
			out = append(out, problem(p))
		}
	}
	return out
}

func problem(p project.Problem) string {
	var b strings.Builder
	if p.Severity == project.Warning {
		b.WriteString("Warning:")
	} else {
		b.WriteString("Build Error:")
	}
	if p.File != "" {
		fmt.Fprintf(&b, " File: %s", p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, " Line:%d Column:%d", p.Line, p.Column)
		}
		b.WriteString(" -")
	}
	b.WriteString(" " + p.Message)
	return b.String()
}
