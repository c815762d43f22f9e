package indicator

import "math"

var volumeSpecs = []Spec{
	spec("AccumulationDistribution", TradeBar, "", "AD", "",
		func(name string, a args) (node, error) { return newAD(name), nil }, same("ad", "AD")),
	spec("AccumulationDistributionOscillator", TradeBar, "fast_period:int slow_period:int", "ADOSC({fast_period},{slow_period})", "",
		func(name string, a args) (node, error) { return newADOsc(name, a.int(0), a.int(1)), nil },
		same("adosc", "ADOSC({fast_period},{slow_period})")),
	spec("ChaikinOscillator", TradeBar, "fast_period:int slow_period:int", "ChaikinOscillator({fast_period},{slow_period})", "",
		func(name string, a args) (node, error) { return newADOsc(name, a.int(0), a.int(1)), nil },
		same("co", "CO({fast_period},{slow_period})")),
	spec("ChaikinMoneyFlow", TradeBar, "period:int", "CMF({period})", "",
		func(name string, a args) (node, error) { return newCMF(name, a.int(0)), nil },
		same("cmf", "CMF({period})")),
	spec("MoneyFlowIndex", TradeBar, "period:int", "MFI({period})", "positive_money_flow negative_money_flow #previous_typical_price",
		func(name string, a args) (node, error) { return newMFI(name, a.int(0)), nil },
		same("mfi", "MFI({period})")),
	spec("OnBalanceVolume", TradeBar, "", "OBV", "",
		func(name string, a args) (node, error) { return newOBV(name), nil }, same("obv", "OBV")),
	spec("SmoothedOnBalanceVolume", Bar, "period:int"+maParam, "SOBV({period})", "on_balance_volume",
		func(name string, a args) (node, error) { return newSOBV(name, a.int(0), a.ma(1)), nil },
		help("sobv", "period:int type:MovingAverageType=Simple", "SOBV({period})")),
	spec("ForceIndex", TradeBar, "period:int moving_average_type:MovingAverageType=Exponential", "FI({period})", "",
		func(name string, a args) (node, error) { return newForce(name, a.int(0), a.ma(1)), nil },
		help("fi", "period:int type:MovingAverageType=Exponential", "FI({period})")),
	spec("EaseOfMovementValue", TradeBar, "period:int=1 scale:int=10000", "EMV({period}, {scale})", "",
		func(name string, a args) (node, error) { return newEMV(name, a.int(0), a.int(1)), nil },
		same("emv", "EMV({period}, {scale})")),
	spec("BalanceOfPower", Bar, "", "BOP", "",
		func(name string, a args) (node, error) {
			return newBarRatio(name, 0, func(in *Input) float64 { return in.Close - in.Open }), nil
		},
		same("bop", "BOP")),
	spec("InternalBarStrength", Bar, "", "IBS()", "",
		func(name string, a args) (node, error) {
			return newBarRatio(name, 0.5, func(in *Input) float64 { return in.Close - in.Low }), nil
		},
		same("ibs", "IBS")),
	spec("KlingerVolumeOscillator", TradeBar, "fast_period:int slow_period:int signal_period:int=13",
		"KVO({fast_period},{slow_period},{signal_period})", "signal",
		func(name string, a args) (node, error) { return newKVO(name, a.int(0), a.int(1), a.int(2)), nil },
		same("kvo", "KVO({fast_period},{slow_period},{signal_period})")),
}

// above tells whether a > b by more than the rounding of a few float operations, which decimals spare LEAN.
func above(a, b float64) bool { return a-b > 1e-12*math.Abs(b) }

// flow is the share of the volume that went with the buyers less that with the sellers.
func flow(in *Input) float64 {
	if in.High <= in.Low {
		return 0
	}
	return (in.Close - in.Low - (in.High - in.Close)) / (in.High - in.Low) * in.Volume
}

type ad struct{ base }

