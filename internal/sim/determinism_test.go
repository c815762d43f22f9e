package sim

import (
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/market"
)

// goldenHash is that of digest for seed 42, made by this package. It changes
// only with the model, and every change of it gives all users another history.
const goldenHash = "006b7425c48b52a8"

var goldenSymbols = []string{"AAPL", "KO", "PEP", "GOOG", "CELG", "PYPL", "SPY", "EURUSD", "USDJPY", "BTCUSD"}

// digest writes prices of a symbol at all resolutions.
func digest(t testing.TB, m *Market, symbol string, w io.Writer) {
	end := time.Date(2019, 7, 9, 18, 30, 17, 0, time.UTC)
	for _, r := range []market.Resolution{market.Daily, {N: 1, Unit: 'w'}, market.Hour, market.Minute, market.Second, {N: 15, Unit: 'm'}} {
		for _, b := range bars(t, m, symbol, r, time.Time{}, end, lastBars(300), adjusted) {
			fmt.Fprintln(w, b.Start.Unix(), b.End.Unix(), b.Open, b.High, b.Low, b.Close, b.Volume)
		}
	}
	for i := range 40 {
		q, err := m.QuoteAt(ctx, symbol, end.Add(-time.Duration(i*i)*7777*time.Second))
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintln(w, q)
	}
	acts, err := m.Actions(symbol, market.Date{}, date(2025, 1, 1))
	book, told, ok := m.BookEquity(symbol, date(2018, 1, 1))
	fmt.Fprintln(w, acts, err, book, told, ok, m.Betas(symbol))
	for _, a := range m.Alternative(symbol, date(2017, 1, 1), date(2018, 1, 1)) {
		fmt.Fprintf(w, "%v %.12g\n", a.Date, a.Value)
	}
}

func digests(t testing.TB, m *Market) string {
	h := fnv.New64a()
	for _, s := range goldenSymbols {
		digest(t, m, s, h)
	}
	for _, f := range m.Factors(date(2018, 1, 1), date(2018, 12, 31)) {
		fmt.Fprintln(h, f)
	}
	if err := m.WriteFactorsCSV(h, date(2013, 1, 1), date(2013, 2, 1)); err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func TestGolden(t *testing.T) {
	if got := digests(t, New(Config{})); got != goldenHash {
		t.Errorf("seed 42 gives %s; want %s", got, goldenHash)
	}
	if got := digests(t, New(Config{Seed: 43})); got == goldenHash {
		t.Error("seed 43 gives what seed 42 does")
	}
}

// TestConcurrent: eight goroutines ask in random order and are told the same.
func TestConcurrent(t *testing.T) {
	want := map[string]uint64{}
	alone := New(Config{Seed: 42})
	for _, s := range goldenSymbols {
		h := fnv.New64a()
		digest(t, alone, s, h)
		want[s] = h.Sum64()
	}
	m := New(Config{Seed: 42})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for _, i := range rand.New(rand.NewSource(int64(g))).Perm(len(goldenSymbols)) {
				h := fnv.New64a()
				digest(t, m, goldenSymbols[i], h)
				if h.Sum64() != want[goldenSymbols[i]] {
					t.Errorf("%s differs", goldenSymbols[i])
				}
			}
		})
	}
	wg.Wait()
}

// TestNoLookAhead: what is told of a time does not depend on what was asked of
// later ones, nor on how far a request goes.
func TestNoLookAhead(t *testing.T) {
	early, late := New(Config{}), New(Config{})
	at := time.Date(2014, 6, 10, 17, 31, 2, 0, time.UTC)
	for _, s := range goldenSymbols {
		if s == "PYPL" {
			continue
		}
		bars(t, late, s, market.Daily, time.Time{}, at.AddDate(40, 0, 0))
		bars(t, late, s, market.Minute, at.AddDate(1, 0, 0), at.AddDate(1, 0, 2))
		for _, r := range []market.Resolution{market.Daily, market.Hour, market.Minute} {
			a := bars(t, early, s, r, at.AddDate(0, 0, -20), at, adjusted)
			b := bars(t, late, s, r, at.AddDate(0, 0, -20), at, adjusted)
			if fmt.Sprint(a) != fmt.Sprint(b) || len(a) == 0 {
				t.Errorf("%s %s bars know the future", s, r)
			}
			for _, x := range a {
				if x.End.After(at) || !x.End.After(at.AddDate(0, 0, -20)) {
					t.Errorf("%s %s bar ends at %s", s, r, x.End)
				}
			}
		}
		a, _ := early.QuoteAt(ctx, s, at)
		b, _ := late.QuoteAt(ctx, s, at)
		if a != b {
			t.Errorf("%s quotes: %v and %v", s, a, b)
		}
	}
}

// TestEviction: what was forgotten comes back the same.
func TestEviction(t *testing.T) {
	m := New(Config{})
	far := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	first := fmt.Sprint(bars(t, m, "AAPL", market.Daily, time.Time{}, far, lastBars(50)))
	for _, in := range m.Universe() {
		bars(t, m, in.Symbol, market.Daily, time.Time{}, far, lastBars(1))
		if held := m.held.Load(); held > maxRows+sessions {
			t.Fatalf("%d rows are held", held)
		}
	}
	if got := fmt.Sprint(bars(t, m, "AAPL", market.Daily, time.Time{}, far, lastBars(50))); got != first {
		t.Error("AAPL came back different")
	}
}

func TestMath(t *testing.T) {
	r := at(keyOf(1, "math"), 0)
	for range 100000 {
		x := (r.uniform() - .5) * 60
		if got, want := exp(x), math.Exp(x); math.Abs(got/want-1) > 4e-15 {
			t.Fatalf("exp(%v) = %v; want %v", x, got, want)
		}
		y := math.Exp(x)
		if got, want := ln(y), math.Log(y); math.Abs(got-want) > 4e-16*max(1, math.Abs(want)) {
			t.Fatalf("ln(%v) = %v; want %v", y, got, want)
		}
	}
	moments := func(name string, draw func() float64, kurtosis, within float64) {
		var s1, s2, s4 float64
		const n = 400000
		for range n {
			z := draw()
			s1, s2, s4 = s1+z, s2+z*z, s4+z*z*z*z
		}
		if math.Abs(s1/n) > .01 || math.Abs(s2/n-1) > .015 || math.Abs(s4/n-kurtosis) > within {
			t.Errorf("%s: mean %v, variance %v, kurtosis %v", name, s1/n, s2/n, s4/n)
		}
	}
	moments("normal", r.normal, 3, .1)
	moments("rough", r.rough, 2.7, .1)
	moments("fat", r.fat, 5.47, .4) // 3·(0.95 + 0.05·2.5⁴)/1.2625²
}

// TestNothingIsFused: no multiplication is joined with an addition, on machines
// that have such an instruction, which would change the last bit of prices.
func TestNothingIsFused(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the package")
	}
	fused := regexp.MustCompile(`\b(FN?M(ADD|SUB)[DS]?|VFN?M(ADD|SUB)\d*SD)\b`)
	for _, arch := range []string{"GOARCH=arm64", "GOARCH=riscv64", "GOAMD64=v3"} {
		cmd := exec.Command("go", "build", "-gcflags=-S", ".")
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", arch)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Skipf("the compiler is not at hand: %v", err)
		}
		for _, line := range strings.Split(string(out), "\n") {
			if fused.MatchString(line) {
				t.Errorf("%s: %s", arch, line)
			}
		}
	}
}
