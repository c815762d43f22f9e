package indicator

import (
	"errors"
	"math"
)

var adaptiveSpecs = []Spec{
	spec("KaufmanEfficiencyRatio", Point, "period:int", "KER({period})", "",
		func(name string, a args) (node, error) { return newKER(name, a.int(0)), nil },
		help("ker", "period:int=2", "KER({period})")),
	spec("KaufmanAdaptiveMovingAverage", Point, "period:int fast_ema_period:int=2 slow_ema_period:int=30",
		"KAMA({period},{fast_ema_period},{slow_ema_period})", "",
		func(name string, a args) (node, error) { return newKAMA(name, a.int(0), a.int(1), a.int(2)), nil },
		help("kama", "period:int", "KAMA({period},2,30)"),
		help("kama", "period:int fast_ema_period:int slow_ema_period:int", "KAMA({period},{fast_ema_period},{slow_ema_period})")),
	spec("ZeroLagExponentialMovingAverage", Point, "period:int", "ZLEMA({period})", "",
		func(name string, a args) (node, error) {
			if a.int(0) < 2 {
				return nil, errors.New("the period must be at least 2")
			}
			return newZLEMA(name, a.int(0)), nil
		}, same("zlema", "ZLEMA({period})")),
	spec("McGinleyDynamic", Point, "period:int", "MGD({period})", "",
		func(name string, a args) (node, error) { return newMcGinley(name, a.int(0)), nil },
		same("mgd", "MGD({period})")),
	spec("ChandeMomentumOscillator", Point, "period:int", "CMO({period})", "",
		func(name string, a args) (node, error) { return newCMO(name, a.int(0)), nil },
		same("cmo", "CMO({period})")),
	spec("VariableIndexDynamicAverage", Point, "period:int", "VIDYA({period})", "",
		func(name string, a args) (node, error) { return newVIDYA(name, a.int(0)), nil },
		same("vidya", "VIDYA({period})")),
	spec("FractalAdaptiveMovingAverage", Bar, "n:int long_period:int=198", "FRAMA({n},{long_period})", "",
		func(name string, a args) (node, error) {
			if n := a.int(0); n < 2 || n%2 != 0 {
				return nil, errors.New("n must be even and positive")
			}
			return newFRAMA(name, a.int(0), a.int(1)), nil
		}, help("frama", "period:int long_period:int=198", "FRAMA({period},{long_period})")),
}

// ker is Kaufman's efficiency ratio: the net move of the window over the way gone in it.
type ker struct {
	base
	period   int
	win      ring
	way, net float64
	trailing float64
	flat     int // length of the last stretch without a move
}

func newKER(name string, period int) *ker {
	x := &ker{period: period, win: newRing(period + 1)}
	x.init(x, name, Point, period+1)
	// LEAN's window is one longer than the period it is given, and that length makes it ready.
	return x
}

func (x *ker) compute(in *Input) (float64, bool) { return x.ratio(in.Value), true }

func (x *ker) ratio(v float64) float64 {
	x.win.add(v)
	n := x.period + 1
	step := 0.0
	if x.samples > 1 {
		step = math.Abs(v - x.win.at(1))
	}
	if step == 0 {
		x.flat++
	} else {
		x.flat = 0
	}
	x.way += step
	if x.samples < n {
		return v
	}
	then := x.win.at(x.period)
	x.net = v - then
	if x.samples > n {
		x.way -= math.Abs(x.trailing - then)
	}
	x.trailing = then
	if x.flat >= x.period {
		x.way = 0
	}
	if x.way <= x.net || x.way == 0 {
		return 1
	}
	return math.Abs(x.net / x.way)
}

func (x *ker) clear() {
	x.win.reset()
	x.way, x.net, x.trailing, x.flat = 0, 0, 0, 0
}

type kama struct {
	ker
	slow, span, prev float64
}

func newKAMA(name string, period, fast, slow int) *kama {
	x := &kama{slow: smoothing(slow)}
	x.span = smoothing(fast) - x.slow
	x.ker = ker{period: period, win: newRing(period + 1)}
	x.init(x, name, Point, period+1)
	return x
}

func (x *kama) compute(in *Input) (float64, bool) {
	ratio := x.ratio(in.Value)
	if x.samples < x.warm {
		return in.Value, true
	}
	if x.samples == x.warm {
		x.prev = x.win.at(1)
	}
	c := ratio*x.span + x.slow
	x.prev += (in.Value - x.prev) * c * c
	return x.prev, true
}

