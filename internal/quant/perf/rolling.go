package perf

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant"
)

// RollingSharpe is the annualised Sharpe ratio of each window of returns, n-window+1
// of them; the first is that of returns 0 to window-1. riskFree is a rate a year. NaN
// where the returns of a window do not vary. Each is computed anew, so that no error
// builds up: O(n window).
func RollingSharpe(returns []float64, window int, periodsPerYear, riskFree float64) ([]float64, error) {
	if periodsPerYear == 0 {
		periodsPerYear = DefaultPeriods
	}
	if !(periodsPerYear > 0) {
		return nil, quant.Bad("perf.RollingSharpe", "periods_per_year", periodsPerYear, "above 0")
	}
	rf := quant.PerPeriod(riskFree, periodsPerYear)
	return rolling("perf.RollingSharpe", returns, window, func(x []float64) float64 {
		if quant.Constant(x) {
			return math.NaN()
		}
		return (quant.Mean(x) - rf) / quant.SD(x) * math.Sqrt(periodsPerYear)
	})
}

// RollingVolatility is the annualised volatility of each window, as RollingSharpe.
func RollingVolatility(returns []float64, window int, periodsPerYear float64) ([]float64, error) {
	if periodsPerYear == 0 {
		periodsPerYear = DefaultPeriods
	}
	return rolling("perf.RollingVolatility", returns, window, func(x []float64) float64 {
		return quant.SD(x) * math.Sqrt(periodsPerYear)
	})
}

func rolling(op string, x []float64, window int, f func([]float64) float64) ([]float64, error) {
	if window < 2 {
		return nil, quant.Bad(op, "window", window, "at least 2")
	}
	if err := quant.Check(quant.Column{Name: "returns", Values: x, AtLeast: window}); err != nil {
		return nil, err
	}
	out := make([]float64, len(x)-window+1)
	for i := range out {
		out[i] = f(x[i : i+window])
	}
	return out, nil
}

// KillSwitch tells for each return whether it is below -sigmas standard deviations of
// the window returns before it: known at its own time, false while there are fewer.
// The zero values mean 3 and 60.
func KillSwitch(returns []float64, sigmas float64, window int) ([]bool, error) {
	const op = "perf.KillSwitch"
	if sigmas == 0 {
		sigmas = 3
	}
	if window == 0 {
		window = 60
	}
	if window < 2 || !(sigmas > 0) {
		return nil, quant.Bad(op, "sigmas and window", fmt.Sprintf("%g and %d", sigmas, window), "above 0 and at least 2")
	}
	if err := quant.Check(quant.Column{Name: "returns", Values: returns}); err != nil {
		return nil, err
	}
	out := make([]bool, len(returns))
	for t := window; t < len(returns); t++ {
		out[t] = returns[t] < -sigmas*quant.SD(returns[t-window:t])
	}
	return out, nil
}

// Normalise says what becomes of weights before they are used.
type Normalise string

// None uses them as given, Net makes them add up to one, Gross their magnitudes.
const (
	None  Normalise = "none"
	Net   Normalise = "net"
	Gross Normalise = "gross"
)

// PortfolioReturns is the return of constant weights on p columns, rebalanced every
// period without cost. The empty mode is None.
func PortfolioReturns(returns [][]float64, weights []float64, mode Normalise) ([]float64, error) {
	const op = "perf.PortfolioReturns"
	if len(weights) != len(returns) || len(returns) == 0 {
		return nil, quant.Bad(op, "weights", len(weights), fmt.Sprintf("%d, one a series", len(returns)))
	}
	if err := quant.CheckAll(nil, returns, quant.Column{AtLeast: 1}); err != nil {
		return nil, err
	}
	scale := 1.0
	switch mode {
	case None, "":
	case Net:
		scale = floats.Sum(weights)
	case Gross:
		scale = floats.Norm(weights, 1)
	default:
		return nil, quant.Bad(op, "normalise", mode, "none, net or gross")
	}
	if scale == 0 || math.IsNaN(scale) {
		return nil, quant.Bad(op, "the sum of the weights", scale, "other than 0")
	}
	out := make([]float64, len(returns[0]))
	for j, c := range returns {
		floats.AddScaled(out, weights[j]/scale, c)
	}
	return out, nil
}
