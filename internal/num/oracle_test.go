package num

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// The oracle computes the same rules with math/big, by trying scales from the
// largest down instead of estimating, so it shares no step with the package.

var limit = new(big.Int).Lsh(big.NewInt(1), 96)

func bigPow10(k int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(k)), nil)
}

func coefBig(d Decimal) *big.Int {
	hi, lo := d.Coef()
	z := new(big.Int).SetUint64(uint64(hi))
	z.Lsh(z, 64).Or(z, new(big.Int).SetUint64(lo))
	if d.Sign() < 0 {
		z.Neg(z)
	}
	return z
}

func rat(d Decimal) *big.Rat {
	return new(big.Rat).SetFrac(coefBig(d), bigPow10(d.Scale()))
}

// roundRat rounds x to an integer, half to even.
func roundRat(x *big.Rat) *big.Int {
	q, r := new(big.Int).DivMod(x.Num(), x.Denom(), new(big.Int))
	c := r.Lsh(r, 1).Cmp(x.Denom())
	if c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// oracleFit is x at the largest scale up to most whose coefficient fits.
func oracleFit(x *big.Rat, most int) (Decimal, bool) {
	for s := min(most, MaxScale); s >= 0; s-- {
		c := roundRat(new(big.Rat).Mul(x, new(big.Rat).SetInt(bigPow10(s))))
		if c.CmpAbs(limit) < 0 {
			return fromBig(c, s), true
		}
	}
	return Decimal{}, false
}

func fromBig(c *big.Int, scale int) Decimal {
	w := wideFromBig(new(big.Int).Abs(c))
	return pack(w, uint8(scale), c.Sign() < 0)
}

func oracleQuo(a, b Decimal) (Decimal, bool) {
	x := new(big.Rat).Quo(rat(a), rat(b))
	if s := a.Scale() - b.Scale(); s >= 0 {
		c := new(big.Rat).Mul(x, new(big.Rat).SetInt(bigPow10(s)))
		if c.IsInt() {
			return fromBig(c.Num(), s), true
		}
	}
	d, ok := oracleFit(x, MaxScale)
	for c := coefBig(d); d.Scale() > 0; {
		q, r := new(big.Int).QuoRem(c, big.NewInt(10), new(big.Int))
		if r.Sign() != 0 {
			break
		}
		c, d = q, fromBig(q, d.Scale()-1)
	}
	return d, ok
}

// random draws coefficients of every length, with zeros, round numbers and the
// extremes well represented.
func random(r *rand.Rand) Decimal {
	d := Decimal{lo: r.Uint64(), hi: r.Uint32(), scale: uint8(r.IntN(MaxScale + 1)), neg: r.IntN(2) == 0}
	switch r.IntN(8) {
	case 0:
		d.hi, d.lo = 0, uint64(r.IntN(1000))
	case 1:
		d.hi, d.lo = ^uint32(0), ^uint64(0)-uint64(r.IntN(3))
	case 2:
		d.hi, d.lo = 0, pow10[r.IntN(20)]
	default:
		n := uint(r.IntN(97))
		w := d.wide()
		if n < 64 {
			w = wide{w[0] & (1<<n - 1)}
		} else {
			w[1] &= 1<<(n-64) - 1
		}
		d.lo, d.hi = w[0], uint32(w[1])
	}
	if r.IntN(2) == 0 {
		d.scale = uint8(r.IntN(9))
	}
	return pack(d.wide(), d.scale, d.neg)
}

func eachPair(t *testing.T, f func(a, b Decimal)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	n := 40000
	if testing.Short() {
		n = 4000
	}
	for range n {
		f(random(r), random(r))
		if t.Failed() {
			return
		}
	}
}
