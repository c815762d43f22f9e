package indicator

import (
	"errors"
	"math"
)

const maParam = " moving_average_type:MovingAverageType=Simple"

var oscillatorSpecs = []Spec{
	spec("RelativeStrengthIndex", Point, "period:int moving_average_type:MovingAverageType=Wilders", "RSI({period})",
		"average_gain average_loss",
		func(name string, a args) (node, error) { return newRSI(name, a.int(0), a.ma(1)), nil },
		same("rsi", "RSI({period},{moving_average_type})")),
	spec("MovingAverageConvergenceDivergence", Point,
		"fast_period:int slow_period:int signal_period:int type:MovingAverageType=Exponential",
		"MACD({fast_period},{slow_period},{signal_period})", "fast slow signal histogram",
		func(name string, a args) (node, error) {
			return newMACD(name, a.int(0), a.int(1), a.int(2), a.ma(3), false)
		},
		same("macd", "MACD({fast_period},{slow_period},{signal_period})")),
	spec("AbsolutePriceOscillator", Point, "fast_period:int slow_period:int"+maParam, "APO({fast_period},{slow_period})",
		"fast slow signal histogram",
		func(name string, a args) (node, error) {
			return newMACD(name, a.int(0), a.int(1), a.int(1), a.ma(2), false)
		},
		help("apo", "fast_period:int slow_period:int moving_average_type:MovingAverageType", "APO({fast_period},{slow_period})")),
	spec("PercentagePriceOscillator", Point, "fast_period:int slow_period:int"+maParam, "PPO({fast_period},{slow_period})",
		"fast slow signal histogram",
		func(name string, a args) (node, error) {
			return newMACD(name, a.int(0), a.int(1), a.int(1), a.ma(2), true)
		},
		help("ppo", "fast_period:int slow_period:int moving_average_type:MovingAverageType", "PPO({fast_period},{slow_period})")),
	spec("Stochastic", Bar, "period:int k_period:int d_period:int", "STO({period},{k_period},{d_period})", "fast_stoch stoch_k stoch_d",
		func(name string, a args) (node, error) { return newStochastic(name, a.int(0), a.int(1), a.int(2)), nil },
		same("sto", "STO({period},{k_period},{d_period})"),
		help("sto", "period:int", "STO({period},{period},3)").args(func(a []any) []any { return []any{a[0], a[0], 3} })),
	spec("StochasticRelativeStrengthIndex", Point,
		"rsi_period:int stoch_period:int k_smoothing_period:int d_smoothing_period:int"+maParam,
		"SRSI({rsi_period},{stoch_period},{k_smoothing_period},{d_smoothing_period},{moving_average_type})", "k d",
		func(name string, a args) (node, error) { return newStochRSI(name, a), nil },
		same("srsi", "SRSI({rsi_period},{stoch_period},{k_smoothing_period},{d_smoothing_period})")),
	spec("WilliamsPercentR", Bar, "period:int", "WILR({period})", "maximum minimum",
		func(name string, a args) (node, error) { return newWilliams(name, a.int(0)), nil },
		same("wilr", "WILR({period})")),
	spec("CommodityChannelIndex", Bar, "period:int"+maParam, "CCI({period})", "typical_price_average typical_price_mean_deviation",
		func(name string, a args) (node, error) { return newCCI(name, a.int(0), a.ma(1)), nil },
		same("cci", "CCI({period})")),
	spec("AwesomeOscillator", Bar, "fast_period:int slow_period:int type:MovingAverageType=Simple",
		"AO({fast_period},{slow_period},{type})", "slow_ao fast_ao",
		func(name string, a args) (node, error) { return newAO(name, a.int(0), a.int(1), a.ma(2)), nil },
		help("ao", "fast_period:int slow_period:int type:MovingAverageType", "AO({fast_period},{slow_period},{type})")),
	spec("Trix", Point, "period:int", "TRIX({period})", "",
		func(name string, a args) (node, error) { return newTrix(name, a.int(0)), nil },
		same("trix", "TRIX({period})")),
}

func typical(in *Input) float64 { return (in.High + in.Low + in.Close) / 3 }

type rsi struct {
	base
	gain, loss node
	prev       float64
}

