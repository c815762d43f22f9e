package strategy

import (
	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// properties reads what OrderProperties._pack gives.
func (a *args) properties(i int) (p algo.OrderProperties) {
	if a.none(i) {
		return p
	}
	t := a.items(i)
	if len(t) != 5 {
		a.bad(i, "order properties")
		return p
	}
	kind, _ := t[0].Int()
	expiry, _ := t[1].Int()
	p.TIF = algo.TimeInForce{Kind: algo.TIF(kind), Expiry: expiry}
	for _, x := range t[2].Items() {
		pair := x.Items()
		name, _ := pair[0].Text()
		value, _ := pair[1].Text()
		p.Extra = append(p.Extra, algo.Member{Name: name, JSON: value})
	}
	if !t[3].IsNone() {
		p.Exchange, _ = t[3].Text()
	}
	p.Object = t[4].IncRef()
	return p
}

func (a *args) tag(i int) *string {
	if a.none(i) {
		return nil
	}
	s := a.text(i)
	return &s
}

// orderFields is an order as Python's Order takes it.
func (h *host) orderFields(o *algo.Order) tuple {
	var props any
	if x, ok := o.Properties.Object.(python.Object); ok {
		props = x
	}
	var sub any
	if d := o.Submission; d != nil {
		sub = tuple{d.Bid, d.Ask, d.Last}
	}
	ids := make([]any, len(o.BrokerIDs))
	for i, id := range o.BrokerIDs {
		ids[i] = id
	}
	return tuple{o.ID, int(o.Type), o.Symbol, o.Quantity, int(o.Status), o.Tag, o.Price, o.Currency, o.Time, o.LastFill, o.LastUpdate, o.CanceledAt,
		o.LimitPrice, o.StopPrice, o.TriggerPrice, o.Trailing, o.AsPercent, o.Triggered, props, sub, ids}
}

// eventFields is an order event as Python's OrderEvent takes it.
func (h *host) eventFields(ev *algo.OrderEvent) tuple {
	currency := ev.Fee.Currency
	if currency == "" {
		currency = "QCC"
	}
	return tuple{ev.ID, ev.OrderID, ev.Symbol, ev.Time, int(ev.Status), int(ev.Direction), ev.FillPrice, ev.FillQuantity, ev.Quantity, ev.Fee.Amount, currency, ev.Currency, ev.Message,
		ev.LimitPrice, ev.StopPrice, ev.TriggerPrice, ev.Ticket}
}

func responseFields(r algo.Response) tuple {
	code := ""
	if r.Code != "" {
		code = screaming(r.Code)
	}
	return tuple{code, r.Message, r.Done}
}

// screaming turns OrderQuantityZero into ORDER_QUANTITY_ZERO.
func screaming(s string) string {
	var out []byte
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' && i > 0 {
			out = append(out, '_')
		}
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		out = append(out, c)
	}
	return string(out)
}

