package num

import "testing"

func TestRoundingTable(t *testing.T) {
	tests := []struct {
		in                        string
		places                    int
		round, floor, ceil, trunc string
	}{
		{"2.5", 0, "2", "2", "3", "2"},
		{"3.5", 0, "4", "3", "4", "3"},
		{"-2.5", 0, "-2", "-3", "-2", "-2"},
		{"2.345", 2, "2.34", "2.34", "2.35", "2.34"},
		{"2.355", 2, "2.36", "2.35", "2.36", "2.35"},
		{"-2.3451", 2, "-2.35", "-2.35", "-2.34", "-2.34"},
		{"1.5", 4, "1.5", "1.5", "1.5", "1.5"},
		{"0.004", 2, "0.00", "0.00", "0.01", "0.00"},
		{"-0.004", 2, "0.00", "-0.01", "0.00", "0.00"},
		{"7.5", -3, "8", "7", "8", "7"},
		{"7.9228162514264337593543950335", 0, "8", "7", "8", "7"},
	}
	for _, tt := range tests {
		d := MustParse(tt.in)
		got := [...]string{d.Round(tt.places).String(), d.Floor(tt.places).String(), d.Ceil(tt.places).String(), d.Trunc(tt.places).String()}
		want := [...]string{tt.round, tt.floor, tt.ceil, tt.trunc}
		if got != want {
			t.Errorf("%s at %d places: round, floor, ceil, trunc = %v; want %v", tt.in, tt.places, got, want)
		}
	}
}

func TestRescale(t *testing.T) {
	tests := []struct {
		in     string
		places int
		want   string
	}{
		{"100000", 2, "100000.00"},
		{"1.005", 2, "1.00"},
		{"1.015", 2, "1.02"},
		{"-0.001", 2, "0.00"},
		{"1.5", -1, "2"},
		{"1", 99, "1.0000000000000000000000000000"},
	}
	for _, tt := range tests {
		if got := MustParse(tt.in).Rescale(tt.places).String(); got != tt.want {
			t.Errorf("Rescale(%s, %d) = %s; want %s", tt.in, tt.places, got, tt.want)
		}
	}
}

func TestQuantizeTo(t *testing.T) {
	modes := [...]Mode{ModeHalfEven, ModeDown, ModeUp, ModeFloor, ModeCeil}
	tests := []struct {
		in, step string
		want     [len(modes)]string
	}{
		{"187.123", "0.01", [...]string{"187.12", "187.12", "187.13", "187.12", "187.13"}},
		{"-187.123", "0.01", [...]string{"-187.12", "-187.12", "-187.13", "-187.13", "-187.12"}},
		{"4512.37", "0.25", [...]string{"4512.25", "4512.25", "4512.50", "4512.25", "4512.50"}},
		{"0.125", "0.25", [...]string{"0.00", "0.00", "0.25", "0.00", "0.25"}},
		{"0.375", "0.25", [...]string{"0.50", "0.25", "0.50", "0.25", "0.50"}},
		{"250", "100", [...]string{"200", "200", "300", "200", "300"}},
		{"300.0", "-100", [...]string{"300", "300", "300", "300", "300"}},
		{"1.00", "0.05", [...]string{"1.00", "1.00", "1.00", "1.00", "1.00"}},
		{maxText, "3", [...]string{maxText, maxText, maxText, maxText, maxText}},
	}
	for _, tt := range tests {
		for i, m := range modes {
			if got := MustParse(tt.in).QuantizeTo(MustParse(tt.step), m).String(); got != tt.want[i] {
				t.Errorf("QuantizeTo(%s, %s, %s) = %s; want %s", tt.in, tt.step, m, got, tt.want[i])
			}
		}
	}
	if got := Mode(9).String(); got != "unknown" {
		t.Errorf("Mode(9) = %q", got)
	}
}

func TestIsMultipleOf(t *testing.T) {
	tests := []struct {
		in, step string
		want     bool
	}{
		{"187.12", "0.01", true}, {"187.125", "0.01", false}, {"0", "0.01", true},
		{"-0.75", "0.25", true}, {"5", "0", false}, {"0", "0", false},
		{maxText, "0.0000000000000000000000000001", true},
		{"1", "0.0000000000000000000000000003", false},
	}
	for _, tt := range tests {
		if got := MustParse(tt.in).IsMultipleOf(MustParse(tt.step)); got != tt.want {
			t.Errorf("IsMultipleOf(%s, %s) = %v; want %v", tt.in, tt.step, got, tt.want)
		}
	}
}
