// Package kalman follows a hedge ratio through time: y_t = β_t x_t + α_t + v_t with
// a state that wanders.
//
//	r, err := kalman.Hedge(y, x, kalman.Params{BurnIn: 60})
//	z := r.Z[t] // the surprise of bar t, from what was known before it
//
// Everything at t uses data up to t only.
package kalman

import (
	"fmt"
	"math"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

// Mode is a model of how the state wanders and what is known of the noise.
type Mode string

const (
	// Discount is the default: West and Harrison's filter with an unknown variance of
	// observation, which forgets by discounting.
	Discount Mode = "discount"
	// RandomWalk has fixed variances of state and observation.
	RandomWalk Mode = "random_walk"
	// MLE is RandomWalk with the variances of greatest likelihood.
	MLE Mode = "mle"
)

// Prior is what is known of (β, α) before the first bar that is filtered.
type Prior struct {
	Mean [2]float64
	// Covariance; under Discount it goes with Variance.
	Covariance [2][2]float64
	// DOF and Variance of the noise of observation, for Discount: 0 is 1 and 1.
	DOF, Variance float64
}

// Params are those of Hedge; the zero value discounts by 0.999 after an OLS prior
// from 60 bars.
type Params struct {
	Mode Mode
	// Delta discounts the state, DeltaV the variance: above 0, at most 1; 0 is 0.999
	// and 1. AutoDelta chooses Delta by the predictive likelihood of the bars that are
	// given: give it the formation sample only.
	Delta, DeltaV float64
	AutoDelta     bool
	// StateVar are the variances of a step of β and α, ObsVar that of the noise, for
	// RandomWalk; with MLE they are where the search begins, 0 choosing for itself.
	StateVar [2]float64
	ObsVar   float64
	// Prior; nil is OLS on the first BurnIn bars (0 is 60), which are then not
	// filtered.
	Prior  *Prior
	BurnIn int
	// Lookback makes Z the error e_t scaled by mean and deviation of the last so many
	// errors; 0 keeps the innovation, e_t over its own standard deviation.
	Lookback int
}

// Result has one entry a bar; bars of the burn-in are NaN.
type Result struct {
	Beta, Alpha []float64
	// BetaSD and AlphaSD are standard deviations given data up to the bar, Low and
	// High bound β's 95 % interval (Student's t under Discount, else normal).
	BetaSD, AlphaSD, Low, High []float64
	// AlphaLow and AlphaHigh bound that of α.
	AlphaLow, AlphaHigh []float64
	// Error is y less its forecast, Q the forecast's variance, Z as Params says.
	Error, Q, Z []float64
	// DOF are the degrees of freedom of the forecast, S the variance of observation
	// after the bar; for Discount.
	DOF, S []float64
	// LogLikelihood adds up the log densities of the forecasts.
	LogLikelihood float64
	// Covariance of (β, α) after the last bar, DOFLast the degrees of freedom then.
	Covariance [2][2]float64
	DOFLast    float64
	// Delta, StateVar and ObsVar are those that were used.
	Delta    float64
	StateVar [2]float64
	ObsVar   float64
	// From is the first bar that was filtered.
	From     int
	Warnings []string
}

// minimum is the least number of bars.
const minimum = 20

// burnIn is the number of bars of the OLS prior where none is given.
const burnIn = 60

// deltas are those that AutoDelta chooses from.
var deltas = []float64{0.98, 0.99, 0.995, 0.999, 0.9995, 1}

// Hedge filters the regression of y on x (n each, at least 20). Errors:
// fault.MissingValues, NonFinite, InsufficientData, ConstantSeries (x or y),
// InvalidParameter, NotConverged (MLE). Source: West and Harrison (1997), chapter
// 4, for Discount. Cost O(n), times the steps of the search.
func Hedge(y, x []float64, p Params) (*Result, error) {
	const op = "kalman.Hedge"
	if err := quant.CheckAll([]string{"y", "x"}, [][]float64{y, x}, quant.Column{AtLeast: minimum, Varies: true}); err != nil {
		return nil, err
	}
	if err := p.fill(op); err != nil {
		return nil, err
	}
	from := 0
	prior := p.Prior
	if prior == nil {
		if from = p.BurnIn; from >= len(y) {
			return nil, fault.E(op, fault.InsufficientData, "%d bars; the burn-in alone takes %d", len(y), from).With("value", len(y)).With("limit", from+1)
		}
		var err error
		if prior, err = p.fit(y[:from], x[:from]); err != nil {
			return nil, err
		}
	}
	if err := prior.check(op); err != nil {
		return nil, err
	}
	y1, x1 := y[from:], x[from:]
	switch {
	case p.Mode == MLE:
		if err := p.maximise(y1, x1, prior); err != nil {
			return nil, err
		}
	case p.Mode == Discount && p.AutoDelta:
		best := math.Inf(-1)
		for _, d := range deltas {
			if l := discount(y1, x1, d, p.DeltaV, prior, nil); l > best {
				best, p.Delta = l, d
			}
		}
	}
	out := newResult(len(y), from)
	out.Delta, out.StateVar, out.ObsVar = p.Delta, p.StateVar, p.ObsVar
	if p.Mode == Discount {
		out.StateVar, out.ObsVar = [2]float64{math.NaN(), math.NaN()}, math.NaN()
		out.LogLikelihood = discount(y1, x1, p.Delta, p.DeltaV, prior, out)
	} else {
		out.Delta = math.NaN()
		out.LogLikelihood = walk(y1, x1, p.StateVar, p.ObsVar, prior, out)
	}
	out.bound(p.Mode)
	if p.Lookback > 0 {
		out.rescale(p.Lookback)
	}
	return out, nil
}

func (p *Params) fill(op string) error {
	if p.Mode == "" {
		p.Mode = Discount
	}
	if p.Delta == 0 {
		p.Delta = 0.999
	}
	if p.DeltaV == 0 {
		p.DeltaV = 1
	}
	if p.BurnIn == 0 {
		p.BurnIn = burnIn
	}
	switch p.Mode {
	case Discount:
		if !(p.Delta > 0 && p.Delta <= 1) {
			return quant.Bad(op, "delta", p.Delta, "above 0 and at most 1")
		}
		if !(p.DeltaV > 0 && p.DeltaV <= 1) {
			return quant.Bad(op, "delta_v", p.DeltaV, "above 0 and at most 1")
		}
	case RandomWalk:
		if !(p.ObsVar > 0) {
			return quant.Bad(op, "obs_var", p.ObsVar, "above zero")
		}
	case MLE:
	default:
		return quant.Bad(op, "mode", string(p.Mode), "discount, random_walk or mle")
	}
	for _, q := range p.StateVar {
		if !(q >= 0) {
			return quant.Bad(op, "state_var", q, "zero or more")
		}
	}
	if p.BurnIn < 4 {
		return quant.Bad(op, "burn_in", p.BurnIn, "at least 4")
	}
	if p.Lookback < 0 || p.Lookback == 1 {
		return quant.Bad(op, "lookback", p.Lookback, "at least 2, or 0")
	}
	return nil
}

// fit is the prior by least squares.
func (p *Params) fit(y, x []float64) (*Prior, error) {
	if err := quant.Check(quant.Column{Name: "x in the burn-in", Values: x, Varies: true}); err != nil {
		return nil, err
	}
	n := float64(len(y))
	fit := regress.Fit(y, x, regress.Trend(len(y), 0))
	out := &Prior{Mean: [2]float64{fit.Coef[0], fit.Coef[1]}, DOF: n - 2, Variance: fit.Variance()}
	if !(out.Variance > 0) {
		return nil, fault.E("kalman.Hedge", fault.ConstantSeries, "y is a line of x in the burn-in: there is no noise to filter").With("argument", "y")
	}
	mean := quant.Mean(x)
	sxx := quant.Variance(x) * (n - 1)
	b := out.Variance / sxx
	out.Covariance = [2][2]float64{{b, -b * mean}, {-b * mean, out.Variance/n + b*mean*mean}}
	return out, nil
}

func (p *Prior) check(op string) error {
	if p.DOF == 0 {
		p.DOF = 1
	}
	if p.Variance == 0 {
		p.Variance = 1
	}
	c := p.Covariance
	switch {
	case !(p.DOF > 0):
		return quant.Bad(op, "n0", p.DOF, "above zero")
	case !(p.Variance > 0):
		return quant.Bad(op, "S0", p.Variance, "above zero")
	case c[0][1] != c[1][0], !(c[0][0] >= 0), !(c[1][1] >= 0), c[0][0]*c[1][1] < c[0][1]*c[1][0]*(1-1e-12):
		return quant.Bad(op, "C0", fmt.Sprint(c), "symmetric and without a negative eigenvalue")
	}
	return nil
}
