package market

import (
	"context"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/tool"
)

// quoteOf reads one quote and shows it as a row.
func quoteOf(ctx context.Context, c *tool.Call, symbol string) (market.Quote, quoteRow, error) {
	f := c.Deps.Feed
	in, err := f.Find(symbol)
	if err != nil {
		return market.Quote{}, quoteRow{}, err
	}
	q, err := f.Quote(ctx, in.Symbol)
	if err != nil {
		return q, quoteRow{}, err
	}
	return q, rowOf(c, in, q), nil
}

func rowOf(c *tool.Call, in market.Instrument, q market.Quote) quoteRow {
	f := c.Deps.Feed
	state := string(market.Closed)
	if q.Halted {
		state = string(market.HaltedState)
	} else if cal, err := f.Calendar(in.Symbol); err == nil {
		state = string(cal.State(f.Now()))
	}
	return quoteRow{
		in.Symbol, q.Bid, q.Ask, q.BidSize, q.AskSize, q.Last, q.Open, q.High, q.Low, q.PrevClose, q.Volume,
		in.Currency, state, q.Feed, q.Time.UTC(), f.Age(q.Time).Milliseconds(),
	}
}

// provenance is that of the oldest of several quotes.
func provenance(c *tool.Call, quotes []market.Quote) tool.Provenance {
	at, kind := c.Deps.Feed.Now(), c.Deps.Feed.Kind()
	for _, q := range quotes {
		if q.Time.Before(at) {
			at, kind = q.Time, q.Feed
		}
	}
	return c.Priced(at, kind)
}

func reason(err error) string { return fault.As(err).Message }
