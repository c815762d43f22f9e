package algo

import (
	"bytes"
	"fmt"
	"strings"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// files is a stream of a universe's daily files, each valid from the midnight
// that follows its day.
type files struct {
	e    *Engine
	cfg  *Config
	days []int64
	day  int
	// last is the fund's last day; the universe ends after it.
	last int64
	// whole says that a day without a file has an empty collection.
	whole bool
	path  func(day market.Date) string
	row   func(cells []string, day int64) *Row
}

func (f *files) next() (Point, error) {
	for f.day < len(f.days) {
		day := f.days[f.day]
		f.day++
		if day > f.last {
			f.day = len(f.days)
			return &Collection{Symbol: f.cfg.Symbol, Start: day, End: day, ended: true}, nil
		}
		if day == f.last {
			continue
		}
		data, err := f.e.source.File(f.path(dateOf(day)))
		if err != nil {
			f.e.dataError(err)
			continue
		}
		if data == nil && !f.whole {
			continue
		}
		c := &Collection{Symbol: f.cfg.Symbol, Start: day, End: day + nsDay}
		eachLine(data, func(cells []string) {
			if r := f.row(cells, day); r != nil {
				c.Rows = append(c.Rows, r)
			}
		})
		return c, nil
	}
	return nil, nil
}

// eachLine takes the cells of every line that is no comment.
func eachLine(data []byte, row func(cells []string)) {
	for len(data) > 0 {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte{'\n'})
		if text := strings.TrimSpace(string(line)); text != "" && text[0] != '#' {
			row(strings.Split(text, ","))
		}
	}
}

// AddTimedUniverse adds a universe that chooses at once and then at every
// interval in which its market is open. Filled says that it has a subscription
// of the settings' resolution, which begins anew when filling forward changes
// its step.
func (e *Engine) AddTimedUniverse(name, marketName string, kind Kind, interval int64, filled bool, set UniverseSettings, choose Chooser) (UniverseHandle, error) {
	s := &Symbol{ID: name, Value: name, Kind: kind, Market: marketName}
	h, err := e.HoursOf(s)
	if err != nil {
		return UniverseHandle{}, err
	}
	u := e.timed(s, h, set, choose, func(utc int64) func() (int64, bool) {
		at, end, first := h.Local(utc), h.Local(e.endUTC), true
		return func() (int64, bool) {
			for ; at <= end; at += interval {
				if first || h.IsOpenDuring(at, at+interval, false) {
					first = false
					at += interval
					return at - interval, true
				}
			}
			return 0, false
		}
	})
	if filled {
		u.u.cfg.Resolution, u.u.cfg.FillForward = set.Resolution, set.FillForward
	}
	return u, nil
}

// AddScheduledUniverse adds a universe that chooses at moments in UTC, told in
// ascending order; made gives them anew from a start on.
func (e *Engine) AddScheduledUniverse(name string, set UniverseSettings, made func(utc int64) func() (int64, bool), choose Chooser) UniverseHandle {
	s := &Symbol{ID: name, Value: name, Kind: Base, Market: "usa"}
	return e.timed(s, utcHours(), set, choose, func(utc int64) func() (int64, bool) {
		from, next := utc, made(utc)
		return func() (int64, bool) {
			for {
				at, ok := next()
				if !ok || at > e.endUTC {
					return 0, false
				}
				if at >= from {
					return at, true
				}
			}
		}
	})
}

// timed adds a universe that is chosen at moments of its hours' wall clock.
func (e *Engine) timed(s *Symbol, h *Hours, set UniverseSettings, choose Chooser, moments func(utc int64) func() (int64, bool)) UniverseHandle {
	u := &universe{e: e, Settings: set, members: map[*Symbol]*member{}, leaving: map[*Symbol]*Security{}, choose: choose,
		cfg: &Config{Symbol: s, Type: UniverseData, Resolution: Daily, Internal: true, Hours: h}}
	u.restart = func(utc int64) stream { return &times{symbol: s, next_: moments(utc)} }
	e.universes = append(e.universes, u)
	e.added = append(e.added, func() error {
		e.insert(&subscription{cfg: u.cfg, universe: u, start: e.utc, in: u.restart(e.utc)})
		return nil
	})
	return UniverseHandle{u}
}

