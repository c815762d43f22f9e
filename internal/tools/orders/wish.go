// Package orders holds the tools that lead to orders and end them.
package orders

import (
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// wishIn is one order as a caller asks for it; create_order and create_basket
// share it.
type wishIn struct {
	Symbol       string          `json:"symbol" jsonschema:"The instrument; at IBKR a conId or an option's symbol too."`
	Side         trade.Side      `json:"side" jsonschema:"buy or sell; selling more than held goes short."`
	Quantity     num.Decimal     `json:"quantity" jsonschema:"Above zero, counted in unit."`
	Unit         trade.Unit      `json:"unit,omitempty" jsonschema:"What quantity counts; percent_equity 5 is 5%." default:"shares"`
	Type         trade.OrderType `json:"type,omitempty" jsonschema:"How it is priced." default:"market"`
	TIF          trade.TIF       `json:"time_in_force,omitempty" jsonschema:"How long it works; opg and cls are the auctions." default:"day"`
	LimitPrice   num.Decimal     `json:"limit_price,omitzero" jsonschema:"For limit and stop_limit."`
	StopPrice    num.Decimal     `json:"stop_price,omitzero" jsonschema:"For stop and stop_limit."`
	TrailAmount  num.Decimal     `json:"trail_amount,omitzero" jsonschema:"For trailing_stop, in price."`
	TrailPercent num.Decimal     `json:"trail_percent,omitzero" jsonschema:"For trailing_stop, in percent."`
	GoodTill     string          `json:"good_till,omitempty" jsonschema:"RFC 3339 end of gtd."`
	Extended     bool            `json:"extended_hours,omitempty" jsonschema:"Limit orders only."`
	Class        order.Class     `json:"order_class,omitempty" jsonschema:"bracket: entry and both exits; oto: entry and one exit; oco: two exits of a position."`
	TakeProfit   num.Decimal     `json:"take_profit_price,omitzero" jsonschema:"Limit of the profit exit."`
	StopLoss     num.Decimal     `json:"stop_loss_price,omitzero" jsonschema:"Stop of the loss exit."`
	StopLimit    num.Decimal     `json:"stop_loss_limit_price,omitzero" jsonschema:"Makes it a stop-limit."`
}

var wishAliases = map[string]string{
	"account_id": "account", "ticker": "symbol", "qty": "quantity", "order_type": "type", "tif": "time_in_force", "outside_rth": "extended_hours",
	"client_order_id": "client_ref", "action": "side", "con_id": "symbol", "total_quantity": "quantity", "lmt_price": "limit_price", "aux_price": "stop_price",
}

// wishWords are TWS's words for kinds of order.
var wishWords = map[string]string{"mkt": "market", "lmt": "limit", "stp": "stop", "stp_lmt": "stop_limit", "trail": "trailing_stop"}

func (w wishIn) wish() (order.Wish, error) {
	out := order.Wish{
		Intent: trade.Intent{
			Symbol: strings.TrimSpace(w.Symbol), Side: w.Side, Quantity: w.Quantity, Unit: w.Unit, Type: w.Type, TIF: w.TIF,
			LimitPrice: w.LimitPrice, StopPrice: w.StopPrice, TrailAmount: w.TrailAmount, TrailPercent: w.TrailPercent, Extended: w.Extended,
		},
		Class: w.Class, TakeProfit: w.TakeProfit, StopLoss: w.StopLoss, StopLossLimit: w.StopLimit,
	}
	if out.Unit == "" {
		out.Unit = trade.Shares
	}
	if out.Type == "" {
		out.Type = trade.Market
	}
	if out.TIF == "" {
		out.TIF = trade.Day
	}
	if w.GoodTill != "" {
		t, err := time.Parse(time.RFC3339, w.GoodTill)
		if err != nil || t.UTC().Year() > 9998 { // a year more is none in JSON
			return out, fault.E("orders.wish", fault.Invalid, "good_till %q is not an RFC 3339 time", w.GoodTill).With("argument", "good_till").
				Hinted("Write it as 2026-01-31T21:00:00Z.")
		}
		out.GoodTill = t.UTC()
	}
	return out, nil
}
