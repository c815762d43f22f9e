package paper

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/market"
	"quantdesk/internal/match"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

func (r *rig) balances() trade.Balances {
	r.t.Helper()
	b, err := r.Balances(context.Background(), acc)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func wantNum(t testing.TB, what string, got num.Decimal, want string) {
	t.Helper()
	if !got.Equal(dec(want)) {
		t.Errorf("%s = %s; want %s", what, got, want)
	}
}

func TestMargin(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m, Fees: match.Free{}})
	m.Price("AAPL", "99.99", "100000") // the ask is 100.00
	wantNum(t, "buying power", r.balances().BuyingPower, "200000")
	r.place(limit("o1", trade.Buy, "1000", ""))
	r.status("o1", trade.Filled)
	b := r.balances()
	wantNum(t, "equity", b.Equity, "99990")
	wantNum(t, "initial margin", b.InitialMargin, "49995")
	wantNum(t, "maintenance margin", b.MaintenanceMargin, "24997.50")
	wantNum(t, "buying power", b.BuyingPower, "99990")
	r.place(limit("o2", trade.Buy, "500", "90"))
	wantNum(t, "reserved", r.balances().Reserved, "22500")
	_, err := r.Place(context.Background(), limit("o3", trade.Buy, "1000", "90"))
	var v *order.VenueError
	if !errors.As(err, &v) || v.Code != "insufficient_buying_power" {
		t.Errorf("got %v; want insufficient_buying_power", err)
	}
	// A fall below maintenance leaves closing as the only thing to do.
	m.Price("AAPL", "1", "100000")
	if _, err := r.Place(context.Background(), limit("o4", trade.Buy, "1", "")); !errors.As(err, &v) {
		t.Errorf("got %v; want a refusal", err)
	}
	r.place(limit("o5", trade.Sell, "1000", ""))
	r.status("o5", trade.Filled)
}

func TestShortOfWhatIsNotLent(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	o := limit("o1", trade.Buy, "10", "")
	o.Symbol = "NOLEND"
	r.place(o)
	r.status("o1", trade.Filled)
	sell := limit("o2", trade.Sell, "6", "30")
	sell.Symbol = "NOLEND"
	r.place(sell)
	sell.ID = "o3"
	var v *order.VenueError
	if _, err := r.Place(context.Background(), sell); !errors.As(err, &v) || v.Code != "not_shortable" {
		t.Errorf("got %v; want not_shortable: 6 of 10 are being sold already", err)
	}
}

func TestForeignCurrency(t *testing.T) {
	m := brokertest.NewFakeMarket()
	m.SetRate("USD", "EUR", dec("0.9"))
	r := start(t, Config{Market: m, Fees: match.Free{}})
	if err := r.OpenAccount(context.Background(), "eur", "EUR", num.FromInt(1000)); err != nil {
		t.Fatal(err)
	}
	o := limit("o1", trade.Buy, "10", "101")
	o.Account = "eur"
	r.place(o)
	b, err := r.Balances(context.Background(), "eur")
	if err != nil {
		t.Fatal(err)
	}
	wantNum(t, "cash", b.Cash, "99.91")
	wantNum(t, "market value", b.MarketValue, "900")
}

func TestFeeMinimumIsPerOrder(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	m.Price("AAPL", "100", "4")
	r.place(limit("o1", trade.Buy, "300", "101"))
	m.Price("AAPL", "100", "4")
	r.wait("second fill", func(e order.Event) bool { return e.Fill != nil && e.Order.Filled.Equal(dec("8")) })
	m.Price("AAPL", "100", "1000")
	wantNum(t, "fees", r.status("o1", trade.Filled).Order.Fees, "1.50")
}

