package match

import (
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Leverage is what an account with nothing in it may buy for its equity:
// buying power is twice the free margin, as for US shares under Regulation T.
var Leverage = num.FromInt(2)

// Rates are margin requirements as fractions of notional.
type Rates struct {
	InitialLong, InitialShort         num.Decimal
	MaintenanceLong, MaintenanceShort num.Decimal
}

// MarginRates gives the requirements of a class. Shares and everything not
// named: 50 % initial, maintenance 25 % long and 30 % short (Regulation T and
// FINRA's usual house rates; short proceeds stay in cash as well). Forex: 3.33 %
// initial and 2 % maintenance (30:1). CFDs: 20 % and 10 %. Crypto and options: 100 %.
func MarginRates(class market.Class) Rates {
	switch class {
	case market.Forex:
		return flat(num.New(333, 4), num.New(2, 2))
	case market.CFD:
		return flat(num.New(20, 2), num.New(10, 2))
	case market.Crypto, market.Option: // paid in full
		return flat(num.One, num.One)
	case market.Equity, market.Index, market.Future:
	}
	half := num.New(50, 2)
	return Rates{half, half, num.New(25, 2), num.New(30, 2)}
}

func flat(initial, maintenance num.Decimal) Rates {
	return Rates{initial, initial, maintenance, maintenance}
}

// Initial is the initial margin of a signed notional, Maintenance what must
// remain; both at or above zero, in the notional's currency.
func (r Rates) Initial(notional num.Decimal) num.Decimal {
	if notional.Sign() < 0 {
		return notional.Neg().Mul(r.InitialShort)
	}
	return notional.Mul(r.InitialLong)
}

// Maintenance is the maintenance margin of a signed notional.
func (r Rates) Maintenance(notional num.Decimal) num.Decimal {
	if notional.Sign() < 0 {
		return notional.Neg().Mul(r.MaintenanceShort)
	}
	return notional.Mul(r.MaintenanceLong)
}

// BuyingPower is max(0, equity − initial margin − reserved) × Leverage, in
// cents: what can still be bought of something with half as initial margin.
func BuyingPower(equity, initial, reserved num.Decimal) num.Decimal {
	return num.Max(num.Zero, equity.Sub(initial).Sub(reserved)).Mul(Leverage).Round(2)
}

// Claim is what one working order asks of its account's margin.
type Claim struct {
	Symbol string
	Side   trade.Side
	// Quantity is what has yet to execute, Price what it is reckoned at per unit
	// of the instrument with multiplier, in the account's currency.
	Quantity, Price num.Decimal
	// Group is the OCO group, of which only the dearest leg counts.
	Group string
	Rates Rates
}

// Reserved is the initial margin held for working orders: each one's part that
// would open or increase a position. What closes a position (held, signed)
// reserves nothing, and is given to the orders in the order of the list; buys
// and sells are reckoned apart, since either may fill.
func Reserved(claims []Claim, held func(symbol string) num.Decimal) num.Decimal {
	type line struct {
		symbol string
		side   trade.Side
	}
	closable := map[line]num.Decimal{}
	room := func(c Claim) num.Decimal {
		k := line{c.Symbol, c.Side}
		left, seen := closable[k]
		if !seen {
			if left = held(c.Symbol); c.Side == trade.Buy {
				left = left.Neg()
			}
			left = num.Max(num.Zero, left)
			closable[k] = left
		}
		return left
	}
	type pair struct{ margin, closes num.Decimal }
	groups := map[string]pair{}
	total := num.Zero
	for _, c := range claims {
		g := groups[c.Group]
		// Another leg's share of what can be closed is this one's too.
		left := room(c).Add(g.closes)
		closes := num.Min(left, c.Quantity)
		opens := c.Quantity.Sub(closes).Mul(c.Price)
		if c.Side == trade.Sell {
			opens = opens.Neg()
		}
		margin := c.Rates.Initial(opens)
		if c.Group != "" {
			if g.closes.Less(closes) {
				closable[line{c.Symbol, c.Side}] = left.Sub(closes)
				g.closes = closes
			}
			if g.margin.Less(margin) {
				total = total.Add(margin.Sub(g.margin))
				g.margin = margin
			}
			groups[c.Group] = g
			continue
		}
		closable[line{c.Symbol, c.Side}] = left.Sub(closes)
		total = total.Add(margin)
	}
	return total
}
