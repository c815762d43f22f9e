package algo

// Consolidator makes bars of a stream of points.
type Consolidator interface {
	Update(p Point) error
	// Scan ends what is over by the clock, on the exchange's wall clock.
	Scan(local int64) error
}

// Attach makes a consolidator eat a subscription's points.
func (e *Engine) Attach(c *Config, x Consolidator) { c.consolidated = append(c.consolidated, x) }

// Detach ends that.
func (e *Engine) Detach(c *Config, x Consolidator) {
	for i, y := range c.consolidated {
		if y == x {
			c.consolidated = append(c.consolidated[:i:i], c.consolidated[i+1:]...)
			return
		}
	}
}

// consolidate pumps a step's points through the consolidators.
func (e *Engine) consolidate(packets []packet) error {
	for _, p := range packets {
		c := p.sub.cfg
		if c.Internal || len(c.consolidated) == 0 {
			continue
		}
		local := c.Hours.Local(e.utc)
		for _, x := range append([]Consolidator(nil), c.consolidated...) {
			for _, point := range p.points {
				if auxiliary(point) {
					continue
				}
				if t, ok := point.(*Ticks); ok && t.Suspicious {
					continue
				}
				if err := x.Update(point); err != nil {
					return err
				}
			}
			if err := x.Scan(local); err != nil {
				return err
			}
		}
	}
	return nil
}

// scanConsolidators ends bars that were over before a time, each with the
// clock at its own end.
func (e *Engine) scanConsolidators(utc int64) error {
	for _, s := range e.Securities.All() {
		for _, c := range s.Configs {
			if len(c.consolidated) == 0 {
				continue
			}
			local := c.Hours.Local(utc)
			for _, x := range append([]Consolidator(nil), c.consolidated...) {
				if err := x.Scan(local); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
