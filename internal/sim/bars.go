package sim

import (
	"context"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// maxBars bounds an answer: 2 million bars are four years of minutes.
const maxBars = 2_000_000

// ask is a request understood.
type ask struct {
	x    *slot
	path *path
	// from and to are Unix seconds, held to the instrument's time; last is 0 for
	// all bars.
	from, to int64
	last     int
	r        market.Resolution
	mode     market.Adjustment
	adjust   adjustment
}

// Bars gives the bars of a request in time order: those that end after Start
// and not after End, which must be given. The market never closes, so Extended
// changes nothing. Days are sessions; weeks are those of the session dates and
// given once over; days of several sessions are counted back from the last.
// Below a day bars are aligned to midnight in New York. Adjusted prices have the
// actions taken out that are in effect at End, not later ones, so that an answer
// does not know its future; they keep four more places than the tick. It fails
// with fault.NotFound for an unknown symbol and fault.Invalid for a request
// without an end or for more than two million bars.
func (m *Market) Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error) {
	const op = "sim.Bars"
	x, err := m.need(op, req.Symbol)
	if err != nil {
		return nil, err
	}
	q, err := m.understand(op, x, req.Resolution, req.Start, req.End)
	if err != nil || q.from >= q.to {
		return nil, err
	}
	q.last, q.mode = max(req.Last, 0), req.Adjustment
	switch q.mode {
	case market.Raw, market.Adjusted, market.SplitAdjusted, "":
	default:
		return nil, fault.E(op, fault.Invalid, "the adjustment %q is not known", q.mode).Hinted("Use raw, adjusted or split_adjusted.")
	}
	now := sessionAt(req.End.Unix())
	q.path = m.daily(x, min(now, sessions-1))
	if q.mode == market.Adjusted || q.mode == market.SplitAdjusted {
		q.adjust = q.path.adjustments(now)
	}
	if !q.r.Intraday() {
		return m.dailyBars(q), nil
	}
	if err := q.bound(op); err != nil {
		return nil, err
	}
	out := newJoiner(q)
	err = m.cells(ctx, q, req.Resolution.Base().Unit, func(n int, begin, end int64, c cell) {
		out.add(n, begin, end, c)
	})
	if err != nil {
		return nil, err
	}
	return out.bars(), nil
}

// understand checks a resolution and holds times to the instrument's.
func (m *Market) understand(op string, x *slot, r market.Resolution, start, end time.Time) (ask, error) {
	switch r.Unit {
	case market.UnitSecond, market.UnitMinute, market.UnitHour, market.UnitDay, market.UnitWeek:
	default:
		r.N = 0
	}
	if r.N <= 0 || r.N > 10000 {
		return ask{}, fault.E(op, fault.Invalid, "the resolution %q is not usable", r).
			Hinted("Use second, minute, hour, daily, or a count and unit such as 5m, 4h, 1d, 1w.")
	}
	if end.IsZero() {
		return ask{}, fault.E(op, fault.Invalid, "a request needs an end: the simulated market knows no present")
	}
	s := x.spec
	q := ask{x: x, r: r, from: sessionStart(s.listed), to: min(end.Unix(), sessionEnd(min(s.delisted, sessions)-1))}
	if !start.IsZero() {
		q.from = max(q.from, start.Unix())
	}
	return q, nil
}

// bound moves from to the beginning of a bar, and forward to where the last
// bars of the request begin, and refuses what is too much.
func (q *ask) bound(op string) error {
	length := int64(q.r.Duration() / time.Second)
	if q.last > 0 {
		// Bars cut short by midnight only make more of them.
		q.from = max(q.from, q.to-(int64(min(q.last, maxBars))+1)*length)
	}
	begin, _ := newGrid(q.r).around(q.from)
	q.from = max(begin, sessionStart(q.x.spec.listed))
	if (q.to-q.from)/length > maxBars {
		return fault.E(op, fault.Invalid, "the request is for more than %d bars", maxBars).
			Hinted("Ask for a shorter time or a coarser resolution.")
	}
	return nil
}

