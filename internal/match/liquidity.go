package match

import (
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Liquidity remembers what of one instrument's current quote has been taken, by
// any order. A quote is known by its Time: a new Time is a new offer, the same
// Time the same one, however often it is seen.
//
// A side with a price but no size is taken to offer a tenth of the session's
// volume so far, less what was taken that way in it, and at least one
// lot per quote; in forex and CFDs, whose quotes come from a dealer and often
// have neither size nor volume, DealerDepth of the quoted currency per quote.
type Liquidity struct {
	instrument market.Instrument
	at         time.Time
	bid, ask   num.Decimal
	// unsized is what was taken in day from sides without size.
	unsized num.Decimal
	day     market.Date
}

// DealerDepth is the notional a dealer's quote without a size is good for.
var DealerDepth = num.FromInt(1_000_000)

// participation is the share of session volume an unsized side offers.
var participation = num.New(10, 2)

// NewLiquidity begins with nothing taken.
func NewLiquidity(in market.Instrument) *Liquidity { return &Liquidity{instrument: in} }

// Update brings in the quote as it is now.
func (l *Liquidity) Update(q market.Quote) {
	if q.Time.Equal(l.at) {
		return
	}
	l.at = q.Time
	if d := market.DateOf(q.Time.UTC()); d != l.day {
		l.day, l.unsized = d, num.Zero
	}
	l.bid = l.offer(q, q.Bid, q.BidSize)
	l.ask = l.offer(q, q.Ask, q.AskSize)
}

func (l *Liquidity) offer(q market.Quote, price, size num.Decimal) num.Decimal {
	if size.Sign() > 0 || price.Sign() <= 0 {
		return size
	}
	in := l.instrument
	if in.Class == market.Forex || in.Class == market.CFD {
		if unit := in.Notional(price, num.One); unit.Sign() > 0 {
			return num.Max(in.RoundQuantity(DealerDepth.Quo(unit)), in.Lot)
		}
	}
	return num.Max(in.RoundQuantity(q.Volume.Mul(participation).Sub(l.unsized)), in.Lot)
}

// Available is what an order of the side can still take of the current quote,
// in the instrument's units.
func (l *Liquidity) Available(side trade.Side) num.Decimal {
	if side == trade.Buy {
		return l.ask
	}
	return l.bid
}

// Limit lowers what is on offer to an order of the side to no more than q.
func (l *Liquidity) Limit(side trade.Side, q num.Decimal) {
	if side == trade.Buy {
		l.ask = num.Min(l.ask, q)
	} else {
		l.bid = num.Min(l.bid, q)
	}
}

func (l *Liquidity) take(side trade.Side, quantity num.Decimal, sized bool) {
	if side == trade.Buy {
		l.ask = l.ask.Sub(quantity)
	} else {
		l.bid = l.bid.Sub(quantity)
	}
	if !sized {
		l.unsized = l.unsized.Add(quantity)
	}
}
