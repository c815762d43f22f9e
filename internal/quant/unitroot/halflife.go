package unitroot

import (
	"math"

	"quantdesk/internal/quant"
)

// HalfLifeParams are those of HalfLife.
type HalfLifeParams struct {
	// BarLength scales the results' unit of time: 0 is 1, results in bars; the part
	// of a day that a bar has gives days.
	BarLength float64
}

// HalfLifeResult describes x_t = a + φx_{t-1} + e. From HalfLife to SigmaEq all
// are NaN where 0 < φ < 1 does not hold, and Reason says why.
type HalfLifeResult struct {
	Intercept, Phi, PhiSE float64
	// PhiKendall is φ with Kendall's correction for small samples, φ + (1+3φ)/n.
	PhiKendall float64
	// SigmaEps is the residual standard deviation.
	SigmaEps float64
	// HalfLife is -ln 2/ln φ, HalfLifeSE its standard error by the delta method, both
	// times the bar length.
	HalfLife, HalfLifeSE float64
	// Theta is the speed of the return to the mean, -ln φ over the bar length.
	Theta float64
	// Mu is the mean a/(1-φ), SigmaEq the standard deviation around it.
	Mu, SigmaEq float64
	// HalfLifeKendall is that of PhiKendall, NaN where it is 1 or more.
	HalfLifeKendall float64
	// Reason is "", "oscillating" (φ <= 0) or "no_mean_reversion" (φ >= 1).
	Reason string
	// Observations of the regression, one fewer than levels.
	Observations int
}

// HalfLife fits a first-order autoregression to x (n levels, at least 20) by least
// squares and tells how long a deviation takes to halve. Errors as ADF. Source:
// Kendall (1954) for the correction.
func HalfLife(name string, x []float64, p HalfLifeParams) (*HalfLifeResult, error) {
	if err := check(name, x, minimum); err != nil {
		return nil, err
	}
	bar := p.BarLength
	if bar == 0 {
		bar = 1
	}
	if !(bar > 0) || math.IsInf(bar, 0) {
		return nil, quant.Bad("unitroot.HalfLife", "bar_length", p.BarLength, "above zero")
	}
	return autoregress(x, bar), nil
}

func autoregress(s []float64, bar float64) *HalfLifeResult {
	y, x := s[1:], s[:len(s)-1]
	n := float64(len(y))
	mx, my := quant.Mean(x), quant.Mean(y)
	var sxx, sxy float64
	for i, v := range x {
		sxx += (v - mx) * (v - mx)
		sxy += (v - mx) * (y[i] - my)
	}
	nan := math.NaN()
	out := &HalfLifeResult{HalfLife: nan, HalfLifeSE: nan, Theta: nan, Mu: nan, SigmaEq: nan, HalfLifeKendall: nan, Observations: len(y)}
	phi := sxy / sxx
	out.Phi, out.Intercept = phi, my-phi*mx
	var ssr float64
	for i, v := range x {
		e := y[i] - my - phi*(v-mx)
		ssr += e * e
	}
	variance := ssr / (n - 2)
	out.PhiSE, out.SigmaEps = math.Sqrt(variance/sxx), math.Sqrt(variance)
	out.PhiKendall = phi + (1+3*phi)/n
	switch {
	case math.IsNaN(phi): // all but the last level are one
		out.Reason = "no_mean_reversion"
		return out
	case phi <= 0:
		out.Reason = "oscillating"
		return out
	case phi >= 1:
		out.Reason = "no_mean_reversion"
		return out
	}
	l := math.Log(phi)
	out.HalfLife = -math.Ln2 / l * bar
	out.HalfLifeSE = math.Ln2 * out.PhiSE / (phi * l * l) * bar
	out.Theta = -l / bar
	out.Mu = out.Intercept / (1 - phi)
	out.SigmaEq = math.Sqrt(variance / (1 - phi*phi))
	if k := out.PhiKendall; k > 0 && k < 1 {
		out.HalfLifeKendall = -math.Ln2 / math.Log(k) * bar
	}
	return out
}
