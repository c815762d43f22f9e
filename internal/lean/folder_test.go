package lean

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// tempFolder makes an empty folder of our own.
func tempFolder(tb testing.TB) *Folder {
	tb.Helper()
	f, err := Create(filepath.Join(tb.TempDir(), "data"))
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func share(symbol string) market.Instrument {
	return market.Instrument{Symbol: symbol, Class: market.Equity, Market: "usa"}
}

func tradeBar(start time.Time, length time.Duration, open, high, low, last, volume string) market.Bar {
	return market.Bar{
		Start: start.UTC(), End: start.Add(length).UTC(), Open: num.MustParse(open), High: num.MustParse(high),
		Low: num.MustParse(low), Close: num.MustParse(last), Volume: num.MustParse(volume),
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none")); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := Open(dir); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("an empty folder: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(file)
	if fault.CodeOf(err) != fault.Invalid || fault.As(err).Next() == "" {
		t.Errorf("a file: %v", err)
	}
}

func TestCreateTwice(t *testing.T) {
	f := tempFolder(t)
	marked := filepath.Join(f.Dir(), propsFile)
	if err := os.WriteFile(marked, []byte("usa,[*],equity,,USD,1,0.05,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Create(f.Dir())
	if err != nil || again.Dir() != f.Dir() || again.Name() != "lean" {
		t.Fatalf("again: %v", err)
	}
	text, err := os.ReadFile(marked)
	if err != nil || !strings.Contains(string(text), "0.05") {
		t.Errorf("Create replaced what was there: %q, %v", text, err)
	}
	all, err := again.Instruments(context.Background())
	if err != nil || len(all) != 0 {
		t.Errorf("an empty folder has %v, %v", all, err)
	}
	if _, err := again.LastSession(context.Background()); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("LastSession of an empty folder: %v", err)
	}
}

// Our generated calendar agrees with LEAN's database, which lacks the early
// closes of 1998.
func TestOwnCalendarAgainstLEAN(t *testing.T) {
	theirs, err := realFolder(t).Calendar("SPY")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := tempFolder(t).hours.calendar(market.Equity, "usa", "SPY")
	if err != nil {
		t.Fatal(err)
	}
	for d := date(t, "1999-01-01"); d.Before(date(t, "2026-01-01")); d = d.AddDays(1) {
		o1, c1, ok1 := theirs.Session(d)
		o2, c2, ok2 := ours.Session(d)
		if ok1 != ok2 || !o1.Equal(o2) || !c1.Equal(c2) {
			t.Errorf("%s: LEAN %v %v %v, ours %v %v %v", d, o1, c1, ok1, o2, c2, ok2)
		}
	}
}

func TestRoundTrips(t *testing.T) {
	ctx := context.Background()
	coin := market.Instrument{Symbol: "kraken:BTCUSD", Class: market.Crypto, Market: "kraken"}
	utc := time.Date(2024, 3, 10, 0, 0, 0, 0, time.UTC)
	day := newYork(t, "2024-03-08 09:30:00")
	for _, c := range []struct {
		inst  market.Instrument
		r     market.Resolution
		bars  []market.Bar
		file  string
		inner string
	}{
		{share("TEST"), market.Daily, []market.Bar{
			tradeBar(day, 6*time.Hour+30*time.Minute, "10.0100", "11.5000", "9.9999", "11.0000", "12345"),
			tradeBar(newYork(t, "2024-03-11 09:30:00"), 6*time.Hour+30*time.Minute, "11.0000", "11.0000", "11.0000", "11.0000", "0"),
		}, "equity/usa/daily/test.zip", "20240308 00:00,100100,115000,99999,110000,12345\n20240311 00:00,110000,110000,110000,110000,0\n"},
		{share("TEST"), market.Hour, []market.Bar{
			tradeBar(newYork(t, "2024-03-08 09:00:00"), time.Hour, "10.0000", "11.0000", "9.0000", "10.5000", "5"),
		}, "equity/usa/hour/test.zip", "20240308 09:00,100000,110000,90000,105000,5\n"},
		{share("TEST"), market.Minute, []market.Bar{
			tradeBar(newYork(t, "2024-03-08 09:30:00"), time.Minute, "10.0000", "10.0000", "10.0000", "10.0000", "1"),
			tradeBar(newYork(t, "2024-03-08 15:59:00"), time.Minute, "10.0000", "10.0000", "10.0000", "10.0000", "2"),
		}, "equity/usa/minute/test/20240308_trade.zip", "34200000,100000,100000,100000,100000,1\n57540000,100000,100000,100000,100000,2\n"},
		{share("TEST"), market.Second, []market.Bar{
			tradeBar(newYork(t, "2024-03-08 09:30:07"), time.Second, "10.0000", "10.0000", "10.0000", "10.0000", "1"),
		}, "equity/usa/second/test/20240308_trade.zip", "34207000,100000,100000,100000,100000,1\n"},
		{coin, market.Daily, []market.Bar{
			tradeBar(utc, 24*time.Hour, "69000.1", "70000", "68000.55", "69999.99", "12.345678901234567"),
		}, "crypto/kraken/daily/btcusd_trade.zip", "20240310 00:00,69000.1,70000,68000.55,69999.99,12.345678901234567\n"},
		{coin, market.Minute, []market.Bar{
			tradeBar(utc.Add(time.Hour), time.Minute, "69000.1", "70000", "68000.55", "69999.99", "0.00000001"),
		}, "crypto/kraken/minute/btcusd/20240310_trade.zip", "3600000,69000.1,70000,68000.55,69999.99,0.00000001\n"},
	} {
		f := tempFolder(t)
		if err := f.WriteBars(ctx, c.inst, c.r, c.bars); err != nil {
			t.Fatal(c.file, err)
		}
		got := mustBars(t, f, market.BarRequest{Symbol: c.inst.Symbol, Resolution: c.r})
		if !reflect.DeepEqual(got, c.bars) {
			t.Errorf("%s: wrote %v, read %v", c.file, c.bars, got)
		}
		text, err := f.readZip("", c.file, "")
		if err != nil || string(text) != c.inner {
			t.Errorf("%s holds %q, want %q, %v", c.file, text, c.inner, err)
		}
	}
}

func TestWriteMerges(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	at := func(minute int) time.Time {
		return newYork(t, "2024-03-08 09:30:00").Add(time.Duration(minute) * time.Minute)
	}
	one := func(minute int, price string) market.Bar {
		return tradeBar(at(minute), time.Minute, price, price, price, price, "100")
	}
	if err := f.WriteBars(ctx, share("TEST"), market.Minute, []market.Bar{one(2, "12"), one(0, "10")}); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteBars(ctx, share("test"), market.Minute, []market.Bar{one(1, "11"), one(2, "12.5"), one(24*60*3, "20")}); err != nil {
		t.Fatal(err)
	}
	got := mustBars(t, f, market.BarRequest{Symbol: "TEST", Resolution: market.Minute})
	if len(got) != 4 {
		t.Fatalf("%d bars", len(got))
	}
	for i, want := range []string{"10", "11", "12.5", "20"} {
		wantDecimal(t, fmt.Sprintf("bar %d", i), got[i].Close, want)
	}
	left, err := filepath.Glob(filepath.Join(f.Dir(), "equity/usa/minute/test/.tmp-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files stay: %v, %v", left, err)
	}
}

func TestQuotesRoundTrip(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	start := newYork(t, "2024-03-08 09:30:00").UTC()
	side := func(p string) market.Bar {
		d := num.MustParse(p)
		return market.Bar{Start: start, End: start.Add(time.Minute), Open: d, High: d, Low: d, Close: d}
	}
	bars := []market.QuoteBar{{Start: start, End: start.Add(time.Minute), Bid: side("9.9900"), BidSize: num.FromInt(300)}}
	if err := f.WriteQuoteBars(ctx, share("TEST"), market.Minute, bars); err != nil {
		t.Fatal(err)
	}
	got, err := f.QuoteBars(ctx, "TEST", market.Minute, time.Time{}, time.Time{})
	if err != nil || !reflect.DeepEqual(got, bars) {
		t.Errorf("wrote %v, read %v, %v", bars, got, err)
	}
	text, err := f.readZip("", "equity/usa/minute/test/20240308_quote.zip", "20240308")
	if err != nil || string(text) != "34200000,99900,99900,99900,99900,300,,,,,0\n" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if err := f.WriteQuoteBars(ctx, share("TEST"), market.Daily, bars); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("daily quotes of a share: %v", err)
	}
	// Forex bars become quotes and come back as their middle.
	eur := market.Instrument{Symbol: "EURUSD", Class: market.Forex, Market: "oanda"}
	bar := tradeBar(time.Date(2024, 3, 8, 10, 0, 0, 0, time.UTC), time.Hour, "1.09301", "1.1", "1.09", "1.09999", "77")
	if err := f.WriteBars(ctx, eur, market.Hour, []market.Bar{bar}); err != nil {
		t.Fatal(err)
	}
	bar.Volume = num.Zero
	if got := mustBars(t, f, market.BarRequest{Symbol: "eurusd", Resolution: market.Hour}); len(got) != 1 || !reflect.DeepEqual(got[0], bar) {
		t.Errorf("forex: wrote %v, read %v", bar, got)
	}
}

func TestWriteRefuses(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	bar := tradeBar(newYork(t, "2024-03-08 09:30:00"), time.Minute, "1", "1", "1", "1", "1")
	for name, try := range map[string]func() error{
		"resolution": func() error {
			return f.WriteBars(ctx, share("TEST"), market.Resolution{N: 5, Unit: market.UnitMinute}, []market.Bar{bar})
		},
		"path": func() error { return f.WriteBars(ctx, share("../../etc/x"), market.Minute, []market.Bar{bar}) },
		"dots": func() error { return f.WriteBars(ctx, share(".."), market.Minute, []market.Bar{bar}) },
		"class": func() error {
			return f.WriteBars(ctx, market.Instrument{Symbol: "X", Class: market.Future, Market: "cme"}, market.Minute, nil)
		},
		"huge": func() error {
			b := bar
			b.High = num.MustParse("1e20")
			return f.WriteBars(ctx, share("TEST"), market.Minute, []market.Bar{b})
		},
	} {
		if err := try(); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.WriteBars(ctx, market.Instrument{Symbol: "X", Class: market.Equity, Market: "mars"}, market.Minute, []market.Bar{bar}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a market without hours: %v", err)
	}
	// Nothing of it was stored.
	if all, err := f.Instruments(ctx); err != nil || len(all) != 0 {
		t.Errorf("stored %v, %v", all, err)
	}
}

func TestSplitsAndMapsOfOurOwn(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	span := 6*time.Hour + 30*time.Minute
	put := func(ticker, day, price string) {
		t.Helper()
		b := tradeBar(newYork(t, day+" 09:30:00"), span, price, price, price, price, "100")
		if err := f.WriteBars(ctx, share(ticker), market.Daily, []market.Bar{b}); err != nil {
			t.Fatal(err)
		}
	}
	put("OLD", "2024-03-07", "100")
	put("NEW", "2024-03-08", "50")
	text := func(rel, content string) {
		t.Helper()
		if err := replaceFile(f.path(rel), []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	text("equity/usa/map_files/new.csv", "20240101,old,Q\n20240307,old,Q\n20501231,new,Q\n")
	text("equity/usa/factor_files/new.csv", "20240101,1,0.5,1\n20240307,1,0.5,100\n20501231,1,1,0\n")
	f.Refresh()
	all, err := f.Instruments(ctx)
	if err != nil || len(all) != 1 || all[0].Symbol != "NEW" {
		t.Fatalf("instruments %v, %v", all, err)
	}
	got := mustBars(t, f, market.BarRequest{Symbol: "NEW", Resolution: market.Daily, Adjustment: market.Adjusted})
	if len(got) != 2 {
		t.Fatalf("%d bars", len(got))
	}
	wantDecimal(t, "before", got[0].Close, "50")
	wantDecimal(t, "volume before", got[0].Volume, "200")
	wantDecimal(t, "after", got[1].Close, "50")
	actions, err := f.Actions("NEW", date(t, "2024-03-07"), date(t, "2024-03-08"))
	if err != nil || len(actions) != 2 || actions[0].Kind != market.Split || actions[0].SplitFactor.String() != "0.5" || actions[1].Kind != market.Rename {
		t.Errorf("actions %+v, %v", actions, err)
	}
	// Writing goes to the ticker of the date; before the listing there is none.
	put("NEW", "2024-03-06", "99")
	if got = mustBars(t, f, market.BarRequest{Symbol: "NEW", Resolution: market.Daily}); len(got) != 3 {
		t.Errorf("%d bars", len(got))
	}
	early := tradeBar(newYork(t, "2023-03-06 09:30:00"), span, "1", "1", "1", "1", "1")
	if err := f.WriteBars(ctx, share("NEW"), market.Daily, []market.Bar{early}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("before the listing: %v", err)
	}
}

func TestSymbolCollision(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	bar := tradeBar(time.Date(2024, 3, 8, 0, 0, 0, 0, time.UTC), 24*time.Hour, "1", "1", "1", "1", "1")
	for _, i := range []market.Instrument{
		{Symbol: "XAUUSD", Class: market.CFD, Market: "oanda"}, {Symbol: "XAUUSD", Class: market.Forex, Market: "oanda"},
		{Symbol: "XAUUSD", Class: market.Crypto, Market: "kraken"},
	} {
		if err := f.WriteBars(ctx, i, market.Daily, []market.Bar{bar}); err != nil {
			t.Fatal(err)
		}
	}
	for symbol, class := range map[string]market.Class{"XAUUSD": market.Forex, "oanda:XAUUSD": market.CFD, "kraken:XAUUSD": market.Crypto} {
		if i, ok := f.Lookup(symbol); !ok || i.Class != class || i.Symbol != symbol {
			t.Errorf("%s is %+v, %v", symbol, i, ok)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	bar := tradeBar(newYork(t, "2024-03-08 09:30:00"), 390*time.Minute, "1", "1", "1", "1", "1")
	for _, s := range []string{"GOOD", "CUT", "TEXT", "LINE", "MAP", "FACTOR"} {
		if err := f.WriteBars(ctx, share(s), market.Daily, []market.Bar{bar}); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(f.path("equity/usa/daily/cut.zip"))
	if err != nil {
		t.Fatal(err)
	}
	for rel, data := range map[string]string{
		"equity/usa/daily/cut.zip":           string(whole[:len(whole)/2]),
		"equity/usa/daily/text.zip":          "this is no archive",
		"equity/usa/map_files/map.csv":       "20240101,map\nnonsense\n",
		"equity/usa/factor_files/factor.csv": "20240101,1,1,1\n20240102,0,1,1\n",
	} {
		if err := replaceFile(f.path(rel), []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.writeZip("equity/usa/daily/line.zip", "line.csv", []byte("20240307 00:00,1,1,1,1,1\n20240308 00:00,1,x,1,1,1\n")); err != nil {
		t.Fatal(err)
	}
	f.Refresh()
	for symbol, want := range map[string]string{
		"CUT": "equity/usa/daily/cut.zip", "TEXT": "equity/usa/daily/text.zip", "LINE": "equity/usa/daily/line.zip, line 2",
		"MAP": "equity/usa/map_files/map.csv, line 2", "FACTOR": "equity/usa/factor_files/factor.csv, line 2",
	} {
		_, err := f.Bars(ctx, market.BarRequest{Symbol: symbol, Resolution: market.Daily, Adjustment: market.Adjusted})
		var e *fault.Error
		if !errors.As(err, &e) || e.Code != fault.Unavailable || !strings.Contains(e.Message, want) || e.Hint == "" {
			t.Errorf("%s: %v", symbol, err)
		}
		if symbol != "FACTOR" {
			if _, err := f.QuoteAt(ctx, symbol, newYork(t, "2024-03-09 12:00:00")); fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("quote of %s: %v", symbol, err)
			}
		}
	}
	if got := mustBars(t, f, market.BarRequest{Symbol: "GOOD", Resolution: market.Daily}); len(got) != 1 {
		t.Errorf("the good symbol has %d bars", len(got))
	}
	// What is damaged is not overwritten.
	if err := f.WriteBars(ctx, share("CUT"), market.Daily, []market.Bar{bar}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("writing over a damaged file: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	start := newYork(t, "2024-03-08 09:30:00")
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 10 {
				minute := start.Add(time.Duration(n*10+i) * time.Minute)
				if err := f.WriteBars(ctx, share("TEST"), market.Minute, []market.Bar{tradeBar(minute, time.Minute, "1", "1", "1", "1", "1")}); err != nil {
					t.Error(err)
				}
				if _, err := f.QuoteAt(ctx, "TEST", minute.Add(time.Minute)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := mustBars(t, f, market.BarRequest{Symbol: "TEST", Resolution: market.Minute}); len(got) != 40 {
		t.Errorf("%d bars", len(got))
	}
}
