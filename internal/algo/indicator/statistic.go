package indicator

import (
	"errors"
	"math"
)

var statisticSpecs = []Spec{
	spec("SharpeRatio", Point, "period:int risk_free_rate:rate=0.0", "SR({period},{risk_free_rate})", "",
		func(name string, a args) (node, error) { return newSharpe(name, a.int(0), a.rate(1)), nil },
		help("sr", "sharpe_period:int risk_free_rate:rate?", "SR({sharpe_period}{,risk_free_rate})")).named(func(given []any) string {
		ps := parseParams("p:int r:rate=0.0")
		if len(given) > 1 {
			if _, ok := given[1].(RateFunc); ok {
				return expand("SR({p})", ps, given)
			}
		}
		return expand("SR({p},{r})", ps, given)
	}),
	spec("SortinoRatio", Point, "period:int minimum_acceptable_return:float=0", "SORTINO({period},{minimum_acceptable_return})", "",
		func(name string, a args) (node, error) { return newSortino(name, a.int(0), a.float(1)), nil },
		help("sortino", "sortino_period:int minimum_acceptable_return:float=0", "SORTINO({sortino_period},{minimum_acceptable_return})")),
	spec("TargetDownsideDeviation", Point, "period:int minimum_acceptable_return:float=0", "TDD({period},{minimum_acceptable_return})", "",
		func(name string, a args) (node, error) { return newTDD(name, a.int(0), a.float(1)), nil },
		same("tdd", "TDD({period},{minimum_acceptable_return})")),
	spec("ValueAtRisk", Point, "period:int confidence_level:float", "VaR({period}, {confidence_level})", "",
		func(name string, a args) (node, error) { return newVaR(name, a.int(0), a.float(1)) },
		same("var", "VAR({period},{confidence_level})")),
	spec("HurstExponent", Point, "period:int max_lag:int=20", "HE({period},{max_lag})", "",
		func(name string, a args) (node, error) { return newHurst(name, a.int(0), a.int(1)) },
		same("he", "HE({period},{max_lag})")),
	spec("AugenPriceSpike", Point, "period:int=3", "APS({period})", "",
		func(name string, a args) (node, error) { return newSpike(name, a.int(0)) },
		same("aps", "APS({period})")),
	spec("RogersSatchellVolatility", Bar, "period:int", "RSV({period})", "",
		func(name string, a args) (node, error) { return newRSV(name, a.int(0)), nil },
		same("rsv", "RSV({period})")),
	spec("TimeSeriesForecast", Point, "period:int", "TSF{period})", "",
		func(name string, a args) (node, error) {
			if a.int(0) < 2 {
				return nil, errors.New("the period must be at least 2")
			}
			return newTSF(name, a.int(0)), nil
		}, same("tsf", "TSF({period})")),
	spec("AutoRegressiveIntegratedMovingAverage", Point, arimaParams+" intercept:bool=True",
		"ARIMA(({ar_order}, {diff_order}, {ma_order}), {period}, {intercept})",
		"#intercept #ar_residual_error #ma_residual_error",
		func(name string, a args) (node, error) { return newARIMA(name, a) },
		help("arima", arimaParams, "ARIMA({ar_order},{diff_order},{ma_order},{period})"),
		help("arima", arimaParams+" intercept:bool", "ARIMA({ar_order},{diff_order},{ma_order},{period})")),
}

const arimaParams = "ar_order:int diff_order:int ma_order:int period:int"

// sharpe is the mean return above the risk-free rate over the returns' deviation; Sortino's ratio has
// the downside deviation for divisor.
type sharpe struct {
	base
	roc      *change
	mean     *sma
	std      *variance
	downside *tdd
	rate     RateFunc
	ratios   int // ratios formed, also those without a result
}

func newSharpe(name string, period int, rate RateFunc) *sharpe {
	x := &sharpe{roc: newROC("", 1), mean: newSMA("", period), std: newStd("", period), rate: rate}
	x.init(x, name, Point, period+2)
	return x
}

func newSortino(name string, period int, least float64) *sharpe {
	x := newSharpe(name, period, func(int64) float64 { return least })
	x.downside = newTDD("", period, least)
	return x
}

func (x *sharpe) Ready() bool { return x.ratios > x.warm-2 }

func (x *sharpe) compute(in *Input) (float64, bool) {
	if x.downside != nil {
		x.downside.push(in.End, in.Value)
	}
	rate := x.rate(in.End)
	if !x.roc.push(in.End, in.Value) {
		return x.value, true
	}
	x.mean.push(in.End, x.roc.value)
	x.std.push(in.End, x.roc.value)
	x.ratios++
	risk := x.std.value
	if x.downside != nil {
		risk = x.downside.value
	}
	if risk == 0 {
		return x.value, true
	}
	return (x.mean.value - rate) / risk, true
}

func (x *sharpe) clear() {
	x.ratios = 0
	resetAll(x.roc, x.mean, x.std)
	if x.downside != nil {
		x.downside.Reset()
	}
}

// tdd counts the returns below a target only. Its window starts with the zero a rate of change has
// before its first sample.
type tdd struct {
	base
	roc   *change
	win   ring
	least float64
}

func newTDD(name string, period int, least float64) *tdd {
	x := &tdd{roc: newROC("", 1), win: newRing(period), least: least}
	x.init(x, name, Point, period+1)
	x.win.add(0)
	return x
}

