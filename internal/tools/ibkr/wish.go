package ibkr

import (
	"context"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/tools/orders"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
)

// termsIn is an order in IBKR's own words, without its contract.
type termsIn struct {
	Action     string      `json:"action,omitempty" jsonschema:"BUY or SELL."`
	Quantity   num.Decimal `json:"quantity,omitzero" jsonschema:"Above zero."`
	Type       string      `json:"orderType,omitempty" jsonschema:"MKT, LMT, STP, STP LMT, TRAIL, MOC, LOC." default:"MKT"`
	LimitPrice num.Decimal `json:"limitPrice,omitzero" jsonschema:"The limit."`
	AuxPrice   num.Decimal `json:"auxPrice,omitzero" jsonschema:"The stop, or amount of TRAIL."`
	Percent    num.Decimal `json:"trailingPercent,omitzero" jsonschema:"For TRAIL."`
	TIF        string      `json:"tif,omitempty" jsonschema:"DAY, GTC, GTD, IOC, FOK, OPG." default:"DAY"`
	GoodTill   string      `json:"goodTillDate,omitempty" jsonschema:"RFC 3339, for GTD."`
	Outside    bool        `json:"outsideRth,omitempty" jsonschema:"All hours."`
	Transmit   *bool       `json:"transmit,omitempty" jsonschema:"false: estimate." default:"true"`
}

// termNames are other names of an order's fields.
var termNames = map[string]string{
	"total_quantity": "quantity", "qty": "quantity", "lmt_price": "limitPrice", "side": "action", "order_type": "orderType", "type": "orderType",
	"stop_price": "auxPrice", "time_in_force": "tif", "good_till": "goodTillDate", "outside_rth": "outsideRth",
}

// orderTypes are the desk's kinds of order by TWS's names and its own.
var orderTypes = map[string]trade.OrderType{
	"MKT": trade.Market, "MARKET": trade.Market, "LMT": trade.Limit, "LIMIT": trade.Limit, "STP": trade.Stop, "STOP": trade.Stop,
	"STPLMT": trade.StopLimit, "STOPLIMIT": trade.StopLimit, "TRAIL": trade.TrailingStop, "TRAILINGSTOP": trade.TrailingStop, "MOC": trade.Market, "LOC": trade.Limit,
}

// wish is the order as the desk takes it, of the desk's symbol.
func (t termsIn) wish(symbol string) (order.Wish, error) {
	const op = "ibkr.order"
	refuse := func(argument, hint, format string, args ...any) (order.Wish, error) {
		return order.Wish{}, fault.E(op, fault.Invalid, format, args...).With("argument", argument).Hinted("%s", hint)
	}
	w := order.Wish{Intent: trade.Intent{Symbol: symbol, Quantity: t.Quantity, Unit: trade.Shares, LimitPrice: t.LimitPrice, Extended: t.Outside}, Class: order.Simple}
	switch strings.ToUpper(strings.TrimSpace(t.Action)) {
	case "BUY", "BOT":
		w.Side = trade.Buy
	case "SELL", "SLD", "SSHORT":
		w.Side = trade.Sell
	default:
		return refuse("action", "Use BUY or SELL.", "action must be BUY or SELL, not %q", tool.Echo(t.Action))
	}
	if t.Quantity.Sign() <= 0 {
		return refuse("quantity", "Give a quantity above zero; SELL sells.", "quantity must be above zero, not %s", t.Quantity)
	}
	name := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(upper(t.Type, "MKT"))
	typ, ok := orderTypes[name]
	if !ok {
		return refuse("orderType", "Use MKT, LMT, STP, STP LMT, TRAIL, MOC or LOC.", "orderType %q is not taken", tool.Echo(t.Type))
	}
	w.Type = typ
	w.TIF = trade.TIF(strings.ToLower(or(t.TIF, "DAY")))
	known := false
	for _, v := range trade.TIF("").Values() {
		known = known || v == string(w.TIF)
	}
	if !known {
		return refuse("tif", "Use DAY, GTC, GTD, IOC, FOK or OPG.", "tif %q is not taken", tool.Echo(t.TIF))
	}
	if name == "MOC" || name == "LOC" {
		w.TIF = trade.CLS
	}
	switch typ {
	case trade.Stop:
		// The stop of a STP is its auxPrice; many a program sends it as its limit.
		if w.StopPrice, w.LimitPrice = t.AuxPrice, num.Zero; w.StopPrice.IsZero() {
			w.StopPrice = t.LimitPrice
		}
	case trade.StopLimit:
		w.StopPrice = t.AuxPrice
	case trade.TrailingStop:
		w.TrailAmount, w.TrailPercent = t.AuxPrice, t.Percent
	}
	if t.GoodTill != "" {
		at, err := time.Parse(time.RFC3339, t.GoodTill)
		if err != nil || at.UTC().Year() > 9998 {
			return refuse("goodTillDate", "Write it as 2026-01-31T21:00:00Z.", "goodTillDate %q is not an RFC 3339 time", tool.Echo(t.GoodTill))
		}
		w.GoodTill = at.UTC()
	}
	return w, nil
}

