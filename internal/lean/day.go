package lean

import (
	"sort"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// dayKey names a decoded minute day. The entry is that of one index, so a day
// of before a Refresh is never found again.
type dayKey struct {
	e    *entry
	date int
}

// day is one date's minute rows with the running totals of its sessions.
type day struct {
	begin  int64      // the data zone's midnight
	trades []tradeRow // the quotes' mids where only quotes are stored
	quotes []quoteRow
	// traded tells real trades from mids.
	traded bool
	// totals[i] are those up to and including trades[i].
	totals []total
	// sessions are those that touch the date: one, or two where the data zone
	// is not the exchange's.
	sessions []session
}

// session is one exchange day; nothing in it needs the calendar again.
type session struct {
	date        market.Date
	midnight    int64 // where the exchange's day begins
	open, close int64 // regular hours, equal when there are none
	prevClose   num.Decimal
}

// total is a session's open, high, low and volume so far, regular hours only.
type total struct {
	session         int
	open, high, low num.Decimal
	volume          num.Decimal
	regular         bool // a regular row was seen
}

// day gives a date's minute rows; an empty day where nothing is stored.
func (f *Folder) day(e *entry, cal *market.Calendar, d market.Date) (*day, error) {
	key := dayKey{e, d.Year*10000 + int(d.Month)*100 + d.Day}
	got, generation, ok := f.days.get(key)
	if ok {
		return got, nil
	}
	files, err := e.sessionFiles(f, market.Minute)
	if err != nil {
		return nil, err
	}
	s := sessionFile{date: d}
	n := sort.Search(len(files), func(i int) bool { return !files[i].date.Before(d) })
	if n < len(files) && files[n].date == d {
		s = files[n]
	}
	out, err := f.readDay(e, cal, s)
	if err != nil {
		return nil, err
	}
	f.days.put(generation, key, out, 1)
	return out, nil
}

func (f *Folder) readDay(e *entry, cal *market.Calendar, s sessionFile) (*day, error) {
	out := &day{}
	if s.trade {
		t, err := f.readSession(e, cal, market.Minute, s, trade)
		if err != nil {
			return nil, err
		}
		out.trades, out.traded = t.trades, len(t.trades) > 0
	}
	if s.quote {
		t, err := f.readSession(e, cal, market.Minute, s, quote)
		if err != nil {
			return nil, err
		}
		out.quotes = t.quotes
		if !out.traded {
			out.trades = mids(t.quotes)
		}
	}
	begin := s.date.In(cal.DataZone)
	out.begin = begin.UnixMilli()
	first := cal.SessionDate(begin)
	last := cal.SessionDate(s.date.AddDays(1).In(cal.DataZone).Add(-1))
	for d := first; !d.After(last); d = d.AddDays(1) {
		x := session{date: d, midnight: d.In(cal.Zone).UnixMilli()}
		if opens, closes, ok := cal.Session(d); ok {
			x.open, x.close = opens.UnixMilli(), closes.UnixMilli()
		}
		var err error
		if x.prevClose, err = f.prevClose(e, cal, x); err != nil {
			return nil, err
		}
		out.sessions = append(out.sessions, x)
	}
	out.sum()
	return out, nil
}

// sum fills totals.
func (d *day) sum() {
	d.totals = make([]total, len(d.trades))
	var run total
	for i := range d.trades {
		r := &d.trades[i]
		for run.session+1 < len(d.sessions) && r.start >= d.sessions[run.session+1].midnight {
			run = total{session: run.session + 1}
		}
		s := &d.sessions[run.session]
		if r.start >= s.open && r.end <= s.close {
			if !run.regular {
				run.open, run.high, run.low, run.regular = r.open, r.high, r.low, true
			}
			run.high, run.low = num.Max(run.high, r.high), num.Min(run.low, r.low)
			run.volume = run.volume.Add(r.volume)
		}
		d.totals[i] = run
	}
}

// prevClose is the close of the session before x out of the daily file; zero
// when that session's bar is not stored.
func (f *Folder) prevClose(e *entry, cal *market.Calendar, x session) (num.Decimal, error) {
	begin := x.midnight
	if x.open != x.close {
		begin = x.open
	}
	bar, ok, err := f.lastBefore(e, cal, market.Daily, begin)
	if err != nil || !ok {
		return num.Zero, err
	}
	prior := x.date.AddDays(-1)
	for n := 0; n < 10 && !hasSession(cal, prior); n++ {
		prior = prior.AddDays(-1)
	}
	// The file may end years earlier; only the session before counts.
	if bar.end <= prior.In(cal.Zone).UnixMilli() {
		return num.Zero, nil
	}
	return bar.close, nil
}

// mids makes trade rows of quotes: the middle of both sides, or the side there
// is; quotes without any price make none.
func mids(quotes []quoteRow) []tradeRow {
	out := make([]tradeRow, 0, len(quotes))
	for i := range quotes {
		q := &quotes[i]
		r := tradeRow{start: q.start, end: q.end}
		for k, to := range [...]*num.Decimal{&r.open, &r.high, &r.low, &r.close} {
			*to = mid(q.bid[k], q.ask[k])
		}
		if r.close.Sign() > 0 {
			out = append(out, r)
		}
	}
	return out
}

var half = num.New(5, 1)

func mid(bid, ask num.Decimal) num.Decimal {
	switch {
	case bid.IsZero():
		return ask
	case ask.IsZero():
		return bid
	}
	return bid.Add(ask).Mul(half).Normalize()
}
