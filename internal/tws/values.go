package tws

import (
	"strconv"

	"quantdesk/internal/num"
)

// The sentinels that mean "unset" on the wire.
const (
	unsetDouble = "1.7976931348623157E308"
	unsetInt    = 1<<31 - 1
	unsetLong   = 1<<63 - 1
	infinite    = "Infinity"
)

// OptNum is a number that may be unset. The zero value is unset.
type OptNum struct {
	state uint8
	d     num.Decimal
}

const (
	isUnset uint8 = iota
	isSet
	isInfinite
)

// Num makes a set OptNum.
func Num(d num.Decimal) OptNum { return OptNum{isSet, d} }

// Infinite is the number that some fields of pegged orders take.
var Infinite = OptNum{state: isInfinite}

// Get gives the number and whether it is set; an infinite one is not a number.
func (n OptNum) Get() (num.Decimal, bool) { return n.d, n.state == isSet }

// Set tells whether it is set.
func (n OptNum) Set() bool { return n.state != isUnset }

// Or gives the number, or another where it is unset.
func (n OptNum) Or(d num.Decimal) num.Decimal {
	if n.state == isSet {
		return n.d
	}
	return d
}

// Positive tells whether it is set and above zero.
func (n OptNum) Positive() bool { return n.state == isInfinite || n.state == isSet && n.d.Sign() > 0 }

// String is for people: empty where it is unset.
func (n OptNum) String() string {
	switch n.state {
	case isSet:
		return n.d.String()
	case isInfinite:
		return infinite
	}
	return ""
}

// OptInt is an integer that may be unset. The zero value is unset.
type OptInt struct {
	N  int64
	OK bool
}

// Int makes a set OptInt.
func Int(n int64) OptInt { return OptInt{n, true} }

// String is for people: empty where it is unset.
func (n OptInt) String() string {
	if !n.OK {
		return ""
	}
	return strconv.FormatInt(n.N, 10)
}

// tooLarge tells a number that means unset: 1e300 and above, in whatever form a
// client prints it.
func tooLarge(b []byte) bool {
	whole, point := 0, false // digits before the point
	for i, c := range b {
		switch {
		case c == '.':
			point = true
		case c == 'e' || c == 'E':
			e, err := strconv.Atoi(string(b[i+1:]))
			return err == nil && e+whole > 300
		case !point && c >= '0' && c <= '9':
			whole++
		}
	}
	return whole > 300
}

// TagValue is one entry of a list of options.
type TagValue struct{ Tag, Value string }
