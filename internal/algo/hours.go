package algo

import (
	"time"

	"quantdesk/internal/market"
)

const (
	nsDay    = int64(24 * time.Hour)
	nsHour   = int64(time.Hour)
	nsMinute = int64(time.Minute)
	nsSecond = int64(time.Second)
	never    = int64(1<<63 - 1)
)

// Zone converts between UTC and a zone's wall clock. It remembers the offset
// last used with its bounds, so it is not for several goroutines.
type Zone struct {
	loc               *time.Location
	from, until, diff int64 // utc bounds of diff
}

// NewZone gives a zone's converter.
func NewZone(loc *time.Location) *Zone { return &Zone{loc: loc, from: 1, until: 0} }

func (z *Zone) load(utc int64) {
	t := time.Unix(0, utc).In(z.loc)
	_, off := t.Zone()
	a, b := t.ZoneBounds()
	z.diff, z.from, z.until = int64(off)*nsSecond, -never, never
	if !a.IsZero() && a.Year() > 1700 {
		z.from = a.UnixNano()
	}
	if !b.IsZero() && b.Year() < 2250 {
		z.until = b.UnixNano()
	}
}

// Local gives the wall clock at a UTC time.
func (z *Zone) Local(utc int64) int64 {
	if utc < z.from || utc >= z.until {
		z.load(utc)
	}
	return utc + z.diff
}

// UTC gives the time of a wall clock. A wall clock that occurs twice is the
// first; one that is skipped lies after the gap by as much as it lay in it.
func (z *Zone) UTC(local int64) int64 {
	const margin = 15 * nsHour
	if u := local - z.diff; u >= z.from && u < z.until && u-margin >= z.from && u+margin < z.until {
		return u
	}
	z.load(local - margin)
	first := local - z.diff
	if first < z.until {
		return first
	}
	z.load(first)
	if u := local - z.diff; u >= z.from {
		return u
	}
	return first // in the gap
}

// String is the zone's name.
func (z *Zone) String() string { return z.loc.String() }

func floorTo(t, span int64) int64 {
	r := t % span
	if r < 0 {
		r += span
	}
	return t - r
}

func midnight(local int64) int64 { return floorTo(local, nsDay) }

