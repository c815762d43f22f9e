package quant_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

func TestCheck(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		col  quant.Column
		want fault.Code
	}{
		{quant.Column{Values: []float64{1, 2}}, ""},
		{quant.Column{Values: []float64{1, nan}, AtLeast: 3}, fault.MissingValues},
		{quant.Column{Values: []float64{1, 1}, AtLeast: 3, Varies: true}, fault.ConstantSeries},
		{quant.Column{Values: []float64{1}, AtLeast: 3, Varies: true}, fault.InsufficientData},
		{quant.Column{Values: []float64{1, nan}}, fault.MissingValues},
		{quant.Column{Values: []float64{1, inf}}, fault.NonFinite},
		{quant.Column{Values: []float64{1, 0}, Positive: true}, fault.NonPositivePrice},
		{quant.Column{Values: []float64{5e12, 5e12 + 1}, Varies: true}, fault.ConstantSeries},
		{quant.Column{Values: []float64{0, 1e-11}, Varies: true}, ""},
	} {
		c.col.Name = "SPY"
		err := quant.Check(c.col)
		if fault.CodeOf(err) != c.want || (err != nil && !strings.Contains(err.Error(), "SPY")) {
			t.Errorf("%+v: %v, want %q with the name", c.col, err, c.want)
		}
	}
}

func TestMoments(t *testing.T) {
	big := []float64{1e16, 1, -1e16, 1}
	if got := quant.Sum(big); got != 2 {
		t.Errorf("sum %v, want 2", got)
	}
	far := []float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}
	if got := quant.Variance(far); got != 30 {
		t.Errorf("variance %v, want 30", got)
	}
	if got := quant.Covariance(far, far); got != 30 {
		t.Errorf("covariance %v, want 30", got)
	}
	if s, k := quant.Shape([]float64{-1, 0, 1}); s != 0 || math.Abs(k+1.5) > 1e-15 {
		t.Errorf("shape %v, %v; want 0, -1.5", s, k)
	}
}

func TestAlign(t *testing.T) {
	names := []string{"A", "B", "C"}
	a, err := quant.Align(names, [][]int{{1, 2, 3, 5}, {2, 3, 4, 5}, {1, 2, 5, 7}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Times, []int{2, 5}) || a.Union != 6 || a.Limiting != 2 && a.Limiting != 1 {
		t.Errorf("%+v", a)
	}
	for i, want := range [][]int{{1, 3}, {0, 3}, {1, 2}} {
		if !slices.Equal(a.Rows[i], want) {
			t.Errorf("rows of %s are %v, want %v", names[i], a.Rows[i], want)
		}
	}
	if _, err := quant.Align(names[:2], [][]int{{1, 2, 3}, {4}}); fault.CodeOf(err) != fault.NoOverlap || !strings.Contains(err.Error(), "B") {
		t.Errorf("%v; want no_overlap, of B", err)
	}
}

func TestParallel(t *testing.T) {
	out := make([]float64, 1000)
	if err := quant.Parallel(t.Context(), len(out), func(_, i int) { out[i] = quant.Stream(7, uint64(i)).Float64() }); err != nil {
		t.Fatal(err)
	}
	for i, v := range out {
		if v != quant.Stream(7, uint64(i)).Float64() {
			t.Fatalf("replicate %d depends on its thread", i)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := quant.Parallel(ctx, 5, func(int, int) {}); err == nil {
		t.Error("a cancelled context is no error")
	}
}
