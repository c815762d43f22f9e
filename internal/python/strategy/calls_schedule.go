package strategy

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/python"
)

const nsDay = int64(24 * time.Hour)

func (h *host) declareSchedule() {
	h.def("schedule", func(a *args) (any, error) {
		e := h.e
		days, err := h.days(a.text(1), a.object(2), a.keep(3), e.Zone.Local(e.UTC()), e.End())
		if err != nil {
			return nil, err
		}
		times, err := h.times(a.text(4), a.object(5))
		if err != nil {
			return nil, err
		}
		call := a.keep(6)
		if a.err != nil {
			return nil, a.err
		}
		ev := e.Schedule.On(a.text(0), algo.At(days, times), func(utc int64) error {
			if e.Warming {
				return nil
			}
			h.mirrorClock()
			n := h.p.Int(utc)
			defer n.DecRef()
			return h.drop(h.p.Call(call, n))
		})
		h.events = append(h.events, ev)
		return len(h.events) - 1, nil
	})
	h.def("schedule_remove", func(a *args) (any, error) { h.e.Schedule.Remove(h.events[a.int(0)]); return nil, nil })
	h.def("schedule_enabled", func(a *args) (any, error) {
		ev := h.events[a.int(0)]
		if !a.none(1) {
			ev.Enabled = a.bool(1)
		}
		return ev.Enabled, nil
	})
	h.def("schedule_days", func(a *args) (any, error) {
		days, err := h.days(a.text(0), a.object(1), a.keep(4), a.int64(2), a.int64(3))
		if err != nil {
			return nil, err
		}
		var out []any
		for {
			d, ok := days()
			if !ok {
				return out, nil
			}
			out = append(out, d)
		}
	})
}

func weekday(day int64) int { return int(((day/nsDay+4)%7 + 7) % 7) }

func civil(day int64) (int, time.Month, int) {
	t := time.Unix(0, day).UTC()
	return t.Year(), t.Month(), t.Day()
}

func dayOf(y int, m time.Month, d int) int64 {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixNano()
}

// days gives the days of a date rule between two wall clocks.
func (h *host) days(kind string, in, f python.Object, from, to int64) (algo.Days, error) {
	a := &args{h: h, in: in.Items()}
	every := algo.EveryDay(from, to)
	open := func(i int) (func(int64) bool, error) {
		s := a.symbol(i)
		if s == nil {
			return func(int64) bool { return true }, nil
		}
		x, err := h.e.HoursOf(s)
		if err != nil {
			return nil, err
		}
		return func(d int64) bool { return x.IsDateOpen(d, false) }, nil
	}
	switch kind {
	case "every":
		return every, nil
	case "trading":
		keep, err := open(0)
		return every.Where(keep), err
	case "weekdays":
		var want []int
		for i := range a.in {
			want = append(want, a.int(i))
		}
		return every.Where(func(d int64) bool { return slices.Contains(want, weekday(d)) }), a.err
	case "on":
		var list []int64
		for i := range a.in {
			list = append(list, a.int64(i)-((a.int64(i)%nsDay)+nsDay)%nsDay)
		}
		sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
		return func() (int64, bool) {
			if len(list) == 0 {
				return 0, false
			}
			d := list[0]
			list = list[1:]
			return d, true
		}, a.err
	case "func":
		x, y := h.p.Int(from), h.p.Int(to)
		defer func() { x.DecRef(); y.DecRef() }()
		o, err := h.p.Call(f, x, y)
		if err != nil {
			return nil, err
		}
		defer o.DecRef()
		var list []int64
		for _, i := range o.Items() {
			n, _ := i.Int()
			list = append(list, n-((n%nsDay)+nsDay)%nsDay)
		}
		return func() (int64, bool) {
			if len(list) == 0 {
				return 0, false
			}
			d := list[0]
			list = list[1:]
			return d, true
		}, nil
	}
	keep, err := open(0)
	if err != nil {
		return nil, err
	}
	offset := a.int(1)
	if a.err != nil {
		return nil, a.err
	}
	return edges(kind, keep, offset, from, to, a.int(0) >= 0), nil
}

