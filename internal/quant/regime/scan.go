package regime

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant/regress"
)

// scanner finds the squared residuals on both sides of every date by adding one
// row at a time to the cross products, from either end. It works on residuals and
// an orthonormal basis of the whole sample: the sides span the same spaces, and
// nothing cancels.
type scanner struct {
	basis  [][]float64 // k columns of n
	before []float64   // SSR of rows 0 … t-1, by t
	after  []float64   // SSR of rows t … n-1, by t
	gram   [][]float64
	chol   [][]float64
	row    []float64
}

func newScanner(x [][]float64) *scanner {
	n, k := len(x[0]), len(x)
	s := &scanner{before: make([]float64, n+1), after: make([]float64, n+1), row: make([]float64, k+1)}
	for range k + 1 {
		s.gram = append(s.gram, make([]float64, k+1))
		s.chol = append(s.chol, make([]float64, k+1))
	}
	for _, c := range x {
		b := append([]float64(nil), c...)
		regress.Project(s.basis, b)
		regress.Project(s.basis, b)
		if size := floats.Norm(b, 2); size > 1e-12*floats.Norm(c, 2) {
			floats.Scale(1/size, b)
			s.basis = append(s.basis, b)
		}
	}
	return s
}

// residuals are those of y on the whole sample.
func (s *scanner) residuals(y []float64) []float64 {
	e := append([]float64(nil), y...)
	regress.Project(s.basis, e)
	regress.Project(s.basis, e)
	return e
}

// scan fills before and after from residuals of the whole sample, and gives its
// sum of squares.
func (s *scanner) scan(e []float64) (whole float64) {
	n := len(e)
	s.clear()
	for t := range n {
		s.add(t, e[t])
		s.before[t+1] = s.left()
	}
	s.clear()
	for t := n - 1; t >= 0; t-- {
		s.add(t, e[t])
		s.after[t] = s.left()
	}
	return floats.Dot(e, e)
}

func (s *scanner) clear() {
	for _, g := range s.gram {
		clear(g)
	}
}

func (s *scanner) add(t int, e float64) {
	k := len(s.basis)
	for i, b := range s.basis {
		s.row[i] = b[t]
	}
	s.row[k] = e
	for i := range k + 1 {
		for j := range i + 1 {
			s.gram[i][j] += s.row[i] * s.row[j]
		}
	}
}

// left is what the regression leaves of the sum of squares so far.
func (s *scanner) left() float64 {
	k := len(s.basis)
	for i := range k + 1 {
		row := s.chol[i]
		for j := range i + 1 {
			g := s.gram[i][j]
			for h := range j {
				g -= row[h] * s.chol[j][h]
			}
			switch {
			case j == k: // the residual's own: i is k as well
				return max(g, 0)
			case i == j:
				if row[i] = 0; g > 1e-14*s.gram[i][i] {
					row[i] = math.Sqrt(g)
				}
			default:
				if row[j] = 0; s.chol[j][j] > 0 {
					row[j] = g / s.chol[j][j]
				}
			}
		}
	}
	return 0
}

// ratio is the likelihood ratio of a break before row t of n.
func (s *scanner) ratio(whole float64, t int) float64 {
	n := len(s.before) - 1
	a, b := float64(t), float64(n-t)
	return float64(n)*math.Log(whole/float64(n)) - a*math.Log(s.before[t]/a) - b*math.Log(s.after[t]/b)
}
