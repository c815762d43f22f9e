package algo

import (
	"slices"
	"strings"

	"quantdesk/internal/num"
)

// stableCoins are the pairs that a market does not trade as they are taken to be
// one to one.
var stableCoins = map[string][]string{
	"binance":  {"USDCUSD", "USDTUSD", "USDPUSD", "SUSDUSD", "BUSDUSD", "USTUSD", "TUSDUSD", "FDUSDUSD", "DAIUSD", "IDRTIDR", "BNFCRUSD"},
	"bitfinex": {"EURSEUR", "XCHFCHF"},
	"bybit":    {"USDCUSD", "USDTUSD", "USDPUSD", "SUSDUSD", "BUSDUSD", "USTUSD", "TUSDUSD", "DAIUSD"},
	"coinbase": {"USDCUSD"},
	"dydx":     {"USDCUSD"},
}

// stable tells whether two currencies are one to one in a market.
func stable(market, a, b string) bool {
	return slices.Contains(stableCoins[market], a+b) || slices.Contains(stableCoins[market], b+a)
}

// dollars are accounts' currencies for which coins pegged to any of them count.
var dollars = []string{"USDT", "USDC", "USD"}

// pegged tells whether a currency needs no pair to be converted.
func pegged(market, account, c string) bool {
	if !slices.Contains(dollars, account) {
		return stable(market, account, c)
	}
	return slices.ContainsFunc(dollars, func(d string) bool { return d != c && stable(market, d, c) })
}

// candidate is a pair that may be a leg of a conversion.
type candidate struct {
	kind         Kind
	market, name string
	base, quote  string
	sec          *Security // nil until it is needed
}

// converts tells whether the pair converts from one currency to another, coins
// that are one to one taken for each other.
func (p *candidate) converts(from, to string) (inverted, ok bool) {
	c := [4]string{p.base, p.quote, from, to}
	for _, x := range [...][2]int{{1, 3}, {1, 2}, {0, 3}, {0, 2}} {
		if stable(p.market, c[x[0]], c[x[1]]) {
			c[x[0]] = c[x[1]]
		}
	}
	switch {
	case c[0] == from && c[1] == to:
		return false, true
	case c[0] == to && c[1] == from:
		return true, true
	}
	return false, false
}

// ensureCurrencies finds pairs for every currency whose rate nothing tells,
// adding feeds of the engine's own where the algorithm has none.
func (e *Engine) ensureCurrencies() error {
	book := e.Portfolio.Cash
	for _, c := range book.All() {
		if c.pegged || len(c.legs) > 0 || c.Symbol == book.Account {
			continue
		}
		if err := e.ensureCurrency(c, book.Account); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) ensureCurrency(c *Cash, account string) error {
	if pegged(e.Brokerage.Market(Crypto), account, c.Symbol) {
		c.pegged, c.Rate = true, num.One
		return nil
	}
	all, err := e.candidates()
	if err != nil {
		return err
	}
	finest := Minute
	first := true
	for _, s := range e.Securities.All() {
		for _, x := range s.Configs {
			if first || x.Resolution < finest {
				finest, first = x.Resolution, false
			}
		}
	}
	take := func(p *candidate, inverted bool) error {
		if p.sec == nil {
			if err := e.currencyFeed(p, finest); err != nil {
				return err
			}
		}
		c.legs = append(c.legs, leg{p.sec, inverted})
		return nil
	}
	for i := range all {
		if inverted, ok := all[i].converts(c.Symbol, account); ok {
			err := take(&all[i], inverted)
			c.update()
			return err
		}
	}
	for i := range all {
		p := &all[i]
		middle := p.base
		switch c.Symbol {
		case p.base:
			middle = p.quote
		case p.quote:
		default:
			continue
		}
		for k := range all {
			inverted, ok := all[k].converts(middle, account)
			if !ok {
				continue
			}
			if err := take(p, c.Symbol == p.quote); err != nil {
				return err
			}
			err := take(&all[k], inverted)
			c.update()
			return err
		}
	}
	if !c.Amount.IsZero() {
		e.once("No tradable pair was found for currency " + c.Symbol + ", conversion rate to account currency (" + account + ") will be set to zero.")
	}
	return nil
}

// candidates are the pairs of the algorithm's securities, then those of the
// markets it uses and of the brokerage's.
func (e *Engine) candidates() (out []candidate, err error) {
	for _, s := range e.Securities.All() {
		if k := s.Symbol.Kind; k == Forex || k == Crypto || k == CFD {
			base, quote := decompose(s)
			out = append(out, candidate{k, s.Symbol.Market, s.Symbol.Value, base, quote, s})
		}
	}
	for _, kind := range []Kind{Forex, CFD, Crypto} {
		for _, m := range e.currencyMarkets(kind) {
			pairs, err := e.source.Pairs(kind, m)
			if err != nil {
				return nil, err
			}
			for _, p := range pairs {
				base, ok := strings.CutSuffix(p.Ticker, p.Quote)
				if ok && base != "" {
					out = append(out, candidate{kind: kind, market: m, name: p.Ticker, base: base, quote: p.Quote})
				}
			}
		}
	}
	return out, nil
}

// currencyFeed subscribes to a pair whose data the algorithm does not see.
func (e *Engine) currencyFeed(p *candidate, finest Resolution) error {
	s, err := e.Symbol(p.kind, p.market, p.name)
	if err != nil {
		return err
	}
	sec, err := e.security(AddRequest{Symbol: s})
	if err != nil {
		return err
	}
	set := UniverseSettings{Resolution: finest, FillForward: true, Norm: Adjusted}
	configs := e.configsFor(sec, set, nil, true)[:1]
	if err := e.initialize(sec); err != nil {
		return err
	}
	sec.Configs = slices.DeleteFunc(sec.Configs, func(x *Config) bool { return x.Internal && x != configs[0] })
	e.feeds = append(e.feeds, configs...)
	e.currencyFed[s] = configs[0]
	p.sec = sec
	return nil
}

// currencyMarkets are the markets a pair is looked for in: the brokerage's and
// those in use.
func (e *Engine) currencyMarkets(kind Kind) []string {
	out := []string{e.Brokerage.Market(kind)}
	for _, s := range e.Securities.All() {
		k := s.Symbol.Kind
		if (k == kind || k == CFD && kind == Forex || k == Forex && kind == CFD) && !slices.Contains(out, s.Symbol.Market) {
			out = append(out, s.Symbol.Market)
		}
	}
	return out
}

// replaceCurrencyFeed ends the engine's own feed of a pair that the algorithm
// subscribes to by itself.
func (e *Engine) replaceCurrencyFeed(c *Config) {
	own := e.currencyFed[c.Symbol]
	if own == nil || own == c {
		return
	}
	e.unsubscribe(own)
	delete(e.currencyFed, c.Symbol)
	e.feeds = slices.DeleteFunc(e.feeds, func(x *Config) bool { return x == own })
	if s := e.Securities.Get(c.Symbol); s != nil {
		s.Configs = slices.DeleteFunc(s.Configs, func(x *Config) bool { return x == own })
	}
}