func TestCorporateActions(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m, Fees: match.Free{}})
	r.place(limit("o1", trade.Buy, "101", ""))
	r.status("o1", trade.Filled)
	gtc := limit("o2", trade.Sell, "101", "150.03")
	gtc.TIF = trade.GTC
	r.place(gtc)
	r.place(limit("o3", trade.Buy, "1", "90"))
	day := market.DateOf(brokertest.Start).AddDays(1)
	m.AddAction(market.Action{Symbol: "AAPL", Date: day, Kind: market.Dividend, Dividend: dec("0.25")})
	m.AddAction(market.Action{Symbol: "AAPL", Date: day, Kind: market.Split, SplitFactor: dec("0.6666667"), PriorClose: dec("99")})
	r.restart() // the day begins while the venue is down
	m.SetNow(brokertest.Start.Add(24 * time.Hour))
	r.status("o3", trade.Expired)
	e := r.wait("replaced by the split", func(e order.Event) bool { return e.Kind == order.EventReplaced && e.Order.ID == "o2" })
	wantNum(t, "quantity", e.Order.Quantity, "151")
	wantNum(t, "limit", e.Order.LimitPrice, "100.02")
	p, err := r.Positions(context.Background(), acc)
	if err != nil || len(p) != 1 {
		t.Fatal(p, err)
	}
	wantNum(t, "shares", p[0].Quantity, "151")
	// 100,000 − 101×100.01 + 101×0.25 + half a share at 66
	wantNum(t, "cash", r.balances().Cash, "89957.24")
	// A replay that begins again pays nothing twice.
	n := len(r.all())
	m.SetNow(brokertest.Start)
	r.place(limit("o4", trade.Buy, "1", "90"))
	m.SetNow(brokertest.Start.Add(23 * time.Hour))
	r.place(limit("o5", trade.Buy, "1", "90"))
	for _, e := range r.all()[n:] {
		if e.Kind == order.EventLedger {
			t.Errorf("applied again: %+v", e.Transactions)
		}
	}
	r.restart()
	wantNum(t, "cash", r.balances().Cash, "89957.24")
}

func TestDayOrderEndsWhenTheClockGoesBack(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	r.place(limit("o1", trade.Buy, "1", "90"))
	m.SetNow(brokertest.Start.Add(-24 * time.Hour))
	r.status("o1", trade.Expired)
}

func TestRestartKeepsEverything(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	trail := limit("o1", trade.Buy, "3", "")
	trail.Type, trail.TIF, trail.TrailPercent = trade.TrailingStop, trade.GTC, dec("5")
	r.place(trail)
	r.place(limit("o2", trade.Buy, "10", ""))
	r.status("o2", trade.Filled)
	before, events := r.balances(), len(r.all())
	r.restart()
	after := r.balances()
	before.AsOf, after.AsOf = time.Time{}, time.Time{}
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("balances\n%v\nafter a restart\n%v", before, after)
	}
	r.place(limit("o3", trade.Buy, "1", "90"))
	all := r.all()
	if len(all) != events+1 || all[events].Order.VenueID != "P-3" {
		t.Errorf("%d events, the last of %s; want %d and P-3", len(all), all[len(all)-1].Order.VenueID, events+1)
	}
}

func TestDamagedRecordIsRefused(t *testing.T) {
	for _, damage := range []string{
		`DELETE FROM paper_event WHERE seq = 2`,
		`UPDATE paper_event SET body = replace(body, '"Seq":2,', '"Seq":1,') WHERE seq = 3`,
		`UPDATE paper_schema SET version = 99`,
		`UPDATE paper_order SET body = '{' WHERE id = 'o2'`,
		`DELETE FROM paper_account`,
	} {
		m := brokertest.NewFakeMarket()
		r := start(t, Config{Market: m})
		r.place(limit("o1", trade.Buy, "1", ""))
		r.status("o1", trade.Filled)
		r.place(limit("o2", trade.Buy, "1", "90"))
		r.place(limit("o3", trade.Buy, "1", ""))
		r.status("o3", trade.Filled)
		r.end()
		db := openDB(t, r.path)
		if _, err := db.Exec(damage); err != nil {
			t.Fatal(err)
		}
		if b, err := Open(Config{DB: db, Market: m}); err == nil {
			t.Errorf("opened after %s", damage)
			_ = b.Close()
		}
		_ = db.Close()
	}
}

