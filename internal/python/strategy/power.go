package strategy

import (
	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// pythonPower asks a buying power model in Python for what it overrides.
type pythonPower struct {
	algo.PowerModel
	h    *host
	o    python.Object
	over map[string]bool
}

func (p *pythonPower) params(fields map[string]any) (python.Object, error) {
	c, err := p.h.modelClass("_Params")
	if err != nil {
		return 0, err
	}
	defer c.DecRef()
	o, err := p.h.p.Call(c)
	if err != nil {
		return 0, err
	}
	for k, v := range fields {
		x, err := p.h.value(v)
		if err != nil {
			return 0, err
		}
		err = p.h.p.SetAttr(o, k, x)
		x.DecRef()
		if err != nil {
			return 0, err
		}
	}
	return o, nil
}

func (p *pythonPower) ask(method string, fields map[string]any) (python.Object, error) {
	o, err := p.params(fields)
	if err != nil {
		return 0, err
	}
	defer o.DecRef()
	p.h.mirrorClock()
	return p.h.p.CallMethod(p.o, method, o)
}

func (p *pythonPower) decimal(method string, fields map[string]any) (num.Decimal, error) {
	r, err := p.ask(method, fields)
	if err != nil {
		return num.Zero, err
	}
	defer r.DecRef()
	v, err := p.h.p.ToFloat(r)
	if err != nil {
		if v, err = p.h.path(r, "value"); err != nil {
			return num.Zero, err
		}
	}
	return num.FromFloatNET(v)
}

// Leverage asks the model.
func (p *pythonPower) Leverage(s *algo.Security) (num.Decimal, error) {
	if !p.over["get_leverage"] {
		return p.PowerModel.Leverage(s)
	}
	return p.h.leverage(p.o, s)
}

// leverage asks a model in Python.
func (h *host) leverage(model python.Object, s *algo.Security) (num.Decimal, error) {
	sec, err := h.securityObject(s)
	if err != nil {
		return num.Zero, err
	}
	defer sec.DecRef()
	r, err := h.p.CallMethod(model, "get_leverage", sec)
	if err != nil {
		return num.Zero, err
	}
	defer r.DecRef()
	v, err := h.p.ToFloat(r)
	if err != nil {
		return num.Zero, err
	}
	return num.FromFloatNET(v)
}

// Maintenance asks the model.
func (p *pythonPower) Maintenance(s *algo.Security) (num.Decimal, error) {
	name := "get_maintenance_margin"
	if p.over["get_reserved_buying_power_for_position"] {
		name = "get_reserved_buying_power_for_position"
	} else if !p.over[name] {
		return p.PowerModel.Maintenance(s)
	}
	sec, err := p.h.securityObject(s)
	if err != nil {
		return num.Zero, err
	}
	defer sec.DecRef()
	return p.decimal(name, map[string]any{"security": sec, "quantity": s.Holding.Quantity, "absolute_quantity": s.Holding.Quantity.Abs(), "holdings_value": s.HoldingsValue(), "absolute_holdings_value": s.HoldingsValue().Abs()})
}

// Initial asks the model.
func (p *pythonPower) Initial(s *algo.Security, q num.Decimal) (num.Decimal, error) {
	if !p.over["get_initial_margin_requirement"] {
		return p.PowerModel.Initial(s, q)
	}
	sec, err := p.h.securityObject(s)
	if err != nil {
		return num.Zero, err
	}
	defer sec.DecRef()
	return p.decimal("get_initial_margin_requirement", map[string]any{"security": sec, "quantity": q})
}

// Power asks the model.
func (p *pythonPower) Power(s *algo.Security, d algo.Direction) (num.Decimal, error) {
	if !p.over["get_buying_power"] {
		return p.PowerModel.Power(s, d)
	}
	sec, err := p.h.securityObject(s)
	if err != nil {
		return num.Zero, err
	}
	defer sec.DecRef()
	return p.decimal("get_buying_power", map[string]any{"security": sec, "direction": int(d)})
}

// Sufficient asks the model.
func (p *pythonPower) Sufficient(s *algo.Security, o *algo.Order) (bool, string, error) {
	if !p.over["has_sufficient_buying_power_for_order"] {
		return p.PowerModel.Sufficient(s, o)
	}
	sec, err := p.h.securityObject(s)
	if err != nil {
		return false, "", err
	}
	defer sec.DecRef()
	ord, err := p.h.orderObject(o)
	if err != nil {
		return false, "", err
	}
	defer ord.DecRef()
	r, err := p.ask("has_sufficient_buying_power_for_order", map[string]any{"security": sec, "order": ord, "portfolio": p.h.portfolioObject})
	if err != nil {
		return false, "", err
	}
	defer r.DecRef()
	x, err := p.h.p.Attr(r, "is_sufficient")
	if err != nil {
		return false, "", err
	}
	defer x.DecRef()
	ok, err := p.h.p.Truth(x)
	return ok, p.h.attrText(r, "reason"), err
}

// Target asks the model.
func (p *pythonPower) Target(s *algo.Security, share, minimum num.Decimal) (num.Decimal, string, bool, error) {
	if !p.over["get_maximum_order_quantity_for_target_buying_power"] {
		return p.PowerModel.Target(s, share, minimum)
	}
	sec, err := p.h.securityObject(s)
	if err != nil {
		return num.Zero, "", true, err
	}
	defer sec.DecRef()
	r, err := p.ask("get_maximum_order_quantity_for_target_buying_power", map[string]any{"security": sec, "target_buying_power": share, "minimum_order_margin_portfolio_percentage": minimum, "portfolio": p.h.portfolioObject,
		"silence_non_error_reasons": false})
	if err != nil {
		return num.Zero, "", true, err
	}
	defer r.DecRef()
	v, err := p.h.path(r, "quantity")
	if err != nil {
		return num.Zero, "", true, err
	}
	bad, err := p.h.path(r, "is_error")
	if err != nil {
		return num.Zero, "", true, err
	}
	d, err := num.FromFloatNET(v)
	return d, p.h.attrText(r, "reason"), bad != 0, err
}

// setPower sets a buying power model: a built-in one by its margins, what a
// subclass overrides asked of it.
func (h *host) setPower(s *algo.Security, o python.Object) error {
	over := h.overrides(o, powerMethods...)
	if o.TypeName() == "PatternDayTradingMarginModel" || o.TypeName() == "ConstantBuyingPowerModel" {
		over["get_leverage"] = o.TypeName() == "PatternDayTradingMarginModel"
		over["get_initial_margin_requirement"], over["get_maintenance_margin"] = true, true
	}
	var base algo.PowerModel
	var margin *algo.MarginPower
	if x, err := h.p.Attr(o, "_native_cash"); err == nil {
		x.DecRef()
		base = algo.CashPower{}
	} else {
		m, err := h.p.Attr(o, "_margins")
		if err != nil {
			// Without our __init__ called it has the defaults.
			margin, err = algo.NewMarginPower(num.One, num.Zero)
			if err != nil {
				return err
			}
		} else {
			a := &args{h: h, in: m.Items()}
			margin, err = algo.NewMarginPowerOf(a.decimal(0), a.decimal(1), a.decimal(2))
			m.DecRef()
			if err != nil {
				return &python.Raise{Type: "ValueError", Message: err.Error()}
			}
		}
		base = margin
	}
	if len(over) == 0 {
		s.Power = base
		return nil
	}
	p := &pythonPower{PowerModel: base, h: h, o: o.IncRef(), over: over}
	if margin != nil {
		margin.Over = p
	}
	s.Power = p
	return nil
}
