package factor

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/solve"
)

const (
	minBootstrap      = 30
	defaultReplicates = 10000
	// maxReplicates bounds the work; maxRedraws that of one replicate.
	maxReplicates = 1_000_000
	maxRedraws    = 100
)

// BootstrapParams are the settings of AlphaBootstrap and RealityCheck.
type BootstrapParams struct {
	// BlockLength is the expected length of a block; 0 estimates it by BlockLength.
	BlockLength float64
	// Lags of the HAC errors; nil means NeweyWestLags(n).
	Lags *int
	// Replicates is B; 0 means 10,000.
	Replicates int
	// Seed; nil means quant.DefaultSeed.
	Seed *uint64
	// PeriodsPerYear annualises alpha; 0 means 252.
	PeriodsPerYear float64
	// Indices gives the rows of each replicate instead of drawing them.
	Indices [][]int
}

// Alpha is the test of one strategy's alpha.
type Alpha struct {
	// Alpha is a period, Annual a year; SE is HAC, T their ratio.
	Alpha, Annual, SE, T float64
	// PGreater is for alpha above zero, PTwo two-sided; MCError is the Monte Carlo
	// error of PGreater.
	PGreater, PTwo, MCError float64
	BlockLength             float64
	Replicates, Lags        int
	// Redrawn counts replicates drawn anew because their factors were singular.
	Redrawn int
	// AlphaStar and TStar are the replicates'.
	AlphaStar, TStar []float64
	Warnings         []string
}

// AlphaBootstrap tests whether the mean of y that factors x do not explain is zero:
// OLS of y on a constant and the factors (none: alpha is the mean), t from HAC
// errors, and its distribution under alpha = 0 from a stationary bootstrap of rows
// (Politis and Romano 1994). p = (1+#{t* >= t})/(B+1). Neither this test nor the
// normal one is exact: at 5 % with 120 observations it rejects 6 to 7 % of true nulls.
// Needs n >= 30. Costs B n (k²+lags) on all processors; the result does not depend on
// their number.
func AlphaBootstrap(ctx context.Context, y []float64, x [][]float64, params BootstrapParams) (*Alpha, error) {
	r, err := bootstrap(ctx, [][]float64{y}, []string{"y"}, x, params)
	if err != nil {
		return nil, err
	}
	return &r.Strategies[0], nil
}

// Reality is the test of the best of many strategies.
type Reality struct {
	// Strategies are the tests of each by itself.
	Strategies []Alpha
	// Best is the one of the greatest t.
	Best int
	// P is the probability of so great a maximum of t where no strategy has alpha
	// (White's reality check with studentised alphas, Romano and Wolf 2005).
	P, MCError float64
}

// RealityCheck tests many strategies on the same dates, resampled together, so that
// P allows for their number and their correlation. The block length is estimated from
// the best strategy where none is given.
func RealityCheck(ctx context.Context, strategies [][]float64, names []string, x [][]float64, params BootstrapParams) (*Reality, error) {
	return bootstrap(ctx, strategies, names, x, params)
}

func bootstrap(ctx context.Context, ys [][]float64, names []string, x [][]float64, params BootstrapParams) (*Reality, error) {
	const op = "factor.AlphaBootstrap"
	if len(ys) == 0 {
		return nil, quant.Bad(op, "strategies", 0, "at least 1")
	}
	if err := quant.CheckAll(names, ys, quant.Column{AtLeast: minBootstrap}); err != nil {
		return nil, err
	}
	n := len(ys[0])
	if err := params.check(op, n); err != nil {
		return nil, err
	}
	d, err := NewDesign(n, x, nil)
	if err != nil {
		return nil, err
	}
	out := &Reality{Strategies: make([]Alpha, len(ys))}
	s := &sampler{n: n, flat: make([]float64, n), lags: *params.Lags, y0: make([][]float64, len(ys)), seed: *params.Seed, indices: params.Indices}
	floats.AddConst(1/float64(n), s.flat)
	for _, f := range x {
		s.x = append(s.x, append(append([]float64(nil), f...), f...))
	}
	for i, y := range ys {
		f, err := d.Estimate(y, s.lags)
		if err != nil {
			return nil, err
		}
		a := &out.Strategies[i]
		a.Alpha, a.SE = f.Coefficients[0], f.HAC[0]
		a.T, a.Annual = a.Alpha/a.SE, a.Alpha*params.PeriodsPerYear
		if !(a.SE > 0) {
			return nil, fault.E(op, fault.ConstantSeries, "%s has no residual variance, so its alpha has no error", quant.Name(names, i)).With("argument", quant.Name(names, i))
		}
		if a.T > out.Strategies[out.Best].T {
			out.Best = i
		}
		s.y0[i] = append(append([]float64(nil), y...), y...)
		floats.AddConst(-a.Alpha, s.y0[i])
	}
	if params.BlockLength == 0 && params.Indices == nil {
		best, err := d.Estimate(ys[out.Best], s.lags)
		if err != nil {
			return nil, err
		}
		floats.AddConst(best.Coefficients[0], best.Residuals)
		b, err := BlockLength(best.Residuals)
		if err != nil {
			return nil, err
		}
		params.BlockLength = b.Stationary
	}
	s.block = params.BlockLength
	if err := s.run(ctx, params.Replicates); err != nil {
		return nil, err
	}
	out.judge(s, params)
	return out, nil
}

