package mcpd

import (
	"context"
	_ "embed"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// The extension for views in a chat (MCP Apps, 2026-01-26): a client that has it
// shows a page of ours beside the reply and hands the reply to it.
const (
	viewExtension = "io.modelcontextprotocol/ui"
	viewMIME      = "text/html;profile=mcp-app"
	viewURI       = "ui://quantdesk/chart"
	// drawingMeta is where the page finds what to draw; a model does not read it.
	drawingMeta = "quantdesk/drawing"
)

//go:embed chart.html
var chartPage string

// addViews serves the page. It loads nothing and asks for no rights, so the
// host's strictest policy lets it run; it holds no data, so anyone may read it.
func addViews(srv *mcp.Server) {
	srv.AddResource(&mcp.Resource{URI: viewURI, Name: "chart-view", Title: "Chart", Description: "Draws charts and tear sheets inside a chat.", MIMEType: viewMIME},
		func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{
				URI: viewURI, MIMEType: viewMIME, Text: chartPage, Meta: mcp.Meta{"ui": map[string]any{"prefersBorder": true}},
			}}}, nil
		})
}

// showsViews tells that the client of a request with some meta declares the extension: with the
// request itself in the sessionless protocol, when it began in the older ones.
func showsViews(req mcp.Request, meta map[string]any) bool {
	if c, ok := meta[mcp.MetaKeyClientCapabilities].(map[string]any); ok {
		list, _ := c["extensions"].(map[string]any)
		_, has := list[viewExtension]
		return has
	}
	ss, ok := req.GetSession().(*mcp.ServerSession)
	if !ok || ss == nil {
		return false
	}
	begun := ss.InitializeParams()
	if begun == nil || begun.Capabilities == nil {
		return false
	}
	_, has := begun.Capabilities.Extensions[viewExtension]
	return has
}
