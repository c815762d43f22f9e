package lean

import (
	"os"
	"slices"
	"sort"
	"time"

	"quantdesk/internal/market"
)

// readSession decodes one date's minute or second file; an empty table when it
// is not there.
func (f *Folder) readSession(e *entry, cal *market.Calendar, r market.Resolution, s sessionFile, kind tick) (*table, error) {
	rel := s.rel(e, r, kind)
	text, err := f.readZip("lean.read", rel, s.date.Compact())
	if err != nil || text == nil {
		return &table{}, err
	}
	d := decoder{
		file: rel, kind: kind, scaled: e.inst.Class == market.Equity,
		rowTime: sinceMidnight(s.date, cal.DataZone, r.Duration()),
	}
	return d.decode(text)
}

// wholeFile is the name of a daily or hour file. Crypto has one file for trades
// and one for quotes; elsewhere the class decides what the one file holds.
func (e *entry) wholeFile(r market.Resolution, ticker string, kind tick) (rel string, ok bool) {
	base := e.rel + "/" + resolutionDirs[r] + "/" + ticker
	switch e.inst.Class {
	case market.Crypto:
		return base + "_" + string(kind) + ".zip", true
	case market.Forex, market.CFD:
		return base + ".zip", kind == quote
	}
	return base + ".zip", kind == trade
}

// readWhole decodes a daily or hour file; nil when it is not there.
func (f *Folder) readWhole(e *entry, cal *market.Calendar, r market.Resolution, ticker string, kind tick) (*table, error) {
	rel, ok := e.wholeFile(r, ticker, kind)
	if !ok {
		return nil, nil
	}
	got, generation, ok := f.files.get(rel)
	if ok {
		return got, nil
	}
	text, err := f.readZip("lean.read", rel, ticker)
	if err != nil {
		return nil, err
	}
	var t *table
	cost := 64
	if text != nil {
		d := decoder{file: rel, kind: kind, scaled: e.inst.Class == market.Equity, rowTime: e.wholeTimes(cal, r)}
		if t, err = d.decode(text); err != nil {
			return nil, err
		}
		cost = t.bytes()
	}
	f.files.put(generation, rel, t, cost)
	return t, nil
}

// wholeTimes reads the first column of a daily or hour file.
func (e *entry) wholeTimes(cal *market.Calendar, r market.Resolution) func([]byte) (int64, int64, bool) {
	return dateAndClock(cal.DataZone, func(d market.Date, at int64) (start, end int64) {
		if r == market.Daily {
			return e.daySpan(cal, d)
		}
		return at, at + time.Hour.Milliseconds()
	})
}

// kinds gives trades first and quotes after: quotes serve where no trades are.
var kinds = [...]tick{trade, quote}

// wholeTrades gives a segment's daily or hour rows as trades, mids where only
// quotes are stored, cut to the segment's days. The rows are shared.
func (f *Folder) wholeTrades(e *entry, cal *market.Calendar, r market.Resolution, s segment) ([]tradeRow, error) {
	for _, kind := range kinds {
		t, err := f.readWhole(e, cal, r, s.ticker, kind)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		from, to := s.bounds(cal)
		if kind == trade {
			return between(t.trades, tradeTimes, from, to), nil
		}
		return mids(between(t.quotes, quoteTimes, from, to)), nil
	}
	return nil, nil
}

// bounds are the segment's days in milliseconds, [from, to).
func (s segment) bounds(cal *market.Calendar) (from, to int64) {
	return s.from.In(cal.DataZone).UnixMilli(), s.to.AddDays(1).In(cal.DataZone).UnixMilli()
}

// between cuts rows to those that start in [from, to).
func between[R any](rows []R, times func(*R) (int64, int64), from, to int64) []R {
	first := sort.Search(len(rows), func(i int) bool { s, _ := times(&rows[i]); return s >= from })
	after := sort.Search(len(rows), func(i int) bool { s, _ := times(&rows[i]); return s >= to })
	return rows[first:max(first, after)]
}

// ended counts the rows that ended at or before an instant.
func ended[R any](rows []R, times func(*R) (int64, int64), at int64) int {
	return sort.Search(len(rows), func(i int) bool { _, e := times(&rows[i]); return e > at })
}

// lastBefore is the last daily or hour row that ended at or before an instant.
func (f *Folder) lastBefore(e *entry, cal *market.Calendar, r market.Resolution, at int64) (tradeRow, bool, error) {
	for i := len(e.segs) - 1; i >= 0; i-- {
		s := e.segs[i]
		from, to := s.bounds(cal)
		if from >= at {
			continue
		}
		for _, kind := range kinds {
			t, err := f.readWhole(e, cal, r, s.ticker, kind)
			if err != nil {
				return tradeRow{}, false, err
			}
			if t == nil {
				continue
			}
			if kind == trade {
				rows := between(t.trades, tradeTimes, from, to)
				if n := ended(rows, tradeTimes, at); n > 0 {
					return rows[n-1], true, nil
				}
				break
			}
			// Only the rows near the end are worth turning into mids.
			rows := between(t.quotes, quoteTimes, from, to)
			n := ended(rows, quoteTimes, at)
			if m := mids(rows[max(0, n-5):n]); len(m) > 0 {
				return m[len(m)-1], true, nil
			}
			break
		}
	}
	return tradeRow{}, false, nil
}

// holds tells whether rows of a resolution and kind may be stored, by the
// names of the files: a damaged one must not stop what does not need it.
func (f *Folder) holds(e *entry, r market.Resolution, kind tick) (bool, error) {
	if r == market.Minute || r == market.Second {
		files, err := e.sessionFiles(f, r)
		for _, s := range files {
			if kind == trade && s.trade || kind == quote && s.quote {
				return true, nil
			}
		}
		return false, err
	}
	for _, s := range e.segs {
		if rel, ok := e.wholeFile(r, s.ticker, kind); ok {
			if _, err := os.Stat(f.path(rel)); err == nil {
				return true, nil
			}
		}
	}
	return false, nil
}

// coarsest finds the coarsest stored resolution that base can be made of, for
// any of the kinds given.
func (f *Folder) coarsest(e *entry, base market.Resolution, of ...tick) (r market.Resolution, found bool, err error) {
	for _, r := range stored[max(0, slices.Index(stored, base)):] {
		for _, kind := range of {
			if ok, err := f.holds(e, r, kind); ok || err != nil {
				return r, ok, err
			}
		}
	}
	return base, false, nil
}
