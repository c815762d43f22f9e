// Package factor explains returns by factors: least squares with standard errors
// that allow for autocorrelation, loadings and risk of symbols and portfolios, a
// bootstrap of alpha, and the factor files of Kenneth French and AQR.
//
//	d, err := factor.NewDesign(len(excess), factors, names)
//	fit, err := d.Fit(excess, factor.AutoLags)
//	fmt.Println(fit.Coefficients[0], fit.HAC[0]) // alpha and its standard error
package factor

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// AutoLags stands for NeweyWestLags(n).
const AutoLags = -1

// NeweyWestLags is the usual number of lags for n observations, floor(4 (n/100)^(2/9))
// (Newey and West 1994).
func NeweyWestLags(n int) int {
	return int(math.Floor(4 * math.Pow(float64(n)/100, 2./9)))
}

// Design is a constant and k factors, prepared for many regressions: one QR serves
// every series on the same dates.
type Design struct {
	// N observations, K regressors including the constant.
	N, K int
	cols [][]float64 // constant first
	h    [][]float64 // columns of X (X'X)^-1
	xtx  []float64   // the diagonal of (X'X)^-1
}

// NewDesign prepares the regression on a constant and the factors, columns of equal
// length n; no factors are a constant alone. Fewer than k+2 observations are
// fault.InsufficientData, factors that depend on one another
// fault.SingularCovariance.
func NewDesign(n int, factors [][]float64, names []string) (*Design, error) {
	const op = "factor.NewDesign"
	k := len(factors) + 1
	if n < k+1 {
		return nil, fault.E(op, fault.InsufficientData, "there are %d observations; %d factors and a constant need at least %d", n, k-1, k+1).With("value", n).With("limit", k+1)
	}
	if err := quant.CheckAll(names, factors, quant.Column{AtLeast: k + 1, Varies: true}); err != nil {
		return nil, err
	}
	d := &Design{N: n, K: k, cols: [][]float64{make([]float64, n)}}
	for i := range n {
		d.cols[0][i] = 1
	}
	for i, f := range factors {
		if len(f) != n {
			return nil, quant.Bad(op, quant.Name(names, i), len(f), "as long as the returns")
		}
		d.cols = append(d.cols, f)
	}
	// Columns of unit length, so that rank does not depend on units.
	x := blas64.General{Rows: n, Cols: k, Stride: k, Data: make([]float64, n*k)}
	size := make([]float64, k)
	for j, c := range d.cols {
		size[j] = floats.Norm(c, 2)
		for i, v := range c {
			x.Data[i*k+j] = v / size[j]
		}
	}
	// x becomes the k columns of Q that matter: mat.QR would make all n.
	tau, work := make([]float64, k), make([]float64, 64*k)
	lapack64.Geqrf(x, tau, work, len(work))
	r := slices.Clone(x.Data[:k*k])
	lapack64.Orgqr(x, tau, work, len(work))
	for j := range k {
		if math.Abs(r[j*k+j]) < 1e-10 {
			return nil, fault.E(op, fault.SingularCovariance, "%s is a combination of the constant and the factors before it", quant.Name(names, j-1)).With("argument", quant.Name(names, j-1))
		}
	}
	inverse := mat.NewTriDense(k, mat.Upper, nil)
	upper := mat.NewTriDense(k, mat.Upper, nil)
	for i := range k {
		for j := i; j < k; j++ {
			upper.SetTri(i, j, r[i*k+j])
		}
	}
	if err := inverse.InverseTri(upper); err != nil {
		return nil, fault.Wrap(op, fault.SingularCovariance, err, "the factors nearly depend on one another")
	}
	d.h, d.xtx = make([][]float64, k), make([]float64, k)
	for j := range k { // column j of Q R^-T, over the length of the column
		d.h[j] = make([]float64, n)
		for l := j; l < k; l++ {
			w := inverse.At(j, l) / size[j]
			d.xtx[j] += w * w
			for i := range n {
				d.h[j][i] += w * x.Data[i*k+l]
			}
		}
	}
	return d, nil
}

