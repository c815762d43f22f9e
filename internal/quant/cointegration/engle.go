package cointegration

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
	"quantdesk/internal/quant/unitroot"
)

// Least and greatest sizes of an Engle-Granger test.
const (
	egMinimum  = 30
	maxSeries  = 12
	pSeriesMax = 6
)

// perfect is the R² from which a regression counts as an identity.
var perfect = 1 - 100*math.Sqrt(0x1p-52)

// EGParams are those of EngleGranger; the zero value has a constant in the
// regression and chooses the lags of the residual test by AIC.
type EGParams struct {
	// Trend is the deterministic part of the regression of levels.
	Trend unitroot.Trend
	// Lags of the residual's Dickey-Fuller regression.
	Lags unitroot.Lags
	// Alpha is the level of the decision; 0 is 0.05.
	Alpha float64
}

// EGResult is what EngleGranger finds.
type EGResult struct {
	// Stat is the t statistic of the residual's level, -Inf where the regression is
	// an identity.
	Stat float64
	// P is MacKinnon's p-value of no cointegration, NaN above six series.
	P float64
	// Critical are the values at 1, 5 and 10 %, NaN without deterministic terms.
	Critical [3]float64
	// Lags of the residual test.
	Lags int
	// Hedge are the coefficients of x, Intercept that of the constant (zero without),
	// TrendCoef those of t, t² where t starts at 1.
	Hedge     []float64
	Intercept float64
	TrendCoef []float64
	// R2 of the regression; around zero where it has no constant.
	R2 float64
	// Spread are its residuals, with mean, sample standard deviation, the last one
	// and its distance from the mean in standard deviations.
	Spread                []float64
	Mean, SD, Last, LastZ float64
	HalfLife, HalfLifeLow float64
	HalfLifeReason        string
	Cointegrated          bool
	Observations          int
	Warnings              []string
}

// EngleGranger tests whether y and the columns of x (n levels each, at least 30;
// log prices) are cointegrated: a regression of y on x and deterministic terms,
// then a Dickey-Fuller test of its residuals without any, read in MacKinnon's
// tables for the number of series and the trend of the first step. Errors:
// fault.MissingValues, InsufficientData, ConstantSeries, InvalidParameter,
// TooManySeries (above 12). Source: Engle and Granger (1987), MacKinnon (1994,
// 2010). Cost O(n(k²+L)).
func EngleGranger(y []float64, x [][]float64, p EGParams) (*EGResult, error) {
	const op = "cointegration.EngleGranger"
	if len(x) == 0 {
		return nil, quant.Bad(op, "x", 0, "at least one series")
	}
	columns := append([][]float64{y}, x...)
	names := []string{"y"}
	for i := range x {
		name := "x"
		if len(x) > 1 {
			name = fmt.Sprintf("x%d", i+1)
		}
		names = append(names, name)
	}
	method, most, alpha, err := p.check(op, names, columns)
	if err != nil {
		return nil, err
	}
	n := len(y)
	regressors := append([][]float64(nil), x...)
	for power := range p.Trend.Terms() {
		regressors = append(regressors, regress.Trend(n, power))
	}
	fit := regress.Fit(y, regressors...)
	out := &EGResult{Hedge: fit.Coef[:len(x)], Spread: fit.Residuals}
	if rest := fit.Coef[len(x):]; len(rest) > 0 {
		out.Intercept, out.TrendCoef = rest[0], rest[1:]
	}
	total := floats.Dot(y, y)
	if p.Trend.Terms() > 0 {
		total = quant.Variance(y) * float64(n-1)
	}
	out.finish(&unitroot.Workspace{}, p.Trend, method, most, len(columns), total, fit.SSR, alpha)
	return out, nil
}

func (p EGParams) check(op string, names []string, columns [][]float64) (unitroot.Selection, int, float64, error) {
	if len(columns) > maxSeries {
		return "", 0, 0, fault.E(op, fault.TooManySeries, "%d series; the tables end at %d", len(columns), maxSeries).With("value", len(columns)).With("limit", maxSeries)
	}
	return p.checkAny(op, names, columns)
}

