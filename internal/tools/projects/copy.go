package projects

import (
	"context"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Copy brings a project of the cloud, or of a LEAN CLI workspace, to the embedded
// engine.
var Copy = tool.Define(tool.Spec{
	Name: "copy_project", Title: "Copy a project here", Toolset: "projects", Effect: tool.Write, OpenWorld: true,
	Scopes:      []string{"qc:projects:read", "qc:projects:write", "qc:files:read", "qc:files:write", "qc:compile:execute"},
	Description: "Copy a project to the embedded engine, with files, parameters and libraries: from your QuantConnect cloud (project_id) or the operator's LEAN workspace (path). It is checked, and what will not run here is told: C#, options, futures, network, absent data.",
}, copyProject)

type copyIn struct {
	ProjectID int64      `json:"project_id,omitempty" jsonschema:"The project to copy; or give path."`
	Backend   qc.Backend `json:"backend,omitempty" jsonschema:"Where project_id lives." default:"cloud"`
	Path      string     `json:"path,omitempty" jsonschema:"A project's folder below the workspace, as in lean backtest."`
	Name      string     `json:"name,omitempty" jsonschema:"Name of the copy. Default: that of the original."`
	tool.Wait
}

type copyOut struct {
	Project     projectRow `json:"project" jsonschema:"The copy."`
	From        string     `json:"from" jsonschema:"What was copied."`
	FileNames   []string   `json:"file_names" jsonschema:"Its files; at most 100."`
	LibraryIDs  []int64    `json:"library_ids" jsonschema:"Libraries copied as projects of their own, or found here already."`
	CompileID   string     `json:"compile_id,omitempty" jsonschema:"For create_backtest."`
	State       string     `json:"state" jsonschema:"InQueue, BuildSuccess or BuildError."`
	WillNotRun  []string   `json:"will_not_run" jsonschema:"What the check finds, errors first, with file and line; at most 50."`
	MissingData []string   `json:"missing_data" jsonschema:"Symbols the files name that this market does not have."`
	Next        string     `json:"next" jsonschema:"What to do next."`
}

// original is what is copied, wherever it is from.
type original struct {
	name, language string
	qc.Push
	libraries []original
}

// The bounds of a reply, and how deep libraries may import libraries.
const (
	mostFiles    = 100
	mostProblems = 50
	mostText     = 400
	deepest      = 8
)

func copyProject(ctx context.Context, c *tool.Call, in copyIn) (copyOut, error) {
	const op = "copy_project"
	if (in.ProjectID == 0) == (in.Path == "") {
		return copyOut{}, fault.E(op, fault.Invalid, "give project_id or path, and one of them only").With("argument", "project_id").Hinted("%s", sources(c))
	}
	var from original
	var err error
	out := copyOut{From: "workspace: " + tool.Echo(in.Path)}
	if in.Path != "" {
		from, err = fromWorkspace(c, in.Path)
	} else {
		if in.Backend == "" {
			in.Backend = qc.Cloud
		}
		var q *qc.Client
		if q, err = c.Client(ctx, in.Backend); err != nil {
			return copyOut{}, err
		}
		from, err = fromBackend(ctx, q, in.ProjectID, 0)
		out.From = fmt.Sprintf("%s: project %d", in.Backend, in.ProjectID)
	}
	if err != nil {
		return copyOut{}, err
	}
	if in.Name != "" {
		from.name = in.Name
	}
	to, err := c.Client(ctx, qc.Embedded)
	if err != nil {
		return copyOut{}, err
	}
	here, err := to.Projects(ctx)
	if err != nil {
		return copyOut{}, err
	}
	if slices.ContainsFunc(here, func(p qc.Project) bool { return p.Owner && p.Name == from.name }) {
		return copyOut{}, fault.E(op, fault.Conflict, "you have a project %q already", tool.Echo(from.name)).With("argument", "name").Hinted("Give the copy another name.")
	}
	k := copier{c: c, to: to, here: here}
	p, err := k.project(ctx, from)
	if err != nil {
		return copyOut{}, err
	}
	if p, err = to.Project(ctx, p.ID); err != nil {
		return copyOut{}, err
	}
	out.Project, out.LibraryIDs, out.FileNames, out.MissingData = rowOf(p, qc.Embedded), k.libraries, []string{}, missing(c, from)
	for _, f := range from.Files[:min(len(from.Files), mostFiles)] {
		out.FileNames = append(out.FileNames, f.Name)
	}
	return judge(ctx, c, to, out, in.Wait)
}

// sources says what can be copied.
func sources(c *tool.Call) string {
	if c.Deps.Workspace == "" {
		return "project_id names a project of the cloud; the operator can name a LEAN workspace with --lean-workspace."
	}
	root, err := os.OpenRoot(c.Deps.Workspace)
	if err != nil {
		return "The LEAN workspace cannot be read."
	}
	defer func() { _ = root.Close() }()
	list, err := project.Workspaces(root.FS(), 20)
	if err != nil || len(list) == 0 {
		return "The LEAN workspace holds no project."
	}
	return "The LEAN workspace holds: " + strings.Join(list, ", ") + "."
}

func fromWorkspace(c *tool.Call, at string) (original, error) {
	const op = "copy_project"
	if c.Deps.Workspace == "" {
		return original{}, fault.E(op, fault.Conflict, "this desk has no LEAN workspace").With("argument", "path").Hinted("The operator names one with --lean-workspace DIR.")
	}
	root, err := os.OpenRoot(c.Deps.Workspace)
	if err != nil {
		return original{}, fault.E(op, fault.Unavailable, "the LEAN workspace cannot be read").Hinted("Ask the operator to look at --lean-workspace.")
	}
	defer func() { _ = root.Close() }()
	w, err := project.ReadWorkspace(root.FS(), at)
	if err != nil {
		return original{}, err
	}
	o := original{name: path.Clean(strings.Trim(at, "/")), language: w.Language, Push: qc.Push{Description: w.Description, Parameters: w.Parameters, Files: filesOf(w.Files)}}
	for _, l := range w.Libraries {
		o.libraries = append(o.libraries, original{name: l.Name, language: w.Language, Push: qc.Push{Files: filesOf(l.Files)}})
	}
	return o, nil
}

func filesOf(list []project.File) (out []qc.File) {
	for _, f := range list {
		out = append(out, qc.File{Name: f.Name, Content: f.Content})
	}
	return out
}

func fromBackend(ctx context.Context, q *qc.Client, id int64, depth int) (original, error) {
	p, err := q.Project(ctx, id)
	if err != nil {
		return original{}, err
	}
	files, err := q.Files(ctx, qc.Edit{Project: id}, "")
	if err != nil {
		return original{}, err
	}
	row := rowOf(p, q.Backend())
	o := original{name: p.Name, language: p.Language, Push: qc.Push{Description: p.Description, Parameters: row.Parameters, Files: files}}
	for _, l := range p.Libraries {
		if depth >= deepest {
			return original{}, fault.E("copy_project", fault.Invalid, "the libraries of project %d import each other too deeply", id).Hinted("Copy the libraries one by one.")
		}
		lib, err := fromBackend(ctx, q, l.ID, depth+1)
		if err != nil {
			return original{}, err
		}
		o.libraries = append(o.libraries, lib)
	}
	return o, nil
}

// copier makes projects of the embedded engine.
type copier struct {
	c         *tool.Call
	to        *qc.Client
	here      []qc.Project
	libraries []int64
}

// library gives the id of the caller's project of the library's name, which is
// copied where there is none: the copies of two projects share their libraries.
func (k *copier) library(ctx context.Context, o original) (int64, error) {
	for _, p := range k.here {
		if p.Owner && p.Name == o.name {
			return p.ID, nil
		}
	}
	p, err := k.project(ctx, o)
	k.here = append(k.here, p)
	return p.ID, err
}

func (k *copier) project(ctx context.Context, o original) (qc.Project, error) {
	push := o.Push
	push.Libraries = nil
	for _, l := range o.libraries {
		id, err := k.library(ctx, l)
		if err != nil {
			return qc.Project{}, err
		}
		push.Libraries = append(push.Libraries, id)
		if !slices.Contains(k.libraries, id) {
			k.libraries = append(k.libraries, id)
		}
	}
	language, err := languageOf(o.language)
	if err != nil {
		return qc.Project{}, err
	}
	p, err := k.to.CreateProject(ctx, o.name, language, "")
	if err != nil {
		return p, err
	}
	if len(k.c.Caller.Missing([]string{"qc:files:delete"})) > 0 {
		// Files of a new project that the original lacks must stay, emptied: the
		// caller may delete none, and they must not run in its place.
		starter, err := k.to.Files(ctx, qc.Edit{Project: p.ID}, "")
		if err != nil {
			return p, err
		}
		for _, f := range starter {
			if !slices.ContainsFunc(push.Files, func(x qc.File) bool { return x.Name == f.Name }) {
				if path.Ext(f.Name) != ".ipynb" {
					f.Content = ""
				}
				push.Files = append(push.Files, f)
			}
		}
	}
	return p, k.to.PushProject(ctx, p.ID, push)
}

// judge has the copy checked.
func judge(ctx context.Context, c *tool.Call, to *qc.Client, out copyOut, w tool.Wait) (copyOut, error) {
	k, err := to.CreateCompile(ctx, out.Project.ProjectID)
	if err != nil {
		return out, err
	}
	if w.Seconds <= 0 {
		w.Seconds = 20
	}
	err = c.Await(ctx, w, func() (bool, tool.Progress, error) {
		var err error
		k, err = to.Compile(ctx, out.Project.ProjectID, k.ID)
		return k.State != qc.InQueue, tool.Progress{Message: "checking: " + k.State}, err
	})
	out.CompileID, out.State, out.WillNotRun = k.ID, k.State, []string{}
	for _, kind := range []string{"Build Error:", "Warning:"} {
		for _, l := range k.Logs {
			if strings.HasPrefix(l, "Warning:") == (kind == "Warning:") && strings.Contains(l, kind) && len(out.WillNotRun) < mostProblems {
				if len(l) > mostText {
					l = strings.ToValidUTF8(l[:mostText], "") + "..."
				}
				out.WillNotRun = append(out.WillNotRun, l)
			}
		}
	}
	switch {
	case k.State == qc.InQueue:
		out.Next = "read_compile tells what the check finds."
	case k.State == qc.BuildError:
		out.Next = "Correct the files, or run it with backend cloud."
	case len(out.MissingData) > 0:
		out.Next = "Add the missing data to the market's folder, or choose other symbols; then create_backtest."
	default:
		out.Next = "create_backtest with this compile_id."
	}
	return out, err
}

// asksFor finds the symbols that an algorithm asks for by a literal.
var asksFor = regexp.MustCompile(`\b(?i:add_?(?:equity|forex|crypto|cfd|index))\s*\(\s*["']([A-Za-z0-9.\-]{1,20})["']`)

// missing lists the symbols that the files name and the market does not have.
func missing(c *tool.Call, o original) []string {
	out := []string{}
	for _, f := range o.Files {
		if path.Ext(f.Name) != ".py" {
			continue
		}
		for _, m := range asksFor.FindAllStringSubmatch(f.Content, -1) {
			symbol := strings.ToUpper(m[1])
			if _, ok := c.Deps.Feed.Lookup(symbol); !ok && !slices.Contains(out, symbol) && len(out) < mostFiles {
				out = append(out, symbol)
			}
		}
	}
	return out
}
