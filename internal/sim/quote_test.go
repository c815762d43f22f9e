package sim

import (
	"math/rand"
	"testing"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// checkQuote holds a quote against the bars of its moment.
func checkQuote(t *testing.T, m *Market, in market.Instrument, at time.Time) {
	t.Helper()
	q, err := m.QuoteAt(ctx, in.Symbol, at)
	if err != nil {
		t.Fatalf("%s at %s: %v", in.Symbol, at, err)
	}
	second := at.Truncate(time.Second)
	if !q.Time.Equal(second) || q.Feed != market.FeedSimulated || q.Source != "sim" || q.Halted || q.Symbol != in.Symbol {
		t.Fatalf("%+v", q)
	}
	if !q.Bid.Less(q.Ask) || q.Bid.Sign() <= 0 || q.Last.Less(q.Bid) || q.Ask.Less(q.Last) ||
		q.Last.Less(q.Low) || q.High.Less(q.Last) || q.Open.Less(q.Low) || q.High.Less(q.Open) || q.PrevClose.Sign() < 0 {
		t.Fatalf("%+v is out of order", q)
	}
	for _, p := range []num.Decimal{q.Bid, q.Ask, q.Last, q.Open, q.High, q.Low, q.PrevClose} {
		if !p.IsMultipleOf(in.Tick) {
			t.Fatalf("%s is off the tick of %s", p, in.Symbol)
		}
	}
	for _, v := range []num.Decimal{q.BidSize, q.AskSize} {
		if v.Sign() <= 0 || !v.IsMultipleOf(in.Lot) {
			t.Fatalf("size %s of %s", v, in.Symbol)
		}
	}
	b := bars(t, m, in.Symbol, market.Second, second, second.Add(time.Second))
	if len(b) != 1 || !b[0].Close.Equal(q.Last) || !b[0].Start.Equal(second) {
		t.Fatalf("second bar %v, quote %+v", b, q)
	}
	for _, r := range []market.Resolution{market.Minute, market.Hour, market.Daily} {
		list := bars(t, m, in.Symbol, r, second, second.Add(4*24*time.Hour))
		if list[0].Start.After(at) || q.Last.Less(list[0].Low) || list[0].High.Less(q.Last) {
			t.Fatalf("%s bar %+v has not %s at %s", r, list[0], q.Last, at)
		}
	}
	quotes, err := m.QuoteBars(ctx, in.Symbol, market.Second, second, second.Add(time.Second))
	if err != nil || len(quotes) != 1 || !quotes[0].Bid.Close.Equal(q.Bid) || !quotes[0].Ask.Close.Equal(q.Ask) ||
		!quotes[0].BidSize.Equal(q.BidSize) || !quotes[0].AskSize.Equal(q.AskSize) {
		t.Fatalf("quote bar %+v, %v; quote %+v", quotes, err, q)
	}
}

// TestQuotesAgreeWithBars is a property over random symbols and times.
func TestQuotesAgreeWithBars(t *testing.T) {
	m := New(Config{Seed: 7})
	random := rand.New(rand.NewSource(2))
	all, _ := m.Instruments(ctx)
	for range 500 {
		in := all[random.Intn(len(all))]
		at := time.Unix(1460000000+random.Int63n(2_000_000_000), random.Int63n(1e9))
		checkQuote(t, m, in, at)
	}
}

func FuzzQuote(f *testing.F) {
	f.Add(int64(42), uint16(0), int64(1615708800)) // the clocks change
	f.Add(int64(-1), uint16(149), int64(1341234567))
	f.Add(int64(0), uint16(163), int64(4101000000))
	f.Add(int64(9), uint16(20), int64(-5))
	f.Add(int64(9), uint16(20), int64(1)<<40)
	f.Fuzz(func(t *testing.T, seed int64, which uint16, unix int64) {
		m := New(Config{Seed: seed})
		all := m.Universe()
		in := all[int(which)%len(all)]
		if unix < -1<<50 || unix > 1<<50 {
			return // beyond the years a time.Time tells
		}
		at := time.Unix(unix, 0)
		n := sessionAt(unix)
		s := m.find(in.Symbol).spec
		if n < s.listed || n >= min(s.delisted, sessions-1) {
			if q, err := m.QuoteAt(ctx, in.Symbol, at); err == nil && !q.Halted && n != sessions-1 {
				t.Errorf("%s has a quote at %s", in.Symbol, at)
			}
			return
		}
		checkQuote(t, m, in.Instrument, at)
	})
}

// TestRunningSession: the session's numbers grow with the quotes and end as the
// day's bar.
func TestRunningSession(t *testing.T) {
	m := New(Config{})
	start, end := instant(t, 2024, 5, 14, 16, 0, 0), instant(t, 2024, 5, 15, 16, 0, 0)
	days := bars(t, m, "MSFT", market.Daily, start.AddDate(0, 0, -1), end)
	before, day := days[len(days)-2], days[len(days)-1]
	var high, low num.Decimal
	volume := num.Zero
	list := bars(t, m, "MSFT", market.Second, start, end)
	for i, b := range list {
		if i == 0 {
			high, low = b.High, b.Low
		}
		high, low, volume = num.Max(high, b.High), num.Min(low, b.Low), volume.Add(b.Volume)
		if i%97 != 0 && i != len(list)-1 {
			continue
		}
		q, err := m.QuoteAt(ctx, "MSFT", b.Start)
		if err != nil || !q.High.Equal(high) || !q.Low.Equal(low) || !q.Volume.Equal(volume) || !q.Open.Equal(day.Open) || !q.PrevClose.Equal(before.Close) {
			t.Fatalf("at %s: %+v, %v; want high %s low %s volume %s", b.Start, q, err, high, low, volume)
		}
	}
	if !high.Equal(day.High) || !low.Equal(day.Low) || !volume.Equal(day.Volume) {
		t.Errorf("the seconds end as %s %s %s; the day is %+v", high, low, volume, day)
	}
}

// TestPrevCloseOverSplit: a split does not show as a change of the day.
func TestPrevCloseOverSplit(t *testing.T) {
	m := New(Config{})
	for _, in := range m.Universe() {
		acts, _ := m.Actions(in.Symbol, market.Date{}, date(2026, 1, 1))
		for _, a := range acts {
			if a.Kind != market.Split {
				continue
			}
			noon := instant(t, a.Date.Year, a.Date.Month, a.Date.Day, 12, 0, 0)
			q, err := m.QuoteAt(ctx, in.Symbol, noon)
			want := a.PriorClose.Mul(a.SplitFactor)
			if err != nil || want.Sub(q.PrevClose).Abs().Cmp(in.Tick) > 0 {
				t.Fatalf("%s: PrevClose %s, %v; want %s", in.Symbol, q.PrevClose, err, want)
			}
		}
	}
}

func TestQuotesMove(t *testing.T) {
	m := New(Config{})
	at := instant(t, 2026, 3, 2, 11, 0, 0)
	for _, symbol := range []string{"AAPL", "SPY", "EURUSD", "BTCUSD", "KO"} {
		var last market.Quote
		prices := map[string]bool{}
		for i := range 120 {
			q, err := m.QuoteAt(ctx, symbol, at.Add(time.Duration(i)*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 && !q.Time.After(last.Time) {
				t.Errorf("%s stands still", symbol)
			}
			last = q
			prices[q.Bid.String()] = true
		}
		if len(prices) < 4 {
			t.Errorf("%s: %d bids in two minutes", symbol, len(prices))
		}
	}
	// The night is wider than the day, and all is within reason.
	bps := func(symbol string, hour int) (sum float64) {
		for i := range 60 {
			q, _ := m.QuoteAt(ctx, symbol, at.Add(time.Duration(hour)*time.Hour+time.Duration(i)*time.Minute))
			sum += q.Ask.Sub(q.Bid).Quo(q.Mid()).Float64() * 1e4 / 60
		}
		return sum
	}
	for symbol, most := range map[string]float64{"SPY": 2.5, "KO": 8, "EURUSD": 2, "BTCUSD": 6} {
		if day, night := bps(symbol, 0), bps(symbol, 13); day > most || symbol != "BTCUSD" && night < day*1.3 {
			t.Errorf("%s: %.2f bps by day, %.2f by night", symbol, day, night)
		}
	}
}

func TestDelistedQuote(t *testing.T) {
	m := New(Config{})
	q, err := m.QuoteAt(ctx, "CELG", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || !q.Halted || q.Last.Sign() <= 0 || q.Bid.Sign() != 0 || q.Time.Year() != 2019 {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestQuoteBars(t *testing.T) {
	m := New(Config{})
	start, end := instant(t, 2021, 3, 12, 16, 0, 0), instant(t, 2021, 3, 15, 16, 0, 0)
	for _, symbol := range []string{"KO", "USDJPY", "ETHUSD"} {
		get := func(r market.Resolution) []market.QuoteBar {
			out, err := m.QuoteBars(ctx, symbol, r, start, end)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		days, hours, minutes, quarters := get(market.Daily), get(market.Hour), get(market.Minute), get(market.Resolution{N: 15, Unit: 'm'})
		if len(days) != 1 || len(hours) != 71 || len(minutes) != 71*60 || len(quarters) != 71*4 {
			t.Fatalf("%s: %d days, %d hours, %d minutes, %d quarters", symbol, len(days), len(hours), len(minutes), len(quarters))
		}
		sum := func(list []market.QuoteBar, side func(market.QuoteBar) market.Bar) market.Bar {
			var all []market.Bar
			for _, b := range list {
				all = append(all, side(b))
			}
			return joined(all)
		}
		bid := func(b market.QuoteBar) market.Bar { return b.Bid }
		ask := func(b market.QuoteBar) market.Bar { return b.Ask }
		for i, h := range hours {
			part := minutes[i*60 : i*60+60]
			if !same(sum(part, bid), h.Bid) || !same(sum(part, ask), h.Ask) || !h.BidSize.Equal(part[59].BidSize) {
				t.Errorf("%s: hour %s is not its minutes", symbol, h.Start)
			}
		}
		for _, list := range [][]market.QuoteBar{hours, quarters} {
			if !same(sum(list, bid), days[0].Bid) || !same(sum(list, ask), days[0].Ask) {
				t.Errorf("%s: the day is not its parts", symbol)
			}
		}
		// A minute is what QuoteAt shows in it.
		b := minutes[1000]
		q, _ := m.QuoteAt(ctx, symbol, b.End.Add(-time.Second))
		if !q.Bid.Equal(b.Bid.Close) || !q.Ask.Equal(b.Ask.Close) || !q.AskSize.Equal(b.AskSize) {
			t.Errorf("%s: quote %+v, bar %+v", symbol, q, b)
		}
	}
}
