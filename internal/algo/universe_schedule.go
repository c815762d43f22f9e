package algo

// AddCustomUniverse adds a universe chosen from points of the algorithm's own
// type: those of one time together.
func (e *Engine) AddCustomUniverse(name, marketName string, kind Kind, r Resolution, custom CustomType, set UniverseSettings, choose Chooser) (UniverseHandle, error) {
	s := &Symbol{ID: name, Root: name, Value: name, Kind: kind, Market: marketName}
	h, err := e.HoursOf(s)
	if err != nil {
		return UniverseHandle{}, err
	}
	u := &universe{e: e, Settings: set, members: map[*Symbol]*member{}, leaving: map[*Symbol]*Security{}, choose: choose,
		cfg: &Config{Symbol: s, Type: CustomData, Resolution: r, Internal: true, Hours: h, Custom: custom}}
	e.universes = append(e.universes, u)
	e.added = append(e.added, func() error {
		from, err := e.choosesFrom(u)
		if err != nil {
			return err
		}
		return e.feedUniverse(u, e.newCustom(u.cfg, from, h.Local(e.endUTC)), from)
	})
	return UniverseHandle{u}, nil
}

// scheduleLookback is how many days a schedule is searched back for its last
// day before the start.
const scheduleLookback = 365

// choosesFrom is where a universe's data begin: a trading day early, so that
// it chooses as the run starts.
func (e *Engine) choosesFrom(u *universe) (int64, error) {
	h := u.cfg.Hours
	at := h.Local(e.utc)
	if plan := u.Settings.Schedule; plan != nil {
		for i, day := 0, midnight(at); i < scheduleLookback; i, day = i+1, day-nsDay {
			days, err := plan(day, day)
			if err != nil {
				return 0, err
			}
			if _, ok := days(); ok {
				at = min(at, day+at-midnight(at))
				break
			}
		}
	}
	return e.barsBack(h, at, nsDay, 1, false, e.Settings.DailyPreciseEndTime), nil
}

// feedUniverse starts a universe's subscription, on its schedule if it has one.
func (e *Engine) feedUniverse(u *universe, in stream, from int64) error {
	if plan := u.Settings.Schedule; plan != nil {
		days, err := plan(from, u.cfg.Hours.Local(e.endUTC))
		if err != nil {
			return err
		}
		s := &scheduled{in: in, days: days}
		for s.step(); !s.over && s.at < from; {
			s.step()
		}
		in = s
	}
	e.insert(&subscription{cfg: u.cfg, universe: u, start: e.utc, in: in})
	return nil
}

// scheduled tells at each of its days the last collection there is, again where
// none is new.
type scheduled struct {
	in          stream
	days        Days
	at          int64
	over        bool
	ahead, last *Collection
}

func (s *scheduled) step() {
	day, ok := s.days()
	s.at, s.over = day, !ok
}

func (s *scheduled) next() (Point, error) {
	if s.over {
		return nil, nil
	}
	for {
		if s.ahead == nil {
			p, err := s.in.next()
			if err != nil {
				return nil, err
			}
			switch v := p.(type) {
			case *Collection:
				s.ahead = v
			case *Custom:
				s.ahead = &Collection{Symbol: v.Symbol, Start: v.Start, End: v.End, Objects: []any{v.Object}}
			}
		}
		if s.ahead == nil || s.ahead.End > s.at {
			break
		}
		s.last, s.ahead = s.ahead, nil
	}
	if s.last == nil {
		// The first there is comes after the day: it waits for the next.
		if s.last = s.ahead; s.last == nil {
			return nil, nil
		}
		s.ahead = nil
		if s.step(); s.over {
			return nil, nil
		}
	}
	c := *s.last
	c.End = s.at
	c.Start = min(c.Start, c.End)
	s.step()
	return &c, nil
}
