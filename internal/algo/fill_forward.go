package algo

import (
	"sort"

	"quantdesk/internal/num"
)

// forward inserts copies of the last point where an open market had none, one
// bar per step of the smallest resolution in use.
type forward struct {
	in         stream
	cfg        *Config
	hours      *Hours
	step       *int64 // shared, for it changes with the subscriptions
	start, end int64
	strict     bool
	lastFrom   int64 // the calendar of the last bar before the end
	lastTo     int64

	previous, current Point
	pending           Point // read, and not told yet
	hasPending        bool
	inputEnded        bool
	delisted          int64
}

func (e *Engine) newForward(in stream, cfg *Config, step *int64, start, end int64) *forward {
	f := &forward{in: in, cfg: cfg, hours: cfg.Hours, step: step, start: start, end: end, strict: cfg.strict(e.Settings.DailyPreciseEndTime), delisted: never}
	if f.strict {
		f.lastFrom, f.lastTo = f.hours.session(end, false)
		for f.lastTo > end {
			f.lastFrom, f.lastTo = f.hours.session(f.lastFrom-nsDay, false)
		}
	} else {
		f.lastFrom = f.round(end, cfg.span())
		f.lastTo = f.lastFrom + cfg.span()
	}
	return f
}

// round rounds down in the zone of the data, where days begin and end.
func (f *forward) round(local, span int64) int64 {
	h := f.hours
	if span <= 0 {
		return local
	}
	if h.same {
		return floorTo(local, span)
	}
	return h.Local(h.Data.UTC(floorTo(h.Data.Local(h.UTC(local)), span)))
}

func retime(p Point, start, end int64) Point {
	switch v := p.(type) {
	case *Bar:
		c := *v
		c.Start, c.End, c.FillForward = start, end, true
		c.Volume = num.Zero // it was not traded again
		return &c
	case *QuoteBar:
		c := *v
		c.Start, c.End, c.FillForward = start, end, true
		return &c
	case *Custom:
		c := *v
		c.Start, c.End, c.Fill = start, end, true
		return &c
	}
	return nil
}

func (f *forward) next() (Point, error) {
	if f.delisted != never {
		if f.previous == nil {
			return nil, nil
		}
		if _, end := f.previous.Times(); end >= f.delisted {
			return nil, nil
		}
	}
	if f.current != nil && !auxiliary(f.current) {
		f.previous = f.current
	}
	if !f.hasPending {
		p, err := f.in.next()
		if err != nil {
			return nil, err
		}
		if p == nil {
			return f.finish(), nil
		}
		f.pending, f.hasPending = p, true
		if d, ok := p.(*Delisting); ok && !d.Warning {
			f.delisted = d.Time
		}
	}
	if f.previous != nil {
		if p := f.fill(f.previous, f.pending); p != nil {
			if _, end := f.previous.Times(); end >= f.end {
				return nil, nil
			}
			f.current = p
			return p, nil
		}
	}
	f.current, f.hasPending = f.pending, false
	return f.current, nil
}

// finish fills the rest of the subscription once the data have run out.
func (f *forward) finish() Point {
	f.inputEnded = true
	if f.delisted != never || f.previous == nil {
		return nil
	}
	if _, end := f.previous.Times(); end >= f.end {
		return nil
	}
	last := retime(f.previous, f.lastFrom, f.lastTo)
	if p := f.fill(f.previous, last); p != nil {
		f.current = p
		return p
	}
	if !f.hours.IsOpenDuring(f.lastFrom, f.lastTo, f.cfg.Extended) {
		return nil
	}
	if f.current != nil {
		if _, end := f.current.Times(); end == f.lastTo {
			return nil
		}
	}
	f.current = last
	return last
}

// fill makes the next copy between two points, nil where none is due.
func (f *forward) fill(previous, next Point) Point {
	h := f.hours
	ps, _ := previous.Times()
	ns, ne := next.Times()
	previousUTC, nextUTC, nextEndUTC := h.UTC(ps), h.UTC(ns), h.UTC(ne)
	step, span := *f.step, f.cfg.span()
	gap := func(to int64) bool { return to-previousUTC > step || to-previousUTC > span }
	if nextEndUTC < previousUTC || !gap(nextUTC) {
		return nil
	}
	nextSpan := nextEndUTC - nextUTC
	if filled(previous) && (!f.strict || nextSpan <= nsHour) && !gap(h.UTC(f.round(ns, nextSpan))) {
		return nil
	}
	period := span
	if f.strict {
		period = ne - ns
	} else if ns == ne {
		period = 0
	}
	nextEnd := nextUTC + period
	for _, item := range f.candidates(previous, step, span) {
		from := item.from
		if !f.strict || item.to-item.from <= nsHour {
			from = f.round(item.from, item.to-item.from)
		}
		length := item.to - item.from
		endUTC := h.UTC(from) + length
		if endUTC >= nextEnd && !(auxiliary(next) && endUTC == nextEnd) {
			return nil
		}
		end := h.Local(endUTC)
		if !h.IsOpenDuring(end-length, end, f.cfg.Extended) {
			continue
		}
		expected := span
		if f.strict {
			at := max(end-h.regular, item.from)
			expected = 0
			for _, s := range h.day(at) {
				if s.open {
					expected += s.to - s.from
				}
			}
		}
		return retime(previous, h.Local(endUTC-expected), end)
	}
	return nil
}

// candidates are the bars that could come next, by their ends.
func (f *forward) candidates(previous Point, step, span int64) []span2 {
	_, end := previous.Times()
	h, ext := f.hours, f.cfg.Extended
	if step == span {
		if f.strict {
			a, b := h.session(h.NextOpen(end, false), false)
			return []span2{{a, b}}
		}
		var out []span2
		if h.IsOpenDuring(end, end+span, ext) {
			out = append(out, span2{end, end + span})
		}
		open := h.NextOpen(end, ext)
		return append(out, span2{open, open + span})
	}
	small, large := min(step, span), max(step, span)
	var first, rest []span2
	if h.IsOpenDuring(end, end+small, ext) {
		if f.strict {
			rest = append(rest, span2{end, end + small})
		} else {
			first = append(first, span2{end, end + small})
		}
	}
	if f.strict {
		if a, b := h.session(end, false); end < b {
			rest = append(rest, span2{a, b})
		}
	} else if start := f.round(end, large); h.IsOpenDuring(start, start+large, ext) {
		rest = append(rest, span2{start, start + large})
	}
	open := h.NextOpen(end, ext)
	rest = append(rest, span2{open, open + small})
	if f.strict {
		a, b := h.session(h.NextOpen(end, false), false)
		rest = append(rest, span2{a, b})
	}
	sort.SliceStable(rest, func(i, j int) bool { return rest[i].to < rest[j].to })
	return append(first, rest...)
}

type span2 struct{ from, to int64 }