// AddUniverse adds a universe chosen from daily files: "coarse", or "etf" with
// the fund's ticker.
func (e *Engine) AddUniverse(kind, ticker, marketName string, set UniverseSettings, choose Chooser) (UniverseHandle, error) {
	spy, err := e.Symbol(Equity, marketName, "SPY")
	if err != nil {
		return UniverseHandle{}, err
	}
	h, err := e.HoursOf(spy)
	if err != nil {
		return UniverseHandle{}, err
	}
	name := strings.ToUpper(fmt.Sprintf("qc-universe-%s-%s-%s-%d", kind, ticker, marketName, len(e.universes)))
	u := &universe{e: e, Settings: set, members: map[*Symbol]*member{}, leaving: map[*Symbol]*Security{}, choose: choose,
		cfg: &Config{Symbol: &Symbol{ID: name, Value: name, Kind: Equity, Market: marketName}, Type: UniverseData, Resolution: Daily, Internal: true, Hours: h}}
	e.universes = append(e.universes, u)
	u.files = func(from, to int64) (*files, error) {
		f := &files{e: e, cfg: u.cfg, last: never, days: tradableDays(h, from, to, false)}
		switch kind {
		case "coarse":
			f.path = func(d market.Date) string {
				return "equity/" + marketName + "/fundamental/coarse/" + d.Compact() + ".csv"
			}
			f.row, f.whole = e.coarseRow, true
		case "etf":
			fund, err := e.Symbol(Equity, marketName, ticker)
			if err != nil {
				return nil, err
			}
			ref, err := e.reference(fund)
			if err != nil {
				return nil, err
			}
			if d := ref.delisted(); d != farFuture {
				f.last = localOf(d)
			}
			f.path = func(d market.Date) string {
				name, _ := ref.ticker(d, ticker)
				return "equity/" + marketName + "/universes/etf/" + strings.ToLower(name) + "/" + d.Compact() + ".csv"
			}
			f.row = e.etfRow
		case "constituents":
			f.path = func(d market.Date) string {
				return "equity/" + marketName + "/universes/daily/" + ticker + "/" + d.Compact() + ".csv"
			}
			f.row = e.constituentRow
		default:
			return nil, fmt.Errorf("universes of kind %q are not part of this engine yet", kind)
		}
		return f, nil
	}
	e.added = append(e.added, func() error {
		from, err := e.choosesFrom(u)
		if err != nil {
			return err
		}
		f, err := u.files(from, h.Local(e.endUTC))
		if err != nil {
			return err
		}
		return e.feedUniverse(u, f, from)
	})
	return UniverseHandle{u}, nil
}

// Past gives what a universe of files had to choose from: on the last trading
// days before now, or between two wall clocks. Days without a file are left out.
func (u UniverseHandle) Past(bars int, from, to int64) (out []*Collection, err error) {
	e, h := u.u.e, u.u.cfg.Hours
	if u.u.files == nil {
		return nil, fmt.Errorf("the universe %s has no files", u.u.cfg.Symbol)
	}
	if bars > 0 {
		to = h.Local(e.utc)
		from = e.barsBack(h, to, nsDay, bars, false, e.Settings.DailyPreciseEndTime)
	}
	f, err := u.u.files(from, to)
	if err != nil {
		return nil, err
	}
	f.whole = false
	for {
		p, err := f.next()
		if err != nil || p == nil {
			e.HistoryPoints += len(out)
			return out, err
		}
		if c, ok := p.(*Collection); ok && !c.ended && c.End <= to && c.End > from {
			out = append(out, c)
		}
	}
}

