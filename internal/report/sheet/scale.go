package sheet

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unit is how an axis and a table write their numbers.
type unit int

const (
	number unit = iota
	percent
)

// dash stands for what is not defined.
const dash = "–"

// show writes a number with digits decimals; what is too large or too small for
// that in powers of ten.
func show(v float64, u unit, digits int) string {
	if math.IsNaN(v) {
		return dash
	}
	suffix := ""
	if u == percent {
		v, suffix = 100*v, "%"
	}
	switch a := math.Abs(v); {
	case math.IsInf(v, 0):
		return map[bool]string{true: "∞", false: "−∞"}[v > 0] + suffix
	case a >= 1e9:
		return minus(strings.Replace(strconv.FormatFloat(v, 'e', 2, 64), "e+", "e", 1)) + suffix
	case a >= 1e4 && digits > 0:
		digits = 0
	case a > 1e-12 && u == number && a < 0.5*math.Pow(10, -float64(digits)):
		return minus(strconv.FormatFloat(v, 'e', 1, 64)) + suffix
	}
	return minus(thousands(v, digits)) + suffix
}

// thousands writes fixed digits with commas, and no -0.
func thousands(v float64, digits int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	whole, part, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	if v < 0 && strings.Trim(s, "0.") != "" {
		whole = "-" + whole
	}
	return whole
}

func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// scale maps values to a length; a log scale maps powers of ten evenly.
type scale struct {
	lo, hi float64
	a, b   float64
	log    bool
	unit   unit
	ticks  []float64
	labels []string
}

func (s scale) at(v float64) float64 {
	lo, hi := s.lo, s.hi
	if s.log {
		v, lo, hi = math.Log(v), math.Log(lo), math.Log(hi)
	}
	if hi == lo {
		return (s.a + s.b) / 2
	}
	return s.a + (v-lo)/(hi-lo)*(s.b-s.a)
}

// bounds are the least and the greatest of what is a number; ok is false where
// nothing is.
func bounds(series ...[]float64) (lo, hi float64, ok bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, x := range series {
		for _, v := range x {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				lo, hi, ok = min(lo, v), max(hi, v), true
			}
		}
	}
	return lo, hi, ok
}

// linear is a scale with steps of 1, 2, 2.5 or 5, about count of them.
func linear(lo, hi, a, b float64, count int, u unit) scale {
	if size := max(math.Abs(lo), math.Abs(hi)); hi-lo <= 1e-12*max(size, 1e-300) {
		pad := max(size*0.01, 1e-9)
		lo, hi = lo-pad, hi+pad
	}
	raw := (hi - lo) / float64(max(count, 1))
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * power
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*power >= raw*(1-1e-9) {
			step = m * power
			break
		}
	}
	s := scale{lo: lo, hi: hi, a: a, b: b, unit: u}
	written := step
	if u == percent {
		written *= 100
	}
	digits := 0
	for digits < 9 && math.Abs(written*math.Pow(10, float64(digits))-math.Round(written*math.Pow(10, float64(digits)))) > 1e-6*written*math.Pow(10, float64(digits)) {
		digits++
	}
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+step*1e-9; k++ {
		v := k * step
		s.ticks = append(s.ticks, v)
		s.labels = append(s.labels, tickLabel(v, u, digits))
	}
	return s
}

func tickLabel(v float64, u unit, digits int) string {
	w := v
	if u == percent {
		w *= 100
	}
	suffix := map[unit]string{percent: "%"}[u]
	switch a := math.Abs(w); {
	case a == 0:
		return "0" + suffix
	case a >= 1e12 || a < 1e-6:
		return minus(strings.Replace(strconv.FormatFloat(w, 'g', 3, 64), "e+", "e", 1)) + suffix
	case a >= 1e9:
		return minus(trimmed(w/1e9)) + "bn" + suffix
	case a >= 1e6:
		return minus(trimmed(w/1e6)) + "m" + suffix
	case a >= 1e5:
		return minus(trimmed(w/1e3)) + "k" + suffix
	}
	return minus(thousands(w, digits)) + suffix
}

