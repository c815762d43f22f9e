package indicator

import "math"

var cycleSpecs = []Spec{
	spec("ConnorsRelativeStrengthIndex", Point, "rsi_period:int rsi_period_streak:int look_back_period:int",
		"CRSI({rsi_period},{rsi_period_streak},{look_back_period})", "",
		func(name string, a args) (node, error) { return newCRSI(name, a.int(0), a.int(1), a.int(2)), nil },
		same("crsi", "CRSI({rsi_period},{rsi_period_streak},{look_back_period})")),
	spec("DerivativeOscillator", Point, "rsi_period:int smoothing_rsi_period:int double_smoothing_rsi_period:int signal_line_period:int",
		"DO({rsi_period},{smoothing_rsi_period},{double_smoothing_rsi_period},{signal_line_period})", "",
		func(name string, a args) (node, error) { return newDerivative(name, a), nil },
		same("do", "DO({rsi_period},{smoothing_rsi_period},{double_smoothing_rsi_period},{signal_line_period})")),
	spec("TrueStrengthIndex", Point, "long_term_period:int=25 short_term_period:int=13 signal_period:int=7"+
		" signal_type:MovingAverageType=Exponential", "TSI({long_term_period},{short_term_period},{signal_period})", "signal",
		func(name string, a args) (node, error) { return newTSI(name, a), nil },
		same("tsi", "TSI({long_term_period},{short_term_period},{signal_period})")),
	spec("FisherTransform", Bar, "period:int", "FISH({period})", "",
		func(name string, a args) (node, error) { return newFisher(name, a.int(0)), nil },
		same("fish", "FISH({period})")),
	spec("WaveTrendOscillator", Bar, "channel_period:int average_period:int signal_period:int",
		"WTO({channel_period},{average_period},{signal_period})", "channel_average channel_deviation channel_index_average signal",
		func(name string, a args) (node, error) { return newWaveTrend(name, a), nil },
		same("wto", "WTO({channel_period},{average_period},{signal_period})")),
	spec("SchaffTrendCycle", Point, "cycle_period:int=10 fast_period:int=23 slow_period:int=50 type:MovingAverageType=Exponential",
		"SchaffTrendCycle({cycle_period},{fast_period},{slow_period})", "",
		func(name string, a args) (node, error) { return newSchaff(name, a) },
		help("stc", "cycle_period:int fast_period:int slow_period:int moving_average_type:MovingAverageType=Exponential",
			"STC({cycle_period},{fast_period},{slow_period})")),
	spec("PremierStochasticOscillator", Bar, "period:int ema_period:int", "PSO({period},{ema_period})", "",
		func(name string, a args) (node, error) { return newPSO(name, a.int(0), a.int(1)), nil },
		same("pso", "PSO({period},{ema_period})")),
	spec("RelativeVigorIndex", Bar, "period:int type:MovingAverageType=Simple", "RVI({period},{type})", "signal",
		func(name string, a args) (node, error) { return newRVI(name, a.int(0), a.ma(1)), nil },
		help("rvi", "period:int"+maParam, "RVI({period},{moving_average_type})")),
	spec("DeMarkerIndicator", Bar, "period:int type:MovingAverageType=Simple", "DEM({period},{type})", "",
		func(name string, a args) (node, error) { return newDeMarker(name, a.int(0), a.ma(1)), nil },
		help("dem", "period:int type:MovingAverageType", "DEM({period},{type})")),
	hilbertSpec, mamaSpec, swissSpec,
}

type crsi struct {
	base
	rsi, streakRSI *rsi
	ratios         ring
	streak, prev   float64
}

func newCRSI(name string, period, streak, back int) *crsi {
	x := &crsi{rsi: newRSI("", period, Wilders), streakRSI: newRSI("", streak, Wilders), ratios: newRing(back)}
	x.init(x, name, Point, max(back, period+1, streak+1))
	return x
}

func (x *crsi) Ready() bool { return x.rsi.Ready() && x.streakRSI.Ready() && x.ratios.full() }

func (x *crsi) compute(in *Input) (float64, bool) {
	x.rsi.push(in.End, in.Value)
	prev := x.prev
	x.prev = in.Value
	if x.samples > 1 {
		x.count(in.Value - prev)
	}
	x.streakRSI.push(in.End, x.streak)
	if prev == 0 {
		x.ratios.add(0)
		return 0, true
	}
	ratio, below := (in.Value-prev)/prev, 0
	if x.ratios.full() {
		for i := range x.ratios.n {
			if x.ratios.at(i) < ratio {
				below++
			}
		}
	}
	rank := 100 * float64(below) / float64(len(x.ratios.v))
	x.ratios.add(ratio)
	if !x.Ready() {
		return 0, true
	}
	return (x.rsi.value + x.streakRSI.value + rank) / 3, true
}

// count keeps the length of the run of rises, or of falls with a minus sign.
func (x *crsi) count(d float64) {
	switch {
	case d > 0:
		x.streak = max(x.streak, 0) + 1
	case d < 0:
		x.streak = min(x.streak, 0) - 1
	}
}

