package strategy

import (
	"fmt"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// models makes Python's parameter objects.
func (h *host) modelClass(name string) (python.Object, error) {
	m, err := h.p.Import("lean.models")
	if err != nil {
		return 0, err
	}
	defer m.DecRef()
	return h.p.Attr(m, name)
}

// securityObject is the Python object of a security; the reference is the caller's.
func (h *host) securityObject(s *algo.Security) (python.Object, error) {
	if m := h.mirrors[s]; m != nil && m.security != 0 {
		return m.security.IncRef(), nil
	}
	m, err := h.p.Import("lean.securities")
	if err != nil {
		return 0, err
	}
	defer m.DecRef()
	c, err := h.p.Attr(m, "Security")
	if err != nil {
		return 0, err
	}
	defer c.DecRef()
	n := h.p.Int(int64(h.securityHandle(s)))
	defer n.DecRef()
	return h.p.CallMethod(c, "_of", n)
}

// orderObject is a Python order of an order, whether or not it has a ticket.
func (h *host) orderObject(o *algo.Order) (python.Object, error) {
	t := h.e.Ticket(o.ID)
	if t == nil || t.Order != o {
		t = h.e.LooseTicket(o)
	}
	m, err := h.p.Import("lean.orders")
	if err != nil {
		return 0, err
	}
	defer m.DecRef()
	n, err := h.value(t)
	if err != nil {
		return 0, err
	}
	defer n.DecRef()
	f, err := h.value(h.orderFields(o))
	if err != nil {
		return 0, err
	}
	defer f.DecRef()
	return h.p.CallMethod(m, "order_of", n, f)
}

// withOrder calls a method of a model with a parameters object of a security
// and an order, or with the two themselves when class is empty.
func (h *host) withOrder(model python.Object, method, class string, s *algo.Security, o *algo.Order) (python.Object, error) {
	sec, err := h.securityObject(s)
	if err != nil {
		return 0, err
	}
	defer sec.DecRef()
	ord, err := h.orderObject(o)
	if err != nil {
		return 0, err
	}
	defer ord.DecRef()
	h.mirrorClock()
	if class == "" {
		return h.p.CallMethod(model, method, sec, ord)
	}
	c, err := h.modelClass(class)
	if err != nil {
		return 0, err
	}
	defer c.DecRef()
	p, err := h.p.Call(c, sec, ord)
	if err != nil {
		return 0, err
	}
	defer p.DecRef()
	return h.p.CallMethod(model, method, p)
}

// path reads a number through a chain of attributes.
func (h *host) path(o python.Object, names ...string) (float64, error) {
	o.IncRef()
	for _, n := range names {
		x, err := h.p.Attr(o, n)
		o.DecRef()
		if err != nil {
			return 0, err
		}
		o = x
	}
	defer o.DecRef()
	return h.p.ToFloat(o)
}

func (h *host) attrText(o python.Object, names ...string) string {
	o.IncRef()
	for _, n := range names {
		x, err := h.p.Attr(o, n)
		o.DecRef()
		if err != nil {
			return ""
		}
		o = x
	}
	defer o.DecRef()
	s, _ := o.Text()
	return s
}

// pythonFee asks a fee model in Python.
type pythonFee struct {
	h *host
	o python.Object
}

// Fee is the order's commission.
func (f pythonFee) Fee(s *algo.Security, o *algo.Order) (algo.Money, error) {
	r, err := f.h.withOrder(f.o, "get_order_fee", "OrderFeeParameters", s, o)
	if err != nil {
		return algo.Money{}, err
	}
	defer r.DecRef()
	v, err := f.h.path(r, "value", "amount")
	if err != nil {
		return algo.Money{}, err
	}
	d, err := num.FromFloatNET(v)
	return algo.Money{Amount: d, Currency: f.h.attrText(r, "value", "currency")}, err
}

// pythonSlip asks a slippage model in Python.
type pythonSlip struct {
	h *host
	o python.Object
}

// Slip is the distance from the price.
func (f pythonSlip) Slip(s *algo.Security, o *algo.Order) (num.Decimal, error) {
	r, err := f.h.withOrder(f.o, "get_slippage_approximation", "", s, o)
	if err != nil {
		return num.Zero, err
	}
	defer r.DecRef()
	v, err := f.h.p.ToFloat(r)
	if err != nil {
		return num.Zero, err
	}
	return num.FromFloatNET(v)
}

// pythonFill asks a fill model in Python.
type pythonFill struct {
	h *host
	o python.Object
}

// Fill fills an order by the model's method for its type.
func (f pythonFill) Fill(s *algo.Security, o *algo.Order) (*algo.OrderEvent, error) {
	h := f.h
	r, err := h.withOrder(f.o, "_dispatch", "FillModelParameters", s, o)
	if err != nil {
		return nil, err
	}
	defer r.DecRef()
	ev := h.e.NewOrderEvent(o, h.attrText(r, "message"))
	status, err := h.path(r, "status")
	if err != nil {
		return nil, err
	}
	ev.Status = algo.OrderStatus(status)
	for name, to := range map[string]*num.Decimal{"fill_price": &ev.FillPrice, "fill_quantity": &ev.FillQuantity} {
		v, err := h.path(r, name)
		if err != nil {
			return nil, err
		}
		if *to, err = num.FromFloatNET(v); err != nil {
			return nil, err
		}
	}
	if v, err := h.path(r, "order_fee", "value", "amount"); err == nil && v != 0 {
		if ev.Fee.Amount, err = num.FromFloatNET(v); err != nil {
			return nil, err
		}
		ev.Fee.Currency = h.attrText(r, "order_fee", "value", "currency")
	}
	return ev, nil
}

// overrides tells which methods a model's class defines beyond a built-in one.
func (h *host) overrides(model python.Object, names ...string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		for c := model.Type(); c != 0; {
			if strings := h.attrText(c, "__module__"); len(strings) >= 5 && strings[:5] == "lean." {
				break
			}
			d, err := h.p.Attr(c, "__dict__")
			if err != nil {
				break
			}
			k := h.p.Text(n)
			got, err := h.p.Get(d, k)
			k.DecRef()
			d.DecRef()
			if err == nil && got != 0 {
				got.DecRef()
				out[n] = true
				break
			}
			b, err := h.p.Attr(c, "__base__")
			if err != nil || b.IsNone() {
				break
			}
			c = b // borrowed from here on: classes outlive the run
		}
	}
	return out
}

