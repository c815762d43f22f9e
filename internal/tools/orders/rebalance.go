package orders

import (
	"context"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
)

// Rebalance proposes the trades that lead to target weights.
var Rebalance = tool.Define(tool.Spec{
	Name: "create_rebalance", Title: "Propose a rebalance", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Trade,
	Description: "Work out the trades that lead from an account's positions to target weights, yours or those of a research result, as one pending ticket; nothing is sent. Positions without a weight are closed unless keep_others.",
	Aliases:     map[string]string{"account_id": "account", "targets": "weights", "result_id": "result"},
	Examples:    []string{`{"weights":{"AAPL":0.02,"KO":0.02},"keep_others":true}`},
}, rebalance)

type rebalanceIn struct {
	Account    string             `json:"account,omitempty" jsonschema:"account_id; optional where you have one account."`
	Weights    map[string]float64 `json:"weights,omitempty" jsonschema:"Symbol to fraction of equity, below zero for short; or result."`
	Result     string             `json:"result,omitempty" jsonschema:"Handle of a research result with weights, as of optimize_portfolio."`
	Invest     float64            `json:"invest,omitempty" jsonschema:"Scales all weights: 0.5 uses half of the equity." default:"1"`
	KeepOthers bool               `json:"keep_others,omitempty" jsonschema:"Leave positions alone that have no weight."`
	MinTrade   num.Decimal        `json:"min_trade,omitzero" jsonschema:"Leave out trades worth less."`
	ClientRef  string             `json:"client_ref,omitempty" jsonschema:"Your own id: repeating it gives the same ticket."`
}

type stepRow struct {
	Symbol  string      `json:"symbol" jsonschema:"The instrument."`
	Weight  num.Decimal `json:"weight" jsonschema:"Of equity now."`
	Target  num.Decimal `json:"target" jsonschema:"Of equity wanted."`
	Held    num.Decimal `json:"held" jsonschema:"Quantity now."`
	Wanted  num.Decimal `json:"wanted" jsonschema:"Quantity wanted, in whole lots."`
	Skipped string      `json:"skipped,omitempty" jsonschema:"Why nothing is traded."`
}

type rebalanceOut struct {
	Steps []stepRow `json:"steps" jsonschema:"By symbol; the first 60."`
	Ticket
}

// The bounds of what is asked, and of what is shown.
const (
	largestWeight = 100
	shownSteps    = 60
)

func rebalance(ctx context.Context, c *tool.Call, in rebalanceIn) (rebalanceOut, error) {
	const op = "orders.rebalance"
	weights := in.Weights
	if (in.Result == "") == (len(weights) == 0) {
		return rebalanceOut{}, fault.E(op, fault.Invalid, "give either weights or result").With("argument", "weights")
	}
	if in.Result != "" {
		symbols, values, err := c.Deps.Research.Weights(ctx, c.Researcher(), in.Result)
		if err != nil {
			return rebalanceOut{}, err
		}
		weights = map[string]float64{}
		for i, s := range symbols {
			weights[s] = values[i]
		}
	}
	if in.Invest == 0 {
		in.Invest = 1
	}
	t := order.Targets{Account: in.Account, Weights: map[string]num.Decimal{}, KeepOthers: in.KeepOthers, MinTrade: in.MinTrade, ClientRef: in.ClientRef}
	for s, w := range weights {
		w *= in.Invest
		if w > largestWeight || w < -largestWeight {
			return rebalanceOut{}, fault.E(op, fault.Invalid, "the weight of %s is %g; it is a fraction of equity, at most %d", tool.Echo(s), w, largestWeight).With("argument", "weights")
		}
		d, err := num.FromFloat(w)
		if err != nil {
			return rebalanceOut{}, fault.E(op, fault.Invalid, "the weight of %s is no number", tool.Echo(s)).With("argument", "weights")
		}
		t.Weights[s] = d.Round(8)
	}
	ticket, steps, err := c.Deps.Desk.Rebalance(ctx, c.Asker(), t)
	if err != nil {
		return rebalanceOut{}, err
	}
	out := rebalanceOut{Steps: []stepRow{}, Ticket: TicketOf(ctx, c, ticket)}
	for _, s := range steps[:min(len(steps), shownSteps)] {
		out.Steps = append(out.Steps, stepRow{s.Symbol, s.Weight, s.Target, s.Held.Normalize(), s.Wanted.Normalize(), s.Skipped})
	}
	return out, nil
}
