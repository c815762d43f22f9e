package indicator

import "errors"

var pivotSpecs = []Spec{
	spec("PivotPointsHighLow", Bar, "surrounding_bars_count_for_high_point:int surrounding_bars_count_for_low_point:int?"+
		" last_stored_values:int? strict:bool=True", "", "",
		func(name string, a args) (node, error) { return newPivots(name, a) },
		help("pphl", "length_high:int length_low:int last_stored_values:int=100 strict:bool=True", "PPHL({length_high},{length_low})")).
		named(func(given []any) string {
			ps := parseParams("h:int l:int? s:int? t:bool?")
			if len(given) > 2 {
				return expand("PivotPointsHighLow({h},{l})", ps, given)
			}
			return expand("PivotPointsHighLow({h})", ps, given)
		}),
	spec("ZigZag", Bar, "sensitivity:float=0.05 min_trend_length:int=1", "ZZ({sensitivity},{min_trend_length})",
		"high_pivot low_pivot #pivot_type",
		func(name string, a args) (node, error) { return newZigZag(name, a.float(0), a.int(1)) },
		same("zz", "ZZ({sensitivity},{min_trend_length})")),
	spec("TomDemarkSequential", Bar, "", "TomDemarkSequential",
		"#resistance_price #support_price #setup_phase_step_count #countdown_phase_step_count",
		func(name string, a args) (node, error) { return newDemark(name), nil }, same("tds", "TDS")),
	spec("ParabolicStopAndReverse", Bar, "af_start:float=0.02 af_increment:float=0.02 af_max:float=0.2",
		"PSAR({af_start},{af_increment},{af_max})", "",
		func(name string, a args) (node, error) {
			p := sarPace{a.float(0), a.float(1), a.float(2)}
			x := newSAR(name, 0, 0, p, p)
			x.unsigned = true
			return x, nil
		}, same("psar", "PSAR({af_start},{af_increment},{af_max})")),
	spec("ParabolicStopAndReverseExtended", Bar, "sar_start:float=0.0 offset_on_reverse:float=0.0 af_start_short:float=0.02"+
		" af_increment_short:float=0.02 af_max_short:float=0.2 af_start_long:float=0.02 af_increment_long:float=0.02 af_max_long:float=0.2",
		sarextName, "", func(name string, a args) (node, error) {
			return newSAR(name, a.float(0), a.float(1), sarPace{a.float(2), a.float(3), a.float(4)},
				sarPace{a.float(5), a.float(6), a.float(7)}), nil
		}, same("sarext", sarextName)),
}

const sarextName = "SAREXT({sar_start},{offset_on_reverse},{af_start_short},{af_increment_short},{af_max_short}," +
	"{af_start_long},{af_increment_long},{af_max_long})"

// PivotPoint is a bar that stands out from those around it.
type PivotPoint struct {
	Type  int // 1 high, -1 low
	Value float64
	End   int64
}

// Pivoter is implemented by PivotPointsHighLow.
type Pivoter interface {
	// Pivots returns the last points found, newest first.
	Pivots() []PivotPoint
	// OnPivot registers a function called with each new point.
	OnPivot(f func(PivotPoint))
}

type pivots struct {
	base
	high, low ring
	highEnd   []int64 // ends of the bars, oldest first, as many as the longer window takes
	strict    bool
	found     []PivotPoint
	keep      int
	told      []func(PivotPoint)
}

func newPivots(name string, a args) (*pivots, error) {
	high := a.int(0)
	low, keep := a.intOr(1, high), a.intOr(2, 100)
	if a.has(1) && !a.has(2) {
		// Of LEAN's two constructors a second number alone picks the one with a single count.
		low, keep = high, a.int(1)
	}
	if high < 1 || low < 1 || keep < 1 {
		return nil, errors.New("counts must be at least 1")
	}
	x := &pivots{high: newRing(2*high + 1), low: newRing(2*low + 1), strict: a.bool(3), keep: keep}
	warm := 2*max(high, low) + 1
	x.highEnd = make([]int64, 0, warm)
	x.init(x, name, Bar, warm)
	return x, nil
}

