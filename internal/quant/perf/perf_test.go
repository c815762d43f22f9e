package perf_test

import (
	"math"
	"slices"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/perf"
)

func sample(seed uint64, n int) []float64 {
	r := quant.Stream(seed, 0)
	out := make([]float64, n)
	for i := range out {
		out[i] = .0005 + .01*r.NormFloat64()
	}
	return out
}

func measure(t *testing.T, returns []float64, p perf.Params) *perf.Report {
	t.Helper()
	r, err := perf.Measure(returns, p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-10*max(1, math.Abs(want))) {
		t.Errorf("%s is %v; want %v", what, got, want)
	}
}

// TestPermutation: the order matters to drawdowns only.
func TestPermutation(t *testing.T) {
	x := sample(1, 400)
	y := slices.Clone(x)
	quant.Stream(2, 2).Shuffle(len(y), func(i, j int) { y[i], y[j] = y[j], y[i] })
	a, b := measure(t, x, perf.Params{}), measure(t, y, perf.Params{})
	near(t, "total return", b.TotalReturn, a.TotalReturn)
	near(t, "Sharpe", b.Sharpe, a.Sharpe)
	near(t, "Sortino", b.Sortino, a.Sortino)
	near(t, "CVaR", b.CVaRHist, a.CVaRHist)
	near(t, "kurtosis", b.ExcessKurtosis, a.ExcessKurtosis)
	scaled := slices.Clone(x)
	for i := range scaled {
		scaled[i] *= 2
	}
	c := measure(t, scaled, perf.Params{})
	near(t, "Sharpe of twice the returns", c.Sharpe, a.Sharpe)
	near(t, "VaR of twice the returns", c.VaRHist, 2*a.VaRHist)
}

func TestAgainstItself(t *testing.T) {
	x := sample(3, 300)
	r := measure(t, x, perf.Params{Benchmark: x})
	near(t, "beta", r.Against.Beta, 1)
	near(t, "up capture", r.Against.UpCapture, 1)
	near(t, "down capture", r.Against.DownCapture, 1)
	if !math.IsNaN(r.Against.InformationRatio) || r.Undefined["information_ratio"] == "" {
		t.Errorf("information ratio %v, reasons %v; want NaN with a reason", r.Against.InformationRatio, r.Undefined)
	}
}

// TestBounds: a drawdown lies between -1 and 0, VaR is at most CVaR, and both are
// what sorting gives.
func TestBounds(t *testing.T) {
	for seed := range uint64(50) {
		x := sample(seed, 2+int(seed)*7)
		r := measure(t, x, perf.Params{Confidence: .9})
		if r.MaxDrawdown > 0 || r.MaxDrawdown < -1 || r.VaRHist > r.CVaRHist+1e-15 {
			t.Errorf("drawdown %g, VaR %g, CVaR %g", r.MaxDrawdown, r.VaRHist, r.CVaRHist)
		}
		losses := make([]float64, len(x))
		for i, v := range x {
			losses[i] = -v
		}
		slices.Sort(losses)
		near(t, "VaR", r.VaRHist, losses[int(math.Ceil(.9*float64(len(x))-1e-9))-1])
	}
}

func TestUndefined(t *testing.T) {
	flat := measure(t, []float64{.01, .01, .01}, perf.Params{})
	if !math.IsNaN(flat.Sharpe) || !math.IsNaN(flat.Calmar) || flat.Undefined["sharpe"] == "" || flat.Undefined["calmar"] == "" {
		t.Errorf("%+v", flat)
	}
	ruin := measure(t, []float64{.1, -1, .1}, perf.Params{})
	if ruin.CAGR != -1 || !math.IsNaN(ruin.Sharpe) || !math.IsNaN(ruin.Sortino) || ruin.MaxDrawdown != -1 {
		t.Errorf("%+v", ruin)
	}
	if _, err := perf.Measure([]float64{.1, -1.1}, perf.Params{}); fault.CodeOf(err) != fault.ReturnBelowMinusOne {
		t.Errorf("%v", err)
	}
}

// TestPrefix: what is known at a time does not change later.
func TestPrefix(t *testing.T) {
	x := sample(4, 200)
	x[120] = -.2
	all, err := perf.RollingSharpe(x, 30, 252, .01)
	if err != nil {
		t.Fatal(err)
	}
	stops, err := perf.KillSwitch(x, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !stops[120] {
		t.Error("a loss of twenty sigmas does not stop")
	}
	for _, n := range []int{60, 121, 199} {
		part, err := perf.RollingSharpe(x[:n], 30, 252, .01)
		if err != nil {
			t.Fatal(err)
		}
		early, err := perf.KillSwitch(x[:n], 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(part, all[:len(part)]) || !slices.Equal(early, stops[:n]) {
			t.Errorf("the first %d values depend on later ones", n)
		}
	}
}

func TestRank(t *testing.T) {
	var reports []*perf.Report
	for seed := range uint64(8) {
		reports = append(reports, measure(t, sample(10+seed, 250), perf.Params{Benchmark: sample(99, 250)}))
	}
	limit := -reports[3].MaxDrawdown * .999
	ranked, err := perf.Rank(reports, 252, limit)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range ranked {
		deep := -reports[r.Run].MaxDrawdown > limit
		if deep != (r.Excluded != "") {
			t.Errorf("run %d: drawdown %g, excluded %q", r.Run, reports[r.Run].MaxDrawdown, r.Excluded)
		}
		if i > 0 && r.Excluded == "" && reports[ranked[i-1].Run].Against.InformationRatio < reports[r.Run].Against.InformationRatio {
			t.Errorf("run %d stands below a worse one", r.Run)
		}
		if raw := reports[r.Run].PSRZero; r.Deflated >= raw {
			t.Errorf("run %d: deflated %g is not below %g", r.Run, r.Deflated, raw)
		}
	}
}

func TestPortfolioReturns(t *testing.T) {
	x := [][]float64{{.1, .2}, {-.1, .1}}
	for mode, want := range map[perf.Normalise][]float64{perf.None: {.3, .3}, perf.Net: {.3, .3}, perf.Gross: {.1, .1}} {
		got, err := perf.PortfolioReturns(x, []float64{2, -1}, mode)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			near(t, string(mode), got[i], want[i])
		}
	}
}
