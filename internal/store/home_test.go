package store

import (
	"archive/zip"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

// older makes a database that only the first migration has seen.
func older(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "desk.db")
	db, err := OpenSQLite(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO meta (key, value) VALUES ('kept', 'yes')`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMigration(t *testing.T) {
	t.Parallel()
	path := older(t)
	var from []int64
	stop := errors.New("no room for a backup")
	opt := Options{AuditKey: testKey, BeforeMigration: func(v int64) error { from = append(from, v); return stop }}
	if _, err := Open(context.Background(), path, opt); !errors.Is(err, stop) {
		t.Fatalf("open: %v; want the backup's error", err)
	}
	stop = nil
	for range 2 {
		db, err := Open(context.Background(), path, opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.PutUser(context.Background(), identity.User{ID: "u"}); err != nil { // of the second migration
			t.Error(err)
		}
		var kept string
		if err := db.read.QueryRow(`SELECT value FROM meta WHERE key = 'kept'`).Scan(&kept); err != nil || kept != "yes" {
			t.Errorf("what was there is %q, %v", kept, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(from) != 2 || from[0] != 1 || from[1] != 1 {
		t.Errorf("backed up from %v; want from 1 at both tries, and not once it is done", from)
	}
	if _, err := Open(context.Background(), filepath.Join(t.TempDir(), "new.db"), Options{BeforeMigration: func(int64) error {
		t.Error("a new database is backed up")
		return nil
	}}); err != nil {
		t.Error(err)
	}
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "desk.db")
	db, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)`, Version+1)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Open(context.Background(), path, Options{})
	if fault.CodeOf(err) != fault.Conflict || !strings.Contains(fault.As(err).Message, "newer") {
		t.Errorf("open: %v; want a conflict with a newer version", err)
	}
}

func TestNotADatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "desk.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is a text. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), path, Options{}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("open: %v; want unavailable", err)
	}
}

