// Package correlation measures how series move together: Pearson, Spearman and
// Kendall with p-values, distance correlation, both over rolling windows, and the
// choice of a set that moves together least.
//
//	m, err := correlation.Matrix(ctx, symbols, returns, correlation.Params{Method: correlation.Spearman})
//	fmt.Println(m.Rho[0][1], m.P[0][1], m.Adjusted[0][1])
package correlation

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/quant"
)

// Method is a coefficient of correlation.
type Method string

const (
	// Pearson is the default.
	Pearson Method = "pearson"
	// Spearman is Pearson's of mid-ranks.
	Spearman Method = "spearman"
	// Kendall is tau-b.
	Kendall Method = "kendall"
)

func (m Method) check(op string) (Method, error) {
	switch m {
	case "":
		return Pearson, nil
	case Pearson, Spearman, Kendall:
		return m, nil
	}
	return "", quant.Bad(op, "method", string(m), "pearson, spearman or kendall")
}

// Adjustment corrects p-values for their number.
type Adjustment string

const (
	// BH keeps the share of false discoveries; the default for more than two series.
	BH Adjustment = "bh"
	// Holm keeps the chance of any false discovery.
	Holm Adjustment = "holm"
	// NoAdjustment leaves them; the default for two series.
	NoAdjustment Adjustment = "none"
)

// minimum is the least number of observations.
const minimum = 4

// Params are those of Matrix.
type Params struct {
	Method Method
	Adjust Adjustment
	// Exact says how Kendall's p-values are found; Automatic for the zero value.
	Exact KendallP
	// NoP leaves p-values and intervals out.
	NoP bool
}

// MatrixResult is a matrix of correlations of p series. Rows and columns of a
// constant series are NaN.
type MatrixResult struct {
	Rho [][]float64
	// P are two-sided p-values, zero on the diagonal; Adjusted the same corrected
	// over the pairs i < j. Nil where Params.NoP.
	P, Adjusted [][]float64
	// Low and High bound 95 % intervals by Fisher's z; nil for Kendall.
	Low, High [][]float64
	// Constant are the numbers of the series that do not vary.
	Constant     []int
	Method       Method
	Adjust       Adjustment
	Observations int
	Warnings     []string
}

// Matrix correlates all pairs of p columns (n observations each, at least 4).
// p-values are Student's t with n-2 degrees of freedom for Pearson and Spearman.
// Errors: fault.MissingValues, NonFinite, InsufficientData, InvalidParameter, and
// the context's. Cost O(np²) on all processors, with a factor log n for Kendall.
func Matrix(ctx context.Context, names []string, columns [][]float64, p Params) (*MatrixResult, error) {
	const op = "correlation.Matrix"
	method, err := p.Method.check(op)
	if err != nil {
		return nil, err
	}
	if err := quant.CheckAll(names, columns, quant.Column{AtLeast: minimum}); err != nil {
		return nil, err
	}
	if len(columns) < 2 {
		return nil, quant.Bad(op, "series", len(columns), "at least 2")
	}
	adjust := p.Adjust
	switch adjust {
	case BH, Holm, NoAdjustment:
	case "":
		adjust = BH
		if len(columns) == 2 {
			adjust = NoAdjustment
		}
	default:
		return nil, quant.Bad(op, "adjust", string(adjust), "none, bh or holm")
	}
	out := &MatrixResult{Method: method, Adjust: adjust, Observations: len(columns[0])}
	for i, c := range columns {
		if quant.Constant(c) {
			out.Constant = append(out.Constant, i)
			out.Warnings = append(out.Warnings, fmt.Sprintf("constant_series: %s", quant.Name(names, i)))
		}
	}
	if method == Kendall {
		err = out.kendall(ctx, columns, p)
	} else {
		err = out.linear(ctx, columns, p)
	}
	if err != nil {
		return nil, err
	}
	if !p.NoP {
		out.adjust()
	}
	return out, nil
}

