package desktest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/ledger"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

// witness holds a home to the promises: it opens what a killed process left, as
// a server would, and compares desk and venue.
type witness struct {
	*world
	t      *testing.T
	orders map[string]trade.Order // the journal's, of one account
	venue  map[string]trade.Order
	events []order.Event
}

// verify opens the home, waits until the desk has settled, and checks it whole.
// told is what was acknowledged before the kill.
func verify(t *testing.T, dir string, told []string) {
	t.Helper()
	world, err := open(setup{
		dir: dir, settle: 20 * time.Millisecond, policy: generous,
		wrap: func(b order.Broker) order.Broker { return &counted{Broker: b, path: filepath.Join(dir, "sent")} },
	})
	if err != nil {
		t.Fatalf("the home does not open again: %v", err)
	}
	defer func() {
		if err := world.end(); err != nil {
			t.Errorf("the end: %v", err)
		}
	}()
	w := &witness{world: world, t: t}
	w.settles()
	for _, account := range []string{"A1", "A2"} {
		w.reads(account)
		w.agrees()
		w.counts(account)
		w.protects()
	}
	w.keepsWord(told)
	w.confirmsAgain()
	w.sentOnce(filepath.Join(dir, "sent"))
	report, err := w.db.VerifyAudit(context.Background())
	if err != nil || !report.OK || report.Entries == 0 {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// settles waits until the journal has nothing under way and every event, and
// the venue has looked at its market several times without a new one.
func (w *witness) settles() {
	w.t.Helper()
	var why string
	var quiet int
	var newest int64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(8 * time.Millisecond) {
		var at int64
		for _, account := range []string{"A1", "A2"} {
			var n int64
			if n, why = w.unsettled(account); why != "" {
				break
			}
			at += n
		}
		if quiet++; why != "" || at != newest {
			quiet, newest = 0, at
		}
		if quiet == 5 {
			return
		}
	}
	w.t.Fatalf("the home does not settle: %s", why)
}

// unsettled tells the newest event, or what an account waits for.
func (w *witness) unsettled(account string) (newest int64, why string) {
	st, err := w.db.LoadAccount(context.Background(), account, w.market.Now())
	if err != nil {
		return 0, err.Error()
	}
	if len(st.Intents) > 0 {
		return 0, fmt.Sprintf("%d intents wait, the first %+v", len(st.Intents), st.Intents[0])
	}
	for _, o := range st.Orders {
		if o.Status != trade.Working && o.Status != trade.PartiallyFilled {
			return 0, fmt.Sprintf("order %s is %s (%s)", o.ID, o.Status, o.Reason)
		}
	}
	if err := w.venueDB.QueryRow(`SELECT COALESCE(MAX(seq), 0) FROM paper_event WHERE account = ?`, account).Scan(&newest); err != nil {
		return 0, err.Error()
	}
	if st.Cursor != newest {
		return 0, fmt.Sprintf("the cursor of %s is at %d of %d", account, st.Cursor, newest)
	}
	return newest, ""
}

// reads loads both sides of an account.
func (w *witness) reads(account string) {
	w.t.Helper()
	ctx := context.Background()
	list, err := w.db.Orders(ctx, order.OrderFilter{Account: account})
	if err != nil {
		w.t.Fatal(err)
	}
	book, err := w.world.venue.Book(ctx, account, time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.orders, w.venue = map[string]trade.Order{}, map[string]trade.Order{}
	for _, o := range list {
		w.orders[o.ID] = o
	}
	for _, o := range book.Orders {
		w.venue[o.ID] = o
	}
	rows, err := w.venueDB.Query(`SELECT body FROM paper_event WHERE account = ? ORDER BY seq`, account)
	w.events = bodies[order.Event](w.t, rows, err)
}

func bodies[T any](t *testing.T, rows *sql.Rows, err error) (out []T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var body []byte
		var v T
		if err := rows.Scan(&body); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// agrees compares the orders one to one by client id.
func (w *witness) agrees() {
	w.t.Helper()
	leg := map[string]string{} // at the venue, by ticket and leg
	for id, v := range w.venue {
		o, ok := w.orders[id]
		if !ok {
			w.t.Errorf("order %s is at the venue and not in the journal", id)
			continue
		}
		place := fmt.Sprintf("%s leg %d", v.Ticket, v.Leg)
		if other := leg[place]; other != "" {
			w.t.Errorf("%s is at the venue twice: %s and %s", place, id, other)
		}
		leg[place] = id
		if diff := cmp.Diff(facts(v), facts(o)); diff != "" {
			w.t.Errorf("order %s (venue -, journal +):\n%s", id, diff)
		}
		if o.User != "ann" {
			w.t.Errorf("order %s belongs to %q", id, o.User)
		}
	}
	for id, o := range w.orders {
		if _, there := w.venue[id]; there {
			continue
		}
		if !o.Status.Terminal() || o.Status == trade.Filled || o.Filled.Sign() != 0 {
			w.t.Errorf("order %s is %s, filled %s, and not at the venue", id, o.Status, o.Filled)
		}
	}
}

// facts are what desk and venue must agree on.
func facts(o trade.Order) map[string]string {
	return map[string]string{
		"status": string(o.Status), "revision": fmt.Sprint(o.Revision), "quantity": o.Quantity.Normalize().String(),
		"filled": o.Filled.Normalize().String(), "avg_price": o.AvgPrice.Normalize().String(), "fees": o.Fees.Normalize().String(),
		"limit": o.LimitPrice.Normalize().String(), "stop": o.StopPrice.Normalize().String(), "venue_id": o.VenueID,
		"parent": o.ParentID, "group": o.Group, "side": string(o.Side), "symbol": o.Symbol,
	}
}

// counts compares fills and transactions, and folds the journal's into the
// venue's money.
func (w *witness) counts(account string) {
	w.t.Helper()
	ctx := context.Background()
	desk, err := sql.Open("sqlite", store.DSN(w.db.Path(), true))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = desk.Close() }()
	var fills, have []trade.Fill
	var txs []trade.Transaction
	for _, e := range w.events {
		if e.Fill != nil {
			fills = append(fills, *e.Fill)
		}
		txs = append(txs, e.Transactions...)
	}
	rows, err := desk.Query(`SELECT body FROM fills WHERE account = $1`, account)
	have = bodies[trade.Fill](w.t, rows, err)
	byID := func(x, y trade.Fill) int { return strings.Compare(x.ID, y.ID) }
	slices.SortFunc(fills, byID)
	slices.SortFunc(have, byID)
	same := cmp.Comparer(func(x, y num.Decimal) bool { return x.Equal(y) })
	if diff := cmp.Diff(fills, have, same); diff != "" {
		w.t.Errorf("fills of %s (venue -, journal +):\n%s", account, diff)
	}
	lines, err := w.db.Transactions(ctx, order.TransactionFilter{Account: account})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(lines)
	if diff := cmp.Diff(txs, lines, same); diff != "" {
		w.t.Errorf("transactions of %s (venue -, journal +):\n%s", account, diff)
	}
	l := ledger.New(account, "USD")
	for _, tx := range lines {
		if err := l.Fold(tx); err != nil {
			w.t.Fatalf("fold the journal of %s: %v", account, err)
		}
	}
	bal, err := w.world.venue.Balances(ctx, account)
	if err != nil {
		w.t.Fatal(err)
	}
	if !l.Cash().Equal(bal.Cash) {
		w.t.Errorf("cash of %s is %s by the journal and %s at the venue", account, l.Cash(), bal.Cash)
	}
	positions, err := w.world.venue.Positions(ctx, account)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range positions {
		if q := l.Quantity(p.Symbol); !q.Equal(p.Quantity) {
			w.t.Errorf("%s of %s: %s by the journal and %s at the venue", p.Symbol, account, q, p.Quantity)
		}
	}
	if len(l.Positions()) != len(positions) {
		w.t.Errorf("%d positions of %s by the journal and %d at the venue", len(l.Positions()), account, len(positions))
	}
}

// protects wants exits for everything that an entry works or has filled, and
// both exits of a pair or none.
func (w *witness) protects() {
	w.t.Helper()
	families := map[string][]trade.Order{}
	for _, o := range w.venue {
		switch {
		case o.ParentID != "":
			families[o.ParentID] = append(families[o.ParentID], o)
		case o.Group != "":
			families[o.Group] = append(families[o.Group], o)
		case o.Role == trade.Parent:
			families[o.ID] = append(families[o.ID], o)
		}
	}
	for id, legs := range families {
		open, roles := num.Zero, map[trade.Role]num.Decimal{}
		ticket := legs[0].Ticket
		var entry bool
		for _, o := range legs {
			if o.Role == trade.Parent {
				continue
			}
			open = open.Sub(o.Filled)
			if !o.Status.Terminal() {
				roles[o.Role] = roles[o.Role].Add(o.Remaining())
			}
		}
		if e, ok := w.venue[id]; ok {
			entry = true
			if open = open.Add(e.Filled); !e.Status.Terminal() {
				open = open.Add(e.Remaining())
			}
		}
		wanted := map[trade.Role]bool{}
		for _, o := range w.orders { // the roles that the ticket has for this family
			if o.Ticket == ticket && o.Role != trade.Parent && (o.ParentID == id || o.ParentID == "" && o.Group == id) {
				wanted[o.Role] = true
			}
		}
		if !entry { // a pair of exits: one alone must not go on
			if len(roles) == 1 {
				w.t.Errorf("pair %s goes on with %v only", id, roles)
			}
			continue
		}
		for role := range wanted {
			if left := roles[role]; open.Sign() > 0 && left.Less(open) {
				w.t.Errorf("entry %s may hold %s and its %s covers %s", id, open, role, left)
			}
		}
	}
}
