package indicator

import "math"

// multiPatterns are the shapes of three candles and more.
var multiPatterns = []pattern{
	{class: "AbandonedBaby", bars: 12, penetration: 0.3, later: true, find: abandonedBaby},
	{class: "AdvanceBlock", bars: 13, find: advanceBlock},
	{class: "Breakaway", bars: 15, find: breakaway},
	{class: "ConcealedBabySwallow", bars: 14, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("bbbb") && c.noLower(3) && c.noUpper(3) && c.noLower(2) && c.noUpper(2) && c.bodyGapDown(1, 2) &&
			c.more(b.upper(), c.avg(shadowVeryShort, 1)) && b.high > a.close && d.high > b.high && d.low < b.low, 1)
	}},
	{class: "EveningDojiStar", bars: 13, penetration: 0.3, find: func(c *candle) float64 { return c.star(true, c.doji(1)) }},
	{class: "EveningStar", bars: 13, penetration: 0.3, find: func(c *candle) float64 { return c.star(true, c.small(1)) }},
	{class: "MorningDojiStar", bars: 13, penetration: 0.3, find: func(c *candle) float64 { return c.star(false, c.doji(1)) }},
	{class: "MorningStar", bars: 13, penetration: 0.3, find: func(c *candle) float64 { return c.star(false, c.small(1)) }},
	{class: "GapSideBySideWhite", bars: 8, find: func(c *candle) float64 {
		up := c.bodyGapUp(1, 2) && c.bodyGapUp(0, 2)
		down := c.bodyGapDown(1, 2) && c.bodyGapDown(0, 2)
		a, b := c.bar(1), c.bar(0)
		ok := (up || down) && c.colors("ww") && c.near(b.body(), a.body(), c.avg(near, 1)) && between(b.open, a.open, c.avg(equal, 1))
		return when(ok && up, 1) - when(ok && down, 1)
	}},
	{class: "Hikkake", bars: 6, find: hikkake},
	{class: "HikkakeModified", bars: 11, find: hikkakeModified},
	{class: "IdenticalThreeCrows", bars: 13, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("bbb") && c.noLower(2) && c.noLower(1) && c.noLower(0) && a.close > b.close && b.close > d.close &&
			between(b.open, a.close, c.avg(equal, 2)) && between(d.open, b.close, c.avg(equal, 1)), -1)
	}},
	{class: "LadderBottom", bars: 15, find: func(c *candle) float64 {
		p, q, a, b, d := c.bar(4), c.bar(3), c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("wbbbb") && p.open > q.open && q.open > a.open && p.close > q.close && q.close > a.close &&
			c.more(b.upper(), c.avg(shadowVeryShort, 1)) && d.open > b.open && d.close > b.high, 1)
	}},
	{class: "MatHold", bars: 15, penetration: 0.5, later: true, find: matHold},
	{class: "RiseFallThreeMethods", bars: 15, later: true, find: threeMethods},
	{class: "StalledPattern", bars: 13, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("www") && d.close > b.close && b.close > a.close && c.long(2) && c.long(1) && c.noUpper(1) &&
			b.open > a.open && !c.more(b.open, a.close+c.avg(near, 2)) && c.short(0) &&
			!c.more(b.close-d.body()-c.avg(near, 1), d.open), -1)
	}},
	{class: "StickSandwich", bars: 8, find: func(c *candle) float64 {
		a := c.bar(2)
		return when(c.colors("bwb") && c.bar(1).low > a.close && between(c.bar(0).close, a.close, c.avg(equal, 2)), 1)
	}},
	{class: "TasukiGap", bars: 8, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		ok := c.opposite(0, 1) && d.open < b.top() && d.open > b.bottom() &&
			c.more(c.avg(near, 1), math.Abs(b.body()-d.body()))
		up := c.bodyGapUp(1, 2) && b.white() && d.close < b.open && d.close > a.top()
		down := c.bodyGapDown(1, 2) && !b.white() && d.close > b.open && d.close < a.bottom()
		return when(ok && (up || down), b.color())
	}},
	{class: "ThreeBlackCrows", bars: 14, find: func(c *candle) float64 {
		z, a, b, d := c.bar(3), c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("bbbw") && c.noLower(2) && c.noLower(1) && c.noLower(0) && b.open < a.open && b.open > a.close &&
			d.open < b.open && d.open > b.close && z.high > a.close && a.close > b.close && b.close > d.close, -1)
	}},
	{class: "ThreeInside", bars: 13, find: func(c *candle) float64 {
		a, d := c.bar(2), c.bar(0)
		turn := c.opposite(2, 0) && (a.white() && d.close < a.open || !a.white() && d.close > a.open)
		return when(c.long(2) && c.small(1) && c.inside(1, 2) && turn, -a.color())
	}},
	{class: "ThreeLineStrike", bars: 9, find: threeLineStrike},
	{class: "ThreeOutside", bars: 3, find: func(c *candle) float64 {
		a, b := c.bar(2), c.bar(1)
		return when(c.opposite(1, 2) && b.top() > a.top() && b.bottom() < a.bottom() &&
			b.color()*(c.bar(0).close-b.close) > 0, b.color())
	}},
	{class: "ThreeStarsInSouth", bars: 13, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("bbb") && c.long(2) && c.more(a.lower(), c.avg(shadowLong, 2)) && c.more(a.body(), b.body()) &&
			b.open > a.close && b.open <= a.high && b.low < a.close && b.low >= a.low &&
			c.more(b.lower(), c.avg(shadowVeryShort, 1)) && c.short(0) && c.noLower(0) && c.noUpper(0) && d.low > b.low && d.high < b.high, 1)
	}},
	{class: "ThreeWhiteSoldiers", bars: 13, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("www") && c.noUpper(2) && c.noUpper(1) && c.noUpper(0) && d.close > b.close && b.close > a.close &&
			b.open > a.open && !c.more(b.open, a.close+c.avg(near, 2)) && d.open > b.open && !c.more(d.open, b.close+c.avg(near, 1)) &&
			c.more(b.body(), a.body()-c.avg(far, 2)) && c.more(d.body(), b.body()-c.avg(far, 1)) && c.solid(0), 1)
	}},
	{class: "Tristar", bars: 13, find: func(c *candle) float64 {
		limit := c.avg(bodyDoji, 2)
		for i := range 3 {
			if c.more(c.bar(i).body(), limit) {
				return 0
			}
		}
		return when(c.bodyGapDown(1, 2) && c.bar(0).bottom() > c.bar(1).bottom(), 1) -
			when(c.bodyGapUp(1, 2) && c.bar(0).top() < c.bar(1).top(), 1)
	}},
	{class: "TwoCrows", bars: 13, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("bbw") && c.long(2) && c.bodyGapUp(1, 2) && d.open < b.open && d.open > b.close &&
			d.close > a.open && d.close < a.close, -1)
	}},
	{class: "UniqueThreeRiver", bars: 13, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("wbb") && c.long(2) && b.close > a.close && b.open <= a.open && b.low < a.low && c.short(0) && d.open > b.low, 1)
	}},
	{class: "UpDownGapThreeMethods", bars: 3, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		gap := a.white() && c.bodyGapUp(1, 2) || !a.white() && c.bodyGapDown(1, 2)
		return when(!c.opposite(2, 1) && c.opposite(1, 0) && d.open < b.top() && d.open > b.bottom() &&
			d.close < a.top() && d.close > a.bottom() && gap, a.color())
	}},
	{class: "UpsideGapTwoCrows", bars: 13, find: func(c *candle) float64 {
		a, b, d := c.bar(2), c.bar(1), c.bar(0)
		return when(c.colors("bbw") && c.long(2) && c.small(1) && c.bodyGapUp(1, 2) && d.open > b.open && d.close < b.close && d.close > a.close, -1)
	}},
}

