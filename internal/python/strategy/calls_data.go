package strategy

import (
	"fmt"

	"quantdesk/internal/algo"
	"quantdesk/internal/algo/indicator"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// config gives a symbol's first subscription of a tick type (any, if negative).
func (h *host) config(s *algo.Symbol, tick int) (*algo.Config, error) {
	sec := h.e.Securities.Get(s)
	if sec == nil {
		return nil, &python.Raise{Type: "KeyError", Message: fmt.Sprintf("%s was not added to the algorithm", s)}
	}
	for _, c := range sec.Configs {
		quote := c.Type == algo.QuoteBars || c.Type == algo.QuoteTicks
		if !c.Internal && (tick < 0 || (tick == 1) == quote) {
			return c, nil
		}
	}
	return nil, &python.Raise{Type: "ValueError", Message: fmt.Sprintf("there is no such subscription of %s", s)}
}

func (h *host) declareData() {
	e := h.e
	h.def("slice_parts", func(a *args) (any, error) {
		n := a.int64(0)
		if n < h.oldestSlice || n > h.sliceID {
			return nil, fmt.Errorf("the slice is no longer known")
		}
		return h.parts(h.slices[n%keptSlices])
	})
	h.def("current_slice", func(*args) (any, error) {
		if e.Slice == nil {
			return nil, nil
		}
		o, err := h.sliceObject(e.Slice)
		return owned(o), err
	})
	h.def("consolidator", h.consolidator)
	one := func(name string, f func(c algo.Consolidator, a *args) (any, error)) {
		h.def(name, func(a *args) (any, error) {
			n := a.int(0)
			if a.err != nil {
				return nil, a.err
			}
			return f(h.makers[n], a)
		})
	}
	one("consolidator_update", func(c algo.Consolidator, a *args) (any, error) {
		p, err := h.fromPython(a.object(1), nil)
		if err != nil || p == nil {
			return nil, err
		}
		return nil, c.Update(p)
	})
	one("consolidator_scan", func(c algo.Consolidator, a *args) (any, error) { return nil, c.Scan(a.int64(1)) })
	one("consolidator_reset", func(c algo.Consolidator, _ *args) (any, error) {
		if r, ok := c.(interface{ Reset() }); ok {
			r.Reset()
		}
		return nil, nil
	})
	one("consolidator_working", func(c algo.Consolidator, _ *args) (any, error) {
		if w, ok := c.(interface{ Working() algo.Point }); ok {
			if p := w.Working(); p != nil {
				o, err := h.object(p)
				return owned(o), err
			}
		}
		return nil, nil
	})
	h.def("attach", func(a *args) (any, error) {
		c, err := h.config(a.symbol(0), a.int(2))
		if err != nil {
			return nil, err
		}
		e.Attach(c, h.makers[a.int(1)])
		return nil, nil
	})
	h.def("attach_python", func(a *args) (any, error) {
		c, err := h.config(a.symbol(0), a.int(2))
		if err != nil {
			return nil, err
		}
		o := a.keep(1)
		x := &pythonConsolidator{h: h, o: o}
		h.pythons[o] = x
		e.Attach(c, x)
		return nil, nil
	})
	h.def("detach", func(a *args) (any, error) {
		sec := e.Securities.Remembered(a.symbol(0))
		if sec == nil {
			return nil, nil
		}
		var x algo.Consolidator
		if n := a.int(1); n >= 0 {
			x = h.makers[n]
		} else {
			x = h.pythons[a.object(2)]
		}
		for _, c := range sec.Configs {
			e.Detach(c, x)
		}
		return nil, nil
	})
	h.def("history", h.history)
	h.def("last_known", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		return h.lastKnown(s)
	})
	h.def("universe_settings", func(a *args) (any, error) {
		s, err := h.universeSettings(a.object(0))
		if err == nil {
			e.Universe = s
		}
		return nil, err
	})
	h.def("universe", h.universe)
	h.def("universes", func(*args) (any, error) {
		var out []any
		for i := range h.universes {
			out = append(out, i)
		}
		return out, nil
	})
	h.def("active_securities", func(*args) (any, error) {
		var out []any
		for _, s := range h.e.Active() {
			out = append(out, tuple{s.Symbol, s})
		}
		return out, nil
	})
	h.def("universe_selected", func(a *args) (any, error) {
		var out []any
		for _, s := range h.universes[a.int(0)].Selected() {
			out = append(out, s)
		}
		return out, nil
	})
	h.def("universe_members", func(a *args) (any, error) {
		var out []any
		for _, s := range h.universes[a.int(0)].Members() {
			out = append(out, tuple{s.Symbol, s})
		}
		return out, nil
	})
}

