package quant

import (
	"context"

	"gonum.org/v1/gonum/floats"
)

// gramBlock is how many columns of either side are multiplied while they lie in
// the cache, gramDepth how many of their rows.
const (
	gramBlock = 16
	gramDepth = 512
)

// Gram are the inner products of all pairs of columns of equal length: a full
// symmetric matrix by rows. Cost np²/2, on all processors.
func Gram(ctx context.Context, columns [][]float64) ([][]float64, error) {
	p := len(columns)
	out := make([][]float64, p)
	flat := make([]float64, p*p)
	for i := range out {
		out[i] = flat[i*p : (i+1)*p]
	}
	if p == 0 {
		return out, nil
	}
	n := len(columns[0])
	blocks := (p + gramBlock - 1) / gramBlock
	err := Parallel(ctx, blocks*(blocks+1)/2, func(_, k int) {
		row := 0
		for k > row {
			k -= row + 1
			row++
		}
		for from := 0; from < n; from += gramDepth {
			to := min(from+gramDepth, n)
			for i := row * gramBlock; i < min((row+1)*gramBlock, p); i++ {
				a := columns[i][from:to]
				for j := k * gramBlock; j < min((k+1)*gramBlock, i+1); j++ {
					out[i][j] += floats.Dot(a, columns[j][from:to])
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		for j := range i {
			out[j][i] = out[i][j]
		}
	}
	return out, nil
}
