package reversion_test

import (
	"fmt"
	"math"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/reversion"
	"quantdesk/internal/quant/unitroot"
)

func price(n int, phi float64) []float64 {
	r := quant.Stream(61, 0)
	x := make([]float64, n)
	level := 0.0
	for t := range x {
		level = phi*level + 0.02*r.NormFloat64()
		x[t] = 50 * math.Exp(level)
	}
	return x
}

func TestAnalyse(t *testing.T) {
	r, err := reversion.Analyse("X", price(500, 0.8), reversion.Params{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.ADF.Reject || r.Verdict == unitroot.UnitRoot || r.Hurst.H > 0.4 || len(r.Ratios) != 4 || r.Ratios[3].VR > 0.8 || r.HitRate < 0.8 || r.Signals == 0 {
		t.Errorf("%+v does not return to its mean", r)
	}
	if !(r.Percentile > 0 && r.Percentile <= 1) || r.CrossingsPerYear < 20 {
		t.Errorf("percentile %v, %v crossings a year", r.Percentile, r.CrossingsPerYear)
	}
	walk, err := reversion.Analyse("X", price(500, 1), reversion.Params{Transform: reversion.Level})
	if err != nil || walk.ADF.Reject || walk.Hurst.H < 0.4 {
		t.Errorf("a random walk returns to its mean: %+v, %v", walk, err)
	}
}

func TestPrefix(t *testing.T) {
	x := price(200, 0.9)
	for i := 50; i < 80; i++ {
		x[i] = 50
	}
	z, mean, _ := reversion.ZScores(x, 20)
	part, before, _ := reversion.ZScores(x[:120], 20)
	if fmt.Sprint(z[:120], mean[:120]) != fmt.Sprint(part, before) {
		t.Error("later bars change earlier z-scores")
	}
	if !math.IsNaN(z[75]) || math.IsNaN(z[80]) || !math.IsNaN(z[18]) || math.IsNaN(z[19]) {
		t.Error("a window that does not vary has a z-score, or one that varies has none")
	}
}

func TestRefused(t *testing.T) {
	x := price(100, 0.9)
	for name, p := range map[string]reversion.Params{"lookback": {Lookback: 101}, "transform": {Transform: "root"}, "threshold": {Threshold: -1}} {
		if _, err := reversion.Analyse("X", x, p); fault.CodeOf(err) != fault.InvalidParameter {
			t.Errorf("%s: %v", name, err)
		}
	}
	x[3] = 0
	if _, err := reversion.Analyse("X", x, reversion.Params{}); fault.CodeOf(err) != fault.NonPositivePrice {
		t.Errorf("a price of zero: %v", err)
	}
}
