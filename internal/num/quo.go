package num

// Quo returns d / x. It has the scale of d less that of x when the division
// comes out even there, and otherwise as many digits as 28 places and 96 bits
// allow, rounded half-even, without trailing zeros: 10.00/2 is 5.00, 1/4 is
// 0.25, 1/3 is 0.3333333333333333333333333333. It panics with ErrDivideByZero
// or ErrOverflow.
func (d Decimal) Quo(x Decimal) Decimal { return must(d.QuoErr(x)) }

// Rem returns the remainder of d / x truncated to an integer, with the sign of
// d. Its scale is that of d when |d| is less than |x|, else the larger of the
// two. It panics with ErrDivideByZero.
func (d Decimal) Rem(x Decimal) Decimal {
	if x.IsZero() {
		panic(ErrDivideByZero)
	}
	if cmpMagnitude(d, x) < 0 {
		return d
	}
	n, s, scale := align(d, x)
	_, r := n.div(s)
	// r is less than x at the larger scale, and less than d there, and one of
	// the two had that scale to begin with: it fits.
	return pack(r, scale, d.neg)
}

// QuoErr is Quo that returns ErrDivideByZero or ErrOverflow instead of
// panicking.
func (d Decimal) QuoErr(x Decimal) (Decimal, error) {
	if x.IsZero() {
		return Decimal{}, ErrDivideByZero
	}
	scale := int(d.scale) - int(x.scale)
	neg := d.neg != x.neg
	a, b := d.wide(), x.wide()
	if scale >= 0 {
		if q, r := a.div(b); r.isZero() {
			return pack(q, uint8(scale), neg), nil
		}
	} else if d.IsZero() {
		return Zero, nil
	}
	// Extend by the most digits that can fit. The quotient is under 2^e, so
	// 10^k up to 2^(96-e) certainly does; one digit more may, and fit takes it
	// back, with correct rounding, if it does not. The numerator stays under
	// 200 bits.
	e := a.bitLen() - b.bitLen() + 1
	k := min((96-e)*30103/100000+1, MaxScale-scale)
	if scale+k < 0 {
		return Decimal{}, ErrOverflow
	}
	q, r := a.mulPow10(k).div(b)
	out, err := fit(q, scale+k, tailOf(r, b, false), neg)
	return out.Normalize(), err
}

// align brings both coefficients to the larger scale.
func align(d, x Decimal) (dw, xw wide, scale uint8) {
	scale = max(d.scale, x.scale)
	return d.wide().mulPow10(int(scale - d.scale)), x.wide().mulPow10(int(scale - x.scale)), scale
}
