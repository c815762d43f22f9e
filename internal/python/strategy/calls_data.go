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
			e.SetUniverse(s)
		}
		return nil, err
	})
	h.def("universe", h.universe)
	h.def("universe_symbol", func(a *args) (any, error) { return h.universes[a.int(0)].Symbol(), nil })
	h.def("universe_past", func(a *args) (any, error) {
		n := a.int(0)
		list, err := h.universes[n].Past(a.int(1), a.int64(2), a.int64(3))
		var out []any
		for _, c := range list {
			out = append(out, tuple{c.End, h.rowsOf(h.universeKinds[n], c)})
		}
		return out, err
	})
	h.def("coarse", func(a *args) (any, error) {
		c := e.Coarse(a.text(0), a.int64(1))
		if c == nil || a.err != nil {
			return nil, a.err
		}
		return h.rowsOf("coarse", c), nil
	})
	h.def("data_file", func(a *args) (any, error) {
		data, err := e.DataFile(a.text(0))
		if data == nil || err != nil {
			return nil, err
		}
		return string(data), nil
	})
	h.def("companies", func(*args) (any, error) { return h.companies, nil })
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
	s.Keep()
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

// leaveSlice takes back the newest slice object once its handler is done. With
// no reference left to it nobody can ask for its parts any more, and the slice is
// the engine's to use again.
func (h *host) leaveSlice(o python.Object, id int64, s *algo.Slice, kept bool) {
	if o.RefCount() == 1 && !kept && id == h.sliceID {
		h.slices[id%keptSlices] = nil
		h.slicePoints -= sizeOf(s)
		h.sliceID--
		s.Leave()
	}
	o.DecRef()
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
