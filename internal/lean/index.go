package lean

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// classOrder decides who keeps the bare symbol when two classes have it.
var classOrder = []market.Class{market.Equity, market.Index, market.Forex, market.Crypto, market.CFD}

// defaultMarkets are the markets whose symbols are written without a prefix.
var defaultMarkets = map[market.Class]string{
	market.Equity: "usa", market.Index: "usa", market.Forex: "oanda", market.Crypto: "coinbase", market.CFD: "oanda",
}

// stored lists the resolutions a folder holds, coarse to fine.
var stored = []market.Resolution{market.Daily, market.Hour, market.Minute, market.Second}

// resolutionDirs are the folders' names.
var resolutionDirs = map[market.Resolution]string{
	market.Daily: "daily", market.Hour: "hour", market.Minute: "minute", market.Second: "second",
}

// entry is one instrument with what is read of it when first needed.
type entry struct {
	inst   market.Instrument
	rel    string // "equity/usa"
	ticker string // lower case; a mapped security's permanent ticker
	segs   []segment
	mapErr error // the map file is damaged: only this symbol fails

	calendarOnce sync.Once
	cal          *market.Calendar
	calendarErr  error

	factorOnce sync.Once
	factorRows []factorRow
	factorErr  error

	mu   sync.Mutex
	days map[market.Resolution][]sessionFile
}

// index is the folder's symbols at one moment.
type index struct {
	all      []market.Instrument // sorted by Symbol
	entries  []*entry
	bySymbol map[string]*entry // upper case
	byFile   map[string]*entry // rel + "/" + ticker

	lastMu sync.Mutex
	last   market.Date // LastSession, zero until asked
}

