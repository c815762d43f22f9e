package num

import (
	"math/big"
	"testing"
)

var (
	sink    Decimal
	sinkStr string
	sinkF   float64
)

func benchPair(b *testing.B, x, y string, op func(a, b Decimal) Decimal) {
	p, q := MustParse(x), MustParse(y)
	b.ReportAllocs()
	for b.Loop() {
		sink = op(p, q)
	}
}

func BenchmarkAddSameScale(b *testing.B) { benchPair(b, "187.12", "42.50", Decimal.Add) }
func BenchmarkAddMixed(b *testing.B)     { benchPair(b, "187.1234", "42.5", Decimal.Add) }
func BenchmarkAddWide(b *testing.B) {
	benchPair(b, "79228162514264337593543950.335", "0.00000000000000000123", Decimal.Add)
}
func BenchmarkMul(b *testing.B) { benchPair(b, "187.1234", "1250", Decimal.Mul) }
func BenchmarkMulWide(b *testing.B) {
	benchPair(b, "0.3333333333333333333333333333", "187.1234", Decimal.Mul)
}
func BenchmarkQuoThird(b *testing.B) { benchPair(b, "1", "3", Decimal.Quo) }
func BenchmarkQuoEven(b *testing.B)  { benchPair(b, "10.00", "2", Decimal.Quo) }
func BenchmarkQuoShort(b *testing.B) { benchPair(b, "1", "4", Decimal.Quo) }
func BenchmarkQuoWide(b *testing.B) {
	benchPair(b, "187.12", "0.3333333333333333333333333333", Decimal.Quo)
}
func BenchmarkRound(b *testing.B) {
	benchPair(b, "187.12345", "0", func(a, _ Decimal) Decimal { return a.Round(2) })
}
func BenchmarkQuantizeTo(b *testing.B) {
	benchPair(b, "187.12345", "0.01", func(a, s Decimal) Decimal { return a.QuantizeTo(s, ModeHalfEven) })
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink, _ = Parse("187.1234")
	}
}

func BenchmarkString(b *testing.B) {
	d := MustParse("187.1234")
	b.ReportAllocs()
	for b.Loop() {
		sinkStr = d.String()
	}
}

func BenchmarkFloat64(b *testing.B) {
	d := MustParse("187.1234")
	b.ReportAllocs()
	for b.Loop() {
		sinkF = d.Float64()
	}
}

// BenchmarkBigRatAdd is the floor a general exact type would set.
func BenchmarkBigRatAdd(b *testing.B) {
	x, y, z := rat(MustParse("187.1234")), rat(MustParse("42.5")), new(big.Rat)
	b.ReportAllocs()
	for b.Loop() {
		z.Add(x, y)
	}
}
