// Package perf measures returns: growth, risk, drawdown, tail losses, comparison with
// a benchmark, and what many trials make of a Sharpe ratio.
//
// Returns are simple and per period; rates are fractions. A ratio whose denominator
// is zero is NaN, with its reason in Undefined, never zero.
//
//	r, err := perf.Measure(returns, perf.Params{PeriodsPerYear: 252, RiskFree: 0.02})
//	fmt.Println(r.Sharpe, r.MaxDrawdown)
package perf

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

const (
	// DefaultPeriods is the number of trading days of a year.
	DefaultPeriods = 252
	// DefaultConfidence is that of value at risk.
	DefaultConfidence = 0.95
)

// Params are the settings of Measure.
type Params struct {
	// PeriodsPerYear annualises; 0 means 252.
	PeriodsPerYear float64
	// RiskFree and MAR, the minimum acceptable return, are rates a year.
	RiskFree, MAR float64
	// Confidence of value at risk; 0 means 0.95.
	Confidence float64
	// Benchmark is as long as the returns, nil for none.
	Benchmark []float64
	// Lags of the HAC error of alpha; nil means floor(4 (n/100)^(2/9)).
	Lags *int
	// Turnovers are one-way, one each rebalancing; nil for none.
	Turnovers []float64
	// Trades are profits and losses of closed trades; nil for none.
	Trades []float64
}

// Report is what Measure finds. Indices count wealth: 0 is the start, before the
// first return.
type Report struct {
	// N is the number of returns.
	N int
	// TotalReturn is over the whole period; CAGR, MeanAnnual, Volatility a year.
	TotalReturn, CAGR, MeanAnnual, Volatility float64
	// Sharpe and Sortino are annualised, as DownsideDeviation is.
	Sharpe, DownsideDeviation, Sortino float64
	// MaxDrawdown is negative or zero.
	MaxDrawdown              float64
	PeakIndex, TroughIndex   int
	RecoveryIndex            *int // nil where the peak was not reached again
	Calmar                   float64
	HitRate                  float64
	TradeHitRate             float64 // NaN without trades
	TurnoverAnnual           float64 // NaN without turnovers
	Skewness, ExcessKurtosis float64
	Best, Worst              float64
	// Losses a period, positive for a loss.
	VaRHist, CVaRHist, VaRNormal, CVaRNormal, VaRCornishFisher float64
	// PSRZero is the probability that the true Sharpe ratio is above zero.
	PSRZero float64
	// Against is the comparison with the benchmark, nil without one.
	Against *Comparison
	// Undefined says why a field is NaN, by the field's name in JSON.
	Undefined map[string]string
}

