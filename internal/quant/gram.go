package quant

import (
	"context"

	"gonum.org/v1/gonum/floats"
)

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
}