// grid finds the intraday bar an instant is in; it remembers the last midnight.
type grid struct {
	length                 int64
	midnight, nextMidnight int64
}

func newGrid(r market.Resolution) *grid {
	return &grid{length: int64(r.Duration() / time.Second)}
}

func (g *grid) around(unix int64) (begin, end int64) {
	if unix < g.midnight || unix >= g.nextMidnight {
		day := (unix + offsetAt(unix)) / daySeconds
		g.midnight, g.nextMidnight = localMidnight(day), localMidnight(day+1)
	}
	begin = g.midnight + (unix-g.midnight)/g.length*g.length
	return begin, min(begin+g.length, g.nextMidnight)
}

// cells draws the seconds, minutes or hours of an ask that lie in [from, to);
// the first may begin before.
func (m *Market) cells(ctx context.Context, q ask, base market.Unit, emit func(n int, begin, end int64, c cell)) error {
	s := q.x.spec
	var hourBuf [maxHours]cell
	var minuteBuf [60]cell
	var prices [60]int32
	var lots [60]int64
	for n := sessionAt(q.from); n < q.path.first+len(q.path.rows) && sessionStart(n) < q.to; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		first, hours := m.hours(s, n, q.path.at(n), &hourBuf)
		for i, hour := range hours {
			begin := first + int64(i)*3600
			if begin+3600 <= q.from || begin >= q.to {
				continue
			}
			if base == market.UnitHour {
				if begin+3600 <= q.to {
					emit(n, begin, begin+3600, hour)
				}
				continue
			}
			m.minutes(s, begin, hour, &minuteBuf)
			for j, minute := range minuteBuf {
				at := begin + int64(j)*60
				switch {
				case at+60 <= q.from || at >= q.to:
				case base == market.UnitMinute:
					if at+60 <= q.to {
						emit(n, at, at+60, minute)
					}
				default:
					seconds(s, at, minute, &prices, &lots)
					for k, p := range prices {
						if t := at + int64(k); t >= q.from && t < q.to {
							emit(n, t, t+1, cell{p, p, p, p, lots[k]})
						}
					}
				}
			}
		}
	}
	return nil
}

// lastOf keeps the last n, all for zero. What is cut off at the front is let go
// of when it is most.
func lastOf(bars []market.Bar, n int) []market.Bar {
	if n == 0 || len(bars) <= n {
		return bars
	}
	return append(make([]market.Bar, 0, n), bars[len(bars)-n:]...)
}

// dailyBars gives days and weeks.
func (m *Market) dailyBars(q ask) []market.Bar {
	s := q.x.spec
	last := min(endedBy(q.to), s.delisted-1)
	first := max(sessionAt(q.from), s.listed)
	key := func(n int) int { return last - (last-n)/q.r.N*q.r.N }
	if q.r.Unit == market.UnitWeek {
		// Weeks are counted as market.Aggregate counts them.
		const weeksBefore = (epochDay + 719162) / 7
		key = func(n int) int { return (n/5 + weeksBefore) / q.r.N }
		for last >= first && last+1 < s.delisted && key(last+1) == key(last) {
			last-- // a week still running
		}
	}
	if last < first {
		return nil
	}
	for first > s.listed && key(first-1) == key(first) {
		first--
	}
	if q.last > 0 {
		per := q.r.N
		if q.r.Unit == market.UnitWeek {
			per *= 5
		}
		first = max(first, last+1-(q.last+1)*per)
		for first > s.listed && key(first-1) == key(first) {
			first--
		}
	}
	out := make([]market.Bar, 0, last-first+1)
	var sum wideCell
	begin := sessionStart(first)
	for n := first; n <= last; n++ {
		w := q.adjusted(n, q.path.at(n))
		if n > first && key(n) == key(n-1) {
			sum.join(w)
		} else {
			sum = w
		}
		if end := sessionEnd(n); n == last || key(n+1) != key(n) {
			out = append(out, q.bar(begin, end, sum))
			begin = end
		}
	}
	return lastOf(out, q.last)
}
