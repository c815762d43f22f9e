package indicator

// singlePatterns are the shapes of one candle, some with regard to the one before.
var singlePatterns = []pattern{
	{class: "BeltHold", bars: 11, find: func(c *candle) float64 {
		b := c.bar(0)
		return when(c.long(0) && (b.white() && c.noLower(0) || !b.white() && c.noUpper(0)), b.color())
	}},
	{class: "ClosingMarubozu", bars: 11, find: func(c *candle) float64 {
		b := c.bar(0)
		return when(c.long(0) && (b.white() && c.noUpper(0) || !b.white() && c.noLower(0)), b.color())
	}},
	{class: "Marubozu", bars: 11, find: func(c *candle) float64 {
		return when(c.long(0) && c.noUpper(0) && c.noLower(0), c.bar(0).color())
	}},
	{class: "Doji", bars: 11, find: func(c *candle) float64 { return when(c.doji(0), 1) }},
	{class: "DragonflyDoji", bars: 11, find: func(c *candle) float64 {
		return when(c.doji(0) && c.noUpper(0) && c.more(c.bar(0).lower(), c.avg(shadowVeryShort, 0)), 1)
	}},
	{class: "GravestoneDoji", bars: 11, find: func(c *candle) float64 {
		return when(c.doji(0) && c.noLower(0) && c.more(c.bar(0).upper(), c.avg(shadowVeryShort, 0)), 1)
	}},
	{class: "LongLeggedDoji", bars: 11, find: func(c *candle) float64 {
		leg := c.avg(shadowLong, 0)
		return when(c.doji(0) && (c.more(c.bar(0).lower(), leg) || c.more(c.bar(0).upper(), leg)), 1)
	}},
	{class: "RickshawMan", bars: 11, find: func(c *candle) float64 {
		b, leg, n := c.bar(0), c.avg(shadowLong, 0), c.avg(near, 0)
		mid := b.low + b.reach()/2
		return when(c.doji(0) && c.more(b.lower(), leg) && c.more(b.upper(), leg) &&
			!c.more(b.bottom(), mid+n) && !c.more(mid-n, b.top()), 1)
	}},
	{class: "Takuri", bars: 11, find: func(c *candle) float64 {
		return when(c.doji(0) && c.noUpper(0) && c.more(c.bar(0).lower(), c.avg(shadowVeryLong, 0)), 1)
	}},
	{class: "HighWaveCandle", bars: 11, find: func(c *candle) float64 {
		b, leg := c.bar(0), c.avg(shadowVeryLong, 0)
		return when(c.short(0) && c.more(b.upper(), leg) && c.more(b.lower(), leg), b.color())
	}},
	{class: "SpinningTop", bars: 11, find: func(c *candle) float64 {
		b := c.bar(0)
		return when(c.short(0) && c.more(b.upper(), b.body()) && c.more(b.lower(), b.body()), b.color())
	}},
	{class: "LongLineCandle", bars: 11, find: func(c *candle) float64 {
		b, s := c.bar(0), c.avg(shadowShort, 0)
		return when(c.long(0) && c.more(s, b.upper()) && c.more(s, b.lower()), b.color())
	}},
	{class: "ShortLineCandle", bars: 11, find: func(c *candle) float64 {
		b, s := c.bar(0), c.avg(shadowShort, 0)
		return when(c.short(0) && c.more(s, b.upper()) && c.more(s, b.lower()), b.color())
	}},
	{class: "Hammer", bars: 12, find: func(c *candle) float64 {
		return when(c.hangs() && !c.more(c.bar(0).bottom(), c.bar(1).low+c.avg(near, 1)), 1)
	}},
	{class: "HangingMan", bars: 12, find: func(c *candle) float64 {
		return when(c.hangs() && !c.more(c.bar(1).high-c.avg(near, 1), c.bar(0).bottom()), -1)
	}},
	{class: "InvertedHammer", bars: 12, find: func(c *candle) float64 { return when(c.stands() && c.bodyGapDown(0, 1), 1) }},
	{class: "ShootingStar", bars: 12, find: func(c *candle) float64 { return when(c.stands() && c.bodyGapUp(0, 1), -1) }},
}

// hangs tells of a short body above a long shadow.
func (x *candle) hangs() bool {
	return x.short(0) && x.more(x.bar(0).lower(), x.avg(shadowLong, 0)) && x.noUpper(0)
}

// stands tells of a short body below a long shadow.
func (x *candle) stands() bool {
	return x.short(0) && x.more(x.bar(0).upper(), x.avg(shadowLong, 0)) && x.noLower(0)
}