// parts makes the dictionaries of a slice.
func (h *host) parts(s *algo.Slice) (any, error) {
	dict := func(points []algo.Point) (any, error) {
		d := h.p.Dict()
		for _, p := range points {
			k, err := h.symbolObject(p.Of())
			if err != nil {
				return nil, err
			}
			v, err := h.object(p)
			if err != nil {
				return nil, err
			}
			err = h.p.SetItem(d, k, v)
			v.DecRef()
			if err != nil {
				return nil, err
			}
		}
		return owned(d), nil
	}
	var out tuple
	add := func(v any, err error) error {
		out = append(out, v)
		return err
	}
	if err := add(dict(points(s.Bars))); err != nil {
		return nil, err
	}
	if err := add(dict(points(s.Quotes))); err != nil {
		return nil, err
	}
	ticks := h.p.Dict()
	for _, t := range s.Ticks {
		k, err := h.symbolObject(t.Symbol)
		if err != nil {
			return nil, err
		}
		l := h.p.DictGet(ticks, k)
		if l == 0 {
			l = h.p.List()
			if err := h.p.SetItem(ticks, k, l); err != nil {
				return nil, err
			}
			l.DecRef()
		}
		v, err := h.object(t)
		if err != nil {
			return nil, err
		}
		err = h.p.Append(l, v)
		v.DecRef()
		if err != nil {
			return nil, err
		}
	}
	out = append(out, owned(ticks))
	for _, list := range [][]algo.Point{points(s.Splits), points(s.Dividends), points(s.Delistings), points(s.Changes)} {
		if err := add(dict(list)); err != nil {
			return nil, err
		}
	}
	var custom []any
	for _, c := range s.Custom {
		k, err := h.symbolObject(c.Symbol)
		if err != nil {
			return nil, err
		}
		v, err := h.object(c)
		if err != nil {
			return nil, err
		}
		custom = append(custom, tuple{k, owned(v)})
	}
	return append(out, custom), nil
}

func points[P algo.Point](list []P) []algo.Point {
	out := make([]algo.Point, len(list))
	for i, p := range list {
		out[i] = p
	}
	return out
}

// keptSlices and keptPoints bound how many slices an algorithm that keeps them
// may look into, and how many bars and quotes they hold: of a few securities
// thousands, of hundreds as many as fit.
const (
	keptSlices = 4096
	keptPoints = 1 << 18
)

func (h *host) sliceObject(s *algo.Slice) (python.Object, error) {
	o, err := h.p.New(h.classSlice)
	if err != nil {
		return 0, err
	}
	h.sliceID++
	if h.oldestSlice <= h.sliceID-keptSlices {
		h.forgetSlice()
	}
	h.slices[h.sliceID%keptSlices] = s
	h.slicePoints += sizeOf(s)
	for h.slicePoints > keptPoints && h.oldestSlice < h.sliceID {
		h.forgetSlice()
	}
	o.SetInt64(h.at.slice.time, s.Time)
	o.SetInt64(h.at.slice.utc, s.UTC)
	o.SetInt64(h.at.slice.id, h.sliceID)
	return o, nil
}

