// Package shelf keeps the files of users' reports in a folder: each report its
// own, readable by its owner alone, bounded in number and size. The oldest make
// room for the newest.
//
//	s := shelf.New("…/reports", time.Now)
//	r, err := s.Put("local", "Four stocks", []shelf.File{{Name: "tearsheet.pdf", Bytes: pdf}})
package shelf

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
)

// What a user may keep, and what one report may be.
const (
	MostReports = 100
	MostBytes   = 256 << 20
	MostFiles   = 20
)

// File is a file of a report.
type File struct {
	Name  string
	Bytes []byte
}

// Kept is a file that is kept.
type Kept struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// Report is what is kept of one.
type Report struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Created time.Time `json:"created"`
	Files   []Kept    `json:"files"`
}

func (r Report) size() (n int64) {
	for _, f := range r.Files {
		n += f.Size
	}
	return n
}

// Shelf is the reports of all users below a folder. It is safe for concurrent use.
type Shelf struct {
	dir string
	now func() time.Time
	mu  sync.Mutex // guards the folder: who puts also removes
}

// New gives the shelf in a folder, which is made when a report is put. now is the
// wall clock.
func New(dir string, now func() time.Time) *Shelf { return &Shelf{dir: dir, now: now} }

var (
	idRule   = regexp.MustCompile(`^rep-[a-z0-9]{16}$`)
	fileRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,59}\.[a-z0-9]{1,8}$`)
	userRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,59}$`)
)

// about is the file that says what a report is; its name is none of fileRule's.
const about = ".report"

// folder is where a user's reports are. A name that is no plain one is hashed, so
// that no name leads elsewhere and no two to the same place.
func folder(user string) string {
	if userRule.MatchString(user) && !strings.HasPrefix(user, "h-") {
		return user
	}
	sum := sha256.Sum256([]byte(user))
	return "h-" + hex.EncodeToString(sum[:16])
}

// Put keeps a report, and forgets the user's oldest beyond what may be kept.
func (s *Shelf) Put(user, title string, files []File) (Report, error) {
	const op = "shelf.Put"
	r := Report{ID: "rep-" + strings.ToLower(rand.Text()[:16]), Title: title, Created: s.now().UTC().Truncate(time.Second)}
	if len(files) == 0 || len(files) > MostFiles {
		return r, fault.E(op, fault.Invalid, "a report has 1 to %d files, not %d", MostFiles, len(files))
	}
	for _, f := range files {
		if !fileRule.MatchString(f.Name) || slices.ContainsFunc(r.Files, func(k Kept) bool { return k.Name == f.Name }) {
			return r, fault.E(op, fault.Invalid, "a report cannot have a file %.60q", f.Name)
		}
		r.Files = append(r.Files, Kept{f.Name, int64(len(f.Bytes))})
	}
	if n := r.size(); n > MostBytes/4 {
		return r, fault.E(op, fault.TooLarge, "the report has %d bytes; at most %d are kept", n, MostBytes/4).Hinted("Ask for fewer formats, or for a shorter period.")
	}
	said, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	home := filepath.Join(s.dir, folder(user))
	if err := s.makeRoom(home, r.size()); err != nil {
		return r, fault.Wrap(op, fault.Unavailable, err, "the reports cannot be kept").Hinted("Have the operator check the disk.")
	}
	// It appears whole or not at all.
	draft := filepath.Join(home, ".draft-"+r.ID)
	err = os.MkdirAll(draft, 0o700)
	for _, f := range append(slices.Clone(files), File{about, said}) {
		if err == nil {
			err = os.WriteFile(filepath.Join(draft, f.Name), f.Bytes, 0o600)
		}
	}
	if err == nil {
		err = os.Rename(draft, filepath.Join(home, r.ID))
	}
	if err != nil {
		return r, errors.Join(fault.Wrap(op, fault.Unavailable, err, "the report cannot be written").Hinted("Have the operator check the disk."), os.RemoveAll(draft))
	}
	return r, nil
}

// makeRoom removes drafts that were left, and the oldest reports until one more
// of a size may be kept.
func (s *Shelf) makeRoom(home string, size int64) error {
	entries, err := os.ReadDir(home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".draft-") {
			if err := os.RemoveAll(filepath.Join(home, e.Name())); err != nil {
				return err
			}
		}
	}
	all := list(home)
	for i := range all {
		size += all[i].size()
	}
	for len(all) > 0 && (len(all) >= MostReports || size > MostBytes) {
		oldest := all[len(all)-1]
		if err := os.RemoveAll(filepath.Join(home, oldest.ID)); err != nil {
			return err
		}
		all, size = all[:len(all)-1], size-oldest.size()
	}
	return nil
}

// list reads a user's reports, the newest first. What is not readable is none.
func list(home string) []Report {
	entries, err := os.ReadDir(home)
	if err != nil {
		return nil
	}
	var out []Report
	for _, e := range entries {
		if !e.IsDir() || !idRule.MatchString(e.Name()) {
			continue
		}
		var r Report
		raw, err := os.ReadFile(filepath.Join(home, e.Name(), about)) //nolint:gosec // both names are ours
		if err == nil && json.Unmarshal(raw, &r) == nil && r.ID == e.Name() {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Report) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// List gives a user's reports, the newest first.
func (s *Shelf) List(user string) []Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return list(filepath.Join(s.dir, folder(user)))
}

// Find gives a report of a user. One that another has is not found.
func (s *Shelf) Find(user, id string) (Report, error) {
	if idRule.MatchString(id) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var r Report
		raw, err := os.ReadFile(filepath.Join(s.dir, folder(user), id, about)) //nolint:gosec // the id is of its form
		if err == nil && json.Unmarshal(raw, &r) == nil && r.ID == id {
			return r, nil
		}
	}
	return Report{}, fault.E("shelf.Find", fault.NotFound, "there is no report %.40q", id).With("argument", "report_id").Hinted("read_report without arguments lists yours.")
}

// Read gives the bytes of a file of a report of a user.
func (s *Shelf) Read(user, id, name string) ([]byte, error) {
	r, err := s.Find(user, id)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range r.Files {
		names = append(names, f.Name)
	}
	if !slices.Contains(names, name) {
		return nil, fault.E("shelf.Read", fault.NotFound, "the report %s has no file %.60q", id, name).With("argument", "file").Hinted("It has %s.", strings.Join(names, ", "))
	}
	raw, err := os.ReadFile(s.Path(user, id, name))
	if err != nil {
		return nil, fault.Wrap("shelf.Read", fault.NotFound, err, "the file %s of the report %s is gone", name, id).With("argument", "file").Hinted("Make the report again.")
	}
	return raw, nil
}

// Path is where a file of a report is.
func (s *Shelf) Path(user, id, name string) string {
	return filepath.Join(s.dir, folder(user), id, name)
}
