package ledger

import (
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Mark is what one position is valued with.
type Mark struct {
	// Price is per unit in the instrument's currency, known At that time.
	Price num.Decimal
	At    time.Time
	// Multiplier turns price times quantity into the instrument's currency, Rate
	// that into the account's; zero means one.
	Multiplier, Rate num.Decimal
}

// Value marks everything held and gives the balances and the positions, in the
// account's currency, rounded to cents where they are valued. A position for
// which mark answers false is valued at its cost, with no mark and no mark time.
// Margins and buying power are left to the caller.
func (l *Ledger) Value(mark func(symbol string) (Mark, bool)) (trade.Balances, []trade.Position) {
	b := trade.Balances{
		Account: l.account, Currency: l.currency, Cash: l.cash, RealizedPnL: l.realized, Fees: l.fees,
	}
	positions := l.Positions()
	for i := range positions {
		p := &positions[i]
		held := l.positions[p.Symbol]
		p.MarketValue = held.cost.Round(2)
		if m, ok := mark(p.Symbol); ok {
			v := m.Price.Mul(p.Quantity)
			for _, f := range []num.Decimal{m.Multiplier, m.Rate} {
				if f.Sign() > 0 {
					v = v.Mul(f)
				}
			}
			p.Mark, p.MarkTime = m.Price, m.At
			p.MarketValue = v.Round(2)
			p.UnrealizedPnL = v.Sub(held.cost).Round(2)
			if b.AsOf.IsZero() || m.At.Before(b.AsOf) {
				b.AsOf = m.At
			}
		}
		b.MarketValue = b.MarketValue.Add(p.MarketValue)
		if p.Quantity.Sign() > 0 {
			b.LongValue = b.LongValue.Add(p.MarketValue)
		} else {
			b.ShortValue = b.ShortValue.Sub(p.MarketValue)
		}
	}
	b.Equity = b.Cash.Add(b.MarketValue)
	return b, positions
}
