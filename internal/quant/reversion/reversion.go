// Package reversion tells whether a price returns to its mean, how fast, and where
// it stands.
//
//	r, err := reversion.Analyse("SPY", closes, reversion.Params{Lookback: 20})
//	fmt.Println(r.Z[len(r.Z)-1], r.Signal, r.Verdict, r.HalfLife.HalfLife)
package reversion

import (
	"fmt"
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/unitroot"
)

// Transform is what the z-score is taken of.
type Transform string

const (
	// Log is the default: the logarithm of the price.
	Log Transform = "log"
	// Level is the price itself, or a spread.
	Level Transform = "level"
)

// Signal is what a z-score asks for.
type Signal string

// The signals.
const (
	Long  Signal = "long"
	Short Signal = "short"
	Flat  Signal = "flat"
)

// Params are those of Analyse; the zero value looks back 20 bars at log prices and
// signals at one standard deviation, 252 bars a year.
type Params struct {
	Lookback  int
	Transform Transform
	Threshold float64
	Periods   float64
	// Lags of the ADF test.
	Lags unitroot.Lags
}

// Result describes one price.
type Result struct {
	// Z, Mean and SD (ddof 1) over the window that ends at each bar, in the units of
	// the transform; NaN before there is a window, Z also where the window does not
	// vary.
	Z, Mean, SD []float64
	// Signal at the last bar, and the part of all z-scores at or below its own.
	Signal     Signal
	Percentile float64
	ADF        *unitroot.ADFResult
	KPSS       *unitroot.KPSSResult
	Verdict    unitroot.Verdict
	HalfLife   *unitroot.HalfLifeResult
	// Hurst is nil below 60 bars; Ratios are those of 2, 5, 10 and 20 bars that the
	// sample allows.
	Hurst  *unitroot.HurstResult
	Ratios []*unitroot.RatioResult
	// CrossingsPerYear counts changes of z's sign.
	CrossingsPerYear float64
	// Signals counts beginnings of a signal that had three half-lives to come back;
	// HitRate is the part that did, NaN where there are none.
	Signals int
	HitRate float64
	// Warnings name what is missing.
	Warnings []string
}

// Least number of bars.
const minimum = 20

// horizons of the variance ratios.
var horizons = []int{2, 5, 10, 20}

func (p Params) fill(op string, n int) (Params, error) {
	if p.Lookback == 0 {
		p.Lookback = 20
	}
	if p.Transform == "" {
		p.Transform = Log
	}
	if p.Threshold == 0 {
		p.Threshold = 1
	}
	if p.Periods == 0 {
		p.Periods = 252
	}
	switch {
	case p.Transform != Log && p.Transform != Level:
		return p, quant.Bad(op, "transform", string(p.Transform), "log or level")
	case p.Lookback < 2 || p.Lookback > n:
		return p, quant.Bad(op, "lookback", p.Lookback, fmt.Sprintf("between 2 and the %d bars", n))
	case !(p.Threshold > 0):
		return p, quant.Bad(op, "threshold", p.Threshold, "above zero")
	case !(p.Periods > 0):
		return p, quant.Bad(op, "periods_per_year", p.Periods, "above zero")
	}
	return p, nil
}

// ZScores are mean, sample deviation and z-score over the window that ends at each
// bar of x; NaN before the first whole window. Cost O(n·lookback): every window is
// taken by itself, so that nothing drifts.
func ZScores(x []float64, lookback int) (z, mean, sd []float64) {
	n := len(x)
	z, mean, sd = make([]float64, n), make([]float64, n), make([]float64, n)
	varies := quant.Varying(x, lookback)
	for t := range x {
		if t < lookback-1 {
			z[t], mean[t], sd[t] = math.NaN(), math.NaN(), math.NaN()
			continue
		}
		w := x[t-lookback+1 : t+1]
		mean[t], sd[t] = quant.Mean(w), quant.SD(w)
		z[t] = (x[t] - mean[t]) / sd[t]
		if !varies[t-lookback+1] {
			sd[t], z[t] = 0, math.NaN()
		}
	}
	return z, mean, sd
}

// Analyse describes a price (n bars, at least 20) at its last bar, with the tests
// of its whole sample. Errors: those of quant.Check, and fault.InvalidParameter.
func Analyse(name string, prices []float64, p Params) (*Result, error) {
	const op = "reversion.Analyse"
	if err := quant.Check(quant.Column{Name: name, Values: prices, AtLeast: minimum, Varies: true, Positive: p.Transform != Level}); err != nil {
		return nil, err
	}
	p, err := p.fill(op, len(prices))
	if err != nil {
		return nil, err
	}
	x := prices
	if p.Transform == Log {
		x = quant.Logs(prices)
	}
	out := &Result{HitRate: math.NaN()}
	out.Z, out.Mean, out.SD = ZScores(x, p.Lookback)
	if out.ADF, err = unitroot.ADF(name, x, unitroot.ADFParams{Lags: p.Lags}); err != nil {
		return nil, err
	}
	if out.KPSS, err = unitroot.KPSS(name, x, unitroot.KPSSParams{}); err != nil {
		return nil, err
	}
	out.Verdict = unitroot.Judge(out.ADF, out.KPSS)
	if out.HalfLife, err = unitroot.HalfLife(name, x, unitroot.HalfLifeParams{}); err != nil {
		return nil, err
	}
	if out.Hurst, err = unitroot.Hurst(name, x, unitroot.HurstParams{Scales: true}); err != nil {
		out.Hurst = nil
		out.Warnings = append(out.Warnings, "no_hurst")
	}
	for _, q := range horizons {
		if len(x) >= 2*q+2 {
			r, err := unitroot.VarianceRatio(name, x, q)
			if err != nil {
				return nil, err
			}
			out.Ratios = append(out.Ratios, r)
		}
	}
	out.history(p)
	return out, nil
}

func signal(z, threshold float64) Signal {
	switch {
	case z <= -threshold:
		return Long
	case z >= threshold:
		return Short
	}
	return Flat
}

// history reads the z-scores: where the last one stands among them, how often they
// cross the mean, and how many signals led there.
func (r *Result) history(p Params) {
	z := r.Z[p.Lookback-1:]
	last := z[len(z)-1]
	r.Signal = signal(last, p.Threshold)
	count, below, crossings := 0, 0, 0
	before := math.NaN()
	for _, v := range z {
		if math.IsNaN(v) {
			continue
		}
		count++
		if v <= last {
			below++
		}
		if v*before < 0 {
			crossings++
		}
		if v != 0 {
			before = v
		}
	}
	r.Percentile = math.NaN()
	if !math.IsNaN(last) {
		r.Percentile = float64(below) / float64(count)
	}
	r.CrossingsPerYear = float64(crossings) * p.Periods / float64(len(z))
	if math.IsNaN(r.HalfLife.HalfLife) {
		return
	}
	wait := int(math.Ceil(3 * r.HalfLife.HalfLife))
	hits := 0
	for t := 1; t+wait < len(z); t++ {
		s := signal(z[t], p.Threshold)
		if s == Flat || math.IsNaN(z[t]) || s == signal(z[t-1], p.Threshold) {
			continue
		}
		r.Signals++
		for _, v := range z[t+1 : t+wait+1] {
			if (s == Long && v >= 0) || (s == Short && v <= 0) {
				hits++
				break
			}
		}
	}
	if r.Signals > 0 {
		r.HitRate = float64(hits) / float64(r.Signals)
	}
}
