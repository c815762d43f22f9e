package algo

import (
	"fmt"
	"strings"

	"quantdesk/internal/market"
)

// Symbol gives the symbol of a ticker, as it is called today.
func (e *Engine) Symbol(kind Kind, marketName, ticker string) (*Symbol, error) {
	if marketName == "" {
		marketName = e.Brokerage.Market(kind)
	}
	key := fmt.Sprint(kind, marketName, ticker)
	if s := e.symbols[key]; s != nil {
		return s, nil
	}
	root, value, date := ticker, ticker, market.Date{}
	var maps []MapRow
	if kind == Equity {
		var err error
		if maps, err = e.source.Map(kind, marketName, ticker, market.Date{}); err != nil {
			e.dataError(err)
		}
		if len(maps) > 0 {
			root, date = maps[0].Ticker, maps[0].Date
		}
	}
	s, err := newSymbol(kind, marketName, root, value, date)
	if err != nil {
		return nil, err
	}
	s = e.intern(s)
	e.symbols[key] = s
	if len(maps) > 0 && e.references[s] == nil {
		// The file that bears today's ticker, which an older one may bear too.
		r := &reference{maps: maps}
		if r.factors, err = e.source.Factors(kind, marketName, ticker); err != nil {
			e.dataError(err)
		}
		e.references[s] = r
	}
	return s, nil
}

// SymbolOn gives the symbol of the equity that bore a ticker on a day.
func (e *Engine) SymbolOn(marketName, ticker string, on market.Date) (*Symbol, error) {
	maps, err := e.source.Map(Equity, marketName, ticker, on)
	if err != nil || len(maps) == 0 {
		return e.Symbol(Equity, marketName, ticker)
	}
	s, err := newSymbol(Equity, marketName, maps[0].Ticker, ticker, maps[0].Date)
	if err != nil {
		return nil, err
	}
	return e.intern(s), nil
}

// intern gives the one symbol of an identifier.
func (e *Engine) intern(s *Symbol) *Symbol {
	if known := e.symbols["id:"+s.ID]; known != nil {
		return known
	}
	e.symbols["id:"+s.ID] = s
	return s
}

// SymbolOf gives the symbol of an identifier.
func (e *Engine) SymbolOf(id string) (*Symbol, error) {
	if s := e.symbols["id:"+id]; s != nil {
		return s, nil
	}
	s, err := parseID(id)
	if err != nil {
		return nil, err
	}
	return e.intern(s), nil
}

// UnmappedSymbol gives a symbol of no map file, as universes have.
func (e *Engine) UnmappedSymbol(kind Kind, marketName, name string) (*Symbol, error) {
	s, err := newSymbol(kind, marketName, strings.ToUpper(name), name, market.Date{})
	if err != nil {
		return nil, err
	}
	return e.intern(s), nil
}

// ByTicker gives the symbol that was added last under a ticker, nil when none was.
func (e *Engine) ByTicker(ticker string) *Symbol { return e.byTicker[ticker] }

// HoursOf gives the trading hours of a symbol.
func (e *Engine) HoursOf(s *Symbol) (*Hours, error) {
	key := fmt.Sprint(s.Kind, s.Market, s.Value)
	if h := e.hours[key]; h != nil {
		return h, nil
	}
	c, err := e.source.Calendar(s.Kind, s.Market, s.Value)
	if err != nil {
		return nil, err
	}
	// Symbols of one calendar share what is reckoned of its days.
	h := e.shared[c]
	if h == nil {
		h = NewHours(c)
		e.shared[c] = h
	}
	e.hours[key] = h
	return h, nil
}