func newAD(name string) *ad {
	x := &ad{}
	x.init(x, name, TradeBar, 1)
	return x
}

func (x *ad) compute(in *Input) (float64, bool) { return x.value + flow(in), true }

type adOsc struct {
	base
	ad         *ad
	fast, slow *ema
}

func newADOsc(name string, fast, slow int) *adOsc {
	x := &adOsc{ad: newAD(name + "_AD"), fast: newEMA(name+"_Fast", fast, smoothing(fast)), slow: newEMA(name+"_Slow", slow, smoothing(slow))}
	x.init(x, name, TradeBar, max(fast, slow))
	return x
}

func (x *adOsc) compute(in *Input) (float64, bool) {
	x.ad.Update(in)
	pass(x.fast, &x.ad.base)
	pass(x.slow, &x.ad.base)
	if !x.Ready() {
		return 0, true
	}
	return x.fast.value - x.slow.value, true
}

func (x *adOsc) clear() { resetAll(x.ad, x.fast, x.slow) }

type cmf struct {
	base
	flow, volume total
}

func newCMF(name string, period int) *cmf {
	x := &cmf{flow: newTotal(period), volume: newTotal(period)}
	x.init(x, name, TradeBar, period)
	return x
}

func (x *cmf) compute(in *Input) (float64, bool) {
	x.flow.add(flow(in))
	x.volume.add(in.Volume)
	if !x.Ready() {
		return 0, true
	}
	return over(x.flow.sum, x.volume.sum), true
}

func (x *cmf) clear() {
	x.flow.reset()
	x.volume.reset()
}

type mfi struct {
	base
	plus, minus *sumOf
	prev        float64
}

func newMFI(name string, period int) *mfi {
	x := &mfi{plus: newSum(name+"_PositiveMoneyFlow", period), minus: newSum(name+"_NegativeMoneyFlow", period)}
	x.init(x, name, TradeBar, period)
	x.part("positive_money_flow", x.plus)
	x.part("negative_money_flow", x.minus)
	x.number("previous_typical_price", &x.prev)
	return x
}

func (x *mfi) compute(in *Input) (float64, bool) {
	p, plus, minus := typical(in), 0.0, 0.0
	if above(p, x.prev) {
		plus = p * in.Volume
	} else if above(x.prev, p) {
		minus = p * in.Volume
	}
	x.prev = p
	x.plus.push(in.End, plus)
	x.minus.push(in.End, minus)
	if sum := x.plus.value + x.minus.value; sum != 0 {
		return 100 * x.plus.value / sum, true
	}
	return 100, true
}

func (x *mfi) clear() {
	x.prev = 0
	resetAll(x.plus, x.minus)
}

type obv struct {
	base
	prev float64
}

func newOBV(name string) *obv {
	x := &obv{}
	x.init(x, name, TradeBar, 1)
	return x
}

func (x *obv) compute(in *Input) (float64, bool) {
	prev := x.prev
	x.prev = in.Value
	switch {
	case x.samples == 1:
		return in.Volume, true
	case in.Value > prev:
		return x.value + in.Volume, true
	case in.Value < prev:
		return x.value - in.Volume, true
	}
	return x.value, true
}

func (x *obv) clear() { x.prev = 0 }

type sobv struct {
	base
	obv *obv
	avg node
}

func newSOBV(name string, period int, t MovingAverageType) *sobv {
	x := &sobv{obv: newOBV("OBV"), avg: t.average(name+"_"+t.String(), period)}
	x.init(x, name, Bar, period)
	x.part("on_balance_volume", x.obv)
	return x
}

func (x *sobv) Ready() bool { return x.avg.Ready() }

func (x *sobv) compute(in *Input) (float64, bool) {
	x.obv.Update(in)
	if !x.avg.push(in.End, x.obv.value) {
		return 0, true
	}
	return x.avg.Value(), true
}

func (x *sobv) clear() { resetAll(x.obv, x.avg) }

type force struct {
	base
	prev float64
	avg  node
}

