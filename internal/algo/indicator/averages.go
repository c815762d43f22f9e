package indicator

import (
	"errors"
	"math"
)

var averageSpecs = []Spec{
	spec("Identity", Point, "", "", "", func(name string, a args) (node, error) {
		return newIdentity(name), nil
	}, help("identity", "", "close")),
	spec("SimpleMovingAverage", Point, "period:int", "SMA({period})", "rolling_sum",
		func(name string, a args) (node, error) { return newSMA(name, a.int(0)), nil },
		same("sma", "SMA({period})")),
	spec("ExponentialMovingAverage", Point, "period:int smoothing_factor:float?", "EMA({period}{,smoothing_factor})", "",
		func(name string, a args) (node, error) {
			k := smoothing(a.int(0))
			if a.has(1) {
				k = a.float(1)
			}
			return newEMA(name, a.int(0), k), nil
		}, help("ema", "period:int", "EMA({period})"), help("ema", "period:int smoothing_factor:float", "EMA({period})")),
	spec("WilderMovingAverage", Point, "period:int", "WWMA{period}", "",
		func(name string, a args) (node, error) { return newWilder(name, a.int(0)), nil },
		same("wwma", "WWMA({period})")),
	spec("LinearWeightedMovingAverage", Point, "period:int", "LWMA({period})", "",
		func(name string, a args) (node, error) { return newLWMA(name, a.int(0)), nil },
		same("lwma", "LWMA({period})")),
	spec("DoubleExponentialMovingAverage", Point, "period:int volume_factor:float=1", "DEMA({period})", "",
		func(name string, a args) (node, error) { return newDEMA(name, a.int(0), a.float(1)), nil },
		help("dema", "period:int", "DEMA({period})")),
	spec("TripleExponentialMovingAverage", Point, "period:int", "TEMA({period})", "",
		func(name string, a args) (node, error) { return newTEMA(name, a.int(0)), nil },
		same("tema", "TEMA({period})")),
	spec("T3MovingAverage", Point, "period:int volume_factor:float=0.7", "T3({period},{volume_factor})", "",
		func(name string, a args) (node, error) { return newT3(name, a.int(0), a.float(1)), nil },
		same("t3", "T3({period},{volume_factor})")),
	spec("TriangularMovingAverage", Point, "period:int", "TRIMA({period})", "",
		func(name string, a args) (node, error) { return newTRIMA(name, a.int(0)), nil },
		same("trima", "TRIMA({period})")),
	spec("HullMovingAverage", Point, "period:int", "HMA({period})", "",
		func(name string, a args) (node, error) {
			if a.int(0) < 2 {
				return nil, errors.New("the period must be at least 2")
			}
			return newHMA(name, a.int(0)), nil
		}, same("hma", "HMA({period})")),
	spec("ArnaudLegouxMovingAverage", Point, "period:int sigma:int=6 offset:float=0.85", "ALMA({period},{sigma},{offset})", "",
		func(name string, a args) (node, error) {
			if x := a.float(2); x < 0 || x > 1 {
				return nil, errors.New("the offset must be between 0 and 1")
			}
			return newALMA(name, a.int(0), a.int(1), a.float(2)), nil
		}, same("alma", "ALMA({period},{sigma},{offset})")),
	spec("RelativeMovingAverage", Point, "period:int", "RMA({period})", "short_average medium_average long_average",
		func(name string, a args) (node, error) { return newRMA(name, a.int(0)), nil },
		same("rma", "RMA({period})")),
}

// identity repeats its input. With a ready function it serves as the published part of a larger
// indicator, which pushes the values.
type identity struct {
	base
	ready func() bool
}

func newIdentity(name string) *identity {
	x := &identity{}
	x.init(x, name, Point, 1)
	return x
}

// newOutput makes a part that is ready when ready says so.
func newOutput(name string, ready func() bool) *identity {
	x := newIdentity(name)
	x.ready = ready
	return x
}

func (x *identity) compute(in *Input) (float64, bool) { return in.Value, true }

