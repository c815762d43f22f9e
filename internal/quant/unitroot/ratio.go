package unitroot

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/quant"
)

// RatioResult is a variance ratio: 1 for a random walk, below it where moves turn
// back.
type RatioResult struct {
	// Q is the horizon in bars.
	Q  int
	VR float64
	// ZHomo and PHomo assume one variance, ZHetero and PHetero allow it to vary; p is
	// two-sided.
	ZHomo, PHomo, ZHetero, PHetero float64
}

// VarianceRatio is the ratio of the variance of overlapping q-bar moves to q times
// that of one-bar moves of x (levels of log price, at least 2q+2), with both tests
// of Lo and MacKinlay (1988). Errors as ADF; q below 2 is
// fault.InvalidParameter. Cost O(nq).
func VarianceRatio(name string, x []float64, q int) (*RatioResult, error) {
	if q < 2 {
		return nil, quant.Bad("unitroot.VarianceRatio", "q", q, "at least 2")
	}
	if err := check(name, x, 2*q+2); err != nil {
		return nil, err
	}
	n := len(x) - 1
	nf, qf := float64(n), float64(q)
	drift := (x[n] - x[0]) / nf
	e := make([]float64, n) // squared deviations of one-bar moves
	var one float64
	for i := range e {
		d := x[i+1] - x[i] - drift
		e[i] = d * d
		one += e[i]
	}
	out := &RatioResult{Q: q, VR: math.NaN(), ZHomo: math.NaN(), PHomo: math.NaN(), ZHetero: math.NaN(), PHetero: math.NaN()}
	if one == 0 {
		return out, nil // an exact line
	}
	var long float64
	for i := q; i <= n; i++ {
		d := x[i] - x[i-q] - qf*drift
		long += d * d
	}
	out.VR = long / (qf * (nf - qf + 1) * (1 - qf/nf)) / (one / (nf - 1))
	out.ZHomo = (out.VR - 1) / math.Sqrt(2*(2*qf-1)*(qf-1)/(3*qf*nf))
	var theta float64
	for j := 1; j < q; j++ {
		var s float64
		for i := j; i < n; i++ {
			s += e[i] * e[i-j]
		}
		w := 2 * (qf - float64(j)) / qf
		theta += w * w * s / (one * one)
	}
	out.ZHetero = (out.VR - 1) / math.Sqrt(theta)
	out.PHomo = 2 * distuv.UnitNormal.Survival(math.Abs(out.ZHomo))
	out.PHetero = 2 * distuv.UnitNormal.Survival(math.Abs(out.ZHetero))
	return out, nil
}
