package indicator

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// sampleArgs gives each required parameter a plausible value.
func sampleArgs(s Spec) []any {
	out := make([]any, 0, len(s.Params))
	for i, p := range s.Params {
		switch {
		case !p.Required && s.Class != "Momersion" && s.Class != "MomersionIndicator":
			out = append(out, nil)
		case p.Type == "int" && s.Class == "AutoRegressiveIntegratedMovingAverage":
			out = append(out, []int{1, 0, 1, 30}[i])
		case p.Name == "slow_period":
			out = append(out, 12)
		case p.Type == "int":
			out = append(out, 6)
		case p.Name == "confidence_level":
			out = append(out, 0.95)
		case p.Type == "float":
			out = append(out, 2.0)
		case p.Type == "symbol":
			out = append(out, []string{"A", "B"}[i])
		case p.Type == "MovingAverageType":
			out = append(out, "Simple")
		default:
			out = append(out, "Gauss")
		}
	}
	return out
}

// walk is a made-up series of bars that rises, falls and stands still, two symbols in turn.
func walk(multi bool, f func(i int, in *Input)) {
	symbols := []string{""}
	if multi {
		symbols = []string{"A", "B"}
	}
	prev := map[string]float64{}
	for i := range 400 {
		for k, symbol := range symbols {
			c := 100 + 10*math.Sin(float64(i)/7+float64(k)) + 3*math.Cos(float64(i*i%17)) + float64(i)/20
			if i%50 == 49 {
				c = prev[symbol]
			}
			o := prev[symbol]
			if i == 0 {
				o = 100
			}
			prev[symbol] = c
			start := int64(i+1) * nanosPerDay
			in := Input{Symbol: symbol, Start: start, End: start + nanosPerDay, Open: o, Close: c, Value: c, Bar: true,
				High: max(o, c) + 0.5 + float64(i%5)/4, Low: min(o, c) - 0.5 - float64(i%3)/4, Volume: 1000 + 100*float64(i*7%13)}
			f(i+1, &in)
		}
	}
}

// late names the classes that LEAN makes ready so many samples after its own warm-up period, or before it.
var late = map[string]int{
	"AbandonedBaby": 1, "MatHold": 1, "RiseFallThreeMethods": 1,
	"McClellanOscillator": -1, "McClellanSummationIndex": -1, "ZeroLagExponentialMovingAverage": -1,
}

func TestEverySpec(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Class, func(t *testing.T) {
			ind, err := s.New("x", sampleArgs(s))
			if err != nil {
				t.Fatal(err)
			}
			if set, ok := ind.(AssetSet); ok {
				set.Add("A")
				set.Add("B")
			}
			checkParts(t, s, ind)
			if got := series(t, s, ind, true); ind.Samples() == 0 || !ind.Ready() {
				t.Fatalf("not ready after %d samples", ind.Samples())
			} else {
				ind.Reset()
				if ind.Samples() != 0 || ind.Value() != 0 || ind.Ready() {
					t.Errorf("after reset: %d samples, value %v, ready %v", ind.Samples(), ind.Value(), ind.Ready())
				}
				if again := series(t, s, ind, false); !slices.Equal(got, again) {
					t.Error("another series after reset")
				}
			}
		})
	}
}

// series feeds the walk and returns the values; with strict it checks when the indicator gets ready.
func series(t *testing.T, s Spec, ind Indicator, strict bool) (out []float64) {
	t.Helper()
	warm, ready := ind.WarmUp(), 0
	walk(s.Kind == Multi, func(i int, in *Input) {
		if ind.Update(in) != ind.Ready() {
			t.Fatal("Update and Ready disagree")
		}
		if ind.Ready() && ready == 0 {
			ready = i
		}
		v := ind.Value()
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%v at sample %d", v, i)
		}
		out = append(out, v)
	})
	if strict && warm > 0 && ready != warm+late[s.Class] {
		t.Errorf("ready at %d, warm-up is %d", ready, warm)
	}
	return out
}

