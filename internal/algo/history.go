package algo

import "sort"

// HistoryRequest asks for past points of one subscription: a number of bars
// before now, or those between two wall clocks of the exchange.
type HistoryRequest struct {
	Config      *Config // what it is like; resolution and type may differ
	Bars        int
	From, To    int64
	FillForward bool
	Extended    bool
	Norm        Normalization
}

// BarsBack is where the n-th bar of a configuration before now begins.
func (e *Engine) BarsBack(c *Config, n int, extended bool) int64 {
	span := int64(c.Resolution.Span())
	if span == 0 {
		span = nsSecond
	}
	strict := e.Settings.DailyPreciseEndTime && strictHours(c.Symbol, span, c.Hours)
	return e.barsBack(c.Hours, c.Hours.Local(e.utc), span, n, extended, strict)
}

// History gives the points of several requests, by time.
func (e *Engine) History(requests []HistoryRequest) ([][]Point, error) {
	type stream1 struct {
		points []Point
		utc    []int64
	}
	var streams []stream1
	for _, r := range requests {
		c := *r.Config
		c.consolidated, c.Internal = nil, false
		c.FillForward, c.Extended, c.Norm = r.FillForward, r.Extended, r.Norm
		sec := e.Securities.Get(c.Symbol)
		if sec == nil {
			sec = e.Securities.Remembered(c.Symbol)
		}
		step := int64(c.Resolution.Span())
		in, err := e.chain(&c, sec, c.Hours.UTC(r.From), c.Hours.UTC(r.To), &step)
		if err != nil {
			return nil, err
		}
		sub := &subscription{cfg: &c, sec: sec, in: in, scaleTo: midnight(r.To)}
		if c.scaled() {
			if sub.ref, err = e.reference(c.Symbol); err != nil {
				return nil, err
			}
		}
		var s stream1
		for {
			if err := sub.move(e); err != nil {
				return nil, err
			}
			if sub.cur == nil {
				break
			}
			_, end := sub.cur.Times()
			if end > r.To {
				break
			}
			if auxiliary(sub.cur) || end <= r.From && c.Resolution != Tick {
				continue
			}
			s.points = append(s.points, sub.cur)
			s.utc = append(s.utc, sub.emit)
		}
		e.HistoryPoints += len(s.points)
		streams = append(streams, s)
	}
	times := map[int64][]Point{}
	var order []int64
	for _, s := range streams {
		for i, p := range s.points {
			if _, ok := times[s.utc[i]]; !ok {
				order = append(order, s.utc[i])
			}
			times[s.utc[i]] = append(times[s.utc[i]], p)
		}
	}
	sort.Slice(order, func(i, j int) bool { return order[i] < order[j] })
	out := make([][]Point, len(order))
	for i, t := range order {
		out[i] = times[t]
	}
	return out, nil
}

// ConfigFor gives a configuration to ask history with, whether or not there is
// a subscription like it.
func (e *Engine) ConfigFor(s *Symbol, r Resolution, t DataType) (*Config, error) {
	h, err := e.HoursOf(s)
	if err != nil {
		return nil, err
	}
	c := &Config{Symbol: s, Resolution: r, Type: t, FillForward: true, Filtered: true, Norm: Raw, Hours: h}
	if s.Kind == Equity {
		c.Norm = e.Universe.Norm
	}
	return c, nil
}

// TypesOf are the data types a security has at a resolution.
func TypesOf(k Kind, r Resolution) []DataType { return typesOf(k, r) }
