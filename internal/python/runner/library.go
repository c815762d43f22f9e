package runner

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

// libraryProgram makes the bytecode of the algorithm API's library.
const libraryProgram = "library"

// sumsName lists the hashes of a library's files.
const sumsName = "SHA256SUMS"

// ensureLibrary gives the folder of the API's library with its bytecode, made
// once per content: imports from source cost a run some 100 ms.
func ensureLibrary(ctx context.Context, cache, home string, weak bool) (string, error) {
	const op = "runner.library"
	files, err := strategy.LibraryFiles()
	if err != nil {
		return "", fault.Wrap(op, fault.Internal, err, "the algorithm API's library cannot be read")
	}
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%d %s %d ", len(f.Name), f.Name, len(f.Text))
		sum.Write(f.Text)
	}
	dir := filepath.Join(cache, "api-"+python.Version+"-"+hex.EncodeToString(sum.Sum(nil))[:16])
	if intact(dir, files) {
		_ = os.Chtimes(dir, time.Now(), time.Now()) // for outdated
		return dir, nil
	}
	tmp, err := os.MkdirTemp(cache, ".api-")
	if err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "the cache folder %s cannot be written", cache)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	tree := filepath.Join(tmp, "lib")
	for _, f := range files {
		if err := put(tree, f.Name, f.Text); err != nil {
			return "", fault.Wrap(op, fault.Unavailable, err, "the algorithm API's library cannot be written to %s", cache)
		}
	}
	made, err := compileLibrary(ctx, tree, home, weak)
	if err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "the algorithm API's library cannot be prepared: %s", fault.As(err).Message)
	}
	for _, f := range made {
		if err := put(tree, f.Name, f.Text); err != nil {
			return "", fault.Wrap(op, fault.Unavailable, err, "the algorithm API's library cannot be written to %s", cache)
		}
	}
	if err := put(tree, sumsName, sums(append(slices.Clone(files), made...))); err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "the algorithm API's library cannot be written to %s", cache)
	}
	if intact(dir, files) { // another process was as quick
		return dir, nil
	}
	outdated(cache)
	old := filepath.Join(tmp, "old")
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(op, fault.Unavailable, err, "the damaged folder %s cannot be replaced", dir)
	}
	if err := os.Rename(tree, dir); err != nil && !intact(dir, files) {
		return "", fault.Wrap(op, fault.Unavailable, err, "the folder %s cannot be made", dir)
	}
	return dir, nil
}

// outdated removes the libraries that no version used for a month, and what
// was left half made.
func outdated(cache string) {
	for pattern, age := range map[string]time.Duration{"api-*": 30 * 24 * time.Hour, ".api-*": 24 * time.Hour} {
		found, _ := filepath.Glob(filepath.Join(cache, pattern)) // the pattern is well formed
		for _, dir := range found {
			if st, err := os.Lstat(dir); err == nil && time.Since(st.ModTime()) > age {
				_ = os.RemoveAll(dir)
			}
		}
	}
}

func put(dir, name string, text []byte) error {
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

func sums(files []strategy.LibraryFile) []byte {
	var b bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(f.Text), f.Name)
	}
	return b.Bytes()
}

// intact tells whether the folder is private, holds these sources, and the
// bytecode that was made of them.
func intact(dir string, files []strategy.LibraryFile) bool {
	st, err := os.Lstat(dir)
	if err != nil || !st.IsDir() || st.Mode().Perm()&0o077 != 0 && rights {
		return false
	}
	list, err := os.ReadFile(filepath.Join(dir, sumsName)) //nolint:gosec // our own cache
	if err != nil || !bytes.HasPrefix(list, sums(files)) {
		return false
	}
	for line := range strings.Lines(string(list)) {
		want, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))) //nolint:gosec // our own cache
		if !ok || err != nil || fmt.Sprintf("%x", sha256.Sum256(text)) != want {
			return false
		}
	}
	return true
}

type libraryJob struct {
	Home string `json:"home"`
	Dir  string `json:"dir"`
}

type libraryFile struct {
	Name string `json:"name"`
	Text []byte `json:"text"`
}

// compileLibrary has a child make the bytecode and send it: the child can
// write nowhere.
func compileLibrary(ctx context.Context, dir, home string, weak bool) (out []strategy.LibraryFile, err error) {
	err = converse(ctx, python.Spec{Program: libraryProgram, Home: home, ReadOnly: []string{dir}, Limits: checkLimits, AllowWeak: weak},
		libraryJob{Home: home, Dir: dir}, func(k kind, body []byte) error {
			if k != frameFile {
				return nil
			}
			var f libraryFile
			if err := json.Unmarshal(body, &f); err != nil {
				return err
			}
			if !fs.ValidPath(f.Name) || path.Ext(f.Name) != ".pyc" {
				return fmt.Errorf("the name %q", f.Name)
			}
			out = append(out, strategy.LibraryFile{Name: f.Name, Text: f.Text})
			return nil
		})
	slices.SortFunc(out, func(a, b strategy.LibraryFile) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}

// The names within bytecode are those of the library, not of this machine.
const libraryScript = `
import os
from importlib._bootstrap_external import _code_to_hash_pyc, cache_from_source
from importlib.util import source_hash

def compile_tree(root):
    out = []
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if not name.endswith(".py"):
                continue
            file = os.path.join(folder, name)
            rel = os.path.relpath(file, root).replace(os.sep, "/")
            with open(file, "rb") as f:
                text = f.read()
            code = compile(text, rel, "exec", dont_inherit=True)
            out.append((cache_from_source(rel), bytes(_code_to_hash_pyc(code, source_hash(text), False))))
    return out
`

func runLibrary(_ context.Context, in io.Reader, out io.Writer) int {
	var job libraryJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return exitProtocol
	}
	made, err := compileTree(job)
	if err != nil {
		return refuse(out, err)
	}
	for _, f := range made {
		if err := send(out, frameFile, f); err != nil {
			return exitProtocol
		}
	}
	return 0
}

func compileTree(job libraryJob) (out []libraryFile, err error) {
	p, err := python.Open(python.Options{Home: job.Home})
	if err != nil {
		return nil, err
	}
	m, err := p.Exec("<library>", libraryScript)
	if err != nil {
		return nil, err
	}
	defer m.DecRef()
	dir := p.Text(job.Dir)
	defer dir.DecRef()
	list, err := p.CallMethod(m, "compile_tree", dir)
	if err != nil {
		return nil, err
	}
	defer list.DecRef()
	for _, pair := range list.Items() {
		name, _ := pair.Item(0).Text()
		text, _ := pair.Item(1).Bytes()
		out = append(out, libraryFile{Name: name, Text: bytes.Clone(text)})
	}
	return out, nil
}
