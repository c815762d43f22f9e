package match

import (
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Fees is a schedule of commissions.
type Fees interface {
	// Fee is the whole fee of an order that has executed the quantity for the
	// notional, in the account's currency, rounded to cents. A fill costs the
	// difference between the fee with it and the fee before it, so minimums are
	// charged once per order however many fills it takes.
	Fee(in market.Instrument, quantity, notional num.Decimal) num.Decimal
}

// Schedule is the default Fees, like a discount broker's fixed pricing: shares
// and funds 0.005 each, at least 1.00 and at most 1 % of the trade's value (the
// most prevails over the least); forex 0.2 basis points, at least 2.00; CFDs
// 1 basis point, at least 1.00; crypto 0.10 %; anything else as shares. All in
// the account's currency, cents rounded half to even.
type Schedule struct{}

var (
	perShare   = num.New(5, 3)
	shareLeast = num.New(100, 2)
	shareMost  = num.New(1, 2)
	forexRate  = num.New(2, 5)
	forexLeast = num.New(200, 2)
	cfdRate    = num.New(1, 4)
	cfdLeast   = num.New(100, 2)
	cryptoRate = num.New(1, 3)
)

// Fee is the schedule's fee; zero for nothing executed.
func (Schedule) Fee(in market.Instrument, quantity, notional num.Decimal) num.Decimal {
	quantity, notional = quantity.Abs(), notional.Abs()
	if quantity.IsZero() || notional.IsZero() {
		return num.Zero
	}
	var fee num.Decimal
	switch in.Class {
	case market.Forex:
		fee = num.Max(notional.Mul(forexRate), forexLeast)
	case market.CFD:
		fee = num.Max(notional.Mul(cfdRate), cfdLeast)
	case market.Crypto:
		fee = notional.Mul(cryptoRate)
	case market.Equity, market.Index, market.Option, market.Future:
		fee = num.Min(num.Max(quantity.Mul(perShare), shareLeast), notional.Mul(shareMost))
	}
	return fee.Round(2)
}

// Free charges nothing.
type Free struct{}

// Fee is zero.
func (Free) Fee(market.Instrument, num.Decimal, num.Decimal) num.Decimal { return num.Zero }
