package ibkr

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/tools/orders"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

var trades = []string{identity.BrokerTrade}

// Place proposes an order in IBKR's words.
var Place = tool.Define(tool.Spec{
	Name: "ibkr_place_order", Title: "Propose an order at IBKR", Toolset: toolset, Scopes: trades, Effect: tool.Trade, OpenWorld: true,
	Description: "Check and price an order in TWS's words; nothing is sent until confirm_trade. transmit false only estimates; with stage it waits in TWS for a person's click.",
	Aliases:     more(termNames),
}, placeOrder)

type placeIn struct {
	contractIn
	termsIn
	Order map[string]json.RawMessage `json:"order,omitempty" jsonschema:"The same fields, nested."`
	Stage bool                       `json:"stage,omitempty" jsonschema:"With transmit false: leave it in TWS."`
	Ref   string                     `json:"client_ref,omitempty" jsonschema:"Your id: repeats give the same ticket."`
	accountIn
}

func placeOrder(ctx context.Context, c *tool.Call, in placeIn) (placedOut, error) {
	const op = "ibkr_place_order"
	t, err := in.terms()
	if err != nil {
		return placedOut{}, err
	}
	transmit := t.Transmit == nil || *t.Transmit
	if in.Stage && transmit {
		return placedOut{}, fault.E(op, fault.Invalid, "stage needs transmit false").With("argument", "stage").Hinted("Leave stage out to propose the order here.")
	}
	p, err := prepare(ctx, c, in.Account, in.contractIn, t)
	if err != nil {
		return placedOut{}, err
	}
	p.ref = in.Ref
	switch {
	case transmit:
		return p.propose(ctx, c)
	case in.Stage:
		return p.stage(ctx, c)
	}
	return p.whatIf(ctx, c)
}

// terms are the order's, flat or nested.
func (in placeIn) terms() (termsIn, error) {
	const op = "ibkr_place_order"
	if in.Order == nil {
		return in.termsIn, nil
	}
	if in.termsIn != (termsIn{}) {
		return termsIn{}, fault.E(op, fault.Invalid, "the order is given twice").Hinted("Give order, or the flat fields, not both.").With("argument", "order")
	}
	known := map[string]string{}
	for _, name := range []string{"action", "quantity", "orderType", "limitPrice", "auxPrice", "trailingPercent", "tif", "goodTillDate", "outsideRth", "transmit"} {
		known[bare(name)] = name
	}
	for from, to := range termNames {
		known[bare(from)] = to
	}
	fields := map[string]json.RawMessage{}
	for key, v := range in.Order {
		name := known[bare(key)]
		if name == "" {
			return termsIn{}, fault.E(op, fault.Invalid, "there is no argument order.%s", tool.Echo(key)).With("argument", "order").
				Hinted("An order has action, totalQuantity, orderType, lmtPrice, auxPrice, trailingPercent, tif, goodTillDate, outsideRth, transmit.")
		}
		if _, twice := fields[name]; twice {
			return termsIn{}, fault.E(op, fault.Invalid, "order.%s is given twice", name).With("argument", "order").Hinted("Give one spelling.")
		}
		fields[name] = v
	}
	var t termsIn
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err == nil {
			err = json.Unmarshal(raw, &t)
		}
		if err != nil {
			return termsIn{}, fault.E(op, fault.Invalid, "order.%s is not as declared", name).With("argument", "order").Hinted("Prices and quantities are numbers, transmit and outsideRth true or false, the rest text.")
		}
	}
	if most := num.FromInt(1_000_000_000_000_000); slices.ContainsFunc([]num.Decimal{t.Quantity, t.LimitPrice, t.AuxPrice, t.Percent}, func(d num.Decimal) bool { return !d.Abs().Less(most) || d.Scale() > 15 }) {
		return termsIn{}, fault.E(op, fault.Invalid, "a number of the order is not within what a desk counts").With("argument", "order").Hinted("Use at most 15 digits before and after the point.")
	}
	return t, nil
}

