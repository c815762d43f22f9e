package rebalance_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/rebalance"
)

func sample(n, p int) ([][]float64, []time.Time) {
	r := quant.Stream(1, uint64(n))
	x := make([][]float64, p)
	dates := make([]time.Time, n)
	for i := range dates {
		dates[i] = time.Date(2023, 1, 2+i, 0, 0, 0, 0, time.UTC)
	}
	for j := range x {
		x[j] = make([]float64, n)
		for i := range x[j] {
			x[j][i] = .0005 + .02*r.NormFloat64()
		}
	}
	return x, dates
}

// TestAddsUp: contributions and costs add up to the total return for any frequency,
// and the weights to one.
func TestAddsUp(t *testing.T) {
	x, dates := sample(200, 5)
	for _, f := range []rebalance.Frequency{rebalance.Daily, rebalance.Weekly, rebalance.Monthly, rebalance.Quarterly, rebalance.Never} {
		for _, band := range []float64{0, .02} {
			r, err := rebalance.Run(x, dates, rebalance.Params{Frequency: f, CostBps: 15, Band: band})
			if err != nil {
				t.Fatal(err)
			}
			if sum := floats.Sum(r.Contributions) + r.CostContribution; math.Abs(sum-r.TotalReturn) > 1e-12 {
				t.Errorf("%s: contributions add up to %v of %v", f, sum, r.TotalReturn)
			}
			if math.Abs(floats.Sum(r.FinalWeights)-1) > 1e-12 || r.CostContribution >= 0 {
				t.Errorf("%s: weights %v, costs %v", f, r.FinalWeights, r.CostContribution)
			}
			free, err := rebalance.Run(x, dates, rebalance.Params{Frequency: f, Band: band})
			if err != nil || free.TotalReturn <= r.TotalReturn {
				t.Errorf("%s: without costs %v, with %v, %v", f, free.TotalReturn, r.TotalReturn, err)
			}
		}
	}
}

// TestHold: without rebalancing each asset grows by itself.
func TestHold(t *testing.T) {
	x, dates := sample(50, 3)
	r, err := rebalance.Run(x, dates, rebalance.Params{Weights: []float64{.5, .3, .2}, Frequency: rebalance.Never})
	if err != nil {
		t.Fatal(err)
	}
	want := -1.0
	for j, w := range []float64{.5, .3, .2} {
		for _, v := range x[j] {
			w *= 1 + v
		}
		want += w
	}
	if math.Abs(r.TotalReturn-want) > 1e-12 {
		t.Errorf("%v, want %v", r.TotalReturn, want)
	}
}

// TestPrefix: later bars do not change earlier returns.
func TestPrefix(t *testing.T) {
	x, dates := sample(120, 4)
	all, err := rebalance.Run(x, dates, rebalance.Params{CostBps: 5, Band: .01})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 17, 80} {
		some := make([][]float64, len(x))
		for j := range x {
			some[j] = x[j][:n]
		}
		part, err := rebalance.Run(some, dates[:n], rebalance.Params{CostBps: 5, Band: .01})
		if err != nil || !slices.Equal(part.Returns, all.Returns[:n]) {
			t.Errorf("the first %d returns depend on later ones (%v)", n, err)
		}
	}
}

func TestDelisted(t *testing.T) {
	x, dates := sample(60, 3)
	for i := 20; i < 60; i++ {
		x[1][i] = math.NaN()
	}
	if _, err := rebalance.Run(x, dates, rebalance.Params{}); fault.CodeOf(err) != fault.MissingValues {
		t.Errorf("%v", err)
	}
	r, err := rebalance.Run(x, dates, rebalance.Params{Delisted: []int{-1, 20, -1}, Frequency: rebalance.Monthly})
	if err != nil {
		t.Fatal(err)
	}
	if r.FinalWeights[1] != 0 || math.Abs(floats.Sum(r.FinalWeights)-1) > 1e-12 || len(r.Warnings) != 1 {
		t.Errorf("%+v", r)
	}
	held, err := rebalance.Run(x, dates, rebalance.Params{Delisted: []int{-1, 20, -1}, Frequency: rebalance.Never})
	if err != nil || math.Abs(floats.Sum(held.FinalWeights)+held.FinalCash-1) > 1e-12 || held.FinalCash < .2 {
		t.Errorf("%+v, %v", held, err)
	}
}

func TestDiversification(t *testing.T) {
	one, err := rebalance.DiversificationRatio([][]float64{{4, 6}, {6, 9}}, []float64{.5, .5})
	if err != nil || math.Abs(one-1) > 1e-12 {
		t.Errorf("assets that move as one have the ratio %v, %v", one, err)
	}
	two, err := rebalance.DiversificationRatio([][]float64{{1, 0}, {0, 1}}, []float64{.5, .5})
	if err != nil || math.Abs(two-math.Sqrt2) > 1e-12 {
		t.Errorf("independent ones have %v, %v", two, err)
	}
}
