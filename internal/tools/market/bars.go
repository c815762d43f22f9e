package market

import (
	"context"
	"fmt"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
)

// Bars gives price history.
var Bars = tool.Define(tool.Spec{
	Name: "get_bars", Title: "Get price bars", Toolset: "market", Scopes: []string{identity.MarketRead}, Effect: tool.Read, Rows: "bars",
	Description: "Open, high, low, close and volume of one instrument, oldest first, at any resolution (1s to 1w). Without start it gives the last limit bars. Only bars that have ended.",
	Aliases:     map[string]string{"interval": "resolution", "timeframe": "resolution", "from": "start", "to": "end", "bar_size": "resolution"},
	Examples:    []string{`{"symbol":"AAPL","resolution":"1d","limit":5}`, `{"symbol":"AAPL","resolution":"15m","limit":4,"format":"csv"}`},
}, bars)

type barsIn struct {
	Symbol     string            `json:"symbol" jsonschema:"The instrument."`
	Resolution string            `json:"resolution,omitempty" jsonschema:"second, minute, hour, daily, or such as 5m, 4h, 1w." default:"daily"`
	Start      string            `json:"start,omitempty" jsonschema:"Date or RFC 3339 time of the first bar."`
	End        string            `json:"end,omitempty" jsonschema:"Bars that ended by then; default the venue's now."`
	Adjustment market.Adjustment `json:"adjustment,omitempty" jsonschema:"How past splits and dividends are treated." default:"adjusted"`
	Extended   bool              `json:"extended_hours,omitempty" jsonschema:"Include bars outside regular hours."`
	tool.Page
}

type barRow struct {
	Time   time.Time   `json:"time" jsonschema:"Bar start, UTC."`
	Open   num.Decimal `json:"open" jsonschema:"First price."`
	High   num.Decimal `json:"high" jsonschema:"Highest price."`
	Low    num.Decimal `json:"low" jsonschema:"Lowest price."`
	Close  num.Decimal `json:"close" jsonschema:"Last price."`
	Volume num.Decimal `json:"volume" jsonschema:"Quantity traded."`
}

type barsOut struct {
	Symbol     string            `json:"symbol" jsonschema:"The instrument."`
	Resolution string            `json:"resolution" jsonschema:"Length of a bar."`
	Adjustment market.Adjustment `json:"adjustment" jsonschema:"raw, adjusted or split_adjusted."`
	Currency   string            `json:"currency" jsonschema:"Currency of the prices."`
	TimeZone   string            `json:"time_zone" jsonschema:"Zone that sessions and days are counted in; times are UTC."`
	Bars       []barRow          `json:"bars" jsonschema:"Oldest first."`
	tool.Provenance
	tool.Listing
}

// maxDecimals trims what adjustment computes to what a price can carry.
const maxDecimals = 8

func bars(ctx context.Context, c *tool.Call, in barsIn) (barsOut, error) {
	f := c.Deps.Feed
	inst, err := f.Find(in.Symbol)
	if err != nil {
		return barsOut{}, err
	}
	cal, err := f.Calendar(inst.Symbol)
	if err != nil {
		return barsOut{}, err
	}
	req, err := in.request(inst, cal, f.Now())
	if err != nil {
		return barsOut{}, err
	}
	rows, err := f.Bars(ctx, req)
	if err != nil {
		return barsOut{}, err
	}
	out := barsOut{Symbol: inst.Symbol, Resolution: req.Resolution.String(), Adjustment: req.Adjustment, Currency: inst.Currency, TimeZone: cal.Zone.String(), Bars: []barRow{}}
	if in.Start != "" && len(rows) > in.Size() {
		rows = rows[:in.Size()]
		out.NextCursor = tool.EncodeCursor(rows[len(rows)-1].End)
	}
	asOf := f.Now()
	for _, b := range rows {
		out.Bars = append(out.Bars, barRow{b.Start.UTC(), trim(b.Open), trim(b.High), trim(b.Low), trim(b.Close), trim(b.Volume)})
		asOf = b.End
	}
	if len(rows) == 0 {
		out.Hints = []string{fmt.Sprintf("There are no %s bars of %s in that span: try another resolution or an earlier start.", req.Resolution, inst.Symbol)}
	}
	out.Provenance = c.Priced(asOf, f.Kind())
	return out, nil
}

func trim(d num.Decimal) num.Decimal {
	if d.Scale() > maxDecimals {
		return d.Round(maxDecimals).Normalize()
	}
	return d
}

func (in barsIn) request(inst market.Instrument, cal *market.Calendar, now time.Time) (market.BarRequest, error) {
	if in.Resolution == "" {
		in.Resolution = "daily"
	}
	res, err := market.ParseResolution(in.Resolution)
	if err != nil {
		return market.BarRequest{}, fault.E("get_bars", fault.Invalid, "%s", err).With("argument", "resolution")
	}
	req := market.BarRequest{Symbol: inst.Symbol, Resolution: res, Adjustment: in.Adjustment, Extended: in.Extended, End: now}
	if req.Adjustment == "" {
		req.Adjustment = market.Adjusted
	}
	if in.End != "" {
		if req.End, err = moment("end", in.End, cal.Zone, true); err != nil {
			return req, err
		}
	}
	if in.Start == "" {
		req.Last = in.Size()
		return req, nil
	}
	if req.Start, err = moment("start", in.Start, cal.Zone, false); err != nil {
		return req, err
	}
	if !req.Start.Before(req.End) {
		return req, fault.E("get_bars", fault.Invalid, "start %s is not before end %s", in.Start, req.End.Format(time.RFC3339)).With("argument", "start")
	}
	return req, tool.DecodeCursor(in.Cursor, &req.Start)
}

// lastYear leaves room for a day more, in any zone, in what JSON can tell.
const lastYear = 9998

func within(year int) bool { return year >= 1 && year <= lastYear }

// moment reads a time, or a date in the market's zone: its beginning, or its end.
func moment(name, s string, zone *time.Location, end bool) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil && within(t.UTC().Year()) {
		return t.UTC(), nil
	}
	d, err := market.ParseDate(s)
	if err != nil || !within(d.Year) {
		return time.Time{}, fault.E("get_bars", fault.Invalid, "%s %q is not a date or an RFC 3339 time", name, s).With("argument", name).
			Hinted("Write it as 2013-10-11 or 2013-10-11T14:30:00Z.")
	}
	if end {
		d = d.AddDays(1)
	}
	return d.In(zone).UTC(), nil
}
