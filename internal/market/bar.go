package market

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/num"
)

// Bar is open, high, low, close and volume over [Start, End), UTC.
type Bar struct {
	Start, End             time.Time
	Open, High, Low, Close num.Decimal
	// Volume is in the instrument's units; zero for quotes without sizes.
	Volume num.Decimal
}

// QuoteBar is the bid and the ask over the same time; a side without quotes is
// the zero Bar. The sizes are those at the end.
type QuoteBar struct {
	Start, End       time.Time
	Bid, Ask         Bar
	BidSize, AskSize num.Decimal
}

// Resolution is the length of a bar: a number of seconds, minutes, hours, days
// or weeks, written "1s", "5m", "4h", "1d", "1w" or by LEAN's words second,
// minute, hour and daily.
type Resolution struct {
	N    int
	Unit Unit
}

// Unit is the unit of a resolution.
type Unit byte

// The units of a resolution.
const (
	UnitSecond Unit = 's'
	UnitMinute Unit = 'm'
	UnitHour   Unit = 'h'
	UnitDay    Unit = 'd'
	UnitWeek   Unit = 'w'
)

// The resolutions that data folders hold.
var (
	Second = Resolution{1, UnitSecond}
	Minute = Resolution{1, UnitMinute}
	Hour   = Resolution{1, UnitHour}
	Daily  = Resolution{1, UnitDay}
)

var resolutionWords = map[string]Resolution{
	"second": Second, "minute": Minute, "hour": Hour, "day": Daily, "daily": Daily, "week": {1, UnitWeek}, "weekly": {1, UnitWeek},
	"min": Minute, "hourly": Hour, "sec": Second,
}

// ParseResolution reads a resolution: a LEAN word or a count with a unit
// ("5m", "15min", "1 hour", "1d").
func ParseResolution(s string) (Resolution, error) {
	t := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), " ", ""))
	if r, ok := resolutionWords[t]; ok {
		return r, nil
	}
	i := 0
	for i < len(t) && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	if i > 0 && i < len(t) {
		n, err := strconv.Atoi(t[:i])
		word := strings.TrimSuffix(t[i:], "s")
		if t[i:] == "s" {
			word = "second"
		}
		unit, ok := map[string]Resolution{"m": Minute, "h": Hour, "d": Daily, "w": {1, UnitWeek}}[word]
		if !ok {
			unit, ok = resolutionWords[word]
		}
		if ok && err == nil && n > 0 && n <= 10000 {
			return Resolution{n, unit.Unit}, nil
		}
	}
	return Resolution{}, fmt.Errorf("resolution %q is not known: use second, minute, hour, daily, or a count and unit such as 5m, 4h, 1d, 1w", s)
}

// String is the short form: "1m", "1d".
func (r Resolution) String() string { return strconv.Itoa(r.N) + string(rune(r.Unit)) }

// MarshalText writes the short form; nothing for the zero resolution.
func (r Resolution) MarshalText() ([]byte, error) {
	if r == (Resolution{}) {
		return nil, nil
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads what ParseResolution reads; an empty text is the zero
// resolution.
func (r *Resolution) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*r = Resolution{}
		return nil
	}
	v, err := ParseResolution(string(b))
	*r = v
	return err
}

// Base is the stored resolution that r is made of: days for weeks, else one of
// its own unit.
func (r Resolution) Base() Resolution {
	if r.Unit == UnitWeek {
		return Daily
	}
	return Resolution{1, r.Unit}
}

// Duration is the length of a bar below a day; days and weeks count 24 hours.
func (r Resolution) Duration() time.Duration {
	switch r.Unit {
	case UnitSecond:
		return time.Duration(r.N) * time.Second
	case UnitMinute:
		return time.Duration(r.N) * time.Minute
	case UnitHour:
		return time.Duration(r.N) * time.Hour
	case UnitDay:
		return time.Duration(r.N) * 24 * time.Hour
	}
	return time.Duration(r.N) * 7 * 24 * time.Hour
}

// Intraday tells whether bars of r are shorter than a session.
func (r Resolution) Intraday() bool { return r.Unit != UnitDay && r.Unit != UnitWeek }

// Adjustment says how past prices are made comparable with today's.
type Adjustment string

// Raw prices are as they traded; adjusted ones have later splits and dividends
// taken out; split-adjusted ones only splits.
const (
	Raw           Adjustment = "raw"
	Adjusted      Adjustment = "adjusted"
	SplitAdjusted Adjustment = "split_adjusted"
)

// Values lists the adjustments in the order they are documented.
func (Adjustment) Values() []string {
	return []string{string(Raw), string(Adjusted), string(SplitAdjusted)}
}

// BarRequest asks for bars that end after Start and not after End. End is never
// beyond the asker's clock: sources do not know the time.
type BarRequest struct {
	Symbol     string
	Resolution Resolution
	Start, End time.Time
	Adjustment Adjustment
	// Extended includes bars outside regular hours.
	Extended bool
	// Last, when above zero, keeps only the last so many bars.
	Last int
}

// Aggregate joins base bars into bars of r. Intraday bars are aligned to
// midnight in loc, weeks begin on Monday; n-day bars are counted back from the
// last one, so the newest bar is whole. Input must be in time order.
func Aggregate(bars []Bar, r Resolution, loc *time.Location) []Bar {
	if r == r.Base() || len(bars) == 0 {
		return bars
	}
	key := func(n int, b Bar) int64 {
		t := b.Start.In(loc)
		switch r.Unit {
		case UnitWeek:
			// Weeks since Monday 1 January 0001. A day is known by its end: that of
			// an always-open market begins on the day before.
			return int64(DateOf(b.End.Add(-1).In(loc)).Days()/7) / int64(r.N)
		case UnitDay:
			return int64((n - len(bars) + 1) / r.N)
		}
		y, m, d := t.Date()
		midnight := time.Date(y, m, d, 0, 0, 0, 0, loc)
		return midnight.Unix() + int64(t.Sub(midnight)/r.Duration())
	}
	var out []Bar
	var last int64
	for n, b := range bars {
		k := key(n, b)
		if n == 0 || k != last {
			out = append(out, b)
			last = k
			continue
		}
		o := &out[len(out)-1]
		o.End = b.End
		o.High = num.Max(o.High, b.High)
		o.Low = num.Min(o.Low, b.Low)
		o.Close = b.Close
		o.Volume = o.Volume.Add(b.Volume)
	}
	return out
}
