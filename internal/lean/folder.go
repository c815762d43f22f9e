package lean

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// Where the two databases of a folder are.
const (
	hoursFile = "market-hours/market-hours-database.json"
	propsFile = "symbol-properties/symbol-properties-database.csv"
)

// dayCacheSize is how many decoded minute days are kept: about 20 MB.
const dayCacheSize = 64

// fileCacheBytes bounds what is kept of decoded daily and hour files.
const fileCacheBytes = 96 << 20

// Folder is an open LEAN data folder. It is safe for concurrent use.
type Folder struct {
	dir   string
	hours hoursDB
	props propsDB

	building sync.Mutex // held while the index is built
	index    atomic.Pointer[index]
	days     *lru[dayKey, *day]
	files    *lru[string, *table]
	writing  sync.Mutex // held while files are merged and replaced
	track    atomic.Pointer[tracked]
}

// Open opens a folder; its indexes are read when first needed. It fails with
// fault.NotFound when dir does not exist and fault.Invalid when it is no LEAN
// data folder.
func Open(dir string) (*Folder, error) {
	const op = "lean.Open"
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fault.Wrap(op, fault.Invalid, err, "data folder %q is not a usable path", dir)
	}
	info, err := os.Stat(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(op, fault.NotFound, err, "data folder %s does not exist", dir).
			Hinted("Give the path of a LEAN data folder, or have an empty one created there.")
	}
	if err != nil {
		return nil, fault.Wrap(op, fault.Invalid, err, "data folder %s cannot be read", dir).
			Hinted("Check that the desk's user may read the folder.")
	}
	if !info.IsDir() {
		return nil, fault.E(op, fault.Invalid, "data folder %s is a file", dir).
			Hinted("Give the folder that holds market-hours, equity and the rest.")
	}
	for _, name := range []string{hoursFile, propsFile} {
		if _, err := os.Stat(filepath.Join(abs, name)); err != nil {
			return nil, fault.Wrap(op, fault.Invalid, err, "%s is no LEAN data folder: it has no %s", dir, name).
				Hinted("Give the folder that holds market-hours and symbol-properties, or have an empty one created.")
		}
	}
	f := &Folder{
		dir:   abs,
		days:  newLRU[dayKey, *day](dayCacheSize),
		files: newLRU[string, *table](fileCacheBytes),
	}
	f.hours.path = filepath.Join(abs, hoursFile)
	f.props.path = filepath.Join(abs, propsFile)
	return f, nil
}

// Name is the source's name, "lean".
func (f *Folder) Name() string { return "lean" }

// Dir is the folder's absolute path.
func (f *Folder) Dir() string { return f.dir }

// Refresh forgets what was read of bars, symbols, map and factor files, so
// that changes made by another process are seen. The two databases stay.
func (f *Folder) Refresh() {
	f.building.Lock()
	defer f.building.Unlock()
	f.index.Store(nil)
	f.days.clear()
	f.files.clear()
}

// Calendar is when a symbol's market trades. It fails with fault.NotFound for a
// symbol the folder does not have or whose market has no hours in it.
func (f *Folder) Calendar(symbol string) (*market.Calendar, error) {
	e, err := f.entry("lean.Calendar", symbol)
	if err != nil {
		return nil, err
	}
	return e.calendar(f)
}

// path is the place of a file given relative to the folder.
func (f *Folder) path(rel string) string {
	f.note(rel)
	return filepath.Join(f.dir, filepath.FromSlash(rel))
}

// damaged is the error for a file that cannot be understood; line 0 means the
// file as a whole. Asking again does not help until somebody repairs it, which
// is what the hint says.
func damaged(op, rel string, line int, format string, args ...any) *fault.Error {
	e := fault.E(op, fault.Unavailable, format, args...)
	where := "data file " + rel
	if line > 0 {
		where += ", line " + itoa(line)
		e.With("line", line)
	}
	e.Message = where + ": " + e.Message
	return e.With("file", rel).
		Hinted("Restore %s from a copy, or delete it and import the data again; other files are not affected.", rel)
}
