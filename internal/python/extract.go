//go:build (linux || darwin) && (amd64 || arm64)

package python

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"

	embedded "github.com/kluctl/go-embed-python/python"
	"golang.org/x/sys/unix"

	"quantdesk/internal/fault"
)

// Version is the CPython release that is embedded.
const Version = "3.11.11"

// manifestName is the list of file hashes at the top of a home.
const manifestName = "MANIFEST.sha256"

// dropped are parts of the distribution that a strategy has no use for:
// programs, build files, tests and everything that draws windows.
var dropped = []string{
	"bin", "include", "share", "lib/pkgconfig", "lib/libpython3.so",
	"lib/python3.11/site-packages", "lib/python3.11/ensurepip", "lib/python3.11/idlelib",
	"lib/python3.11/tkinter", "lib/python3.11/turtledemo", "lib/python3.11/turtle.py",
	"lib/python3.11/lib2to3", "lib/python3.11/pydoc_data", "lib/python3.11/venv", "lib/python3.11/test",
	"lib/python3.11/curses", "lib/python3.11/dbm", "lib/python3.11/wsgiref",
}

// droppedPrefixes are the same by the beginning of the name.
var droppedPrefixes = []string{
	"lib/tcl", "lib/tk", "lib/itcl", "lib/thread2", "lib/libtcl", "lib/libtk", "lib/python3.11/config-3.11",
	"lib/python3.11/lib-dynload/_tkinter", "lib/python3.11/lib-dynload/_test", "lib/python3.11/lib-dynload/_xxtest",
}

// warm are the modules whose bytecode is made on extraction, with all they
// import: what start-up, the library and most algorithms need.
var warm = []string{
	"encodings.utf_8", "encodings.ascii", "encodings.latin_1", "encodings.idna", "traceback", "linecache", "json", "datetime",
	"typing", "collections", "collections.abc", "enum", "functools", "dataclasses", "re", "decimal", "fractions", "math", "random",
	"statistics", "itertools", "bisect", "heapq", "copy", "pickle", "io", "os", "pathlib", "abc", "types", "inspect", "logging",
	"threading", "queue", "contextlib", "operator", "string", "textwrap", "time", "calendar", "uuid", "hashlib", "base64", "csv",
	"zoneinfo", "numbers", "weakref", "warnings", "struct", "array", "importlib.util", "importlib.machinery", "importlib.resources",
	"ast", "dis", "pprint", "tempfile", "shutil", "glob", "fnmatch", "platform", "subprocess", "ctypes", "unittest", "argparse",
	"gzip", "zipfile", "bz2", "lzma", "urllib.parse", "secrets", "locale", "concurrent.futures", "asyncio", "socket", "ssl",
	"multiprocessing", "xml.etree.ElementTree", "html", "email", "http.client", "urllib.request", "sqlite3", "graphlib", "_strptime",
	"sched", "select", "signal", "getpass", "configparser", "difflib", "codecs", "keyword", "tokenize", "pkgutil", "runpy", "timeit",
	"cProfile", "pstats", "distutils.version", "doctest", "imp", "sysconfig", "mmap", "unittest.mock", "importlib.metadata",
}

// Extract lays the embedded CPython out below cacheDir and gives its home. It
// is done once per content: a home that is there is verified file by file and
// used, one that fails is replaced. The folder is private to the user (0700),
// appears under its name only when complete, and two processes do not write at
// the same time. The first time takes seconds, later ones some 60 ms.
func Extract(cacheDir string) (string, error) {
	const op = "python.Extract"
	want, ok := sources[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return "", fault.E(op, fault.Unavailable, "no Python is embedded for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	base, err := filepath.Abs(cacheDir)
	if err != nil {
		return "", fault.Wrap(op, fault.Internal, err, "the cache folder %q has no absolute path", cacheDir)
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "the cache folder %s cannot be made", base)
	}
	home := filepath.Join(base, "python-"+Version+"-"+want[:16])
	unlock, err := lockFile(home + ".lock")
	if err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "the cache folder %s cannot be locked", base)
	}
	defer unlock()
	if Verify(home) == nil {
		return home, nil
	}
	if err := extractTo(base, home, want); err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "Python cannot be extracted to %s", base)
	}
	return home, nil
}

func extractTo(base, home, want string) (err error) {
	tmp, err := os.MkdirTemp(base, ".python-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	tree := filepath.Join(tmp, "home")
	if err := os.Mkdir(tree, 0o700); err != nil {
		return err
	}
	// The folder is new and private: nothing is there to be mistaken for ours.
	if _, err := embedded.NewEmbeddedPythonWithTmpDir(tree, false); err != nil {
		return err
	}
	program := filepath.Join(tmp, "bin", "python3.11")
	if err := os.Mkdir(filepath.Dir(program), 0o700); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(tree, "bin", "python3.11"), program); err != nil {
		return err
	}
	if err := trim(tree); err != nil {
		return err
	}
	sums, err := hashTree(tree)
	if err != nil {
		return err
	}
	if got := sums.digest(false); got != want {
		return fmt.Errorf("the extracted files hash to %s, not %s", got, want)
	}
	if err := compileWarm(program, tree); err != nil {
		return err
	}
	if sums, err = hashTree(tree); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tree, manifestName), sums.text(), 0o600); err != nil {
		return err
	}
	old := filepath.Join(tmp, "old")
	if err := os.Rename(home, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(tree, home)
}

