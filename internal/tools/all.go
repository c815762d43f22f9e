// Package tools is the list of every tool.
package tools

import (
	_ "embed"

	"quantdesk/internal/tool"
	"quantdesk/internal/tools/account"
	"quantdesk/internal/tools/accounts"
	"quantdesk/internal/tools/admin"
	"quantdesk/internal/tools/auth"
	"quantdesk/internal/tools/backtests"
	"quantdesk/internal/tools/collaboration"
	"quantdesk/internal/tools/compile"
	"quantdesk/internal/tools/connections"
	"quantdesk/internal/tools/desk"
	"quantdesk/internal/tools/files"
	"quantdesk/internal/tools/ibkr"
	"quantdesk/internal/tools/market"
	"quantdesk/internal/tools/orders"
	"quantdesk/internal/tools/projects"
	"quantdesk/internal/tools/research"
	"quantdesk/internal/tools/system"
)

//go:generate go run ./gen

//go:embed catalogue.json
var generated []byte

// all is one line per tool.
func all() []tool.Tool {
	return []tool.Tool{
		account.Read,
		accounts.Balances,
		accounts.List,
		accounts.Positions,
		accounts.Transactions,
		admin.LatestVersion,
		admin.LeanVersions,
		admin.ServerVersion,
		auth.Clear,
		auth.Configure,
		auth.GetStatus,
		auth.Headers,
		auth.Test,
		auth.Validate,
		backtests.Chart,
		backtests.Create,
		backtests.Delete,
		backtests.Insights,
		backtests.List,
		backtests.Orders,
		backtests.Read,
		backtests.Update,
		collaboration.Create,
		collaboration.Delete,
		collaboration.Lock,
		collaboration.Read,
		collaboration.Update,
		compile.Create,
		compile.Read,
		connections.Authorize,
		connections.Brokers,
		connections.Delete,
		connections.List,
		connections.Status,
		desk.CallRead,
		desk.CallWrite,
		desk.Policy,
		desk.Search,
		files.Create,
		files.Delete,
		files.Patch,
		files.Read,
		files.Rename,
		files.Update,
		ibkr.All,
		ibkr.Article,
		ibkr.Articles,
		ibkr.Bars,
		ibkr.Bracket,
		ibkr.Cancel,
		ibkr.Chain,
		ibkr.ChainParams,
		ibkr.Components,
		ibkr.Connect,
		ibkr.DataType,
		ibkr.Definition,
		ibkr.Details,
		ibkr.Disconnect,
		ibkr.Events,
		ibkr.Executions,
		ibkr.Fundamentals,
		ibkr.Head,
		ibkr.Histogram,
		ibkr.Managed,
		ibkr.Matching,
		ibkr.Meta,
		ibkr.Modify,
		ibkr.NextID,
		ibkr.Open,
		ibkr.OptionPrice,
		ibkr.OrderStatus,
		ibkr.PNL,
		ibkr.PNLSingle,
		ibkr.Place,
		ibkr.PlaceOption,
		ibkr.Positions,
		ibkr.Providers,
		ibkr.Resource,
		ibkr.Rule,
		ibkr.Scan,
		ibkr.ScannerParameters,
		ibkr.Search,
		ibkr.StartBroadtape,
		ibkr.StartMarket,
		ibkr.StartNews,
		ibkr.StartPortfolio,
		ibkr.StartTickNews,
		ibkr.Status,
		ibkr.StopBroadtape,
		ibkr.StopMarket,
		ibkr.StopNews,
		ibkr.StopPortfolio,
		ibkr.StopTickNews,
		ibkr.Stream,
		ibkr.StreamAccount,
		ibkr.StreamNews,
		ibkr.Summary,
		ibkr.Ticks,
		ibkr.Time,
		ibkr.Values,
		market.Bars,
		market.Hours,
		market.Quotes,
		market.Search,
		market.Stream,
		orders.Basket,
		orders.Cancel,
		orders.Confirm,
		orders.Create,
		orders.Discard,
		orders.Get,
		orders.Kill,
		orders.List,
		orders.Pending,
		orders.Rebalance,
		orders.Replace,
		projects.Copy,
		projects.Create,
		projects.Delete,
		projects.List,
		projects.Read,
		projects.ReadNodes,
		projects.Update,
		projects.UpdateNodes,
		research.AddAlternative,
		research.AddConstituents,
		research.AddEquities,
		research.AddEquity,
		research.Alpha,
		research.AlternativeHistory,
		research.Cancel,
		research.Chart,
		research.Choose,
		research.Cointegration,
		research.Components,
		research.Constituents,
		research.Correlate,
		research.EqualWeight,
		research.FindPairs,
		research.History,
		research.ImportFactors,
		research.Info,
		research.Initialize,
		research.List,
		research.Loadings,
		research.Optimize,
		research.Performance,
		research.Query,
		research.Rank,
		research.ReadReport,
		research.Regime,
		research.Remove,
		research.Reversion,
		research.Screen,
		research.Sparse,
		research.Tearsheet,
		research.TradePairs,
		system.Info,
		system.Performance,
		system.Processes,
		system.Status,
		system.Summary,
	}
}

// curated is the default list: at most thirty.
func curated() []string {
	return []string{
		"list_accounts", "get_balances", "get_positions", "get_transactions",
		"list_brokers", "authorize_connection", "list_connections", "connection_status", "delete_connection",
		"search_tools", "call_tool", "call_write_tool", "get_policy",
		"search_instruments", "get_quotes", "get_bars", "get_market_hours", "stream_quotes",
		"create_order", "create_basket", "confirm_trade", "list_pending_trades", "discard_trade",
		"get_orders", "get_order", "replace_order", "cancel_order", "engage_kill_switch",
	}
}

// aliases are further names, callable and unlisted.
func aliases() map[string]string {
	return map[string]string{
		"get_quote": "get_quotes", "list_orders": "get_orders", "list_positions": "get_positions", "kill_switch": "engage_kill_switch",
		"get_auth_header": "get_auth_headers_info", "compile_project": "create_compile", "read_compilation_result": "read_compile", "update_file_content": "update_file_contents",
		"connect_tws": "ibkr_connect", "disconnect_tws": "ibkr_disconnect", "get_connection_status": "ibkr_get_status", "get_contract_details": "ibkr_get_contract_details",
		"get_historical_data": "ibkr_get_historical_data", "get_account_summary": "ibkr_get_account_summary", "get_pnl": "ibkr_get_pnl", "get_pnl_single": "ibkr_get_pnl_single",
		"get_next_valid_id": "ibkr_get_next_valid_id", "place_order": "ibkr_place_order", "get_open_orders": "ibkr_get_open_orders", "get_executions": "ibkr_get_executions", "stream_market_data": "ibkr_stream_market_data", "stream_account_updates": "ibkr_stream_account_updates",
	}
}

// Catalogue is every tool with its generated schemas.
func Catalogue() *tool.Catalogue { return tool.NewCatalogue(all(), curated(), aliases(), generated) }
