package strategy

import (
	"fmt"
	"strings"

	"quantdesk/internal/algo"
	"quantdesk/internal/algo/indicator"
	"quantdesk/internal/python"
)

// mirrored is an indicator with the Python object that shows its values.
type mirrored struct {
	ind     indicator.Indicator
	class   string
	object  python.Object
	fed     *fed
	configs []*algo.Config
	last    int64
	tell    python.Object
	spare   *indicator.Input // to be used again: indicators do not keep it
}

// fed gives an indicator the points of a subscription, without a consolidator
// between.
type fed struct {
	h *host
	m *mirrored
}

// Update feeds a point.
func (f *fed) Update(p algo.Point) error { return f.h.feed(f.m, p) }

// Scan has nothing to do.
func (*fed) Scan(int64) error { return nil }

func input(p algo.Point) indicator.Input {
	start, end := p.Times()
	in := indicator.Input{Start: start, End: end}
	if s := p.Of(); s != nil {
		in.Symbol = s.ID
	}
	switch v := p.(type) {
	case *algo.Bar:
		in.Open, in.High, in.Low, in.Close, in.Volume, in.Bar = v.O.Float64(), v.H.Float64(), v.L.Float64(), v.C.Float64(), v.Volume.Float64(), true
		in.Value = in.Close
	case *algo.RenkoBar:
		in.Open, in.High, in.Low, in.Close, in.Volume, in.Bar = v.O.Float64(), v.H.Float64(), v.L.Float64(), v.C.Float64(), v.Volume.Float64(), true
		in.Value = in.Close
	case *algo.QuoteBar:
		in.Open, in.High, in.Low, in.Close, in.Bar = v.Open().Float64(), v.High().Float64(), v.Low().Float64(), v.Close().Float64(), true
		in.Value = in.Close
	case *algo.Ticks:
		in.Value, in.Volume = v.Price.Float64(), v.Quantity.Float64()
	default:
		in.Value = p.Last().Float64()
	}
	return in
}

func (h *host) feed(m *mirrored, p algo.Point) error {
	in := m.spare
	if in == nil {
		in = &indicator.Input{}
	}
	m.spare = nil // an indicator in Python may feed itself
	*in = input(p)
	m.last = in.End
	m.ind.Update(in)
	m.spare = in
	h.mirrorIndicator(m)
	if m.tell != 0 {
		return h.drop(h.p.Call(m.tell))
	}
	return nil
}

func (h *host) mirrorIndicator(m *mirrored) {
	if m.object == 0 {
		return
	}
	m.object.SetDouble(h.at.value, m.ind.Value())
	m.object.SetInt64(h.at.samples, int64(m.ind.Samples()))
	m.object.SetFlag(h.at.ready, m.ind.Ready())
	if _, end, ok := m.ind.At(0); ok {
		m.object.SetInt64(h.at.at, end)
	}
}

func (h *host) indicatorHandle(ind indicator.Indicator, class string) int {
	if i, ok := h.indicatorOf[ind]; ok {
		return i
	}
	m := &mirrored{ind: ind, class: class}
	h.indicators = append(h.indicators, m)
	i := len(h.indicators) - 1
	h.indicatorOf[ind] = i
	ind.OnUpdate(func() { h.mirrorIndicator(m) })
	return i
}

// argument turns a Python argument of an indicator into a Go one.
func (h *host) argument(o python.Object) (any, error) {
	if o.IsTuple() && o.Len() == 2 {
		if s, ok := o.Item(0).Text(); ok && s == "indicator" {
			n, _ := o.Item(1).Int()
			return h.indicators[n].ind, nil
		}
	}
	v, err := h.p.Go(o)
	if err != nil {
		return nil, err
	}
	if n, ok := v.(int64); ok {
		return int(n), nil
	}
	return v, nil
}

