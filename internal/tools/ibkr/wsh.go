package ibkr

import (
	"context"
	"encoding/json"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/tool"
	"quantdesk/internal/tws"
)

// Meta tells what the calendar of Wall Street Horizon has.
var Meta = tool.Define(tool.Spec{
	Name: "ibkr_get_wsh_meta_data", Title: "Kinds of corporate events", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "The kinds of events that the calendar of Wall Street Horizon has, where the login has it. Ask this before ibkr_get_wsh_event_data.",
	Examples:    []string{`{}`},
}, meta)

type metaOut struct {
	Metadata any `json:"metadata" jsonschema:"As Wall Street Horizon has it."`
}

func meta(ctx context.Context, c *tool.Call, in accountIn) (metaOut, error) {
	_, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return metaOut{}, err
	}
	text, err := conn.WSHMetaData(ctx)
	return metaOut{parsed(text)}, venue.Fault(err)
}

// parsed is JSON of TWS as a value; what is none stays text.
func parsed(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		short, _ := cut(text)
		return short
	}
	return v
}

// Events lists corporate events of a contract.
var Events = tool.Define(tool.Spec{
	Name: "ibkr_get_wsh_event_data", Title: "Corporate events", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "Dividends, splits, earnings and other events of a contract from the calendar of Wall Street Horizon.",
	Aliases:     map[string]string{"limit": "totalLimit"},
}, events)

type eventsIn struct {
	ConID int64  `json:"conId" jsonschema:"Of which contract." minimum:"1"`
	Start string `json:"startDate,omitempty" jsonschema:"yyyymmdd."`
	End   string `json:"endDate,omitempty" jsonschema:"yyyymmdd."`
	Total int64  `json:"totalLimit,omitempty" jsonschema:"At most." default:"10" minimum:"1" maximum:"100"`
	accountIn
}

type eventsOut struct {
	ConID  int64 `json:"conId" jsonschema:"Of which contract."`
	Events []any `json:"events" jsonschema:"As Wall Street Horizon has them."`
	Count  int   `json:"count" jsonschema:"How many."`
}

func events(ctx context.Context, c *tool.Call, in eventsIn) (eventsOut, error) {
	_, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return eventsOut{}, err
	}
	if in.Total == 0 {
		in.Total = 10
	}
	text, err := conn.WSHEvents(ctx, tws.ReqWSHEventData{ConID: tws.Int(in.ConID), Start: in.Start, End: in.End, Total: tws.Int(in.Total)})
	if err != nil {
		return eventsOut{}, venue.Fault(err)
	}
	out := eventsOut{ConID: in.ConID, Events: []any{}}
	switch v := parsed(text).(type) {
	case []any:
		out.Events = append(out.Events, v...)
	default:
		out.Events = append(out.Events, v)
	}
	out.Count = len(out.Events)
	return out, nil
}