func (p *BootstrapParams) check(op string, n int) error {
	if p.Replicates == 0 {
		p.Replicates = defaultReplicates
	}
	if p.Indices != nil {
		p.Replicates = len(p.Indices)
	}
	if p.PeriodsPerYear == 0 {
		p.PeriodsPerYear = 252
	}
	if p.Seed == nil {
		seed := uint64(quant.DefaultSeed)
		p.Seed = &seed
	}
	if p.Lags == nil {
		lags := NeweyWestLags(n)
		p.Lags = &lags
	}
	switch {
	case p.Replicates < 1:
		return quant.Bad(op, "replicates", p.Replicates, "at least 1")
	case p.Replicates > maxReplicates:
		return fault.E(op, fault.TooLarge, "%d replicates are more than %d", p.Replicates, maxReplicates)
	case p.BlockLength != 0 && !(p.BlockLength >= 1 && p.BlockLength <= float64(n)):
		return quant.Bad(op, "block_length", p.BlockLength, fmt.Sprintf("from 1 to %d", n))
	case *p.Lags < 0 || *p.Lags >= n:
		return quant.Bad(op, "nw_lags", *p.Lags, fmt.Sprintf("from 0 to %d", n-1))
	}
	for _, rows := range p.Indices {
		if len(rows) != n {
			return quant.Bad(op, "indices", len(rows), fmt.Sprintf("%d rows a replicate", n))
		}
		for _, i := range rows {
			if i < 0 || i >= n {
				return quant.Bad(op, "indices", i, fmt.Sprintf("from 0 to %d", n-1))
			}
		}
	}
	return nil
}

// judge turns replicates into p-values.
func (r *Reality) judge(s *sampler, params BootstrapParams) {
	b := params.Replicates
	redrawn := 0
	for _, v := range s.redrawn {
		redrawn += v
	}
	mc := func(p float64) float64 { return math.Sqrt(p * (1 - p) / float64(b)) }
	for i := range r.Strategies {
		a := &r.Strategies[i]
		a.AlphaStar, a.TStar = s.alpha[i], s.t[i]
		above, beyond := 0, 0
		for _, t := range a.TStar {
			if t >= a.T {
				above++
			}
			if math.Abs(t) >= math.Abs(a.T) {
				beyond++
			}
		}
		a.PGreater, a.PTwo = float64(1+above)/float64(b+1), float64(1+beyond)/float64(b+1)
		a.MCError = mc(a.PGreater)
		a.BlockLength, a.Replicates, a.Lags, a.Redrawn = s.block, b, s.lags, redrawn
		a.Warnings = []string{"the bootstrap is not exact: with short or autocorrelated samples it rejects somewhat too often"}
	}
	above := 0
	for k := range b {
		best := math.Inf(-1)
		for i := range r.Strategies {
			best = max(best, s.t[i][k])
		}
		if best >= r.Strategies[r.Best].T {
			above++
		}
	}
	r.P = float64(1+above) / float64(b+1)
	r.MCError = mc(r.P)
}

// sampler draws replicates and estimates each.
type sampler struct {
	n int
	// x and y0 are written twice, one after the other, so that a block that goes past
	// the end is contiguous.
	x, y0   [][]float64
	flat    []float64 // 1/n
	block   float64
	lags    int
	seed    uint64
	indices [][]int

	alpha, t [][]float64 // by strategy and replicate
	redrawn  []int       // by replicate
}

// span is a block: size rows from at, circular.
type span struct{ at, size int }

// scratch is what one goroutine works in.
type scratch struct {
	blocks []span
	x      [][]float64
	mean   []float64
	xx     []float64
	weight []float64 // Sxx^-1 mean
	slope  []float64
	h, y   []float64
	ch     solve.Cholesky
}

