package unitroot

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

// KPSSParams are those of KPSS; the zero value is a constant and automatic lags.
type KPSSParams struct {
	// Trend is Constant or Linear.
	Trend Trend
	// Lags is "auto" (the default), "legacy", or "" with Count.
	Lags string
	// Count is the number of lags where Lags does not name a rule.
	Count *int
}

// KPSSResult is what KPSS finds.
type KPSSResult struct {
	// Stat is η, the scaled sum of squared partial sums.
	Stat float64
	// P is interpolated between the four tabulated points, within 0.01 and 0.10.
	P float64
	// PBound is "<=0.01" or ">=0.10" where P is an end of the table, else empty.
	PBound string
	// Lags of the long-run variance.
	Lags int
	// Critical are the values at 10, 5, 2.5 and 1 %.
	Critical []float64
	// Reject tells that stationarity is refused at 5 %.
	Reject bool
	// Trend is the one used.
	Trend Trend
}

// KPSS tests the null that x (n levels, at least 20) is stationary around its mean
// (Constant) or a line (Linear), with Bartlett weights in the long-run variance.
// Automatic lags follow Hobijn, Franses and Ooms (1998). Errors as ADF. Source:
// Kwiatkowski, Phillips, Schmidt and Shin (1992). Cost O(n·lags).
func KPSS(name string, x []float64, p KPSSParams) (*KPSSResult, error) {
	const op = "unitroot.KPSS"
	if err := check(name, x, minimum); err != nil {
		return nil, err
	}
	trend := p.Trend.orConstant()
	out := &KPSSResult{Trend: trend}
	switch trend {
	case Constant:
		out.Critical = table().KPSS.C
	case Linear:
		out.Critical = table().KPSS.CT
	default:
		return nil, quant.Bad(op, "regression", string(p.Trend), "c or ct")
	}
	n := len(x)
	e := regress.Fit(x, deterministic(n, trend)...).Residuals
	var err error
	if out.Lags, err = p.lags(op, e); err != nil {
		return nil, err
	}
	var sum, squares float64
	for _, v := range e {
		sum += v
		squares += sum * sum
	}
	variance := autocovariance(e, 0)
	for i := 1; i <= out.Lags; i++ {
		variance += 2 * (1 - float64(i)/float64(out.Lags+1)) * autocovariance(e, i)
	}
	out.Stat = squares / (float64(n) * float64(n)) / variance
	out.P = interpolate(out.Stat, out.Critical, table().KPSS.P)
	switch {
	case out.Stat <= out.Critical[0]:
		out.PBound = ">=0.10"
	case out.Stat >= out.Critical[len(out.Critical)-1]:
		out.PBound = "<=0.01"
	}
	out.Reject = out.Stat > out.Critical[1]
	return out, nil
}

func deterministic(n int, trend Trend) [][]float64 {
	out := make([][]float64, 0, 3)
	for power := range trend.Terms() {
		out = append(out, regress.Trend(n, power))
	}
	return out
}

func (p KPSSParams) lags(op string, e []float64) (int, error) {
	n := len(e)
	if p.Count != nil {
		if *p.Count < 0 || *p.Count >= n {
			return 0, quant.Bad(op, "lags", *p.Count, fmt.Sprintf("between 0 and %d", n-1))
		}
		return *p.Count, nil
	}
	switch p.Lags {
	case "legacy":
		return min(int(math.Ceil(12*math.Pow(float64(n)/100, 0.25))), n-1), nil
	case "", "auto":
		s0, s1 := autocovariance(e, 0), 0.0
		for i := 1; i <= int(math.Pow(float64(n), 2.0/9)); i++ {
			g := autocovariance(e, i)
			s0 += 2 * g
			s1 += 2 * float64(i) * g
		}
		s := s1 / s0
		return min(int(1.1447*math.Pow(s*s, 1.0/3)*math.Pow(float64(n), 1.0/3)), n-1), nil
	}
	return 0, quant.Bad(op, "lags", p.Lags, "auto, legacy or a number")
}

// autocovariance is that of e, whose mean is taken to be zero, divided by n.
func autocovariance(e []float64, lag int) float64 {
	return floats.Dot(e[lag:], e[:len(e)-lag]) / float64(len(e))
}

// interpolate reads y at a point between ascending xs, the ends beyond them.
func interpolate(x float64, xs, ys []float64) float64 {
	if x <= xs[0] {
		return ys[0]
	}
	for i := 1; i < len(xs); i++ {
		if x <= xs[i] {
			return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
		}
	}
	return ys[len(ys)-1]
}

// Verdict is what ADF and KPSS say together.
type Verdict string

// The four verdicts: one refuses its null and the other does not, both do, or
// neither does.
const (
	Stationary   Verdict = "stationary"
	UnitRoot     Verdict = "unit_root"
	Conflicting  Verdict = "conflicting"
	Inconclusive Verdict = "inconclusive"
)

// Judge reads both tests at 5 %.
func Judge(adf *ADFResult, kpss *KPSSResult) Verdict {
	switch {
	case adf.Reject && !kpss.Reject:
		return Stationary
	case !adf.Reject && kpss.Reject:
		return UnitRoot
	case adf.Reject:
		return Conflicting
	}
	return Inconclusive
}
