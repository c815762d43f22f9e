package indicator

import "slices"

var volumeFlowSpecs = []Spec{
	spec("VolumeWeightedAveragePriceIndicator", TradeBar, "period:int", "VWAP({period})", "",
		func(name string, a args) (node, error) { return newVWAP(name, a.int(0)), nil },
		same("vwap", "VWAP({period})")),
	spec("IntradayVwap", TradeBar, "", "VWAP", "",
		func(name string, a args) (node, error) { return newIntradayVwap(name), nil },
		same("vwap", "VWAP")),
	spec("VolumeWeightedMovingAverage", TradeBar, "period:int", "VWMA({period})", "",
		func(name string, a args) (node, error) { return newVWMA(name, a.int(0)), nil },
		same("vwma", "VWMA({period})")),
	spec("RelativeDailyVolume", TradeBar, "period:int=2", "RDV({period})", "",
		func(name string, a args) (node, error) { return newRDV(name, a.int(0)), nil },
		same("rdv", "RDV({period})")),
}

const nanosPerDay = 86_400_000_000_000

// day returns the calendar day of a wall clock, also before 1970.
func day(wall int64) int64 {
	d := wall / nanosPerDay
	if wall%nanosPerDay < 0 {
		d--
	}
	return d
}

type vwap struct {
	base
	flow, volume total
}

func newVWAP(name string, period int) *vwap {
	x := &vwap{flow: newTotal(period), volume: newTotal(period)}
	x.init(x, name, TradeBar, period)
	return x
}

func (x *vwap) compute(in *Input) (float64, bool) {
	x.flow.add((in.Open + in.High + in.Low + in.Value) / 4 * in.Volume)
	x.volume.add(in.Volume)
	if x.volume.sum == 0 {
		return x.value, true
	}
	return x.flow.sum / x.volume.sum, true
}

func (x *vwap) clear() {
	x.flow.reset()
	x.volume.reset()
}

// intradayVwap starts anew each day. It takes trade bars and trade ticks; a value without volume that
// is no bar counts for nothing.
type intradayVwap struct {
	base
	day          int64
	flow, volume float64
}

func newIntradayVwap(name string) *intradayVwap {
	x := &intradayVwap{}
	x.init(x, name, TradeBar, 0)
	x.needBar = false
	return x
}

func (x *intradayVwap) Ready() bool { return x.volume > 0 }

func (x *intradayVwap) compute(in *Input) (float64, bool) {
	price := in.Value
	if in.Bar {
		price = typical(in)
	} else if in.Volume == 0 {
		return 0, false
	}
	if d := day(in.End); d != x.day {
		x.day, x.flow, x.volume = d, 0, 0
	}
	x.volume += in.Volume
	x.flow += price * in.Volume
	if x.volume == 0 {
		return in.Value, true
	}
	return x.flow / x.volume, true
}

func (x *intradayVwap) clear() { x.day, x.flow, x.volume = 0, 0, 0 }

type vwma struct {
	base
	flow, volume total
}

func newVWMA(name string, period int) *vwma {
	x := &vwma{flow: newTotal(period), volume: newTotal(period)}
	x.init(x, name, TradeBar, period)
	return x
}

func (x *vwma) compute(in *Input) (float64, bool) {
	x.flow.add(in.Close * in.Volume)
	x.volume.add(in.Volume)
	if x.volume.sum == 0 {
		return in.Close, true
	}
	return x.flow.sum / x.volume.sum, true
}

func (x *vwma) clear() {
	x.flow.reset()
	x.volume.reset()
}

// rdv is the volume since midnight over its average at the same time of day.
type rdv struct {
	base
	period   int
	days     int
	day      int64
	today    []clockVolume
	sum      float64
	byTime   []clockAverage // in order of time
	dayKnown bool
}

type clockVolume struct {
	at     int64
	volume float64
}

type clockAverage struct {
	at  int64
	avg total
}

func newRDV(name string, period int) *rdv {
	x := &rdv{period: period, days: -1}
	x.init(x, name, TradeBar, 0)
	return x
}

func (x *rdv) Ready() bool { return x.days >= x.period }

func (x *rdv) compute(in *Input) (float64, bool) {
	d := day(in.Start)
	if !x.dayKnown || d != x.day {
		x.closeDay()
		x.day, x.dayKnown = d, true
		x.days++
	}
	at := in.Start - d*nanosPerDay
	x.today = append(x.today, clockVolume{at, in.Volume})
	x.sum += in.Volume
	if !x.Ready() {
		return 0, true
	}
	return over(x.sum, x.usual(at)), true
}

func (x *rdv) closeDay() {
	sum := 0.0
	for _, v := range x.today {
		sum += v.volume
		i, ok := slices.BinarySearchFunc(x.byTime, v.at, func(a clockAverage, at int64) int { return int(min(1, max(-1, a.at-at))) })
		if !ok {
			x.byTime = slices.Insert(x.byTime, i, clockAverage{v.at, newTotal(x.period)})
		}
		x.byTime[i].avg.add(sum)
	}
	x.today, x.sum = x.today[:0], 0
}

// usual returns the average at a time of day or, where that has none, at the last one before it. LEAN
// finds none either after the last known time.
func (x *rdv) usual(at int64) float64 {
	for i := range x.byTime {
		switch a := &x.byTime[i]; {
		case a.at == at:
			return a.avg.mean()
		case a.at > at && i > 0:
			return x.byTime[i-1].avg.mean()
		case a.at > at:
			return x.usualAfterFirst(at)
		}
	}
	return 0
}

// usualAfterFirst answers for a time before all known ones: LEAN looks from the second on.
func (x *rdv) usualAfterFirst(at int64) float64 {
	if len(x.byTime) > 1 && x.byTime[1].at > at {
		return x.byTime[0].avg.mean()
	}
	return 0
}

func (x *rdv) clear() {
	x.days, x.dayKnown, x.sum = -1, false, 0
	x.today, x.byTime = x.today[:0], x.byTime[:0]
}
