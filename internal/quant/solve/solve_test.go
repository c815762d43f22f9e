package solve_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/solve"
)

// random is a positive semidefinite problem over n variables in a box, with a budget
// and k rows that the centre of the box satisfies.
func random(r *rand.Rand, n, k int, quadratic bool) *solve.Problem {
	p := &solve.Problem{Linear: normal(r, n)}
	p.Lower, p.Upper = make([]float64, n), make([]float64, n)
	centre := make([]float64, n)
	for i := range n {
		p.Lower[i] = -r.Float64()
		p.Upper[i] = p.Lower[i] + .1 + r.Float64()
		centre[i] = (p.Lower[i] + p.Upper[i]) / 2
	}
	if quadratic {
		cols := make([][]float64, n)
		for i := range cols {
			cols[i] = normal(r, n/2+1) // rank deficient
		}
		var err error
		if p.Quadratic, err = quant.Gram(context.Background(), cols); err != nil {
			panic(err)
		}
	}
	ones := make([]float64, n)
	floats.AddConst(1, ones)
	p.Equal = []solve.Row{{Name: "budget", Of: ones, Limit: floats.Sum(centre)}}
	for range k {
		of := normal(r, n)
		p.AtMost = append(p.AtMost, solve.Row{Name: "row", Of: of, Limit: floats.Dot(of, centre) + .1*r.Float64()})
	}
	return p
}

func normal(r *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = r.NormFloat64()
	}
	return out
}

// TestOptimality holds random programs against the conditions of Karush, Kuhn and
// Tucker.
func TestOptimality(t *testing.T) {
	for seed := range 60 {
		r := quant.Stream(1, uint64(seed))
		n := 2 + r.IntN(40)
		if seed%20 == 0 {
			n = 150 + r.IntN(50) // over the size of the working set
		}
		k := r.IntN(5)
		if n > 100 {
			k = 0
		}
		p := random(r, n, k, seed%3 != 0)
		got, err := solve.Minimise(t.Context(), p)
		if err != nil {
			t.Fatalf("seed %d, n %d: %v", seed, n, err)
		}
		if got.Gap > 1e-9 || p.Violation(got.X) > 1e-8 {
			t.Errorf("seed %d: gap %g, violation %g", seed, got.Gap, p.Violation(got.X))
		}
		g := append([]float64(nil), p.Linear...)
		for i, row := range p.Quadratic {
			g[i] += floats.Dot(row, got.X)
		}
		for i, row := range p.Equal {
			floats.AddScaled(g, got.EqualPrice[i], row.Of)
		}
		for i, row := range p.AtMost {
			y := got.AtMostPrice[i]
			if slack := row.Limit - floats.Dot(row.Of, got.X); y < -1e-8 || y*slack > 1e-6 {
				t.Errorf("seed %d: row %d has price %g and slack %g", seed, i, y, slack)
			}
			floats.AddScaled(g, y, row.Of)
		}
		for i, v := range g {
			if x := got.X[i]; v > 1e-6 && x-p.Lower[i] > 1e-5 || v < -1e-6 && p.Upper[i]-x > 1e-5 {
				t.Errorf("seed %d: variable %d at %g in [%g, %g] has slope %g", seed, i, x, p.Lower[i], p.Upper[i], v)
			}
		}
	}
}