func (h *host) forgetSlice() {
	at := &h.slices[h.oldestSlice%keptSlices]
	h.slicePoints -= sizeOf(*at)
	*at = nil
	h.oldestSlice++
}

func sizeOf(s *algo.Slice) int { return len(s.Bars) + len(s.Quotes) + len(s.Ticks) + len(s.Custom) }

// fromPython reads a point that Python made or was given.
func (h *host) fromPython(o python.Object, s *algo.Symbol) (algo.Point, error) {
	if o.IsNoneOrZero() {
		return nil, nil
	}
	is := func(c python.Object) bool {
		ok, err := h.p.IsInstance(o, c)
		return err == nil && ok
	}
	dec := func(f float64) num.Decimal {
		d, err := num.FromFloatNET(f)
		if err != nil {
			return num.Zero
		}
		return d
	}
	symbol := func(ref python.Object) *algo.Symbol {
		if ref == 0 {
			return s
		}
		for i, x := range h.symbolObjects {
			if x == ref {
				return h.symbols[i]
			}
		}
		return s
	}
	switch {
	case is(h.classBar):
		t := h.bar
		f := func(n string) num.Decimal { return dec(o.Double(t.Offset(n))) }
		return &algo.Bar{Symbol: symbol(o.Ref(t.Offset("symbol"))), Start: o.Int64(t.Offset("_start")), End: o.Int64(t.Offset("_end")), O: f("open"), H: f("high"), L: f("low"), C: f("close"), Volume: f("volume"),
			FillForward: o.Flag(t.Offset("_ff"))}, nil
	case is(h.classQuote):
		t := h.quote
		f := func(n string) num.Decimal { return dec(o.Double(t.Offset(n))) }
		q := &algo.QuoteBar{Symbol: symbol(o.Ref(t.Offset("symbol"))), Start: o.Int64(t.Offset("_start")), End: o.Int64(t.Offset("_end")), BidSize: f("last_bid_size"), AskSize: f("last_ask_size")}
		if o.Flag(t.Offset("_native")) {
			q.Bid = algo.Side{O: f("_bo"), H: f("_bh"), L: f("_bl"), C: f("_bc"), Ok: o.Flag(t.Offset("_hasbid"))}
			q.Ask = algo.Side{O: f("_ao"), H: f("_ah"), L: f("_al"), C: f("_ac"), Ok: o.Flag(t.Offset("_hasask"))}
		} else {
			one := algo.Side{O: f("open"), H: f("high"), L: f("low"), C: f("close"), Ok: true}
			q.Bid, q.Ask = one, one
		}
		return q, nil
	case is(h.classTick):
		t := h.tick
		f := func(n string) num.Decimal { return dec(o.Double(t.Offset(n))) }
		return &algo.Ticks{Symbol: symbol(o.Ref(t.Offset("symbol"))), Time: o.Int64(t.Offset("_start")), Quote: o.Flag(t.Offset("_quote")), Price: f("value"), Quantity: f("quantity"), Bid: f("bid_price"),
			Ask: f("ask_price"), BidSize: f("bid_size"), AskSize: f("ask_size"), Suspicious: o.Flag(t.Offset("suspicious"))}, nil
	case is(h.classPoint):
		t := h.point
		return &algo.Custom{Symbol: symbol(o.Ref(t.Offset("symbol"))), Start: o.Int64(t.Offset("_start")), End: o.Int64(t.Offset("_end")), Value: dec(o.Double(t.Offset("value"))), Object: o}, nil
	}
	// Anything else with a time and a value.
	at, err := h.attrTime(o, "end_time")
	if err != nil {
		if at, err = h.attrTime(o, "time"); err != nil {
			return nil, err
		}
	}
	v, err := h.p.Attr(o, "value")
	if err != nil {
		return nil, err
	}
	defer v.DecRef()
	f, err := h.p.ToFloat(v)
	if err != nil {
		return nil, err
	}
	return &algo.Custom{Symbol: s, Start: at, End: at, Value: dec(f), Object: o.IncRef()}, nil
}

