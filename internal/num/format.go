package num

import "strconv"

// String returns d in plain notation with all its places: 1.50, -0.001, 0.00.
func (d Decimal) String() string {
	var buf [32]byte // sign, 29 digits, point
	return string(d.AppendText(buf[:0]))
}

// AppendText appends the text of String to b.
func (d Decimal) AppendText(b []byte) []byte {
	var buf [40]byte
	digits := d.appendCoef(buf[:0])
	if d.neg {
		b = append(b, '-')
	}
	if d.scale == 0 {
		return append(b, digits...)
	}
	whole := len(digits) - int(d.scale)
	if whole <= 0 {
		b = append(b, '0', '.')
		for ; whole < 0; whole++ {
			b = append(b, '0')
		}
		return append(b, digits...)
	}
	b = append(b, digits[:whole]...)
	b = append(b, '.')
	return append(b, digits[whole:]...)
}

// MarshalText returns the text of String; it never fails.
func (d Decimal) MarshalText() ([]byte, error) {
	return d.AppendText(make([]byte, 0, 32)), nil
}

// UnmarshalText sets d to what Parse reads in b, and leaves it alone on an
// error.
func (d *Decimal) UnmarshalText(b []byte) error {
	v, err := parse(b)
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// appendCoef appends the digits of the coefficient, without leading zeros.
func (d Decimal) appendCoef(b []byte) []byte {
	if d.hi == 0 {
		return strconv.AppendUint(b, d.lo, 10)
	}
	// Two runs: 10^19 is the largest power of ten in a word. With hi not zero
	// there are at least 20 digits, so the first run is not empty.
	_, top, rest := div96(d.hi, d.lo, pow10[maxPow10])
	b = strconv.AppendUint(b, top, 10)
	for p := maxPow10 - 1; p > 0 && rest < pow10[p]; p-- {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, rest, 10)
}
