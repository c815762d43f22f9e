package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

var testKey = bytes.Repeat([]byte{1}, 32)

func openTest(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(context.Background(), path, Options{AuditKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func fresh(t *testing.T) *DB {
	t.Helper()
	return openTest(t, filepath.Join(t.TempDir(), "desk.db"))
}

// wellAudited wants a whole record of n entries; below zero, of any number.
func wellAudited(t *testing.T, db *DB, n int64) {
	t.Helper()
	r, err := db.VerifyAudit(context.Background())
	if err != nil || !r.OK || n >= 0 && r.Entries != n {
		t.Errorf("audit: %+v, %v; want %d whole entries", r, err, n)
	}
}

func note(i int) order.Batch {
	return order.Batch{Notes: []order.Note{{Trace: fmt.Sprint(i), Kind: "test", User: "u", Subject: "s", Body: i}}}
}

// hold keeps the writer busy until the returned function is called, so that what
// is appended meanwhile becomes one batch.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	busy, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	go func() {
		err := db.Write(context.Background(), func(*sql.Tx) error {
			once.Do(func() { close(busy) })
			<-free
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-busy
	return func() { close(free) }
}

// TestGroupCommit has bad members among good ones in one batch: only they fail,
// and the rest stands in the order of Append.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	db := fresh(t)
	release := hold(t, db)
	boom := errors.New("boom")
	bad := map[int]bool{3: true, 17: true, 39: true}
	type result struct {
		i    int
		wait func() error
	}
	var results []result
	for i := range 40 {
		switch {
		case i == 17: // it panics
			o := &op{done: make(chan error, 1), do: func(*sql.Tx) error { panic("in a write") }}
			results = append(results, result{i, db.enqueue(o)})
		case bad[i]: // it writes before it fails: that must be undone
			o := &op{done: make(chan error, 1), do: func(tx *sql.Tx) error {
				return errors.Join(db.record(tx, audit.Entry{Kind: "must not stand"}), boom)
			}}
			results = append(results, result{i, db.enqueue(o)})
		default:
			results = append(results, result{i, db.Append(note(i))})
		}
	}
	release()
	var want []string
	for _, r := range results {
		if err := r.wait(); (err != nil) != bad[r.i] {
			t.Errorf("member %d: %v", r.i, err)
		}
		if !bad[r.i] {
			want = append(want, fmt.Sprint(r.i))
		}
	}
	list, err := db.Audit(context.Background(), AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := len(list) - 1; i >= 0; i-- {
		got = append(got, list[i].Trace)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order of commit (want -, got +):\n%s", diff)
	}
	wellAudited(t, db, 37)
}

// TestAppendOrder appends from one goroutine while many others write.
func TestAppendOrder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "desk.db")
	db := openTest(t, path)
	var others sync.WaitGroup
	for range 6 {
		others.Go(func() {
			for i := range 40 {
				db.RecordLater(audit.Entry{Time: time.Now(), Kind: "other", Subject: fmt.Sprint(i)})
				if err := db.Record(audit.Entry{Time: time.Now(), Kind: "other"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var last func() error
	for i := range 200 {
		last = db.Append(order.Batch{
			Orders: []trade.Order{{ID: "o", Account: "a", User: "u", Revision: i, Created: time.Now(), Updated: time.Now()}},
			Notes:  []order.Note{{Trace: fmt.Sprint(i), Kind: "mine"}},
		})
	}
	if err := last(); err != nil { // the last on disk means all are
		t.Fatal(err)
	}
	if o, _, err := db.Order(context.Background(), "o"); err != nil || o.Revision != 199 {
		t.Errorf("revision %d, %v; want the last appended", o.Revision, err)
	}
	others.Wait()
	list, err := db.Audit(context.Background(), AuditFilter{Kind: "mine", Limit: 1000})
	if err != nil || len(list) != 200 {
		t.Fatalf("%d entries, %v; want 200", len(list), err)
	}
	for i, e := range list {
		if e.Trace != fmt.Sprint(199-i) {
			t.Fatalf("entry %d is %s; want %d", i, e.Trace, 199-i)
		}
	}
	wellAudited(t, db, 200+6*80)
}

// TestCloseWritesWhatWaits closes with a full queue: nothing that was queued is
// lost, and later writes are refused.
func TestCloseWritesWhatWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "desk.db")
	db, err := Open(context.Background(), path, Options{AuditKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	var waits []func() error
	for i := range 100 {
		waits = append(waits, db.Append(note(i)))
		db.RecordLater(audit.Entry{Time: time.Now(), Kind: "later"})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for i, wait := range waits {
		if err := wait(); err != nil {
			t.Errorf("member %d: %v", i, err)
		}
	}
	if err := db.Append(note(0))(); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("after the close: %v; want unavailable", err)
	}
	wellAudited(t, openTest(t, path), 200)
}

// TestBatchIsAtomic fails a batch in its last part: nothing of it stands.
func TestBatchIsAtomic(t *testing.T) {
	t.Parallel()
	db := fresh(t)
	now := time.Now()
	ok := order.Ticket{ID: "t1", User: "u", Account: "a", ClientRef: "r", State: order.Pending, Created: now, Expires: now.Add(time.Hour)}
	if err := db.Append(order.Batch{Tickets: []order.Ticket{ok}})(); err != nil {
		t.Fatal(err)
	}
	twin := ok
	twin.ID = "t2"
	err := db.Append(order.Batch{
		Orders: []trade.Order{{ID: "o", Account: "a", User: "u", Created: now, Updated: now}}, CursorAccount: "a", Cursor: 9,
		Tickets: []order.Ticket{{ID: "t3", User: "u", Account: "a", Created: now, Expires: now}, twin}, Notes: note(1).Notes,
	})()
	if err == nil {
		t.Fatal("a second ticket with one client reference was taken")
	}
	ctx := context.Background()
	st, err := db.LoadAccount(ctx, "a", now)
	if err != nil || len(st.Orders) != 0 || st.Cursor != 0 {
		t.Errorf("%+v, %v; want nothing of the batch", st, err)
	}
	if _, found, err := db.Ticket(ctx, "t3"); err != nil || found {
		t.Errorf("ticket t3: %v, %v; want none", found, err)
	}
	if got, found, err := db.TicketByRef(ctx, "u", "a", "r"); err != nil || !found || got.ID != "t1" {
		t.Errorf("ticket of the reference: %s, %v; want t1", got.ID, err)
	}
	wellAudited(t, db, 0)
}

// TestToldTwice appends a fill and a transaction again: they stand once.
func TestToldTwice(t *testing.T) {
	t.Parallel()
	db := fresh(t)
	b := order.Batch{
		Fills:        []trade.Fill{{ID: "X1", OrderID: "o", Account: "a", Time: time.Now()}},
		Transactions: []trade.Transaction{{ID: "L1", Seq: 1, Account: "a", Kind: trade.TxDeposit, Time: time.Now()}},
	}
	for range 2 {
		if err := db.Append(b)(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.Transactions(context.Background(), order.TransactionFilter{Account: "a"})
	if err != nil || len(list) != 1 {
		t.Errorf("%d transactions, %v; want 1", len(list), err)
	}
	var fills int
	if err := db.read.QueryRow(`SELECT COUNT(*) FROM fills`).Scan(&fills); err != nil || fills != 1 {
		t.Errorf("%d fills, %v; want 1", fills, err)
	}
}

func TestCounter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "desk.db")
	db := openTest(t, path)
	seen := make([]int64, 20)
	var all sync.WaitGroup
	for i := range seen {
		all.Go(func() {
			if err := db.Counter(context.Background(), "x", &seen[i]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	had := map[int64]bool{}
	for _, n := range seen {
		if n < 1 || n > 20 || had[n] {
			t.Errorf("numbers %v; want 1 to 20, each once", seen)
		}
		had[n] = true
	}
}
