package lean

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// What bounds the decoded rows that a Source keeps: of files of one day, which a
// run reads one after another, and of files of all days.
const (
	maxDayBytes   = 16 << 20
	maxWholeBytes = 256 << 20
)

// Source gives a data folder to the engine: rows as they are in the files,
// on the wall clock of the data, neither adjusted nor filtered. It may serve
// several engines at once.
type Source struct {
	f    *Folder
	days *lru[algo.RowQuery, *algo.Rows] // of one day
	all  *lru[algo.RowQuery, *algo.Rows]

	kept string // folder of decoded rows, empty: there is none
	told func(algo.RowQuery)

	mapsMu sync.Mutex
	maps   map[string]*mapIndex // by folder
	series map[algo.RowQuery]bool
}

// Source gives the folder to an engine.
func (f *Folder) Source() *Source {
	return &Source{f: f, days: newLRU[algo.RowQuery, *algo.Rows](maxDayBytes), all: newLRU[algo.RowQuery, *algo.Rows](maxWholeBytes)}
}

var kindClasses = map[algo.Kind]market.Class{
	algo.Equity: market.Equity, algo.Index: market.Index, algo.Forex: market.Forex, algo.Crypto: market.Crypto, algo.CFD: market.CFD,
}

// Calendar gives the trading hours of a market or of one of its tickers.
func (s *Source) Calendar(kind algo.Kind, marketName, ticker string) (*market.Calendar, error) {
	class, ok := kindClasses[kind]
	if !ok {
		return nil, fault.E("lean.Calendar", fault.Invalid, "there are no trading hours for %s securities", kind)
	}
	return s.f.hours.calendar(class, marketName, ticker)
}

// Pairs lists the tickers of a market with what they are quoted in.
func (s *Source) Pairs(kind algo.Kind, marketName string) ([]algo.Pair, error) {
	p := &s.f.props
	p.once.Do(p.load)
	if p.err != nil {
		return nil, p.err
	}
	var out []algo.Pair
	for _, key := range p.keys {
		rest, ok := strings.CutPrefix(key, marketName+",")
		if !ok {
			continue
		}
		ticker, class, _ := strings.Cut(rest, ",")
		if class != string(kindClasses[kind]) || ticker == "[*]" {
			continue
		}
		_, row, _ := strings.Cut(p.rows[key], ",")
		quote, _, _ := strings.Cut(row, ",")
		out = append(out, algo.Pair{Ticker: ticker, Quote: quote})
	}
	return out, nil
}

// Properties gives the conventions of a ticker, false when neither it nor its
// market is listed.
func (s *Source) Properties(kind algo.Kind, marketName, ticker string) (algo.Properties, bool, error) {
	class, ok := kindClasses[kind]
	if !ok {
		return algo.Properties{}, false, nil
	}
	p := &s.f.props
	p.once.Do(p.load)
	if p.err != nil {
		return algo.Properties{}, false, p.err
	}
	row, found := p.rows[marketName+","+strings.ToUpper(ticker)+","+string(class)]
	if !found {
		row, found = p.rows[marketName+",[*],"+string(class)]
	}
	if !found {
		return algo.Properties{}, false, nil
	}
	fields := strings.Split(row, ",")
	field := func(n int) string {
		if n < len(fields) {
			return strings.TrimSpace(fields[n])
		}
		return ""
	}
	out := algo.Properties{Description: field(0), Quote: field(1), Multiplier: num.One, Tick: cent, Lot: num.One, Ticker: field(5), Magnifier: num.One}
	if out.Quote == "" {
		out.Quote = "USD"
	}
	positive(&out.Multiplier, field(2))
	positive(&out.Tick, field(3))
	positive(&out.Lot, field(4))
	positive(&out.MinOrderSize, field(6))
	positive(&out.Magnifier, field(7))
	return out, true, nil
}

// Factors gives the price factors of an equity.
func (s *Source) Factors(kind algo.Kind, marketName, ticker string) ([]algo.FactorRow, error) {
	rows, err := s.f.readFactors(strings.ToLower(kind.String()) + "/" + marketName + "/factor_files/" + strings.ToLower(ticker) + ".csv")
	if err != nil {
		return nil, err
	}
	out := make([]algo.FactorRow, len(rows))
	for i, r := range rows {
		out[i] = algo.FactorRow{Date: r.date, Price: r.price, Split: r.split, Reference: r.reference}
	}
	return out, nil
}

// File gives the bytes of a file of the folder, nil when it is not there. A
// path that leaves the folder is refused.
func (s *Source) File(rel string) ([]byte, error) {
	rel = filepath.ToSlash(rel)
	if root := filepath.ToSlash(s.f.dir); strings.HasPrefix(rel, root+"/") {
		rel = rel[len(root)+1:]
	}
	if name, entry, zipped := strings.Cut(rel, "#"); zipped || strings.HasSuffix(name, ".zip") {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fault.E("lean.File", fault.Invalid, "the path %q leaves the data folder", rel)
		}
		return s.f.readZip("lean.File", name, entry)
	}
	if !filepath.IsLocal(filepath.FromSlash(rel)) {
		return nil, fault.E("lean.File", fault.Invalid, "the path %q leaves the data folder", rel)
	}
	data, err := os.ReadFile(s.f.path(rel))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap("lean.File", fault.Unavailable, err, "the file %s cannot be read", rel)
	}
	return data, nil
}