// trim removes the dropped parts and duplicate names of the library.
func trim(tree string) error {
	for _, d := range dropped {
		if err := os.RemoveAll(filepath.Join(tree, filepath.FromSlash(d))); err != nil {
			return err
		}
	}
	for _, p := range droppedPrefixes {
		found, err := filepath.Glob(filepath.Join(tree, filepath.FromSlash(p)) + "*")
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := os.RemoveAll(f); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(filepath.Join(tree, "lib", "libpython3.11.so"))
}

// warmScript imports the warm modules without writing, then writes bytecode
// for every file they came from: unchecked, as the hashes are ours to check,
// and with the paths relative to the home, so that it does not depend on where.
const warmScript = `
import sys, py_compile, importlib, os, warnings
warnings.simplefilter("ignore")
root = sys.argv[1]
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
seen = {getattr(m, "__file__", None) for m in list(sys.modules.values())}
# What is frozen into the library or hidden behind a C module still has a file.
for name in ("os", "abc", "io", "codecs", "stat", "site", "posixpath", "genericpath", "_collections_abc", "_sitebuiltins"):
    seen.add(os.path.join(root, "lib", "python3.11", name + ".py"))
for f in sorted(f for f in seen if f and f.startswith(root) and f.endswith(".py")):
    py_compile.compile(f, dfile=os.path.relpath(f, root), doraise=True, quiet=1,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
`

func compileWarm(program, tree string) error {
	// The program looks for its library beside itself.
	root := filepath.Dir(filepath.Dir(program))
	if err := os.Symlink(filepath.Join(tree, "lib"), filepath.Join(root, "lib")); err != nil {
		return err
	}
	args := append([]string{"-I", "-S", "-B", "-c", warmScript, root}, warm...)
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // our own program out of our own folder, seconds at most
	cmd.Env = []string{"PYTHONHASHSEED=0", "LC_ALL=C.UTF-8"}
	cmd.Dir = tree
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("make bytecode: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// Verify reads every file of a home and compares its hash: the sources and
// libraries with what this binary was built for, the bytecode with the list
// written when it was made. A file too many, missing or a link is a fault.
func Verify(home string) error {
	const op = "python.Verify"
	want, ok := sources[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return fault.E(op, fault.Unavailable, "no Python is embedded for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	if err := private(home); err != nil {
		return fault.Wrap(op, fault.Unavailable, err, "the Python home %s is not private", home)
	}
	list, err := os.ReadFile(filepath.Join(home, manifestName)) //nolint:gosec // the caller's folder
	if err != nil {
		return fault.Wrap(op, fault.Unavailable, err, "the Python home %s has no list of files", home)
	}
	sums, err := hashTree(home)
	if err != nil {
		return fault.Wrap(op, fault.Unavailable, err, "the Python home %s cannot be read", home)
	}
	if !bytes.Equal(list, sums.text()) || sums.digest(false) != want {
		return fault.E(op, fault.Conflict, "the Python home %s is not as extracted", home)
	}
	return nil
}

// private refuses a folder that belongs to another user or is open to others.
func private(dir string) error {
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !st.IsDir() || st.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s is %s", dir, st.Mode())
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && int(sys.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d", dir, sys.Uid)
	}
	return nil
}

// hashes is the path of every file below a home, slash separated, to its hash.
type hashes map[string]string

// digest is the hash over the list, with or without the bytecode.
func (h hashes) digest(bytecode bool) string {
	sum := sha256.New()
	for _, name := range h.names() {
		if bytecode || !strings.HasSuffix(name, ".pyc") {
			fmt.Fprintf(sum, "%s  %s\n", h[name], name)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (h hashes) text() []byte {
	var b bytes.Buffer
	for _, name := range h.names() {
		fmt.Fprintf(&b, "%s  %s\n", h[name], name)
	}
	return b.Bytes()
}

func (h hashes) names() []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// hashTree hashes all files below dir except the manifest, several at a time.
func hashTree(dir string) (hashes, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is not a file", path)
		}
		if path != filepath.Join(dir, manifestName) {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
		out   = make(hashes, len(paths))
		next  = make(chan string)
	)
	for range min(runtime.GOMAXPROCS(0), 4) {
		wg.Go(func() {
			for path := range next {
				sum, err := hashFile(path)
				rel, _ := filepath.Rel(dir, path)
				mu.Lock()
				if err != nil && first == nil {
					first = err
				}
				out[filepath.ToSlash(rel)] = sum
				mu.Unlock()
			}
		})
	}
	for _, p := range paths {
		next <- p
	}
	close(next)
	wg.Wait()
	return out, first
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // walked from the caller's folder
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, bufio.NewReaderSize(f, 1<<16)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// lockFile holds an exclusive lock on a file until the returned func is called.
func lockFile(name string) (func(), error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600) //nolint:gosec // the caller's folder
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}