// linear fills in Pearson's or Spearman's coefficients: one product of columns of
// length one.
func (m *MatrixResult) linear(ctx context.Context, columns [][]float64, p Params) error {
	n := float64(m.Observations)
	unit := make([][]float64, len(columns))
	err := quant.Parallel(ctx, len(columns), func(_, i int) {
		u := append([]float64(nil), columns[i]...)
		if m.Method == Spearman {
			u = Ranks(columns[i])
		}
		standardise(u)
		unit[i] = u
	})
	if err != nil {
		return err
	}
	for _, i := range m.Constant {
		for t := range unit[i] {
			unit[i][t] = math.NaN()
		}
	}
	if m.Rho, err = quant.Gram(ctx, unit); err != nil {
		return err
	}
	if !p.NoP {
		m.P, m.Low, m.High = square(len(columns)), square(len(columns)), square(len(columns))
	}
	width := halfWidth(n)
	pairs := len(columns) * (len(columns) + 1) / 2
	if p.NoP {
		pairs = 0
	}
	tails := newTail(n, pairs)
	return quant.Parallel(ctx, len(columns), func(_, i int) {
		for j := range m.Rho { // either triangle by its own row: no thread writes where another does
			r := clamp(m.Rho[i][j])
			if i == j && !math.IsNaN(r) {
				r = 1
			}
			m.Rho[i][j] = r
		}
		if p.NoP {
			return
		}
		for j := range i + 1 {
			r := m.Rho[i][j]
			v := tails.p(r)
			m.P[i][j], m.P[j][i] = v, v
			low, high := interval(r, width)
			m.Low[i][j], m.Low[j][i] = low, low
			m.High[i][j], m.High[j][i] = high, high
		}
	})
}

// standardise centres u and gives it length one.
func standardise(u []float64) {
	floats.AddConst(-quant.Mean(u), u)
	floats.AddConst(-quant.Mean(u), u) // what rounding left
	floats.Scale(1/floats.Norm(u, 2), u)
}

func clamp(r float64) float64 { return max(-1, min(1, r)) }

func square(n int) [][]float64 {
	flat := make([]float64, n*n)
	out := make([][]float64, n)
	for i := range out {
		out[i] = flat[i*n : (i+1)*n]
	}
	return out
}

// studentP is the two-sided p-value of a correlation of n observations, whose
// r√((n-2)/(1-r²)) is Student's t with n-2 degrees of freedom.
func studentP(r, n float64) float64 {
	if math.IsNaN(r) {
		return r
	}
	return mathext.RegIncBeta((n-2)/2, 0.5, max(0, (1-r)*(1+r)))
}

// z95 is the normal's 97.5 % point.
var z95 = distuv.UnitNormal.Quantile(0.975)

// interval is Fisher's 95 % interval of a correlation, tanh(atanh r ± d) by the
// tangent's addition; d is halfWidth's.
func interval(r, tanhD float64) (low, high float64) {
	return (r - tanhD) / (1 - r*tanhD), (r + tanhD) / (1 + r*tanhD)
}

// halfWidth is tanh of half the width of Fisher's interval.
func halfWidth(n float64) float64 { return math.Tanh(z95 / math.Sqrt(n-3)) }

// adjust corrects the p-values of the pairs.
func (m *MatrixResult) adjust() {
	n := len(m.P)
	ps := make([]float64, 0, n*(n-1)/2)
	for i := range n {
		ps = append(ps, m.P[i][i+1:]...)
	}
	switch m.Adjust {
	case BH:
		ps = quant.BenjaminiHochberg(ps)
	case Holm:
		ps = quant.Holm(ps)
	}
	m.Adjusted = square(n)
	k := 0
	for i := range n {
		m.Adjusted[i][i] = m.P[i][i]
		for j := i + 1; j < n; j++ {
			m.Adjusted[i][j], m.Adjusted[j][i] = ps[k], ps[k]
			k++
		}
	}
}

// PairResult is what the three coefficients say of two series.
type PairResult struct {
	Pearson, PearsonP   float64
	Low, High           float64
	Spearman, SpearmanP float64
	TauB, KendallP      float64
	KendallExact        bool
	Observations        int
}

// Pair correlates two series by all three coefficients; Low and High bound
// Pearson's 95 % interval. Errors as Matrix, and fault.ConstantSeries. Cost O(n log
// n).
func Pair(x, y []float64, exact KendallP) (*PairResult, error) {
	if err := quant.CheckAll([]string{"x", "y"}, [][]float64{x, y}, quant.Column{AtLeast: minimum, Varies: true}); err != nil {
		return nil, err
	}
	n := float64(len(x))
	out := &PairResult{Observations: len(x)}
	out.Pearson = pearson(x, y)
	out.PearsonP = studentP(out.Pearson, n)
	out.Low, out.High = interval(out.Pearson, halfWidth(n))
	out.Spearman = pearson(Ranks(x), Ranks(y))
	out.SpearmanP = studentP(out.Spearman, n)
	var s knight
	s.pair(newRanking(x), newRanking(y))
	out.TauB = s.tau()
	var err error
	out.KendallP, out.KendallExact, err = s.p("correlation.Pair", exact)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func pearson(x, y []float64) float64 {
	a, b := append([]float64(nil), x...), append([]float64(nil), y...)
	standardise(a)
	standardise(b)
	return clamp(floats.Dot(a, b))
}
