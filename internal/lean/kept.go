package lean

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"quantdesk/internal/algo"
)

// keptEnding is that of files with decoded rows.
const keptEnding = ".rows"

// KeptDir is where the decoded rows of a data folder are kept below a folder of
// caches.
func KeptDir(cache, data string) (string, error) {
	abs, err := filepath.Abs(data)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(cache, "rows", hex.EncodeToString(sum[:12])), nil
}

// keptFile is the file of a query's decoded rows, false for what is not kept.
func keptFile(dir, rel string, q algo.RowQuery) (string, bool) {
	name, ok := strings.CutSuffix(rel, ".zip")
	if !ok || dir == "" || q.Resolution == algo.Tick || !filepath.IsLocal(filepath.FromSlash(rel)) {
		return "", false
	}
	if q.Quote {
		name += "-q" // one file of days may be asked for both
	}
	return filepath.Join(dir, filepath.FromSlash(name)+keptEnding), true
}

// stamp is a file's, false where it is none.
func (f *Folder) stamp(rel string) (s stampOf, ok bool, err error) {
	st, err := os.Stat(f.path(rel))
	if err != nil {
		return s, false, err
	}
	return stampOf{st.Size(), st.ModTime().UnixNano()}, st.Mode().IsRegular(), nil
}

// UseKept makes the source take decoded rows from a folder where they are of
// the very files that it would read. Told, if it is there, hears once of every
// series of which a file had to be decoded, at the query that asked for it.
// Call it before the source is used.
func (s *Source) UseKept(dir string, told func(algo.RowQuery)) {
	s.kept, s.told, s.series = dir, told, map[algo.RowQuery]bool{}
}

// keptRows gives decoded rows that are kept, or nil for a file that is not
// there; false where the file has to be read.
func (s *Source) keptRows(rel string, q algo.RowQuery) (*algo.Rows, bool) {
	name, ok := keptFile(s.kept, rel, q)
	if !ok {
		return nil, false
	}
	of, ok, err := s.f.stamp(rel)
	if !ok || err != nil {
		return nil, errors.Is(err, fs.ErrNotExist)
	}
	if data, err := os.ReadFile(name); err == nil { //nolint:gosec // below the folder
		if rows, sum, err := unpack(data, rel, of); err == nil {
			s.f.known(rel, sum)
			return rows, true
		}
	}
	s.mapsMu.Lock()
	series := q
	series.Date = algo.RowQuery{}.Date
	fresh := s.told != nil && !s.series[series]
	s.series[series] = true
	s.mapsMu.Unlock()
	if fresh {
		s.told(q)
	}
	return nil, false
}
