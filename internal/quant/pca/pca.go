// Package pca finds the principal components of returns.
//
//	r, err := pca.Components(ctx, symbols, returns, pca.Params{Matrix: pca.Correlation, Count: 5})
//	fmt.Println(r.Ratio[0], r.Vectors[0])
package pca

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Matrix is what is decomposed.
type Matrix string

const (
	// Covariance is the default.
	Covariance Matrix = "covariance"
	// Correlation divides each column by its standard deviation first.
	Correlation Matrix = "correlation"
)

// Params are those of Components.
type Params struct {
	Matrix Matrix
	// Count is how many components are returned; 0 is all, min(n-1, p).
	Count int
}

// Result are components in descending order of variance.
type Result struct {
	// Values are the variances, Vectors the loadings (a row a component, p each, of
	// length one; the entry of greatest magnitude is positive).
	Values  []float64
	Vectors [][]float64
	// Ratio is the part of Total that each explains, a fraction; Cumulative their sum.
	Ratio, Cumulative []float64
	// Total variance, of all components.
	Total float64
	// ScoresLast are the last row's scores.
	ScoresLast []float64
	// EffectiveRank is the exponential of the entropy of all ratios.
	EffectiveRank float64
	// MPUpperEdge is (1+√(p/n))², beyond which a correlation matrix of noise has no
	// eigenvalue, and Exceeding how many are; NaN and 0 for a covariance.
	MPUpperEdge  float64
	Exceeding    int
	Observations int
	Warnings     []string
}

// Least numbers of observations and series.
const (
	minimum   = 3
	minSeries = 2
)

// tieWidth is the part of the trace below which two eigenvalues count as one.
const tieWidth = 1e-10

// Components decomposes the covariance (ddof 1) or correlation of p columns of n
// returns each, n at least 3. Where p > n it works on the n×n matrix of inner
// products. Errors: fault.MissingValues, NonFinite, InsufficientData,
// InvalidParameter (one series; a count out of range), ConstantSeries
// (correlation), and the context's. Cost np·min(n,p) + 9·min(n,p)³.
func Components(ctx context.Context, names []string, columns [][]float64, p Params) (*Result, error) {
	const op = "pca.Components"
	if err := quant.CheckAll(names, columns, quant.Column{AtLeast: minimum, Varies: p.Matrix == Correlation}); err != nil {
		return nil, err
	}
	switch p.Matrix {
	case "", Covariance, Correlation:
	default:
		return nil, quant.Bad(op, "matrix", string(p.Matrix), "covariance or correlation")
	}
	series := len(columns)
	if series < minSeries {
		return nil, quant.Bad(op, "series", series, "at least 2")
	}
	n := len(columns[0])
	most := min(n-1, series)
	count := p.Count
	if count == 0 {
		count = most
	}
	if count < 1 || count > most {
		return nil, quant.Bad(op, "n_components", p.Count, fmt.Sprintf("between 1 and %d", most))
	}
	centred := centre(columns, p.Matrix == Correlation)
	values, vectors, err := decompose(ctx, centred, count)
	if err != nil {
		return nil, err
	}
	out := &Result{Observations: n, MPUpperEdge: math.NaN()}
	for _, x := range centred {
		out.Total += floats.Dot(x, x) / float64(n-1)
	}
	if !(out.Total > 0) {
		return nil, fault.E(op, fault.ConstantSeries, "no series varies")
	}
	out.describe(values[:most], count, n, series, p.Matrix == Correlation)
	for _, v := range vectors {
		orient(v)
		var score float64
		for j, w := range v {
			score += w * centred[j][n-1]
		}
		out.Vectors = append(out.Vectors, v)
		out.ScoresLast = append(out.ScoresLast, score)
	}
	return out, nil
}

// centre takes the means out of copies of the columns, and gives them the sample
// standard deviation one.
func centre(columns [][]float64, scale bool) [][]float64 {
	out := make([][]float64, len(columns))
	n := len(columns[0])
	flat := make([]float64, n*len(columns))
	for i, c := range columns {
		x := flat[i*n : (i+1)*n]
		copy(x, c)
		floats.AddConst(-quant.Mean(x), x)
		floats.AddConst(-quant.Mean(x), x) // what rounding left
		if scale {
			floats.Scale(math.Sqrt(float64(n-1))/floats.Norm(x, 2), x)
		}
		out[i] = x
	}
	return out
}

// describe fills in what follows from the eigenvalues alone.
func (r *Result) describe(values []float64, count, n, series int, correlation bool) {
	var entropy, sum float64
	for i, v := range values {
		v = max(v, 0)
		values[i] = v
		if q := v / r.Total; q > 0 {
			entropy -= q * math.Log(q)
		}
	}
	r.EffectiveRank = math.Exp(entropy)
	r.Values = values[:count:count]
	for i, v := range r.Values {
		sum += v / r.Total
		r.Ratio = append(r.Ratio, v/r.Total)
		r.Cumulative = append(r.Cumulative, sum)
		if i+1 < len(values) && v-values[i+1] <= tieWidth*r.Total {
			r.Warnings = append(r.Warnings, fmt.Sprintf("equal_eigenvalues: %d and %d; their vectors are arbitrary within the block", i+1, i+2))
		}
	}
	if correlation {
		edge := 1 + math.Sqrt(float64(series)/float64(n))
		r.MPUpperEdge = edge * edge
		for _, v := range values {
			if v > r.MPUpperEdge {
				r.Exceeding++
			}
		}
	}
}

// orient makes the entry of greatest magnitude positive; of equals the first.
func orient(v []float64) {
	best := 0
	for i, e := range v {
		if math.Abs(e) > math.Abs(v[best])*(1+1e-12) {
			best = i
		}
	}
	if v[best] < 0 {
		floats.Scale(-1, v)
	}
}

// block is how many vectors are made at once while a column lies in the cache.
const block = 16

// decompose gives all eigenvalues of the covariance of centred columns, descending,
// at least min(n, p) of them, and the first count vectors.
func decompose(ctx context.Context, centred [][]float64, count int) ([]float64, [][]float64, error) {
	p, n := len(centred), len(centred[0])
	if p <= n {
		g, err := quant.Gram(ctx, centred)
		if err != nil {
			return nil, nil, err
		}
		return symmetric(ctx, g, count, 1/float64(n-1))
	}
	rows := make([][]float64, n)
	flat := make([]float64, n*p)
	for t := range rows {
		rows[t] = flat[t*p : (t+1)*p]
		for j, c := range centred {
			rows[t][j] = c[t]
		}
	}
	g, err := quant.Gram(ctx, rows)
	if err != nil {
		return nil, nil, err
	}
	values, left, err := symmetric(ctx, g, count, 1/float64(n-1))
	if err != nil {
		return nil, nil, err
	}
	vectors := make([][]float64, count)
	err = quant.Parallel(ctx, (count+block-1)/block, func(_, k int) {
		some := vectors[k*block : min((k+1)*block, count)]
		for i := range some {
			some[i] = make([]float64, p)
		}
		for j, c := range centred {
			for i, v := range some {
				v[j] = floats.Dot(left[k*block+i], c)
			}
		}
		for _, v := range some {
			floats.Scale(1/floats.Norm(v, 2), v)
		}
	})
	return values, vectors, err
}
