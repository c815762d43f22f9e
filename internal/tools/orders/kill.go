package orders

import (
	"context"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Kill pulls the kill switch.
var Kill = tool.Define(tool.Spec{
	Name: "engage_kill_switch", Title: "Engage the kill switch", Toolset: "orders", Scopes: []string{identity.BrokerTrade}, Effect: tool.Destroy, Idempotent: true,
	Description: "Stop at once: refuse every new order that opens or adds, and cancel your working orders unless told otherwise. Only a person at the machine can release it.",
}, kill)

type killIn struct {
	Reason      string `json:"reason,omitempty" jsonschema:"Why, for the record."`
	KeepWorking bool   `json:"keep_working_orders,omitempty" jsonschema:"Leave working orders alone."`
}

type killOut struct {
	Engaged   bool      `json:"engaged" jsonschema:"Always true."`
	At        time.Time `json:"at" jsonschema:"Since when."`
	Cancelled []string  `json:"cancelled" jsonschema:"Orders whose cancel was asked for."`
	Message   string    `json:"message" jsonschema:"What holds now."`
}

func kill(ctx context.Context, c *tool.Call, in killIn) (killOut, error) {
	k, err := c.Deps.Desk.SetKill(ctx, c.Asker(), true, in.Reason)
	if err != nil {
		return killOut{}, err
	}
	out := killOut{Engaged: true, At: k.At, Cancelled: []string{}, Message: "New orders are refused until a person runs: quantdesk kill --release. Orders that only reduce a position still work."}
	if in.KeepWorking {
		return out, nil
	}
	asked, err := c.Deps.Desk.CancelAll(ctx, c.Asker())
	out.Cancelled = append(out.Cancelled, asked...)
	return out, err
}
