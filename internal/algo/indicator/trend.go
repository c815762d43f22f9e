package indicator

import "math"

var trendSpecs = []Spec{
	spec("TrueRange", Bar, "", "TR", "",
		func(name string, a args) (node, error) { return newTrueRange(name), nil }, same("tr", "TR")),
	spec("AverageTrueRange", Bar, "period:int moving_average_type:MovingAverageType=Wilders", "ATR({period})", "true_range",
		func(name string, a args) (node, error) { return newATR(name, a.int(0), a.ma(1)), nil },
		help("atr", "period:int type:MovingAverageType=Simple", "ATR({period})")),
	spec("NormalizedAverageTrueRange", Bar, "period:int", "NATR({period})", "",
		func(name string, a args) (node, error) { return newNATR(name, a.int(0)), nil },
		same("natr", "NATR({period})")),
	spec("AverageRange", Bar, "period:int", "AR({period})", "",
		func(name string, a args) (node, error) { return newAverageRange(name, a.int(0)), nil },
		same("ar", "AR({period})")),
	spec("SuperTrend", Bar, "period:int multiplier:float moving_average_type:MovingAverageType=Wilders",
		"SuperTrend({period},{multiplier})",
		"#basic_upper_band #basic_lower_band #current_trailing_upper_band #current_trailing_lower_band",
		func(name string, a args) (node, error) {
			return newSuperTrend(name, a.int(0), a.float(1), a.ma(2)), nil
		},
		same("str", "STR({period},{multiplier})")),
	spec("ChoppinessIndex", Bar, "period:int", "CHOP({period})", "",
		func(name string, a args) (node, error) { return newChop(name, a.int(0)), nil },
		same("chop", "CHOP({period})")),
	spec("Vortex", Bar, "period:int", "VTX({period})", "plus_vortex minus_vortex",
		func(name string, a args) (node, error) { return newVortex(name, a.int(0)), nil },
		same("vtx", "VTX({period})")),
	spec("HeikinAshi", Bar, "", "HA", "open high low close volume",
		func(name string, a args) (node, error) { return newHeikinAshi(name), nil }, same("heikin_ashi", "HA")),
	spec("ChandeKrollStop", Bar, "atr_period:int atr_mult:float period:int moving_average_type:MovingAverageType=Wilders",
		"CKS({atr_period},{atr_mult},{period})", "short_stop long_stop",
		func(name string, a args) (node, error) { return newChandeKroll(name, a), nil },
		same("cks", "CKS({atr_period},{atr_mult},{period})")),
}

type trueRange struct {
	base
	close float64
}

func newTrueRange(name string) *trueRange {
	x := &trueRange{}
	x.init(x, name, Bar, 2)
	return x
}

func (x *trueRange) compute(in *Input) (float64, bool) {
	v := in.High - in.Low
	if x.samples > 1 {
		v = max(v, math.Abs(x.close-in.High), math.Abs(x.close-in.Low))
	}
	x.close = in.Close
	return v, true
}

type atr struct {
	base
	tr  *trueRange
	avg node
}

func newATR(name string, period int, t MovingAverageType) *atr {
	x := &atr{tr: newTrueRange(name), avg: t.average(name+"_"+t.String(), period)}
	x.init(x, name, Bar, period)
	x.part("true_range", x.tr)
	return x
}

func (x *atr) Ready() bool { return x.avg.Ready() }

func (x *atr) compute(in *Input) (float64, bool) {
	x.tr.Update(in)
	x.avg.push(in.End, x.tr.value)
	return x.avg.Value(), true
}

func (x *atr) clear() { resetAll(x.tr, x.avg) }

type natr struct {
	base
	tr   *trueRange
	avg  *atr
	last float64
}

func newNATR(name string, period int) *natr {
	x := &natr{tr: newTrueRange(name + "_TR"), avg: newATR(name+"_ATR", period, Simple)}
	x.init(x, name, Bar, period+1)
	return x
}

func (x *natr) compute(in *Input) (float64, bool) {
	x.tr.Update(in)
	if n := float64(x.warm - 1); x.samples <= x.warm {
		x.avg.Update(in)
		x.last = x.avg.value
	} else {
		x.last = (x.last*(n-1) + x.tr.value) / n
	}
	return over(x.last, in.Close) * 100, true
}

func (x *natr) clear() {
	x.last = 0
	resetAll(x.tr, x.avg)
}

type averageRange struct {
	base
	sma *sma
}

func newAverageRange(name string, period int) *averageRange {
	x := &averageRange{sma: newSMA(name+"_SMA", period)}
	x.init(x, name, Bar, period)
	return x
}

func (x *averageRange) compute(in *Input) (float64, bool) {
	x.sma.push(in.End, in.High-in.Low)
	return x.sma.value, true
}

func (x *averageRange) clear() { x.sma.Reset() }

type superTrend struct {
	base
	atr                *atr
	mult               float64
	trend, prev, close float64
	upper, lower       float64 // basic bands
	trailUp, trailDown float64
}

func newSuperTrend(name string, period int, mult float64, t MovingAverageType) *superTrend {
	x := &superTrend{atr: newATR("", period, t), mult: mult, prev: -1}
	x.init(x, name, Bar, period)
	x.number("basic_upper_band", &x.upper)
	x.number("basic_lower_band", &x.lower)
	x.number("current_trailing_upper_band", &x.trailUp)
	x.number("current_trailing_lower_band", &x.trailDown)
	return x
}

func (x *superTrend) Ready() bool { return x.atr.Ready() }

