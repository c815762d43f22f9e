package algo

import (
	"fmt"
	"slices"
)

// Run runs the strategy from Initialize to the end and gives how it ended.
// A runtime error of the algorithm is in Err and no error of Run.
func (e *Engine) Run(strategy Strategy) error {
	e.strategy = strategy
	if err := strategy.Initialize(); err != nil {
		e.fail(err)
		return nil
	}
	if e.Status == StatusRunning || e.Status == StatusStopped {
		if err := e.prepare(); err != nil {
			return err
		}
	}
	if e.Status == StatusRunning {
		e.loop()
	}
	if e.ctx.Err() != nil && e.Err == nil {
		return ErrCanceled
	}
	if e.Err != nil {
		return nil
	}
	if err := strategy.OnEndOfAlgorithm(); err != nil {
		e.fail(err)
		return nil
	}
	// Once at the end of the stream and once more when the results are closed.
	for range 2 {
		e.capacity.snapshot(true)
		e.results.step(true)
	}
	e.results.sample(e.utc)
	if e.Status != StatusRuntimeError {
		e.Status = StatusCompleted // also when the algorithm quit by itself
	}
	return nil
}

// prepare closes Initialize: universes, benchmark, warm-up and the first frontier.
func (e *Engine) prepare() error {
	e.startUTC, e.endUTC = e.Zone.UTC(e.start), e.Zone.UTC(e.end)
	if e.endUTC < e.startUTC {
		return fmt.Errorf("the end date %s is before the start date %s: call set_start_date and set_end_date in initialize", dateOf(e.end), dateOf(e.start))
	}
	e.capacity.begin()
	e.watchDays()
	if e.BenchmarkFn == nil && e.benchmark == nil {
		if err := e.defaultBenchmark(); err != nil {
			return err
		}
	}
	e.warmStart = e.startUTC
	if e.Warming {
		e.warmStart = e.warmupStart()
		e.utc = e.warmStart
	} else {
		e.utc = e.startUTC
	}
	if err := e.ensureCurrencies(); err != nil {
		return err
	}
	e.seedRates()
	e.locked = true
	if err := e.endOfStep(); err != nil {
		return err
	}
	e.results.begin()
	for _, ev := range e.Schedule.events {
		ev.skip(e.utc)
	}
	e.Schedule.dirty = true
	e.schedule()
	return nil
}

// schedule adds the engine's own events.
func (e *Engine) schedule() {
	// The samples run every day, trading or not.
	e.Schedule.On("Daily Sampling", At(EveryDay(e.Zone.Local(e.utc), e.end), func(day int64) []int64 {
		return []int64{e.Zone.UTC(day)}
	}), func(int64) error { e.results.sample(e.utc); return nil })
}

func (e *Engine) setTime(utc int64) { e.utc = utc }

func (e *Engine) loop() {
	if !e.Warming {
		if err := e.strategy.OnWarmupFinished(); err != nil {
			e.fail(err)
			return
		}
	}
	modelScan := floorTo(e.utc, nsHour) + nsHour
	marginCall := int64(-never)
	frontier := e.utc
	previous, had, steps := int64(0), false, 0
	for e.Status == StatusRunning {
		if steps++; steps&255 == 0 {
			if e.ctx.Err() != nil {
				return
			}
			if e.Progress != nil {
				e.Progress(float64(e.utc-e.warmStart)/float64(max(1, e.endUTC-e.warmStart)), e.utc)
			}
		}
		if e.quiet(&modelScan, &marginCall) {
			frontier, previous, had = e.utc, e.utc, true
		}
		next, ok, err := e.frontier(frontier)
		if err != nil {
			e.fail(err)
			return
		}
		if !ok {
			return
		}
		frontier = next
		packets, added, removed, pulsed, counted, err := e.gather(frontier)
		if err != nil {
			e.fail(err)
			return
		}
		if had && frontier == previous && !pulsed {
			if len(packets) == 0 {
				return // nothing moves any more
			}
		}
		previous, had = frontier, true
		if e.Warming && frontier > e.startUTC {
			if !e.pulse(e.startUTC) {
				return
			}
		}
		for _, p := range packets {
			counted += len(p.points)
		}
		e.Points += counted
		if err := e.advance(frontier, packets, added, removed, &modelScan, &marginCall); err != nil {
			e.fail(err)
			return
		}
	}
}

