package num

import (
	"errors"
	"math"
	"testing"
)

const maxText = "79228162514264337593543950335"

// The results of these tables are what System.Decimal gives.
func TestArithmeticTable(t *testing.T) {
	tests := []struct{ a, op, b, want string }{
		{"1.50", "+", "2", "3.50"},
		{"1", "+", "0.00", "1.00"},
		{"0.1", "+", "0.2", "0.3"},
		{"1.00", "-", "1", "0.00"},
		{maxText, "+", "0.4", maxText},
		{maxText, "-", "0.6", "79228162514264337593543950334"},
		{"7922816251426433759354395033.5", "+", "7922816251426433759354395033.5", "15845632502852867518708790067"},
		{"7922816251426433759354395033.5", "+", "0.1", "7922816251426433759354395034"},
		{"1.5", "*", "1.50", "2.250"},
		{"0.00", "*", "1.0", "0.000"},
		{"0.00", "*", "5000000000", "0"},
		{"0.00000000000000000001", "*", "0.000000001", "0.0000000000000000000000000000"},
		{"0.0000000000000000000000001", "*", "0.0000000000000000000000001", "0"},
		{"0.3333333333333333333333333333", "*", "3", "0.9999999999999999999999999999"},
		{"-2", "*", "0", "0"},
		{"1", "/", "4", "0.25"},
		{"10.00", "/", "2", "5.00"},
		{"6.0", "/", "2.0", "3"},
		{"1", "/", "0.5", "2"},
		{"10", "/", "0.01", "1000"},
		{"0.00", "/", "3", "0.00"},
		{"0", "/", "2.00", "0"},
		{"1", "/", "3", "0.3333333333333333333333333333"},
		{"2", "/", "3", "0.6666666666666666666666666667"},
		{"-2", "/", "3", "-0.6666666666666666666666666667"},
		{"100", "/", "3", "33.333333333333333333333333333"},
		{"1000", "/", "7", "142.85714285714285714285714286"},
		{"1", "/", maxText, "0"},
		{maxText, "/", maxText, "1"},
		{"1000", "%", "7", "6"},
		{"-1000", "%", "7", "-6"},
		{"1000", "%", "-7", "6"},
		{"123.0000000", "%", "0.00123", "0.0000000"},
		{"12345678900000000", "%", "0.0000000012345678", "0.0000000009832122"},
		{"123456789.0123456789", "%", "123456789.1123456789", "123456789.0123456789"},
		{"5.00", "%", "5", "0.00"},
	}
	for _, tt := range tests {
		a, b := MustParse(tt.a), MustParse(tt.b)
		ops := map[string]func(Decimal) Decimal{"+": a.Add, "-": a.Sub, "*": a.Mul, "/": a.Quo, "%": a.Rem}
		if got := ops[tt.op](b).String(); got != tt.want {
			t.Errorf("%s %s %s = %s; want %s", tt.a, tt.op, tt.b, got, tt.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	big, tiny := MustParse(maxText), New(1, 28)
	refusals := []struct {
		name string
		do   func() (Decimal, error)
		want error
	}{
		{"max + 1", func() (Decimal, error) { return big.AddErr(One) }, ErrOverflow},
		{"max + 0.5", func() (Decimal, error) { return big.AddErr(MustParse("0.5")) }, ErrOverflow},
		{"-max - 1", func() (Decimal, error) { return big.Neg().AddErr(One.Neg()) }, ErrOverflow},
		{"max × 2", func() (Decimal, error) { return big.MulErr(FromInt(2)) }, ErrOverflow},
		{"max / 0.1", func() (Decimal, error) { return big.QuoErr(MustParse("0.1")) }, ErrOverflow},
		{"max / 1e-28", func() (Decimal, error) { return big.QuoErr(tiny) }, ErrOverflow},
		{"1 / 0.0", func() (Decimal, error) { return One.QuoErr(MustParse("0.0")) }, ErrDivideByZero},
	}
	for _, tt := range refusals {
		if got, err := tt.do(); !errors.Is(err, tt.want) {
			t.Errorf("%s = %s, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	panics := []struct {
		name string
		do   func()
		want error
	}{
		{"Add", func() { big.Add(One) }, ErrOverflow},
		{"Sub", func() { big.Neg().Sub(One) }, ErrOverflow},
		{"Mul", func() { big.Mul(big) }, ErrOverflow},
		{"Quo", func() { One.Quo(Zero) }, ErrDivideByZero},
		{"Rem", func() { One.Rem(Zero) }, ErrDivideByZero},
		{"Rescale", func() { big.Rescale(1) }, ErrOverflow},
		{"QuantizeTo zero", func() { One.QuantizeTo(Zero, ModeDown) }, ErrDivideByZero},
		{"QuantizeTo too large", func() { big.QuantizeTo(FromInt(10), ModeUp) }, ErrOverflow},
		{"QuantizeTo too fine", func() { big.QuantizeTo(tiny, ModeUp) }, ErrOverflow},
		{"New", func() { New(1, -29) }, ErrOverflow},
		{"Sum", func() { Sum(big, big) }, ErrOverflow},
	}
	for _, tt := range panics {
		func() {
			defer func() {
				if r := recover(); r != tt.want {
					t.Errorf("%s panicked with %v; want %v", tt.name, r, tt.want)
				}
			}()
			tt.do()
		}()
	}
}

func TestConstructorsAndAccessors(t *testing.T) {
	tests := []struct {
		got  Decimal
		want string
	}{
		{Decimal{}, "0"},
		{One, "1"},
		{New(150, 2), "1.50"},
		{New(-5, -2), "-500"},
		{New(25, 29), "0.0000000000000000000000000002"},
		{FromInt(math.MinInt64), "-9223372036854775808"},
		{FromInt(7).Neg().Abs(), "7"},
		{MustParse("0.00").Neg(), "0.00"},
		{MustParse("1.5000").Normalize(), "1.5"},
		{MustParse("100.00").Normalize(), "100"},
		{MustParse("0.0000").Normalize(), "0"},
		{MustParse("1.0000000000000000000000000000").Normalize(), "1"},
		{Sum(), "0"},
		{Sum(One, New(25, 2), New(-1, 3)), "1.249"},
		{Min(One, New(100, 2)), "1"},
		{Max(One, New(101, 2)), "1.01"},
	}
	for _, tt := range tests {
		if tt.got.String() != tt.want {
			t.Errorf("got %s; want %s", tt.got, tt.want)
		}
	}
	if hi, lo := MustParse("18446744073709551617").Coef(); hi != 1 || lo != 1 {
		t.Errorf("Coef of 2^64+1 = %d, %d", hi, lo)
	}
}

func TestInt64(t *testing.T) {
	tests := []struct {
		in   string
		want int64
		ok   bool
	}{
		{"5.00", 5, true}, {"5.01", 0, false}, {"0.0", 0, true}, {"-3", -3, true},
		{"9223372036854775807", math.MaxInt64, true},
		{"-9223372036854775808.0", math.MinInt64, true},
		{"9223372036854775808", 0, false},
		{"-9223372036854775809", 0, false},
		{maxText, 0, false},
	}
	for _, tt := range tests {
		got, ok := MustParse(tt.in).Int64()
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("Int64(%s) = %d, %v; want %d, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}
