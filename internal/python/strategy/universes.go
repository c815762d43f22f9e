package strategy

import (
	"fmt"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

func (h *host) universeSettings(o python.Object) (algo.UniverseSettings, error) {
	a := &args{h: h, in: o.Items()}
	s := algo.UniverseSettings{Resolution: algo.Resolution(a.int(0)), Leverage: a.decimal(1), FillForward: a.bool(2), Extended: a.bool(3), MinTime: a.int64(4), Norm: algo.Normalization(a.int(5))}
	s.Shared = a.bool(9)
	if kind := a.text(6); kind != "" && a.err == nil {
		rule, f := a.keep(7), a.keep(8)
		s.Schedule = func(from, to int64) (algo.Days, error) { return h.days(kind, rule, f, from, to) }
	}
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
	h.universes, h.universeKinds = append(h.universes, u), append(h.universeKinds, kind)
	return len(h.universes) - 1, nil
}

// addUniverse adds a universe of a kind, whose arguments follow the settings
// and the selector.
func (h *host) addUniverse(kind string, a *args, set algo.UniverseSettings, choose algo.Chooser) (algo.UniverseHandle, error) {
	switch kind {
	case "timed":
		return h.e.AddTimedUniverse(a.text(1), a.text(2), algo.Kind(a.int(5)), a.int64(6), a.bool(7), set, choose)
	case "custom":
		return h.e.AddCustomUniverse(a.text(1), a.text(2), algo.Kind(a.int(5)), algo.Resolution(a.int(6)), h.customTypes[a.int(7)], set, choose)
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

// rowsOf are a collection's rows as the API's classes take them.
func (h *host) rowsOf(kind string, data *algo.Collection) (rows []any) {
	for _, r := range data.Rows {
		switch kind {
		case "etf":
			weight := func(has bool, d num.Decimal) any {
				if !has {
					return nil
				}
				return d
			}
			rows = append(rows, tuple{r.Symbol, weight(r.HasWeight, r.Weight), weight(r.HasShares, r.Shares), weight(r.HasValue, r.Value), r.LastUpdate, data.Start})
		case "constituents":
			rows = append(rows, r.Symbol)
		default:
			rows = append(rows, tuple{r.Symbol, r.Price, r.Volume, r.DollarVolume, r.Fundamental, r.PriceFactor, r.SplitFactor, data.Start})
		}
	}
	for _, o := range data.Objects {
		if o, ok := o.(python.Object); ok {
			rows = append(rows, owned(o.IncRef()))
		}
	}
	return rows
}

// chooser asks a Python function for a universe's members. It answers with
// them, None to keep those there are, and how many points went on to a second
// selection, -1 where there is none.
func (h *host) chooser(kind string, f python.Object) algo.Chooser {
	return func(utc int64, data *algo.Collection) ([]*algo.Symbol, bool, error) {
		h.mirrorClock()
		if data == nil {
			data = &algo.Collection{}
		}
		list, err := h.value(h.rowsOf(kind, data))
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
		answer := got.Items()
		if len(answer) != 2 {
			return nil, false, fmt.Errorf("a universe's selection answers with %d values", len(answer))
		}
		if n, _ := answer[1].Int(); n >= 0 {
			data.Pass(int(n))
		}
		if answer[0].IsNone() {
			return nil, true, nil
		}
		var out []*algo.Symbol
		for _, x := range answer[0].Items() {
			n, _ := x.Int()
			out = append(out, h.symbols[n])
		}
		return out, false, nil
	}
}
