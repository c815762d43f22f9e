package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// OrderType is numbered as in order JSON.
type OrderType uint8

// The order types.
const (
	Market OrderType = iota
	Limit
	StopMarket
	StopLimit
	MarketOnOpen
	MarketOnClose
	OptionExercise
	LimitIfTouched
	ComboMarket
	ComboLimit
	ComboLegLimit
	TrailingStop
)

var orderTypeNames = [...]string{"Market", "Limit", "StopMarket", "StopLimit", "MarketOnOpen", "MarketOnClose", "OptionExercise", "LimitIfTouched", "ComboMarket", "ComboLimit", "ComboLegLimit", "TrailingStop"}

// String is LEAN's name of the type.
func (t OrderType) String() string { return orderTypeNames[t] }

// OrderStatus is numbered as in order JSON.
type OrderStatus uint8

// The order states.
const (
	New             OrderStatus = 0
	Submitted       OrderStatus = 1
	PartiallyFilled OrderStatus = 2
	Filled          OrderStatus = 3
	Canceled        OrderStatus = 5
	NoStatus        OrderStatus = 6
	Invalid         OrderStatus = 7
	CancelPending   OrderStatus = 8
	UpdateSubmitted OrderStatus = 9
)

var orderStatusNames = map[OrderStatus]string{New: "New", Submitted: "Submitted", PartiallyFilled: "PartiallyFilled", Filled: "Filled",
	Canceled: "Canceled", NoStatus: "None", Invalid: "Invalid", CancelPending: "CancelPending", UpdateSubmitted: "UpdateSubmitted"}

// String is LEAN's name of the state.
func (s OrderStatus) String() string { return orderStatusNames[s] }

// Closed tells whether nothing more happens to an order.
func (s OrderStatus) Closed() bool { return s == Filled || s == Canceled || s == Invalid }

// Direction is numbered as in order JSON.
type Direction uint8

// The directions.
const (
	Buy Direction = iota
	Sell
	Hold
)

func directionOf(quantity num.Decimal) Direction {
	switch quantity.Sign() {
	case 1:
		return Buy
	case -1:
		return Sell
	}
	return Hold
}

// TimeInForce says how long an order works.
type TimeInForce struct {
	Kind   TIF
	Expiry int64 // of GoodTilDate: a wall clock, in the exchange's zone
}

// TIF is a kind of time in force.
type TIF uint8

// The times in force.
const (
	GoodTilCanceled TIF = iota
	DayOrder
	GoodTilDate
)

// OrderProperties are what an order carries beside its prices.
type OrderProperties struct {
	TIF TimeInForce
	// Exchange is the JSON of where the order shall go, empty for anywhere.
	Exchange string
	// Extra holds a brokerage's own properties as JSON members, in order.
	Extra []Member
	// Object is the algorithm's own object, given back to it.
	Object any
}

// Member is a JSON member already encoded.
type Member struct{ Name, JSON string }

// SubmissionData are the prices when an order was sent.
type SubmissionData struct{ Bid, Ask, Last num.Decimal }

// Order is what the algorithm asked for and what became of it.
type Order struct {
	ID           int
	Type         OrderType
	Symbol       *Symbol
	Quantity     num.Decimal
	Status       OrderStatus
	Tag          string
	Properties   OrderProperties
	Price        num.Decimal
	Currency     string
	Time         int64 // utc
	Created      int64
	LastFill     int64 // zero: none
	LastUpdate   int64
	CanceledAt   int64
	LimitPrice   num.Decimal
	StopPrice    num.Decimal
	TriggerPrice num.Decimal
	Trailing     num.Decimal
	AsPercent    bool
	Triggered    bool // of stop limit and limit-if-touched orders
	Submission   *SubmissionData
	Adjustment   Normalization
	BrokerIDs    []string

	events int
}

// Direction tells buy from sell.
func (o *Order) Direction() Direction { return directionOf(o.Quantity) }

// value is what an order is worth at a security's price, in its quote currency:
// at the better of its own price and the market's for the one who pays.
func (o *Order) value(s *Security) num.Decimal {
	price := s.Price
	switch o.Type {
	case Limit, StopLimit, LimitIfTouched, ComboLegLimit:
		price = o.LimitPrice
	case StopMarket, TrailingStop:
		price = o.StopPrice
	}
	if o.Quantity.Sign() > 0 {
		return o.Quantity.Mul(num.Min(price, s.Price))
	}
	return o.Quantity.Mul(num.Max(price, s.Price))
}

// OrderEvent is one thing that happened to an order.
type OrderEvent struct {
	ID           int
	OrderID      int
	Symbol       *Symbol
	Time         int64 // utc
	Status       OrderStatus
	Direction    Direction
	FillPrice    num.Decimal
	FillQuantity num.Decimal
	Quantity     num.Decimal
	Fee          Money
	kept         bool   // the fee was kept back from the filled quantity
	Currency     string // of FillPrice
	Message      string
	LimitPrice   *num.Decimal
	StopPrice    *num.Decimal
	TriggerPrice *num.Decimal
	Ticket       *Ticket
}

// NewOrderEvent makes an event of an order at the engine's time.
func (e *Engine) NewOrderEvent(o *Order, message string) *OrderEvent {
	return &OrderEvent{OrderID: o.ID, Symbol: o.Symbol, Time: e.utc, Status: o.Status, Direction: o.Direction(), Quantity: o.Quantity, Message: message, Currency: o.Currency}
}

// Money is an amount in a currency.
type Money struct {
	Amount   num.Decimal
	Currency string
}

// Ticket follows an order.
type Ticket struct {
	e        *Engine
	Order    *Order
	Request  Request
	Response Response
	Updates  []UpdateFields
	Cancel   *Response
	Events   []*OrderEvent

	filled    num.Decimal
	fillValue num.Decimal
	invalid   bool
}

// Filled is the quantity filled so far.
func (t *Ticket) Filled() num.Decimal { return t.filled }

// Remaining is the quantity that was not filled.
func (t *Ticket) Remaining() num.Decimal { return t.Order.Quantity.Sub(t.filled) }

// AverageFill is the average price of the fills.
func (t *Ticket) AverageFill() num.Decimal {
	if t.filled.IsZero() {
		return num.Zero
	}
	return t.fillValue.Quo(t.filled.Abs())
}

// Request is what an order is made from.
type Request struct {
	Type         OrderType
	Symbol       *Symbol
	Quantity     num.Decimal
	LimitPrice   num.Decimal
	StopPrice    num.Decimal
	TriggerPrice num.Decimal
	Trailing     num.Decimal
	AsPercent    bool
	Async        bool
	Tag          string
	Properties   OrderProperties
}

// UpdateFields are the fields of an order to change.
type UpdateFields struct {
	Quantity     *num.Decimal
	LimitPrice   *num.Decimal
	StopPrice    *num.Decimal
	TriggerPrice *num.Decimal
	Trailing     *num.Decimal
	Tag          *string
	Time         int64
	Response     Response
}

// Response answers a request; Code is empty on success.
type Response struct {
	Code    string
	Message string
	Done    bool // the request was processed
}

// Failed tells whether a request was refused.
func (r Response) Failed() bool { return r.Code != "" }

func refuse(code, format string, args ...any) Response {
	return Response{Code: code, Message: fmt.Sprintf(format, args...), Done: true}
}

// CanUpdate tells whether only the tag changes, which a closed order allows.
func (u *UpdateFields) tagOnly() bool {
	return u.Quantity == nil && u.LimitPrice == nil && u.StopPrice == nil && u.TriggerPrice == nil && u.Trailing == nil && u.Tag != nil
}
