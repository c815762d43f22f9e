package strategy

import (
	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// ownSettlement books the cash of fills by a class of the algorithm's own.
type ownSettlement struct {
	h     *host
	model python.Object
}

// Apply asks the class to book an amount.
func (o ownSettlement) Apply(s *algo.Security, m algo.Money, utc int64) {
	o.ask("apply", s, utc, m.Amount, m.Currency)
}

// Scan asks the class to look for what has settled.
func (o ownSettlement) Scan(s *algo.Security, utc int64) { o.ask("scan", s, utc, num.Zero, "") }

func (o ownSettlement) ask(what string, s *algo.Security, utc int64, amount num.Decimal, currency string) {
	h := o.h
	err := func() error {
		m, err := h.p.Import("lean.models")
		if err != nil {
			return err
		}
		defer m.DecRef()
		in, err := h.value(tuple{s, utc, amount, currency})
		if err != nil {
			return err
		}
		defer in.DecRef()
		w := h.p.Text(what)
		defer w.DecRef()
		return h.drop(h.p.CallMethod(m, "_settle", o.model, w, in))
	}()
	if err != nil && h.failures == nil {
		h.failures = err
	}
}
