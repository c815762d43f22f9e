package num

// Mode says which way a number between two allowed values goes.
type Mode uint8

const (
	// ModeHalfEven goes to the nearest, and from the middle to the even one.
	ModeHalfEven Mode = iota
	// ModeDown goes toward zero.
	ModeDown
	// ModeUp goes away from zero.
	ModeUp
	// ModeFloor goes toward minus infinity.
	ModeFloor
	// ModeCeil goes toward plus infinity.
	ModeCeil
)

// String names the mode in lower case.
func (m Mode) String() string {
	names := [...]string{"half-even", "down", "up", "floor", "ceil"}
	if int(m) < len(names) {
		return names[m]
	}
	return "unknown"
}

// Round returns d at no more than that many places, rounded half-even. A
// number with fewer places is returned as it is; places below 0 count as 0.
func (d Decimal) Round(places int) Decimal { return d.round(places, ModeHalfEven) }

// Floor returns d at no more than that many places, rounded toward minus
// infinity.
func (d Decimal) Floor(places int) Decimal { return d.round(places, ModeFloor) }

// Ceil returns d at no more than that many places, rounded toward plus
// infinity.
func (d Decimal) Ceil(places int) Decimal { return d.round(places, ModeCeil) }

// Trunc returns d at no more than that many places, the others cut off.
func (d Decimal) Trunc(places int) Decimal { return d.round(places, ModeDown) }

// Rescale returns d at exactly that many places, rounded half-even or padded
// with zeros, as money is printed. Places are held to 0 to 28. It panics with
// ErrOverflow when the padding does not fit.
func (d Decimal) Rescale(places int) Decimal {
	places = min(max(places, 0), MaxScale)
	k := places - int(d.scale)
	if k <= 0 {
		return d.Round(places)
	}
	w := d.wide().mulPow10(k)
	if !w.fits96() {
		panic(ErrOverflow)
	}
	return pack(w, uint8(places), d.neg)
}

// QuantizeTo returns the multiple of step that mode picks for d, at the scale
// of step: a price to its tick, a quantity to its lot. The sign of step does
// not matter. It panics with ErrDivideByZero when step is zero and with
// ErrOverflow when the multiple does not fit.
func (d Decimal) QuantizeTo(step Decimal, mode Mode) Decimal {
	if step.IsZero() {
		panic(ErrDivideByZero)
	}
	n, s, _ := align(d, step)
	q, r := n.div(s)
	q = q.roundBy(tailOf(r, s, false), mode, d.neg)
	// A quotient past 128 bits could not be a coefficient times a step, and
	// within 128 the product with 96 bits of step stays under 256.
	if q.bitLen() > 128 {
		panic(ErrOverflow)
	}
	w := q.mul(step.lo)
	h := q.mul(uint64(step.hi))
	w = w.add(wide{0, h[0], h[1], h[2]})
	if !w.fits96() {
		panic(ErrOverflow)
	}
	return pack(w, step.scale, d.neg)
}

// IsMultipleOf reports whether d is a whole number of steps. Nothing is a
// multiple of a zero step.
func (d Decimal) IsMultipleOf(step Decimal) bool {
	return !step.IsZero() && d.Rem(step).IsZero()
}

func (d Decimal) round(places int, mode Mode) Decimal {
	places = max(places, 0)
	k := int(d.scale) - places
	if k <= 0 {
		return d
	}
	w, t := d.wide().divPow10(k, exact)
	// At least one digit went, so one more unit cannot carry out of 96 bits.
	return pack(w.roundBy(t, mode, d.neg), uint8(places), d.neg)
}

// roundBy adds one to the magnitude w where mode asks for it.
func (w wide) roundBy(t tail, mode Mode, neg bool) wide {
	var up bool
	switch mode {
	case ModeDown:
	case ModeUp:
		up = t != exact
	case ModeFloor:
		up = t != exact && neg
	case ModeCeil:
		up = t != exact && !neg
	default:
		up = t == aboveHalf || t == half && w[0]&1 == 1
	}
	if up {
		w = w.add(wide{1})
	}
	return w
}
