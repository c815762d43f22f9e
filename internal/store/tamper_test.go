package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"quantdesk/internal/audit"
)

// TestTamper changes a record behind the server's back, as somebody with the
// file but not the key could, and wants each change found.
func TestTamper(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		do     []string
		change func(t *testing.T, db *sql.DB)
		bad    int64
		reason string
	}{
		{"untouched", nil, nil, 0, ""},
		{"body edited", []string{`UPDATE audit SET body = '"7"' WHERE seq = 5`}, nil, 5, "changed"},
		{"user edited", []string{`UPDATE audit SET user_id = 'someone' WHERE seq = 2`}, nil, 2, "changed"},
		{"time edited", []string{`UPDATE audit SET at_ns = at_ns + 1 WHERE seq = 9`}, nil, 9, "changed"},
		{"text moved between fields", []string{`UPDATE audit SET kind = 'tes', user_id = 'tu' WHERE seq = 4`}, nil, 4, "changed"},
		{"middle deleted", []string{`DELETE FROM audit WHERE seq = 6`}, nil, 6, "missing"},
		{"middle deleted and closed up", []string{`DELETE FROM audit WHERE seq = 6`, `UPDATE audit SET seq = seq - 1 WHERE seq > 6`}, nil, 6, "changed"},
		{"first deleted", []string{`DELETE FROM audit WHERE seq = 1`}, nil, 1, "missing"},
		{"tail cut", []string{`DELETE FROM audit WHERE seq > 7`}, nil, 8, "cut off"},
		{"all cut", []string{`DELETE FROM audit`}, nil, 1, "cut off"},
		{"two swapped", []string{`UPDATE audit SET seq = 100 WHERE seq = 3`, `UPDATE audit SET seq = 3 WHERE seq = 4`, `UPDATE audit SET seq = 4 WHERE seq = 100`}, nil, 3, "changed"},
		{"one added at the end", []string{`INSERT INTO audit SELECT 11, at_ns, trace, kind, user_id, subject, body, hash FROM audit WHERE seq = 10`}, nil, 11, "changed"},
		{"head deleted", []string{`DELETE FROM meta WHERE key = 'audit_head'`}, nil, 0, "sealed head"},
		{"head unreadable", []string{`UPDATE meta SET value = '{' WHERE key = 'audit_head'`}, nil, 1, "not readable"},
		{"seal edited", []string{`UPDATE meta SET value = replace(value, '"seal":"', '"seal":"0') WHERE key = 'audit_head'`}, nil, 10, "not this server's"},
		{"computed anew without the key", nil, forge, 10, "not this server's"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "desk.db")
			db := openTest(t, path)
			for i := range 10 {
				if err := db.Append(note(i))(); err != nil {
					t.Fatal(err)
				}
			}
			raw, err := sql.Open("sqlite", DSN(path, false))
			if err != nil {
				t.Fatal(err)
			}
			for _, statement := range tt.do {
				if _, err := raw.Exec(statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			if tt.change != nil {
				tt.change(t, raw)
			}
			if err := raw.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := db.VerifyAudit(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if r.OK != (tt.reason == "") || tt.bad != 0 && r.BadSeq != tt.bad || !strings.Contains(r.Reason, tt.reason) {
				t.Errorf("%+v; want entry %d, %q", r, tt.bad, tt.reason)
			}
		})
	}
}

// forge edits an entry and computes all hashes anew with another key.
func forge(t *testing.T, db *sql.DB) {
	t.Helper()
	if _, err := db.Exec(`UPDATE audit SET body = '"7"' WHERE seq = 5`); err != nil {
		t.Fatal(err)
	}
	chain := audit.NewChain([]byte("some other key"), audit.Head{})
	var all []audit.Entry
	err := scanAudit(context.Background(), db, `SELECT seq, at_ns, trace, kind, user_id, subject, body, hash FROM audit ORDER BY seq`, nil,
		func(e audit.Entry) error { all = append(all, chain.Seal(e)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if _, err := db.Exec(`UPDATE audit SET hash = $1 WHERE seq = $2`, e.Hash, e.Seq); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := json.Marshal(chain.Head())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE meta SET value = $1 WHERE key = 'audit_head'`, string(raw)); err != nil {
		t.Fatal(err)
	}
}

// TestAuditGoesOn continues a chain over a reopening, and tells another key.
func TestAuditGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "desk.db")
	for i := range 3 {
		db, err := Open(context.Background(), path, Options{AuditKey: testKey})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Append(note(i))(); err != nil {
			t.Fatal(err)
		}
		wellAudited(t, db, int64(i)+1)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := Open(context.Background(), path, Options{AuditKey: []byte("another")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if r, err := db.VerifyAudit(context.Background()); err != nil || r.OK {
		t.Errorf("with another key: %+v, %v; want it told", r, err)
	}
}
