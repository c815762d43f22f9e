package correlation_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/correlation"
)

// factors are p series with one common part; ties makes them small integers.
func factors(n, p int, ties bool) [][]float64 {
	common := quant.Stream(11, 0)
	f := make([]float64, n)
	for t := range f {
		f[t] = common.NormFloat64()
	}
	out := make([][]float64, p)
	for i := range out {
		own := quant.Stream(12, uint64(i))
		out[i] = make([]float64, n)
		for t := range out[i] {
			out[i][t] = f[t]*float64(i%3)/2 + own.NormFloat64()
			if ties {
				out[i][t] = math.Round(out[i][t])
			}
		}
	}
	return out
}

func near(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance || math.IsNaN(a) && math.IsNaN(b)
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// tauB is its definition.
func tauB(x, y []float64) float64 {
	var s, a, b float64
	for i := range x {
		for j := range i {
			u, v := sign(x[i]-x[j]), sign(y[i]-y[j])
			s += float64(u * v)
			a += float64(u * u)
			b += float64(v * v)
		}
	}
	return s / math.Sqrt(a*b)
}

func TestKendallIsItsDefinition(t *testing.T) {
	for _, ties := range []bool{false, true} {
		for _, n := range []int{5, 8, 9, 40, 333} {
			x := factors(n, 3, ties)
			m, err := correlation.Matrix(t.Context(), nil, x, correlation.Params{Method: correlation.Kendall})
			if err != nil {
				t.Fatal(err)
			}
			for i := range x {
				for j := range i {
					if want := tauB(x[i], x[j]); !near(m.Rho[i][j], want, 1e-14) {
						t.Errorf("n %d, ties %v: %v, want %v", n, ties, m.Rho[i][j], want)
					}
				}
			}
		}
	}
}

// TestExactKendall counts the 24 orders of four: 1, 3, 5, 6, 5, 3, 1 of them have 0
// … 6 inversions.
func TestExactKendall(t *testing.T) {
	x := []float64{1, 2, 3, 4}
	for _, c := range []struct {
		y    []float64
		want float64
	}{{x, 2. / 24}, {[]float64{2, 1, 3, 4}, 8. / 24}, {[]float64{2, 1, 4, 3}, 18. / 24}, {[]float64{4, 1, 2, 3}, 1}, {[]float64{4, 3, 2, 1}, 2. / 24}} {
		r, err := correlation.Pair(x, c.y, correlation.Automatic)
		if err != nil || !near(r.KendallP, c.want, 1e-15) || !r.KendallExact {
			t.Errorf("%v: %v, %v; want %v", c.y, r.KendallP, err, c.want)
		}
	}
	if _, err := correlation.Pair(x, []float64{1, 1, 2, 3}, correlation.Exact); fault.CodeOf(err) != fault.InvalidParameter {
		t.Errorf("an exact p-value with ties: %v", err)
	}
}

func TestMatrix(t *testing.T) {
	x := factors(100, 6, true)
	constant := make([]float64, 100)
	x = append(x, constant)
	for _, method := range []correlation.Method{correlation.Pearson, correlation.Spearman, correlation.Kendall} {
		m, err := correlation.Matrix(t.Context(), nil, x, correlation.Params{Method: method, Adjust: correlation.Holm})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.Constant, []int{6}) || len(m.Warnings) != 1 || !math.IsNaN(m.Rho[6][6]) || !math.IsNaN(m.Rho[0][6]) {
			t.Errorf("%s: the constant is not told: %+v", method, m.Warnings)
		}
		order := []int{4, 2, 0, 5, 1, 3}
		mixed := make([][]float64, 6)
		for i, k := range order {
			mixed[i] = append([]float64(nil), x[k]...)
			for row := range mixed[i] { // a monotone change of scale, and rows the other way round
				mixed[i][row] = 7 * x[k][99-row]
			}
		}
		other, err := correlation.Matrix(t.Context(), nil, mixed, correlation.Params{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range order {
			for j, b := range order {
				r := m.Rho[a][b]
				if !near(other.Rho[i][j], r, 1e-13) || math.Abs(r) > 1 || m.Rho[b][a] != r || m.Adjusted[a][b] < m.P[a][b] || (a == b && r != 1) {
					t.Errorf("%s %d, %d: %v, %v", method, a, b, r, other.Rho[i][j])
				}
				if method != correlation.Kendall && (m.Low[a][b] > r || m.High[a][b] < r) {
					t.Errorf("%s: %v lies outside of its interval", method, r)
				}
			}
		}
	}
	d := correlation.Describe(mustMatrix(t, x).Rho, 2)
	if len(d.Top) != 2 || math.Abs(d.Top[0].Rho) < math.Abs(d.Bottom[0].Rho) || !(d.Least > 0) || !math.IsNaN(d.MeanAbs[6]) {
		t.Errorf("%+v", d)
	}
}

func mustMatrix(t *testing.T, x [][]float64) *correlation.MatrixResult {
	t.Helper()
	m, err := correlation.Matrix(t.Context(), nil, x, correlation.Params{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// distance is the distance correlation by matrices of distances.
func distance(x, y []float64) (biased, corrected float64) {
	n := len(x)
	matrix := func(x []float64) (d [][]float64, rows []float64, total float64) {
		rows = make([]float64, n)
		for i := range x {
			d = append(d, make([]float64, n))
			for j := range x {
				d[i][j] = math.Abs(x[i] - x[j])
				rows[i] += d[i][j]
				total += d[i][j]
			}
		}
		return d, rows, total
	}
	f := float64(n)
	a, ra, ta := matrix(x)
	b, rb, tb := matrix(y)
	var c, u [3]float64
	for i := range n {
		for j := range n {
			p := a[i][j] - ra[i]/f - ra[j]/f + ta/f/f
			q := b[i][j] - rb[i]/f - rb[j]/f + tb/f/f
			c[0], c[1], c[2] = c[0]+p*q, c[1]+p*p, c[2]+q*q
			if i != j {
				p = a[i][j] - (ra[i]+ra[j])/(f-2) + ta/(f-1)/(f-2)
				q = b[i][j] - (rb[i]+rb[j])/(f-2) + tb/(f-1)/(f-2)
				u[0], u[1], u[2] = u[0]+p*q, u[1]+p*p, u[2]+q*q
			}
		}
	}
	return math.Sqrt(max(c[0], 0) / math.Sqrt(c[1]*c[2])), u[0] / math.Sqrt(u[1]*u[2])
}

func TestDistanceIsItsDefinition(t *testing.T) {
	for _, ties := range []bool{false, true} {
		for _, n := range []int{6, 61, 200} {
			x := factors(n, 3, ties)
			r, err := correlation.Distance(t.Context(), x[1], x[2], correlation.DistanceParams{Permutations: 99})
			if err != nil {
				t.Fatal(err)
			}
			biased, corrected := distance(x[1], x[2])
			if !near(r.DCor, biased, 1e-12) || !near(r.DCor2U, corrected, 1e-11) || r.PPermutation < 0.01 || r.PPermutation > 1 {
				t.Errorf("n %d, ties %v: %+v, want %v and %v", n, ties, r, biased, corrected)
			}
		}
	}
	x := factors(50, 1, false)[0]
	r, err := correlation.Distance(t.Context(), x, x, correlation.DistanceParams{})
	if err != nil || !near(r.DCor, 1, 1e-12) || r.P > 1e-9 {
		t.Errorf("a series with itself: %+v, %v", r, err)
	}
}

// TestRolling holds windows against themselves alone, after a jump that would spoil
// sums that were never taken afresh.
func TestRolling(t *testing.T) {
	const window = 30
	x := factors(700, 3, false)
	x[1][100] += 1e7
	for i := 400; i < 450; i++ {
		x[2][i] = 1
	}
	for _, method := range []correlation.Method{correlation.Pearson, correlation.Spearman, correlation.Kendall} {
		got, err := correlation.Rolling(x[1], x[2], window, method)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			m := mustMethod(t, [][]float64{x[1][i : i+window], x[2][i : i+window]}, method)
			if !near(v, m, 1e-9) {
				t.Fatalf("%s at %d: %v, by itself %v", method, i, v, m)
			}
		}
		part, err := correlation.Rolling(x[1][:333], x[2][:333], window, method)
		if err != nil || fmt.Sprint(part) != fmt.Sprint(got[:len(part)]) {
			t.Errorf("%s: later data change earlier values", method)
		}
	}
	for _, corrected := range []bool{false, true} {
		p := correlation.RollingParams{Window: window, Corrected: corrected}
		got, err := correlation.RollingDistance(t.Context(), x[1], x[2], p)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			want, fair := distance(x[1][i:i+window], x[2][i:i+window])
			if corrected {
				if want = fair; math.Abs(want) < 1e-12 && math.IsNaN(v) {
					continue // one observation differs
				}
				if i <= 100 && i+window > 100 {
					continue // ten million deviations: nothing but the jump is left to correct
				}
			}
			if quant.Constant(x[2][i : i+window]) {
				want = math.NaN()
			}
			if !near(v, want, 1e-9) {
				t.Fatalf("distance at %d, corrected %v: %v, by itself %v", i, corrected, v, want)
			}
		}
		part, err := correlation.RollingDistance(t.Context(), x[1][:333], x[2][:333], p)
		if err != nil || fmt.Sprint(part) != fmt.Sprint(got[:len(part)]) {
			t.Error("later data change earlier distance correlations")
		}
	}
}

func mustMethod(t *testing.T, x [][]float64, method correlation.Method) float64 {
	t.Helper()
	m, err := correlation.Matrix(t.Context(), nil, x, correlation.Params{Method: method, NoP: true})
	if err != nil {
		t.Fatal(err)
	}
	return m.Rho[0][1]
}

func TestThreads(t *testing.T) {
	x := factors(200, 20, false)
	run := func(threads int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		d, err := correlation.RollingDistances(t.Context(), nil, x, correlation.RollingParams{Window: 60})
		if err != nil {
			t.Fatal(err)
		}
		p, err := correlation.Distance(t.Context(), x[0], x[1], correlation.DistanceParams{Permutations: 50})
		if err != nil {
			t.Fatal(err)
		}
		k, err := correlation.Matrix(t.Context(), nil, x, correlation.Params{Method: correlation.Kendall})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(d, *p, k.Rho, k.P, mustMatrix(t, x).Rho)
	}
	if run(1) != run(2) {
		t.Error("the number of threads changes the results")
	}
}

func TestReduce(t *testing.T) {
	x := []float64{0.9, math.NaN(), 0.5, 0.7, 0.8}
	for a, want := range map[correlation.Aggregate]float64{correlation.Median: 0.75, correlation.Mean: 0.725, correlation.Last: 0.8, correlation.Min: 0.5, correlation.Share: 0.5} {
		if got, err := a.Reduce(x, 0.8); err != nil || !near(got, want, 1e-15) {
			t.Errorf("%s: %v, %v; want %v", a, got, err, want)
		}
	}
	if _, err := correlation.Aggregate("mode").Reduce(x, 0); fault.CodeOf(err) != fault.InvalidParameter {
		t.Errorf("an unknown aggregate: %v", err)
	}
}

func TestChoose(t *testing.T) {
	rho := mustMatrix(t, factors(80, 12, false)).Rho
	least := func(value func(mean, most float64) float64) float64 {
		best := math.Inf(1)
		for set := range 1 << 12 {
			var mean, most float64
			var members []int
			for i := range 12 {
				if set>>i&1 == 1 {
					for _, j := range members {
						mean += math.Abs(rho[i][j]) / 6
						most = max(most, math.Abs(rho[i][j]))
					}
					members = append(members, i)
				}
			}
			if len(members) == 4 {
				best = min(best, value(mean, most))
			}
		}
		return best
	}
	a, err := correlation.Choose(rho, 4, correlation.MinMean, 0)
	if want := least(func(mean, _ float64) float64 { return mean }); err != nil || !near(a.Mean, want, 1e-14) || a.Heuristic {
		t.Errorf("%+v, %v; want the mean %v", a, err, want)
	}
	b, err := correlation.Choose(rho, 4, correlation.MinMax, 0)
	if want := least(func(_, most float64) float64 { return most }); err != nil || b.Max != want {
		t.Errorf("%+v, %v; want the greatest %v", b, err, want)
	}
	wide := mustMatrix(t, factors(80, 60, false)).Rho
	c, err := correlation.Choose(wide, 10, correlation.MinMean, 0)
	d, _ := correlation.Choose(wide, 10, correlation.Lowest, 0)
	if err != nil || !c.Heuristic || c.Mean > d.Mean || c.Percentile > 0.01 || len(c.Members) != 10 {
		t.Errorf("%+v, %v; want better than the ranking's %v", c, err, d.Mean)
	}
	for _, k := range []int{1, 13} {
		if _, err := correlation.Choose(rho, k, "", 0); fault.CodeOf(err) != fault.InvalidParameter {
			t.Errorf("%d of 12: %v", k, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	x := make([][]float64, 400)
	for i := range x {
		x[i] = factors(500, 1, false)[0]
	}
	if _, err := correlation.RollingDistances(t.Context(), nil, x, correlation.RollingParams{Window: 60}); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("35 million values: %v", err)
	}
}