// TestTurnThatCannotBeWritten takes the database away under the venue: nobody
// gets a yes, nothing of it is seen, and it works again afterwards.
func TestTurnThatCannotBeWritten(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	db := openDB(t, r.path)
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`CREATE TRIGGER full BEFORE INSERT ON paper_event BEGIN SELECT raise(ABORT, 'disk full'); END`); err != nil {
		t.Fatal(err)
	}
	_, err := r.Place(context.Background(), limit("o1", trade.Buy, "1", ""))
	var v *order.VenueError
	if err == nil || errors.As(err, &v) {
		t.Errorf("got %v; want an error that is no refusal", err)
	}
	if n := len(r.all()); n != 1 || !r.balances().Cash.Equal(dec("100000")) {
		t.Errorf("%d events, cash %s; want only the deposit", n, r.balances().Cash)
	}
	if _, err := db.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	r.place(limit("o1", trade.Buy, "1", ""))
	if e := r.status("o1", trade.Filled); e.Seq != 3 {
		t.Errorf("filled as event %d; want 3", e.Seq)
	}
}

func TestStopped(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	r.end()
	if _, err := r.Place(context.Background(), limit("o1", trade.Buy, "1", "")); !errors.Is(err, errStopped) {
		t.Errorf("got %v; want %v", err, errStopped)
	}
	if err := r.Run(context.Background()); err == nil {
		t.Error("Run ran twice")
	}
}

// TestManyCallers places from many goroutines while others read and follow.
func TestManyCallers(t *testing.T) {
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	const callers, each = 16, 20
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			next, fills := int64(1), 0
			err := r.Events(ctx, acc, 0, func(batch []order.Event) error {
				for _, e := range batch {
					if e.Seq != next {
						return fmt.Errorf("event %d; want %d", e.Seq, next)
					}
					if next++; e.Fill != nil {
						fills++
					}
				}
				if fills == callers*each {
					return context.Canceled
				}
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				side := trade.Buy
				if i%2 == 1 {
					side = trade.Sell
				}
				if _, err := r.Place(ctx, limit(fmt.Sprintf("c%d-%d", c, i), side, "1", "")); err != nil {
					t.Error(err)
				}
				if _, err := r.Balances(ctx, acc); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// An option is paid in full, never sold before it is held, and settled in cash
// when it ends, its orders with it.
func TestOptionExpires(t *testing.T) {
	m := brokertest.NewFakeMarket()
	cal, err := m.Calendar("AAPL")
	if err != nil {
		t.Fatal(err)
	}
	const call = "AAPL 240315C00100000"
	m.Add(market.Instrument{Symbol: call, Class: market.Option, Market: "sim", Currency: "USD", Tick: dec("0.01"), Lot: num.One, Multiplier: num.FromInt(100)}, cal)
	m.Price(call, "3", "1000")
	r := start(t, Config{Market: m, Fees: match.Free{}, Options: true})
	order1 := func(id string, side trade.Side, quantity, price string) trade.Order {
		o := limit(id, side, quantity, price)
		o.Symbol = call
		return o
	}
	if _, err := r.Place(context.Background(), order1("o0", trade.Sell, "1", "")); err == nil {
		t.Fatal("an option that nobody holds was sold")
	}
	r.place(order1("o1", trade.Buy, "2", ""))
	r.status("o1", trade.Filled)
	wantNum(t, "cash", r.balances().Cash, "99398")
	wantNum(t, "margin", r.balances().InitialMargin, "600")
	gtc := order1("o2", trade.Sell, "2", "9")
	gtc.TIF = trade.GTC
	r.place(gtc)
	m.AddAction(market.Action{Symbol: call, Date: market.DateOf(brokertest.Start).AddDays(4), Kind: market.Delisting, PriorClose: dec("2.5")})
	m.SetNow(brokertest.Start.Add(4 * 24 * time.Hour)) // the Monday after
	r.status("o2", trade.Cancelled)
	r.wait("settled", func(e order.Event) bool {
		return e.Kind == order.EventLedger && len(e.Transactions) == 1 && e.Transactions[0].Symbol == call
	})
	wantNum(t, "cash", r.balances().Cash, "99898")
	if p, err := r.Positions(context.Background(), acc); err != nil || len(p) != 0 {
		t.Errorf("still held: %+v %v", p, err)
	}
	r.restart()
	wantNum(t, "cash", r.balances().Cash, "99898")
}