func (x *tdd) compute(in *Input) (float64, bool) {
	x.roc.push(in.End, in.Value)
	x.win.add(x.roc.value)
	sum := 0.0
	for i := range x.win.n {
		if d := x.win.at(i) - x.least; d < 0 {
			sum += d * d
		}
	}
	return math.Sqrt(sum / float64(x.win.n)), true
}

func (x *tdd) clear() {
	x.roc.Reset()
	x.win.reset()
	x.win.add(0)
}

type valueAtRisk struct {
	base
	roc *change
	win ring
	z   float64
}

func newVaR(name string, period int, confidence float64) (*valueAtRisk, error) {
	if period < 3 {
		return nil, errors.New("the period must be at least 3")
	}
	if confidence <= 0 || confidence >= 1 {
		return nil, errors.New("the confidence level must be between 0 and 1")
	}
	x := &valueAtRisk{roc: newROC("", 1), win: newRing(period), z: math.Sqrt2 * math.Erfinv(2*(1-confidence)-1)}
	x.init(x, name, Point, period)
	return x, nil
}

func (x *valueAtRisk) compute(in *Input) (float64, bool) {
	x.roc.push(in.End, in.Value)
	x.win.add(x.roc.value)
	if x.win.n < 2 {
		return 0, true
	}
	return x.win.mean() + x.z*math.Sqrt(covariance(&x.win, &x.win)), true
}

func (x *valueAtRisk) clear() {
	x.roc.Reset()
	x.win.reset()
}

type hurst struct {
	base
	win        ring
	logs       []float64 // of the lags from 2 on
	sum, sumSq float64
}

func newHurst(name string, period, maxLag int) (*hurst, error) {
	if maxLag < 3 {
		return nil, errors.New("the greatest lag must be at least 3")
	}
	x := &hurst{win: newRing(period)}
	x.init(x, name, Point, period)
	for lag := 2; lag <= maxLag; lag++ {
		l := math.Log(float64(lag))
		x.logs = append(x.logs, l)
		x.sum += l
		x.sumSq += l * l
	}
	return x, nil
}

func (x *hurst) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.win.full() {
		return 0, true
	}
	sumY, sumXY := 0.0, 0.0
	for i, l := range x.logs {
		if v := x.spread(i + 2); v > 0 {
			y := math.Log(v) / 2
			sumY += y
			sumXY += l * y
		}
	}
	n := float64(len(x.logs))
	return (n*sumXY - x.sum*sumY) / (n*x.sumSq - x.sum*x.sum), true
}

// spread is the variance of the moves over lag samples; rounding noise counts as none.
func (x *hurst) spread(lag int) float64 {
	n := len(x.win.v) - lag
	if n <= 0 {
		return 0
	}
	mean, sq := 0.0, 0.0
	for i := range n {
		d := x.win.at(i+lag) - x.win.at(i)
		mean += d
		sq += d * d
	}
	mean /= float64(n)
	v := sq/float64(n) - mean*mean
	if v <= 1e-14*mean*mean {
		return 0
	}
	return v
}

func (x *hurst) clear() { x.win.reset() }

type spike struct {
	base
	std *variance
	win ring
}

func newSpike(name string, period int) (*spike, error) {
	if period < 3 {
		return nil, errors.New("the period must be at least 3")
	}
	x := &spike{std: newStd("", period), win: newRing(3)}
	x.init(x, name, Point, period+2)
	return x, nil
}

func (x *spike) Ready() bool { return x.win.full() && x.std.Ready() }

func (x *spike) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.win.full() {
		return 0, true
	}
	prev, move := x.win.at(1), 0.0
	if prev != 0 && x.win.at(2) != 0 {
		move = math.Log(prev / x.win.at(2))
	}
	if !x.std.push(in.End, move) {
		return 0, true
	}
	return over(in.Value-prev, x.std.value*prev), true
}

func (x *spike) clear() {
	x.std.Reset()
	x.win.reset()
}

type rsv struct {
	base
	sum total
}

func newRSV(name string, period int) *rsv {
	x := &rsv{sum: newTotal(period)}
	x.init(x, name, Bar, period)
	return x
}

func (x *rsv) compute(in *Input) (float64, bool) {
	if in.Open == 0 || in.High == 0 || in.Low == 0 || in.Close == 0 {
		return 0, true
	}
	x.sum.add(math.Log(in.High/in.Close)*math.Log(in.High/in.Open) + math.Log(in.Low/in.Close)*math.Log(in.Low/in.Open))
	if !x.Ready() {
		return 0, true
	}
	return math.Sqrt(max(0, x.sum.sum) / float64(x.warm)), true
}

func (x *rsv) clear() { x.sum.reset() }

type tsf struct {
	base
	win ring
}

func newTSF(name string, period int) *tsf {
	x := &tsf{win: newRing(period)}
	x.init(x, name, Point, period)
	return x
}

func (x *tsf) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.Ready() {
		return 0, true
	}
	n := float64(x.warm)
	sum, weighted := 0.0, 0.0
	for i := range x.win.n {
		sum += x.win.at(i)
		weighted += x.win.at(i) * (n - float64(i))
	}
	sumX, sumXX := n*(n+1)/2, n*(n+1)*(2*n+1)/6
	b := (n*weighted - sumX*sum) / (n*sumXX - sumX*sumX)
	return (sum-b*sumX)/n + b*(n+1), true
}

func (x *tsf) clear() { x.win.reset() }