func (s *sampler) run(ctx context.Context, replicates int) error {
	s.alpha, s.t = make([][]float64, len(s.y0)), make([][]float64, len(s.y0))
	for i := range s.y0 {
		s.alpha[i], s.t[i] = make([]float64, replicates), make([]float64, replicates)
	}
	s.redrawn = make([]int, replicates)
	work := make([]*scratch, quant.Workers())
	for w := range work {
		k := len(s.x)
		work[w] = &scratch{x: make([][]float64, k), mean: make([]float64, k), xx: make([]float64, k*k), weight: make([]float64, k), slope: make([]float64, k), h: make([]float64, s.n), y: make([]float64, s.n)}
		for j := range k {
			work[w].x[j] = make([]float64, s.n)
		}
	}
	if err := quant.Parallel(ctx, replicates, func(worker, i int) { s.replicate(work[worker], i) }); err != nil {
		return err
	}
	for i, v := range s.redrawn {
		if v > maxRedraws {
			return fault.E("factor.AlphaBootstrap", fault.SingularCovariance, "replicate %d has singular factors after %d draws", i+1, maxRedraws)
		}
	}
	return nil
}

// replicate draws rows and estimates alpha and t of every strategy on them.
func (s *sampler) replicate(w *scratch, i int) {
	if s.indices != nil {
		w.blocks = w.blocks[:0]
		for _, row := range s.indices[i] {
			w.blocks = append(w.blocks, span{at: row, size: 1})
		}
		if !s.prepare(w) {
			s.redrawn[i] = maxRedraws + 1
			return
		}
	} else {
		random := quant.Stream(s.seed, uint64(i)) //nolint:gosec // not negative
		for s.draw(w, random); !s.prepare(w); s.draw(w, random) {
			if s.redrawn[i]++; s.redrawn[i] > maxRedraws {
				return
			}
		}
	}
	for k, y := range s.y0 {
		s.alpha[k][i], s.t[k][i] = s.estimate(w, y)
	}
}

// draw chooses blocks of geometric length at uniform places.
func (s *sampler) draw(w *scratch, random *rand.Rand) {
	w.blocks = stationary(w.blocks[:0], s.n, s.block, random)
}

func stationary(blocks []span, n int, block float64, random *rand.Rand) []span {
	rate := -math.Log1p(-1 / block)
	for left := n; left > 0; {
		b := span{at: random.IntN(n), size: 1}
		if block > 1 {
			b.size += int(min(random.ExpFloat64()/rate, float64(n)))
		}
		b.size = min(b.size, left)
		left -= b.size
		blocks = append(blocks, b)
	}
	return blocks
}

// StationaryRows are the rows of one replicate of a stationary bootstrap of n rows
// (Politis and Romano 1994): blocks of expected length block, at least 1, circular.
// Scenarios for tail risk are made of them. The same seed and replicate give the same
// rows.
func StationaryRows(n int, block float64, seed, replicate uint64) ([]int, error) {
	if n < 1 || !(block >= 1) {
		return nil, quant.Bad("factor.StationaryRows", "rows and block_length", fmt.Sprintf("%d and %g", n, block), "at least 1 each")
	}
	rows := make([]int, 0, n)
	for _, b := range stationary(nil, n, block, quant.Stream(seed, replicate)) {
		for k := range b.size {
			rows = append(rows, (b.at+k)%n)
		}
	}
	return rows, nil
}

// gather writes the rows of the replicate, less their mean, and returns the mean.
func (s *sampler) gather(dst, twice []float64, blocks []span) float64 {
	to := 0
	for _, b := range blocks {
		copy(dst[to:to+b.size], twice[b.at:])
		to += b.size
	}
	mean := floats.Sum(dst) / float64(s.n)
	floats.AddConst(-mean, dst)
	return mean
}

// prepare gathers and centres the factors and computes how alpha depends on each
// observation; false where the factors are singular.
func (s *sampler) prepare(w *scratch) bool {
	k := len(s.x)
	for j, col := range s.x {
		w.mean[j] = s.gather(w.x[j], col, w.blocks)
	}
	for a := range k {
		for b := range a + 1 {
			w.xx[a*k+b] = floats.Dot(w.x[a], w.x[b])
		}
	}
	if w.ch.Factor(w.xx, k) > 0 {
		return false
	}
	copy(w.weight, w.mean)
	w.ch.Solve(w.weight)
	copy(w.h, s.flat)
	for j, g := range w.weight {
		floats.AddScaled(w.h, -g, w.x[j])
	}
	return true
}

func (s *sampler) estimate(w *scratch, y []float64) (alpha, t float64) {
	mean := s.gather(w.y, y, w.blocks)
	for j := range w.slope {
		w.slope[j] = floats.Dot(w.x[j], w.y)
	}
	w.ch.Solve(w.slope)
	alpha = mean
	for j, b := range w.slope {
		alpha -= b * w.mean[j]
		floats.AddScaled(w.y, -b, w.x[j])
	}
	floats.Mul(w.y, w.h) // residuals, each times its weight in alpha
	small := float64(s.n) / float64(s.n-len(s.x)-1)
	return alpha, alpha / math.Sqrt(longRun(w.y, s.lags)*small)
}
