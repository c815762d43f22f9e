package algo

import "quantdesk/internal/num"

// Selector reads a value of a point for a consolidator, in place of its price.
type Selector func(Point) (num.Decimal, error)

// picked are the price and the volume that a point counts with.
func picked(p Point, byPrice, byVolume Selector) (price, volume num.Decimal, err error) {
	if price, err = pick(byPrice, p, p.Last()); err != nil {
		return
	}
	_, _, _, _, volume = values(p)
	volume, err = pick(byVolume, p, volume)
	return
}

func pick(f Selector, p Point, otherwise num.Decimal) (num.Decimal, error) {
	if f == nil {
		return otherwise, nil
	}
	return f(p)
}

// RenkoBar is a brick: it ends when the price has moved by its size.
type RenkoBar struct {
	Bar
	Size   num.Decimal
	Closed bool
	Kind   int // 0 classic, 1 wicked
}

// ClassicRenko makes bricks of a fixed size between even multiples of it.
type ClassicRenko struct {
	Size   num.Decimal
	Even   bool
	Price  Selector
	Volume Selector
	Emit   func(Point) error
	bar    *RenkoBar
	closed num.Decimal
	hasEnd bool
}

// Scan has nothing to do: bricks know no clock.
func (*ClassicRenko) Scan(int64) error { return nil }

// Working is the brick being made.
func (c *ClassicRenko) Working() Point {
	if c.bar == nil {
		return nil
	}
	return c.bar
}

// Update takes a point.
func (c *ClassicRenko) Update(p Point) error {
	price, volume, err := picked(p, c.Price, c.Volume)
	if err != nil {
		return err
	}
	start, end := p.Times()
	if c.bar == nil {
		open := price
		if c.Even {
			open = price.Quo(c.Size).Ceil(0).Mul(c.Size)
		}
		if c.hasEnd {
			open = c.closed
		}
		c.bar = c.begin(p.Of(), start, open)
	}
	b := c.bar
	b.H, b.L, b.C, b.End = num.Max(b.H, price), num.Min(b.L, price), price, end
	b.Volume = b.Volume.Add(volume)
	if b.C.Sub(b.O).Abs().Less(c.Size) {
		return nil
	}
	// A brick ends exactly its size away; what is beyond begins the next.
	up := b.O.Less(b.C)
	if up {
		b.C, b.H = b.O.Add(c.Size), b.O.Add(c.Size)
	} else {
		b.C, b.L = b.O.Sub(c.Size), b.O.Sub(c.Size)
	}
	b.Closed = true
	c.bar, c.closed, c.hasEnd = nil, b.C, true
	return c.Emit(b)
}

func (c *ClassicRenko) begin(s *Symbol, at int64, open num.Decimal) *RenkoBar {
	return &RenkoBar{Bar: Bar{Symbol: s, Start: at, End: at, O: open, H: open, L: open, C: open}, Size: c.Size}
}

// Renko makes bricks with wicks: a turn takes two sizes.
type Renko struct {
	Size          num.Decimal
	Emit          func(Point) error
	begun         bool
	open          num.Decimal
	high, low     num.Decimal
	close         num.Decimal
	openAt, endAt int64
	last          *RenkoBar
	symbol        *Symbol
}

// Scan has nothing to do.
func (*Renko) Scan(int64) error { return nil }

// Working is the brick being made.
func (c *Renko) Working() Point {
	if !c.begun {
		return nil
	}
	return &RenkoBar{Bar: Bar{Symbol: c.symbol, Start: c.openAt, End: c.endAt, O: c.open, H: c.high, L: c.low, C: c.close}, Size: c.Size, Kind: 1}
}

// nearest rounds a price to a multiple of the size.
func (c *Renko) nearest(p num.Decimal) num.Decimal {
	modulus := p.Sub(c.Size.Mul(p.Quo(c.Size).Floor(0)))
	round := num.FromInt(2).Mul(modulus).Sub(c.Size)
	if round.Sign() >= 0 {
		return p.Add(c.Size.Sub(modulus))
	}
	return p.Sub(modulus)
}

// Update takes a point.
func (c *Renko) Update(p Point) error {
	rate := p.Last()
	start, end := p.Times()
	_ = start
	if !c.begun {
		c.begun, c.symbol = true, p.Of()
		c.openAt, c.endAt = end, end
		c.open = c.nearest(rate)
		c.high, c.low, c.close = rate, rate, rate
		if rate.Less(c.open) {
			c.high = c.open
		} else {
			c.low = c.open
		}
		c.high, c.low, c.close = c.open, c.open, c.open
		c.take(rate)
		return nil
	}
	c.endAt = end
	c.take(rate)
	switch {
	case c.open.Less(c.close):
		if c.last == nil || c.last.O.Less(c.last.C) {
			return c.rising(end)
		}
		limit := c.last.O.Add(c.Size)
		if limit.Less(c.close) {
			if err := c.tell(c.last.O, limit, c.low, limit, end); err != nil {
				return err
			}
			c.open, c.low = limit, limit
			return c.rising(end)
		}
	case c.close.Less(c.open):
		if c.last == nil || c.last.C.Less(c.last.O) {
			return c.falling(end)
		}
		limit := c.last.O.Sub(c.Size)
		if c.close.Less(limit) {
			if err := c.tell(c.last.O, c.high, limit, limit, end); err != nil {
				return err
			}
			c.open, c.high = limit, limit
			return c.falling(end)
		}
	}
	return nil
}

