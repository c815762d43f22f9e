package hrp_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/hrp"
)

// random is a covariance of p assets.
func random(seed uint64, p int) [][]float64 {
	r := quant.Stream(seed, 0)
	cols := make([][]float64, p)
	for i := range cols {
		cols[i] = make([]float64, 2*p)
		for k := range cols[i] {
			cols[i][k] = r.NormFloat64() + float64(i%3)*float64(k%2)
		}
	}
	out, err := quant.Gram(context.Background(), cols)
	if err != nil {
		panic(err)
	}
	return out
}

var linkages = []hrp.Linkage{hrp.Single, hrp.Complete, hrp.Average, hrp.Ward}

// TestTree: every linkage gives a tree of all assets with heights that do not fall,
// and weights that add up to one.
func TestTree(t *testing.T) {
	for _, linkage := range linkages {
		for _, distance := range []hrp.Distance{hrp.LopezDePrado, hrp.Direct} {
			for p := 1; p < 40; p += 6 {
				b, err := hrp.Build(t.Context(), random(uint64(p), p), hrp.Params{Linkage: linkage, Distance: distance})
				if err != nil {
					t.Fatal(err)
				}
				order := slices.Clone(b.Order)
				slices.Sort(order)
				for i, v := range order {
					if i != v {
						t.Fatalf("%s, %d assets: the leaves are %v", linkage, p, b.Order)
					}
				}
				for k, m := range b.Merges {
					if m.Left >= m.Right || m.Right >= p+k || k > 0 && m.Height < b.Merges[k-1].Height {
						t.Errorf("%s: merge %d is %+v", linkage, k, m)
					}
				}
				if math.Abs(floats.Sum(b.Weights)-1) > 1e-12 || floats.Min(b.Weights) <= 0 {
					t.Errorf("%s: weights %v", linkage, b.Weights)
				}
			}
		}
	}
}

// TestLinkages compares merge heights with the plain definition.
func TestLinkages(t *testing.T) {
	const p = 12
	cov := random(7, p)
	d := func(i, j int) float64 {
		return math.Sqrt((1 - cov[i][j]/math.Sqrt(cov[i][i]*cov[j][j])) / 2)
	}
	for linkage, between := range map[hrp.Linkage]func(a, b []int) float64{
		hrp.Single: func(a, b []int) float64 {
			v := math.Inf(1)
			for _, i := range a {
				for _, j := range b {
					v = min(v, d(i, j))
				}
			}
			return v
		},
		hrp.Complete: func(a, b []int) float64 {
			v := 0.0
			for _, i := range a {
				for _, j := range b {
					v = max(v, d(i, j))
				}
			}
			return v
		},
		hrp.Average: func(a, b []int) float64 {
			v := 0.0
			for _, i := range a {
				for _, j := range b {
					v += d(i, j) / float64(len(a)*len(b))
				}
			}
			return v
		},
	} {
		got, err := hrp.Build(t.Context(), cov, hrp.Params{Linkage: linkage, Distance: hrp.Direct})
		if err != nil {
			t.Fatal(err)
		}
		var clusters [][]int
		for i := range p {
			clusters = append(clusters, []int{i})
		}
		for k := range p - 1 {
			best, x, y := math.Inf(1), 0, 0
			for i := range clusters {
				for j := range i {
					if v := between(clusters[i], clusters[j]); v < best {
						best, x, y = v, i, j
					}
				}
			}
			if math.Abs(got.Merges[k].Height-best) > 1e-12 {
				t.Errorf("%s: merge %d is at %v, want %v", linkage, k, got.Merges[k].Height, best)
			}
			clusters[y] = append(clusters[y], clusters[x]...)
			clusters = slices.Delete(clusters, x, x+1)
		}
	}
}

// TestInvariance: units of the assets do not move the tree, nor does a common scale
// move the weights.
func TestInvariance(t *testing.T) {
	cov := random(3, 15)
	a, err := hrp.Build(t.Context(), cov, hrp.Params{})
	if err != nil {
		t.Fatal(err)
	}
	large := make([][]float64, len(cov))
	for i, row := range cov {
		large[i] = floats.ScaleTo(make([]float64, len(row)), 1e4, row)
	}
	b, err := hrp.Build(t.Context(), large, hrp.Params{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Order, b.Order) || floats.Distance(a.Weights, b.Weights, 2) > 1e-12 {
		t.Errorf("%v, %v", a, b)
	}
}

func TestCap(t *testing.T) {
	for seed := range uint64(50) {
		r := quant.Stream(seed, 1)
		w := make([]float64, 2+r.IntN(20))
		for i := range w {
			w[i] = r.ExpFloat64()
		}
		floats.Scale(1/floats.Sum(w), w)
		limit := (1 + r.Float64()) / float64(len(w))
		got, err := hrp.Cap(w, limit)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(floats.Sum(got)-1) > 1e-12 || floats.Max(got) > limit*(1+1e-12) {
			t.Errorf("%v of %v above %v", got, w, limit)
		}
		twice, err := hrp.Cap(got, limit)
		if err != nil || floats.Distance(got, twice, 2) > 1e-12 {
			t.Errorf("capping twice moves %v to %v, %v", got, twice, err)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := hrp.Build(t.Context(), [][]float64{{1, 0}, {0, 0}}, hrp.Params{}); fault.CodeOf(err) != fault.ConstantSeries {
		t.Errorf("%v", err)
	}
	if _, err := hrp.Build(t.Context(), [][]float64{{1, 0}, {0, 1}}, hrp.Params{Linkage: "median"}); fault.CodeOf(err) != fault.InvalidParameter {
		t.Errorf("%v", err)
	}
}
