package unitroot

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// HurstParams are those of Hurst.
type HurstParams struct {
	// MaxLag of the structure function; 0 is max(5, min(20, n/10)).
	MaxLag int
	// Scales adds the rescaled range and the detrended fluctuation, which cost more.
	Scales bool
}

// HurstResult is what Hurst finds: 0.5 for a random walk, less where increments
// turn back.
type HurstResult struct {
	// H is from the structure function.
	H float64
	// Lags it used, and R2 of the weighted line through them.
	Lags int
	R2   float64
	// SE is the standard error under a random walk, 0.75/√n, and P the chance of so
	// low an exponent under one.
	SE, P float64
	// RS is from the rescaled range with the correction of Anis, Lloyd and Peters,
	// RSRaw without it, DFA from the detrended fluctuation; NaN unless asked for.
	RS, RSRaw, DFA float64
	// Observations counts increments.
	Observations int
	// Warnings name what limits the estimate.
	Warnings []string
}

// Least numbers of levels of Hurst: hard, and for an estimate without a warning.
const (
	hurstMinimum = 60
	hurstGood    = 250
)

// Hurst estimates the Hurst exponent of the level series x (at least 60): half the
// slope of ln mean (x_{i+t}-x_i)² on ln t, t = 1 … L, with weights 1/t. The
// exponent of a spread that returns to its mean depends on the lags beside its
// half-life: it nearly repeats what the half-life says. Errors as ADF;
// fault.ConstantSeries also where no lag moves. Cost O(nL).
func Hurst(name string, x []float64, p HurstParams) (*HurstResult, error) {
	if err := check(name, x, hurstMinimum); err != nil {
		return nil, err
	}
	n := len(x) - 1
	lags := p.MaxLag
	if lags == 0 {
		lags = max(5, min(20, n/10))
	}
	if lags < 2 || lags > n/2 {
		return nil, quant.Bad("unitroot.Hurst", "max_lag", p.MaxLag, "between 2 and half the increments")
	}
	out := &HurstResult{Lags: lags, Observations: n, RS: math.NaN(), RSRaw: math.NaN(), DFA: math.NaN()}
	logs, weights, moves := make([]float64, lags), make([]float64, lags), make([]float64, lags)
	for t := 1; t <= lags; t++ {
		m := meanSquare(x[t:], x)
		if m == 0 {
			return nil, fault.E("unitroot.Hurst", fault.ConstantSeries, "%s does not move over %d bars", name, t).With("argument", name)
		}
		logs[t-1], weights[t-1], moves[t-1] = math.Log(float64(t)), 1/float64(t), math.Log(m)
	}
	slope, r2 := line(logs, moves, weights)
	out.H, out.R2 = slope/2, r2
	out.SE = 0.75 / math.Sqrt(float64(n))
	out.P = distuv.UnitNormal.CDF((out.H - 0.5) / out.SE)
	if p.Scales {
		out.RS, out.RSRaw = rescaledRange(x)
		out.DFA = fluctuation(x)
	}
	if len(x) < hurstGood {
		out.Warnings = append(out.Warnings, "short_sample")
	}
	return out, nil
}

// meanSquare is the mean of (a-b)² over a. Four sums keep the processor busy.
func meanSquare(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		p, q := a[i:i+4:i+4], b[i:i+4:i+4]
		d0, d1, d2, d3 := p[0]-q[0], p[1]-q[1], p[2]-q[2], p[3]-q[3]
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
	}
	for ; i < len(a); i++ {
		d := a[i] - b[i]
		s0 += d * d
	}
	return (s0 + s1 + s2 + s3) / float64(len(a))
}