func (h *host) declareIndicators() {
	h.def("indicator_classes", func(*args) (any, error) {
		var out []any
		for _, s := range indicator.All() {
			out = append(out, s.Class)
		}
		return out, nil
	})
	h.def("indicator_helpers", func(*args) (any, error) {
		var out []any
		for _, s := range indicator.All() {
			for i, x := range s.Helpers {
				var params []any
				for _, p := range x.Params {
					params = append(params, tuple{p.Name, p.Default, !p.Required, p.Type})
				}
				out = append(out, tuple{x.Method, s.Class, params, fmt.Sprintf("%s#%d", s.Class, i), x.Selector})
			}
		}
		return out, nil
	})
	h.def("indicator_text", func(a *args) (any, error) {
		_, x, values, err := h.helper(a.text(0), a.object(1))
		if err != nil {
			return nil, err
		}
		return x.NameFor(values), nil
	})
	h.def("indicator_from", func(a *args) (any, error) {
		s, x, values, err := h.helper(a.text(0), a.object(2))
		if err != nil {
			return nil, err
		}
		ind, err := x.New(s, a.text(1), values)
		if err != nil {
			return nil, &python.Raise{Type: "ValueError", Message: err.Error()}
		}
		return h.indicatorHandle(ind, s.Class), nil
	})
	h.def("indicator_full_name", func(a *args) (any, error) {
		s := a.symbol(0)
		if s == nil {
			return a.text(1), nil
		}
		r := algo.Minute
		if c, err := h.config(s, -1); err == nil {
			r = c.Resolution
		}
		if n := a.int(2); n >= 0 {
			r = algo.Resolution(n)
		}
		short := [...]string{"tick", "sec", "min", "hr", "day"}[r]
		return fmt.Sprintf("%s_%s_%s", a.text(1), s.Value, short), nil
	})
	h.def("indicator", func(a *args) (any, error) {
		class := a.text(0)
		var values []any
		for _, o := range a.items(2) {
			v, err := h.argument(o)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		if a.err != nil {
			return nil, a.err
		}
		if len(class) == 1 {
			return h.combined(class, a.text(1), values)
		}
		s, ok := indicator.Lookup(class)
		if !ok {
			return nil, &python.Raise{Type: "ValueError", Message: "there is no indicator " + class}
		}
		var bad error
		h.p.Each(a.object(3), func(k, o python.Object) bool {
			name, _ := k.Text()
			for i, p := range s.Params {
				if p.Name == name {
					for len(values) <= i {
						values = append(values, nil)
					}
					values[i], bad = h.argument(o)
					return bad == nil
				}
			}
			bad = &python.Raise{Type: "TypeError", Message: fmt.Sprintf("%s() got an unexpected keyword argument '%s'", class, name)}
			return false
		})
		if bad != nil {
			return nil, bad
		}
		// Symbols may stand before or behind the numbers.
		if len(values) == len(s.Params) && len(values) > 1 && s.Params[0].Type == "symbol" {
			if _, number := values[0].(int); number {
				values = append(values[1:], values[0])
			}
		}
		for i, p := range s.Params {
			if i >= len(values) || p.Type != "symbol" {
				continue
			}
			if t, ok := values[i].(string); ok {
				if sym := h.e.ByTicker(t); sym != nil {
					values[i] = sym.ID
				}
			}
		}
		ind, err := s.New(a.text(1), values)
		if err != nil {
			return nil, &python.Raise{Type: "ValueError", Message: err.Error()}
		}
		return h.indicatorHandle(ind, class), nil
	})
	one := func(name string, f func(m *mirrored, a *args) (any, error)) {
		h.def(name, func(a *args) (any, error) {
			n := a.int(0)
			if a.err != nil || n < 0 || n >= len(h.indicators) {
				a.bad(0, "an indicator")
				return nil, a.err
			}
			return f(h.indicators[n], a)
		})
	}
	one("indicator_bind", func(m *mirrored, a *args) (any, error) {
		m.object = a.object(1)
		m.object.IncRef()
		h.mirrorIndicator(m)
		return nil, nil
	})
	one("indicator_class", func(m *mirrored, _ *args) (any, error) { return m.class, nil })
	one("indicator_name", func(m *mirrored, _ *args) (any, error) { return m.ind.Name(), nil })
	one("indicator_warmup", func(m *mirrored, _ *args) (any, error) { return m.ind.WarmUp(), nil })
	one("indicator_period", func(m *mirrored, _ *args) (any, error) {
		if f, ok := m.ind.(indicator.Fielder); ok {
			if v, ok := f.Field("period"); ok {
				return int(v), nil
			}
		}
		return m.ind.WarmUp(), nil
	})
	one("indicator_reset", func(m *mirrored, _ *args) (any, error) {
		m.ind.Reset()
		h.mirrorIndicator(m)
		if m.class == composite { // its sides were reset with it
			for _, side := range h.indicators {
				h.mirrorIndicator(side)
			}
		}
		return nil, nil
	})
	one("indicator_update", func(m *mirrored, a *args) (any, error) {
		p, err := h.fromPython(a.object(1), nil)
		if err != nil || p == nil {
			return false, err
		}
		in := input(p)
		ready := m.ind.Update(&in)
		h.mirrorIndicator(m)
		return ready, nil
	})
	one("indicator_update_value", func(m *mirrored, a *args) (any, error) {
		at := a.int64(1)
		in := indicator.Input{Start: at, End: at, Value: a.float(2)}
		ready := m.ind.Update(&in)
		h.mirrorIndicator(m)
		return ready, nil
	})
	one("indicator_at", func(m *mirrored, a *args) (any, error) {
		v, end, ok := m.ind.At(a.int(1))
		if !ok {
			return nil, nil
		}
		return tuple{v, end}, nil
	})
	windows := map[*mirrored]int{}
	one("indicator_window", func(m *mirrored, a *args) (any, error) {
		if n := a.int(1); n > 0 {
			windows[m] = n
			m.ind.SetWindow(n)
		}
		return max(windows[m], 2), nil
	})
	one("indicator_count", func(m *mirrored, _ *args) (any, error) {
		n, most := 0, max(windows[m], 2)
		for n < most {
			if _, _, ok := m.ind.At(n); !ok {
				break
			}
			n++
		}
		return n, nil
	})
	one("indicator_sub", func(m *mirrored, a *args) (any, error) {
		sub := m.ind.Sub(a.text(1))
		if sub == nil {
			return -1, nil
		}
		return h.indicatorHandle(sub, className(sub)), nil
	})
	one("indicator_register", func(m *mirrored, a *args) (any, error) {
		c, err := h.config(a.symbol(1), -1)
		if err != nil {
			return nil, err
		}
		if m.fed == nil {
			m.fed = &fed{h, m}
		}
		m.configs = append(m.configs, c)
		h.e.Attach(c, m.fed)
		return nil, nil
	})
	one("indicator_unregister", func(m *mirrored, _ *args) (any, error) {
		if m.fed != nil {
			for _, c := range m.configs {
				h.e.Detach(c, m.fed)
			}
			m.fed, m.configs = nil, nil
		}
		return nil, nil
	})
	one("indicator_tell", func(m *mirrored, a *args) (any, error) { m.tell = a.keep(1); return nil, nil })
	h.def("indicator_composite", h.composed)
	h.def("indicator_of", func(a *args) (any, error) {
		second, first := h.indicators[a.int(0)], h.indicators[a.int(1)]
		wait := a.bool(2)
		first.ind.OnUpdate(func() {
			if wait && !first.ind.Ready() {
				return
			}
			_, end, _ := first.ind.At(0)
			in := indicator.Input{Start: end, End: end, Value: first.ind.Value()}
			second.ind.Update(&in)
			h.mirrorIndicator(second)
		})
		return a.int(0), nil
	})
}

// helper finds a helper method by its key, with its arguments out of a dict.
func (h *host) helper(key string, named python.Object) (s indicator.Spec, x indicator.Helper, values []any, err error) {
	class, n, _ := strings.Cut(key, "#")
	s, ok := indicator.Lookup(class)
	if !ok {
		return s, x, nil, fmt.Errorf("there is no indicator %s", class)
	}
	var i int
	if _, err = fmt.Sscan(n, &i); err != nil {
		return
	}
	x = s.Helpers[i]
	for _, p := range x.Params {
		var v any
		if o := h.p.Key(named, p.Name); o != 0 {
			if v, err = h.argument(o); err != nil {
				return
			}
		}
		if list, ok := v.([]any); ok {
			var texts []string
			for _, t := range list {
				texts = append(texts, fmt.Sprint(t))
			}
			v = texts
		}
		values = append(values, v)
	}
	return s, x, values, nil
}

// className is an indicator's class by its Go type, for parts that were made
// within others.
func className(i indicator.Indicator) string {
	if c, ok := i.(interface{ Class() string }); ok {
		return c.Class()
	}
	return "Identity"
}

// combined joins two indicators, or an indicator and a number.
func (h *host) combined(op, name string, values []any) (any, error) {
	if len(values) != 2 {
		return nil, fmt.Errorf("two sides are joined, not %d", len(values))
	}
	left, ok := values[0].(indicator.Indicator)
	if !ok {
		return nil, &python.Raise{Type: "TypeError", Message: "the left side is no indicator"}
	}
	var right indicator.Indicator
	switch v := values[1].(type) {
	case indicator.Indicator:
		right = v
	case int:
		right = indicator.ConstantOf(float64(v))
	case float64:
		right = indicator.ConstantOf(v)
	default:
		return nil, &python.Raise{Type: "TypeError", Message: "the right side is no indicator and no number"}
	}
	join := map[string]func(left, right indicator.Indicator, name string) indicator.Indicator{"+": indicator.Plus, "-": indicator.Minus, "*": indicator.Times, "/": indicator.Over}[op]
	if join == nil {
		return nil, fmt.Errorf("indicators are not joined by %q", op)
	}
	return h.indicatorHandle(join(left, right, name), composite), nil
}

// composite is the class of what is made of other indicators.
const composite = "CompositeIndicator"

// composed joins two indicators by a Python function.
func (h *host) composed(a *args) (any, error) {
	left, right, f := h.indicators[a.int(0)].ind, h.indicators[a.int(1)].ind, a.keep(3)
	if a.err != nil {
		return nil, a.err
	}
	return h.indicatorHandle(indicator.NewComposite(a.text(2), left, right, func(_, _ indicator.Indicator) (float64, bool) {
		got, err := h.p.Call(f)
		if err != nil {
			h.failures = err
			return 0, false
		}
		defer got.DecRef()
		v, ok := got.Float()
		return v, ok
	}), composite), nil
}
