package unitroot_test

import (
	"math"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
	"quantdesk/internal/quant/unitroot"
)

// autoregression starts at zero; phi 1 is a random walk.
func autoregression(n int, phi float64, stream uint64) []float64 {
	r := quant.Stream(5, stream)
	x := make([]float64, n)
	for t := 1; t < n; t++ {
		x[t] = phi*x[t-1] + r.NormFloat64()
	}
	return x
}

func affine(x []float64, scale, shift float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = scale*v + shift
	}
	return out
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

// TestDickeyFullerIsARegression holds the moving cross products against a
// regression by reflections.
func TestDickeyFullerIsARegression(t *testing.T) {
	x := affine(autoregression(120, 0.9, 1), 0.01, 4)
	n := len(x) - 1
	for terms := range 4 {
		for _, lags := range []int{0, 1, 5, 17} {
			var y []float64
			columns := make([][]float64, terms+1+lags)
			for i := lags; i < n; i++ {
				y = append(y, x[i+1]-x[i])
				for d := range terms {
					columns[d] = append(columns[d], math.Pow(float64(i), float64(d)))
				}
				columns[terms] = append(columns[terms], x[i])
				for l := 1; l <= lags; l++ {
					columns[terms+l] = append(columns[terms+l], x[i+1-l]-x[i-l])
				}
			}
			f := regress.Fit(y, columns...)
			want := f.Coef[terms] / f.SE()[terms]
			var w unitroot.Workspace
			got, used, rows := w.DickeyFuller(x, terms, unitroot.Fixed, lags)
			if !near(got, want, 1e-9) || used != lags || rows != len(y) {
				t.Errorf("%d terms, %d lags: %v of %d rows; want %v of %d", terms, lags, got, rows, want, len(y))
			}
		}
	}
}

func TestScaleAndShift(t *testing.T) {
	x := autoregression(300, 0.95, 2)
	z := affine(x, -250, 1e4)
	for _, method := range []unitroot.Selection{unitroot.AIC, unitroot.BIC, unitroot.TStat} {
		p := unitroot.ADFParams{Lags: unitroot.Lags{Method: method}}
		a, err := unitroot.ADF("x", x, p)
		if err != nil {
			t.Fatal(err)
		}
		b, err := unitroot.ADF("x", z, p)
		if err != nil {
			t.Fatal(err)
		}
		if !near(a.Stat, b.Stat, 1e-8) || a.Lags != b.Lags {
			t.Errorf("%s: %v with %d lags became %v with %d", method, a.Stat, a.Lags, b.Stat, b.Lags)
		}
	}
	a, _ := unitroot.KPSS("x", x, unitroot.KPSSParams{})
	b, _ := unitroot.KPSS("x", z, unitroot.KPSSParams{})
	h, _ := unitroot.Hurst("x", x, unitroot.HurstParams{Scales: true})
	g, _ := unitroot.Hurst("x", z, unitroot.HurstParams{Scales: true})
	u, _ := unitroot.HalfLife("x", x, unitroot.HalfLifeParams{})
	v, _ := unitroot.HalfLife("x", z, unitroot.HalfLifeParams{BarLength: 1})
	q, _ := unitroot.VarianceRatio("x", x, 5)
	r, _ := unitroot.VarianceRatio("x", z, 5)
	for name, pair := range map[string][2]float64{
		"kpss": {a.Stat, b.Stat}, "hurst": {h.H, g.H}, "rs": {h.RS, g.RS}, "dfa": {h.DFA, g.DFA},
		"half-life": {u.HalfLife, v.HalfLife}, "ratio": {q.VR, r.VR}, "ratio's z": {q.ZHetero, r.ZHetero},
	} {
		if !near(pair[0], pair[1], 1e-8) {
			t.Errorf("%s: %v became %v", name, pair[0], pair[1])
		}
	}
}

func TestPValuesAscend(t *testing.T) {
	for _, trend := range []unitroot.Trend{unitroot.None, unitroot.Constant, unitroot.Linear, unitroot.Quadratic} {
		before := 0.0
		for s := -30.0; s < 6; s += 0.01 {
			p := unitroot.PValue(s, trend, 1)
			if p < before-5e-3 || p < 0 || p > 1 { // the two polynomials meet within that
				t.Fatalf("%s at %v: %v after %v", trend, s, p, before)
			}
			before = p
		}
		c := unitroot.Critical(trend, 1, math.Inf(1))
		for i, level := range []float64{0.01, 0.05, 0.1} {
			if p := unitroot.PValue(c[i], trend, 1); math.Abs(p-level) > 0.005 {
				t.Errorf("%s: the %v point has the p-value %v", trend, level, p)
			}
		}
	}
	if !math.IsNaN(unitroot.PValue(-3, unitroot.Constant, 7)) {
		t.Error("seven series have a p-value")
	}
}

func TestWhatTheyTellApart(t *testing.T) {
	still, err := unitroot.ADF("x", autoregression(500, 0.5, 3), unitroot.ADFParams{})
	if err != nil || !still.Reject {
		t.Errorf("%+v, %v; want a unit root refused", still, err)
	}
	walk, err := unitroot.ADF("x", autoregression(500, 1, 4), unitroot.ADFParams{})
	if err != nil || walk.Reject {
		t.Errorf("%+v, %v; want a unit root kept", walk, err)
	}
	calm, _ := unitroot.KPSS("x", autoregression(500, 0.5, 3), unitroot.KPSSParams{})
	wild, _ := unitroot.KPSS("x", autoregression(500, 1, 4), unitroot.KPSSParams{})
	for _, c := range []struct {
		adf  *unitroot.ADFResult
		kpss *unitroot.KPSSResult
		want unitroot.Verdict
	}{{still, calm, unitroot.Stationary}, {walk, wild, unitroot.UnitRoot}, {still, wild, unitroot.Conflicting}, {walk, calm, unitroot.Inconclusive}} {
		if got := unitroot.Judge(c.adf, c.kpss); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestDegenerate(t *testing.T) {
	line := regress.Trend(60, 1)
	if r, err := unitroot.ADF("x", line, unitroot.ADFParams{Trend: unitroot.Linear}); err != nil || !math.IsNaN(r.P) || r.Reject {
		t.Errorf("a line around a line: %+v, %v", r, err)
	}
	if r, err := unitroot.VarianceRatio("x", line, 2); err != nil || !math.IsNaN(r.VR) {
		t.Errorf("a line: %+v, %v", r, err)
	}
	minus := -1
	many := 31
	for name, err := range map[string]error{
		"trend":  second(unitroot.ADF("x", line, unitroot.ADFParams{Trend: "cttt"})),
		"lags":   second(unitroot.ADF("x", line, unitroot.ADFParams{Lags: unitroot.Lags{Method: unitroot.Fixed, Count: &many}})),
		"method": second(unitroot.ADF("x", line, unitroot.ADFParams{Lags: unitroot.Lags{Method: "hqic"}})),
		"kpss":   second(unitroot.KPSS("x", line, unitroot.KPSSParams{Trend: unitroot.Quadratic})),
		"count":  second(unitroot.KPSS("x", line, unitroot.KPSSParams{Count: &minus})),
		"bar":    second(unitroot.HalfLife("x", line, unitroot.HalfLifeParams{BarLength: -1})),
		"q":      second(unitroot.VarianceRatio("x", line, 1)),
	} {
		if fault.CodeOf(err) != fault.InvalidParameter {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
