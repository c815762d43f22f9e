package desktest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/broker/paper"
	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/risk"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

// patience is how long the tests wait for something to happen.
const patience = 30 * time.Second

var (
	auditKey = bytes.Repeat([]byte{7}, 32)
	ann      = order.Caller{User: "ann", Trace: "t-ann"}
	bob      = order.Caller{User: "bob", Trace: "t-bob"}
	person   = order.Caller{User: "ann", Operator: true, Trace: "t-person"}
)

// accounts are those of the tests: two of ann's, one of bob's. Each begins with
// 100,000 USD.
var accounts = []string{"A1", "A2", "B1"}

// setup says what a world is made of; the zero value works, but for dir.
type setup struct {
	dir    string
	market *brokertest.FakeMarket
	faults string
	policy func() risk.Policy
	// wrap stands between desk and venue.
	wrap   func(order.Broker) order.Broker
	probe  func(step string)
	now    func() time.Time
	env    trade.Environment
	closed bool          // the connections are read-only
	settle time.Duration // 0 means 300 ms
	call   time.Duration // 0 means 10 s
	log    *slog.Logger
}

// world is a desk at work: store, venue, desk.
type world struct {
	setup
	db      *store.DB
	venueDB *sql.DB
	venue   *paper.Broker
	desk    *order.Desk
	end     func() error
}

func dec(s string) num.Decimal { return num.MustParse(s) }

// open starts everything on the files in s.dir, as a server does.
func open(s setup) (*world, error) {
	if s.market == nil {
		s.market = brokertest.NewFakeMarket()
	}
	if s.settle == 0 {
		s.settle = 300 * time.Millisecond
	}
	if s.policy == nil {
		s.policy = risk.Default
	}
	if s.env == "" {
		s.env = trade.Simulated
	}
	w := &world{setup: s}
	ctx, cancel := context.WithCancel(context.Background())
	defer func() {
		if w.end == nil {
			cancel()
		}
	}()
	var err error
	if w.db, err = store.Open(ctx, filepath.Join(s.dir, "desk.db"), store.Options{AuditKey: auditKey, Log: s.log}); err != nil {
		return nil, err
	}
	if w.venueDB, err = store.OpenSQLite(filepath.Join(s.dir, "paper.db"), 4); err != nil {
		return nil, err
	}
	var script *paper.FaultScript
	if s.faults != "" {
		if script, err = paper.ParseFaults([]byte(s.faults)); err != nil {
			return nil, err
		}
	}
	w.venue, err = paper.Open(paper.Config{DB: w.venueDB, Market: s.market, Tick: 5 * time.Millisecond, Faults: script, Log: s.log})
	if err != nil {
		return nil, err
	}
	for _, id := range accounts {
		if err := w.venue.OpenAccount(ctx, id, "USD", num.FromInt(100_000)); err != nil {
			return nil, err
		}
	}
	var broker order.Broker = w.venue
	if s.wrap != nil {
		broker = s.wrap(broker)
	}
	w.desk = order.New(order.Config{
		Journal: w.db, Directory: w, Prices: s.market, Policy: s.policy, Now: s.now, Probe: s.probe, Log: s.log,
		Broker:     func(id string) (order.Broker, bool) { return broker, id == "paper" },
		SettleWait: s.settle, CallTimeout: s.call,
	})
	var venueDone sync.WaitGroup
	var ran error
	venueCtx, stopVenue := context.WithCancel(context.Background())
	venueDone.Go(func() { ran = w.venue.Run(venueCtx) })
	w.end = sync.OnceValue(func() error {
		cancel()
		w.desk.Wait()
		stopVenue()
		venueDone.Wait()
		return errors.Join(ran, w.venue.Close(), w.venueDB.Close(), w.db.Close())
	})
	if err := w.desk.Start(ctx); err != nil {
		return nil, errors.Join(err, w.end())
	}
	return w, nil
}

func (w *world) info(id string) order.Account {
	user := "ann"
	if id == "B1" {
		user = "bob"
	}
	return order.Account{ID: id, Name: id, User: user, Broker: "paper", ConnectionID: "c-" + user, Environment: w.env, Currency: "USD", Trading: !w.closed}
}

// Accounts satisfies order.Directory.
func (w *world) Accounts(_ context.Context, user string) (out []order.Account, err error) {
	for _, id := range accounts {
		if a := w.info(id); a.User == user {
			out = append(out, a)
		}
	}
	return out, nil
}

// Account satisfies order.Directory.
func (w *world) Account(_ context.Context, id string) (order.Account, bool, error) {
	for _, known := range accounts {
		if known == id {
			return w.info(id), true, nil
		}
	}
	return order.Account{}, false, nil
}