func acquire(t *testing.T, dir string) *Home {
	t.Helper()
	h, err := Acquire(dir, "serve", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHomeLock(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "home")
	h := acquire(t, dir)
	if err := h.Announce(Owner{PID: 4711, Command: "serve", Address: "127.0.0.1:8080", Started: time.Now()}); err != nil {
		t.Fatal(err)
	}
	_, err := Acquire(dir, "stdio", time.Now())
	if !errors.Is(err, ErrHeld) || fault.CodeOf(err) != fault.Conflict {
		t.Fatalf("second: %v; want held", err)
	}
	for _, word := range []string{"4711", "serve", "127.0.0.1:8080"} {
		if !strings.Contains(fault.As(err).Message, word) {
			t.Errorf("%q does not tell %s", fault.As(err).Message, word)
		}
	}
	if o := ReadOwner(dir); o.PID != 4711 {
		t.Errorf("the failed one wrote over the owner: %+v", o)
	}
	lock := filepath.Join(dir, "lock")
	// The owner's note is lost, then its whole file: it still holds the home.
	if err := os.WriteFile(lock, []byte("{gar"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(dir, "stdio", time.Now()); !errors.Is(err, ErrHeld) {
		t.Errorf("with an unreadable note: %v; want held", err)
	}
	if err := os.Remove(lock); err == nil { // not everywhere possible
		if _, err := Acquire(dir, "stdio", time.Now()); !errors.Is(err, ErrHeld) {
			t.Errorf("with the lock deleted: %v; want held", err)
		}
	}
	if err := h.Release(); err != nil {
		t.Fatal(err)
	}
	// What a killed owner left is no obstacle.
	if err := os.WriteFile(lock, []byte(`{"pid": 1, "command": "serve"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	again := acquire(t, dir)
	if o := ReadOwner(dir); o.PID != os.Getpid() || o.Command != "serve" {
		t.Errorf("owner %+v; want this process", o)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}

func TestHomeKey(t *testing.T) {
	t.Parallel()
	h := acquire(t, t.TempDir())
	defer func() { _ = h.Release() }()
	one, err := h.Key("audit.key")
	if err != nil || len(one) != 32 {
		t.Fatalf("%d bytes, %v; want 32", len(one), err)
	}
	if two, err := h.Key("audit.key"); err != nil || string(two) != string(one) {
		t.Errorf("the key changed: %v", err)
	}
	if other, err := h.Key("secrets.key"); err != nil || string(other) == string(one) {
		t.Errorf("two keys are one: %v", err)
	}
	if err := os.WriteFile(h.Path("keys", "audit.key"), one[:31], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Key("audit.key"); err == nil {
		t.Error("a damaged key is taken")
	}
	if info, err := os.Stat(h.Path("keys", "secrets.key")); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key is readable by others: %v, %v", info.Mode(), err)
	}
}

// filled is a home with both databases and a key, still in use.
func filled(t *testing.T) (*Home, *DB) {
	t.Helper()
	h := acquire(t, t.TempDir())
	db := openTest(t, h.Path("desk.db"))
	if err := db.Append(note(1))(); err != nil {
		t.Fatal(err)
	}
	paper := openTest(t, h.Path("paper.db"))
	if err := paper.PutUser(context.Background(), identity.User{ID: "p"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Key("audit.key"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Path("policy.json"), []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return h, db
}

func backup(t *testing.T, h *Home, to string) error {
	t.Helper()
	return BackupHome(context.Background(), h.Dir, to, func(ctx context.Context, name, to string) error {
		db, err := OpenSQLite(h.Path(name), 2)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		return BackupSQLite(ctx, db, to)
	})
}

func TestBackupRoundTrip(t *testing.T) {
	t.Parallel()
	h, db := filled(t)
	to := filepath.Join(t.TempDir(), "b.zip")
	if err := backup(t, h, to); err != nil {
		t.Fatal(err)
	}
	if err := backup(t, h, to); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("over an existing backup: %v; want a conflict", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(to), ".backup-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := db.Append(note(2))(); err != nil { // after the backup
		t.Fatal(err)
	}
	other := acquire(t, t.TempDir())
	// A log without its database must not be taken for the restored one's.
	if err := os.WriteFile(other.Path("desk.db-wal"), []byte("stray"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RestoreHome(other, to, false, "s0"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("over a stray log: %v; want a conflict", err)
	}
	if err := RestoreHome(other, to, true, "s1"); err != nil {
		t.Fatal(err)
	}
	restored := openTest(t, other.Path("desk.db"))
	wellAudited(t, restored, 1)
	if key, err := other.Key("audit.key"); err != nil {
		t.Error(err)
	} else if was, err := h.Key("audit.key"); err != nil || string(was) != string(key) {
		t.Errorf("the key is another: %v", err)
	}
	if err := RestoreHome(other, to, false, "s2"); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("over a home in use: %v; want a conflict", err)
	}
	if err := restored.Close(); err != nil {
		t.Fatal(err)
	}
	if err := RestoreHome(other, to, true, "s3"); err != nil {
		t.Fatal(err)
	}
	wellAudited(t, openTest(t, other.Path("backups", "replaced-s3", "desk.db")), 1)
	wellAudited(t, openTest(t, other.Path("desk.db")), 1)
}

func TestForeignBackups(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]string{
		"nothing":               {},
		"half a home":           {"desk.db"},
		"one database twice":    {"desk.db", "desk.db"},
		"a file of its own":     {"desk.db", "paper.db", "run.sh"},
		"a way out":             {"desk.db", "paper.db", "../evil"},
		"a way out by the root": {"desk.db", "paper.db", "/etc/evil"},
		"a way out by windows":  {"desk.db", "paper.db", `..\evil`},
		"a log":                 {"desk.db", "paper.db", "desk.db-wal"},
		"the lock":              {"desk.db", "paper.db", "lock"},
		"a key of its own":      {"desk.db", "paper.db", "keys/../keys/audit.key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "b.zip")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			z := zip.NewWriter(f)
			for _, name := range files {
				w, err := z.Create(name)
				if err == nil {
					_, err = w.Write([]byte("x"))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(z.Close(), f.Close()); err != nil {
				t.Fatal(err)
			}
			h := acquire(t, filepath.Join(t.TempDir(), "home"))
			if err := RestoreHome(h, path, true, "s"); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("restore: %v; want invalid", err)
			}
			if _, err := os.Stat(h.Path("desk.db")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("something was unpacked: %v", err)
			}
		})
	}
	h := acquire(t, t.TempDir())
	if err := RestoreHome(h, h.Path("lock"), true, "s"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("restore a file that is no archive: %v; want invalid", err)
	}
}