// dateOf is the day of a wall clock.
func dateOf(local int64) market.Date {
	t := time.Unix(0, local).UTC()
	return market.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

// localOf is midnight of a day on the wall clock.
func localOf(d market.Date) int64 { return int64(d.Days()-epochDays) * nsDay }

var epochDays = market.Date{Year: 1970, Month: time.January, Day: 1}.Days()

// Wall gives midnight of a day as nanoseconds since 1970-01-01 on its own wall
// clock.
func Wall(d market.Date) int64 { return localOf(d) }

// span is a stretch of wall clock.
type span struct {
	from, to int64
	open     bool // regular hours
}

// Hours is when an exchange trades, on its wall clock.
type Hours struct {
	*Zone
	Data   *Zone // the zone of the data folder's times
	Always bool
	same   bool // that zone is the exchange's
	cal    *market.Calendar
	days   map[int64][]span // by midnight
	today  int64            // the midnight looked at last, with its spans
	spans  []span
	// tradable are the days that were asked for, by their bounds.
	tradable map[stretch][]int64
	// regular is the usual length of a regular session.
	regular int64
}

// utcHours are the hours of what is told in UTC at any time.
func utcHours() *Hours {
	return NewHours(&market.Calendar{Zone: time.UTC, DataZone: time.UTC, AlwaysOpen: true})
}

// NewHours wraps a calendar.
func NewHours(c *market.Calendar) *Hours {
	h := &Hours{Zone: NewZone(c.Zone), Data: NewZone(c.DataZone), Always: c.AlwaysOpen, same: c.Zone.String() == c.DataZone.String(), cal: c, days: map[int64][]span{}, today: never, tradable: map[stretch][]int64{}}
	longest := int64(0)
	for _, segments := range c.Week {
		total := int64(0)
		for _, s := range segments {
			if s.State == market.Open {
				total += int64(s.To - s.From)
			}
		}
		longest = max(longest, total)
	}
	if h.regular = longest; c.AlwaysOpen {
		h.regular = nsDay
	}
	return h
}

// day gives the open stretches of one local day, midnight-based.
func (h *Hours) day(local int64) []span {
	if since := local - h.today; since >= 0 && since < nsDay {
		return h.spans
	}
	at := midnight(local)
	out, ok := h.days[at]
	if !ok {
		out = h.reckon(at)
		h.days[at] = out
	}
	h.today, h.spans = at, out
	return out
}

// reckon makes the stretches of a day, by its midnight.
func (h *Hours) reckon(at int64) (out []span) {
	if h.Always {
		return []span{{at, at + nsDay, true}}
	}
	for _, s := range h.cal.Segments(dateOf(at)) {
		if s.State == market.Closed {
			continue
		}
		out = append(out, span{at + int64(s.From), at + int64(s.To), s.State == market.Open})
	}
	return out
}

// IsOpen tells whether the exchange is open at a wall clock.
func (h *Hours) IsOpen(local int64, extended bool) bool {
	if h.Always {
		return true
	}
	for _, s := range h.day(local) {
		if local >= s.from && local < s.to && (s.open || extended) {
			return true
		}
	}
	return false
}

// IsOpenDuring tells whether the exchange is open at any time of a stretch.
func (h *Hours) IsOpenDuring(from, to int64, extended bool) bool {
	if h.Always {
		return true
	}
	if from == to {
		return h.IsOpen(from, extended)
	}
	for at := midnight(from); at < to; at += nsDay {
		for _, s := range h.day(at) {
			if s.from < to && from < s.to && (s.open || extended) {
				return true
			}
		}
	}
	return false
}

// IsDateOpen tells whether there is any regular trading on a local day.
func (h *Hours) IsDateOpen(local int64, extended bool) bool {
	for _, s := range h.day(local) {
		if s.open || extended {
			return true
		}
	}
	return false
}

const searchDays = 400 // how far an open or close is looked for

// NextOpen is the first opening after a wall clock; never where there is none.
// Stretches that touch are one.
func (h *Hours) NextOpen(local int64, extended bool) int64 {
	if h.Always {
		// A market that never closes opens at every midnight.
		return midnight(local) + nsDay
	}
	before := int64(-1)
	for at := midnight(local) - nsDay; at < local+searchDays*nsDay; at += nsDay {
		for _, s := range h.day(at) {
			if !s.open && !extended {
				continue
			}
			if s.from > local && s.from != before {
				return s.from
			}
			before = s.to
		}
	}
	return never
}

// NextClose is the first closing after a wall clock; never where there is none.
func (h *Hours) NextClose(local int64, extended bool) int64 {
	if h.Always {
		return midnight(local) + nsDay
	}
	end := never
	for at := midnight(local) - nsDay; at < local+searchDays*nsDay; at += nsDay {
		for _, s := range h.day(at) {
			if !s.open && !extended {
				continue
			}
			if end != never && s.from != end {
				return end
			}
			if end = s.to; end <= local {
				end = never
			}
		}
		if end != never && midnight(end) == at {
			return end // it does not reach midnight
		}
	}
	return end
}

// Session gives the first regular open and last regular close of a local day.
func (h *Hours) Session(local int64) (from, to int64, ok bool) {
	for _, s := range h.day(local) {
		if !s.open {
			continue
		}
		if !ok {
			from, ok = s.from, true
		}
		to = s.to
	}
	return from, to, ok
}

// PreviousTradingDay is midnight of the last day before local's that trades.
func (h *Hours) PreviousTradingDay(local int64) int64 {
	for at := midnight(local) - nsDay; at > local-searchDays*nsDay; at -= nsDay {
		if h.IsDateOpen(at, false) {
			return at
		}
	}
	return midnight(local)
}
