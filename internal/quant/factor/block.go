package factor

import (
	"math"

	"quantdesk/internal/quant"
)

// Block is the best expected block length for the bootstrap of a mean.
type Block struct {
	// MHat is the lag after which autocorrelations are insignificant, M the
	// bandwidth.
	MHat, M int
	// Stationary and Circular are block lengths for either bootstrap, from 1 to
	// ceil(min(3 sqrt n, n/3)).
	Stationary, Circular float64
}

// BlockLength estimates it from a series that varies, of 30 observations or more
// (Politis and White 2004, with the correction of Patton, Politis and White 2009).
// Costs n sqrt(n).
func BlockLength(x []float64) (*Block, error) {
	if err := quant.Check(quant.Column{Name: "x", Values: x, AtLeast: minBootstrap, Varies: true}); err != nil {
		return nil, err
	}
	n := len(x)
	size := float64(n)
	run := max(5, int(math.Log10(size))) // insignificant lags in a row that end the search
	most := int(math.Ceil(math.Sqrt(size))) + run
	bound := 2 * math.Sqrt(math.Log10(size)/size)
	cov := autocovariances(x, min(most+run, n-1))
	significant := func(lag int) bool { return lag < len(cov) && math.Abs(cov[lag]/cov[0]) >= bound }

	mhat := -1
	for m, quiet := 0, 0; m <= most && mhat < 0; m++ { // m ends a run of quiet lags
		if quiet++; m == 0 || significant(m) {
			quiet = 0
		}
		if quiet == run {
			mhat = m - run
		}
	}
	if mhat < 0 {
		for m := most; m > 0 && mhat < 0; m-- {
			if significant(m) {
				mhat = m
			}
		}
	}
	mhat = max(mhat, 0)
	out := &Block{MHat: mhat, M: min(2*max(mhat, 1), most)}
	var g, spectrum float64
	spectrum = cov[0]
	for lag := 1; lag <= out.M && lag < len(cov); lag++ {
		w := min(1, 2*(1-float64(lag)/float64(out.M))) // the flat-top window
		g += 2 * w * float64(lag) * cov[lag]
		spectrum += 2 * w * cov[lag]
	}
	longest := math.Ceil(min(3*math.Sqrt(size), size/3))
	length := func(d float64) float64 {
		return min(max(math.Cbrt(2*g*g/(d*spectrum*spectrum)*size), 1), longest)
	}
	out.Stationary, out.Circular = length(2), length(4./3)
	return out, nil
}

// autocovariances are those of lags 0 to most, over n.
func autocovariances(x []float64, most int) []float64 {
	mean := quant.Mean(x)
	out := make([]float64, most+1)
	for lag := range out {
		var s float64
		for t := lag; t < len(x); t++ {
			s += (x[t] - mean) * (x[t-lag] - mean)
		}
		out[lag] = s / float64(len(x))
	}
	return out
}
