package orders

import (
	"context"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// List lists orders.
var List = tool.Define(tool.Spec{
	Name: "get_orders", Title: "List orders", Toolset: "orders", Scopes: []string{identity.BrokerRead}, Effect: tool.Read, Rows: "orders",
	Description: "Your orders, newest first: working ones by default, others by status. For one order use get_order; for tickets not yet confirmed list_pending_trades.",
	Aliases:     map[string]string{"account_id": "account", "state": "status"},
	Examples:    []string{`{"status":"all","limit":5}`},
}, list)

// statusFilter is what orders are asked for.
type statusFilter string

// Values lists the filters.
func (statusFilter) Values() []string {
	return append([]string{"open", "closed", "all"}, trade.Status("").Values()[1:]...)
}

func (f statusFilter) statuses() []trade.Status {
	var out []trade.Status
	for _, v := range trade.Status("").Values() {
		s := trade.Status(v)
		switch f {
		case "open", "":
			if s.AtVenue() {
				out = append(out, s)
			}
		case "closed":
			if s.Terminal() {
				out = append(out, s)
			}
		case "all":
			return nil
		default:
			return []trade.Status{trade.Status(f)}
		}
	}
	return out
}

type listIn struct {
	Account string       `json:"account,omitempty" jsonschema:"Only this account."`
	Status  statusFilter `json:"status,omitempty" jsonschema:"open, closed, all, or one status." default:"open"`
	Symbol  string       `json:"symbol,omitempty" jsonschema:"Only this instrument."`
	tool.Page
}

type listOut struct {
	Orders []orderRow `json:"orders" jsonschema:"Newest first."`
	tool.Provenance
	tool.Listing
}

type listCursor struct {
	Time time.Time `json:"t"`
	ID   string    `json:"i"`
}

func list(ctx context.Context, c *tool.Call, in listIn) (listOut, error) {
	f := order.OrderFilter{Statuses: in.Status.statuses(), Symbol: in.Symbol, Limit: in.Size() + 1}
	if in.Account != "" {
		a, err := c.Deps.Desk.AccountFor(ctx, c.Asker(), in.Account)
		if err != nil {
			return listOut{}, err
		}
		f.Account = a.ID
	}
	if in.Symbol != "" {
		inst, err := c.Deps.Feed.Find(in.Symbol)
		if err != nil {
			return listOut{}, err
		}
		f.Symbol = inst.Symbol
	}
	var at listCursor
	if err := tool.DecodeCursor(in.Cursor, &at); err != nil {
		return listOut{}, err
	}
	f.BeforeTime, f.BeforeID = at.Time, at.ID
	found, err := c.Deps.Desk.Orders(ctx, c.Asker(), f)
	if err != nil {
		return listOut{}, err
	}
	out := listOut{}
	if out.Provenance, err = toldOf(ctx, c, f.Account); err != nil {
		return listOut{}, err
	}
	if len(found) > in.Size() {
		found = found[:in.Size()]
		last := found[len(found)-1]
		out.NextCursor = tool.EncodeCursor(listCursor{last.Created, last.ID})
	}
	out.Orders = rowsOf(found)
	if len(found) == 0 {
		out.Hints = []string{"No such orders. status all shows ended ones too; list_pending_trades shows tickets that wait."}
	}
	return out, nil
}
