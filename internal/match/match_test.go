package match

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

func dec(s string) num.Decimal { return num.MustParse(s) }

var (
	share = market.Instrument{Symbol: "A", Class: market.Equity, Currency: "USD", Tick: dec("0.01"), Lot: num.One, Multiplier: num.One}
	nyse  = func() *market.Calendar {
		c := &market.Calendar{Zone: time.UTC}
		for d := time.Monday; d <= time.Friday; d++ {
			c.Week[d] = []market.Segment{
				{From: 4 * time.Hour, To: 9 * time.Hour, State: market.PreMarket},
				{From: 9 * time.Hour, To: 16 * time.Hour, State: market.Open},
				{From: 16 * time.Hour, To: 20 * time.Hour, State: market.PostMarket},
			}
		}
		return c
	}()
	noon = time.Date(2024, 3, 14, 12, 0, 0, 0, time.UTC)
)

func quoteAt(at time.Time, bid, ask, size string) market.Quote {
	return market.Quote{Symbol: "A", Bid: dec(bid), Ask: dec(ask), BidSize: dec(size), AskSize: dec(size), Last: dec(bid), Time: at, Feed: market.FeedSimulated}
}

func buy(typ trade.OrderType, tif trade.TIF, quantity, limit, stop string) trade.Order {
	return trade.Order{ID: "o", Symbol: "A", Side: trade.Buy, Type: typ, TIF: tif, Quantity: dec(quantity), LimitPrice: dec(limit), StopPrice: dec(stop)}
}

