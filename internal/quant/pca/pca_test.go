package pca_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/pca"
)

func normals(n, p int) [][]float64 {
	out := make([][]float64, p)
	for i := range out {
		r := quant.Stream(21, uint64(i))
		out[i] = make([]float64, n)
		for t := range out[i] {
			out[i][t] = float64(i+1) * r.NormFloat64()
		}
	}
	return out
}

// TestComponents holds both ways, by columns and by rows, to what components are:
// directions at right angles along which the covariance acts as a number.
func TestComponents(t *testing.T) {
	for _, shape := range [][2]int{{60, 7}, {8, 20}, {20, 20}} {
		n, p := shape[0], shape[1]
		x := normals(n, p)
		for _, matrix := range []pca.Matrix{pca.Covariance, pca.Correlation} {
			r, err := pca.Components(t.Context(), nil, x, pca.Params{Matrix: matrix})
			if err != nil {
				t.Fatal(err)
			}
			k := min(n-1, p)
			if len(r.Values) != k || math.Abs(floats.Sum(r.Values)-r.Total) > 1e-10*r.Total || math.Abs(r.Cumulative[k-1]-1) > 1e-10 {
				t.Errorf("%v: %d values of sum %v, total %v", shape, len(r.Values), floats.Sum(r.Values), r.Total)
			}
			for i, v := range r.Vectors {
				for j, w := range r.Vectors[:i+1] {
					want := 0.0
					if i == j {
						want = 1
					}
					if d := floats.Dot(v, w); math.Abs(d-want) > 1e-9 {
						t.Errorf("%v: vectors %d, %d: %v", shape, i, j, d)
					}
				}
				for a := range x {
					var s float64
					for b := range x {
						c := quant.Covariance(x[a], x[b])
						if matrix == pca.Correlation {
							c /= quant.SD(x[a]) * quant.SD(x[b])
						}
						s += c * v[b]
					}
					if math.Abs(s-r.Values[i]*v[a]) > 1e-9*r.Values[0] {
						t.Errorf("%v: vector %d is none: %v, want %v", shape, i, s, r.Values[i]*v[a])
					}
				}
			}
		}
	}
}

func TestPermutationAndThreads(t *testing.T) {
	x := normals(100, 30)
	run := func(threads int) *pca.Result {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		r, err := pca.Components(t.Context(), nil, x, pca.Params{Count: 3})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a := run(1)
	if fmt.Sprint(*a) != fmt.Sprint(*run(2)) {
		t.Error("the number of threads changes the components")
	}
	x[0], x[29] = x[29], x[0]
	b := run(2)
	if math.Abs(a.Values[2]-b.Values[2]) > 1e-9 || math.Abs(math.Abs(a.Vectors[0][0])-math.Abs(b.Vectors[0][29])) > 1e-9 {
		t.Error("the order of the columns changes the components")
	}
}

func TestDegenerate(t *testing.T) {
	x := normals(40, 3)
	constant := make([]float64, 40)
	with := append(x[:2:2], constant)
	if _, err := pca.Components(t.Context(), nil, with, pca.Params{Matrix: pca.Correlation}); fault.CodeOf(err) != fault.ConstantSeries {
		t.Errorf("a constant's correlation: %v", err)
	}
	if _, err := pca.Components(t.Context(), nil, with, pca.Params{}); err != nil {
		t.Errorf("a constant's covariance: %v", err)
	}
	twins, err := pca.Components(t.Context(), nil, [][]float64{x[0], x[0], x[0]}, pca.Params{})
	if err != nil || len(twins.Warnings) != 1 {
		t.Errorf("%+v, %v; want a warning of equal eigenvalues", twins, err)
	}
	for _, count := range []int{-1, 4} {
		if _, err := pca.Components(t.Context(), nil, x, pca.Params{Count: count}); fault.CodeOf(err) != fault.InvalidParameter {
			t.Errorf("%d components: %v", count, err)
		}
	}
}
