package indicator

import (
	"errors"
	"math"
)

var momentumSpecs = []Spec{
	spec("Momentum", Point, "period:int", "MOM({period})", "", makeChange(difference), same("mom", "MOM({period})")),
	spec("RateOfChange", Point, "period:int", "ROC({period})", "", makeChange(rateOfChange), same("roc", "ROC({period})")),
	spec("RateOfChangePercent", Point, "period:int", "ROCP({period})", "", makeChange(percentOfChange), same("rocp", "ROCP({period})")),
	spec("MomentumPercent", Point, "period:int", "MOMP({period})", "", makeChange(percentOfChange), same("momp", "MOMP({period})")),
	spec("RateOfChangeRatio", Point, "period:int", "ROCR({period})", "", makeChange(ratioOfChange), same("rocr", "ROCR({period})")),
	spec("LogReturn", Point, "period:int", "LOGR({period})", "", func(name string, a args) (node, error) {
		x := newChange(name, a.int(0), logOfChange)
		x.warm, x.readyAt = a.int(0), a.int(0)
		return x, nil
	}, same("logr", "LOGR({period})")),
	spec("Momersion", Point, "min_period:int? full_period:int?", "Momersion({min_period},{full_period})", "", makeMomersion,
		help("momersion", "min_period:int? full_period:int", "MOMERSION({min_period},{full_period})")),
	spec("MomersionIndicator", Point, "min_period:int? full_period:int?", "Momersion({min_period},{full_period})", "", makeMomersion),
	spec("DetrendedPriceOscillator", Point, "period:int", "DPO({period})", "",
		func(name string, a args) (node, error) { return newDPO(name, a.int(0)), nil },
		same("dpo", "DPO({period})")),
	spec("CoppockCurve", Point, "short_roc_period:int=11 long_roc_period:int=14 lwma_period:int=10",
		"CC({short_roc_period},{long_roc_period},{lwma_period})", "",
		func(name string, a args) (node, error) { return newCoppock(name, a.int(0), a.int(1), a.int(2)), nil },
		same("cc", "CC({short_roc_period},{long_roc_period},{lwma_period})")),
	spec("KnowSureThing", Point, "roc1_period:int roc1_ma_period:int roc2_period:int roc2_ma_period:int roc3_period:int"+
		" roc3_ma_period:int roc4_period:int roc4_ma_period:int signal_period:int moving_average_type:MovingAverageType=Simple",
		kstName, "roc1 roc1ma roc2 roc2ma roc3 roc3ma roc4 roc4ma signal_line",
		func(name string, a args) (node, error) { return newKST(name, a), nil },
		help("kst", "roc1_period:int=10 roc1_ma_period:int=10 roc2_period:int=15 roc2_ma_period:int=10 roc3_period:int=20"+
			" roc3_ma_period:int=10 roc4_period:int=30 roc4_ma_period:int=15 signal_period:int=9 moving_average_type:MovingAverageType=Simple",
			kstName)),
}

const kstName = "KST({roc1_period},{roc1_ma_period},{roc2_period},{roc2_ma_period},{roc3_period},{roc3_ma_period}," +
	"{roc4_period},{roc4_ma_period},{signal_period},{moving_average_type})"

// change compares a value with the one period samples before it.
type change struct {
	base
	win ring
	f   func(now, then float64) float64
}

func newChange(name string, period int, f func(now, then float64) float64) *change {
	x := &change{win: newRing(period), f: f}
	x.init(x, name, Point, period+1)
	return x
}

func makeChange(f func(now, then float64) float64) maker {
	return func(name string, a args) (node, error) { return newChange(name, a.int(0), f), nil }
}

func newROC(name string, period int) *change { return newChange(name, period, rateOfChange) }

func (x *change) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	return x.f(in.Value, x.win.before()), true
}

func (x *change) clear() { x.win.reset() }

func difference(now, then float64) float64   { return now - then }
func rateOfChange(now, then float64) float64 { return over(now-then, then) }

func percentOfChange(now, then float64) float64 { return 100 * over(now-then, then) }

// ratioOfChange is 0 rather than 1 where nothing changed, as LEAN has it.
func ratioOfChange(now, then float64) float64 {
	if r := over(now-then, then); r != 0 {
		return r + 1
	}
	return 0
}

func logOfChange(now, then float64) float64 {
	v := math.Log(over(now, then))
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	return v
}

