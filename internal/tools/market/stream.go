package market

import (
	"context"
	"errors"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/market"
	"quantdesk/internal/tool"
)

// Stream follows quotes for a while.
var Stream = tool.Define(tool.Spec{
	Name: "stream_quotes", Title: "Stream quotes", Toolset: "market", Scopes: []string{identity.MarketRead}, Effect: tool.Read, Streams: true,
	Description: "Follow quotes for some seconds: changes arrive as progress notifications (MCP) or events (REST), and the newest quotes at the end.",
	Aliases:     map[string]string{"symbol": "symbols", "duration": "seconds", "duration_seconds": "seconds"},
	Examples:    []string{`{"symbols":["AAPL"],"seconds":1}`},
}, stream)

type streamIn struct {
	Symbols  []string `json:"symbols" jsonschema:"Symbols, up to 50." maxItems:"50"`
	Seconds  float64  `json:"seconds,omitempty" jsonschema:"How long to follow." default:"20" minimum:"0.1" maximum:"50"`
	Interval float64  `json:"interval_s,omitempty" jsonschema:"Seconds between updates at least." default:"1" minimum:"0.1" maximum:"10"`
}

type streamOut struct {
	Quotes  []quoteRow `json:"quotes" jsonschema:"The newest quotes."`
	Updates int        `json:"updates" jsonschema:"Changes that were seen."`
	Seconds float64    `json:"seconds" jsonschema:"How long it followed."`
	tool.Provenance
}

func stream(ctx context.Context, c *tool.Call, in streamIn) (streamOut, error) {
	if in.Seconds == 0 {
		in.Seconds = 20
	}
	if in.Interval == 0 {
		in.Interval = 1
	}
	if len(in.Symbols) == 0 {
		return streamOut{}, fault.E("stream_quotes", fault.Invalid, "symbols is empty").With("argument", "symbols")
	}
	insts := map[string]market.Instrument{}
	var symbols []string
	for _, s := range in.Symbols {
		inst, err := c.Deps.Feed.Find(s)
		if err != nil {
			return streamOut{}, err
		}
		insts[inst.Symbol] = inst
		symbols = append(symbols, inst.Symbol)
	}
	start := time.Now()
	out := streamOut{Quotes: []quoteRow{}}
	newest := map[string]market.Quote{}
	follow, stop := context.WithTimeout(ctx, time.Duration(in.Seconds*float64(time.Second)))
	defer stop()
	err := c.Deps.Feed.Stream(follow, symbols, time.Duration(in.Interval*float64(time.Second)), func(changed []market.Quote) error {
		rows := make([]quoteRow, len(changed))
		for i, q := range changed {
			newest[q.Symbol] = q
			rows[i] = rowOf(c, insts[q.Symbol], q)
		}
		out.Updates += len(changed)
		c.Report(tool.Progress{Done: min(time.Since(start).Seconds(), in.Seconds), Total: in.Seconds, Message: "quotes", Data: rows})
		return nil
	})
	if ctx.Err() != nil || err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return out, errors.Join(ctx.Err(), err)
	}
	var got []market.Quote
	for _, s := range symbols {
		if q, ok := newest[s]; ok {
			got = append(got, q)
			out.Quotes = append(out.Quotes, rowOf(c, insts[s], q))
		}
	}
	out.Seconds = time.Since(start).Seconds()
	out.Provenance = provenance(c, got)
	return out, nil
}
