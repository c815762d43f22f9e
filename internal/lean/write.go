package lean

import (
	"context"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// WriteBars stores trade bars of one of the four stored resolutions, in any
// order, merged with what is stored: of two bars with one start the new one
// wins. Files are replaced whole, so a crash leaves the old or the new; a
// damaged file already there is an error and is not overwritten. Equity prices
// are stored to 4 places. Forex and CFD have no trades in LEAN's layout: their
// bars are stored as quotes with bid and ask equal, without the volume. It
// fails with fault.Invalid for what the layout cannot hold.
func (f *Folder) WriteBars(ctx context.Context, inst market.Instrument, r market.Resolution, bars []market.Bar) error {
	if inst.Class == market.Forex || inst.Class == market.CFD {
		quotes := make([]market.QuoteBar, len(bars))
		for i, b := range bars {
			b.Volume = num.Zero
			quotes[i] = market.QuoteBar{Start: b.Start, End: b.End, Bid: b, Ask: b}
		}
		return f.WriteQuoteBars(ctx, inst, r, quotes)
	}
	rows := make([]tradeRow, len(bars))
	for i, b := range bars {
		rows[i] = tradeRow{b.Start.UnixMilli(), b.End.UnixMilli(), b.Open, b.High, b.Low, b.Close, b.Volume}
	}
	return write(ctx, f, "lean.WriteBars", inst, r, trade, rows, tradeTimes)
}

// WriteQuoteBars is WriteBars for bid and ask. Daily and hour quotes of an
// equity or an index have no place in the layout and fail with fault.Invalid.
func (f *Folder) WriteQuoteBars(ctx context.Context, inst market.Instrument, r market.Resolution, bars []market.QuoteBar) error {
	rows := make([]quoteRow, len(bars))
	for i, b := range bars {
		rows[i] = quoteRow{
			start: b.Start.UnixMilli(), end: b.End.UnixMilli(), bidSize: b.BidSize, askSize: b.AskSize,
			bid: [4]num.Decimal{b.Bid.Open, b.Bid.High, b.Bid.Low, b.Bid.Close},
			ask: [4]num.Decimal{b.Ask.Open, b.Ask.High, b.Ask.Low, b.Ask.Close},
		}
	}
	return write(ctx, f, "lean.WriteQuoteBars", inst, r, quote, rows, quoteTimes)
}

// target is one file with the new rows that belong into it.
type target[R any] struct {
	rel, inner string
	date       market.Date // of minute and second files
	ticker     string
	rows       []R
}

func write[R any](ctx context.Context, f *Folder, op string, inst market.Instrument, r market.Resolution, kind tick,
	rows []R, times func(*R) (int64, int64)) error {
	if resolutionDirs[r] == "" {
		return fault.E(op, fault.Invalid, "bars of %s cannot be stored", r).
			Hinted("Store second, minute, hour or daily bars; others are made of them.")
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	e, err := f.writable(op, inst)
	if err != nil {
		return err
	}
	// Whatever was written before a failure must be seen.
	defer f.Refresh()
	return store(ctx, f, op, e, r, kind, rows, times)
}

// store merges rows into an instrument's files. The caller holds f.writing and
// refreshes the folder afterwards.
func store[R any](ctx context.Context, f *Folder, op string, e *entry, r market.Resolution, kind tick,
	rows []R, times func(*R) (int64, int64)) error {
	cal, err := e.calendar(f)
	if err != nil {
		return err
	}
	enc := encoder{e: e, cal: cal, r: r, scaled: e.inst.Class == market.Equity}
	targets, err := split(op, &enc, kind, rows, times)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if err := ctx.Err(); err != nil {
			return err
		}
		old, err := existing[R](f, &enc, kind, t.rel, t.date, t.ticker)
		if err != nil {
			return err
		}
		merged := inOrder(append(old, t.rows...), times)
		var text []byte
		for i := range merged {
			if text, err = enc.line(text, any(&merged[i])); err != nil {
				return err
			}
		}
		if err := f.writeZip(t.rel, t.inner, text); err != nil {
			return err
		}
	}
	return nil
}

// storeSeries writes what was imported of one symbol.
func (f *Folder) storeSeries(ctx context.Context, s *series, r market.Resolution) error {
	const op = "lean.Import"
	var trades []tradeRow
	var quotes []quoteRow
	asQuotes := s.e.inst.Class == market.Forex || s.e.inst.Class == market.CFD
	for i := range s.rows {
		row := &s.rows[i]
		switch t := &row.trade; {
		case row.hasQuote:
			quotes = append(quotes, row.quote)
			if row.hasTrade && !asQuotes {
				trades = append(trades, *t)
			}
		case asQuotes:
			sides := [4]num.Decimal{t.open, t.high, t.low, t.close}
			quotes = append(quotes, quoteRow{start: t.start, end: t.end, bid: sides, ask: sides})
		default:
			trades = append(trades, *t)
		}
	}
	if len(trades) > 0 {
		if err := store(ctx, f, op, s.e, r, trade, trades, tradeTimes); err != nil {
			return err
		}
	}
	if len(quotes) > 0 {
		return store(ctx, f, op, s.e, r, quote, quotes, quoteTimes)
	}
	return nil
}

// writable finds the entry to write an instrument's files for, a new one when
// the folder does not have it yet.
func (f *Folder) writable(op string, inst market.Instrument) (*entry, error) {
	idx, err := f.indexed(context.Background())
	if err != nil {
		return nil, err
	}
	ticker := strings.ToLower(inst.Symbol[strings.LastIndexByte(inst.Symbol, ':')+1:])
	if !validTicker(ticker) || !validTicker(inst.Market) || !slices.Contains(classOrder, inst.Class) {
		return nil, fault.E(op, fault.Invalid, "%s %q in market %q cannot be stored", inst.Class, inst.Symbol, inst.Market).
			Hinted("Use letters, digits, dot or dash in symbol and market, and one of the classes equity, index, forex, crypto, cfd.")
	}
	if e := idx.byFile[string(inst.Class)+"/"+inst.Market+"/"+ticker]; e != nil {
		return e, e.mapErr
	}
	return f.newEntry(inst.Class, inst.Market, ticker, always(ticker))
}

// split sorts rows into the files they belong to.
func split[R any](op string, enc *encoder, kind tick, rows []R, times func(*R) (int64, int64)) ([]*target[R], error) {
	var out []*target[R]
	byRel := map[string]*target[R]{}
	for i := range rows {
		start, _ := times(&rows[i])
		d := market.DateOf(time.UnixMilli(start).In(enc.cal.DataZone))
		if enc.r == market.Daily {
			d = enc.e.dayOf(enc.cal, time.UnixMilli(start))
		}
		t := target[R]{}
		for _, s := range enc.e.segs {
			if s.covers(d) {
				t.ticker = s.ticker
			}
		}
		if t.ticker == "" {
			return nil, fault.E(op, fault.Invalid, "%s was not listed on %s", enc.e.inst.Symbol, d).
				Hinted("Leave out bars before its first and after its last day, or correct its map file.")
		}
		if enc.r == market.Minute || enc.r == market.Second {
			t.date = d
			t.rel = sessionFile{date: d, ticker: t.ticker}.rel(enc.e, enc.r, kind)
			t.inner = d.Compact() + "_" + t.ticker + "_" + resolutionDirs[enc.r] + "_" + string(kind) + ".csv"
		} else {
			var ok bool
			if t.rel, ok = enc.e.wholeFile(enc.r, t.ticker, kind); !ok {
				return nil, fault.E(op, fault.Invalid, "%s %s of %s cannot be stored", resolutionDirs[enc.r], kind, enc.e.inst.Class).
					Hinted("Quotes of shares and indexes are stored by the minute or second.")
			}
			t.inner = t.ticker + ".csv"
		}
		if byRel[t.rel] == nil {
			byRel[t.rel] = &t
			out = append(out, &t)
		}
		byRel[t.rel].rows = append(byRel[t.rel].rows, rows[i])
	}
	return out, nil
}

// existing reads what a target holds already.
func existing[R any](f *Folder, enc *encoder, kind tick, rel string, date market.Date, ticker string) ([]R, error) {
	prefix, rowTime := ticker, enc.e.wholeTimes(enc.cal, enc.r)
	if !date.IsZero() {
		prefix, rowTime = date.Compact(), sinceMidnight(date, enc.cal.DataZone, enc.r.Duration())
	}
	text, err := f.readZip("lean.write", rel, prefix)
	if err != nil {
		return nil, err
	}
	d := decoder{file: rel, kind: kind, scaled: enc.scaled, rowTime: rowTime}
	t, err := d.decode(text)
	if err != nil {
		return nil, err
	}
	if kind == trade {
		return any(t.trades).([]R), nil
	}
	return any(t.quotes).([]R), nil
}
