package num

import "math/bits"

// Add returns d + x at the larger of the two scales; when that does not fit 96
// bits it is rounded half-even at the largest scale that does. It panics with
// ErrOverflow.
func (d Decimal) Add(x Decimal) Decimal { return must(d.AddErr(x)) }

// Sub returns d - x by the rules of Add.
func (d Decimal) Sub(x Decimal) Decimal { return must(d.AddErr(x.Neg())) }

// Mul returns d × x at the sum of the two scales, rounded half-even when that
// exceeds 28 places or 96 bits. It panics with ErrOverflow.
func (d Decimal) Mul(x Decimal) Decimal { return must(d.MulErr(x)) }

// Sum returns the sum of ds from left to right, and Zero for none.
func Sum(ds ...Decimal) Decimal {
	s := Zero
	for _, d := range ds {
		s = s.Add(d)
	}
	return s
}

// AddErr is Add that returns ErrOverflow instead of panicking.
func (d Decimal) AddErr(x Decimal) (Decimal, error) {
	if d.scale < x.scale {
		d, x = x, d
	}
	// x has the smaller scale and is brought to d's. Within 127 bits two words
	// suffice; anything larger takes the long way.
	xh, xl := uint64(x.hi), x.lo
	if k := d.scale - x.scale; k != 0 {
		if k > maxPow10 {
			return addWide(d, x)
		}
		over, h := bits.Mul64(xh, pow10[k])
		var c uint64
		xh, xl = bits.Mul64(xl, pow10[k])
		xh, c = bits.Add64(xh, h, 0)
		if over|c|xh>>63 != 0 {
			return addWide(d, x)
		}
	}
	dh, dl := uint64(d.hi), d.lo
	var hi, lo, c uint64
	neg := d.neg
	if d.neg == x.neg {
		lo, c = bits.Add64(dl, xl, 0)
		hi, _ = bits.Add64(dh, xh, c)
	} else {
		lo, c = bits.Sub64(dl, xl, 0)
		hi, c = bits.Sub64(dh, xh, c)
		if c != 0 { // x was the larger: the difference came out negated
			lo, c = bits.Sub64(0, lo, 0)
			hi, _ = bits.Sub64(0, hi, c)
			neg = x.neg
		}
	}
	if hi>>32 != 0 {
		return fit(wide{lo, hi}, int(d.scale), exact, neg)
	}
	return Decimal{lo: lo, hi: uint32(hi), scale: d.scale, neg: neg && lo|hi != 0}, nil
}

// addWide adds x, of the smaller scale, to d with every digit kept until the
// end.
func addWide(d, x Decimal) (Decimal, error) {
	dw, xw := d.wide(), x.wide().mulPow10(int(d.scale-x.scale))
	switch {
	case d.neg == x.neg:
		return fit(dw.add(xw), int(d.scale), exact, d.neg)
	case dw.cmp(xw) >= 0:
		return fit(dw.sub(xw), int(d.scale), exact, d.neg)
	}
	return fit(xw.sub(dw), int(d.scale), exact, x.neg)
}

// MulErr is Mul that returns ErrOverflow instead of panicking.
func (d Decimal) MulErr(x Decimal) (Decimal, error) {
	scale := int(d.scale) + int(x.scale)
	neg := d.neg != x.neg
	if d.hi|x.hi == 0 {
		hi, lo := bits.Mul64(d.lo, x.lo)
		if hi>>32 == 0 && scale <= MaxScale && hi|lo != 0 {
			return Decimal{lo: lo, hi: uint32(hi), scale: uint8(scale), neg: neg}, nil
		}
	}
	// .NET keeps the scale of a zero product only when both coefficients fit
	// 32 bits; otherwise, and when 20 or more digits are lost, it returns plain
	// 0.
	small := d.hi|x.hi == 0 && (d.lo|x.lo)>>32 == 0
	if small && scale > MaxScale+maxPow10 {
		return Zero, nil
	}
	if d.IsZero() || x.IsZero() {
		if small {
			return Decimal{scale: uint8(min(scale, MaxScale))}, nil
		}
		return Zero, nil
	}
	w := d.wide().mul(x.lo)
	h := d.wide().mul(uint64(x.hi))
	return fit(w.add(wide{0, h[0], h[1], h[2]}), scale, exact, neg)
}
