package num

import (
	"errors"
	"math/big"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in, want string
		scale    int
	}{
		{"1.50", "1.50", 2}, {"+7", "7", 0}, {"-0.00", "0.00", 2}, {"007.10", "7.10", 2},
		{".5", "0.5", 1}, {"5.", "5", 0},
		{"1e-5", "0.00001", 5}, {"1.50e1", "15.0", 1}, {"1.50E+3", "1500", 0}, {"1e28", "1" + strings.Repeat("0", 28), 0},
		{"0e999999999999999999999", "0", 0}, {"0.0e-40", "0." + strings.Repeat("0", 28), 28},
		{"1e-999999999999999999999", "0." + strings.Repeat("0", 28), 28},
		{"5e-29", "0." + strings.Repeat("0", 28), 28}, {"6e-29", "0." + strings.Repeat("0", 27) + "1", 28},
		{"0.00000000000000000000000000015", "0." + strings.Repeat("0", 27) + "2", 28},
		{"0.00000000000000000000000000025", "0." + strings.Repeat("0", 27) + "2", 28},
		{"0.000000000000000000000000000250000000000000000000000000000000001", "0." + strings.Repeat("0", 27) + "3", 28},
		{maxText, maxText, 0}, {"-" + maxText, "-" + maxText, 0},
		{maxText + ".4", maxText, 0},
		{"7.9228162514264337593543950335", "7.9228162514264337593543950335", 28},
		{"7.92281625142643375935439503355", "7.922816251426433759354395034", 27},
		{"0." + strings.Repeat("0", 500) + "1e501", "1", 0},
		{"1" + strings.Repeat("0", 500) + "e-500", "1.0000000000000000000000000000", 28},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		if err != nil || got.String() != tt.want || got.Scale() != tt.scale {
			t.Errorf("Parse(%q) = %s (scale %d), %v; want %s (scale %d)", tt.in, got, got.Scale(), err, tt.want, tt.scale)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		in   string
		want error
	}{
		{"", ErrSyntax}, {"-", ErrSyntax}, {".", ErrSyntax}, {"e5", ErrSyntax}, {"1e", ErrSyntax}, {"1e+", ErrSyntax},
		{"1 ", ErrSyntax}, {" 1", ErrSyntax}, {"1,000", ErrSyntax}, {"1.2.3", ErrSyntax}, {"--1", ErrSyntax},
		{"NaN", ErrSyntax}, {"Inf", ErrSyntax}, {"0x10", ErrSyntax}, {"1_000", ErrSyntax}, {"1e5.0", ErrSyntax}, {"١", ErrSyntax},
		{strings.Repeat("x", 5000), ErrSyntax},
		{"79228162514264337593543950336", ErrOverflow}, {maxText + ".5", ErrOverflow},
		{"1e29", ErrOverflow}, {"1e999999999999999999999", ErrOverflow}, {strings.Repeat("9", 60), ErrOverflow},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		if !errors.Is(err, tt.want) || got != (Decimal{}) {
			t.Errorf("Parse(%.20q) = %s, %v; want %v", tt.in, got, err, tt.want)
		}
		if err != nil && len(err.Error()) > 200 {
			t.Errorf("Parse(%.20q): message of %d bytes", tt.in, len(err.Error()))
		}
	}
}

func TestTextMarshalling(t *testing.T) {
	d := MustParse("-12.340")
	b, err := d.MarshalText()
	if err != nil || string(b) != "-12.340" {
		t.Errorf("MarshalText = %s, %v", b, err)
	}
	if got := string(d.AppendText([]byte("px="))); got != "px=-12.340" {
		t.Errorf("AppendText = %s", got)
	}
	var back Decimal
	if err := back.UnmarshalText(b); err != nil || back != d {
		t.Errorf("UnmarshalText = %s, %v", back, err)
	}
	if err := back.UnmarshalText([]byte("x")); !errors.Is(err, ErrSyntax) || back != d {
		t.Errorf("UnmarshalText of x: %v, value now %s", err, back)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e-5", maxText, "7.92281625142643375935439503355", "1e99", ".", "1e-99", "0.0e-40"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrOverflow) {
				t.Errorf("Parse(%q): unexpected error %v", s, err)
			}
			return
		}
		back, err := Parse(d.String())
		if err != nil || back != d {
			t.Errorf("Parse(%q) = %s, which reads back as %s, %v", s, d, back, err)
		}
		if len(s) > 100 || strings.ContainsAny(s, "eE") {
			return // an exponent could make the exact number enormous
		}
		x, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("Parse accepted %q, which is no number", s)
		}
		if want, ok := oracleFit(x, MaxScale); !ok || !want.Equal(d) {
			t.Errorf("Parse(%q) = %s; want %s", s, d, want)
		}
	})
}
