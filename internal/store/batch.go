package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"quantdesk/internal/audit"
	"quantdesk/internal/order"
)

// Append queues a batch of the desk; wait blocks until it is on disk. What can
// be done before the writer's turn is done here: the writer is what everybody
// waits for.
func (db *DB) Append(b order.Batch) func() error {
	e := encoder{}
	e.batch(b, db.now().UTC())
	if e.err != nil {
		return func() error { return e.err }
	}
	return db.enqueue(&op{do: func(tx *sql.Tx) error { return db.putEncoded(tx, e) }, done: make(chan error, 1)})
}

func (db *DB) putEncoded(tx *sql.Tx, e encoder) error {
	for _, r := range e.rows {
		if err := db.exec(tx, r.query, r.args...); err != nil {
			return fmt.Errorf("%s: %w", r.what, err)
		}
	}
	for _, n := range e.notes {
		if err := db.record(tx, n); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	return nil
}

// row is one statement that is ready to run.
type row struct {
	what  string
	query string
	args  []any
}

// encoder turns a batch into rows; its first error ends it.
type encoder struct {
	rows  []row
	notes []audit.Entry
	err   error
}

func (e *encoder) add(what, query string, args ...any) {
	e.rows = append(e.rows, row{what, query, args})
}

func (e *encoder) json(v any) string {
	raw, err := json.Marshal(v)
	if err != nil && e.err == nil {
		e.err = err
	}
	return string(raw)
}

const (
	putTicket = `INSERT INTO tickets (id, user_id, account, client_ref, state, created_ns, expires_ns, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body`
	putOrder = `INSERT INTO orders (id, ticket, account, user_id, symbol, status, created_ns, updated_ns, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, updated_ns = excluded.updated_ns, body = excluded.body`
	putIntent = `INSERT INTO intents (id, order_id, account, state, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body`
	// A fill or ledger line that is there already is the same one told again.
	putFill        = `INSERT INTO fills (account, id, order_id, time_ns, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, id) DO NOTHING`
	putTransaction = `INSERT INTO transactions (account, seq, kind, symbol, order_id, time_ns, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, seq) DO NOTHING`
	putCursor      = `INSERT INTO cursors (account, seq) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET seq = excluded.seq`
	putDayUse      = `INSERT INTO day_use (account, day, notional, quantity, orders) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account) DO UPDATE SET day = excluded.day, notional = excluded.notional, quantity = excluded.quantity, orders = excluded.orders`
	putMetaRow = `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
)

func (e *encoder) batch(b order.Batch, at time.Time) {
	for _, t := range b.Tickets {
		var ref any
		if t.ClientRef != "" {
			ref = t.ClientRef
		}
		e.add("ticket "+t.ID, putTicket, t.ID, t.User, t.Account, ref, string(t.State), t.Created.UnixNano(), t.Expires.UnixNano(), e.json(t))
	}
	for _, o := range b.Orders {
		e.add("order "+o.ID, putOrder, o.ID, o.Ticket, o.Account, o.User, o.Symbol, string(o.Status), o.Created.UnixNano(), o.Updated.UnixNano(), e.json(o))
	}
	for _, i := range b.Intents {
		e.add("intent "+i.ID, putIntent, i.ID, i.OrderID, i.Account, string(i.State), e.json(i))
	}
	for _, f := range b.Fills {
		e.add("fill "+f.ID, putFill, f.Account, f.ID, f.OrderID, f.Time.UnixNano(), e.json(f))
	}
	for _, t := range b.Transactions {
		e.add("transaction "+t.ID, putTransaction, t.Account, t.Seq, string(t.Kind), t.Symbol, t.OrderID, t.Time.UnixNano(), e.json(t))
	}
	if b.CursorAccount != "" {
		e.add("cursor", putCursor, b.CursorAccount, b.Cursor)
	}
	if u := b.DayUse; u != nil {
		e.add("day use", putDayUse, u.Account, u.Day, u.Notional, u.Quantity, u.Orders)
	}
	if b.KillSwitch != nil {
		e.add("kill switch", putMetaRow, killKey, e.json(b.KillSwitch))
	}
	for _, n := range b.Notes {
		entry := audit.Entry{Time: at, Trace: n.Trace, Kind: n.Kind, User: n.User, Subject: n.Subject}
		if n.Body != nil {
			entry.Body = json.RawMessage(e.json(n.Body))
		}
		e.notes = append(e.notes, entry)
	}
}
