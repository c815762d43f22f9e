package screen_test

import (
	"math"
	"slices"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant/screen"
)

func TestApply(t *testing.T) {
	half, one := 0.5, 1.0
	assets := []screen.Asset{
		{Symbol: "A", Values: map[screen.Metric]float64{screen.Sharpe: 0.5, screen.Correlation: -0.4}},
		{Symbol: "B", Values: map[screen.Metric]float64{screen.Sharpe: 2, screen.Correlation: -0.9}},
		{Symbol: "C", Values: map[screen.Metric]float64{screen.Sharpe: math.NaN(), screen.Correlation: 0.1}, Reasons: map[screen.Metric]string{screen.Sharpe: "no_variance"}},
		{Symbol: "D", Values: map[screen.Metric]float64{screen.Sharpe: 0.4}},
	}
	bounds := []screen.Bound{{Metric: screen.Sharpe, Min: &half, Max: &one}, {Metric: screen.Correlation, Max: &half}}
	r, err := screen.Apply(assets, bounds, screen.Params{Benchmark: "A"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Passed, []string{"A"}) || len(r.Failed) != 3 {
		t.Fatalf("%+v", r)
	}
	b, c, d := r.Failed[0].Failures, r.Failed[1].Failures, r.Failed[2].Failures
	if len(b) != 2 || b[0].Side != "max" || b[1].Value != -0.9 || b[1].Limit != 0.5 {
		t.Errorf("B: %+v; want both bounds", b)
	}
	if len(c) != 2 || c[0].Reason != "no_variance" || len(d) != 2 || d[1].Reason != "no_value" {
		t.Errorf("C: %+v, D: %+v; want the reasons of what is missing", c, d)
	}
	for name, err := range map[string]error{
		"no benchmark": second(screen.Apply(assets, bounds, screen.Params{})),
		"unknown":      second(screen.Apply(assets, []screen.Bound{{Metric: "beta"}}, screen.Params{})),
		"crossed":      second(screen.Apply(assets, []screen.Bound{{Metric: screen.Price, Min: &one, Max: &half}}, screen.Params{})),
	} {
		if fault.CodeOf(err) != fault.InvalidParameter {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := screen.Apply(append(assets, assets[0]), nil, screen.Params{}); fault.CodeOf(err) != fault.DuplicateSymbol {
		t.Errorf("twice the same: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
