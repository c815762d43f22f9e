package quant

import "math"

// Sum adds with Neumaier's compensation.
func Sum(x []float64) float64 {
	var s, c float64
	for _, v := range x {
		t := s + v
		if math.Abs(s) >= math.Abs(v) {
			c += (s - t) + v
		} else {
			c += (v - t) + s
		}
		s = t
	}
	return s + c
}

// Mean is the arithmetic mean, NaN of nothing.
func Mean(x []float64) float64 { return Sum(x) / float64(len(x)) }

// Variance is the sample variance (ddof 1) by two compensated passes; NaN below
// two observations.
func Variance(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	m := Mean(x)
	var s, e float64
	for _, v := range x {
		d := v - m
		s += d * d
		e += d
	}
	n := float64(len(x))
	return (s - e*e/n) / (n - 1)
}

// SD is the sample standard deviation (ddof 1).
func SD(x []float64) float64 { return math.Sqrt(Variance(x)) }

// Covariance is the sample covariance (ddof 1) of two series of equal length.
func Covariance(x, y []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	mx, my := Mean(x), Mean(y)
	var s, ex, ey float64
	for i, v := range x {
		dx, dy := v-mx, y[i]-my
		s += dx * dy
		ex += dx
		ey += dy
	}
	n := float64(len(x))
	return (s - ex*ey/n) / (n - 1)
}

// Shape is skewness and excess kurtosis from population moments; NaN for a
// constant.
func Shape(x []float64) (skewness, excessKurtosis float64) {
	m := Mean(x)
	var m2, m3, m4 float64
	for _, v := range x {
		d := v - m
		q := d * d
		m2 += q
		m3 += q * d
		m4 += q * q
	}
	n := float64(len(x))
	m2, m3, m4 = m2/n, m3/n, m4/n
	return m3 / (m2 * math.Sqrt(m2)), m4/(m2*m2) - 3
}
