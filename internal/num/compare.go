package num

import "math/bits"

// Cmp returns -1, 0 or +1 as d is less than, equal to or greater than x. The
// scales do not matter: 1.0 and 1.00 compare equal.
func (d Decimal) Cmp(x Decimal) int {
	ds, xs := d.Sign(), x.Sign()
	switch {
	case ds < xs:
		return -1
	case ds > xs:
		return 1
	case ds == 0:
		return 0
	}
	return ds * cmpMagnitude(d, x)
}

// Equal reports whether d and x are the same number at any scale.
func (d Decimal) Equal(x Decimal) bool { return d.Cmp(x) == 0 }

// Less reports whether d is less than x.
func (d Decimal) Less(x Decimal) bool { return d.Cmp(x) < 0 }

// Min returns the smaller of a and b, and a when they are equal.
func Min(a, b Decimal) Decimal {
	if b.Less(a) {
		return b
	}
	return a
}

// Max returns the larger of a and b, and a when they are equal.
func Max(a, b Decimal) Decimal {
	if a.Less(b) {
		return b
	}
	return a
}

// cmpMagnitude compares |d| with |x|.
func cmpMagnitude(d, x Decimal) int {
	if d.scale > x.scale {
		return -cmpMagnitude(x, d)
	}
	k := int(x.scale - d.scale)
	if d.hi == 0 && k <= maxPow10 {
		hi, lo := bits.Mul64(d.lo, pow10[k])
		return cmp128(hi, lo, uint64(x.hi), x.lo)
	}
	// 96 bits × 10^28 is under 191 bits.
	return d.wide().mulPow10(k).cmp(x.wide())
}

// cmp128 compares two 128-bit numbers.
func cmp128(ah, al, bh, bl uint64) int {
	switch {
	case ah != bh && ah < bh, ah == bh && al < bl:
		return -1
	case ah == bh && al == bl:
		return 0
	}
	return 1
}
