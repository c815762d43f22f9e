package num

import (
	"errors"
	"fmt"
)

// ErrCurrency says two amounts are in different currencies.
var ErrCurrency = errors.New("num: currencies differ")

// Money is an amount in a currency. Its JSON is
// {"amount":100000.00,"currency":"USD"}.
type Money struct {
	// Amount is printed with the places it carries; Rescale it for show.
	Amount Decimal `json:"amount"`
	// Currency is the code of the currency, such as USD.
	Currency string `json:"currency"`
}

// String returns the amount and its currency: 100000.00 USD.
func (m Money) String() string {
	if m.Currency == "" {
		return m.Amount.String()
	}
	return m.Amount.String() + " " + m.Currency
}

// Add returns m + x. Different currencies are ErrCurrency, since only a
// conversion at a known rate could add them; too large a sum is ErrOverflow.
func (m Money) Add(x Money) (Money, error) {
	if m.Currency != x.Currency {
		return Money{}, fmt.Errorf("adding %s to %s: %w", x, m, ErrCurrency)
	}
	sum, err := m.Amount.AddErr(x.Amount)
	if err != nil {
		return Money{}, fmt.Errorf("adding %s to %s: %w", x, m, err)
	}
	return Money{Amount: sum, Currency: m.Currency}, nil
}
