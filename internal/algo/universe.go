package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// Chooser gives the members of a universe; unchanged keeps them.
type Chooser func(utc int64, data *Collection) (symbols []*Symbol, unchanged bool, err error)

// universe is a set of securities that is chosen anew from time to time.
type universe struct {
	e        *Engine
	cfg      *Config // of the universe itself; its symbol sorts universes
	Settings UniverseSettings
	choose   Chooser
	selected []*Symbol
	user     bool
	configs  []*Config // of a user's universe
	members  map[*Symbol]*member
	order    []*Symbol
	leaving  map[*Symbol]*Security
	// restart gives the moments of a timed universe from a time on.
	restart func(utc int64) stream
	// files reads the files of a universe of those between two wall clocks.
	files func(from, to int64) (*files, error)
}

type member struct {
	sec      *Security
	since    int64
	internal bool
	configs  []*Config
}

// UniverseHandle is a universe as the algorithm holds it.
type UniverseHandle struct{ u *universe }

func (u *universe) forget(s *Symbol) {
	if _, ok := u.members[s]; !ok {
		return
	}
	delete(u.members, s)
	for i, x := range u.order {
		if x == s {
			u.order = append(u.order[:i:i], u.order[i+1:]...)
			break
		}
	}
	u.dropConfigs(s)
}

func (u *universe) dropConfigs(s *Symbol) {
	kept := u.configs[:0:0]
	for _, c := range u.configs {
		if c.Symbol != s {
			kept = append(kept, c)
		}
	}
	u.configs = kept
}

// times is a stream of moments, each choosing a universe.
type times struct {
	symbol *Symbol
	next_  func() (local int64, ok bool)
}

func (t *times) next() (Point, error) {
	at, ok := t.next_()
	if !ok {
		return nil, nil
	}
	return &Ticks{Symbol: t.symbol, Time: at}, nil
}

// userUniverse gives the universe of what the algorithm added by itself.
func (e *Engine) userUniverse(kind Kind, marketName string, h *Hours) *universe {
	name := fmt.Sprintf("QC-UNIVERSE-USERDEFINED-%s-%s", marketName, kind)
	for _, u := range e.universes {
		if u.user && u.cfg.Symbol.Value == name {
			return u
		}
	}
	u := &universe{e: e, user: true, members: map[*Symbol]*member{}, leaving: map[*Symbol]*Security{},
		cfg: &Config{Symbol: &Symbol{ID: name, Value: name, Kind: kind, Market: marketName}, Type: UniverseData, Resolution: e.Universe.Resolution, Internal: true, Hours: h}}
	u.choose = func(int64, *Collection) ([]*Symbol, bool, error) {
		var out []*Symbol
		seen := map[*Symbol]bool{}
		for _, c := range u.configs {
			if !seen[c.Symbol] {
				seen[c.Symbol] = true
				out = append(out, c.Symbol)
			}
		}
		return out, false, nil
	}
	e.universes = append(e.universes, u)
	return u
}

// pendingChange is a change of a user's universe that waits for the end of the step.
type pendingChange struct {
	u       *universe
	sec     *Security
	configs []*Config
	remove  bool
}

// endOfStep carries out the additions and removals of the step.
func (e *Engine) endOfStep() error {
	if len(e.changes)+len(e.added) == 0 {
		e.running = true
		return e.strategy.OnEndOfTimeStep()
	}
	changes := e.changes
	e.changes = nil
	touched := map[*universe]bool{}
	var order []*universe
	for _, c := range changes {
		if c.remove {
			c.u.dropConfigs(c.sec.Symbol)
		} else {
			c.u.configs = append(c.u.configs, c.configs...)
		}
		if !touched[c.u] {
			touched[c.u] = true
			order = append(order, c.u)
		}
	}
	for _, u := range order {
		start := e.utc
		if e.running {
			start += 100 // what came at this very time is over
		}
		e.trigger(u, start)
	}
	begin := e.added
	e.added = nil
	for _, f := range begin {
		if err := f(); err != nil {
			return err
		}
	}
	e.running = true
	return e.strategy.OnEndOfTimeStep()
}

// trigger makes a universe choose at a time.
func (e *Engine) trigger(u *universe, utc int64) {
	for _, s := range append([]*subscription(nil), e.subs...) {
		if s.universe == u {
			e.unsubscribe(s.cfg)
		}
	}
	local, told := u.cfg.Hours.Local(utc), false
	s := &subscription{cfg: u.cfg, universe: u, start: utc, in: &times{symbol: u.cfg.Symbol, next_: func() (int64, bool) {
		if told {
			return 0, false
		}
		told = true
		return local, true
	}}}
	e.insert(s)
}

