package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Broker is what the desk needs of a venue that takes orders. An adapter
// satisfies it and passes the brokertest suite.
//
// A venue keeps its own durable record: it knows orders by the client id the
// desk gave them, refuses a second one with the same id (answering the first
// instead), and can tell everything that ever happened to an account as a
// numbered stream of events.
type Broker interface {
	Trader
	Teller
	// Capabilities tells what the venue takes; it does no I/O.
	Capabilities() Capabilities
}

// Trader sends orders. A *VenueError is the venue's definite no; any other error
// means the answer was lost and the order may or may not be there.
type Trader interface {
	// Place sends one order. Placing an id the venue already has changes nothing
	// and answers as the first time.
	Place(ctx context.Context, o trade.Order) (Ack, error)
	// Replace changes a working order to the quantity (the new total), prices,
	// and revision in o. Replacing to a revision the venue has is a no-op.
	Replace(ctx context.Context, o trade.Order) (Ack, error)
	// Cancel asks for the end of an order. Cancelling an ended order is a
	// VenueError with code already_done.
	Cancel(ctx context.Context, account, orderID string) error
}

// Teller tells the state of an account as the venue sees it.
type Teller interface {
	Balances(ctx context.Context, account string) (trade.Balances, error)
	Positions(ctx context.Context, account string) ([]trade.Position, error)
	// Estimate tells what an order would cost, without placing it.
	Estimate(ctx context.Context, o trade.Order) (Cost, error)
	// Book gives every order of the account the venue knows by client id, ended
	// ones included, and says whether that list is complete since the time, which
	// is on the wall clock.
	Book(ctx context.Context, account string, since time.Time) (Book, error)
	// Events calls sink with everything after the cursor in order, in batches,
	// and goes on as it happens until ctx ends or sink fails. A batch that sink
	// took without error is never sent again.
	Events(ctx context.Context, account string, after int64, sink func([]Event) error) error
}

// Ack is a venue's yes.
type Ack struct {
	VenueID string
	Status  trade.Status
}

// Cost is what an order would do to its account, in the account's currency.
type Cost struct {
	Fee num.Decimal
	// InitialMargin is the change in required initial margin; negative frees some.
	InitialMargin num.Decimal
	// BuyingPowerAfter is what would be left for further orders.
	BuyingPowerAfter num.Decimal
}

// Book is a venue's complete list of orders.
type Book struct {
	Orders   []trade.Order
	Complete bool
}

// EventKind is what happened at the venue.
type EventKind string

// The kinds of event. The order ones carry the order's state after the event.
const (
	EventAccepted    EventKind = "accepted"
	EventReplaced    EventKind = "replaced"
	EventReplaceFail EventKind = "replace_rejected"
	EventCancelFail  EventKind = "cancel_rejected"
	EventFill        EventKind = "fill"
	EventCancelled   EventKind = "cancelled"
	EventRejected    EventKind = "rejected"
	EventExpired     EventKind = "expired"
	// EventLedger carries only transactions: deposits, dividends, splits.
	EventLedger EventKind = "ledger"
)

// Event is one thing that happened to an account. Seq counts up by one from 1.
// EventAccepted may come again for one order: with the quantity an exit follows
// from its entry, or with a revision the venue made itself, as for a split.
// Time is on the venue clock.
type Event struct {
	Seq     int64
	Account string
	Kind    EventKind
	// Order is the venue's record after the event; its ID is the client id.
	Order        trade.Order
	Fill         *trade.Fill
	Transactions []trade.Transaction
	Time         time.Time
}

// VenueError is a venue's definite refusal, in its own words.
type VenueError struct {
	// Code is the venue's own code.
	Code string
	Text string
}

// Error is code and words.
func (e *VenueError) Error() string { return fmt.Sprintf("venue refused (%s): %s", e.Code, e.Text) }

// AlreadyDone is the code of a cancel or replace that came after the end.
const AlreadyDone = "already_done"

func refusal(err error) *VenueError {
	var v *VenueError
	if errors.As(err, &v) {
		return v
	}
	return nil
}

// Capabilities tells what a venue takes; the desk refuses the rest at proposal.
type Capabilities struct {
	Broker      string            `json:"brokerage_id"`
	Environment trade.Environment `json:"environment"`
	Classes     []market.Class    `json:"classes"`
	Types       []trade.OrderType `json:"order_types"`
	TIFs        []trade.TIF       `json:"times_in_force"`
	Bracket     bool              `json:"bracket"`
	OCO         bool              `json:"oco"`
	OTO         bool              `json:"oto"`
	Extended    bool              `json:"extended_hours"`
	Short       bool              `json:"short_selling"`
	Replace     bool              `json:"replace"`
	Fractional  bool              `json:"fractional"`
}

// Prices is what the desk needs to know of the market. Now is the venue clock.
type Prices interface {
	Now() time.Time
	Lookup(symbol string) (market.Instrument, bool)
	Quote(ctx context.Context, symbol string) (market.Quote, error)
	Calendar(symbol string) (*market.Calendar, error)
	// Rate is how many units of to one unit of from buys, for conversions.
	Rate(ctx context.Context, from, to string) (num.Decimal, error)
}
