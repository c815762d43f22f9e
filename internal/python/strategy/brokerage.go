package strategy

import (
	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// pythonBrokerage asks a brokerage model in Python.
type pythonBrokerage struct {
	algo.BrokerageModel
	h *host
	o python.Object
}

// CanSubmit asks the model.
func (b *pythonBrokerage) CanSubmit(s *algo.Security, o *algo.Order) (bool, string, error) {
	sec, err := b.h.securityObject(s)
	if err != nil {
		return false, "", err
	}
	defer sec.DecRef()
	ord, err := b.h.orderObject(o)
	if err != nil {
		return false, "", err
	}
	defer ord.DecRef()
	message := b.h.p.None()
	defer message.DecRef()
	return b.verdict(b.h.p.CallMethod(b.o, "can_submit_order", sec, ord, message))
}

// CanUpdate asks the model.
func (b *pythonBrokerage) CanUpdate(s *algo.Security, o *algo.Order, _ *algo.UpdateFields) (bool, string, error) {
	sec, err := b.h.securityObject(s)
	if err != nil {
		return false, "", err
	}
	defer sec.DecRef()
	ord, err := b.h.orderObject(o)
	if err != nil {
		return false, "", err
	}
	defer ord.DecRef()
	none := b.h.p.None()
	defer none.DecRef()
	return b.verdict(b.h.p.CallMethod(b.o, "can_update_order", sec, ord, none, none))
}

// verdict reads a yes or no, or a pair of it and its reason.
func (b *pythonBrokerage) verdict(r python.Object, err error) (bool, string, error) {
	if err != nil {
		return false, "", err
	}
	defer r.DecRef()
	if !r.IsTuple() {
		ok, err := b.h.p.Truth(r)
		return ok, "", err
	}
	ok, err := b.h.p.Truth(r.Item(0))
	if err != nil || ok || r.Item(1).IsNone() {
		return ok, "", err
	}
	why, err := b.h.p.Str(r.Item(1))
	return ok, why, err
}

// Models equips a security by the base model, then by what the class overrides.
func (b *pythonBrokerage) Models(e *algo.Engine, s *algo.Security) error {
	if err := algo.Equip(b, e, s); err != nil {
		return err
	}
	over := b.h.overrides(b.o, "get_fee_model", "get_fill_model", "get_slippage_model", "get_buying_power_model", "get_settlement_model", "get_shortable_provider")
	for method, kind := range map[string]string{"get_fee_model": "fee", "get_fill_model": "fill", "get_slippage_model": "slippage", "get_settlement_model": "settlement", "get_shortable_provider": "shortable",
		"get_buying_power_model": "power"} {
		if !over[method] {
			continue
		}
		sec, err := b.h.securityObject(s)
		if err != nil {
			return err
		}
		m, err := b.h.p.CallMethod(b.o, method, sec)
		sec.DecRef()
		if err != nil {
			return err
		}
		err = b.h.setModel(s, kind, m)
		m.DecRef()
		if err != nil {
			return err
		}
	}
	return nil
}

// Leverage asks the model where it says something of its own.
func (b *pythonBrokerage) Leverage(s *algo.Security) (num.Decimal, error) {
	if !b.h.overrides(b.o, "get_leverage")["get_leverage"] {
		return b.BrokerageModel.Leverage(s)
	}
	return b.h.leverage(b.o, s)
}
