package pca

import (
	"cmp"
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	lapack "gonum.org/v1/gonum/lapack/gonum"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// symmetric gives the eigenvalues of a symmetric matrix times scale, descending,
// and the first count vectors, as rows. The matrix is made tridiagonal by
// reflections, that diagonal by rotations, of which each row of the vectors takes
// all by itself: so they are collected and applied to many rows at once, which is
// most of the work and is done on all processors.
func symmetric(ctx context.Context, a [][]float64, count int, scale float64) ([]float64, [][]float64, error) {
	n := len(a)
	z := make([]float64, n*n)
	var size float64
	for i, row := range a {
		for j, v := range row {
			z[i*n+j] = v * scale
			size = max(size, math.Abs(v*scale))
		}
	}
	if size == 0 {
		size = 1
	}
	for i := range z { // so that squares neither overflow nor vanish
		z[i] /= size
	}
	d, e, tau := make([]float64, n), make([]float64, n), make([]float64, n)
	var l lapack.Implementation
	query := []float64{0}
	l.Dsytrd(blas.Lower, n, z, n, d, e[:n-1], tau[:n-1], query, -1)
	work := make([]float64, max(int(query[0]), n))
	l.Dsytrd(blas.Lower, n, z, n, d, e[:n-1], tau[:n-1], work, len(work))
	l.Dorgtr(blas.Lower, n, z, n, tau[:n-1], query, -1)
	work = make([]float64, max(int(query[0]), n))
	l.Dorgtr(blas.Lower, n, z, n, tau[:n-1], work, len(work))
	r := rotations{z: z, n: n}
	if err := r.diagonalise(ctx, d, e); err != nil {
		return nil, nil, err
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(d[j], d[i]) })
	values, vectors := make([]float64, n), make([][]float64, count)
	for i, k := range order {
		values[i] = d[k] * size
		if i < count {
			vectors[i] = make([]float64, n)
			for t := range n {
				vectors[i][t] = z[t*n+k]
			}
		}
	}
	return values, vectors, nil
}

// rotations wait to be applied to the columns of z (n×n).
type rotations struct {
	z      []float64
	n      int
	sweeps []sweep
	cs     []float64 // cosine and sine of each
}

// sweep turns columns hi-1 and hi, then hi-2 and hi-1, …, so many times.
type sweep struct{ hi, count, at int }

const (
	// flushAt is how many numbers wait at most: what a second-level cache holds.
	flushAt = 1 << 16
	// together is how many rows are turned at once: one alone would wait for its own
	// last result.
	together = 4
	// maxSweeps is how many an eigenvalue takes at most; two are usual.
	maxSweeps = 60
)

// diagonalise is the implicit QL method (Martin and Wilkinson 1968) for the
// diagonal d and what stands beside it, e.
func (r *rotations) diagonalise(ctx context.Context, d, e []float64) error {
	n := r.n
	e[n-1] = 0
	for l := range n {
		for tries := 0; ; tries++ {
			m := l
			for m < n-1 && math.Abs(e[m]) > 0x1p-52*(math.Abs(d[m])+math.Abs(d[m+1])) && math.Abs(e[m]) > 1e-300 {
				m++
			}
			if m == l {
				break
			}
			if tries == maxSweeps {
				return fault.E("pca.Components", fault.NotConverged, "an eigenvalue did not settle in %d sweeps", maxSweeps)
			}
			r.sweep(d, e, l, m)
			if len(r.cs) >= flushAt {
				if err := r.flush(ctx); err != nil {
					return err
				}
			}
		}
	}
	return r.flush(ctx)
}

// sweep is one step of QL on rows l … m.
func (r *rotations) sweep(d, e []float64, l, m int) {
	g := (d[l+1] - d[l]) / (2 * e[l])
	g = d[m] - d[l] + e[l]/(g+math.Copysign(math.Sqrt(g*g+1), g))
	s, c, p := 1.0, 1.0, 0.0
	at := len(r.cs)
	for i := m - 1; i >= l; i-- {
		f, b := s*e[i], c*e[i]
		length := math.Sqrt(f*f + g*g)
		e[i+1] = length
		if length == 0 { // it fell apart on the way
			d[i+1] -= p
			e[m] = 0
			r.sweeps = append(r.sweeps, sweep{m, m - 1 - i, at})
			return
		}
		s, c = f/length, g/length
		g = d[i+1] - p
		t := (d[i]-g)*s + 2*c*b
		p = s * t
		d[i+1] = g + p
		g = c*t - b
		r.cs = append(r.cs, c, s)
	}
	d[l] -= p
	e[l] = g
	e[m] = 0
	r.sweeps = append(r.sweeps, sweep{m, m - l, at})
}

// flush applies what waits to all rows.
func (r *rotations) flush(ctx context.Context) error {
	n := r.n
	err := quant.Parallel(ctx, (n+together-1)/together, func(_, k int) {
		from := k * together
		if from+together > n {
			for t := from; t < n; t++ {
				r.turn(r.z[t*n : (t+1)*n])
			}
			return
		}
		r.turn4(r.z[from*n:(from+1)*n], r.z[(from+1)*n:(from+2)*n], r.z[(from+2)*n:(from+3)*n], r.z[(from+3)*n:(from+4)*n])
	})
	r.sweeps, r.cs = r.sweeps[:0], r.cs[:0]
	return err
}

// turn applies the rotations to one row. What a rotation leaves in its lower place
// is the next one's upper.
func (r *rotations) turn(row []float64) {
	for _, w := range r.sweeps {
		f := row[w.hi]
		cs := r.cs[w.at : w.at+2*w.count]
		i := w.hi - 1
		for ; len(cs) >= 2; cs = cs[2:] {
			c, s := cs[0], cs[1]
			g := row[i]
			row[i+1] = s*g + c*f
			f = c*g - s*f
			i--
		}
		row[i+1] = f
	}
}

// turn4 does so with four rows.
func (r *rotations) turn4(x0, x1, x2, x3 []float64) {
	n := len(x0)
	x1, x2, x3 = x1[:n], x2[:n], x3[:n]
	for _, w := range r.sweeps {
		f0, f1, f2, f3 := x0[w.hi], x1[w.hi], x2[w.hi], x3[w.hi]
		cs := r.cs[w.at : w.at+2*w.count]
		i := w.hi - 1
		for ; len(cs) >= 2; cs = cs[2:] {
			c, s := cs[0], cs[1]
			g0, g1, g2, g3 := x0[i], x1[i], x2[i], x3[i]
			x0[i+1], f0 = s*g0+c*f0, c*g0-s*f0
			x1[i+1], f1 = s*g1+c*f1, c*g1-s*f1
			x2[i+1], f2 = s*g2+c*f2, c*g2-s*f2
			x3[i+1], f3 = s*g3+c*f3, c*g3-s*f3
			i--
		}
		x0[i+1], x1[i+1], x2[i+1], x3[i+1] = f0, f1, f2, f3
	}
}