// AllAccounts satisfies order.Directory.
func (w *world) AllAccounts(context.Context) (out []order.Account, err error) {
	for _, id := range accounts {
		out = append(out, w.info(id))
	}
	return out, nil
}

// bench is a world within a test.
type bench struct {
	*world
	t *testing.T
}

func start(t *testing.T, s setup) *bench {
	t.Helper()
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	w, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{w, t}
	t.Cleanup(func() { b.stop() })
	return b
}

func (b *bench) stop() {
	b.t.Helper()
	if err := b.end(); err != nil {
		b.t.Errorf("the end: %v", err)
	}
}

// restart ends everything and opens it again, with changes to the setup.
func (b *bench) restart(change func(*setup)) {
	b.t.Helper()
	b.stop()
	s := b.setup
	if change != nil {
		change(&s)
	}
	w, err := open(s)
	if err != nil {
		b.t.Fatal(err)
	}
	b.world = w
}

// single is a proposal of one order in A1: a limit order when a price is given.
func single(side trade.Side, quantity, limit string) order.Proposal {
	return in("A1", wish("AAPL", side, quantity, limit))
}

func in(account string, wishes ...order.Wish) order.Proposal {
	return order.Proposal{Account: account, Wishes: wishes}
}

func wish(symbol string, side trade.Side, quantity, limit string) order.Wish {
	w := order.Wish{Intent: trade.Intent{Symbol: symbol, Side: side, Quantity: dec(quantity), Unit: trade.Shares, Type: trade.Market, TIF: trade.Day}}
	if limit != "" {
		w.Type, w.TIF, w.LimitPrice = trade.Limit, trade.GTC, dec(limit)
	}
	return w
}

func exits(w order.Wish, profit, loss string) order.Wish {
	if profit != "" {
		w.TakeProfit = dec(profit)
	}
	if loss != "" {
		w.StopLoss = dec(loss)
	}
	return w
}

func (b *bench) propose(c order.Caller, p order.Proposal) order.Ticket {
	b.t.Helper()
	t, err := b.desk.Propose(context.Background(), c, p)
	if err != nil {
		b.t.Fatalf("propose: %v", err)
	}
	return t
}

func (b *bench) confirm(c order.Caller, id string) []trade.Order {
	b.t.Helper()
	orders, _, err := b.desk.Confirm(context.Background(), c, id)
	if err != nil {
		b.t.Fatalf("confirm %s: %v", id, err)
	}
	return orders
}

// place proposes and confirms ann's order.
func (b *bench) place(p order.Proposal) []trade.Order {
	b.t.Helper()
	return b.confirm(ann, b.propose(ann, p).ID)
}

func (b *bench) order(id string) trade.Order {
	b.t.Helper()
	o, err := b.desk.Order(context.Background(), person, id)
	if err != nil {
		b.t.Fatalf("order %s: %v", id, err)
	}
	return o
}

// becomes waits until an order has a status.
func (b *bench) becomes(id string, want trade.Status) trade.Order {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		o := b.order(id)
		if o.Status == want {
			return o
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("order %s is %s (%s); want %s", id, o.Status, o.Reason, want)
		}
	}
}

// book is what the venue has of an account, by client id.
func (b *bench) book(account string) map[string]trade.Order {
	b.t.Helper()
	book, err := b.venue.Book(context.Background(), account, time.Time{})
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]trade.Order{}
	for _, o := range book.Orders {
		out[o.ID] = o
	}
	return out
}

// refused wants a fault of a code.
func refused(t *testing.T, err error, code fault.Code) *fault.Error {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != code {
		t.Fatalf("got %v; want %s", err, code)
	}
	return f
}

// counted counts what the venue is sent, by call and client id.
type counted struct {
	order.Broker
	mu   sync.Mutex
	sent map[string]int
	path string // each call is noted here before it is made, when set
}

func (c *counted) note(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == nil {
		c.sent = map[string]int{}
	}
	c.sent[line]++
	if c.path == "" {
		return nil
	}
	f, err := os.OpenFile(c.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}

func (c *counted) times(line string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[line]
}

func (c *counted) Place(ctx context.Context, o trade.Order) (order.Ack, error) {
	if err := c.note("place %s", o.ID); err != nil {
		return order.Ack{}, err
	}
	return c.Broker.Place(ctx, o)
}

func (c *counted) Replace(ctx context.Context, o trade.Order) (order.Ack, error) {
	if err := c.note("replace %s r%d to %s", o.ID, o.Revision, o.Quantity); err != nil {
		return order.Ack{}, err
	}
	return c.Broker.Replace(ctx, o)
}
