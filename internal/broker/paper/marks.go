package paper

import (
	"context"
	"fmt"
	"time"

	"quantdesk/internal/ledger"
	"quantdesk/internal/market"
	"quantdesk/internal/match"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// marks is the market as one turn or one question sees it: each quote, rate and
// session is read once.
type marks struct {
	ctx         context.Context //nolint:containedctx // lives as long as one question
	market      Market
	instruments map[string]market.Instrument
	quotes      map[string]seenQuote
	sessions    map[string]seenSession
	rates       map[[2]string]num.Decimal
}

type seenQuote struct {
	market.Quote
	ok bool
}

type seenSession struct {
	match.Session
	ok bool
}

func newMarks(ctx context.Context, m Market) *marks {
	return &marks{
		ctx: ctx, market: m, instruments: map[string]market.Instrument{}, quotes: map[string]seenQuote{},
		sessions: map[string]seenSession{}, rates: map[[2]string]num.Decimal{},
	}
}

func (k *marks) now() time.Time { return utc(k.market.Now()) }

func (k *marks) instrument(symbol string) (market.Instrument, bool) {
	in, ok := k.instruments[symbol]
	if !ok {
		if in, ok = k.market.Lookup(symbol); ok {
			k.instruments[symbol] = in
		}
	}
	return in, ok
}

func (k *marks) quote(symbol string) (market.Quote, bool) {
	q, seen := k.quotes[symbol]
	if !seen {
		var err error
		q.Quote, err = k.market.Quote(k.ctx, symbol)
		q.ok = err == nil
		k.quotes[symbol] = q
	}
	return q.Quote, q.ok
}

// session tells where an instrument's market is in its day. The clock is read
// after the quote, so that a quote made in between is not from the future.
func (k *marks) session(symbol string) (match.Session, bool) {
	s, seen := k.sessions[symbol]
	if !seen {
		k.quote(symbol)
		if cal, err := k.market.Calendar(symbol); err == nil && cal != nil {
			s = seenSession{match.SessionAt(cal, k.now()), true}
		}
		k.sessions[symbol] = s
	}
	return s.Session, s.ok
}

// rate is how many units of to one of from buys; always above zero.
func (k *marks) rate(from, to string) (num.Decimal, error) {
	if from == to || from == "" {
		return num.One, nil
	}
	pair := [2]string{from, to}
	r, seen := k.rates[pair]
	if !seen {
		var err error
		if r, err = k.market.Rate(k.ctx, from, to); err != nil {
			return num.Zero, err
		}
		k.rates[pair] = r
	}
	if r.Sign() <= 0 {
		return num.Zero, fmt.Errorf("the rate from %s to %s is %s", from, to, r)
	}
	return r, nil
}

// reckon is the price an order is reckoned at, in the instrument's currency: its
// limit, else its stop, else the side of the quote it would trade against. False
// when nothing tells.
func (k *marks) reckon(o *trade.Order) (num.Decimal, bool) {
	p := o.LimitPrice
	if p.Sign() <= 0 {
		p = o.StopPrice
	}
	if p.Sign() <= 0 {
		q, _ := k.quote(o.Symbol)
		if p = q.Ask; o.Side == trade.Sell {
			p = q.Bid
		}
		if p.Sign() <= 0 {
			p = q.Mark()
		}
	}
	return p, p.Sign() > 0
}

// claim is what an order asks of the margin of an account in a currency for a
// quantity; nothing when its instrument, price or rate is not known.
func (k *marks) claim(o *trade.Order, quantity num.Decimal, currency string) match.Claim {
	c := match.Claim{Symbol: o.Symbol, Side: o.Side, Group: o.Group}
	in, known := k.instrument(o.Symbol)
	price, priced := k.reckon(o)
	rate, err := k.rate(in.Currency, currency)
	if known && priced && err == nil {
		c.Quantity, c.Price, c.Rates = quantity, in.Notional(price, rate), match.MarginRates(in.Class)
	}
	return c
}

// value gives an account's balances and positions at the market, with margins
// and buying power.
func (k *marks) value(l *ledger.Ledger, claims []match.Claim) (trade.Balances, []trade.Position) {
	b, positions := l.Value(func(symbol string) (ledger.Mark, bool) {
		in, known := k.instrument(symbol)
		q, quoted := k.quote(symbol)
		if !known || !quoted || q.Mark().Sign() <= 0 {
			return ledger.Mark{}, false
		}
		rate, err := k.rate(in.Currency, l.Currency())
		return ledger.Mark{Price: q.Mark(), At: q.Time, Multiplier: in.Multiplier, Rate: rate}, err == nil
	})
	for _, p := range positions {
		in, _ := k.instrument(p.Symbol)
		r := match.MarginRates(in.Class)
		b.InitialMargin = b.InitialMargin.Add(r.Initial(p.MarketValue))
		b.MaintenanceMargin = b.MaintenanceMargin.Add(r.Maintenance(p.MarketValue))
	}
	b.InitialMargin, b.MaintenanceMargin = b.InitialMargin.Round(2), b.MaintenanceMargin.Round(2)
	b.Reserved = match.Reserved(claims, l.Quantity).Round(2)
	b.BuyingPower = match.BuyingPower(b.Equity, b.InitialMargin, b.Reserved)
	if b.AsOf.IsZero() {
		b.AsOf = k.now()
	}
	return b, positions
}

// cost is what an order for a quantity would do to an account whose other
// working orders claim what claims says.
type cost struct {
	fee, notional num.Decimal
	// margin is the change in the initial margin of the position, needs what
	// the order must find free, and after the buying power left, which is below
	// zero when it does not find it.
	margin, needs, after num.Decimal
}

func (k *marks) cost(l *ledger.Ledger, claims []match.Claim, o *trade.Order, quantity num.Decimal, fees match.Fees) cost {
	in, _ := k.instrument(o.Symbol)
	c := k.claim(o, quantity, l.Currency())
	x := cost{notional: c.Price.Mul(quantity)}
	x.fee = fees.Fee(in, quantity, x.notional)

	held := l.Quantity(o.Symbol)
	signed := quantity
	if o.Side == trade.Sell {
		signed = quantity.Neg()
	}
	before := c.Rates.Initial(held.Mul(c.Price))
	x.margin = c.Rates.Initial(held.Add(signed).Mul(c.Price)).Sub(before).Round(2)
	b, _ := k.value(l, claims)
	reserved := match.Reserved(append(claims[:len(claims):len(claims)], c), l.Quantity).Round(2)
	x.needs = reserved.Sub(b.Reserved)
	switch {
	case x.needs.Sign() <= 0:
		x.needs = num.Min(num.Zero, x.margin)
	case held.Sign()*signed.Sign() < 0:
		// A flip frees the margin of what it closes.
		x.needs = x.needs.Sub(num.Min(before, c.Rates.Initial(signed.Neg().Mul(c.Price)))).Round(2)
	}
	x.after = b.BuyingPower.Sub(x.needs.Add(x.fee).Mul(match.Leverage)).Round(2)
	return x
}
