// Package connections holds the tools about brokers and the connections to them.
package connections

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/market"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// Brokers lists what can be connected.
var Brokers = tool.Define(tool.Spec{
	Name: "list_brokers", Title: "List brokers", Toolset: "connections", Scopes: []string{identity.ConnectionsRead}, Effect: tool.Read, Rows: "brokers",
	Description: "Brokers that can be connected, each with what it takes: classes, order types, times in force, brackets, short selling.",
	Examples:    []string{`{}`},
}, brokers)

type brokersIn struct{ tool.Page }

type brokerRow struct {
	BrokerageID   string            `json:"brokerage_id" jsonschema:"For authorize_connection."`
	Environment   trade.Environment `json:"environment" jsonschema:"simulated, paper or live money."`
	Classes       []market.Class    `json:"classes" jsonschema:"What it trades."`
	OrderTypes    []trade.OrderType `json:"order_types" jsonschema:"Order types."`
	TIFs          []trade.TIF       `json:"times_in_force" jsonschema:"Times in force."`
	Bracket       bool              `json:"bracket" jsonschema:"Takes brackets."`
	OCO           bool              `json:"oco" jsonschema:"Takes one-cancels-other."`
	OTO           bool              `json:"oto" jsonschema:"Takes one-triggers-other."`
	ExtendedHours bool              `json:"extended_hours" jsonschema:"Trades outside regular hours."`
	ShortSelling  bool              `json:"short_selling" jsonschema:"Allows short positions."`
	Replace       bool              `json:"replace" jsonschema:"Can change working orders."`
	Fractional    bool              `json:"fractional" jsonschema:"Takes fractions of a share."`
}

type brokersOut struct {
	Brokers []brokerRow `json:"brokers" jsonschema:"By id."`
	tool.Listing
}

func brokers(_ context.Context, c *tool.Call, in brokersIn) (brokersOut, error) {
	page, next, err := tool.Slice(c.Deps.Brokers, in.Page)
	if err != nil {
		return brokersOut{}, err
	}
	out := brokersOut{Brokers: make([]brokerRow, len(page)), Listing: tool.Listing{NextCursor: next}}
	for i, b := range page {
		out.Brokers[i] = rowOf(b)
	}
	return out, nil
}

func rowOf(b order.Capabilities) brokerRow {
	return brokerRow{b.Broker, b.Environment, b.Classes, b.Types, b.TIFs, b.Bracket, b.OCO, b.OTO, b.Extended, b.Short, b.Replace, b.Fractional}
}
