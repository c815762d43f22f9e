package paper

import (
	"slices"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// check holds an order's terms against the venue's rules: what can be judged
// without the account.
func (t *turn) check(o *trade.Order) *order.VenueError {
	caps := t.b.Capabilities()
	in, known := t.instrument(o.Symbol)
	if !known {
		return refuse("unknown_symbol", "there is no instrument %q", o.Symbol)
	}
	switch {
	case !slices.Contains(caps.Classes, in.Class):
		return refuse("unknown_symbol", "%s is of class %s, which is not traded here", o.Symbol, in.Class)
	case o.Side != trade.Buy && o.Side != trade.Sell:
		return refuse("bad_side", "side %q is not known", o.Side)
	case !slices.Contains(caps.Types, o.Type):
		return refuse("bad_type", "order type %q is not known", o.Type)
	case !slices.Contains(caps.TIFs, o.TIF):
		return refuse("bad_tif", "time in force %q is not known", o.TIF)
	}
	if err := in.CheckQuantity(o.Quantity); err != nil {
		return refuse("bad_quantity", "%s", err)
	}
	if o.Quantity.Cmp(largestQuantity) > 0 {
		return refuse("bad_quantity", "quantity %s is above the most the venue takes, %s", o.Quantity, largestQuantity)
	}
	if no := checkPrices(o, in); no != nil {
		return no
	}
	if p, ok := t.reckon(o); ok && p.Mul(o.Quantity).Cmp(largest) > 0 {
		return refuse("bad_quantity", "the order is worth more than the venue takes, %s", largest)
	}
	if _, err := t.rate(in.Currency, t.b.accounts[o.Account].currency); err != nil {
		return refuse("no_rate", "%s cannot be converted into the account's currency: %s", in.Currency, err)
	}
	return t.checkTime(o)
}

func checkPrices(o *trade.Order, in market.Instrument) *order.VenueError {
	limited := o.Type == trade.Limit || o.Type == trade.StopLimit
	stopped := o.Type == trade.Stop || o.Type == trade.StopLimit
	for _, p := range []struct {
		name  string
		value num.Decimal
		need  bool
	}{{"limit price", o.LimitPrice, limited}, {"stop price", o.StopPrice, stopped}} {
		if !p.need {
			if !p.value.IsZero() {
				return refuse("bad_price", "a %s order takes no %s", o.Type, p.name)
			}
			continue
		}
		if err := in.CheckPrice(p.name, p.value); err != nil {
			return refuse("bad_price", "%s", err)
		}
		if p.value.Cmp(largestPrice) > 0 {
			return refuse("bad_price", "%s %s is above the most the venue takes, %s", p.name, p.value, largestPrice)
		}
	}
	amount, percent := o.TrailAmount.Sign(), o.TrailPercent.Sign()
	switch {
	case o.Type != trade.TrailingStop && (amount != 0 || percent != 0):
		return refuse("bad_price", "a %s order takes no trailing distance", o.Type)
	case o.Type == trade.TrailingStop && (amount < 0 || percent < 0 || (amount > 0) == (percent > 0)):
		return refuse("bad_price", "a trailing stop takes one distance above zero, an amount or a percentage")
	case o.TrailPercent.Cmp(num.FromInt(100)) >= 0 || o.TrailAmount.Cmp(largestPrice) > 0:
		return refuse("bad_price", "the trailing distance is too large")
	}
	return nil
}

// checkTime holds time in force against the calendar and the venue clock.
func (t *turn) checkTime(o *trade.Order) *order.VenueError {
	s, ok := t.session(o.Symbol)
	if !ok {
		return refuse("unknown_symbol", "%s has no calendar", o.Symbol)
	}
	auction := o.TIF == trade.OPG || o.TIF == trade.CLS
	switch {
	case o.Extended && (o.Type != trade.Limit || auction):
		return refuse("bad_type", "extended hours take limit orders only")
	case auction && s.AlwaysOpen:
		return refuse("bad_tif", "%s has no open and no close, so %s does not apply", o.Symbol, o.TIF)
	case auction && o.Type != trade.Market && o.Type != trade.Limit:
		return refuse("bad_tif", "%s takes market and limit orders only", o.TIF)
	case o.TIF == trade.GTD && !o.GoodTill.After(s.Now):
		return refuse("bad_good_till", "good till must be after the venue clock, %s", s.Now.Format("2006-01-02T15:04:05Z07:00"))
	case o.TIF == trade.GTD && o.GoodTill.Sub(s.Now) > long:
		return refuse("bad_good_till", "good till is more than ten years away")
	case o.TIF != trade.GTD && !o.GoodTill.IsZero():
		return refuse("bad_good_till", "good till goes with gtd only")
	case (o.TIF == trade.IOC || o.TIF == trade.FOK) && o.ParentID == "" && !s.Takes(o):
		return refuse("market_closed", "%s is closed, so an %s order cannot fill", o.Symbol, strings.ToUpper(string(o.TIF)))
	}
	return nil
}

// long bounds how far ahead gtd may reach.
const long = 10 * 366 * 24 * time.Hour