func (h *host) attrTime(o python.Object, name string) (int64, error) {
	t, err := h.p.Attr(o, name)
	if err != nil {
		return 0, err
	}
	defer t.DecRef()
	micros, _, ok := t.DateTime()
	if !ok {
		return 0, &python.Raise{Type: "TypeError", Message: name + " is no datetime"}
	}
	return micros * 1000, nil
}

// pythonConsolidator is a consolidator written in Python.
type pythonConsolidator struct {
	h *host
	o python.Object
}

// Update gives it a point.
func (c *pythonConsolidator) Update(p algo.Point) error {
	o, err := c.h.object(p)
	if err != nil {
		return err
	}
	defer o.DecRef()
	return c.h.drop(c.h.p.CallMethod(c.o, "update", o))
}

// Scan tells it the time.
func (c *pythonConsolidator) Scan(local int64) error {
	t := c.h.p.NewDateTime(local/1000, true)
	defer t.DecRef()
	return c.h.drop(c.h.p.CallMethod(c.o, "scan", t))
}

// emitter calls a consolidator's Python side with each bar.
func (h *host) emitter(f python.Object) func(algo.Point) error {
	return func(p algo.Point) error {
		o, err := h.object(p)
		if err != nil {
			return err
		}
		defer o.DecRef()
		h.mirrorClock()
		return h.drop(h.p.Call(f, o))
	}
}

// selector reads a value of a point by a Python function, nil for None.
func (h *host) selector(f python.Object) algo.Selector {
	if f.IsNoneOrZero() {
		return nil
	}
	f.IncRef()
	return func(p algo.Point) (num.Decimal, error) {
		o, err := h.object(p)
		if err != nil {
			return num.Zero, err
		}
		defer o.DecRef()
		v, err := h.p.Call(f, o)
		if err != nil {
			return num.Zero, err
		}
		defer v.DecRef()
		x, err := h.p.ToFloat(v)
		if err != nil {
			return num.Zero, err
		}
		return num.FromFloatNET(x)
	}
}

var barKinds = map[string]algo.BarKind{"trade": algo.FromTrades, "quote": algo.FromQuotes, "tick": algo.FromTicks, "tickquote": algo.FromQuoteTicks, "base": algo.FromAnything}

func (h *host) consolidator(a *args) (any, error) {
	kind := a.text(0)
	in := &args{h: h, in: a.items(1)}
	emit := h.emitter(a.keep(2))
	var c algo.Consolidator
	switch kind {
	case "identity":
		c = &algo.IdentityConsolidator{Emit: emit}
	case "period":
		p := &algo.PeriodConsolidator{Kind: barKinds[in.text(0)], Emit: emit, Offset: in.int64(5)}
		switch in.text(1) {
		case "span":
			p.Span = in.int64(2)
		case "count":
			p.Max = in.int(3)
		case "both":
			p.Span, p.Max = in.int64(2), in.int(3)
		case "calendar":
			f := in.keep(4)
			p.Calendar = func(local int64) (int64, int64, error) {
				n := h.p.Int(local)
				defer n.DecRef()
				o, err := h.p.Call(f, n)
				if err != nil {
					return 0, 0, err
				}
				defer o.DecRef()
				start, _ := o.Item(0).Int()
				span, _ := o.Item(1).Int()
				return start, span, nil
			}
		}
		c = p
	case "hours":
		r := algo.Resolution(in.int(1))
		if r != algo.Daily {
			c = &algo.PeriodConsolidator{Kind: barKinds[in.text(0)], Emit: emit, Span: int64(r.Span())}
			break
		}
		// Without a symbol it consolidates what trades with the exchange in New York.
		of, err := h.e.Symbol(algo.Equity, "usa", "SPY")
		if err != nil {
			return nil, err
		}
		if in.int(4) >= 0 {
			of = in.symbol(4)
		}
		hours, err := h.e.HoursOf(of)
		if err != nil {
			return nil, err
		}
		c = algo.Day(barKinds[in.text(0)], hours, in.bool(2), in.bool(3), emit)
	case "renko_classic":
		c = &algo.ClassicRenko{Size: in.decimal(0), Price: h.selector(in.object(1)), Volume: h.selector(in.object(2)), Even: in.bool(3), Emit: emit}
	case "renko":
		c = &algo.Renko{Size: in.decimal(0), Emit: emit}
	case "renko_volume":
		c = &algo.VolumeRenko{Size: in.decimal(0), Emit: emit}
	case "range", "range_classic":
		c = &algo.Range{Ticks: in.int64(0), Classic: kind == "range_classic", Price: h.selector(in.object(1)), Volume: h.selector(in.object(2)), Emit: emit, TickOf: func(s *algo.Symbol) num.Decimal {
			if sec := h.e.Securities.Remembered(s); sec != nil {
				return sec.Properties.Tick
			}
			return num.New(1, 2)
		}}
	default:
		return nil, fmt.Errorf("there is no consolidator %q", kind)
	}
	if in.err != nil {
		return nil, in.err
	}
	h.makers = append(h.makers, c)
	return len(h.makers) - 1, nil
}

