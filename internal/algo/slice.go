package algo

// packet is what one subscription has for one step.
type packet struct {
	sub    *subscription
	points []Point
}

// Slice is what the algorithm sees of one step.
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
}

// slice sorts a step's points for the algorithm.
func (e *Engine) slice(utc int64, packets []packet) *Slice {
	s := &Slice{UTC: utc, Time: e.Zone.Local(utc)}
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
				s.Bars = addFinest(s.Bars, v)
			case *QuoteBar:
				s.Quotes = addFinest(s.Quotes, v)
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

// addFinest keeps the shorter of two bars of one symbol.
func addFinest[P interface {
	comparable
	Point
}](list []P, v P) []P {
	for i, x := range list {
		if x.Of() != v.Of() {
			continue
		}
		a, b := x.Times()
		c, d := v.Times()
		if b-a > d-c {
			list[i] = v
		}
		return list
	}
	return append(list, v)
}