func (p EGParams) checkAny(op string, names []string, columns [][]float64) (unitroot.Selection, int, float64, error) {
	if err := quant.CheckAll(names, columns, quant.Column{AtLeast: egMinimum, Varies: true}); err != nil {
		return "", 0, 0, err
	}
	if p.Trend.Terms() < 0 {
		return "", 0, 0, quant.Bad(op, "trend", string(p.Trend), "n, c, ct or ctt")
	}
	alpha := p.Alpha
	if alpha == 0 {
		alpha = 0.05
	}
	if !(alpha > 0 && alpha < 1) {
		return "", 0, 0, quant.Bad(op, "alpha", p.Alpha, "between 0 and 1")
	}
	method, most, err := p.Lags.Residual(op, len(columns[0]))
	return method, most, alpha, err
}

// finish tests the residuals and describes them.
func (r *EGResult) finish(w *unitroot.Workspace, trend unitroot.Trend, method unitroot.Selection, most, series int, total, ssr, alpha float64) {
	n := len(r.Spread)
	r.Observations = n
	r.R2 = 1 - ssr/total
	r.Critical = unitroot.Critical(trend, series, float64(n-1))
	if trend == unitroot.None {
		r.Critical = [3]float64{math.NaN(), math.NaN(), math.NaN()} // tabulated for one series only
	}
	if r.R2 < perfect {
		r.Stat, r.Lags, _ = w.DickeyFuller(r.Spread, 0, method, most)
		r.P = unitroot.PValue(r.Stat, trend, series)
	} else {
		r.Stat, r.P = math.Inf(-1), 0
		r.Warnings = append(r.Warnings, "perfect_collinearity")
	}
	r.Cointegrated = r.P < alpha
	r.Mean, r.SD, r.Last = quant.Mean(r.Spread), quant.SD(r.Spread), r.Spread[n-1]
	r.LastZ = (r.Last - r.Mean) / r.SD
	r.HalfLife, r.HalfLifeLow = math.NaN(), math.NaN()
	if h, err := unitroot.HalfLife("spread", r.Spread, unitroot.HalfLifeParams{}); err == nil {
		r.HalfLife, r.HalfLifeReason, r.HalfLifeLow = h.HalfLife, h.Reason, h.HalfLifeKendall
	}
}

// BothResult is a test in both directions.
type BothResult struct {
	// Given has y on x, Reverse x on y.
	Given, Reverse *EGResult
	// P is min(1, 2·min p): the price of the choice.
	P            float64
	Cointegrated bool
}

// Both tests a pair with either series on the left. Errors as EngleGranger.
func Both(y, x []float64, p EGParams) (*BothResult, error) {
	given, err := EngleGranger(y, [][]float64{x}, p)
	if err != nil {
		return nil, err
	}
	reverse, err := EngleGranger(x, [][]float64{y}, p)
	if err != nil {
		return nil, err
	}
	out := &BothResult{Given: given, Reverse: reverse, P: min(1, 2*min(given.P, reverse.P))}
	alpha := p.Alpha
	if alpha == 0 {
		alpha = 0.05
	}
	out.Cointegrated = out.P < alpha
	return out, nil
}

// EGPair is one pair of a universe.
type EGPair struct {
	// Y and X are the columns' numbers.
	Y, X int
	// Stat, P, Lags, Hedge, Intercept, R2 and HalfLife as in EGResult.
	Stat, P, Hedge, Intercept, R2, HalfLife float64
	Lags                                    int
	// Reverse is the p-value with x on the left, NaN unless asked for; P is then
	// min(1, 2·min p) and the other fields are those of Y on X.
	Reverse float64
	// Adjusted is P after Benjamini and Hochberg over all pairs.
	Adjusted     float64
	Cointegrated bool
}

// EGPairsResult are all pairs, in the order (0,1), (0,2) … (1,2) ….
type EGPairsResult struct {
	Pairs []EGPair
	// Expected is how many would pass at alpha by chance, before adjustment.
	Expected float64
	// Critical are the values at 1, 5 and 10 %.
	Critical [3]float64
}

