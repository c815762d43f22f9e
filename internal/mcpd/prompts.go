package mcpd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// prompt is a workflow people repeat.
type prompt struct {
	name, title, description string
	args                     []*mcp.PromptArgument
	text                     func(a map[string]string) string
}

func prompts() []prompt {
	symbol := &mcp.PromptArgument{Name: "symbol", Title: "Symbol", Description: "The instrument.", Required: true}
	account := &mcp.PromptArgument{Name: "account", Title: "Account", Description: "account_id; optional where there is one."}
	return []prompt{
		{"place_trade", "Place a trade", "Look, propose, show and confirm one trade.", []*mcp.PromptArgument{
			symbol, {Name: "side", Title: "Side", Description: "buy or sell.", Required: true},
			{Name: "quantity", Title: "Quantity", Description: "How much, with its unit.", Required: true}, account,
		}, func(a map[string]string) string {
			return fmt.Sprintf("I want to %s %s of %s%s. Look at get_quotes, get_market_hours and get_policy first. Propose it with create_order, show me the whole summary with price, age of the price and share of equity, and call confirm_trade only after I say yes. Then tell me the fill and the position.",
				a["side"], a["quantity"], a["symbol"], onAccount(a))
		}},
		{"review_portfolio", "Review the portfolio", "Positions, profit, concentration and working orders.", []*mcp.PromptArgument{account}, func(a map[string]string) string {
			return fmt.Sprintf("Review my portfolio%s: get_balances, get_positions, get_orders and the latest get_transactions. Show weights, profit, the largest risks, and orders that no longer make sense. Say how old the prices are and whether they are simulated. Propose nothing unless I ask.", onAccount(a))
		}},
		{"rebalance", "Rebalance to weights", "Turn target weights into one basket.", []*mcp.PromptArgument{
			{Name: "targets", Title: "Targets", Description: "Such as AAPL 40%, MSFT 40%, cash 20%.", Required: true}, account,
		}, func(a map[string]string) string {
			return fmt.Sprintf("Rebalance%s to %s. Read balances, positions and quotes, work out the orders (sells first), propose them as one create_basket, show me the totals, and confirm only after I say yes.", onAccount(a), a["targets"])
		}},
	}
}

func onAccount(a map[string]string) string {
	if a["account"] == "" {
		return ""
	}
	return " on account " + a["account"]
}

// maxPromptArg bounds what is woven into a prompt's text.
const maxPromptArg = 500

func (s *Server) addPrompts(srv *mcp.Server) {
	for _, p := range prompts() {
		srv.AddPrompt(&mcp.Prompt{Name: p.name, Title: p.title, Description: p.description, Arguments: p.args}, func(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			for _, arg := range p.args {
				v := req.Params.Arguments[arg.Name]
				if arg.Required && v == "" || len(v) > maxPromptArg {
					return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("the argument %s is required and at most %d characters", arg.Name, maxPromptArg)}
				}
			}
			return &mcp.GetPromptResult{Description: p.description, Messages: []*mcp.PromptMessage{
				{Role: "user", Content: &mcp.TextContent{Text: p.text(req.Params.Arguments)}},
			}}, nil
		})
	}
}

// complete offers symbols, sides and accounts while an argument is typed, from
// the tools that list them: the caller's scopes and limits hold here too.
func (s *Server) complete(ctx context.Context, req *mcp.CompleteRequest, caller identity.Principal, view tool.View) (*mcp.CompleteResult, error) {
	const most = 100 // the protocol's bound
	typed := req.Params.Argument.Value
	var all []string
	switch req.Params.Argument.Name {
	case "symbol":
		all = s.offer(ctx, caller, view, "search_instruments", map[string]any{"query": typed, "limit": most + 1}, "instruments", "symbol")
	case "account":
		all = s.offer(ctx, caller, view, "list_accounts", map[string]any{"limit": most + 1}, "accounts", "account_id")
		all = slices.DeleteFunc(all, func(id string) bool { return !strings.HasPrefix(strings.ToLower(id), strings.ToLower(typed)) })
	case "side":
		for _, v := range []string{"buy", "sell"} {
			if strings.HasPrefix(v, strings.ToLower(typed)) {
				all = append(all, v)
			}
		}
	}
	values := append([]string{}, all[:min(len(all), most)]...)
	return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: values, Total: len(values), HasMore: len(all) > most}}, nil
}

// offer reads one column of a listing as the caller; who may not read it is
// offered nothing.
func (s *Server) offer(ctx context.Context, caller identity.Principal, view tool.View, name string, args map[string]any, rows, column string) []string {
	raw, err := json.Marshal(args)
	if err != nil {
		return nil
	}
	res := s.cfg.Gate.Call(ctx, tool.Request{Caller: caller, View: view, Via: "completion", Name: name, Args: raw})
	var out map[string]json.RawMessage
	var list []map[string]any
	if res.Fault != nil || json.Unmarshal(res.Structured, &out) != nil || json.Unmarshal(out[rows], &list) != nil {
		return nil
	}
	var values []string
	for _, r := range list {
		if v, ok := r[column].(string); ok {
			values = append(values, v)
		}
	}
	return values
}
