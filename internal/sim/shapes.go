package sim

import "quantdesk/internal/market"

// shape is how much of a session's variance and volume each minute of the New
// York day has, and each hour, on weekdays [0] and weekends [1].
type shape struct {
	variance, volume         [2][1440]float64
	hourVariance, hourVolume [2][24]float64
}

// shapes holds one shape for each class that is traded here.
type shapes struct{ equity, forex, crypto shape }

// The regular hours of shares, in minutes of the New York day.
const (
	opens, closes = 9*60 + 30, 16 * 60
	early, late   = 4 * 60, 20 * 60
)

func newShapes() *shapes {
	out := &shapes{}
	out.equity.fill(func(minute int, weekend bool) (variance, volume float64) {
		// The regular hours are a U: most at the open and the close.
		q := float64(minute-(opens+closes)/2) / ((closes - opens) / 2)
		switch {
		case weekend:
			return .02, .004
		case minute >= opens && minute < closes:
			return 1 + float64(1.4*q*q), 1 + float64(2.2*q*q*q*q)
		case minute >= early && minute < late:
			return .12, .03
		}
		return .05, .01
	})
	out.forex.fill(func(minute int, weekend bool) (variance, volume float64) {
		switch {
		case weekend:
			return .02, .01
		case minute >= 3*60 && minute < 12*60: // London, and both
			return 1.4, 1.5
		case minute >= 12*60 && minute < 17*60:
			return .9, .8
		}
		return .4, .35
	})
	out.crypto.fill(func(minute int, weekend bool) (variance, volume float64) {
		switch {
		case weekend:
			return .6, .6
		case minute >= 8*60 && minute < 17*60:
			return 1.4, 1.5
		}
		return .9, .9
	})
	return out
}

func (s *shape) fill(f func(minute int, weekend bool) (variance, volume float64)) {
	for end := range 2 {
		for minute := range 1440 {
			v, q := f(minute, end == 1)
			s.variance[end][minute], s.volume[end][minute] = v, q
			s.hourVariance[end][minute/60] += v
			s.hourVolume[end][minute/60] += q
		}
	}
}

func (m *Market) shapeOf(s *spec) *shape {
	all := m.shapes()
	switch s.info.Class {
	case market.Forex:
		return &all.forex
	case market.Crypto:
		return &all.crypto
	}
	return &all.equity
}

// localHour gives where an hour that begins at an instant stands in the New
// York day: weekend is 1 on Saturday and Sunday.
func localHour(unix int64) (weekend, hour int) {
	local := unix + offsetAt(unix)
	if day := (local/daySeconds + 4) % 7; day == 0 || day == 6 {
		weekend = 1
	}
	return weekend, int(local % daySeconds / 3600)
}
