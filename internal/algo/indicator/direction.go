package indicator

import "math"

var directionSpecs = []Spec{
	spec("AverageDirectionalIndex", Bar, "period:int", "ADX({period})", "positive_directional_index negative_directional_index",
		func(name string, a args) (node, error) { return newADX(name, a.int(0)), nil },
		same("adx", "ADX({period})")),
	spec("AverageDirectionalMovementIndexRating", Bar, "period:int", "ADXR({period})", "adx",
		func(name string, a args) (node, error) { return newADXR(name, a.int(0)), nil },
		same("adxr", "ADXR({period})")),
	spec("AroonOscillator", Bar, "up_period:int down_period:int", "AROON({up_period},{down_period})", "aroon_up aroon_down",
		func(name string, a args) (node, error) { return newAroon(name, a.int(0), a.int(1)), nil },
		same("aroon", "AROON({up_period},{down_period})"),
		help("aroon", "period:int", "AROON({period},{period})").args(func(a []any) []any { return []any{a[0], a[0]} })),
	spec("MassIndex", TradeBar, "ema_period:int=9 sum_period:int=25", "MASS({ema_period},{sum_period})", "",
		func(name string, a args) (node, error) { return newMass(name, a.int(0), a.int(1)), nil },
		same("mass", "MASS({ema_period},{sum_period})")),
	spec("WilderSwingIndex", TradeBar, "limit_move:float", "SI", "",
		func(name string, a args) (node, error) { return newSwing(name, a.float(0)), nil },
		help("si", "limit_move:float", "SI")),
	spec("WilderAccumulativeSwingIndex", TradeBar, "limit_move:float", "ASI", "",
		func(name string, a args) (node, error) { return newASI(name, a.float(0)), nil },
		help("asi", "limit_move:float", "ASI")),
	spec("UltimateOscillator", Bar, "period1:int period2:int period3:int", "ULTOSC({period1},{period2},{period3})", "",
		func(name string, a args) (node, error) { return newUltimate(name, a.int(0), a.int(1), a.int(2)), nil },
		same("ultosc", "ULTOSC({period1},{period2},{period3})")),
}

type adx struct {
	base
	n                float64
	high, low, close float64
	tr, up, down     float64 // smoothed
	plus, minus      *identity
	avg              *wilder
}

func newADX(name string, period int) *adx {
	x := &adx{n: float64(period), avg: newWilder("", period)}
	x.init(x, name, Bar, period*2)
	ready := func() bool { return x.samples > period }
	x.plus, x.minus = newOutput(name+"_PositiveDirectionalIndex", ready), newOutput(name+"_NegativeDirectionalIndex", ready)
	x.part("positive_directional_index", x.plus)
	x.part("negative_directional_index", x.minus)
	return x
}

func (x *adx) Ready() bool { return x.avg.Ready() }

func (x *adx) compute(in *Input) (float64, bool) {
	tr, up, down := 0.0, 0.0, 0.0
	if x.samples > 1 {
		tr = max(in.High-in.Low, math.Abs(in.High-x.close), math.Abs(in.Low-x.close))
		rise, fall := in.High-x.high, x.low-in.Low
		if rise > 0 && rise >= fall {
			up = rise
		}
		if fall > 0 && fall > rise {
			down = fall
		}
	}
	x.high, x.low, x.close = in.High, in.Low, in.Close
	leak := 0.0
	if float64(x.samples) > x.n+1 {
		leak = 1 / x.n
	}
	x.tr += tr - x.tr*leak
	x.up += up - x.up*leak
	x.down += down - x.down*leak
	plus, minus := 0.0, 0.0
	if x.plus.Ready() {
		plus, minus = 100*over(x.up, x.tr), 100*over(x.down, x.tr)
	}
	x.plus.push(in.End, plus)
	x.minus.push(in.End, minus)
	if plus+minus == 0 {
		return 50, true
	}
	x.avg.push(in.End, 100*math.Abs(plus-minus)/(plus+minus))
	return x.avg.value, true
}

func (x *adx) clear() {
	x.high, x.low, x.close, x.tr, x.up, x.down = 0, 0, 0, 0, 0, 0
	resetAll(x.plus, x.minus, x.avg)
}

type adxr struct {
	base
	adx  *adx
	past ring
}

func newADXR(name string, period int) *adxr {
	x := &adxr{adx: newADX(name+"_ADX", period), past: newRing(period)}
	x.init(x, name, Bar, period*3-1)
	x.part("adx", x.adx)
	return x
}

func (x *adxr) Ready() bool { return x.past.full() }

func (x *adxr) compute(in *Input) (float64, bool) {
	if x.adx.Update(in) {
		x.past.add(x.adx.value)
	}
	if !x.Ready() {
		return 50, true
	}
	return (x.adx.value + x.past.oldest()) / 2, true
}

func (x *adxr) clear() {
	x.adx.Reset()
	x.past.reset()
}

