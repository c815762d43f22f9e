package factor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Params are the settings of Loadings.
type Params struct {
	// Lags of the HAC errors; nil means NeweyWestLags(n).
	Lags *int
	// PeriodsPerYear annualises; 0 means 252.
	PeriodsPerYear float64
	// Symbols and Factors are names for errors.
	Symbols, Factors []string
}

// Loading is the regression of one symbol's excess returns.
type Loading struct {
	Fit
	// Alpha is the constant a period, AlphaAnnual that times the periods of a year.
	Alpha, AlphaAnnual float64
	// Betas are the slopes in the order of the factors.
	Betas []float64
	// ResidualVolAnnual is ResidualSD annualised.
	ResidualVolAnnual float64
}

// Model is the loadings of symbols on the same dates.
type Model struct {
	Loadings []Loading
	// VIF is the variance inflation of each factor: 1/(1-R²) on the others.
	VIF []float64
	// ConditionNumber is that of the factors' correlation matrix's root: the ratio of
	// the greatest to the least singular value of the standardised factors.
	ConditionNumber float64
	// FactorCovariance is k×k a period, with n-1.
	FactorCovariance [][]float64
	N, Lags          int
	Warnings         []string
}

const (
	extraObservations = 12
	fewObservations   = 60
)

// Loadings regresses p return columns, less the risk-free rate of the period (nil for
// zero), on a constant and k factors, all of n observations. At least k+12
// observations; below 60 there is a warning. Costs n k (lags+4) p.
func Loadings(returns [][]float64, riskFree []float64, factors [][]float64, params Params) (*Model, error) {
	const op = "factor.Loadings"
	if params.PeriodsPerYear == 0 {
		params.PeriodsPerYear = 252
	}
	if !(params.PeriodsPerYear > 0) {
		return nil, quant.Bad(op, "periods_per_year", params.PeriodsPerYear, "above 0")
	}
	if len(returns) == 0 || len(factors) == 0 {
		return nil, quant.Bad(op, "series and factors", fmt.Sprintf("%d and %d", len(returns), len(factors)), "at least 1 each")
	}
	k, n := len(factors), len(returns[0])
	if err := quant.CheckAll(params.Symbols, returns, quant.Column{AtLeast: k + extraObservations}); err != nil {
		return nil, err
	}
	if riskFree != nil {
		if len(riskFree) != n {
			return nil, quant.Bad(op, "risk-free rates", len(riskFree), "as many as returns")
		}
		if err := quant.Check(quant.Column{Name: "the risk-free rate", Values: riskFree}); err != nil {
			return nil, err
		}
	}
	d, err := NewDesign(n, factors, params.Factors)
	if err != nil {
		return nil, err
	}
	m := &Model{N: n, Lags: AutoLags}
	if params.Lags != nil {
		if m.Lags = *params.Lags; m.Lags < 0 {
			return nil, quant.Bad(op, "nw_lags", m.Lags, "0 or more")
		}
	}
	excess := make([]float64, n)
	for _, r := range returns {
		copy(excess, r)
		if riskFree != nil {
			floats.Sub(excess, riskFree)
		}
		f, err := d.Fit(excess, m.Lags)
		if err != nil {
			return nil, err
		}
		m.Loadings = append(m.Loadings, Loading{
			Fit: *f, Alpha: f.Coefficients[0], AlphaAnnual: f.Coefficients[0] * params.PeriodsPerYear,
			Betas: f.Coefficients[1:], ResidualVolAnnual: f.ResidualSD * math.Sqrt(params.PeriodsPerYear),
		})
	}
	m.Lags = m.Loadings[0].Lags
	if n < fewObservations {
		m.Warnings = append(m.Warnings, fmt.Sprintf("there are only %d observations for %d factors", n, k))
	}
	m.describe(factors)
	return m, nil
}

// describe computes what the factors have to do with one another.
func (m *Model) describe(factors [][]float64) {
	k := len(factors)
	corr := mat.NewSymDense(k, nil)
	m.FactorCovariance = make([][]float64, k)
	for i := range k {
		m.FactorCovariance[i] = make([]float64, k)
		for j := range k {
			m.FactorCovariance[i][j] = quant.Covariance(factors[i], factors[j])
		}
	}
	for i := range k {
		for j := i; j < k; j++ {
			corr.SetSym(i, j, m.FactorCovariance[i][j]/math.Sqrt(m.FactorCovariance[i][i]*m.FactorCovariance[j][j]))
		}
	}
	m.VIF = make([]float64, k)
	var inverse mat.Dense
	if err := inverse.Inverse(corr); err == nil {
		for i := range k {
			m.VIF[i] = inverse.At(i, i)
		}
	} else {
		for i := range k {
			m.VIF[i] = math.NaN()
		}
	}
	m.ConditionNumber = math.NaN()
	var eigen mat.EigenSym
	if eigen.Factorize(corr, false) {
		v := eigen.Values(nil)
		m.ConditionNumber = math.Sqrt(v[k-1] / v[0])
	}
}

// Risk is the variance of a portfolio split by its factors.
type Risk struct {
	// Exposures are weights'betas.
	Exposures []float64
	// Alpha is weights'alpha a period.
	Alpha float64
	// Factor and Specific are variances a period, Total their sum.
	Factor, Specific, Total float64
	// Contributions are each factor's part of Factor; they add up to it.
	Contributions []float64
}

// PortfolioRisk combines the loadings under weights, one a symbol. Residuals count
// as uncorrelated between symbols.
func (m *Model) PortfolioRisk(weights []float64) (*Risk, error) {
	if len(weights) != len(m.Loadings) {
		return nil, quant.Bad("factor.PortfolioRisk", "weights", len(weights), fmt.Sprintf("%d, one a symbol", len(m.Loadings)))
	}
	k := len(m.FactorCovariance)
	out := &Risk{Exposures: make([]float64, k), Contributions: make([]float64, k)}
	for i, w := range weights {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return nil, fault.E("factor.PortfolioRisk", fault.NonFinite, "weight %d is no number", i+1)
		}
		l := &m.Loadings[i]
		floats.AddScaled(out.Exposures, w, l.Betas)
		out.Alpha += w * l.Alpha
		out.Specific += w * w * l.ResidualSD * l.ResidualSD
	}
	for j, row := range m.FactorCovariance {
		out.Contributions[j] = out.Exposures[j] * floats.Dot(row, out.Exposures)
		out.Factor += out.Contributions[j]
	}
	out.Total = out.Factor + out.Specific
	return out, nil
}
