package quant_test

import (
	"math"
	"testing"

	"quantdesk/internal/quant"
)

func TestAdjustment(t *testing.T) {
	p := []float64{0.04, math.NaN(), 0.001, 0.03, 0.5, 0.03}
	bh, holm := quant.BenjaminiHochberg(p), quant.Holm(p)
	for i, v := range p {
		if math.IsNaN(v) {
			if !math.IsNaN(bh[i]) || !math.IsNaN(holm[i]) {
				t.Errorf("a missing p-value became %v, %v", bh[i], holm[i])
			}
			continue
		}
		if bh[i] < v || holm[i] < bh[i] || holm[i] > 1 {
			t.Errorf("p %v became %v and %v; want p <= bh <= holm <= 1", v, bh[i], holm[i])
		}
	}
	if bh[2] != 0.005 || holm[2] != 0.005 {
		t.Errorf("the least of five is %v, %v; want five times itself", bh[2], holm[2])
	}
}

func TestVarying(t *testing.T) {
	x := []float64{1, 1, 1, 2, 2, 2, 2, 3, 1, 1}
	for w := 1; w <= len(x); w++ {
		got := quant.Varying(x, w)
		for i := range got {
			if want := !quant.Constant(x[i : i+w]); got[i] != want {
				t.Errorf("window %d at %d: %v, want %v", w, i, got[i], want)
			}
		}
	}
}

func TestGram(t *testing.T) {
	random := quant.Stream(1, 0)
	for _, shape := range [][2]int{{3, 1}, {700, 37}, {5, 100}} {
		x := make([][]float64, shape[1])
		for i := range x {
			x[i] = make([]float64, shape[0])
			for k := range x[i] {
				x[i][k] = random.NormFloat64()
			}
		}
		g, err := quant.Gram(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		for i := range x {
			for j := range x {
				var want float64
				for k := range x[i] {
					want += x[i][k] * x[j][k]
				}
				if math.Abs(g[i][j]-want) > 1e-11 {
					t.Fatalf("%v at %d, %d: %v, want %v", shape, i, j, g[i][j], want)
				}
			}
		}
	}
}
