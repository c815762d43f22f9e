package quant

import (
	"context"

	"gonum.org/v1/gonum/floats"
)

// gramBlock is how many columns of either side are multiplied while they lie in
// the cache, gramDepth how many of their rows; below gramSmall multiplications
// goroutines are not worth their start.
const (
	gramBlock = 16
	gramDepth = 512
	gramSmall = 1 << 17
)

// Gram are the inner products of all pairs of columns of equal length: a full
// symmetric matrix by rows. Cost np²/2, on all processors; the sums do not depend
// on their number.
func Gram(ctx context.Context, columns [][]float64) ([][]float64, error) {
	p := len(columns)
	flat := make([]float64, p*p)
	if err := gram(ctx, flat, columns); err != nil {
		return nil, err
	}
	out := make([][]float64, p)
	for i := range out {
		out[i] = flat[i*p : (i+1)*p]
	}
	return out, nil
}

// GramInto is Gram into memory of p*p elements, by rows.
func GramInto(dst []float64, columns [][]float64) {
	_ = gram(context.Background(), dst, columns) // which never ends early
}

func gram(ctx context.Context, dst []float64, columns [][]float64) error {
	p := len(columns)
	if p == 0 {
		return nil
	}
	n := len(columns[0])
	clear(dst[:p*p])
	block := func(k int) {
		row := 0
		for k > row { // row r of the lower triangle has r+1 blocks
			k -= row + 1
			row++
		}
		for from := 0; from < n; from += gramDepth {
			to := min(from+gramDepth, n)
			for i := row * gramBlock; i < min((row+1)*gramBlock, p); i++ {
				a := columns[i][from:to]
				for j := k * gramBlock; j < min((k+1)*gramBlock, i+1); j++ {
					dst[i*p+j] += floats.Dot(a, columns[j][from:to])
				}
			}
		}
	}
	blocks := (p + gramBlock - 1) / gramBlock
	work := blocks * (blocks + 1) / 2
	if n*p*p < gramSmall {
		for k := range work {
			block(k)
		}
	} else if err := Parallel(ctx, work, func(_, k int) { block(k) }); err != nil {
		return err
	}
	for i := range p {
		for j := range i {
			dst[j*p+i] = dst[i*p+j]
		}
	}
	return nil
}
