package num

import (
	"errors"
	"fmt"
	"math/bits"
)

// ErrSyntax says a text is not a decimal number.
var ErrSyntax = errors.New("num: not a decimal number")

// maxExponent bounds the exponent that is still counted exactly: beyond it any
// text of less than 16 million digits is either zero or too large.
const maxExponent = 1 << 24

// Parse reads an optional sign, digits with at most one point among them, and
// an optional exponent such as e-5, and nothing else: no spaces, no thousands
// separators, no NaN or Inf. Digits may be missing on one side of the point.
// Trailing zeros are kept as scale; what exceeds 28 places or 96 bits is
// rounded half-even. Errors wrap ErrSyntax or ErrOverflow.
func Parse(s string) (Decimal, error) { return parse(s) }

// MustParse is Parse for constants and tests; it panics on an error.
func MustParse(s string) Decimal { return must(Parse(s)) }

// parse serves text from strings and byte slices without a copy.
func parse[T string | []byte](s T) (Decimal, error) {
	var (
		hi, lo  uint64 // the first significant digits
		kept    int    // how many of them
		dropped int    // significant digits beyond those kept
		scale   int
		t       = exact
		i       int
		neg     bool
		digits  bool
		point   bool
	)
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	for ; i < len(s); i++ {
		c := s[i] - '0'
		if s[i] == '.' && !point {
			point = true
			continue
		}
		if c > 9 {
			break
		}
		digits = true
		if point {
			scale++
		}
		switch {
		case kept < maxPow10:
			lo = lo*10 + uint64(c)
		case kept < 2*maxPow10-1: // 37 digits stay under 128 bits
			h, l := bits.Mul64(lo, 10)
			var carry uint64
			lo, carry = bits.Add64(l, uint64(c), 0)
			hi = hi*10 + h + carry
		default:
			// The kept digits already exceed 96 bits, so at least one of them
			// goes too and the dropped ones only break ties.
			dropped++
			if c != 0 {
				t = belowHalf
			}
		}
		if kept > 0 || c != 0 {
			kept++
		}
	}
	if !digits {
		return Decimal{}, syntaxError(s)
	}
	var exp int
	if i < len(s) {
		var ok bool
		if exp, ok = parseExponent(s[i:]); !ok {
			return Decimal{}, syntaxError(s)
		}
	}
	d, err := fromCoef(wide{lo, hi}, scale-exp-dropped, t, neg)
	if err != nil {
		return Decimal{}, fmt.Errorf("%q: %w", shorten(s), err)
	}
	return d, nil
}

// parseExponent reads e, an optional sign and digits to the end of s.
func parseExponent[T string | []byte](s T) (exp int, ok bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	i, neg := 1, false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	if i == len(s) {
		return 0, false
	}
	for ; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		exp = min(exp*10+int(c), maxExponent)
	}
	if neg {
		exp = -exp
	}
	return exp, true
}

func syntaxError[T string | []byte](s T) error {
	return fmt.Errorf("%q: %w", shorten(s), ErrSyntax)
}

// shorten keeps an error message readable when a whole document was passed.
func shorten[T string | []byte](s T) string {
	const most = 64
	if len(s) > most {
		return string(s[:most]) + "…"
	}
	return string(s)
}
