package num

import (
	"errors"
	"math"
	"math/big"
	"testing"
)

func TestFromFloat(t *testing.T) {
	tests := []struct {
		in       float64
		want     string
		wantNET  string
		refuse   bool
		refuseIs error
	}{
		{in: 0.1, want: "0.1", wantNET: "0.1"},
		{in: math.Copysign(0, -1), want: "0", wantNET: "0"},
		{in: -187.5, want: "-187.5", wantNET: "-187.5"},
		{in: 1e21, want: "1000000000000000000000", wantNET: "1000000000000000000000"},
		{in: 0.30000000000000004, want: "0.30000000000000004", wantNET: "0.3"},
		{in: 123456789012345678, want: "123456789012345680", wantNET: "123456789012346000"},
		{in: 123456789.123456789, want: "123456789.12345679", wantNET: "123456789.123457"},
		{in: 1.2345678901234567e+25, want: "12345678901234566000000000", wantNET: "12345678901234600000000000"},
		{in: 1.2345678901234567e-12, want: "0.0000000000012345678901234567", wantNET: "0.00000000000123456789012346"},
		{in: 0.9999999999999999, want: "0.9999999999999999", wantNET: "1.0"},
		{in: 100, want: "100", wantNET: "100"},
		{in: 1e-28, want: "0.0000000000000000000000000001", wantNET: "0.0000000000000000000000000001"},
		{in: 1e-40, want: "0.0000000000000000000000000000", wantNET: "0"},
		{in: 3e-29, want: "0.0000000000000000000000000000", wantNET: "0"},
		{in: 512345678901234, want: "512345678901234", wantNET: "512345678901234"},
		{in: 1e29, refuse: true, refuseIs: ErrOverflow},
		{in: -math.MaxFloat64, refuse: true, refuseIs: ErrOverflow},
		{in: math.NaN(), refuse: true},
		{in: math.Inf(-1), refuse: true},
	}
	for _, tt := range tests {
		got, err := FromFloat(tt.in)
		net, errNET := FromFloatNET(tt.in)
		if tt.refuse {
			if err == nil || errNET == nil {
				t.Errorf("%v gave %s and %s; want errors", tt.in, got, net)
			}
			if tt.refuseIs != nil && (!errors.Is(err, tt.refuseIs) || !errors.Is(errNET, tt.refuseIs)) {
				t.Errorf("%v: %v and %v; want %v", tt.in, err, errNET, tt.refuseIs)
			}
			continue
		}
		if err != nil || got.String() != tt.want {
			t.Errorf("FromFloat(%v) = %s, %v; want %s", tt.in, got, err, tt.want)
		}
		if errNET != nil || net.String() != tt.wantNET {
			t.Errorf("FromFloatNET(%v) = %s, %v; want %s", tt.in, net, errNET, tt.wantNET)
		}
	}
}

func TestFloat64IsNearest(t *testing.T) {
	eachPair(t, func(a, _ Decimal) {
		want, _ := rat(a).Float64()
		if got := a.Float64(); got != want {
			t.Errorf("Float64(%s) = %v; want %v", a, got, want)
		}
	})
}

func TestFloatReadsBack(t *testing.T) {
	eachPair(t, func(a, _ Decimal) {
		f := a.Float64()
		if math.Abs(f) < 1e-10 || math.Abs(f) > 7e28 {
			return // 17 digits do not all fit
		}
		d, err := FromFloat(f)
		if err != nil || d.Float64() != f {
			t.Errorf("FromFloat(%v) = %s, %v", f, d, err)
		}
		net, err := FromFloatNET(f)
		diff := new(big.Rat).Sub(rat(net), rat(d))
		if err != nil || diff.Abs(diff).Cmp(new(big.Rat).SetFloat64(math.Abs(f)*1e-14)) > 0 {
			t.Errorf("FromFloatNET(%v) = %s, %v; far from %s", f, net, err, d)
		}
	})
}
