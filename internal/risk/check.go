package risk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Facts are what the desk knows of one order at the moment of the check, all
// from its own records and the venue's, none from the caller.
type Facts struct {
	Account     string
	Environment trade.Environment
	KillSwitch  bool
	Instrument  market.Instrument
	Order       trade.Order
	Quote       market.Quote
	// Now is the venue clock.
	Now time.Time
	// Notional is quantity × the price the order is reckoned at, in the
	// account's currency; Equity is the account's.
	Notional, Equity num.Decimal
	// DayNotional, DayQuantity and DayOrders are what was confirmed and reserved
	// today, without this order.
	DayNotional, DayQuantity num.Decimal
	DayOrders                int
	// Held is the signed position, Selling what working sell orders may still
	// take from it.
	Held, Selling num.Decimal
	// Reduces is true for an order that can only make the position smaller, and
	// for children of a bracket, whose quantity the parent has already counted.
	Reduces bool
}

// Breach is one rule that refuses the order.
type Breach struct {
	Rule  string `json:"rule"`
	Limit string `json:"limit"`
	Value string `json:"value"`
	// Text is the whole sentence.
	Text string `json:"text"`
}

func breach(rule, limit, value, format string, args ...any) Breach {
	return Breach{rule, limit, value, fmt.Sprintf(format, args...)}
}

// Check holds one order against the policy and lists every rule it breaks. An
// order that only reduces a position is bound by identity, freshness and collar
// rules, not by size: getting out stays possible.
func Check(p Policy, f Facts) []Breach {
	var out []Breach
	add := func(b Breach) { out = append(out, b) }
	l := p.For(f.Account)
	if p.Halted {
		add(breach("halted", "false", "true", "the operator's policy has halted all trading"))
	}
	if f.KillSwitch && !f.Reduces {
		add(breach("kill_switch", "released", "engaged", "the kill switch is engaged: new orders are refused until a person resets it"))
	}
	if !p.MayTrade(f.Account, f.Environment) {
		add(breach("live_accounts", "named by the operator", f.Account, "account %s is live and the operator's policy does not name it", f.Account))
	}
	instrumentRules(l, f, add)
	priceRules(l, f, add)
	if !f.Reduces {
		sizeRules(l, f, add)
	}
	return out
}

func instrumentRules(l Limits, f Facts, add func(Breach)) {
	sym := f.Instrument.Symbol
	has := func(list []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, sym) })
	}
	if len(l.Classes) > 0 && !slices.Contains(l.Classes, f.Instrument.Class) {
		add(breach("classes", fmt.Sprint(l.Classes), string(f.Instrument.Class), "the policy does not allow %s instruments", f.Instrument.Class))
	}
	if has(l.Deny) {
		add(breach("deny", "not in the list", sym, "the policy forbids trading %s", sym))
	}
	if len(l.Allow) > 0 && !has(l.Allow) {
		add(breach("allow", strings.Join(l.Allow, " "), sym, "%s is not among the instruments the policy allows", sym))
	}
	after := f.Held.Sub(f.Selling).Sub(f.Order.Quantity)
	if f.Order.Side == trade.Sell && after.Sign() < 0 && !l.AllowShort && !f.Reduces {
		add(breach("allow_short", "false", after.String(), "selling %s %s would leave a short position of %s, and the policy allows none", f.Order.Quantity, sym, after))
	}
}

func priceRules(l Limits, f Facts, add func(Breach)) {
	age := f.Now.Sub(f.Quote.Time)
	if f.Quote.Mark().Sign() <= 0 && f.Quote.Feed == "" {
		add(breach("live_quote", "a tradable quote", "none", "there is no quote for %s", f.Instrument.Symbol))
		return
	}
	if f.Quote.Mark().Sign() <= 0 || !f.Quote.Feed.Tradable() {
		add(breach("live_quote", "a tradable quote", string(f.Quote.Feed), "there is no tradable quote for %s: the newest price is of kind %s from %s", f.Instrument.Symbol, f.Quote.Feed, f.Quote.Time.UTC().Format(time.RFC3339)))
		return
	}
	if limit := time.Duration(l.MaxQuoteAge); age > limit {
		add(breach("max_quote_age", limit.String(), age.Round(time.Millisecond).String(), "the quote for %s is %s old and the limit is %s", f.Instrument.Symbol, age.Round(time.Second), limit))
	}
	ref, where := f.Quote.Mark(), "the market"
	if stop := f.Order.StopPrice; f.Order.Type == trade.StopLimit && stop.Sign() > 0 && (stop.Less(ref) == (f.Order.Side == trade.Sell)) {
		// It can trade only once the market has come to its stop.
		ref, where = stop, "its stop"
	}
	collar := func(name string, price num.Decimal, worseAbove bool) {
		if price.Sign() <= 0 {
			return
		}
		distance := price.Sub(ref).Quo(ref)
		if !worseAbove {
			distance = distance.Neg()
		}
		if l.PriceCollar.Less(distance) {
			add(breach("price_collar", percent(l.PriceCollar), percent(distance), "%s %s is %s away from %s at %s on the side that costs money, and the collar is %s",
				name, price, percent(distance), where, ref, percent(l.PriceCollar)))
		}
	}
	// A buy limit far above or a sell limit far below the market is the
	// fat-finger case; resting on the good side is free.
	collar("limit price", f.Order.LimitPrice, f.Order.Side == trade.Buy)
}

func sizeRules(l Limits, f Facts, add func(Breach)) {
	over := func(rule string, limit, value num.Decimal, what string) {
		if limit.Less(value) {
			add(breach(rule, limit.String(), value.String(), "%s would be %s and the limit is %s", what, value, limit))
		}
	}
	notional := f.Notional.Rescale(2)
	over("max_order_notional", l.MaxOrderNotional, notional, "the order's notional")
	over("max_order_quantity", l.MaxOrderQuantity, f.Order.Quantity, "the order's quantity")
	over("max_day_notional", l.MaxDayNotional, f.DayNotional.Add(f.Notional).Rescale(2), "today's notional")
	over("max_day_quantity", l.MaxDayQuantity, f.DayQuantity.Add(f.Order.Quantity), "today's quantity")
	if f.DayOrders+1 > l.MaxDayOrders {
		add(breach("max_day_orders", fmt.Sprint(l.MaxDayOrders), fmt.Sprint(f.DayOrders+1), "this would be order %d of today and the limit is %d", f.DayOrders+1, l.MaxDayOrders))
	}
	if f.Equity.Sign() <= 0 {
		add(breach("max_order_equity_share", l.MaxOrderEquityShare.String(), "no equity", "the account has no equity"))
		return
	}
	if share := f.Notional.Quo(f.Equity); l.MaxOrderEquityShare.Less(share) {
		add(breach("max_order_equity_share", percent(l.MaxOrderEquityShare), percent(share), "the order would be %s of equity and the limit is %s", percent(share), percent(l.MaxOrderEquityShare)))
	}
}

func percent(d num.Decimal) string {
	return d.Mul(num.FromInt(100)).Rescale(2).String() + "%"
}
