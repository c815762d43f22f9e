package market

import (
	"time"
)

// SessionState is where a venue is in its day.
type SessionState string

// The states of a venue's day.
const (
	Closed     SessionState = "closed"
	PreMarket  SessionState = "pre_market"
	Open       SessionState = "open"
	PostMarket SessionState = "post_market"
	// HaltedState is an open venue that takes no trades in one instrument.
	HaltedState SessionState = "halted"
)

// Segment is a stretch of one local day in one state, in time since midnight.
type Segment struct {
	From, To time.Duration
	State    SessionState
}

// Calendar is when a market trades. The zero value is always closed.
type Calendar struct {
	// Zone is the exchange's zone, DataZone that of the data folder's times.
	Zone, DataZone *time.Location
	// AlwaysOpen markets trade every hour of every day; nothing else is read.
	AlwaysOpen bool
	// DayEnds is when an always-open market's trading day ends, in time since
	// local midnight; what follows belongs to the next weekday. Zero means that
	// days are calendar days.
	DayEnds time.Duration
	// Week holds each weekday's segments, in order, indexed by time.Weekday.
	Week [7][]Segment
	// Holidays are days with no session; EarlyCloses and LateOpens cut the
	// regular session of their days, in time since local midnight.
	Holidays    map[Date]bool
	EarlyCloses map[Date]time.Duration
	LateOpens   map[Date]time.Duration
}

// Segments gives the segments of one local day, with holidays, early closes and
// late opens applied.
func (c *Calendar) Segments(d Date) []Segment {
	if c.AlwaysOpen {
		return []Segment{{0, 24 * time.Hour, Open}}
	}
	if c.Holidays[d] {
		return nil
	}
	week := c.Week[d.Weekday()]
	early, hasEarly := c.EarlyCloses[d]
	late, hasLate := c.LateOpens[d]
	if !hasEarly && !hasLate {
		return week
	}
	var out []Segment
	for _, s := range week {
		if hasEarly {
			if s.From >= early {
				continue
			}
			s.To = min(s.To, early)
		}
		if hasLate {
			if s.To <= late {
				continue
			}
			s.From = max(s.From, late)
		}
		out = append(out, s)
	}
	return out
}

// at is the instant a stretch after local midnight, following the wall clock
// over daylight-saving changes.
func (c *Calendar) at(d Date, since time.Duration) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, int(since), c.zone())
}

func (c *Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Session gives the regular open and close of a local day, false when the
// market has none that day. With several regular stretches it spans them.
func (c *Calendar) Session(d Date) (opens, closes time.Time, ok bool) {
	for _, s := range c.Segments(d) {
		if s.State != Open {
			continue
		}
		if !ok {
			opens = c.at(d, s.From)
		}
		closes, ok = c.at(d, s.To), true
	}
	return opens.UTC(), closes.UTC(), ok
}

// State tells what the market is doing at t.
func (c *Calendar) State(t time.Time) SessionState {
	if c.AlwaysOpen {
		return Open
	}
	d := DateOf(t.In(c.zone()))
	for _, s := range c.Segments(d) {
		if !t.Before(c.at(d, s.From)) && t.Before(c.at(d, s.To)) {
			return s.State
		}
	}
	return Closed
}

// IsOpen tells whether trades happen at t, in regular hours or, when extended
// is set, in pre- and post-market too.
func (c *Calendar) IsOpen(t time.Time, extended bool) bool {
	switch c.State(t) {
	case Open:
		return true
	case PreMarket, PostMarket:
		return extended
	}
	return false
}

// searchDays bounds the look for a next session: longer than any closure on
// record.
const searchDays = 30

// NextOpen is the first regular open strictly after t, false when none is near.
func (c *Calendar) NextOpen(t time.Time) (time.Time, bool) {
	return c.next(t, func(opens, _ time.Time) time.Time { return opens })
}

// NextClose is the first regular close strictly after t, false when none is
// near. An always-open market has midnight closes.
func (c *Calendar) NextClose(t time.Time) (time.Time, bool) {
	return c.next(t, func(_, closes time.Time) time.Time { return closes })
}

func (c *Calendar) next(t time.Time, pick func(opens, closes time.Time) time.Time) (time.Time, bool) {
	d := DateOf(t.In(c.zone()))
	for range searchDays {
		if opens, closes, ok := c.Session(d); ok {
			if at := pick(opens, closes); at.After(t) {
				return at, true
			}
		}
		d = d.AddDays(1)
	}
	return time.Time{}, false
}

// SessionDate is the day whose trading t belongs to: t's own local day, or the
// weekday that ends next where the trading day does not end at midnight.
func (c *Calendar) SessionDate(t time.Time) Date {
	local := t.In(c.zone())
	d := DateOf(local)
	if c.DayEnds == 0 {
		return d
	}
	if !local.Before(c.at(d, c.DayEnds)) {
		d = d.AddDays(1)
	}
	for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d = d.AddDays(1)
	}
	return d
}
