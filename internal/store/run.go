package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"quantdesk/internal/project"
)

// CreateCompile keeps a new compile and its source, once for each hash.
func (db *DB) CreateCompile(ctx context.Context, c project.Compile, hash string, source []byte) (project.Compile, error) {
	raw, err := compress(source)
	if err != nil {
		return c, err
	}
	err = db.Write(ctx, func(tx *sql.Tx) error {
		if err := db.exec(tx, `INSERT INTO snapshots (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, raw); err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT id FROM snapshots WHERE hash = $1`, hash).Scan(&c.Snapshot); err != nil {
			return err
		}
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		return db.exec(tx, `INSERT INTO compiles (id, project, snapshot, state, body) VALUES ($1, $2, $3, $4, $5)`, c.ID, c.Project, c.Snapshot, string(c.State), string(body))
	})
	return c, err
}

// Compile finds a compile.
func (db *DB) Compile(ctx context.Context, id string) (project.Compile, error) {
	return found(first[project.Compile](ctx, db.read, `SELECT body FROM compiles WHERE id = $1`, id))
}

// FinishCompile keeps a final compile unless one is kept already.
func (db *DB) FinishCompile(ctx context.Context, c project.Compile) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		return db.exec(tx, `UPDATE compiles SET state = $1, body = $2 WHERE id = $3 AND state IN ('queued', 'running')`, string(c.State), string(body), c.ID)
	})
}

// OpenCompiles lists those that are not final.
func (db *DB) OpenCompiles(ctx context.Context) ([]project.Compile, error) {
	return query[project.Compile](ctx, db.read, `SELECT body FROM compiles WHERE state IN ('queued', 'running') ORDER BY rowid`)
}

// CreateBacktest keeps a new backtest.
func (db *DB) CreateBacktest(ctx context.Context, b project.Backtest) error {
	return db.put(ctx, b, `INSERT INTO backtests (id, project, user_id, state, priority, seq, body) VALUES ($1, $2, $3, $4, $5, (SELECT COALESCE(MAX(seq), 0) + 1 FROM backtests WHERE project = $2), $6)`,
		b.ID, b.Project, b.User, string(b.State), b.Priority)
}

// Backtest finds a backtest.
func (db *DB) Backtest(ctx context.Context, id string) (project.Backtest, error) {
	return found(first[project.Backtest](ctx, db.read, `SELECT body FROM backtests WHERE id = $1`, id))
}

// Backtests lists those of a project, newest first.
func (db *DB) Backtests(ctx context.Context, id int64) ([]project.Backtest, error) {
	return query[project.Backtest](ctx, db.read, `SELECT body FROM backtests WHERE project = $1 ORDER BY seq DESC`, id)
}

// OpenBacktests lists those that are not final, urgent ones first, then oldest
// first.
func (db *DB) OpenBacktests(ctx context.Context) ([]project.Backtest, error) {
	return query[project.Backtest](ctx, db.read, `SELECT body FROM backtests WHERE state IN ('queued', 'running') ORDER BY priority DESC, rowid`)
}

// CountOpen counts a user's backtests that are not final.
func (db *DB) CountOpen(ctx context.Context, user string) (n int, err error) {
	err = db.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM backtests WHERE user_id = $1 AND state IN ('queued', 'running')`, user).Scan(&n)
	return n, err
}

func (db *DB) setBacktest(tx *sql.Tx, b project.Backtest) error {
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return db.exec(tx, `UPDATE backtests SET state = $1, body = $2 WHERE id = $3`, string(b.State), string(body), b.ID)
}

const readBacktest = `SELECT body FROM backtests WHERE id = $1`

// ChangeBacktest changes a backtest in one step.
func (db *DB) ChangeBacktest(ctx context.Context, id string, change func(*project.Backtest) error) (out project.Backtest, err error) {
	err = db.Write(ctx, func(tx *sql.Tx) error {
		b, err := bodyIn[project.Backtest](tx, readBacktest, id)
		if err != nil {
			return err
		}
		if err := change(&b); err != nil {
			return err
		}
		out = b
		return db.setBacktest(tx, b)
	})
	return out, err
}

// FinishBacktest keeps a final backtest with its parts, once.
func (db *DB) FinishBacktest(ctx context.Context, b project.Backtest, parts map[string][]byte) (kept bool, err error) {
	packed := make(map[string][]byte, len(parts))
	for name, raw := range parts {
		if packed[name], err = compress(raw); err != nil {
			return false, err
		}
	}
	err = db.Write(ctx, func(tx *sql.Tx) error {
		kept = false
		have, err := bodyIn[project.Backtest](tx, readBacktest, b.ID)
		if have.State.Final() || errors.Is(err, errGone) {
			return nil
		}
		if err != nil {
			return err
		}
		final := b
		final.Name, final.Note, final.Tags = have.Name, have.Note, have.Tags
		for name, raw := range packed {
			if err := db.exec(tx, `INSERT INTO backtest_parts (backtest, name, body) VALUES ($1, $2, $3)`, b.ID, name, raw); err != nil {
				return err
			}
		}
		kept = true
		return db.setBacktest(tx, final)
	})
	return kept, err
}

// DeleteBacktest forgets a backtest.
func (db *DB) DeleteBacktest(ctx context.Context, id string) error {
	return db.Write(ctx, func(tx *sql.Tx) error { return db.exec(tx, `DELETE FROM backtests WHERE id = $1`, id) })
}

// Part reads a part of a result, nil where there is none.
func (db *DB) Part(ctx context.Context, id, name string) ([]byte, error) {
	var raw []byte
	err := db.read.QueryRowContext(ctx, `SELECT body FROM backtest_parts WHERE backtest = $1 AND name = $2`, id, name).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decompress(raw)
}
