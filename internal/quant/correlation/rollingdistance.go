package correlation

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// RollingParams are those of rolling distance correlations.
type RollingParams struct {
	// Window is the number of observations.
	Window int
	// Corrected gives the bias-corrected squared coefficient, DistanceResult.DCor2U,
	// in place of DCor: the biased one of independent series averages 0.22 over 60
	// observations.
	Corrected bool
}

// RollingDistance is the distance correlation of x and y over windows, as Rolling
// has them. Errors as Rolling, and the context's. Cost O(nw).
func RollingDistance(ctx context.Context, x, y []float64, p RollingParams) ([]float64, error) {
	out, err := RollingDistances(ctx, []string{"x", "y"}, [][]float64{x, y}, p)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// maxWindows is how many values one call makes at most: 200 MB.
const maxWindows = 25_000_000

// chunk is how many windows are worked on before their sums of products are taken
// afresh; distances of that many are kept for each series.
const chunk = 64

// RollingDistances is the rolling distance correlation of all pairs of p columns
// (n each): n-window+1 values a pair, in the order (0,1), (0,2) … (1,2) …. The sum
// of products of distances follows the window: one step takes out the distances from the oldest point and
// brings in those to the newest; sums that have lost their digits are taken afresh.
// Errors as Rolling, fault.TooLarge above 25 million
// values, and the context's. Cost O(p²nw) on all processors.
func RollingDistances(ctx context.Context, names []string, columns [][]float64, params RollingParams) ([][]float64, error) {
	const op = "correlation.RollingDistances"
	window := params.Window
	if err := quant.CheckAll(names, columns, quant.Column{AtLeast: minimum}); err != nil {
		return nil, err
	}
	if len(columns) < 2 {
		return nil, quant.Bad(op, "series", len(columns), "at least 2")
	}
	if err := checkWindow(op, columns[:1], window); err != nil {
		return nil, err
	}
	p, steps := len(columns), len(columns[0])-window+1
	pairs := p * (p - 1) / 2
	if pairs*steps > maxWindows {
		return nil, fault.E(op, fault.TooLarge, "%d pairs over %d windows are more than %d values", pairs, steps, maxWindows).With("value", pairs*steps).With("limit", maxWindows)
	}
	flat := make([]float64, pairs*steps)
	out := make([][]float64, pairs)
	for i := range out {
		out[i] = flat[i*steps : (i+1)*steps]
	}
	series := make([]*windows, p)
	for i, c := range columns {
		series[i] = newWindows(c, params)
	}
	for from := 0; from < steps; from += chunk {
		count := min(chunk, steps-from)
		if err := quant.Parallel(ctx, p, func(_, i int) { series[i].fill(from, count) }); err != nil {
			return nil, err
		}
		err := quant.Parallel(ctx, p-1, func(_, i int) {
			first := i*p - i*(i+1)/2 - i - 1
			for j := i + 1; j < p; j++ {
				series[i].correlate(series[j], out[first+j][from:from+count])
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// windows is a series with the distances within its windows of one chunk.
type windows struct {
	x    []float64
	w    int
	fair bool // the corrected coefficient
	// byRows and byTotals make a covariance, but for a factor that all have, of the
	// sums of products of distances, of rows, and of the totals.
	byRows, byTotals float64
	varies           []bool
	from             int
	// first are all distances of the first window, k < l.
	first []float64
	// arrive holds for each later window the distances to its newest point, leave those
	// from the point that left it: w-1 each.
	arrive, leave []float64
	// rows are the sums of each window's rows, mean their mean.
	rows  []float64
	total []float64
	peak  float64   // the greatest total since rows were taken afresh
	root  []float64 // of the distance deviation times w, or of the corrected variance
}

func newWindows(x []float64, p RollingParams) *windows {
	w := p.Window
	out := &windows{
		x: x, w: w, fair: p.Corrected, varies: quant.Varying(x, w),
		first:  make([]float64, w*(w-1)/2),
		arrive: make([]float64, chunk*(w-1)), leave: make([]float64, chunk*(w-1)),
		rows: make([]float64, chunk*w), total: make([]float64, chunk), root: make([]float64, chunk),
	}
	f := float64(w)
	out.byRows, out.byTotals = 2/f, 1/(f*f)
	if p.Corrected {
		out.byRows, out.byTotals = 2/(f-2), 1/((f-1)*(f-2))
	}
	return out
}

// fill takes the distances of the windows that begin at from, from+1, ….
func (s *windows) fill(from, count int) {
	s.from = from
	w := s.w
	k := 0
	for i, v := range s.x[from : from+w] {
		for _, u := range s.x[from : from+i] {
			s.first[k] = math.Abs(v - u)
			k++
		}
	}
	for t := range count {
		x := s.x[from+t : from+t+w]
		if t > 0 {
			kept, old, fresh := x[:w-1], s.x[from+t-1], x[w-1]
			in, gone := s.arrive[t*(w-1):(t+1)*(w-1)], s.leave[t*(w-1):(t+1)*(w-1)]
			for i, v := range kept {
				in[i] = math.Abs(v - fresh)
				gone[i] = math.Abs(v - old)
			}
		}
		s.describe(t, x)
	}
}

// describe takes row sums and distance variance of one window.
func (s *windows) describe(t int, x []float64) {
	w := s.w
	rows := s.rows[t*w : (t+1)*w]
	clear(rows)
	mean := quant.Mean(x)
	var squares float64
	if t > 0 {
		w1 := w - 1
		before := s.rows[(t-1)*w : t*w]
		in, gone := s.arrive[t*w1:(t+1)*w1], s.leave[t*w1:(t+1)*w1]
		for i := range w1 {
			rows[i] = before[i+1] + in[i] - gone[i]
			rows[w1] += in[i]
		}
	}
	if t == 0 || floats.Sum(rows) < lost*s.peak {
		s.peak = 0
		clear(rows)
		for i := range w {
			for j := range i {
				d := math.Abs(x[i] - x[j])
				rows[i] += d
				rows[j] += d
			}
		}
	}
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	f := float64(w)
	s.total[t] = floats.Sum(rows)
	s.peak = max(s.peak, s.total[t])
	variance := 2*f*squares - s.byRows*floats.Dot(rows, rows) + s.byTotals*s.total[t]*s.total[t]
	s.root[t] = math.Sqrt(max(variance, 0))
	switch {
	case !s.fair:
		s.root[t] = math.Sqrt(s.root[t])
	case variance <= vanished*squares*f:
		s.root[t] = math.NaN()
	}
}

// correlate writes the distance correlations of the chunk's windows.
func (s *windows) correlate(o *windows, out []float64) {
	w := s.w
	cross := 2 * floats.Dot(s.first, o.first)
	peak := cross
	for t := range out {
		if t > 0 {
			at, to := t*(w-1), (t+1)*(w-1)
			cross += 2 * (floats.Dot(s.arrive[at:to], o.arrive[at:to]) - floats.Dot(s.leave[at:to], o.leave[at:to]))
		}
		if !s.varies[s.from+t] || !o.varies[s.from+t] {
			out[t] = math.NaN()
			continue
		}
		if peak = max(peak, cross); cross < lost*peak {
			cross = s.cross(o, s.from+t)
			peak = cross
		}
		rows := floats.Dot(s.rows[t*w:(t+1)*w], o.rows[t*w:(t+1)*w])
		v := cross - s.byRows*rows + s.byTotals*s.total[t]*o.total[t]
		if !s.fair {
			v = math.Sqrt(max(v, 0))
		}
		out[t] = min(1, v/(s.root[t]*o.root[t]))
	}
}

// cross is the sum of products of distances within one window.
func (s *windows) cross(o *windows, from int) (sum float64) {
	x, y := s.x[from:from+s.w], o.x[from:from+s.w]
	for i := range x {
		for j := range i {
			sum += math.Abs(x[i]-x[j]) * math.Abs(y[i]-y[j])
		}
	}
	return 2 * sum
}

// Aggregate is how a rolling series becomes one number.
type Aggregate string

// The aggregates; the median is the default.
const (
	Median Aggregate = "median"
	Mean   Aggregate = "mean"
	Last   Aggregate = "last"
	Min    Aggregate = "min"
	// Share is the part of the values at or above the threshold.
	Share Aggregate = "share"
)

// Reduce makes one number of the values that there are, NaN of none; threshold is
// that of Share.
func (a Aggregate) Reduce(values []float64, threshold float64) (float64, error) {
	kept := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			kept = append(kept, v)
		}
	}
	n := len(kept)
	switch a {
	case "", Median, Mean, Last, Min, Share:
	default:
		return 0, quant.Bad("correlation.Reduce", "aggregate", string(a), "median, mean, last, min or share")
	}
	if n == 0 {
		return math.NaN(), nil
	}
	switch a {
	case Mean:
		return quant.Mean(kept), nil
	case Last:
		return values[len(values)-1], nil
	case Min:
		return slices.Min(kept), nil
	case Share:
		count := 0
		for _, v := range kept {
			if v >= threshold {
				count++
			}
		}
		return float64(count) / float64(n), nil
	}
	slices.Sort(kept)
	return (kept[(n-1)/2] + kept[n/2]) / 2, nil
}