func (h *host) declareOrders() {
	e := h.e
	h.def("order", func(a *args) (any, error) {
		r := algo.Request{Type: algo.OrderType(a.int(0)), Symbol: a.symbol(1), Quantity: a.decimal(2), LimitPrice: a.decimal(3), StopPrice: a.decimal(4), TriggerPrice: a.decimal(5),
			Trailing: a.decimal(6), AsPercent: a.bool(7), Async: a.bool(8), Tag: a.text(9), Properties: a.properties(10)}
		if a.err != nil {
			return nil, a.err
		}
		if r.Type == algo.Market {
			return e.MarketOrder(r)
		}
		if r.Type == algo.TrailingStop && r.StopPrice.IsZero() {
			r.StopPrice = e.TrailingStart(r)
		}
		return e.Submit(r)
	})
	h.def("order_raw", func(a *args) (any, error) {
		r := algo.Request{Type: algo.OrderType(a.int(0)), Symbol: a.symbol(1), Quantity: a.decimal(2), LimitPrice: a.decimal(3), StopPrice: a.decimal(4), TriggerPrice: a.decimal(5),
			Trailing: a.decimal(6), AsPercent: a.bool(7), Async: a.bool(8), Tag: a.text(9), Properties: a.properties(10)}
		if a.err != nil {
			return nil, a.err
		}
		return e.AddOrder(r), nil
	})
	h.def("ticket_async", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil {
			return nil, a.err
		}
		return t.Request.Async, nil
	})
	h.def("set_holdings", func(a *args) (any, error) {
		s, share := a.symbol(0), a.decimal(1)
		liquidate, async, tag, props := a.bool(2), a.bool(3), a.tag(4), a.properties(5)
		if a.err != nil {
			return nil, a.err
		}
		return e.SetHoldings(s, share, liquidate, async, tag, props)
	})
	h.def("set_holdings_of", func(a *args) (any, error) {
		var targets []algo.Target
		for _, x := range a.items(0) {
			b := &args{h: h, in: x.Items()}
			targets = append(targets, algo.Target{Symbol: b.symbol(0), Quantity: b.decimal(1)})
			if b.err != nil {
				return nil, b.err
			}
		}
		liquidate, async, tag, props := a.bool(1), a.bool(2), a.tag(3), a.properties(4)
		if a.err != nil {
			return nil, a.err
		}
		return e.SetHoldingsOf(targets, liquidate, async, tag, props)
	})
	h.def("liquidate", func(a *args) (any, error) {
		async, tag, props := a.bool(1), a.tag(2), a.properties(3)
		if a.none(0) {
			return e.LiquidateAll(async, tag, props)
		}
		var list []*algo.Symbol
		for _, x := range a.items(0) {
			n, _ := x.Int()
			list = append(list, h.symbols[n])
		}
		return e.Liquidate(list, async, tag, props)
	})
	h.def("target_quantity", func(a *args) (any, error) { return e.TargetQuantity(a.symbol(0), a.decimal(1)) })
	h.def("portfolio_target", func(a *args) (any, error) {
		q, ok, err := e.PortfolioTarget(a.symbol(0), a.decimal(1))
		if err != nil || !ok {
			return nil, err
		}
		return q, nil
	})
	h.def("by_margin_impact", func(a *args) (any, error) {
		var targets []algo.Target
		for _, x := range a.items(0) {
			b := &args{h: h, in: x.Items()}
			targets = append(targets, algo.Target{Symbol: b.symbol(0), Quantity: b.decimal(1)})
		}
		var out []any
		for _, t := range e.ByMarginImpact(targets, false) {
			for i, x := range targets {
				if x.Symbol == t.Symbol {
					out = append(out, i)
					break
				}
			}
		}
		return out, nil
	})
	h.def("unordered", func(a *args) (any, error) { return e.Unordered(a.symbol(0), a.decimal(1)), nil })
	h.def("above_minimum", func(a *args) (any, error) { return e.AboveMinimum(a.symbol(0), a.decimal(1)) })
	h.def("orders_count", func(*args) (any, error) { return e.OrdersCount(), nil })
	h.def("ticket", func(a *args) (any, error) { return e.Ticket(a.int(0)), nil })
	h.def("tickets", func(a *args) (any, error) {
		of := a.symbol(1)
		if a.bool(0) {
			return e.OpenTickets(of), nil
		}
		var out []*algo.Ticket
		for _, t := range e.Tickets() {
			if of == nil || t.Order.Symbol == of {
				out = append(out, t)
			}
		}
		return out, nil
	})
	h.def("cancel_open", func(a *args) (any, error) { return e.CancelOpen(a.symbol(0), a.tag(1)), nil })
	h.def("order_fields", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil {
			return nil, a.err
		}
		return h.orderFields(t.Order), nil
	})
	h.def("order_value", func(a *args) (any, error) {
		t, s := a.ticket(0), a.security(1)
		if a.err != nil {
			return nil, a.err
		}
		return s.OrderValue(t.Order), nil
	})
	h.def("ticket_response", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil {
			return nil, a.err
		}
		return responseFields(t.Response), nil
	})
	h.def("ticket_fills", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil {
			return nil, a.err
		}
		return tuple{t.Filled(), t.Remaining(), t.AverageFill()}, nil
	})
	h.def("ticket_events", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil {
			return nil, a.err
		}
		var out []any
		for _, ev := range t.Events {
			out = append(out, h.eventFields(ev))
		}
		return out, nil
	})
	h.def("ticket_updates", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil {
			return nil, a.err
		}
		var out []any
		for _, u := range t.Updates {
			r := responseFields(u.Response)
			var tag any
			if u.Tag != nil {
				tag = *u.Tag
			}
			out = append(out, tuple{r[0], r[1], r[2], tuple{u.Quantity, u.LimitPrice, u.StopPrice, u.TriggerPrice, tag}, u.Time})
		}
		return out, nil
	})
	h.def("ticket_cancelled", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil || t.Cancel == nil {
			return nil, a.err
		}
		return responseFields(*t.Cancel), nil
	})
	h.def("ticket_update", func(a *args) (any, error) {
		t := a.ticket(0)
		u := algo.UpdateFields{Quantity: a.optional(1), LimitPrice: a.optional(2), StopPrice: a.optional(3), TriggerPrice: a.optional(4), Trailing: a.optional(5), Tag: a.tag(6)}
		if a.err != nil {
			return nil, a.err
		}
		return responseFields(e.Update(t, u)), nil
	})
	h.def("ticket_cancel", func(a *args) (any, error) {
		t := a.ticket(0)
		if a.err != nil {
			return nil, a.err
		}
		return responseFields(e.Cancel(t, a.tag(1))), nil
	})
	h.def("closed_profits", func(*args) (any, error) {
		var out []any
		for _, c := range e.Portfolio.Closed {
			out = append(out, tuple{c.Time, c.Profit})
		}
		return out, nil
	})
}

var _ = num.Zero