func (x *crsi) clear() {
	x.streak, x.prev = 0, 0
	x.ratios.reset()
	resetAll(x.rsi, x.streakRSI)
}

type derivative struct {
	base
	rsi         *rsi
	once, twice *ema
	signal      *sma
}

func newDerivative(name string, a args) *derivative {
	x := &derivative{rsi: newRSI(name+"_RSI", a.int(0), Wilders), once: newEMA(name+"_SmoothedRSI", a.int(1), smoothing(a.int(1))),
		twice: newEMA(name+"_DoubleSmoothedRSI", a.int(2), smoothing(a.int(2))), signal: newSMA(name+"_SignalLine", a.int(3))}
	x.init(x, name, Point, a.int(0)+a.int(1)+a.int(2)+a.int(3)-2)
	return x
}

func (x *derivative) Ready() bool { return x.signal.Ready() }

func (x *derivative) compute(in *Input) (float64, bool) {
	ready := x.rsi.push(in.End, in.Value) && pass(x.once, &x.rsi.base) && pass(x.twice, &x.once.base) && pass(x.signal, &x.twice.base)
	if !ready {
		return 0, true
	}
	return x.twice.value - x.signal.value, true
}

func (x *derivative) clear() { resetAll(x.rsi, x.once, x.twice, x.signal) }

type tsi struct {
	base
	prev                   float64
	move, moves, way, ways *ema
	signal                 node
	index                  float64
}

func newTSI(name string, a args) *tsi {
	long, short := a.int(0), a.int(1)
	x := &tsi{move: newEMA(name+"_PC_EMA", long, smoothing(long)), way: newEMA(name+"_APC_EMA", long, smoothing(long)),
		moves: newEMA(name+"_PC_EMA_EMA", short, smoothing(short)), ways: newEMA(name+"_APC_EMA_EMA", short, smoothing(short)),
		signal: a.ma(3).average(name+"_Signal", a.int(2))}
	x.init(x, name, Point, long+short)
	x.part("signal", x.signal)
	return x
}

func (x *tsi) compute(in *Input) (float64, bool) {
	d := in.Value - x.prev
	x.prev = in.Value
	if x.samples == 1 {
		return 0, true
	}
	if x.move.push(in.End, d) {
		pass(x.moves, &x.move.base)
	}
	if x.way.push(in.End, math.Abs(d)) {
		pass(x.ways, &x.way.base)
		if x.ways.value != 0 {
			x.index = 100 * x.moves.value / x.ways.value
			if x.ways.Ready() {
				x.signal.push(in.End, x.index)
			}
		}
	}
	return x.index, true
}

func (x *tsi) clear() {
	x.prev, x.index = 0, 0
	resetAll(x.move, x.moves, x.way, x.ways, x.signal)
}

type fisher struct {
	base
	max, min *extreme
	last     float64
}

func newFisher(name string, period int) *fisher {
	x := &fisher{max: newMax("MedianMax", period), min: newMin("MedianMin", period)}
	x.init(x, name, Bar, period)
	return x
}

func (x *fisher) compute(in *Input) (float64, bool) {
	price := (in.Low + in.High) / 2
	x.min.push(in.End, price)
	x.max.push(in.End, price)
	if !x.Ready() {
		return 0, true
	}
	next := 0.0
	if lo, hi := x.min.value, x.max.value; lo != hi {
		next = 0.33*2*((price-lo)/(hi-lo)-0.5) + 0.67*x.last
	}
	x.last = next
	return squash(next) + 0.5*x.value, true
}

func (x *fisher) clear() {
	x.last = 0
	resetAll(x.max, x.min)
}

type waveTrend struct {
	base
	mid, dev, index *ema
	signal          *sma
}

func newWaveTrend(name string, a args) *waveTrend {
	c, m := a.int(0), a.int(1)
	x := &waveTrend{mid: newEMA(name+"_ChannelAverage", c, smoothing(c)), dev: newEMA(name+"_ChannelDeviation", c, smoothing(c)),
		index: newEMA(name+"_ChannelIndexAverage", m, smoothing(m)), signal: newSMA(name+"_Signal", a.int(2))}
	x.init(x, name, Bar, 2*c+m+a.int(2)-3)
	x.part("channel_average", x.mid)
	x.part("channel_deviation", x.dev)
	x.part("channel_index_average", x.index)
	x.part("signal", x.signal)
	return x
}

func (x *waveTrend) Ready() bool { return x.signal.Ready() }

func (x *waveTrend) compute(in *Input) (float64, bool) {
	p := typical(in)
	if !x.mid.push(in.End, p) || !x.dev.push(in.End, math.Abs(p-x.mid.value)) {
		return 0, true
	}
	if x.dev.value == 0 {
		return x.value, true
	}
	if x.index.push(in.End, (p-x.mid.value)/(0.015*x.dev.value)) {
		pass(x.signal, &x.index.base)
	}
	return x.index.value, true
}

func (x *waveTrend) clear() { resetAll(x.mid, x.dev, x.index, x.signal) }

