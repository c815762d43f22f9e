package algo

// A security's day ends ten minutes before its exchange closes, the
// algorithm's two minutes before midnight.
const (
	securityDayMargin = 10 * nsMinute
	wholeDayMargin    = 2 * nsMinute
)

// watchDays schedules the end of the algorithm's own days.
func (e *Engine) watchDays() {
	if _, whole := e.strategy.HasOnEndOfDay(); !whole {
		return
	}
	days := EveryDay(e.Zone.Local(e.utc), e.end)
	e.Schedule.On("Algorithm: EndOfDay", At(days, func(day int64) []int64 {
		return []int64{e.Zone.UTC(day + nsDay - wholeDayMargin)}
	}), func(int64) error { return e.endDay(nil) })
}

// watchSecurities schedules the end of the day of securities that came, and
// takes off the schedule those that went.
func (e *Engine) watchSecurities(added, removed []*Security) {
	if each, _ := e.strategy.HasOnEndOfDay(); !each {
		return
	}
	for _, s := range removed {
		if ev := e.dayEnds[s]; ev != nil {
			e.Schedule.Remove(ev)
			delete(e.dayEnds, s)
		}
	}
	for _, s := range added {
		if e.dayEnds[s] != nil {
			continue
		}
		h, from := s.Hours, e.utc
		days := EveryDay(h.Local(from), h.Local(e.endUTC)).Where(func(day int64) bool { return h.IsDateOpen(day, false) })
		e.dayEnds[s] = e.Schedule.On(s.Symbol.Value+": EndOfDay", At(days, func(day int64) []int64 {
			at := day + nsDay
			if !h.Always {
				at = h.NextClose(day, s.extended()) - securityDayMargin
			}
			if utc := h.UTC(at); utc > from {
				return []int64{utc}
			}
			return nil
		}), func(int64) error { return e.endDay(s) })
	}
}

func (e *Engine) endDay(s *Security) error {
	if e.Warming {
		return nil
	}
	return e.strategy.OnEndOfDay(s)
}
