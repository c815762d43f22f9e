package tracking_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/tracking"
)

func sample(seed uint64, n, p, members int) (x [][]float64, index []float64) {
	r := quant.Stream(seed, 0)
	x, index = make([][]float64, p), make([]float64, n)
	for j := range x {
		x[j] = make([]float64, n)
		for i := range x[j] {
			x[j][i] = .012 * r.NormFloat64()
		}
		if j < members {
			floats.AddScaled(index, 1/float64(members), x[j])
		}
	}
	for i := range index {
		index[i] += .0004 * r.NormFloat64()
	}
	return x, index
}

// TestFalls: no step raises the objective, and every point is feasible.
func TestFalls(t *testing.T) {
	for seed := range uint64(8) {
		x, index := sample(seed, 120, 12, 4)
		p := tracking.Params{Lambda: float64(seed) * 1e-6, MaxWeight: .4}
		tr, err := tracking.New(x, index, p)
		if err != nil {
			t.Fatal(err)
		}
		w, next := make([]float64, 12), make([]float64, 12)
		for i := range w {
			w[i] = 1. / 12
		}
		before := tr.Objective(w)
		for k := range 60 {
			tr.Step(next, w)
			w, next = next, w
			now := tr.Objective(w)
			if now > before*(1+1e-12) {
				t.Errorf("seed %d: step %d raises %v to %v", seed, k, before, now)
			}
			before = now
			if math.Abs(floats.Sum(w)-1) > 1e-9 || floats.Min(w) < 0 || floats.Max(w) > .4 {
				t.Fatalf("seed %d: %v is not feasible", seed, w)
			}
		}
		got, err := tracking.Sparse(t.Context(), x, index, p)
		if err != nil {
			t.Fatal(err)
		}
		if got.Objective > before*(1+1e-9) || got.KKT > 1e-3 {
			t.Errorf("seed %d: objective %v of %v, conditions missed by %v", seed, got.Objective, before, got.KKT)
		}
		for i := 1; i < len(got.History); i++ {
			if got.History[i] > got.History[i-1]*(1+1e-12) {
				t.Errorf("seed %d: the history rises at %d", seed, i)
			}
		}
	}
}

// TestFindsMembers: the penalty leaves the names that make the index.
func TestFindsMembers(t *testing.T) {
	x, index := sample(20, 250, 15, 4)
	got, err := tracking.Sparse(t.Context(), x, index, tracking.Params{Lambda: 1e-7, MaxWeight: .5})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range got.Weights {
		if (w > 0) != (i < 4) {
			t.Errorf("weight %d is %v", i, w)
		}
	}
	if got.Names != 4 {
		t.Errorf("%d names", got.Names)
	}
}

func TestErrors(t *testing.T) {
	x, index := sample(1, 50, 4, 2)
	if _, err := tracking.Sparse(t.Context(), x, index, tracking.Params{MaxWeight: .2}); fault.CodeOf(err) != fault.Infeasible {
		t.Errorf("%v", err)
	}
	if _, err := tracking.Sparse(t.Context(), x, index, tracking.Params{MaxIterations: 3}); fault.CodeOf(err) != fault.NotConverged {
		t.Errorf("%v", err)
	}
	if _, err := tracking.Sparse(t.Context(), x, index[:49], tracking.Params{}); fault.CodeOf(err) != fault.InvalidParameter {
		t.Errorf("%v", err)
	}
}
