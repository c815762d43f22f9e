package indicator

import (
	"math"
	"testing"
)

func mustNew(t testing.TB, class string, args ...any) Indicator {
	t.Helper()
	s, ok := Lookup(class)
	if !ok {
		t.Fatalf("no class %s", class)
	}
	ind, err := s.New(class, args)
	if err != nil {
		t.Fatal(err)
	}
	return ind
}

func feed(ind Indicator, values ...float64) {
	for _, v := range values {
		ind.Update(&Input{End: int64(ind.Samples()+1) * nanosPerDay, Value: v})
	}
}

// TestByHand compares with values worked out on paper.
func TestByHand(t *testing.T) {
	for _, c := range []struct {
		class string
		args  []any
		in    []float64
		want  float64
	}{
		{"SimpleMovingAverage", []any{3}, []float64{1, 2, 3, 7}, 4},
		{"ExponentialMovingAverage", []any{3}, []float64{1, 2, 3, 6}, 4}, // (1+2+3)/3 = 2, then 6*0.5 + 2*0.5
		{"WilderMovingAverage", []any{2}, []float64{1, 2, 4}, 2.75},      // 1, 1.5, 2.75
		{"LinearWeightedMovingAverage", []any{3}, []float64{1, 2, 4}, 17.0 / 6},
		{"Momentum", []any{2}, []float64{1, 2, 4}, 3},
		{"RateOfChange", []any{1}, []float64{2, 3}, 0.5},
		{"RateOfChangeRatio", []any{1}, []float64{2, 2}, 0}, // LEAN's own
		{"Delay", []any{2}, []float64{5, 6, 7}, 5},
		{"Variance", []any{2}, []float64{1, 2, 4}, 1},
		{"StandardDeviation", []any{3}, []float64{7, 7, 7}, 0},
		{"RelativeStrengthIndex", []any{2, "Simple"}, []float64{10, 12, 11}, 100 - 100/(1+1/0.5)},
		{"Sum", []any{2}, []float64{1, 2, 3}, 5},
		{"Maximum", []any{2}, []float64{3, 2, 1}, 2},
		{"LeastSquaresMovingAverage", []any{3}, []float64{1, 2, 3}, 3},
		{"TimeSeriesForecast", []any{3}, []float64{1, 2, 3}, 4},
		{"MeanAbsoluteDeviation", []any{2}, []float64{1, 3}, 1},
	} {
		ind := mustNew(t, c.class, c.args...)
		feed(ind, c.in...)
		if got := ind.Value(); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s%v of %v is %v, want %v", c.class, c.args, c.in, got, c.want)
		}
	}
}

func TestTimeAndKind(t *testing.T) {
	ind := mustNew(t, "SimpleMovingAverage", 2)
	ind.Update(&Input{End: 10, Value: 1})
	ind.Update(&Input{End: 9, Value: 5})
	if ind.Samples() != 1 {
		t.Error("took a point of the past")
	}
	ind.Update(&Input{End: 10, Value: 3})
	if ind.Samples() != 2 || ind.Value() != 2 {
		t.Error("a second point of the same time counts")
	}
	ind.Update(&Input{Symbol: "other", End: 5, Value: 5})
	if ind.Samples() != 3 {
		t.Error("times are kept per symbol")
	}
	bars := mustNew(t, "TrueRange")
	bars.Update(&Input{End: 1, Value: 3})
	if bars.Samples() != 0 || KindOf(bars) != Bar || KindOf(ind) != Point {
		t.Error("a bare value is no bar")
	}
}

func TestWindow(t *testing.T) {
	ind := mustNew(t, "Identity")
	feed(ind, 1, 2, 3)
	if v, _, ok := ind.At(1); !ok || v != 2 || ind.Previous() != 2 {
		t.Errorf("At(1) = %v, %v", v, ok)
	}
	if _, _, ok := ind.At(4); ok {
		t.Error("nothing is held that far back")
	}
	feed(ind, 4, 5)
	if v, end, ok := ind.At(3); !ok || v != 2 || end == 0 {
		t.Errorf("At(3) = %v, %v after the window grew", v, ok)
	}
	ind.SetWindow(1)
	if v, _, ok := ind.At(0); !ok || v != 5 {
		t.Errorf("At(0) = %v, %v in a window of one", v, ok)
	}
}

func TestCompose(t *testing.T) {
	a, b := mustNew(t, "Identity"), mustNew(t, "Identity")
	sum, ratio := Plus(a, b, ""), Over(a, b, "ratio")
	scaled := Times(a, ConstantOf(2.5), "")
	late := SMAOf(sum, 2, true)
	events := 0
	ratio.OnUpdate(func() { events++ })
	feed(a, 6)
	if sum.Samples() != 0 || scaled.Value() != 15 {
		t.Errorf("sum has %d samples, scaled is %v", sum.Samples(), scaled.Value())
	}
	feed(b, 3)
	feed(a, 8)
	feed(b, 0)
	if sum.Value() != 8 || late.Value() != 8.5 {
		t.Errorf("sum %v, average %v", sum.Value(), late.Value())
	}
	if ratio.Value() != 2 || events != 1 || ratio.Samples() != 2 {
		t.Errorf("ratio %v after %d events: a divisor of 0 publishes nothing", ratio.Value(), events)
	}
	if sum.Name() != "COMPOSE(Identity,Identity)" || late.Name() != "SMA2_Of_COMPOSE(Identity,Identity)" || scaled.Sub("right").Name() != "2.5" {
		t.Errorf("names %q, %q, %q", sum.Name(), late.Name(), scaled.Sub("right").Name())
	}
	w := WeightedBy(a, b, 2)
	for i, v := range []float64{10, 20, 40} {
		feed(a, v)
		feed(b, float64(i+1))
	}
	if want := (20*2 + 40*3.0) / 5; w.Value() != want || !w.Ready() {
		t.Errorf("weighted mean %v, want %v", w.Value(), want)
	}
	sum.Reset()
	if a.Samples() != 0 || sum.Value() != 0 {
		t.Error("a composite resets both sides")
	}
}