func newRSI(name string, period int, t MovingAverageType) *rsi {
	x := &rsi{gain: t.average(name+"Up", period), loss: t.average(name+"Down", period)}
	x.init(x, name, Point, period+1)
	x.part("average_gain", x.gain)
	x.part("average_loss", x.loss)
	return x
}

func (x *rsi) Ready() bool { return x.gain.Ready() && x.loss.Ready() }

func (x *rsi) compute(in *Input) (float64, bool) {
	if x.samples > 1 {
		d := in.Value - x.prev
		x.gain.push(in.End, max(0, d))
		x.loss.push(in.End, max(0, -d))
	}
	x.prev = in.Value
	gain, loss := max(0, x.gain.Value()), max(0, x.loss.Value())
	if loss < 0.5e-10 {
		return 100, true
	}
	return 100 - 100/(1+gain/loss), true
}

func (x *rsi) clear() {
	x.prev = 0
	resetAll(x.gain, x.loss)
}

// macd serves the absolute and the percentage price oscillator too.
type macd struct {
	base
	fast, slow, signal node
	histogram          *identity
	percent            bool
}

func newMACD(name string, fast, slow, signal int, t MovingAverageType, percent bool) (*macd, error) {
	if fast >= slow {
		return nil, errors.New("the fast period must be less than the slow one")
	}
	x := &macd{fast: t.average(name+"_Fast", fast), slow: t.average(name+"_Slow", slow),
		signal: t.average(name+"_Signal", signal), histogram: newIdentity(name + "_Histogram"), percent: percent}
	x.init(x, name, Point, slow+signal-1)
	x.part("fast", x.fast)
	x.part("slow", x.slow)
	x.part("signal", x.signal)
	x.part("histogram", x.histogram)
	return x, nil
}

func (x *macd) Ready() bool { return x.signal.Ready() }

func (x *macd) compute(in *Input) (float64, bool) {
	fast, slow := x.fast.push(in.End, in.Value), x.slow.push(in.End, in.Value)
	v := x.fast.Value() - x.slow.Value()
	if fast && slow && x.signal.push(in.End, v) {
		x.histogram.push(in.End, v-x.signal.Value())
	}
	if x.percent {
		return 100 * over(v, x.slow.Value()), true
	}
	return v, true
}

func (x *macd) clear() { resetAll(x.fast, x.slow, x.signal, x.histogram) }

type stochastic struct {
	base
	max, min           *extreme
	sumFast, sumSlow   total
	fast, stochK, dSub *identity
}

func newStochastic(name string, period, k, d int) *stochastic {
	x := &stochastic{max: newMax(name+"_Max", period), min: newMin(name+"_Min", period), sumFast: newTotal(k), sumSlow: newTotal(d)}
	x.init(x, name, Bar, period+k+d-2)
	x.fast = newOutput(name+"_FastStoch", x.max.Ready)
	x.stochK = newOutput(name+"_StochK", func() bool { return x.sumFast.full() })
	x.dSub = newOutput(name+"_StochD", func() bool { return x.sumSlow.full() })
	x.part("fast_stoch", x.fast)
	x.part("stoch_k", x.stochK)
	x.part("stoch_d", x.dSub)
	return x
}

func (x *stochastic) Ready() bool { return x.max.Ready() && x.sumFast.full() && x.sumSlow.full() }

func (x *stochastic) compute(in *Input) (float64, bool) {
	x.max.push(in.End, in.High)
	x.min.push(in.End, in.Low)
	fast, k, d := 0.0, 0.0, 0.0
	if x.max.Ready() {
		// A window without a range leaves the sums as they were.
		if span := x.max.value - x.min.value; span != 0 {
			fast = (in.Close - x.min.value) / span
			x.sumFast.add(fast)
		}
	}
	x.fast.push(in.End, fast*100)
	if x.sumFast.full() {
		k = x.sumFast.mean()
		x.sumSlow.add(k)
	}
	x.stochK.push(in.End, k*100)
	if x.sumSlow.full() {
		d = x.sumSlow.mean()
	}
	x.dSub.push(in.End, d*100)
	return x.fast.value, true
}

func (x *stochastic) clear() {
	x.sumFast.reset()
	x.sumSlow.reset()
	resetAll(x.max, x.min, x.fast, x.stochK, x.dSub)
}

type stochRSI struct {
	base
	rsi  *rsi
	win  ring
	k, d node
}

