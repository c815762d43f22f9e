// Package regime tests whether a series changed its ways: likelihood ratios for a
// break at a known or unknown date, and a model that switches between two states.
//
//	r, err := regime.SupLR(ctx, returns, nil, regime.BreakParams{Bootstrap: 999})
//	fmt.Println(r.Break, r.P, r.Low, r.High)
//
// A break that was looked for may not be tested as one that was known: the
// chi-square of Known does not hold for SupLR.
package regime

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

// Fit is a Gaussian regression of one regime by maximum likelihood.
type Fit struct {
	// Coef: constant, then the columns of x.
	Coef []float64
	// Sigma divides by the number of observations.
	Sigma         float64
	LogLikelihood float64
	Observations  int
}

func fit(y []float64, x [][]float64) Fit {
	n := float64(len(y))
	r := regress.Fit(y, x...)
	v := r.SSR / n
	return Fit{Coef: r.Coef, Sigma: math.Sqrt(v), LogLikelihood: -0.5 * n * (math.Log(2*math.Pi*v) + 1), Observations: len(y)}
}

// design is a constant and the columns of x.
func design(n int, x [][]float64) [][]float64 {
	return append([][]float64{regress.Trend(n, 0)}, x...)
}

func rows(x [][]float64, from, to int) [][]float64 {
	out := make([][]float64, len(x))
	for i, c := range x {
		out[i] = c[from:to]
	}
	return out
}

// KnownResult is a test of a break at a date that was known beforehand.
type KnownResult struct {
	// LR is twice the gain in log likelihood, DF one more than the coefficients, P its
	// chi-square tail.
	LR float64
	DF int
	P  float64
	// Whole, Before and After are the fits.
	Whole, Before, After Fit
}

// Known tests y on a constant and the columns of x for a change of coefficients
// and variance from row at on: a likelihood ratio that is chi-square where the
// date was not chosen by looking at y. Both parts need two rows more than
// coefficients. Errors: fault.MissingValues, NonFinite, InsufficientData,
// ConstantSeries (y), InvalidParameter.
func Known(y []float64, x [][]float64, at int) (*KnownResult, error) {
	k := len(x) + 1
	if err := check(y, x, 2*(k+2)); err != nil {
		return nil, err
	}
	n := len(y)
	if at < k+1 || at > n-k-1 {
		return nil, quant.Bad("regime.Known", "break_index", at, fmt.Sprintf("between %d and %d", k+1, n-k-1))
	}
	z := design(n, x)
	out := &KnownResult{DF: k + 1, Whole: fit(y, z), Before: fit(y[:at], rows(z, 0, at)), After: fit(y[at:], rows(z, at, n))}
	out.LR = 2 * (out.Before.LogLikelihood + out.After.LogLikelihood - out.Whole.LogLikelihood)
	out.P = distuv.ChiSquared{K: float64(out.DF)}.Survival(out.LR)
	return out, nil
}

func check(y []float64, x [][]float64, atLeast int) error {
	if err := quant.Check(quant.Column{Name: "y", Values: y, AtLeast: atLeast, Varies: true}); err != nil {
		return err
	}
	for i, c := range x {
		name := fmt.Sprintf("x%d", i+1)
		if len(c) != len(y) {
			return fault.E("regime.check", fault.InvalidParameter, "%s has %d observations and y has %d; they must be aligned", name, len(c), len(y)).With("argument", name)
		}
		if err := quant.Check(quant.Column{Name: name, Values: c, Varies: true}); err != nil {
			return err
		}
	}
	return nil
}