func TestCustom(t *testing.T) {
	total := 0.0
	ind := NewCustom(Custom{Name: "total", Kind: Bar, WarmUp: 2, Reset: func() { total = 0 },
		Next: func(in *Input) (float64, bool) { total += in.Volume; return total, in.Volume > 0 }})
	for i, v := range []float64{5, 0, 7} {
		ind.Update(&Input{End: int64(i), Volume: v, Bar: true})
	}
	if ind.Value() != 12 || ind.Previous() != 5 || !ind.Ready() || ind.WarmUp() != 2 {
		t.Errorf("value %v after %v", ind.Value(), ind.Previous())
	}
	if ind.Reset(); total != 0 {
		t.Error("not reset")
	}
	f := NewFilteredIdentity("even", func(in *Input) bool { return int(in.Value)%2 == 0 })
	feed(f, 4, 5)
	if f.Value() != 4 || !f.Ready() {
		t.Errorf("filtered value %v", f.Value())
	}
}

func TestIntradayVwapByDay(t *testing.T) {
	ind := mustNew(t, "IntradayVwap")
	ind.Update(&Input{End: 1, Value: 10, Volume: 1})
	ind.Update(&Input{End: 2, Value: 20, Volume: 3})
	if ind.Value() != 17.5 {
		t.Errorf("%v, want 17.5", ind.Value())
	}
	ind.Update(&Input{End: 3, Value: 99})
	ind.Update(&Input{End: nanosPerDay + 1, High: 3, Low: 1, Close: 2, Value: 2, Volume: 5, Bar: true})
	if ind.Value() != 2 {
		t.Errorf("%v on the next day, want 2", ind.Value())
	}
}

// TestFlatSeries guards what decimals give LEAN for free: no rounding noise on a price that stands still.
func TestFlatSeries(t *testing.T) {
	for _, class := range []string{"StandardDeviation", "MeanAbsoluteDeviation", "CommodityChannelIndex", "ChandeMomentumOscillator"} {
		ind := mustNew(t, class, 7)
		for i := range 100 {
			v := 0.1
			if i < 50 {
				v = 1e6 / float64(i+1)
			}
			ind.Update(&Input{End: int64(i), Value: v, Open: v, High: v, Low: v, Close: v, Bar: true})
		}
		if v := ind.Value(); v != 0 && class != "ChandeMomentumOscillator" {
			t.Errorf("%s is %v", class, v)
		}
	}
	k := mustNew(t, "KaufmanEfficiencyRatio", 5)
	feed(k, 0.1, 0.7, 0.2, 0.9, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3)
	if k.Value() != 1 {
		t.Errorf("efficiency ratio %v, want 1", k.Value())
	}
}

// TestMcClellanReference compares the end of the reference only: its averages start from an earlier
// history than the file holds, and that difference fades.
func TestMcClellanReference(t *testing.T) {
	rows := reference(t, "mcclellan_data.csv")
	x, err := newMcClellan("MO", 19, 39)
	if err != nil {
		t.Fatal(err)
	}
	x.diff.past = true
	for i, r := range rows {
		diff, _ := r.number("A/D Difference")
		x.diff.set(diff, int64(i))
	}
	want, _ := rows[len(rows)-1].number("MO")
	if got := x.fast.value - x.slow.value; math.Abs(got-want) > 0.1 {
		t.Errorf("at the end: got %v, want %v", got, want)
	}
}

func TestUpdateAllocatesNothing(t *testing.T) {
	for _, s := range All() {
		if s.Class == "AutoRegressiveIntegratedMovingAverage" {
			continue // fits a model each time
		}
		ind, err := s.New("x", sampleArgs(s))
		if err != nil {
			t.Fatal(err)
		}
		if set, ok := ind.(AssetSet); ok {
			set.Add("A")
			set.Add("B")
		}
		var bars []Input
		walk(s.Kind == Multi, func(_ int, in *Input) { bars = append(bars, *in) })
		half, i := len(bars)/2, 0
		for ; i < half; i++ {
			ind.Update(&bars[i])
		}
		if n := testing.AllocsPerRun(100, func() { ind.Update(&bars[i]); i++ }); n > 0 && s.Class != "RelativeDailyVolume" {
			t.Errorf("%s allocates %v times per update", s.Class, n)
		}
	}
}

func benchmark(b *testing.B, class string, args ...any) {
	ind := mustNew(b, class, args...)
	in := Input{Bar: true}
	b.ReportAllocs()
	for i := range b.N {
		v := float64(i % 100)
		in.End, in.Value, in.Close, in.High, in.Low, in.Open = int64(i), v, v, v+1, v-1, v
		ind.Update(&in)
	}
}

func BenchmarkSMA(b *testing.B)       { benchmark(b, "SimpleMovingAverage", 20) }
func BenchmarkEMA(b *testing.B)       { benchmark(b, "ExponentialMovingAverage", 20) }
func BenchmarkRSI(b *testing.B)       { benchmark(b, "RelativeStrengthIndex", 14) }
func BenchmarkBollinger(b *testing.B) { benchmark(b, "BollingerBands", 20, 2.0) }