// Fit is one regression.
type Fit struct {
	// Coefficients has the constant first, per period.
	Coefficients []float64
	// HAC are standard errors with Bartlett weights and the factor n/(n-k); lag 0 is
	// White's HC1. OLS are the classical ones.
	HAC, OLS []float64
	// T is Coefficients/HAC, P two-sided of Student's t with n-k degrees.
	T, P []float64
	// R2 and AdjustedR2 are fractions of the variance.
	R2, AdjustedR2 float64
	// ResidualSD is sqrt(e'e/(n-k)) a period.
	ResidualSD   float64
	DurbinWatson float64
	Residuals    []float64
	Lags         int
}

// Estimate is the least-squares coefficients and HAC errors of y, as long as the
// design; the rest of Fit stays empty. lags is AutoLags or 0 and more, below n. Costs
// n k (lags+4).
func (d *Design) Estimate(y []float64, lags int) (*Fit, error) {
	if err := quant.Check(quant.Column{Name: "returns", Values: y, AtLeast: d.N}); err != nil {
		return nil, err
	}
	if len(y) != d.N {
		return nil, quant.Bad("factor.Fit", "observations", len(y), "as many as the factors have")
	}
	if lags == AutoLags {
		lags = NeweyWestLags(d.N)
	}
	if lags < 0 || lags >= d.N {
		return nil, quant.Bad("factor.Fit", "nw_lags", lags, "from 0 to the observations less 1")
	}
	f := &Fit{Coefficients: make([]float64, d.K), HAC: make([]float64, d.K), Lags: lags}
	e := append([]float64(nil), y...)
	for range 2 { // the second pass takes the rounding of the first away
		for j, h := range d.h {
			f.Coefficients[j] += floats.Dot(h, e)
		}
		copy(e, y)
		for j, c := range d.cols {
			floats.AddScaled(e, -f.Coefficients[j], c)
		}
	}
	f.Residuals = e
	g := make([]float64, d.N)
	small := float64(d.N) / float64(d.N-d.K)
	for j, h := range d.h {
		floats.MulTo(g, h, e)
		f.HAC[j] = math.Sqrt(max(longRun(g, lags), 0) * small)
	}
	return f, nil
}

// longRun is Σg² + 2 Σ_l (1 - l/(lags+1)) Σ g_t g_{t-l}.
func longRun(g []float64, lags int) float64 {
	s := floats.Dot(g, g)
	for l := 1; l <= lags && l < len(g); l++ {
		s += 2 * (1 - float64(l)/float64(lags+1)) * floats.Dot(g[l:], g[:len(g)-l])
	}
	return s
}

// Fit is Estimate with all statistics.
func (d *Design) Fit(y []float64, lags int) (*Fit, error) {
	f, err := d.Estimate(y, lags)
	if err != nil {
		return nil, err
	}
	n, k := float64(d.N), float64(d.K)
	e := f.Residuals
	rss := floats.Dot(e, e)
	f.ResidualSD = math.Sqrt(rss / (n - k))
	tss := quant.Variance(y) * (n - 1)
	if quant.Constant(y) {
		f.R2, f.AdjustedR2 = math.NaN(), math.NaN()
	} else {
		f.R2 = 1 - rss/tss
		f.AdjustedR2 = 1 - (1-f.R2)*(n-1)/(n-k)
	}
	var steps float64
	for i := 1; i < d.N; i++ {
		steps += (e[i] - e[i-1]) * (e[i] - e[i-1])
	}
	f.DurbinWatson = steps / rss
	f.OLS, f.T, f.P = make([]float64, d.K), make([]float64, d.K), make([]float64, d.K)
	student := distuv.StudentsT{Sigma: 1, Nu: n - k}
	for j, b := range f.Coefficients {
		f.OLS[j] = f.ResidualSD * math.Sqrt(d.xtx[j])
		f.T[j] = b / f.HAC[j]
		f.P[j] = 2 * student.CDF(-math.Abs(f.T[j]))
	}
	return f, nil
}
