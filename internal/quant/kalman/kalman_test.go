package kalman_test

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/kalman"
	"quantdesk/internal/quant/regress"
)

// wandering is y = βx + noise with a β that wanders by step.
func wandering(n int, step, noise float64) (y, x, beta []float64) {
	r := quant.Stream(31, 0)
	y, x, beta = make([]float64, n), make([]float64, n), make([]float64, n)
	b, level := 1.5, 4.0
	for t := range y {
		level += 0.02 * r.NormFloat64()
		b += step * r.NormFloat64()
		x[t], beta[t] = level, b
		y[t] = b*level + noise*r.NormFloat64()
	}
	return y, x, beta
}

func TestPrefix(t *testing.T) {
	y, x, _ := wandering(300, 1e-3, 0.01)
	for _, p := range []kalman.Params{{}, {Mode: kalman.RandomWalk, StateVar: [2]float64{1e-6, 1e-6}, ObsVar: 1e-4}, {Lookback: 20, Delta: 0.98, BurnIn: 30}} {
		whole, err := kalman.Hedge(y, x, p)
		if err != nil {
			t.Fatal(err)
		}
		part, err := kalman.Hedge(y[:200], x[:200], p)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string][2][]float64{"beta": {whole.Beta, part.Beta}, "alpha": {whole.Alpha, part.Alpha}, "z": {whole.Z, part.Z}, "low": {whole.Low, part.Low}} {
			if fmt.Sprint(v[0][:200]) != fmt.Sprint(v[1]) {
				t.Errorf("%+v: later bars change %s", p, name)
			}
		}
		if !math.IsNaN(whole.Beta[whole.From-1]) || math.IsNaN(whole.Beta[whole.From]) {
			t.Errorf("the filter does not begin at %d", whole.From)
		}
	}
}

// TestWithoutForgetting holds a discount of one to least squares over all bars.
func TestWithoutForgetting(t *testing.T) {
	y, x, _ := wandering(200, 0, 0.01)
	r, err := kalman.Hedge(y, x, kalman.Params{Delta: 1, Prior: &kalman.Prior{Covariance: [2][2]float64{{1e8, 0}, {0, 1e8}}}})
	if err != nil {
		t.Fatal(err)
	}
	f := regress.Fit(y, x, regress.Trend(200, 0))
	if math.Abs(r.Beta[199]-f.Coef[0]) > 1e-5 || math.Abs(r.Alpha[199]-f.Coef[1]) > 1e-4 {
		t.Errorf("%v, %v; least squares %v", r.Beta[199], r.Alpha[199], f.Coef)
	}
}

func TestLikelihoods(t *testing.T) {
	y, x, beta := wandering(600, 2e-3, 0.01)
	auto, err := kalman.Hedge(y, x, kalman.Params{AutoDelta: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []float64{0.98, 0.995, 1} {
		r, err := kalman.Hedge(y, x, kalman.Params{Delta: d})
		if err != nil || r.LogLikelihood > auto.LogLikelihood {
			t.Errorf("delta %v has %v, %v; the chosen %v has %v", d, r.LogLikelihood, err, auto.Delta, auto.LogLikelihood)
		}
	}
	best, err := kalman.Hedge(y, x, kalman.Params{Mode: kalman.MLE})
	if err != nil {
		t.Fatal(err)
	}
	for _, factor := range []float64{0.5, 2} {
		r, err := kalman.Hedge(y, x, kalman.Params{Mode: kalman.RandomWalk, StateVar: [2]float64{best.StateVar[0] * factor, best.StateVar[1] * factor}, ObsVar: best.ObsVar})
		if err != nil || r.LogLikelihood > best.LogLikelihood {
			t.Errorf("%v times the variance has %v, %v; the best has %v", factor, r.LogLikelihood, err, best.LogLikelihood)
		}
	}
	if d := math.Abs(best.Beta[599]*x[599] + best.Alpha[599] - beta[599]*x[599]); d > 0.05 {
		t.Errorf("the level is missed by %v", d)
	}
}

// TestIntervals holds the expansion of Student's points to the distribution.
func TestIntervals(t *testing.T) {
	y, x, _ := wandering(400, 1e-3, 0.01)
	r, err := kalman.Hedge(y, x, kalman.Params{Prior: &kalman.Prior{Mean: [2]float64{1, 0}, Covariance: [2][2]float64{{1, 0}, {0, 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range y {
		width := (r.High[i] - r.Beta[i]) / r.BetaSD[i]
		if p := (distuv.StudentsT{Sigma: 1, Nu: r.DOF[i] + 1}).Survival(width); math.Abs(p-0.025) > 1e-9 {
			t.Fatalf("bar %d: %v of %v degrees of freedom leaves %v", i, width, r.DOF[i]+1, p)
		}
	}
}

func TestRefused(t *testing.T) {
	y, x, _ := wandering(100, 0, 0.01)
	for _, p := range []kalman.Params{
		{Delta: 1.1}, {DeltaV: -1}, {Mode: "other"}, {Mode: kalman.RandomWalk}, {BurnIn: 2}, {Lookback: 1},
		{Prior: &kalman.Prior{Covariance: [2][2]float64{{1, 2}, {2, 1}}}},
	} {
		if _, err := kalman.Hedge(y, x, p); fault.CodeOf(err) != fault.InvalidParameter {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if _, err := kalman.Hedge(y[:50], x[:50], kalman.Params{}); fault.CodeOf(err) != fault.InsufficientData {
		t.Errorf("a burn-in longer than the data: %v", err)
	}
}
