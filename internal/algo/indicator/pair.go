package indicator

import (
	"errors"
	"math"
	"slices"
)

const pairParams = "target_symbol:symbol reference_symbol:symbol "

var pairSpecs = []Spec{
	spec("Beta", Multi, pairParams+"period:int", "B({period})", "",
		func(name string, a args) (node, error) { return newBeta(name, a, true) },
		help("b", "target:symbol reference:symbol period:int", "B({period})")),
	spec("Covariance", Multi, pairParams+"period:int", "COV({period})", "",
		func(name string, a args) (node, error) { return newBeta(name, a, false) },
		help("cov", "target:symbol reference:symbol period:int", "COV({period})")),
	spec("Correlation", Multi, pairParams+"period:int correlation_type:CorrelationType=Pearson", "Correlation({period})", "",
		func(name string, a args) (node, error) { return newCorrelation(name, a) },
		help("c", "target:symbol reference:symbol period:int correlation_type:CorrelationType=Pearson", "C({period})")),
	spec("Alpha", Multi, pairParams+"alpha_period:int beta_period:int? risk_free_rate:rate?", "", "",
		func(name string, a args) (node, error) { return newAlpha(name, a) },
		help("a", "target:symbol reference:symbol alpha_period:int=1 beta_period:int=252 risk_free_rate:rate?",
			"A({alpha_period},{beta_period}{,risk_free_rate})")).named(alphaName),
}

func alphaName(given []any) string {
	ps := parseParams("t:symbol r:symbol a:int b:int? f:rate?")
	isFunc := false
	if len(given) > 4 {
		_, isFunc = given[4].(RateFunc)
	}
	name := "ALPHA({t},{r},{a}{,b}"
	if isFunc {
		return expand(name+")", ps, given)
	}
	return expand(name+",{f})", ps, given)
}

// pair matches the bars of two symbols that end at the same time. Bars of other symbols, at which LEAN throws,
// count for nothing.
type pair struct {
	base
	symbols [2]string
	close   [2]ring
	latest  [2]float64
	stamp   [2]int64
	has     [2]bool
	unit    int64 // the resolution, by which times are compared
	zone    func(symbol string, wall int64) int64
	result  float64
	figure  func() float64
}

func (x *pair) initPair(self computer, name string, a args, window, warm int, figure func() float64) error {
	if a.int(2) < 2 {
		return errors.New("the period must be at least 2")
	}
	x.init(self, name, Multi, warm)
	x.symbols = [2]string{a.str(0), a.str(1)}
	x.close = [2]ring{newRing(window), newRing(window)}
	x.figure = figure
	return nil
}

func (x *pair) SetZones(utc func(symbol string, wall int64) int64, differ bool) {
	x.zone = utc
	if differ {
		x.warm++
	}
}

func (x *pair) compute(in *Input) (float64, bool) {
	i := slices.Index(x.symbols[:], in.Symbol)
	if i < 0 {
		x.samples--
		return 0, false
	}
	if x.samples == 1 {
		x.unit = unitOf(in.End - in.Start)
	}
	x.note(i, in)
	if x.has[0] && x.has[1] && x.stamp[0] == x.stamp[1] {
		x.close[0].add(x.latest[0])
		x.close[1].add(x.latest[1])
		x.result = x.figure()
	}
	return x.result, true
}

func (x *pair) note(i int, in *Input) {
	at := in.End
	if x.zone != nil {
		at = x.zone(in.Symbol, at)
	}
	x.latest[i], x.stamp[i], x.has[i] = in.Close, at-at%x.unit, true
}

// unitOf returns the resolution that a bar's length stands for; anything above an hour is daily.
func unitOf(span int64) int64 {
	switch {
	case span > 3600e9:
		return nanosPerDay
	case span == 3600e9:
		return 3600e9
	case span >= 60e9:
		return 60e9
	}
	return 1
}

func (x *pair) clear() {
	for i := range x.close {
		x.close[i].reset()
		x.has[i] = false
	}
	x.result = 0
}

// beta is the beta of the target's returns against the reference's, or their covariance.
type beta struct {
	pair
	returns [2]ring
	ratio   bool
}

func newBeta(name string, a args, ratio bool) (*beta, error) {
	x := &beta{ratio: ratio}
	if err := x.initPair(x, name, a, 2, a.int(2)+1, x.next); err != nil {
		return nil, err
	}
	x.returns = [2]ring{newRing(a.int(2)), newRing(a.int(2))}
	return x, nil
}

