package lean

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// importer collects rows by symbol and writes them in the end.
type importer struct {
	f            *Folder
	spec         ImportSpec
	zone         *time.Location // of naive times, nil for the market's data zone
	cols         columns
	times        stampReader
	decimalComma bool
	bySymbol     map[string]*series
	order        []*series
	report       ImportReport
	late         int // rejects of store, capped apart from those of reading
}

// series is the accepted rows of one symbol.
type series struct {
	e    *entry
	cal  *market.Calendar
	rows []importRow
	seen map[stamp]struct{}
}

type importRow struct {
	line     int
	at       stamp
	trade    tradeRow
	quote    quoteRow
	hasTrade bool
	hasQuote bool
}

func (im *importer) reject(line int, text, format string, args ...any) {
	im.report.RejectedTotal++
	if len(im.report.Rejected)-im.late < maxRejects {
		im.report.Rejected = append(im.report.Rejected, RejectedRow{line, fmt.Sprintf(format, args...), clip([]byte(text))})
	}
}

// row takes one row of cells; text is what the report shows of it.
func (im *importer) row(line int, cells []string, text string) {
	im.report.Rows++
	r := importRow{line: line}
	cell := func(at int) (string, bool) {
		if at < 0 || at >= len(cells) {
			return "", false
		}
		return cells[at], true
	}
	at, ok := cell(im.cols.time)
	if clock, has := cell(im.cols.clock); has && ok {
		at += " " + clock
	}
	if !ok || at == "" {
		im.reject(line, text, "missing column %s", im.cols.timeName)
		return
	}
	if r.at, ok = im.times.read(at); !ok {
		im.reject(line, text, "time %q is not understood", at)
		return
	}
	symbol := im.spec.Symbol
	if im.cols.symbol >= 0 && symbol == "" {
		if symbol, _ = cell(im.cols.symbol); symbol == "" {
			im.reject(line, text, "missing column symbol")
			return
		}
	}
	s, why := im.series(symbol)
	if why != "" {
		im.reject(line, text, "%s", why)
		return
	}
	t := &r.trade
	if im.cols.trades() {
		r.hasTrade = true
		why = im.prices(cell, im.cols.trade, "", [4]*num.Decimal{&t.open, &t.high, &t.low, &t.close})
		if why == "" {
			why = im.volume(cell, im.cols.volume, "volume", &t.volume)
		}
	}
	if q := &r.quote; why == "" && im.cols.quotes() {
		r.hasQuote = true
		why = cmp.Or(
			im.prices(cell, im.cols.bid, "bid_", [4]*num.Decimal{&q.bid[0], &q.bid[1], &q.bid[2], &q.bid[3]}),
			im.prices(cell, im.cols.ask, "ask_", [4]*num.Decimal{&q.ask[0], &q.ask[1], &q.ask[2], &q.ask[3]}),
			im.volume(cell, im.cols.bidSize, "bid_size", &q.bidSize),
			im.volume(cell, im.cols.askSize, "ask_size", &q.askSize))
	}
	if why != "" {
		im.reject(line, text, "%s", why)
		return
	}
	if _, dup := s.seen[r.at]; dup {
		im.reject(line, text, "duplicate time %s", at)
		return
	}
	s.seen[r.at] = struct{}{}
	s.rows = append(s.rows, r)
}

var priceNames = [4]string{"open", "high", "low", "close"}

// prices reads and checks one bar's four prices.
func (im *importer) prices(cell func(int) (string, bool), at [4]int, prefix string, to [4]*num.Decimal) (why string) {
	for i, name := range priceNames {
		text, ok := cell(at[i])
		if !ok || text == "" {
			return "missing column " + prefix + name
		}
		if *to[i], ok = im.number(text); !ok {
			return fmt.Sprintf("bad number %q in %s%s", text, prefix, name)
		}
		if im.spec.PriceDecimals > 0 {
			*to[i] = to[i].Round(im.spec.PriceDecimals)
		}
		switch to[i].Sign() {
		case -1:
			return fmt.Sprintf("negative price %s in %s%s", text, prefix, name)
		case 0:
			return fmt.Sprintf("price of zero in %s%s", prefix, name)
		}
	}
	high, low := *to[1], *to[2]
	if high.Less(low) {
		return fmt.Sprintf("%shigh %s is below low %s", prefix, high, low)
	}
	for _, i := range []int{0, 3} {
		if p := *to[i]; p.Less(low) || high.Less(p) {
			return fmt.Sprintf("%s%s %s is outside low %s to high %s", prefix, priceNames[i], p, low, high)
		}
	}
	return ""
}

// volume reads an optional quantity; an absent one is zero.
func (im *importer) volume(cell func(int) (string, bool), at int, name string, to *num.Decimal) (why string) {
	text, ok := cell(at)
	if at >= 0 && !ok {
		return "missing column " + name
	}
	if text == "" {
		return ""
	}
	if *to, ok = im.number(text); !ok {
		return fmt.Sprintf("bad number %q in %s", text, name)
	}
	if to.Sign() < 0 {
		return fmt.Sprintf("negative %s %s", name, text)
	}
	return ""
}

func (im *importer) number(text string) (num.Decimal, bool) {
	if im.decimalComma && !strings.Contains(text, ".") {
		text = strings.Replace(text, ",", ".", 1)
	}
	return parseDecimal([]byte(text))
}