// frontier is the time of the next point, at least the last frontier; false
// when there is none.
func (e *Engine) frontier(last int64) (int64, bool, error) {
	earliest := never
	for _, s := range e.subs { // a list is never changed, only replaced
		if s.cur == nil && !s.ended && (s.universe != nil || s.start == last) {
			if err := s.move(e); err != nil {
				return 0, false, err
			}
		}
		if s.cur != nil {
			earliest = min(earliest, s.emit)
		}
	}
	if earliest == never {
		for _, s := range e.subs {
			if !s.ended {
				return last, true, nil
			}
		}
		return last, false, nil
	}
	return max(earliest, last), true, nil
}

// pulse moves the clock without data: what was scheduled before fires.
func (e *Engine) pulse(utc int64) bool {
	if e.Portfolio.TotalValue().Sign() <= 0 {
		e.Status = StatusCompleted
		return false
	}
	if err := e.Schedule.past(utc); err != nil {
		e.fail(err)
		return false
	}
	if err := e.scanConsolidators(utc); err != nil {
		e.fail(err)
		return false
	}
	e.setTime(utc)
	if err := e.checkWarm(); err != nil {
		e.fail(err)
		return false
	}
	return e.Status == StatusRunning
}

// gather takes what is due from all subscriptions and selects universes, until
// neither brings anything new.
func (e *Engine) gather(frontier int64) (packets []packet, added, removed []*Security, pulsed bool, counted int, err error) {
	packets = e.packets[:0]
	e.round++
	for {
		type chosen struct {
			u    *universe
			data *Collection
		}
		var choices []chosen
		for _, s := range e.subs { // a list is never changed, only replaced
			if s.removed {
				continue
			}
			if s.cur == nil && !s.ended {
				if err = s.move(e); err != nil {
					return
				}
			}
			for s.cur != nil && s.emit <= frontier {
				p := s.cur
				if s.universe == nil {
					if s.round != e.round {
						s.round, s.packet = e.round, len(packets)
						packets = append(packets, packet{sub: s, points: s.points[:0]})
					}
					to := &packets[s.packet]
					to.points = append(to.points, p)
					s.points = to.points
					if d, ok := p.(*Delisting); ok && !d.Warning {
						if gone := e.delisted(d.Symbol); gone != nil {
							removed = append(removed, gone)
						}
					}
				} else {
					switch v := p.(type) {
					case *Collection:
						choices = append(choices, chosen{s.universe, v})
					case *Custom: // the points of one time are one collection
						if n := len(choices); n > 0 && choices[n-1].u == s.universe {
							choices[n-1].data.Objects = append(choices[n-1].data.Objects, v.Object)
						} else {
							choices = append(choices, chosen{s.universe, &Collection{Symbol: v.Symbol, Start: v.Start, End: v.End, Objects: []any{v.Object}}})
						}
					default: // a moment
						counted++
						choices = append(choices, chosen{s.universe, &Collection{}})
					}
				}
				if err = s.move(e); err != nil {
					return
				}
			}
			if s.ended {
				e.drop(s)
			}
		}
		changed := false
		if len(choices) > 0 {
			pulsed = true
			if e.utc != frontier {
				if e.Warming && frontier > e.startUTC && !e.pulse(e.startUTC) || !e.pulse(frontier) {
					return
				}
			}
			sortChoices(choices, func(c chosen) *universe { return c.u })
			for _, c := range choices {
				plus, minus, e2 := e.choose(c.u, frontier, c.data)
				if e2 != nil {
					err = e2
					return
				}
				counted += c.data.points()
				changed = changed || len(plus)+len(minus) > 0
				added, removed = append(added, plus...), append(removed, minus...)
			}
		}
		more, e2 := e.addInternals(frontier)
		if e2 != nil {
			err = e2
			return
		}
		if !changed && !more {
			break
		}
	}
	// Points of subscriptions that were removed meanwhile are not told.
	e.packets = packets
	kept := packets[:0]
	for _, p := range packets {
		if !p.sub.removed {
			kept = append(kept, p)
		}
	}
	return kept, added, removed, pulsed, counted, nil
}

