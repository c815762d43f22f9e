package rank_test

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/rank"
)

func sample(n int) ([]string, []rank.Signal) {
	r := quant.Stream(5, uint64(n))
	names := make([]string, n)
	value, momentum := make([]float64, n), make([]float64, n)
	for i := range n {
		names[i] = "S" + strconv.Itoa(100+i)
		value[i], momentum[i] = math.Round(10*r.Float64()), r.NormFloat64()
	}
	return names, []rank.Signal{{Name: "value", Values: value}, {Name: "momentum", Values: momentum}}
}

// TestPermutation: the books do not depend on the order of the symbols, nor on a
// monotone change of a signal.
func TestPermutation(t *testing.T) {
	names, signals := sample(20)
	order := quant.Stream(1, 1).Perm(20)
	mixed := make([]string, 20)
	other := []rank.Signal{{Name: "value", Values: make([]float64, 20)}, {Name: "momentum", Values: make([]float64, 20)}}
	for a, i := range order {
		mixed[a] = names[i]
		other[0].Values[a] = math.Exp(signals[0].Values[i])
		other[1].Values[a] = signals[1].Values[i] * 7
	}
	for _, combine := range []rank.Combine{rank.MeanRank, rank.Intersection, rank.Single} {
		a, err := rank.Terciles(names, signals, rank.Params{Combine: combine})
		if err != nil {
			t.Fatal(err)
		}
		b, err := rank.Terciles(mixed, other, rank.Params{Combine: combine})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Long, b.Long) || !slices.Equal(a.Short, b.Short) {
			t.Errorf("%s: %v %v and %v %v", combine, a.Long, a.Short, b.Long, b.Short)
		}
		if combine != rank.Intersection && (len(a.Long) != 6 || len(a.Short) != 6 || a.Middle != 8) {
			t.Errorf("%s: %d long, %d short, %d between", combine, len(a.Long), len(a.Short), a.Middle)
		}
	}
}

func TestSectorsAndErrors(t *testing.T) {
	names, signals := sample(12)
	sectors := make([]string, 12)
	for i := range sectors {
		sectors[i] = strconv.Itoa(i % 2)
		signals[1].Values[i] = float64(i%2)*100 + float64(i) // one sector far above
	}
	s, err := rank.Terciles(names, signals[1:], rank.Params{Sectors: sectors})
	if err != nil {
		t.Fatal(err)
	}
	odd := 0
	for _, name := range s.Long {
		if n, err := strconv.Atoi(name[1:]); err == nil && n%2 == 1 {
			odd++
		}
	}
	if odd != len(s.Long)/2 {
		t.Errorf("%d of the longs %v are of one sector", odd, s.Long)
	}
	signals[0].Values[3] = math.NaN()
	if s, err = rank.Terciles(names, signals, rank.Params{}); err != nil || len(s.Excluded) != 1 || s.Excluded[0].Symbol != names[3] {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := rank.Terciles(names[:5], []rank.Signal{{Values: signals[1].Values[:5]}}, rank.Params{}); fault.CodeOf(err) != fault.InsufficientData {
		t.Errorf("%v", err)
	}
}

func TestSignals(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	dates := []time.Time{day("2023-02-27"), day("2023-02-28"), day("2023-03-01"), day("2024-01-31"), day("2024-02-01"), day("2024-02-29")}
	got, err := rank.MomentumMonths(dates, [][]float64{{1, 2, 3, 5, 6, 7}}, nil, 0, 0)
	if err != nil || got[0] != 5./2-1 {
		t.Errorf("%v, %v; want from the end of February 2023 to the end of January 2024", got, err)
	}
	statements := []rank.Statement{{PeriodEnd: day("2023-09-30"), Book: 10}, {PeriodEnd: day("2023-12-31"), Book: 20}, {PeriodEnd: day("2023-06-30"), Public: day("2024-01-15"), Book: 5}}
	for at, want := range map[string]float64{"2024-01-31": .1, "2024-03-30": .2} {
		if got := rank.BookToMarket(statements, 100, day(at), 0); got != want {
			t.Errorf("at %s %v, want %v", at, got, want)
		}
	}
	if v := rank.BookToMarket([]rank.Statement{{PeriodEnd: day("2020-01-01"), Book: -1}}, 100, day("2024-01-01"), 0); !math.IsNaN(v) {
		t.Errorf("a negative book gives %v", v)
	}
}

func TestBeta(t *testing.T) {
	r := quant.Stream(2, 2)
	market := make([]float64, 300)
	x := make([][]float64, 8)
	for i := range market {
		market[i] = .01 * r.NormFloat64()
	}
	weights := make([]float64, len(x))
	for j := range x {
		x[j] = make([]float64, len(market))
		for i, m := range market {
			x[j][i] = (.5+float64(j)/8)*m + .01*r.NormFloat64()
		}
		weights[j] = r.Float64()
	}
	betas, err := rank.Betas(x, nil, market)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := rank.Shrunk(betas, rank.ShrinkNone)
	if err != nil {
		t.Fatal(err)
	}
	shrunk, err := rank.Shrunk(betas, "")
	if err != nil {
		t.Fatal(err)
	}
	if quant.SD(shrunk) >= quant.SD(raw) {
		t.Errorf("shrinking spreads the betas from %v to %v", quant.SD(raw), quant.SD(shrunk))
	}
	ones := []float64{1, 1, 1, 1, 1, 1, 1, 1}
	w, err := rank.Project(weights, raw, ones)
	if err != nil {
		t.Fatal(err)
	}
	again, err := rank.Project(w, raw, ones)
	if err != nil || math.Abs(floats.Dot(w, raw)) > 1e-14 || math.Abs(floats.Sum(w)) > 1e-14 || floats.Distance(w, again, 2) > 1e-14 {
		t.Errorf("%v has beta %v and sum %v; again %v, %v", w, floats.Dot(w, raw), floats.Sum(w), again, err)
	}
	if _, err := rank.Project(weights, raw, raw); fault.CodeOf(err) != fault.SingularCovariance {
		t.Errorf("%v", err)
	}
	lots, err := rank.Round(w, []float64{10, 20, 30, 40, 50, 60, 70, 80}, raw, 1e6, 100)
	if err != nil || math.Abs(lots.ResidualBeta) > .05 || math.Mod(lots.Units[0], 100) != 0 {
		t.Errorf("%+v, %v", lots, err)
	}
}
