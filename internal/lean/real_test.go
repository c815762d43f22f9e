package lean

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"quantdesk/internal/algo"
	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// realFolder opens the shared LEAN data, or skips where it is not there.
func realFolder(tb testing.TB) *Folder {
	tb.Helper()
	dir := os.Getenv("QUANTDESK_LEAN_DATA")
	if dir == "" {
		dir = "../../../shared/data/lean"
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("no LEAN data at %s: set QUANTDESK_LEAN_DATA", dir)
	}
	f, err := Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func newYork(tb testing.TB, text string) time.Time {
	tb.Helper()
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		tb.Fatal(err)
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, loc)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func date(tb testing.TB, text string) market.Date {
	tb.Helper()
	d, err := market.ParseDate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func wantDecimal(tb testing.TB, what string, got num.Decimal, want string) {
	tb.Helper()
	if !got.Equal(num.MustParse(want)) {
		tb.Errorf("%s = %s, want %s", what, got, want)
	}
}

func mustBars(tb testing.TB, f *Folder, req market.BarRequest) []market.Bar {
	tb.Helper()
	bars, err := f.Bars(context.Background(), req)
	if err != nil {
		tb.Fatal(err)
	}
	return bars
}

func TestRealInstruments(t *testing.T) {
	f := realFolder(t)
	all, err := f.Instruments(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var symbols []string
	for _, i := range all {
		symbols = append(symbols, i.Symbol)
		if i.Tick.Sign() <= 0 || i.Lot.Sign() <= 0 || i.Multiplier.Sign() <= 0 || i.Currency == "" {
			t.Errorf("%s is incomplete: %+v", i.Symbol, i)
		}
	}
	if !slices.IsSorted(symbols) || len(slices.Compact(slices.Clone(symbols))) != len(symbols) {
		t.Error("symbols are not sorted and unique")
	}
	for _, want := range []string{
		"AAPL", "SPY", "GOOG", "GOOGL", "GOOAV", "SHY", "TAP.A", "SPX", "NDX", "EURUSD", "fxcm:EURUSD", "BTCUSD", "bitfinex:BTCUSD",
		"binance:BTCUSDT", "bybit:BTCUSDT", "XAUUSD", "DE30EUR", "india:YESBANK", "hkfe:HSI", "TFCFA", "VXX", "VXX.1", "AAA", "AAA.1",
	} {
		if !slices.Contains(symbols, want) {
			t.Errorf("%s is missing", want)
		}
	}
	// Past tickers belong to the security that has them in its map file.
	for _, not := range []string{"GOOCV", "NWSA", "FOXA", "SPWRA", "UW", "TWX.1"} {
		if slices.Contains(symbols, not) {
			t.Errorf("%s is listed", not)
		}
	}
	if len(symbols) != 53 {
		t.Errorf("%d instruments, want 53: %v", len(symbols), symbols)
	}
}

func TestRealLookup(t *testing.T) {
	f := realFolder(t)
	for ask, want := range map[string]string{
		"aapl": "AAPL", " AAPL ": "AAPL", "usa:aapl": "AAPL", "bitfinex:btcusd": "bitfinex:BTCUSD", "coinbase:BTCUSD": "BTCUSD",
		"foxa": "TFCFA", "oanda:EURUSD": "EURUSD",
	} {
		if got, ok := f.Lookup(ask); !ok || got.Symbol != want {
			t.Errorf("Lookup(%q) = %q, %v, want %q", ask, got.Symbol, ok, want)
		}
	}
	if _, ok := f.Lookup("NOSUCH"); ok {
		t.Error("found NOSUCH")
	}
	eur, _ := f.Lookup("EURUSD")
	if eur.Class != market.Forex || eur.Base != "EUR" || eur.Currency != "USD" || eur.Name != "EUR/USD" || eur.Shortable {
		t.Errorf("EURUSD is %+v", eur)
	}
	wantDecimal(t, "EURUSD tick", eur.Tick, "0.00001")
	btc, _ := f.Lookup("BTCUSD")
	if btc.Base != "BTC" || btc.Currency != "USD" {
		t.Errorf("BTCUSD is %+v", btc)
	}
	wantDecimal(t, "BTCUSD lot", btc.Lot, "0.00000001")
	wantDecimal(t, "BTCUSD minimum", btc.MinQuantity, "0.00000001")
	aapl, _ := f.Lookup("AAPL")
	if !aapl.Shortable || aapl.ETF || aapl.Currency != "USD" {
		t.Errorf("AAPL is %+v", aapl)
	}
	dax, _ := f.Lookup("DE30EUR")
	if dax.Currency != "EUR" || dax.Name != "Germany 30" {
		t.Errorf("DE30EUR is %+v", dax)
	}
}

func TestRealCalendar(t *testing.T) {
	f := realFolder(t)
	cal, err := f.Calendar("SPY")
	if err != nil {
		t.Fatal(err)
	}
	opens, closes, ok := cal.Session(date(t, "2013-10-07"))
	if !ok || !opens.Equal(newYork(t, "2013-10-07 09:30:00")) || !closes.Equal(newYork(t, "2013-10-07 16:00:00")) {
		t.Errorf("session %v to %v, %v", opens, closes, ok)
	}
	if _, closes, _ = cal.Session(date(t, "2013-11-29")); !closes.Equal(newYork(t, "2013-11-29 13:00:00")) {
		t.Errorf("the early close is %v", closes)
	}
	if _, _, ok = cal.Session(date(t, "2013-11-28")); ok {
		t.Error("Thanksgiving has a session")
	}
	if cal.State(newYork(t, "2013-10-07 08:00:00")) != market.PreMarket {
		t.Error("08:00 is not pre-market")
	}
	btc, err := f.Calendar("BTCUSD")
	if err != nil || !btc.AlwaysOpen {
		t.Errorf("BTCUSD always open: %v, %v", btc, err)
	}
	eur, err := f.Calendar("EURUSD")
	if err != nil || eur.AlwaysOpen || eur.DataZone.String() != "UTC" || eur.Zone.String() != "America/New_York" {
		t.Errorf("EURUSD calendar: %v", err)
	}
	fxcm, err := f.Calendar("fxcm:EURUSD")
	if err != nil {
		t.Fatal(err)
	}
	if _, offset := time.Unix(0, 0).In(fxcm.DataZone).Zone(); offset != -5*3600 {
		t.Errorf("fxcm's data zone is %d seconds off UTC", offset)
	}
	if _, err = f.Calendar("NOSUCH"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("unknown symbol: %v", err)
	}
}

func TestRealDailyBars(t *testing.T) {
	f := realFolder(t)
	all := mustBars(t, f, market.BarRequest{Symbol: "SPY", Resolution: market.Daily})
	if len(all) != 5849 {
		t.Errorf("%d daily bars", len(all))
	}
	first, last := all[0], all[len(all)-1]
	if !first.Start.Equal(newYork(t, "1998-01-02 09:30:00")) || !last.End.Equal(newYork(t, "2021-03-31 16:00:00")) {
		t.Errorf("from %v to %v", first.Start, last.End)
	}
	wantDecimal(t, "first open", first.Open, "97.31")
	if first.Open.Scale() != 4 {
		t.Errorf("equity prices have scale %d", first.Open.Scale())
	}
	// A day is known at its close, not before.
	req := market.BarRequest{Symbol: "SPY", Resolution: market.Daily, Start: newYork(t, "2013-10-04 16:00:00"), End: newYork(t, "2013-10-08 15:59:59")}
	if got := mustBars(t, f, req); len(got) != 1 || !got[0].End.Equal(newYork(t, "2013-10-07 16:00:00")) {
		t.Errorf("one finished day wanted, got %v", got)
	}
	req.End = newYork(t, "2013-10-08 16:00:00")
	if got := mustBars(t, f, req); len(got) != 2 {
		t.Errorf("two days wanted, got %d", len(got))
	}
	early := mustBars(t, f, market.BarRequest{Symbol: "SPY", Resolution: market.Daily, End: newYork(t, "2013-11-29 13:00:00"), Last: 1})
	if len(early) != 1 || !early[0].Start.Equal(newYork(t, "2013-11-29 09:30:00")) {
		t.Errorf("the early close day: %v", early)
	}
	// Crypto and forex days run from midnight to midnight of the data zone.
	for _, symbol := range []string{"BTCUSD", "EURUSD", "XAUUSD"} {
		b := mustBars(t, f, market.BarRequest{Symbol: symbol, Resolution: market.Daily, Last: 1})[0]
		if b.Start.Format("15:04") != "00:00" || b.End.Sub(b.Start) != 24*time.Hour {
			t.Errorf("%s's day runs from %v to %v", symbol, b.Start, b.End)
		}
	}
	eur := mustBars(t, f, market.BarRequest{Symbol: "EURUSD", Resolution: market.Daily})
	wantDecimal(t, "EURUSD mid", eur[0].Open, "1.31977")
}

func TestRealAdjustment(t *testing.T) {
	f := realFolder(t)
	req := market.BarRequest{Symbol: "AAPL", Resolution: market.Daily, Start: newYork(t, "2014-06-05 16:00:00"), End: newYork(t, "2014-06-09 16:00:00")}
	raw := mustBars(t, f, req)
	if len(raw) != 2 {
		t.Fatalf("%d bars", len(raw))
	}
	wantDecimal(t, "raw close before the split", raw[0].Close, "645.57")
	wantDecimal(t, "raw close after it", raw[1].Close, "93.70")
	req.Adjustment = market.SplitAdjusted
	split := mustBars(t, f, req)
	wantDecimal(t, "split close", split[0].Close, raw[0].Close.Mul(num.MustParse("0.03571430")).String())
	wantDecimal(t, "split close after", split[1].Close, raw[1].Close.Mul(num.MustParse("0.25")).String())
	wantDecimal(t, "volume", split[1].Volume, raw[1].Volume.Mul(num.FromInt(4)).String())
	req.Adjustment = market.Adjusted
	adjusted := mustBars(t, f, req)
	factor := num.MustParse("0.9011818").Mul(num.MustParse("0.03571430"))
	wantDecimal(t, "adjusted close", adjusted[0].Close, raw[0].Close.Mul(factor).String())
	// Across the split the adjusted series has the return, not the split.
	change := adjusted[1].Close.Float64()/adjusted[0].Close.Float64() - 1
	if change < 0.015 || change > 0.017 {
		t.Errorf("the adjusted change over the split is %v", change)
	}
	if again := mustBars(t, f, market.BarRequest{Symbol: "AAPL", Resolution: market.Daily, Start: req.Start, End: req.End}); !again[0].Close.Equal(raw[0].Close) {
		t.Error("adjusting changed what is cached")
	}
}

func TestRealActions(t *testing.T) {
	f := realFolder(t)
	got, err := f.Actions("AAPL", date(t, "2014-05-07"), date(t, "2014-08-07"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("actions: %+v", got)
	}
	if a := got[0]; a.Kind != market.Dividend || a.Date != date(t, "2014-05-08") || a.Dividend.String() != "3.29" {
		t.Errorf("dividend: %+v", a)
	}
	if a := got[1]; a.Kind != market.Split || a.Date != date(t, "2014-06-09") || !a.SplitFactor.Equal(num.One.Quo(num.FromInt(7))) {
		t.Errorf("split: %+v", a)
	}
	wantDecimal(t, "close before the split", got[1].PriorClose, "645.57")
	if a := got[2]; a.Kind != market.Dividend || a.Dividend.String() != "0.47" {
		t.Errorf("dividend: %+v", a)
	}
	if got, _ = f.Actions("AAPL", date(t, "2014-06-09"), date(t, "2014-08-06")); len(got) != 0 {
		t.Errorf("(from, to] holds %+v", got)
	}
	got, err = f.Actions("GOOG", date(t, "2014-03-01"), date(t, "2014-12-31"))
	if err != nil || len(got) != 1 || got[0].Kind != market.Rename || got[0].NewSymbol != "GOOG" || got[0].Date != date(t, "2014-04-03") {
		t.Errorf("GOOG: %+v, %v", got, err)
	}
	got, err = f.Actions("GOOAV", date(t, "2014-01-01"), date(t, "2015-01-01"))
	if err != nil || len(got) != 1 || got[0].Kind != market.Delisting || got[0].Date != date(t, "2014-04-03") {
		t.Errorf("GOOAV: %+v, %v", got, err)
	}
}

func TestRealMapFiles(t *testing.T) {
	f := realFolder(t)
	goog := mustBars(t, f, market.BarRequest{Symbol: "GOOG", Resolution: market.Daily, End: newYork(t, "2014-04-04 16:00:00")})
	if len(goog) != 7 || !goog[0].Start.Equal(newYork(t, "2014-03-27 09:30:00")) {
		t.Fatalf("GOOG begins with %d bars at %v", len(goog), goog[0].Start)
	}
	wantDecimal(t, "GOOG under GOOCV", goog[0].Open, "572.84")
	googl := mustBars(t, f, market.BarRequest{Symbol: "GOOGL", Resolution: market.Daily, End: newYork(t, "2004-08-19 16:00:00")})
	if len(googl) != 1 {
		t.Fatalf("GOOGL has %d bars on its first day", len(googl))
	}
	wantDecimal(t, "GOOGL under GOOG", googl[0].Open, "135.91")
	wm := mustBars(t, f, market.BarRequest{Symbol: "WM", Resolution: market.Daily, Start: newYork(t, "1998-07-15 16:00:00"), End: newYork(t, "1998-07-17 16:00:00")})
	if len(wm) != 2 { // one as UW, one as WMI
		t.Errorf("WM around its rename: %v", wm)
	}
	fox := mustBars(t, f, market.BarRequest{Symbol: "TFCFA", Resolution: market.Daily})
	if len(fox) != 4 || fox[1].Close.String() != "32.5100" && fox[1].Close.Sign() <= 0 {
		t.Errorf("TFCFA under NWSA and FOXA: %v", fox)
	}
	old := mustBars(t, f, market.BarRequest{Symbol: "AAA.1", Resolution: market.Daily})
	present := mustBars(t, f, market.BarRequest{Symbol: "AAA", Resolution: market.Daily})
	if last := old[len(old)-1].End; last.Year() != 2007 || present[0].Start.Year() != 2020 {
		t.Errorf("two companies called AAA: until %v, from %v", last, present[0].Start)
	}
}

// TestDataHash: the same reads give the same hash, and other data another.
func TestDataHash(t *testing.T) {
	hash := func(days ...int) string {
		f := realFolder(t)
		f.Track()
		s := f.Source()
		for _, d := range days {
			if _, err := s.Rows(algo.RowQuery{Kind: algo.Equity, Market: "usa", Ticker: "SPY", Resolution: algo.Minute, Date: ymd(2013, 10, d)}); err != nil {
				t.Fatal(err)
			}
		}
		h, err := s.DataHash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if a, b, c := hash(7, 8), hash(8, 7), hash(7); len(a) != 64 || a != b || a == c {
		t.Errorf("got %s, %s, %s", a, b, c)
	}
	if h, err := realFolder(t).Source().DataHash(); h != "" || err != nil {
		t.Errorf("nothing is tracked: %q, %v", h, err)
	}
}
