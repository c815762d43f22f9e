package trade

import (
	"fmt"
	"slices"
	"strings"
)

// Side is the direction of an order.
type Side string

// The sides. Selling more than is held goes short, where the account may.
const (
	Buy  Side = "buy"
	Sell Side = "sell"
)

// Values lists the sides.
func (Side) Values() []string { return []string{"buy", "sell"} }

// Opposite is the other side.
func (s Side) Opposite() Side {
	if s == Buy {
		return Sell
	}
	return Buy
}

// OrderType is how an order is priced.
type OrderType string

// The order types. On open and on close are a market or limit order with time
// in force opg or cls.
const (
	Market       OrderType = "market"
	Limit        OrderType = "limit"
	Stop         OrderType = "stop"
	StopLimit    OrderType = "stop_limit"
	TrailingStop OrderType = "trailing_stop"
)

// Values lists the order types.
func (OrderType) Values() []string {
	return []string{"market", "limit", "stop", "stop_limit", "trailing_stop"}
}

// TIF is how long an order works.
type TIF string

// Time in force. Day ends at the session's close on the venue clock; gtd at its
// date; ioc fills what it can at once; fok all at once or nothing; opg and cls
// trade in the opening and closing auction only.
const (
	Day TIF = "day"
	GTC TIF = "gtc"
	GTD TIF = "gtd"
	IOC TIF = "ioc"
	FOK TIF = "fok"
	OPG TIF = "opg"
	CLS TIF = "cls"
)

// Values lists the times in force.
func (TIF) Values() []string { return []string{"day", "gtc", "gtd", "ioc", "fok", "opg", "cls"} }

// Unit is what an intent's quantity counts.
type Unit string

// The units of a quantity. Shares also counts units of a currency pair or coin;
// notional is money in the account's currency; percent_equity is percent of the
// account's equity, 5 meaning five percent.
const (
	Shares        Unit = "shares"
	Notional      Unit = "notional"
	PercentEquity Unit = "percent_equity"
)

// Values lists the units.
func (Unit) Values() []string { return []string{"shares", "notional", "percent_equity"} }

// Environment tells invented money from practice money from real money.
type Environment string

// The environments. Simulated prices are never called paper.
const (
	Simulated Environment = "simulated"
	Paper     Environment = "paper"
	Live      Environment = "live"
)

// Values lists the environments.
func (Environment) Values() []string { return []string{"simulated", "paper", "live"} }

// Status is where an order stands.
type Status string

// The order statuses. The last four are terminal.
const (
	PendingConfirmation Status = "pending_confirmation"
	// Submitted: on disk and handed to the broker, or about to be.
	Submitted Status = "submitted"
	// Working: the venue has it.
	Working         Status = "working"
	PartiallyFilled Status = "partially_filled"
	PendingReplace  Status = "pending_replace"
	PendingCancel   Status = "pending_cancel"
	// Unknown: the answer was lost; never sent again, decided by the venue's
	// complete lists or by the operator.
	Unknown   Status = "unknown"
	Filled    Status = "filled"
	Cancelled Status = "cancelled"
	Rejected  Status = "rejected"
	Expired   Status = "expired"
)

// Values lists the statuses.
func (Status) Values() []string {
	return []string{
		"pending_confirmation", "submitted", "working", "partially_filled", "pending_replace",
		"pending_cancel", "unknown", "filled", "cancelled", "rejected", "expired",
	}
}

// Terminal tells whether nothing more can happen to the order.
func (s Status) Terminal() bool {
	return s == Filled || s == Cancelled || s == Rejected || s == Expired
}

// AtVenue tells whether the order may be alive at the venue.
func (s Status) AtVenue() bool {
	return !s.Terminal() && s != PendingConfirmation
}

var arrows = map[Status][]Status{
	PendingConfirmation: {Submitted, Cancelled, Rejected, Expired},
	Submitted:           {Working, PartiallyFilled, Unknown, PendingCancel, Filled, Cancelled, Rejected, Expired},
	Working:             {PartiallyFilled, PendingReplace, PendingCancel, Unknown, Filled, Cancelled, Rejected, Expired},
	PartiallyFilled:     {PendingReplace, PendingCancel, Unknown, Filled, Cancelled, Rejected, Expired},
	PendingReplace:      {Working, PartiallyFilled, PendingCancel, Unknown, Filled, Cancelled, Rejected, Expired},
	PendingCancel:       {Working, PartiallyFilled, PendingReplace, Unknown, Filled, Cancelled, Rejected, Expired},
	Unknown:             {Submitted, Working, PartiallyFilled, PendingCancel, PendingReplace, Filled, Cancelled, Rejected, Expired},
}

// CanBecome tells whether the state machine has an arrow from s to next.
func (s Status) CanBecome(next Status) bool { return slices.Contains(arrows[s], next) }

// valued is a closed vocabulary.
type valued interface {
	~string
	Values() []string
}

// ParseWord reads a word of a closed vocabulary, case-insensitively and with
// spaces or hyphens for underscores; the error lists the words.
func ParseWord[T valued](what, s string) (T, error) {
	var zero T
	w := strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.TrimSpace(s)))
	for _, v := range zero.Values() {
		if v == w {
			return T(v), nil
		}
	}
	return zero, fmt.Errorf("%s %q is not known: use one of %s", what, s, strings.Join(zero.Values(), ", "))
}
