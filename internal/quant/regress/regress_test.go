package regress_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

func normals(n int, stream uint64) []float64 {
	r := quant.Stream(3, stream)
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func TestFit(t *testing.T) {
	const n = 50
	x, y := normals(n, 1), normals(n, 2)
	one := regress.Trend(n, 0)
	f := regress.Fit(y, one, x)
	for _, c := range [][]float64{one, x} {
		if d := floats.Dot(f.Residuals, c); math.Abs(d) > 1e-12 {
			t.Errorf("residuals are not orthogonal: %v", d)
		}
	}
	if d := math.Abs(f.SSR - floats.Dot(f.Residuals, f.Residuals)); d > 1e-12 {
		t.Errorf("the sum of squares differs by %v", d)
	}
	slope := quant.Covariance(x, y) / quant.Variance(x)
	se := math.Sqrt(f.Variance() / (quant.Variance(x) * (n - 1)))
	if got := f.SE(); math.Abs(f.Coef[1]-slope) > 1e-14 || math.Abs(got[1]-se) > 1e-14 {
		t.Errorf("slope %v ± %v, want %v ± %v", f.Coef[1], got[1], slope, se)
	}
}

func TestSpannedColumns(t *testing.T) {
	const n = 20
	x := normals(n, 1)
	twice := make([]float64, n)
	floats.ScaleTo(twice, 2, x)
	y := normals(n, 2)
	a, b := regress.Fit(y, x, twice), regress.Fit(y, x)
	if a.Rank != 1 || a.Coef[1] != 0 || math.Abs(a.SSR-b.SSR) > 1e-13 || !math.IsNaN(a.SE()[0]) {
		t.Errorf("%+v; want the fit of one column", a)
	}
}

func TestPolynomials(t *testing.T) {
	basis := regress.Polynomials(300, 4)
	for i, a := range basis {
		for j, b := range basis {
			want := 0.0
			if i == j {
				want = 1
			}
			if d := floats.Dot(a, b); math.Abs(d-want) > 1e-13 {
				t.Errorf("%d times %d is %v", i, j, d)
			}
		}
	}
	line := regress.Trend(300, 3)
	regress.Project(basis, line)
	if n := floats.Norm(line, 2); n > 1e-6 {
		t.Errorf("a cubic is not spanned: %v is left", n)
	}
}
