package ibkr

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// store keeps what TWS does not: orders by id and events by number.
type store struct{ db *sql.DB }

const schema = `
CREATE TABLE IF NOT EXISTS ibkr_order (account TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (account, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ibkr_event (account TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (account, seq)) WITHOUT ROWID;`

func openStore(ctx context.Context, db *sql.DB) (*store, error) {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, fmt.Errorf("open the record of Interactive Brokers: %w", err)
	}
	return &store{db}, nil
}

// record is an order with what TWS calls it.
type record struct {
	Order    trade.Order
	OrderID  int64 // of the client that placed it
	ClientID int64
	PermID   int64
	// Sent is set before the order goes out, Known once TWS has told of it.
	Sent, Known bool
	// Foreign orders were placed by hand or by another program.
	Foreign bool
	// Execs are the executions that were counted.
	Execs []string

	sentAt  time.Time    // when it went out, in this process
	missed  time.Time    // since when TWS does not list it
	wait    []chan error // callers that wait for the first answer
	replace *replacing
}

// replacing is a change under way.
type replacing struct {
	next trade.Order
	done chan error
}

// save writes records and events in one transaction.
func (s *store) save(ctx context.Context, account string, records []*record, events []order.Event) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	for _, r := range records {
		raw, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO ibkr_order (account, id, body) VALUES (?, ?, ?) ON CONFLICT (account, id) DO UPDATE SET body = excluded.body`, account, r.Order.ID, raw); err != nil {
			return err
		}
	}
	for _, e := range events {
		raw, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO ibkr_event (account, seq, body) VALUES (?, ?, ?)`, account, e.Seq, raw); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// load reads an account's record.
func (s *store) load(ctx context.Context, account string) (records []*record, events []order.Event, err error) {
	read := func(query string, f func(raw []byte) error) error {
		rows, err := s.db.QueryContext(ctx, query, account)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return err
			}
			if err := f(raw); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	err = read(`SELECT body FROM ibkr_order WHERE account = ?`, func(raw []byte) error {
		r := &record{}
		records = append(records, r)
		return json.Unmarshal(raw, r)
	})
	if err == nil {
		err = read(`SELECT body FROM ibkr_event WHERE account = ? ORDER BY seq`, func(raw []byte) error {
			var e order.Event
			err := json.Unmarshal(raw, &e)
			events = append(events, e)
			return err
		})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the record of account %s: %w", account, err)
	}
	return records, events, nil
}
