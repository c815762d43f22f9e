package lean

import (
	"context"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

func mustQuote(tb testing.TB, f *Folder, symbol string, at time.Time) market.Quote {
	tb.Helper()
	q, err := f.QuoteAt(context.Background(), symbol, at)
	if err != nil {
		tb.Fatal(err)
	}
	if q.Time.After(at) {
		tb.Errorf("the quote of %s is of %s: look-ahead", at, q.Time)
	}
	if q.Source != "lean" {
		tb.Errorf("source %q", q.Source)
	}
	return q
}

func TestRealQuoteAt(t *testing.T) {
	f := realFolder(t)
	// The first pre-market minute ends at 04:01.
	q := mustQuote(t, f, "SPY", newYork(t, "2013-10-07 04:01:00"))
	if q.Feed != market.FeedReplay || !q.Time.Equal(newYork(t, "2013-10-07 04:01:00")) || !q.Open.IsZero() || !q.Volume.IsZero() {
		t.Errorf("pre-market: %+v", q)
	}
	wantDecimal(t, "bid", q.Bid, "167.25")
	wantDecimal(t, "bid size", q.BidSize, "300")
	wantDecimal(t, "ask", q.Ask, "167.27")
	wantDecimal(t, "ask size", q.AskSize, "20000")
	wantDecimal(t, "last", q.Last, "167.27")
	wantDecimal(t, "previous close", q.PrevClose, "168.89")
	if b := mustQuote(t, f, "SPY", newYork(t, "2013-10-07 04:01:59")); b != q {
		t.Errorf("the next minute is known before its end: %+v", b)
	}
	// One nanosecond earlier nothing of the date is known.
	q = mustQuote(t, f, "SPY", newYork(t, "2013-10-07 04:00:59"))
	if q.Feed != market.FeedEOD || !q.Time.Equal(newYork(t, "2013-10-04 16:00:00")) || !q.Bid.IsZero() || !q.Ask.IsZero() {
		t.Errorf("before the first minute: %+v", q)
	}
	wantDecimal(t, "Friday's close", q.Last, "168.89")
	// The session so far is that of its regular minutes.
	at := newYork(t, "2013-10-07 11:17:30")
	q = mustQuote(t, f, "SPY", at)
	minutes := mustBars(t, f, market.BarRequest{Symbol: "SPY", Resolution: market.Minute, Start: newYork(t, "2013-10-07 09:30:00"), End: at})
	high, low, volume := minutes[0].High, minutes[0].Low, num.Zero
	for _, b := range minutes {
		high, low, volume = num.Max(high, b.High), num.Min(low, b.Low), volume.Add(b.Volume)
	}
	if !q.Open.Equal(minutes[0].Open) || !q.High.Equal(high) || !q.Low.Equal(low) || !q.Volume.Equal(volume) || !q.Last.Equal(minutes[len(minutes)-1].Close) {
		t.Errorf("session so far: %+v", q)
	}
	if !q.Time.Equal(newYork(t, "2013-10-07 11:17:00")) || q.Bid.Cmp(q.Ask) > 0 {
		t.Errorf("at 11:17:30: %+v", q)
	}
	evening := mustQuote(t, f, "SPY", newYork(t, "2013-10-07 23:00:00"))
	if evening.Feed != market.FeedReplay || !evening.Time.Equal(newYork(t, "2013-10-07 20:01:00")) {
		t.Errorf("in the evening: %+v", evening)
	}
}

func TestRealQuoteFallbacks(t *testing.T) {
	f := realFolder(t)
	// The previous session of 2023-08-03 is not stored; 2021 is not it.
	q := mustQuote(t, f, "SPY", newYork(t, "2023-08-03 12:00:00"))
	if q.Feed != market.FeedReplay || !q.PrevClose.IsZero() {
		t.Errorf("2023: %+v", q)
	}
	// Later the last minute known beats a daily file that ends in 2021.
	q = mustQuote(t, f, "SPY", newYork(t, "2023-09-01 12:00:00"))
	if q.Feed != market.FeedEOD || !q.Time.Equal(newYork(t, "2023-08-03 16:00:00")) {
		t.Errorf("after the end of the data: %+v", q)
	}
	// A date without minutes: the last hour that had ended.
	q = mustQuote(t, f, "AAPL", newYork(t, "2013-10-08 12:30:00"))
	if q.Feed != market.FeedEOD || !q.Time.Equal(newYork(t, "2013-10-08 12:00:00")) || !q.Bid.IsZero() {
		t.Errorf("hour fallback: %+v", q)
	}
	q = mustQuote(t, f, "QQQ", newYork(t, "2020-06-10 12:30:00"))
	if q.Feed != market.FeedEOD || !q.Time.Equal(newYork(t, "2020-06-09 16:00:00")) || q.PrevClose.IsZero() || q.Open.IsZero() {
		t.Errorf("daily fallback: %+v", q)
	}
	if _, err := f.QuoteAt(context.Background(), "SPY", newYork(t, "1990-01-01 12:00:00")); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("before all data: %v", err)
	}
	// Trades only: half a tick each side.
	q = mustQuote(t, f, "GOOG", newYork(t, "2015-12-23 12:00:00"))
	if q.Feed != market.FeedReplay || !q.Ask.Sub(q.Bid).Equal(num.MustParse("0.01")) || !q.Mid().Equal(q.Last) || q.BidSize.Sign() <= 0 {
		t.Errorf("trades only: %+v", q)
	}
	// An absent side stays empty.
	q = mustQuote(t, f, "TFCFA", newYork(t, "2013-07-01 04:01:00"))
	if q.Bid.IsZero() || !q.Ask.IsZero() || !q.Last.IsZero() {
		t.Errorf("no ask: %+v", q)
	}
}

