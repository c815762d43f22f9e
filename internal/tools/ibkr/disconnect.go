package ibkr

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Disconnect ends a connection to TWS.
var Disconnect = tool.Define(tool.Spec{
	Name: "ibkr_disconnect", Title: "Disconnect from TWS", Toolset: toolset, Scopes: []string{identity.ConnectionsWrite}, Effect: tool.Destroy,
	Description: "End your connection to TWS and forget it, with its streams. Orders that work there go on working: cancel them first.",
}, disconnect)

type disconnectOut struct {
	Status  string `json:"status" jsonschema:"disconnected."`
	Account string `json:"account" jsonschema:"The account."`
}

func disconnect(ctx context.Context, c *tool.Call, in accountIn) (disconnectOut, error) {
	a, err := accountOf(ctx, c, in.Account)
	if err != nil {
		return disconnectOut{}, err
	}
	return disconnectOut{"disconnected", a.ID}, c.Deps.Identity.Disconnect(ctx, c.Caller.User, a.ConnectionID)
}
