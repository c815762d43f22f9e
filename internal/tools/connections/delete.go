package connections

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Delete forgets a connection.
var Delete = tool.Define(tool.Spec{
	Name: "delete_connection", Title: "Delete a connection", Toolset: "connections", Scopes: []string{identity.ConnectionsWrite}, Effect: tool.Destroy, Idempotent: true,
	Description: "Forget a broker connection, its stored secrets and its accounts. Orders that work there go on working: cancel them first.",
	Aliases:     map[string]string{"id": "connection_id"},
}, remove)

type deleteIn struct {
	ConnectionID string `json:"connection_id" jsonschema:"From list_connections."`
}

type deleteOut struct {
	ConnectionID string `json:"connection_id" jsonschema:"The connection."`
	Status       string `json:"status" jsonschema:"deleted."`
}

func remove(ctx context.Context, c *tool.Call, in deleteIn) (deleteOut, error) {
	return deleteOut{in.ConnectionID, "deleted"}, c.Deps.Identity.Disconnect(ctx, c.Caller.User, in.ConnectionID)
}
