package paper

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"quantdesk/internal/match"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// schemaVersion is what this code writes; a newer database is refused.
const schemaVersion = 1

const schema = `
CREATE TABLE IF NOT EXISTS paper_schema (version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS paper_account (
	id TEXT PRIMARY KEY, currency TEXT NOT NULL, opened INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paper_order (
	account TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, updated INTEGER NOT NULL,
	oco_group TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS paper_order_group ON paper_order (account, oco_group) WHERE oco_group <> '';
CREATE TABLE IF NOT EXISTS paper_event (
	account TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (account, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paper_applied (
	account TEXT NOT NULL, symbol TEXT NOT NULL, date TEXT NOT NULL,
	PRIMARY KEY (account, symbol)
) WITHOUT ROWID;
`

// record is an order with what the venue remembers of it, as stored.
type record struct {
	Order       trade.Order `json:"order"`
	Triggered   bool        `json:"triggered,omitempty"`
	TrailStop   num.Decimal `json:"trail_stop,omitzero"`
	Placed      time.Time   `json:"placed"`
	Expires     time.Time   `json:"expires,omitzero"`
	EntryFilled num.Decimal `json:"entry_filled,omitzero"`
	Covered     num.Decimal `json:"covered,omitzero"`
	Notional    num.Decimal `json:"notional,omitzero"`
}

func (e *entry) record() record {
	return record{
		Order: *e.order(), Triggered: e.w.Triggered, TrailStop: e.w.TrailStop, Placed: e.w.Placed, Expires: e.w.Expires,
		EntryFilled: e.entryFilled, Covered: e.covered, Notional: e.notional,
	}
}

func (r record) entry(number int64) *entry {
	e := &entry{
		w:      match.Working{Order: r.Order, Triggered: r.Triggered, TrailStop: r.TrailStop, Placed: r.Placed, Expires: r.Expires},
		number: number, entryFilled: r.EntryFilled, covered: r.Covered, notional: r.Notional,
	}
	e.refresh()
	return e
}

// store is the database: one connection that writes, the pool to read.
type store struct {
	db                                       *sql.DB
	conn                                     *sql.Conn
	putAccount, putOrder, putEvent, putApply *sql.Stmt
	getOrder, getGroup, getBook, getEvents   *sql.Stmt

	full  chan struct{} // asks for the log to be copied
	large atomic.Bool   // the log must be copied within a turn
	rows  int           // written since the last copy was asked for
}

