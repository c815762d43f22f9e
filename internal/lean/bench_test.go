package lean

import (
	"context"
	"testing"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// minuteFolder is a folder with days of minute bars, and what asks for them.
func minuteFolder(b testing.TB) (*Folder, []algo.RowQuery) {
	b.Helper()
	f, err := Create(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	cal, err := f.hours.calendar(market.Equity, "usa", "SPY")
	if err != nil {
		b.Fatal(err)
	}
	inst := share("SPY")
	var bars []market.Bar
	var queries []algo.RowQuery
	for d := ymd(2024, 3, 4); d.Before(ymd(2024, 3, 30)); d = d.AddDays(1) {
		opens, closes, ok := cal.Session(d)
		if !ok {
			continue
		}
		for at := opens; at.Before(closes); at = at.Add(time.Minute) {
			p := num.New(5_000_000+int64(len(bars)%977)*100, 4)
			bars = append(bars, market.Bar{Start: at, End: at.Add(time.Minute), Open: p, High: p, Low: p, Close: p, Volume: num.FromInt(int64(1_000 + len(bars)%5_003))})
		}
		queries = append(queries, algo.RowQuery{Kind: algo.Equity, Market: "usa", Ticker: "SPY", Resolution: algo.Minute, Date: d})
	}
	if err := f.WriteBars(context.Background(), inst, market.Minute, bars); err != nil {
		b.Fatal(err)
	}
	return f, queries
}

// BenchmarkMinuteRows reads and decodes zips of minute bars.
func BenchmarkMinuteRows(b *testing.B) {
	f, queries := minuteFolder(b)
	rows := 0
	for b.Loop() {
		s := f.Source()
		for _, q := range queries {
			got, err := s.Rows(q)
			if err != nil || got == nil {
				b.Fatal(got, err)
			}
			rows += len(got.Trades)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkMinuteRowsKept takes rows that were decoded before from disk.
func BenchmarkMinuteRowsKept(b *testing.B) {
	f, queries := minuteFolder(b)
	dir, err := KeptDir(b.TempDir(), f.Dir())
	if err != nil {
		b.Fatal(err)
	}
	k := NewKeeper(f, dir, 1<<30)
	for _, q := range queries {
		k.keep(q, false)
	}
	rows := 0
	for b.Loop() {
		s := f.Source()
		s.UseKept(dir, func(q algo.RowQuery) { b.Fatal(q) })
		for _, q := range queries {
			got, err := s.Rows(q)
			if err != nil || got == nil {
				b.Fatal(got, err)
			}
			rows += len(got.Trades)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkMinuteRowsCached reads every row of days that were decoded before.
func BenchmarkMinuteRowsCached(b *testing.B) {
	f, queries := minuteFolder(b)
	s := f.Source()
	rows, sum := 0, int64(0)
	for b.Loop() {
		for _, q := range queries {
			got, err := s.Rows(q)
			if err != nil || got == nil {
				b.Fatal(got, err)
			}
			for i := range got.Trades {
				sum += got.Trades[i].At
			}
			rows += len(got.Trades)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	if sum == 0 {
		b.Fatal("no row has a time")
	}
}
