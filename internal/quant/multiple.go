package quant

import (
	"math"
	"slices"
)

// BenjaminiHochberg are p-values adjusted so that those at or below a level keep
// the share of false discoveries below it (Benjamini and Hochberg 1995). NaN stays
// and does not count.
func BenjaminiHochberg(p []float64) []float64 {
	order, out := ascending(p)
	least := 1.0
	for i := len(order) - 1; i >= 0; i-- {
		least = min(least, p[order[i]]*float64(len(order))/float64(i+1))
		out[order[i]] = least
	}
	return out
}

// Holm are p-values adjusted so that the chance of any false one at or below a
// level stays below it (Holm 1979). NaN stays and does not count.
func Holm(p []float64) []float64 {
	order, out := ascending(p)
	var most float64
	for i, k := range order {
		most = max(most, min(1, p[k]*float64(len(order)-i)))
		out[k] = most
	}
	return out
}

// ascending is the order of the values that there are, and a result full of NaN.
func ascending(p []float64) (order []int, out []float64) {
	out = make([]float64, len(p))
	for i, v := range p {
		if out[i] = math.NaN(); !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return a - b
	})
	return order, out
}
