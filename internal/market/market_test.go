package market

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/num"
)

func newYork(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// exchange is a weekday market with a holiday and an early close.
func exchange(t *testing.T) *Calendar {
	c := &Calendar{
		Zone:     newYork(t),
		Holidays: map[Date]bool{{2013, time.November, 28}: true}, EarlyCloses: map[Date]time.Duration{{2013, time.November, 29}: 13 * time.Hour},
		LateOpens: map[Date]time.Duration{{2013, time.December, 2}: 11 * time.Hour},
	}
	for d := time.Monday; d <= time.Friday; d++ {
		c.Week[d] = []Segment{{4 * time.Hour, 9*time.Hour + 30*time.Minute, PreMarket}, {9*time.Hour + 30*time.Minute, 16 * time.Hour, Open}, {16 * time.Hour, 20 * time.Hour, PostMarket}}
	}
	return c
}

func TestCalendarStates(t *testing.T) {
	c := exchange(t)
	for _, x := range []struct {
		at       string
		want     SessionState
		extended bool
	}{
		{"2013-10-11T09:29:59", PreMarket, true},
		{"2013-10-11T09:30:00", Open, true},
		{"2013-10-11T15:59:59", Open, true},
		{"2013-10-11T16:00:00", PostMarket, true},
		{"2013-10-11T20:00:00", Closed, false},
		{"2013-10-12T12:00:00", Closed, false}, // Saturday
		{"2013-11-28T12:00:00", Closed, false}, // holiday
		{"2013-11-29T12:59:59", Open, true},
		{"2013-11-29T13:00:00", Closed, false}, // early close cuts post-market too
		{"2013-12-02T10:00:00", Closed, false}, // late open
		{"2013-12-02T11:00:00", Open, true},
		{"2013-11-04T09:30:00", Open, true}, // the Monday after the clocks went back
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", x.at, c.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.State(at.UTC()); got != x.want {
			t.Errorf("%s: %s, want %s", x.at, got, x.want)
		}
		if got := c.IsOpen(at, true); got != x.extended {
			t.Errorf("%s: open with extended hours %v, want %v", x.at, got, x.extended)
		}
	}
}

func TestCalendarNext(t *testing.T) {
	c := exchange(t)
	thanksgivingEve := time.Date(2013, 11, 27, 16, 0, 0, 0, c.Zone)
	if got, ok := c.NextOpen(thanksgivingEve); !ok || !got.Equal(time.Date(2013, 11, 29, 9, 30, 0, 0, c.Zone)) {
		t.Errorf("next open after the eve of a holiday: %s %v", got, ok)
	}
	if got, ok := c.NextClose(thanksgivingEve); !ok || !got.Equal(time.Date(2013, 11, 29, 13, 0, 0, 0, c.Zone)) {
		t.Errorf("next close after the eve of a holiday: %s %v", got, ok)
	}
	if _, ok := (&Calendar{}).NextOpen(thanksgivingEve); ok {
		t.Error("a market that never opens has a next open")
	}
}

func TestSessionDateOfAnAlwaysOpenMarket(t *testing.T) {
	c := &Calendar{Zone: newYork(t), AlwaysOpen: true, DayEnds: 16 * time.Hour}
	for at, want := range map[time.Time]Date{
		time.Date(2024, 5, 1, 15, 59, 0, 0, c.Zone): {2024, time.May, 1},
		time.Date(2024, 5, 1, 16, 0, 0, 0, c.Zone):  {2024, time.May, 2},
		time.Date(2024, 5, 3, 16, 0, 0, 0, c.Zone):  {2024, time.May, 6}, // Friday's close begins Monday
		time.Date(2024, 5, 5, 3, 0, 0, 0, c.Zone):   {2024, time.May, 6},
	} {
		if got := c.SessionDate(at); got != want {
			t.Errorf("%s belongs to %s, want %s", at, got, want)
		}
	}
}

func TestParseResolution(t *testing.T) {
	for text, want := range map[string]string{
		"minute": "1m", "Daily": "1d", "5m": "5m", "15min": "15m", "1 hour": "1h", "4h": "4h", "30 minutes": "30m", "1s": "1s", "10s": "10s", "weekly": "1w", "2w": "2w", "3d": "3d",
	} {
		got, err := ParseResolution(text)
		if err != nil || got.String() != want {
			t.Errorf("%q: %s %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0m", "-5m", "5", "m", "5x", "99999m", "five minutes", "1.5h"} {
		if got, err := ParseResolution(text); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}

// bar makes one from four prices.
func bar(start time.Time, span time.Duration, o, h, l, c, v int64) Bar {
	return Bar{start, start.Add(span), num.FromInt(o), num.FromInt(h), num.FromInt(l), num.FromInt(c), num.FromInt(v)}
}

func TestAggregate(t *testing.T) {
	open := time.Date(2013, 10, 11, 13, 30, 0, 0, time.UTC)
	minutes := []Bar{
		bar(open, time.Minute, 10, 12, 9, 11, 100),
		bar(open.Add(time.Minute), time.Minute, 11, 15, 11, 14, 50),
		bar(open.Add(4*time.Minute), time.Minute, 14, 14, 8, 9, 25), // a gap before it
		bar(open.Add(5*time.Minute), time.Minute, 9, 10, 9, 10, 5),
	}
	got := Aggregate(minutes, Resolution{5, UnitMinute}, newYork(t))
	want := []Bar{bar(open, 5*time.Minute, 10, 15, 8, 9, 175), bar(open.Add(5*time.Minute), time.Minute, 9, 10, 9, 10, 5)}
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b num.Decimal) bool { return a.Equal(b) })); d != "" {
		t.Error(d)
	}
	if minutes[0].High.Cmp(num.FromInt(12)) != 0 {
		t.Error("the input was changed")
	}
}

