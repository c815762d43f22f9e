package algo

import (
	"slices"
	"sort"
)

// Schedule fires events at times known beforehand.
type Schedule struct {
	e      *Engine
	events []*Event
	made   int
	dirty  bool
}

// Event is something that happens at certain times.
type Event struct {
	Name    string
	Enabled bool
	next    func() (utc int64, ok bool)
	call    func(utc int64) error
	at      int64 // of the next firing; never at the end
	id      int
	primed  bool
}

func newSchedule(e *Engine) *Schedule { return &Schedule{e: e} }

// On adds an event; next gives its times in ascending order.
func (s *Schedule) On(name string, next func() (int64, bool), call func(utc int64) error) *Event {
	s.made++
	ev := &Event{Name: name, Enabled: true, next: next, call: call, id: s.made}
	s.events = append(s.events, ev)
	s.dirty = true
	if s.e.locked {
		ev.skip(s.e.utc)
	}
	return ev
}

// Remove takes an event off the schedule.
func (s *Schedule) Remove(ev *Event) {
	for i, x := range s.events {
		if x == ev {
			s.events = append(s.events[:i:i], s.events[i+1:]...)
			return
		}
	}
}

func (ev *Event) advance() {
	at, ok := ev.next()
	if !ok {
		at = never
	}
	ev.at, ev.primed = at, true
}

// skip passes over the times before one.
func (ev *Event) skip(utc int64) {
	if !ev.primed {
		ev.advance()
	}
	for ev.at < utc {
		ev.advance()
	}
}

func (s *Schedule) sorted() []*Event {
	if s.dirty {
		s.dirty = false
		for _, ev := range s.events {
			if !ev.primed {
				ev.advance()
			}
		}
		sort.SliceStable(s.events, func(i, j int) bool {
			if s.events[i].at != s.events[j].at {
				return s.events[i].at < s.events[j].at
			}
			return s.events[i].id < s.events[j].id
		})
	}
	return s.events
}

// fire runs an event and finds its next time.
func (s *Schedule) fire(ev *Event, now int64) error {
	for ev.at <= now {
		at := ev.at
		if ev.Enabled {
			if err := ev.call(at); err != nil {
				return err
			}
		}
		ev.advance()
	}
	// Behind all events of the same time, as it fired before them.
	for i, x := range s.events {
		if x != ev {
			continue
		}
		rest := slices.Delete(slices.Clone(s.events), i, i+1)
		to := sort.Search(len(rest), func(k int) bool { return rest[k].at > ev.at })
		rest = append(rest, nil)
		copy(rest[to+1:], rest[to:])
		rest[to] = ev
		s.events = rest
		return nil
	}
	return nil
}

// past fires what was due strictly before a time, each with the clock at its
// own time.
func (s *Schedule) past(utc int64) error {
	for {
		list := s.sorted()
		if len(list) == 0 || list[0].at >= utc || s.e.Status != StatusRunning {
			return nil
		}
		s.e.setTime(list[0].at)
		if err := s.fire(list[0], list[0].at); err != nil {
			return err
		}
	}
}

// due fires what is due at a time.
func (s *Schedule) due(utc int64) error {
	for {
		list := s.sorted()
		if len(list) == 0 || list[0].at > utc || s.e.Status != StatusRunning {
			return nil
		}
		if err := s.fire(list[0], utc); err != nil {
			return err
		}
	}
}

// Days gives a day's midnight on some wall clock, in ascending order.
type Days func() (int64, bool)

// EveryDay gives every calendar day between two wall clocks.
func EveryDay(from, to int64) Days {
	at := midnight(from)
	return func() (int64, bool) {
		if at > to {
			return 0, false
		}
		at += nsDay
		return at - nsDay, true
	}
}

// At turns days into times: times gives those of one day, as UTC.
func At(days Days, times func(day int64) []int64) func() (int64, bool) {
	var queue []int64
	return func() (int64, bool) {
		for len(queue) == 0 {
			d, ok := days()
			if !ok {
				return 0, false
			}
			queue = times(d)
		}
		at := queue[0]
		queue = queue[1:]
		return at, true
	}
}

// Where keeps the days that satisfy a condition.
func (d Days) Where(keep func(day int64) bool) Days {
	return func() (int64, bool) {
		for {
			day, ok := d()
			if !ok || keep(day) {
				return day, ok
			}
		}
	}
}