// terms are the order for a what-if or for a person at TWS.
func terms(account string, w order.Wish) tws.Order {
	set := func(d num.Decimal) tws.OptNum {
		if d.IsZero() {
			return tws.OptNum{}
		}
		return tws.Num(d)
	}
	t := tws.Order{
		Action: strings.ToUpper(string(w.Side)), TotalQuantity: w.Quantity, OrderType: words[w.Type], LimitPrice: set(w.LimitPrice), AuxPrice: set(w.StopPrice),
		TIF: strings.ToUpper(string(w.TIF)), Account: account, OutsideRTH: w.Extended, ExemptCode: -1,
	}
	if w.TIF == trade.CLS {
		t.OrderType, t.TIF = map[trade.OrderType]string{trade.Market: "MOC", trade.Limit: "LOC"}[w.Type], "DAY"
	}
	if w.Type == trade.TrailingStop {
		t.AuxPrice, t.TrailingPercent = set(w.TrailAmount), set(w.TrailPercent)
	}
	if !w.GoodTill.IsZero() {
		t.GoodTillDate = w.GoodTill.Format("20060102-15:04:05")
	}
	return t
}

// words are TWS's names of the kinds of order.
var words = map[trade.OrderType]string{trade.Market: "MKT", trade.Limit: "LMT", trade.Stop: "STP", trade.StopLimit: "STP LMT", trade.TrailingStop: "TRAIL"}

// statuses are TWS's words for how an order stands.
var statuses = map[trade.Status]string{
	trade.PendingConfirmation: "PendingConfirmation", trade.Submitted: "PendingSubmit", trade.Working: "Submitted", trade.PartiallyFilled: "Submitted", trade.PendingReplace: "Submitted",
	trade.PendingCancel: "PendingCancel", trade.Unknown: "Unknown", trade.Filled: "Filled", trade.Cancelled: "Cancelled", trade.Rejected: "Inactive", trade.Expired: "Cancelled",
}

// estimate is what TWS reckons an order would do.
type estimate struct {
	InitMarginChange  *num.Decimal `json:"initMarginChange,omitempty" jsonschema:"Change of the initial margin."`
	InitMarginAfter   *num.Decimal `json:"initMarginAfter,omitempty" jsonschema:"Afterwards."`
	MaintMarginChange *num.Decimal `json:"maintMarginChange,omitempty" jsonschema:"Change of the maintenance margin."`
	MaintMarginAfter  *num.Decimal `json:"maintMarginAfter,omitempty" jsonschema:"Afterwards."`
	EquityChange      *num.Decimal `json:"equityWithLoanChange,omitempty" jsonschema:"Change of the equity."`
	EquityAfter       *num.Decimal `json:"equityWithLoanAfter,omitempty" jsonschema:"Afterwards."`
	Commission        *num.Decimal `json:"commission,omitempty" jsonschema:"What it would cost."`
	MinCommission     *num.Decimal `json:"minCommission,omitempty" jsonschema:"At least."`
	MaxCommission     *num.Decimal `json:"maxCommission,omitempty" jsonschema:"At most."`
	Currency          string       `json:"commissionCurrency,omitempty" jsonschema:"Of the commission."`
	Warning           string       `json:"warningText,omitempty" jsonschema:"TWS's own words."`
}

// placedOut is an order of IBKR on its way: pending, estimated, staged or sent.
type placedOut struct {
	Status         string         `json:"status" jsonschema:"PendingConfirmation: nothing was sent yet; WhatIf: only estimated; Staged: left in TWS; else as TWS has it."`
	ConfirmationID string         `json:"confirmation_id,omitempty" jsonschema:"Pass it to confirm_trade."`
	OrderID        int64          `json:"orderId,omitempty" jsonschema:"TWS's number, once it was sent."`
	ID             string         `json:"order_id,omitempty" jsonschema:"The desk's id, once it was sent."`
	Symbol         string         `json:"symbol" jsonschema:"What."`
	Contract       contractRow    `json:"contract" jsonschema:"The contract."`
	Action         string         `json:"action" jsonschema:"BUY or SELL."`
	Quantity       num.Decimal    `json:"quantity" jsonschema:"How much."`
	Type           string         `json:"orderType" jsonschema:"TWS's word."`
	Filled         num.Decimal    `json:"filled,omitzero" jsonschema:"Executed."`
	AvgFillPrice   num.Decimal    `json:"avgFillPrice,omitzero" jsonschema:"Of what filled."`
	Parent         int64          `json:"parentOrderId,omitempty" jsonschema:"Of a bracket that was sent."`
	TakeProfit     int64          `json:"takeProfitOrderId,omitempty" jsonschema:"Of a bracket that was sent."`
	StopLoss       int64          `json:"stopLossOrderId,omitempty" jsonschema:"Of a bracket that was sent."`
	Summary        string         `json:"summary,omitempty" jsonschema:"What will be sent: show it to the person."`
	Ticket         *orders.Ticket `json:"ticket,omitempty" jsonschema:"The pending trade, as create_order has it."`
	Estimate       *estimate      `json:"estimate,omitempty" jsonschema:"With transmit false."`
	Reason         string         `json:"reason,omitempty" jsonschema:"Why it was refused."`
	Next           string         `json:"next" jsonschema:"What to do next."`
	tool.Provenance
}

// placing is one order on its way to the desk.
type placing struct {
	account  order.Account
	contract tws.Contract
	wish     order.Wish
	ref      string
}

func (p placing) out() placedOut {
	return placedOut{
		Symbol: p.wish.Symbol, Contract: rowOf(p.contract), Action: strings.ToUpper(string(p.wish.Side)), Quantity: p.wish.Quantity, Type: words[p.wish.Type], Provenance: told(p.account),
	}
}

// propose leaves a pending trade, or, for a program whose token may, sends it.
func (p placing) propose(ctx context.Context, c *tool.Call) (placedOut, error) {
	t, err := c.Deps.Desk.Propose(ctx, c.Asker(), order.Proposal{Account: p.account.ID, ClientRef: p.ref, Wishes: []order.Wish{p.wish}})
	if err != nil {
		return placedOut{}, err
	}
	return settle(ctx, c, t, p.out())
}
