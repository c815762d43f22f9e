package num

import (
	"errors"
	"math/big"
	"testing"
)

func TestAddAgreesWithOracle(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		want, ok := oracleFit(new(big.Rat).Add(rat(a), rat(b)), max(a.Scale(), b.Scale()))
		got, err := a.AddErr(b)
		if got != want || (err == nil) != ok {
			t.Errorf("%s + %s = %s, %v; want %s, %v", a, b, got, err, want, ok)
		}
		if rev, _ := b.AddErr(a); rev != got {
			t.Errorf("%s + %s = %s but reversed %s", a, b, got, rev)
		}
	})
}

func TestAddThenSubReturns(t *testing.T) {
	checked := 0
	eachPair(t, func(a, b Decimal) {
		sum, err := a.AddErr(b)
		if err != nil || rat(sum).Cmp(new(big.Rat).Add(rat(a), rat(b))) != 0 {
			return // rounded
		}
		back, err := sum.AddErr(b.Neg())
		if err != nil {
			t.Errorf("%s - %s: %v", sum, b, err)
		}
		if rat(back).Cmp(rat(a)) != 0 {
			t.Errorf("%s + %s - %s = %s", a, b, b, back)
		}
		checked++
	})
	if checked < 1000 {
		t.Errorf("only %d exact sums were tried", checked)
	}
}

func TestMulAgreesWithOracle(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		want, ok := oracleFit(new(big.Rat).Mul(rat(a), rat(b)), a.Scale()+b.Scale())
		got, err := a.MulErr(b)
		if (err == nil) != ok || want.IsZero() != got.IsZero() {
			t.Errorf("%s × %s = %s, %v; want %s, %v", a, b, got, err, want, ok)
		}
		if !want.IsZero() && got != want { // a zero's scale has its own table
			t.Errorf("%s × %s = %s; want %s", a, b, got, want)
		}
		if rev, _ := b.MulErr(a); rev != got {
			t.Errorf("%s × %s = %s but reversed %s", a, b, got, rev)
		}
	})
}

func TestQuoAgreesWithOracle(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		got, err := a.QuoErr(b)
		if b.IsZero() {
			if !errors.Is(err, ErrDivideByZero) {
				t.Errorf("%s / 0: error %v", a, err)
			}
			return
		}
		want, ok := oracleQuo(a, b)
		if got != want || (err == nil) != ok {
			t.Errorf("%s / %s = %s, %v; want %s, %v", a, b, got, err, want, ok)
		}
		if err != nil {
			return
		}
		// Within half a unit of the last place the result could have had.
		most, _ := oracleFit(rat(got), MaxScale)
		diff := new(big.Rat).Sub(rat(got), new(big.Rat).Quo(rat(a), rat(b)))
		if diff.Abs(diff).Cmp(big.NewRat(1, 2).Mul(big.NewRat(1, 2), rat(New(1, most.Scale())))) > 0 {
			t.Errorf("%s / %s = %s is off by more than half a unit", a, b, got)
		}
	})
}

func TestRemAgreesWithOracle(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		if b.IsZero() {
			return
		}
		s := max(a.Scale(), b.Scale())
		p := new(big.Rat).SetInt(bigPow10(s))
		x, y := new(big.Rat).Mul(rat(a), p).Num(), new(big.Rat).Mul(rat(b), p).Num()
		want := fromBig(new(big.Int).Rem(x, y), s)
		if x.CmpAbs(y) < 0 {
			want = a
		}
		if got := a.Rem(b); got != want {
			t.Errorf("%s %% %s = %s; want %s", a, b, got, want)
		}
		if a.IsMultipleOf(b) != want.IsZero() {
			t.Errorf("IsMultipleOf(%s, %s) = %v", a, b, !want.IsZero())
		}
	})
}

func TestCmpAgreesWithOracle(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		want := rat(a).Cmp(rat(b))
		if got := a.Cmp(b); got != want {
			t.Errorf("Cmp(%s, %s) = %d; want %d", a, b, got, want)
		}
		if a.Less(b) != (want < 0) || a.Equal(b) != (want == 0) {
			t.Errorf("Less or Equal(%s, %s) disagrees with Cmp", a, b)
		}
		if Min(a, b).Cmp(Max(a, b)) > 0 {
			t.Errorf("Min(%s, %s) is over Max", a, b)
		}
	})
}

func TestTextReadsBackBitForBit(t *testing.T) {
	eachPair(t, func(a, _ Decimal) {
		got, err := Parse(a.String())
		if err != nil || got != a {
			t.Errorf("Parse(%q) = %#v, %v; want %#v", a.String(), got, err, a)
		}
		x, ok := new(big.Rat).SetString(a.String())
		if !ok || x.Cmp(rat(a)) != 0 {
			t.Errorf("%q is not the number %s", a.String(), rat(a))
		}
	})
}

func TestRoundAgreesWithOracle(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		places := b.Scale()
		p := new(big.Rat).SetInt(bigPow10(places))
		c := roundRat(new(big.Rat).Mul(rat(a), p))
		want := fromBig(c, places)
		if a.Scale() <= places {
			want = a
		}
		if got := a.Round(places); got != want {
			t.Errorf("Round(%s, %d) = %s; want %s", a, places, got, want)
		}
		unit := New(1, places)
		lo, hi := a.Floor(places), a.Ceil(places)
		if lo.Cmp(a) > 0 || hi.Cmp(a) < 0 || rat(hi.Sub(lo)).Cmp(rat(unit)) > 0 {
			t.Errorf("%s at %d places is not between its floor %s and ceiling %s", a, places, lo, hi)
		}
		want = lo
		if a.Sign() < 0 {
			want = hi
		}
		if got := a.Trunc(places); got != want {
			t.Errorf("Trunc(%s, %d) = %s; want %s", a, places, got, want)
		}
	})
}

func TestQuantizeAgreesWithOracle(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		if b.IsZero() {
			return
		}
		n := new(big.Rat).Quo(rat(a), new(big.Rat).Abs(rat(b)))
		c := roundRat(n)
		c.Mul(c, new(big.Int).Abs(coefBig(b)))
		defer func() {
			if r := recover(); r != nil && (r != ErrOverflow || c.CmpAbs(limit) < 0) {
				t.Errorf("QuantizeTo(%s, %s) panicked: %v", a, b, r)
			}
		}()
		got := a.QuantizeTo(b, ModeHalfEven)
		if want := fromBig(c, b.Scale()); got != want {
			t.Errorf("QuantizeTo(%s, %s) = %s; want %s", a, b, got, want)
		}
	})
}

func TestDivisionOfWideIntegers(t *testing.T) {
	eachPair(t, func(a, b Decimal) {
		n := wide{a.lo, b.lo, uint64(a.hi) * a.lo, b.lo >> (a.scale * 2)}
		for _, d := range []wide{{b.lo}, {b.lo, a.lo}, {^uint64(0), b.lo | 1<<63}, {a.lo, b.lo, 1}} {
			if d.isZero() {
				continue
			}
			q, r := n.div(d)
			bq, br := new(big.Int).QuoRem(n.big(), d.big(), new(big.Int))
			if q.big().Cmp(bq) != 0 || r.big().Cmp(br) != 0 {
				t.Errorf("%v / %v = %v, %v", n, d, q, r)
			}
		}
	})
}
