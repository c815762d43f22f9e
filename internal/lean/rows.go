package lean

import (
	"context"
	"slices"
	"time"

	"quantdesk/internal/market"
)

// window says which rows are wanted: those that end in (from, to], in
// milliseconds.
type window struct {
	from, to int64
	extended bool
	last     limit
}

// bulk tells a window of so many days that reading them through the cache
// would only empty it, and decode quotes nobody asked for.
func (w window) bulk() bool { return w.last == limit{} && w.from < w.to-5*dayMillis }

// trades reads the rows of a window as trades, in order. Intraday rows outside
// regular hours are left out unless extended.
func (f *Folder) trades(ctx context.Context, e *entry, cal *market.Calendar, r market.Resolution, w window) ([]tradeRow, error) {
	bulk := w.bulk()
	read := func(s sessionFile) ([]tradeRow, error) {
		if r == market.Minute && !bulk {
			d, err := f.day(e, cal, s.date)
			if err != nil {
				return nil, err
			}
			return d.trades, nil
		}
		if s.trade {
			t, err := f.readSession(e, cal, r, s, trade)
			if err != nil || len(t.trades) > 0 {
				return t.trades, err
			}
		}
		t, err := f.readSession(e, cal, r, s, quote)
		return mids(t.quotesOrNone()), err
	}
	whole := func(s segment) ([]tradeRow, error) { return f.wholeTrades(e, cal, r, s) }
	return gather(ctx, f, e, cal, r, w, tradeTimes, read, whole)
}

// quotes is trades for quote rows; extended hours are always included.
func (f *Folder) quotes(ctx context.Context, e *entry, cal *market.Calendar, r market.Resolution, w window) ([]quoteRow, error) {
	bulk := w.bulk()
	read := func(s sessionFile) ([]quoteRow, error) {
		if r == market.Minute && !bulk {
			d, err := f.day(e, cal, s.date)
			if err != nil {
				return nil, err
			}
			return d.quotes, nil
		}
		t, err := f.readSession(e, cal, r, s, quote)
		return t.quotesOrNone(), err
	}
	whole := func(s segment) ([]quoteRow, error) {
		t, err := f.readWhole(e, cal, r, s.ticker, quote)
		if err != nil || t == nil {
			return nil, err
		}
		from, to := s.bounds(cal)
		return between(t.quotes, quoteTimes, from, to), nil
	}
	return gather(ctx, f, e, cal, r, w, quoteTimes, read, whole)
}

func (t *table) quotesOrNone() []quoteRow {
	if t == nil {
		return nil
	}
	return t.quotes
}

// gather joins the rows of a window over dates or over map segments. What it
// returns is the caller's.
func gather[R any](ctx context.Context, f *Folder, e *entry, cal *market.Calendar, r market.Resolution, w window,
	times func(*R) (int64, int64), read func(sessionFile) ([]R, error), whole func(segment) ([]R, error)) ([]R, error) {
	hours := hoursFilter{cal: cal, all: w.extended || r == market.Daily || cal.AlwaysOpen}
	keep := func(out, rows []R) []R {
		rows = rows[ended(rows, times, w.from):ended(rows, times, w.to)]
		out = slices.Grow(out, len(rows))
		for i := range rows {
			if start, end := times(&rows[i]); hours.open(start, end) {
				out = append(out, rows[i])
			}
		}
		return out
	}
	var out []R
	if r == market.Daily || r == market.Hour {
		for _, s := range e.segs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			rows, err := whole(s)
			if err != nil {
				return nil, err
			}
			out = keep(out, rows)
		}
		return out, nil
	}
	files, err := e.sessionFiles(f, r)
	if err != nil {
		return nil, err
	}
	// Backwards, so that "the last n" need not read what came before.
	var parts [][]R
	count := 0
	for i := len(files) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := files[i]
		if s.date.In(cal.DataZone).UnixMilli() >= w.to {
			continue
		}
		if s.date.AddDays(1).In(cal.DataZone).UnixMilli()+time.Minute.Milliseconds() <= w.from {
			break
		}
		rows, err := read(s)
		if err != nil {
			return nil, err
		}
		part := keep(nil, rows)
		if len(part) == 0 {
			continue
		}
		parts = append(parts, part)
		count += len(part)
		if w.last.rows > 0 && count >= w.last.rows || w.last.dates > 0 && len(parts) >= w.last.dates {
			break
		}
	}
	slices.Reverse(parts)
	return slices.Concat(parts...), nil
}

// hoursFilter tells bars that touch regular hours from those that do not. It
// keeps the day it looked at last: rows come in order.
type hoursFilter struct {
	cal      *market.Calendar
	all      bool
	from, to int64 // the exchange day the stretches are of
	regular  [][2]int64
}

func (h *hoursFilter) open(start, end int64) bool {
	if h.all {
		return true
	}
	if start < h.from || start >= h.to {
		d := market.DateOf(time.UnixMilli(start).In(h.cal.Zone))
		h.from, h.to = d.In(h.cal.Zone).UnixMilli(), d.AddDays(1).In(h.cal.Zone).UnixMilli()
		h.regular = h.regular[:0]
		for _, s := range h.cal.Segments(d) {
			if s.State == market.Open {
				h.regular = append(h.regular, [2]int64{localTime(h.cal, d, s.From).UnixMilli(), localTime(h.cal, d, s.To).UnixMilli()})
			}
		}
	}
	for _, s := range h.regular {
		if start < s[1] && end > s[0] {
			return true
		}
	}
	return false
}
