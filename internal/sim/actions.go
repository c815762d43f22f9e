package sim

import (
	"sort"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// action is a corporate action that takes effect when session n begins; the
// zero action is none. Splits and dividends fall on different sessions.
type action struct {
	n int
	// A split gives up new shares for down old ones.
	up, down int64
	// dividend is in ticks, prior the published close before the action.
	dividend int64
	prior    int32
}

// A split is decided once in each block of sessions by the last close alone:
// dear shares are divided to about 100 USD, cheap ones joined to about 20.
const (
	dear, dearFund = 300, 1500
	dividedTo      = 70
	cheap          = 6
	joinedTo       = 20
)

// act decides what takes effect before session n.
func (g *generator) act(n int) action {
	s := g.spec
	if s.trend != nil || g.close == 0 {
		return action{}
	}
	last := float64(g.close) * s.tick
	switch n % block {
	case s.offset:
		if paid := nearest(float64(g.close) * s.yield / 4); paid > 0 {
			return action{n: n, dividend: paid, prior: g.close}
		}
	case s.splitAt:
		limit := float64(dear)
		if s.info.ETF {
			limit = dearFund
		}
		up, down := int64(1), int64(1)
		if last > limit {
			for _, k := range [...]int64{2, 3, 4, 5, 7, 10, 15, 20, 50} {
				if last/float64(k) >= dividedTo {
					up = k
				}
			}
		}
		if last < cheap {
			for _, k := range [...]int64{50, 20, 10, 5} {
				if last*float64(k) >= joinedTo {
					down = k
				}
			}
		}
		if up != down {
			return action{n: n, up: up, down: down, prior: g.close}
		}
	}
	return action{}
}

// apply takes the price of the last close over the action.
func (a action) apply(price float64, s *spec) float64 {
	return price/a.growth() - float64(float64(a.dividend)*s.tick)
}

// growth is how many shares one becomes.
func (a action) growth() float64 {
	if a.up == 0 {
		return 1
	}
	return float64(a.up) / float64(a.down)
}

// factors give what prices before the action are multiplied by: for splits
// alone, and with the dividend, reckoned as LEAN does on the close before.
func (a action) factors() (split, full float64) {
	if a.up != 0 {
		f := float64(a.down) / float64(a.up)
		return f, f
	}
	return 1, 1 - float64(a.dividend)/float64(a.prior)
}

// Actions gives the corporate actions that take effect after from and not after
// to, in order: splits, quarterly dividends and the delisting of a share that
// left. An action takes effect when its session begins, 16:00 New York of the
// weekday before its date, which is never a Monday but for a delisting. It
// fails with fault.NotFound for an unknown symbol.
func (m *Market) Actions(symbol string, from, to market.Date) ([]market.Action, error) {
	x, err := m.need("sim.Actions", symbol)
	if err != nil {
		return nil, err
	}
	s := x.spec
	first, last := sessionOn(dayOf(from))+1, sessionOn(dayOf(to))
	if last < s.listed || s.trend != nil {
		return nil, nil
	}
	p := m.daily(x, last)
	var out []market.Action
	begin := sort.Search(len(p.acts), func(i int) bool { return p.acts[i].n >= first })
	for _, a := range p.acts[begin:] {
		if a.n > last {
			break
		}
		out = append(out, a.told(s))
	}
	if s.delisted < sessions && s.delisted >= first && s.delisted <= last {
		out = append(out, market.Action{
			Symbol: s.info.Symbol, Date: s.info.Delisted, Kind: market.Delisting,
			PriorClose: num.New(int64(p.rows[len(p.rows)-1].c), s.scale),
		})
	}
	return out, nil
}

func (a action) told(s *spec) market.Action {
	out := market.Action{Symbol: s.info.Symbol, Date: sessionDate(a.n), PriorClose: num.New(int64(a.prior), s.scale)}
	if a.up != 0 {
		out.Kind = market.Split
		out.SplitFactor = num.FromInt(a.down).Quo(num.FromInt(a.up))
		return out
	}
	out.Kind = market.Dividend
	out.Dividend = num.New(a.dividend, s.scale)
	return out
}
