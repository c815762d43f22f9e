package lean

import (
	"context"
	"slices"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

func TestRealIntraday(t *testing.T) {
	f := realFolder(t)
	day := market.BarRequest{Symbol: "SPY", Resolution: market.Minute, Start: newYork(t, "2013-10-07 00:00:00"), End: newYork(t, "2013-10-08 00:00:00")}
	minutes := mustBars(t, f, day)
	if len(minutes) != 390 || !minutes[0].Start.Equal(newYork(t, "2013-10-07 09:30:00")) {
		t.Errorf("%d regular minutes", len(minutes))
	}
	day.Extended = true
	if all := mustBars(t, f, day); len(all) != 828 {
		t.Errorf("%d minutes with extended hours", len(all))
	}
	day.Extended = false
	day.Resolution = market.Resolution{N: 5, Unit: market.UnitMinute}
	fives := mustBars(t, f, day)
	if len(fives) != 78 || !fives[0].Open.Equal(minutes[0].Open) || !fives[0].Close.Equal(minutes[4].Close) {
		t.Errorf("%d bars of five minutes", len(fives))
	}
	day.End = newYork(t, "2013-10-07 10:03:00") // 10:00 to 10:05 is still running
	if fives = mustBars(t, f, day); len(fives) != 6 || !fives[5].End.Equal(newYork(t, "2013-10-07 10:00:00")) {
		t.Errorf("%d bars of five minutes by 10:03", len(fives))
	}
	day.Start = newYork(t, "2013-10-07 09:33:00") // and the first is whole
	if fives = mustBars(t, f, day); len(fives) != 6 || !fives[0].Open.Equal(minutes[0].Open) {
		t.Errorf("%d bars of five minutes from 09:33", len(fives))
	}
	last := mustBars(t, f, market.BarRequest{Symbol: "SPY", Resolution: market.Minute, End: newYork(t, "2013-10-08 09:31:00"), Last: 3})
	if len(last) != 3 || !last[2].Start.Equal(newYork(t, "2013-10-08 09:30:00")) || !last[0].Start.Equal(newYork(t, "2013-10-07 15:58:00")) {
		t.Errorf("the last three: %v", last)
	}
	hours := mustBars(t, f, market.BarRequest{Symbol: "SPY", Resolution: market.Hour, Start: newYork(t, "2013-10-07 00:00:00"), End: newYork(t, "2013-10-08 00:00:00")})
	if len(hours) != 7 || !hours[0].Start.Equal(newYork(t, "2013-10-07 09:00:00")) || !hours[0].End.Equal(newYork(t, "2013-10-07 10:00:00")) {
		t.Errorf("hours: %v", hours)
	}
	fours := mustBars(t, f, market.BarRequest{Symbol: "SPY", Resolution: market.Resolution{N: 4, Unit: market.UnitHour}, Start: newYork(t, "2013-10-07 00:00:00"), End: newYork(t, "2013-10-07 16:00:00")})
	if len(fours) != 2 || !fours[0].Volume.Equal(num.Sum(hours[0].Volume, hours[1].Volume, hours[2].Volume)) {
		t.Errorf("four hours: %v", fours)
	}
}

func TestRealDerived(t *testing.T) {
	f := realFolder(t)
	// TWX has minutes only; ETHUSD too, and never closes.
	daily := mustBars(t, f, market.BarRequest{Symbol: "TWX", Resolution: market.Daily, End: newYork(t, "2014-06-09 15:00:00")})
	if len(daily) != 2 || !daily[0].Start.Equal(newYork(t, "2014-06-05 09:30:00")) || !daily[0].End.Equal(newYork(t, "2014-06-05 16:00:00")) {
		t.Errorf("TWX days: %v", daily)
	}
	hours := mustBars(t, f, market.BarRequest{Symbol: "TWX", Resolution: market.Hour, End: newYork(t, "2014-06-05 16:00:00")})
	if len(hours) != 7 || !hours[0].Start.Equal(newYork(t, "2014-06-05 09:00:00")) || !hours[0].Open.Equal(daily[0].Open) || !hours[6].Close.Equal(daily[0].Close) {
		t.Errorf("TWX hours: %v", hours)
	}
	eth := mustBars(t, f, market.BarRequest{Symbol: "ETHUSD", Resolution: market.Daily, Last: 2})
	if len(eth) != 2 || eth[0].End.Sub(eth[0].Start) != 24*time.Hour {
		t.Errorf("ETHUSD days: %v", eth)
	}
	if _, err := f.Bars(context.Background(), market.BarRequest{Symbol: "NDX", Resolution: market.Minute}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("minutes where only hours are stored: %v", err)
	}
	hk := mustBars(t, f, market.BarRequest{Symbol: "hkfe:HSI", Resolution: market.Daily})
	if len(hk) == 0 || hk[0].End.Sub(hk[0].Start) != 6*time.Hour+30*time.Minute {
		t.Errorf("HSI days: %v", hk)
	}
}

func TestRealWeeks(t *testing.T) {
	if date(t, "2013-10-07").Days() == date(t, "2014-10-07").Days() {
		t.Skip("market.Date.Days does not count beyond the year 293, so market.Aggregate cannot tell weeks apart")
	}
	f := realFolder(t)
	req := market.BarRequest{Symbol: "SPY", Resolution: market.Resolution{N: 1, Unit: market.UnitWeek}, Start: newYork(t, "2013-09-27 16:00:00"), End: newYork(t, "2013-10-10 16:00:00")}
	got := mustBars(t, f, req)
	if len(got) != 1 || !got[0].Start.Equal(newYork(t, "2013-09-30 09:30:00")) || !got[0].End.Equal(newYork(t, "2013-10-04 16:00:00")) {
		t.Errorf("weeks by Thursday: %v", got)
	}
	req.End = newYork(t, "2013-10-11 16:00:00")
	if got = mustBars(t, f, req); len(got) != 2 {
		t.Errorf("weeks by Friday's close: %v", got)
	}
}

func TestRealLastSession(t *testing.T) {
	f := realFolder(t)
	got, err := f.LastSession(context.Background())
	if err != nil || got != date(t, "2023-08-03") {
		t.Errorf("LastSession = %v, %v", got, err)
	}
	days, err := f.Sessions(context.Background(), "SPY")
	if err != nil || len(days) != 7 || days[0] != date(t, "2013-10-04") || days[6] != date(t, "2023-08-03") {
		t.Errorf("Sessions = %v, %v", days, err)
	}
	fox, err := f.Sessions(context.Background(), "TFCFA")
	if err != nil || len(fox) != 4 {
		t.Errorf("TFCFA's sessions = %v, %v", fox, err)
	}
}

func TestRealBulkReadsTheSame(t *testing.T) {
	f := realFolder(t)
	all := mustBars(t, f, market.BarRequest{Symbol: "SPY", Resolution: market.Minute, Extended: true})
	var days []market.Bar
	dates, err := f.Sessions(context.Background(), "SPY")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dates {
		req := market.BarRequest{Symbol: "SPY", Resolution: market.Minute, Extended: true}
		req.Start = newYork(t, d.String()+" 00:00:00")
		req.End = req.Start.Add(24 * time.Hour)
		days = append(days, mustBars(t, f, req)...)
	}
	if len(all) != 5786 || !slices.Equal(all, days) {
		t.Errorf("%d minutes at once, %d by day", len(all), len(days))
	}
	// Minutes outside regular hours do not enter a day made of them.
	req := market.BarRequest{Symbol: "TWX", Resolution: market.Daily, Last: 1}
	plain := mustBars(t, f, req)
	req.Extended = true
	if !slices.Equal(plain, mustBars(t, f, req)) {
		t.Error("extended hours changed a daily bar")
	}
}
