package order

import (
	"fmt"
	"strings"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// summarise writes what a person reads before saying yes.
func (d *Desk) summarise(t *Ticket) {
	var b strings.Builder
	env := string(t.Environment)
	if len(t.Legs) > 1 {
		fmt.Fprintf(&b, "%s of %d orders, account %s (%s):\n", strings.ToUpper(string(t.Kind)), len(t.Legs), t.Account, env)
	}
	for _, l := range t.Legs {
		b.WriteString(Describe(l.Order))
		if l.Unit != trade.Shares && l.Unit != "" && l.Order.ParentID == "" {
			fmt.Fprintf(&b, " (asked: %s %s)", l.Asked, l.Unit)
		}
		if len(t.Legs) == 1 {
			fmt.Fprintf(&b, ", account %s (%s)", t.Account, env)
		}
		fmt.Fprintf(&b, ". About %s %s", l.Notional.Rescale(2), t.Totals.Currency)
		if counts(l.Order) {
			fmt.Fprintf(&b, ", fee %s, %s%% of equity", l.Fee.Rescale(2), l.EquityShare.Mul(num.FromInt(100)).Rescale(2))
		}
		b.WriteString(".\n")
	}
	if len(t.Legs) > 1 {
		fmt.Fprintf(&b, "Total about %s %s, fees %s.\n", t.Totals.Notional.Rescale(2), t.Totals.Currency, t.Totals.Fee.Rescale(2))
	}
	fmt.Fprintf(&b, "Buying power afterwards %s %s. Expires %s.", t.Totals.BuyingPowerAfter.Rescale(2), t.Totals.Currency, t.Expires.Format(time.RFC3339))
	t.Summary = b.String()
}

// Describe tells an order in one phrase: "BUY 10 AAPL limit 187.20 day".
func Describe(o trade.Order) string {
	s := fmt.Sprintf("%s %s %s", strings.ToUpper(string(o.Side)), o.Quantity.Normalize(), o.Symbol)
	switch o.Type { // the others are told by their prices
	case trade.Market:
		s += " market"
	case trade.TrailingStop:
		s += " trailing stop"
	}
	if o.StopPrice.Sign() > 0 {
		s += " stop " + o.StopPrice.String()
	}
	if o.LimitPrice.Sign() > 0 {
		s += " limit " + o.LimitPrice.String()
	}
	if o.TrailAmount.Sign() > 0 {
		s += " by " + o.TrailAmount.String()
	}
	if o.TrailPercent.Sign() > 0 {
		s += " by " + o.TrailPercent.String() + "%"
	}
	s += " " + string(o.TIF)
	if o.TIF == trade.GTD {
		s += " until " + o.GoodTill.Format(time.RFC3339)
	}
	switch o.Role {
	case trade.TakeProfit, trade.StopLoss:
		s += " (" + strings.ReplaceAll(string(o.Role), "_", " ") + ")"
	}
	return s
}
