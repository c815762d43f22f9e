package market

import (
	"context"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tool"
)

// Quotes gives quotes of several instruments.
var Quotes = tool.Define(tool.Spec{
	Name: "get_quotes", Title: "Get quotes", Toolset: "market", Scopes: []string{identity.MarketRead}, Effect: tool.Read, Rows: "quotes",
	Description: "Current bid, ask, last and session figures of up to 100 instruments, each with its time and age. For prices over time use get_bars.",
	Aliases:     map[string]string{"symbol": "symbols", "tickers": "symbols"},
	Examples:    []string{`{"symbols":["AAPL","MSFT"]}`},
}, quotes)

type quotesIn struct {
	Symbols []string `json:"symbols" jsonschema:"Symbols, up to 100." maxItems:"100"`
	tool.Page
}

type quoteRow struct {
	Symbol    string      `json:"symbol" jsonschema:"The instrument."`
	Bid       num.Decimal `json:"bid,omitzero" jsonschema:"Best bid; absent when there is none."`
	Ask       num.Decimal `json:"ask,omitzero" jsonschema:"Best ask; absent when there is none."`
	BidSize   num.Decimal `json:"bid_size,omitzero" jsonschema:"Quantity at the bid."`
	AskSize   num.Decimal `json:"ask_size,omitzero" jsonschema:"Quantity at the ask."`
	Last      num.Decimal `json:"last,omitzero" jsonschema:"Last trade."`
	Open      num.Decimal `json:"open,omitzero" jsonschema:"Session open."`
	High      num.Decimal `json:"high,omitzero" jsonschema:"Session high."`
	Low       num.Decimal `json:"low,omitzero" jsonschema:"Session low."`
	PrevClose num.Decimal `json:"prev_close,omitzero" jsonschema:"Close of the session before."`
	Volume    num.Decimal `json:"volume,omitzero" jsonschema:"Session volume."`
	Currency  string      `json:"currency" jsonschema:"Currency of the prices."`
	State     string      `json:"state" jsonschema:"open, closed, pre_market, post_market or halted."`
	Feed      market.Feed `json:"feed" jsonschema:"Kind of price."`
	AsOf      time.Time   `json:"as_of" jsonschema:"When it was known, on the venue clock."`
	AgeMS     int64       `json:"age_ms" jsonschema:"Its age in milliseconds."`
}

type missing struct {
	Symbol string `json:"symbol" jsonschema:"What was asked."`
	Reason string `json:"reason" jsonschema:"Why there is no quote."`
}

type quotesOut struct {
	Quotes  []quoteRow `json:"quotes" jsonschema:"In the order asked."`
	Missing []missing  `json:"missing,omitempty" jsonschema:"What has no quote."`
	tool.Provenance
	tool.Listing
}

func quotes(ctx context.Context, c *tool.Call, in quotesIn) (quotesOut, error) {
	page, next, err := tool.Slice(in.Symbols, in.Page)
	if err != nil {
		return quotesOut{}, err
	}
	out := quotesOut{Quotes: []quoteRow{}, Listing: tool.Listing{NextCursor: next}}
	var got []market.Quote
	for _, s := range page {
		q, row, err := quoteOf(ctx, c, s)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if err != nil {
			if len(in.Symbols) == 1 {
				return out, err
			}
			out.Missing = append(out.Missing, missing{tool.Echo(s), reason(err)})
			continue
		}
		got = append(got, q)
		out.Quotes = append(out.Quotes, row)
	}
	out.Provenance = provenance(c, got)
	return out, nil
}
