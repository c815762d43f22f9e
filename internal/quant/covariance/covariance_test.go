package covariance_test

import (
	"math"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/covariance"
)

func sample(n, p int) [][]float64 {
	r := quant.Stream(1, uint64(n*p))
	out := make([][]float64, p)
	for j := range out {
		out[j] = make([]float64, n)
		for i := range out[j] {
			out[j][i] = .01 * r.NormFloat64()
		}
	}
	return out
}

// TestShrinkage: it lies in [0, 1], keeps the trace, and makes a singular matrix
// regular.
func TestShrinkage(t *testing.T) {
	x := sample(20, 30)
	for _, estimator := range []covariance.Estimator{covariance.LedoitWolf, covariance.OAS} {
		e, err := covariance.Of(t.Context(), x, covariance.Params{Estimator: estimator})
		if err != nil {
			t.Fatal(err)
		}
		var trace, want float64
		for i, c := range x {
			trace += e.Matrix[i][i]
			want += quant.Variance(c) * 19 / 20
		}
		if !(e.Shrinkage > 0 && e.Shrinkage <= 1) || e.MinEigenvalue <= 0 || math.Abs(trace-want) > 1e-12 || len(e.Warnings) == 0 {
			t.Errorf("%s: shrinkage %v, least eigenvalue %v, trace %v of %v, %v", estimator, e.Shrinkage, e.MinEigenvalue, trace, want, e.Warnings)
		}
	}
}

// TestScale: twice the returns are four times the covariance.
func TestScale(t *testing.T) {
	x := sample(60, 5)
	twice := make([][]float64, len(x))
	for j, c := range x {
		twice[j] = make([]float64, len(c))
		for i, v := range c {
			twice[j][i] = 2*v + .1 // and the mean does not matter
		}
	}
	for _, estimator := range []covariance.Estimator{covariance.Sample, covariance.LedoitWolf, covariance.OAS, covariance.EWMA} {
		a, err := covariance.Of(t.Context(), x, covariance.Params{Estimator: estimator})
		if err != nil {
			t.Fatal(err)
		}
		b, err := covariance.Of(t.Context(), twice, covariance.Params{Estimator: estimator})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range a.Matrix {
			for j, v := range row {
				if math.Abs(b.Matrix[i][j]-4*v) > 1e-15 {
					t.Errorf("%s: %v and %v", estimator, v, b.Matrix[i][j])
				}
			}
		}
	}
}

func TestRepair(t *testing.T) {
	e, err := covariance.Of(t.Context(), sample(8, 12), covariance.Params{Estimator: covariance.Sample, Repair: true})
	if err != nil {
		t.Fatal(err)
	}
	if !(e.MinEigenvalue > 0) || math.IsInf(e.ConditionNumber, 0) {
		t.Errorf("least eigenvalue %v, condition %v", e.MinEigenvalue, e.ConditionNumber)
	}
	if covariance.Default(99, 10) != covariance.LedoitWolf || covariance.Default(100, 10) != covariance.Sample {
		t.Error("the default estimator is not that of the rule")
	}
	if _, err := covariance.Of(t.Context(), sample(1, 3), covariance.Params{}); fault.CodeOf(err) != fault.InsufficientData {
		t.Errorf("%v", err)
	}
}
