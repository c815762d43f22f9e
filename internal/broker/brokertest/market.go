package brokertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
)

// FakeMarket is a market in memory: everything stands still until it is set. It
// is safe for concurrent use. It satisfies order.Prices and gives corporate
// actions.
type FakeMarket struct {
	mu          sync.Mutex
	now         time.Time
	instruments map[string]market.Instrument
	quotes      map[string]market.Quote
	calendars   map[string]*market.Calendar
	rates       map[[2]string]num.Decimal
	actions     []market.Action
}

var _ order.Prices = (*FakeMarket)(nil)

// Start is the venue clock's first time: a Thursday, 11:00 in New York, in
// regular hours.
var Start = time.Date(2024, 3, 14, 15, 0, 0, 0, time.UTC)

// NewFakeMarket gives a market at Start with AAPL and MSFT (US shares), NOLEND
// (a share nobody lends), EURUSD, BTCUSD and XAUUSD (a CFD), all quoted around
// the clock except shares, which have New York's hours with pre- and
// post-market. Their prices are 100, 50, 20, 1.10, 60000 and 2000, with sizes
// far above any order of the suite. One EUR is 1.10 USD.
func NewFakeMarket() *FakeMarket {
	m := &FakeMarket{
		now: Start, instruments: map[string]market.Instrument{}, quotes: map[string]market.Quote{},
		calendars: map[string]*market.Calendar{}, rates: map[[2]string]num.Decimal{},
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		newYork = time.FixedZone("EDT", -4*3600) // without zone data the suite's own days still hold
	}
	hours := []market.Segment{
		{From: 4 * time.Hour, To: 9*time.Hour + 30*time.Minute, State: market.PreMarket},
		{From: 9*time.Hour + 30*time.Minute, To: 16 * time.Hour, State: market.Open},
		{From: 16 * time.Hour, To: 20 * time.Hour, State: market.PostMarket},
	}
	nyse := &market.Calendar{Zone: newYork, DataZone: newYork}
	for d := time.Monday; d <= time.Friday; d++ {
		nyse.Week[d] = hours
	}
	always := &market.Calendar{Zone: time.UTC, DataZone: time.UTC, AlwaysOpen: true}
	for _, x := range []struct {
		symbol               string
		class                market.Class
		base, tick, lot, mid string
		lent                 bool
		cal                  *market.Calendar
	}{
		{"AAPL", market.Equity, "", "0.01", "1", "100", true, nyse},
		{"MSFT", market.Equity, "", "0.01", "1", "50", true, nyse},
		{"NOLEND", market.Equity, "", "0.01", "1", "20", false, nyse},
		{"EURUSD", market.Forex, "EUR", "0.00001", "1", "1.10", true, always},
		{"BTCUSD", market.Crypto, "BTC", "0.01", "0.0001", "60000", false, always},
		{"XAUUSD", market.CFD, "", "0.01", "1", "2000", true, always},
	} {
		m.Add(market.Instrument{
			Symbol: x.symbol, Name: x.symbol, Class: x.class, Market: "sim", Currency: "USD", Base: x.base,
			Tick: num.MustParse(x.tick), Lot: num.MustParse(x.lot), Multiplier: num.One, Shortable: x.lent,
		}, x.cal)
		m.Price(x.symbol, x.mid, "1000000")
	}
	m.SetRate("EUR", "USD", num.MustParse("1.10"))
	m.SetNow(Start)
	return m
}

// Add lists an instrument with its calendar.
func (m *FakeMarket) Add(in market.Instrument, cal *market.Calendar) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.instruments[in.Symbol], m.calendars[in.Symbol] = in, cal
}

// All lists the instruments.
func (m *FakeMarket) All() []market.Instrument {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.instruments))
}

// SetNow sets the venue clock and makes every quote new at that time.
func (m *FakeMarket) SetNow(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t
	for s, q := range m.quotes {
		q.Time = t
		m.quotes[s] = q
	}
}

// Price sets a new quote one tick either side of a price, which is also the last
// trade, with a size on both sides. The clock moves on by a millisecond, so that
// it is a quote of its own.
func (m *FakeMarket) Price(symbol, price, size string) {
	p, s := num.MustParse(price), num.MustParse(size)
	m.mu.Lock()
	tick := m.instruments[symbol].Tick
	m.mu.Unlock()
	m.SetQuote(market.Quote{
		Symbol: symbol, Bid: p.Sub(tick), Ask: p.Add(tick), BidSize: s, AskSize: s, Last: p, PrevClose: p,
		Feed: market.FeedSimulated, Source: "brokertest",
	})
}

// SetQuote sets a quote as it is; a zero Time becomes the venue clock's, moved
// on by a millisecond.
func (m *FakeMarket) SetQuote(q market.Quote) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q.Time.IsZero() {
		m.now = m.now.Add(time.Millisecond)
		q.Time = m.now
	}
	m.quotes[q.Symbol] = q
}

// SetRate sets what one unit of a currency is in another, and back.
func (m *FakeMarket) SetRate(from, to string, rate num.Decimal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rates[[2]string{from, to}] = rate
	m.rates[[2]string{to, from}] = num.One.Quo(rate)
}

// AddAction adds a corporate action.
func (m *FakeMarket) AddAction(a market.Action) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.actions = append(m.actions, a)
}

// Now is the venue clock.
func (m *FakeMarket) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Lookup finds an instrument.
func (m *FakeMarket) Lookup(symbol string) (market.Instrument, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, ok := m.instruments[symbol]
	return in, ok
}

// Quote gives the quote as it was set; an error when there is none.
func (m *FakeMarket) Quote(_ context.Context, symbol string) (market.Quote, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, ok := m.quotes[symbol]
	if !ok {
		return q, fmt.Errorf("there is no quote for %q", symbol)
	}
	return q, nil
}

// Calendar gives an instrument's hours; an error for one not listed.
func (m *FakeMarket) Calendar(symbol string) (*market.Calendar, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cal, ok := m.calendars[symbol]
	if !ok {
		return nil, fmt.Errorf("there is no instrument %q", symbol)
	}
	return cal, nil
}

// Rate gives a rate that was set; an error when none was.
func (m *FakeMarket) Rate(_ context.Context, from, to string) (num.Decimal, error) {
	if from == to {
		return num.One, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rates[[2]string{from, to}]
	if !ok {
		return r, fmt.Errorf("there is no rate from %s to %s", from, to)
	}
	return r, nil
}

// Actions lists the actions of an instrument that take effect after from and not
// after to, as every source of prices does.
func (m *FakeMarket) Actions(symbol string, from, to market.Date) ([]market.Action, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []market.Action
	for _, a := range m.actions {
		if a.Symbol == symbol && a.Date.After(from) && !a.Date.After(to) {
			out = append(out, a)
		}
	}
	return out, nil
}
