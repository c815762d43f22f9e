package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

var _ project.Store = (*DB)(nil)

var zstdWriter = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
})

// fastWriter compresses what must be compressed while the writer waits.
var fastWriter = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
})

var zstdReader = sync.OnceValues(func() (*zstd.Decoder, error) { return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)) })

func compress(raw []byte) ([]byte, error) { return compressBy(zstdWriter, raw) }

func compressBy(writer func() (*zstd.Encoder, error), raw []byte) ([]byte, error) {
	w, err := writer()
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(raw, make([]byte, 0, len(raw)/4+64)), nil
}

func decompress(raw []byte) ([]byte, error) {
	r, err := zstdReader()
	if err != nil {
		return nil, err
	}
	out, err := r.DecodeAll(raw, []byte{})
	if err != nil {
		return nil, fmt.Errorf("a stored text is damaged: %w", err)
	}
	return out, nil
}

// found makes the fault of what is not there.
func found[T any](v T, ok bool, err error) (T, error) {
	if err == nil && !ok {
		err = gone()
	}
	return v, err
}

var errGone = &fault.Error{Code: fault.NotFound}

func gone() error { return fault.E("store.project", fault.NotFound, "there is no such thing") }

// bodyIn reads a record inside a write.
func bodyIn[T any](tx *sql.Tx, q string, args ...any) (T, error) {
	var v T
	var body string
	err := tx.QueryRow(q, args...).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return v, gone()
	}
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(body), &v)
}

// CreateProject keeps a new project with its files.
func (db *DB) CreateProject(ctx context.Context, p project.Project, files []project.Stored) (id int64, err error) {
	err = db.Write(ctx, func(tx *sql.Tx) error {
		q := p
		res, err := tx.Exec(`INSERT INTO projects (owner, body) VALUES ($1, '{}')`, q.Owner)
		if err != nil {
			return err
		}
		if q.ID, err = res.LastInsertId(); err != nil {
			return err
		}
		for _, f := range files {
			if err := (fileTx{db, tx, q.ID}).Put(f); err != nil {
				return err
			}
		}
		id = q.ID
		return db.putProject(tx, q)
	})
	return id, err
}

func (db *DB) putProject(tx *sql.Tx, p project.Project) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := db.exec(tx, `UPDATE projects SET owner = $1, body = $2 WHERE id = $3`, p.Owner, string(body), p.ID); err != nil {
		return err
	}
	if err := db.exec(tx, `DELETE FROM project_members WHERE project = $1`, p.ID); err != nil {
		return err
	}
	for _, m := range p.Members {
		if err := db.exec(tx, `INSERT INTO project_members (project, user_id) VALUES ($1, $2)`, p.ID, m.User); err != nil {
			return err
		}
	}
	return nil
}

// Project finds a project.
func (db *DB) Project(ctx context.Context, id int64) (project.Project, error) {
	return found(first[project.Project](ctx, db.read, `SELECT body FROM projects WHERE id = $1`, id))
}

// Projects lists the projects a user owns or is a member of.
func (db *DB) Projects(ctx context.Context, user string) ([]project.Project, error) {
	return query[project.Project](ctx, db.read, `SELECT body FROM projects WHERE owner = $1 OR id IN (SELECT project FROM project_members WHERE user_id = $1) ORDER BY id`, user)
}

// ChangeProject changes a project in one step.
func (db *DB) ChangeProject(ctx context.Context, id int64, change func(*project.Project) error) (out project.Project, err error) {
	err = db.Write(ctx, func(tx *sql.Tx) error {
		p, err := bodyIn[project.Project](tx, `SELECT body FROM projects WHERE id = $1`, id)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		out = p
		return db.putProject(tx, p)
	})
	return out, err
}

// PurgeProject forgets a project with all that hangs on it.
func (db *DB) PurgeProject(ctx context.Context, id int64) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		return errors.Join(db.exec(tx, `DELETE FROM projects WHERE id = $1`, id),
			db.exec(tx, `DELETE FROM snapshots WHERE NOT EXISTS (SELECT 1 FROM compiles WHERE snapshot = snapshots.id)`))
	})
}

// Files reads files of a project, by name.
func (db *DB) Files(ctx context.Context, id int64, names ...string) (out []project.Stored, err error) {
	q, args := `SELECT name, modified_ns, content FROM project_files WHERE project = $1 ORDER BY name`, []any{id}
	if len(names) == 1 {
		q, args = `SELECT name, modified_ns, content FROM project_files WHERE project = $1 AND name = $2`, []any{id, names[0]}
	}
	rows, err := db.read.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		f, err := scanFile(rows.Scan)
		if err != nil {
			return nil, err
		}
		if len(names) < 2 || slices.Contains(names, f.Name) {
			out = append(out, f)
		}
	}
	return out, rows.Err()
}

func scanFile(scan func(...any) error) (f project.Stored, err error) {
	var ns int64
	var raw []byte
	if err := scan(&f.Name, &ns, &raw); err != nil {
		return f, err
	}
	f.Modified = time.Unix(0, ns).UTC()
	raw, err = decompress(raw)
	f.Content = string(raw)
	return f, err
}

// EditFiles changes a project and its files in one step.
func (db *DB) EditFiles(ctx context.Context, id int64, edit func(*project.Project, project.FileTx) error) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		p, err := bodyIn[project.Project](tx, `SELECT body FROM projects WHERE id = $1`, id)
		if err != nil {
			return err
		}
		if err := edit(&p, fileTx{db, tx, id}); err != nil {
			return err
		}
		return db.putProject(tx, p)
	})
}

// fileTx is the files of one project inside a write.
type fileTx struct {
	db *DB
	tx *sql.Tx
	id int64
}

// Get reads a file.
func (f fileTx) Get(name string) (project.Stored, bool, error) {
	s, err := scanFile(f.tx.QueryRow(`SELECT name, modified_ns, content FROM project_files WHERE project = $1 AND name = $2`, f.id, name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// Put inserts or replaces a file.
func (f fileTx) Put(s project.Stored) error {
	raw, err := compressBy(fastWriter, []byte(s.Content))
	if err != nil {
		return err
	}
	return f.db.exec(f.tx, `INSERT INTO project_files (project, name, modified_ns, bytes, content) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (project, name) DO UPDATE SET modified_ns = excluded.modified_ns, bytes = excluded.bytes, content = excluded.content`,
		f.id, s.Name, s.Modified.UnixNano(), len(s.Content), raw)
}

// Delete removes a file.
func (f fileTx) Delete(name string) error {
	return f.db.exec(f.tx, `DELETE FROM project_files WHERE project = $1 AND name = $2`, f.id, name)
}

// Names lists the files.
func (f fileTx) Names() ([]string, error) {
	rows, err := f.tx.Query(`SELECT name FROM project_files WHERE project = $1 ORDER BY name`, f.id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Size counts files and bytes.
func (f fileTx) Size() (n int, bytes int64, err error) {
	err = f.tx.QueryRow(`SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM project_files WHERE project = $1`, f.id).Scan(&n, &bytes)
	return n, bytes, err
}

// Snapshot reads a source.
func (db *DB) Snapshot(ctx context.Context, id int64) ([]byte, error) {
	var raw []byte
	err := db.read.QueryRowContext(ctx, `SELECT body FROM snapshots WHERE id = $1`, id).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, gone()
	}
	if err != nil {
		return nil, err
	}
	return decompress(raw)
}
