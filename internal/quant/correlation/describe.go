package correlation

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Edge is the correlation of one pair.
type Edge struct {
	I, J int
	Rho  float64
}

// Description tells what stands out in a matrix of correlations.
type Description struct {
	// Top are the pairs of the greatest |rho|, Bottom those of the least.
	Top, Bottom []Edge
	// MeanAbs is the mean |rho| of each series with the others; NaN for a constant.
	MeanAbs []float64
	// Least and Greatest are the ends of the spectrum, Condition their ratio, without
	// the constant series. Least is negative where pairs had different dates.
	Least, Greatest, Condition float64
}

// Describe lists the count strongest and weakest pairs of a symmetric matrix of
// correlations, the mean of each series, and the spectrum. Ties go by number. Cost
// O(p³).
func Describe(rho [][]float64, count int) *Description {
	p := len(rho)
	out := &Description{MeanAbs: MeanAbs(rho), Least: math.NaN(), Greatest: math.NaN(), Condition: math.NaN()}
	var edges []Edge
	var there []int
	for i := range p {
		if !math.IsNaN(rho[i][i]) {
			there = append(there, i)
		}
		for j := i + 1; j < p; j++ {
			if !math.IsNaN(rho[i][j]) {
				edges = append(edges, Edge{i, j, rho[i][j]})
			}
		}
	}
	slices.SortStableFunc(edges, func(a, b Edge) int { return cmp.Compare(math.Abs(b.Rho), math.Abs(a.Rho)) })
	out.Top = append(out.Top, edges[:min(count, len(edges))]...)
	slices.SortStableFunc(edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(math.Abs(a.Rho), math.Abs(b.Rho)), cmp.Compare(a.I, b.I), cmp.Compare(a.J, b.J))
	})
	out.Bottom = append(out.Bottom, edges[:min(count, len(edges))]...)
	if len(there) == 0 {
		return out
	}
	sub := mat.NewSymDense(len(there), nil)
	for a, i := range there {
		for b, j := range there[:a+1] {
			sub.SetSym(a, b, rho[i][j])
		}
	}
	var eigen mat.EigenSym
	if eigen.Factorize(sub, false) {
		values := eigen.Values(nil)
		out.Least, out.Greatest = values[0], values[len(values)-1]
		out.Condition = out.Greatest / out.Least
		if out.Least <= 0 {
			out.Condition = math.Inf(1)
		}
	}
	return out
}

// MeanAbs is the mean |rho| of each series with the others that vary.
func MeanAbs(rho [][]float64) []float64 {
	out := make([]float64, len(rho))
	for i, row := range rho {
		var sum float64
		n := 0
		for j, r := range row {
			if j != i && !math.IsNaN(r) {
				sum += math.Abs(r)
				n++
			}
		}
		out[i] = sum / float64(n) // NaN where there are none
	}
	return out
}
