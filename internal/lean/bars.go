package lean

import (
	"context"
	"slices"
	"sort"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Bars gives the bars of a request in time order: those that end after Start
// and not after End (a zero End sets no bound). The base resolution is read, or
// made of a finer stored one; bars of several base bars are given once they are
// over, so a week still running at End is not in the answer. Past tickers are
// followed through the map file. Where only quotes are stored, as for forex,
// prices are the middle of bid and ask and the volume is zero. It fails with
// fault.NotFound for an unknown symbol or one without bars that would serve,
// and fault.Unavailable for a damaged file.
func (f *Folder) Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error) {
	const op = "lean.Bars"
	e, cal, err := f.open(op, req.Symbol, req.Resolution)
	if err != nil {
		return nil, err
	}
	base := req.Resolution.Base()
	source, ok, err := f.coarsest(e, base, kinds[:]...)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.E(op, fault.NotFound, "%s has no bars that %s could be made of", e.inst.Symbol, resolutionDirs[base]).
			Hinted("Ask for a coarser resolution, or import data.").With("symbol", e.inst.Symbol)
	}
	// A day is its regular session, whatever it is made of.
	w := window{from: -1 << 62, to: 1 << 62, extended: req.Extended && base.Intraday()}
	if !req.Start.IsZero() {
		w.from = wholeStart(req.Start, req.Resolution, source, cal).UnixMilli()
	}
	if !req.End.IsZero() {
		w.to = req.End.UnixMilli()
	}
	w.last = enough(req, source)
	rows, err := f.trades(ctx, e, cal, source, w)
	if err != nil {
		return nil, err
	}
	bars := make([]market.Bar, len(rows))
	for i := range rows {
		bars[i] = rows[i].bar()
	}
	if source != base {
		bars = deriveBars(bars, e, cal, base)
		bars = slices.DeleteFunc(bars, func(b market.Bar) bool { return b.End.UnixMilli() > w.to })
	}
	factors, err := e.factors(f)
	if err != nil {
		return nil, err
	}
	adjust(bars, factors, req.Adjustment, cal.Zone)
	if req.Resolution != base {
		bars = dropRunning(bars, req, cal)
		bars = market.Aggregate(bars, req.Resolution, cal.Zone)
	}
	first := sort.Search(len(bars), func(i int) bool { return bars[i].End.After(req.Start) })
	bars = bars[first:]
	if req.Last > 0 && len(bars) > req.Last {
		bars = bars[len(bars)-req.Last:]
	}
	return bars, nil
}

// open resolves a symbol for reading bars.
func (f *Folder) open(op, symbol string, r market.Resolution) (*entry, *market.Calendar, error) {
	if r.N <= 0 || resolutionDirs[r.Base()] == "" {
		return nil, nil, fault.E(op, fault.Invalid, "the resolution %q is not usable", r).
			Hinted("Use second, minute, hour, daily, or a count and unit such as 5m, 4h, 1d, 1w.")
	}
	e, err := f.entry(op, symbol)
	if err != nil {
		return nil, nil, err
	}
	if e.mapErr != nil {
		return nil, nil, e.mapErr
	}
	cal, err := e.calendar(f)
	return e, cal, err
}

// wholeStart moves a start back so that the first bar of r has all its parts.
func wholeStart(start time.Time, r, source market.Resolution, cal *market.Calendar) time.Time {
	switch {
	case r == source:
		return start
	case !r.Intraday() && r != market.Daily:
		// Counted in sessions, of which a long closure has few.
		return start.Add(-3*r.Duration() - 10*24*time.Hour)
	}
	local := start.In(cal.Zone)
	return market.DateOf(local).In(cal.Zone).AddDate(0, 0, -1)
}

// limit says when reading backwards may stop; a zero field sets no limit.
type limit struct{ rows, dates int }

// enough bounds what the last n bars of a request can be made of.
func enough(req market.BarRequest, source market.Resolution) limit {
	n := req.Last
	switch r := req.Resolution; {
	case n <= 0:
		return limit{}
	case r.Unit == source.Unit:
		return limit{rows: (n + 2) * r.N} // one more may be partial, one still running
	case r == market.Hour || r == market.Daily:
		return limit{dates: n + 2} // at least one bar a date
	}
	return limit{}
}

