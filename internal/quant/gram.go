package quant

import (
	"context"

	"gonum.org/v1/gonum/floats"
)

<<<<<<< HEAD
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
=======
// gramTile is how many columns one piece of work of Gram compares with as many:
// two tiles of ordinary length stay in the cache.
const gramTile = 32

// Gram is the matrix of inner products of p columns of equal length n: element i*p+j
// of dst, which has p*p elements, is the product of columns i and j. Costs n*p²/2
// multiplications on all processors; the sums do not depend on their number.
func Gram(dst []float64, columns [][]float64) {
	p := len(columns)
	tiles := (p + gramTile - 1) / gramTile
	tile := func(k int) {
		a, b := 0, k
		for b >= tiles-a { // row a of the upper triangle has tiles-a tiles
			b -= tiles - a
			a++
		}
		b += a
		for i := a * gramTile; i < min(p, (a+1)*gramTile); i++ {
			for j := max(i, b*gramTile); j < min(p, (b+1)*gramTile); j++ {
				v := floats.Dot(columns[i], columns[j])
				dst[i*p+j], dst[j*p+i] = v, v
			}
		}
	}
	work := tiles * (tiles + 1) / 2
	if p == 0 || len(columns[0])*p*p < 1<<17 { // not worth a goroutine
		for k := range work {
			tile(k)
		}
		return
	}
	_ = Parallel(context.Background(), work, func(_, k int) { tile(k) }) // never ends early
>>>>>>> h-portfolio
}
