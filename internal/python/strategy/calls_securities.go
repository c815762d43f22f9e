package strategy

import (
	"fmt"
	"strings"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

func (h *host) declareSecurities() {
	e := h.e
	h.def("symbol_create", func(a *args) (any, error) {
		s, err := e.Symbol(algo.Kind(a.int(1)), strings.ToLower(a.text(2)), strings.ToUpper(a.text(0)))
		return s, err
	})
	h.def("symbol_on", func(a *args) (any, error) {
		return e.SymbolOn(strings.ToLower(a.text(1)), strings.ToUpper(a.text(0)), market.DateOf(time.Unix(0, a.int64(2)).UTC()))
	})
	h.def("symbol_custom", func(a *args) (any, error) {
		var under *algo.Symbol
		if a.int(3) >= 0 {
			under = a.symbol(3)
		}
		return e.CustomSymbol(a.text(0), a.text(1), a.text(2), under)
	})
	h.def("custom_type", func(a *args) (any, error) {
		c := &customType{h: h, class: a.keep(0), name: a.text(1), mapped: a.bool(2), sparse: a.bool(3), reader: a.keep(4)}
		loc, err := time.LoadLocation(a.text(5))
		if err != nil {
			return nil, &python.Raise{Type: "ValueError", Message: fmt.Sprintf("the time zone %q is not known", a.text(5))}
		}
		if a.err != nil {
			return nil, a.err
		}
		h.customTypes = append(h.customTypes, c)
		e.DeclareType(c, loc)
		return len(h.customTypes) - 1, nil
	})
	h.def("symbol_unmapped", func(a *args) (any, error) { return e.UnmappedSymbol(algo.Kind(a.int(1)), a.text(2), a.text(0)) })
	h.def("symbol_of", func(a *args) (any, error) { return e.SymbolOf(a.text(0)) })
	h.def("symbol_by_ticker", func(a *args) (any, error) {
		t := a.text(0)
		if s := e.ByTicker(t); s != nil {
			return s, nil
		}
		if s := e.ByTicker(strings.ToUpper(t)); s != nil {
			return s, nil
		}
		if strings.Contains(t, " ") {
			if s, err := e.SymbolOf(t); err == nil {
				return s, nil
			}
		}
		return -1, nil
	})
	h.def("symbol_info", func(a *args) (any, error) {
		s := a.symbol(0)
		if s == nil {
			return nil, fmt.Errorf("there is no such symbol")
		}
		date := int64(0)
		if !s.Date.IsZero() {
			date = algo.Wall(s.Date)
		}
		return tuple{s.Value, s.ID, s.Root, int(s.Kind), s.Market, date, s.Underlying, s.Type}, nil
	})
	h.def("add_security", func(a *args) (any, error) {
		r := algo.AddRequest{Symbol: a.symbol(0), Resolution: resolutionOf(a.int(1)), FillForward: flagOf(a.int(2)), Extended: flagOf(a.int(3)), Leverage: a.decimal(4)}
		if n := a.int(5); n >= 0 {
			m := algo.Normalization(n)
			r.Norm = &m
		}
		if a.err != nil {
			return nil, a.err
		}
		s, err := e.AddSecurity(r)
		if s != nil && s.Mirror == nil {
			s.Mirror = h.onMirror
		}
		return s, err
	})
	h.def("add_custom", func(a *args) (any, error) {
		c := h.customTypes[a.int(0)]
		var under *algo.Symbol
		if a.int(2) >= 0 {
			under = a.symbol(2)
		}
		zone := a.text(4)
		if zone == "" {
			zone = "America/New_York"
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return nil, &python.Raise{Type: "ValueError", Message: fmt.Sprintf("the time zone %q is not known", zone)}
		}
		if a.err != nil {
			return nil, a.err
		}
		s, err := e.AddCustom(a.text(1), under, c, algo.Resolution(a.int(3)), loc, a.bool(5), a.decimal(6))
		if s != nil && s.Mirror == nil {
			s.Mirror = h.onMirror
		}
		return s, err
	})
	h.def("remove_security", func(a *args) (any, error) { return e.RemoveSecurity(a.symbol(0), a.tag(1)) })
	h.def("securities", func(*args) (any, error) {
		var out []any
		for _, s := range e.Securities.All() {
			out = append(out, s)
		}
		return out, nil
	})
	h.def("security_of", func(a *args) (any, error) {
		s := a.symbol(0)
		if sec := e.Securities.Get(s); sec != nil {
			return sec, nil
		}
		return e.Securities.Remembered(s), nil
	})
	h.def("security_symbol", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		return s.Symbol, nil
	})
	h.def("security_bind", func(a *args) (any, error) {
		s := a.security(0)
		if a.err != nil {
			return nil, a.err
		}
		h.mirrors[s] = &mirror{security: a.keep(1), holding: a.keep(2)}
		s.Mirror = h.onMirror
		h.mirrorSecurity(s)
		return nil, nil
	})
	sec := func(name string, f func(s *algo.Security, a *args) (any, error)) {
		h.def(name, func(a *args) (any, error) {
			s := a.security(0)
			if a.err != nil {
				return nil, a.err
			}
			return f(s, a)
		})
	}
	sec("security_properties", func(s *algo.Security, _ *args) (any, error) {
		p := s.Properties
		var least any
		if !p.MinOrderSize.IsZero() {
			least = p.MinOrderSize
		}
		return tuple{p.Description, p.Quote, p.Multiplier, p.Tick, p.Lot, p.Ticker, least, num.Max(p.Magnifier, num.One), 1.0}, nil
	})
	sec("security_local", func(s *algo.Security, _ *args) (any, error) { return s.Local(), nil })
	sec("security_flag", func(s *algo.Security, a *args) (any, error) {
		return [...]bool{s.HasData(), s.Tradable, s.Delisted}[a.int(1)], nil
	})
	sec("security_tradable", func(s *algo.Security, a *args) (any, error) { s.Tradable = a.bool(1); return nil, nil })
	sec("security_leverage", func(s *algo.Security, _ *args) (any, error) { return s.Power.Leverage(s) })
	sec("security_set_leverage", func(s *algo.Security, a *args) (any, error) { return nil, s.Power.SetLeverage(s, a.decimal(1)) })
	sec("security_currency", func(s *algo.Security, a *args) (any, error) {
		if a.int(1) == 1 && s.Base != nil {
			return s.Base.Symbol, nil
		}
		return s.Quote.Symbol, nil
	})
	sec("security_configs", func(s *algo.Security, _ *args) (any, error) {
		var out []any
		for _, c := range s.Configs {
			if !c.Internal {
				out = append(out, h.configHandle(c))
			}
		}
		return out, nil
	})
	sec("security_norm", func(s *algo.Security, a *args) (any, error) {
		for _, c := range s.Configs {
			c.Norm = algo.Normalization(a.int(1))
		}
		return nil, nil
	})
	sec("security_data", func(s *algo.Security, a *args) (any, error) {
		var p algo.Point
		switch a.int(1) {
		case 0:
			p = s.Last()
		case 1:
			if b := s.LastTrade(); b != nil {
				p = b
			}
		case 2:
			if q := s.LastQuote(); q != nil {
				p = q
			}
		}
		if p == nil {
			return nil, nil
		}
		o, err := h.object(p)
		return owned(o), err
	})
	sec("security_ticks", func(s *algo.Security, _ *args) (any, error) {
		var out []any
		for _, t := range s.Ticks() {
			o, err := h.object(t)
			if err != nil {
				return nil, err
			}
			out = append(out, owned(o))
		}
		return out, nil
	})
	sec("security_seed", func(s *algo.Security, a *args) (any, error) {
		p, err := h.fromPython(a.object(1), s.Symbol)
		if err != nil || p == nil {
			return nil, err
		}
		s.Seed(p)
		return nil, nil
	})
	sec("security_power", func(s *algo.Security, a *args) (any, error) { return s.Power.Power(s, algo.Direction(a.int(1))) })
	sec("security_take_hours", func(s *algo.Security, a *args) (any, error) {
		from := a.security(1)
		if a.err == nil {
			s.TakeHours(from.Hours)
		}
		return nil, nil
	})
	conventions := func(o python.Object) (algo.Properties, error) {
		p := &args{h: h, in: o.Items()}
		return algo.Properties{Description: p.text(0), Quote: p.text(1), Multiplier: p.decimal(2), Tick: p.decimal(3), Lot: p.decimal(4), Ticker: p.text(5), Magnifier: num.One}, p.err
	}
	sec("security_take_properties", func(s *algo.Security, a *args) (any, error) {
		p, err := conventions(a.object(1))
		if err == nil {
			e.SetProperties(s, p)
		}
		return nil, err
	})
	h.def("properties_entry", func(a *args) (any, error) {
		p, err := conventions(a.object(3))
		if err == nil {
			e.EnterProperties(algo.Kind(a.int(0)), a.text(1), a.text(2), p)
		}
		return nil, err
	})
	sec("security_settlement", func(s *algo.Security, _ *args) (any, error) {
		if own, ok := s.Settlement.(ownSettlement); ok {
			return owned(own.model.IncRef()), nil
		}
		return nil, nil
	})
	sec("security_hours", func(s *algo.Security, a *args) (any, error) {
		return nil, e.TakeHours(s, algo.Kind(a.int(1)), a.text(2))
	})
	sec("security_session_size", func(s *algo.Security, a *args) (any, error) {
		if !a.none(1) {
			s.KeepSessions(a.int(1))
		}
		if s.Session() == nil {
			return tuple{0, 0}, nil
		}
		return tuple{s.Session().Size(), s.Session().Len()}, nil
	})
	sec("security_session", func(s *algo.Security, a *args) (any, error) {
		if s.Session() == nil {
			return nil, nil
		}
		b, ok := s.Session().Bar(a.int(1))
		if !ok {
			return nil, nil
		}
		return tuple{b.Day, b.O, b.H, b.L, b.C, b.Volume}, nil
	})
	sec("holding_figures", func(s *algo.Security, _ *args) (any, error) {
		profit, err := s.UnrealizedProfit()
		if err != nil {
			return nil, err
		}
		x := s.Holding
		return tuple{s.HoldingsValue(), s.HoldingsCost(), profit, x.Profit, x.Fees, x.LastProfit, x.SaleVolume, x.Dividends}, nil
	})
	sec("holding_set", func(s *algo.Security, a *args) (any, error) {
		s.Holding.Average, s.Holding.Quantity = a.decimal(1), a.decimal(2)
		e.Portfolio.Invalidate()
		h.onMirror(s)
		return nil, nil
	})
	sec("shortable", func(s *algo.Security, a *args) (any, error) { return e.Shortable(s, a.optional(1)), nil })
	sec("shortable_quantity", func(s *algo.Security, _ *args) (any, error) {
		q, limited := e.ShortableQuantity(s)
		if !limited {
			return nil, nil
		}
		return q, nil
	})
	h.declareHours()
	h.declareCash()
	h.def("config_info", func(a *args) (any, error) {
		c := h.configs[a.int(0)]
		var custom any
		if t, ok := c.Custom.(*customType); ok {
			custom = t.class
		}
		return tuple{c.Symbol, int(c.Resolution), int(c.Type), c.FillForward, c.Extended, c.Internal, int(c.Norm), custom, c.Mapped()}, nil
	})
	h.def("config_security", func(a *args) (any, error) { return e.Securities.Remembered(h.configs[a.int(0)].Symbol), nil })
	h.def("config_zone", func(a *args) (any, error) { return h.configs[a.int(0)].Hours.Data.String(), nil })
	h.def("config_consolidators", func(a *args) (any, error) { return h.configs[a.int(0)].Attached(), nil })
	h.def("types_of", func(a *args) (any, error) {
		var out []any
		if s := e.Securities.Get(a.symbol(0)); s != nil {
			for _, c := range s.Configs {
				if !c.Internal {
					out = append(out, int(c.Type))
				}
			}
		}
		return out, nil
	})
	h.def("first_type", func(a *args) (any, error) {
		c, err := h.config(a.symbol(0), -1)
		if err != nil {
			return nil, err
		}
		return int(c.Type), nil
	})
	h.def("resolution_of", func(a *args) (any, error) {
		c, err := h.config(a.symbol(0), -1)
		if err != nil {
			return nil, err
		}
		return int(c.Resolution), nil
	})
	h.def("portfolio_figure", func(a *args) (any, error) {
		p := e.Portfolio
		switch a.int(0) {
		case 0:
			return p.TotalValue(), nil
		case 1:
			return p.MarginRemaining()
		case 2:
			return p.MarginUsed()
		case 3:
			return p.TotalLessBuffer(), nil
		case 4:
			return p.Cash.Total(), nil
		case 5, 6:
			return p.Unsettled.Total(), nil
		case 7:
			return p.Sum(func(s *algo.Security) num.Decimal { return s.Holding.Profit }), nil
		case 8:
			return p.Sum(func(s *algo.Security) num.Decimal { return s.Holding.Fees }), nil
		}
		return p.Sum(func(s *algo.Security) num.Decimal { return s.Holding.SaleVolume }), nil
	})
	h.def("benchmark_value", func(*args) (any, error) { return e.BenchmarkValue(), nil })
	h.def("data_file", func(a *args) (any, error) {
		data, err := e.File(a.text(0))
		if err != nil || data == nil {
			return nil, err
		}
		return string(data), nil
	})
	h.def("identifier", h.identifier)
}

