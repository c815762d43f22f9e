package algo

import "quantdesk/internal/num"

// SessionBar is a day's bar of open hours.
type SessionBar struct {
	Day        int64 // midnight on the exchange's wall clock; 0 before its first point
	O, H, L, C num.Decimal
	Volume     num.Decimal
	seen       bool
	upto       int64 // the end of the last point
}

// Session keeps the bar of the day that is going on, and those before it.
type Session struct {
	sec  *Security
	bars []*SessionBar // the newest first; the first is of today
	size int
}

// Session is the security's, nil until its size is set.
func (s *Security) Session() *Session { return s.session }

// KeepSessions keeps so many days, today included; none for zero.
func (s *Security) KeepSessions(size int) {
	switch {
	case size <= 0:
		s.session = nil
	case s.session == nil:
		s.session = &Session{sec: s, size: size, bars: []*SessionBar{{}}}
	default:
		s.session.size = size
		s.session.trim()
	}
}

// Bar is that of so many days ago, false where there is none.
func (x *Session) Bar(ago int) (SessionBar, bool) {
	if ago < 0 || ago >= len(x.bars) {
		return SessionBar{}, false
	}
	return *x.bars[ago], true
}

// Len is how many days are kept, today included.
func (x *Session) Len() int { return len(x.bars) }

// Size is how many days are kept at most.
func (x *Session) Size() int { return x.size }

func (x *Session) trim() {
	if len(x.bars) > x.size {
		x.bars = x.bars[:x.size]
	}
}

// scan ends today's bar when the day is over.
func (x *Session) scan(local int64) {
	if now := x.bars[0]; now.Day != 0 && midnight(local) > now.Day {
		x.bars = append([]*SessionBar{{}}, x.bars...)
		x.trim()
	}
}

func (x *Session) update(p Point) {
	start, end := p.Times()
	x.scan(start)
	now := x.bars[0]
	if now.Day == 0 {
		now.Day = midnight(start)
	}
	if start < now.upto || !x.sec.Hours.IsOpenDuring(start, max(end, start+1), false) {
		return
	}
	trades := x.sec.subscribed(TradeBars, TradeTicks)
	var o, h, l, c num.Decimal
	switch v := p.(type) {
	case *Bar:
		now.Volume = now.Volume.Add(v.Volume)
		if !trades {
			return
		}
		o, h, l, c = v.O, v.H, v.L, v.C
	case *Ticks:
		if v.Quote == trades {
			return
		}
		now.Volume = now.Volume.Add(v.Quantity)
		o, h, l, c = v.Price, v.Price, v.Price, v.Price
	case *QuoteBar:
		if trades {
			return
		}
		o, h, l, c = v.Open(), v.High(), v.Low(), v.Close()
	default:
		return
	}
	now.upto = end
	if !now.seen {
		now.seen, now.O, now.H, now.L = true, o, h, l
	}
	now.H, now.L, now.C = num.Max(now.H, h), num.Min(now.L, l), c
}
