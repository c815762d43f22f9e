package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

var _ order.Journal = (*DB)(nil)

const killKey = "kill_switch"

// LoadAccount reads what the desk must remember of an account.
func (db *DB) LoadAccount(ctx context.Context, account string, _ time.Time) (order.AccountState, error) {
	var st order.AccountState
	var err error
	if st.Orders, err = db.queryOrders(ctx, `SELECT user_id, body FROM orders WHERE account = $1 AND status NOT IN ('filled', 'cancelled', 'rejected', 'expired')`, account); err != nil {
		return st, err
	}
	if st.Intents, err = query[order.SentIntent](ctx, db.read, `SELECT body FROM intents WHERE account = $1 AND state IN ('recorded', 'sending') ORDER BY id`, account); err != nil {
		return st, err
	}
	err = db.read.QueryRowContext(ctx, `SELECT seq FROM cursors WHERE account = $1`, account).Scan(&st.Cursor)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return st, err
	}
	u := &st.DayUse
	err = db.read.QueryRowContext(ctx, `SELECT account, day, notional, quantity, orders FROM day_use WHERE account = $1`, account).
		Scan(&u.Account, &u.Day, &u.Notional, &u.Quantity, &u.Orders)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return st, err
	}
	return st, nil
}

// Ticket finds a ticket.
func (db *DB) Ticket(ctx context.Context, id string) (order.Ticket, bool, error) {
	return first[order.Ticket](ctx, db.read, `SELECT body FROM tickets WHERE id = $1`, id)
}

// TicketByRef finds the ticket of a client reference.
func (db *DB) TicketByRef(ctx context.Context, user, account, ref string) (order.Ticket, bool, error) {
	return first[order.Ticket](ctx, db.read, `SELECT body FROM tickets WHERE user_id = $1 AND account = $2 AND client_ref = $3`, user, account, ref)
}

// PendingTickets lists a user's tickets that were neither confirmed nor dropped,
// newest first; some may have expired.
func (db *DB) PendingTickets(ctx context.Context, user string) ([]order.Ticket, error) {
	cut := db.now().Add(-time.Minute).UnixNano()
	return query[order.Ticket](ctx, db.read, `SELECT body FROM tickets WHERE ($1 = '' OR user_id = $1) AND state = 'pending' AND expires_ns > $2 ORDER BY created_ns DESC, id`, user, cut)
}

// Order finds an order.
func (db *DB) Order(ctx context.Context, id string) (trade.Order, bool, error) {
	list, err := db.queryOrders(ctx, `SELECT user_id, body FROM orders WHERE id = $1`, id)
	if err != nil || len(list) == 0 {
		return trade.Order{}, false, err
	}
	return list[0], true, nil
}

// Orders lists orders, newest first.
func (db *DB) Orders(ctx context.Context, f order.OrderFilter) ([]trade.Order, error) {
	var where []string
	var args []any
	add := func(cond string, v any) {
		args = append(args, v)
		where = append(where, strings.ReplaceAll(cond, "?", fmt.Sprintf("$%d", len(args))))
	}
	for _, c := range []struct{ cond, value string }{
		{"user_id = ?", f.User},
		{"account = ?", f.Account},
		{"ticket = ?", f.Ticket},
		{"symbol = ?", f.Symbol},
	} {
		if c.value != "" {
			add(c.cond, c.value)
		}
	}
	if len(f.Statuses) > 0 {
		marks := make([]string, len(f.Statuses))
		for i, s := range f.Statuses {
			args = append(args, string(s))
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		where = append(where, "status IN ("+strings.Join(marks, ", ")+")")
	}
	if !f.BeforeTime.IsZero() {
		args = append(args, f.BeforeTime.UnixNano(), f.BeforeID)
		n := len(args)
		where = append(where, fmt.Sprintf("(created_ns < $%d OR created_ns = $%d AND id > $%d)", n-1, n-1, n))
	}
	q := `SELECT user_id, body FROM orders`
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	q += " ORDER BY created_ns DESC, id"
	if f.Limit > 0 {
		q += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	return db.queryOrders(ctx, q, args...)
}

func (db *DB) queryOrders(ctx context.Context, q string, args ...any) ([]trade.Order, error) {
	rows, err := db.read.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []trade.Order
	for rows.Next() {
		var user, body string
		if err := rows.Scan(&user, &body); err != nil {
			return nil, err
		}
		var o trade.Order
		if err := json.Unmarshal([]byte(body), &o); err != nil {
			return nil, fmt.Errorf("a stored order is not readable: %w", err)
		}
		o.User = user
		out = append(out, o)
	}
	return out, rows.Err()
}

// Intents lists what the desk told or meant to tell venues of an order: their ids
// are the order's, alone or followed by a point.
func (db *DB) Intents(ctx context.Context, orderID string) ([]order.SentIntent, error) {
	return query[order.SentIntent](ctx, db.read, `SELECT body FROM intents WHERE id >= $1 AND id < $2 ORDER BY id`, orderID, orderID+"/")
}

// Transactions lists ledger lines, newest first.
func (db *DB) Transactions(ctx context.Context, f order.TransactionFilter) ([]trade.Transaction, error) {
	if f.BeforeSeq <= 0 {
		f.BeforeSeq = 1 << 62
	}
	args := []any{f.Account, f.BeforeSeq, f.Symbol, f.OrderID}
	q := `SELECT body FROM transactions WHERE account = $1 AND seq < $2 AND ($3 = '' OR symbol = $3) AND ($4 = '' OR order_id = $4)`
	if len(f.Kinds) > 0 {
		marks := make([]string, len(f.Kinds))
		for i, k := range f.Kinds {
			args = append(args, string(k))
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		q += " AND kind IN (" + strings.Join(marks, ", ") + ")"
	}
	q += " ORDER BY seq DESC"
	if f.Limit > 0 {
		q += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	return query[trade.Transaction](ctx, db.read, q, args...)
}

// KillSwitch reads the brake.
func (db *DB) KillSwitch(ctx context.Context) (order.KillSwitch, error) {
	k, _, err := first[order.KillSwitch](ctx, db.read, `SELECT value FROM meta WHERE key = $1`, killKey)
	return k, err
}

// query reads a column of JSON.
func query[T any](ctx context.Context, db *sql.DB, q string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var v T
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			return nil, fmt.Errorf("a stored record is not readable: %w", err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func first[T any](ctx context.Context, db *sql.DB, q string, args ...any) (T, bool, error) {
	list, err := query[T](ctx, db, q, args...)
	if err != nil || len(list) == 0 {
		var zero T
		return zero, false, err
	}
	return list[0], true, nil
}
