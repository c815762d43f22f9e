package lean

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
)

// tracked are the files that were asked for.
type tracked struct {
	mu    sync.Mutex
	files map[string]bool
	sums  map[string]string // of files that were not read, as they are known
}

// Track makes the folder remember which files are read from now on, for
// DataHash. It is for a folder that one run has to itself.
func (f *Folder) Track() {
	f.track.Store(&tracked{files: map[string]bool{}, sums: map[string]string{}})
}

func (f *Folder) note(rel string) {
	if t := f.track.Load(); t != nil {
		t.mu.Lock()
		t.files[rel] = true
		t.mu.Unlock()
	}
}

// known notes the hash of a file whose rows were kept with it.
func (f *Folder) known(rel string, sum [sha256.Size]byte) {
	if t := f.track.Load(); t != nil {
		t.mu.Lock()
		t.sums[rel] = hex.EncodeToString(sum[:])
		t.mu.Unlock()
	}
}

// DataHash is the hash over the names and the content of all files that were
// read since Track, and over the names of those that are not there: with equal
// hashes a run had the same data. It is empty where nothing is tracked.
func (s *Source) DataHash() (string, error) {
	t := s.f.track.Load()
	if t == nil {
		return "", nil
	}
	t.mu.Lock()
	names := slices.Sorted(maps.Keys(t.files))
	t.mu.Unlock()
	sum := sha256.New()
	for _, rel := range append([]string{hoursFile, propsFile}, names...) {
		t.mu.Lock()
		one := t.sums[rel]
		t.mu.Unlock()
		if one == "" {
			var err error
			if one, err = hashFile(s.f.path(rel)); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(sum, "%s  %s\n", one, rel)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// hashFile is a file's hash, "-" for one that is not there.
func hashFile(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // within the folder
	if errors.Is(err, fs.ErrNotExist) {
		return "-", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	if st, err := file.Stat(); err == nil && st.IsDir() {
		return "-", nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