func newStochRSI(name string, a args) *stochRSI {
	t := a.ma(4)
	x := &stochRSI{rsi: newRSI("", a.int(0), Wilders), win: newRing(a.int(1)),
		k: t.average(name+"_K_"+t.String(), a.int(2)), d: t.average(name+"_D_"+t.String(), a.int(3))}
	x.init(x, name, Point, a.int(0)+a.int(1)+max(a.int(2), a.int(3)))
	x.part("k", x.k)
	x.part("d", x.d)
	return x
}

func (x *stochRSI) compute(in *Input) (float64, bool) {
	x.rsi.push(in.End, in.Value)
	x.win.add(x.rsi.value)
	if !x.win.full() {
		return 0, true
	}
	hi, lo, k := x.win.max(0, x.win.n), x.win.min(0, x.win.n), 100.0
	if hi != lo {
		k = 100 * (x.rsi.value - lo) / (hi - lo)
	}
	x.k.push(in.End, k)
	x.d.push(in.End, x.k.Value())
	return in.Value, true
}

func (x *stochRSI) clear() {
	x.win.reset()
	resetAll(x.rsi, x.k, x.d)
}

type williams struct {
	base
	max, min *extreme
}

func newWilliams(name string, period int) *williams {
	x := &williams{max: newMax(name+"_Max", period), min: newMin(name+"_Min", period)}
	x.init(x, name, Bar, period)
	x.part("maximum", x.max)
	x.part("minimum", x.min)
	return x
}

func (x *williams) compute(in *Input) (float64, bool) {
	x.min.push(in.End, in.Low)
	x.max.push(in.End, in.High)
	if !x.Ready() {
		return 0, true
	}
	return -100 * over(x.max.value-in.Close, x.max.value-x.min.value), true
}

func (x *williams) clear() { resetAll(x.max, x.min) }

type cci struct {
	base
	avg node
	dev *mad
}

func newCCI(name string, period int, t MovingAverageType) *cci {
	x := &cci{avg: t.average(name+"_TypicalPriceAvg", period), dev: newMAD(name+"_TypicalPriceMAD", period)}
	x.init(x, name, Bar, period)
	x.part("typical_price_average", x.avg)
	x.part("typical_price_mean_deviation", x.dev)
	return x
}

func (x *cci) Ready() bool { return x.avg.Ready() && x.dev.Ready() }

func (x *cci) compute(in *Input) (float64, bool) {
	p := typical(in)
	x.avg.push(in.End, p)
	x.dev.push(in.End, p)
	return over(p-x.avg.Value(), 0.015*x.dev.value), true
}

func (x *cci) clear() { resetAll(x.avg, x.dev) }

type ao struct {
	base
	slow, fast node
}

func newAO(name string, fast, slow int, t MovingAverageType) *ao {
	x := &ao{slow: t.average("", slow), fast: t.average("", fast)}
	x.init(x, name, Bar, max(slow, fast))
	x.part("slow_ao", x.slow)
	x.part("fast_ao", x.fast)
	return x
}

func (x *ao) Ready() bool { return x.slow.Ready() && x.fast.Ready() }

func (x *ao) compute(in *Input) (float64, bool) {
	v := (in.High + in.Low) / 2
	x.slow.push(in.End, v)
	x.fast.push(in.End, v)
	if !x.Ready() {
		return 0, true
	}
	return x.fast.Value() - x.slow.Value(), true
}

func (x *ao) clear() { resetAll(x.slow, x.fast) }

type trix struct {
	base
	triple
	roc *change
}

func newTrix(name string, period int) *trix {
	x := &trix{triple: newTriple(name, period), roc: newChange(name+"_ROCP1", 1, percentOfChange)}
	x.init(x, name, Point, 3*(period-1)+2)
	return x
}

func (x *trix) Ready() bool { return x.roc.Ready() }

func (x *trix) compute(in *Input) (float64, bool) {
	if x.update(in) {
		pass(x.roc, &x.ema3.base)
	}
	return x.roc.value, true
}

func (x *trix) clear() {
	x.triple.reset()
	x.roc.Reset()
}

// squash is the inverse hyperbolic tangent, kept off its poles.
func squash(x float64) float64 {
	x = min(0.999, max(-0.999, x))
	return 0.5 * math.Log((1+x)/(1-x))
}
