package strategy

import (
	"fmt"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

func day(a *args) market.Date {
	return market.Date{Year: a.int(0), Month: time.Month(a.int(1)), Day: a.int(2)}
}

func badDate(d market.Date) error {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	if t.Year() != d.Year || t.Month() != d.Month || t.Day() != d.Day {
		return &python.Raise{Type: "ValueError", Message: fmt.Sprintf("%d-%d-%d is no date", d.Year, d.Month, d.Day)}
	}
	return nil
}

func resolutionOf(n int) *algo.Resolution {
	if n < 0 {
		return nil
	}
	r := algo.Resolution(n)
	return &r
}

func flagOf(n int) *bool {
	if n < 0 {
		return nil
	}
	b := n > 0
	return &b
}

// declareAlgorithm declares the calls of the algorithm itself.
func (h *host) declareAlgorithm() {
	e := h.e
	unlocked := func(what string) error {
		if e.Locked() {
			return &python.Raise{Type: "RuntimeError", Message: what + " cannot be called once the algorithm is initialized"}
		}
		return nil
	}
	h.def("set_start", func(a *args) (any, error) {
		d := day(a)
		if err := badDate(d); err != nil {
			return nil, err
		}
		if err := unlocked("set_start_date"); err != nil {
			return nil, err
		}
		e.SetStart(d)
		h.mirrorClock()
		return nil, nil
	})
	h.def("set_end", func(a *args) (any, error) {
		d := day(a)
		if err := badDate(d); err != nil {
			return nil, err
		}
		if err := unlocked("set_end_date"); err != nil {
			return nil, err
		}
		e.SetEnd(d)
		return nil, nil
	})
	h.def("bounds", func(*args) (any, error) { return tuple{e.Start(), e.End()}, nil })
	h.def("utc", func(*args) (any, error) { return e.UTC(), nil })
	h.def("locked", func(*args) (any, error) { return e.Locked(), nil })
	h.def("set_cash", func(a *args) (any, error) {
		if err := unlocked("set_cash"); err != nil {
			return nil, err
		}
		if c := a.text(1); c != "" {
			e.Portfolio.SetCashOf(c, a.decimal(0), a.decimal(2))
		} else {
			e.Portfolio.SetCash(a.decimal(0))
		}
		return nil, nil
	})
	h.def("set_account_currency", func(a *args) (any, error) {
		return nil, e.Portfolio.SetAccountCurrency(a.text(0), a.optional(1))
	})
	h.def("account_currency", func(*args) (any, error) { return e.Portfolio.Cash.Account, nil })
	h.def("set_zone", func(a *args) (any, error) {
		loc, err := time.LoadLocation(a.text(0))
		if err != nil {
			return nil, &python.Raise{Type: "ValueError", Message: fmt.Sprintf("the time zone %q is not known", a.text(0))}
		}
		e.SetZone(loc)
		h.mirrorClock()
		return nil, nil
	})
	h.def("set_warmup", func(a *args) (any, error) {
		err := e.SetWarmup(time.Duration(a.int(0)), a.int(1), resolutionOf(a.int(2)))
		h.mirrorClock()
		return nil, err
	})
	h.def("parameter", func(a *args) (any, error) {
		if a.none(0) {
			out := map[string]any{}
			for k, v := range h.parameters {
				out[k] = v
			}
			return out, nil
		}
		if v, ok := h.parameters[a.text(0)]; ok {
			return v, nil
		}
		return nil, nil
	})
	h.def("parameters", func(a *args) (any, error) {
		v, err := h.p.Go(a.object(0))
		if err != nil {
			return nil, err
		}
		if m, ok := v.(map[string]any); ok {
			for k, x := range m {
				h.parameters[k] = fmt.Sprint(x)
			}
		}
		return nil, nil
	})
	h.def("say", func(a *args) (any, error) {
		if e.OnLog != nil {
			e.OnLog(a.text(0), a.text(1))
		}
		return nil, nil
	})
	h.def("quit", func(a *args) (any, error) { e.Quit(a.text(0)); return nil, nil })
	h.def("framework", func(a *args) (any, error) { h.frame = a.bool(0); return nil, nil })
	h.def("setting", h.setting)
	h.def("set_setting", h.setSetting)
	h.def("close_buffer", func(a *args) (any, error) {
		if n := a.int64(0); n != 0 {
			e.Settings.MarketOnCloseBuffer = time.Duration(n)
		}
		if e.Settings.MarketOnCloseBuffer == 0 {
			return int64(15*time.Minute + 30*time.Second), nil
		}
		return int64(e.Settings.MarketOnCloseBuffer), nil
	})
	h.def("benchmark", func(a *args) (any, error) { return nil, e.SetBenchmark(a.symbol(0)) })
	h.def("benchmark_func", func(a *args) (any, error) {
		f := a.keep(0)
		e.BenchmarkFn = func(utc int64) (num.Decimal, error) {
			v, err := h.number(f, e.Zone.Local(utc))
			if err != nil {
				return num.Zero, err
			}
			return num.FromFloatNET(v)
		}
		return nil, nil
	})
	h.def("risk_free", func(a *args) (any, error) {
		f := a.keep(0)
		e.RiskFree = func(local int64) (num.Decimal, error) {
			v, err := h.number(f, local)
			if err != nil {
				return num.Zero, err
			}
			return num.FromFloatNET(v)
		}
		return nil, nil
	})
	h.def("interest_rate", func(a *args) (any, error) {
		r, err := e.InterestRate(a.int64(0))
		return r, err
	})
	h.def("initializer", func(a *args) (any, error) {
		f := a.keep(0)
		if f == 0 {
			e.Initializer = nil
			return nil, nil
		}
		e.Initializer = func(s *algo.Security) error {
			n := h.p.Int(int64(h.securityHandle(s)))
			defer n.DecRef()
			return h.drop(h.p.Call(f, n))
		}
		return nil, nil
	})
	h.def("chart_series", func(a *args) (any, error) {
		e.Charts.Get(a.text(0)).Get(a.text(1), a.int(2), a.int(3), a.text(4))
		return nil, nil
	})
	h.def("chart_point", func(a *args) (any, error) {
		return nil, h.plot(a.text(0), a.text(1), algo.ChartPoint{Y: a.decimal(2)}, 0)
	})
	h.def("chart_candle", func(a *args) (any, error) {
		return nil, h.plot(a.text(0), a.text(1), algo.ChartPoint{Candle: true, O: a.decimal(2), H: a.decimal(3), L: a.decimal(4), Y: a.decimal(5)}, 2)
	})
}

// maxChartPoints bounds what one series of an algorithm keeps.
const maxChartPoints = 100_000

func (h *host) plot(chart, series string, p algo.ChartPoint, kind int) error {
	if h.e.Warming {
		return nil
	}
	s := h.e.Charts.Get(chart).Get(series, kind, 0, "$")
	p.UTC = h.e.UTC()
	p.Y = algo.SmartRound(p.Y)
	if n := len(s.Points); n > 0 && s.Points[n-1].UTC == p.UTC {
		s.Points[n-1] = p
		return nil
	}
	if len(s.Points) < maxChartPoints {
		s.Points = append(s.Points, p)
	}
	return nil
}

// drop takes a call's result that nobody wants.
func (h *host) drop(o python.Object, err error) error {
	if o != 0 {
		o.DecRef()
	}
	return err
}

// number calls a function with an int and reads the number it gives.
func (h *host) number(f python.Object, n int64) (float64, error) {
	arg := h.p.Int(n)
	defer arg.DecRef()
	o, err := h.p.Call(f, arg)
	if err != nil {
		return 0, err
	}
	defer o.DecRef()
	return h.p.ToFloat(o)
}

func (h *host) setting(a *args) (any, error) {
	s := &h.e.Settings
	switch a.text(0) {
	case "free_portfolio_value":
		return s.FreeValue, nil
	case "free_portfolio_value_percentage":
		return s.FreePercent, nil
	case "minimum_order_margin_portfolio_percentage":
		return s.MinOrderMargin, nil
	case "max_absolute_portfolio_target_percentage":
		return s.MaxTarget, nil
	case "min_absolute_portfolio_target_percentage":
		return s.MinTarget, nil
	case "liquidate_enabled":
		return s.LiquidateEnabled, nil
	case "rebalance_portfolio_on_insight_changes":
		return s.RebalanceOnInsights, nil
	case "rebalance_portfolio_on_security_changes":
		return s.RebalanceOnChanges, nil
	case "stale_price_time_span":
		return int64(s.StalePrice), nil
	case "daily_precise_end_time":
		return s.DailyPreciseEndTime, nil
	case "warmup_resolution", "warm_up_resolution":
		if s.WarmupResolution == nil {
			return nil, nil
		}
		return int(*s.WarmupResolution), nil
	case "automatic_indicator_warm_up":
		return s.AutoWarmUp, nil
	case "seed_initial_prices":
		return s.SeedPrices, nil
	case "ignore_unknown_asset_holdings":
		return s.IgnoreUnknown, nil
	case "trading_days_per_year":
		if s.TradingDays == 0 {
			return nil, nil
		}
		return s.TradingDays, nil
	}
	return nil, nil
}

func (h *host) setSetting(a *args) (any, error) {
	s := &h.e.Settings
	switch a.text(0) {
	case "free_portfolio_value":
		s.FreeValue = a.optional(1)
	case "free_portfolio_value_percentage":
		s.FreePercent = a.decimal(1)
	case "minimum_order_margin_portfolio_percentage":
		s.MinOrderMargin = a.decimal(1)
	case "max_absolute_portfolio_target_percentage":
		s.MaxTarget = a.decimal(1)
	case "min_absolute_portfolio_target_percentage":
		s.MinTarget = a.decimal(1)
	case "liquidate_enabled":
		s.LiquidateEnabled = a.bool(1)
	case "rebalance_portfolio_on_insight_changes":
		s.RebalanceOnInsights = a.none(1) || a.bool(1)
	case "rebalance_portfolio_on_security_changes":
		s.RebalanceOnChanges = a.none(1) || a.bool(1)
	case "stale_price_time_span":
		s.StalePrice = time.Duration(a.int(1))
	case "daily_precise_end_time":
		s.DailyPreciseEndTime = a.bool(1)
	case "warmup_resolution", "warm_up_resolution":
		s.WarmupResolution = nil
		if !a.none(1) {
			s.WarmupResolution = resolutionOf(a.int(1))
		}
	case "automatic_indicator_warm_up":
		s.AutoWarmUp = a.bool(1)
	case "seed_initial_prices":
		s.SeedPrices = a.bool(1)
	case "ignore_unknown_asset_holdings":
		s.IgnoreUnknown = a.bool(1)
	case "trading_days_per_year":
		s.TradingDays = a.int(1)
	case "maximum_orders":
		s.MaximumOrders = a.int(1)
	}
	return nil, nil
}
