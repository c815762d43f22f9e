package connections

import (
	"context"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// List lists the caller's connections.
var List = tool.Define(tool.Spec{
	Name: "list_connections", Title: "List connections", Toolset: "connections", Scopes: []string{identity.ConnectionsRead}, Effect: tool.Read, Rows: "connections",
	Description: "Your broker connections with their permission. Secrets are never shown.",
	Examples:    []string{`{}`},
}, list)

type listIn struct{ tool.Page }

type connectionRow struct {
	ConnectionID string              `json:"connection_id" jsonschema:"The connection."`
	BrokerageID  string              `json:"brokerage_id" jsonschema:"Its broker."`
	Permission   identity.Permission `json:"permission" jsonschema:"read or trade."`
	Created      time.Time           `json:"created_at" jsonschema:"Since when."`
}

type listOut struct {
	Connections []connectionRow `json:"connections" jsonschema:"Oldest first."`
	tool.Listing
}

func connectionOf(c identity.Connection) connectionRow {
	return connectionRow{c.ID, c.Broker, c.Permission, c.Created.UTC()}
}

func list(ctx context.Context, c *tool.Call, in listIn) (listOut, error) {
	own, err := c.Deps.Identity.Connections(ctx, c.Caller.User)
	if err != nil {
		return listOut{}, err
	}
	page, next, err := tool.Slice(own, in.Page)
	if err != nil {
		return listOut{}, err
	}
	out := listOut{Connections: make([]connectionRow, len(page)), Listing: tool.Listing{NextCursor: next}}
	for i, conn := range page {
		out.Connections[i] = connectionOf(conn)
	}
	if len(own) == 0 {
		out.Hints = []string{"None yet. list_brokers shows what can be connected."}
	}
	return out, nil
}
