package algo

import (
	"fmt"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// What an algorithm's API asks of the engine beside orders and subscriptions.

// TrailingStart is where a trailing stop begins without a stop price of its own.
func (e *Engine) TrailingStart(r Request) num.Decimal {
	s := e.Securities.Get(r.Symbol)
	if s == nil {
		return num.Zero
	}
	stop, _ := trailed(s.Price, num.Zero, r.Trailing, r.AsPercent, directionOf(r.Quantity))
	return stop
}

// PortfolioTarget is the whole quantity that holds a share of the portfolio,
// false where it cannot be told.
func (e *Engine) PortfolioTarget(s *Symbol, share num.Decimal) (num.Decimal, bool, error) {
	sec := e.Securities.Get(s)
	if sec == nil || sec.Price.IsZero() {
		_, err := e.TargetQuantity(s, share) // for its words
		return num.Zero, false, err
	}
	delta, err := e.TargetQuantity(s, share)
	return delta.Add(sec.Holding.Quantity), err == nil, err
}

// Unordered is what is still to be ordered to reach a quantity, in whole lots.
func (e *Engine) Unordered(s *Symbol, target num.Decimal) num.Decimal {
	sec := e.Securities.Get(s)
	if sec == nil {
		return num.Zero
	}
	coming := num.Zero
	for _, t := range e.OpenTickets(s) {
		coming = coming.Add(t.Remaining())
	}
	q := target.Sub(sec.Holding.Quantity).Sub(coming)
	return q.Sub(q.Rem(sec.Properties.Lot))
}

// AboveMinimum tells whether a quantity is worth an order.
func (e *Engine) AboveMinimum(s *Symbol, quantity num.Decimal) (bool, error) {
	sec := e.Securities.Get(s)
	if sec == nil {
		return false, nil
	}
	m, err := sec.Power.Initial(sec, quantity)
	if err != nil {
		return false, err
	}
	return e.Portfolio.above(e.Settings.MinOrderMargin, m.Abs()), nil
}

// OrdersCount counts the orders there ever were.
func (e *Engine) OrdersCount() int { return e.orderCount }

// OrderValue is what an order is worth, in the account's currency.
func (s *Security) OrderValue(o *Order) num.Decimal { return valueOf(s, o) }

// InterestRate is the rate without risk on a day of the wall clock.
func (e *Engine) InterestRate(local int64) (num.Decimal, error) { return e.riskFreeRate(local) }

// Shortable tells whether so much may be sold short; any amount when quantity
// is nil.
func (e *Engine) Shortable(s *Security, quantity *num.Decimal) bool {
	if quantity == nil {
		most, limited := e.shortableQuantity(s)
		return !limited || most > 0
	}
	return e.shortable(s, quantity.Abs().Neg(), 0)
}

// ShortableQuantity is what may be sold short, false where there is no limit.
func (e *Engine) ShortableQuantity(s *Security) (int64, bool) { return e.shortableQuantity(s) }

// BenchmarkValue is the benchmark's value now.
func (e *Engine) BenchmarkValue() num.Decimal {
	if e.BenchmarkFn != nil {
		v, err := e.BenchmarkFn(e.utc)
		if err != nil {
			e.fail(err)
		}
		return v
	}
	if e.benchmark == nil {
		return num.Zero
	}
	return e.benchmark.Price.Mul(e.benchmark.rate())
}

// File gives a file of the data folder, nil when it is not there.
func (e *Engine) File(path string) ([]byte, error) { return e.source.File(path) }

// Stretch is a stretch of open hours, in time since midnight.
type Stretch struct {
	From, To int64
	Open     bool // regular hours
}

// Segments are the open stretches of a local day.
func (h *Hours) Segments(local int64) (out []Stretch) {
	at := midnight(local)
	for _, s := range h.day(local) {
		out = append(out, Stretch{s.from - at, s.to - at, s.open})
	}
	return out
}

// NextTradingDay is midnight of the first day after local's that trades.
func (h *Hours) NextTradingDay(local int64) int64 {
	for at := midnight(local) + nsDay; at < local+searchDays*nsDay; at += nsDay {
		if h.IsDateOpen(at, false) {
			return at
		}
	}
	return midnight(local)
}

// CustomSymbol gives the symbol of a custom data type's ticker, or of the type
// over another security.
func (e *Engine) CustomSymbol(ticker, kind, marketName string, under *Symbol) (*Symbol, error) {
	root, date := ticker, market.Date{}
	if under != nil {
		root, date, ticker = under.Root, under.Date, under.Value
	}
	s, err := newSymbol(Base, marketName, root+"."+kind, ticker, date)
	if err != nil {
		return nil, err
	}
	s.Type, s.Underlying = kind, under
	return e.intern(s), nil
}

// TakeHours gives a security the hours of a market.
func (e *Engine) TakeHours(s *Security, kind Kind, marketName string) error {
	h, err := e.HoursOf(&Symbol{Kind: kind, Market: marketName})
	if err != nil {
		return err
	}
	s.TakeHours(h)
	return nil
}

// TakeHours gives a security and its subscriptions other hours.
func (s *Security) TakeHours(h *Hours) {
	s.Hours = h
	for _, c := range s.Configs {
		c.Hours = h
	}
}

// EnterProperties gives the securities that come from now on the conventions of
// a ticker, whatever the data say.
func (e *Engine) EnterProperties(kind Kind, marketName, ticker string, p Properties) {
	e.entered[fmt.Sprint(kind, marketName, ticker)] = p
}

// propertiesOf gives the conventions of a ticker, false when it is not listed.
func (e *Engine) propertiesOf(s *Symbol) (Properties, bool, error) {
	if p, ok := e.entered[fmt.Sprint(s.Kind, s.Market, s.Value)]; ok {
		return p, true, nil
	}
	return e.source.Properties(s.Kind, s.Market, s.Value)
}

// SetProperties gives a security other conventions, and its currency.
func (e *Engine) SetProperties(s *Security, p Properties) {
	s.Properties, s.Quote = p, e.Portfolio.Cash.ensure(p.Quote)
}

// declared is a data type that a universe may choose symbols of.
type declared struct {
	custom CustomType
	loc    *time.Location
}

// DeclareType makes a data type known by its name.
func (e *Engine) DeclareType(c CustomType, loc *time.Location) {
	e.customs[c.Name()] = declared{c, loc}
}

// customSecurity gives the security of a custom symbol, open at all times.
func (e *Engine) customSecurity(s *Symbol, loc *time.Location, leverage num.Decimal) (*Security, error) {
	h := NewHours(&market.Calendar{Zone: loc, DataZone: loc, AlwaysOpen: true})
	p := Properties{Quote: e.Portfolio.Cash.Account, Multiplier: num.One, Tick: num.New(1, 2), Lot: num.One}
	return e.security(AddRequest{Symbol: s, Leverage: leverage, Properties: &p, Zone: h})
}

// AddCustom subscribes to a custom data type.
func (e *Engine) AddCustom(ticker string, under *Symbol, kind CustomType, r Resolution, loc *time.Location, fillForward bool, leverage num.Decimal) (*Security, error) {
	s, err := e.CustomSymbol(ticker, kind.Name(), "usa", under)
	if err != nil {
		return nil, err
	}
	sec, err := e.customSecurity(s, loc, leverage)
	if err != nil {
		return nil, err
	}
	set := e.Universe
	set.Resolution, set.FillForward, set.Extended = r, fillForward, true
	configs := e.configsFor(sec, set, kind, false)
	if err := e.initialize(sec); err != nil {
		return nil, err
	}
	e.byTicker[s.Value] = s
	u := e.userUniverse(Base, s.Market, sec.Hours)
	e.changes = append(e.changes, pendingChange{u: u, sec: sec, configs: configs})
	return sec, nil
}

// CloseTime is the end of so many bars of open hours after a UTC time.
func (h *Hours) CloseTime(utc, span int64, bars int) int64 {
	at := h.Local(utc)
	for i := 0; i < bars; {
		previous := at
		at += span
		if span == nsDay {
			if h.IsDateOpen(at, false) {
				i++
			}
		} else if h.IsOpenDuring(previous, at, false) {
			i++
		}
		if at-h.Local(utc) > searchDays*nsDay+int64(bars)*8*max(span, nsMinute) {
			break
		}
	}
	return h.UTC(at)
}

// CloseAfter is the end of a span counted in bars of open hours: days, hours,
// minutes or seconds, the longest that the span holds.
func (h *Hours) CloseAfter(utc, period int64) int64 {
	for _, span := range []int64{nsDay, nsHour, nsMinute, nsSecond} {
		if period >= span {
			return h.CloseTime(utc, span, int(period/span))
		}
	}
	return h.CloseTime(utc, nsSecond, 1)
}