// history answers: symbols, bars, from, to, resolution, kind of points wanted
// (-1: all), fill forward, extended hours, normalization.
func (h *host) history(a *args) (any, error) {
	e := h.e
	bars, kind := a.int(1), a.int(5)
	var requests []algo.HistoryRequest
	for _, x := range a.items(0) {
		n, _ := x.Int()
		s := h.symbols[n]
		configs, err := h.historyConfigs(s, a.int(4), kind)
		if err != nil {
			return nil, err
		}
		for _, c := range configs {
			r := algo.HistoryRequest{Config: c, FillForward: c.FillForward, Extended: c.Extended, Norm: c.Norm, From: c.Hours.Local(e.Zone.UTC(a.int64(2))), To: c.Hours.Local(e.Zone.UTC(a.int64(3)))}
			if n := a.int(6); n >= 0 {
				r.FillForward = n > 0
			}
			if n := a.int(7); n >= 0 {
				r.Extended = n > 0
			}
			if n := a.int(8); n >= 0 {
				r.Norm = algo.Normalization(n)
			}
			if bars > 0 {
				if c.Resolution == algo.Tick {
					return nil, &python.Raise{Type: "ValueError", Message: "History functions that accept a 'periods' parameter can not be used with Resolution.Tick"}
				}
				r.To = c.Hours.Local(e.UTC())
				r.From = e.BarsBack(c, bars, r.Extended)
			}
			requests = append(requests, r)
		}
	}
	if a.err != nil {
		return nil, a.err
	}
	groups, err := e.History(requests)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, g := range groups {
		var group []any
		for _, p := range g {
			s, err := h.symbolObject(p.Of())
			if err != nil {
				return nil, err
			}
			o, err := h.object(p)
			if err != nil {
				return nil, err
			}
			group = append(group, tuple{s, owned(o)})
		}
		out = append(out, group)
	}
	return out, nil
}

