package lean

import (
	"context"
	"sort"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// QuoteBars gives the bid and ask bars that end after start and not after end
// (a zero end sets no bound), extended hours included, in time order. The base
// resolution is read or made of a finer stored one; resolutions beyond one day
// fail with fault.Invalid. A symbol without quotes gives none.
func (f *Folder) QuoteBars(ctx context.Context, symbol string, r market.Resolution, start, end time.Time) ([]market.QuoteBar, error) {
	const op = "lean.QuoteBars"
	if !r.Intraday() && r != market.Daily {
		return nil, fault.E(op, fault.Invalid, "quote bars of %s are not made", r).
			Hinted("Ask for quote bars of a day or shorter.")
	}
	e, cal, err := f.open(op, symbol, r)
	if err != nil {
		return nil, err
	}
	source, found, err := f.coarsest(e, r.Base(), quote)
	if err != nil || !found {
		return nil, err
	}
	w := window{from: -1 << 62, to: 1 << 62, extended: true}
	if !start.IsZero() {
		w.from = wholeStart(start, r, source, cal).UnixMilli()
	}
	if !end.IsZero() {
		w.to = end.UnixMilli()
	}
	rows, err := f.quotes(ctx, e, cal, source, w)
	if err != nil {
		return nil, err
	}
	bars := make([]market.QuoteBar, len(rows))
	for i := range rows {
		bars[i] = rows[i].bar()
	}
	if r != source {
		bars = joinQuotes(bars, e.quoteSpans(cal, r))
		for len(bars) > 0 && bars[len(bars)-1].End.UnixMilli() > w.to {
			bars = bars[:len(bars)-1] // still running
		}
	}
	first := sort.Search(len(bars), func(i int) bool { return bars[i].End.After(start) })
	return bars[first:], nil
}

// quoteSpans gives the bar of a resolution that an instant belongs to.
func (e *entry) quoteSpans(cal *market.Calendar, r market.Resolution) func(time.Time) (start, end time.Time) {
	if r == market.Daily || r == market.Hour {
		return e.spans(cal, r)
	}
	return func(t time.Time) (time.Time, time.Time) {
		midnight := market.DateOf(t.In(cal.Zone)).In(cal.Zone)
		start := midnight.Add(t.Sub(midnight).Truncate(r.Duration()))
		return start.UTC(), start.Add(r.Duration()).UTC()
	}
}

func joinQuotes(bars []market.QuoteBar, span func(time.Time) (start, end time.Time)) []market.QuoteBar {
	var out []market.QuoteBar
	for _, b := range bars {
		start, end := span(b.Start)
		if n := len(out); n > 0 && out[n-1].Start.Equal(start) {
			o := &out[n-1]
			joinSide(&o.Bid, &o.BidSize, b.Bid, b.BidSize)
			joinSide(&o.Ask, &o.AskSize, b.Ask, b.AskSize)
			continue
		}
		b.Start, b.End = start, end
		for _, side := range []*market.Bar{&b.Bid, &b.Ask} {
			if !side.Close.IsZero() {
				side.Start, side.End = start, end
			}
		}
		out = append(out, b)
	}
	return out
}

func joinSide(o *market.Bar, size *num.Decimal, b market.Bar, bSize num.Decimal) {
	switch {
	case b.Close.IsZero():
	case o.Close.IsZero():
		*o, *size = b, bSize
	default:
		o.High, o.Low, o.Close = num.Max(o.High, b.High), num.Min(o.Low, b.Low), b.Close
		*size = bSize
	}
}

func (r *quoteRow) bar() market.QuoteBar {
	b := market.QuoteBar{
		Start: time.UnixMilli(r.start).UTC(), End: time.UnixMilli(r.end).UTC(), BidSize: r.bidSize, AskSize: r.askSize,
	}
	for _, s := range [...]struct {
		prices *[4]num.Decimal
		to     *market.Bar
	}{{&r.bid, &b.Bid}, {&r.ask, &b.Ask}} {
		if p := s.prices; !p[3].IsZero() {
			*s.to = market.Bar{Start: b.Start, End: b.End, Open: p[0], High: p[1], Low: p[2], Close: p[3]}
		}
	}
	return b
}
