package mcpd

import (
	"context"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/market"
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

// complete offers symbols, sides and accounts while an argument is typed.
func (s *Server) complete(ctx context.Context, req *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
	values := []string{}
	switch req.Params.Argument.Name {
	case "symbol":
		all, err := s.cfg.Feed.Instruments(ctx)
		if err != nil {
			return nil, err
		}
		for _, in := range market.Select(all, market.Query{Text: req.Params.Argument.Value}) {
			values = append(values, in.Symbol)
		}
	case "side":
		for _, v := range []string{"buy", "sell"} {
			if strings.HasPrefix(v, strings.ToLower(req.Params.Argument.Value)) {
				values = append(values, v)
			}
		}
	}
	total := len(values)
	const most = 100 // the protocol's bound
	if total > most {
		values = values[:most]
	}
	return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: values, Total: total, HasMore: total > most}}, nil
}
