package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"

	"quantdesk/internal/fault"
	"quantdesk/internal/research"
)

var _ research.Store = (*DB)(nil)

// Book finds a user's research workspace.
func (db *DB) Book(ctx context.Context, user, name string) (research.Book, bool, error) {
	return first[research.Book](ctx, db.read, `SELECT body FROM research_books WHERE user_id = $1 AND name = $2`, user, name)
}

// Books lists a user's workspaces by name.
func (db *DB) Books(ctx context.Context, user string) ([]research.Book, error) {
	return query[research.Book](ctx, db.read, `SELECT body FROM research_books WHERE user_id = $1 ORDER BY name`, user)
}

// ChangeBook changes a workspace in one step.
func (db *DB) ChangeBook(ctx context.Context, user, name string, change func(b *research.Book, fresh bool) error) (out research.Book, err error) {
	err = db.Write(ctx, func(tx *sql.Tx) error {
		b, err := bodyIn[research.Book](tx, `SELECT body FROM research_books WHERE user_id = $1 AND name = $2`, user, name)
		fresh := fault.CodeOf(err) == fault.NotFound
		if err != nil && !fresh {
			return err
		}
		b.User, b.Name = user, name
		if err := change(&b, fresh); err != nil {
			return err
		}
		body, err := json.Marshal(b)
		if err != nil {
			return err
		}
		out = b
		return db.exec(tx, `INSERT INTO research_books (user_id, name, body) VALUES ($1, $2, $3) ON CONFLICT (user_id, name) DO UPDATE SET body = excluded.body`, user, name, string(body))
	})
	return out, err
}

// DropBook forgets a workspace with its results.
func (db *DB) DropBook(ctx context.Context, user, name string) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		return errors.Join(
			db.exec(tx, `DELETE FROM research_books WHERE user_id = $1 AND name = $2`, user, name),
			db.exec(tx, `DELETE FROM research_results WHERE user_id = $1 AND book = $2`, user, name))
	})
}

// PutResult keeps a result with its tables and forgets the oldest beyond keep.
func (db *DB) PutResult(ctx context.Context, r research.Result, tables []research.Table, keep int) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	raw := make([][]byte, len(tables))
	for i, t := range tables {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(t); err != nil {
			return fmt.Errorf("encode table %s: %w", t.Name, err)
		}
		if raw[i], err = compress(b.Bytes()); err != nil {
			return err
		}
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		if err := db.exec(tx, `INSERT INTO research_results (handle, user_id, book, state, seq, body)
			VALUES ($1, $2, $3, $4, (SELECT COALESCE(MAX(seq), 0) + 1 FROM research_results WHERE user_id = $2 AND book = $3), $5)
			ON CONFLICT (handle) DO UPDATE SET state = excluded.state, body = excluded.body`, r.Handle, r.User, r.Book, string(r.State), string(body)); err != nil {
			return err
		}
		for i, t := range tables {
			if err := db.exec(tx, `INSERT INTO research_tables (handle, name, body) VALUES ($1, $2, $3) ON CONFLICT (handle, name) DO UPDATE SET body = excluded.body`, r.Handle, t.Name, raw[i]); err != nil {
				return err
			}
		}
		return db.exec(tx, `DELETE FROM research_results WHERE user_id = $1 AND book = $2 AND state <> 'running'
			AND seq <= (SELECT MAX(seq) FROM research_results WHERE user_id = $1 AND book = $2) - $3`, r.User, r.Book, keep)
	})
}

// Result finds a user's result.
func (db *DB) Result(ctx context.Context, user, handle string) (research.Result, bool, error) {
	return first[research.Result](ctx, db.read, `SELECT body FROM research_results WHERE handle = $1 AND user_id = $2`, handle, user)
}

// Results lists those of a workspace, newest first, without their summaries.
func (db *DB) Results(ctx context.Context, user, book string) ([]research.Result, error) {
	return query[research.Result](ctx, db.read, `SELECT json_remove(body, '$.summary') FROM research_results WHERE user_id = $1 AND book = $2 ORDER BY seq DESC`, user, book)
}

// OpenResults lists all that are running.
func (db *DB) OpenResults(ctx context.Context) ([]research.Result, error) {
	return query[research.Result](ctx, db.read, `SELECT body FROM research_results WHERE state = 'running'`)
}

// Table reads a table of a result.
func (db *DB) Table(ctx context.Context, handle, name string) (t research.Table, ok bool, err error) {
	var raw []byte
	err = db.read.QueryRowContext(ctx, `SELECT body FROM research_tables WHERE handle = $1 AND name = $2`, handle, name).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	if raw, err = decompress(raw); err != nil {
		return t, false, err
	}
	return t, true, gob.NewDecoder(bytes.NewReader(raw)).Decode(&t)
}