func TestAggregateDaysAndWeeks(t *testing.T) {
	loc := newYork(t)
	var days []Bar
	for _, d := range []int{7, 8, 9, 10, 11, 14, 15} { // Monday 7 to Tuesday 15 October 2013
		days = append(days, bar(time.Date(2013, 10, d, 9, 30, 0, 0, loc), 390*time.Minute, 1, 2, 1, int64(d), 10))
	}
	weeks := Aggregate(days, Resolution{1, UnitWeek}, loc)
	if len(weeks) != 2 || weeks[0].Close.Cmp(num.FromInt(11)) != 0 || weeks[0].Volume.Cmp(num.FromInt(50)) != 0 {
		t.Errorf("weeks: %+v", weeks)
	}
	three := Aggregate(days, Resolution{3, UnitDay}, loc)
	if len(three) != 3 || three[2].Volume.Cmp(num.FromInt(30)) != 0 || three[0].Volume.Cmp(num.FromInt(10)) != 0 {
		t.Errorf("three-day bars, counted back from the newest: %+v", three)
	}
	// A market whose day begins the afternoon before: Monday's stays in its week.
	monday := bar(time.Date(2024, 5, 3, 16, 0, 0, 0, loc), 72*time.Hour, 1, 1, 1, 1, 1)
	tuesday := bar(time.Date(2024, 5, 6, 16, 0, 0, 0, loc), 24*time.Hour, 1, 1, 1, 2, 1)
	if got := Aggregate([]Bar{monday, tuesday}, Resolution{1, UnitWeek}, loc); len(got) != 1 {
		t.Errorf("Monday and Tuesday fall into %d weeks", len(got))
	}
}

func TestInstrumentRules(t *testing.T) {
	in := Instrument{Symbol: "ACME", Tick: num.MustParse("0.05"), Lot: num.FromInt(10), MinQuantity: num.FromInt(20), Multiplier: num.FromInt(2)}
	for price, ok := range map[string]bool{"10.05": true, "10.06": false, "0": false, "-1": false} {
		if err := in.CheckPrice("limit_price", num.MustParse(price)); (err == nil) != ok {
			t.Errorf("price %s: %v", price, err)
		}
	}
	for quantity, ok := range map[string]bool{"20": true, "30": true, "25": false, "10": false, "0": false, "-20": false} {
		if err := in.CheckQuantity(num.MustParse(quantity)); (err == nil) != ok {
			t.Errorf("quantity %s: %v", quantity, err)
		}
	}
	if got := in.Notional(num.MustParse("10.5"), num.FromInt(20)); !got.Equal(num.FromInt(420)) {
		t.Errorf("notional %s", got)
	}
	if got := in.RoundQuantity(num.MustParse("39.9")); !got.Equal(num.FromInt(30)) {
		t.Errorf("rounded to %s", got)
	}
	if got := in.RoundPrice(num.MustParse("10.07")); !got.Equal(num.MustParse("10.05")) {
		t.Errorf("rounded to %s", got)
	}
}

func TestSelectRanks(t *testing.T) {
	all := []Instrument{{Symbol: "AA", Name: "Alcoa"}, {Symbol: "A", Name: "Agilent"}, {Symbol: "BAA", Name: "Something"}, {Symbol: "X", Name: "AA Holdings"}, {Symbol: "Z"}}
	var got []string
	for _, i := range Select(all, Query{Text: " aa "}) {
		got = append(got, i.Symbol)
	}
	if d := cmp.Diff([]string{"AA", "X", "BAA"}, got); d != "" {
		t.Error(d)
	}
}

func TestDateDays(t *testing.T) {
	for d, want := range map[Date]time.Weekday{{1, time.January, 1}: time.Monday, {2013, time.October, 11}: time.Friday, {2100, time.February, 28}: time.Sunday} {
		if got := time.Weekday((d.Days() + 1) % 7); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	var d Date
	if err := d.UnmarshalText([]byte("20131011")); err != nil || d != (Date{2013, time.October, 11}) {
		t.Errorf("%v %v", d, err)
	}
	if err := d.UnmarshalText([]byte("11/10/2013")); err == nil {
		t.Error("an ambiguous date was read")
	}
}