// TestHinges compares a sum of hinges with the same program in slack variables.
func TestHinges(t *testing.T) {
	for seed := range 20 {
		r := quant.Stream(2, uint64(seed))
		p := random(r, 4+r.IntN(8), 1, seed%2 == 0)
		n, s := len(p.Lower), 10+r.IntN(30)
		p.Hinges = solve.Hinges{Weight: r.Float64(), Columns: make([][]float64, n)}
		for j := range p.Hinges.Columns {
			p.Hinges.Columns[j] = normal(r, s)
		}
		got, err := solve.Minimise(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		long := &solve.Problem{Linear: append([]float64(nil), p.Linear...), Lower: append([]float64(nil), p.Lower...), Upper: append([]float64(nil), p.Upper...)}
		pad := func(x []float64) []float64 { return append(append([]float64(nil), x...), make([]float64, s)...) }
		for _, row := range p.Equal {
			long.Equal = append(long.Equal, solve.Row{Of: pad(row.Of), Limit: row.Limit})
		}
		for _, row := range p.AtMost {
			long.AtMost = append(long.AtMost, solve.Row{Of: pad(row.Of), Limit: row.Limit})
		}
		for k := range s {
			long.Linear, long.Lower, long.Upper = append(long.Linear, p.Hinges.Weight), append(long.Lower, 0), append(long.Upper, math.Inf(1))
			of := make([]float64, n+s)
			for j, c := range p.Hinges.Columns {
				of[j] = c[k]
			}
			of[n+k] = -1
			long.AtMost = append(long.AtMost, solve.Row{Of: of})
		}
		if p.Quadratic != nil {
			for _, row := range p.Quadratic {
				long.Quadratic = append(long.Quadratic, pad(row))
			}
			for range s {
				long.Quadratic = append(long.Quadratic, make([]float64, n+s))
			}
		}
		want, err := solve.Minimise(t.Context(), long)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Objective-want.Objective) > 1e-7*max(1, math.Abs(want.Objective)) {
			t.Errorf("seed %d: %v, want %v", seed, got.Objective, want.Objective)
		}
	}
}

func TestInfeasibleNamesRows(t *testing.T) {
	ones := []float64{1, 1, 1}
	p := &solve.Problem{
		Linear: []float64{1, 2, 3}, Lower: []float64{0, 0, 0}, Upper: []float64{1, 1, 1},
		Equal:  []solve.Row{{Name: "budget", Of: ones, Limit: 1}},
		AtMost: []solve.Row{{Name: "floor", Of: []float64{-1, -1, 0}, Limit: -1.5}, {Name: "harmless", Of: []float64{0, 0, 1}, Limit: 5}},
	}
	_, err := solve.Minimise(t.Context(), p)
	if fault.CodeOf(err) != fault.Infeasible || !strings.Contains(err.Error(), "floor") && !strings.Contains(err.Error(), "budget") || strings.Contains(err.Error(), "harmless") {
		t.Errorf("%v; want infeasible, naming the rows", err)
	}
}

func TestUnboundedNeverReturnsWeights(t *testing.T) {
	p := &solve.Problem{Linear: []float64{-1, 0}, Lower: []float64{0, 0}, Upper: []float64{math.Inf(1), 1}}
	if r, err := solve.Minimise(t.Context(), p); fault.CodeOf(err) != fault.NotConverged {
		t.Errorf("%+v, %v; want not_converged", r, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := solve.Minimise(ctx, random(quant.Stream(3, 3), 10, 1, true)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want the context's error", err)
	}
}

// TestCappedSimplex checks the conditions of the nearest point.
func TestCappedSimplex(t *testing.T) {
	for seed := range 200 {
		r := quant.Stream(4, uint64(seed))
		p := 1 + r.IntN(30)
		upper := (1 + r.Float64()*3) / float64(p)
		q := normal(r, p)
		w, err := solve.CappedSimplex(q, upper, 1)
		if err != nil {
			t.Fatal(err)
		}
		low, high := math.Inf(-1), math.Inf(1)
		for i, v := range w {
			if v < 0 || v > upper {
				t.Errorf("weight %g outside 0 to %g", v, upper)
			}
			slope := 2*v + q[i]
			if v > 1e-12 {
				low = max(low, slope)
			}
			if v < upper-1e-12 {
				high = min(high, slope)
			}
		}
		if math.Abs(floats.Sum(w)-1) > 1e-12 || low > high+1e-9 {
			t.Errorf("seed %d: sum %v, slopes %v above %v", seed, floats.Sum(w), low, high)
		}
	}
	if _, err := solve.CappedSimplex(make([]float64, 4), .2, 1); fault.CodeOf(err) != fault.Infeasible {
		t.Errorf("%v; want infeasible", err)
	}
}
