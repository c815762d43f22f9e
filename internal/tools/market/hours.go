package market

import (
	"context"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/market"
	"quantdesk/internal/tool"
)

// Hours tells when an instrument trades.
var Hours = tool.Define(tool.Spec{
	Name: "get_market_hours", Title: "Get market hours", Toolset: "market", Scopes: []string{identity.MarketRead}, Effect: tool.Read,
	Description: "Whether an instrument trades now, its sessions on a date, and the next open and close, with the venue clock and time zone.",
	Examples:    []string{`{"symbol":"AAPL"}`},
}, hours)

type hoursIn struct {
	Symbol string `json:"symbol" jsonschema:"The instrument."`
	Date   string `json:"date,omitempty" jsonschema:"Date at the venue; default today there."`
}

type sessionRow struct {
	State market.SessionState `json:"state" jsonschema:"open, pre_market or post_market."`
	From  time.Time           `json:"from" jsonschema:"Start, UTC."`
	To    time.Time           `json:"to" jsonschema:"End, UTC."`
}

type hoursOut struct {
	Symbol     string              `json:"symbol" jsonschema:"The instrument."`
	State      market.SessionState `json:"state" jsonschema:"What the market is doing now."`
	AlwaysOpen bool                `json:"always_open" jsonschema:"Trades every hour of every day."`
	VenueTime  time.Time           `json:"venue_time" jsonschema:"The venue clock, UTC."`
	TimeZone   string              `json:"time_zone" jsonschema:"The exchange's zone."`
	Date       market.Date         `json:"date" jsonschema:"The date that sessions are of."`
	Sessions   []sessionRow        `json:"sessions" jsonschema:"Empty on a day without trading."`
	NextOpen   time.Time           `json:"next_open,omitzero" jsonschema:"Next regular open, UTC."`
	NextClose  time.Time           `json:"next_close,omitzero" jsonschema:"Next regular close, UTC."`
}

func hours(_ context.Context, c *tool.Call, in hoursIn) (hoursOut, error) {
	f := c.Deps.Feed
	inst, err := f.Find(in.Symbol)
	if err != nil {
		return hoursOut{}, err
	}
	cal, err := f.Calendar(inst.Symbol)
	if err != nil {
		return hoursOut{}, err
	}
	now := f.Now()
	out := hoursOut{
		Symbol: inst.Symbol, State: cal.State(now), AlwaysOpen: cal.AlwaysOpen, VenueTime: now, TimeZone: cal.Zone.String(),
		Date: cal.SessionDate(now), Sessions: []sessionRow{},
	}
	if in.Date != "" {
		if out.Date, err = market.ParseDate(in.Date); err != nil {
			return out, fault.E("get_market_hours", fault.Invalid, "%s", err).With("argument", "date")
		}
		if !within(out.Date.Year) {
			return out, fault.E("get_market_hours", fault.Invalid, "date %s is not within the years 1 to %d", out.Date, lastYear).With("argument", "date")
		}
	}
	midnight := out.Date.In(cal.Zone)
	at := func(d time.Duration) time.Time {
		return time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 0, 0, 0, int(d), cal.Zone).UTC()
	}
	for _, s := range cal.Segments(out.Date) {
		out.Sessions = append(out.Sessions, sessionRow{s.State, at(s.From), at(s.To)})
	}
	if !cal.AlwaysOpen {
		out.NextOpen, _ = cal.NextOpen(now)
		out.NextClose, _ = cal.NextClose(now)
	}
	return out, nil
}