func newForce(name string, period int, t MovingAverageType) *force {
	x := &force{avg: t.average(name+"_"+t.String(), period)}
	x.init(x, name, TradeBar, period+1)
	return x
}

func (x *force) Ready() bool { return x.avg.Ready() }

func (x *force) compute(in *Input) (float64, bool) {
	prev := x.prev
	x.prev = in.Close
	if x.samples < 2 {
		return 0, true
	}
	x.avg.push(in.End, (in.Close-prev)*in.Volume)
	return x.avg.Value(), true
}

func (x *force) clear() {
	x.prev = 0
	x.avg.Reset()
}

type emv struct {
	base
	sma       *sma
	scale     float64
	high, low float64
}

func newEMV(name string, period, scale int) *emv {
	x := &emv{sma: newSMA("", period), scale: float64(scale)}
	x.init(x, name, TradeBar, period)
	return x
}

func (x *emv) compute(in *Input) (float64, bool) {
	if x.high == 0 && x.low == 0 {
		x.high, x.low = in.High, in.Low
	}
	if in.Volume == 0 || in.High == in.Low {
		x.sma.push(in.End, 0)
		return x.sma.value, true
	}
	mid := (in.High+in.Low)/2 - (x.high+x.low)/2
	ratio := in.Volume / x.scale / (in.High - in.Low)
	x.high, x.low = in.High, in.Low
	x.sma.push(in.End, over(mid, ratio))
	return x.sma.value, true
}

func (x *emv) clear() {
	x.high, x.low = 0, 0
	x.sma.Reset()
}

// barRatio is a distance within the bar over its range, flat for a bar without one.
type barRatio struct {
	base
	flat float64
	dist func(in *Input) float64
}

func newBarRatio(name string, flat float64, f func(in *Input) float64) *barRatio {
	x := &barRatio{flat: flat, dist: f}
	x.init(x, name, Bar, 1)
	return x
}

func (x *barRatio) compute(in *Input) (float64, bool) {
	if in.High <= in.Low {
		return x.flat, true
	}
	return x.dist(in) / (in.High - in.Low), true
}

type kvo struct {
	base
	fast, slow, signal *ema
	sum, span, trend   float64 // of the bar before
	moved              float64
}

func newKVO(name string, fast, slow, signal int) *kvo {
	x := &kvo{fast: newEMA(name+"_FastEma", fast, smoothing(fast)), slow: newEMA(name+"_SlowEma", slow, smoothing(slow)),
		signal: newEMA(name+"_Signal", signal, smoothing(signal))}
	x.init(x, name, TradeBar, max(fast, slow, signal)+2)
	x.part("signal", x.signal)
	return x
}

func (x *kvo) Ready() bool { return x.fast.Ready() && x.slow.Ready() && x.signal.Ready() }

func (x *kvo) compute(in *Input) (float64, bool) {
	sum, span := in.High+in.Low+in.Close, in.High-in.Low
	prevSum, prevSpan, prevTrend := x.sum, x.span, x.trend
	x.sum, x.span = sum, span
	if x.samples == 1 {
		return 0, true
	}
	x.trend = -1
	if above(sum, prevSum) {
		x.trend = 1
	}
	if x.samples == 2 {
		return 0, true
	}
	if x.moved == 0 || x.trend != prevTrend {
		x.moved = span + prevSpan
	} else {
		x.moved += span
	}
	force := in.Volume * math.Abs(2*(span/max(x.moved, 1e-8)-1)) * x.trend * 100
	fast, slow := x.fast.push(in.End, force), x.slow.push(in.End, force)
	v := 0.0
	if fast && slow {
		v = x.fast.value - x.slow.value
	}
	x.signal.push(in.End, v)
	return v, true
}

func (x *kvo) clear() {
	x.sum, x.span, x.trend, x.moved = 0, 0, 0, 0
	resetAll(x.fast, x.slow, x.signal)
}
