package algo

import (
	"sort"

	"quantdesk/internal/num"
)

// capacity estimates how much money a strategy can carry, from the volume that
// was traded around its fills.
type capacity struct {
	e         *Engine
	by        map[*Symbol]*symbolCapacity
	order     []*symbolCapacity
	monitored []*symbolCapacity
	period    int64
	next      int64
	value     num.Decimal
	Lowest    *Symbol
}

type symbolCapacity struct {
	sec        *Security
	sales      num.Decimal
	trades     int64
	volume     num.Decimal // dollar volume that counts, unscaled
	scale      num.Decimal
	discount   num.Decimal
	lastFill   int64
	filled     bool
	reset      bool
	average    num.Decimal
	previous   num.Decimal // volume
	previousAt int64
	seen       bool
}

func newCapacity(e *Engine) *capacity { return &capacity{e: e, by: map[*Symbol]*symbolCapacity{}} }

func (c *capacity) begin() {
	days := float64(c.e.end-c.e.start)/float64(nsDay) - 1
	c.period = int64(max(min(days, 7), 1) * float64(nsDay))
	c.next = c.e.start + c.period
}

// Value is the estimate, in whole thousands.
func (c *capacity) Value() num.Decimal {
	if c.value.IsZero() {
		return num.Zero
	}
	return c.value.QuantizeTo(num.New(100000, 2), num.ModeHalfEven)
}

var (
	minutesADay = num.FromInt(390)
	fifth       = num.New(20, 2)
)

func (c *capacity) onOrderEvent(ev *OrderEvent) {
	if ev.Status != Filled && ev.Status != PartiallyFilled {
		return
	}
	x := c.by[ev.Symbol]
	if x == nil {
		x = &symbolCapacity{sec: c.e.Securities.Remembered(ev.Symbol), scale: num.Zero}
		c.by[ev.Symbol] = x
		c.order = append(c.order, x)
	}
	s := x.sec
	x.sales = x.sales.Add(s.rate().Mul(ev.FillPrice).Mul(ev.FillQuantity.Abs()).Mul(s.Properties.Multiplier))
	since := 24 * 60.0
	if x.filled {
		since = float64(ev.Time-x.lastFill) / float64(nsMinute)
	}
	m, err := num.FromFloatNET(since)
	if err != nil {
		m = num.Zero
	}
	x.discount = num.FromInt(2).Mul(m.Quo(minutesADay))
	if num.One.Less(x.discount) {
		x.discount = num.One
	} else {
		x.discount = num.Max(fifth, x.discount)
	}
	if x.reset {
		x.volume, x.trades, x.reset = num.Zero, 0, false
	}
	x.trades++
	x.lastFill, x.filled = ev.Time, true
	for _, y := range c.monitored {
		if y == x {
			return
		}
	}
	c.monitored = append(c.monitored, x)
}

// update adds the volume of the step's bars and takes a snapshot when it is time.
func (c *capacity) update() { c.snapshot(false) }

func (c *capacity) snapshot(force bool) {
	for i := len(c.monitored) - 1; i >= 0; i-- {
		if c.monitored[i].update(c.e) {
			c.monitored = append(c.monitored[:i:i], c.monitored[i+1:]...)
		}
	}
	date := floorTo(c.e.utc, nsDay)
	if !force && (date < c.next || len(c.by) == 0) {
		return
	}
	total := c.e.Portfolio.TotalValue()
	if total.IsZero() || len(c.by) == 0 {
		return
	}
	sales := num.Zero
	for _, x := range c.order {
		sales = sales.Add(x.sales)
	}
	list := append([]*symbolCapacity(nil), c.order...)
	sort.SliceStable(list, func(i, j int) bool { return list[i].marketVolume().Less(list[j].marketVolume()) })
	least := list[0]
	c.Lowest = least.sec.Symbol
	share := num.Zero
	if !sales.IsZero() {
		share = least.sales.Quo(sales)
	}
	held, err := least.sec.Power.Maintenance(least.sec)
	if err != nil {
		c.e.fail(err)
		return
	}
	leverage, err := least.sec.Power.Leverage(least.sec)
	if err != nil {
		c.e.fail(err)
		return
	}
	factor := num.Max(share, held.Mul(leverage).Quo(total))
	value := c.value
	if !factor.IsZero() {
		value = least.marketVolume().Quo(num.FromInt(max(1, least.trades))).Quo(factor)
	}
	if !c.value.IsZero() {
		value = num.New(33, 2).Mul(value).Add(c.value.Mul(num.New(66, 2)))
	}
	c.value = value
	kept := c.order[:0:0]
	for _, x := range c.order {
		if x.sec.Invested() || c.e.utc < x.lastFill+30*nsDay {
			x.reset, x.sales = true, num.Zero
			kept = append(kept, x)
			continue
		}
		delete(c.by, x.sec.Symbol)
		for i, y := range c.monitored {
			if y == x {
				c.monitored = append(c.monitored[:i:i], c.monitored[i+1:]...)
				break
			}
		}
	}
	c.order = kept
	c.next = date + c.period
}

