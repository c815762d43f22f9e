package algo

import (
	"slices"

	"quantdesk/internal/num"
)

// stablePegs are coins taken as one unit of an account's currency where the
// market trades no pair of the two.
var stablePegs = map[string]map[string]bool{
	"USD": {"USDC": true, "USDT": true, "BUSD": true, "TUSD": true, "USDP": true, "DAI": true, "PAX": true, "SUSD": true, "GUSD": true, "USTC": true, "MUSD": true, "CUSD": true, "USDJ": true, "ZUSD": true},
	"EUR": {"EURS": true, "EURT": true, "CEUR": true},
	"IDR": {"IDRT": true, "BIDR": true},
	"GBP": {"GBPT": true},
	"CNY": {"CNYT": true},
}

// ensureCurrencies finds a pair for every currency whose rate nothing tells,
// adding a feed of the engine's own where the algorithm has none.
func (e *Engine) ensureCurrencies() error {
	book := e.Portfolio.Cash
	for _, c := range book.All() {
		if c.from != nil || c.Symbol == book.Account {
			continue
		}
		if err := e.ensureCurrency(c, book.Account); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) ensureCurrency(c *Cash, account string) error {
	match := func(s *Security) (inverted, ok bool) {
		if s.Symbol.Kind != Forex && s.Symbol.Kind != Crypto && s.Symbol.Kind != CFD {
			return false, false
		}
		base, quote := decompose(s)
		return base == account && quote == c.Symbol, base == c.Symbol && quote == account || base == account && quote == c.Symbol
	}
	for _, s := range e.Securities.All() {
		if inverted, ok := match(s); ok {
			c.from, c.inverted = s, inverted
			c.update()
			return nil
		}
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
	for _, kind := range []Kind{Forex, CFD, Crypto} {
		for _, m := range e.currencyMarkets(kind) {
			for _, pair := range []struct {
				ticker   string
				inverted bool
			}{{c.Symbol + account, false}, {account + c.Symbol, true}} {
				if _, ok, err := e.source.Properties(kind, m, pair.ticker); err != nil || !ok {
					continue
				}
				s, err := e.Symbol(kind, m, pair.ticker)
				if err != nil {
					return err
				}
				sec, err := e.security(AddRequest{Symbol: s})
				if err != nil {
					return err
				}
				set := UniverseSettings{Resolution: finest, FillForward: true, Norm: Raw}
				configs := e.configsFor(sec, set, nil, true)[:1]
				if err := e.initialize(sec); err != nil {
					return err
				}
				sec.Configs = slices.DeleteFunc(sec.Configs, func(x *Config) bool { return x.Internal && x != configs[0] })
				e.feeds = append(e.feeds, configs...)
				e.currencyFed[s] = configs[0]
				c.from, c.inverted = sec, pair.inverted
				return nil
			}
		}
	}
	if stablePegs[account][c.Symbol] {
		c.Rate = num.One
		return nil
	}
	if c.Amount.IsZero() {
		return nil
	}
	e.once("No tradable pair was found for currency " + c.Symbol + ", conversion rate to account currency (" + account + ") will be set to zero.")
	return nil
}

// currencyMarkets are the markets a pair is looked for in: those in use, else
// the brokerage's.
func (e *Engine) currencyMarkets(kind Kind) (out []string) {
	for _, s := range e.Securities.All() {
		k := s.Symbol.Kind
		if k == kind || k == CFD && kind == Forex || k == Forex && kind == CFD {
			if !slices.Contains(out, s.Symbol.Market) {
				out = append(out, s.Symbol.Market)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, e.Brokerage.Market(kind))
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
