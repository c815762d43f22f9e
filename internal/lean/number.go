package lean

import (
	"quantdesk/internal/num"
)

// maxNumber bounds a price or a volume, so that no sum or product of what is
// read here can leave a Decimal's range.
var maxNumber = num.New(1_000_000_000_000_000, 0)

var tenThousandth = num.New(1, 4)

// parseDecimal reads a decimal number; an absent one is not a number.
func parseDecimal(b []byte) (num.Decimal, bool) {
	// Up to 15 digits and a point are all that market data needs; the rest
	// goes the long way.
	if len(b) == 0 {
		return num.Zero, false
	}
	digits, neg := b, false
	if b[0] == '-' {
		digits, neg = b[1:], true
	}
	if len(digits) > 16 {
		return parseLong(b)
	}
	var n int64
	scale, point := 0, false
	for _, c := range digits {
		switch d := c - '0'; {
		case d <= 9:
			n = n*10 + int64(d)
			if point {
				scale++
			}
		case c == '.' && !point:
			point = true
		default:
			return parseLong(b)
		}
	}
	if len(digits) == 0 || point && len(digits) == 1 || n >= 1_000_000_000_000_000 {
		return parseLong(b)
	}
	if neg {
		n = -n
	}
	return num.New(n, scale), true
}

func parseLong(b []byte) (num.Decimal, bool) {
	var d num.Decimal
	if len(b) > 64 || d.UnmarshalText(b) != nil || !d.Abs().Less(maxNumber) {
		return num.Zero, false
	}
	return d, true
}

// parsePrice reads a price: equities store ten-thousandths, as integers.
func parsePrice(b []byte, scaled bool) (num.Decimal, bool) {
	if !scaled {
		return parseDecimal(b)
	}
	if n, ok := parseInt(b); ok {
		return num.New(n, 4), true
	}
	d, ok := parseDecimal(b)
	if !ok {
		return num.Zero, false
	}
	return d.Mul(tenThousandth), true
}

// parseInt reads a non-negative integer of up to 15 digits.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 15 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}