func TestRealQuoteAroundTheClock(t *testing.T) {
	f := realFolder(t)
	utc := func(s string) time.Time {
		at, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	// At midnight the quote of 23:59 is still the quote; the session is new.
	q := mustQuote(t, f, "BTCUSD", utc("2017-09-04 00:00:30"))
	if q.Feed != market.FeedReplay || !q.Time.Equal(utc("2017-09-04 00:00:00")) || !q.Open.IsZero() || q.Bid.IsZero() {
		t.Errorf("BTCUSD after midnight: %+v", q)
	}
	// Forex sessions begin at midnight in New York, within one UTC file and
	// over two.
	late := mustQuote(t, f, "EURUSD", utc("2014-05-05 23:59:00"))
	next := mustQuote(t, f, "EURUSD", utc("2014-05-06 00:30:00"))
	if late.Feed != market.FeedReplay || next.Feed != market.FeedReplay || !late.Open.Equal(next.Open) || next.High.Less(late.High) {
		t.Errorf("one New York day over two UTC dates: %+v then %+v", late, next)
	}
	fresh := mustQuote(t, f, "EURUSD", utc("2014-05-06 04:01:00"))
	if fresh.Open.Equal(next.Open) || fresh.PrevClose.IsZero() || fresh.Last.IsZero() {
		t.Errorf("a new New York day: %+v", fresh)
	}
	weekend := mustQuote(t, f, "EURUSD", utc("2014-05-10 12:00:00"))
	if weekend.Feed != market.FeedEOD || weekend.Last.IsZero() {
		t.Errorf("on Saturday: %+v", weekend)
	}
}

func TestRealQuoteBars(t *testing.T) {
	f := realFolder(t)
	ctx := context.Background()
	from, to := newYork(t, "2013-10-07 09:30:00"), newYork(t, "2013-10-07 16:00:00")
	bars, err := f.QuoteBars(ctx, "SPY", market.Minute, from, to)
	if err != nil || len(bars) != 390 || bars[0].Bid.Close.Cmp(bars[0].Ask.Close) > 0 || bars[0].BidSize.Sign() <= 0 {
		t.Fatalf("%d quote bars, %v", len(bars), err)
	}
	fives, err := f.QuoteBars(ctx, "SPY", market.Resolution{N: 5, Unit: market.UnitMinute}, from, to.Add(-time.Minute))
	if err != nil || len(fives) != 77 || !fives[0].Ask.Close.Equal(bars[4].Ask.Close) || !fives[0].BidSize.Equal(bars[4].BidSize) {
		t.Errorf("%d bars of five minutes, %v", len(fives), err)
	}
	hours, err := f.QuoteBars(ctx, "EURUSD", market.Hour, time.Time{}, time.Time{})
	if err != nil || len(hours) < 50_000 {
		t.Errorf("%d EURUSD hours, %v", len(hours), err)
	}
	if none, err := f.QuoteBars(ctx, "NDX", market.Hour, from, to); err != nil || len(none) != 0 {
		t.Errorf("NDX has quotes: %v, %v", none, err)
	}
	if _, err := f.QuoteBars(ctx, "SPY", market.Resolution{N: 1, Unit: market.UnitWeek}, from, to); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("weeks: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.QuoteBars(cancelled, "SPY", market.Minute, from, to); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := realFolder(b).Dir()
	for b.Loop() {
		if _, err := Open(dir); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFirstLookup(b *testing.B) {
	dir := realFolder(b).Dir()
	for b.Loop() {
		f, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if _, err = f.Calendar("SPY"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQuoteAt(b *testing.B) {
	f := realFolder(b)
	at := newYork(b, "2013-10-07 12:00:00")
	mustQuote(b, f, "SPY", at)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.QuoteAt(context.Background(), "SPY", at); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeHours(b *testing.B) {
	f := realFolder(b)
	rows := 0
	for b.Loop() {
		f.Refresh()
		bars, err := f.Bars(context.Background(), market.BarRequest{Symbol: "AAPL", Resolution: market.Hour})
		if err != nil {
			b.Fatal(err)
		}
		rows = len(bars)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