func (c *Renko) take(rate num.Decimal) {
	c.high, c.low, c.close = num.Max(c.high, rate), num.Min(c.low, rate), rate
}

func (c *Renko) tell(open, high, low, closing num.Decimal, at int64) error {
	b := &RenkoBar{Bar: Bar{Symbol: c.symbol, Start: c.openAt, End: at, O: open, H: high, L: low, C: closing}, Size: c.Size, Closed: true, Kind: 1}
	c.last = b
	c.openAt = at
	return c.Emit(b)
}

func (c *Renko) rising(at int64) error {
	for {
		limit := c.open.Add(c.Size)
		if !limit.Less(c.close) {
			return nil
		}
		if err := c.tell(c.open, limit, c.low, limit, at); err != nil {
			return err
		}
		c.open, c.low = limit, limit
	}
}

func (c *Renko) falling(at int64) error {
	for {
		limit := c.open.Sub(c.Size)
		if !c.close.Less(limit) {
			return nil
		}
		if err := c.tell(c.open, c.high, limit, limit, at); err != nil {
			return err
		}
		c.open, c.high = limit, limit
	}
}

// VolumeRenko makes bars of so much volume each.
type VolumeRenko struct {
	Size num.Decimal
	Emit func(Point) error
	bar  *RenkoBar
}

// Scan has nothing to do.
func (*VolumeRenko) Scan(int64) error { return nil }

// Working is the bar being made.
func (c *VolumeRenko) Working() Point {
	if c.bar == nil {
		return nil
	}
	return c.bar
}

// Update takes a point; its volume may fill several bars.
func (c *VolumeRenko) Update(p Point) error {
	o, h, l, last, volume := values(p)
	start, end := p.Times()
	fresh := func(open, high, low num.Decimal, from int64) {
		c.bar = &RenkoBar{Bar: Bar{Symbol: p.Of(), Start: from, End: end, O: open, H: high, L: low, C: last}, Size: c.Size, Kind: 3}
	}
	if c.bar == nil {
		fresh(o, h, l, start)
	}
	b := c.bar
	b.H, b.L, b.C, b.End = num.Max(b.H, h), num.Min(b.L, l), last, end
	left := volume
	for {
		room := c.Size.Sub(c.bar.Volume)
		if left.Less(room) {
			c.bar.Volume = c.bar.Volume.Add(left)
			return nil
		}
		c.bar.Volume, c.bar.Closed = c.Size, true
		done := c.bar
		left = left.Sub(room)
		if err := c.Emit(done); err != nil {
			return err
		}
		fresh(last, last, last, end)
	}
}

// Range makes bars whose high and low are a fixed number of ticks apart.
type Range struct {
	Ticks   int64
	Classic bool
	Price   Selector
	Volume  Selector
	TickOf  func(*Symbol) num.Decimal
	Emit    func(Point) error
	bar     *RenkoBar
	size    num.Decimal
}

// Scan has nothing to do.
func (*Range) Scan(int64) error { return nil }

// Working is the bar being made.
func (c *Range) Working() Point {
	if c.bar == nil {
		return nil
	}
	return c.bar
}

// Update takes a point.
func (c *Range) Update(p Point) error {
	price, volume, err := picked(p, c.Price, c.Volume)
	if err != nil {
		return err
	}
	start, end := p.Times()
	if c.bar == nil {
		c.size = num.FromInt(c.Ticks).Mul(c.TickOf(p.Of()))
		open := price
		if c.Classic {
			open = price.Quo(c.size).Ceil(0).Mul(c.size)
		}
		c.bar = c.begin(p.Of(), start, open)
	}
	for {
		b := c.bar
		high, low := num.Max(b.H, price), num.Min(b.L, price)
		b.End = end
		if high.Sub(low).Less(c.size) || high.Sub(low).Equal(c.size) && !c.Classic {
			b.H, b.L, b.C = high, low, price
			b.Volume = b.Volume.Add(volume)
			return nil
		}
		// It ends at the edge the price went through.
		if b.L.Add(c.size).Less(price) || !price.Less(b.L.Add(c.size)) {
			b.H = b.L.Add(c.size)
			b.C = b.H
		} else {
			b.L = b.H.Sub(c.size)
			b.C = b.L
		}
		b.Volume = b.Volume.Add(volume)
		b.Closed = true
		volume = num.Zero
		next := b.C
		if !c.Classic {
			// The next bar opens a tick beyond.
			tick := c.TickOf(p.Of())
			if b.C.Equal(b.H) {
				next = b.C.Add(tick)
			} else {
				next = b.C.Sub(tick)
			}
		}
		c.bar = nil
		if err := c.Emit(b); err != nil {
			return err
		}
		c.bar = c.begin(p.Of(), end, next)
		if c.Classic {
			c.bar = nil
			return nil
		}
	}
}

func (c *Range) begin(s *Symbol, at int64, open num.Decimal) *RenkoBar {
	return &RenkoBar{Bar: Bar{Symbol: s, Start: at, End: at, O: open, H: open, L: open, C: open}, Size: c.size, Kind: 2}
}
