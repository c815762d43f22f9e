package num

import "errors"

// MaxScale is the largest number of decimal places a Decimal can hold.
const MaxScale = 28

// ErrOverflow says a result is too large for a 96-bit coefficient.
var ErrOverflow = errors.New("num: decimal overflow")

// ErrDivideByZero says a divisor, or a step to round to, was zero.
var ErrDivideByZero = errors.New("num: division by zero")

// Decimal is coefficient × 10^-scale with a sign, held by value. The zero
// value is 0. The operator == compares digits and scale, so 1.0 != 1.00 by it;
// use Equal to compare numbers.
type Decimal struct {
	lo    uint64 // with hi, the 96-bit coefficient; lo first packs it in 16 bytes
	hi    uint32
	scale uint8
	neg   bool // never set for a zero coefficient
}

// Zero is the number 0 with scale 0; it is never assigned to.
var Zero = Decimal{}

// One is the number 1 with scale 0; it is never assigned to.
var One = Decimal{lo: 1}

// New returns coef × 10^-scale. A negative scale multiplies; a scale over 28
// is rounded half-even to 28 places. It panics with ErrOverflow when the
// number does not fit.
func New(coef int64, scale int) Decimal {
	if scale >= 0 && scale <= MaxScale { // nothing to round or to scale up
		return Decimal{lo: magnitude(coef), scale: uint8(scale), neg: coef < 0}
	}
	d, err := fromCoef(wide{magnitude(coef)}, scale, exact, coef < 0)
	return must(d, err)
}

// FromInt returns n with scale 0.
func FromInt(n int64) Decimal {
	return Decimal{lo: magnitude(n), neg: n < 0}
}

// Scale returns the number of decimal places d carries, trailing zeros
// included.
func (d Decimal) Scale() int { return int(d.scale) }

// Coef returns the 96-bit coefficient of d, without its sign.
func (d Decimal) Coef() (hi uint32, lo uint64) { return d.hi, d.lo }

// IsZero reports whether d is 0 at any scale.
func (d Decimal) IsZero() bool { return d.lo == 0 && d.hi == 0 }

// Sign returns -1, 0 or +1 as d is negative, zero or positive.
func (d Decimal) Sign() int {
	switch {
	case d.IsZero():
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// Neg returns -d with the same scale.
func (d Decimal) Neg() Decimal {
	d.neg = !d.neg && !d.IsZero()
	return d
}

// Abs returns d without its sign.
func (d Decimal) Abs() Decimal {
	d.neg = false
	return d
}

// Int64 returns d as an integer, and false when d has a fraction or is out of
// range. 5.00 is the integer 5.
func (d Decimal) Int64() (int64, bool) {
	q, t := d.wide().divPow10(int(d.scale), exact)
	if t != exact || q[1] != 0 {
		return 0, false
	}
	n := q[0]
	if d.neg {
		// -n wraps to exactly the smallest int64 when n is 2^63.
		return -int64(n), n <= 1<<63
	}
	return int64(n), n < 1<<63
}

// Normalize returns the same number with no trailing zeros after the point.
func (d Decimal) Normalize() Decimal {
	// A number with n trailing zeros ends in at least n zero bits, which is
	// cheap to test before dividing. At most 28 zeros: each power at most once.
	for _, n := range [...]uint8{16, 8, 4, 2, 1} {
		if d.scale < n || d.lo&(1<<n-1) != 0 {
			continue
		}
		hi, lo, r := div96(d.hi, d.lo, pow10[n])
		if r == 0 {
			d.hi, d.lo = hi, lo
			d.scale -= n
		}
	}
	return d
}

// wide widens the coefficient of d.
func (d Decimal) wide() wide { return wide{d.lo, uint64(d.hi)} }

// magnitude is |n|, right for the smallest int64 as well.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// must turns the refusal of a checked operation into the documented panic.
func must(d Decimal, err error) Decimal {
	if err != nil {
		panic(err)
	}
	return d
}