func (x *kama) clear() {
	x.ker.clear()
	x.prev = 0
}

type zlema struct {
	base
	ema *ema
	lag *delay
}

func newZLEMA(name string, period int) *zlema {
	lag := max(1, int(math.RoundToEven(float64(period-1)/2)))
	x := &zlema{ema: newEMA(name+"_EMA", period, smoothing(period)), lag: newDelay("", lag)}
	x.init(x, name, Point, period+period/2)
	return x
}

func (x *zlema) Ready() bool { return x.lag.Ready() && x.ema.Ready() }

func (x *zlema) compute(in *Input) (float64, bool) {
	if !x.lag.push(in.End, in.Value) {
		return 0, true
	}
	x.ema.push(in.End, in.Value+(in.Value-x.lag.value))
	return x.ema.value, true
}

func (x *zlema) clear() { resetAll(x.ema, x.lag) }

type mcGinley struct {
	base
	sum float64
}

func newMcGinley(name string, period int) *mcGinley {
	x := &mcGinley{}
	x.init(x, name, Point, period)
	return x
}

func (x *mcGinley) compute(in *Input) (float64, bool) {
	n := float64(x.warm)
	if x.samples <= x.warm {
		x.sum += in.Value
		if x.samples < x.warm {
			return 0, true
		}
		return x.sum / n, true
	}
	if x.value == 0 || in.Value == 0 {
		return x.value, true
	}
	r := in.Value / x.value
	return x.value + over(in.Value-x.value, n*r*r*r*r), true
}

func (x *mcGinley) clear() { x.sum = 0 }

type cmo struct {
	base
	prev, gain, loss float64
}

func newCMO(name string, period int) *cmo {
	x := &cmo{}
	x.init(x, name, Point, period+1)
	return x
}

func (x *cmo) compute(in *Input) (float64, bool) {
	d := in.Value - x.prev
	x.prev = in.Value
	if x.samples == 1 {
		return 0, true
	}
	n := float64(x.warm - 1)
	if x.samples > x.warm {
		x.loss *= n - 1
		x.gain *= n - 1
	}
	if d < 0 {
		x.loss -= d
	} else {
		x.gain += d
	}
	if x.samples < x.warm {
		return 0, true
	}
	x.loss /= n
	x.gain /= n
	return 100 * over(x.gain-x.loss, x.gain+x.loss), true
}

func (x *cmo) clear() { x.prev, x.gain, x.loss = 0, 0, 0 }

type vidya struct {
	base
	cmo     *cmo
	k, last float64
}

func newVIDYA(name string, period int) *vidya {
	x := &vidya{cmo: newCMO("", period), k: smoothing(period)}
	x.init(x, name, Point, period+1)
	return x
}

func (x *vidya) compute(in *Input) (float64, bool) {
	if !x.cmo.push(in.End, in.Value) {
		x.last = in.Value
		return 0, true
	}
	k := x.k * math.Abs(x.cmo.value/100)
	x.last = in.Value*k + x.last*(1-k)
	return x.last, true
}

func (x *vidya) clear() {
	x.cmo.Reset()
	x.last = 0
}

type frama struct {
	base
	w         float64
	high, low ring
}

func newFRAMA(name string, n, long int) *frama {
	x := &frama{w: math.Log(2 / float64(1+long)), high: newRing(n), low: newRing(n)}
	x.init(x, name, Bar, n)
	return x
}

func (x *frama) compute(in *Input) (float64, bool) {
	price := (in.High + in.Low) / 2
	x.high.add(in.High)
	x.low.add(in.Low)
	n := len(x.high.v)
	if x.samples <= n {
		return price, true
	}
	half := float64(n / 2)
	n1 := (x.high.max(0, n/2) - x.low.min(0, n/2)) / half
	n2 := (x.high.max(n/2, n) - x.low.min(n/2, n)) / half
	n3 := (x.high.max(0, n) - x.low.min(0, n)) / float64(n)
	dimension := 0.0
	if n1+n2 > 0 && n3 > 0 {
		dimension = math.Log2((n1 + n2) / n3)
	}
	alpha := min(1, max(0.01, math.Exp(x.w*(dimension-1))))
	return alpha*price + (1-alpha)*x.value, true
}

func (x *frama) clear() {
	x.high.reset()
	x.low.reset()
}
