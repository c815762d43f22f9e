package num

import (
	"fmt"
	"math"
	"strconv"
)

// exactPow10 is the largest power of ten a float64 holds exactly.
const exactPow10 = 22

// float10 holds 10^0 to 10^28 as float64; it is never assigned to.
var float10 = func() (p [MaxScale + 1]float64) {
	for i := range p {
		p[i] = math.Pow10(i)
	}
	return p
}()

// FromFloat returns the number written by the shortest text that reads back as
// f, so 0.1 becomes 0.1. NaN, infinities and magnitudes of 2^96 and over are
// errors; below 28 places the number is rounded half-even.
func FromFloat(f float64) (Decimal, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Decimal{}, notFinite(f)
	}
	var buf [32]byte
	return parse(strconv.AppendFloat(buf[:0], f, 'g', -1, 64))
}

// FromFloatNET returns what .NET's (decimal) conversion of a double gives: 15
// significant digits, found by the same floating-point steps so that the last
// of them agrees, without trailing zeros. NaN, infinities and magnitudes of
// 2^96 and over are errors.
func FromFloatNET(f float64) (Decimal, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Decimal{}, notFinite(f)
	}
	// |f| is below 2^exp.
	exp := int(math.Float64bits(f)>>52&0x7ff) - 1022
	switch {
	case exp < -94: // below half of 10^-28
		return Zero, nil
	case exp > 96:
		return Decimal{}, fmt.Errorf("%v: %w", f, ErrOverflow)
	}
	// Scale to a 15-digit integer by the power of ten that exp suggests
	// (19728/65536 is log10 of 2), with one more step when it fell short. The
	// conversions forbid fusing the operations, which would change digits.
	v := math.Abs(f)
	power := 14 - exp*19728>>16
	switch {
	case power >= 0:
		power = min(power, MaxScale)
		v = float64(v * float10[power])
	case power != -1 || v >= 1e15:
		v = float64(v / float10[-power])
	default:
		power = 0
	}
	if v < 1e14 && power < MaxScale {
		v = float64(v * 10)
		power++
	}
	n := uint64(math.RoundToEven(v))
	if n == 0 {
		return Zero, nil
	}
	if power < 0 {
		d, err := fromCoef(wide{n}, power, exact, f < 0)
		if err != nil {
			return Decimal{}, fmt.Errorf("%v: %w", f, err)
		}
		return d, nil
	}
	// .NET takes at most 14 zeros off, which shows when rounding carried to
	// 10^15: 0.9999999999999999 becomes 1.0.
	for zeros := min(power, 14); zeros > 0 && n%10 == 0; zeros-- {
		n /= 10
		power--
	}
	return Decimal{lo: n, scale: uint8(power), neg: f < 0}, nil
}

// Float64 returns the float64 nearest to d, ties to even.
func (d Decimal) Float64() float64 {
	if d.hi == 0 && d.lo <= 1<<53 && d.scale <= exactPow10 {
		// Both operands are exact, so the one division rounds correctly.
		f := float64(d.lo) / float10[d.scale]
		if d.neg {
			return -f
		}
		return f
	}
	var buf [40]byte
	// A Decimal's text is always a number well inside float64's range.
	f, _ := strconv.ParseFloat(string(d.AppendText(buf[:0])), 64)
	return f
}

func notFinite(f float64) error {
	return fmt.Errorf("num: %v is not a finite number", f)
}
