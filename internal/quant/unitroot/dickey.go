package unitroot

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

// Lags says how a Dickey-Fuller regression chooses its lagged differences. The
// zero value is AIC up to ceil(12(n/100)^¼).
type Lags struct {
	Method Selection
	// Count is the number of lags with Fixed, else the largest that is tried; nil
	// is the rule of thumb.
	Count *int
}

// resolve gives the method and the largest lag for n observations.
func (l Lags) resolve(op string, n, terms int) (Selection, int, error) {
	method := l.Method
	if method == "" {
		method = AIC
	}
	switch method {
	case AIC, BIC, TStat, Fixed:
	default:
		return "", 0, quant.Bad(op, "lag_method", string(method), "aic, bic, t-stat or fixed")
	}
	bound := n/2 - terms - 1
	if l.Count == nil {
		return method, max(0, min(int(math.Ceil(12*math.Pow(float64(n)/100, 0.25))), bound)), nil
	}
	if *l.Count < 0 || *l.Count > bound {
		return "", 0, quant.Bad(op, "lags", *l.Count, fmt.Sprintf("between 0 and %d for this sample", bound))
	}
	return method, *l.Count, nil
}

// spanned is the part of a regressor's squared length below which what the others
// leave of it is rounding.
const spanned = 1e-14

// Workspace is the memory of Dickey-Fuller regressions, to be used again for
// series of the same length. The zero value is ready.
type Workspace struct {
	x, dx []float64
	gram  [][]float64
	chol  [][]float64
	order []int
	z     []float64
	bases map[[2]int][][]float64
}

// DickeyFuller is the t statistic of the level in the regression of the
// differences of x on deterministic terms, the level and lagged differences, with
// the number of lags and observations it used. It does not check x. NaN means
// that the other regressors span the level. Cost O(nL + L³): all cross products of
// lagged differences follow from those of the first by moving the window.
func (w *Workspace) DickeyFuller(x []float64, terms int, method Selection, maxLag int) (stat float64, lags, observations int) {
	n := len(x) - 1
	if cap(w.dx) < n {
		w.dx = make([]float64, n)
	}
	w.dx = w.dx[:n]
	floats.SubTo(w.dx, x[1:], x[:n])
	if terms > 0 { // a constant takes any shift: without one far from zero no digits are lost
		w.x = append(w.x[:0], x...)
		floats.AddConst(-floats.Sum(x)/float64(len(x)), w.x)
		x = w.x
	}
	lags = maxLag
	if method != Fixed && maxLag > 0 {
		lags = w.choose(x, terms, method, maxLag)
	}
	w.products(x, terms, lags)
	k := terms + lags + 1
	w.order = w.order[:0]
	for i := range k - 1 { // the level comes last but one, so that its t can be read off
		w.order = append(w.order, column(i, terms))
	}
	w.order = append(w.order, terms, terms+1)
	z, dead := w.factor()
	rows := n - lags
	ssr := w.gram[terms+1][terms+1]
	for _, v := range z[:k] {
		ssr -= v * v
	}
	if dead[k-1] {
		return math.NaN(), lags, rows
	}
	return z[k-1] / math.Sqrt(max(ssr, 0)/float64(rows-k)), lags, rows
}

// column is where regressor i of [terms, lags] lies in the Gram matrix, whose
// order is terms, level, difference, its lags.
func column(i, terms int) int {
	if i < terms {
		return i
	}
	return i + 2
}

