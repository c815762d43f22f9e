package indicator

import (
	"errors"
	"slices"
)

var breadthSpecs = []Spec{
	spec("AdvanceDeclineDifference", Multi, "", "A/D Difference", "",
		func(name string, a args) (node, error) { return newAdvance(name, adDifference), nil },
		help("addiff", "symbols:symbols", "A/D Difference")),
	spec("AdvanceDeclineRatio", Multi, "", "A/D Ratio", "",
		func(name string, a args) (node, error) { return newAdvance(name, adRatio), nil },
		help("adr", "symbols:symbols", "A/D Ratio")),
	spec("AdvanceDeclineVolumeRatio", Multi, "", "A/D Volume Rate", "",
		func(name string, a args) (node, error) { return newAdvance(name, adVolumeRatio), nil },
		help("advr", "symbols:symbols", "A/D Volume Rate")),
	spec("ArmsIndex", Multi, "", "TRIN", "ad_ratio adv_ratio",
		func(name string, a args) (node, error) { return newArms(name), nil },
		help("trin", "symbols:symbols", "TRIN")),
	spec("McClellanOscillator", Multi, "fast_period:int=19 slow_period:int=39", "McClellanOscillator", "ema_fast ema_slow ad_difference",
		func(name string, a args) (node, error) { return newMcClellan(name, a.int(0), a.int(1)) },
		help("mosc", "symbols:symbols fast_period:int=19 slow_period:int=39", "MO({fast_period},{slow_period})")),
	spec("McClellanSummationIndex", Multi, "fast_period:int=19 slow_period:int=39", "McClellanSummationIndex", "mc_clellan_oscillator",
		func(name string, a args) (node, error) { return newSummation(name, a.int(0), a.int(1)) },
		help("msi", "symbols:symbols fast_period:int=19 slow_period:int=39", "MSI({fast_period},{slow_period})")),
	spec("NewHighsNewLows", Multi, "period:int", "", "difference ratio",
		func(name string, a args) (node, error) { return newHighsLows(name, a.int(0), false), nil },
		help("nhnl", "symbols:symbols period:int", "NH/NL({period})")),
	spec("NewHighsNewLowsVolume", Multi, "period:int", "", "difference ratio volume_ratio",
		func(name string, a args) (node, error) { return newHighsLows(name, a.int(0), true), nil },
		help("nhnlv", "symbols:symbols period:int", "NH/NL Volume({period})")),
}

// sighting is what the breadth indicators keep of a symbol's bar.
type sighting struct {
	known                    bool
	high, low, close, volume float64
}

func seen(in *Input) sighting { return sighting{true, in.High, in.Low, in.Close, in.Volume} }

type asset struct {
	symbol    string
	now, then sighting
	high, low *extreme // of the periods before, for new highs and lows
}

// period gathers the bars of a set of symbols period by period; a period is known by its start.
type period struct {
	assets []*asset
	opened int64
	begun  bool
}

func (p *period) find(symbol string) int {
	return slices.IndexFunc(p.assets, func(a *asset) bool { return a.symbol == symbol })
}

func (p *period) Remove(symbol string) {
	if i := p.find(symbol); i >= 0 {
		p.assets = slices.Delete(p.assets, i, i+1)
	}
}

// take files a bar: late tells of one that belongs to the period before, turn is called for each
// symbol when a new period begins.
func (p *period) take(in *Input, late func(a *asset), turn func(a *asset)) {
	i := p.find(in.Symbol)
	if p.begun && in.End == p.opened {
		if i >= 0 {
			late(p.assets[i])
		}
		return
	}
	if p.begun && in.Start > p.opened {
		for _, a := range p.assets {
			turn(a)
			a.now = sighting{}
		}
		p.opened = in.Start
	}
	if i >= 0 && (!p.begun || in.Start == p.opened) {
		p.assets[i].now = seen(in)
	}
	if !p.begun {
		p.begun, p.opened = true, in.Start
	}
}

func (p *period) complete() bool {
	for _, a := range p.assets {
		if !a.now.known {
			return false
		}
	}
	return true
}

type adFigure int

const (
	adDifference adFigure = iota
	adRatio
	adVolumeRatio
)

// advance sets the symbols that rose against those that fell.
type advance struct {
	base
	period
	figure adFigure
	past   bool // there is a period before
}

func newAdvance(name string, figure adFigure) *advance {
	x := &advance{figure: figure}
	x.init(x, name, Multi, 2)
	return x
}

func (x *advance) Add(symbol string) {
	if x.find(symbol) < 0 {
		x.assets = append(x.assets, &asset{symbol: symbol})
	}
}

func (x *advance) Ready() bool { return x.past }

func (x *advance) compute(in *Input) (float64, bool) {
	x.take(in, func(a *asset) { a.then, x.past = seen(in), true }, func(a *asset) { a.then, x.past = a.now, true })
	if !x.past || !x.complete() {
		return 0, false
	}
	up, down := 0.0, 0.0
	for _, a := range x.assets {
		n := 1.0
		if x.figure == adVolumeRatio {
			n = a.now.volume
		}
		if !a.then.known {
			continue
		}
		if a.now.close > a.then.close {
			up += n
		} else if a.now.close < a.then.close {
			down += n
		}
	}
	switch {
	case x.figure == adDifference:
		return up - down, true
	case down == 0:
		return up, true
	}
	return up / down, true
}

func (x *advance) clear() {
	for _, a := range x.assets {
		a.now, a.then = sighting{}, sighting{}
	}
	x.begun, x.past = false, false
}

type arms struct {
	base
	ratio, volume *advance
}