func (x *symbolCapacity) marketVolume() num.Decimal { return x.volume.Mul(x.scale) }

const forexMinuteVolume, cfdMinuteVolume = 25_000_000, 200

// bar is the step's bar of a symbol with its volume, false when it has none.
func (x *symbolCapacity) bar(e *Engine) (closing, volume num.Decimal, span int64, ok bool) {
	for _, b := range e.Slice.Bars {
		if b.Symbol == x.sec.Symbol {
			return b.C, b.Volume, b.End - b.Start, true
		}
	}
	for _, q := range e.Slice.Quotes {
		if q.Symbol != x.sec.Symbol {
			continue
		}
		v := q.BidSize.Add(q.AskSize).Quo(num.FromInt(2))
		switch x.sec.Symbol.Kind {
		case Forex:
			v = num.FromInt(forexMinuteVolume)
		case CFD:
			v = num.FromInt(cfdMinuteVolume)
		}
		return q.Close(), v, q.End - q.Start, true
	}
	return
}

// update tells whether the window around the last fill is over.
func (x *symbolCapacity) update(e *Engine) bool {
	closing, volume, span, ok := x.bar(e)
	if !ok || volume.IsZero() {
		return false
	}
	rate := x.sec.rate()
	minutes := num.Zero
	if x.seen {
		minutes, _ = num.FromFloatNET(float64(e.utc-x.previousAt) / float64(nsMinute))
	}
	if minutes.IsZero() {
		x.average = rate.Mul(closing).Mul(volume)
	} else {
		x.average = closing.Mul(rate).Mul(volume.Add(x.previous)).Quo(minutes)
	}
	x.seen, x.previousAt, x.previous = true, e.utc, volume
	include, scale := x.include(e, span)
	if include {
		x.scale = scale
		x.volume = x.volume.Add(closing.Mul(x.discount).Mul(volume).Mul(rate).Mul(x.sec.Properties.Multiplier))
	}
	return !include
}

func (x *symbolCapacity) include(e *Engine, span int64) (bool, num.Decimal) {
	if !x.filled {
		return false, num.Zero
	}
	window := func(dollars int64, least float64) bool {
		k := 10.0
		if !x.average.IsZero() {
			k = num.FromInt(dollars).Quo(x.average).Float64()
		}
		minutes := int64(120)
		if k <= 120 {
			minutes = int64(max(least, k))
		}
		return e.utc <= x.lastFill+minutes*nsMinute
	}
	switch {
	case span < nsMinute:
		return window(100_000, 5), num.New(50, 2)
	case span < nsHour:
		return window(6_000_000, 1), num.New(20, 2)
	case span < nsDay: // a US day is six and a half hours, and counts as hours
		return e.utc == ceilTo(x.lastFill, nsHour), num.New(5, 2)
	}
	return e.utc == x.lastFill || floorTo(e.utc, nsDay) == ceilTo(x.lastFill, nsDay), num.New(2, 2)
}

func ceilTo(t, span int64) int64 {
	f := floorTo(t, span)
	if f == t {
		return t
	}
	return f + span
}