// choose applies a universe's choice: who comes, who goes.
func (e *Engine) choose(u *universe, utc int64, data *Collection) (added, removed []*Security, err error) {
	if utc > e.endUTC {
		return nil, nil, nil
	}
	var symbols []*Symbol
	var unchanged bool
	ended := data != nil && data.ended
	if !ended {
		if symbols, unchanged, err = u.choose(utc, data); err != nil {
			return nil, nil, err
		}
	}
	if !unchanged {
		u.selected = symbols
	}
	chosen := map[*Symbol]bool{}
	for _, s := range symbols {
		chosen[s] = true
	}
	if unchanged {
		for s := range u.members {
			chosen[s] = true
		}
	}
	e.leave(u, chosen)
	if unchanged {
		return nil, nil, nil
	}
	members := make([]*Security, 0, len(u.members))
	for _, s := range u.order {
		members = append(members, u.members[s].sec)
	}
	sortBySymbol(members)
	for _, sec := range members {
		m := u.members[sec.Symbol]
		if chosen[sec.Symbol] || !u.user && !ended && !sec.Delisted && utc-m.since < u.Settings.MinTime {
			continue
		}
		if u.leaving[sec.Symbol] == nil && !sec.Delisted {
			removed = append(removed, sec)
		}
		u.leaving[sec.Symbol] = sec
	}
	e.leave(u, chosen)
	for _, sym := range symbols {
		if u.members[sym] != nil {
			continue
		}
		sec, configs, err := e.memberOf(u, sym)
		if err != nil {
			return nil, nil, err
		}
		m := &member{sec: sec, since: utc, internal: true}
		fed := false
		for _, c := range configs {
			if len(tradableDays(c.Hours, c.Hours.Local(utc), c.Hours.Local(e.endUTC), c.Extended)) == 0 {
				continue
			}
			e.replaceCurrencyFeed(c)
			s, err := e.subscribe(c, sec, u, utc, e.endUTC)
			if err != nil {
				return nil, nil, err
			}
			fed = fed || s != nil
			m.configs = append(m.configs, c)
			m.internal = m.internal && c.Internal
		}
		if len(m.configs) == 0 {
			continue
		}
		u.members[sym] = m
		u.order = append(u.order, sym)
		if fed {
			added = append(added, sec)
		}
	}
	if len(added) > 0 {
		if err := e.ensureCurrencies(); err != nil {
			return nil, nil, err
		}
		e.seedRates()
		if e.Settings.SeedPrices {
			for _, s := range added {
				e.seed(s)
			}
		}
	}
	return added, removed, nil
}

// leave ends the subscriptions of members that hold nothing any more.
func (e *Engine) leave(u *universe, chosen map[*Symbol]bool) {
	for sym, sec := range u.leaving {
		if chosen[sym] {
			delete(u.leaving, sym)
			continue
		}
		if sec.Invested() || len(e.OpenTickets(sym)) > 0 {
			continue
		}
		delete(u.leaving, sym)
		m := u.members[sym]
		if m == nil {
			continue
		}
		u.forget(sym)
		elsewhere := false
		for _, x := range e.universes {
			elsewhere = elsewhere || x.members[sym] != nil
		}
		for _, c := range m.configs {
			shared := false
			for _, x := range e.universes {
				if o := x.members[sym]; o != nil {
					for _, oc := range o.configs {
						shared = shared || oc == c
					}
				}
			}
			if !shared && e.unsubscribe(c) && !elsewhere {
				sec.reset()
				sec.Tradable = false
				e.Securities.remove(sym)
			}
		}
	}
}

// delisted forgets a security that stopped trading.
func (e *Engine) delisted(s *Symbol) *Security {
	sec := e.Securities.Get(s)
	if sec == nil || sec.Delisted {
		return nil
	}
	sec.Delisted = true
	sec.Tradable = false
	return sec
}

// liquidateDelisted closes a position at the last price, without a fee.
func (e *Engine) liquidateDelisted(sec *Security, _ *Delisting) {
	e.lastOrder++
	e.orderCount++
	q := sec.Holding.Quantity.Neg()
	o := &Order{ID: e.lastOrder, Type: Market, Symbol: sec.Symbol, Quantity: q, Tag: "Liquidate from delisting", Time: e.utc, Created: e.utc, Status: Submitted,
		Currency: sec.Properties.Quote, Adjustment: e.adjustment(sec)}
	t := &Ticket{e: e, Order: o, Request: Request{Type: Market, Symbol: sec.Symbol, Quantity: q, Tag: o.Tag}}
	e.tickets[o.ID] = t
	e.all, e.open = append(e.all, t), append(e.open, t)
	ev := e.NewOrderEvent(o, o.Tag)
	ev.Status, ev.FillPrice, ev.FillQuantity = Filled, sec.Price, q
	e.handle([]*OrderEvent{ev})
}

// memberOf gives the security of a chosen symbol with its subscriptions.
func (e *Engine) memberOf(u *universe, s *Symbol) (*Security, []*Config, error) {
	var sec *Security
	var err error
	kind, custom := e.customs[s.Type]
	if custom && s.Kind == Base {
		sec, err = e.customSecurity(s, kind.loc, u.Settings.Leverage)
	} else {
		sec, err = e.security(AddRequest{Symbol: s, Leverage: u.Settings.Leverage})
	}
	if err != nil {
		return nil, nil, err
	}
	if u.user {
		var out []*Config
		for _, c := range u.configs {
			if c.Symbol == s {
				out = append(out, c)
			}
		}
		return sec, out, nil
	}
	e.byTicker[s.Value] = s
	configs := e.configsFor(sec, u.Settings, kind.custom, false)
	return sec, configs, e.initialize(sec)
}

