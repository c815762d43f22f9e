package algo

// packet is what one subscription has for one step.
type packet struct {
	sub    *subscription
	points []Point
}

// Slice is what the algorithm sees of one step. The engine uses it again for
// the next step unless it was kept.
type Slice struct {
	UTC         int64
	Time        int64 // the algorithm's wall clock
	Bars        []*Bar
	Quotes      []*QuoteBar
	Ticks       []*Ticks
	Custom      []*Custom
	Splits      []*Split
	Dividends   []*Dividend
	Delistings  []*Delisting
	Changes     []*SymbolChange
	Collections []*Collection
	// Dirty tells whether any point is new rather than a copy.
	HasData bool
	kept    bool
}

// Keep makes a slice good for longer than its step.
func (s *Slice) Keep() { s.kept = true }

// Leave takes that back.
func (s *Slice) Leave() { s.kept = false }

// Kept tells whether a slice is good for longer than its step.
func (s *Slice) Kept() bool { return s.kept }

// slice sorts a step's points for the algorithm.
func (e *Engine) slice(utc int64, packets []packet) *Slice {
	s := e.Slice
	if s == nil || s.kept {
		s = &Slice{}
	}
	*s = Slice{UTC: utc, Time: e.Zone.Local(utc), Bars: s.Bars[:0], Quotes: s.Quotes[:0]}
	var bars, quotes map[*Symbol]int
	if len(packets) > 8 {
		bars, quotes = e.slots[0], e.slots[1]
		clear(bars)
		clear(quotes)
	}
	for _, p := range packets {
		for _, point := range p.points {
			if d, ok := point.(*Delisting); ok {
				s.Delistings = append(s.Delistings, d)
				s.HasData = s.HasData || !p.sub.cfg.Internal
				continue
			}
			if p.sub.cfg.Internal {
				continue
			}
			s.HasData = true
			switch v := point.(type) {
			case *Bar:
				s.Bars = addFinest(s.Bars, v, bars)
			case *QuoteBar:
				s.Quotes = addFinest(s.Quotes, v, quotes)
			case *Ticks:
				s.Ticks = append(s.Ticks, v)
			case *Custom:
				s.Custom = append(s.Custom, v)
			case *Split:
				s.Splits = append(s.Splits, v)
			case *Dividend:
				s.Dividends = append(s.Dividends, v)
			case *SymbolChange:
				s.Changes = append(s.Changes, v)
			case *Collection:
				s.Collections = append(s.Collections, v)
			}
		}
	}
	return s
}

// addFinest keeps the shorter of two bars of one symbol. Of many bars, slots
// says where each symbol's is.
func addFinest[P interface {
	comparable
	Point
}](list []P, v P, slots map[*Symbol]int) []P {
	look := list
	if slots != nil {
		at, ok := slots[v.Of()]
		if !ok {
			slots[v.Of()] = len(list)
			return append(list, v)
		}
		look = list[at : at+1]
	}
	for i, x := range look {
		if x.Of() != v.Of() {
			continue
		}
		a, b := x.Times()
		c, d := v.Times()
		if b-a > d-c {
			look[i] = v
		}
		return list
	}
	return append(list, v)
}
