package indicator

import "math"

var windowSpecs = []Spec{
	spec("Sum", Point, "period:int", "SUM({period})", "",
		func(name string, a args) (node, error) { return newSum(name, a.int(0)), nil },
		same("sum", "SUM({period})")),
	spec("Maximum", Point, "period:int", "MAX({period})", "#periods_since_maximum",
		func(name string, a args) (node, error) { return newMax(name, a.int(0)), nil },
		same("max", "MAX({period})").selector("high")),
	spec("Minimum", Point, "period:int", "MIN({period})", "#periods_since_minimum",
		func(name string, a args) (node, error) { return newMin(name, a.int(0)), nil },
		same("min", "MIN({period})").selector("low")),
	spec("MidPoint", Point, "period:int", "MIDPOINT({period})", "",
		func(name string, a args) (node, error) { return newMidPoint(name, a.int(0)), nil },
		same("midpoint", "MIDPOINT({period})")),
	spec("MidPrice", Bar, "period:int", "MIDPRICE({period})", "",
		func(name string, a args) (node, error) { return newMidPrice(name, a.int(0)), nil },
		same("midprice", "MIDPRICE({period})")),
	spec("Delay", Point, "period:int", "DELAY({period})", "",
		func(name string, a args) (node, error) { return newDelay(name, a.int(0)), nil }),
	spec("WindowIdentity", Point, "period:int", "WIN-ID{period}", "",
		func(name string, a args) (node, error) { return newWindowIdentity(name, a.int(0)), nil }),
	spec("Variance", Point, "period:int", "VAR({period})", "",
		func(name string, a args) (node, error) { return newVariance(name, a.int(0)), nil },
		same("v", "V({period})"), same("var", "V({period})")),
	spec("StandardDeviation", Point, "period:int", "STD({period})", "",
		func(name string, a args) (node, error) { return newStd(name, a.int(0)), nil },
		same("std", "STD({period})")),
	spec("MeanAbsoluteDeviation", Point, "period:int", "MAD({period})", "mean",
		func(name string, a args) (node, error) { return newMAD(name, a.int(0)), nil },
		same("mad", "MAD({period})")),
	spec("LeastSquaresMovingAverage", Point, "period:int", "LSMA({period})", "intercept slope",
		func(name string, a args) (node, error) { return newLSMA(name, a.int(0)), nil },
		same("lsma", "LSMA({period})")),
}

type sumOf struct {
	base
	total total
}

func newSum(name string, period int) *sumOf {
	x := &sumOf{total: newTotal(period)}
	x.init(x, name, Point, period)
	return x
}

func (x *sumOf) compute(in *Input) (float64, bool) {
	x.total.add(in.Value)
	return x.total.sum, true
}

func (x *sumOf) clear() { x.total.reset() }

// extreme is the greatest value of a window, or with sign -1 the least.
type extreme struct {
	base
	win   ring
	sign  float64
	since float64 // periods since the extreme
}

func newExtreme(name string, period int, sign float64) *extreme {
	x := &extreme{win: newRing(period), sign: sign}
	x.init(x, name, Point, period)
	return x
}

func newMax(name string, period int) *extreme {
	x := newExtreme(name, period, 1)
	x.number("periods_since_maximum", &x.since)
	return x
}

func newMin(name string, period int) *extreme {
	x := newExtreme(name, period, -1)
	x.number("periods_since_minimum", &x.since)
	return x
}

func (x *extreme) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if x.samples == 1 || x.sign*in.Value >= x.sign*x.value {
		x.since = 0
		return in.Value, true
	}
	if x.since < float64(x.warm-1) {
		x.since++
		return x.value, true
	}
	best, at := x.win.at(0), 0
	for i := 1; i < x.win.n; i++ {
		if v := x.win.at(i); x.sign*v > x.sign*best {
			best, at = v, i
		}
	}
	x.since = float64(at)
	return best, true
}

func (x *extreme) clear() {
	x.win.reset()
	x.since = 0
}

type midPoint struct {
	base
	max, min *extreme
	bars     bool
}

func newMidPoint(name string, period int) *midPoint {
	x := &midPoint{max: newMax("", period), min: newMin("", period)}
	x.init(x, name, Point, period)
	return x
}

func newMidPrice(name string, period int) *midPoint {
	x := newMidPoint(name, period)
	x.kind, x.needBar, x.bars = Bar, true, true
	return x
}