// momersion tells how often moves go on rather than turn back, in percent.
type momersion struct {
	base
	win, products ring
	min           int // 0: wait for the full period
}

func makeMomersion(name string, a args) (node, error) {
	least, full := a.intOr(0, 0), a.intOr(1, 0)
	if !a.has(1) {
		least, full = 0, least
	}
	if full < 1 {
		return nil, errors.New("the full period must be at least 1")
	}
	if least != 0 && least < 4 {
		return nil, errors.New("the minimum period must be at least 4")
	}
	x := &momersion{win: newRing(max(full, 3)), products: newRing(full), min: least}
	warm := full + 3
	if least > 0 {
		warm = least + 2
	}
	x.init(x, name, Point, warm)
	return x, nil
}

func (x *momersion) Ready() bool {
	if x.min > 0 {
		return x.products.n >= x.min
	}
	return x.products.samples > len(x.products.v)
}

func (x *momersion) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if x.win.n >= 3 {
		x.products.add((x.win.at(0) - x.win.at(1)) * (x.win.at(1) - x.win.at(2)))
	}
	up, down := 0, 0
	for i := range x.products.n {
		if p := x.products.at(i); p > 0 {
			up++
		} else if p < 0 {
			down++
		}
	}
	n := x.products.n
	if x.Ready() && float64(n-up-down) < 0.5*float64(n) {
		return 100 * float64(up) / float64(up+down), true
	}
	return 50, true
}

func (x *momersion) clear() {
	x.win.reset()
	x.products.reset()
}

type dpo struct {
	base
	lag *delay
	sma *sma
}

func newDPO(name string, period int) *dpo {
	x := &dpo{lag: newDelay("", period/2+1), sma: newSMA("", period)}
	x.init(x, name, Point, period)
	return x
}

func (x *dpo) Ready() bool { return x.sma.Ready() && x.lag.Ready() }

func (x *dpo) compute(in *Input) (float64, bool) {
	x.lag.push(in.End, in.Value)
	x.sma.push(in.End, in.Value)
	return x.lag.value - x.sma.value, true
}

func (x *dpo) clear() { resetAll(x.lag, x.sma) }

type coppock struct {
	base
	short, long *change
	avg         *lwma
}

func newCoppock(name string, short, long, period int) *coppock {
	x := &coppock{short: newChange("", short, percentOfChange), long: newChange("", long, percentOfChange), avg: newLWMA("", period)}
	x.init(x, name, Point, max(short, long)+period)
	return x
}

func (x *coppock) Ready() bool { return x.avg.Ready() }

func (x *coppock) compute(in *Input) (float64, bool) {
	short, long := x.short.push(in.End, in.Value), x.long.push(in.End, in.Value)
	if !short || !long {
		return 0, true
	}
	x.avg.push(in.End, x.short.value+x.long.value)
	return x.avg.value, true
}

func (x *coppock) clear() { resetAll(x.short, x.long, x.avg) }

type kst struct {
	base
	roc    [4]*change
	avg    [4]node
	signal node
}

func newKST(name string, a args) *kst {
	x := &kst{}
	t, warm := a.ma(9), 0
	for i, n := range []string{"1", "2", "3", "4"} {
		x.roc[i] = newROC("", a.int(2*i))
		x.avg[i] = t.average(name+"_ROC"+n+"MA", a.int(2*i+1))
		warm = max(warm, a.int(2*i)+a.int(2*i+1))
	}
	x.signal = t.average(name+"_SignalLine", a.int(8))
	x.init(x, name, Point, warm)
	for i, n := range []string{"roc1", "roc2", "roc3", "roc4"} {
		x.part(n, x.roc[i])
		x.part(n+"ma", x.avg[i])
	}
	x.part("signal_line", x.signal)
	return x
}

func (x *kst) Ready() bool {
	for _, m := range x.avg {
		if !m.Ready() {
			return false
		}
	}
	return x.signal.Ready()
}

func (x *kst) compute(in *Input) (float64, bool) {
	v := 0.0
	for i, r := range x.roc {
		if r.push(in.End, in.Value) {
			x.avg[i].push(in.End, 100*r.value)
		}
		v += float64(i+1) * x.avg[i].Value()
	}
	if !x.signal.push(in.End, v) {
		return 0, true
	}
	return v, true
}

func (x *kst) clear() {
	for i := range x.roc {
		resetAll(x.roc[i], x.avg[i])
	}
	x.signal.Reset()
}