// rel is the name of a query's file and the beginning of its entry's name.
func rowFile(q algo.RowQuery) (rel, entry string) {
	dir := strings.ToLower(q.Kind.String()) + "/" + q.Market + "/" + strings.ToLower(q.Resolution.String()) + "/"
	ticker := strings.ToLower(q.Ticker)
	kind := "trade"
	if q.Quote {
		kind = "quote"
	}
	if q.Resolution < algo.Hour {
		return dir + ticker + "/" + q.Date.Compact() + "_" + kind + ".zip", q.Date.Compact()
	}
	if q.Kind == algo.Crypto || q.Kind == algo.CryptoFuture {
		return dir + ticker + "_" + kind + ".zip", ticker
	}
	return dir + ticker + ".zip", ticker
}

// Rows gives the decoded rows of a file, nil when it is not there.
func (s *Source) Rows(q algo.RowQuery) (*algo.Rows, error) {
	cache := s.all
	if q.Resolution < algo.Hour {
		cache = s.days
	}
	got, generation, ok := cache.get(q)
	if ok {
		return got, nil
	}
	rel, entry := rowFile(q)
	out, ok := s.keptRows(rel, q)
	if !ok {
		text, err := s.f.readZip("lean.Rows", rel, entry)
		if err != nil {
			return nil, err
		}
		if text != nil {
			if out, err = decodeRows(q, rel, text); err != nil {
				return nil, err
			}
		}
	}
	cost := 64
	if out != nil {
		cost += len(out.Trades)*96 + len(out.Quotes)*200 + len(out.Ticks)*170
	}
	cache.put(generation, q, out, cost)
	return out, nil
}

// decodeRows reads the lines of a file. Rows out of order are kept as they are:
// the engine passes over what does not move forward.
func decodeRows(q algo.RowQuery, rel string, text []byte) (*algo.Rows, error) {
	out := &algo.Rows{}
	midnight := algo.Wall(q.Date)
	scaled := q.Kind == algo.Equity || q.Kind == algo.Option || q.Kind == algo.IndexOption
	lines := bytes.Count(text, []byte{'\n'}) + 1
	switch {
	case q.Resolution == algo.Tick:
		out.Ticks = make([]algo.TickRow, 0, lines)
	case q.Quote:
		out.Quotes = make([]algo.QuoteRow, 0, lines)
	default:
		out.Trades = make([]algo.TradeRow, 0, lines)
	}
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		if line = bytes.TrimSuffix(line, []byte{'\r'}); len(line) == 0 {
			continue
		}
		first, rest, _ := bytes.Cut(line, []byte{','})
		at, ok := rowTime(first, midnight, q.Resolution < algo.Hour)
		if !ok {
			return nil, damaged("lean.Rows", rel, n, "the time is not understood in %q", clip(line))
		}
		cells := cellReader{rest: rest, scaled: scaled, ok: true}
		switch {
		case q.Resolution == algo.Tick:
			out.Ticks = append(out.Ticks, cells.tick(at, q))
		case q.Quote:
			r := algo.QuoteRow{At: at}
			r.Bid, r.BidSize = cells.side()
			r.Ask, r.AskSize = cells.side()
			out.Quotes = append(out.Quotes, r)
		default:
			r := algo.TradeRow{At: at, O: cells.price(), H: cells.price(), L: cells.price(), C: cells.price()}
			if cells.ok && len(cells.rest) > 0 {
				r.Volume = cells.number()
			}
			out.Trades = append(out.Trades, r)
		}
		if !cells.ok {
			return nil, damaged("lean.Rows", rel, n, "a cell is missing or is not a number in %q", clip(line))
		}
	}
	return out, nil
}

// rowTime reads the first column: milliseconds of the day, or a date and time.
func rowTime(cell []byte, midnight int64, ofDay bool) (int64, bool) {
	if ofDay {
		if ms, ok := parseInt(cell); ok {
			return midnight + ms*int64(time.Millisecond), true
		}
		d, ok := parseDecimal(cell)
		if !ok {
			return 0, false
		}
		return midnight + int64(d.Float64()*float64(time.Millisecond)), true
	}
	if len(cell) < 8 {
		return 0, false
	}
	at, ok := dayOf(cell[:8])
	if !ok {
		return 0, false
	}
	if len(cell) >= 14 && cell[8] == ' ' && cell[11] == ':' {
		h, ok1 := parseInt(cell[9:11])
		m, ok2 := parseInt(cell[12:14])
		if !ok1 || !ok2 {
			return 0, false
		}
		at += h*int64(time.Hour) + m*int64(time.Minute)
	}
	return at, true
}

// dayOf reads a date without separators as its midnight.
func dayOf(cell []byte) (int64, bool) {
	if n, ok := parseInt(cell); ok {
		y, m, d := int(n/10000), time.Month(n/100%100), int(n%100)
		if y >= 1800 && m >= 1 && m <= 12 && d >= 1 && d <= 28 { // in every month
			return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixNano(), true
		}
	}
	d, err := market.ParseDate(string(cell))
	return algo.Wall(d), err == nil
}