// bare is a name without case and underscores.
func bare(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// prepare finds the account and the contract of an order.
func prepare(ctx context.Context, c *tool.Call, account string, k contractIn, t termsIn) (p placing, err error) {
	if p.account, err = accountOf(ctx, c, account); err != nil {
		return p, err
	}
	if _, err := t.wish(""); err != nil { // what is wrong is told before TWS is asked
		return p, err
	}
	var symbol string
	if p.contract, symbol, err = k.find(ctx, c, p.account.ID); err != nil {
		return p, err
	}
	p.wish, err = t.wish(symbol)
	return p, err
}

// settle tells of a pending trade, or sends it at once for a program whose token
// holds broker:trade:direct. That holds over REST only, never for an agent.
func settle(ctx context.Context, c *tool.Call, t order.Ticket, out placedOut) (placedOut, error) {
	if !c.Caller.Has(identity.BrokerTradeDirect) || c.Via != "rest" || t.Approver != "model" {
		row := orders.TicketOf(ctx, c, t)
		row.Provenance = out.Provenance
		out.Ticket, out.ConfirmationID, out.Summary, out.Next = &row, t.ID, t.Summary, row.Next
		out.Status = statuses[trade.PendingConfirmation]
		return out, nil
	}
	sent, t, err := c.Deps.Desk.Confirm(ctx, c.Asker(), t.ID)
	if err != nil {
		return placedOut{}, err
	}
	out.ConfirmationID, out.Summary = t.ID, t.Summary
	for i, o := range sent {
		number := c.Deps.IBKR.Number(o.Account, o.ID)
		if i == 0 {
			out.OrderID, out.ID, out.Status, out.Filled, out.AvgFillPrice, out.Reason = number, o.ID, statuses[o.Status], o.Filled, o.AvgPrice, o.Reason
			if o.VenueText != "" {
				out.Reason = o.VenueText
			}
		}
		switch o.Role {
		case trade.Parent:
			out.Parent = number
		case trade.TakeProfit:
			out.TakeProfit = number
		case trade.StopLoss:
			out.StopLoss = number
		}
	}
	out.Next = "It was sent. ibkr_get_order_status tells how it stands."
	return out, nil
}

// whatIf asks TWS what the order would do; nothing is placed.
func (p placing) whatIf(ctx context.Context, c *tool.Call) (placedOut, error) {
	tws, err := c.Deps.IBKR.Client(p.account.ID)
	if err != nil {
		return placedOut{}, err
	}
	w, err := tws.WhatIf(ctx, p.contract, terms(p.account.ID, p.wish))
	if err != nil {
		return placedOut{}, refused(err)
	}
	s := w.State
	out := p.out()
	out.Status, out.Next = "WhatIf", "Nothing was sent. Leave transmit out to propose the order, or add stage to leave it in TWS for a person."
	out.Estimate = &estimate{
		opt(s.InitMarginChange), opt(s.InitMarginAfter), opt(s.MaintMarginChange), opt(s.MaintMarginAfter), opt(s.EquityChange), opt(s.EquityAfter),
		opt(s.Commission), opt(s.MinCommission), opt(s.MaxCommission), s.CommissionCurrency, s.WarningText,
	}
	return out, nil
}

// refused is TWS's no to an order.
func refused(err error) error {
	var no *client.Error
	if errors.As(err, &no) && errors.Is(err, client.ErrRejected) {
		return fault.Wrap("ibkr.order", fault.RejectedByVenue, err, "TWS refuses the order: %s", no.Text).With("venue_code", no.Code).With("venue_text", no.Text).Hinted("Change the order: the words are those of TWS.")
	}
	return venue.Fault(err)
}

// stage leaves the order in TWS, where a person sends it. The desk's rules and
// the policy hold for it as for any other: it is proposed, and the pending trade
// given up for the person's own decision.
func (p placing) stage(ctx context.Context, c *tool.Call) (placedOut, error) {
	conn, err := c.Deps.IBKR.Client(p.account.ID)
	if err != nil {
		return placedOut{}, err
	}
	t, err := c.Deps.Desk.Propose(ctx, c.Asker(), order.Proposal{Account: p.account.ID, Wishes: []order.Wish{p.wish}})
	if err != nil {
		return placedOut{}, err
	}
	if _, err := c.Deps.Desk.Discard(ctx, c.Asker(), t.ID); err != nil {
		return placedOut{}, err
	}
	m := &tws.PlaceOrder{OrderID: conn.NextOrderID(), Contract: p.contract, Order: terms(p.account.ID, p.wish)}
	m.Order.Transmit = false
	if err := conn.Place(ctx, m); err != nil {
		return placedOut{}, venue.Fault(err)
	}
	out := p.out()
	out.Status, out.OrderID, out.Summary = "Staged", m.OrderID, t.Summary
	out.Next = "It waits in TWS: a person sends or deletes it there."
	return out, nil
}
