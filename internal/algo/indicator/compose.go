package indicator

import "strconv"

// constant never changes; its updates count all the same.
type constant struct {
	base
	fixed float64
}

// NewConstant makes an indicator of one value, always ready.
func NewConstant(name string, v float64) Indicator {
	x := &constant{fixed: v}
	x.init(x, name, Point, 0)
	x.clear()
	return x
}

func (x *constant) compute(*Input) (float64, bool) { return x.fixed, true }

func (x *constant) clear() {
	x.value = x.fixed
	x.past[x.head].value = x.fixed
}

// composite joins two indicators: it computes each time both have a new value.
type composite struct {
	base
	left, right       Indicator
	gotLeft, gotRight bool
	join              func(left, right Indicator) (float64, bool)
	also              func() // on reset
}

// NewComposite makes an indicator that calls join with left and right each time both have been updated; a
// false from join publishes no value. Without a name it is called COMPOSE(left,right). Resetting it resets
// both.
func NewComposite(name string, left, right Indicator, join func(left, right Indicator) (float64, bool)) Indicator {
	return newComposite(name, left, right, join)
}

func newComposite(name string, left, right Indicator, join func(left, right Indicator) (float64, bool)) *composite {
	if name == "" {
		name = "COMPOSE(" + left.Name() + "," + right.Name() + ")"
	}
	x := &composite{left: left, right: right, join: join}
	x.init(x, name, Point, 0)
	x.part("left", left)
	x.part("right", right)
	_, leftFixed := left.(*constant)
	_, rightFixed := right.(*constant)
	left.OnUpdate(func() {
		x.gotLeft = true
		if x.gotRight || rightFixed {
			x.fire()
		}
	})
	right.OnUpdate(func() {
		x.gotRight = true
		if x.gotLeft || leftFixed {
			x.fire()
		}
	})
	return x
}

func (x *composite) fire() {
	_, l, _ := x.left.At(0)
	_, r, _ := x.right.At(0)
	x.push(max(l, r), 0)
	x.gotLeft, x.gotRight = false, false
}

func (x *composite) Ready() bool { return x.left.Ready() && x.right.Ready() }

func (x *composite) compute(*Input) (float64, bool) { return x.join(x.left, x.right) }

func (x *composite) clear() {
	x.gotLeft, x.gotRight = false, false
	resetAll(x.left, x.right)
	if x.also != nil {
		x.also()
	}
}

// Plus makes the sum of two indicators. The name may be empty, here and below.
func Plus(left, right Indicator, name string) Indicator {
	return newComposite(name, left, right, func(l, r Indicator) (float64, bool) { return l.Value() + r.Value(), true })
}

// Minus makes the difference of two indicators.
func Minus(left, right Indicator, name string) Indicator {
	return newComposite(name, left, right, func(l, r Indicator) (float64, bool) { return l.Value() - r.Value(), true })
}

// Times makes the product of two indicators.
func Times(left, right Indicator, name string) Indicator {
	return newComposite(name, left, right, func(l, r Indicator) (float64, bool) { return l.Value() * r.Value(), true })
}

// Over makes the quotient of two indicators; a divisor of 0 leaves the value as it was.
func Over(left, right Indicator, name string) Indicator {
	return newComposite(name, left, right, quotient)
}

func quotient(l, r Indicator) (float64, bool) {
	return over(l.Value(), r.Value()), r.Value() != 0
}

// ConstantOf wraps a number for [Plus] and the others, under the name LEAN gives it.
func ConstantOf(v float64) Indicator {
	return NewConstant(strconv.FormatFloat(v, 'f', -1, 64), v)
}

// Of feeds second with the values of first and returns second. With wait it waits until first is ready.
func Of(second, first Indicator, wait bool) Indicator {
	var in Input
	first.OnUpdate(func() {
		if wait && !first.Ready() {
			return
		}
		v, end, _ := first.At(0)
		in.Value, in.End = v, end
		second.Update(&in)
	})
	return second
}

