package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quantdesk/internal/audit"
)

const headKey = "audit_head"

func (db *DB) head(ctx context.Context) (audit.Head, error) {
	var raw string
	err := db.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, headKey).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Head{}, nil
	}
	if err != nil {
		return audit.Head{}, fmt.Errorf("read the audit's head: %w", err)
	}
	var h audit.Head
	if err := json.Unmarshal([]byte(raw), &h); err != nil {
		return h, fmt.Errorf("read the audit's head: %w", err)
	}
	return h, nil
}

func (db *DB) putHead(tx *sql.Tx, h audit.Head) error {
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return db.putMeta(tx, headKey, string(raw))
}

func (db *DB) putMeta(tx *sql.Tx, key, value string) error {
	return db.exec(tx, putMetaRow, key, value)
}

// record seals an entry into the chain and writes it; only inside a write.
func (db *DB) record(tx *sql.Tx, e audit.Entry) error {
	e = db.chain.Seal(e)
	return db.exec(tx, `INSERT INTO audit (seq, at_ns, trace, kind, user_id, subject, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Seq, e.Time.UnixNano(), e.Trace, e.Kind, e.User, e.Subject, string(e.Body), e.Hash)
}

// Record writes an entry and waits until it is on disk.
func (db *DB) Record(e audit.Entry) error {
	return db.enqueue(&op{do: func(tx *sql.Tx) error { return db.record(tx, e) }, done: make(chan error, 1)})()
}

// RecordLater writes an entry with the next batch, at most 50 ms from now.
func (db *DB) RecordLater(e audit.Entry) {
	db.enqueue(&op{do: func(tx *sql.Tx) error { return db.record(tx, e) }, lazy: true})
}

// VerifyAudit walks the whole record.
func (db *DB) VerifyAudit(ctx context.Context) (audit.Report, error) {
	// What is queued belongs to the record: let it land first.
	if err := db.Write(ctx, func(*sql.Tx) error { return nil }); err != nil {
		return audit.Report{}, err
	}
	tx, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return audit.Report{}, err
	}
	defer func() { _ = tx.Rollback() }()
	var raw string
	var head audit.Head
	switch err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, headKey).Scan(&raw); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return audit.Report{}, err
	default:
		if err := json.Unmarshal([]byte(raw), &head); err != nil {
			return audit.Report{Reason: "the audit's head is not readable", BadSeq: 1}, nil
		}
	}
	return audit.Verify(db.auditKey, head, func(yield func(audit.Entry) error) error {
		return scanAudit(ctx, tx, `SELECT seq, at_ns, trace, kind, user_id, subject, body, hash FROM audit ORDER BY seq`, nil, yield)
	})
}

// AuditFilter selects entries; newest first.
type AuditFilter struct {
	Trace, Kind, User string
	Before            int64
	Limit             int
}

// Audit reads entries.
func (db *DB) Audit(ctx context.Context, f AuditFilter) ([]audit.Entry, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	var out []audit.Entry
	err := scanAudit(ctx, db.read, `SELECT seq, at_ns, trace, kind, user_id, subject, body, hash FROM audit
		WHERE seq < $1 AND ($2 = '' OR trace = $2) AND ($3 = '' OR kind = $3) AND ($4 = '' OR user_id = $4) ORDER BY seq DESC LIMIT $5`,
		[]any{f.Before, f.Trace, f.Kind, f.User, f.Limit}, func(e audit.Entry) error { out = append(out, e); return nil })
	return out, err
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func scanAudit(ctx context.Context, q querier, query string, args []any, yield func(audit.Entry) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var e audit.Entry
		var ns int64
		var body string
		if err := rows.Scan(&e.Seq, &ns, &e.Trace, &e.Kind, &e.User, &e.Subject, &body, &e.Hash); err != nil {
			return err
		}
		e.Time = time.Unix(0, ns).UTC()
		if body != "" {
			e.Body = json.RawMessage(body)
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	return rows.Err()
}