// Measure computes the report of at least two returns above -1. A return below -1 is
// fault.ReturnBelowMinusOne; one of exactly -1 gives a CAGR of -1 and no ratios. Costs
// O(n).
func Measure(returns []float64, params Params) (*Report, error) {
	const op = "perf.Measure"
	if err := params.check(op, returns); err != nil {
		return nil, err
	}
	a := params.PeriodsPerYear
	n := float64(len(returns))
	r := &Report{N: len(returns), Undefined: map[string]string{}}
	r.drawdown(returns)
	r.CAGR = math.Pow(1+r.TotalReturn, a/n) - 1
	mean := quant.Mean(returns)
	sd := quant.SD(returns)
	flat := quant.Constant(returns)
	if flat {
		sd = 0
	}
	rf, mar := quant.PerPeriod(params.RiskFree, a), quant.PerPeriod(params.MAR, a)
	r.MeanAnnual, r.Volatility = mean*a, sd*math.Sqrt(a)
	var shortfall float64
	hits := 0
	r.Best, r.Worst = returns[0], returns[0]
	for _, v := range returns {
		if d := v - mar; d < 0 {
			shortfall += d * d
		}
		if v > 0 {
			hits++
		}
		r.Best, r.Worst = max(r.Best, v), min(r.Worst, v)
	}
	r.HitRate = float64(hits) / n
	r.DownsideDeviation = math.Sqrt(shortfall/n) * math.Sqrt(a)
	r.VaRHist, r.CVaRHist = tailGain(returns, params.Confidence)
	r.Skewness, r.ExcessKurtosis = quant.Shape(returns)
	if flat {
		r.Skewness, r.ExcessKurtosis = math.NaN(), math.NaN()
		r.undefined("the returns do not vary", "skewness", "excess_kurtosis")
	}
	ruin := r.Worst == -1
	sharpe := r.ratio("sharpe", mean-rf, sd, "the returns do not vary", ruin)
	r.Sharpe = sharpe * math.Sqrt(a)
	r.Sortino = r.ratio("sortino", (mean-mar)*a, r.DownsideDeviation, "no return is below the minimum acceptable one", ruin)
	r.Calmar = r.ratio("calmar", r.CAGR, -r.MaxDrawdown, "there is no drawdown", ruin)
	r.normalTail(mean, sd, params.Confidence)
	if r.PSRZero = ProbabilisticSharpe(sharpe, 0, r.N, r.Skewness, r.ExcessKurtosis); math.IsNaN(r.PSRZero) {
		r.undefined("the Sharpe ratio or its error is not defined", "psr_zero")
	}
	r.trading(&params)
	if params.Benchmark != nil {
		var err error
		if r.Against, err = compare(returns, rf, &params, r.Undefined); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (p *Params) check(op string, returns []float64) error {
	if p.PeriodsPerYear == 0 {
		p.PeriodsPerYear = DefaultPeriods
	}
	if p.Confidence == 0 {
		p.Confidence = DefaultConfidence
	}
	switch {
	case !(p.PeriodsPerYear > 0) || math.IsInf(p.PeriodsPerYear, 0):
		return quant.Bad(op, "periods_per_year", p.PeriodsPerYear, "above 0")
	case !(p.Confidence > 0 && p.Confidence < 1):
		return quant.Bad(op, "confidence", p.Confidence, "between 0 and 1, both excluded")
	case !(p.RiskFree > -1) || math.IsInf(p.RiskFree, 0):
		return quant.Bad(op, "risk_free", p.RiskFree, "above -1")
	case !(p.MAR > -1) || math.IsInf(p.MAR, 0):
		return quant.Bad(op, "mar", p.MAR, "above -1")
	}
	columns := []quant.Column{{Name: "returns", Values: returns, AtLeast: 2}}
	if p.Benchmark != nil {
		columns = append(columns, quant.Column{Name: "benchmark", Values: p.Benchmark, AtLeast: 2})
		if len(p.Benchmark) != len(returns) {
			return quant.Bad(op, "benchmark", len(p.Benchmark), "as long as the returns")
		}
	}
	if err := quant.Check(columns...); err != nil {
		return err
	}
	for _, c := range columns {
		for i, v := range c.Values {
			if v < -1 {
				return fault.E(op, fault.ReturnBelowMinusOne, "%s has %g at row %d; nothing can lose more than everything", c.Name, v, i).With("argument", c.Name).With("row", i).With("value", v).With("limit", -1)
			}
		}
	}
	return nil
}

// drawdown follows wealth from its start of one.
func (r *Report) drawdown(returns []float64) {
	wealth, peak := 1.0, 1.0
	peakAt, top := 0, 1.0
	for i, v := range returns {
		wealth *= 1 + v
		if wealth > peak {
			peak, peakAt = wealth, i+1
		}
		if dd := wealth/peak - 1; dd < r.MaxDrawdown {
			r.MaxDrawdown, r.PeakIndex, r.TroughIndex, top = dd, peakAt, i+1, peak
			r.RecoveryIndex = nil
		} else if r.MaxDrawdown < 0 && r.RecoveryIndex == nil && wealth >= top {
			at := i + 1
			r.RecoveryIndex = &at
		}
	}
	r.TotalReturn = wealth - 1
}

// ratio is NaN with a reason where its denominator is zero or all was lost.
func (r *Report) ratio(field string, above, below float64, reason string, ruin bool) float64 {
	switch {
	case ruin:
		r.undefined("a return of -1 lost everything", field)
	case below == 0:
		r.undefined(reason, field)
	default:
		return above / below
	}
	return math.NaN()
}

func (r *Report) undefined(reason string, fields ...string) {
	for _, f := range fields {
		r.Undefined[f] = reason
	}
}

// normalTail is value at risk of a normal distribution, and of one with the sample's
// skewness and kurtosis (Cornish and Fisher).
func (r *Report) normalTail(mean, sd, confidence float64) {
	z := distuv.UnitNormal.Quantile(1 - confidence)
	r.VaRNormal = -(mean + z*sd)
	r.CVaRNormal = -(mean - sd*distuv.UnitNormal.Prob(z)/(1-confidence))
	g, k := r.Skewness, r.ExcessKurtosis
	zc := z + (z*z-1)*g/6 + (z*z*z-3*z)*k/24 - (2*z*z*z-5*z)*g*g/36
	if r.VaRCornishFisher = -(mean + zc*sd); math.IsNaN(zc) {
		r.undefined("the returns do not vary", "var_cornish_fisher")
	}
}

func (r *Report) trading(p *Params) {
	r.TradeHitRate, r.TurnoverAnnual = math.NaN(), math.NaN()
	if len(p.Trades) > 0 {
		won := 0
		for _, v := range p.Trades {
			if v > 0 {
				won++
			}
		}
		r.TradeHitRate = float64(won) / float64(len(p.Trades))
	}
	if p.Turnovers != nil {
		r.TurnoverAnnual = floats.Sum(p.Turnovers) / (float64(r.N) / p.PeriodsPerYear)
	}
}