type schaff struct {
	base
	macd       *macd
	max, min   *extreme
	d, pff     node
	maxD, minD *extreme
}

func newSchaff(name string, a args) (*schaff, error) {
	n, t := a.int(0), a.ma(3)
	m, err := newMACD("", a.int(1), a.int(2), n, t, false)
	if err != nil {
		return nil, err
	}
	x := &schaff{macd: m, max: newMax("", n), min: newMin("", n), d: t.average("", 3), pff: t.average("", 3),
		maxD: newMax("", n), minD: newMin("", n)}
	x.init(x, name, Point, m.warm)
	return x, nil
}

func (x *schaff) Ready() bool { return x.macd.Ready() }

func (x *schaff) compute(in *Input) (float64, bool) {
	x.macd.push(in.End, in.Value)
	pass(x.max, &x.macd.base)
	pass(x.min, &x.macd.base)
	x.d.push(in.End, place(x.macd.value, x.max.value, x.min.value))
	x.maxD.push(in.End, x.d.Value())
	x.minD.push(in.End, x.d.Value())
	x.pff.push(in.End, place(x.d.Value(), x.maxD.value, x.minD.value))
	return x.pff.Value(), true
}

// place is where v stands between low and high, in percent.
func place(v, high, low float64) float64 {
	if high <= low {
		return 0
	}
	return (v - low) / (high - low) * 100
}

func (x *schaff) clear() { resetAll(x.macd, x.max, x.min, x.d, x.pff, x.maxD, x.minD) }

type pso struct {
	base
	sto         *stochastic
	once, twice *ema
}

func newPSO(name string, period, smooth int) *pso {
	x := &pso{sto: newStochastic(name, period, period, period), once: newEMA("", smooth, smoothing(smooth)), twice: newEMA("", smooth, smoothing(smooth))}
	x.init(x, name, Bar, period+2*(smooth-1))
	return x
}

func (x *pso) Ready() bool { return x.twice.Ready() }

func (x *pso) compute(in *Input) (float64, bool) {
	x.sto.Update(in)
	if !x.sto.fast.Ready() || !x.once.push(in.End, 0.1*(x.sto.fast.value-50)) || !pass(x.twice, &x.once.base) {
		return 0, true
	}
	e := math.Exp(x.twice.value)
	return (e - 1) / (e + 1), true
}

func (x *pso) clear() { resetAll(x.sto, x.once, x.twice) }

type rvi struct {
	base
	gain, span ring // of the last three bars
	high, low  node
	signal     *rviSignal
}

func newRVI(name string, period int, t MovingAverageType) *rvi {
	x := &rvi{gain: newRing(4), span: newRing(4), high: t.average("_closingBand", period), low: t.average("_rangeBand", period)}
	x.init(x, name, Bar, period+3)
	x.signal = &rviSignal{win: newRing(4)}
	x.signal.init(x.signal, name+"_S", Point, 3)
	x.part("signal", x.signal)
	return x
}

func (x *rvi) Ready() bool { return x.high.Ready() && x.low.Ready() }

func (x *rvi) compute(in *Input) (float64, bool) {
	x.gain.add(in.Close - in.Open)
	x.span.add(in.High - in.Low)
	if !x.gain.full() {
		return 0, true
	}
	x.high.push(in.End, weigh(&x.gain))
	x.low.push(in.End, weigh(&x.span))
	if !x.Ready() {
		return 0, true
	}
	v := over(x.high.Value(), x.low.Value())
	x.signal.push(in.End, v)
	return v, true
}

// weigh averages four values, the middle ones twice.
func weigh(r *ring) float64 { return (r.at(0) + 2*(r.at(1)+r.at(2)) + r.at(3)) / 6 }

func (x *rvi) clear() {
	x.gain.reset()
	x.span.reset()
	resetAll(x.high, x.low, x.signal)
}

type rviSignal struct {
	base
	win ring
}

func (x *rviSignal) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.win.full() {
		return 0, true
	}
	return weigh(&x.win), true
}

func (x *rviSignal) clear() { x.win.reset() }

type deMarker struct {
	base
	max, min  node
	high, low float64
}

func newDeMarker(name string, period int, t MovingAverageType) *deMarker {
	x := &deMarker{max: t.average("", period), min: t.average("", period)}
	x.init(x, name, Bar, period)
	return x
}

func (x *deMarker) Ready() bool { return x.max.Ready() && x.min.Ready() }

func (x *deMarker) compute(in *Input) (float64, bool) {
	up, down := 0.0, 0.0
	if x.samples > 1 {
		up, down = max(in.High-x.high, 0), max(x.low-in.Low, 0)
	}
	x.max.push(in.End, up)
	x.min.push(in.End, down)
	x.high, x.low = in.High, in.Low
	sum := x.max.Value() + x.min.Value()
	if !x.Ready() || sum <= 0 {
		return 0, true
	}
	return x.max.Value() / sum, true
}

func (x *deMarker) clear() {
	x.high, x.low = 0, 0
	resetAll(x.max, x.min)
}
