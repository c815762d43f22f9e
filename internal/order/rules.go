package order

import (
	"fmt"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// expand turns a wish into its legs: entry first, exits after.
func expand(w Wish, entry trade.Order, caps Capabilities) ([]trade.Order, Kind, error) {
	const op = "order.Propose"
	class := w.Class
	hasTP, hasSL := w.TakeProfit.Sign() != 0, w.StopLoss.Sign() != 0
	if class == "" {
		class = Simple
		if hasTP && hasSL {
			class = Bracket
		} else if hasTP || hasSL {
			class = OTO
		}
	}
	exit := func(role trade.Role, typ trade.OrderType, limit, stop num.Decimal) trade.Order {
		o := entry
		o.Role, o.Type, o.LimitPrice, o.StopPrice = role, typ, limit, stop
		o.TrailAmount, o.TrailPercent = num.Zero, num.Zero
		if o.TIF != trade.GTD {
			o.TIF = trade.GTC
		}
		o.Group = "exits" // numbered once the leg is placed in its ticket
		return o
	}
	stopType := trade.Stop
	if w.StopLossLimit.Sign() != 0 {
		stopType = trade.StopLimit
	}
	tp := exit(trade.TakeProfit, trade.Limit, w.TakeProfit, num.Zero)
	sl := exit(trade.StopLoss, stopType, w.StopLossLimit, w.StopLoss)
	refuse := func(format string, args ...any) ([]trade.Order, Kind, error) {
		return nil, "", fault.E(op, fault.Invalid, format, args...)
	}
	switch class {
	case Simple:
		if hasTP || hasSL {
			return refuse("a simple order takes no take_profit_price or stop_loss_price: leave order_class out, or use bracket or oto")
		}
		return []trade.Order{entry}, KindSingle, nil
	case Bracket, OTO:
		kind := KindBracket
		if class == OTO {
			kind = KindOTO
			if hasTP == hasSL {
				return refuse("an oto order takes exactly one of take_profit_price and stop_loss_price")
			}
			if !caps.OTO {
				return refuse("%s takes no oto orders", caps.Broker)
			}
		} else if !hasTP || !hasSL {
			return refuse("a bracket order takes both take_profit_price and stop_loss_price")
		} else if !caps.Bracket {
			return refuse("%s takes no bracket orders", caps.Broker)
		}
		if entry.TIF == trade.IOC || entry.TIF == trade.FOK || entry.TIF == trade.OPG || entry.TIF == trade.CLS {
			return refuse("the entry of a %s must be day, gtc or gtd, not %s", class, entry.TIF)
		}
		entry.Role = trade.Parent
		legs := []trade.Order{entry}
		for _, x := range []struct {
			has bool
			o   trade.Order
		}{{hasTP, tp}, {hasSL, sl}} {
			if x.has {
				x.o.Side = entry.Side.Opposite()
				if class == OTO {
					x.o.Group = ""
				}
				legs = append(legs, x.o)
			}
		}
		if hasTP && hasSL {
			if err := exitsAround(entry.Side.Opposite(), w.TakeProfit, w.StopLoss); err != nil {
				return nil, "", err
			}
		}
		return legs, kind, nil
	case OCO:
		if !hasTP || !hasSL {
			return refuse("an oco order takes both take_profit_price and stop_loss_price; side is that of the exits")
		}
		if !caps.OCO {
			return refuse("%s takes no oco orders", caps.Broker)
		}
		if err := exitsAround(entry.Side, w.TakeProfit, w.StopLoss); err != nil {
			return nil, "", err
		}
		return []trade.Order{tp, sl}, KindOCO, nil
	}
	return refuse("order_class %q is not known: use simple, bracket, oco or oto", class)
}

// exitsAround tells whether a profit exit and a loss exit stand on their own
// sides of the market.
func exitsAround(side trade.Side, tp, sl num.Decimal) error {
	if side == trade.Sell && tp.Cmp(sl) <= 0 || side == trade.Buy && tp.Cmp(sl) >= 0 {
		where := "above"
		if side == trade.Buy {
			where = "below"
		}
		return fault.E("order.Propose", fault.Invalid, "take_profit_price %s must be %s stop_loss_price %s for exits that %s", tp, where, sl, side)
	}
	return nil
}

// largest bounds quantities and prices, far above any order: beyond it their
// products leave the range of a Decimal.
var largest = num.FromInt(1_000_000_000_000)

// checkSize refuses numbers too large to be reckoned with.
func checkSize(quantity num.Decimal, o trade.Order, prices ...num.Decimal) error {
	for _, n := range append(prices, quantity, o.LimitPrice, o.StopPrice, o.TrailAmount, o.TrailPercent) {
		if n.Abs().Cmp(largest) > 0 {
			return fault.E("order.Propose", fault.Invalid, "%s is more than any quantity or price, which end at %s", n, largest)
		}
	}
	return nil
}

// checkShape holds one leg against the instrument's and the broker's rules.
func (d *Desk) checkShape(o trade.Order, in market.Instrument, caps Capabilities) error {
	const op = "order.Propose"
	bad := func(format string, args ...any) error { return fault.E(op, fault.Invalid, format, args...) }
	if !slices.Contains(o.Side.Values(), string(o.Side)) {
		return bad("side %q is not known: use buy or sell", o.Side)
	}
	if !slices.Contains(caps.Types, o.Type) {
		return bad("%s does not take %s orders: it takes %v", caps.Broker, o.Type, caps.Types)
	}
	if !slices.Contains(caps.TIFs, o.TIF) {
		return bad("%s does not take time in force %s: it takes %v", caps.Broker, o.TIF, caps.TIFs)
	}
	needLimit := o.Type == trade.Limit || o.Type == trade.StopLimit
	needStop := o.Type == trade.Stop || o.Type == trade.StopLimit
	for _, p := range []struct {
		name  string
		value num.Decimal
		need  bool
	}{{"limit_price", o.LimitPrice, needLimit}, {"stop_price", o.StopPrice, needStop}} {
		switch {
		case p.need && p.value.IsZero():
			return bad("a %s order needs %s", o.Type, p.name)
		case !p.need && !p.value.IsZero():
			return bad("a %s order takes no %s", o.Type, p.name)
		case p.need:
			if err := in.CheckPrice(p.name, p.value); err != nil {
				return bad("%s", err)
			}
		}
	}
	trails := boolInt(o.TrailAmount.Sign() != 0) + boolInt(o.TrailPercent.Sign() != 0)
	if o.Type == trade.TrailingStop {
		if trails != 1 {
			return bad("a trailing_stop order takes exactly one of trail_amount and trail_percent")
		}
		if o.TrailAmount.Sign() < 0 || o.TrailPercent.Sign() < 0 || o.TrailPercent.Cmp(num.FromInt(100)) >= 0 {
			return bad("trail_amount must be above zero and trail_percent between 0 and 100")
		}
	} else if trails > 0 {
		return bad("a %s order takes no trail_amount or trail_percent", o.Type)
	}
	if o.TIF == trade.GTD {
		if !o.GoodTill.After(d.prices(o.Account).Now()) {
			return bad("good_till must be in the future of the venue clock, which shows %s", d.prices(o.Account).Now().UTC().Format(time.RFC3339))
		}
	} else if !o.GoodTill.IsZero() {
		return bad("good_till goes with time in force gtd only")
	}
	if (o.TIF == trade.OPG || o.TIF == trade.CLS) && o.Type != trade.Market && o.Type != trade.Limit {
		return bad("time in force %s takes market and limit orders only", o.TIF)
	}
	if o.Extended && (!caps.Extended || o.Type != trade.Limit) {
		return bad("extended hours take limit orders only, at brokers that have them")
	}
	return nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkHours refuses what cannot trade now and warns of what will wait.
func (d *Desk) checkHours(o trade.Order, in market.Instrument) (warning string, err error) {
	cal, err := d.prices(o.Account).Calendar(in.Symbol)
	if err != nil {
		return "", err
	}
	now := d.prices(o.Account).Now()
	if o.TIF == trade.OPG || o.TIF == trade.CLS {
		if cal.AlwaysOpen {
			return "", fault.E("order.Propose", fault.Invalid, "%s trades without an opening or closing auction, so time in force %s does not apply", in.Symbol, o.TIF)
		}
	}
	if cal.IsOpen(now, o.Extended) {
		return "", nil
	}
	next := "an unknown time"
	if t, ok := cal.NextOpen(now); ok {
		next = t.In(cal.Zone).Format("Mon 2006-01-02 15:04 MST")
	}
	if o.ParentID == "" && (o.TIF == trade.IOC || o.TIF == trade.FOK || o.Type == trade.Market && o.TIF != trade.OPG && o.TIF != trade.CLS) {
		return "", fault.E("order.Propose", fault.MarketClosed, "%s is closed now and opens %s", in.Symbol, next).
			Hinted("Wait for the open, or use a limit order with time in force gtc, or opg.")
	}
	return fmt.Sprintf("%s is closed now: the order waits until %s", in.Symbol, next), nil
}

// reckonPrice is the price a leg is reckoned at: its limit, else its stop, else
// the side of the quote it would trade against.
func reckonPrice(o trade.Order, q market.Quote) num.Decimal {
	switch {
	case o.LimitPrice.Sign() > 0:
		return o.LimitPrice
	case o.StopPrice.Sign() > 0:
		return o.StopPrice
	case o.Side == trade.Buy && q.Ask.Sign() > 0:
		return q.Ask
	case o.Side == trade.Sell && q.Bid.Sign() > 0:
		return q.Bid
	}
	return q.Mark()
}
