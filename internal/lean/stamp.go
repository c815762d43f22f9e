package lean

import (
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/market"
)

// stamp is a time as a file has it: an instant, or what a clock showed in a
// zone the file does not name (then ms counts as if that were UTC).
type stamp struct {
	ms    int64
	naive bool
}

// span gives start and end of the bar a stamp begins, and its date in the data
// zone.
func (s stamp) span(e *entry, cal *market.Calendar, zone *time.Location, r market.Resolution) (start, end int64, day market.Date) {
	t := time.UnixMilli(s.ms).UTC()
	if r == market.Daily {
		switch {
		case s.naive:
			day = market.DateOf(t)
		case s.ms%dayMillis == 0:
			// Midnight UTC is how files write a bare date, wherever the market is.
			day = market.DateOf(t)
		default:
			day = e.dayOf(cal, t)
		}
		start, end = e.daySpan(cal, day)
		return start, end, day
	}
	if s.naive {
		y, m, d := t.Date()
		h, min, sec := t.Clock()
		t = time.Date(y, m, d, h, min, sec, t.Nanosecond(), zone)
	}
	start = t.UnixMilli()
	return start, start + r.Duration().Milliseconds(), market.DateOf(t.In(cal.DataZone))
}

// stampReader reads times of one file; it tries the layout that fitted last
// first, since a file keeps to one.
type stampReader struct {
	layout string // asked for: a Go layout, unix or unix_ms; empty detects
	last   string
}

// layouts are those tried in turn. Dates with slashes are month first.
var layouts = []string{
	time.RFC3339, "2006-01-02", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05-0700", "2006-01-02 15:04:05 MST", "20060102", "20060102 15:04",
	"20060102 15:04:05", "20060102 150405", "20060102T150405", "2006/01/02", "2006/01/02 15:04", "2006/01/02 15:04:05",
	"2006.01.02", "2006.01.02 15:04", "2006.01.02 15:04:05", "1/2/2006", "1/2/2006 15:04", "1/2/2006 15:04:05",
	"1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "2.1.2006", "2.1.2006 15:04", "2.1.2006 15:04:05", "Jan 2, 2006", "2-Jan-2006", "2-Jan-06",
}

// Plausible seconds since 1970: to 2100, and from 1973 when guessing.
const firstUnix, firstGuess, lastUnix = 0, 100_000_000, 4_102_444_800

func (r *stampReader) read(text string) (stamp, bool) {
	switch r.layout {
	case "":
	case "unix":
		return unixStamp(text, 1000)
	case "unix_ms":
		return unixStamp(text, 1)
	default:
		return layoutStamp(r.layout, text)
	}
	if r.last != "" {
		if s, ok := layoutStamp(r.last, text); ok {
			return s, true
		}
	}
	if len(text) != 8 { // eight digits are a date
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			// Seconds, milliseconds, microseconds or nanoseconds, by size.
			for _, unit := range []int64{1, 1e3, 1e6, 1e9} {
				if n >= firstGuess*unit && n/unit < lastUnix {
					return stamp{ms: n/unit*1000 + n%unit*1000/unit}, true
				}
			}
			return stamp{}, false
		}
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return stamp{ms: int64(n * 1000)}, n >= firstGuess && n < lastUnix
		}
	}
	for _, layout := range layouts {
		if s, ok := layoutStamp(layout, text); ok {
			r.last = layout
			return s, true
		}
	}
	return stamp{}, false
}

func unixStamp(text string, scale int64) (stamp, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f < firstUnix || f*float64(scale)/1000 > lastUnix {
			return stamp{}, false
		}
		return stamp{ms: int64(f * float64(scale))}, true
	}
	if n < firstUnix || n/1000*scale > lastUnix {
		return stamp{}, false
	}
	return stamp{ms: n * scale}, true
}

func layoutStamp(layout, text string) (stamp, bool) {
	t, err := time.Parse(layout, text)
	if err != nil || t.Year() < 1800 || t.Year() > 2100 {
		return stamp{}, false
	}
	zoned := strings.Contains(layout, "Z07") || strings.Contains(layout, "-07") || strings.Contains(layout, "MST")
	if strings.HasSuffix(layout, "MST") && t.Location() != time.UTC {
		return stamp{}, false // an abbreviation says nothing certain
	}
	return stamp{ms: t.UnixMilli(), naive: !zoned}, true
}