// Instruments lists every symbol with bars of any resolution, sorted by
// Symbol. Options and futures are left out. The list is cached; it is the
// caller's to change.
func (f *Folder) Instruments(ctx context.Context) ([]market.Instrument, error) {
	idx, err := f.indexed(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(idx.all), nil
}

// Lookup finds an instrument by its symbol in any case: "AAPL", "usa:AAPL",
// "bitfinex:BTCUSD", or a past ticker that only one security has had.
func (f *Folder) Lookup(symbol string) (market.Instrument, bool) {
	e, err := f.entry("lean.Lookup", symbol)
	if err != nil {
		return market.Instrument{}, false
	}
	return e.inst, true
}

func (f *Folder) entry(op, symbol string) (*entry, error) {
	idx := f.index.Load()
	if idx == nil {
		var err error
		if idx, err = f.indexed(context.Background()); err != nil {
			return nil, err
		}
	}
	if e, ok := idx.bySymbol[symbol]; ok {
		return e, nil
	}
	if e, ok := idx.bySymbol[strings.ToUpper(strings.TrimSpace(symbol))]; ok {
		return e, nil
	}
	return nil, fault.E(op, fault.NotFound, "the data folder has no symbol %q", symbol).
		Hinted("List the instruments, or import data for it.").With("symbol", symbol)
}

func (f *Folder) indexed(ctx context.Context) (*index, error) {
	if idx := f.index.Load(); idx != nil {
		return idx, nil
	}
	f.building.Lock()
	defer f.building.Unlock()
	if idx := f.index.Load(); idx != nil {
		return idx, nil
	}
	idx := &index{bySymbol: map[string]*entry{}, byFile: map[string]*entry{}}
	past := map[string][]*entry{}
	for _, class := range classOrder {
		markets, err := f.list(string(class))
		if err != nil {
			return nil, err
		}
		// The default market first: it has the first claim on bare symbols.
		slices.SortStableFunc(markets, func(a, b string) int {
			return boolRank(a != defaultMarkets[class]) - boolRank(b != defaultMarkets[class])
		})
		for _, name := range markets {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := f.scan(idx, class, name, past); err != nil {
				return nil, err
			}
		}
	}
	for _, e := range idx.entries {
		idx.byFile[e.rel+"/"+e.ticker] = e
		alias := strings.ToUpper(e.inst.Market + ":" + e.ticker)
		if idx.bySymbol[alias] == nil {
			idx.bySymbol[alias] = e
		}
		idx.all = append(idx.all, e.inst)
	}
	for ticker, claims := range past {
		if symbol := strings.ToUpper(ticker); len(claims) == 1 && idx.bySymbol[symbol] == nil {
			idx.bySymbol[symbol] = claims[0]
		}
	}
	slices.SortFunc(idx.all, func(a, b market.Instrument) int { return strings.Compare(a.Symbol, b.Symbol) })
	f.index.Store(idx)
	return idx, nil
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scan adds one market's instruments: first the securities with a map file,
// then the tickers no map file speaks of.
func (f *Folder) scan(idx *index, class market.Class, name string, past map[string][]*entry) error {
	rel := string(class) + "/" + name
	onDisk, err := f.tickers(rel)
	if err != nil {
		return err
	}
	claimed := map[string]bool{}
	if class == market.Equity {
		maps, err := f.list(rel + "/map_files")
		if err != nil {
			return err
		}
		for _, file := range maps {
			ticker, ok := strings.CutSuffix(file, ".csv")
			if !ok {
				continue
			}
			rows, err := f.readMap(rel + "/map_files/" + file)
			if err != nil {
				claimed[ticker] = true
				if onDisk[ticker] != nil {
					if _, err := f.add(idx, class, name, ticker, always(ticker), err); err != nil {
						return err
					}
				}
				continue
			}
			segs := segments(rows)
			has := false
			for _, s := range segs {
				claimed[s.ticker] = true
				has = has || onDisk[s.ticker].within(s)
			}
			if !has {
				continue
			}
			e, err := f.add(idx, class, name, ticker, segs, nil)
			if err != nil {
				return err
			}
			for _, s := range segs {
				if s.ticker != ticker && !slices.Contains(past[s.ticker], e) {
					past[s.ticker] = append(past[s.ticker], e)
				}
			}
		}
	}
	for _, ticker := range sortedKeys(onDisk) {
		if !claimed[ticker] && onDisk[ticker].within(always(ticker)[0]) {
			if _, err := f.add(idx, class, name, ticker, always(ticker), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Folder) add(idx *index, class market.Class, name, ticker string, segs []segment, mapErr error) (*entry, error) {
	e, err := f.newEntry(class, name, ticker, segs)
	if err != nil {
		return nil, err
	}
	e.mapErr = mapErr
	upper := strings.ToUpper(ticker)
	for _, symbol := range []string{e.inst.Symbol, name + ":" + upper, string(class) + ":" + name + ":" + upper} {
		if key := strings.ToUpper(symbol); idx.bySymbol[key] == nil {
			e.inst.Symbol = symbol
			idx.bySymbol[key] = e
			break
		}
	}
	idx.entries = append(idx.entries, e)
	return e, nil
}

// newEntry makes the entry of an instrument, stored or about to be.
func (f *Folder) newEntry(class market.Class, name, ticker string, segs []segment) (*entry, error) {
	upper := strings.ToUpper(ticker)
	e := &entry{rel: string(class) + "/" + name, ticker: ticker, segs: segs, days: map[market.Resolution][]sessionFile{}}
	e.inst = market.Instrument{Symbol: upper, Class: class, Market: name}
	if name != defaultMarkets[class] {
		e.inst.Symbol = name + ":" + upper
	}
	return e, f.props.fill(&e.inst, ticker)
}

func (e *entry) calendar(f *Folder) (*market.Calendar, error) {
	e.calendarOnce.Do(func() { e.cal, e.calendarErr = f.hours.calendar(e.inst.Class, e.inst.Market, e.ticker) })
	return e.cal, e.calendarErr
}

func (e *entry) factors(f *Folder) ([]factorRow, error) {
	e.factorOnce.Do(func() {
		e.factorRows, e.factorErr = f.readFactors(e.rel + "/factor_files/" + e.ticker + ".csv")
	})
	return e.factorRows, e.factorErr
}

// precise tells whether daily bars run from the session's open to its close
// (LEAN's precise end times) instead of from midnight to midnight.
func (e *entry) precise(cal *market.Calendar) bool {
	return !cal.AlwaysOpen && e.inst.Class != market.Forex && !(e.inst.Class == market.CFD && e.inst.Market == "oanda")
}

// daySpan gives start and end of a daily bar, in milliseconds.
func (e *entry) daySpan(cal *market.Calendar, d market.Date) (start, end int64) {
	if e.precise(cal) {
		if opens, closes, ok := cal.Session(d); ok {
			return opens.UnixMilli(), closes.UnixMilli()
		}
	}
	return d.In(cal.DataZone).UnixMilli(), d.AddDays(1).In(cal.DataZone).UnixMilli()
}

// dayOf is the date a daily bar that starts at an instant is filed under.
func (e *entry) dayOf(cal *market.Calendar, start time.Time) market.Date {
	if e.precise(cal) {
		return market.DateOf(start.In(cal.Zone))
	}
	return market.DateOf(start.In(cal.DataZone))
}

// list names what is in a folder, sorted; nothing when it does not exist.
func (f *Folder) list(rel string) ([]string, error) {
	found, err := os.ReadDir(f.path(rel))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap("lean.list", fault.Unavailable, err, "folder %s cannot be read", rel).
			Hinted("Check that the desk's user may read the data folder.")
	}
	names := make([]string, 0, len(found))
	for _, d := range found {
		if !strings.HasPrefix(d.Name(), ".") {
			names = append(names, d.Name())
		}
	}
	return names, nil
}