// EngleGrangerPairs tests all pairs of columns, the earlier one on the left, or
// both ways round. The deterministic part is taken out of every column once. Cost
// O(p²nL). Errors as EngleGranger, and the context's.
func EngleGrangerPairs(ctx context.Context, names []string, columns [][]float64, p EGParams, both bool) (*EGPairsResult, error) {
	const op = "cointegration.EngleGrangerPairs"
	if len(columns) < 2 {
		return nil, quant.Bad(op, "series", len(columns), "at least 2")
	}
	method, most, alpha, err := p.checkAny(op, names, columns)
	if err != nil {
		return nil, err
	}
	n, terms := len(columns[0]), p.Trend.Terms()
	basis := regress.Polynomials(n, terms)
	type prepared struct {
		left          []float64 // without the deterministic part
		square, total float64
		ends          [3]float64 // the deterministic part's value at time zero, by extrapolation
	}
	ready := make([]prepared, len(columns))
	for i, c := range columns {
		r := append([]float64(nil), c...)
		regress.Project(basis, r)
		regress.Project(basis, r)
		ready[i] = prepared{left: r, square: floats.Dot(r, r), total: floats.Dot(c, c)}
		if terms > 0 {
			ready[i].total = quant.Variance(c) * float64(n-1)
			ready[i].ends[0] = regress.Fit(c, deterministic(n, terms)...).Coef[0]
		}
	}
	out := &EGPairsResult{Pairs: allPairs(len(columns), func(i, j int) EGPair { return EGPair{Y: i, X: j, Reverse: math.NaN()} })}
	type scratch struct {
		w unitroot.Workspace
		e []float64
	}
	work := make([]scratch, quant.Workers())
	test := func(s *scratch, y, x int) (r EGPair) {
		a, b := &ready[y], &ready[x]
		if s.e == nil {
			s.e = make([]float64, n)
		}
		r.Hedge = floats.Dot(a.left, b.left) / b.square
		floats.AddScaledTo(s.e, a.left, -r.Hedge, b.left)
		r.Intercept = a.ends[0] - r.Hedge*b.ends[0]
		r.R2 = 1 - floats.Dot(s.e, s.e)/a.total
		r.HalfLife = math.NaN()
		if !(r.R2 < perfect) {
			r.Stat = math.Inf(-1)
			return r
		}
		r.Stat, r.Lags, _ = s.w.DickeyFuller(s.e, 0, method, most)
		r.P = unitroot.PValue(r.Stat, p.Trend, 2)
		if h, err := unitroot.HalfLife("spread", s.e, unitroot.HalfLifeParams{}); err == nil {
			r.HalfLife = h.HalfLife
		}
		return r
	}
	err = quant.Parallel(ctx, len(out.Pairs), func(worker, k int) {
		s, at := &work[worker], &out.Pairs[k]
		r := test(s, at.Y, at.X)
		r.Y, r.X, r.Reverse = at.Y, at.X, math.NaN()
		if both {
			r.Reverse = test(s, at.X, at.Y).P
			r.P = min(1, 2*min(r.P, r.Reverse))
		}
		*at = r
	})
	if err != nil {
		return nil, err
	}
	ps := make([]float64, len(out.Pairs))
	for i, r := range out.Pairs {
		ps[i] = r.P
	}
	for i, q := range quant.BenjaminiHochberg(ps) {
		out.Pairs[i].Adjusted = q
		out.Pairs[i].Cointegrated = q < alpha
	}
	out.Expected = alpha * float64(len(ps))
	out.Critical = unitroot.Critical(p.Trend, 2, float64(n-1))
	if p.Trend == unitroot.None {
		out.Critical = [3]float64{math.NaN(), math.NaN(), math.NaN()}
	}
	return out, nil
}

func deterministic(n, terms int) [][]float64 {
	out := make([][]float64, 0, terms)
	for power := range terms {
		out = append(out, regress.Trend(n, power))
	}
	return out
}

// allPairs makes a value for each pair i < j.
func allPairs[T any](n int, make1 func(i, j int) T) []T {
	out := make([]T, 0, n*(n-1)/2)
	for i := range n {
		for j := i + 1; j < n; j++ {
			out = append(out, make1(i, j))
		}
	}
	return out
}