func trimmed(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// powers is a log scale; its ticks are 1, 2 and 5 times powers of ten.
func powers(lo, hi, a, b float64) scale {
	s := scale{lo: lo * 0.98, hi: hi * 1.02, a: a, b: b, log: true}
	for _, set := range [][]float64{{1, 2, 5}, {1}} {
		s.ticks, s.labels = nil, nil
		for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
			for _, m := range set {
				if v := m * math.Pow(10, e); v >= s.lo && v <= s.hi {
					s.ticks = append(s.ticks, v)
					s.labels = append(s.labels, tickLabel(v, number, int(max(0, -e))))
				}
			}
		}
		if len(s.ticks) <= 9 {
			break
		}
	}
	for len(s.ticks) > 9 {
		var t []float64
		var l []string
		for i := 0; i < len(s.ticks); i += 2 {
			t, l = append(t, s.ticks[i]), append(l, s.labels[i])
		}
		s.ticks, s.labels = t, l
	}
	return s
}

// calendar is a scale of bars, evenly spaced, with ticks where a period begins.
func calendar(times []time.Time, a, b float64, room int) scale {
	n := len(times)
	s := scale{lo: 0, hi: float64(max(n-1, 1)), a: a, b: b}
	room = max(room, 1)
	type grain struct {
		layout string
		key    func(time.Time) int
	}
	months := func(k int) func(time.Time) int {
		return func(t time.Time) int { return (t.Year()*12 + int(t.Month()) - 1) / k }
	}
	span := func(d time.Duration) func(time.Time) int {
		return func(t time.Time) int { return int(t.Unix() / int64(d/time.Second)) }
	}
	grains := []grain{
		{"15:04", span(time.Minute)}, {"15:04", span(5 * time.Minute)}, {"15:04", span(15 * time.Minute)}, {"2 Jan 15:04", span(time.Hour)}, {"2 Jan 15:04", span(3 * time.Hour)},
		{"2 Jan", span(24 * time.Hour)}, {"2 Jan", span(2 * 24 * time.Hour)}, {"2 Jan", span(7 * 24 * time.Hour)}, {"2 Jan 2006", span(14 * 24 * time.Hour)},
		{"Jan 2006", months(1)}, {"Jan 2006", months(2)}, {"Jan 2006", months(3)}, {"Jan 2006", months(6)}, {"2006", months(12)}, {"2006", months(24)}, {"2006", months(60)}, {"2006", months(120)}, {"2006", months(600)},
	}
	if !within24(times) {
		grains = grains[5:]
	}
	for _, g := range grains {
		s.ticks, s.labels = nil, nil
		for i := 1; i < n && len(s.ticks) <= room; i++ {
			if g.key(times[i]) != g.key(times[i-1]) {
				s.ticks = append(s.ticks, float64(i))
				s.labels = append(s.labels, times[i].Format(g.layout))
			}
		}
		if len(s.ticks) <= room {
			break
		}
	}
	if len(s.ticks) == 0 && n > 0 {
		s.ticks, s.labels = []float64{0}, []string{times[0].Format("2 Jan 2006")}
	}
	return s
}

// within24 tells that a day has several bars.
func within24(times []time.Time) bool {
	for i := 1; i < len(times); i++ {
		if times[i].YearDay() == times[i-1].YearDay() && times[i].Year() == times[i-1].Year() && !times[i].Equal(times[i-1]) {
			return true
		}
	}
	return false
}

// dayOf writes a day.
func dayOf(t time.Time) string { return t.Format("2 Jan 2006") }

// spanOf writes the first and the last time.
func spanOf(times []time.Time) string {
	if len(times) == 0 {
		return "no data"
	}
	return fmt.Sprintf("%s to %s", dayOf(times[0]), dayOf(times[len(times)-1]))
}
