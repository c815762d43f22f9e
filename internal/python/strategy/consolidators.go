package strategy

import (
	"fmt"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

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