// addInternals starts the feeds the engine wants for itself.
func (e *Engine) addInternals(utc int64) (bool, error) {
	added := false
	if !e.benchmarkFed && e.benchmark != nil && e.BenchmarkFn == nil {
		e.benchmarkFed = true
		set := UniverseSettings{Resolution: Hour, Norm: Adjusted}
		sec := e.benchmark
		var custom CustomType
		for _, c := range sec.Configs {
			if c.Custom != nil {
				custom = c.Custom
			}
		}
		types := typesOf(sec.Symbol.Kind, Hour)[:1]
		c := &Config{Symbol: sec.Symbol, Resolution: set.Resolution, Type: types[0], Internal: true, Filtered: true, Norm: Adjusted, Hours: sec.Hours}
		if custom != nil {
			c.Type, c.Custom, c.Resolution, c.Filtered = CustomData, custom, Daily, false
		}
		if sec.Symbol.Kind != Equity {
			c.Norm = Raw
		}
		sec.Configs = append(sec.Configs, c)
		strict := e.Settings.DailyPreciseEndTime && strictHours(sec.Symbol, nsDay, sec.Hours)
		from := sec.Hours.UTC(e.barsBack(sec.Hours, sec.Hours.Local(utc), nsDay, 1, false, strict))
		s, err := e.subscribe(c, sec, nil, from, e.endUTC)
		if err != nil {
			return false, err
		}
		added = s != nil
	}
	feeds := e.feeds
	e.feeds = nil
	for _, c := range feeds {
		s, err := e.subscribe(c, e.Securities.Get(c.Symbol), nil, utc, e.endUTC)
		if err != nil {
			return false, err
		}
		added = added || s != nil
	}
	return added, nil
}

// barsBack is where the n-th bar before a wall clock begins. A day that is not
// over does not count where days end at the close.
func (e *Engine) barsBack(h *Hours, end, span int64, n int, extended, strict bool) int64 {
	round := func(t int64) int64 {
		if h.same {
			return floorTo(t, span)
		}
		return h.Local(h.Data.UTC(floorTo(h.Data.Local(h.UTC(t)), span)))
	}
	at := end
	if !strict || span != nsDay || !h.IsDateOpen(end, false) || h.NextClose(midnight(end), extended) > end {
		at = round(end)
	}
	for i := 0; i < n; {
		previous := at
		at -= span
		if h.IsOpenDuring(at, previous, extended) {
			i++
		}
		if at < end-searchDays*nsDay-int64(n)*max(span, nsDay)*8 {
			return at
		}
	}
	return at
}

// defaultBenchmark is the brokerage's.
func (e *Engine) defaultBenchmark() error {
	kind, m, ticker := e.Brokerage.Benchmark()
	if ticker == "" {
		e.BenchmarkFn = func(int64) (num.Decimal, error) { return num.Zero, nil }
		return nil
	}
	s, err := e.Symbol(kind, m, ticker)
	if err != nil {
		return err
	}
	return e.SetBenchmark(s)
}

// SetBenchmark compares the algorithm with a security, by a feed of its own.
func (e *Engine) SetBenchmark(s *Symbol) error {
	h, err := e.HoursOf(s)
	if err != nil {
		return err
	}
	p, ok, err := e.source.Properties(s.Kind, s.Market, s.Value)
	if err != nil {
		return err
	}
	if !ok {
		p = Properties{Quote: e.Portfolio.Cash.Account, Multiplier: num.One, Tick: num.New(1, 2), Lot: num.One}
	}
	// It is no security of the algorithm: nothing of it shows in the portfolio.
	sec := &Security{e: e, Symbol: s, Properties: p, Hours: h, Settlement: ImmediateSettlement{}}
	sec.Quote = e.Portfolio.Cash.ensure(p.Quote)
	e.benchmark = sec
	return nil
}

// warmupStart is where the data of the warm-up begin.
func (e *Engine) warmupStart() int64 {
	if e.warmSpan > 0 {
		return e.startUTC - e.warmSpan
	}
	earliest := e.startUTC
	for _, s := range e.Securities.All() {
		for _, c := range s.Configs {
			if c.Internal {
				continue
			}
			r := c.Resolution
			if e.warmRes != nil {
				r = *e.warmRes
			}
			span := int64(r.Span())
			if span == 0 {
				span = nsSecond
			}
			strict := e.Settings.DailyPreciseEndTime && strictHours(c.Symbol, span, c.Hours)
			at := e.barsBack(c.Hours, c.Hours.Local(e.startUTC), span, e.warmBars, c.Extended, strict)
			earliest = min(earliest, c.Hours.UTC(at))
		}
	}
	return earliest
}
