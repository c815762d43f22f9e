package ibkr

import (
	"context"
	"slices"
	"time"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

type termsRow struct {
	Action   string       `json:"action" jsonschema:"BUY or SELL."`
	Quantity num.Decimal  `json:"totalQuantity" jsonschema:"How much."`
	Type     string       `json:"orderType" jsonschema:"TWS's word."`
	Limit    *num.Decimal `json:"lmtPrice,omitempty" jsonschema:"Its limit."`
	Aux      *num.Decimal `json:"auxPrice,omitempty" jsonschema:"Its stop, or its trail."`
	TIF      string       `json:"tif" jsonschema:"How long it works."`
	ParentID int64        `json:"parentId,omitempty" jsonschema:"The entry it waits for."`
	OCAGroup string       `json:"ocaGroup,omitempty" jsonschema:"One cancels the others."`
}

type orderRow struct {
	OrderID      int64       `json:"orderId" jsonschema:"TWS's number; 0 where it was placed by hand."`
	PermID       int64       `json:"permId" jsonschema:"TWS's permanent number."`
	ClientID     int64       `json:"clientId" jsonschema:"Whose program placed it."`
	ID           string      `json:"order_id,omitempty" jsonschema:"The desk's id: for get_order and replace_order."`
	Account      string      `json:"account" jsonschema:"The account."`
	Contract     contractRow `json:"contract" jsonschema:"What."`
	Order        termsRow    `json:"order" jsonschema:"The terms."`
	Status       string      `json:"status" jsonschema:"As TWS has it."`
	Filled       num.Decimal `json:"filled" jsonschema:"Executed."`
	Remaining    num.Decimal `json:"remaining" jsonschema:"Not yet executed."`
	AvgFillPrice num.Decimal `json:"avgFillPrice,omitzero" jsonschema:"Of what filled."`
}

type ordersIn struct {
	accountIn
	tool.Page
}

type ordersOut struct {
	Orders []orderRow `json:"orders" jsonschema:"As TWS lists them."`
	Count  int        `json:"count" jsonschema:"Of all pages."`
	tool.Provenance
	tool.Listing
}

// Open lists the working orders.
var Open = tool.Define(tool.Spec{
	Name: "ibkr_get_open_orders", Title: "Open orders at IBKR", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true, Rows: "orders",
	Description: "The working orders of an account as TWS has them, those placed by hand or by other programs too.",
	Examples:    []string{`{}`},
}, open)

func open(ctx context.Context, c *tool.Call, in ordersIn) (ordersOut, error) {
	return listed(ctx, c, in, false)
}

// All lists working orders and those of the day that have ended.
var All = tool.Define(tool.Spec{
	Name: "ibkr_get_all_orders", Title: "All orders at IBKR", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true, Rows: "orders",
	Description: "The working orders of an account and those of the day that have ended. get_orders has older ones.",
	Examples:    []string{`{}`},
}, every)

func every(ctx context.Context, c *tool.Call, in ordersIn) (ordersOut, error) {
	return listed(ctx, c, in, true)
}

func listed(ctx context.Context, c *tool.Call, in ordersIn, ended bool) (ordersOut, error) {
	a, tws, err := dial(ctx, c, in.Account)
	if err != nil {
		return ordersOut{}, err
	}
	rows, err := ordersAt(ctx, c, a, tws, ended)
	if err != nil {
		return ordersOut{}, err
	}
	out := ordersOut{Count: len(rows), Provenance: told(a)}
	out.Orders, out.NextCursor, err = tool.Slice(rows, in.Page)
	if len(rows) == 0 {
		out.Hints = []string{"There are none. get_orders with status all has older ones."}
	}
	return out, err
}

// ordersAt reads an account's orders of TWS, by permanent number.
func ordersAt(ctx context.Context, c *tool.Call, a order.Account, conn *client.Client, ended bool) ([]orderRow, error) {
	views, err := conn.OpenOrders(ctx, true)
	if err != nil {
		return nil, venue.Fault(err)
	}
	rows := []orderRow{}
	for _, v := range views {
		o := v.Open
		if o.Order.Account != a.ID {
			continue
		}
		row := orderRow{OrderID: o.OrderID, PermID: o.Order.PermID, ClientID: o.Order.ClientID, Account: a.ID, Contract: rowOf(o.Contract), Order: rowTerms(o.Order), Status: o.State.Status, Remaining: o.Order.TotalQuantity}
		if s := v.Status; s != nil {
			row.Status, row.Filled, row.Remaining, row.AvgFillPrice = s.Status, s.Filled, s.Remaining, s.AvgFillPrice
		}
		rows = append(rows, row)
	}
	if ended {
		done, err := conn.CompletedOrders(ctx, false)
		if err != nil {
			return nil, venue.Fault(err)
		}
		for _, d := range done {
			if d.Order.Account != a.ID {
				continue
			}
			rows = append(rows, orderRow{
				OrderID: d.Order.OrderID, PermID: d.Order.PermID, ClientID: d.Order.ClientID, Account: a.ID, Contract: rowOf(d.Contract), Order: rowTerms(d.Order), Status: d.State.Status,
				Filled: d.Order.FilledQuantity, Remaining: num.Max(num.Zero, d.Order.TotalQuantity.Sub(d.Order.FilledQuantity)),
			})
		}
	}
	for i := range rows {
		r := &rows[i]
		id, ok := c.Deps.IBKR.Find(a.ID, r.PermID)
		if !ok {
			continue
		}
		r.ID = id
		if n := c.Deps.IBKR.Number(a.ID, id); r.OrderID == 0 {
			r.OrderID = n
		}
		if o, err := c.Deps.Desk.Order(ctx, c.Asker(), id); err == nil && r.AvgFillPrice.IsZero() {
			r.AvgFillPrice = o.AvgPrice.Round(6).Normalize()
		}
	}
	slices.SortStableFunc(rows, func(x, y orderRow) int { return int(y.PermID - x.PermID) })
	return rows, nil
}

func rowTerms(o tws.Order) termsRow {
	t := termsRow{Action: o.Action, Quantity: o.TotalQuantity, Type: o.OrderType, TIF: o.TIF, ParentID: o.ParentID, OCAGroup: o.OCAGroup}
	// Prices that a kind of order does not have come as zeros.
	if d, ok := o.LimitPrice.Get(); ok && !d.IsZero() {
		t.Limit = &d
	}
	if d, ok := o.AuxPrice.Get(); ok && !d.IsZero() {
		t.Aux = &d
	}
	return t
}

// OrderStatus tells how one order stands.
var OrderStatus = tool.Define(tool.Spec{
	Name: "ibkr_get_order_status", Title: "Status of an order at IBKR", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true,
	Description: "How one order stands, by TWS's number or the desk's id; ended ones too.",
	Aliases:     map[string]string{"id": "orderId"},
}, orderStatus)

type orderStatusOut struct {
	OrderID      int64        `json:"orderId" jsonschema:"TWS's number."`
	ID           string       `json:"order_id" jsonschema:"The desk's id."`
	Contract     contractRow  `json:"contract" jsonschema:"What."`
	Order        termsRow     `json:"order" jsonschema:"The terms."`
	Status       string       `json:"status" jsonschema:"In TWS's words."`
	Filled       num.Decimal  `json:"filled" jsonschema:"Executed."`
	Remaining    num.Decimal  `json:"remaining" jsonschema:"Not yet executed."`
	AvgFillPrice num.Decimal  `json:"avgFillPrice" jsonschema:"Of what filled."`
	Commission   num.Decimal  `json:"commission,omitzero" jsonschema:"So far."`
	WhyHeld      string       `json:"whyHeld,omitempty" jsonschema:"Why it waits or was refused."`
	DeskStatus   trade.Status `json:"desk_status" jsonschema:"In the desk's words."`
	tool.Provenance
}

func orderStatus(ctx context.Context, c *tool.Call, in cancelIn) (orderStatusOut, error) {
	a, o, err := orderOf(ctx, c, in.Account, in.OrderID)
	if err != nil {
		return orderStatusOut{}, err
	}
	k, err := c.Deps.IBKR.Contract(ctx, a.ID, o.Symbol)
	if err != nil {
		return orderStatusOut{}, err
	}
	w := order.Wish{Intent: trade.Intent{Side: o.Side, Quantity: o.Quantity, Type: o.Type, TIF: o.TIF, LimitPrice: o.LimitPrice, StopPrice: o.StopPrice, TrailAmount: o.TrailAmount, TrailPercent: o.TrailPercent}}
	return orderStatusOut{
		c.Deps.IBKR.Number(a.ID, o.ID), o.ID, rowOf(k), rowTerms(terms(a.ID, w)), statuses[o.Status], o.Filled, o.Remaining(), o.AvgPrice.Round(6).Normalize(), o.Fees, o.VenueText, o.Status, told(a),
	}, nil
}

// Executions lists the day's executions.
var Executions = tool.Define(tool.Spec{
	Name: "ibkr_get_executions", Title: "Executions at IBKR", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true, Rows: "executions",
	Description: "The day's executions of an account with what they cost, newest first. get_transactions has older ones.",
	Examples:    []string{`{}`},
}, executions)

type executionsIn struct {
	Symbol   string `json:"symbol,omitempty" jsonschema:"Only this."`
	SecType  string `json:"secType,omitempty" jsonschema:"Only this kind."`
	Exchange string `json:"exchange,omitempty" jsonschema:"Only there."`
	accountIn
	tool.Page
}

type executionRow struct {
	ExecID     string      `json:"execId" jsonschema:"IBKR's id of it."`
	OrderID    int64       `json:"orderId" jsonschema:"Of which order."`
	PermID     int64       `json:"permId" jsonschema:"Its permanent number."`
	ID         string      `json:"order_id,omitempty" jsonschema:"The desk's id of the order."`
	Time       string      `json:"time" jsonschema:"As TWS tells it."`
	Contract   contractRow `json:"contract" jsonschema:"What."`
	Execution  execution   `json:"execution" jsonschema:"How much at which price."`
	Commission *commission `json:"commissionReport,omitempty" jsonschema:"What it cost; absent until TWS tells."`
}

type execution struct {
	Shares   num.Decimal `json:"shares" jsonschema:"How much."`
	Price    num.Decimal `json:"price" jsonschema:"At which price."`
	Side     string      `json:"side" jsonschema:"BOT or SLD."`
	CumQty   num.Decimal `json:"cumQty" jsonschema:"Of the order so far."`
	AvgPrice num.Decimal `json:"avgPrice" jsonschema:"Of the order so far."`
	Exchange string      `json:"exchange" jsonschema:"Where."`
	Account  string      `json:"acctNumber" jsonschema:"The account."`
}

type commission struct {
	Commission  num.Decimal  `json:"commission" jsonschema:"What it cost."`
	Currency    string       `json:"currency" jsonschema:"Of that."`
	RealizedPNL *num.Decimal `json:"realizedPNL,omitempty" jsonschema:"Profit of what it closed."`
}

type executionsOut struct {
	Executions []executionRow `json:"executions" jsonschema:"Newest first."`
	Count      int            `json:"count" jsonschema:"Of all pages."`
	AsOf       time.Time      `json:"asked_at" jsonschema:"When TWS was asked."`
	tool.Provenance
	tool.Listing
}

func executions(ctx context.Context, c *tool.Call, in executionsIn) (executionsOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return executionsOut{}, err
	}
	found, err := conn.Executions(ctx, tws.ReqExecutions{Account: a.ID, Symbol: upper(in.Symbol, ""), SecType: upper(in.SecType, ""), Exchange: upper(in.Exchange, "")})
	if err != nil {
		return executionsOut{}, venue.Fault(err)
	}
	rows := []executionRow{}
	for _, e := range found {
		d := e.Details
		if d.Account != a.ID {
			continue
		}
		row := executionRow{ExecID: d.ExecID, OrderID: d.OrderID, PermID: d.PermID, Time: d.Time, Contract: rowOf(d.Contract), Execution: execution{d.Shares, d.Price, d.Side, d.CumQty, d.AvgPrice, d.Exchange, d.Account}}
		row.ID, _ = c.Deps.IBKR.Find(a.ID, d.PermID)
		if r := e.Commission; r != nil {
			row.Commission = &commission{r.Commission, r.Currency, opt(r.RealizedPNL)}
		}
		rows = append(rows, row)
	}
	slices.Reverse(rows)
	out := executionsOut{Count: len(rows), AsOf: time.Now().UTC(), Provenance: told(a)}
	out.Executions, out.NextCursor, err = tool.Slice(rows, in.Page)
	if len(rows) == 0 {
		out.Hints = []string{"Nothing was executed today. get_transactions has older ones."}
	}
	return out, err
}
