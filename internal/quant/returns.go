package quant

import "math"

// Returns are the simple returns of prices, one fewer than prices.
func Returns(prices []float64) []float64 {
	out := make([]float64, max(len(prices)-1, 0))
	for i := range out {
		out[i] = prices[i+1]/prices[i] - 1
	}
	return out
}

// LogReturns are the differences of the prices' logarithms.
func LogReturns(prices []float64) []float64 {
	out := make([]float64, max(len(prices)-1, 0))
	for i := range out {
		out[i] = math.Log(prices[i+1] / prices[i])
	}
	return out
}

// Logs are the logarithms of prices.
func Logs(prices []float64) []float64 {
	out := make([]float64, len(prices))
	for i, p := range prices {
		out[i] = math.Log(p)
	}
	return out
}

// PerPeriod turns a rate a year into one a period.
func PerPeriod(annual, periodsPerYear float64) float64 {
	return math.Pow(1+annual, 1/periodsPerYear) - 1
}
