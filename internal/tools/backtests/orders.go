package backtests

import (
	"context"
	"encoding/json"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Orders reads the orders of a backtest.
var Orders = tool.Define(tool.Spec{
	Name: "read_backtest_orders", Title: "Read a backtest's orders", Toolset: "backtests", Scopes: []string{"qc:backtests:read"}, Effect: tool.Read,
	Description: "The orders of a backtest by number: what, when, how many, at what price and fee. Read on with next_start.",
}, orders)

type ordersIn struct {
	one
	pageIn
}

type orderRow struct {
	ID        int64        `json:"id" jsonschema:"Its number."`
	Symbol    string       `json:"symbol" jsonschema:"What."`
	Type      string       `json:"type" jsonschema:"market, limit and so on."`
	Side      string       `json:"side" jsonschema:"buy or sell."`
	Quantity  json.Number  `json:"quantity,omitempty" jsonschema:"Signed."`
	Price     json.Number  `json:"price,omitempty" jsonschema:"Average price of the fills."`
	Currency  string       `json:"currency,omitempty" jsonschema:"Of the price."`
	Value     json.Number  `json:"value,omitempty" jsonschema:"Quantity at the price."`
	Fee       json.Number  `json:"fee,omitempty" jsonschema:"Fees of all fills."`
	Limit     *json.Number `json:"limit_price,omitempty" jsonschema:"Limit."`
	Stop      *json.Number `json:"stop_price,omitempty" jsonschema:"Stop."`
	Status    string       `json:"status" jsonschema:"filled, canceled, invalid and so on."`
	CreatedAt time.Time    `json:"created_at,omitzero" jsonschema:"When it was placed."`
	FilledAt  time.Time    `json:"filled_at,omitzero" jsonschema:"Its last fill."`
	Tag       string       `json:"tag,omitempty" jsonschema:"The algorithm's words."`
}

type ordersOut struct {
	ProjectID  int64      `json:"project_id" jsonschema:"The project."`
	BacktestID string     `json:"backtest_id" jsonschema:"The backtest."`
	Backend    qc.Backend `json:"backend" jsonschema:"Where it lives."`
	Orders     []orderRow `json:"orders" jsonschema:"Oldest first."`
	Length     int        `json:"length" jsonschema:"How many there are."`
	NextStart  int        `json:"next_start,omitempty" jsonschema:"Pass as start for the next; absent at the end."`
}

var (
	orderTypes = map[int]string{
		0: "market", 1: "limit", 2: "stop_market", 3: "stop_limit", 4: "market_on_open", 5: "market_on_close", 6: "option_exercise", 7: "limit_if_touched",
		8: "combo_market", 9: "combo_limit", 10: "combo_leg_limit", 11: "trailing_stop",
	}
	orderStates = map[int]string{
		0: "new", 1: "submitted", 2: "partially_filled", 3: "filled", 5: "canceled", 6: "none", 7: "invalid", 8: "cancel_pending", 9: "update_submitted",
	}
	sides = map[int]string{0: "buy", 1: "sell", 2: "hold"}
)

func orderOf(o qc.Order) orderRow {
	r := orderRow{
		ID: o.ID, Symbol: o.Symbol.Value, Type: word(orderTypes, o.Type), Side: word(sides, o.Direction), Quantity: o.Quantity, Price: o.Price, Currency: o.Currency, Value: o.Value,
		Limit: o.Limit, Stop: o.Stop, Status: word(orderStates, o.Status), CreatedAt: o.Created.Time, FilledAt: o.LastFill.Time, Tag: head(o.Tag, 200),
	}
	if r.CreatedAt.IsZero() {
		r.CreatedAt = o.Time.Time
	}
	sum := num.Decimal{}
	for _, e := range o.Events {
		if e.Fee == nil {
			continue
		}
		if d, err := num.Parse(e.Fee.String()); err == nil {
			sum = sum.Add(d)
		}
	}
	if !sum.IsZero() {
		r.Fee = json.Number(sum.Normalize().String())
	}
	return r
}

func orders(ctx context.Context, c *tool.Call, in ordersIn) (ordersOut, error) {
	start, end, err := window(in.Start, in.End)
	if err != nil {
		return ordersOut{}, err
	}
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return ordersOut{}, err
	}
	list, n, err := q.Orders(ctx, in.ProjectID, in.BacktestID, start, end)
	out := ordersOut{ProjectID: in.ProjectID, BacktestID: in.BacktestID, Backend: q.Backend(), Orders: []orderRow{}, Length: n}
	for _, o := range list {
		out.Orders = append(out.Orders, orderOf(o))
	}
	if end < n {
		out.NextStart = end
	}
	return out, err
}
