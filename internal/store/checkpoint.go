package store

import (
	"context"
	"database/sql"
)

// SQLite copies its write-ahead log into the database every thousand pages, in
// the commit that happens to come then. Here it is copied in the background, and
// by a commit only when the log has grown large because the background was never
// left a moment to begin it anew.
const (
	checkpointOps = 2048   // units written between two copies
	largeLog      = 16_000 // pages: 64 MiB
)

// checkpointer copies the log when it is asked to. The writer owns ops.
type checkpointer struct {
	ask  chan struct{}
	done chan struct{}
	big  chan struct{} // holds a word when the log is large
	ops  int
}

func (db *DB) startCheckpoints(ctx context.Context) error {
	if _, err := db.write.ExecContext(ctx, `PRAGMA wal_autocheckpoint = 0`); err != nil {
		return err
	}
	conn, err := sql.Open("sqlite", DSN(db.path, false))
	if err != nil {
		return err
	}
	conn.SetMaxOpenConns(1)
	db.ckpt = checkpointer{ask: make(chan struct{}, 1), done: make(chan struct{}), big: make(chan struct{}, 1)}
	go func() {
		defer close(db.ckpt.done)
		defer func() { _ = conn.Close() }()
		for {
			select {
			case <-db.ckpt.ask:
			case <-db.closed:
				return
			}
			var busy, pages, copied int64
			if err := conn.QueryRow(`PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &pages, &copied); err != nil {
				db.log.Warn("the write-ahead log was not copied; tried again later", "err", err)
				continue
			}
			if pages > largeLog {
				select {
				case db.ckpt.big <- struct{}{}:
				default:
				}
			}
		}
	}()
	return nil
}

// afterCommit counts what was written and has the log copied in time.
func (db *DB) afterCommit(ops int) {
	if db.ckpt.ops += ops; db.ckpt.ops >= checkpointOps {
		db.ckpt.ops = 0
		select {
		case db.ckpt.ask <- struct{}{}:
		default: // a copy is under way
		}
	}
	select {
	case <-db.ckpt.big:
		// Nobody writes meanwhile, so all is copied and the log begins anew.
		if _, err := db.write.Exec(`PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
			db.log.Warn("the write-ahead log was not copied", "err", err)
		}
	default:
	}
}
