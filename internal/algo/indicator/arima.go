package indicator

import (
	"errors"
	"math"
)

// arima fits an autoregression to the window, then autoregression and moving average to its residuals,
// both by least squares, and forecasts the next value. Series are held newest first, as LEAN holds them.
type arima struct {
	base
	ar, diff, ma   int
	constant       bool
	win            ring
	intercept      float64
	arError        float64
	maError        float64
	arPars, maPars []float64
}

func newARIMA(name string, a args) (*arima, error) {
	ar, diff, ma, n := a.int(0), a.int(1), a.int(2), a.int(3)
	switch {
	case ar < 1:
		return nil, errors.New("the AR order must be positive")
	case ma < 0 || diff < 0:
		return nil, errors.New("orders cannot be negative")
	case n < max(ar, ma):
		return nil, errors.New("the period must exceed both orders")
	case ma > 0 && ar > ma:
		// LEAN reads past its lagged series there.
		return nil, errors.New("the AR order cannot exceed the MA order")
	case n-diff <= 2*max(ar, ma)+1:
		return nil, errors.New("the period is too short for the orders")
	}
	x := &arima{ar: ar, diff: diff, ma: ma, constant: a.bool(4), win: newRing(n)}
	x.init(x, name, Point, n)
	x.number("intercept", &x.intercept)
	x.number("ar_residual_error", &x.arError)
	x.number("ma_residual_error", &x.maError)
	return x, nil
}

func (x *arima) compute(in *Input) (float64, bool) {
	x.win.add(in.Value)
	if !x.win.full() {
		return 0, true
	}
	series := make([]float64, x.win.n)
	for i := range series {
		series[i] = x.win.at(i)
	}
	ends := make([]float64, x.diff)
	for d := range x.diff {
		ends[d] = series[len(series)-1]
		for i := range len(series) - 1 {
			series[i] -= series[i+1]
		}
		series = series[:len(series)-1]
	}
	residuals := x.fit(series)
	next := x.intercept
	for i, p := range x.arPars {
		next += p * series[i]
	}
	for i, p := range x.maPars {
		next += p * residuals[x.ma+i+1]
	}
	if x.diff == 0 {
		return next, true
	}
	return integrate(append([]float64{next}, series...), ends), true
}

// integrate sums a differenced series up again and returns its newest value.
func integrate(series, ends []float64) float64 {
	for _, end := range ends {
		series = append(series, end)
		for i := len(series) - 2; i >= 0; i-- {
			series[i] += series[i+1]
		}
	}
	return series[0]
}

// fit sets the parameters and returns the residuals of the first step.
func (x *arima) fit(series []float64) []float64 {
	var rows [][]float64
	for t := x.ar; t < len(series); t++ {
		rows = append(rows, lags(series, t, x.ar))
	}
	pars := leastSquares(rows, series[x.ar:])
	residuals := make([]float64, len(series))
	x.arError = 0
	for i, row := range rows {
		r := series[x.ar+i] - dot(row, pars)
		residuals[x.ar+i] = r
		x.arError += r * r
	}
	x.arError /= float64(len(series) - x.ar - 1)
	x.arPars, x.maPars = pars, nil
	if x.ma == 0 {
		return residuals
	}
	first := 0
	if x.constant {
		first = 1
	}
	var wide [][]float64
	for t := x.ma; t < len(residuals); t++ {
		row := make([]float64, first, first+x.ar+x.ma)
		for i := range row {
			row[i] = 1
		}
		row = append(row, rows[t-x.ma]...)
		wide = append(wide, append(row, lags(residuals, t, x.ma)...))
	}
	pars = leastSquares(wide, series[x.ma:])
	x.maError = 0
	for i, row := range wide {
		// The constant is no part of LEAN's residual.
		r := series[x.ma+i] - dot(row[first:], pars[first:])
		x.maError += r * r
	}
	x.maError /= float64(len(series) - max(x.ar, x.ma) - 1)
	if x.constant {
		x.intercept = pars[0]
	}
	x.arPars, x.maPars = pars[first:first+x.ar], pars[first+x.ar:]
	return residuals
}

// lags returns the p values before index t.
func lags(series []float64, t, p int) []float64 {
	out := make([]float64, p)
	for j := range p {
		out[j] = series[t-1-j]
	}
	return out
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// leastSquares solves the normal equations by Cholesky's factors; a singular system gives zeros.
func leastSquares(rows [][]float64, y []float64) []float64 {
	n := len(rows[0])
	m, v := make([][]float64, n), make([]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
		for r, row := range rows {
			for j := range i + 1 {
				m[i][j] += row[i] * row[j]
			}
			v[i] += row[i] * y[r]
		}
	}
	for i := range n {
		for j := range i + 1 {
			s := m[i][j] - dot(m[i][:j], m[j][:j])
			if i != j {
				m[i][j] = s / m[j][j]
				continue
			}
			if s <= 0 {
				return make([]float64, n)
			}
			m[i][i] = math.Sqrt(s)
		}
		v[i] = (v[i] - dot(m[i][:i], v[:i])) / m[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			v[i] -= m[j][i] * v[j]
		}
		v[i] /= m[i][i]
	}
	return v
}

func (x *arima) clear() {
	x.win.reset()
	x.intercept, x.arError, x.maError = 0, 0, 0
	x.arPars, x.maPars = nil, nil
}
