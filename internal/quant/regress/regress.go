// Package regress is least squares by Householder reflections, for kernels that
// regress a series on a few others.
//
//	fit := regress.Fit(y, regress.Trend(len(y), 1), x)
//	slope, se := fit.Coef[1], fit.SE()[1]
package regress

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Result is a least-squares fit. A column that the others span has the
// coefficient zero.
type Result struct {
	// Coef are the coefficients in the order of the columns.
	Coef []float64
	// Residuals are what the fit leaves, one an observation.
	Residuals []float64
	// SSR is the sum of squared residuals.
	SSR float64
	// Rank counts the columns that the others do not span.
	Rank int

	r [][]float64 // the triangle, by columns
}

// rankWidth is the part of a column's length below which what is left of it
// counts as nothing.
const rankWidth = 1e-13

// Fit regresses y (n) on columns (n each, k of them); it adds no constant. Cost
// 2nk².
func Fit(y []float64, columns ...[]float64) *Result {
	k := len(columns)
	q, r, kept := reflect(append(columns[:k:k], y), k)
	z := q[k]
	out := &Result{Coef: make([]float64, k), r: r, Rank: len(kept)}
	beta := append([]float64(nil), z[:out.Rank]...)
	for i := out.Rank - 1; i >= 0; i-- {
		beta[i] /= r[i][i]
		for h := range i {
			beta[h] -= beta[i] * r[i][h]
		}
	}
	for i, j := range kept {
		out.Coef[j] = beta[i]
	}
	out.Residuals = append([]float64(nil), y...)
	for j, b := range out.Coef {
		floats.AddScaled(out.Residuals, -b, columns[j])
	}
	out.SSR = floats.Dot(z[out.Rank:], z[out.Rank:])
	return out
}

// Triangle is R of the columns' QR decomposition, by columns, column j with j+1
// entries, and the rank, short of which R has fewer columns. The diagonal is
// positive. Cost 2nk².
func Triangle(columns [][]float64) (r [][]float64, rank int) {
	_, r, kept := reflect(columns, len(columns))
	for i := range kept {
		if r[i][i] < 0 {
			for _, c := range r[i:] {
				c[i] = -c[i]
			}
		}
	}
	return r, len(kept)
}

// reflect turns copies of the columns until the first k are a triangle; it leaves
// out those that the ones before them span.
func reflect(columns [][]float64, k int) (q, r [][]float64, kept []int) {
	n := len(columns[0])
	flat := make([]float64, n*len(columns))
	q = make([][]float64, len(columns))
	for j, c := range columns {
		q[j] = flat[j*n : (j+1)*n]
		copy(q[j], c)
	}
	for j := range k {
		row := len(kept)
		if row >= n {
			break
		}
		v := q[j][row:]
		length := floats.Norm(v, 2)
		if length <= rankWidth*floats.Norm(columns[j], 2) {
			continue
		}
		if v[0] > 0 {
			length = -length
		}
		v[0] -= length
		scale := -1 / (length * v[0])
		for _, c := range q[j+1:] {
			floats.AddScaled(c[row:], -scale*floats.Dot(v, c[row:]), v)
		}
		r = append(r, append(append([]float64(nil), q[j][:row]...), length))
		kept = append(kept, j)
	}
	return q, r, kept
}

// Variance is the residual variance, SSR over the degrees of freedom that are
// left; NaN where none are.
func (r *Result) Variance() float64 {
	left := len(r.Residuals) - r.Rank
	if left <= 0 {
		return math.NaN()
	}
	return r.SSR / float64(left)
}

// SE are the classical standard errors of the coefficients; NaN throughout where
// a column is spanned by others.
func (r *Result) SE() []float64 {
	k := len(r.Coef)
	out := make([]float64, k)
	if r.Rank < k {
		for i := range out {
			out[i] = math.NaN()
		}
		return out
	}
	s := math.Sqrt(r.Variance())
	for i := range k { // column i of R⁻ᵀ, whose squares add up to the diagonal of (X'X)⁻¹
		e := make([]float64, k)
		e[i] = 1
		var sum float64
		for j := i; j < k; j++ {
			v := e[j]
			for h := i; h < j; h++ {
				v -= r.r[j][h] * e[h]
			}
			e[j] = v / r.r[j][j]
			sum += e[j] * e[j]
		}
		out[i] = s * math.Sqrt(sum)
	}
	return out
}

// Trend is time to a power, 1 … n: ones for power 0.
func Trend(n, power int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Pow(float64(i+1), float64(power))
	}
	return out
}

// Polynomials are orthonormal polynomials of time of degree 0 … count-1 on n
// equally spaced points.
func Polynomials(n, count int) [][]float64 {
	out := make([][]float64, 0, count)
	for d := range count {
		p := make([]float64, n)
		for t := range p {
			p[t] = math.Pow((2*float64(t)-float64(n-1))/float64(n), float64(d))
		}
		Project(out, p)
		Project(out, p)
		floats.Scale(1/floats.Norm(p, 2), p)
		out = append(out, p)
	}
	return out
}

// Project takes what an orthonormal basis spans out of x, in place.
func Project(basis [][]float64, x []float64) {
	for _, b := range basis {
		floats.AddScaled(x, -floats.Dot(b, x), b)
	}
}
