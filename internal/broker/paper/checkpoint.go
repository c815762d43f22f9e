package paper

import (
	"context"
	"fmt"
)

// SQLite copies its write-ahead log into the database every thousand pages, by
// whoever happens to commit then: one turn in twenty-odd would take milliseconds
// longer. So the venue copies in the background, and in a turn only when the log
// has grown large because turns never left it a moment to begin anew.
const (
	checkpointRows = 8000   // rows written between two copies
	largeLog       = 16_000 // pages: 64 MiB
)

// checkpoints copies the log whenever it is asked to, until ctx ends. Run owns
// it and waits for it.
func (b *Broker) checkpoints(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.store.full:
		}
		var busy, pages, copied int64
		err := b.store.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &pages, &copied)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			b.cfg.Log.Warn("paper venue: the write-ahead log was not copied; tried again later", "err", err)
		case pages > largeLog:
			b.store.large.Store(true)
		}
	}
}

// afterWrite counts rows written and has the log copied in time. The caller
// holds the writing connection.
func (s *store) afterWrite(ctx context.Context, rows int) error {
	if s.rows += rows; s.rows >= checkpointRows {
		s.rows = 0
		select {
		case s.full <- struct{}{}:
		default: // a copy is under way
		}
	}
	if s.large.CompareAndSwap(true, false) {
		// Nobody writes meanwhile, so all is copied and the log begins anew.
		if _, err := s.conn.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
			return fmt.Errorf("copy the write-ahead log: %w", err)
		}
	}
	return nil
}
