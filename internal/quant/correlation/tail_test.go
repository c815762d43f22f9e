package correlation

import (
	"math"
	"testing"
)

func TestTail(t *testing.T) {
	for _, n := range []float64{4, 5, 30, 500, 3000} {
		table := newTail(n, tailPairs)
		for r := -1.0; r <= 1; r += 0.000317 {
			want := studentP(r, n)
			if got := table.p(r); math.Abs(got-want) > 1e-10*want {
				t.Fatalf("n %v, r %v: %v, want %v", n, r, got, want)
			}
		}
		if got := table.p(math.NaN()); !math.IsNaN(got) {
			t.Errorf("of nothing: %v", got)
		}
	}
}
