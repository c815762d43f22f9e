package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// validType tells whether there is data of a type at a resolution.
func validType(k Kind, r Resolution, t DataType) bool {
	return k != Equity || r < Hour || t != QuoteBars
}

// typesOf are the data types a security is subscribed with at a resolution.
func typesOf(k Kind, r Resolution) []DataType {
	switch k {
	case Forex, CFD:
		if r == Tick {
			return []DataType{QuoteTicks}
		}
		return []DataType{QuoteBars}
	case Index:
		if r == Tick {
			return []DataType{TradeTicks}
		}
		return []DataType{TradeBars}
	}
	if r == Tick {
		return []DataType{TradeTicks, QuoteTicks}
	}
	if k == Equity && r >= Hour {
		return []DataType{TradeBars}
	}
	return []DataType{TradeBars, QuoteBars}
}

// AddRequest asks for a security; zero fields mean the universe's settings.
type AddRequest struct {
	Symbol      *Symbol
	Resolution  *Resolution
	FillForward *bool
	Extended    *bool
	Leverage    num.Decimal
	Norm        *Normalization
	Custom      CustomType
	Properties  *Properties
	Zone        *Hours
}

// AddSecurity subscribes to a security.
func (e *Engine) AddSecurity(r AddRequest) (*Security, error) {
	set := e.Universe
	if r.Resolution != nil {
		set.Resolution = *r.Resolution
	}
	if r.FillForward != nil {
		set.FillForward = *r.FillForward
	}
	if r.Extended != nil {
		set.Extended = *r.Extended
	}
	if r.Norm != nil {
		set.Norm = *r.Norm
	}
	set.Leverage = r.Leverage
	sec, err := e.security(r)
	if err != nil {
		return nil, err
	}
	configs := e.configsFor(sec, set, r.Custom, false)
	if err := e.initialize(sec); err != nil {
		return nil, err
	}
	e.byTicker[r.Symbol.Value] = r.Symbol
	u := e.userUniverse(sec.Symbol.Kind, sec.Symbol.Market, sec.Hours)
	e.changes = append(e.changes, pendingChange{u: u, sec: sec, configs: configs})
	return sec, nil
}

// RemoveSecurity cancels a security's orders, sells what is held and ends its data.
func (e *Engine) RemoveSecurity(s *Symbol, tag *string) (bool, error) {
	sec := e.Securities.Get(s)
	if sec == nil {
		return false, nil
	}
	if tag == nil {
		word := "Removed"
		tag = &word
	}
	if !e.Warming {
		e.CancelOpen(s, tag)
	}
	if sec.Invested() {
		if _, err := e.Liquidate([]*Symbol{s}, false, tag, OrderProperties{}); err != nil {
			return false, err
		}
	}
	sec.Tradable = false
	for i := range e.universes {
		u := e.universes[i]
		if u.user {
			e.changes = append(e.changes, pendingChange{u: u, sec: sec, remove: true})
		}
	}
	return true, nil
}

// configsFor makes the subscriptions of a security, those it has again.
func (e *Engine) configsFor(sec *Security, set UniverseSettings, custom CustomType, internal bool) (out []*Config) {
	types := typesOf(sec.Symbol.Kind, set.Resolution)
	if custom != nil {
		types = []DataType{CustomData}
	}
	for _, t := range types {
		c := &Config{Symbol: sec.Symbol, Resolution: set.Resolution, Type: t, FillForward: set.FillForward, Extended: set.Extended, Internal: internal,
			Filtered: true, Norm: set.Norm, Hours: sec.Hours, Custom: custom, mapped: ""}
		if sec.Symbol.Kind == Index {
			c.Norm = Raw
		}
		if t == CustomData {
			c.Filtered = false
		}
		same := false
		for _, x := range sec.Configs {
			if x.Resolution == c.Resolution && x.Type == c.Type && x.Internal == c.Internal && x.FillForward == c.FillForward && x.Extended == c.Extended && x.Norm == c.Norm {
				c, same = x, true
				break
			}
		}
		if !same {
			sec.Configs = append(sec.Configs, c)
		}
		out = append(out, c)
	}
	return out
}

// security gives a security, made and equipped with its models when it is new.
func (e *Engine) security(r AddRequest) (*Security, error) {
	if sec := e.Securities.Get(r.Symbol); sec != nil {
		if r.Leverage.Sign() > 0 {
			return sec, sec.Power.SetLeverage(sec, r.Leverage)
		}
		return sec, nil
	}
	s := r.Symbol
	if sec := e.Securities.Remembered(s); sec != nil {
		sec.Tradable, sec.Delisted = true, false
		e.Securities.add(sec)
		return sec, nil
	}
	h := r.Zone
	if h == nil {
		var err error
		if h, err = e.HoursOf(s); err != nil {
			return nil, err
		}
	}
	p := r.Properties
	if p == nil {
		x, ok, err := e.propertiesOf(s)
		if err != nil {
			return nil, err
		}
		if !ok {
			switch s.Kind {
			case Crypto, CFD, CryptoFuture:
				return nil, fmt.Errorf("Symbol can't be found in the Symbol Properties Database: %s", s.Value)
			case Forex:
				x = Properties{Quote: s.Value[max(0, len(s.Value)-3):], Multiplier: num.One, Tick: num.New(1, 5), Lot: num.FromInt(1000), Magnifier: num.One}
			default:
				x = Properties{Quote: e.Portfolio.Cash.Account, Multiplier: num.One, Tick: num.New(1, 2), Lot: num.One, Magnifier: num.One}
			}
		}
		p = &x
	}
	sec := &Security{e: e, Symbol: s, Properties: *p, Hours: h, Tradable: true, Settlement: ImmediateSettlement{}}
	sec.Quote = e.Portfolio.Cash.ensure(p.Quote)
	if s.Kind == Forex || s.Kind == Crypto || s.Kind == CryptoFuture {
		base, _ := decompose(sec)
		sec.Base = e.Portfolio.Cash.ensure(base)
	}
	if err := e.Brokerage.Models(e, sec); err != nil {
		return nil, err
	}
	if r.Leverage.Sign() > 0 {
		if err := sec.Power.SetLeverage(sec, r.Leverage); err != nil {
			return nil, err
		}
	}
	e.Securities.add(sec)
	sec.fresh = true
	return sec, nil
}

// initialize tells the algorithm's initializer of a new security, once its
// subscriptions are known.
func (e *Engine) initialize(sec *Security) error {
	if !sec.fresh {
		return nil
	}
	sec.fresh = false
	if e.Initializer == nil {
		return nil
	}
	return e.Initializer(sec)
}