// Active gives the members of all universes, what the algorithm added by itself
// included.
func (e *Engine) Active() (out []*Security) {
	seen := map[*Symbol]bool{}
	for _, u := range e.universes {
		for _, s := range u.order {
			if m := u.members[s]; !seen[s] && !m.internal {
				seen[s] = true
				out = append(out, m.sec)
			}
		}
	}
	return out
}

// Symbol names the universe.
func (u UniverseHandle) Symbol() *Symbol { return u.u.cfg.Symbol }

// Selected gives what the universe chose last.
func (u UniverseHandle) Selected() []*Symbol { return u.u.selected }

// Members gives a universe's members in the order they came.
func (u UniverseHandle) Members() (out []*Security) {
	for _, s := range u.u.order {
		out = append(out, u.u.members[s].sec)
	}
	return out
}

func decimalOf(cells []string, i int) num.Decimal {
	if i >= len(cells) {
		return num.Zero
	}
	d, err := num.Parse(strings.TrimSpace(cells[i]))
	if err != nil {
		return num.Zero
	}
	return d
}

// named gives the symbol of an identifier under the ticker it has in a file.
func (e *Engine) named(id, ticker string) *Symbol {
	s, err := e.SymbolOf(id)
	if err != nil {
		return nil
	}
	if s.Value == s.Root && ticker != "" {
		s.Value = ticker
	}
	return s
}

// coarseRow reads: identifier, ticker, close, volume, dollar volume, whether
// fundamentals exist, price factor, split factor.
func (e *Engine) coarseRow(cells []string, day int64) *Row {
	if len(cells) < 5 {
		return nil
	}
	s := e.named(cells[0], cells[1])
	if s == nil {
		return nil
	}
	r := &Row{Symbol: s, Price: decimalOf(cells, 2), Volume: decimalOf(cells, 3), DollarVolume: decimalOf(cells, 4), PriceFactor: num.One, SplitFactor: num.One, LastUpdate: day}
	if len(cells) > 5 {
		r.Fundamental = strings.EqualFold(cells[5], "true")
	}
	if len(cells) > 7 {
		r.PriceFactor, r.SplitFactor = decimalOf(cells, 6), decimalOf(cells, 7)
	}
	return r
}

// constituentRow reads: ticker, identifier. A row of no security chooses none.
func (e *Engine) constituentRow(cells []string, day int64) *Row {
	if len(cells) < 2 {
		return nil
	}
	s := e.named(strings.TrimSpace(cells[1]), strings.TrimSpace(cells[0]))
	if s != nil && s.Kind == Base {
		s = nil
	}
	return &Row{Symbol: s, LastUpdate: day}
}

// Coarse gives the rows of the coarse file that holds at a time, nil where
// there is none within a week.
func (e *Engine) Coarse(marketName string, utc int64) *Collection {
	day := midnight(e.newYork.Local(utc)) - nsDay
	for range 7 {
		c := &Collection{Start: day, End: day + nsDay}
		day -= nsDay
		path := "equity/" + marketName + "/fundamental/coarse/" + dateOf(c.Start).Compact() + ".csv"
		data, err := e.source.File(path)
		if err != nil || data == nil {
			continue
		}
		eachLine(data, func(cells []string) {
			if r := e.coarseRow(cells, c.Start); r != nil {
				c.Rows = append(c.Rows, r)
			}
		})
		return c
	}
	return nil
}

// etfRow reads: ticker, identifier, date, weight, shares, value.
func (e *Engine) etfRow(cells []string, _ int64) *Row {
	if len(cells) < 6 {
		return nil
	}
	s := e.named(cells[1], cells[0])
	if s == nil {
		return nil
	}
	r := &Row{Symbol: s, Weight: decimalOf(cells, 3), Shares: decimalOf(cells, 4), Value: decimalOf(cells, 5)}
	r.HasWeight, r.HasShares, r.HasValue = cells[3] != "", cells[4] != "", cells[5] != ""
	if d, err := market.ParseDate(cells[2]); err == nil {
		r.LastUpdate = localOf(d)
	}
	return r
}