func newArms(name string) *arms {
	x := &arms{ratio: newAdvance(name+"_A/D Ratio", adRatio), volume: newAdvance(name+"_A/D Volume Ratio", adVolumeRatio)}
	x.init(x, name, Multi, 2)
	x.part("ad_ratio", x.ratio)
	x.part("adv_ratio", x.volume)
	return x
}

func (x *arms) Add(symbol string) {
	x.ratio.Add(symbol)
	x.volume.Add(symbol)
}

func (x *arms) Remove(symbol string) {
	x.ratio.Remove(symbol)
	x.volume.Remove(symbol)
}

func (x *arms) Ready() bool { return x.ratio.Ready() && x.volume.Ready() }

func (x *arms) compute(in *Input) (float64, bool) {
	x.ratio.Update(in)
	x.volume.Update(in)
	return over(x.ratio.value, x.volume.value), true
}

func (x *arms) clear() { resetAll(x.ratio, x.volume) }

type mcClellan struct {
	base
	diff       *advance
	fast, slow *ema
}

func newMcClellan(name string, fast, slow int) (*mcClellan, error) {
	if fast > slow {
		return nil, errors.New("the fast period must not exceed the slow one")
	}
	x := &mcClellan{diff: newAdvance("ADD", adDifference), fast: newEMA("", fast, smoothing(fast)), slow: newEMA("", slow, smoothing(slow))}
	x.init(x, name, Multi, slow+2)
	x.part("ema_fast", x.fast)
	x.part("ema_slow", x.slow)
	x.part("ad_difference", x.diff)
	x.diff.OnUpdate(func() {
		pass(x.fast, &x.diff.base)
		pass(x.slow, &x.diff.base)
	})
	return x, nil
}

func (x *mcClellan) Add(symbol string)    { x.diff.Add(symbol) }
func (x *mcClellan) Remove(symbol string) { x.diff.Remove(symbol) }
func (x *mcClellan) Ready() bool          { return x.slow.Ready() }

func (x *mcClellan) compute(in *Input) (float64, bool) {
	x.diff.Update(in)
	return x.fast.value - x.slow.value, true
}

func (x *mcClellan) clear() { resetAll(x.diff, x.fast, x.slow) }

type summation struct {
	base
	osc *mcClellan
	// sum holds the oscillator as it stood at the first bar of each time, which still is the value of
	// the time before.
	sum   float64
	at    int64
	known bool
}

func newSummation(name string, fast, slow int) (*summation, error) {
	osc, err := newMcClellan("McClellanOscillator", fast, slow)
	if err != nil {
		return nil, err
	}
	x := &summation{osc: osc}
	x.init(x, name, Multi, osc.warm)
	x.part("mc_clellan_oscillator", osc)
	return x, nil
}

func (x *summation) Add(symbol string)    { x.osc.Add(symbol) }
func (x *summation) Remove(symbol string) { x.osc.Remove(symbol) }
func (x *summation) Ready() bool          { return x.osc.Ready() }

func (x *summation) compute(in *Input) (float64, bool) {
	x.osc.Update(in)
	if !x.known || in.End != x.at {
		x.at, x.known = in.End, true
		x.sum += x.osc.value
	}
	return x.sum + x.osc.value, true
}

func (x *summation) clear() {
	x.osc.Reset()
	x.sum, x.known = 0, false
}

type highsLows struct {
	base
	period
	n                        int
	byVolume                 bool
	difference, ratio, share *identity
}

func newHighsLows(name string, n int, byVolume bool) *highsLows {
	x := &highsLows{n: n, byVolume: byVolume}
	x.init(x, name, Multi, n+1)
	x.difference, x.ratio = newOutput(name+"_Difference", x.Ready), newOutput(name+"_Ratio", x.Ready)
	x.share = newOutput(name+"_VolumeRatio", x.Ready)
	x.part("difference", x.difference)
	x.part("ratio", x.ratio)
	if byVolume {
		x.part("volume_ratio", x.share)
	}
	return x
}

func (x *highsLows) Add(symbol string) {
	if x.find(symbol) < 0 {
		x.assets = append(x.assets, &asset{symbol: symbol, high: newMax("", x.n), low: newMin("", x.n)})
	}
}

func (x *highsLows) Ready() bool {
	for _, a := range x.assets {
		if !a.high.Ready() {
			return false
		}
	}
	return len(x.assets) > 0
}

func (x *highsLows) keep(a *asset, s sighting) {
	if s.known {
		a.high.push(x.opened, s.high)
		a.low.push(x.opened, s.low)
	}
}

func (x *highsLows) compute(in *Input) (float64, bool) {
	x.take(in, func(a *asset) { x.keep(a, seen(in)) }, func(a *asset) { x.keep(a, a.now) })
	if !x.complete() || !x.Ready() {
		return 0, false
	}
	highs, lows, up, down := 0.0, 0.0, 0.0, 0.0
	for _, a := range x.assets {
		if a.now.high > a.high.value {
			highs++
			up += a.now.volume
		}
		if a.now.low < a.low.value {
			lows++
			down += a.now.volume
		}
	}
	x.difference.push(in.End, highs-lows)
	x.ratio.push(in.End, ratioOr(highs, lows))
	if !x.byVolume {
		return highs - lows, true
	}
	x.share.push(in.End, ratioOr(up, down))
	return x.share.value, true
}

// ratioOr is a / b, or a where b is 0.
func ratioOr(a, b float64) float64 {
	if b == 0 {
		return a
	}
	return a / b
}

func (x *highsLows) clear() {
	for _, a := range x.assets {
		a.now = sighting{}
		resetAll(a.high, a.low)
	}
	x.begun = false
	resetAll(x.difference, x.ratio, x.share)
}
