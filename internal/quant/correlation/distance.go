package correlation

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/quant"
)

// DistanceParams are those of Distance.
type DistanceParams struct {
	// Permutations of y for a p-value without assumptions; 0 is none.
	Permutations int
	// Seed of the permutations; 0 is quant.DefaultSeed.
	Seed uint64
}

// DistanceResult is the distance correlation of two series.
type DistanceResult struct {
	// DCor is the square root of the biased squared coefficient, between 0 and 1. It
	// is well above zero for independent series that are short.
	DCor float64
	// DCov, DVarX and DVarY are square roots as well.
	DCov, DVarX, DVarY float64
	// DCor2U is the bias-corrected squared coefficient; it may be negative, and is NaN
	// where all observations but one are equal.
	DCor2U float64
	// T is its statistic, DF the degrees of freedom, P one-sided.
	T, DF, P float64
	// PPermutation is the share of permutations with at least as great a DCor, NaN
	// without any.
	PPermutation float64
	Observations int
}

// Distance is the distance correlation of x and y (n each, at least 4), zero in the
// limit only where they are independent. Errors: fault.MissingValues, NonFinite,
// ConstantSeries, InsufficientData, and the context's while permuting. Source:
// Székely, Rizzo and Bakirov (2007); corrected and tested as Székely and Rizzo
// (2013). Cost O(n log n), times one plus the permutations.
func Distance(ctx context.Context, x, y []float64, p DistanceParams) (*DistanceResult, error) {
	if err := quant.CheckAll([]string{"x", "y"}, [][]float64{x, y}, quant.Column{AtLeast: minimum, Varies: true}); err != nil {
		return nil, err
	}
	if p.Permutations < 0 {
		return nil, quant.Bad("correlation.Distance", "permutations", p.Permutations, "zero or more")
	}
	a, b := newDistances(x), newDistances(y)
	var s crossing
	ab := products{s.sum(a, b, nil), floats.Dot(a.rows, b.rows), a.total * b.total}
	aa := products{a.squares, floats.Dot(a.rows, a.rows), a.total * a.total}
	bb := products{b.squares, floats.Dot(b.rows, b.rows), b.total * b.total}
	n := float64(len(x))
	out := &DistanceResult{Observations: len(x), PPermutation: math.NaN()}
	cov, vx, vy := ab.biased(n), aa.biased(n), bb.biased(n)
	out.DCov, out.DVarX, out.DVarY = root(cov), root(vx), root(vy)
	out.DCor = coefficient(cov, vx, vy)
	out.DCor2U = ab.corrected(n) / math.Sqrt(aa.deviating(n)*bb.deviating(n))
	v := n * (n - 3) / 2
	out.DF = v - 1
	out.T, out.P = distanceTest(out.DCor2U, out.DF)
	if p.Permutations > 0 {
		var err error
		if out.PPermutation, err = permute(ctx, a, b, ab.cross, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// normalDF is the degrees of freedom above which Student's t is taken as normal.
const normalDF = 1e6

func distanceTest(r, df float64) (t, p float64) {
	if math.IsNaN(r) {
		return r, r
	}
	if r >= 1 {
		return math.Inf(1), 0
	}
	t = math.Sqrt(df) * r / math.Sqrt((1-r)*(1+r))
	if df > normalDF {
		return t, distuv.UnitNormal.Survival(t)
	}
	p = studentP(r, df+2) / 2 // both have r√(df/(1-r²))
	if r < 0 {
		p = 1 - p
	}
	return t, p
}

// products are the sums from which distance covariances are made: of products of
// distances, of row sums, and the product of the totals.
type products struct{ cross, rows, totals float64 }

func (p products) biased(n float64) float64 {
	return p.cross/(n*n) + p.totals/(n*n*n*n) - 2*p.rows/(n*n*n)
}

func (p products) corrected(n float64) float64 {
	return (p.cross - 2*p.rows/(n-2) + p.totals/((n-1)*(n-2))) / (n * (n - 3))
}

// vanished is the part of the squared distances below which a corrected variance is
// rounding: of a series with one value but for one observation it is zero.
const vanished = 1e-13

// deviating is the corrected variance, NaN where there is none.
func (p products) deviating(n float64) float64 {
	if v := p.corrected(n); v > vanished*p.cross/(n*n) {
		return v
	}
	return math.NaN()
}

func root(v float64) float64 { return math.Sqrt(max(v, 0)) }

func coefficient(cov, vx, vy float64) float64 {
	return min(1, root(max(cov, 0)/math.Sqrt(vx*vy)))
}

// distances is a series with what its matrix of distances adds up to.
type distances struct {
	x       []float64 // around the mean
	order   []int32
	rank    []int32 // dense, from 0
	rows    []float64
	total   float64
	squares float64
}

func newDistances(x []float64) *distances {
	n := len(x)
	d := &distances{x: append([]float64(nil), x...), order: ascending(x), rank: make([]int32, n), rows: make([]float64, n)}
	floats.AddConst(-quant.Mean(x), d.x)
	floats.AddConst(-quant.Mean(d.x), d.x)
	var below float64
	for i, k := range d.order {
		v := d.x[k] // below minus above: the whole sum is zero
		d.rows[k] = v*float64(2*i-n) - 2*below
		below += v
		if i > 0 {
			prev := d.order[i-1]
			d.rank[k] = d.rank[prev]
			if x[k] != x[prev] {
				d.rank[k]++
			}
		}
	}
	d.total = quant.Sum(d.rows)
	d.squares = 2 * float64(n) * floats.Dot(d.x, d.x)
	return d
}

// crossing adds up products of distances over all pairs in O(n log n), with its
// memory: going up x, a tree over the ranks of y keeps what lies below.
type crossing struct{ tree [][4]float64 }

// sum is Σ|x_k-x_l||y_k-y_l| over all k, l; where permuted is given, y's row k is
// permuted[k].
func (c *crossing) sum(a, b *distances, permuted []int32) float64 {
	n := len(a.x)
	if len(c.tree) != n+1 {
		c.tree = make([][4]float64, n+1)
	}
	clear(c.tree)
	var sum, count, sx, sy, sxy float64
	for _, k := range a.order {
		row := k
		if permuted != nil {
			row = permuted[k]
		}
		x, y := a.x[k], b.x[row]
		var below [4]float64
		at := int(b.rank[row])
		for i := at; i > 0; i &= i - 1 { // strictly below
			t := &c.tree[i]
			below[0] += t[0]
			below[1] += t[1]
			below[2] += t[2]
			below[3] += t[3]
		}
		low := below[0]*x*y - x*below[2] - y*below[1] + below[3]
		all := count*x*y - x*sy - y*sx + sxy
		sum += 2*low - all
		count++
		sx += x
		sy += y
		sxy += x * y
		for i := at + 1; i <= n; i += i & -i {
			t := &c.tree[i]
			t[0]++
			t[1] += x
			t[2] += y
			t[3] += x * y
		}
	}
	return 2 * sum
}

// permute is the share of permutations of y, the data's own order among them, with
// at least as great a distance covariance: only the sum of products changes, and
// that of row sums.
func permute(ctx context.Context, a, b *distances, cross float64, p DistanceParams) (float64, error) {
	seed := p.Seed
	if seed == 0 {
		seed = quant.DefaultSeed
	}
	n := len(a.x)
	f := float64(n)
	own := cross - 2*floats.Dot(a.rows, b.rows)/f
	reached := make([]bool, p.Permutations)
	type scratch struct {
		c     crossing
		order []int32
	}
	work := make([]scratch, quant.Workers())
	err := quant.Parallel(ctx, p.Permutations, func(worker, i int) {
		s := &work[worker]
		if s.order == nil {
			s.order = make([]int32, n)
		}
		for k := range s.order {
			s.order[k] = int32(k) //nolint:gosec // a series is shorter than that
		}
		quant.Stream(seed, uint64(i)).Shuffle(n, func(i, j int) { s.order[i], s.order[j] = s.order[j], s.order[i] }) //nolint:gosec // not negative
		var rows float64
		for k, row := range s.order {
			rows += a.rows[k] * b.rows[row]
		}
		v := s.c.sum(a, b, s.order) - 2*rows/f
		reached[i] = v >= own-1e-12*math.Abs(own)
	})
	if err != nil {
		return 0, err
	}
	count := 1
	for _, r := range reached {
		if r {
			count++
		}
	}
	return float64(count) / float64(p.Permutations+1), nil
}