type aroon struct {
	base
	max, min           *extreme
	up, down           *identity
	upPeriod, downSpan float64
}

func newAroon(name string, up, down int) *aroon {
	x := &aroon{max: newMax(name+"_Max", up+1), min: newMin(name+"_Min", down+1), upPeriod: float64(up), downSpan: float64(down)}
	x.init(x, name, Bar, 1+max(up, down))
	x.up, x.down = newOutput(name+"_AroonUp", x.max.Ready), newOutput(name+"_AroonDown", x.min.Ready)
	x.part("aroon_up", x.up)
	x.part("aroon_down", x.down)
	return x
}

func (x *aroon) compute(in *Input) (float64, bool) {
	x.max.push(in.End, in.High)
	x.min.push(in.End, in.Low)
	x.up.push(in.End, 100*(x.upPeriod-x.max.since)/x.upPeriod)
	x.down.push(in.End, 100*(x.downSpan-x.min.since)/x.downSpan)
	return x.up.value - x.down.value, true
}

func (x *aroon) clear() { resetAll(x.max, x.min, x.up, x.down) }

type mass struct {
	base
	ema1, ema2 *ema
	sum        *sumOf
}

func newMass(name string, period, sum int) *mass {
	k := smoothing(period)
	x := &mass{ema1: newEMA("", period, k), ema2: newEMA("", period, k), sum: newSum("", sum)}
	x.init(x, name, TradeBar, 2*(period-1)+sum)
	return x
}

func (x *mass) Ready() bool { return x.sum.Ready() }

func (x *mass) compute(in *Input) (float64, bool) {
	if x.ema1.push(in.End, in.High-in.Low) && pass(x.ema2, &x.ema1.base) {
		x.sum.push(in.End, over(x.ema1.value, x.ema2.value))
	}
	if !x.sum.Ready() {
		return float64(x.sum.warm), true
	}
	return x.sum.value, true
}

func (x *mass) clear() { resetAll(x.ema1, x.ema2, x.sum) }

// swing is Wilder's swing index.
type swing struct {
	base
	limit       float64
	open, close float64
}

func newSwing(name string, limit float64) *swing {
	x := &swing{limit: math.Abs(limit)}
	x.init(x, name, TradeBar, 2)
	return x
}

func (x *swing) compute(in *Input) (float64, bool) {
	open, shut := x.open, x.close
	x.open, x.close = in.Open, in.Close
	if x.samples == 1 {
		return 0, true
	}
	n := in.Close - shut + 0.5*(in.Close-in.Open) + 0.25*(shut-open)
	hi, lo, span := math.Abs(in.High-shut), math.Abs(in.Low-shut), math.Abs(in.High-in.Low)
	r := 0.25 * math.Abs(shut-open)
	switch {
	case hi >= lo && hi >= span:
		r += hi - 0.5*lo
	case lo >= span:
		r += lo - 0.5*hi
	default:
		r += span
	}
	if r == 0 || x.limit == 0 {
		return 0, true
	}
	return 50 * (n / r) * (max(hi, lo) / x.limit), true
}

func (x *swing) clear() { x.open, x.close = 0, 0 }

type asi struct {
	base
	si *swing
}

func newASI(name string, limit float64) *asi {
	x := &asi{si: newSwing("SI", limit)}
	x.init(x, name, TradeBar, 2)
	return x
}

func (x *asi) compute(in *Input) (float64, bool) {
	if !x.si.Update(in) {
		return 0, true
	}
	return x.value + x.si.value, true
}

func (x *asi) clear() { x.si.Reset() }

type ultimate struct {
	base
	tr        *trueRange
	buy, span [3]total
	close     float64
}

func newUltimate(name string, periods ...int) *ultimate {
	x := &ultimate{tr: newTrueRange(name + "_TR")}
	longest := 0
	for i, p := range periods {
		x.buy[i], x.span[i] = newTotal(p), newTotal(p)
		longest = max(longest, p)
	}
	x.init(x, name, Bar, longest+1)
	return x
}

func (x *ultimate) compute(in *Input) (float64, bool) {
	x.tr.Update(in)
	prev := x.close
	x.close = in.Close
	if x.samples == 1 {
		return 50, true
	}
	pressure, sum := in.Close-min(in.Low, prev), 0.0
	for i, weight := range [...]float64{4, 2, 1} {
		x.buy[i].add(pressure)
		x.span[i].add(x.tr.value)
		sum += weight * over(x.buy[i].sum, x.span[i].sum)
	}
	if !x.Ready() {
		return 50, true
	}
	for i := range x.span {
		if x.span[i].sum == 0 {
			return x.value, true
		}
	}
	return 100 * sum / 7, true
}

func (x *ultimate) clear() {
	for i := range x.buy {
		x.buy[i].reset()
		x.span[i].reset()
	}
	x.close = 0
	x.tr.Reset()
}