var powerMethods = []string{"get_leverage", "get_maintenance_margin", "get_reserved_buying_power_for_position", "get_initial_margin_requirement", "get_buying_power",
	"has_sufficient_buying_power_for_order", "get_maximum_order_quantity_for_target_buying_power"}

func (h *host) setModel(s *algo.Security, kind string, o python.Object) error {
	switch kind {
	case "fee":
		if name := h.attrText(o, "_native_name"); name != "" && !h.overrides(o, "get_order_fee")["get_order_fee"] {
			fee, err := h.nativeFee(s, name, o)
			if err != nil {
				return err
			}
			s.Fee = fee
			return nil
		}
		s.Fee = pythonFee{h, o.IncRef()}
	case "fill":
		over := h.overrides(o, "fill", "market_fill", "limit_fill", "stop_market_fill", "stop_limit_fill", "market_on_open_fill", "market_on_close_fill", "limit_if_touched_fill", "trailing_stop_fill", "get_prices")
		if len(over) == 0 {
			s.Fill = algo.ImmediateFill{}
			if o.TypeName() == "EquityFillModel" {
				s.Fill = algo.EquityFill{}
			}
			return nil
		}
		s.Fill = pythonFill{h, o.IncRef()}
	case "slippage":
		s.Slippage = pythonSlip{h, o.IncRef()}
	case "power":
		if o.IsNone() {
			m, err := algo.NewMarginPower(num.One, num.Zero)
			if err != nil {
				return err
			}
			s.Power = algo.ConstantPower{MarginPower: m}
			return nil
		}
		return h.setPower(s, o)
	case "settlement":
		x, err := h.p.Attr(o, "_native_settlement")
		if err != nil { // a class of the algorithm's own, that it asks itself
			s.Settlement = ownSettlement{h: h, model: o.IncRef()}
			return nil
		}
		defer x.DecRef()
		a := &args{h: h, in: x.Items()}
		switch a.text(0) {
		case "account":
			s.Settlement = algo.AccountSettlement{}
		case "delayed":
			s.Settlement = &algo.DelayedSettlement{Days: a.int(1), At: a.int64(2)}
		default:
			s.Settlement = algo.ImmediateSettlement{}
		}
		return a.err
	case "volatility":
		m := o.IncRef()
		s.Volatility = func(s *algo.Security, p algo.Point) error {
			sec, err := h.securityObject(s)
			if err != nil {
				return err
			}
			defer sec.DecRef()
			d, err := h.object(p)
			if err != nil {
				return err
			}
			defer d.DecRef()
			h.mirrorSecurity(s)
			return h.drop(h.p.CallMethod(m, "update", sec, d))
		}
	case "filter":
		m := o.IncRef()
		s.DataFilter = func(s *algo.Security, p algo.Point) (bool, error) {
			sec, err := h.securityObject(s)
			if err != nil {
				return false, err
			}
			defer sec.DecRef()
			d, err := h.object(p)
			if err != nil {
				return false, err
			}
			defer d.DecRef()
			r, err := h.p.CallMethod(m, "filter", sec, d)
			if err != nil {
				return false, err
			}
			defer r.DecRef()
			return h.p.Truth(r)
		}
	case "shortable":
		m := o.IncRef()
		s.Shortable = func(s *algo.Security, local int64) (int64, bool) {
			sym, err := h.symbolObject(s.Symbol)
			if err != nil {
				return 0, true
			}
			t := h.p.NewDateTime(local/1000, true)
			defer t.DecRef()
			r, err := h.p.CallMethod(m, "shortable_quantity", sym, t)
			if err != nil {
				h.failures = err
				return 0, true
			}
			defer r.DecRef()
			if r.IsNone() {
				return 0, false
			}
			f, err := h.p.ToFloat(r)
			if err != nil {
				h.failures = err
			}
			return int64(f), true
		}
	case "interest":
		if o.IsNone() {
			s.Interest = nil
			return nil
		}
		m := o.IncRef()
		s.Interest = func(s *algo.Security, utc int64) error {
			sec, err := h.securityObject(s)
			if err != nil {
				return err
			}
			defer sec.DecRef()
			c, err := h.modelClass("_Params")
			if err != nil {
				return err
			}
			defer c.DecRef()
			p, err := h.p.Call(c)
			if err != nil {
				return err
			}
			defer p.DecRef()
			if err := h.p.SetAttr(p, "security", sec); err != nil {
				return err
			}
			t := h.p.NewDateTime(utc/1000, true)
			defer t.DecRef()
			if err := h.p.SetAttr(p, "time", t); err != nil {
				return err
			}
			return h.drop(h.p.CallMethod(m, "apply_margin_interest_rate", p))
		}
	default:
		return fmt.Errorf("there is no model of kind %q", kind)
	}
	return nil
}

