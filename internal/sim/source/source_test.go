package source

import (
	"testing"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

func TestRows(t *testing.T) {
	s := New(42)
	day := market.Date{Year: 2020, Month: time.March, Day: 10}
	minutes, err := s.Rows(algo.RowQuery{Kind: algo.Equity, Market: "usa", Ticker: "SPY", Resolution: algo.Minute, Date: day})
	if err != nil || minutes == nil || len(minutes.Trades) < 390 {
		t.Fatalf("got %v, %v", minutes, err)
	}
	daily, err := s.Rows(algo.RowQuery{Kind: algo.Equity, Market: "usa", Ticker: "spy", Resolution: algo.Daily})
	if err != nil {
		t.Fatal(err)
	}
	// The day's close is that of the minute which ends at 16:00.
	var closing, ofDay num.Decimal
	for _, m := range minutes.Trades {
		if m.At == algo.Wall(day)+int64(15*time.Hour+59*time.Minute) {
			closing = m.C
		}
		if m.At < algo.Wall(day) || m.At >= algo.Wall(day.AddDays(1)) {
			t.Fatalf("a minute of another day: %d", m.At)
		}
	}
	for i, d := range daily.Trades {
		if d.At == algo.Wall(day) {
			ofDay = d.C
		}
		if i > 0 && d.At <= daily.Trades[i-1].At {
			t.Fatal("days out of order")
		}
	}
	if closing.IsZero() || !closing.Equal(ofDay) {
		t.Errorf("the last minute closes at %s, the day at %s", closing, ofDay)
	}
	if none, err := s.Rows(algo.RowQuery{Kind: algo.Equity, Ticker: "NOSUCH", Resolution: algo.Daily}); none != nil || err != nil {
		t.Errorf("an unknown ticker: %v, %v", none, err)
	}
	quotes, err := s.Rows(algo.RowQuery{Kind: algo.Forex, Ticker: "EURUSD", Resolution: algo.Minute, Quote: true, Date: day})
	if err != nil || len(quotes.Quotes) == 0 || quotes.Quotes[0].Ask.C.Less(quotes.Quotes[0].Bid.C) {
		t.Errorf("got %v, %v", quotes, err)
	}
}

// TestFactors: prices that are adjusted have no gap where a dividend is paid.
func TestFactors(t *testing.T) {
	s := New(42)
	rows, err := s.Factors(algo.Equity, "usa", "AAPL")
	if err != nil || len(rows) < 20 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		if !a.Date.Before(b.Date) || b.Price.Less(a.Price) || a.Reference.IsZero() {
			t.Fatalf("row %d: %+v before %+v", i, a, b)
		}
	}
	if end := rows[len(rows)-1]; !end.Price.Equal(num.One) || !end.Split.Equal(num.One) {
		t.Errorf("the last row is %+v", end)
	}
}

func TestConventions(t *testing.T) {
	s := New(42)
	p, ok, err := s.Properties(algo.Equity, "usa", "SPY")
	if err != nil || !ok || p.Quote != "USD" || p.Tick.Sign() <= 0 || !p.Magnifier.Equal(num.One) {
		t.Errorf("got %+v, %v, %v", p, ok, err)
	}
	if _, ok, _ := s.Properties(algo.Equity, "usa", "NOSUCH"); ok {
		t.Error("an unknown ticker has properties")
	}
	c, err := s.Calendar(algo.Equity, "usa", "SPY")
	if err != nil || c.AlwaysOpen || len(c.Week[time.Sunday]) != 0 || len(c.Week[time.Monday]) != 3 {
		t.Errorf("got %+v, %v", c, err)
	}
	if h, _ := s.DataHash(); h != "sim-42" {
		t.Errorf("got %q", h)
	}
}
