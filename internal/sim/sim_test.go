package sim

import (
	"context"
	"errors"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

var ctx = context.Background()

func date(y int, m time.Month, d int) market.Date { return market.Date{Year: y, Month: m, Day: d} }

// instant is a wall-clock time in New York.
func instant(t testing.TB, y int, m time.Month, d, hour, minute, second int) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(y, m, d, hour, minute, second, 0, loc)
}

func bars(t testing.TB, m *Market, symbol string, r market.Resolution, start, end time.Time, more ...func(*market.BarRequest)) []market.Bar {
	t.Helper()
	req := market.BarRequest{Symbol: symbol, Resolution: r, Start: start, End: end, Adjustment: market.Raw}
	for _, f := range more {
		f(&req)
	}
	out, err := m.Bars(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func adjusted(r *market.BarRequest) { r.Adjustment = market.Adjusted }

func lastBars(n int) func(*market.BarRequest) {
	return func(r *market.BarRequest) { r.Last = n }
}

// TestSource: the method set of feed.Source, which is a ring above.
func TestSource(t *testing.T) {
	var _ interface {
		Name() string
		Instruments(ctx context.Context) ([]market.Instrument, error)
		Lookup(symbol string) (market.Instrument, bool)
		Calendar(symbol string) (*market.Calendar, error)
		Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error)
		QuoteAt(ctx context.Context, symbol string, at time.Time) (market.Quote, error)
		Actions(symbol string, from, to market.Date) ([]market.Action, error)
	} = New(Config{})
}

func TestUniverse(t *testing.T) {
	m := New(Config{})
	sectors := map[string]int{}
	seen := map[string]bool{}
	classes := map[market.Class]int{}
	for _, in := range m.Universe() {
		if seen[in.Symbol] {
			t.Errorf("%s is there twice", in.Symbol)
		}
		seen[in.Symbol] = true
		if in.Class == market.Equity && !in.ETF {
			sectors[in.Sector]++
		}
		classes[in.Class]++
		if in.Name == "" || in.Tick.Sign() <= 0 || in.Lot.Sign() <= 0 || in.MinQuantity.Sign() <= 0 || !in.Multiplier.Equal(num.One) {
			t.Errorf("%+v is not complete", in)
		}
	}
	total := 0
	for _, s := range Sectors() {
		if sectors[s] < 10 {
			t.Errorf("%s has %d shares", s, sectors[s])
		}
		total += sectors[s]
	}
	if len(sectors) != 11 || total < 120 || sectors["Consumer Staples"] < 12 {
		t.Errorf("%d shares in %d sectors: %v", total, len(sectors), sectors)
	}
	if classes[market.Forex] != 6 || classes[market.Crypto] != 3 || classes[market.Equity] != total+6 {
		t.Errorf("classes: %v", classes)
	}
	for _, s := range []string{"AAPL", "GOOGL", "AMZN", "MSFT", "KO", "PEP", "SPY", "QQQ", "EEM", "VTI", "TLT", "URTH",
		"EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "USDCAD", "USDCHF", "BTCUSD", "ETHUSD", "SOLUSD"} {
		if !seen[s] {
			t.Errorf("%s is missing", s)
		}
	}
	list, err := m.Instruments(ctx)
	if err != nil || len(list) != len(m.Universe())-3 {
		t.Errorf("%d instruments, %v; want all but three delisted ones", len(list), err)
	}
}

func TestInstrumentRules(t *testing.T) {
	m := New(Config{})
	tests := []struct {
		symbol, tick, lot, venue, currency, base string
		etf, shortable                           bool
	}{
		{"aapl", "0.01", "1", "usa", "USD", "", false, true},
		{" spy ", "0.01", "1", "usa", "USD", "", true, true},
		{"eurusd", "0.00001", "1", "oanda", "USD", "EUR", false, false},
		{"USDJPY", "0.001", "1", "oanda", "JPY", "USD", false, false},
		{"BtcUsd", "0.01", "0.00001", "coinbase", "USD", "BTC", false, false},
	}
	for _, tt := range tests {
		in, ok := m.Lookup(tt.symbol)
		if !ok || in.Tick.String() != tt.tick || in.Lot.String() != tt.lot || in.Market != tt.venue ||
			in.Currency != tt.currency || in.Base != tt.base || in.ETF != tt.etf || in.Shortable != tt.shortable {
			t.Errorf("Lookup(%q) = %+v, %v", tt.symbol, in, ok)
		}
	}
	cal, err := m.Calendar("AAPL")
	if err != nil || !cal.AlwaysOpen || cal.Zone.String() != "America/New_York" || cal.DataZone != cal.Zone {
		t.Errorf("Calendar: %+v, %v", cal, err)
	}
}

func TestRefusals(t *testing.T) {
	m := New(Config{})
	now := time.Date(2020, 5, 5, 12, 0, 0, 0, time.UTC)
	ask := func(symbol string, r market.Resolution, start, end time.Time) error {
		_, err := m.Bars(ctx, market.BarRequest{Symbol: symbol, Resolution: r, Start: start, End: end})
		return err
	}
	quote := func(symbol string, at time.Time) error {
		_, err := m.QuoteAt(ctx, symbol, at)
		return err
	}
	_, calErr := m.Calendar("NOPE")
	_, actErr := m.Actions("NOPE", market.Date{}, market.Date{})
	_, weekErr := m.QuoteBars(ctx, "KO", market.Resolution{N: 1, Unit: market.UnitWeek}, now, now.AddDate(0, 1, 0))
	_, modeErr := m.Bars(ctx, market.BarRequest{Symbol: "KO", Resolution: market.Daily, End: now, Adjustment: "odd"})
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, goneErr := m.Bars(gone, market.BarRequest{Symbol: "KO", Resolution: market.Minute, Start: now.AddDate(0, -1, 0), End: now})
	tests := []struct {
		name string
		err  error
		want fault.Code
	}{
		{"unknown bars", ask("NOPE", market.Daily, now, now), fault.NotFound},
		{"unknown quote", quote("", now), fault.NotFound},
		{"unknown calendar", calErr, fault.NotFound},
		{"unknown actions", actErr, fault.NotFound},
		{"no end", ask("KO", market.Daily, now, time.Time{}), fault.Invalid},
		{"no resolution", ask("KO", market.Resolution{}, now, now), fault.Invalid},
		{"negative resolution", ask("KO", market.Resolution{N: -1, Unit: 'd'}, now, now), fault.Invalid},
		{"unknown unit", ask("KO", market.Resolution{N: 1, Unit: 'x'}, now, now), fault.Invalid},
		{"unknown adjustment", modeErr, fault.Invalid},
		{"fifteen years of seconds", ask("KO", market.Second, time.Time{}, now), fault.Invalid},
		{"weeks of quotes", weekErr, fault.Invalid},
		{"before history", quote("KO", time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)), fault.NotFound},
		{"before listing", quote("PYPL", time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)), fault.NotFound},
		{"after 2099", quote("KO", time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC)), fault.Invalid},
		{"cancelled", goneErr, fault.Cancelled},
	}
	for _, tt := range tests {
		if got := fault.CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: %v; want %s", tt.name, tt.err, tt.want)
		}
	}
	var f *fault.Error
	if !errors.As(calErr, &f) || f.Op != "sim.Calendar" {
		t.Errorf("op: %+v", f)
	}
	// Odd bounds answer with nothing rather than fail.
	for _, b := range [][2]time.Time{{now, now}, {now, now.AddDate(-1, 0, 0)}, {time.Time{}, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}} {
		if got := bars(t, m, "KO", market.Daily, b[0], b[1]); len(got) != 0 {
			t.Errorf("%v gave %d bars", b, len(got))
		}
	}
}