func (h *host) nativeFee(s *algo.Security, name string, o python.Object) (algo.FeeModel, error) {
	if name == "constant" {
		x, err := h.p.Attr(o, "_args")
		if err != nil {
			return nil, err
		}
		defer x.DecRef()
		a := &args{h: h, in: x.Items()}
		return algo.ConstantFee{Amount: a.decimal(0), Currency: a.text(1)}, a.err
	}
	if f := algo.FeeNamed(name); f != nil {
		return f, nil
	}
	if name == "default" {
		return s.Fee, nil
	}
	return nil, &python.Raise{Type: "NotImplementedError", Message: name + " is not part of this engine yet"}
}

func (h *host) declareModels() {
	e := h.e
	h.def("security_model", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		return nil, h.setModel(s, a.text(1), a.object(2))
	})
	h.def("fee_current", func(a *args) (any, error) {
		s, t := a.security(0), a.ticket(1)
		if a.err != nil {
			return nil, a.err
		}
		m, err := s.Fee.Fee(s, t.Order)
		return tuple{m.Amount, m.Currency}, err
	})
	h.def("fee_native", func(a *args) (any, error) {
		s, t := a.security(2), a.ticket(3)
		if a.err != nil {
			return nil, a.err
		}
		name := a.text(0)
		var f algo.FeeModel
		if name == "constant" {
			in := &args{h: h, in: a.items(1)}
			f = algo.ConstantFee{Amount: in.decimal(0), Currency: in.text(1)}
		} else if f = algo.FeeNamed(name); f == nil {
			f = s.Fee
			if _, own := f.(pythonFee); own {
				f = algo.DefaultFee(s)
			}
		}
		m, err := f.Fee(s, t.Order)
		return tuple{m.Amount, m.Currency}, err
	})
	h.def("fill_native", func(a *args) (any, error) {
		s, t := a.security(0), a.ticket(1)
		if a.err != nil {
			return nil, a.err
		}
		var m algo.FillModel = algo.ImmediateFill{}
		if a.bool(2) {
			m = algo.EquityFill{}
		}
		ev, err := m.Fill(s, t.Order)
		if err != nil {
			return nil, err
		}
		return h.eventFields(ev), nil
	})
	h.def("power_native", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		m := s.Power
		if p, ok := m.(*pythonPower); ok {
			m = p.PowerModel
		}
		switch a.text(1) {
		case "leverage":
			return m.Leverage(s)
		case "set_leverage":
			return nil, m.SetLeverage(s, a.decimal(2))
		case "maintenance":
			return m.Maintenance(s)
		case "initial":
			return m.Initial(s, a.decimal(2))
		}
		t := a.ticket(3)
		if a.err != nil {
			return nil, a.err
		}
		if x, ok := m.(*algo.MarginPower); ok {
			return x.ForOrder(s, t.Order)
		}
		return m.Initial(s, t.Order.Quantity)
	})
	base := func(s *algo.Security) algo.PowerModel {
		if p, ok := s.Power.(*pythonPower); ok {
			return p.PowerModel
		}
		return s.Power
	}
	h.def("power_sufficient", func(a *args) (any, error) {
		s, t := a.security(0), a.ticket(1)
		if a.err != nil {
			return nil, a.err
		}
		ok, why, err := base(s).Sufficient(s, t.Order)
		return tuple{ok, why}, err
	})
	h.def("power_target", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		q, why, bad, err := base(s).Target(s, a.decimal(1), a.decimal(2))
		return tuple{q, why, bad}, err
	})
	h.def("settle", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		algo.ImmediateSettlement{}.Apply(s, algo.Money{Amount: a.decimal(1), Currency: a.text(2)}, e.UTC())
		return nil, nil
	})
	h.def("margin_call_model", func(a *args) (any, error) {
		if a.none(0) {
			e.Portfolio.MarginCall = nil
		} else {
			e.Portfolio.MarginCall = algo.DefaultMarginCall{}
		}
		return nil, nil
	})
	h.def("set_brokerage", func(a *args) (any, error) {
		b, err := algo.Brokerage(a.int(0), algo.AccountType(a.int(1)))
		if err != nil {
			return nil, &python.Raise{Type: "NotImplementedError", Message: err.Error()}
		}
		if !a.none(2) {
			b = &pythonBrokerage{BrokerageModel: b, h: h, o: a.keep(2)}
		}
		return nil, e.SetBrokerage(b)
	})
	h.def("brokerage_models", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		return nil, e.Brokerage.Models(e, s)
	})
	h.def("brokerage_can", func(a *args) (any, error) {
		s, t := a.security(2), a.ticket(3)
		if a.err != nil {
			return nil, a.err
		}
		b, err := algo.Brokerage(a.int(0), algo.AccountType(a.int(1)))
		if err != nil {
			return nil, err
		}
		ok, _, err := b.CanSubmit(s, t.Order)
		return ok, err
	})
	h.def("brokerage_market", func(a *args) (any, error) {
		b, err := algo.Brokerage(a.int(0), algo.AccountType(a.int(1)))
		if err != nil || a.err != nil {
			return nil, err
		}
		return b.Market(algo.Kind(a.int(2))), nil
	})
	h.def("brokerage_leverage", func(a *args) (any, error) {
		s := a.security(2)
		b, err := algo.Brokerage(a.int(0), algo.AccountType(a.int(1)))
		if err != nil || a.err != nil {
			return nil, err
		}
		return b.Leverage(s)
	})
}
