package mcpd

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// resource is a reading of a tool under an address, so that scopes, limits and
// audit of the tool hold for it too.
type resource struct {
	uri, name, title, description string
	tool                          string
	// args makes the tool's arguments of the part of the address that the
	// template leaves open; nil where a fixed address needs none.
	args func(part string) map[string]any
}

// maxPart bounds the open part of an address.
const maxPart = 200

const (
	scheme     = "quantdesk://"
	ibkrScheme = "ibkr://"
)

// stream makes the arguments of a read of a stream at Interactive Brokers.
func stream(kind string, open bool) func(string) map[string]any {
	return func(part string) map[string]any {
		if open {
			return map[string]any{"uri": ibkrScheme + kind + "/" + part}
		}
		return map[string]any{"uri": ibkrScheme + kind}
	}
}

func resources() []resource {
	return []resource{
		{scheme + "accounts", "accounts", "Accounts", "Your accounts.", "list_accounts", nil},
		{scheme + "pending-trades", "pending-trades", "Pending trades", "Tickets that wait for confirmation.", "list_pending_trades", nil},
		{scheme + "orders", "orders", "Open orders", "Your working orders.", "get_orders", nil},
		{"resource://system/info", "system-info", "System information", "What the server runs on.", "get_system_info", nil},
		{"resource://quantconnect/server/status", "server-status", "Server status", "Version, uptime, backends.", "get_server_status", nil},
		{"resource://quantconnect/tools/summary", "tools-summary", "Tools by toolset", "The tools you can call.", "get_tools_summary", nil},
		{"resource://quantconnect/performance/metrics", "performance-metrics", "Performance metrics", "What the server uses.", "get_performance_metrics", nil},
		{"resource://system/processes/{limit}", "processes", "Processes of the desk", "The server and the runs of algorithms.", "list_processes", func(p string) map[string]any { return map[string]any{"limit": p} }},
		{scheme + "quotes/{symbol}", "quote", "Quote", "The current quote of an instrument.", "get_quotes", func(p string) map[string]any { return map[string]any{"symbols": []string{p}} }},
		{scheme + "orders/{order_id}", "order", "Order", "One order as it stands.", "get_order", func(p string) map[string]any { return map[string]any{"order_id": p} }},
		{scheme + "positions/{account}", "positions", "Positions", "What an account holds.", "get_positions", func(p string) map[string]any { return map[string]any{"account": p} }},
		{ibkrScheme + "news-bulletins", "ibkr-news-bulletins", "Bulletins of IBKR", "IBKR's bulletins, once started.", "ibkr_read_resource", stream("news-bulletins", false)},
		{ibkrScheme + "broadtape-news", "ibkr-broadtape-news", "News wire of IBKR", "A provider's headlines, once started.", "ibkr_read_resource", stream("broadtape-news", false)},
		{ibkrScheme + "market-data/{resource_id}", "ibkr-market-data", "Prices at IBKR", "A contract's prices, once started.", "ibkr_read_resource", stream("market-data", true)},
		{ibkrScheme + "portfolio/{account}", "ibkr-portfolio", "Account at IBKR", "An account's values and positions, once started.", "ibkr_read_resource", stream("portfolio", true)},
		{ibkrScheme + "tick-news/{symbol}", "ibkr-tick-news", "Headlines at IBKR", "Headlines about a symbol, once started.", "ibkr_read_resource", stream("tick-news", true)},
		{ibkrScheme + "tick-news/*", "ibkr-all-tick-news", "All headlines at IBKR", "Headlines of all symbols that were started.", "ibkr_read_resource", stream("tick-news/*", false)},
		{scheme + "balances/{account}", "balances", "Balances", "The money of an account.", "get_balances", func(p string) map[string]any { return map[string]any{"account": p} }},
	}
}

func (s *Server) addResources(srv *mcp.Server, who *identity.Principal, view tool.View) {
	for _, r := range resources() {
		h := func(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			text, f := s.read(ctx, req.Params.URI, s.caller(ctx, req, who), s.view(req, who, view), false)
			if f != nil {
				if f.Code == fault.NotFound {
					return nil, mcp.ResourceNotFoundError(req.Params.URI)
				}
				return nil, protocolFault(f)
			}
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: req.Params.URI, MIMEType: "application/json", Text: text}}}, nil
		}
		if !strings.Contains(r.uri, "{") {
			srv.AddResource(&mcp.Resource{URI: r.uri, Name: r.name, Title: r.title, Description: r.description, MIMEType: "application/json"}, h)
			continue
		}
		srv.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: r.uri, Name: r.name, Title: r.title, Description: r.description, MIMEType: "application/json"}, h)
	}
}

// read reads a resource as the caller, through the gate.
func (s *Server) read(ctx context.Context, uri string, caller identity.Principal, view tool.View, watch bool) (string, *fault.Error) {
	for _, r := range resources() {
		var args map[string]any
		if !strings.Contains(r.uri, "{") {
			if uri != r.uri {
				continue
			}
			if r.args != nil {
				args = r.args("")
			}
		} else {
			prefix, _, _ := strings.Cut(r.uri, "{")
			part, ok := strings.CutPrefix(uri, prefix)
			if !ok || part == "" || len(part) > maxPart || strings.Contains(part, "/") {
				continue
			}
			args = r.args(part)
		}
		raw, err := json.Marshal(args)
		if err != nil {
			return "", fault.As(err)
		}
		res := s.cfg.Gate.Call(ctx, tool.Request{Caller: caller, View: view, Via: "resource", Name: r.tool, Args: raw, Watch: watch})
		return string(res.Structured), res.Fault
	}
	return "", fault.E("mcpd.read", fault.NotFound, "there is no resource %.100q", uri)
}