// near tells whether two sizes differ by no more than d.
func (x *candle) near(a, b, d float64) bool { return !x.more(math.Abs(a-b), d) }

// star is a long candle, a small one beyond it and a third that falls back into the first.
func (x *candle) star(evening, middle bool) float64 {
	a, d := x.bar(2), x.bar(0)
	if !x.long(2) || !middle || !x.solid(0) || a.white() != evening || d.white() == evening {
		return 0
	}
	if evening {
		return when(x.bodyGapUp(1, 2) && x.more(a.close-a.body()*x.penetration, d.close), -1)
	}
	return when(x.bodyGapDown(1, 2) && x.more(d.close, a.close+a.body()*x.penetration), 1)
}

// abandonedBaby has LEAN's three totals, which each drop another candle than the one they took in first.
func abandonedBaby(c *candle) float64 {
	a, d := c.bar(2), c.bar(0)
	size := c.more(a.body(), c.avgWith(bodyLong, 2, c.excess[0])) && !c.more(c.bar(1).body(), c.avgWith(bodyDoji, 1, c.excess[1])) &&
		c.more(d.body(), c.avgWith(bodyShort, 0, c.excess[2]))
	if c.Ready() {
		c.excess[0] += c.bar(12).body() - c.bar(9).body()
		c.excess[1] += c.bar(11).reach() - c.bar(10).reach()
		c.excess[2] += c.bar(10).body() - c.bar(11).body()
	}
	depth := a.body() * c.penetration
	down := a.white() && !d.white() && c.more(a.close-depth, d.close) && c.gapUp(1, 2) && c.gapDown(0, 1)
	up := !a.white() && d.white() && c.more(d.close, a.close+depth) && c.gapDown(1, 2) && c.gapUp(0, 1)
	return when(size && (up || down), d.color())
}

func advanceBlock(c *candle) float64 {
	a, b, d := c.bar(2), c.bar(1), c.bar(0)
	if !c.colors("www") || d.close <= b.close || b.close <= a.close || b.open <= a.open || d.open <= b.open ||
		c.more(b.open, a.close+c.avg(near, 2)) || c.more(d.open, b.close+c.avg(near, 1)) ||
		!c.long(2) || !c.more(c.avg(shadowShort, 2), a.upper()) {
		return 0
	}
	x, y, z := a.body(), b.body(), d.body()
	weak := c.more(x-c.avg(far, 2), y) && c.more(y+c.avg(near, 1), z) ||
		c.more(y-c.avg(far, 1), z) ||
		c.more(y, z) && c.more(x, y) && (c.more(d.upper(), c.avg(shadowShort, 0)) || c.more(b.upper(), c.avg(shadowShort, 1))) ||
		c.more(y, z) && c.more(d.upper(), c.avg(shadowLong, 0))
	return when(weak, -1)
}