func (h *host) onMirror(s *algo.Security) { h.mirrorSecurity(s) }

func (h *host) declareHours() {
	hours := func(name string, f func(x *algo.Hours, a *args) (any, error)) {
		h.def(name, func(a *args) (any, error) {
			s := a.security(0)
			if a.err != nil {
				return nil, a.err
			}
			return f(s.Hours, a)
		})
	}
	hours("hours_zone", func(x *algo.Hours, _ *args) (any, error) { return x.String(), nil })
	hours("hours_always", func(x *algo.Hours, _ *args) (any, error) { return x.Always, nil })
	hours("hours_open", func(x *algo.Hours, a *args) (any, error) { return x.IsOpen(a.int64(1), a.bool(2)), nil })
	hours("hours_open_during", func(x *algo.Hours, a *args) (any, error) {
		return x.IsOpenDuring(a.int64(1), a.int64(2), a.bool(3)), nil
	})
	hours("hours_date_open", func(x *algo.Hours, a *args) (any, error) { return x.IsDateOpen(a.int64(1), a.bool(2)), nil })
	hours("hours_next_open", func(x *algo.Hours, a *args) (any, error) { return x.NextOpen(a.int64(1), a.bool(2)), nil })
	hours("hours_next_close", func(x *algo.Hours, a *args) (any, error) { return x.NextClose(a.int64(1), a.bool(2)), nil })
	hours("hours_previous_day", func(x *algo.Hours, a *args) (any, error) { return x.PreviousTradingDay(a.int64(1)), nil })
	hours("hours_next_day", func(x *algo.Hours, a *args) (any, error) { return x.NextTradingDay(a.int64(1)), nil })
	hours("hours_segments", func(x *algo.Hours, a *args) (any, error) {
		var out []any
		for _, s := range x.Segments(a.int64(1)) {
			out = append(out, tuple{s.From, s.To, s.Open})
		}
		return out, nil
	})
}

