package sim

import (
	"math"
	"testing"

	"quantdesk/internal/market"
)

// TestBooksArePointInTime: nothing is visible before its publication, 80 to 95
// days after the year's end, and it changes on those days only.
func TestBooksArePointInTime(t *testing.T) {
	m := New(Config{})
	for _, symbol := range []string{"AAPL", "KO", "MS", "PYPL", "NVDA", "JPM", "EA"} {
		s := m.find(symbol).spec
		var before string
		changes := 0
		for d := beginning; d.Before(date(2022, 1, 1)); d = d.AddDays(1) {
			v, told, ok := m.BookEquity(symbol, d)
			if !ok {
				if before != "" {
					t.Fatalf("%s: nothing on %s", symbol, d)
				}
				continue
			}
			if told.After(d) || v.Sign() <= 0 {
				t.Fatalf("%s on %s: %s published %s", symbol, d, v, told)
			}
			year := told.Year
			ends, same := s.fiscalYear(year)
			if same != told {
				year--
				ends, same = s.fiscalYear(year)
			}
			if late := told.Days() - ends.Days(); same != told || late < 80 || late > 95 {
				t.Fatalf("%s: year to %s published %s", symbol, ends, told)
			}
			if now := v.String() + told.String(); now != before {
				if before != "" && told != d {
					t.Fatalf("%s: changed on %s, published %s", symbol, d, told)
				}
				before = now
				changes++
			}
		}
		if want := 12; symbol != "PYPL" && (changes < want || changes > want+1) {
			t.Errorf("%s: %d books in 12 years", symbol, changes)
		}
	}
	if _, _, ok := m.BookEquity("SPY", today); ok {
		t.Error("a fund has books")
	}
}

func TestMarketCap(t *testing.T) {
	m := New(Config{})
	cap1, ok := m.MarketCap("AAPL", beginning)
	if !ok || math.Abs(cap1.Float64()/194e9-1) > .1 {
		t.Errorf("AAPL begins at %s, %v", cap1, ok)
	}
	friday, _ := m.MarketCap("KO", date(2021, 3, 12))
	if sunday, _ := m.MarketCap("KO", date(2021, 3, 14)); !sunday.Equal(friday) {
		t.Error("Sunday's is not Friday's")
	}
	// A split leaves the worth of the company alone.
	for _, in := range m.Universe() {
		acts, _ := m.Actions(in.Symbol, market.Date{}, today)
		for _, a := range acts {
			if a.Kind != market.Split || in.ETF {
				continue
			}
			x, _ := m.MarketCap(in.Symbol, a.Date.AddDays(-1))
			y, _ := m.MarketCap(in.Symbol, a.Date)
			if r := y.Float64() / x.Float64(); r < .75 || r > 1.3 {
				t.Errorf("%s: worth times %v over a split", in.Symbol, r)
			}
		}
	}
	for _, tt := range []struct {
		symbol string
		d      market.Date
	}{{"PYPL", date(2015, 7, 17)}, {"CELG", date(2019, 11, 21)}, {"SPY", today}, {"NOPE", today}, {"KO", date(2009, 12, 31)}} {
		if v, ok := m.MarketCap(tt.symbol, tt.d); ok {
			t.Errorf("%s on %s: %s", tt.symbol, tt.d, v)
		}
	}
}

func TestConstituents(t *testing.T) {
	m := New(Config{})
	names := func(etf string, d market.Date) map[string]float64 {
		list, ok := m.Constituents(etf, d)
		if !ok || len(list) == 0 {
			t.Fatalf("%s on %s: none", etf, d)
		}
		out := map[string]float64{}
		sum := 0.0
		for i, w := range list {
			if out[w.Symbol] = w.Weight; w.Weight <= 0 || i > 0 && w.Weight > list[i-1].Weight {
				t.Errorf("%s: weight of %s", etf, w.Symbol)
			}
			sum += w.Weight
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: weights add up to %v", etf, sum)
		}
		return out
	}
	first, last := names("spy", date(2010, 1, 4)), names("SPY", today)
	left, joined := 0, 0
	for s := range first {
		if last[s] == 0 {
			left++
		}
	}
	for s := range last {
		if first[s] == 0 {
			joined++
		}
	}
	if len(first) != 100 || len(last) != 100 || left < 10 || joined < 10 {
		t.Errorf("SPY: %d and %d names, %d left and %d joined", len(first), len(last), left, joined)
	}
	if names("VTI", date(2019, 11, 20))["CELG"] == 0 || names("VTI", date(2019, 11, 21))["CELG"] != 0 {
		t.Error("CELG does not leave when it is delisted")
	}
	if names("VTI", date(2015, 8, 1))["PYPL"] != 0 || names("VTI", date(2015, 10, 1))["PYPL"] == 0 {
		t.Error("PYPL does not join in the quarter after its listing")
	}
	for s := range names("QQQ", today) {
		if sec := m.Sector(s); sec != "Information Technology" && sec != "Communication Services" && sec != "Consumer Discretionary" {
			t.Errorf("QQQ holds %s of %s", s, sec)
		}
	}
	for _, s := range []string{"EEM", "TLT", "AAPL", ""} {
		if _, ok := m.Constituents(s, today); ok {
			t.Errorf("%q has constituents", s)
		}
	}
	if _, ok := m.Constituents("SPY", date(2009, 1, 1)); ok {
		t.Error("constituents before the beginning")
	}
}
