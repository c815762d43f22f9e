package orders

import (
	"context"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// orderRow is an order as callers see it.
type orderRow struct {
	OrderID      string          `json:"order_id" jsonschema:"Use it to read, replace or cancel."`
	Account      string          `json:"account" jsonschema:"Its account."`
	Symbol       string          `json:"symbol" jsonschema:"The instrument."`
	Side         trade.Side      `json:"side" jsonschema:"buy or sell."`
	Type         trade.OrderType `json:"type" jsonschema:"How it is priced."`
	TIF          trade.TIF       `json:"time_in_force" jsonschema:"How long it works."`
	Quantity     num.Decimal     `json:"quantity" jsonschema:"Total."`
	Filled       num.Decimal     `json:"filled" jsonschema:"Executed."`
	Remaining    num.Decimal     `json:"remaining" jsonschema:"Not yet executed."`
	LimitPrice   num.Decimal     `json:"limit_price,omitzero" jsonschema:"Its limit."`
	StopPrice    num.Decimal     `json:"stop_price,omitzero" jsonschema:"Its stop."`
	TrailAmount  num.Decimal     `json:"trail_amount,omitzero" jsonschema:"Its trail in price."`
	TrailPercent num.Decimal     `json:"trail_percent,omitzero" jsonschema:"Its trail in percent."`
	GoodTill     time.Time       `json:"good_till,omitzero" jsonschema:"End of gtd."`
	Status       trade.Status    `json:"status" jsonschema:"Where it stands; filled, cancelled, rejected and expired are final; unknown: the broker's answer was lost."`
	AvgPrice     num.Decimal     `json:"avg_price,omitzero" jsonschema:"Average price of what filled."`
	Fees         num.Decimal     `json:"fees,omitzero" jsonschema:"Fees so far."`
	Role         trade.Role      `json:"role,omitempty" jsonschema:"Its part in a bracket, oco or oto."`
	ParentID     string          `json:"parent_id,omitempty" jsonschema:"The entry that activates it."`
	Revision     int             `json:"revision,omitempty" jsonschema:"Replacements accepted."`
	Reason       string          `json:"reason,omitempty" jsonschema:"Why it ended or changed."`
	VenueOrderID string          `json:"venue_order_id,omitempty" jsonschema:"The venue's own id."`
	VenueCode    string          `json:"venue_code,omitempty" jsonschema:"The venue's refusal code."`
	VenueText    string          `json:"venue_text,omitempty" jsonschema:"The venue's own words."`
	Created      time.Time       `json:"created_at" jsonschema:"When it was proposed."`
	Updated      time.Time       `json:"updated_at" jsonschema:"Latest change."`
}

func rowOf(o trade.Order) orderRow {
	role := o.Role
	if role == trade.Single {
		role = ""
	}
	return orderRow{
		o.ID, o.Account, o.Symbol, o.Side, o.Type, o.TIF, o.Quantity.Normalize(), o.Filled.Normalize(), o.Remaining().Normalize(), o.LimitPrice, o.StopPrice,
		o.TrailAmount, o.TrailPercent, o.GoodTill, o.Status, o.AvgPrice.Round(6).Normalize(), o.Fees, role, o.ParentID, o.Revision, o.Reason,
		o.VenueID, o.VenueCode, o.VenueText, o.Created.UTC(), o.Updated.UTC(),
	}
}

func rowsOf(list []trade.Order) []orderRow {
	out := make([]orderRow, len(list))
	for i, o := range list {
		out[i] = rowOf(o)
	}
	return out
}

// legRow is one order of a ticket, with its quantity in every unit.
type legRow struct {
	OrderID       string          `json:"order_id" jsonschema:"The id it will have."`
	Symbol        string          `json:"symbol" jsonschema:"The instrument."`
	Side          trade.Side      `json:"side" jsonschema:"buy or sell."`
	Type          trade.OrderType `json:"type" jsonschema:"How it is priced."`
	TIF           trade.TIF       `json:"time_in_force" jsonschema:"How long it works."`
	Quantity      num.Decimal     `json:"quantity" jsonschema:"In shares or units."`
	AskedQuantity num.Decimal     `json:"asked_quantity" jsonschema:"As asked."`
	AskedUnit     trade.Unit      `json:"asked_unit" jsonschema:"The unit it was asked in."`
	LimitPrice    num.Decimal     `json:"limit_price,omitzero" jsonschema:"Its limit."`
	StopPrice     num.Decimal     `json:"stop_price,omitzero" jsonschema:"Its stop."`
	Role          trade.Role      `json:"role,omitempty" jsonschema:"Its part in a bracket, oco or oto."`
	Price         num.Decimal     `json:"price" jsonschema:"Price it is reckoned at."`
	Notional      num.Decimal     `json:"notional" jsonschema:"In the account's currency."`
	PercentEquity num.Decimal     `json:"percent_equity" jsonschema:"Notional in percent of equity."`
	Fee           num.Decimal     `json:"fee" jsonschema:"Estimated."`
	InitialMargin num.Decimal     `json:"initial_margin" jsonschema:"Estimated change."`
}

// Ticket is a pending trade as callers see it.
type Ticket struct {
	ConfirmationID   string      `json:"confirmation_id" jsonschema:"Pass it to confirm_trade."`
	Status           string      `json:"status" jsonschema:"pending_confirmation, or what became of it."`
	Summary          string      `json:"summary" jsonschema:"What will be sent: show it to the person."`
	Kind             order.Kind  `json:"kind" jsonschema:"single, bracket, oco, oto, basket or replace."`
	Approver         string      `json:"approver" jsonschema:"model: confirm_trade; operator: a person on the machine."`
	ExpiresAt        time.Time   `json:"expires_at" jsonschema:"After that it cannot be confirmed."`
	Orders           []legRow    `json:"orders" jsonschema:"The exact orders."`
	Notional         num.Decimal `json:"notional" jsonschema:"Total."`
	Fee              num.Decimal `json:"fee" jsonschema:"Total, estimated."`
	PercentEquity    num.Decimal `json:"percent_equity" jsonschema:"Total in percent of equity."`
	InitialMargin    num.Decimal `json:"initial_margin" jsonschema:"Total change, estimated."`
	BuyingPowerAfter num.Decimal `json:"buying_power_after" jsonschema:"Left afterwards."`
	Currency         string      `json:"currency" jsonschema:"Currency of amounts."`
	ClientRef        string      `json:"client_ref,omitempty" jsonschema:"Yours."`
	Digest           string      `json:"digest" jsonschema:"Digest of the exact orders."`
	Warnings         []string    `json:"warnings,omitempty" jsonschema:"What to know first."`
	Next             string      `json:"next" jsonschema:"What to do next."`
	tool.Provenance
}

var hundred = num.FromInt(100)

// TicketOf gives a ticket as callers see it.
func TicketOf(ctx context.Context, c *tool.Call, t order.Ticket) Ticket {
	out := Ticket{
		ConfirmationID: t.ID, Status: string(t.State), Summary: t.Summary, Kind: t.Kind, Approver: t.Approver, ExpiresAt: t.Expires.UTC(),
		Orders: []legRow{}, Notional: t.Totals.Notional.Rescale(2), Fee: t.Totals.Fee.Rescale(2), PercentEquity: t.Totals.EquityShare.Mul(hundred).Rescale(2),
		InitialMargin: t.Totals.InitialMargin.Rescale(2), BuyingPowerAfter: t.Totals.BuyingPowerAfter.Rescale(2), Currency: t.Totals.Currency,
		ClientRef: t.ClientRef, Digest: t.Digest, Warnings: t.Warnings,
	}
	switch {
	case t.State != order.Pending:
		out.Next = "It is " + string(t.State) + "; get_orders shows its orders, if it has any."
	case t.Approver == "operator":
		out.Status = string(trade.PendingConfirmation)
		out.Next = "This account is live: ask the operator to run: quantdesk approve " + t.ID
	default:
		out.Status = string(trade.PendingConfirmation)
		out.Next = "Nothing was sent. Show the summary to the person, then call confirm_trade with confirmation_id, or discard_trade."
	}
	oldest, kind := c.Deps.Feed.Now(), c.Deps.Feed.Kind()
	for _, l := range t.Legs {
		o := l.Order
		role := o.Role
		if role == trade.Single {
			role = ""
		}
		out.Orders = append(out.Orders, legRow{
			o.ID, o.Symbol, o.Side, o.Type, o.TIF, o.Quantity.Normalize(), l.Asked, l.Unit, o.LimitPrice, o.StopPrice, role, l.Price, l.Notional.Rescale(2),
			l.EquityShare.Mul(hundred).Rescale(2), l.Fee.Rescale(2), l.InitialMargin.Rescale(2),
		})
		if q, err := c.Deps.Feed.Quote(ctx, o.Symbol); err == nil && q.Time.Before(oldest) {
			oldest, kind = q.Time, q.Feed
		}
	}
	out.Provenance = c.Priced(oldest, kind)
	out.Account, out.Environment = t.Account, t.Environment
	return out
}

// told is the provenance of a reply about orders of one account.
func told(ctx context.Context, c *tool.Call, account string) (tool.Provenance, error) {
	a, err := c.Deps.Desk.AccountFor(ctx, c.Asker(), account)
	if err != nil {
		return tool.Provenance{}, err
	}
	p := c.Priced(c.Deps.Feed.Now(), c.Deps.Feed.Kind())
	p.Account, p.Environment = a.ID, a.Environment
	return p, nil
}

// toldOf is the provenance of a reply about orders of one account or, without
// one, of all the caller's: of the realest money among them.
func toldOf(ctx context.Context, c *tool.Call, account string) (tool.Provenance, error) {
	if account != "" {
		return told(ctx, c, account)
	}
	own, err := c.Deps.Desk.AccountsOf(ctx, c.Asker())
	if err != nil {
		return tool.Provenance{}, err
	}
	p := c.Priced(c.Deps.Feed.Now(), c.Deps.Feed.Kind())
	for _, a := range own {
		if a.Environment == trade.Live || a.Environment == trade.Paper && p.Environment == trade.Simulated {
			p.Environment = a.Environment
		}
	}
	return p, nil
}
