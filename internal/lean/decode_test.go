package lean

import (
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

func minuteDecoder(kind tick, scaled bool) *decoder {
	day := market.Date{Year: 2024, Month: 3, Day: 8}
	return &decoder{file: "x.zip", kind: kind, scaled: scaled, rowTime: sinceMidnight(day, time.UTC, time.Minute)}
}

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "1": "1", "-1.50": "-1.50", "123456789012345": "123456789012345", "0.00000001": "0.00000001", ".5": "0.5", "5.": "5",
		"24.568570729999998": "24.568570729999998", "1E5": "100000", "0.12345678901234567890": "0.12345678901234567890",
	} {
		got, ok := parseDecimal([]byte(text))
		if !ok || got.String() != want {
			t.Errorf("%q = %s, %v, want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", ".", "1.2.3", "x", "1x", " 1", "NaN", "1e300", "1000000000000000", "-1e15", strings.Repeat("1", 100)} {
		if got, ok := parseDecimal([]byte(text)); ok {
			t.Errorf("%q = %s", text, got)
		}
	}
	if p, ok := parsePrice([]byte("1234567.5"), true); !ok || p.String() != "123.45675" {
		t.Errorf("a fraction of a ten-thousandth: %s, %v", p, ok)
	}
}

func TestDecodeLines(t *testing.T) {
	for text, want := range map[string]string{
		"60000,1,2,1,1,5":            "",
		"60000,1,2,1,1,5\r\n\r\n":    "",
		"0,1,1,1,1,1\nx,1,1,1,1,1":   "line 2: the time is not understood",
		"86400000,1,1,1,1,1":         "line 1: the time",
		"-1,1,1,1,1,1":               "line 1: the time",
		"0,1,1,1,1":                  "line 1: columns are missing",
		"0,1,1,1":                    "line 1: columns are missing",
		"0,1,1,,1,1":                 "line 1: a price is not a number",
		"0,1,1,1,1,":                 "line 1: the volume is not a number",
		"\n\n0,1,1,1,1,1\n1,1,1,1,1": "line 4: columns",
		"\x00\xff":                   "line 1: the time",
	} {
		_, err := minuteDecoder(trade, true).decode([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	got, err := minuteDecoder(trade, false).decode([]byte("120000,3,3,3,3,1\n0,1,1,1,1,1\n0,2,2,2,2,1\n"))
	if err != nil || len(got.trades) != 2 || got.trades[0].open.String() != "2" || got.trades[1].open.String() != "3" {
		t.Errorf("out of order with a duplicate: %+v, %v", got, err)
	}
}

func TestWallClockDays(t *testing.T) {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	// The clocks went forward at 02:00 on 2024-03-10.
	at := sinceMidnight(market.Date{Year: 2024, Month: 3, Day: 10}, loc, time.Minute)
	start, end, ok := at([]byte("34200000"))
	if want := newYork(t, "2024-03-10 09:30:00"); !ok || start != want.UnixMilli() || end != start+60_000 {
		t.Errorf("09:30 is %v, want %v", time.UnixMilli(start), want)
	}
	hour := dateAndClock(loc, func(_ market.Date, at int64) (int64, int64) { return at, at + 1 })
	if start, _, ok := hour([]byte("20240310 12:00")); !ok || start != newYork(t, "2024-03-10 12:00:00").UnixMilli() {
		t.Errorf("noon is %v", time.UnixMilli(start))
	}
	for _, bad := range []string{"20240231 00:00", "20241301 00:00", "20240310 24:00", "20240310 00:60", "20240310", "20240310T00:00", ""} {
		if _, _, ok := hour([]byte(bad)); ok {
			t.Errorf("%q was understood", bad)
		}
	}
}

func TestSplitRatio(t *testing.T) {
	for _, c := range [][3]string{
		{"0.03571430", "0.25", "0.1428571428571428571428571429"}, {"0.00892857", "0.01785710", "0.5"}, {"0.18750101", "0.37499504", "0.5"},
		{"80", "1", "80"}, {"0.997307", "1", "0.997307"}, {"0.6666667", "1", "0.6666666666666666666666666667"},
	} {
		if got := splitRatio(num.MustParse(c[0]), num.MustParse(c[1])); got.String() != c[2] {
			t.Errorf("%s over %s = %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestLRU(t *testing.T) {
	c := newLRU[int, string](2)
	put := func(k int, v string, cost int) {
		_, generation, _ := c.get(k)
		c.put(generation, k, v, cost)
	}
	put(1, "a", 1)
	put(2, "b", 1)
	c.get(1)
	put(3, "c", 1)
	if _, _, ok := c.get(2); ok {
		t.Error("the least recently used stayed")
	}
	if v, _, ok := c.get(1); !ok || v != "a" {
		t.Error("a used one went")
	}
	put(4, "d", 100)
	if _, _, ok := c.get(4); !ok || c.order.Len() != 1 {
		t.Error("one over the limit is kept alone")
	}
	_, generation, _ := c.get(5)
	c.clear()
	c.put(generation, 5, "stale", 1)
	if _, _, ok := c.get(5); ok || c.cost != 0 {
		t.Error("what was read before clear was kept")
	}
}

// The decoder never panics, and what it accepts is in order and in range.
func FuzzDecode(f *testing.F) {
	f.Add("14400000,1674100,1674100,1672500,1672700,3197\n14460000,1672500,1672500,1672500,1672500,1150\n", true, true)
	f.Add("14400000,270000,270000,270000,270000,100,,,,,0\n", false, true)
	f.Add("0,1.2277,1.2277,1.2276,1.22762,0,1.22793,1.22794,1.22784,1.22786,0\n", false, false)
	f.Add("0,1e5,-1,.5,99999999999999999999,1\r\n,,,,\n", true, false)
	f.Fuzz(func(t *testing.T, text string, trades, scaled bool) {
		kind := quote
		if trades {
			kind = trade
		}
		got, err := minuteDecoder(kind, scaled).decode([]byte(text))
		if err != nil {
			if fault.CodeOf(err) != fault.Unavailable {
				t.Fatalf("%v", err)
			}
			return
		}
		last := int64(-1)
		for _, r := range got.trades {
			if r.start <= last || r.end <= r.start || !r.close.Abs().Less(maxNumber) || !r.volume.Abs().Less(maxNumber) {
				t.Fatalf("row %+v after %d", r, last)
			}
			last = r.start
		}
		mids(got.quotes)
	})
}

// The CSV row reader never panics and accounts for every row.
func FuzzImportRow(f *testing.F) {
	f.Add("2024-03-08,1,2,1,1.5,10")
	f.Add("\"2024-03-08\";1,5;2;1;1,5;x")
	f.Add("1709908200000\t1\t1\t1\t1\t-0")
	folder := tempFolder(f)
	f.Fuzz(func(t *testing.T, line string) {
		im, err := folder.newImporter("", ImportSpec{Symbol: "T", Resolution: market.Minute})
		if err != nil {
			t.Fatal(err)
		}
		im.cols = positional(6)
		im.row(1, splitCSV(nil, line, delimiter(line)), line)
		accepted := 0
		for _, s := range im.order {
			im.place(s, market.Minute)
			accepted += len(s.rows)
		}
		if im.report.Rows != 1 || accepted+im.report.RejectedTotal != 1 {
			t.Fatalf("%q: %d accepted, %+v", line, accepted, im.report)
		}
	})
}