func (x *pivots) compute(in *Input) (float64, bool) {
	x.high.add(in.High)
	x.low.add(in.Low)
	if len(x.highEnd) == cap(x.highEnd) {
		copy(x.highEnd, x.highEnd[1:])
		x.highEnd = x.highEnd[:len(x.highEnd)-1]
	}
	x.highEnd = append(x.highEnd, in.End)
	high, low := x.stands(&x.high, 1), x.stands(&x.low, -1)
	switch {
	case high && low:
		return 2, true
	case high:
		return 1, true
	case low:
		return -1, true
	}
	return 0, true
}

// stands tells whether the middle of the window tops all others, with sign -1 undercuts them.
func (x *pivots) stands(r *ring, sign float64) bool {
	if !r.full() {
		return false
	}
	half := len(r.v) / 2
	mid := r.at(half)
	for k := range r.v {
		if d := sign * (mid - r.at(k)); k != half && (d < 0 || d == 0 && x.strict) {
			return false
		}
	}
	p := PivotPoint{int(sign), mid, x.highEnd[len(x.highEnd)-1-half]}
	if len(x.found) == x.keep {
		copy(x.found, x.found[1:])
		x.found = x.found[:x.keep-1]
	}
	x.found = append(x.found, p)
	for _, f := range x.told {
		f(p)
	}
	return true
}

func (x *pivots) Pivots() []PivotPoint {
	out := make([]PivotPoint, len(x.found))
	for i, p := range x.found {
		out[len(out)-1-i] = p
	}
	return out
}

func (x *pivots) OnPivot(f func(PivotPoint)) { x.told = append(x.told, f) }

func (x *pivots) clear() {
	x.high.reset()
	x.low.reset()
	x.highEnd, x.found = x.highEnd[:0], x.found[:0]
}

type zigZag struct {
	base
	sensitivity         float64
	length              int
	pivotHigh, pivotLow float64
	count               int
	wasLow              bool
	high, low           *identity
	typ                 float64
}

func newZigZag(name string, sensitivity float64, length int) (*zigZag, error) {
	if sensitivity <= 0 || sensitivity >= 1 {
		return nil, errors.New("the sensitivity must be between 0 and 1")
	}
	if length < 1 {
		return nil, errors.New("the trend length must be at least 1")
	}
	x := &zigZag{sensitivity: sensitivity, length: length, typ: -1, high: newIdentity(name + "_HighPivot"), low: newIdentity(name + "_LowPivot")}
	x.init(x, name, Bar, length+1)
	x.part("high_pivot", x.high)
	x.part("low_pivot", x.low)
	x.number("pivot_type", &x.typ)
	return x, nil
}

func (x *zigZag) compute(in *Input) (float64, bool) {
	if x.samples == 1 {
		x.turn(in, true)
		return 0, true
	}
	v := x.pivotHigh
	if x.wasLow {
		v = x.pivotLow
	}
	ripe := x.count >= x.length
	switch {
	case x.wasLow && in.High >= x.pivotLow*(1+x.sensitivity) && ripe, !x.wasLow && in.High >= x.pivotHigh && !x.drops(in, ripe):
		x.turn(in, false)
		v = x.high.value
	case x.wasLow && in.Low <= x.pivotLow, !x.wasLow && x.drops(in, ripe):
		x.turn(in, true)
		v = x.low.value
	}
	x.count++
	return v, true
}

func (x *zigZag) drops(in *Input, ripe bool) bool {
	return in.Low <= x.pivotHigh*(1-x.sensitivity) && ripe
}

func (x *zigZag) turn(in *Input, low bool) {
	x.pivotHigh, x.pivotLow, x.count = in.High, in.Low, 0
	if low {
		x.low.push(in.End, in.Low)
		x.typ = -1
	} else {
		x.high.push(in.End, in.High)
		x.typ = 1
	}
	x.wasLow = low
}

func (x *zigZag) clear() {
	x.pivotHigh, x.pivotLow, x.count, x.wasLow, x.typ = 0, 0, 0, false, -1
	resetAll(x.high, x.low)
}
