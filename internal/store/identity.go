package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

var _ identity.Store = (*DB)(nil)

// hashed pairs a record with the secret hash that its JSON leaves out.
func hashed[T any](ctx context.Context, db *sql.DB, set func(*T, string), q string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		var hash, body string
		if err := rows.Scan(&hash, &body); err != nil {
			return nil, err
		}
		var v T
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			return nil, fmt.Errorf("a stored identity is not readable: %w", err)
		}
		set(&v, hash)
		out = append(out, v)
	}
	return out, rows.Err()
}

func one[T any](list []T, err error) (T, bool, error) {
	if err != nil || len(list) == 0 {
		var zero T
		return zero, false, err
	}
	return list[0], true, nil
}

func setPlatform(p *identity.Platform, hash string) { p.SecretHash = hash }
func setUser(u *identity.User, hash string)         { u.SecretHash = hash }

// put marshals a record and runs the upsert, its last parameter the JSON.
func (db *DB) put(ctx context.Context, record any, q string, args ...any) error {
	body, err := json.Marshal(record)
	if err != nil {
		return err
	}
	args = append(args, string(body))
	return db.Write(ctx, func(tx *sql.Tx) error { return db.exec(tx, q, args...) })
}

// PutPlatform keeps a platform.
func (db *DB) PutPlatform(ctx context.Context, p identity.Platform) error {
	return db.put(ctx, p, `INSERT INTO platforms (id, hash, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, body = excluded.body`, p.ID, p.SecretHash)
}

// Platform finds a platform.
func (db *DB) Platform(ctx context.Context, id string) (identity.Platform, bool, error) {
	return one(hashed(ctx, db.read, setPlatform, `SELECT hash, body FROM platforms WHERE id = $1`, id))
}

// Platforms lists the platforms.
func (db *DB) Platforms(ctx context.Context) ([]identity.Platform, error) {
	return hashed(ctx, db.read, setPlatform, `SELECT hash, body FROM platforms ORDER BY id`)
}

// PutUser keeps a user.
func (db *DB) PutUser(ctx context.Context, u identity.User) error {
	return db.put(ctx, u, `INSERT INTO users (id, platform, hash, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET platform = excluded.platform, hash = excluded.hash, body = excluded.body`, u.ID, u.Platform, u.SecretHash)
}

// User finds a user.
func (db *DB) User(ctx context.Context, id string) (identity.User, bool, error) {
	return one(hashed(ctx, db.read, setUser, `SELECT hash, body FROM users WHERE id = $1`, id))
}

// Users lists the users of a platform, or all.
func (db *DB) Users(ctx context.Context, platform string) ([]identity.User, error) {
	return hashed(ctx, db.read, setUser, `SELECT hash, body FROM users WHERE $1 = '' OR platform = $1 ORDER BY id`, platform)
}

// PutToken keeps what is remembered of a token.
func (db *DB) PutToken(ctx context.Context, t identity.Token) error {
	var revoked int64
	if !t.Revoked.IsZero() {
		revoked = t.Revoked.UnixNano()
	}
	return db.put(ctx, t, `INSERT INTO tokens (id, user_id, expires_ns, revoked_ns, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET revoked_ns = excluded.revoked_ns, body = excluded.body`, t.ID, t.User, t.Expires.UnixNano(), revoked)
}

// Token finds a token's record.
func (db *DB) Token(ctx context.Context, id string) (identity.Token, bool, error) {
	return first[identity.Token](ctx, db.read, `SELECT body FROM tokens WHERE id = $1`, id)
}

// Tokens lists a user's tokens, or all, newest first.
func (db *DB) Tokens(ctx context.Context, user string) ([]identity.Token, error) {
	return query[identity.Token](ctx, db.read, `SELECT body FROM tokens WHERE $1 = '' OR user_id = $1 ORDER BY expires_ns DESC, id LIMIT 1000`, user)
}

// RevokedSince lists revoked tokens that have not expired.
func (db *DB) RevokedSince(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT id FROM tokens WHERE revoked_ns > 0 AND expires_ns > $1`, now.UnixNano())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// PutConnection keeps a connection with its accounts.
func (db *DB) PutConnection(ctx context.Context, c identity.Connection, accounts []identity.Account) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		if err := db.exec(tx, `INSERT INTO connections (id, user_id, created_ns, body) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
			c.ID, c.User, c.Created.UnixNano(), string(body)); err != nil {
			return err
		}
		for _, a := range accounts {
			raw, err := json.Marshal(a)
			if err != nil {
				return err
			}
			var owner string
			switch err := tx.QueryRow(`SELECT user_id FROM accounts WHERE id = $1`, a.ID).Scan(&owner); {
			case err != nil && !errors.Is(err, sql.ErrNoRows):
				return err
			case err == nil && owner != a.User:
				return fault.E("store.PutConnection", fault.Conflict, "account %s is connected by another user", a.ID).Hinted("Connect an account of your own.")
			}
			if err := db.exec(tx, `INSERT INTO accounts (id, connection_id, user_id, body) VALUES ($1, $2, $3, $4)
				ON CONFLICT (id) DO UPDATE SET connection_id = excluded.connection_id, body = excluded.body`,
				a.ID, a.ConnectionID, a.User, string(raw)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteConnection forgets a connection and its accounts.
func (db *DB) DeleteConnection(ctx context.Context, id string) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		return errors.Join(db.exec(tx, `DELETE FROM accounts WHERE connection_id = $1`, id), db.exec(tx, `DELETE FROM connections WHERE id = $1`, id))
	})
}

// Connections lists a user's connections, or all, oldest first.
func (db *DB) Connections(ctx context.Context, user string) ([]identity.Connection, error) {
	return query[identity.Connection](ctx, db.read, `SELECT body FROM connections WHERE $1 = '' OR user_id = $1 ORDER BY created_ns, id`, user)
}

// Account finds an account.
func (db *DB) Account(ctx context.Context, id string) (identity.Account, bool, error) {
	return first[identity.Account](ctx, db.read, `SELECT body FROM accounts WHERE id = $1`, id)
}

// Accounts lists a user's accounts, or all.
func (db *DB) Accounts(ctx context.Context, user string) ([]identity.Account, error) {
	return query[identity.Account](ctx, db.read, `SELECT body FROM accounts WHERE $1 = '' OR user_id = $1 ORDER BY id`, user)
}
