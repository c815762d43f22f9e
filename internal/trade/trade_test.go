package trade

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/num"
)

func all() []Status {
	var out []Status
	for _, v := range Status("").Values() {
		out = append(out, Status(v))
	}
	return out
}

func TestAnEndedOrderStaysEnded(t *testing.T) {
	for _, from := range all() {
		for _, to := range all() {
			if from.Terminal() && from.CanBecome(to) {
				t.Errorf("%s is final and can become %s", from, to)
			}
			if from == to && from.CanBecome(to) {
				t.Errorf("%s can become itself", from)
			}
		}
		if from.Terminal() && from.AtVenue() {
			t.Errorf("%s is final and at the venue", from)
		}
	}
}

func TestEveryStatusCanEnd(t *testing.T) {
	for _, s := range all() {
		if !s.Terminal() && !s.CanBecome(Cancelled) {
			t.Errorf("%s cannot be cancelled", s)
		}
	}
	if PendingConfirmation.CanBecome(Filled) || PendingConfirmation.CanBecome(Working) {
		t.Error("an order that was not confirmed reaches the venue")
	}
	if PartiallyFilled.CanBecome(Working) {
		t.Error("a fill is forgotten")
	}
}

func TestParseWord(t *testing.T) {
	for text, want := range map[string]OrderType{"limit": Limit, "STOP LIMIT": StopLimit, "trailing-stop": TrailingStop, " Market ": Market} {
		if got, err := ParseWord[OrderType]("type", text); err != nil || got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	if _, err := ParseWord[Side]("side", "hold"); err == nil {
		t.Error("hold is a side")
	}
}

func TestOrderJSONRoundTrip(t *testing.T) {
	o := Order{ID: "a-1", Side: Sell, Type: StopLimit, TIF: GTC, Quantity: num.MustParse("10.50"), LimitPrice: num.MustParse("1.10"), Filled: num.MustParse("0.5"), Status: Working}
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back Order
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(o, back, cmp.Comparer(func(a, b num.Decimal) bool { return a == b })); d != "" {
		t.Error(d)
	}
	if !back.Remaining().Equal(num.FromInt(10)) {
		t.Errorf("remaining %s", back.Remaining())
	}
	if f := (Fill{Side: Sell, Quantity: num.FromInt(3)}); f.SignedQuantity().Sign() >= 0 {
		t.Error("a sale adds")
	}
}
