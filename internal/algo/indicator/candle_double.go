package indicator

// doublePatterns are the shapes of two candles.
var doublePatterns = []pattern{
	{class: "Counterattack", bars: 12, find: counterattack},
	{class: "DarkCloudCover", bars: 12, penetration: 0.5, find: func(c *candle) float64 {
		a, b := c.bar(1), c.bar(0)
		return when(c.colors("bw") && c.long(1) && b.open > a.high && b.close > a.open &&
			c.more(a.close-a.body()*c.penetration, b.close), -1)
	}},
	{class: "Piercing", bars: 12, find: func(c *candle) float64 {
		a, b := c.bar(1), c.bar(0)
		return when(c.colors("wb") && c.long(1) && c.long(0) && b.open < a.low && b.close < a.open &&
			c.more(b.close, a.close+a.body()*0.5), 1)
	}},
	{class: "DojiStar", bars: 12, find: func(c *candle) float64 {
		a := c.bar(1)
		gap := a.white() && c.bodyGapUp(0, 1) || !a.white() && c.bodyGapDown(0, 1)
		return when(c.long(1) && c.doji(0) && gap, -a.color())
	}},
	{class: "Engulfing", bars: 3, find: func(c *candle) float64 {
		a, b := c.bar(1), c.bar(0)
		return when(c.opposite(0, 1) && b.top() > a.top() && b.bottom() < a.bottom(), b.color())
	}},
	{class: "Harami", bars: 12, find: func(c *candle) float64 {
		return when(c.long(1) && c.small(0) && c.inside(0, 1), -c.bar(1).color())
	}},
	{class: "HaramiCross", bars: 12, find: func(c *candle) float64 {
		return when(c.long(1) && c.doji(0) && c.inside(0, 1), -c.bar(1).color())
	}},
	{class: "HomingPigeon", bars: 12, find: func(c *candle) float64 {
		return when(c.colors("bb") && c.long(1) && c.small(0) && c.inside(0, 1), 1)
	}},
	{class: "InNeck", bars: 12, find: func(c *candle) float64 {
		a, b := c.bar(1), c.bar(0)
		return when(c.colors("wb") && c.long(1) && b.open < a.low && b.close >= a.close && !c.more(b.close, a.close+c.avg(equal, 1)), -1)
	}},
	{class: "OnNeck", bars: 12, find: func(c *candle) float64 {
		a, b := c.bar(1), c.bar(0)
		return when(c.colors("wb") && c.long(1) && b.open < a.low && between(b.close, a.low, c.avg(equal, 1)), -1)
	}},
	{class: "Thrusting", bars: 12, find: func(c *candle) float64 {
		a, b := c.bar(1), c.bar(0)
		return when(c.colors("wb") && c.long(1) && b.open < a.low && c.more(b.close, a.close+c.avg(equal, 1)) &&
			!c.more(b.close, a.close+a.body()*0.5), -1)
	}},
	{class: "Kicking", bars: 12, find: func(c *candle) float64 { return when(c.kicks(), c.bar(0).color()) }},
	{class: "KickingByLength", bars: 12, find: func(c *candle) float64 {
		longer := c.bar(1)
		if c.more(c.bar(0).body(), longer.body()) {
			longer = c.bar(0)
		}
		return when(c.kicks(), longer.color())
	}},
	{class: "MatchingLow", bars: 7, find: func(c *candle) float64 {
		return when(c.colors("bb") && between(c.bar(0).close, c.bar(1).close, c.avg(equal, 1)), 1)
	}},
	{class: "SeparatingLines", bars: 12, find: func(c *candle) float64 {
		a, b := c.bar(1), c.bar(0)
		return when(c.opposite(0, 1) && between(b.open, a.open, c.avg(equal, 1)) && c.long(0) &&
			(b.white() && c.noLower(0) || !b.white() && c.noUpper(0)), b.color())
	}},
}

// kicks tells of two opposite candles without shadows and with a gap.
func (x *candle) kicks() bool {
	for i := range 2 {
		if !x.long(i) || !x.noUpper(i) || !x.noLower(i) {
			return false
		}
	}
	return x.colors("wb") && x.gapUp(0, 1) || x.colors("bw") && x.gapDown(0, 1)
}

// counterattack has LEAN's total of ranges, which takes in the newest candle instead of the one before it.
func counterattack(c *candle) float64 {
	a, b := c.bar(1), c.bar(0)
	d := c.avgWith(equal, 1, c.excess[0])
	if c.Ready() {
		c.excess[0] += b.reach() - a.reach()
	}
	return when(c.opposite(0, 1) && c.long(1) && c.long(0) && between(b.close, a.close, d), b.color())
}
