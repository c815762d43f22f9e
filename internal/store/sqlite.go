package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the pure-Go driver, registered as "sqlite"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Version is the schema version this build writes: the number of its newest
// migration.
const Version = 4

// Options are what Open may be told.
type Options struct {
	// AuditKey seals the audit's head; 32 random bytes kept outside the database.
	AuditKey []byte
	Log      *slog.Logger
	// BeforeMigration is called before an older database is migrated, to back it
	// up; an error stops the opening.
	BeforeMigration func(from int64) error
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
}

// DB is an open store.
type DB struct {
	path  string
	write *sql.DB // one connection
	read  *sql.DB
	log   *slog.Logger
	now   func() time.Time

	queue  chan *op
	closed chan struct{}
	done   chan struct{}
	once   sync.Once

	auditKey []byte
	chain    *audit.Chain // owned by the writer
	stmts    map[string]*sql.Stmt
	ckpt     checkpointer
	wanted   []string // statements to prepare once the connection is free
}

// DSN is the connection string of a SQLite file: write-ahead log, full fsync on
// commit, write locks taken at once.
func DSN(path string, readOnly bool) string {
	v := url.Values{}
	v.Add("_pragma", "busy_timeout(10000)")
	v.Add("_pragma", "journal_mode(WAL)")
	v.Add("_pragma", "synchronous(FULL)")
	v.Add("_pragma", "foreign_keys(1)")
	if readOnly {
		v.Add("_pragma", "query_only(1)")
	} else {
		v.Set("_txlock", "immediate")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String()
}

// OpenSQLite opens a SQLite file with at most so many connections, for those who
// keep a database of their own.
func OpenSQLite(path string, conns int) (*sql.DB, error) {
	if err := touchPrivate(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", DSN(path, false))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	return db, nil
}

func touchPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return f.Close()
}

// Open opens or makes the database at path and brings its schema up to date.
func Open(ctx context.Context, path string, opt Options) (*DB, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	w, err := OpenSQLite(path, 1)
	if err != nil {
		return nil, err
	}
	db := &DB{
		path: path, write: w, log: opt.Log, now: opt.Now, queue: make(chan *op, 4096), closed: make(chan struct{}), done: make(chan struct{}),
		auditKey: opt.AuditKey, stmts: map[string]*sql.Stmt{},
	}
	if err := migrate(ctx, w, opt.BeforeMigration); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if db.read, err = sql.Open("sqlite", DSN(path, true)); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	db.read.SetMaxOpenConns(4)
	db.read.SetMaxIdleConns(2)
	head, err := db.head(ctx)
	if err != nil {
		return nil, errors.Join(err, w.Close(), db.read.Close())
	}
	db.chain = audit.NewChain(opt.AuditKey, head)
	if err := db.startCheckpoints(ctx); err != nil {
		return nil, errors.Join(err, w.Close(), db.read.Close())
	}
	go db.run()
	return db, nil
}

// migrate brings the schema to Version. It asks goose only when something is to
// be done: the look at the version costs a fraction of a provider's start.
func migrate(ctx context.Context, db *sql.DB, before func(int64) error) error {
	var have int64
	err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`).Scan(&have)
	fresh := err != nil
	if fresh {
		var tables int
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master`).Scan(&tables); err != nil {
			return fault.Wrap("store.Open", fault.Unavailable, err, "the database cannot be read").Hinted("If the file is damaged, restore a backup with: quantdesk restore FILE")
		}
	}
	switch {
	case !fresh && have == Version:
		return nil
	case have > Version:
		return fault.E("store.Open", fault.Conflict, "this home was written by a newer quantdesk (schema %d, this build knows %d)", have, Version).
			Hinted("Run the newer version, or use another --home.")
	case !fresh && before != nil:
		if err := before(have); err != nil {
			return fmt.Errorf("back up before migration: %w", err)
		}
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// Path is the database's file.
func (db *DB) Path() string { return db.path }

// Close waits for what was queued to be written, then closes.
func (db *DB) Close() error {
	db.once.Do(func() { close(db.closed) })
	<-db.done
	<-db.ckpt.done
	return errors.Join(db.read.Close(), db.write.Close())
}

// BackupSQLite writes a whole, consistent copy to a new file while the database is
// in use.
func BackupSQLite(ctx context.Context, db *sql.DB, to string) error { return vacuumInto(ctx, db, to) }

// copyTries bounds how often a copy is begun anew.
const copyTries = 6

func vacuumInto(ctx context.Context, db *sql.DB, to string) error {
	if _, err := os.Stat(to); err == nil {
		return fault.E("store.Backup", fault.Conflict, "%s exists already", to).Hinted("Name a file that does not exist.")
	}
	// A copy that meets a checkpoint or a schema change may be told to try again.
	for try := 1; ; try++ {
		_, err := db.ExecContext(ctx, `VACUUM INTO $1`, to)
		if err == nil {
			break
		}
		if rerr := os.Remove(to); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
		if try == copyTries || ctx.Err() != nil {
			return fmt.Errorf("copy the database: %w", err)
		}
		time.Sleep(time.Duration(try) * 50 * time.Millisecond)
	}
	return os.Chmod(to, 0o600)
}

// Counter gives the next number of a named series, beginning with 1.
func (db *DB) Counter(ctx context.Context, name string, next *int64) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		*next = 0
		err := tx.QueryRow(`SELECT CAST(value AS BIGINT) FROM meta WHERE key = $1`, "counter_"+name).Scan(next)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		*next++
		return db.putMeta(tx, "counter_"+name, fmt.Sprint(*next))
	})
}