func TestStepTable(t *testing.T) {
	q := quoteAt(noon, "99.99", "100.01", "10")
	with := func(f func(*market.Quote)) market.Quote { c := q; f(&c); return c }
	at := func(hh, mm, ss int) time.Time { return time.Date(2024, 3, 14, hh, mm, ss, 0, time.UTC) }
	tests := []struct {
		name   string
		order  trade.Order
		placed time.Time
		now    time.Time
		quote  market.Quote
		filled string // "" for nothing
		price  string
		end    trade.Status
	}{
		{"market fills at the ask", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon, q, "5", "100.01", ""},
		{"market takes no more than the size", buy(trade.Market, trade.Day, "50", "0", "0"), noon, noon, q, "10", "100.01", ""},
		{"marketable limit improves", buy(trade.Limit, trade.Day, "5", "101", "0"), noon, noon, q, "5", "100.01", ""},
		{"limit waits", buy(trade.Limit, trade.Day, "5", "100", "0"), noon, noon, q, "", "", ""},
		{"halted", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon, with(func(q *market.Quote) { q.Halted = true }), "", "", ""},
		{"end-of-day feed", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon, with(func(q *market.Quote) { q.Feed = market.FeedEOD }), "", "", ""},
		{"frozen feed", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon, with(func(q *market.Quote) { q.Feed = market.FeedFrozen }), "", "", ""},
		{"no ask", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon, with(func(q *market.Quote) { q.Ask = num.Zero }), "", "", ""},
		{"negative ask", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon, with(func(q *market.Quote) { q.Ask = dec("-1") }), "", "", ""},
		{"crossed", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon, with(func(q *market.Quote) { q.Ask = dec("90") }), "", "", ""},
		{"stale", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon.Add(3 * time.Minute), q, "", "", ""},
		{"from the future", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon.Add(-time.Second), q, "", "", ""},
		{"the clock went back", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon.Add(-time.Hour), q, "", "", trade.Expired},
		{"from before the open", buy(trade.Market, trade.GTC, "5", "0", "0"), at(8, 0, 0), at(9, 0, 30), quoteAt(at(8, 59, 0), "99", "100", "10"), "", "", ""},
		{"unsized takes a tenth of the volume", buy(trade.Market, trade.Day, "500", "0", "0"), noon, noon, with(func(q *market.Quote) { q.AskSize, q.Volume = num.Zero, dec("1239") }), "123", "100.01", ""},
		{"unsized without volume takes a lot", buy(trade.Market, trade.Day, "500", "0", "0"), noon, noon, with(func(q *market.Quote) { q.AskSize = num.Zero }), "1", "100.01", ""},
		{"stop waits", buy(trade.Stop, trade.Day, "5", "0", "100"), noon, noon, q, "", "", ""},
		{"stop set off by the last trade", buy(trade.Stop, trade.Day, "5", "0", "99.99"), noon, noon, q, "5", "100.01", ""},
		{"stop set off by the ask without one", buy(trade.Stop, trade.Day, "5", "0", "100"), noon, noon, with(func(q *market.Quote) { q.Last = num.Zero }), "5", "100.01", ""},
		{"stop limit above its limit", buy(trade.StopLimit, trade.Day, "5", "100", "99"), noon, noon, q, "", "", ""},
		{"ioc in part", buy(trade.Market, trade.IOC, "50", "0", "0"), noon, noon, q, "10", "100.01", trade.Cancelled},
		{"ioc in full", buy(trade.Market, trade.IOC, "10", "0", "0"), noon, noon, q, "10", "100.01", ""},
		{"fok too large", buy(trade.Market, trade.FOK, "11", "0", "0"), noon, noon, q, "", "", trade.Cancelled},
		{"fok fits", buy(trade.Market, trade.FOK, "10", "0", "0"), noon, noon, q, "10", "100.01", ""},
		{"day at the close", buy(trade.Market, trade.Day, "5", "0", "0"), noon, at(16, 0, 0), quoteAt(at(16, 0, 0), "99", "100", "10"), "", "", trade.Expired},
		{"day on another day", buy(trade.Market, trade.Day, "5", "0", "0"), noon, noon.AddDate(0, 0, 1), quoteAt(noon.AddDate(0, 0, 1), "99", "100", "10"), "", "", trade.Expired},
		{"gtc waits out of hours", buy(trade.Market, trade.GTC, "5", "0", "0"), noon, at(17, 0, 0), quoteAt(at(17, 0, 0), "99", "100", "10"), "", "", ""},
		{"opg at the open", buy(trade.Market, trade.OPG, "5", "0", "0"), at(8, 0, 0), at(9, 0, 10), quoteAt(at(9, 0, 5), "99", "100", "10"), "5", "100", ""},
		{"opg too late", buy(trade.Market, trade.OPG, "5", "0", "0"), at(8, 0, 0), at(9, 1, 0), quoteAt(at(9, 1, 0), "99", "100", "10"), "", "", trade.Expired},
		{"cls before time", buy(trade.Market, trade.CLS, "5", "0", "0"), noon, at(15, 58, 59), quoteAt(at(15, 58, 59), "99", "100", "10"), "", "", ""},
		{"cls in time", buy(trade.Market, trade.CLS, "5", "0", "0"), noon, at(15, 59, 0), quoteAt(at(15, 59, 0), "99", "100", "10"), "5", "100", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := New(tt.order, nyse, tt.placed)
			r := Step(&w, tt.quote, SessionAt(nyse, tt.now), NewLiquidity(share))
			if r.End != tt.end {
				t.Errorf("end %q (%s); want %q", r.End, r.Reason, tt.end)
			}
			switch {
			case tt.filled == "" && len(r.Fills) > 0:
				t.Errorf("filled %+v; want nothing", r.Fills)
			case tt.filled != "" && (len(r.Fills) != 1 || !r.Fills[0].Quantity.Equal(dec(tt.filled)) || !r.Fills[0].Price.Equal(dec(tt.price))):
				t.Errorf("filled %+v; want %s at %s", r.Fills, tt.filled, tt.price)
			}
		})
	}
}

func TestExtendedHours(t *testing.T) {
	early := time.Date(2024, 3, 14, 8, 0, 0, 0, time.UTC)
	o := buy(trade.Limit, trade.Day, "5", "101", "0")
	for _, extended := range []bool{false, true} {
		o.Extended = extended
		w := New(o, nyse, early)
		r := Step(&w, quoteAt(early, "99", "100", "10"), SessionAt(nyse, early), NewLiquidity(share))
		if got := len(r.Fills) == 1; got != extended {
			t.Errorf("extended %v: filled %v before the open", extended, got)
		}
		want := 16
		if extended {
			want = 20
		}
		if w.Expires.Hour() != want {
			t.Errorf("extended %v: expires %s", extended, w.Expires)
		}
	}
}