func sortChoices[T any](list []T, of func(T) *universe) {
	for i := 1; i < len(list); i++ {
		for k := i; k > 0; k-- {
			a, b := of(list[k-1]), of(list[k])
			if a.cfg.Resolution < b.cfg.Resolution || a.cfg.Resolution == b.cfg.Resolution && a.cfg.Symbol.ID <= b.cfg.Symbol.ID {
				break
			}
			list[k-1], list[k] = list[k], list[k-1]
		}
	}
}

// advance takes the algorithm through one step, in LEAN's order.
func (e *Engine) advance(utc int64, packets []packet, added, removed []*Security, modelScan, marginCall *int64) error {
	if e.Portfolio.TotalValue().Sign() <= 0 {
		e.Status = StatusCompleted
		return nil
	}
	if err := e.Schedule.past(utc); err != nil {
		return err
	}
	if err := e.scanConsolidators(utc); err != nil {
		return err
	}
	e.setTime(utc)
	s := e.slice(utc, packets)
	e.Slice = s
	for _, p := range packets {
		if err := e.updateSecurity(p); err != nil {
			return err
		}
	}
	if utc >= *modelScan {
		for _, sec := range e.Securities.All() {
			if sec.Interest != nil {
				if err := sec.Interest(sec, utc); err != nil {
					return err
				}
			}
			sec.Settlement.Scan(sec, utc)
		}
		*modelScan = floorTo(utc, nsHour) + nsHour
	}
	for _, c := range e.Portfolio.Cash.All() {
		c.update()
	}
	for _, c := range e.Portfolio.Unsettled.All() {
		if x := e.Portfolio.Cash.Get(c.Symbol); x != nil {
			c.Rate = x.Rate
		}
	}
	e.Portfolio.Invalidate()
	if err := e.checkWarm(); err != nil {
		return err
	}
	if len(s.Changes) > 0 {
		if err := e.strategy.OnSymbolChanges(s.Changes); err != nil {
			return err
		}
		tag := "Open order cancelled on symbol changed event"
		for _, c := range s.Changes {
			e.CancelOpen(c.Symbol, &tag)
		}
	}
	e.transact()
	e.delistings(s)
	if err := e.Schedule.due(utc); err != nil {
		return err
	}
	if e.Status != StatusRunning {
		return nil
	}
	if utc >= *marginCall {
		if err := e.marginCalls(); err != nil {
			return err
		}
		*marginCall = utc + 5*nsMinute
	}
	if len(added)+len(removed) > 0 {
		e.watchSecurities(visibleOnly(added), visibleOnly(removed))
		if err := e.strategy.OnSecuritiesChanged(visibleOnly(added), visibleOnly(removed)); err != nil {
			return err
		}
	}
	if err := e.corporate(s); err != nil {
		return err
	}
	if err := e.consolidate(packets); err != nil {
		return err
	}
	if err := e.tellEvents(s); err != nil {
		return err
	}
	if err := e.strategy.OnData(s); err != nil {
		return err
	}
	e.transact()
	e.capacity.update()
	e.results.step(false)
	return e.endOfStep()
}

func visibleOnly(list []*Security) (out []*Security) {
	for _, s := range list {
		if s.Symbol.Kind != Base && !s.onlyInternal() {
			out = append(out, s)
		}
	}
	return out
}

func (s *Security) onlyInternal() bool { return len(s.Configs) > 0 && len(s.visible()) == 0 }

// unpriced tells points that say nothing of a security's price.
func unpriced(p Point) bool {
	if t, ok := p.(*Ticks); ok {
		return t.Suspicious
	}
	return auxiliary(p)
}

func (e *Engine) updateSecurity(p packet) error {
	points := p.points
	if slices.ContainsFunc(points, unpriced) {
		points = slices.DeleteFunc(slices.Clone(points), unpriced)
	}
	if len(points) == 0 {
		return nil
	}
	if err := p.sub.sec.update(points, p.sub.cfg.Internal); err != nil {
		return err
	}
	e.trades.price(p.sub.sec.Symbol, p.sub.sec.Price)
	return nil
}