func (h *host) historyConfigs(s *algo.Symbol, resolution, kind int) ([]*algo.Config, error) {
	want := func(t algo.DataType) bool {
		switch kind {
		case 0:
			return t == algo.TradeBars
		case 1:
			return t == algo.QuoteBars
		case 2:
			return t == algo.TradeTicks || t == algo.QuoteTicks
		}
		return true
	}
	var own []*algo.Config
	sec := h.e.Securities.Get(s)
	if sec != nil {
		for _, c := range sec.Configs {
			if !c.Internal && (resolution < 0 || c.Resolution == algo.Resolution(resolution)) && want(c.Type) {
				own = append(own, c)
			}
		}
	}
	if len(own) > 0 {
		return own, nil
	}
	if s.Kind == algo.Base {
		return nil, &python.Raise{Type: "ValueError", Message: fmt.Sprintf("%s has no subscription to ask history of", s)}
	}
	r := h.e.Universe.Resolution
	ff, ext := h.e.Universe.FillForward, false
	if resolution >= 0 {
		r = algo.Resolution(resolution)
	} else if kind == 2 {
		r = algo.Tick
	} else if sec != nil && len(sec.Configs) > 0 {
		r = sec.Configs[0].Resolution
	}
	norm := algo.Normalization(255)
	if sec != nil && len(sec.Configs) > 0 {
		ff, ext, norm = sec.Configs[0].FillForward, sec.Configs[0].Extended, sec.Configs[0].Norm
	}
	for _, t := range algo.TypesOf(s.Kind, r) {
		if !want(t) {
			continue
		}
		c, err := h.e.ConfigFor(s, r, t)
		if err != nil {
			return nil, err
		}
		c.FillForward, c.Extended = ff && r != algo.Tick, ext
		if norm != 255 {
			c.Norm = norm
		}
		own = append(own, c)
	}
	return own, nil
}

// lastKnown gives the last points of a security's subscriptions.
func (h *host) lastKnown(s *algo.Security) (any, error) {
	got, err := h.e.LastKnown(s)
	if err != nil {
		return nil, err
	}
	var out []any
	for _, p := range got {
		o, err := h.object(p)
		if err != nil {
			return nil, err
		}
		out = append(out, owned(o))
	}
	return out, nil
}

func (h *host) universeSettings(o python.Object) (algo.UniverseSettings, error) {
	a := &args{h: h, in: o.Items()}
	s := algo.UniverseSettings{Resolution: algo.Resolution(a.int(0)), Leverage: a.decimal(1), FillForward: a.bool(2), Extended: a.bool(3), MinTime: a.int64(4), Norm: algo.Normalization(a.int(5))}
	return s, a.err
}

func (h *host) universe(a *args) (any, error) {
	kind := a.text(0)
	set, err := h.universeSettings(a.object(3))
	if err != nil {
		return nil, err
	}
	f := a.keep(4)
	if a.err != nil {
		return nil, a.err
	}
	u, err := h.addUniverse(kind, a, set, h.chooser(kind, f))
	if err != nil {
		return nil, err
	}
	h.universes = append(h.universes, u)
	return len(h.universes) - 1, nil
}

// addUniverse adds a universe of a kind, whose arguments follow the settings
// and the selector.
func (h *host) addUniverse(kind string, a *args, set algo.UniverseSettings, choose algo.Chooser) (algo.UniverseHandle, error) {
	switch kind {
	case "timed":
		return h.e.AddTimedUniverse(a.text(1), a.text(2), algo.Kind(a.int(5)), a.int64(6), set, choose)
	case "scheduled":
		times, err := h.times(a.text(8), a.object(9))
		if err != nil {
			return algo.UniverseHandle{}, err
		}
		daysKind, daysArgs, daysFunc := a.text(5), a.keep(6), a.keep(7)
		return h.e.AddScheduledUniverse(a.text(1), set, func(utc int64) func() (int64, bool) {
			days, err := h.days(daysKind, daysArgs, daysFunc, utc, h.e.EndUTC())
			if err != nil {
				h.failures = err
				return func() (int64, bool) { return 0, false }
			}
			return algo.At(days, times)
		}, choose), nil
	}
	return h.e.AddUniverse(kind, a.text(1), a.text(2), set, choose)
}