func checkParts(t *testing.T, s Spec, ind Indicator) {
	t.Helper()
	own := ind.(interface{ partNames() []string }).partNames()
	if !slices.Equal(own, s.Subs) {
		t.Errorf("the catalogue names the parts %v, the indicator %v", s.Subs, own)
	}
	fields := ind.(interface{ fieldNames() []string }).fieldNames()
	if !slices.Equal(fields, s.Fields) {
		t.Errorf("the catalogue names the fields %v, the indicator %v", s.Fields, fields)
	}
	for _, name := range s.Subs {
		if ind.Sub(name) == nil {
			t.Errorf("no part %s", name)
		}
	}
	if ind.Sub("nonsense") != nil {
		t.Error("a part of no meaning")
	}
	if name := s.DefaultName(sampleArgs(s)); strings.ContainsAny(name, "{") {
		t.Errorf("default name %q", name)
	}
	for _, h := range s.Helpers {
		args := make([]any, len(h.Params))
		for i, p := range h.Params {
			if p.Required {
				args[i] = sampleArgs(Spec{Params: []Param{p}})[0]
			}
			if p.Type == "symbols" {
				args[i] = []string{"A"}
			}
			if p.Name == "slow_period" {
				args[i] = 50
			}
		}
		if len(h.Params) > 1 && h.Params[1].Type == "symbol" {
			args[1] = "B"
		}
		if s.Class == "AutoRegressiveIntegratedMovingAverage" {
			args = []any{1, 0, 1, 30, true}[:len(h.Params)]
		}
		if _, err := h.New(s, "x", args); err != nil {
			t.Errorf("helper %s: %v", h.Method, err)
		}
		if name := h.NameFor(args); strings.ContainsAny(name, "{") || name == "" {
			t.Errorf("helper %s: name %q", h.Method, name)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		class string
		args  []any
		want  string
	}{
		{"BollingerBands", []any{20, 2.0}, "BB(20,2)"},
		{"ExponentialMovingAverage", []any{10}, "EMA(10)"},
		{"ExponentialMovingAverage", []any{10, 0.25}, "EMA(10,0.25)"},
		{"ArnaudLegouxMovingAverage", []any{9}, "ALMA(9,6,0.85)"},
		{"VolumeProfile", nil, "VP(2,0.70,0.05)"},
		{"DonchianChannel", []any{5, 8}, "DCH(8,8)"},
		{"DonchianChannel", []any{5}, "DCH(5,5)"},
		{"AwesomeOscillator", []any{5, 34, 1}, "AO(5,34,Exponential)"},
		{"AutoRegressiveIntegratedMovingAverage", []any{1, 0, 1, 50}, "ARIMA((1, 0, 1), 50, True)"},
		{"SharpeRatio", []any{10}, "SR(10,0.0)"},
		{"Alpha", []any{"A", "B", 1, 252, 0.01}, "ALPHA(A,B,1,252,0.01)"},
		{"Momersion", []any{nil, 20}, "Momersion(,20)"},
	} {
		s, ok := Lookup(c.class)
		if !ok {
			t.Fatalf("no %s", c.class)
		}
		if got := s.DefaultName(c.args); got != c.want {
			t.Errorf("%s%v is called %q, want %q", c.class, c.args, got, c.want)
		}
	}
	s, _ := Lookup("RelativeStrengthIndex")
	if got := s.Helpers[0].NameFor([]any{14}); got != "RSI(14,Wilders)" {
		t.Errorf("helper name %q", got)
	}
}

func TestBadArguments(t *testing.T) {
	for _, c := range []struct {
		class string
		args  []any
		want  string
	}{
		{"SimpleMovingAverage", nil, "missing argument period"},
		{"SimpleMovingAverage", []any{0}, "at least 1"},
		{"SimpleMovingAverage", []any{"ten"}, "ten is no int"},
		{"SimpleMovingAverage", []any{1, 2}, "at most 1"},
		{"RelativeStrengthIndex", []any{14, "Weird"}, "MovingAverageType"},
		{"MovingAverageConvergenceDivergence", []any{26, 12, 9}, "less than"},
		{"Beta", []any{"A", "B", 1}, "at least 2"},
		{"BollingerBands", []any{20, math.NaN()}, "finite"},
	} {
		s, _ := Lookup(c.class)
		if _, err := s.New("x", c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s%v: error %v, want one with %q", c.class, c.args, err, c.want)
		}
	}
	if _, ok := Lookup("Nonsense"); ok {
		t.Error("found a class that is none")
	}
}