func (h *host) declareCash() {
	book := h.e.Portfolio.Cash
	h.def("cash", func(a *args) (any, error) {
		c := h.e.Portfolio.Cash.Get(a.text(0))
		if c == nil {
			return nil, &python.Raise{Type: "KeyError", Message: fmt.Sprintf("This cash symbol (%s) was not found in your cash book.", a.text(0))}
		}
		from := -1
		if s := c.Security(); s != nil {
			from = h.symbolHandle(s.Symbol)
		}
		return tuple{c.Amount, c.Rate, from}, nil
	})
	h.def("cash_path", func(a *args) (any, error) {
		var out []any
		if c := h.e.Portfolio.Cash.Get(a.text(0)); c != nil {
			for _, s := range c.Path() {
				out = append(out, s.Symbol)
			}
		}
		return out, nil
	})
	h.def("cash_names", func(*args) (any, error) {
		var out []any
		for _, c := range book.All() {
			out = append(out, c.Symbol)
		}
		return out, nil
	})
	h.def("cash_set", func(a *args) (any, error) {
		c := book.Get(a.text(0))
		if c == nil {
			c = book.Add(a.text(0), num.Zero, num.Zero)
		}
		if v := a.optional(1); v != nil {
			c.Set(*v)
		}
		if v := a.optional(2); v != nil {
			c.Rate = *v
			h.e.Portfolio.Invalidate()
		}
		return nil, nil
	})
	h.def("cash_convert", func(a *args) (any, error) { return book.Convert(a.decimal(0), a.text(1), a.text(2)), nil })
}

// identifier translates between symbols and industry identifiers by the data
// folder's security database.
func (h *host) identifier(a *args) (any, error) {
	const file = "symbol-properties/security-database.csv"
	data, err := h.e.File(file)
	if err != nil || data == nil {
		return nil, err
	}
	column := []int{1, 2, 3, 4, 5}[a.int(0)]
	want, byID := a.text(2), a.int(1) >= 0
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		if len(cells) <= column || strings.HasPrefix(line, "#") {
			continue
		}
		if byID {
			if strings.EqualFold(cells[0], a.symbol(1).ID) && cells[column] != "" {
				return cells[column], nil
			}
			continue
		}
		if cells[column] == want {
			return h.e.SymbolOf(strings.ToUpper(cells[0]))
		}
	}
	return nil, nil
}
