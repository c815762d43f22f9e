package pca

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"quantdesk/internal/fault"
)

// symmetric gives the eigenvalues of a symmetric matrix times scale, descending,
// and the first count vectors, as rows.
func symmetric(ctx context.Context, a [][]float64, count int, scale float64) ([]float64, [][]float64, error) {
	n := len(a)
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, a[i][j]*scale)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, true) {
		return nil, nil, fault.E("pca.Components", fault.NotConverged, "the eigenvalues did not converge")
	}
	ascending := e.Values(nil)
	var v mat.Dense
	e.VectorsTo(&v)
	values, vectors := make([]float64, n), make([][]float64, count)
	for i := range n {
		values[i] = ascending[n-1-i]
	}
	for i := range vectors {
		vectors[i] = mat.Col(nil, n-1-i, &v)
	}
	return values, vectors, ctx.Err()
}
