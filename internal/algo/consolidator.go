package algo

import "sort"

// Consolidator makes bars of a stream of points.
type Consolidator interface {
	Update(p Point) error
	// Scan ends what is over by the clock, on the exchange's wall clock.
	Scan(local int64) error
}

// Attached is how many consolidators eat a subscription's points.
func (c *Config) Attached() int { return len(c.consolidated) }

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
		for _, x := range c.consolidated { // a list is never changed, only replaced or added to
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

// scanConsolidators ends bars that were over before a time although no data
// came, each with the clock at its own end.
func (e *Engine) scanConsolidators(utc int64) error {
	type due struct {
		x     interface{ Due() (int64, bool) }
		scan  func(int64) error
		local int64
		utc   int64
	}
	var list []due
	for _, s := range e.Securities.All() {
		for _, c := range s.Configs {
			for _, x := range c.consolidated {
				d, ok := x.(interface{ Due() (int64, bool) })
				if !ok {
					continue
				}
				local, ok := d.Due()
				if at := c.Hours.UTC(local); ok && at < utc {
					list = append(list, due{d, x.Scan, local, at})
				}
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].utc < list[j].utc })
	for _, d := range list {
		if d.utc > e.utc {
			e.setTime(d.utc)
		}
		if err := d.scan(d.local); err != nil {
			return err
		}
	}
	return nil
}
