package order

import (
	"context"
	"time"

	"quantdesk/internal/trade"
)

// Journal is the desk's durable record. A batch is one atomic unit: all of it
// is on disk or none.
type Journal interface {
	// Append puts a batch in the queue; batches become durable in the order of
	// Append. The returned wait blocks until this one is on disk or has failed.
	Append(b Batch) (wait func() error)
	// LoadAccount gives what must be remembered of an account: orders that have
	// not ended, tickets that are pending, the event cursor, and the use of day.
	LoadAccount(ctx context.Context, account string, day time.Time) (AccountState, error)
	// Ticket and Order find one record, whatever its state.
	Ticket(ctx context.Context, id string) (Ticket, bool, error)
	TicketByRef(ctx context.Context, user, account, ref string) (Ticket, bool, error)
	PendingTickets(ctx context.Context, user string) ([]Ticket, error)
	Order(ctx context.Context, id string) (trade.Order, bool, error)
	Orders(ctx context.Context, f OrderFilter) ([]trade.Order, error)
	Intents(ctx context.Context, orderID string) ([]SentIntent, error)
	Transactions(ctx context.Context, f TransactionFilter) ([]trade.Transaction, error)
	KillSwitch(ctx context.Context) (KillSwitch, error)
}

// Batch is what happens together.
type Batch struct {
	Tickets      []Ticket
	Orders       []trade.Order
	Intents      []SentIntent
	Fills        []trade.Fill
	Transactions []trade.Transaction
	// Cursor is the venue event the batch reaches, for CursorAccount.
	CursorAccount string
	Cursor        int64
	// DayUse, when not nil, is the account's use of its day limits from now on.
	DayUse     *DayUse
	KillSwitch *KillSwitch
	Notes      []Note
}

// SentIntent is one thing the desk means to tell a venue. It is on disk before
// the venue hears of it.
type SentIntent struct {
	// ID is derived from ticket, leg and revision: "<order>" to place it,
	// "<order>.r2.<ticket>" to replace it, "<order>.c1" for the first cancel.
	ID      string
	OrderID string
	Account string
	Kind    IntentKind
	// Revision is that of the order the venue is asked for.
	Revision int
	State    IntentState
	// Order is what the venue is or will be told.
	Order   trade.Order
	Created time.Time
	Updated time.Time
}

// IntentKind is what the venue is asked to do.
type IntentKind string

// The kinds of intent.
const (
	IntentPlace   IntentKind = "place"
	IntentReplace IntentKind = "replace"
	IntentCancel  IntentKind = "cancel"
)

// IntentState is how far an intent has come.
type IntentState string

// The states of an intent. Recorded is known not to have been sent; sending may
// or may not have reached the venue; done and refused are the venue's answers;
// dropped was decided without the venue.
const (
	IntentRecorded IntentState = "recorded"
	IntentSending  IntentState = "sending"
	IntentDone     IntentState = "done"
	IntentRefused  IntentState = "refused"
	IntentDropped  IntentState = "dropped"
)

// AccountState is what LoadAccount gives.
type AccountState struct {
	Orders  []trade.Order
	Intents []SentIntent
	Cursor  int64
	DayUse  DayUse
}

// DayUse is how much of the day limits an account has used. The day is the
// venue clock's.
type DayUse struct {
	Account  string
	Day      string
	Notional string
	Quantity string
	Orders   int
}

// KillSwitch is the brake that a model may pull and only a person releases.
type KillSwitch struct {
	Engaged bool      `json:"engaged"`
	By      string    `json:"by,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// Note is a line for the audit, written in the same unit as what it tells.
type Note struct {
	Trace   string
	Kind    string
	User    string
	Subject string
	Body    any
}

// OrderFilter selects orders; zero fields select everything. Newest first.
type OrderFilter struct {
	User     string
	Account  string
	Statuses []trade.Status
	Ticket   string
	Symbol   string
	// Before is the exclusive upper bound of (created, id) to go on from.
	BeforeTime time.Time
	BeforeID   string
	Limit      int
}

// TransactionFilter selects ledger lines; newest first.
type TransactionFilter struct {
	Account   string
	Kinds     []trade.TransactionKind
	Symbol    string
	OrderID   string
	BeforeSeq int64
	Limit     int
}