func TestOneQuoteIsGivenOnce(t *testing.T) {
	l := NewLiquidity(share)
	q := quoteAt(noon, "99", "100", "10")
	s := SessionAt(nyse, noon.Add(time.Second))
	a, b := New(buy(trade.Market, trade.Day, "7", "0", "0"), nyse, noon), New(buy(trade.Market, trade.Day, "7", "0", "0"), nyse, noon)
	Step(&a, q, s, l)
	r := Step(&b, q, s, l)
	if len(r.Fills) != 1 || !r.Fills[0].Quantity.Equal(dec("3")) {
		t.Errorf("the second order got %+v; want the 3 that were left", r.Fills)
	}
	if r = Step(&b, q, s, l); len(r.Fills) != 0 {
		t.Errorf("the same quote gave %+v again", r.Fills)
	}
	q.Time = q.Time.Add(time.Second)
	if r = Step(&b, q, s, l); len(r.Fills) != 1 || !r.Fills[0].Quantity.Equal(dec("4")) {
		t.Errorf("a new quote gave %+v; want 4", r.Fills)
	}
}

func TestTrailingStop(t *testing.T) {
	o := trade.Order{ID: "o", Symbol: "A", Side: trade.Sell, Type: trade.TrailingStop, TIF: trade.GTC, Quantity: dec("5"), TrailPercent: dec("10")}
	w := New(o, nyse, noon)
	l := NewLiquidity(share)
	for i, step := range []struct{ last, stop string }{{"100", "90"}, {"120", "108"}, {"110", "108"}, {"109", "108"}, {"107", "108"}} {
		at := noon.Add(time.Duration(i) * time.Second)
		q := quoteAt(at, step.last, step.last, "10")
		r := Step(&w, q, SessionAt(nyse, at), l)
		if !w.TrailStop.Equal(dec(step.stop)) {
			t.Errorf("last %s: stop at %s; want %s", step.last, w.TrailStop, step.stop)
		}
		if filled := len(r.Fills) == 1; filled != (i == 4) || w.Triggered != (i == 4) {
			t.Errorf("last %s: filled %v, triggered %v", step.last, filled, w.Triggered)
		}
	}
}

// TestNeverThroughALimit throws random orders at random quotes, broken ones
// included, and holds every fill to the package's invariants.
func TestNeverThroughALimit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	types := []trade.OrderType{trade.Market, trade.Limit, trade.Stop, trade.StopLimit, trade.TrailingStop}
	tifs := []trade.TIF{trade.Day, trade.GTC, trade.GTD, trade.IOC, trade.FOK, trade.OPG, trade.CLS}
	feeds := []market.Feed{market.FeedSimulated, market.FeedRealtime, market.FeedEOD, market.FeedFrozen, ""}
	price := func() num.Decimal { return num.New(9900+r.Int64N(200), 2) }
	fills := 0
	for range 3000 {
		l := NewLiquidity(share)
		now := time.Date(2024, 3, 14, r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
		var work []*Working
		for i := range 5 {
			o := trade.Order{
				ID: fmt.Sprint(i), Symbol: "A", Side: []trade.Side{trade.Buy, trade.Sell}[r.IntN(2)], Type: types[r.IntN(len(types))], TIF: tifs[r.IntN(len(tifs))],
				Quantity: num.FromInt(r.Int64N(30) + 1), LimitPrice: price(), StopPrice: price(), TrailAmount: num.New(r.Int64N(50)+1, 2),
				GoodTill: now.Add(time.Hour), Extended: r.IntN(2) == 0,
			}
			w := New(o, nyse, now)
			work = append(work, &w)
		}
		for range 6 {
			now = now.Add(time.Duration(r.IntN(90)) * time.Second)
			bid := price()
			q := market.Quote{
				Symbol: "A", Bid: bid, Ask: bid.Add(num.New(r.Int64N(12)-2, 2)), BidSize: num.FromInt(r.Int64N(20)), AskSize: num.FromInt(r.Int64N(20)),
				Last: price(), Volume: num.FromInt(r.Int64N(500)), Time: now.Add(-time.Duration(r.IntN(200)) * time.Second), Feed: feeds[r.IntN(len(feeds))], Halted: r.IntN(9) == 0,
			}
			if r.IntN(9) == 0 {
				q.Ask = num.Zero
			}
			s := SessionAt(nyse, now)
			taken := map[trade.Side]num.Decimal{}
			for _, w := range work {
				if w.Order.Status.Terminal() {
					continue
				}
				before := w.Active
				res := Step(w, q, s, l)
				w.Order.Status = res.End
				for _, f := range res.Fills {
					fills++
					o := &w.Order
					side, size := q.Ask, q.AskSize
					if o.Side == trade.Sell {
						side, size = q.Bid, q.BidSize
					}
					limited := o.Type == trade.Limit || o.Type == trade.StopLimit
					taken[o.Side] = taken[o.Side].Add(f.Quantity)
					switch {
					case q.Halted || !q.Feed.Tradable() || now.Sub(q.Time) > MaxQuoteAge || q.Time.After(now) || side.Sign() <= 0:
						t.Fatalf("%+v filled on an unusable quote %+v at %s", o, q, now)
					case !f.Price.Equal(side):
						t.Fatalf("%+v filled at %s; the quote has %s", o, f.Price, side)
					case limited && o.Side == trade.Buy && o.LimitPrice.Less(f.Price), limited && o.Side == trade.Sell && f.Price.Less(o.LimitPrice):
						t.Fatalf("%+v filled through its limit at %s", o, f.Price)
					case f.Quantity.Sign() <= 0 || before.Less(f.Quantity):
						t.Fatalf("%+v filled %s of %s", o, f.Quantity, before)
					case size.Sign() > 0 && size.Less(taken[o.Side]):
						t.Fatalf("a quote of %s gave %s", size, taken[o.Side])
					case o.TIF == trade.FOK && !f.Quantity.Equal(before):
						t.Fatalf("fok %+v filled in part", o)
					case s.State != market.Open && !o.Extended:
						t.Fatalf("%+v filled in %s", o, s.State)
					}
				}
			}
		}
	}
	if fills < 500 {
		t.Errorf("only %d fills: the property was hardly tried", fills)
	}
}

