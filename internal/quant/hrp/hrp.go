// Package hrp builds hierarchical risk parity portfolios: assets are clustered by
// correlation, ordered by the tree, and capital is split by inverse variance along
// the order.
//
//	b, err := hrp.Build(ctx, covariance, hrp.Params{})
//	weights, err := hrp.Cap(b.Weights, 0.15)
package hrp

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Distance says how far apart two assets are.
type Distance string

// LopezDePrado compares the assets' whole columns of sqrt((1-rho)/2) by Euclidean
// distance; Direct takes sqrt((1-rho)/2) itself.
const (
	LopezDePrado Distance = "lopez_de_prado"
	Direct       Distance = "direct"
)

// Params are the settings of Build.
type Params struct {
	// Linkage; empty means Single.
	Linkage Linkage
	// Distance; empty means LopezDePrado.
	Distance Distance
	// Names are the symbols, for errors.
	Names []string
}

// Book is a hierarchical risk parity portfolio.
type Book struct {
	// Weights are positive and add up to one.
	Weights []float64
	// Order is the assets as the leaves of the tree.
	Order []int
	// Merges is the tree, p-1 merges by height: what a dendrogram draws.
	Merges []Merge
}

// Build computes the weights for a p×p covariance (López de Prado 2016). An asset
// without variance is fault.ConstantSeries. Ties go to the lower index. Costs p³/2
// multiplications on all processors.
func Build(ctx context.Context, covariance [][]float64, params Params) (*Book, error) {
	const op = "hrp.Build"
	p := len(covariance)
	if p == 0 {
		return nil, quant.Bad(op, "assets", 0, "at least 1")
	}
	for i, row := range covariance {
		if len(row) != p {
			return nil, quant.Bad(op, "covariance", len(row), "square")
		}
		if err := quant.Check(quant.Column{Name: "the covariance of " + quant.Name(params.Names, i), Values: row}); err != nil {
			return nil, err
		}
		if row[i] <= 0 {
			return nil, fault.E(op, fault.ConstantSeries, "%s has no variance", quant.Name(params.Names, i)).With("argument", quant.Name(params.Names, i))
		}
	}
	d, err := distances(ctx, op, covariance, params.Distance)
	if err != nil {
		return nil, err
	}
	merges, err := link(op, d, p, params.Linkage)
	if err != nil {
		return nil, err
	}
	b := &Book{Merges: merges, Order: leaves(merges, p)}
	b.Weights = bisect(covariance, b.Order)
	return b, nil
}

// distances is the p×p matrix of distances, row-major.
func distances(ctx context.Context, op string, s [][]float64, kind Distance) ([]float64, error) {
	p := len(s)
	columns := make([][]float64, p)
	flat := make([]float64, p*p)
	sd := make([]float64, p)
	for i, row := range s {
		columns[i] = flat[i*p : (i+1)*p]
		sd[i] = math.Sqrt(row[i])
	}
	for i, row := range s {
		for j := range i {
			rho := min(max(row[j]/(sd[i]*sd[j]), -1), 1)
			d := math.Sqrt((1 - rho) / 2)
			columns[i][j], columns[j][i] = d, d
		}
	}
	switch kind {
	case Direct:
		return flat, nil
	case LopezDePrado, "":
	default:
		return nil, quant.Bad(op, "distance", kind, "lopez_de_prado or direct")
	}
	// |a-b|² = |a|² + |b|² - 2a'b; near zero the difference itself is summed.
	products, err := quant.Gram(ctx, columns)
	if err != nil {
		return nil, err
	}
	out := make([]float64, p*p)
	for i := range p {
		for j := range i {
			sizes := products[i][i] + products[j][j]
			square := sizes - 2*products[i][j]
			d := math.Sqrt(max(square, 0))
			if square < 1e-6*sizes {
				d = floats.Distance(columns[i], columns[j], 2)
			}
			out[i*p+j], out[j*p+i] = d, d
		}
	}
	return out, nil
}

// bisect halves the ordered list and splits its weight by the halves' variances.
func bisect(s [][]float64, order []int) []float64 {
	w := make([]float64, len(order))
	share := make([]float64, len(order))
	var split func(part []int, weight float64)
	split = func(part []int, weight float64) {
		if len(part) == 1 {
			w[part[0]] = weight
			return
		}
		half := len(part) / 2
		left, right := clusterVariance(s, part[:half], share), clusterVariance(s, part[half:], share)
		toLeft := 1 - left/(left+right)
		split(part[:half], weight*toLeft)
		split(part[half:], weight*(1-toLeft))
	}
	split(order, 1)
	return w
}

// clusterVariance is that of the inverse-variance portfolio of some assets.
func clusterVariance(s [][]float64, part []int, share []float64) float64 {
	var sum float64
	for k, i := range part {
		share[k] = 1 / s[i][i]
		sum += share[k]
	}
	var v float64
	for a, i := range part {
		row := s[i]
		var cross float64
		for b := range a {
			cross += share[b] * row[part[b]]
		}
		v += share[a] * (2*cross + share[a]*row[i])
	}
	return v / (sum * sum)
}

// Cap limits weights, positive and adding up to one, to at most limit: those above
// take it, the others grow in proportion, until none exceeds. Fewer names than
// 1/limit are fault.Infeasible.
func Cap(weights []float64, limit float64) ([]float64, error) {
	const op = "hrp.Cap"
	if err := quant.Check(quant.Column{Name: "weights", Values: weights, AtLeast: 1}); err != nil {
		return nil, err
	}
	if !(limit > 0) {
		return nil, quant.Bad(op, "cap", limit, "above 0")
	}
	for _, w := range weights {
		if w < 0 {
			return nil, quant.Bad(op, "weights", w, "0 or more")
		}
	}
	p := len(weights)
	if limit*float64(p) < 1-1e-12 {
		return nil, fault.E(op, fault.Infeasible, "%d weights of at most %g add up to %g at most; they must add up to 1, which needs %d names", p, limit, limit*float64(p), int(math.Ceil(1/limit-1e-9))).With("argument", "cap").With("value", limit).With("limit", 1/float64(p))
	}
	out := make([]float64, p)
	capped := make([]bool, p)
	for {
		free, room := 0.0, 1.0
		for i, w := range weights {
			if capped[i] {
				room -= limit
			} else {
				free += w
			}
		}
		again := false
		for i, w := range weights {
			if capped[i] {
				continue
			}
			out[i] = w
			if free > 0 {
				out[i] = w * room / free
			}
			if out[i] > limit*(1+1e-15) {
				out[i], capped[i], again = limit, true, true
			}
		}
		if !again {
			return out, nil
		}
	}
}