func breakaway(c *candle) float64 {
	p, q, a, b, d := c.bar(4), c.bar(3), c.bar(2), c.bar(1), c.bar(0)
	if !c.long(4) || c.opposite(4, 3) || c.opposite(3, 1) || !c.opposite(1, 0) {
		return 0
	}
	up := !p.white() && c.bodyGapDown(3, 4) && a.high < q.high && a.low < q.low && b.high < a.high && b.low < a.low &&
		d.close > q.open && d.close < p.close
	down := p.white() && c.bodyGapUp(3, 4) && a.high > q.high && a.low > q.low && b.high > a.high && b.low > a.low &&
		d.close < q.open && d.close > p.close
	return when(up || down, d.color())
}

func hikkake(c *candle) float64 {
	a, b, d := c.bar(2), c.bar(1), c.bar(0)
	if c.samples < 3 {
		return 0
	}
	return c.trap(b.high < a.high && b.low > a.low && c.breaks(d, b))
}

// breaks tells whether d lies wholly above or wholly below b, high by high and low by low.
func (x *candle) breaks(d, b *ohlc) bool {
	return d.high < b.high && d.low < b.low || d.high > b.high && d.low > b.low
}

// trap reports a new pattern, or within three bars the close that confirms it with twice the value.
func (x *candle) trap(found bool) float64 {
	if found {
		x.result, x.at = -1, x.samples-1
		if x.bar(0).high < x.bar(1).high {
			x.result = 1
		}
		return x.result
	}
	if x.samples > x.at+4 || x.result == 0 {
		return 0
	}
	inner := x.bar(x.samples - x.at)
	if x.result > 0 && x.bar(0).close > inner.high || x.result < 0 && x.bar(0).close < inner.low {
		x.at = 0
		return 2 * x.result
	}
	return 0
}

// hikkakeModified has LEAN's total of ranges, which drops candles later than it took them in.
func hikkakeModified(c *candle) float64 {
	if c.samples < 8 {
		return 0
	}
	z, a, b, d := c.bar(3), c.bar(2), c.bar(1), c.bar(0)
	n := c.avgWith(near, 2, c.excess[0])
	c.excess[0] += c.bar(7).reach() - c.bar(min(c.samples-1, 10)).reach()
	ok := a.high < z.high && a.low > z.low && b.high < a.high && b.low > a.low && c.breaks(d, b)
	if d.high < b.high {
		return c.trap(ok && !c.more(a.close, a.low+n))
	}
	return c.trap(ok && !c.more(a.high-n, a.close))
}

func matHold(c *candle) float64 {
	p, q, a, b, d := c.bar(4), c.bar(3), c.bar(2), c.bar(1), c.bar(0)
	floor := p.close - p.body()*c.penetration
	return when(c.long(4) && c.short(3) && c.short(2) && c.short(1) && p.white() && !q.white() && d.white() && c.bodyGapUp(3, 4) &&
		a.bottom() < p.close && b.bottom() < p.close && c.more(a.bottom(), floor) && c.more(b.bottom(), floor) &&
		a.top() < q.open && b.top() < a.top() && d.open > b.close && d.close > max(q.high, a.high, b.high), 1)
}

func threeMethods(c *candle) float64 {
	p, q, a, b, d := c.bar(4), c.bar(3), c.bar(2), c.bar(1), c.bar(0)
	if !c.long(4) || !c.short(3) || !c.short(2) || !c.short(1) || !c.long(0) ||
		!c.opposite(4, 3) || c.opposite(3, 2) || c.opposite(2, 1) || !c.opposite(1, 0) {
		return 0
	}
	for _, m := range [...]*ohlc{q, a, b} {
		if m.bottom() >= p.high || m.top() <= p.low {
			return 0
		}
	}
	s := p.color()
	return when(a.close*s < q.close*s && b.close*s < a.close*s && d.open*s > b.close*s && d.close*s > p.close*s, s)
}

func threeLineStrike(c *candle) float64 {
	z, a, b, d := c.bar(3), c.bar(2), c.bar(1), c.bar(0)
	if c.opposite(3, 2) || c.opposite(2, 1) || !c.opposite(0, 1) {
		return 0
	}
	for i := 3; i >= 2; i-- {
		first, n := c.bar(i), c.avg(near, i)
		if open := c.bar(i - 1).open; c.more(first.bottom()-n, open) || c.more(open, first.top()+n) {
			return 0
		}
	}
	s := b.color()
	return when(s*(b.close-a.close) > 0 && s*(a.close-z.close) > 0 && s*(d.open-b.close) > 0 && s*(z.open-d.close) > 0, s)
}