// chooser asks a Python function for a universe's members.
func (h *host) chooser(kind string, f python.Object) algo.Chooser {
	return func(utc int64, data *algo.Collection) ([]*algo.Symbol, bool, error) {
		h.mirrorClock()
		var rows []any
		if data == nil {
			data = &algo.Collection{}
		}
		for _, r := range data.Rows {
			if kind == "etf" {
				weight := func(has bool, d num.Decimal) any {
					if !has {
						return nil
					}
					return d
				}
				rows = append(rows, tuple{r.Symbol, weight(r.HasWeight, r.Weight), weight(r.HasShares, r.Shares), weight(r.HasValue, r.Value), r.LastUpdate, data.Start})
			} else {
				rows = append(rows, tuple{r.Symbol, r.Price, r.Volume, r.DollarVolume, r.Fundamental, r.PriceFactor, r.SplitFactor, data.Start})
			}
		}
		list, err := h.value(rows)
		if err != nil {
			return nil, false, err
		}
		at := h.p.Int(utc)
		got, err := h.p.Call(f, at, list)
		at.DecRef()
		list.DecRef()
		if err != nil {
			return nil, false, err
		}
		defer got.DecRef()
		if got.IsNone() {
			return nil, true, nil
		}
		var out []*algo.Symbol
		for _, x := range got.Items() {
			n, _ := x.Int()
			out = append(out, h.symbols[n])
		}
		return out, false, nil
	}
}

// customType is a data type that the algorithm declares.
type customType struct {
	h              *host
	class, reader  python.Object
	name           string
	mapped, sparse bool
}

// Name is the class's name.
func (c *customType) Name() string { return c.name }

// Mapped tells whether the type follows its underlying's map file.
func (c *customType) Mapped() bool { return c.mapped }

// Sparse tells whether missing data are worth no word.
func (c *customType) Sparse() bool { return c.sparse }

// Source asks the class where a day's data are.
func (c *customType) Source(cfg *algo.Config, date int64, live bool) (algo.CustomSource, error) {
	h := c.h
	n, d, l := h.p.Int(int64(h.configHandle(cfg))), h.p.Int(date), h.p.Bool(live)
	defer func() { n.DecRef(); d.DecRef(); l.DecRef() }()
	o, err := h.p.CallMethod(c.reader, "source", n, d, l)
	if err != nil {
		return algo.CustomSource{}, err
	}
	defer o.DecRef()
	if o.IsNone() {
		return algo.CustomSource{}, nil
	}
	a := &args{h: h, in: o.Items()}
	return algo.CustomSource{Path: a.text(0), Remote: a.int(1) == 1 || a.int(1) == 2, Stored: a.int(1) == 4, Sorted: a.bool(2)}, a.err
}

// Read asks the class to read a line.
func (c *customType) Read(cfg *algo.Config, line string, date int64, live bool) (*algo.Custom, error) {
	h := c.h
	n, t, d, l := h.p.Int(int64(h.configHandle(cfg))), h.p.Text(line), h.p.Int(date), h.p.Bool(live)
	defer func() { n.DecRef(); t.DecRef(); d.DecRef(); l.DecRef() }()
	o, err := h.p.CallMethod(c.reader, "read", n, t, d, l)
	if err != nil {
		return nil, err
	}
	defer o.DecRef()
	if o.IsNone() {
		return nil, nil
	}
	a := &args{h: h, in: o.Items()}
	return &algo.Custom{Start: a.int64(0), End: a.int64(1), Value: a.decimal(2), Object: a.keep(3)}, a.err
}

func (h *host) declareTimes() {
	h.def("to_utc", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		return s.Hours.UTC(a.int64(1)), nil
	})
	h.def("close_time", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		r, n, span := a.int(2), a.int(3), a.int64(4)
		if r >= 0 {
			return s.Hours.CloseTime(a.int64(1), int64(algo.Resolution(max(r, 1)).Span()), n), nil
		}
		return s.Hours.CloseAfter(a.int64(1), span), nil
	})
	h.def("indicator_subs", func(a *args) (any, error) {
		var out []any
		if s, ok := indicator.Lookup(h.indicators[a.int(0)].class); ok {
			for _, n := range s.Subs {
				out = append(out, n)
			}
		}
		return out, nil
	})
}
