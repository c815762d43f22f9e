package ibkr_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
	"quantdesk/internal/tws/server"
	"quantdesk/internal/tws/server/servertest"
)

const account = servertest.Account

func open(t testing.TB, accounts ...string) *servertest.TWS {
	t.Helper()
	return servertest.Open(t, servertest.Config{Accounts: accounts, Options: true})
}

// desk opens the broker on a folder.
func desk(t testing.TB, dir string) *ibkr.Broker {
	t.Helper()
	db, err := store.OpenSQLite(filepath.Join(dir, "ibkr.db"), 4)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ibkr.Open(t.Context(), ibkr.Config{DB: db, Timeout: 5 * time.Second, Allowed: func(_ string, env trade.Environment) bool { return env != trade.Live }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Close()
		_ = db.Close()
	})
	return b
}

// listener keeps the events of an account, over streams that end.
type listener struct {
	mu   sync.Mutex
	list []order.Event
}

func listen(t testing.TB, b *ibkr.Broker) *listener {
	l := &listener{}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			l.mu.Lock()
			after := int64(len(l.list))
			l.mu.Unlock()
			_ = b.Events(ctx, account, after, func(batch []order.Event) error {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.list = append(l.list, batch...)
				return nil
			})
			time.Sleep(time.Millisecond)
		}
	})
	t.Cleanup(func() { stop(); wg.Wait() })
	return l
}

func (l *listener) events() []order.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]order.Event(nil), l.list...)
}

func (l *listener) until(t *testing.T, what string, fits func(order.Event) bool) order.Event {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for _, e := range l.events() {
			if fits(e) {
				return e
			}
		}
	}
	for _, e := range l.events() {
		t.Logf("%d %s %s %s filled %s of %s %s %s", e.Seq, e.Kind, e.Order.ID, e.Order.Status, e.Order.Filled, e.Order.Quantity, e.Order.VenueCode, e.Order.VenueText)
	}
	t.Fatalf("no event: %s", what)
	return order.Event{}
}

func make1(id string, change func(*trade.Order)) trade.Order {
	o := trade.Order{ID: id, Role: trade.Single, Account: account, Symbol: "AAPL", Side: trade.Buy, Type: trade.Market, TIF: trade.Day, Quantity: num.FromInt(10), Status: trade.Submitted, Created: time.Now().UTC()}
	if change != nil {
		change(&o)
	}
	return o
}

func limit(price int64) func(*trade.Order) {
	return func(o *trade.Order) { o.Type, o.LimitPrice = trade.Limit, num.FromInt(price) }
}

func status(id string, s trade.Status) func(order.Event) bool {
	return func(e order.Event) bool { return e.Order.ID == id && e.Order.Status == s }
}