func TestSchedule(t *testing.T) {
	of := func(c market.Class) market.Instrument { return market.Instrument{Class: c} }
	for _, tt := range []struct {
		class              market.Class
		quantity, notional string
		want               string
	}{
		{market.Equity, "100", "10000", "1.00"},
		{market.Equity, "1000", "100000", "5.00"},
		{market.Equity, "1000", "100", "1.00"},
		{market.Equity, "1", "50", "0.50"},
		{market.Forex, "10000", "11000", "2.00"},
		{market.Forex, "1000000", "1100000", "22.00"},
		{market.CFD, "10", "20000", "2.00"},
		{market.Crypto, "0.5", "30000", "30.00"},
		{market.Crypto, "0.0001", "5", "0.00"},
		{market.Equity, "0", "0", "0"},
	} {
		if got := (Schedule{}).Fee(of(tt.class), dec(tt.quantity), dec(tt.notional)); !got.Equal(dec(tt.want)) {
			t.Errorf("fee of %s %s for %s = %s; want %s", tt.class, tt.quantity, tt.notional, got, tt.want)
		}
	}
}

func TestReserved(t *testing.T) {
	rates := MarginRates(market.Equity)
	c := func(side trade.Side, quantity, price, group string) Claim {
		return Claim{Symbol: "A", Side: side, Quantity: dec(quantity), Price: dec(price), Group: group, Rates: rates}
	}
	for _, tt := range []struct {
		name   string
		held   string
		claims []Claim
		want   string
	}{
		{"opening", "0", []Claim{c(trade.Buy, "10", "100", "")}, "500"},
		{"closing is free", "10", []Claim{c(trade.Sell, "10", "100", "")}, "0"},
		{"closing twice is not", "10", []Claim{c(trade.Sell, "10", "100", ""), c(trade.Sell, "10", "100", "")}, "500"},
		{"two exits of a group are", "10", []Claim{c(trade.Sell, "10", "110", "g"), c(trade.Sell, "10", "90", "g")}, "0"},
		{"the dearest leg counts", "0", []Claim{c(trade.Sell, "10", "90", "g"), c(trade.Sell, "10", "110", "g")}, "550"},
		{"a flip reserves what it opens", "-4", []Claim{c(trade.Buy, "10", "100", "")}, "300"},
		{"both sides count", "0", []Claim{c(trade.Buy, "1", "100", ""), c(trade.Sell, "1", "100", "")}, "100"},
	} {
		if got := Reserved(tt.claims, func(string) num.Decimal { return dec(tt.held) }); !got.Equal(dec(tt.want)) {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	l := NewLiquidity(share)
	q := quoteAt(noon, "99", "100", "10")
	s := SessionAt(nyse, noon)
	w := New(buy(trade.Limit, trade.Day, "7", "98", "0"), nyse, noon)
	for b.Loop() {
		Step(&w, q, s, l)
	}
}