func openStore(ctx context.Context, db *sql.DB) (*store, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	s := &store{db: db, conn: conn, full: make(chan struct{}, 1)}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *store) prepare(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if _, err := s.conn.ExecContext(ctx, `PRAGMA wal_autocheckpoint = 0`); err != nil {
		return fmt.Errorf("checkpoints: %w", err)
	}
	var version sql.NullInt64
	if err := s.conn.QueryRowContext(ctx, `SELECT max(version) FROM paper_schema`).Scan(&version); err != nil {
		return fmt.Errorf("schema version: %w", err)
	}
	switch {
	case !version.Valid:
		if _, err := s.conn.ExecContext(ctx, `INSERT INTO paper_schema (version) VALUES (?)`, schemaVersion); err != nil {
			return fmt.Errorf("schema version: %w", err)
		}
	case version.Int64 != schemaVersion:
		return fmt.Errorf("the database is of version %d, this program reads %d", version.Int64, schemaVersion)
	}
	writer, reader := s.conn.PrepareContext, s.db.PrepareContext
	for _, p := range []struct {
		to   **sql.Stmt
		on   func(context.Context, string) (*sql.Stmt, error)
		text string
	}{
		{&s.putAccount, writer, `INSERT INTO paper_account (id, currency, opened) VALUES (?, ?, ?)`},
		{&s.putOrder, writer, `INSERT INTO paper_order (account, id, number, status, updated, oco_group, code, text, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (account, id) DO UPDATE SET status = excluded.status, updated = excluded.updated, code = excluded.code, text = excluded.text, body = excluded.body`},
		{&s.putEvent, writer, `INSERT INTO paper_event (account, seq, kind, body) VALUES (?, ?, ?, ?)`},
		{&s.putApply, writer, `INSERT INTO paper_applied (account, symbol, date) VALUES (?, ?, ?) ON CONFLICT (account, symbol) DO UPDATE SET date = excluded.date`},
		{&s.getOrder, writer, `SELECT number, body FROM paper_order WHERE account = ? AND id = ?`},
		{&s.getGroup, writer, `SELECT number, body FROM paper_order WHERE account = ? AND oco_group = ? AND oco_group <> ''`},
		{&s.getBook, reader, `SELECT body FROM paper_order WHERE account = ? AND (updated >= ? OR status NOT IN ('filled', 'cancelled', 'rejected', 'expired')) ORDER BY number`},
		{&s.getEvents, reader, `SELECT body FROM paper_event WHERE account = ? AND seq > ? ORDER BY seq LIMIT ?`},
	} {
		var err error
		if *p.to, err = p.on(ctx, p.text); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	return nil
}

// close gives the connection back.
func (s *store) close() error {
	var errs []error
	for _, st := range []*sql.Stmt{s.putAccount, s.putOrder, s.putEvent, s.putApply, s.getOrder, s.getGroup, s.getBook, s.getEvents} {
		if st != nil {
			errs = append(errs, st.Close())
		}
	}
	// The connection goes back to a pool where others expect SQLite's default.
	_, err := s.conn.ExecContext(context.Background(), `PRAGMA wal_autocheckpoint = 1000`)
	errs = append(errs, err)
	return errors.Join(append(errs, s.conn.Close())...)
}

// write puts a turn on disk as one transaction.
func (s *store) write(ctx context.Context, t *turn) (err error) {
	if _, err := s.conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			_, _ = s.conn.ExecContext(ctx, `ROLLBACK`) // there may be nothing left to roll back
		}
	}()
	for _, a := range t.opened {
		if _, err := s.putAccount.ExecContext(ctx, a.id, a.currency, t.b.cfg.Now().UnixNano()); err != nil {
			return fmt.Errorf("write account %s: %w", a.id, err)
		}
	}
	for e, a := range t.touched {
		o := e.order()
		body, err := json.Marshal(e.record())
		if err != nil {
			return fmt.Errorf("encode order %s: %w", o.ID, err)
		}
		if _, err := s.putOrder.ExecContext(ctx, a.id, o.ID, e.number, string(o.Status), o.Updated.UnixNano(), o.Group, refusedCode(o), o.VenueText, string(body)); err != nil {
			return fmt.Errorf("write order %s: %w", o.ID, err)
		}
	}
	for _, ev := range t.events {
		body, err := json.Marshal(ev)
		if err != nil {
			return fmt.Errorf("encode event %d: %w", ev.Seq, err)
		}
		if _, err := s.putEvent.ExecContext(ctx, ev.Account, ev.Seq, string(ev.Kind), string(body)); err != nil {
			return fmt.Errorf("write event %d: %w", ev.Seq, err)
		}
	}
	for _, x := range t.applied {
		if _, err := s.putApply.ExecContext(ctx, x.account, x.symbol, x.date.String()); err != nil {
			return fmt.Errorf("write applied date of %s: %w", x.symbol, err)
		}
	}
	if _, err := s.conn.ExecContext(ctx, `COMMIT`); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	// The turn is on disk: a log that was not copied is for the next one to mend.
	if err := s.afterWrite(ctx, len(t.touched)+len(t.events)); err != nil {
		t.b.cfg.Log.Warn("paper venue: after a turn", "err", err)
	}
	return nil
}

// find reads one order's record, nil when there is none.
func (s *store) find(ctx context.Context, account, id string) (*entry, error) {
	list, err := entries(s.getOrder.QueryContext(ctx, account, id))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// group reads every order of an OCO group, ended ones included.
func (s *store) group(ctx context.Context, account, group string) ([]*entry, error) {
	return entries(s.getGroup.QueryContext(ctx, account, group))
}

func entries(rows *sql.Rows, err error) ([]*entry, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []*entry
	for rows.Next() {
		var number int64
		var body []byte
		if err := rows.Scan(&number, &body); err != nil {
			return nil, err
		}
		var r record
		if err := json.Unmarshal(body, &r); err != nil {
			return nil, fmt.Errorf("order number %d: %w", number, err)
		}
		out = append(out, r.entry(number))
	}
	return out, rows.Err()
}

// events reads up to limit events after a cursor.
func (s *store) events(ctx context.Context, account string, after int64, limit int) ([]order.Event, error) {
	rows, err := s.getEvents.QueryContext(ctx, account, after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []order.Event
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var ev order.Event
		if err := json.Unmarshal(body, &ev); err != nil {
			return nil, fmt.Errorf("event after %d: %w", after, err)
		}
		out = append(out, ev)
	}
	return out, rows.Err()
}

// book reads the orders that are open or were updated since a time.
func (s *store) book(ctx context.Context, account string, since time.Time) ([]trade.Order, error) {
	var from int64
	if !since.IsZero() {
		from = since.UnixNano()
	}
	rows, err := s.getBook.QueryContext(ctx, account, from)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []trade.Order
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var r record
		if err := json.Unmarshal(body, &r); err != nil {
			return nil, err
		}
		out = append(out, r.Order)
	}
	return out, rows.Err()
}