// SMAOf makes the simple moving average of an indicator.
func SMAOf(left Indicator, period int, wait bool) Indicator {
	return Of(newSMA(ofName("SMA", period, left), period), left, wait)
}

// EMAOf makes the exponential moving average of an indicator; factor 0 stands for the usual one.
func EMAOf(left Indicator, period int, factor float64, wait bool) Indicator {
	if factor == 0 {
		factor = smoothing(period)
	}
	return Of(newEMA(ofName("EMA", period, left), period, factor), left, wait)
}

// MaxOf makes the maximum of an indicator.
func MaxOf(left Indicator, period int, wait bool) Indicator {
	return Of(newMax(ofName("MAX", period, left), period), left, wait)
}

// MinOf makes the minimum of an indicator.
func MinOf(left Indicator, period int, wait bool) Indicator {
	return Of(newMin(ofName("MIN", period, left), period), left, wait)
}

func ofName(kind string, period int, left Indicator) string {
	return kind + strconv.Itoa(period) + "_Of_" + left.Name()
}

// WeightedBy makes the mean of value weighted by weight over the last period pairs.
func WeightedBy(value, weight Indicator, period int) Indicator {
	x, y := newWindowIdentity("", period), newWindowIdentity("", period)
	num, den := newSum("Sum_xy", period), newSum("Sum_y", period)
	value.OnUpdate(func() {
		v, end, _ := value.At(0)
		x.push(end, v)
		if x.samples == y.samples {
			num.push(end, v*y.value)
		}
	})
	weight.OnUpdate(func() {
		w, end, _ := weight.At(0)
		y.push(end, w)
		if x.samples == y.samples {
			num.push(end, w*x.value)
		}
		den.push(end, w)
	})
	out := newComposite("RESET_COMPOSE("+num.name+","+den.name+")", num, den, quotient)
	out.also = func() { resetAll(x, y) }
	return out
}

// custom lets a caller write the computation.
type custom struct {
	base
	next  func(in *Input) (float64, bool)
	ready func() bool
	reset func()
}

// Custom describes an indicator with functions of the caller: LEAN's FunctionalIndicator and the
// indicators that algorithms write themselves.
type Custom struct {
	Name   string
	Kind   Kind // with Bar and beyond, bare values are ignored
	WarmUp int
	// Next returns the next value, or false to publish none.
	Next func(in *Input) (value float64, ok bool)
	// Ready tells whether the value is ready; without it, the samples of WarmUp do.
	Ready func() bool
	Reset func() // optional
}

// NewCustom makes an indicator of functions.
func NewCustom(c Custom) Indicator {
	x := &custom{next: c.Next, ready: c.Ready, reset: c.Reset}
	x.init(x, c.Name, c.Kind, c.WarmUp)
	return x
}

func (x *custom) compute(in *Input) (float64, bool) { return x.next(in) }

func (x *custom) Ready() bool {
	if x.ready != nil {
		return x.ready()
	}
	return x.base.Ready()
}

func (x *custom) clear() {
	if x.reset != nil {
		x.reset()
	}
}

// NewFilteredIdentity repeats the inputs that pass the filter and holds the last such value over the
// others. It is ready once its value is above 0, as LEAN's is.
func NewFilteredIdentity(name string, pass func(in *Input) bool) Indicator {
	held := 0.0
	x := &custom{reset: func() { held = 0 }}
	x.next = func(in *Input) (float64, bool) {
		if pass == nil || pass(in) {
			held = in.Value
		}
		return held, true
	}
	x.init(x, name, Point, 0)
	x.ready = func() bool { return x.samples > 0 && x.value > 0 }
	return x
}

// KindOf tells what an indicator of this package feeds on; others count as [Point].
func KindOf(ind Indicator) Kind {
	if b, ok := ind.(interface{ kindOf() Kind }); ok {
		return b.kindOf()
	}
	return Point
}

func (b *base) kindOf() Kind { return b.kind }

// Average makes a moving average of the type.
func Average(t MovingAverageType, name string, period int) Indicator { return t.average(name, period) }
