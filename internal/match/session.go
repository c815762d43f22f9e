package match

import (
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/trade"
)

// AuctionWindow is how long after the open an opg order may still trade, and
// how long before the close a cls order may: the desk's market has no auctions,
// so the first and last minute stand in for them.
const AuctionWindow = time.Minute

// Session is where a market is in its day.
type Session struct {
	// Now is the venue clock, UTC.
	Now   time.Time
	State market.SessionState
	// Opens and Closes are today's regular session, zero when there is none.
	Opens, Closes time.Time
	AlwaysOpen    bool
}

// SessionAt tells the session of a calendar at a time of the venue clock.
func SessionAt(cal *market.Calendar, now time.Time) Session {
	s := Session{Now: now, State: cal.State(now), AlwaysOpen: cal.AlwaysOpen}
	s.Opens, s.Closes, _ = cal.Session(cal.SessionDate(now))
	return s
}

// opening tells whether an opg order may trade now.
func (s Session) opening() bool {
	return s.State == market.Open && !s.AlwaysOpen && s.Now.Before(s.Opens.Add(AuctionWindow))
}

// closing tells whether a cls order may trade now.
func (s Session) closing() bool {
	return s.State == market.Open && !s.AlwaysOpen && !s.Now.Before(s.Closes.Add(-AuctionWindow))
}

// Takes tells whether an order may trade at this time of the day.
func (s Session) Takes(o *trade.Order) bool {
	switch {
	case o.TIF == trade.OPG:
		return s.opening()
	case o.TIF == trade.CLS:
		return s.closing()
	case s.State == market.Open:
		return true
	}
	return o.Extended && (s.State == market.PreMarket || s.State == market.PostMarket)
}

// Expiry is when time in force ends an order that begins to work now, on the
// venue clock: day and cls at the next regular close (an extended day order at
// the end of that day's last segment), opg a minute after the next open, gtd at
// GoodTill. It is zero for gtc, ioc and fok, which no clock ends.
func Expiry(o *trade.Order, cal *market.Calendar, now time.Time) time.Time {
	switch o.TIF {
	case trade.GTD:
		return o.GoodTill
	case trade.OPG:
		if s := SessionAt(cal, now); s.opening() {
			return s.Opens.Add(AuctionWindow)
		}
		if t, ok := cal.NextOpen(now); ok {
			return t.Add(AuctionWindow)
		}
	case trade.Day, trade.CLS:
		if o.Extended && !cal.AlwaysOpen {
			if t, ok := lastSegment(cal, now); ok {
				return t
			}
		}
		if t, ok := cal.NextClose(now); ok {
			return t
		}
	case trade.GTC, trade.IOC, trade.FOK:
	}
	return time.Time{}
}

// lastSegment is the end of the last trading segment of the first day whose
// segments are not over.
func lastSegment(cal *market.Calendar, now time.Time) (time.Time, bool) {
	d := cal.SessionDate(now)
	zone := cal.Zone
	if zone == nil {
		zone = time.UTC
	}
	for range 30 {
		var end time.Time
		for _, s := range cal.Segments(d) {
			if s.State != market.Closed {
				end = time.Date(d.Year, d.Month, d.Day, 0, 0, 0, int(s.To), zone)
			}
		}
		if end.After(now) {
			return end.UTC(), true
		}
		d = d.AddDays(1)
	}
	return time.Time{}, false
}

// bound tells whether a time in force belongs to the session it was placed in,
// so that a clock that went back has left it behind.
func bound(t trade.TIF) bool {
	return t == trade.Day || t == trade.OPG || t == trade.CLS
}
