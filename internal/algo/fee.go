package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// FeeModel says what an order costs.
type FeeModel interface {
	Fee(s *Security, o *Order) (Money, error)
}

// ConstantFee asks the same for every order.
type ConstantFee struct {
	Amount   num.Decimal
	Currency string // empty: the account's
}

// Fee is the constant.
func (f ConstantFee) Fee(s *Security, _ *Order) (Money, error) {
	c := f.Currency
	if c == "" {
		c = s.e.Portfolio.Cash.Account
	}
	return Money{f.Amount, c}, nil
}

// valueOf is what an order is worth in the account's currency.
func valueOf(s *Security, o *Order) num.Decimal {
	return o.value(s).Mul(s.rate()).Mul(s.Properties.Multiplier)
}

// InteractiveBrokersFee is that broker's schedule: the default of equities.
type InteractiveBrokersFee struct{}

var (
	ibEquity = map[string]struct {
		currency               string
		perShare, least, share num.Decimal
	}{
		"usa":   {"USD", num.New(5, 3), num.One, num.New(5, 3)},
		"india": {"INR", num.New(1, 2), num.FromInt(6), num.FromInt(20)},
	}
	ibForex = num.New(2, 5)
	ibCFD   = num.New(2, 5)
)

// Fee is the order's commission.
func (InteractiveBrokersFee) Fee(s *Security, o *Order) (Money, error) {
	value := valueOf(s, o).Abs()
	switch s.Symbol.Kind {
	case Equity:
		f, ok := ibEquity[s.Symbol.Market]
		if !ok {
			return Money{}, fmt.Errorf("there are no fees for equities of market %s", s.Symbol.Market)
		}
		fee := f.perShare.Mul(o.Quantity.Abs())
		if most := f.share.Mul(value); fee.Less(f.least) {
			fee = f.least
		} else if most.Less(fee) {
			fee = most
		}
		return Money{fee.Abs(), f.currency}, nil
	case Forex:
		return Money{num.Max(num.FromInt(2), ibForex.Mul(value)), "USD"}, nil
	case CFD:
		least := num.One
		switch s.Quote.Symbol {
		case "JPY":
			least = num.FromInt(40)
		case "HKD":
			least = num.FromInt(10)
		}
		return Money{num.Max(least, ibCFD.Mul(value)), s.Quote.Symbol}, nil
	}
	return Money{}, fmt.Errorf("there are no fees for securities of type %s", s.Symbol.Kind)
}

// MakerTakerFee asks a share of the value in the quote currency, less for an
// order that waits in the book.
type MakerTakerFee struct{ Maker, Taker num.Decimal }

// Fee is the order's commission.
func (f MakerTakerFee) Fee(s *Security, o *Order) (Money, error) {
	rate := f.Taker
	if o.Type == Limit && !marketable(o) {
		rate = f.Maker
	}
	price := s.BidPrice()
	if o.Direction() == Buy {
		price = s.AskPrice()
	}
	if o.Type == Limit {
		price = o.LimitPrice
	}
	return Money{price.Mul(s.Properties.Multiplier).Mul(o.Quantity.Abs()).Mul(rate), s.Quote.Symbol}, nil
}

// marketable tells whether a limit order could fill when it was sent.
func marketable(o *Order) bool {
	switch o.Type {
	case Market:
		return true
	case Limit:
		if d := o.Submission; d != nil {
			if o.Direction() == Buy {
				return !o.LimitPrice.Less(d.Ask)
			}
			return !d.Bid.Less(o.LimitPrice)
		}
		return false
	}
	return false
}
