package desktest

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
	"quantdesk/internal/order"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

// disk lets the desk's database grow no further, so that SQLite itself says the
// disk is full (SQLITE_FULL), and gives the room back.
type disk struct {
	b      *bench
	filled int
}

// run runs a statement on the connection that writes.
func (d *disk) run(statement string) {
	d.b.t.Helper()
	err := d.b.db.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(statement)
		return err
	})
	if err != nil {
		d.b.t.Fatalf("%s: %v", statement, err)
	}
}

func (d *disk) limit(pages string) { d.run(`PRAGMA max_page_count = ` + pages) }

// greedy makes a change of an intent, which fits in the page it is on, need new
// pages as an entry does.
func (d *disk) greedy() {
	d.run(`CREATE TABLE filler (x BLOB)`)
	d.run(`CREATE TEMP TRIGGER greedy AFTER UPDATE ON main.intents BEGIN INSERT INTO filler VALUES (zeroblob(100000)); END`)
}

// fill takes all room: what is left in the last pages is used up too.
func (d *disk) fill() {
	d.b.t.Helper()
	d.limit("1") // SQLite makes that the present size
	for size := 1 << 14; size > 0; {
		err := d.b.db.Record(audit.Entry{Time: time.Now(), Kind: "filler", Body: fmt.Appendf(nil, `"%0*d"`, size, 0)})
		if err != nil {
			size /= 2
		}
		if d.filled++; d.filled > 5_000 {
			d.b.t.Fatal("the disk does not fill up")
		}
	}
}

func (d *disk) free() { d.limit("1073741823") }

func (b *bench) audited() {
	b.t.Helper()
	r, err := b.db.VerifyAudit(context.Background())
	if err != nil || !r.OK || r.Entries == 0 {
		b.t.Errorf("audit: %+v, %v", r, err)
	}
}

func TestFullDiskAtConfirm(t *testing.T) {
	t.Parallel()
	sent := &counted{}
	b := start(t, setup{settle: 50 * time.Millisecond, wrap: func(v order.Broker) order.Broker { sent.Broker = v; return sent }})
	ctx := context.Background()
	d := &disk{b: b}
	resting := b.place(single(trade.Buy, "1", "95"))[0]
	b.becomes(resting.ID, trade.Working)
	kept := b.propose(ann, single(trade.Buy, "2", "95"))
	d.fill()
	for range 3 {
		_, _, err := b.desk.Confirm(ctx, ann, kept.ID)
		refused(t, err, fault.Unavailable)
		_, err = b.desk.Propose(ctx, ann, single(trade.Buy, "3", "95"))
		refused(t, err, fault.Unavailable)
		_, err = b.desk.Cancel(ctx, ann, resting.ID)
		refused(t, err, fault.Unavailable)
		_, err = b.desk.Discard(ctx, ann, kept.ID)
		refused(t, err, fault.Unavailable)
	}
	if n := len(b.book("A1")); n != 1 || sent.times("place "+kept.Legs[0].Order.ID) != 0 {
		t.Errorf("%d orders at the venue; want 1: nothing may be sent that is not on disk", n)
	}
	if got := b.order(resting.ID); got.Status != trade.Working {
		t.Errorf("the resting order is %s; want working", got.Status)
	}
	// A brake holds even if the disk does not.
	_, err := b.desk.SetKill(ctx, ann, true, "disk")
	refused(t, err, fault.Unavailable)
	if !b.desk.Kill().Engaged {
		t.Error("the kill switch is not engaged")
	}
	d.free()
	if _, err := b.desk.SetKill(ctx, person, false, "space is back"); err != nil {
		t.Fatal(err)
	}
	got := b.confirm(ann, kept.ID)[0]
	b.becomes(got.ID, trade.Working)
	if n := sent.times("place " + got.ID); n != 1 {
		t.Errorf("sent %d times; want once", n)
	}
	if _, err := b.desk.Cancel(ctx, ann, resting.ID); err != nil {
		t.Error(err)
	}
	b.audited()
	b.restart(nil)
	b.becomes(got.ID, trade.Working)
	b.becomes(resting.ID, trade.Cancelled)
	b.audited()
}

// TestFullDiskAtEvents has the venue fill orders while the desk cannot write:
// every fill is told once there is room.
func TestFullDiskAtEvents(t *testing.T) {
	t.Parallel()
	b := start(t, setup{settle: 20 * time.Millisecond})
	d := &disk{b: b}
	var ids []string
	for range 3 {
		ids = append(ids, b.place(single(trade.Buy, "5", "95"))[0].ID)
	}
	for _, id := range ids {
		b.becomes(id, trade.Working)
	}
	d.fill()
	b.market.Price("AAPL", "94", "1000")
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		done := 0
		for _, o := range b.book("A1") {
			if o.Status == trade.Filled {
				done++
			}
		}
		if done == len(ids) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the venue does not fill")
		}
	}
	d.free()
	for _, id := range ids {
		b.becomes(id, trade.Filled)
	}
	w := &witness{world: b.world, t: t}
	w.settles()
	w.reads("A1")
	w.agrees()
	w.counts("A1")
	b.audited()
}

// TestFullDiskBetweenLegs fills the disk after the entry of a bracket is sent:
// once there is room, what filled is protected.
func TestFullDiskBetweenLegs(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]string{"filled": "", "resting": "95"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &disk{}
			armed := false
			b := start(t, setup{settle: 20 * time.Millisecond, probe: func(step string) {
				if step == "place.before" && armed {
					armed = false
					d.fill()
				}
			}})
			d.b = b
			d.greedy()
			ticket := b.propose(ann, in("A1", exits(wish("AAPL", trade.Buy, "10", limit), "110", "90")))
			armed = true
			orders := b.confirm(ann, ticket.ID)
			if n := len(b.book("A1")); n != 1 {
				t.Errorf("%d orders at the venue; want the entry", n)
			}
			d.free()
			w := &witness{world: b.world, t: t}
			w.settles()
			w.reads("A1")
			w.agrees()
			w.counts("A1")
			w.protects()
			want := trade.Filled
			if limit != "" {
				want = trade.Cancelled // it could not be protected in time
			}
			if got := w.orders[orders[0].ID]; got.Status != want {
				t.Errorf("entry is %s; want %s", got.Status, want)
			}
			b.audited()
		})
	}
}

// TestClosedStore answers unavailable once the store is gone.
func TestClosedStore(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ticket := b.propose(ann, single(trade.Buy, "1", "95"))
	b.stop()
	_, _, err := b.desk.Confirm(context.Background(), ann, ticket.ID)
	refused(t, err, fault.Unavailable)
	if err := b.db.Append(order.Batch{})(); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("append to a closed store: %v; want unavailable", err)
	}
	db, err := store.Open(context.Background(), b.db.Path(), store.Options{AuditKey: auditKey})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := db.Ticket(context.Background(), ticket.ID); err != nil || !ok {
		t.Errorf("the ticket is gone: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
