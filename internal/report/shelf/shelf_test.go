package shelf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
)

func open(t *testing.T) *Shelf {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return New(filepath.Join(t.TempDir(), "reports"), func() time.Time { now = now.Add(time.Second); return now })
}

func put(t *testing.T, s *Shelf, user string, size int) Report {
	t.Helper()
	r, err := s.Put(user, "title", []File{{"a.pdf", make([]byte, size)}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPutAndRead(t *testing.T) {
	s := open(t)
	r := put(t, s, "alice", 7)
	raw, err := s.Read("alice", r.ID, "a.pdf")
	if err != nil || len(raw) != 7 {
		t.Fatal(err, len(raw))
	}
	if list := s.List("alice"); len(list) != 1 || list[0].ID != r.ID || list[0].Files[0].Size != 7 {
		t.Errorf("the list is %v", list)
	}
	for _, p := range []string{s.dir, filepath.Dir(s.Path("alice", r.ID, "a.pdf"))} {
		if st, err := os.Stat(p); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", p, st.Mode(), err)
		}
	}
	if st, err := os.Stat(s.Path("alice", r.ID, "a.pdf")); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st.Mode(), err)
	}
}

func TestOwnership(t *testing.T) {
	s := open(t)
	r := put(t, s, "alice", 1)
	for _, user := range []string{"bob", "", "alice/", "ALICE", "../alice", "alice/../alice"} {
		if _, err := s.Read(user, r.ID, "a.pdf"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%q reads alice's report: %v", user, err)
		}
		if len(s.List(user)) != 0 {
			t.Errorf("%q lists alice's report", user)
		}
	}
}

func TestTraversal(t *testing.T) {
	s := open(t)
	r := put(t, s, "alice", 1)
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.dir), "secret.pdf"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../secret.pdf", "..", ".", "", about, "/etc/passwd", "a.pdf/../../../secret.pdf", "..\\secret.pdf", "a.pdf\x00", "A.PDF", "./a.pdf"} {
		if raw, err := s.Read("alice", r.ID, name); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("the file %q gives %q, %v", name, raw, err)
		}
		if _, err := s.Put("alice", "x", []File{{name, nil}}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("a file %q is kept: %v", name, err)
		}
	}
	for _, id := range []string{"..", "../alice/" + r.ID, "", r.ID + "/", strings.ToUpper(r.ID), "rep-", "%2e%2e"} {
		if _, err := s.Read("alice", id, "a.pdf"); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("the report %q is found: %v", id, err)
		}
	}
	// No name of a user leads out of the folder.
	for _, user := range []string{"../x", "/", "a/b", "..", strings.Repeat("x", 300), "日本", "h-0", ""} {
		p := put(t, s, user, 1)
		if rel, err := filepath.Rel(s.dir, s.Path(user, p.ID, "a.pdf")); err != nil || strings.HasPrefix(rel, "..") || strings.Count(rel, string(filepath.Separator)) != 2 {
			t.Errorf("the user %q keeps at %s (%v)", user, rel, err)
		}
	}
}

func TestBounds(t *testing.T) {
	s := open(t)
	first := put(t, s, "alice", 1)
	other := put(t, s, "bob", 1)
	for range MostReports {
		put(t, s, "alice", 1)
	}
	if n := len(s.List("alice")); n != MostReports {
		t.Errorf("%d reports are kept", n)
	}
	if _, err := s.Find("alice", first.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("the oldest is kept: %v", err)
	}
	if _, err := s.Find("bob", other.ID); err != nil {
		t.Errorf("another user's went: %v", err)
	}
	for range 5 {
		put(t, s, "carol", MostBytes/4)
	}
	if list := s.List("carol"); len(list) != 4 {
		t.Errorf("%d large reports are kept", len(list))
	}
	if _, err := s.Put("carol", "x", []File{{"a.pdf", make([]byte, MostBytes/4+1)}}); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a report over the bound: %v", err)
	}
	var many []File
	for i := range MostFiles + 1 {
		many = append(many, File{fmt.Sprintf("a%d.csv", i), nil})
	}
	for _, files := range [][]File{nil, many, {{"a.csv", nil}, {"a.csv", nil}}} {
		if _, err := s.Put("dave", "x", files); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%d files: %v", len(files), err)
		}
	}
}

func TestDraftsGo(t *testing.T) {
	s := open(t)
	put(t, s, "alice", 1)
	left := filepath.Join(s.dir, "alice", ".draft-rep-aaaaaaaaaaaaaaaa")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, s, "alice", 1)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("a draft that was left is still there: %v", err)
	}
}
