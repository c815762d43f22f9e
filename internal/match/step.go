package match

import (
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// MaxQuoteAge is how old a quote may be, on the venue clock, to trade on.
const MaxQuoteAge = 2 * time.Minute

// backwards is how far the venue clock may step back and still be the same
// session: a correction, not a replay that begins again.
const backwards = time.Minute

// Working is an order at work with what matching remembers of it.
type Working struct {
	Order trade.Order
	// Active is how much of the order may still execute now; zero sleeps. It is
	// Order.Remaining for an order of its own, less for the exit of an entry
	// that has not filled whole.
	Active num.Decimal
	// Triggered is set once a stop has been reached; it is never unset.
	Triggered bool
	// TrailStop is where a trailing stop stands, zero before it has seen a price.
	TrailStop num.Decimal
	// Placed and Expires are on the venue clock; Expires is zero when no time
	// ends the order.
	Placed, Expires time.Time
}

// New puts an order to work now, all of it active.
func New(o trade.Order, cal *market.Calendar, now time.Time) Working {
	return Working{Order: o, Active: o.Remaining(), Placed: now, Expires: Expiry(&o, cal, now)}
}

// Execution is one fill: quantity in the instrument's units, price in its
// currency.
type Execution struct {
	Quantity, Price num.Decimal
}

// Result is what a step did.
type Result struct {
	// Fills are to be booked first; Active is lower by them, Order is untouched.
	Fills []Execution
	// End is the terminal status the order came to otherwise, empty when it
	// works on or has filled, and Reason why.
	End    trade.Status
	Reason string
	// Moved tells that Triggered or TrailStop changed.
	Moved bool
}

// Step shows an order the quote of its instrument once. Expiry comes before
// everything else, so a late look at an order cannot fill it after its time.
// The caller books the fills into w.Order and calls Step again with the next
// quote. l must belong to the instrument; Step updates it with q.
func Step(w *Working, q market.Quote, s Session, l *Liquidity) Result {
	o := &w.Order
	if reason := expired(w, s); reason != "" {
		return Result{End: trade.Expired, Reason: reason}
	}
	if w.Active.Sign() <= 0 {
		return Result{}
	}
	once := o.TIF == trade.IOC || o.TIF == trade.FOK
	if !s.Takes(o) || !usable(q, s) {
		if once {
			return Result{End: trade.Cancelled, Reason: string(o.TIF) + ": there was no market to fill against"}
		}
		return Result{}
	}
	l.Update(q)
	var r Result
	r.Moved = trigger(w, q)
	if price, ok := payable(w, q); ok {
		quantity := num.Min(w.Active, l.Available(o.Side))
		if o.TIF == trade.FOK && quantity.Less(w.Active) {
			quantity = num.Zero
		}
		if quantity.Sign() > 0 {
			l.take(o.Side, quantity, sized(o.Side, q))
			w.Active = w.Active.Sub(quantity)
			r.Fills = []Execution{{Quantity: quantity, Price: price}}
		}
	}
	if once && w.Active.Sign() > 0 {
		r.End = trade.Cancelled
		r.Reason = "ioc: the rest could not fill at once"
		if o.TIF == trade.FOK {
			r.Reason = "fok: not all of it could fill at once"
		}
	}
	return r
}

// expired says why time has ended the order, "" when it has not.
func expired(w *Working, s Session) string {
	switch {
	case !w.Expires.IsZero() && !s.Now.Before(w.Expires):
		return string(w.Order.TIF) + ": its time ended " + w.Expires.UTC().Format(time.RFC3339)
	case bound(w.Order.TIF) && s.Now.Before(w.Placed.Add(-backwards)):
		// A replay began again: the order's session will not come back.
		return string(w.Order.TIF) + ": the venue clock went back past its session"
	}
	return ""
}

// usable tells whether anything may trade on a quote now.
func usable(q market.Quote, s Session) bool {
	if q.Halted || !q.Feed.Tradable() || q.Time.After(s.Now) || s.Now.Sub(q.Time) > MaxQuoteAge {
		return false
	}
	// A crossed book is a feed's fault, not an offer.
	if q.Bid.Sign() > 0 && q.Ask.Sign() > 0 && q.Ask.Less(q.Bid) {
		return false
	}
	// In regular hours a quote from before the open says nothing.
	return s.State != market.Open || s.AlwaysOpen || !q.Time.Before(s.Opens)
}

func sized(side trade.Side, q market.Quote) bool {
	if side == trade.Buy {
		return q.AskSize.Sign() > 0
	}
	return q.BidSize.Sign() > 0
}

// payable gives the price the order would trade at and whether it takes it.
func payable(w *Working, q market.Quote) (num.Decimal, bool) {
	o := &w.Order
	price := q.Ask
	if o.Side == trade.Sell {
		price = q.Bid
	}
	if price.Sign() <= 0 {
		return price, false
	}
	switch o.Type {
	case trade.Market:
		return price, true
	case trade.Stop, trade.TrailingStop:
		return price, w.Triggered
	case trade.Limit, trade.StopLimit:
		if o.Type == trade.StopLimit && !w.Triggered {
			return price, false
		}
		if o.Side == trade.Buy {
			return price, price.Cmp(o.LimitPrice) <= 0
		}
		return price, price.Cmp(o.LimitPrice) >= 0
	}
	return price, false
}

// trigger moves a trailing stop and sets a stop off; it tells whether either
// changed. Stops look at the last trade, or without one at the side they would
// trade against.
func trigger(w *Working, q market.Quote) (moved bool) {
	o := &w.Order
	if w.Triggered || o.Type == trade.Market || o.Type == trade.Limit {
		return false
	}
	at := q.Last
	if at.Sign() <= 0 {
		if at = q.Ask; o.Side == trade.Sell {
			at = q.Bid
		}
	}
	if at.Sign() <= 0 {
		return false
	}
	stop := o.StopPrice
	if o.Type == trade.TrailingStop {
		moved = trail(w, at)
		stop = w.TrailStop
	}
	if o.Side == trade.Buy && at.Cmp(stop) >= 0 || o.Side == trade.Sell && at.Cmp(stop) <= 0 {
		w.Triggered, moved = true, true
	}
	return moved
}

// trail follows the market with a trailing stop: up only for a sell, down only
// for a buy.
func trail(w *Working, at num.Decimal) bool {
	o := &w.Order
	distance := o.TrailAmount
	if distance.Sign() <= 0 {
		distance = at.Mul(o.TrailPercent).Quo(num.FromInt(100))
	}
	stop := at.Add(distance)
	if o.Side == trade.Sell {
		stop = at.Sub(distance)
	}
	better := w.TrailStop.IsZero() || o.Side == trade.Sell && w.TrailStop.Less(stop) || o.Side == trade.Buy && stop.Less(w.TrailStop)
	if better {
		w.TrailStop = stop
	}
	return better
}
