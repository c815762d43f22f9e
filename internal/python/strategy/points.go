package strategy

import (
	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// object makes a Python object of a point; the reference is the caller's.
func (h *host) object(p algo.Point) (python.Object, error) {
	switch v := p.(type) {
	case nil:
		return h.p.None(), nil
	case *algo.Bar:
		return h.barObject(v)
	case *algo.RenkoBar:
		return h.renkoObject(v)
	case *algo.QuoteBar:
		return h.quoteObject(v)
	case *algo.Ticks:
		return h.tickObject(v)
	case *algo.Custom:
		if o, ok := v.Object.(python.Object); ok {
			return o.IncRef(), nil
		}
		return h.p.None(), nil
	case *algo.Split:
		kind := 1
		if v.Warning {
			kind = 0
		}
		return h.event("Split", v.Symbol, v.Time, map[string]any{"split_factor": v.Factor.Float64(), "reference_price": v.Reference.Float64(), "value": v.Reference.Float64(), "price": v.Reference.Float64()}, "SplitType", kind)
	case *algo.Dividend:
		return h.event("Dividend", v.Symbol, v.Time, map[string]any{"distribution": v.Distribution.Float64(), "reference_price": v.Reference.Float64(), "value": v.Distribution.Float64(), "price": v.Distribution.Float64()}, "", 0)
	case *algo.Delisting:
		kind := 1
		if v.Warning {
			kind = 0
		}
		return h.event("Delisting", v.Symbol, v.Time, map[string]any{"price": v.Price.Float64(), "value": v.Price.Float64()}, "DelistingType", kind)
	case *algo.SymbolChange:
		return h.event("SymbolChangedEvent", v.Symbol, v.Time, map[string]any{"old_symbol": v.Old, "new_symbol": v.New}, "", 0)
	}
	return h.p.None(), nil
}

func (h *host) barObject(b *algo.Bar) (python.Object, error) {
	o, err := h.p.New(h.classBar)
	if err != nil {
		return 0, err
	}
	return o, h.fillBar(o, b)
}

func (h *host) fillBar(o python.Object, b *algo.Bar) error {
	t := &h.at.bar
	o.SetDouble(t.open, b.O.Float64())
	o.SetDouble(t.high, b.H.Float64())
	o.SetDouble(t.low, b.L.Float64())
	o.SetDouble(t.close, b.C.Float64())
	o.SetDouble(t.volume, b.Volume.Float64())
	o.SetInt64(t.start, b.Start)
	o.SetInt64(t.end, b.End)
	o.SetFlag(t.filled, b.FillForward)
	if b.Symbol == nil {
		return nil
	}
	s, err := h.symbolObject(b.Symbol)
	if err != nil {
		return err
	}
	o.SetRef(t.symbol, s.IncRef())
	return nil
}

// renkoObject is a trade bar with what bricks have more.
func (h *host) renkoObject(r *algo.RenkoBar) (python.Object, error) {
	o, err := h.barObject(&r.Bar)
	if err != nil {
		return 0, err
	}
	class, err := h.renkoClass(r.Kind)
	if err != nil {
		return 0, err
	}
	err = h.p.SetAttr(o, "__class__", class)
	class.DecRef()
	if err != nil {
		return 0, err
	}
	for name, v := range map[string]any{"brick_size": r.Size.Float64(), "is_closed": r.Closed, "range_size": r.Size.Float64()} {
		x, err := h.value(v)
		if err != nil {
			return 0, err
		}
		err = h.p.SetAttr(o, name, x)
		x.DecRef()
		if err != nil {
			return 0, err
		}
	}
	return o, nil
}

func (h *host) quoteObject(q *algo.QuoteBar) (python.Object, error) {
	o, err := h.p.New(h.classQuote)
	if err != nil {
		return 0, err
	}
	t := h.quote
	o.SetDouble(t.Offset("open"), q.Open().Float64())
	o.SetDouble(t.Offset("high"), q.High().Float64())
	o.SetDouble(t.Offset("low"), q.Low().Float64())
	o.SetDouble(t.Offset("close"), q.Close().Float64())
	o.SetDouble(t.Offset("last_bid_size"), q.BidSize.Float64())
	o.SetDouble(t.Offset("last_ask_size"), q.AskSize.Float64())
	side := func(prefix string, s algo.Side, has string) {
		o.SetDouble(t.Offset(prefix+"o"), s.O.Float64())
		o.SetDouble(t.Offset(prefix+"h"), s.H.Float64())
		o.SetDouble(t.Offset(prefix+"l"), s.L.Float64())
		o.SetDouble(t.Offset(prefix+"c"), s.C.Float64())
		o.SetFlag(t.Offset(has), s.Ok)
	}
	side("_b", q.Bid, "_hasbid")
	side("_a", q.Ask, "_hasask")
	o.SetFlag(t.Offset("_native"), true)
	o.SetFlag(t.Offset("_ff"), q.FillForward)
	o.SetInt64(t.Offset("_start"), q.Start)
	o.SetInt64(t.Offset("_end"), q.End)
	s, err := h.symbolObject(q.Symbol)
	if err != nil {
		return 0, err
	}
	o.SetRef(t.Offset("symbol"), s.IncRef())
	return o, nil
}

func (h *host) tickObject(k *algo.Ticks) (python.Object, error) {
	o, err := h.p.New(h.classTick)
	if err != nil {
		return 0, err
	}
	t := h.tick
	o.SetDouble(t.Offset("value"), k.Price.Float64())
	o.SetDouble(t.Offset("quantity"), k.Quantity.Float64())
	o.SetDouble(t.Offset("bid_price"), k.Bid.Float64())
	o.SetDouble(t.Offset("ask_price"), k.Ask.Float64())
	o.SetDouble(t.Offset("bid_size"), k.BidSize.Float64())
	o.SetDouble(t.Offset("ask_size"), k.AskSize.Float64())
	o.SetInt64(t.Offset("_start"), k.Time)
	o.SetInt64(t.Offset("_end"), k.Time)
	o.SetFlag(t.Offset("_quote"), k.Quote)
	o.SetFlag(t.Offset("suspicious"), k.Suspicious)
	s, err := h.symbolObject(k.Symbol)
	if err != nil {
		return 0, err
	}
	o.SetRef(t.Offset("symbol"), s.IncRef())
	for name, text := range map[string]string{"_exchange": k.Exchange, "_condition": k.Condition} {
		x := h.p.Text(text)
		o.SetRef(t.Offset(name), x)
	}
	return o, nil
}

// event makes an object of a corporate event.
func (h *host) event(class string, s *algo.Symbol, at int64, fields map[string]any, enum string, kind int) (python.Object, error) {
	m, err := h.p.Import("lean.data")
	if err != nil {
		return 0, err
	}
	defer m.DecRef()
	c, err := h.p.Attr(m, class)
	if err != nil {
		return 0, err
	}
	defer c.DecRef()
	o, err := h.p.Call(c)
	if err != nil {
		return 0, err
	}
	set := func(name string, v python.Object) {
		if err == nil {
			err = h.p.SetAttr(o, name, v)
		}
		v.DecRef()
	}
	sym, err := h.symbolObject(s)
	if err != nil {
		return 0, err
	}
	set("symbol", sym.IncRef())
	set("time", h.p.NewDateTime(at/1000, true))
	for name, v := range fields {
		x, e2 := h.value(v)
		if e2 != nil {
			return 0, e2
		}
		set(name, x)
	}
	if enum != "" {
		c, e2 := h.p.Attr(m, enum)
		if e2 != nil {
			return 0, e2
		}
		n := h.p.Int(int64(kind))
		v, e2 := h.p.Call(c, n)
		n.DecRef()
		c.DecRef()
		if e2 != nil {
			return 0, e2
		}
		set("type", v)
	}
	return o, err
}

// cells are where the fields lie that are written at every step.
type cells struct {
	security                   [10]uintptr
	bar                        struct{ open, high, low, close, volume, start, end, filled, symbol uintptr }
	slice                      struct{ time, utc, id uintptr }
	value, samples, ready, at, // of an indicator
	anything uintptr // of the portfolio
	quantity, average, price, invested,
	local, utc, warming uintptr
}

// locate looks the fields up once.
func (h *host) locate() {
	for i, name := range [...]string{"price", "open", "high", "low", "close", "volume", "bid_price", "ask_price", "bid_size", "ask_size"} {
		h.at.security[i] = h.security.Offset(name)
	}
	b := &h.at.bar
	b.open, b.high, b.low, b.close, b.volume = h.bar.Offset("open"), h.bar.Offset("high"), h.bar.Offset("low"), h.bar.Offset("close"), h.bar.Offset("volume")
	b.start, b.end, b.filled, b.symbol = h.bar.Offset("_start"), h.bar.Offset("_end"), h.bar.Offset("_ff"), h.bar.Offset("symbol")
	h.at.slice.time, h.at.slice.utc, h.at.slice.id = h.slice.Offset("_time"), h.slice.Offset("_utc"), h.slice.Offset("_id")
	i := h.indicatorType
	h.at.value, h.at.samples, h.at.ready, h.at.at = i.Offset("_value"), i.Offset("samples"), i.Offset("is_ready"), i.Offset("_at")
	h.at.anything = h.portfolio.Offset("invested")
	h.at.quantity, h.at.average = h.holding.Offset("quantity"), h.holding.Offset("average_price")
	h.at.price, h.at.invested = h.holding.Offset("price"), h.holding.Offset("invested")
	h.at.local, h.at.utc, h.at.warming = h.clockType.Offset("local"), h.clockType.Offset("utc"), h.clockType.Offset("warming")
}

// mirror is where Python reads a security, and what was written of its
// position last.
type mirror struct {
	security, holding python.Object
	written           bool
	quantity, average num.Decimal
}

// mirrorSecurity writes a security's prices and position where Python reads them.
func (h *host) mirrorSecurity(s *algo.Security) {
	m := h.mirrors[s]
	if m == nil {
		return
	}
	if o := m.security; o != 0 {
		for i, v := range [...]num.Decimal{s.Price, s.Open, s.High, s.Low, s.Close, s.Volume, s.BidPrice(), s.AskPrice(), s.BidSize, s.AskSize} {
			o.SetDouble(h.at.security[i], v.Float64())
		}
	}
	if o := m.holding; o != 0 {
		// Most steps change neither, and an average has many places.
		if !m.written || m.quantity != s.Holding.Quantity || m.average != s.Holding.Average {
			m.written, m.quantity, m.average = true, s.Holding.Quantity, s.Holding.Average
			o.SetDouble(h.at.quantity, s.Holding.Quantity.Float64())
			o.SetDouble(h.at.average, s.Holding.Average.Float64())
		}
		o.SetDouble(h.at.price, s.Holding.Price.Float64())
		o.SetFlag(h.at.invested, s.Invested())
	}
}

// mirrorPortfolio tells whether anything is held.
func (h *host) mirrorPortfolio() {
	if h.portfolioObject == 0 {
		return
	}
	invested := false
	for _, s := range h.e.Securities.All() {
		if s.Invested() {
			invested = true
			break
		}
	}
	h.portfolioObject.SetFlag(h.at.anything, invested)
}

func (h *host) mirrorClock() {
	h.clock.SetInt64(h.at.local, h.e.Local())
	h.clock.SetInt64(h.at.utc, h.e.UTC())
	h.clock.SetFlag(h.at.warming, h.e.Warming)
}

// renkoClass is the Python class of a kind of brick.
func (h *host) renkoClass(kind int) (python.Object, error) {
	m, err := h.p.Import("lean.data")
	if err != nil {
		return 0, err
	}
	defer m.DecRef()
	return h.p.Attr(m, [...]string{"RenkoBar", "RenkoBar", "RangeBar", "VolumeRenkoBar"}[kind])
}
