package server

import (
	"context"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// optionMarket is a market with the options on its shares, which are priced by
// the server's model. Nobody lends an option: it is bought first, paid in full,
// and what is held at its end is settled in cash at what it is worth then.
type optionMarket struct {
	Market
	k *contracts
}

// WithOptions gives a market the options that a server over it offers, for the
// broker that is to trade them.
func WithOptions(m Market) (Market, error) {
	all, err := m.Instruments(context.Background())
	if err != nil {
		return nil, err
	}
	return optionMarket{m, newContracts(m, all)}, nil
}

// symbol is an option's name at the broker: OCC's, with one blank.
func (o option) symbol() string { return o.under + " " + o.localSymbol()[max(6, len(o.under)):] }

// parseOption reads such a name; false where it is none, or the underlying has
// no options here.
func (k *contracts) parseOption(symbol string) (o option, ok bool) {
	under, rest, found := strings.Cut(symbol, " ")
	in, known := k.byID[k.ids[under]]
	if !found || !known || !hasOptions(in) || len(rest) != 15 || rest[6] != 'C' && rest[6] != 'P' {
		return o, false
	}
	thousandths, err := num.Parse(rest[7:])
	if _, day := time.Parse("060102", rest[:6]); err != nil || day != nil || thousandths.Sign() <= 0 {
		return o, false
	}
	return option{under: under, expiry: "20" + rest[:6], strike: thousandths.Quo(num.FromInt(1000)).Normalize(), right: rest[6:7]}, true
}

// instrument is an option as the broker trades it.
func (k *contracts) instrument(o option) market.Instrument {
	in := k.byID[k.ids[o.under]]
	return market.Instrument{
		Symbol: o.symbol(), Name: o.localSymbol(), Class: market.Option, Market: in.Market, Currency: in.Currency, Tick: optionTick, Lot: num.One, Multiplier: optionMultiplier,
	}
}

// Lookup finds options too.
func (m optionMarket) Lookup(symbol string) (market.Instrument, bool) {
	if o, ok := m.k.parseOption(symbol); ok {
		return m.k.instrument(o), true
	}
	return m.Market.Lookup(symbol)
}

// Calendar of an option is its underlying's, until it expires.
func (m optionMarket) Calendar(symbol string) (*market.Calendar, error) {
	if o, ok := m.k.parseOption(symbol); ok {
		return m.Market.Calendar(o.under)
	}
	return m.Market.Calendar(symbol)
}

// Quote prices options by the model; an expired one has no price.
func (m optionMarket) Quote(ctx context.Context, symbol string) (market.Quote, error) {
	o, ok := m.k.parseOption(symbol)
	if !ok {
		return m.Market.Quote(ctx, symbol)
	}
	q, _, ok := m.k.optionQuote(ctx, o)
	if !ok || m.expired(o) {
		return market.Quote{}, fault.E("server.Quote", fault.Unavailable, "%s has no price", symbol).Hinted("It may have expired.")
	}
	q.Symbol = symbol
	return q, nil
}

// expiryOf is the end of an option's last day.
func expiryOf(o option) time.Time {
	t, err := time.ParseInLocation("20060102", o.expiry, eastern)
	if err != nil {
		return time.Time{}
	}
	return t.Add(16 * time.Hour)
}

func (m optionMarket) expired(o option) bool { return !m.Now().Before(expiryOf(o)) }

// Actions ends an option on the day after its expiry, at what it was worth by
// the underlying's close.
func (m optionMarket) Actions(symbol string, from, to market.Date) ([]market.Action, error) {
	o, ok := m.k.parseOption(symbol)
	if !ok {
		return m.Market.Actions(symbol, from, to)
	}
	end := market.DateOf(expiryOf(o)).AddDays(1)
	if !end.After(from) || end.After(to) {
		return nil, nil
	}
	bars, err := m.Bars(context.Background(), market.BarRequest{
		Symbol: o.under, Resolution: market.Daily, Start: expiryOf(o).AddDate(0, 0, -10), End: expiryOf(o).Add(8 * time.Hour), Adjustment: market.Raw, Last: 1,
	})
	if err != nil || len(bars) == 0 {
		return nil, fault.E("server.Actions", fault.Unavailable, "the close of %s at the expiry of %s is not known", o.under, symbol).Hinted("It is asked for again.")
	}
	worth := bars[len(bars)-1].Close.Sub(o.strike)
	if o.right == "P" {
		worth = worth.Neg()
	}
	return []market.Action{{Symbol: symbol, Date: end, Kind: market.Delisting, PriorClose: num.Max(num.Zero, worth)}}, nil
}