// dropRunning removes the base bars of a bar that is not over at the end of
// the request.
func dropRunning(bars []market.Bar, req market.BarRequest, cal *market.Calendar) []market.Bar {
	if len(bars) == 0 || req.End.IsZero() {
		return bars
	}
	r := req.Resolution
	last := bars[len(bars)-1].Start.In(cal.Zone)
	midnight := market.DateOf(last).In(cal.Zone)
	var begin, end time.Time
	switch {
	case r.Unit == market.UnitWeek:
		back := (int(last.Weekday()) + 6) % 7
		if r.N > 1 {
			back += 7 * ((market.DateOf(last).Days() / 7) % r.N)
		}
		begin = midnight.AddDate(0, 0, -back)
		end = begin.AddDate(0, 0, 7*r.N)
	case !r.Intraday():
		return bars // counted back from the last one
	default:
		begin = midnight.Add(last.Sub(midnight).Truncate(r.Duration()))
		end = begin.Add(r.Duration())
	}
	if !req.End.Before(end) || !tradesBetween(cal, req.End, end, req.Extended && r.Intraday()) {
		return bars
	}
	n := sort.Search(len(bars), func(i int) bool { return !bars[i].Start.Before(begin) })
	return bars[:n]
}

// tradesBetween tells whether the market has any hours in [from, to).
func tradesBetween(cal *market.Calendar, from, to time.Time, extended bool) bool {
	if cal.IsOpen(from, extended) {
		return true
	}
	for d := market.DateOf(from.In(cal.Zone)); d.In(cal.Zone).Before(to); d = d.AddDays(1) {
		for _, s := range cal.Segments(d) {
			if s.State != market.Open && !(extended && (s.State == market.PreMarket || s.State == market.PostMarket)) {
				continue
			}
			if opens := localTime(cal, d, s.From); opens.Before(to) && localTime(cal, d, s.To).After(from) {
				return true
			}
		}
	}
	return false
}

func localTime(cal *market.Calendar, d market.Date, since time.Duration) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, int(since), cal.Zone)
}

func (r *tradeRow) bar() market.Bar {
	return market.Bar{
		Start: time.UnixMilli(r.start).UTC(), End: time.UnixMilli(r.end).UTC(),
		Open: r.open, High: r.high, Low: r.low, Close: r.close, Volume: r.volume,
	}
}

// deriveBars makes hour bars, which start on the hour of the data zone, or
// daily bars of finer ones.
func deriveBars(bars []market.Bar, e *entry, cal *market.Calendar, to market.Resolution) []market.Bar {
	span := e.spans(cal, to)
	var out []market.Bar
	for _, b := range bars {
		start, end := span(b.Start)
		if n := len(out); n > 0 && out[n-1].Start.Equal(start) {
			o := &out[n-1]
			o.High, o.Low, o.Close = num.Max(o.High, b.High), num.Min(o.Low, b.Low), b.Close
			o.Volume = o.Volume.Add(b.Volume)
			continue
		}
		b.Start, b.End = start, end
		out = append(out, b)
	}
	return out
}

// spans gives the base bar of a resolution that an instant belongs to.
func (e *entry) spans(cal *market.Calendar, to market.Resolution) func(time.Time) (start, end time.Time) {
	if to == market.Daily {
		return func(t time.Time) (time.Time, time.Time) {
			start, end := e.daySpan(cal, e.dayOf(cal, t))
			return time.UnixMilli(start).UTC(), time.UnixMilli(end).UTC()
		}
	}
	return func(t time.Time) (time.Time, time.Time) {
		local := t.In(cal.DataZone)
		_, offset := local.Zone()
		shift := time.Duration(offset) * time.Second
		start := t.Add(shift).Truncate(to.Duration()).Add(-shift)
		return start.UTC(), start.Add(to.Duration()).UTC()
	}
}
