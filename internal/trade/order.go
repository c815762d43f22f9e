package trade

import (
	"time"

	"quantdesk/internal/num"
)

// Intent is a wish to trade, before anyone has checked it.
type Intent struct {
	Account string `json:"account"`
	Symbol  string `json:"symbol"`
	Side    Side   `json:"side"`
	// Quantity counts Unit, above zero.
	Quantity num.Decimal `json:"quantity"`
	Unit     Unit        `json:"unit"`
	Type     OrderType   `json:"type"`
	TIF      TIF         `json:"tif"`
	// LimitPrice and StopPrice are per unit of the instrument in its currency;
	// zero where the type takes none.
	LimitPrice num.Decimal `json:"limit_price,omitzero"`
	StopPrice  num.Decimal `json:"stop_price,omitzero"`
	// TrailAmount (in price) or TrailPercent (5 is five percent) drives a
	// trailing stop; exactly one is set.
	TrailAmount  num.Decimal `json:"trail_amount,omitzero"`
	TrailPercent num.Decimal `json:"trail_percent,omitzero"`
	// GoodTill ends a gtd order, on the venue clock.
	GoodTill time.Time `json:"good_till,omitzero"`
	// Extended lets it trade in pre- and post-market.
	Extended bool `json:"extended_hours,omitempty"`
}

// Role is what a leg does in its ticket.
type Role string

// The roles. A child works only once its parent has filled; legs of one OCO
// group cancel each other.
const (
	Single     Role = "single"
	Parent     Role = "parent"
	TakeProfit Role = "take_profit"
	StopLoss   Role = "stop_loss"
	Child      Role = "child"
	OCOLeg     Role = "oco"
)

// Order is one leg as it was sent to a venue, and what became of it.
type Order struct {
	// ID is the client order id, made from ticket, leg and revision 0; it never
	// changes and the venue is told it.
	ID     string `json:"order_id"`
	Ticket string `json:"ticket_id"`
	Leg    int    `json:"leg"`
	Role   Role   `json:"role"`
	// Revision counts accepted replacements.
	Revision int       `json:"revision"`
	Account  string    `json:"account"`
	User     string    `json:"-"`
	Symbol   string    `json:"symbol"`
	Side     Side      `json:"side"`
	Type     OrderType `json:"type"`
	TIF      TIF       `json:"tif"`
	// Quantity is the total in the instrument's units; Filled never exceeds it.
	Quantity     num.Decimal `json:"quantity"`
	LimitPrice   num.Decimal `json:"limit_price,omitzero"`
	StopPrice    num.Decimal `json:"stop_price,omitzero"`
	TrailAmount  num.Decimal `json:"trail_amount,omitzero"`
	TrailPercent num.Decimal `json:"trail_percent,omitzero"`
	GoodTill     time.Time   `json:"good_till,omitzero"`
	Extended     bool        `json:"extended_hours,omitempty"`
	// ParentID is the order whose fill activates this one; Group the OCO group.
	ParentID string `json:"parent_id,omitempty"`
	Group    string `json:"oco_group,omitempty"`

	Status Status `json:"status"`
	// Filled is the executed quantity, AvgPrice its average price, Fees the sum
	// of fees in the account's currency.
	Filled   num.Decimal `json:"filled"`
	AvgPrice num.Decimal `json:"avg_price,omitzero"`
	Fees     num.Decimal `json:"fees,omitzero"`
	// VenueID is the venue's own order id.
	VenueID string `json:"venue_order_id,omitempty"`
	// VenueCode and VenueText are the venue's own words for the latest refusal.
	VenueCode string `json:"venue_code,omitempty"`
	VenueText string `json:"venue_text,omitempty"`
	// Reason says in our words why it was rejected, cancelled or expired.
	Reason  string    `json:"reason,omitempty"`
	Trace   string    `json:"trace_id,omitempty"`
	Created time.Time `json:"created_at"`
	Updated time.Time `json:"updated_at"`
}

// Remaining is the quantity not yet executed.
func (o Order) Remaining() num.Decimal { return o.Quantity.Sub(o.Filled) }

// Fill is one execution.
type Fill struct {
	// ID is the venue's execution id, unique within the account.
	ID       string      `json:"fill_id"`
	OrderID  string      `json:"order_id"`
	Account  string      `json:"account"`
	Symbol   string      `json:"symbol"`
	Side     Side        `json:"side"`
	Quantity num.Decimal `json:"quantity"`
	Price    num.Decimal `json:"price"`
	// Fee is in the account's currency.
	Fee num.Decimal `json:"fee"`
	// Time is on the venue clock, UTC.
	Time time.Time `json:"time"`
}

// SignedQuantity is positive for a buy, negative for a sell.
func (f Fill) SignedQuantity() num.Decimal {
	if f.Side == Sell {
		return f.Quantity.Neg()
	}
	return f.Quantity
}

// Position is what an account holds of one instrument.
type Position struct {
	Account string
	Symbol  string
	// Quantity is signed: below zero is short.
	Quantity num.Decimal
	// AvgPrice is the average entry price of what is held, without fees.
	AvgPrice num.Decimal
	// Mark is the price it is valued at and MarkTime when that was known.
	Mark     num.Decimal
	MarkTime time.Time
	// MarketValue is Quantity × Mark × multiplier, UnrealizedPnL its distance
	// from cost, RealizedPnL what closed trades earned before fees, all in the
	// account's currency.
	MarketValue, UnrealizedPnL, RealizedPnL num.Decimal
}

// Balances is the money of an account, in Currency.
type Balances struct {
	Account  string
	Currency string
	// Cash is settled and unsettled cash, below zero when borrowed.
	Cash num.Decimal
	// MarketValue is the signed value of positions; Equity is Cash + MarketValue.
	MarketValue, Equity num.Decimal
	// LongValue and ShortValue are its two parts, both at or above zero.
	LongValue, ShortValue num.Decimal
	// InitialMargin and MaintenanceMargin are required by positions; Reserved is
	// the initial margin held for working orders.
	InitialMargin, MaintenanceMargin, Reserved num.Decimal
	// BuyingPower is the notional that can still be bought.
	BuyingPower num.Decimal
	// RealizedPnL and Fees are since the account began.
	RealizedPnL, Fees num.Decimal
	// AsOf is the oldest mark used, on the venue clock.
	AsOf time.Time
}

// TransactionKind is what a ledger line is about.
type TransactionKind string

// The kinds of ledger line.
const (
	TxDeposit  TransactionKind = "deposit"
	TxTrade    TransactionKind = "trade"
	TxFee      TransactionKind = "fee"
	TxDividend TransactionKind = "dividend"
	TxSplit    TransactionKind = "split"
	TxInterest TransactionKind = "interest"
	TxRename   TransactionKind = "rename"
)

// Values lists the kinds.
func (TransactionKind) Values() []string {
	return []string{"deposit", "trade", "fee", "dividend", "split", "interest", "rename"}
}

// Transaction is one line of an account's ledger.
type Transaction struct {
	// ID is unique within the account; Seq orders the lines of an account.
	ID      string
	Seq     int64
	Account string
	Kind    TransactionKind
	// Symbol, Quantity (signed) and Price are set where an instrument is concerned.
	Symbol          string
	Quantity, Price num.Decimal
	// Amount is what it did to cash, signed, in the account's currency.
	Amount num.Decimal
	// OrderID and FillID tie a trade to its order.
	OrderID, FillID string
	// Time is on the venue clock.
	Time time.Time
	// Note says more in words.
	Note string
}