// series finds where rows of a symbol go; why says what is wrong with it.
func (im *importer) series(symbol string) (_ *series, why string) {
	if s := im.bySymbol[symbol]; s != nil {
		return s, ""
	}
	e, err := im.target(symbol)
	if err != nil {
		return nil, fault.As(err).Message
	}
	cal, err := e.calendar(im.f)
	if err != nil {
		return nil, fault.As(err).Message
	}
	// Two spellings of one symbol share a series.
	for _, s := range im.order {
		if s.e.rel == e.rel && s.e.ticker == e.ticker {
			im.bySymbol[symbol] = s
			return s, ""
		}
	}
	s := &series{e: e, cal: cal, seen: map[stamp]struct{}{}}
	im.bySymbol[symbol], im.order = s, append(im.order, s)
	return s, ""
}

// target is the entry of a symbol: the stored one, or a new one by class and
// market.
func (im *importer) target(symbol string) (*entry, error) {
	class, name, ticker := im.spec.Class, im.spec.Market, strings.TrimSpace(symbol)
	if class == "" && name == "" {
		if e, err := im.f.entry("lean.Import", ticker); err == nil {
			return e, e.mapErr
		}
	}
	if class == "" {
		class = market.Equity
	}
	if before, after, ok := strings.Cut(ticker, ":"); ok {
		name, ticker = strings.ToLower(before), after
	}
	if name == "" {
		name = defaultMarkets[class]
	}
	if class != market.Equity && class != market.Index {
		ticker = strings.NewReplacer("/", "", "-", "", "_", "", " ", "").Replace(ticker) // EUR/USD
	}
	return im.f.writable("lean.Import", market.Instrument{Symbol: ticker, Class: class, Market: name})
}

// store gives every row its place in time and writes symbol after symbol.
func (im *importer) store(ctx context.Context) error {
	resolution, err := im.resolution()
	if err != nil {
		return err
	}
	im.late = len(im.report.Rejected)
	for _, s := range im.order {
		im.place(s, resolution)
		im.report.Accepted += len(s.rows)
	}
	if im.report.Accepted == 0 {
		e := fault.E("lean.Import", fault.Invalid, "no row of %s is acceptable: the file has no rows", im.spec.Path)
		if rejected := im.finished().Rejected; len(rejected) > 0 {
			e.Message = fmt.Sprintf("no row of %s is acceptable: line %d: %s", im.spec.Path, rejected[0].Line, rejected[0].Reason)
		}
		return e.Hinted("Correct the rows, or name the columns, the time layout and the symbol.")
	}
	im.f.writing.Lock()
	defer im.f.writing.Unlock()
	defer im.f.Refresh()
	for _, s := range im.order {
		if len(s.rows) == 0 {
			continue
		}
		if err := im.f.storeSeries(ctx, s, resolution); err != nil {
			return err
		}
		im.report.Symbols = append(im.report.Symbols, s.e.inst.Symbol)
		first, last := time.UnixMilli(s.rows[0].trade.start).UTC(), time.UnixMilli(s.rows[len(s.rows)-1].trade.start).UTC()
		if im.report.First.IsZero() || first.Before(im.report.First) {
			im.report.First = first
		}
		if last.After(im.report.Last) {
			im.report.Last = last
		}
	}
	return nil
}

// resolution is the spec's, or the coarsest one the smallest distance between
// rows of a symbol allows.
func (im *importer) resolution() (market.Resolution, error) {
	if im.spec.Resolution != (market.Resolution{}) {
		return im.spec.Resolution, nil
	}
	least := time.Duration(1<<63 - 1)
	for _, s := range im.order {
		slices.SortFunc(s.rows, func(a, b importRow) int { return cmp.Compare(a.at.ms, b.at.ms) })
		for i := 1; i < len(s.rows); i++ {
			least = min(least, time.Duration(s.rows[i].at.ms-s.rows[i-1].at.ms)*time.Millisecond)
		}
	}
	switch {
	case least >= 20*time.Hour: // days, over a change of clocks too
		return market.Daily, nil
	case least == time.Hour, least == time.Minute, least == time.Second:
		for _, r := range stored {
			if r.Duration() == least {
				return r, nil
			}
		}
	}
	return market.Resolution{}, fault.E("lean.Import", fault.Invalid, "the rows are %s apart, which is no stored resolution", least).
		Hinted("Say which it is: second, minute, hour or daily.")
}

// place sets start and end of a symbol's rows, sorts them, and rejects those
// that fall together or outside the symbol's life.
func (im *importer) place(s *series, r market.Resolution) {
	zone := im.zone
	if zone == nil {
		zone = s.cal.DataZone
	}
	kept := s.rows[:0]
	taken := map[int64]bool{}
	slices.SortStableFunc(s.rows, func(a, b importRow) int { return a.line - b.line })
	for _, row := range s.rows {
		start, end, day := row.at.span(s.e, s.cal, zone, r)
		text := time.UnixMilli(start).UTC().Format(time.RFC3339)
		if taken[start] {
			im.reject(row.line, text, "duplicate time %s", text)
			continue
		}
		if !slices.ContainsFunc(s.e.segs, func(g segment) bool { return g.covers(day) }) {
			im.reject(row.line, text, "%s was not listed on %s", s.e.inst.Symbol, day)
			continue
		}
		taken[start] = true
		row.trade.start, row.trade.end, row.quote.start, row.quote.end = start, end, start, end
		kept = append(kept, row)
	}
	slices.SortFunc(kept, func(a, b importRow) int { return cmp.Compare(a.trade.start, b.trade.start) })
	s.rows = kept
}
