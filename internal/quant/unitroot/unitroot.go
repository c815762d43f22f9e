// Package unitroot tests whether a series returns to a mean or a line, and how
// fast: ADF, KPSS, half-life, Hurst exponent and variance ratio.
//
//	adf, err := unitroot.ADF("spread", spread, unitroot.ADFParams{})
//	kpss, err := unitroot.KPSS("spread", spread, unitroot.KPSSParams{})
//	fmt.Println(unitroot.Judge(adf, kpss)) // stationary, unit_root, …
package unitroot

import (
	"quantdesk/internal/quant"
)

// Trend is the deterministic part of a regression.
type Trend string

const (
	// None has no deterministic part.
	None Trend = "n"
	// Constant is the default.
	Constant Trend = "c"
	// Linear is a constant and a line.
	Linear Trend = "ct"
	// Quadratic is a constant, a line and a parabola.
	Quadratic Trend = "ctt"
)

func (t Trend) orConstant() Trend {
	if t == "" {
		return Constant
	}
	return t
}

// Terms counts the deterministic regressors, -1 for a trend that is none.
func (t Trend) Terms() int {
	switch t.orConstant() {
	case None:
		return 0
	case Constant:
		return 1
	case Linear:
		return 2
	case Quadratic:
		return 3
	}
	return -1
}

// Selection chooses how many lagged differences a regression has.
type Selection string

const (
	// AIC is the default: Akaike's criterion.
	AIC Selection = "aic"
	// BIC is Schwarz's criterion.
	BIC Selection = "bic"
	// TStat drops the highest lag while its |t| is below 1.6449.
	TStat Selection = "t-stat"
	// Fixed takes the number that is given.
	Fixed Selection = "fixed"
)

// minimum is the least number of observations of ADF, KPSS and the half-life.
const minimum = 20

// check refuses a series that is short, has gaps or does not vary.
func check(name string, x []float64, atLeast int) error {
	return quant.Check(quant.Column{Name: name, Values: x, AtLeast: atLeast, Varies: true})
}
