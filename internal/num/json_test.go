package num

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSON(t *testing.T) {
	type order struct {
		Price Decimal            `json:"price"`
		Limit *Decimal           `json:"limit"`
		By    map[string]Decimal `json:"by"`
	}
	var got order
	in := `{"price": 100000.00, "limit": null, "by": {"a": "1.50", "b": -2e-3}}`
	if err := json.Unmarshal([]byte(in), &got); err != nil {
		t.Fatal(err)
	}
	want := order{Price: New(10000000, 2), By: map[string]Decimal{"a": New(150, 2), "b": New(-2, 3)}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Decimal{})); diff != "" {
		t.Errorf("unmarshalled (-want +got):\n%s", diff)
	}
	b, err := json.Marshal(got)
	if wantText := `{"price":100000.00,"limit":null,"by":{"a":1.50,"b":-0.002}}`; err != nil || string(b) != wantText {
		t.Errorf("marshalled %s, %v; want %s", b, err, wantText)
	}
}

func TestJSONRefuses(t *testing.T) {
	tests := []struct{ in, says string }{
		{`null`, "null"}, {`true`, "true"}, {`[1]`, "[1]"}, {`{}`, "{}"},
		{`""`, "not a decimal"}, {`"1,000"`, "1,000"}, {`"NaN"`, "NaN"}, {`1e40`, "overflow"}, {`"1e40"`, "overflow"},
	}
	for _, tt := range tests {
		d := One
		err := json.Unmarshal([]byte(tt.in), &d)
		if err == nil || !strings.Contains(err.Error(), tt.says) || d != One {
			t.Errorf("Unmarshal(%s) = %s, %v; want an error saying %q", tt.in, d, err, tt.says)
		}
	}
	var d Decimal
	for _, in := range []string{"", `"1`, "+1", "x"} {
		if err := d.UnmarshalJSON([]byte(in)); err == nil {
			t.Errorf("UnmarshalJSON(%q) = %s; want an error", in, d)
		}
	}
}

func TestMoney(t *testing.T) {
	m := Money{Amount: MustParse("100000.00"), Currency: "USD"}
	if got := m.String(); got != "100000.00 USD" {
		t.Errorf("String = %q", got)
	}
	if got := (Money{Amount: One}).String(); got != "1" {
		t.Errorf("String without currency = %q", got)
	}
	b, err := json.Marshal(m)
	if want := `{"amount":100000.00,"currency":"USD"}`; err != nil || string(b) != want {
		t.Errorf("marshalled %s, %v; want %s", b, err, want)
	}
	var back Money
	if err := json.Unmarshal(b, &back); err != nil || back != m {
		t.Errorf("unmarshalled %s, %v", back, err)
	}
	sum, err := m.Add(Money{Amount: MustParse("0.5"), Currency: "USD"})
	if err != nil || sum.String() != "100000.50 USD" {
		t.Errorf("Add = %s, %v", sum, err)
	}
	if got, err := m.Add(Money{Amount: One, Currency: "EUR"}); !errors.Is(err, ErrCurrency) || got != (Money{}) {
		t.Errorf("Add of EUR = %s, %v", got, err)
	}
	huge := Money{Amount: MustParse(maxText), Currency: "USD"}
	if _, err := huge.Add(huge); !errors.Is(err, ErrOverflow) {
		t.Errorf("Add of huge amounts: %v", err)
	}
}
