package algo

// Bars that are looked back for a first price, and again where that finds none.
const (
	seedBars       = 5
	seedMinuteBars = 24 * 60
	seedHourBars   = 24
	seedDailyBars  = 10
)

// LastKnown gives the last point of each of a security's subscriptions before
// now: first of a few bars, then of more, then of days.
func (e *Engine) LastKnown(s *Security) (out []Point, err error) {
	type want struct{ cfg Config }
	var asked []want
	seen := map[DataType]bool{}
	for _, c := range s.Configs {
		x := *c
		if x.Resolution < Minute {
			x.Resolution = Minute
			switch x.Type {
			case TradeTicks:
				x.Type = TradeBars
			case QuoteTicks:
				x.Type = QuoteBars
			}
		}
		if !seen[x.Type] {
			seen[x.Type] = true
			asked = append(asked, want{x})
		}
	}
	for attempt := range 3 {
		var left []want
		for _, w := range asked {
			c := w.cfg
			bars := seedBars
			switch {
			case attempt == 1 && c.Resolution == Daily:
				bars = seedDailyBars
			case attempt == 1 && c.Resolution == Hour:
				bars = seedHourBars
			case attempt == 1:
				bars = seedMinuteBars
			case attempt == 2:
				bars, c.Resolution = min(60, 5*seedDailyBars), Daily
				if !validType(s.Symbol.Kind, Daily, c.Type) {
					continue
				}
			}
			groups, err := e.History([]HistoryRequest{{Config: &c, Extended: c.Extended, Norm: c.Norm, From: e.BarsBack(&c, bars, c.Extended), To: c.Hours.Local(e.utc)}})
			if err != nil {
				return nil, err
			}
			if len(groups) == 0 {
				left = append(left, w)
				continue
			}
			last := groups[len(groups)-1]
			out = append(out, last[len(last)-1])
		}
		if asked = left; len(asked) == 0 {
			break
		}
	}
	return out, nil
}

// seed gives a security its last known prices.
func (e *Engine) seed(s *Security) {
	points, err := e.LastKnown(s)
	if err != nil {
		e.dataError(err)
	}
	for _, p := range points {
		s.Seed(p)
	}
}

// seedRates finds first rates for the currencies that have none.
func (e *Engine) seedRates() {
	for _, c := range e.Portfolio.Cash.All() {
		if len(c.legs) == 0 || !c.Rate.IsZero() {
			continue
		}
		for _, l := range c.legs {
			if l.of.Price.IsZero() {
				e.seed(l.of)
			}
		}
		c.update()
	}
}
