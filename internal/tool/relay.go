package tool

import (
	"context"
	"encoding/json"
	"strings"
)

// viaRelay is how a relayed call came.
const viaRelay = "call_tool"

// Relay calls another tool as the same caller, through the same gate.
func (c *Call) Relay(ctx context.Context, name string, args map[string]any) (Result, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return Result{}, err
	}
	res := c.Gate.Call(ctx, Request{Caller: c.Caller, View: c.View, Via: viaRelay, Name: name, Args: raw, Trace: c.Trace, Report: c.report})
	if res.Fault != nil {
		return res, res.Fault
	}
	return res, nil
}

// Relay keeps the first line of a relayed reply, so that a reply on simulated
// prices says so through call_tool too.
type Relay struct{ line string }

// RelayOf keeps the banner of a result.
func RelayOf(r Result) Relay {
	line, _, found := strings.Cut(r.Text, "\n")
	if !found || strings.HasPrefix(line, "{") {
		line = ""
	}
	return Relay{line}
}

func (r Relay) banner() string { return r.line }
