package lean

import (
	"context"
	"maps"
	"slices"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// sessionFile says what is stored for one date at minute or second resolution.
// Dates are those of the data zone.
type sessionFile struct {
	date         market.Date
	ticker       string
	trade, quote bool
}

func (s sessionFile) rel(e *entry, r market.Resolution, kind tick) string {
	return e.rel + "/" + resolutionDirs[r] + "/" + s.ticker + "/" + s.date.Compact() + "_" + string(kind) + ".zip"
}

// presence is what a ticker has on disk.
type presence struct {
	whole bool // a daily or hour file
	dates []market.Date
}

// within tells whether anything may lie in a stretch of days. A daily or hour
// file counts without being read: it nearly always does.
func (p *presence) within(s segment) bool {
	return p != nil && (p.whole || slices.ContainsFunc(p.dates, s.covers))
}

// tickers finds what a market folder holds, by file name.
func (f *Folder) tickers(rel string) (map[string]*presence, error) {
	out := map[string]*presence{}
	at := func(ticker string) *presence {
		p := out[ticker]
		if p == nil && validTicker(ticker) {
			p = &presence{}
			out[ticker] = p
		}
		return p
	}
	for _, r := range stored {
		dir := rel + "/" + resolutionDirs[r]
		names, err := f.list(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !r.Intraday() || r == market.Hour {
				base, ok := strings.CutSuffix(name, ".zip")
				if !ok {
					continue
				}
				base = strings.TrimSuffix(strings.TrimSuffix(base, "_trade"), "_quote")
				if p := at(base); p != nil {
					p.whole = true
				}
				continue
			}
			if p := at(name); p != nil && !p.whole {
				files, err := f.list(dir + "/" + name)
				if err != nil {
					continue // a stray file among the tickers' folders
				}
				for _, file := range files {
					if d, _, ok := dayFile(file); ok {
						p.dates = append(p.dates, d)
					}
				}
			}
		}
	}
	return out, nil
}

// dayFile reads the name of a minute or second file.
func dayFile(name string) (d market.Date, kind tick, ok bool) {
	stem, isZip := strings.CutSuffix(name, ".zip")
	date, word, _ := strings.Cut(stem, "_")
	if !isZip || len(date) != 8 || word != string(trade) && word != string(quote) {
		return market.Date{}, "", false
	}
	d, err := market.ParseDate(date)
	return d, tick(word), err == nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sessionFiles lists an instrument's minute or second files by date, each
// under the ticker of that date.
func (e *entry) sessionFiles(f *Folder, r market.Resolution) ([]sessionFile, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if days, ok := e.days[r]; ok {
		return days, nil
	}
	byDate := map[market.Date]*sessionFile{}
	for _, s := range e.segs {
		names, err := f.list(e.rel + "/" + resolutionDirs[r] + "/" + s.ticker)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			d, kind, ok := dayFile(name)
			if !ok || !s.covers(d) {
				continue
			}
			if byDate[d] == nil {
				byDate[d] = &sessionFile{date: d, ticker: s.ticker}
			}
			if kind == trade {
				byDate[d].trade = true
			} else {
				byDate[d].quote = true
			}
		}
	}
	days := make([]sessionFile, 0, len(byDate))
	for _, s := range byDate {
		days = append(days, *s)
	}
	slices.SortFunc(days, func(a, b sessionFile) int { return a.date.Compare(b.date) })
	e.days[r] = days
	return days, nil
}

// Sessions lists the dates, in the data zone, with minute trades or quotes of
// a symbol, ascending. It fails with fault.NotFound for an unknown symbol.
func (f *Folder) Sessions(ctx context.Context, symbol string) ([]market.Date, error) {
	e, err := f.entry("lean.Sessions", symbol)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.mapErr != nil {
		return nil, e.mapErr
	}
	files, err := e.sessionFiles(f, market.Minute)
	if err != nil {
		return nil, err
	}
	out := make([]market.Date, len(files))
	for i, s := range files {
		out[i] = s.date
	}
	return out, nil
}

// LastSession is the last date on which an equity has a complete minute
// session: trades and quotes both, running to the regular close. It fails with
// fault.NotFound when there is none. The answer is cached.
func (f *Folder) LastSession(ctx context.Context) (market.Date, error) {
	idx, err := f.indexed(ctx)
	if err != nil {
		return market.Date{}, err
	}
	idx.lastMu.Lock()
	defer idx.lastMu.Unlock()
	if !idx.last.IsZero() {
		return idx.last, nil
	}
	candidates := map[market.Date][]*entry{}
	for _, e := range idx.entries {
		if e.inst.Class != market.Equity || e.mapErr != nil {
			continue
		}
		files, err := e.sessionFiles(f, market.Minute)
		if err != nil {
			return market.Date{}, err
		}
		for _, s := range files {
			if s.trade && s.quote {
				candidates[s.date] = append(candidates[s.date], e)
			}
		}
	}
	dates := slices.SortedFunc(maps.Keys(candidates), func(a, b market.Date) int { return b.Compare(a) })
	for _, d := range dates {
		for _, e := range candidates[d] {
			if err := ctx.Err(); err != nil {
				return market.Date{}, err
			}
			// A damaged file is not a complete session.
			if whole, err := f.complete(e, d); err == nil && whole {
				idx.last = d
				return d, nil
			}
		}
	}
	return market.Date{}, fault.E("lean.LastSession", fault.NotFound, "no equity in the data folder has a complete minute session").
		Hinted("Import minute trades and quotes of an equity first.")
}

// complete tells whether both the trades and the quotes of a date run to the
// regular close.
func (f *Folder) complete(e *entry, d market.Date) (bool, error) {
	cal, err := e.calendar(f)
	if err != nil {
		return false, err
	}
	_, closes, ok := cal.Session(d)
	if !ok {
		return false, nil
	}
	at, err := f.day(e, cal, d)
	if err != nil || len(at.trades) == 0 || len(at.quotes) == 0 {
		return false, err
	}
	end := closes.UnixMilli()
	return at.trades[len(at.trades)-1].end >= end && at.quotes[len(at.quotes)-1].end >= end, nil
}
