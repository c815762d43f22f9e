package num

import (
	"math/big"
	"math/bits"
)

// maxPow10 is the largest power of ten that fits in 64 bits.
const maxPow10 = 19

// pow10 holds 10^0 to 10^19; it is never assigned to.
var pow10 = func() (p [maxPow10 + 1]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// wide is an unsigned 256-bit integer, least significant word first. It holds
// every intermediate exactly: the largest, a product or an aligned operand, is
// under 200 bits, and callers keep it so.
type wide [4]uint64

// tail says how a discarded fraction of one unit compares with one half, which
// with the last kept digit is all that rounding needs to know.
type tail uint8

const (
	exact tail = iota
	belowHalf
	half
	aboveHalf
)

func (w wide) isZero() bool { return w == wide{} }

// fits96 reports whether w is a valid coefficient.
func (w wide) fits96() bool { return w[3] == 0 && w[2] == 0 && w[1]>>32 == 0 }

func (w wide) bitLen() int {
	for i := len(w) - 1; i >= 0; i-- {
		if w[i] != 0 {
			return i*64 + bits.Len64(w[i])
		}
	}
	return 0
}

func (w wide) cmp(x wide) int {
	for i := len(w) - 1; i >= 0; i-- {
		if w[i] != x[i] {
			if w[i] < x[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func (w wide) add(x wide) wide {
	var c uint64
	for i := range w {
		w[i], c = bits.Add64(w[i], x[i], c)
	}
	return w
}

// sub returns w-x for x no larger than w.
func (w wide) sub(x wide) wide {
	var b uint64
	for i := range w {
		w[i], b = bits.Sub64(w[i], x[i], b)
	}
	return w
}

// mul returns w × m for a product the caller knows to fit.
func (w wide) mul(m uint64) wide {
	var carry uint64
	for i := range w {
		hi, lo := bits.Mul64(w[i], m)
		var c uint64
		w[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	return w
}

// mulPow10 returns w × 10^k for a product the caller knows to fit.
func (w wide) mulPow10(k int) wide {
	for ; k > maxPow10; k -= maxPow10 {
		w = w.mul(pow10[maxPow10])
	}
	if k > 0 {
		w = w.mul(pow10[k])
	}
	return w
}

// div64 divides w by a one-word divisor.
func (w wide) div64(d uint64) (q wide, r uint64) {
	if w[1]|w[2]|w[3] == 0 { // the common case, and the cheapest
		return wide{w[0] / d}, w[0] % d
	}
	for i := len(w) - 1; i >= 0; i-- {
		if r != 0 || w[i] != 0 {
			q[i], r = bits.Div64(r, w[i], d)
		}
	}
	return q, r
}

// divPow10 divides w by 10^k and says what the discarded digits were, given
// that w itself already stood above the fraction t.
func (w wide) divPow10(k int, t tail) (wide, tail) {
	for k > 0 {
		n := min(k, maxPow10)
		var r uint64
		w, r = w.div64(pow10[n])
		t = tailOf(wide{r}, wide{pow10[n]}, t != exact)
		k -= n
	}
	return w, t
}

// tailOf is the tail of a remainder r of division by d; more says something
// non-zero lies below the remainder.
func tailOf(r, d wide, more bool) tail {
	if r.isZero() && !more {
		return exact
	}
	switch c := r.add(r).cmp(d); {
	case c < 0:
		return belowHalf
	case c == 0 && !more:
		return half
	}
	return aboveHalf
}

// div divides w by any non-zero divisor.
func (w wide) div(d wide) (q, r wide) {
	switch {
	case d[1]|d[2]|d[3] == 0:
		var lo uint64
		q, lo = w.div64(d[0])
		return q, wide{lo}
	case w.cmp(d) < 0:
		return wide{}, w
	case d[2]|d[3] == 0:
		return w.div128(d[1], d[0])
	}
	// Only a divisor scaled far up by alignment is this long.
	bq, br := new(big.Int).QuoRem(w.big(), d.big(), new(big.Int))
	return wideFromBig(bq), wideFromBig(br)
}

// div128 divides by a two-word divisor whose high word is not zero, one
// quotient word at a time, on operands shifted so the divisor's top bit is
// set: then an estimate from the top words is at most two too large.
func (w wide) div128(dh, dl uint64) (q, r wide) {
	s := uint(bits.LeadingZeros64(dh))
	dh = dh<<s | dl>>(64-s)
	dl <<= s
	var u [5]uint64
	u[4] = w[3] >> (64 - s)
	for i := 3; i > 0; i-- {
		u[i] = w[i]<<s | w[i-1]>>(64-s)
	}
	u[0] = w[0] << s

	for i := 2; i >= 0; i-- {
		qw := ^uint64(0)
		if u[i+2] < dh {
			qw, _ = bits.Div64(u[i+2], u[i+1], dh)
		}
		// Take qw × divisor off the top three words, giving back while the
		// estimate proves too large.
		h1, l1 := bits.Mul64(qw, dl)
		h2, l2 := bits.Mul64(qw, dh)
		m, c := bits.Add64(h1, l2, 0)
		h2 += c
		var b uint64
		u[i], b = bits.Sub64(u[i], l1, 0)
		u[i+1], b = bits.Sub64(u[i+1], m, b)
		u[i+2], b = bits.Sub64(u[i+2], h2, b)
		for b != 0 {
			qw--
			u[i], c = bits.Add64(u[i], dl, 0)
			u[i+1], c = bits.Add64(u[i+1], dh, c)
			u[i+2], c = bits.Add64(u[i+2], 0, c)
			b -= c
		}
		q[i] = qw
	}
	return q, wide{u[0]>>s | u[1]<<(64-s), u[1] >> s}
}

func (w wide) big() *big.Int {
	z := new(big.Int)
	for i := len(w) - 1; i >= 0; i-- {
		z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(w[i]))
	}
	return z
}

func wideFromBig(z *big.Int) (w wide) {
	z = new(big.Int).Set(z)
	for i := range w {
		w[i] = new(big.Int).And(z, new(big.Int).SetUint64(^uint64(0))).Uint64()
		z.Rsh(z, 64)
	}
	return w
}

// div96 divides a coefficient by one word.
func div96(hi uint32, lo, d uint64) (qh uint32, ql, r uint64) {
	qh = uint32(uint64(hi) / d)
	ql, r = bits.Div64(uint64(hi)%d, lo, d)
	return qh, ql, r
}