// TestClock: the written-out rule agrees with the time zone data, every weekday
// to the end.
func TestClock(t *testing.T) {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for n := range sessions {
		d := sessionDate(n)
		end := time.Date(d.Year, d.Month, d.Day, 16, 0, 0, 0, loc)
		if w := d.Weekday(); w == time.Saturday || w == time.Sunday || sessionEnd(n) != end.Unix() || sessionOn(dayOf(d)) != n {
			t.Fatalf("session %d of %s ends %s; want %s", n, d, time.Unix(sessionEnd(n), 0).In(loc), end)
		}
		if sessionAt(sessionEnd(n)-1) != n || sessionAt(sessionStart(n)) != n || sessionAt(sessionEnd(n)) != n+1 {
			t.Fatalf("session %d: sessionAt disagrees at its bounds", n)
		}
		if _, offset := end.Zone(); offsetAt(end.Unix()) != int64(offset) || localMidnight(sessionDay(n)) != d.In(loc).Unix() {
			t.Fatalf("offset or midnight of %s", d)
		}
	}
	if sessionDate(0) != date(2010, 1, 4) || sessionDate(sessions-1) != date(2099, 12, 31) {
		t.Error("bounds of the calendar")
	}
	m := New(Config{})
	for _, tt := range []struct {
		at   time.Time
		want market.Date
	}{
		{instant(t, 2026, 3, 6, 15, 59, 59), date(2026, 3, 6)},
		{instant(t, 2026, 3, 6, 16, 0, 0), date(2026, 3, 9)},
		{instant(t, 2026, 3, 8, 12, 0, 0), date(2026, 3, 9)},
	} {
		if got := m.SessionDate(tt.at); got != tt.want {
			t.Errorf("SessionDate(%s) = %s; want %s", tt.at, got, tt.want)
		}
	}
}
