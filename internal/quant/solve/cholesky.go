package solve

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Cholesky is the lower factor L of a symmetric positive definite matrix A = LL'.
type Cholesky struct {
	n int
	l []float64
}

// tinyPivot is the pivot, relative to the diagonal of A, below which a direction
// counts as undetermined.
const tinyPivot = 1e-14

// Factor computes the factor of the n×n matrix a (row-major, the lower triangle is
// read) and reports how many pivots were not positive within rounding. The steps
// along those are zero, so that a redundant equation does no harm. The memory of a
// former factor is used again. Costs n³/3.
func (c *Cholesky) Factor(a []float64, n int) (deficient int) {
	if cap(c.l) < n*n {
		c.l = make([]float64, n*n)
	}
	c.n, c.l = n, c.l[:n*n]
	for i := range n {
		ri := c.l[i*n : i*n+n]
		for j := range i {
			rj := c.l[j*n : j*n+j]
			ri[j] = (a[i*n+j] - floats.Dot(ri[:j], rj)) / c.l[j*n+j]
		}
		d := a[i*n+i] - floats.Dot(ri[:i], ri[:i])
		if !(d > tinyPivot*math.Abs(a[i*n+i])) {
			deficient++
			d = math.Inf(1)
		}
		ri[i] = math.Sqrt(d)
	}
	return deficient
}

// Solve overwrites b with the solution of A x = b. Costs 2n².
func (c *Cholesky) Solve(b []float64) {
	n := c.n
	for i := range n {
		b[i] = (b[i] - floats.Dot(c.l[i*n:i*n+i], b[:i])) / c.l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		b[i] /= c.l[i*n+i]
		floats.AddScaled(b[:i], -b[i], c.l[i*n:i*n+i])
	}
}