// choose compares all orders on the sample of the largest.
func (w *Workspace) choose(x []float64, terms int, method Selection, maxLag int) int {
	w.products(x, terms, maxLag)
	w.order = w.order[:0]
	for i := range terms + 1 { // terms, level
		w.order = append(w.order, i)
	}
	for i := range maxLag {
		w.order = append(w.order, terms+2+i)
	}
	w.order = append(w.order, terms+1)
	z, _ := w.factor()
	rows := float64(len(w.dx) - maxLag)
	ssr := make([]float64, maxLag+1)
	left := w.gram[terms+1][terms+1]
	for _, v := range z[:terms+1] {
		left -= v * v
	}
	ssr[0] = left
	for m := 1; m <= maxLag; m++ {
		left -= z[terms+m] * z[terms+m]
		ssr[m] = left
	}
	if method == TStat {
		const stop = 1.6448536269514722 // the normal's 95 % point
		for m := maxLag; m > 0; m-- {
			free := rows - float64(terms+1+m)
			if math.Abs(z[terms+m]) >= stop*math.Sqrt(ssr[m]/free) {
				return m
			}
		}
		return 0
	}
	best, least := 0, math.Inf(1)
	for m, s := range ssr {
		k := float64(terms + 1 + m)
		price := 2 * k
		if method == BIC {
			price = k * math.Log(rows)
		}
		if c := rows*math.Log(s/rows) + price; c < least {
			best, least = m, c
		}
	}
	return best
}

// products fills the Gram matrix of [terms, level, difference, lags 1 … L] over
// the rows that all lags have.
func (w *Workspace) products(x []float64, terms, lags int) {
	d := w.dx
	n := len(d)
	rows := n - lags
	size := terms + 2 + lags
	w.resize(size)
	basis := w.basis(rows, terms)
	level, response := x[lags:n], d[lags:]
	for i, b := range basis {
		for j := range basis {
			w.gram[i][j] = 0
		}
		w.gram[i][i] = 1
		w.gram[terms][i] = floats.Dot(b, level)
		for l := 0; l <= lags; l++ {
			w.gram[terms+1+l][i] = floats.Dot(b, d[lags-l:n-l])
		}
	}
	w.gram[terms][terms] = floats.Dot(level, level)
	for l := 0; l <= lags; l++ {
		lagged := d[lags-l : n-l]
		w.gram[terms+1+l][terms] = floats.Dot(level, lagged)
		w.gram[terms+1+l][terms+1] = floats.Dot(response, lagged)
	}
	for i := 1; i <= lags; i++ { // both lags one further: one row in, one row out
		for j := 1; j <= i; j++ {
			w.gram[terms+1+i][terms+1+j] = w.gram[terms+i][terms+j] + d[lags-i]*d[lags-j] - d[n-i]*d[n-j]
		}
	}
}

func (w *Workspace) resize(size int) {
	for len(w.gram) < size {
		for i := range w.gram {
			w.gram[i] = append(w.gram[i], 0)
			w.chol[i] = append(w.chol[i], 0)
		}
		k := len(w.gram) + 1
		w.gram = append(w.gram, make([]float64, k))
		w.chol = append(w.chol, make([]float64, k))
	}
	if len(w.z) < size {
		w.z = make([]float64, size)
	}
}

func (w *Workspace) basis(rows, terms int) [][]float64 {
	if terms == 0 {
		return nil
	}
	key := [2]int{rows, terms}
	b, ok := w.bases[key]
	if !ok {
		if w.bases == nil {
			w.bases = map[[2]int][][]float64{}
		}
		b = regress.Polynomials(rows, terms)
		w.bases[key] = b
	}
	return b
}

// factor takes the Cholesky factor of the Gram matrix in the order of w.order and
// gives its last row, the response's part along each regressor, and which
// regressors the ones before them span.
func (w *Workspace) factor() (z []float64, dead []bool) {
	k := len(w.order)
	dead = make([]bool, k)
	for i, gi := range w.order {
		row := w.chol[i]
		for j := 0; j <= i; j++ {
			gj := w.order[j]
			g := w.gram[max(gi, gj)][min(gi, gj)]
			g -= floats.Dot(row[:j], w.chol[j][:j])
			switch {
			case j == i && i < k-1:
				dead[i] = g <= spanned*w.gram[gi][gi]
				row[i] = math.Sqrt(max(g, 0))
			case j == i:
			case dead[j]:
				row[j] = 0
			default:
				row[j] = g / w.chol[j][j]
			}
		}
	}
	return append(w.z[:0], w.chol[k-1][:k-1]...), dead
}
