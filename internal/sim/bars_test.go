package sim

import (
	"math/rand"
	"testing"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// joined adds bars up by hand.
func joined(list []market.Bar) market.Bar {
	out := list[0]
	for _, b := range list[1:] {
		out.End, out.Close = b.End, b.Close
		out.High, out.Low = num.Max(out.High, b.High), num.Min(out.Low, b.Low)
		out.Volume = out.Volume.Add(b.Volume)
	}
	return out
}

func same(a, b market.Bar) bool {
	return a.Start.Equal(b.Start) && a.End.Equal(b.End) && a.Open.Equal(b.Open) && a.High.Equal(b.High) &&
		a.Low.Equal(b.Low) && a.Close.Equal(b.Close) && a.Volume.Equal(b.Volume)
}

// checkRun: bars follow one another without a gap, on the tick, and make sense.
func checkRun(t *testing.T, in market.Instrument, list []market.Bar, count int) {
	t.Helper()
	if len(list) != count {
		t.Fatalf("%s: %d bars; want %d", in.Symbol, len(list), count)
	}
	for i, b := range list {
		if i > 0 && !b.Start.Equal(list[i-1].End) {
			t.Fatalf("%s: %s follows %s", in.Symbol, b.Start, list[i-1].End)
		}
		top, bottom := num.Max(b.Open, b.Close), num.Min(b.Open, b.Close)
		if b.High.Less(top) || bottom.Less(b.Low) || b.Low.Sign() <= 0 || b.Volume.Sign() < 0 {
			t.Fatalf("%s: %+v makes no sense", in.Symbol, b)
		}
		for _, p := range []num.Decimal{b.Open, b.High, b.Low, b.Close} {
			if !p.IsMultipleOf(in.Tick) {
				t.Fatalf("%s: %s is off the tick", in.Symbol, p)
			}
		}
		if !b.Volume.IsMultipleOf(in.Lot) {
			t.Fatalf("%s: volume %s is off the lot", in.Symbol, b.Volume)
		}
	}
}

// TestAggregation: seconds make minutes, minutes hours and hours days exactly,
// on common days, over weekends and where the clocks change.
func TestAggregation(t *testing.T) {
	m := New(Config{})
	for _, symbol := range []string{"AAPL", "F", "SPY", "GOOG", "EURUSD", "USDJPY", "BTCUSD", "SOLUSD"} {
		in, _ := m.Lookup(symbol)
		for _, tt := range []struct {
			day   market.Date
			hours int
		}{
			{date(2010, 1, 4), 72}, {date(2016, 6, 15), 24}, {date(2021, 3, 15), 71}, {date(2021, 11, 8), 73}, {date(2047, 5, 13), 72},
		} {
			n := sessionOn(dayOf(tt.day))
			start, end := time.Unix(sessionStart(n), 0), time.Unix(sessionEnd(n), 0)
			days := bars(t, m, symbol, market.Daily, start, end)
			hours := bars(t, m, symbol, market.Hour, start, end)
			minutes := bars(t, m, symbol, market.Minute, start, end)
			checkRun(t, in, days, 1)
			checkRun(t, in, hours, tt.hours)
			checkRun(t, in, minutes, tt.hours*60)
			if !same(joined(hours), days[0]) || !same(joined(minutes), days[0]) {
				t.Errorf("%s %s: %+v, of hours %+v, of minutes %+v", symbol, tt.day, days[0], joined(hours), joined(minutes))
			}
			for i, h := range hours {
				if !same(joined(minutes[i*60:i*60+60]), h) {
					t.Errorf("%s: hour %s is not its minutes", symbol, h.Start)
				}
			}
			for _, i := range []int{0, tt.hours / 2, tt.hours - 1} {
				h := hours[i]
				seconds := bars(t, m, symbol, market.Second, h.Start, h.End)
				checkRun(t, in, seconds, 3600)
				for k := range 60 {
					if !same(joined(seconds[k*60:k*60+60]), minutes[i*60+k]) {
						t.Errorf("%s: minute %s is not its seconds", symbol, minutes[i*60+k].Start)
					}
				}
			}
		}
	}
}

// TestDerived: several seconds, minutes, hours, days and weeks are made of
// whole base bars, aligned as the documentation says.
func TestDerived(t *testing.T) {
	m := New(Config{})
	start, end := instant(t, 2021, 3, 3, 11, 7, 30), instant(t, 2021, 3, 25, 13, 14, 15)
	for _, s := range []string{"5m", "15m", "7m", "4h", "7h", "24h", "30h", "3d", "1w", "2w"} {
		r, err := market.ParseResolution(s)
		if err != nil {
			t.Fatal(err)
		}
		list := bars(t, m, "KO", r, start, end)
		if len(list) == 0 {
			t.Fatalf("%s: none", s)
		}
		for i, b := range list {
			if b.End.After(end) || !b.End.After(start) || i > 0 && !b.Start.Equal(list[i-1].End) {
				t.Errorf("%s: bar %s to %s", s, b.Start, b.End)
			}
			if !same(joined(bars(t, m, "KO", r.Base(), b.Start, b.End)), b) {
				t.Errorf("%s: bar %s is not its parts", s, b.Start)
			}
			if local := b.Start.In(start.Location()); r.Intraday() {
				midnight := market.DateOf(local).In(start.Location())
				if b.Start.Sub(midnight)%r.Duration() != 0 {
					t.Errorf("%s: bar begins at %s", s, local)
				}
			} else if r.Unit == market.UnitWeek && local.Weekday() != time.Friday {
				t.Errorf("%s: week begins at %s", s, local)
			}
		}
		for _, n := range []int{1, 2, len(list) - 1, len(list)} {
			got := bars(t, m, "KO", r, start, end, lastBars(n))
			if n < 1 {
				continue
			}
			if len(got) != n || !same(got[n-1], list[len(list)-1]) || !same(got[0], list[len(list)-n]) {
				t.Errorf("%s: the last %d are others", s, n)
			}
		}
	}
}

func TestLastReachesBack(t *testing.T) {
	m := New(Config{})
	end := instant(t, 2026, 2, 4, 10, 0, 0)
	for _, r := range []market.Resolution{market.Second, market.Minute, market.Hour, market.Daily, {N: 1, Unit: 'w'}, {N: 5, Unit: 'd'}} {
		if got := bars(t, m, "PEP", r, time.Time{}, end, lastBars(5)); len(got) != 5 || got[4].End.After(end) {
			t.Errorf("%s: %d bars", r, len(got))
		}
	}
	// History has a beginning.
	if got := bars(t, m, "PYPL", market.Daily, time.Time{}, instant(t, 2015, 7, 22, 16, 0, 0), lastBars(50)); len(got) != 3 {
		t.Errorf("%d sessions after the listing; want 3", len(got))
	}
	// And for some an end.
	got := bars(t, m, "CELG", market.Daily, time.Time{}, end, lastBars(2))
	if len(got) != 2 || market.DateOf(got[1].End.In(end.Location())) != date(2019, 11, 20) {
		t.Errorf("the last of a delisted share: %v", got)
	}
}

// TestAdjusted: unadjusted closes jump by the action, adjusted ones do not, and
// what is adjusted away is what the action says.
func TestAdjusted(t *testing.T) {
	m := New(Config{})
	end := instant(t, 2026, 1, 2, 16, 0, 0)
	splits, dividends := 0, 0
	for _, in := range m.Universe() {
		if in.Class != market.Equity {
			continue
		}
		acts, err := m.Actions(in.Symbol, market.Date{}, market.DateOf(end))
		if err != nil {
			t.Fatal(err)
		}
		raw := bars(t, m, in.Symbol, market.Daily, time.Time{}, end)
		adj := bars(t, m, in.Symbol, market.Daily, time.Time{}, end, adjusted)
		sp := bars(t, m, in.Symbol, market.Daily, time.Time{}, end, func(r *market.BarRequest) { r.Adjustment = market.SplitAdjusted })
		first := sessionOn(dayOf(in.Listed))
		for _, a := range acts {
			i := sessionOn(dayOf(a.Date)) - first
			if a.Kind == market.Delisting {
				continue
			}
			if !a.PriorClose.Equal(raw[i-1].Close) {
				t.Errorf("%s %s: prior close %s; the bar has %s", in.Symbol, a.Date, a.PriorClose, raw[i-1].Close)
			}
			if a.Date.Weekday() == time.Monday {
				t.Errorf("%s acts on a Monday", in.Symbol)
			}
			prior, open := a.PriorClose.Float64(), raw[i].Open.Float64()
			expected := prior - a.Dividend.Float64()
			if a.Kind == market.Split {
				expected = prior * a.SplitFactor.Float64()
				splits++
				// A holder's worth, and the shares traded, keep their measure.
				if got := sp[i].Open.Quo(sp[i-1].Close).Float64(); got < .97 || got > 1.03 {
					t.Errorf("%s: split-adjusted jump %v", in.Symbol, got)
				}
				if got := sp[i].Volume.Quo(sp[i-1].Volume).Float64(); got < .1 || got > 10 {
					t.Errorf("%s: split-adjusted volume jumps %v", in.Symbol, got)
				}
			} else {
				dividends++
			}
			// The open is within a second's move, and half a tick, of the action.
			if d := open/expected - 1; d > .01 || d < -.01 {
				t.Errorf("%s %s %s: opens at %v; want about %v", in.Symbol, a.Date, a.Kind, open, expected)
			}
			want := raw[i].Close.Float64() / expected
			got := adj[i].Close.Float64() / adj[i-1].Close.Float64()
			if d := got/want - 1; d > 1e-5 || d < -1e-5 {
				t.Errorf("%s %s: adjusted return %v; want %v", in.Symbol, a.Date, got, want)
			}
		}
		if last := len(raw) - 1; !adj[last].Close.Equal(raw[last].Close) {
			t.Errorf("%s: the newest close is adjusted", in.Symbol)
		}
		for i, b := range adj {
			if b.High.Less(num.Max(b.Open, b.Close)) || num.Min(b.Open, b.Close).Less(b.Low) {
				t.Fatalf("%s: adjusted bar %d makes no sense", in.Symbol, i)
			}
		}
	}
	if splits < 10 || dividends < 5000 {
		t.Errorf("%d splits and %d dividends", splits, dividends)
	}
}

func TestActionsWindow(t *testing.T) {
	m := New(Config{})
	all, err := m.Actions("KO", market.Date{}, date(2012, 1, 1))
	if err != nil || len(all) < 6 {
		t.Fatalf("%d actions, %v", len(all), err)
	}
	d := all[2].Date
	upTo, _ := m.Actions("KO", d.AddDays(-1), d)
	after, _ := m.Actions("KO", d, d.AddDays(1))
	if len(upTo) != 1 || upTo[0] != all[2] || len(after) != 0 {
		t.Errorf("(from, to]: %v and %v", upTo, after)
	}
	gone, err := m.Actions("TWX", date(2018, 6, 1), date(2030, 1, 1))
	if err != nil || len(gone) != 1 || gone[0].Kind != market.Delisting || gone[0].Date != date(2018, 6, 15) {
		t.Errorf("TWX: %v, %v", gone, err)
	}
	if none, err := m.Actions("EURUSD", market.Date{}, d); err != nil || len(none) != 0 {
		t.Errorf("EURUSD: %v, %v", none, err)
	}
}

// TestSensiblePrices: in fifteen years shares stay where brokers' rules of
// thumb hold.
func TestSensiblePrices(t *testing.T) {
	m := New(Config{})
	random := rand.New(rand.NewSource(1))
	all := m.Universe()
	for range 400 {
		in := all[random.Intn(len(all))]
		at := time.Date(2011+random.Intn(15), time.Month(1+random.Intn(12)), 1+random.Intn(28), 0, 0, 0, 0, time.UTC)
		for _, b := range bars(t, m, in.Symbol, market.Daily, time.Time{}, at, lastBars(1)) {
			if c := b.Close.Float64(); in.Class == market.Equity && (c < 1.5 || c > 2000) {
				t.Errorf("%s closed at %v on %s", in.Symbol, c, at)
			}
		}
	}
}
