package risk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Policy is the operator's file. No tool, REST call or environment variable can
// change it.
type Policy struct {
	// Halted refuses every new order, whatever the kill switch says.
	Halted bool `json:"halted,omitempty"`
	// LiveAccounts are the live accounts that may trade at all.
	LiveAccounts []string `json:"live_accounts,omitempty"`
	// Limits apply to every account; Accounts override them by account id, whole.
	Limits   Limits            `json:"limits"`
	Accounts map[string]Limits `json:"accounts,omitempty"`
}

// Limits are the numbers and lists that bound orders. Money is in the account's
// currency.
type Limits struct {
	MaxOrderNotional num.Decimal `json:"max_order_notional"`
	MaxOrderQuantity num.Decimal `json:"max_order_quantity"`
	// MaxOrderEquityShare is a fraction of equity: 0.5 is half.
	MaxOrderEquityShare num.Decimal `json:"max_order_equity_share"`
	MaxDayNotional      num.Decimal `json:"max_day_notional"`
	MaxDayQuantity      num.Decimal `json:"max_day_quantity"`
	MaxDayOrders        int         `json:"max_day_orders"`
	// PriceCollar is the largest distance of a limit price from the market on
	// the side that costs money, as a fraction: 0.1 is ten percent.
	PriceCollar num.Decimal `json:"price_collar"`
	// MaxQuoteAge refuses to price an order on an older quote.
	MaxQuoteAge Duration `json:"max_quote_age"`
	// AllowShort lets a sell exceed what is held.
	AllowShort bool `json:"allow_short"`
	// Classes are the classes that may be traded; empty means all.
	Classes []market.Class `json:"classes,omitempty"`
	// Allow lists the only symbols that may be traded; empty means all. Deny wins.
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
}

// Default is the policy of a fresh home: generous enough to try the desk with
// simulated money, and closed to live accounts.
func Default() Policy {
	return Policy{Limits: Limits{
		MaxOrderNotional:    num.FromInt(250_000),
		MaxOrderQuantity:    num.FromInt(1_000_000),
		MaxOrderEquityShare: num.FromInt(1),
		MaxDayNotional:      num.FromInt(5_000_000),
		MaxDayQuantity:      num.FromInt(10_000_000),
		MaxDayOrders:        2_000,
		PriceCollar:         num.MustParse("0.10"),
		MaxQuoteAge:         Duration(3 * time.Minute),
		AllowShort:          true,
	}}
}

// Parse reads a policy file. An unknown or doubtful setting is an error: a typo
// must not open a limit. Settings that are left out keep Default's value.
func Parse(raw []byte) (Policy, error) {
	p := Default()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	// Overrides start from the file's own limits, so decode those first.
	var shape struct {
		Limits json.RawMessage `json:"limits"`
	}
	if err := json.Unmarshal(raw, &shape); err != nil {
		return Policy{}, fmt.Errorf("the policy is not valid JSON: %w", err)
	}
	var accounts struct {
		Accounts map[string]json.RawMessage `json:"accounts"`
	}
	if err := json.Unmarshal(raw, &accounts); err != nil {
		return Policy{}, fmt.Errorf("the policy is not valid JSON: %w", err)
	}
	if err := dec.Decode(&p); err != nil {
		return Policy{}, fmt.Errorf("the policy is not as expected: %w", err)
	}
	for id, rawLimits := range accounts.Accounts {
		l := p.Limits
		// Decoding writes into a list that is there: these are shared.
		l.Classes, l.Allow, l.Deny = slices.Clone(l.Classes), slices.Clone(l.Allow), slices.Clone(l.Deny)
		if err := json.Unmarshal(rawLimits, &l); err != nil {
			return Policy{}, fmt.Errorf("the policy of account %s is not as expected: %w", id, err)
		}
		p.Accounts[id] = l
	}
	for _, l := range append([]Limits{p.Limits}, values(p.Accounts)...) {
		if err := l.validate(); err != nil {
			return Policy{}, err
		}
	}
	return p, nil
}

func values(m map[string]Limits) (out []Limits) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func (l Limits) validate() error {
	for name, v := range map[string]num.Decimal{
		"max_order_notional": l.MaxOrderNotional, "max_order_quantity": l.MaxOrderQuantity, "max_order_equity_share": l.MaxOrderEquityShare,
		"max_day_notional": l.MaxDayNotional, "max_day_quantity": l.MaxDayQuantity, "price_collar": l.PriceCollar,
	} {
		if v.Sign() < 0 {
			return fmt.Errorf("the policy's %s is below zero: a limit of 0 refuses everything, leave it out for the default", name)
		}
	}
	if l.MaxDayOrders < 0 || l.MaxQuoteAge < 0 {
		return fmt.Errorf("the policy's max_day_orders and max_quote_age must not be below zero")
	}
	return nil
}

// For gives the limits of one account.
func (p Policy) For(account string) Limits {
	if l, ok := p.Accounts[account]; ok {
		return l
	}
	return p.Limits
}

// MayTrade tells whether the account is open to orders at all: live ones only
// when the file names them.
func (p Policy) MayTrade(account string, env trade.Environment) bool {
	if env != trade.Live {
		return true
	}
	for _, a := range p.LiveAccounts {
		if a == account {
			return true
		}
	}
	return false
}

// Duration is a time.Duration written as text: "90s".
type Duration time.Duration

// MarshalText writes "1m30s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}