func (x *midPoint) compute(in *Input) (float64, bool) {
	hi, lo := in.Value, in.Value
	if x.bars {
		hi, lo = in.High, in.Low
	}
	x.max.push(in.End, hi)
	x.min.push(in.End, lo)
	return (x.max.value + x.min.value) / 2, true
}

func (x *midPoint) clear() { resetAll(x.max, x.min) }

type delay struct {
	base
	win ring
}

func newDelay(name string, period int) *delay {
	x := &delay{win: newRing(period)}
	x.init(x, name, Point, period+1)
	return x
}

func (x *delay) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	return x.win.before(), true
}

func (x *delay) clear() { x.win.reset() }

// before returns the value a whole window before the newest one, or the oldest there is.
func (r *ring) before() float64 {
	if r.samples <= len(r.v) {
		return r.oldest()
	}
	return r.removed
}

type windowIdentity struct{ base }

func newWindowIdentity(name string, period int) *windowIdentity {
	x := &windowIdentity{}
	x.init(x, name, Point, period)
	return x
}

func (x *windowIdentity) compute(in *Input) (float64, bool) { return in.Value, true }

// variance is the population variance. Its sums are kept relative to a value of the window, without
// which float64 would lose the small differences of large prices.
type variance struct {
	base
	win     ring
	shift   float64
	sum, sq float64
	run     int // length of the last stretch of equal values
	root    bool
}

func newVariance(name string, period int) *variance {
	x := &variance{win: newRing(period)}
	x.init(x, name, Point, period)
	return x
}

func newStd(name string, period int) *variance {
	x := newVariance(name, period)
	x.root = true
	return x
}

func (x *variance) compute(in *Input) (float64, bool) {
	v := x.next(in.Value)
	if x.root {
		v = math.Sqrt(v)
	}
	return v, true
}

func (x *variance) next(v float64) float64 {
	w := &x.win
	if w.n > 0 && v == w.at(0) {
		x.run++
	} else {
		x.run = 1
	}
	was := w.full()
	w.add(v)
	if w.n == 1 || w.head == 0 {
		x.shift, x.sum, x.sq = v, 0, 0
		for i := range w.n {
			d := w.at(i) - x.shift
			x.sum += d
			x.sq += d * d
		}
	} else {
		d := v - x.shift
		x.sum += d
		x.sq += d * d
		if was {
			d = w.removed - x.shift
			x.sum -= d
			x.sq -= d * d
		}
	}
	if x.run >= w.n {
		return 0
	}
	n := float64(w.n)
	mean := x.sum / n
	return max(0, x.sq/n-mean*mean)
}

func (x *variance) clear() {
	x.win.reset()
	x.shift, x.sum, x.sq, x.run = 0, 0, 0, 0
}

type mad struct {
	base
	win  ring
	mean *sma
}

func newMAD(name string, period int) *mad {
	x := &mad{win: newRing(period), mean: newSMA(name+"_Mean", period)}
	x.init(x, name, Point, period)
	x.part("mean", x.mean)
	return x
}

func (x *mad) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	x.mean.push(in.End, in.Value)
	if x.samples < 2 {
		return 0, true
	}
	sum := 0.0
	for i := range x.win.n {
		sum += math.Abs(x.win.at(i) - x.mean.value)
	}
	return sum / float64(x.win.n), true
}

func (x *mad) clear() {
	x.win.reset()
	x.mean.Reset()
}

// lsma is the end point of the least-squares line through the window.
type lsma struct {
	base
	win              ring
	intercept, slope *identity
}

func newLSMA(name string, period int) *lsma {
	x := &lsma{win: newRing(period), intercept: newIdentity(name + "_Intercept"), slope: newIdentity(name + "_Slope")}
	x.init(x, name, Point, period)
	x.part("intercept", x.intercept)
	x.part("slope", x.slope)
	return x
}

func (x *lsma) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.win.full() {
		return in.Value, true
	}
	n := float64(x.warm)
	mx, my := (n+1)/2, 0.0
	for i := range x.win.n {
		my += x.win.at(i)
	}
	my /= n
	sxy, sxx := 0.0, 0.0
	for i := range x.win.n {
		dx := n - float64(i) - mx
		sxy += dx * (x.win.at(i) - my)
		sxx += dx * dx
	}
	slope := over(sxy, sxx)
	x.intercept.push(in.End, my-slope*mx)
	x.slope.push(in.End, slope)
	return x.intercept.value + slope*n, true
}

func (x *lsma) clear() {
	x.win.reset()
	resetAll(x.intercept, x.slope)
}
