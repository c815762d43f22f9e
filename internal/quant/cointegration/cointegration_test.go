package cointegration_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/cointegration"
	"quantdesk/internal/quant/unitroot"
)

// universe are p series that share one random walk in pairs.
func universe(n, p int) [][]float64 {
	out := make([][]float64, p)
	for i := range out {
		walk, own := quant.Stream(8, uint64(i/2)), quant.Stream(9, uint64(i))
		out[i] = make([]float64, n)
		level := 4.0
		for t := range out[i] {
			level += 0.01 * walk.NormFloat64()
			out[i][t] = level + 0.01*own.NormFloat64()
		}
	}
	return out
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

func TestPairsAreSingleTests(t *testing.T) {
	x := universe(200, 5)
	for _, trend := range []unitroot.Trend{unitroot.None, unitroot.Constant, unitroot.Linear, unitroot.Quadratic} {
		p := cointegration.EGParams{Trend: trend}
		all, err := cointegration.EngleGrangerPairs(t.Context(), nil, x, p, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all.Pairs {
			one, err := cointegration.Both(x[r.Y], x[r.X], p)
			if err != nil {
				t.Fatal(err)
			}
			g := one.Given
			for name, v := range map[string][2]float64{
				"stat": {r.Stat, g.Stat}, "p": {r.P, one.P}, "hedge": {r.Hedge, g.Hedge[0]}, "intercept": {r.Intercept, g.Intercept},
				"r2": {r.R2, g.R2}, "reverse": {r.Reverse, one.Reverse.P},
			} {
				if !near(v[0], v[1]) {
					t.Errorf("%s %d on %d: %s is %v, by itself %v", trend, r.Y, r.X, name, v[0], v[1])
				}
			}
			if r.Lags != g.Lags || r.Adjusted < r.P {
				t.Errorf("%+v, by itself %d lags", r, g.Lags)
			}
		}
	}
	zero := 0
	for _, d := range []cointegration.Deterministic{cointegration.NoTerm, cointegration.UnrestrictedConstant, cointegration.LinearTrend} {
		for _, lags := range []*int{nil, &zero} {
			p := cointegration.JohansenParams{Deterministic: d, LagsDiff: lags}
			all, err := cointegration.JohansenPairs(t.Context(), nil, x, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range all.Pairs {
				one, err := cointegration.Johansen(nil, [][]float64{x[r.A], x[r.B]}, p)
				if err != nil {
					t.Fatal(err)
				}
				if !near(r.Trace[0], one.Trace[0]) || !near(r.MaxEig[1], one.MaxEig[1]) || r.Rank != one.RankTrace || math.Abs(r.Hedge+one.Normalised[0][1]) > 1e-6*max(1, math.Abs(r.Hedge)) {
					t.Errorf("%s %d, %d: %+v, by itself %+v", d, r.A, r.B, r, one)
				}
			}
		}
	}
}

func TestJohansenDoesNotDependOnOrderOrScale(t *testing.T) {
	x := universe(300, 4)
	a, err := cointegration.Johansen(nil, x, cointegration.JohansenParams{})
	if err != nil {
		t.Fatal(err)
	}
	scaled := append([]float64(nil), x[2]...)
	for i := range scaled {
		scaled[i] = 3 - 40*scaled[i]
	}
	b, err := cointegration.Johansen(nil, [][]float64{x[3], scaled, x[0], x[1]}, cointegration.JohansenParams{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Eigenvalues {
		if !near(a.Eigenvalues[i], b.Eigenvalues[i]) || a.Eigenvalues[i] < 0 || a.Eigenvalues[i] >= 1 {
			t.Errorf("eigenvalue %d: %v, %v", i, a.Eigenvalues[i], b.Eigenvalues[i])
		}
	}
	if a.RankTrace != 2 || !a.Cointegrated {
		t.Errorf("rank %d; want two walks among four series", a.RankTrace)
	}
}

func TestThreads(t *testing.T) {
	x := universe(150, 9)
	run := func(threads int) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		eg, err := cointegration.EngleGrangerPairs(t.Context(), nil, x, cointegration.EGParams{}, true)
		if err != nil {
			t.Fatal(err)
		}
		jo, err := cointegration.JohansenPairs(t.Context(), nil, x, cointegration.JohansenParams{})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(eg.Pairs, jo.Pairs) // as text: NaN is not itself
	}
	if run(1) != run(2) {
		t.Error("the number of threads changes the results")
	}
}

func TestDecisions(t *testing.T) {
	x := universe(300, 4)
	two := 2
	seed, err := cointegration.Johansen(nil, x[1:3], cointegration.JohansenParams{Decision: cointegration.SeedLiteral})
	if err != nil || !seed.Cointegrated || len(seed.Warnings) == 0 {
		t.Errorf("%+v, %v; want what is not cointegrated, with a warning", seed, err)
	}
	a, _ := cointegration.Johansen(nil, x[:2], cointegration.JohansenParams{LagsDiff: &two, VAR: true})
	one := 1
	b, _ := cointegration.Johansen(nil, x[:2], cointegration.JohansenParams{LagsDiff: &one})
	if !reflect.DeepEqual(a, b) {
		t.Error("a second-order autoregression is not one lagged difference")
	}
	var self float64
	v := b.Vectors[0]
	for _, e := range v {
		self += e
	}
	if v[0] <= 0 || math.IsNaN(self) {
		t.Errorf("vector %v; want the first entry positive", v)
	}
}

func TestErrors(t *testing.T) {
	x := universe(100, 3)
	twice := [][]float64{x[0], x[1], make([]float64, 100)}
	for i := range twice[2] {
		twice[2][i] = x[0][i] + x[1][i]
	}
	_, err := cointegration.Johansen(nil, twice, cointegration.JohansenParams{})
	if fault.CodeOf(err) != fault.SingularCovariance {
		t.Errorf("a sum of two: %v", err)
	}
	all, err := cointegration.JohansenPairs(t.Context(), nil, [][]float64{x[0], x[1], x[0]}, cointegration.JohansenParams{})
	if err != nil || all.Singular != 1 {
		t.Errorf("one pair of twins: %+v, %v", all, err)
	}
	r, err := cointegration.EngleGranger(x[0], x[:1], cointegration.EGParams{})
	if err != nil || !math.IsInf(r.Stat, -1) || r.P != 0 {
		t.Errorf("a series on itself: %+v, %v", r, err)
	}
	_, err = cointegration.EngleGranger(x[0][:29], [][]float64{x[1][:29]}, cointegration.EGParams{})
	if fault.CodeOf(err) != fault.InsufficientData {
		t.Errorf("29 bars: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = cointegration.EngleGrangerPairs(ctx, nil, x, cointegration.EGParams{}, false); err == nil {
		t.Error("a cancelled call went on")
	}
}