func (x *superTrend) compute(in *Input) (float64, bool) {
	if !x.atr.Update(in) {
		x.close = in.Close
		return 0, true
	}
	mid := (in.High + in.Low) / 2
	x.lower, x.upper = mid-x.mult*x.atr.value, mid+x.mult*x.atr.value
	up, down := x.trailUp, x.trailDown
	if x.lower > down || x.close < down {
		x.trailDown = x.lower
	}
	if x.upper < up || x.close > up {
		x.trailUp = x.upper
	}
	switch {
	case x.prev == -1 || x.prev == up:
		x.trend = x.trailDown
		if in.Close <= x.trailUp {
			x.trend = x.trailUp
		}
	case x.prev == down:
		x.trend = x.trailUp
		if in.Close >= x.trailDown {
			x.trend = x.trailDown
		}
	}
	x.close, x.prev = in.Close, x.trend
	return x.trend, true
}

func (x *superTrend) clear() {
	x.atr.Reset()
	x.trend, x.prev, x.close, x.upper, x.lower, x.trailUp, x.trailDown = 0, -1, 0, 0, 0, 0, 0
}

type chop struct {
	base
	tr        *trueRange
	high, low ring
	ranges    total
}

func newChop(name string, period int) *chop {
	x := &chop{tr: newTrueRange("TR"), high: newRing(period), low: newRing(period), ranges: newTotal(period)}
	x.init(x, name, Bar, period)
	return x
}

func (x *chop) compute(in *Input) (float64, bool) {
	x.tr.Update(in)
	x.high.add(in.High)
	x.low.add(in.Low)
	x.ranges.add(x.tr.value)
	if !x.Ready() {
		return 0, true
	}
	hi, lo := x.high.max(0, x.warm), x.low.min(0, x.warm)
	if hi == lo || x.warm == 1 {
		return 100, true
	}
	return 100 * math.Log10(x.ranges.sum/(hi-lo)) / math.Log10(float64(x.warm)), true
}

func (x *chop) clear() {
	x.tr.Reset()
	x.high.reset()
	x.low.reset()
	x.ranges.reset()
}

type vortex struct {
	base
	tr                  *trueRange
	ranges, plus, minus total
	high, low           float64
	up, down            *identity
}

func newVortex(name string, period int) *vortex {
	x := &vortex{tr: newTrueRange(name), ranges: newTotal(period), plus: newTotal(period), minus: newTotal(period)}
	x.init(x, name, Bar, period)
	full := func() bool { return x.plus.full() && x.ranges.full() }
	x.up, x.down = newOutput("", full), newOutput("", full)
	x.part("plus_vortex", x.up)
	x.part("minus_vortex", x.down)
	return x
}

func (x *vortex) compute(in *Input) (float64, bool) {
	x.tr.Update(in)
	x.ranges.add(x.tr.value)
	if x.samples > 1 {
		x.plus.add(math.Abs(in.High - x.low))
		x.minus.add(math.Abs(in.Low - x.high))
		if x.ranges.sum != 0 {
			x.up.push(in.End, x.plus.sum/x.ranges.sum)
			x.down.push(in.End, x.minus.sum/x.ranges.sum)
		}
	}
	x.high, x.low = in.High, in.Low
	if !x.Ready() {
		return 0, true
	}
	return (x.up.value + x.down.value) / 2, true
}

func (x *vortex) clear() {
	x.ranges.reset()
	x.plus.reset()
	x.minus.reset()
	x.high, x.low = 0, 0
	resetAll(x.tr, x.up, x.down)
}

type heikinAshi struct {
	base
	open, high, low, close, volume *identity
}

func newHeikinAshi(name string) *heikinAshi {
	x := &heikinAshi{open: newIdentity(name + "_Open"), high: newIdentity(name + "_High"), low: newIdentity(name + "_Low"),
		close: newIdentity(name + "_Close"), volume: newIdentity(name + "_Volume")}
	x.init(x, name, Bar, 2)
	x.part("open", x.open)
	x.part("high", x.high)
	x.part("low", x.low)
	x.part("close", x.close)
	x.part("volume", x.volume)
	return x
}

func (x *heikinAshi) compute(in *Input) (float64, bool) {
	first := x.samples == 1
	if first {
		x.open.push(in.End, (in.Open+in.Close)/2)
	} else {
		x.open.push(in.End, (x.open.value+x.close.value)/2)
	}
	x.close.push(in.End, (in.Open+in.High+in.Low+in.Close)/4)
	hi, lo := in.High, in.Low
	if !first {
		hi, lo = max(hi, x.open.value, x.close.value), min(lo, x.open.value, x.close.value)
	}
	x.high.push(in.End, hi)
	x.low.push(in.End, lo)
	x.volume.push(in.End, in.Volume)
	return x.close.value, true
}

func (x *heikinAshi) clear() { resetAll(x.open, x.high, x.low, x.close, x.volume) }

type chandeKroll struct {
	base
	atr         *atr
	mult        float64
	max, min    *extreme
	short, long *extreme
}

func newChandeKroll(name string, a args) *chandeKroll {
	n, period := a.int(0), a.int(2)
	x := &chandeKroll{atr: newATR("", n, a.ma(3)), mult: a.float(1), max: newMax("", n), min: newMin("", n),
		short: newMax(name+"_Short", period), long: newMin(name+"_Long", period)}
	x.init(x, name, Bar, n+period-1)
	x.part("short_stop", x.short)
	x.part("long_stop", x.long)
	return x
}

func (x *chandeKroll) compute(in *Input) (float64, bool) {
	x.atr.Update(in)
	x.max.push(in.End, in.High)
	x.min.push(in.End, in.Low)
	x.short.push(in.End, x.max.value-x.atr.value*x.mult)
	x.long.push(in.End, x.min.value+x.atr.value*x.mult)
	return in.Value, true
}

func (x *chandeKroll) clear() { resetAll(x.atr, x.max, x.min, x.short, x.long) }