func TestOrders(t *testing.T) {
	v := open(t, account)
	dir := t.TempDir()
	b := desk(t, dir)
	ctx := t.Context()
	if a, err := b.Connect(ctx, "c1", ibkr.Params{Addr: v.Addr, ClientID: 1}); err != nil || a != account {
		t.Fatal(a, err)
	}
	log := listen(t, b)
	ack, err := b.Place(ctx, make1("m-1", nil))
	if err != nil || ack.VenueID == "" {
		t.Fatal(ack, err)
	}
	fill := log.until(t, "filled", status("m-1", trade.Filled))
	if fill.Fill == nil || fill.Fill.Fee.Sign() <= 0 || len(fill.Transactions) != 2 || !fill.Order.Filled.Equal(num.FromInt(10)) || fill.Fill.Time.IsZero() {
		t.Errorf("fill %+v %+v", fill, fill.Fill)
	}
	if again, err := b.Place(ctx, make1("m-1", nil)); err != nil || again.VenueID != ack.VenueID {
		t.Errorf("placed again: %+v %v", again, err)
	}
	if p, err := b.Positions(ctx, account); err != nil || len(p) != 1 || !p[0].Quantity.Equal(num.FromInt(10)) || p[0].Mark.Sign() <= 0 {
		t.Errorf("positions %+v %v", p, err)
	}
	bal, err := b.Balances(ctx, account)
	if err != nil || bal.Equity.Sign() <= 0 || bal.BuyingPower.Sign() <= 0 || bal.LongValue.Sign() <= 0 || bal.Fees.Sign() <= 0 {
		t.Errorf("balances %+v %v", bal, err)
	}
	if cost, err := b.Estimate(ctx, make1("e", nil)); err != nil || cost.Fee.Sign() <= 0 || cost.InitialMargin.Sign() <= 0 || !cost.BuyingPowerAfter.Less(bal.BuyingPower) {
		t.Errorf("estimate %+v %v", cost, err)
	}

	// Resting, changed, cancelled.
	if _, err := b.Place(ctx, make1("l-1", limit(1))); err != nil {
		t.Fatal(err)
	}
	log.until(t, "working", status("l-1", trade.Working))
	next := make1("l-1", limit(2))
	next.Quantity, next.Revision = num.FromInt(20), 1
	if _, err := b.Replace(ctx, next); err != nil {
		t.Fatal(err)
	}
	log.until(t, "replaced", func(e order.Event) bool {
		return e.Kind == order.EventReplaced && e.Order.Revision == 1 && e.Order.Quantity.Equal(num.FromInt(20))
	})
	bad := next
	bad.Revision, bad.LimitPrice = 2, num.MustParse("2.00001")
	var no *order.VenueError
	if _, err := b.Replace(ctx, bad); !errors.As(err, &no) || no.Code != "110" {
		// The paper TWS tells a refused change as 201 with the reason.
		if no == nil || no.Code != "201" {
			t.Errorf("a bad change: %v", err)
		}
	}
	if err := b.Cancel(ctx, account, "l-1"); err != nil {
		t.Fatal(err)
	}
	log.until(t, "cancelled", status("l-1", trade.Cancelled))
	if err := b.Cancel(ctx, account, "l-1"); !errors.As(err, &no) || no.Code != order.AlreadyDone {
		t.Errorf("cancelled again: %v", err)
	}
	if _, err := b.Place(ctx, make1("r-1", func(o *trade.Order) { o.Quantity = num.FromInt(9_000_000) })); !errors.As(err, &no) || no.Code != "201" {
		t.Errorf("too large: %v", err)
	}
	log.until(t, "rejected", status("r-1", trade.Rejected))
	if _, err := b.Place(ctx, make1("u-1", func(o *trade.Order) { o.Symbol = "NOSUCH" })); !errors.As(err, &no) || no.Code != "200" {
		t.Errorf("unknown: %v", err)
	}

	// A bracket.
	for _, o := range []trade.Order{
		make1("b-1", func(o *trade.Order) { limit(1)(o); o.Role = trade.Parent }),
		make1("b-2", func(o *trade.Order) {
			limit(999)(o)
			o.Side, o.Role, o.ParentID, o.Group = trade.Sell, trade.TakeProfit, "b-1", "g"
		}),
		make1("b-3", func(o *trade.Order) {
			o.Type, o.StopPrice, o.Side, o.Role, o.ParentID, o.Group = trade.Stop, num.New(5, 1), trade.Sell, trade.StopLoss, "b-1", "g"
		}),
	} {
		if _, err := b.Place(ctx, o); err != nil {
			t.Fatalf("%s: %v", o.ID, err)
		}
	}
	if err := b.Cancel(ctx, account, "b-1"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"b-1", "b-2", "b-3"} {
		log.until(t, "the bracket ends", status(id, trade.Cancelled))
	}

	// An option: bought in hundreds, and never sold before it is held.
	chain, err := b.Client(account)
	if err != nil {
		t.Fatal(err)
	}
	params, err := chain.OptionChains(ctx, tws.Contract{Symbol: "AAPL", SecType: "STK"})
	if err != nil || len(params) == 0 {
		t.Fatal(params, err)
	}
	_, symbol, err := b.Resolve(ctx, account, tws.Contract{Symbol: "AAPL", SecType: "OPT", Exchange: "SMART", Currency: "USD", LastTradeDate: params[0].Expirations[6], Strike: params[0].Strikes[18], Right: "C"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Place(ctx, make1("x-0", func(o *trade.Order) { o.Symbol, o.Side, o.Quantity = symbol, trade.Sell, num.One })); !errors.As(err, &no) {
		t.Errorf("an option that nobody holds was sold: %v", err)
	}
	if _, err := b.Place(ctx, make1("x-1", func(o *trade.Order) { o.Symbol, o.Quantity = symbol, num.FromInt(2) })); err != nil {
		t.Fatal(err)
	}
	paid := log.until(t, "the option is bought", status("x-1", trade.Filled))
	if tx := paid.Transactions[0]; !tx.Amount.Equal(paid.Fill.Price.Mul(num.FromInt(-200))) || paid.Fill.Price.Sign() <= 0 {
		t.Errorf("the option cost %+v", tx)
	}
	var opt trade.Position
	if list, err := b.Positions(ctx, account); err != nil {
		t.Fatal(err)
	} else {
		for _, p := range list {
			if p.Symbol == symbol {
				opt = p
			}
		}
	}
	if !opt.Quantity.Equal(num.FromInt(2)) || opt.Mark.Sign() <= 0 || !opt.MarketValue.Equal(opt.Mark.Mul(num.FromInt(200)).Round(2)) {
		t.Errorf("the option is held as %+v", opt)
	}
	var several *fault.Error
	if _, _, err := b.Resolve(ctx, account, tws.Contract{Symbol: "AAPL", SecType: "OPT", Right: "C"}); !errors.As(err, &several) || several.Detail["candidates"] == nil {
		t.Errorf("an ambiguous contract: %v", err)
	}

	// By hand, or by another program.
	other, err := client.Dial(ctx, client.Config{Addr: v.Addr, ClientID: 9})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Place(ctx, &tws.PlaceOrder{OrderID: other.NextOrderID(), Contract: tws.Contract{Symbol: "MSFT", SecType: "STK", Exchange: "SMART", Currency: "USD"}, Order: tws.Order{Action: "BUY", TotalQuantity: num.FromInt(3), OrderType: "MKT", TIF: "DAY", Transmit: true, Account: account}}); err != nil {
		t.Fatal(err)
	}
	settled(t, v)

	// Opened again on its record, it knows what was; what happened elsewhere in
	// between is taken up.
	before := log.events()
	b.Disconnect("c1")
	b.Close()
	b = desk(t, dir)
	if err := b.Attach("c1", ibkr.Params{Addr: v.Addr, ClientID: 1, Account: account}); err != nil {
		t.Fatal(err)
	}
	log = listen(t, b)
	foreign := log.until(t, "an order from elsewhere", func(e order.Event) bool { return e.Kind == order.EventFill && e.Fill.Symbol == "MSFT" })
	if foreign.Order.Reason == "" || !foreign.Fill.Quantity.Equal(num.FromInt(3)) {
		t.Errorf("foreign %+v", foreign)
	}
	after := log.events()
	for i, e := range before {
		if after[i].Seq != e.Seq || after[i].Order.ID != e.Order.ID || after[i].Kind != e.Kind {
			t.Fatalf("event %d was %+v and is %+v", i, e, after[i])
		}
	}
}

// settled waits until nothing works any more at the venue.
func settled(t *testing.T, v *servertest.TWS) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		book, err := v.Book.Book(t.Context(), account, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, o := range book.Orders {
			if !o.Status.Terminal() {
				open++
			}
		}
		if open == 0 {
			return
		}
	}
	t.Fatal("orders go on working")
}

func TestWhichAccount(t *testing.T) {
	v := open(t, "DUSIM000001", "DUSIM000002", "U1234567")
	b := desk(t, t.TempDir())
	for _, c := range []struct {
		account string
		code    fault.Code
	}{{"", fault.Invalid}, {"DU1", fault.NotFound}, {"U1234567", fault.RiskRefused}} {
		if _, err := b.Connect(t.Context(), "x", ibkr.Params{Addr: v.Addr, ClientID: 1, Account: c.account}); fault.CodeOf(err) != c.code || fault.As(err).Next() == "" {
			t.Errorf("account %q: %v, want %s", c.account, err, c.code)
		}
	}
	if a, err := b.Connect(t.Context(), "x", ibkr.Params{Addr: v.Addr, ClientID: 1, Account: "DUSIM000002"}); err != nil || a != "DUSIM000002" {
		t.Errorf("%s %v", a, err)
	}
	for name, want := range map[string]trade.Environment{"DUSIM1": trade.Simulated, "DU123": trade.Paper, "DF9": trade.Paper, "U123": trade.Live, "F1": trade.Live, "": trade.Live, "dusim": trade.Live} {
		if got := ibkr.Environment(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

// The connection is cut at random moments during many orders: afterwards each is
// accounted for once, and positions are the sum of the executions.
func TestCutConnections(t *testing.T) {
	orders := 500
	if testing.Short() {
		orders = 60
	}
	v := open(t, account)
	b := desk(t, t.TempDir())
	if _, err := b.Connect(t.Context(), "c1", ibkr.Params{Addr: v.Addr, ClientID: 1}); err != nil {
		t.Fatal(err)
	}
	log := listen(t, b)
	cut, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for {
			select {
			case <-cut.Done():
				return
			case <-time.After(time.Duration(200+r.IntN(900)) * time.Millisecond):
				if err := v.Inject(server.Fault{Kind: "drop"}); err != nil {
					t.Error(err)
				}
			}
		}
	})
	symbols := []string{"AAPL", "MSFT", "KO", "XOM"}
	work := make(chan int)
	lost := 0
	var mu sync.Mutex
	for range 8 {
		wg.Go(func() {
			for i := range work {
				o := make1(fmt.Sprintf("o-%d", i), func(o *trade.Order) {
					o.Symbol, o.Quantity = symbols[i%len(symbols)], num.FromInt(int64(1+i%7))
					if i%3 == 0 {
						o.Side = trade.Sell
					}
				})
				// A call without an answer is not repeated: that is the desk's rule.
				var no *order.VenueError
				for try := 0; ; try++ {
					_, err := b.Place(t.Context(), o)
					if errors.As(err, &no) && no.Code == "not_connected" && try < 400 {
						time.Sleep(25 * time.Millisecond) // there was no connection: nothing went out
						continue
					}
					if err != nil && !errors.As(err, &no) {
						mu.Lock()
						lost++
						mu.Unlock()
					}
					break
				}
			}
		})
	}
	for i := range orders {
		work <- i
	}
	close(work)
	stop()
	wg.Wait()
	settled(t, v)
	// The record ends up complete: every order final, as the venue has it.
	want := map[string]num.Decimal{}
	venueOrders := map[string]int{}
	book, err := v.Book.Book(t.Context(), account, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range book.Orders {
		venueOrders[o.Symbol]++
		f := trade.Fill{Side: o.Side, Quantity: o.Filled}
		want[o.Symbol] = want[o.Symbol].Add(f.SignedQuantity())
	}
	var got map[string]num.Decimal
	var final map[string]trade.Status
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		got, final = map[string]num.Decimal{}, map[string]trade.Status{}
		seen := map[string]bool{}
		for i, e := range log.events() {
			if e.Seq != int64(i+1) {
				t.Fatalf("event %d has the number %d", i+1, e.Seq)
			}
			if e.Kind == order.EventLedger {
				continue // the opening balance
			}
			final[e.Order.ID] = e.Order.Status
			if e.Fill != nil {
				if seen[e.Fill.ID] {
					t.Fatalf("execution %s is told twice", e.Fill.ID)
				}
				seen[e.Fill.ID] = true
				got[e.Fill.Symbol] = got[e.Fill.Symbol].Add(e.Fill.SignedQuantity())
			}
		}
		done := len(final) >= orders
		for _, s := range final {
			done = done && s.Terminal()
		}
		if done {
			break
		}
	}
	if len(final) != orders {
		t.Fatalf("%d of %d orders are accounted for", len(final), orders)
	}
	filled := 0
	for id, s := range final {
		if !s.Terminal() {
			t.Errorf("order %s is %s", id, s)
		}
		if s == trade.Filled {
			filled++
		}
	}
	if filled != len(book.Orders) {
		t.Errorf("%d orders are filled here, and %d are at the venue", filled, len(book.Orders))
	}
	positions, err := b.Positions(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range positions {
		if !p.Quantity.Equal(got[p.Symbol]) || !p.Quantity.Equal(want[p.Symbol]) {
			t.Errorf("%s: the position is %s, executions make %s, the venue's orders %s", p.Symbol, p.Quantity, got[p.Symbol], want[p.Symbol])
		}
	}
	t.Logf("%d orders, %d filled, %d answers lost", orders, filled, lost)
}
