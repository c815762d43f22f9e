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
// prices says so through call_tool too, and the files beside it.
type Relay struct {
	line  string
	files Attachments
}

// RelayOf keeps the banner and the files of a result.
func RelayOf(r Result) Relay {
	line, _, found := strings.Cut(r.Text, "\n")
	if !found || strings.HasPrefix(line, "{") {
		line = ""
	}
	out := Relay{line: line, files: Attachments{Files: r.Attachments}}
	if r.Drawing != nil {
		out.files.Drawing = r.Drawing
	}
	return out
}

func (r Relay) banner() string { return r.line }

func (r Relay) attached() Attachments { return r.files }