func (x *identity) Ready() bool {
	if x.ready != nil {
		return x.ready()
	}
	return x.samples > 0
}

type sma struct {
	base
	sum *sumOf
}

func newSMA(name string, period int) *sma {
	x := &sma{sum: newSum(name+"_Sum", period)}
	x.init(x, name, Point, period)
	x.part("rolling_sum", x.sum)
	return x
}

func (x *sma) compute(in *Input) (float64, bool) {
	x.sum.push(in.End, in.Value)
	return x.sum.total.mean(), true
}

func (x *sma) clear() { x.sum.Reset() }

func smoothing(period int) float64 { return 2 / (1 + float64(period)) }

// ema starts from the simple average of its first period.
type ema struct {
	base
	k      float64
	period int
	sum    float64
}

func newEMA(name string, period int, k float64) *ema {
	x := &ema{k: k, period: period}
	x.init(x, name, Point, period)
	return x
}

func (x *ema) compute(in *Input) (float64, bool) {
	if x.samples > x.period {
		return in.Value*x.k + x.value*(1-x.k), true
	}
	x.sum += in.Value
	if x.samples < x.period {
		return 0, true
	}
	return x.sum / float64(x.period), true
}

func (x *ema) clear() { x.sum = 0 }

type wilder struct {
	base
	k, sum float64
}

func newWilder(name string, period int) *wilder {
	x := &wilder{k: 1 / float64(period)}
	x.init(x, name, Point, period)
	return x
}

func (x *wilder) compute(in *Input) (float64, bool) {
	if x.samples < x.warm {
		x.sum += in.Value
		return x.sum / float64(x.samples), true
	}
	// The sample that makes it ready is smoothed already: LEAN's simple average stops one short.
	return in.Value*x.k + x.value*(1-x.k), true
}

func (x *wilder) clear() { x.sum = 0 }

type lwma struct {
	base
	win ring
	den float64
}

func newLWMA(name string, period int) *lwma {
	x := &lwma{win: newRing(period), den: float64(period*(period+1)) / 2}
	x.init(x, name, Point, period)
	return x
}

func (x *lwma) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.win.full() {
		return 0, true
	}
	num, weight := 0.0, float64(len(x.win.v))
	for i := range x.win.v {
		num += weight * x.win.at(i)
		weight--
	}
	return num / x.den, true
}

func (x *lwma) clear() { x.win.reset() }

type dema struct {
	base
	factor     float64
	ema1, ema2 *ema
}

func newDEMA(name string, period int, factor float64) *dema {
	k := smoothing(period)
	x := &dema{factor: factor, ema1: newEMA(name+"_1", period, k), ema2: newEMA(name+"_2", period, k)}
	x.init(x, name, Point, 1+2*(period-1))
	return x
}

func (x *dema) compute(in *Input) (float64, bool) {
	if !x.ema1.push(in.End, in.Value) {
		return x.ema1.value, true
	}
	pass(x.ema2, &x.ema1.base)
	return (x.factor+1)*x.ema1.value - x.factor*x.ema2.value, true
}

func (x *dema) clear() { resetAll(x.ema1, x.ema2) }

// triple is the chain of three exponential averages behind TEMA and TRIX.
type triple struct{ ema1, ema2, ema3 *ema }

func newTriple(name string, period int) triple {
	k := smoothing(period)
	return triple{newEMA(name+"_1", period, k), newEMA(name+"_2", period, k), newEMA(name+"_3", period, k)}
}

func (t *triple) update(in *Input) bool {
	return t.ema1.push(in.End, in.Value) && pass(t.ema2, &t.ema1.base) && pass(t.ema3, &t.ema2.base)
}

func (t *triple) reset() { resetAll(t.ema1, t.ema2, t.ema3) }

type tema struct {
	base
	triple
}

func newTEMA(name string, period int) *tema {
	x := &tema{triple: newTriple(name, period)}
	x.init(x, name, Point, 3*(period-1)+1)
	return x
}

func (x *tema) compute(in *Input) (float64, bool) {
	if !x.update(in) {
		return 0, true
	}
	return 3*x.ema1.value - 3*x.ema2.value + x.ema3.value, true
}

