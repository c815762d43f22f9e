package market

import (
	"fmt"
	"slices"
	"strings"

	"quantdesk/internal/num"
)

// Class is the kind of an instrument.
type Class string

// The classes the desk knows. Options and futures are read by the data layer
// and named here; the desk refuses orders in a class its broker does not trade.
const (
	Equity Class = "equity"
	Forex  Class = "forex"
	Crypto Class = "crypto"
	CFD    Class = "cfd"
	Index  Class = "index"
	Option Class = "option"
	Future Class = "future"
)

// Values lists the classes in the order they are documented.
func (Class) Values() []string {
	return []string{string(Equity), string(Forex), string(Crypto), string(CFD), string(Index), string(Option), string(Future)}
}

// Instrument is what is traded, with the rules its venue puts on prices and
// quantities.
type Instrument struct {
	// Symbol is unique within one source: the bare symbol in the default market
	// of its class ("AAPL", "BTCUSD"), else "market:SYMBOL" ("bitfinex:BTCUSD").
	Symbol string
	// Name is the plain name, empty where the source has none.
	Name  string
	Class Class
	// Market is LEAN's market folder: usa, oanda, coinbase, sim …
	Market string
	// Currency prices are quoted in (ISO code or crypto ticker).
	Currency string
	// Base is the bought currency of a pair (EUR in EURUSD); empty elsewhere.
	Base string
	// Sector is one of the eleven sectors, empty where unknown.
	Sector string
	// ETF tells a fund from a share.
	ETF bool
	// Tick is the smallest price step, Lot the smallest quantity step, both in
	// the instrument's own units and above zero.
	Tick, Lot num.Decimal
	// MinQuantity is the smallest order; zero means one Lot.
	MinQuantity num.Decimal
	// Multiplier turns price times quantity into Currency; 1 for shares.
	Multiplier num.Decimal
	// Shortable tells whether the venue lends it.
	Shortable bool
}

// RoundPrice gives the price on the tick nearest to p, half to even.
func (i Instrument) RoundPrice(p num.Decimal) num.Decimal {
	if i.Tick.Sign() <= 0 {
		return p
	}
	return p.QuantizeTo(i.Tick, num.ModeHalfEven)
}

// RoundQuantity gives the largest quantity on the lot that is not above q.
func (i Instrument) RoundQuantity(q num.Decimal) num.Decimal {
	if i.Lot.Sign() <= 0 {
		return q
	}
	return q.QuantizeTo(i.Lot, num.ModeDown)
}

// CheckPrice tells what is wrong with p as an order price, nil when nothing is.
func (i Instrument) CheckPrice(name string, p num.Decimal) error {
	if p.Sign() <= 0 {
		return fmt.Errorf("%s must be above zero, not %s", name, p)
	}
	if i.Tick.Sign() > 0 && !p.IsMultipleOf(i.Tick) {
		return fmt.Errorf("%s %s is not on %s's tick of %s: the nearest is %s", name, p, i.Symbol, i.Tick, i.RoundPrice(p))
	}
	return nil
}

// CheckQuantity tells what is wrong with q as an order quantity, nil when nothing is.
func (i Instrument) CheckQuantity(q num.Decimal) error {
	if q.Sign() <= 0 {
		return fmt.Errorf("quantity must be above zero, not %s: the side gives the direction", q)
	}
	if i.Lot.Sign() > 0 && !q.IsMultipleOf(i.Lot) {
		return fmt.Errorf("quantity %s is not a multiple of %s's lot of %s: the nearest below is %s", q, i.Symbol, i.Lot, i.RoundQuantity(q))
	}
	if i.MinQuantity.Sign() > 0 && q.Less(i.MinQuantity) {
		return fmt.Errorf("quantity %s is below %s's minimum of %s", q, i.Symbol, i.MinQuantity)
	}
	return nil
}

// Notional is price × quantity × multiplier in the instrument's currency.
func (i Instrument) Notional(price, quantity num.Decimal) num.Decimal {
	n := price.Mul(quantity)
	if i.Multiplier.Sign() > 0 && !i.Multiplier.Equal(num.One) {
		n = n.Mul(i.Multiplier)
	}
	return n
}

// Query selects instruments. A zero field selects everything.
type Query struct {
	// Text matches the symbol or the name, case-insensitively: an exact symbol
	// first, then symbols that begin with it, then any that contain it.
	Text   string
	Class  Class
	Market string
	Sector string
}

// Select applies a query to a list and orders the result: best match first,
// then by symbol.
func Select(all []Instrument, q Query) []Instrument {
	text := strings.ToUpper(strings.TrimSpace(q.Text))
	type ranked struct {
		Instrument
		rank int
	}
	var hits []ranked
	for _, i := range all {
		if q.Class != "" && i.Class != q.Class || q.Market != "" && !strings.EqualFold(i.Market, q.Market) ||
			q.Sector != "" && !strings.EqualFold(i.Sector, q.Sector) {
			continue
		}
		rank := 0
		if text != "" {
			switch name := strings.ToUpper(i.Name); {
			case i.Symbol == text:
			case strings.HasPrefix(i.Symbol, text):
				rank = 1
			case strings.HasPrefix(name, text):
				rank = 2
			case strings.Contains(i.Symbol, text) || strings.Contains(name, text):
				rank = 3
			default:
				continue
			}
		}
		hits = append(hits, ranked{i, rank})
	}
	slices.SortStableFunc(hits, func(a, b ranked) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return strings.Compare(a.Symbol, b.Symbol)
	})
	out := make([]Instrument, len(hits))
	for n, h := range hits {
		out[n] = h.Instrument
	}
	return out
}
