package risk

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/market"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"nothing":                     ``,
		"no JSON":                     `max_order_notional = 5`,
		"cut short":                   `{"limits": {"max_order_notional": 5}`,
		"two values":                  `{} {}`,
		"a list":                      `[]`,
		"unknown at the top":          `{"limit": {}}`,
		"unknown limit":               `{"limits": {"max_order_notionals": 5}}`,
		"unknown limit of an account": `{"accounts": {"A1": {"max_notional": 5}}}`,
		"notional below zero":         `{"limits": {"max_order_notional": -1}}`,
		"quantity below zero":         `{"limits": {"max_order_quantity": -1}}`,
		"equity share below zero":     `{"limits": {"max_order_equity_share": -0.1}}`,
		"day notional below zero":     `{"limits": {"max_day_notional": -1}}`,
		"day quantity below zero":     `{"limits": {"max_day_quantity": -1}}`,
		"day orders below zero":       `{"limits": {"max_day_orders": -1}}`,
		"collar below zero":           `{"limits": {"price_collar": -0.01}}`,
		"age below zero":              `{"limits": {"max_quote_age": "-1s"}}`,
		"below zero for one account":  `{"accounts": {"A1": {"max_day_orders": -1}}}`,
		"an age without unit":         `{"limits": {"max_quote_age": "90"}}`,
		"a limit that is no number":   `{"limits": {"max_order_notional": "lots"}}`,
		"a limit of null":             `{"limits": {"max_order_notional": null}}`,
		"a limit beyond any number":   `{"limits": {"max_order_notional": 1e999}}`,
		"half an order":               `{"limits": {"max_day_orders": 1.5}}`,
		"the halt as text":            `{"halted": "false"}`,
		"live accounts as text":       `{"live_accounts": "A1"}`,
	} {
		if p, err := Parse([]byte(raw)); err == nil {
			t.Errorf("%s: %s is taken as %+v", name, raw, p)
		}
	}
	p, err := Parse([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), p); diff != "" {
		t.Errorf("an empty policy is not the default (want -, got +):\n%s", diff)
	}
	raw, err := json.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	if p, err = Parse(raw); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), p); diff != "" {
		t.Errorf("the default does not read back (want -, got +):\n%s", diff)
	}
}

// TestOverrides reads accounts that begin with the file's own limits, not with
// the default's nor with each other's.
func TestOverrides(t *testing.T) {
	t.Parallel()
	p, err := Parse([]byte(`{
		"halted": true, "live_accounts": ["U1"],
		"limits": {"max_order_notional": 1000, "max_quote_age": "90s", "allow": ["AAPL", "MSFT"], "deny": ["GME"], "classes": ["equity", "crypto"]},
		"accounts": {
			"A1": {"max_order_notional": 5, "allow": ["TSLA"], "deny": ["X", "Y", "Z"]},
			"A2": {"allow": ["NVDA", "AMD"], "classes": ["forex"]},
			"A3": {}
		}}`))
	if err != nil {
		t.Fatal(err)
	}
	base := Default().Limits
	base.MaxOrderNotional, base.MaxQuoteAge = dec("1000"), Duration(90*time.Second)
	base.Allow, base.Deny, base.Classes = []string{"AAPL", "MSFT"}, []string{"GME"}, []market.Class{market.Equity, market.Crypto}
	one, two := base, base
	one.MaxOrderNotional, one.Allow, one.Deny = dec("5"), []string{"TSLA"}, []string{"X", "Y", "Z"}
	two.Allow, two.Classes = []string{"NVDA", "AMD"}, []market.Class{market.Forex}
	for account, want := range map[string]Limits{"A1": one, "A2": two, "A3": base, "A4": base} {
		if diff := cmp.Diff(want, p.For(account)); diff != "" {
			t.Errorf("limits of %s (want -, got +):\n%s", account, diff)
		}
	}
	if !p.Halted || !p.MayTrade("U1", "live") || p.MayTrade("U2", "live") || !p.MayTrade("U2", "paper") {
		t.Errorf("policy %+v", p)
	}
}
