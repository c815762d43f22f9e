package regime_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regime"
)

// broken is noise whose deviation changes from one to after at row at.
func broken(n, at int, after float64) []float64 {
	r := quant.Stream(51, 0)
	y := make([]float64, n)
	for t := range y {
		y[t] = r.NormFloat64()
		if t >= at {
			y[t] = 0.3 + after*y[t]
		}
	}
	return y
}

func regressor(n int) []float64 {
	r := quant.Stream(52, 0)
	x := make([]float64, n)
	for t := range x {
		x[t] = 100 + r.NormFloat64()
	}
	return x
}

// TestScanIsRefitting holds the growing cross products against a fit at each date.
func TestScanIsRefitting(t *testing.T) {
	y, x := broken(200, 120, 2), regressor(200)
	for _, columns := range [][][]float64{nil, {x}} {
		r, err := regime.SupLR(t.Context(), y, columns, regime.BreakParams{})
		if err != nil {
			t.Fatal(err)
		}
		best, at := math.Inf(-1), 0
		var sum float64
		for k := r.First; k <= r.Last; k++ {
			one, err := regime.Known(y, columns, k)
			if err != nil {
				t.Fatal(err)
			}
			sum += one.LR
			if one.LR > best {
				best, at = one.LR, k
			}
		}
		if math.Abs(r.Sup-best) > 1e-8 || r.Break != at || math.Abs(r.Ave-sum/float64(r.Last-r.First+1)) > 1e-8 || r.Exp > r.Sup/2 || r.PAsymptotic > 1e-6 {
			t.Errorf("%+v; want %v at %d", r, best, at)
		}
	}
}

// TestAsymptotic holds the p-values of the limit against quantiles of 40,000
// simulated paths on a grid of 4,000. A grid misses what lies between its points:
// the maximum of the root is 0.5826√Δ too low (Chernoff 1965), Δ the step in
// ln(s/(1-s)), which makes the quantiles up to 4 % too low.
func TestAsymptotic(t *testing.T) {
	levels := []float64{0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995}
	for _, c := range []struct {
		k         int
		trim      float64
		quantiles []float64
	}{
		{1, 0.05, []float64{4.17, 6.508, 8.135, 9.665, 11.263, 13.311, 14.907}},
		{1, 0.15, []float64{3.327, 5.576, 7.162, 8.662, 10.217, 12.157, 13.653}},
		{2, 0.15, []float64{5.445, 8.155, 9.914, 11.628, 13.231, 15.453, 17.056}},
		{3, 0.15, []float64{7.281, 10.307, 12.242, 14.106, 15.919, 18.106, 19.781}},
		{10, 0.05, []float64{19.539, 23.734, 26.389, 28.744, 30.945, 33.693, 35.694}},
	} {
		for i, q := range c.quantiles {
			time := 2 * math.Log((1-c.trim)/c.trim)
			low, high := regime.SupremumP(q*1.04, c.k, time), regime.SupremumP(q*0.99, c.k, time)
			if p := 1 - levels[i]; p < low || p > high {
				t.Errorf("%d parameters, trim %v, %v: %v lies outside of %v … %v", c.k, c.trim, q, p, low, high)
			}
		}
	}
}

func TestBootstrap(t *testing.T) {
	y := broken(150, 90, 2.5)
	run := func(threads int) *regime.SupResult {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		r, err := regime.SupLR(t.Context(), y, [][]float64{regressor(150)}, regime.BreakParams{Bootstrap: 99})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a := run(1)
	if fmt.Sprint(*a) != fmt.Sprint(*run(2)) {
		t.Error("the number of threads changes the bootstrap")
	}
	if a.P > 0.05 || a.Low > a.Break || a.High < a.Break || a.Low < a.First || a.High > a.Last {
		t.Errorf("%+v; want a break found", a)
	}
	calm, err := regime.SupLR(t.Context(), broken(150, 150, 1), nil, regime.BreakParams{Bootstrap: 199})
	if err != nil || calm.P < 0.05 || calm.PAsymptotic < 0.05 {
		t.Errorf("%+v, %v; want no break", calm, err)
	}
}

func TestScaleDoesNotMatter(t *testing.T) {
	y := broken(200, 120, 2)
	z := make([]float64, len(y))
	for i, v := range y {
		z[i] = 1e4 - 30*v
	}
	a, _ := regime.SupF(y, nil, regime.BreakParams{})
	b, err := regime.SupF(z, nil, regime.BreakParams{})
	if err != nil || math.Abs(a.Sup-b.Sup) > 1e-6 || a.Break != b.Break {
		t.Errorf("%+v became %+v, %v", a, b, err)
	}
}

func TestSwitching(t *testing.T) {
	r := quant.Stream(53, 0)
	y := make([]float64, 600)
	state := make([]int, 600)
	for t := range y {
		if t > 0 {
			if state[t] = state[t-1]; r.Float64() < 0.03 {
				state[t] = 1 - state[t]
			}
		}
		y[t] = r.NormFloat64() * float64(1+3*state[t])
	}
	fit, err := regime.Switching(t.Context(), y, regime.SwitchParams{})
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for t, s := range state {
		if (fit.Smoothed[t] > 0.5) == (s == 1) {
			right++
		}
	}
	if fit.Sigma[0] > fit.Sigma[1] || right < 540 || fit.LR < 100 || math.Abs(fit.Duration[0]*(1-fit.Stay[0])-1) > 1e-12 {
		t.Errorf("%d of 600 states are right; %+v, LR %v", right, fit.Model, fit.LR)
	}
	less, err := regime.Switching(t.Context(), y, regime.SwitchParams{OneMean: true})
	if err != nil || less.LogLikelihood > fit.LogLikelihood+1e-6 || less.Mean[0] != less.Mean[1] {
		t.Errorf("one mean: %+v, %v; two have %v", less, err, fit.LogLikelihood)
	}
	part, _ := regime.Filter(y[:300], fit.Model)
	if fmt.Sprint(part.Filtered) != fmt.Sprint(fit.Filtered[:300]) {
		t.Error("later rows change what was filtered")
	}
}

func TestSwitchingBootstrap(t *testing.T) {
	r, err := regime.Switching(t.Context(), broken(120, 120, 1), regime.SwitchParams{Bootstrap: 19})
	if err != nil || r.P < 0.1 {
		t.Errorf("%+v, %v; want no second state in noise", r, err)
	}
}

func TestRefused(t *testing.T) {
	y := broken(100, 50, 2)
	_, short := regime.SupLR(t.Context(), y[:30], nil, regime.BreakParams{})
	_, trim := regime.SupLR(t.Context(), y, nil, regime.BreakParams{Trim: 0.6})
	_, at := regime.Known(y, nil, 1)
	_, both := regime.Switching(t.Context(), y, regime.SwitchParams{OneMean: true, OneVariance: true})
	_, sigma := regime.Filter(y, regime.Model{})
	for want, errs := range map[fault.Code][]error{fault.InsufficientData: {short}, fault.InvalidParameter: {trim, at, both, sigma}} {
		for i, err := range errs {
			if fault.CodeOf(err) != want {
				t.Errorf("%d: %v, want %s", i, err, want)
			}
		}
	}
}
