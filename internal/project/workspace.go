package project

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"quantdesk/internal/fault"
)

// Workspace is a project as the LEAN CLI keeps it in a folder: its files, and
// what its config.json says.
type Workspace struct {
	Source
	Description string
	Parameters  map[string]string
}

// workspaceConfig is config.json of a project's folder, in the part that means
// something here.
type workspaceConfig struct {
	Language    string                     `json:"algorithm-language"`
	Description string                     `json:"description"`
	Parameters  map[string]json.RawMessage `json:"parameters"`
	Libraries   []struct {
		Name string `json:"name"`
		Path string `json:"path"`
	} `json:"libraries"`
}

// workspaceFiles are the endings of what belongs to a project; results, data and
// caches beside it do not.
var workspaceFiles = []string{".py", ".ipynb", ".cs", ".html", ".css", ".json", ".csv", ".txt", ".md"}

// notProject are folders the LEAN CLI writes into a project.
var notProject = []string{"backtests", "optimizations", "live", "storage", "bin", "obj", "__pycache__"}

// Workspaces lists the projects of a LEAN CLI workspace: the folders with a
// config.json that names a language, sorted, at most limit.
func Workspaces(root fs.FS, limit int) ([]string, error) {
	var out []string
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil //nolint:nilerr // what cannot be read is no project
		case p != "." && (strings.HasPrefix(d.Name(), ".") || p == "data" || slices.Contains(notProject, d.Name())):
			return fs.SkipDir
		case len(out) >= limit:
			return fs.SkipAll
		}
		if c, err := readWorkspaceConfig(root, p); err == nil && c.Language != "" {
			out = append(out, p)
			return fs.SkipDir
		}
		return nil
	})
	return out, err
}

func readWorkspaceConfig(root fs.FS, dir string) (c workspaceConfig, err error) {
	raw, err := fs.ReadFile(root, path.Join(dir, "config.json"))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(raw, &c)
}

// ReadWorkspace reads a project of a LEAN CLI workspace by its path below the
// workspace's root, with the libraries it names. The file system must not lead
// out of the workspace, as os.Root does not.
//
// Errors: not_found for no such project; invalid for a path, a config or a file
// that cannot be one of a project.
func ReadWorkspace(root fs.FS, dir string) (Workspace, error) {
	const op = "project.ReadWorkspace"
	dir = path.Clean(strings.Trim(strings.ReplaceAll(dir, `\`, "/"), "/"))
	if !fs.ValidPath(dir) || dir == "." {
		return Workspace{}, fault.E(op, fault.Invalid, "the path %q is not one below the workspace", clip(dir)).Hinted("Use the project's path as in lean backtest, such as \"My Project\".")
	}
	c, err := readWorkspaceConfig(root, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Workspace{}, fault.E(op, fault.NotFound, "the workspace has no project %q", clip(dir)).Hinted("A project is a folder with a config.json.")
	case err != nil:
		return Workspace{}, fault.E(op, fault.Invalid, "the config.json of %q cannot be read", clip(dir)).Hinted("It is the JSON that lean create-project writes.")
	}
	w := Workspace{Description: c.Description, Source: Source{Language: Python}}
	if strings.EqualFold(c.Language, "CSharp") || strings.EqualFold(c.Language, CSharp) {
		w.Language = CSharp
	}
	w.Parameters = map[string]string{}
	for name, raw := range c.Parameters {
		w.Parameters[name] = plain(raw)
	}
	if w.Files, err = readFolder(root, dir); err != nil {
		return Workspace{}, err
	}
	for _, l := range c.Libraries {
		at := path.Clean(strings.ReplaceAll(l.Path, `\`, "/"))
		if at == "." || at == "" {
			at = path.Join("Library", l.Name)
		}
		if !fs.ValidPath(at) {
			return Workspace{}, fault.E(op, fault.Invalid, "the library %q of %q is outside the workspace", clip(l.Name), clip(dir)).Hinted("Move it to the workspace's Library folder.")
		}
		files, err := readFolder(root, at)
		if err != nil {
			return Workspace{}, err
		}
		w.Libraries = append(w.Libraries, Library{Name: at, Files: files})
	}
	return w, nil
}

// plain is a parameter's value as text.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// readFolder reads the files of one project's folder.
func readFolder(root fs.FS, dir string) ([]File, error) {
	const op = "project.readFolder"
	var out []File
	size := 0
	err := fs.WalkDir(root, dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fault.E(op, fault.NotFound, "the workspace has no folder %q", clip(dir)).Hinted("Correct the libraries in the project's config.json.")
		case err != nil:
			return fault.Wrap(op, fault.Unavailable, err, "%q cannot be read", clip(p))
		case d.IsDir() && p != dir && (strings.HasPrefix(d.Name(), ".") || slices.Contains(notProject, d.Name())):
			return fs.SkipDir
		case d.IsDir(), !d.Type().IsRegular(), strings.HasPrefix(d.Name(), "."), !slices.Contains(workspaceFiles, strings.ToLower(path.Ext(p))), p == path.Join(dir, "config.json"):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return fault.Wrap(op, fault.Unavailable, err, "%q cannot be read", clip(p))
		}
		if size += int(info.Size()); info.Size() > MaxFile || size > MaxProject || len(out) >= MaxFiles {
			return fault.E(op, fault.Invalid, "%q makes the project larger than a project may be", clip(p)).Hinted("Move data files out of the project's folder.")
		}
		raw, err := fs.ReadFile(root, p)
		if err != nil {
			return fault.Wrap(op, fault.Unavailable, err, "%q cannot be read", clip(p))
		}
		if !utf8.Valid(raw) {
			return fault.E(op, fault.Invalid, "%q is not UTF-8 text", clip(p)).Hinted("Save it as UTF-8, or move it out of the project's folder.")
		}
		out = append(out, File{Name: strings.TrimPrefix(p, dir+"/"), Content: string(raw)})
		return nil
	})
	return out, err
}
