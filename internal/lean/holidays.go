package lean

import (
	"fmt"
	"time"

	"quantdesk/internal/market"
)

// The years a new folder's calendar spans.
const firstYear, lastYear = 1998, 2040

// unplanned are the New York Stock Exchange's closures by event: 11 September
// 2001, days of mourning, and the hurricane of 2012.
var unplanned = []market.Date{
	{Year: 2001, Month: 9, Day: 11}, {Year: 2001, Month: 9, Day: 12}, {Year: 2001, Month: 9, Day: 13}, {Year: 2001, Month: 9, Day: 14},
	{Year: 2004, Month: 6, Day: 11}, {Year: 2007, Month: 1, Day: 2}, {Year: 2012, Month: 10, Day: 29}, {Year: 2012, Month: 10, Day: 30},
	{Year: 2018, Month: 12, Day: 5}, {Year: 2025, Month: 1, Day: 9},
}

func usDate(d market.Date) string { return fmt.Sprintf("%d/%d/%d", int(d.Month), d.Day, d.Year) }

// nyseHolidays are the exchange's full closures by its rule 7.2.
func nyseHolidays() []string {
	var out []string
	for _, d := range unplanned {
		out = append(out, usDate(d))
	}
	for y := firstYear; y <= lastYear; y++ {
		// The last Monday of May is a week before the first of June.
		days := []market.Date{
			nth(y, time.January, time.Monday, 3), nth(y, time.February, time.Monday, 3), easter(y).AddDays(-2),
			nth(y, time.June, time.Monday, 1).AddDays(-7), nth(y, time.September, time.Monday, 1),
			nth(y, time.November, time.Thursday, 4),
			observed(market.Date{Year: y, Month: time.July, Day: 4}), observed(market.Date{Year: y, Month: time.December, Day: 25}),
		}
		if newYear := (market.Date{Year: y, Month: time.January, Day: 1}); newYear.Weekday() != time.Saturday {
			// On a Saturday it is not kept: the year's last day closes the books.
			days = append(days, observed(newYear))
		}
		if y >= 2022 {
			days = append(days, observed(market.Date{Year: y, Month: time.June, Day: 19}))
		}
		for _, d := range days {
			out = append(out, usDate(d))
		}
	}
	return out
}

// nyseEarlyCloses are the days that end at 13:00: around Independence Day, the
// day after Thanksgiving and Christmas Eve.
func nyseEarlyCloses() map[string]string {
	closed := map[string]bool{}
	for _, d := range nyseHolidays() {
		closed[d] = true
	}
	// Two that the rule does not give, and the one the first replaced.
	out := map[string]string{"7/5/2002": "13:00:00", "12/26/2003": "13:00:00"}
	closed["7/3/2002"] = true
	for y := firstYear; y <= lastYear; y++ {
		for _, d := range []market.Date{
			{Year: y, Month: time.July, Day: 3}, nth(y, time.November, time.Thursday, 4).AddDays(1),
			{Year: y, Month: time.December, Day: 24},
		} {
			weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
			if !weekend && !closed[usDate(d)] {
				out[usDate(d)] = "13:00:00"
			}
		}
	}
	return out
}

// nth is the n-th such weekday of a month.
func nth(year int, month time.Month, day time.Weekday, n int) market.Date {
	first := market.Date{Year: year, Month: month, Day: 1}
	return first.AddDays((int(day)-int(first.Weekday())+7)%7 + 7*(n-1))
}

// observed moves a holiday off the weekend.
func observed(d market.Date) market.Date {
	switch d.Weekday() {
	case time.Saturday:
		return d.AddDays(-1)
	case time.Sunday:
		return d.AddDays(1)
	}
	return d
}

// easter is Easter Sunday by the anonymous Gregorian computus.
func easter(y int) market.Date {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return market.Date{Year: y, Month: time.Month(month), Day: (h + l - 7*m + 33*month + 19) % 32}
}