// transact fills what can be filled.
func (e *Engine) transact() {
	e.drain()
	e.scan()
}

// checkWarm tells the algorithm once that it is warm.
func (e *Engine) checkWarm() error {
	if !e.Warming || e.utc < e.startUTC {
		return nil
	}
	e.Warming = false
	e.results.warm()
	return e.strategy.OnWarmupFinished()
}

func (e *Engine) marginCalls() error {
	model := e.Portfolio.MarginCall
	if model == nil {
		return nil
	}
	orders, warn, err := model.Orders(e.Portfolio)
	if err != nil {
		return err
	}
	executed := 0
	open := true
	for _, o := range orders {
		open = open && e.Securities.Get(o.Symbol).ExchangeOpen()
	}
	if len(orders) > 0 && open {
		if orders, err = e.strategy.OnMarginCall(orders); err != nil {
			return err
		}
		tickets, err := model.Execute(e.Portfolio, orders)
		if err != nil {
			return err
		}
		executed = len(tickets)
		for _, t := range tickets {
			e.Errorf("Executed MarginCallOrder: %s - Quantity: %s @ %s", t.Order.Symbol, t.Order.Quantity, t.AverageFill())
		}
	}
	if executed == 0 && warn {
		return e.strategy.OnMarginCallWarning()
	}
	return nil
}

// corporate applies dividends and splits to the portfolio.
func (e *Engine) corporate(s *Slice) error {
	for _, d := range s.Dividends {
		if sec := e.Securities.Get(d.Symbol); sec != nil && !e.Warming {
			e.Portfolio.dividend(d, e.adjustment(sec))
		}
	}
	for _, x := range s.Splits {
		sec := e.Securities.Get(x.Symbol)
		if sec == nil || x.Warning || e.Warming {
			continue
		}
		mode := e.adjustment(sec)
		e.Portfolio.split(x, sec, mode)
		if mode == Raw {
			e.trades.split(x.Symbol, x.Factor)
		}
		e.splitOrders(x, mode)
	}
	return nil
}

// splitOrders brings open orders to the new share size where prices are raw.
func (e *Engine) splitOrders(x *Split, mode Normalization) {
	if mode != Raw {
		return
	}
	for _, t := range e.OpenTickets(x.Symbol) {
		o := t.Order
		quantity := o.Quantity.Quo(x.Factor).Trunc(0)
		u := UpdateFields{Quantity: &quantity}
		if !o.LimitPrice.IsZero() {
			p := o.LimitPrice.Mul(x.Factor)
			u.LimitPrice = &p
		}
		if !o.StopPrice.IsZero() {
			p := o.StopPrice.Mul(x.Factor)
			u.StopPrice = &p
		}
		if !o.TriggerPrice.IsZero() {
			p := o.TriggerPrice.Mul(x.Factor)
			u.TriggerPrice = &p
		}
		e.Update(t, u)
	}
}

func (e *Engine) tellEvents(s *Slice) error {
	if len(s.Splits) > 0 {
		if err := e.strategy.OnSplits(s.Splits); err != nil {
			return err
		}
	}
	if len(s.Dividends) > 0 {
		if err := e.strategy.OnDividends(s.Dividends); err != nil {
			return err
		}
	}
	if len(s.Delistings) > 0 {
		return e.strategy.OnDelistings(s.Delistings)
	}
	return nil
}

// delistings closes the positions and orders of what stopped trading.
func (e *Engine) delistings(s *Slice) {
	for _, d := range s.Delistings {
		sec := e.Securities.Remembered(d.Symbol)
		if d.Warning || sec == nil {
			continue
		}
		if q := sec.Holding.Quantity; !q.IsZero() {
			e.liquidateDelisted(sec, d)
		}
		for _, u := range e.universes {
			u.forget(sec.Symbol)
		}
		if !e.Warming {
			e.CancelOpen(d.Symbol, nil)
		}
	}
}
