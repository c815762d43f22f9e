package order

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Kind is the shape of a ticket.
type Kind string

// The kinds of ticket. A bracket is an entry with take profit and stop loss; an
// oto an entry with one of the two; an oco two exits of which one cancels the
// other; a basket many orders under one confirmation.
const (
	KindSingle  Kind = "single"
	KindBracket Kind = "bracket"
	KindOCO     Kind = "oco"
	KindOTO     Kind = "oto"
	KindBasket  Kind = "basket"
	KindReplace Kind = "replace"
)

// Class is the shape of one wish within a proposal.
type Class string

// The classes of a wish.
const (
	Simple  Class = "simple"
	Bracket Class = "bracket"
	OCO     Class = "oco"
	OTO     Class = "oto"
)

// Values lists the classes.
func (Class) Values() []string { return []string{"simple", "bracket", "oco", "oto"} }

// Wish is one intent, with the exits attached to it.
type Wish struct {
	trade.Intent
	Class Class `json:"class,omitempty"`
	// TakeProfit is the limit price of the profit exit, StopLoss the stop price
	// of the loss exit, StopLossLimit turns that into a stop-limit.
	TakeProfit    num.Decimal `json:"take_profit_price,omitzero"`
	StopLoss      num.Decimal `json:"stop_loss_price,omitzero"`
	StopLossLimit num.Decimal `json:"stop_loss_limit_price,omitzero"`
}

// Proposal is what a caller wants turned into one ticket.
type Proposal struct {
	Account string `json:"account"`
	// ClientRef makes a repeated proposal the same ticket.
	ClientRef string `json:"client_ref,omitempty"`
	Wishes    []Wish `json:"wishes"`
}

// digest is the identity of what was asked, for repeated client references.
func (p Proposal) digest() string {
	raw, _ := json.Marshal(p) // plain data: cannot fail
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// State is where a ticket stands.
type State string

// The states of a ticket. Confirmed tickets live on in their orders.
const (
	Pending   State = "pending"
	Confirmed State = "confirmed"
	Discarded State = "discarded"
	Expired   State = "expired"
)

// Leg is one order of a ticket with what it is reckoned to cost.
type Leg struct {
	Order trade.Order `json:"order"`
	// Asked and Unit are the quantity as the caller gave it.
	Asked num.Decimal `json:"asked_quantity"`
	Unit  trade.Unit  `json:"asked_unit"`
	// Price is what the leg is reckoned at; Notional, Fee, InitialMargin are in
	// the account's currency, EquityShare a fraction.
	Price         num.Decimal `json:"price"`
	Notional      num.Decimal `json:"notional"`
	Fee           num.Decimal `json:"fee"`
	InitialMargin num.Decimal `json:"initial_margin"`
	EquityShare   num.Decimal `json:"equity_share"`
	// PowerUsed is what the leg takes off the account's buying power; below zero
	// it frees some.
	PowerUsed num.Decimal `json:"power_used"`
}

// Totals sums the legs that count: children of a bracket close what their
// parent opens and add nothing.
type Totals struct {
	Notional         num.Decimal `json:"notional"`
	Fee              num.Decimal `json:"fee"`
	InitialMargin    num.Decimal `json:"initial_margin"`
	EquityShare      num.Decimal `json:"equity_share"`
	BuyingPowerAfter num.Decimal `json:"buying_power_after"`
	Currency         string      `json:"currency"`
}

// Ticket is a checked, priced proposal that waits for its one confirmation.
type Ticket struct {
	// ID is the confirmation id: random, bound to User, Account and Digest.
	ID          string            `json:"confirmation_id"`
	User        string            `json:"user"`
	Account     string            `json:"account"`
	Environment trade.Environment `json:"environment"`
	Kind        Kind              `json:"kind"`
	ClientRef   string            `json:"client_ref,omitempty"`
	// Asked is the digest of the proposal, Digest that of the exact orders.
	Asked    string   `json:"asked"`
	Digest   string   `json:"digest"`
	Summary  string   `json:"summary"`
	Warnings []string `json:"warnings,omitempty"`
	Legs     []Leg    `json:"legs"`
	Totals   Totals   `json:"totals"`
	// Approver is who must confirm: "model" by confirm_trade, "operator" by a
	// person on the machine.
	Approver string    `json:"approver"`
	State    State     `json:"state"`
	Created  time.Time `json:"created_at"`
	Expires  time.Time `json:"expires_at"`
	Trace    string    `json:"trace_id"`
}

// TicketLife is how long a pending ticket can be confirmed, on the wall clock.
const TicketLife = 2 * time.Minute

// newTicketID begins with the time, so that what is journaled together stands
// together on disk, and goes on with 75 random bits.
func newTicketID(now time.Time) string {
	return fmt.Sprintf("%09s", strconv.FormatInt(now.UnixMilli(), 32)) + strings.ToLower(rand.Text()[:15])
}

// orderID is the client order id of a leg: the venue is told it, and a second
// one like it is the same order.
func orderID(ticket string, leg int) string { return fmt.Sprintf("%s-%d", ticket, leg+1) }

// seal computes the digest over account, user and the exact orders. Prices go in
// without trailing zeros: a stored 0.00 is left out and read as 0.
func (t *Ticket) seal() {
	h := sha256.New()
	enc := json.NewEncoder(h)
	_ = enc.Encode([]any{t.ID, t.User, t.Account, t.Kind}) // writes to a hash: cannot fail
	for _, l := range t.Legs {
		o := l.Order
		_ = enc.Encode([]any{
			o.ID, o.Role, o.Revision, o.Symbol, o.Side, o.Type, o.TIF, o.Quantity, o.LimitPrice.Normalize(), o.StopPrice.Normalize(),
			o.TrailAmount.Normalize(), o.TrailPercent.Normalize(), o.GoodTill.UnixNano(), o.Extended, o.ParentID, o.Group,
		})
	}
	t.Digest = hex.EncodeToString(h.Sum(nil))
}

// intact tells whether the ticket still is what was sealed.
func (t *Ticket) intact() bool {
	sealed := t.Digest
	c := *t
	c.seal()
	return c.Digest == sealed
}

// Orders lists the legs' orders.
func (t *Ticket) Orders() []trade.Order {
	out := make([]trade.Order, len(t.Legs))
	for i, l := range t.Legs {
		out[i] = l.Order
	}
	return out
}