// edges gives the first or last trading day of every period, moved inward by
// an offset of trading days.
func edges(kind string, open func(int64) bool, offset int, from, to int64, symbol bool) algo.Days {
	var start func(day int64) int64
	var next func(start int64) int64
	switch kind {
	case "week_start", "week_end":
		start = func(d int64) int64 { return d - int64((weekday(d)+6)%7)*nsDay }
		next = func(s int64) int64 { return s + 7*nsDay }
	case "month_start", "month_end":
		start = func(d int64) int64 { y, m, _ := civil(d); return dayOf(y, m, 1) }
		next = func(s int64) int64 { y, m, _ := civil(s); return dayOf(y, m+1, 1) }
	case "quarter_start", "quarter_end":
		start = func(d int64) int64 { y, m, _ := civil(d); return dayOf(y, (m-1)/3*3+1, 1) }
		next = func(s int64) int64 { y, m, _ := civil(s); return dayOf(y, m+3, 1) }
	default:
		start = func(d int64) int64 { y, _, _ := civil(d); return dayOf(y, 1, 1) }
		next = func(s int64) int64 { y, _, _ := civil(s); return dayOf(y+1, 1, 1) }
	}
	end := len(kind) > 4 && kind[len(kind)-3:] == "end"
	at := start(from - ((from%nsDay)+nsDay)%nsDay)
	return func() (int64, bool) {
		for at <= to {
			s, e := at, next(at)
			at = e
			var days []int64
			for d := s; d < e; d += nsDay {
				if open(d) {
					days = append(days, d)
				}
			}
			if kind == "week_end" && !symbol && len(days) > 5 {
				days = days[:5] // a week without a market ends on Friday
			}
			if len(days) == 0 {
				continue
			}
			i := min(offset, len(days)-1)
			if end {
				i = max(len(days)-1-offset, 0)
			}
			if d := days[i]; d >= from-((from%nsDay)+nsDay)%nsDay && d <= to {
				return d, true
			}
		}
		return 0, false
	}
}

// times gives the times of a time rule on a day, as UTC.
func (h *host) times(kind string, in python.Object) (func(day int64) []int64, error) {
	e := h.e
	a := &args{h: h, in: in.Items()}
	switch kind {
	case "at", "interval":
		span := a.int64(0)
		zone := e.Zone
		if z := a.text(1); z != "" {
			loc, err := time.LoadLocation(z)
			if err != nil {
				return nil, &python.Raise{Type: "ValueError", Message: fmt.Sprintf("the time zone %q is not known", z)}
			}
			zone = algo.NewZone(loc)
		}
		if kind == "at" {
			return func(day int64) []int64 { return []int64{zone.UTC(day + span)} }, a.err
		}
		return func(day int64) (out []int64) {
			for t := day; t < day+nsDay; t += span {
				out = append(out, zone.UTC(t))
			}
			return out
		}, a.err
	case "utc":
		at := a.int64(0)
		return func(int64) []int64 { return []int64{at} }, a.err
	case "open", "close":
		s := a.symbol(0)
		if s == nil {
			return nil, &python.Raise{Type: "ValueError", Message: "the rule needs a symbol"}
		}
		x, err := e.HoursOf(s)
		if err != nil {
			return nil, err
		}
		offset, extended := a.int64(1), a.bool(2)
		return func(day int64) []int64 {
			if !x.IsDateOpen(day, extended) {
				return nil
			}
			t := x.NextOpen(day-1, extended)
			if kind == "close" {
				t = x.NextClose(day, extended)
			}
			return []int64{x.UTC(t + offset)}
		}, a.err
	case "func":
		f := a.keep(0)
		return func(day int64) (out []int64) {
			l := h.p.List()
			defer l.DecRef()
			n := h.p.Int(day)
			err := h.p.Append(l, n)
			n.DecRef()
			if err != nil {
				h.failures = err
				return nil
			}
			o, err := h.p.Call(f, l)
			if err != nil {
				h.failures = err
				return nil
			}
			defer o.DecRef()
			for _, x := range o.Items() {
				n, _ := x.Int()
				out = append(out, n)
			}
			return out
		}, a.err
	}
	return nil, fmt.Errorf("there is no time rule %q", kind)
}