// line is the slope of the least-squares line of y on x and its R²; nil weights
// are equal ones.
func line(x, y, w []float64) (slope, r2 float64) {
	weight := func(i int) float64 {
		if w == nil {
			return 1
		}
		return w[i]
	}
	var sw, mx, my float64
	for i := range x {
		sw += weight(i)
		mx += weight(i) * x[i]
		my += weight(i) * y[i]
	}
	mx, my = mx/sw, my/sw
	var sxx, sxy, syy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		sxx += weight(i) * dx * dx
		sxy += weight(i) * dx * dy
		syy += weight(i) * dy * dy
	}
	slope = sxy / sxx
	var left float64
	for i := range x {
		e := y[i] - my - slope*(x[i]-mx)
		left += weight(i) * e * e
	}
	return slope, 1 - left/syy
}

// scales are twelve lengths from lo to hi, evenly spaced in logarithms, rounded
// half up, each once.
func scales(lo, hi int) []int {
	const count = 12
	a, b := math.Log(float64(lo)), math.Log(float64(hi))
	out := make([]int, count)
	for i := range out {
		out[i] = int(math.Floor(math.Exp(a+(b-a)*float64(i)/(count-1)) + 0.5))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rescaledRange is the slope of ln R/S on ln of the block length, corrected by
// what a random walk is expected to show (Anis and Lloyd 1976, Peters 1994).
func rescaledRange(x []float64) (corrected, raw float64) {
	n := len(x) - 1
	var at, found, excess []float64
	for _, m := range scales(10, n/4) {
		var sum float64
		used := 0
		for start := 0; start+m <= n; start += m {
			block := x[start : start+m+1]
			mean := (block[m] - block[0]) / float64(m)
			var lo, hi, squares float64
			lo, hi = math.Inf(1), math.Inf(-1)
			for i := 1; i <= m; i++ {
				d := block[i] - block[i-1] - mean
				squares += d * d
				z := block[i] - block[0] - float64(i)*mean
				lo, hi = min(lo, z), max(hi, z)
			}
			if squares > 0 {
				sum += (hi - lo) / math.Sqrt(squares/float64(m))
				used++
			}
		}
		if used == 0 {
			continue
		}
		rs := math.Log(sum / float64(used))
		at = append(at, math.Log(float64(m)))
		found = append(found, rs)
		excess = append(excess, rs-math.Log(expectedRange(m)))
	}
	raw, _ = line(at, found, nil)
	corrected, _ = line(at, excess, nil)
	return corrected + 0.5, raw
}

// expectedRange is the R/S that m independent increments are expected to have.
func expectedRange(m int) float64 {
	f := float64(m)
	c := 1 / math.Sqrt(f*math.Pi/2)
	if m <= 340 {
		a, _ := math.Lgamma((f - 1) / 2)
		b, _ := math.Lgamma(f / 2)
		c = math.Exp(a-b) / math.Sqrt(math.Pi)
	}
	var sum float64
	for i := 1; i < m; i++ {
		sum += math.Sqrt((f - float64(i)) / float64(i))
	}
	return (f - 0.5) / f * c * sum
}

// fluctuation is the slope of ln of the mean deviation from a line in blocks on ln
// of their length, with blocks laid from both ends (Peng et al. 1994).
func fluctuation(x []float64) float64 {
	y := x[1:]
	n := len(y)
	var at, found []float64
	for _, m := range scales(8, n/4) {
		blocks := n / m
		var sum float64
		for _, from := range []int{0, n - blocks*m} {
			for b := range blocks {
				sum += deviation(y[from+b*m : from+(b+1)*m])
			}
		}
		at = append(at, math.Log(float64(m)))
		found = append(found, 0.5*math.Log(sum/float64(2*blocks*m)))
	}
	slope, _ := line(at, found, nil)
	return slope
}

// deviation is the sum of squares around the block's own line.
func deviation(b []float64) float64 {
	mean := quant.Mean(b)
	half := float64(len(b)-1) / 2
	var stt, sty, syy float64
	for i, v := range b {
		t, d := float64(i)-half, v-mean
		stt += t * t
		sty += t * d
		syy += d * d
	}
	return syy - sty*sty/stt
}
