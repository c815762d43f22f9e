package ibkr

import (
	"context"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
	"quantdesk/internal/tws"
)

// ScannerParameters tells what a scanner can be asked.
var ScannerParameters = tool.Define(tool.Spec{
	Name: "ibkr_get_scanner_parameters", Title: "Parameters of scanners", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "What a scanner can be asked, as TWS's XML, in pages of 30,000 characters: IBKR's own has some two million.",
	Examples:    []string{`{}`},
}, scannerParameters)

type scannerParametersIn struct {
	Offset int `json:"offset,omitempty" jsonschema:"next_offset of the page before." minimum:"0" maximum:"100000000"`
	accountIn
}

type scannerParametersOut struct {
	Parameters  string `json:"parameters" jsonschema:"XML, or a part of it."`
	Description string `json:"description" jsonschema:"What this is."`
	Length      int    `json:"length" jsonschema:"Of the whole."`
	Next        int    `json:"next_offset,omitempty" jsonschema:"Pass as offset for the next page; absent on the last."`
}

func scannerParameters(ctx context.Context, c *tool.Call, in scannerParametersIn) (scannerParametersOut, error) {
	_, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return scannerParametersOut{}, err
	}
	xml, err := conn.ScannerParameters(ctx)
	if err != nil {
		return scannerParametersOut{}, venue.Fault(err)
	}
	out := scannerParametersOut{Description: "ScanCodes, instruments, locations and filters for ibkr_run_market_scanner.", Length: len(xml)}
	at := min(in.Offset, len(xml))
	page, more := cut(xml[at:])
	if out.Parameters = page; more {
		out.Next = at + len(page)
	}
	return out, nil
}

// Scan ranks the market.
var Scan = tool.Define(tool.Spec{
	Name: "ibkr_run_market_scanner", Title: "Scan the market", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "Rank contracts by a scan of TWS, such as TOP_PERC_GAIN, MOST_ACTIVE, HOT_BY_VOLUME; at most 50 come back.",
	Aliases:     map[string]string{"limit": "numberOfRows", "location": "locationCode"},
	Examples:    []string{`{"scanCode":"MOST_ACTIVE","numberOfRows":5}`},
}, scan)

type scanIn struct {
	Code       string      `json:"scanCode" jsonschema:"From ibkr_get_scanner_parameters."`
	Instrument string      `json:"instrument,omitempty" jsonschema:"Kind of contract." default:"STK"`
	Location   string      `json:"locationCode,omitempty" jsonschema:"Where." default:"STK.US.MAJOR"`
	Rows       int64       `json:"numberOfRows,omitempty" jsonschema:"At most." default:"50" minimum:"1" maximum:"50"`
	Above      num.Decimal `json:"abovePrice,omitzero" jsonschema:"Only dearer ones."`
	Below      num.Decimal `json:"belowPrice,omitzero" jsonschema:"Only cheaper ones."`
	Volume     int64       `json:"aboveVolume,omitempty" jsonschema:"Only above that volume." minimum:"0" maximum:"2000000000"`
	CapAbove   num.Decimal `json:"marketCapAbove,omitzero" jsonschema:"Only larger ones."`
	CapBelow   num.Decimal `json:"marketCapBelow,omitzero" jsonschema:"Only smaller ones."`
	StockType  string      `json:"stockTypeFilter,omitempty" jsonschema:"ALL, CORP, ADR, ETF and so on."`
	accountIn
}

type scanRow struct {
	Rank       int64       `json:"rank" jsonschema:"From 0."`
	Contract   contractRow `json:"contract" jsonschema:"What."`
	Distance   string      `json:"distance" jsonschema:"As TWS has it."`
	Benchmark  string      `json:"benchmark" jsonschema:"As TWS has it."`
	Projection string      `json:"projection" jsonschema:"As TWS has it."`
	Legs       string      `json:"legsStr" jsonschema:"Of a combination."`
}

type scanOut struct {
	Code       string    `json:"scanCode" jsonschema:"As asked."`
	Instrument string    `json:"instrument" jsonschema:"As asked."`
	Location   string    `json:"locationCode" jsonschema:"As asked."`
	Results    []scanRow `json:"results" jsonschema:"Best first."`
	Count      int       `json:"count" jsonschema:"How many."`
}

func scan(ctx context.Context, c *tool.Call, in scanIn) (scanOut, error) {
	_, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return scanOut{}, err
	}
	if in.Rows == 0 {
		in.Rows = 50
	}
	set := func(d num.Decimal) tws.OptNum {
		if d.IsZero() {
			return tws.OptNum{}
		}
		return tws.Num(d)
	}
	m := tws.ReqScannerSubscription{
		Rows: tws.Int(in.Rows), Instrument: upper(in.Instrument, "STK"), Location: upper(in.Location, "STK.US.MAJOR"), ScanCode: upper(in.Code, ""),
		AbovePrice: set(in.Above), BelowPrice: set(in.Below), MarketCapAbove: set(in.CapAbove), MarketCapBelow: set(in.CapBelow), StockTypeFilter: upper(in.StockType, ""),
	}
	if in.Volume > 0 {
		m.AboveVolume = tws.Int(in.Volume)
	}
	rows, err := conn.Scan(ctx, m)
	out := scanOut{Code: tool.Echo(m.ScanCode), Instrument: tool.Echo(m.Instrument), Location: tool.Echo(m.Location), Results: []scanRow{}, Count: len(rows)}
	for _, r := range rows {
		out.Results = append(out.Results, scanRow{r.Rank, rowOf(r.Contract), r.Distance, r.Benchmark, r.Projection, r.Legs})
	}
	return out, venue.Fault(err)
}
