//go:build (linux || darwin) && (amd64 || arm64)

package python

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestSources prints what sources should hold, if it does not.
func TestSources(t *testing.T) {
	home, err := cachedHome()
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(home); err != nil {
		t.Fatal(err)
	}
	sums, err := hashTree(home)
	if err != nil {
		t.Fatal(err)
	}
	if len(sums) < 500 {
		t.Errorf("got %d files, want more than 500", len(sums))
	}
	pyc := 0
	for name := range sums {
		if strings.HasSuffix(name, ".pyc") {
			pyc++
		}
	}
	if pyc < 150 {
		t.Errorf("got %d compiled modules, want more than 150", pyc)
	}
	if st, err := os.Stat(home); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v, want 0700", st.Mode(), err)
	}
}

func TestExtractTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	homes := make([]string, 2)
	for i := range homes {
		wg.Go(func() {
			var err error
			if homes[i], err = Extract(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if homes[0] != homes[1] || Verify(homes[0]) != nil {
		t.Fatalf("got homes %q", homes)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 { // the home and its lock
		t.Errorf("got %v, %v left in the folder", entries, err)
	}

	home := homes[0]
	abc := filepath.Join(home, "lib", "python3.11", "abc.py")
	evil := filepath.Join(home, "lib", "python3.11", "evil.py")
	list := filepath.Join(home, manifestName)
	source, err := os.ReadFile(abc)
	if err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func() error
	}{
		{"same size", func() error {
			b := bytes.Clone(source)
			b[10] ^= 1
			return os.WriteFile(abc, b, 0o600)
		}},
		{"missing", func() error { return os.Remove(abc) }},
		{"one more", func() error { return os.WriteFile(evil, nil, 0o600) }},
		{"link", func() error {
			if err := os.Remove(abc); err != nil {
				return err
			}
			return os.Symlink("/etc/passwd", abc)
		}},
		{"list too", func() error {
			if err := os.WriteFile(abc, []byte("x"), 0o600); err != nil {
				return err
			}
			sums, err := hashTree(home)
			if err != nil {
				return err
			}
			return os.WriteFile(list, sums.text(), 0o600)
		}},
		{"open to others", func() error { return os.Chmod(home, 0o755) }},
	} {
		if err := c.spoil(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if Verify(home) == nil {
			t.Errorf("%s: a spoilt home was verified", c.name)
		}
		if err := errors.Join(os.RemoveAll(abc), os.RemoveAll(evil), os.WriteFile(abc, source, 0o600), os.WriteFile(list, names, 0o600), os.Chmod(home, 0o700)); err != nil {
			t.Fatal(err)
		}
		if err := Verify(home); err != nil {
			t.Fatalf("%s: the home is not whole again: %v", c.name, err)
		}
	}
	if err := os.Remove(abc); err != nil {
		t.Fatal(err)
	}
	if again, err := Extract(dir); err != nil || again != home || Verify(home) != nil {
		t.Errorf("got %q, %v on extracting again", again, err)
	}
}
