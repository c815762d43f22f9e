// Package covariance estimates covariance matrices of returns: sample, shrunk
// (Ledoit-Wolf, OAS) and exponentially weighted.
//
//	e, err := covariance.Of(ctx, returns, covariance.Params{Estimator: covariance.LedoitWolf})
//	fmt.Println(e.Matrix[0][1], e.Shrinkage)
package covariance

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Estimator names a method.
type Estimator string

// The estimators. Sample has ddof 1; LedoitWolf (2004) and OAS (Chen et al. 2010)
// shrink the covariance with ddof 0 toward the mean variance times the identity; EWMA
// weighs by powers of lambda.
const (
	Sample     Estimator = "sample"
	LedoitWolf Estimator = "ledoit_wolf"
	OAS        Estimator = "oas"
	EWMA       Estimator = "ewma"
)

// Params are the settings of Of.
type Params struct {
	// Estimator; empty means Default(n, p).
	Estimator Estimator
	// Lambda of EWMA, between 0 and 1; 0 means 0.97.
	Lambda float64
	// Repair clips eigenvalues below 1e-10 of the mean variance.
	Repair bool
	// Names are the symbols, for errors.
	Names []string
}

// Estimate is a covariance matrix a period.
type Estimate struct {
	Matrix    [][]float64
	Estimator Estimator
	// Shrinkage is the weight of the target, 0 for sample and EWMA.
	Shrinkage float64
	// MinEigenvalue and ConditionNumber describe the matrix; the latter is +Inf where
	// it is singular.
	MinEigenvalue, ConditionNumber float64
	Warnings                       []string
}

// Default is the estimator for optimisers: Ledoit-Wolf below ten observations an
// asset, else the sample's.
func Default(n, p int) Estimator {
	if n < 10*p {
		return LedoitWolf
	}
	return Sample
}

// repairFloor is the least eigenvalue of a repaired matrix, relative to trace/p.
const repairFloor = 1e-10

// Of estimates the covariance of p columns of n >= 2 returns. Costs n p²/2 and an
// eigenvalue problem of p.
func Of(ctx context.Context, returns [][]float64, params Params) (*Estimate, error) {
	const op = "covariance.Of"
	p := len(returns)
	if p == 0 {
		return nil, quant.Bad(op, "series", 0, "at least 1")
	}
	if err := quant.CheckAll(params.Names, returns, quant.Column{AtLeast: 2}); err != nil {
		return nil, err
	}
	n := len(returns[0])
	out := &Estimate{Estimator: params.Estimator}
	if out.Estimator == "" {
		out.Estimator = Default(n, p)
	}
	var weights []float64
	divisor := float64(n)
	switch out.Estimator {
	case Sample:
		divisor--
	case LedoitWolf, OAS:
	case EWMA:
		lambda := params.Lambda
		if lambda == 0 {
			lambda = 0.97
		}
		if !(lambda > 0 && lambda < 1) {
			return nil, quant.Bad(op, "lambda", lambda, "between 0 and 1, both excluded")
		}
		weights, divisor = decay(n, lambda), 1
	default:
		return nil, quant.Bad(op, "estimator", out.Estimator, "sample, ledoit_wolf, oas or ewma")
	}
	c := centred(returns, weights)
	var err error
	if out.Matrix, err = products(ctx, c, divisor); err != nil {
		return nil, err
	}
	switch out.Estimator {
	case LedoitWolf:
		out.shrink(ledoitWolf(c, out.Matrix))
	case OAS:
		out.shrink(oas(n, out.Matrix))
	}
	if n <= p {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d observations of %d assets: the sample covariance is singular", n, p))
	}
	return out, out.describe(op, params.Repair)
}

