package cointegration

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant/regress"
)

// system is the reduced-rank regression of one set of series, with its memory.
type system struct {
	series, lags int
	// moments are the cross products of lagged differences, levels and differences:
	// the lower triangle, which solve overwrites.
	moments [][]float64
	// values descend; vectors are in the metric of S11's Cholesky factor.
	values  []float64
	vectors [][]float64
	core    [][]float64
}

func newSystem(series, lags int) *system {
	square := func(n int) [][]float64 {
		out := make([][]float64, n)
		for i := range out {
			out[i] = make([]float64, n)
		}
		return out
	}
	return &system{
		series: series, lags: lags, moments: square(series * (lags + 2)),
		values: make([]float64, series), vectors: square(series), core: square(series),
	}
}

// singular is the part of a column's square below which what the others leave of
// it is rounding.
const singular = 1e-13

// solve finds eigenvalues and vectors from the moments; false where a covariance is
// singular. One Cholesky factorisation of [lags, levels,
// differences] partials the lags out, factors S11, and leaves S01 L⁻ᵀ below it; the
// differences' block before the levels are taken out is S00.
func (s *system) solve() bool {
	m, p := s.moments, s.series
	k := p * s.lags
	full := make([]float64, len(m))
	for i := range m {
		full[i] = m[i][i]
	}
	// s00 loses the lags only: it is what the levels' columns have not yet touched.
	for j := range k + p {
		pivot := m[j][j]
		if !(pivot > singular*full[j]) {
			return false
		}
		root := math.Sqrt(pivot)
		m[j][j] = root
		for i := j + 1; i < len(m); i++ {
			m[i][j] /= root
		}
		for i := j + 1; i < len(m); i++ {
			f := m[i][j]
			last := i
			if j >= k { // levels are not taken out of the differences
				last = min(i, k+p-1)
			}
			for c := j + 1; c <= last; c++ {
				m[i][c] -= f * m[c][j]
			}
		}
	}
	return s.reduce(full)
}

// solveColumns does the same from the columns themselves by reflections, which
// does not square what nearly makes them combinations of one another: levels far
// from zero without a constant do.
func (s *system) solveColumns(columns [][]float64) bool {
	m, p := s.moments, s.series
	k := p * s.lags
	r, rank := regress.Triangle(columns)
	if rank < len(columns) {
		return false
	}
	full := make([]float64, len(m))
	for i, column := range r {
		full[i] = floats.Dot(column, column)
		for j := k; j < min(i+1, k+p); j++ {
			m[i][j] = column[j]
		}
		for j := k + p; j <= i; j++ { // differences without the lags: S00
			m[i][j] = floats.Dot(column[k:j+1], r[j][k:])
		}
	}
	return s.reduce(full)
}

// reduce goes on from S11's factor L, B = S01 L⁻ᵀ and S00 in the moments' place to
// the core B' S00⁻¹ B and its eigenvalues.
func (s *system) reduce(full []float64) bool {
	m, p := s.moments, s.series
	k := p * s.lags
	for j := range p {
		row := m[k+p+j]
		pivot := row[k+p+j]
		for c := range j {
			pivot -= row[k+p+c] * row[k+p+c]
		}
		if !(pivot > singular*full[k+p+j]) {
			return false
		}
		row[k+p+j] = math.Sqrt(pivot)
		for i := j + 1; i < p; i++ {
			below := m[k+p+i]
			for c := range j {
				below[k+p+j] -= below[k+p+c] * row[k+p+c]
			}
			below[k+p+j] /= row[k+p+j]
		}
		for c := k; c < k+p; c++ { // forward substitution of B
			for h := range j {
				row[c] -= row[k+p+h] * m[k+p+h][c]
			}
			row[c] /= row[k+p+j]
		}
	}
	for a := range p {
		for b := range p {
			var sum float64
			for i := range p {
				sum += m[k+p+i][k+a] * m[k+p+i][k+b]
			}
			s.core[a][b] = sum
		}
	}
	jacobi(s.core, s.values, s.vectors)
	return true
}

// vector is eigenvector i with v'S11v = 1 for t observations.
func (s *system) vector(i int, t float64) []float64 {
	p, k := s.series, s.series*s.lags
	v := make([]float64, p)
	for a := p - 1; a >= 0; a-- { // L'v = u
		v[a] = s.vectors[i][a]
		for b := a + 1; b < p; b++ {
			v[a] -= s.moments[k+b][k+a] * v[b]
		}
		v[a] /= s.moments[k+a][k+a]
	}
	scale := math.Sqrt(t)
	for _, e := range v {
		if e != 0 {
			if e < 0 {
				scale = -scale
			}
			break
		}
	}
	for a := range v {
		v[a] *= scale
	}
	return v
}

// jacobi finds the eigenvalues of a small symmetric matrix, descending, and its
// vectors as rows; it overwrites the matrix.
func jacobi(a [][]float64, values []float64, vectors [][]float64) {
	n := len(a)
	for i := range vectors {
		clear(vectors[i])
		vectors[i][i] = 1
	}
	for range 60 {
		var off, diagonal float64
		for i := range n {
			diagonal += a[i][i] * a[i][i]
			for j := range i {
				off += a[i][j] * a[i][j]
			}
		}
		if off <= 1e-34*diagonal {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				if a[p][q] == 0 {
					continue
				}
				theta := (a[q][q] - a[p][p]) / (2 * a[p][q])
				t := math.Copysign(1, theta) / (math.Abs(theta) + math.Sqrt(theta*theta+1))
				c := 1 / math.Sqrt(t*t+1)
				rotate(a, vectors, p, q, c, t*c)
			}
		}
	}
	for i := range values {
		values[i] = a[i][i]
	}
	for i := range values { // selection sort: n is small
		best := i
		for j := i + 1; j < n; j++ {
			if values[j] > values[best] {
				best = j
			}
		}
		values[i], values[best] = values[best], values[i]
		vectors[i], vectors[best] = vectors[best], vectors[i]
	}
}

func rotate(a, vectors [][]float64, p, q int, c, s float64) {
	for i := range a {
		x, y := a[i][p], a[i][q]
		a[i][p], a[i][q] = c*x-s*y, s*x+c*y
	}
	for i := range a {
		x, y := a[p][i], a[q][i]
		a[p][i], a[q][i] = c*x-s*y, s*x+c*y
	}
	for i := range a {
		x, y := vectors[p][i], vectors[q][i]
		vectors[p][i], vectors[q][i] = c*x-s*y, s*x+c*y
	}
}
