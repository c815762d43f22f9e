package sheet

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// SHEETS=out go test -run Show writes every sample into a folder, to look at.

// sample makes a tear sheet of n returns with a benchmark, from a fixed seed.
func sample(n int, step time.Duration) Tearsheet {
	rng := rand.New(rand.NewPCG(7, uint64(n))) //nolint:gosec // numbers for a picture
	t := Tearsheet{
		Title: "Equal-weight four-stock portfolio", Subtitle: "rebalanced monthly", BenchmarkName: "SPY", Source: "quantdesk simulated market, seed 42", Simulated: true, RiskFree: 0.02,
		Assumptions: []Pair{{"Rebalancing", "monthly, to the weights given, at the close"}, {"Costs", "5 basis points of what is traded"}, {"Missing prices", "dropped where any symbol has none"}},
		Positions:   []Position{{"AAPL", 0.25, 0.21}, {"KO", 0.25, 0.08}, {"XOM", 0.25, -0.04}, {"MSFT", 0.25, 0.18}},
	}
	at := time.Date(2016, 1, 4, 0, 0, 0, 0, time.UTC)
	for range n {
		for step >= 24*time.Hour && (at.Weekday() == time.Saturday || at.Weekday() == time.Sunday) {
			at = at.Add(24 * time.Hour)
		}
		m := 0.0004 + 0.009*rng.NormFloat64()
		if rng.Float64() < 0.02 {
			m *= 2.5
		}
		t.Times = append(t.Times, at)
		t.Benchmark = append(t.Benchmark, m)
		t.Returns = append(t.Returns, 0.0002+0.9*m+0.005*rng.NormFloat64())
		t.Gross = append(t.Gross, 0.95+0.05*math.Sin(float64(len(t.Times))/40))
		turn := 0.0
		if len(t.Times)%21 == 0 {
			turn = 0.02 + 0.02*rng.Float64()
		}
		t.Turnover = append(t.Turnover, turn)
		at = at.Add(step)
	}
	return t
}

func samples() map[string]Tearsheet {
	day := 24 * time.Hour
	out := map[string]Tearsheet{"three-years": sample(754, day), "month": sample(30, day), "quarter-century": sample(6300, day), "intraday": sample(390*3, time.Minute), "two": sample(2, day)}
	alone := sample(500, day)
	alone.Benchmark, alone.Gross, alone.Turnover, alone.Positions, alone.Simulated, alone.Source = nil, nil, nil, nil, false, "exchange files"
	out["alone"] = alone
	ruin := sample(400, day)
	ruin.Returns[250] = -1.3
	out["ruin"] = ruin
	huge := sample(900, day)
	for i := range huge.Returns {
		huge.Returns[i] = huge.Returns[i]*3 + 0.03
		huge.Benchmark[i] *= 1e-7
	}
	out["huge"] = huge
	flat := sample(300, day)
	clear(flat.Returns)
	clear(flat.Benchmark)
	out["flat"] = flat
	odd := sample(700, day)
	odd.Title = "Портфель <b>&\"αβγ\" 四銘柄 – a name that goes on and on so that nothing of it can be wholly shown on one line of a page"
	odd.BenchmarkName, odd.Name = "A benchmark with a name that is far too long for any legend there is", "Стратегия с очень длинным именем, которое не помещается"
	odd.Subtitle = "a subtitle that is itself longer than the page is wide, so that it has to be cut somewhere, and it is cut with an ellipsis, we hope"
	odd.Positions = nil
	for i := range 40 {
		odd.Positions = append(odd.Positions, Position{"A-SYMBOL-OF-LENGTH-" + string(rune('A'+i%26)), math.Sin(float64(i)) / 5, math.NaN()})
	}
	for range 9 {
		odd.Notes = append(odd.Notes, "A note that says something of importance about the data, at a length that asks for more than a single line of the page, and then for more than two of them, until it is cut off.")
	}
	yes := true
	odd.InSample = &yes
	out["odd"] = odd
	return out
}

// TestShow writes the samples into the folder that SHEETS names, to look at them.
func TestShow(t *testing.T) {
	dir := os.Getenv("SHEETS")
	if dir == "" {
		t.Skip("SHEETS names no folder")
	}
	for name, s := range samples() {
		d, err := s.Drawing()
		if err != nil {
			t.Fatal(name, err)
		}
		keep(t, dir, name, d)
	}
}

func keep(t *testing.T, dir, name string, d Drawing) {
	t.Helper()
	for _, f := range []Format{PDF, PNG, SVG} {
		begun := time.Now()
		raw, err := d.Render(f)
		if err != nil {
			t.Fatal(name, f, err)
		}
		t.Logf("%s.%s: %d bytes, %v", name, f, len(raw), time.Since(begun).Round(time.Millisecond))
		if err := os.WriteFile(filepath.Join(dir, name+"."+string(f)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
