package desk

import (
	"context"
	"encoding/json"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// CallRead calls a read-only tool by name.
var CallRead = tool.Define(tool.Spec{
	Name: "call_tool", Title: "Call a read-only tool", Toolset: "desk", Scopes: []string{identity.DeskRead}, Effect: tool.Read,
	Description: "Call a read-only tool found by search_tools that is not listed. Its own scopes, limits and audit apply. Tools that change things need call_write_tool.",
	Aliases:     map[string]string{"tool": "name", "args": "arguments"},
	Examples:    []string{`{"name":"get_quotes","arguments":{"symbols":["AAPL"]}}`},
}, callRead)

// CallWrite calls any other tool by name, but never confirm_trade.
var CallWrite = tool.Define(tool.Spec{
	Name: "call_write_tool", Title: "Call a tool that changes things", Toolset: "desk", Scopes: []string{identity.DeskRead}, Effect: tool.Destroy,
	Description: "Call a tool found by search_tools that is not listed and changes things. Its own scopes, limits and audit apply. confirm_trade must be called directly.",
	Aliases:     map[string]string{"tool": "name", "args": "arguments"},
	Secret:      []string{"arguments"}, // the relayed call is recorded itself, without its secrets
}, callWrite)

type callIn struct {
	Name      string         `json:"name" jsonschema:"The tool's name."`
	Arguments map[string]any `json:"arguments,omitempty" jsonschema:"Its arguments."`
}

type callOut struct {
	Name   string          `json:"name" jsonschema:"The tool."`
	Result json.RawMessage `json:"result" jsonschema:"Its output."`
	tool.Relay
}

func callRead(ctx context.Context, c *tool.Call, in callIn) (callOut, error) {
	t, ok := c.Gate.Catalogue().Find(in.Name)
	if ok && t.Effect != tool.Read {
		return callOut{}, fault.E("call_tool", fault.Forbidden, "%s is not read-only", t.Name).Hinted("Call it directly, or with call_write_tool.")
	}
	return relay(ctx, c, in)
}

func callWrite(ctx context.Context, c *tool.Call, in callIn) (callOut, error) {
	if t, ok := c.Gate.Catalogue().Find(in.Name); ok && (t.Alone || t.Name == "call_tool" || t.Name == "call_write_tool") {
		return callOut{}, fault.E("call_write_tool", fault.Forbidden, "%s can only be called directly", t.Name).
			Hinted("Call %s itself, so that a person can see it.", t.Name)
	}
	return relay(ctx, c, in)
}

func relay(ctx context.Context, c *tool.Call, in callIn) (callOut, error) {
	if in.Name == "call_tool" {
		return callOut{}, fault.E("call_tool", fault.Invalid, "call_tool cannot call itself")
	}
	res, err := c.Relay(ctx, in.Name, in.Arguments)
	if err != nil {
		return callOut{}, err
	}
	return callOut{Name: in.Name, Result: res.Structured, Relay: tool.RelayOf(res)}, nil
}
