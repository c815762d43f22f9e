package unitroot

import (
	"math"

	"quantdesk/internal/quant"
)

// ADFParams are those of ADF; the zero value is a constant and AIC.
type ADFParams struct {
	Trend Trend
	Lags  Lags
}

// ADFResult is what ADF finds.
type ADFResult struct {
	// Stat is the t statistic of the level.
	Stat float64
	// P is MacKinnon's approximate p-value of a unit root.
	P float64
	// Lags and Observations are those of the regression.
	Lags, Observations int
	// Critical are the values at 1, 5 and 10 % for this many observations.
	Critical [3]float64
	// Reject tells that a unit root is refused at 5 %.
	Reject bool
	// Trend and Method are the ones used.
	Trend  Trend
	Method Selection
}

// ADF is the augmented Dickey-Fuller test of a unit root in x (n levels, at least
// 20): Δx on deterministic terms, the level and lagged differences. All orders are
// compared on the sample of the largest; the chosen one is fitted again on the
// longest sample. Stat and P are NaN where the other regressors span the level,
// as in an exact line. Errors: fault.MissingValues, InsufficientData,
// ConstantSeries, InvalidParameter. Source: Said and Dickey (1984); p-values
// MacKinnon (1994), critical values MacKinnon (2010).
func ADF(name string, x []float64, p ADFParams) (*ADFResult, error) {
	const op = "unitroot.ADF"
	if err := check(name, x, minimum); err != nil {
		return nil, err
	}
	terms := p.Trend.Terms()
	if terms < 0 {
		return nil, quant.Bad(op, "regression", string(p.Trend), "n, c, ct or ctt")
	}
	method, most, err := p.Lags.resolve(op, len(x), terms)
	if err != nil {
		return nil, err
	}
	var w Workspace
	out := &ADFResult{Trend: p.Trend.orConstant(), Method: method}
	out.Stat, out.Lags, out.Observations = w.DickeyFuller(x, terms, method, most)
	out.P = PValue(out.Stat, p.Trend, 1)
	out.Critical = Critical(p.Trend, 1, float64(out.Observations))
	out.Reject = !math.IsNaN(out.Stat) && out.Stat < out.Critical[1]
	return out, nil
}

// Residual is the Dickey-Fuller regression of n residuals without deterministic
// terms, for tests of cointegration: method and largest lag as Lags has them.
func (l Lags) Residual(op string, n int) (Selection, int, error) { return l.resolve(op, n, 0) }
