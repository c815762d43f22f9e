package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

// UserNumber gives a user's number, making one the first time.
func (db *DB) UserNumber(ctx context.Context, user string, wanted int64) (n int64, err error) {
	const look = `SELECT number FROM user_numbers WHERE user_id = $1`
	err = db.read.QueryRowContext(ctx, look, user).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	if err == nil {
		return n, sameNumber(n, wanted)
	}
	err = db.Write(ctx, func(tx *sql.Tx) error {
		q, args := `INSERT INTO user_numbers (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING`, []any{user}
		if wanted != 0 {
			q, args = `INSERT INTO user_numbers (user_id, number) VALUES ($1, $2) ON CONFLICT DO NOTHING`, []any{user, wanted}
		}
		if err := db.exec(tx, q, args...); err != nil {
			return err
		}
		err := tx.QueryRow(look, user).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.E("store.UserNumber", fault.Conflict, "the number %d is another user's", wanted)
		}
		return err
	})
	if err == nil {
		err = sameNumber(n, wanted)
	}
	return n, err
}

func sameNumber(n, wanted int64) error {
	if wanted != 0 && n != wanted {
		return fault.E("store.UserNumber", fault.Conflict, "the user has the number %d already", n)
	}
	return nil
}

// UserByNumber finds a user by number.
func (db *DB) UserByNumber(ctx context.Context, number int64) (user string, ok bool, err error) {
	err = db.read.QueryRowContext(ctx, `SELECT user_id FROM user_numbers WHERE number = $1`, number).Scan(&user)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return user, err == nil, err
}

// PutAPIToken keeps a token's record and its sealed secret.
func (db *DB) PutAPIToken(ctx context.Context, t identity.APIToken) error {
	body, err := json.Marshal(t.Token)
	if err != nil {
		return err
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		if err := db.exec(tx, `INSERT INTO tokens (id, user_id, expires_ns, revoked_ns, body) VALUES ($1, $2, $3, 0, $4)`,
			t.ID, t.User, t.Expires.UnixNano(), string(body)); err != nil {
			return err
		}
		return db.exec(tx, `INSERT INTO api_tokens (token_id, user_id, sealed) VALUES ($1, $2, $3)`, t.ID, t.User, t.Sealed)
	})
}

// APITokens lists a user's API tokens, newest first.
func (db *DB) APITokens(ctx context.Context, user string) ([]identity.APIToken, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT t.body, a.sealed FROM api_tokens a JOIN tokens t ON t.id = a.token_id WHERE a.user_id = $1 ORDER BY a.rowid DESC`, user)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []identity.APIToken
	for rows.Next() {
		var body string
		var t identity.APIToken
		if err := rows.Scan(&body, &t.Sealed); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(body), &t.Token); err != nil {
			return nil, fmt.Errorf("a stored token is not readable: %w", err)
		}
		out = append(out, t)
	}
	return out, rows.Err()
}
