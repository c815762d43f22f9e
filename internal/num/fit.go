package num

// carried is 2^96/10 rounded: what a coefficient of all ones becomes when
// rounding carries out of it and one place has to be given up.
var carried = wide{0x999999999999999a, 0x19999999}

// fit makes a Decimal of w × 10^-scale, where w stands above the fraction t.
// It gives up no more places than 96 bits and 28 places demand, and rounds
// half-even once, over everything discarded. ErrOverflow: w is too large even
// with no decimals left.
func fit(w wide, scale int, t tail, neg bool) (Decimal, error) {
	drop := max(0, scale-MaxScale)
	if n := w.bitLen(); n > 96 {
		// w is at least 2^(n-1), so at least this many digits must go; at most
		// one more, which the next test finds.
		drop = max(drop, (n-97)*30103/100000+1)
	}
	w, t = w.divPow10(drop, t)
	scale -= drop
	if !w.fits96() {
		w, t = w.divPow10(1, t)
		scale--
	}
	if t == aboveHalf || t == half && w[0]&1 == 1 {
		w = w.add(wide{1})
		if !w.fits96() {
			w = carried
			scale--
		}
	}
	if scale < 0 {
		return Decimal{}, ErrOverflow
	}
	return pack(w, uint8(scale), neg), nil
}

// fromCoef is fit for any scale at all: far below zero it overflows, far above
// 28 it is zero at 28 places.
func fromCoef(w wide, scale int, t tail, neg bool) (Decimal, error) {
	const digits = 58 // 10^58 exceeds every coefficient callers form
	switch {
	case w.isZero() && t == exact:
		return Decimal{scale: uint8(min(max(scale, 0), MaxScale))}, nil
	case scale < -MaxScale:
		return Decimal{}, ErrOverflow
	case scale > MaxScale+digits:
		return Decimal{scale: MaxScale}, nil
	case scale < 0:
		// w is under 2^128, so 10^28 more stays under 256 bits.
		w, scale = w.mulPow10(-scale), 0
	}
	return fit(w, scale, t, neg)
}

// pack makes a Decimal of a coefficient known to fit, and sees to it that zero
// has no sign.
func pack(w wide, scale uint8, neg bool) Decimal {
	return Decimal{lo: w[0], hi: uint32(w[1]), scale: scale, neg: neg && w[0]|w[1] != 0}
}
