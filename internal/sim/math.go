package sim

import "math"

// math.Sqrt, Floor and the bit conversions are exact by IEEE 754 and safe to
// use; math.Exp and math.Log have assembly that differs between machines in the
// last bit, so these two are written out.

const (
	log2e = 1.4426950408889634
	ln2   = 0.6931471805599453
	// ln2 in two parts: a product of the first with a small integer is exact.
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// exp is e to the x, to about 1e-15 relative; x is held to ±700.
func exp(x float64) float64 {
	x = min(max(x, -700), 700)
	k := math.Floor(float64(x*log2e) + 0.5)
	r := x - float64(k*ln2High)
	r -= float64(k * ln2Low)
	// Taylor's series; |r| is under 0.35, so the last term is below 1e-16.
	y := 1.0
	for i := 13; i > 0; i-- {
		y = 1 + float64(float64(r*y)*reciprocal[i])
	}
	return float64(y * math.Float64frombits(uint64(1023+int64(k))<<52))
}

// reciprocal holds 1/i; it is never assigned to.
var reciprocal = [...]float64{0, 1, 1. / 2, 1. / 3, 1. / 4, 1. / 5, 1. / 6, 1. / 7, 1. / 8, 1. / 9, 1. / 10, 1. / 11, 1. / 12, 1. / 13}

// ln is the natural logarithm of a normal x above zero, to about 1e-15.
func ln(x float64) float64 {
	bits := math.Float64bits(x)
	k := float64(int64(bits>>52&0x7ff) - 1023)
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m *= 0.5
		k++
	}
	// ln m = 2 artanh s, and s² is under 0.03.
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	y := 0.0
	for i := len(oddReciprocal) - 1; i >= 0; i-- {
		y = oddReciprocal[i] + float64(z*y)
	}
	y = float64(2 * s * y)
	return float64(k*ln2High) + (y + float64(k*ln2Low))
}

// oddReciprocal holds 1/(2i+1); it is never assigned to.
var oddReciprocal = [...]float64{1, 1. / 3, 1. / 5, 1. / 7, 1. / 9, 1. / 11, 1. / 13, 1. / 15, 1. / 17, 1. / 19, 1. / 21}

// nearest is the whole number nearest to x, halves upward.
func nearest(x float64) int64 { return int64(math.Floor(float64(x) + 0.5)) }

func clamp(x, low, high float64) float64 { return min(max(x, low), high) }