func (x *tema) clear() { x.triple.reset() }

type t3 struct {
	base
	gd [3]*dema
}

func newT3(name string, period int, factor float64) *t3 {
	x := &t3{}
	for i, suffix := range []string{"_1", "_2", "_3"} {
		x.gd[i] = newDEMA(name+suffix, period, factor)
	}
	x.init(x, name, Point, 1+6*(period-1))
	return x
}

func (x *t3) compute(in *Input) (float64, bool) {
	if !x.gd[0].push(in.End, in.Value) {
		return x.gd[0].value, true
	}
	if !pass(x.gd[1], &x.gd[0].base) {
		return x.gd[1].value, true
	}
	pass(x.gd[2], &x.gd[1].base)
	return x.gd[2].value, true
}

func (x *t3) clear() { resetAll(x.gd[0], x.gd[1], x.gd[2]) }

type trima struct {
	base
	sma1, sma2 *sma
}

func newTRIMA(name string, period int) *trima {
	p1, p2 := (period+1)/2, (period+1)/2
	if period%2 == 0 {
		p1, p2 = period/2, period/2+1
	}
	x := &trima{sma1: newSMA(name+"_1", p1), sma2: newSMA(name+"_2", p2)}
	x.init(x, name, Point, period)
	return x
}

func (x *trima) compute(in *Input) (float64, bool) {
	x.sma1.push(in.End, in.Value)
	pass(x.sma2, &x.sma1.base)
	return x.sma2.value, true
}

func (x *trima) clear() { resetAll(x.sma1, x.sma2) }

type hma struct {
	base
	fast, slow, hull *lwma
}

func newHMA(name string, period int) *hma {
	k := int(math.RoundToEven(math.Sqrt(float64(period))))
	x := &hma{slow: newLWMA("", period), fast: newLWMA("", int(math.RoundToEven(float64(period)/2))), hull: newLWMA("", k)}
	x.init(x, name, Point, period+k-1)
	return x
}

func (x *hma) compute(in *Input) (float64, bool) {
	fast, slow := x.fast.push(in.End, in.Value), x.slow.push(in.End, in.Value)
	if fast && slow {
		x.hull.push(in.End, 2*x.fast.value-x.slow.value)
	}
	return x.hull.value, true
}

func (x *hma) Ready() bool { return x.hull.Ready() }
func (x *hma) clear()      { resetAll(x.fast, x.slow, x.hull) }

type alma struct {
	base
	win     ring
	weights []float64
}

func newALMA(name string, period, sigma int, offset float64) *alma {
	x := &alma{win: newRing(period), weights: make([]float64, period)}
	x.init(x, name, Point, period)
	m, s, sum := math.Floor(offset*float64(period-1)), float64(period)/float64(sigma), 0.0
	for i := range period {
		d := float64(i) - m
		w := math.Exp(-d * d / (2 * s * s))
		x.weights[period-1-i] = w
		sum += w
	}
	for i := range x.weights {
		x.weights[i] /= sum
	}
	return x
}

func (x *alma) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.win.full() {
		return in.Value, true
	}
	sum := 0.0
	for i, w := range x.weights {
		sum += w * x.win.at(i)
	}
	return sum, true
}

func (x *alma) clear() { x.win.reset() }

type rma struct {
	base
	short, medium, long *sma
}

func newRMA(name string, period int) *rma {
	x := &rma{short: newSMA(name+"_Short", period), medium: newSMA(name+"_Medium", period*2), long: newSMA(name+"_Long", period*3)}
	x.init(x, name, Point, period*3)
	x.part("short_average", x.short)
	x.part("medium_average", x.medium)
	x.part("long_average", x.long)
	return x
}

func (x *rma) compute(in *Input) (float64, bool) {
	x.short.push(in.End, in.Value)
	x.medium.push(in.End, in.Value)
	x.long.push(in.End, in.Value)
	return x.long.value - x.medium.value + x.short.value, true
}

func (x *rma) clear() { resetAll(x.short, x.medium, x.long) }
