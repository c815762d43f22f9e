package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"quantdesk/internal/fault"
)

// op is one unit that waits to be written.
type op struct {
	do func(tx *sql.Tx) error
	// lazy ones may wait for company; nobody waits for them.
	lazy bool
	done chan error
}

const (
	// lazyWait is how long lazy writes gather before they are committed.
	lazyWait = 40 * time.Millisecond
	// maxBatch bounds one transaction.
	maxBatch = 2048
)

// Write runs f in the next transaction and waits until it is on disk. f may be
// run again when a neighbour in its batch failed, so it must not have effects
// outside tx.
func (db *DB) Write(ctx context.Context, f func(tx *sql.Tx) error) error {
	wait := db.enqueue(&op{do: f, done: make(chan error, 1)})
	if err := ctx.Err(); err != nil {
		return err
	}
	return wait()
}

func (db *DB) enqueue(o *op) (wait func() error) {
	select {
	case <-db.closed:
		return errClosed
	default:
	}
	select {
	case db.queue <- o:
	case <-db.closed:
		return errClosed
	}
	if o.done == nil {
		return func() error { return nil }
	}
	return func() error {
		select {
		case err := <-o.done:
			return err
		case <-db.done:
			select {
			case err := <-o.done:
				return err
			default:
				return errClosed()
			}
		}
	}
}

func errClosed() error { return fault.E("store.Write", fault.Unavailable, "the store is closed") }

func (db *DB) run() {
	defer close(db.done)
	for {
		var first *op
		select {
		case first = <-db.queue:
		case <-db.closed:
			for { // what was queued before the close is still written
				select {
				case o := <-db.queue:
					db.commit([]*op{o})
				default:
					return
				}
			}
		}
		batch := db.gather(first)
		db.commit(batch)
		db.prepare()
		db.afterCommit(len(batch))
	}
}

// gather takes what is waiting; a batch of lazy writes alone waits for more.
func (db *DB) gather(first *op) []*op {
	batch := []*op{first}
	urgent := !first.lazy
	var timer <-chan time.Time
	for len(batch) < maxBatch {
		select {
		case o := <-db.queue:
			batch = append(batch, o)
			urgent = urgent || !o.lazy
			continue
		default:
		}
		if urgent {
			return batch
		}
		if timer == nil {
			timer = time.After(lazyWait)
		}
		select {
		case o := <-db.queue:
			batch = append(batch, o)
			urgent = urgent || !o.lazy
		case <-timer:
			return batch
		case <-db.closed:
			return batch
		}
	}
	return batch
}

// commit writes a batch in one transaction. When a member fails, the batch is
// undone and each is tried alone, so that only the guilty fails.
func (db *DB) commit(batch []*op) {
	err := db.transact(batch)
	if err == nil {
		for _, o := range batch {
			db.answer(o, nil)
		}
		return
	}
	if len(batch) == 1 {
		db.answer(batch[0], err)
		return
	}
	for _, o := range batch {
		db.answer(o, db.transact([]*op{o}))
	}
}

func (db *DB) answer(o *op, err error) {
	if o.done != nil {
		o.done <- err
	} else if err != nil {
		db.log.Error("write failed", "err", err)
	}
}

func (db *DB) transact(batch []*op) (err error) {
	head := db.chain.Head()
	tx, err := db.write.BeginTx(context.Background(), nil)
	if err != nil {
		return diskFault(err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v", p)
		}
		if err != nil {
			_ = tx.Rollback()
			db.chain.Reset(head)
		}
	}()
	for _, o := range batch {
		if err := o.do(tx); err != nil {
			return diskFault(err)
		}
	}
	if now := db.chain.Head(); now.Seq != head.Seq {
		if err := db.putHead(tx, now); err != nil {
			return diskFault(err)
		}
	}
	return diskFault(tx.Commit())
}

// diskFault names the failures an operator can mend.
func diskFault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write to the store: %w", err)
}

// exec runs a statement in tx. The second time on it is a prepared one: preparing
// needs the connection, which the transaction holds, so it is done in between.
func (db *DB) exec(tx *sql.Tx, query string, args ...any) error {
	if s := db.stmts[query]; s != nil {
		_, err := tx.Stmt(s).Exec(args...)
		return err
	}
	db.wanted = append(db.wanted, query)
	_, err := tx.Exec(query, args...)
	return err
}

func (db *DB) prepare() {
	for _, query := range db.wanted {
		if db.stmts[query] != nil {
			continue
		}
		s, err := db.write.Prepare(query)
		if err != nil {
			db.log.Warn("not prepared", "err", err)
			continue
		}
		db.stmts[query] = s
	}
	db.wanted = db.wanted[:0]
}