func (x *beta) Ready() bool { return x.returns[0].full() && x.returns[1].full() }

func (x *beta) next() float64 {
	for i := range x.close {
		if c := &x.close[i]; c.full() {
			x.returns[i].add(over(c.at(0), c.at(1)) - 1)
		}
	}
	cov, variance := 0.0, 1.0
	if x.returns[0].n > 1 {
		cov = covariance(&x.returns[0], &x.returns[1])
		if v := covariance(&x.returns[1], &x.returns[1]); v != 0 {
			variance = v
		}
	}
	if !x.ratio {
		return cov
	}
	return cov / variance
}

func (x *beta) clear() {
	x.pair.clear()
	x.returns[0].reset()
	x.returns[1].reset()
}

func (r *ring) mean() float64 {
	sum := 0.0
	for i := range r.n {
		sum += r.at(i)
	}
	return sum / float64(r.n)
}

// covariance is the sample covariance of two windows of one length.
func covariance(a, b *ring) float64 {
	ma, mb, sum := a.mean(), b.mean(), 0.0
	for i := range a.n {
		sum += (a.at(i) - ma) * (b.at(i) - mb)
	}
	return sum / float64(a.n-1)
}

type correlation struct {
	pair
	ranks bool
	order [2]ring // scratch for the ranks
}

func newCorrelation(name string, a args) (*correlation, error) {
	x := &correlation{ranks: a.enum(3, "CorrelationType") == 1}
	if err := x.initPair(x, name, a, a.int(2), a.int(2), x.next); err != nil {
		return nil, err
	}
	x.order = [2]ring{newRing(a.int(2)), newRing(a.int(2))}
	return x, nil
}

func (x *correlation) Ready() bool { return x.close[0].full() && x.close[1].full() }

func (x *correlation) next() float64 {
	a, b := &x.close[0], &x.close[1]
	if a.n < 2 {
		return 0
	}
	if x.ranks {
		rank(a, &x.order[0])
		rank(b, &x.order[1])
		a, b = &x.order[0], &x.order[1]
	}
	v := covariance(a, b) / math.Sqrt(covariance(a, a)*covariance(b, b))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// rank fills to with the ranks of from, equal values sharing their mean rank.
func rank(from, to *ring) {
	to.reset()
	for i := from.n - 1; i >= 0; i-- {
		less, equal := 0, 0
		for j := range from.n {
			if from.at(j) < from.at(i) {
				less++
			} else if from.at(j) == from.at(i) {
				equal++
			}
		}
		to.add(float64(less) + float64(equal+1)/2)
	}
}

// alpha is Jensen's alpha of the target against the reference.
type alpha struct {
	base
	symbols [2]string
	roc     [2]*change
	beta    *beta
	n       float64
	rate    RateFunc
	result  float64
}

func newAlpha(name string, a args) (*alpha, error) {
	if a.str(0) == a.str(1) {
		return nil, errors.New("target and reference must differ")
	}
	n, m := a.int(2), a.intOr(3, a.int(2))
	b, err := newBeta(name+"_Beta", args{a[0], a[1], m}, true)
	if err != nil {
		return nil, err
	}
	x := &alpha{symbols: [2]string{a.str(0), a.str(1)}, beta: b, n: float64(n), rate: a.rate(4),
		roc: [2]*change{newROC(name+"_TargetROC", n), newROC(name+"_ReferenceROC", n)}}
	x.init(x, name, Multi, max(n, m)+1)
	return x, nil
}

func (x *alpha) SetZones(utc func(symbol string, wall int64) int64, differ bool) {
	x.beta.SetZones(utc, differ)
}

func (x *alpha) Ready() bool { return x.roc[0].Ready() && x.beta.Ready() && x.roc[1].Ready() }

func (x *alpha) compute(in *Input) (float64, bool) {
	i := slices.Index(x.symbols[:], in.Symbol)
	if i < 0 {
		x.samples--
		return 0, false
	}
	x.roc[i].push(in.End, in.Close)
	x.beta.Update(in)
	if x.roc[0].samples == x.roc[1].samples {
		x.result = 0
		if x.Ready() {
			rate := x.rate(x.roc[0].end)
			x.result = x.roc[0].value/x.n - (rate + x.beta.value*(x.roc[1].value/x.n-rate))
		}
	}
	return x.result, true
}

func (x *alpha) clear() {
	resetAll(x.roc[0], x.roc[1], x.beta)
	x.result = 0
}
