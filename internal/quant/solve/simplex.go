package solve

import (
	"math"
	"slices"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// CappedSimplex is argmin w'w + q'w subject to Σw = sum and 0 <= w <= upper: the
// point of the capped simplex that is nearest to -q/2. It is clip(-(mu+q)/2, 0, upper)
// with the multiplier mu found among its breakpoints; costs O(p log p). An upper
// below sum/p is fault.Infeasible.
func CappedSimplex(q []float64, upper, sum float64) ([]float64, error) {
	const op = "solve.CappedSimplex"
	p := len(q)
	if p == 0 || !(upper > 0) || !(sum > 0) {
		return nil, quant.Bad(op, "upper", upper, "above 0, as the sum and the number of weights")
	}
	if upper*float64(p) < sum*(1-1e-12) {
		return nil, fault.E(op, fault.Infeasible, "%d weights of at most %g add up to %g at most; they must add up to %g", p, upper, upper*float64(p), sum).With("argument", "upper").With("value", upper).With("limit", sum/float64(p))
	}
	w := make([]float64, p)
	NewProjector(p).Project(w, q, upper, sum)
	return w, nil
}

// Projector projects many times onto capped simplices of one size, without
// allocating.
type Projector struct{ breaks []float64 }

// NewProjector makes one for p weights.
func NewProjector(p int) *Projector { return &Projector{breaks: make([]float64, 2*p)} }

// Project is CappedSimplex into w, for arguments that are known to be feasible.
func (pr *Projector) Project(w, q []float64, upper, sum float64) {
	p := len(q)
	for i, v := range q {
		pr.breaks[i], pr.breaks[p+i] = -v, -v-2*upper
	}
	slices.Sort(pr.breaks)
	total := func(mu float64) float64 {
		var s float64
		for _, v := range q {
			s += min(max(-(mu+v)/2, 0), upper)
		}
		return s
	}
	lo, hi := 0, len(pr.breaks)-1 // total falls in mu, from p*upper to 0
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; total(pr.breaks[mid]) >= sum {
			lo = mid
		} else {
			hi = mid
		}
	}
	mu := pr.breaks[lo]
	if a, b := total(pr.breaks[lo]), total(pr.breaks[hi]); a != b {
		mu += (a - sum) * (pr.breaks[hi] - pr.breaks[lo]) / (a - b)
	}
	for i, v := range q {
		w[i] = math.Min(math.Max(-(mu+v)/2, 0), upper)
	}
}
