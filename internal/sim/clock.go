package sim

import (
	"time"

	"quantdesk/internal/market"
)

// Times inside the package are Unix seconds and sessions are counted from the
// first. New York's rule since 2007 is written out: daylight saving from the
// second Sunday of March to the first of November, both at 02:00.

const (
	daySeconds = 86400
	// closing is when a session ends, in seconds of the New York day.
	closing = 16 * 3600
	// epochDay is 2010-01-04, a Monday, in days since 1970.
	epochDay = 14613
	// sessions is how many there are: to the end of 2099.
	sessions = 23479
)

// savingDays gives the days since 1970 on which daylight saving begins and ends.
func savingDays(year int) (begins, ends int64) {
	day := func(m time.Month) int64 {
		return time.Date(year, m, 1, 0, 0, 0, 0, time.UTC).Unix() / daySeconds
	}
	// 1970-01-01 was a Thursday: a day d is a Sunday when (d+4)%7 is 0.
	sunday := func(d int64) int64 { return d + (7-(d+4)%7)%7 }
	return sunday(day(time.March)) + 7, sunday(day(time.November))
}

// offsetAt is New York's distance from UTC at an instant, in seconds.
func offsetAt(unix int64) int64 {
	begins, ends := savingDays(time.Unix(unix, 0).UTC().Year())
	if unix >= begins*daySeconds+7*3600 && unix < ends*daySeconds+6*3600 {
		return -4 * 3600
	}
	return -5 * 3600
}

// localMidnight is the instant a New York day begins.
func localMidnight(day int64) int64 {
	begins, ends := savingDays(time.Unix(day*daySeconds, 0).UTC().Year())
	if day > begins && day <= ends {
		return day*daySeconds + 4*3600
	}
	return day*daySeconds + 5*3600
}

// sessionDay is the day of a session since 1970.
func sessionDay(n int) int64 { return epochDay + int64(n/5)*7 + int64(n%5) }

func sessionDate(n int) market.Date { return dateOfDay(sessionDay(n)) }

func dateOfDay(day int64) market.Date {
	return market.DateOf(time.Unix(day*daySeconds, 0).UTC())
}

func dayOf(d market.Date) int64 { return d.In(time.UTC).Unix() / daySeconds }

// sessionOn is the last session on or before a day, -1 before the first.
func sessionOn(day int64) int {
	since := day - epochDay
	if since < 0 {
		return -1
	}
	return min(int(since/7*5+min(since%7, 4)), sessions-1)
}

// sessionEnd is 16:00 New York of the session's day; that of -1 is where the
// first session begins.
func sessionEnd(n int) int64 {
	day := int64(epochDay - 3)
	if n >= 0 {
		day = sessionDay(n)
	}
	begins, ends := savingDays(time.Unix(day*daySeconds, 0).UTC().Year())
	if day > begins && day < ends {
		return day*daySeconds + closing + 4*3600
	}
	return day*daySeconds + closing + 5*3600
}

// sessionStart is where the session before ends.
func sessionStart(n int) int64 { return sessionEnd(n - 1) }

// sessionAt is the session an instant is in: -1 before the first, sessions
// after the last.
func sessionAt(unix int64) int {
	local := unix + offsetAt(unix)
	day := (local + daySeconds - closing) / daySeconds
	since := day - epochDay
	switch {
	case unix < sessionStart(0):
		return -1
	case since < 0:
		return 0
	case since%7 > 4:
		since += 7 - since%7
	}
	return min(int(since/7*5+since%7), sessions)
}

// endedBy is the last session that is over at an instant, -1 for none.
func endedBy(unix int64) int {
	n := min(sessionAt(unix), sessions) // the one running
	return max(n-1, -1)
}

// SessionDate gives the session an instant belongs to: the day of trading that
// ends at 16:00 New York, with Saturday, Sunday and what follows Friday's close
// counted to Monday. Corporate actions of a date take effect with its session.
func (m *Market) SessionDate(t time.Time) market.Date {
	return sessionDate(min(max(sessionAt(t.Unix()), 0), sessions-1))
}