// centred removes the means; with weights, which add up to one, the weighted means,
// and multiplies by the weights' roots.
func centred(returns [][]float64, weights []float64) [][]float64 {
	out := make([][]float64, len(returns))
	for j, x := range returns {
		c := append([]float64(nil), x...)
		if weights == nil {
			floats.AddConst(-quant.Mean(x), c)
			floats.AddConst(-quant.Mean(c), c) // what rounding left
		} else {
			floats.AddConst(-floats.Dot(weights, x), c)
			for i, w := range weights {
				c[i] *= math.Sqrt(w)
			}
		}
		out[j] = c
	}
	return out
}

func decay(n int, lambda float64) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = math.Pow(lambda, float64(n-1-i))
	}
	floats.Scale(1/quant.Sum(w), w)
	return w
}

// products is C'C over a divisor.
func products(ctx context.Context, c [][]float64, divisor float64) ([][]float64, error) {
	out, err := quant.Gram(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, row := range out {
		floats.Scale(1/divisor, row)
	}
	return out, nil
}

// ledoitWolf is the best weight of the identity for centred columns and their
// covariance with ddof 0 (Ledoit and Wolf 2004, lemma 3.2 to 3.5).
func ledoitWolf(c, s [][]float64) float64 {
	n, p := float64(len(c[0])), float64(len(c))
	var fourth float64 // Σ_t |x_t|⁴
	for t := range c[0] {
		var size float64
		for _, col := range c {
			size += col[t] * col[t]
		}
		fourth += size * size
	}
	squares, mean := sizes(s)
	noise := (fourth/n - squares) / n
	distance := squares - p*mean*mean
	if noise = min(noise, distance); noise <= 0 {
		return 0
	}
	return noise / distance
}

// oas is the weight of the identity of Chen, Wiesel, Eldar and Hero 2010, eq. 23, as
// scikit-learn has it.
func oas(n int, s [][]float64) float64 {
	p := float64(len(s))
	squares, mean := sizes(s)
	alpha := squares / (p * p)
	below := (float64(n) + 1) * (alpha - mean*mean/p)
	if below <= 0 {
		return 1
	}
	return min((alpha+mean*mean)/below, 1)
}

// sizes is the sum of squares of a matrix and the mean of its diagonal.
func sizes(s [][]float64) (squares, mean float64) {
	for i, row := range s {
		squares += floats.Dot(row, row)
		mean += row[i]
	}
	return squares, mean / float64(len(s))
}

func (e *Estimate) shrink(weight float64) {
	e.Shrinkage = weight
	_, mean := sizes(e.Matrix)
	for i, row := range e.Matrix {
		floats.Scale(1-weight, row)
		row[i] += weight * mean
	}
}

// describe computes the spectrum and repairs it where asked.
func (e *Estimate) describe(op string, repair bool) error {
	p := len(e.Matrix)
	s := mat.NewSymDense(p, nil)
	var trace float64
	for i, row := range e.Matrix {
		trace += row[i]
		for j := i; j < p; j++ {
			s.SetSym(i, j, row[j])
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(s, repair) {
		return fault.E(op, fault.NotConverged, "the eigenvalues of the covariance were not found")
	}
	values := eigen.Values(nil)
	floor := repairFloor * trace / float64(p)
	if repair && values[0] < floor {
		var v, scaled, full mat.Dense
		eigen.VectorsTo(&v)
		clipped := 0
		for i := range values {
			if values[i] < floor {
				values[i] = floor
				clipped++
			}
		}
		scaled.Apply(func(_, j int, x float64) float64 { return x * values[j] }, &v)
		full.Mul(&scaled, v.T())
		for i, row := range e.Matrix {
			for j := range row {
				row[j] = (full.At(i, j) + full.At(j, i)) / 2
			}
		}
		e.Warnings = append(e.Warnings, fmt.Sprintf("%d eigenvalues were raised to %g to make the matrix positive definite", clipped, floor))
	}
	e.MinEigenvalue, e.ConditionNumber = values[0], math.Inf(1)
	if values[0] > 1e-15*values[p-1] {
		e.ConditionNumber = values[p-1] / values[0]
	}
	return nil
}
