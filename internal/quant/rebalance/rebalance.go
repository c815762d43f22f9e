// Package rebalance follows a portfolio of target weights through time: drift between
// rebalancings, turnover, costs, and what each asset contributed.
//
//	r, err := rebalance.Run(returns, dates, rebalance.Params{Weights: w, Frequency: rebalance.Monthly})
//	fmt.Println(r.TotalReturn, r.TurnoverSum)
package rebalance

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Frequency is when to trade back to the targets.
type Frequency string

// The first bar of a new day, week (Monday to Sunday), month or quarter; Never buys
// once and holds.
const (
	Daily     Frequency = "daily"
	Weekly    Frequency = "weekly"
	Monthly   Frequency = "monthly"
	Quarterly Frequency = "quarterly"
	Never     Frequency = "none"
)

// Params are the settings of Run.
type Params struct {
	// Weights are the targets; nil means equal weights.
	Weights []float64
	// Frequency; empty means Monthly.
	Frequency Frequency
	// CostBps is the cost of trading in basis points of what is traded.
	CostBps float64
	// Band, where above zero, rebalances also when any weight is further than this
	// from its target at the start of a bar.
	Band float64
	// Delisted is, for each asset, the first bar without a return, or -1; nil for
	// none. From there its value is cash until the next rebalancing, which spreads it
	// over the others.
	Delisted []int
	Names    []string
}

// Turnover is one rebalancing.
type Turnover struct {
	Bar int
	// OneWay is half the sum of the trades, as a fraction of wealth.
	OneWay float64
	// Cost is a fraction of wealth.
	Cost float64
}

// Result is the path of the portfolio.
type Result struct {
	// Returns are after costs.
	Returns     []float64
	TotalReturn float64
	// Turnovers leaves the first purchase out.
	Turnovers   []Turnover
	TurnoverSum float64
	// FinalWeights are drifted, after the last bar.
	FinalWeights []float64
	// FinalCash is what delisted assets left and no rebalancing has spread yet.
	FinalCash float64
	// Contributions of the assets and CostContribution add up to TotalReturn: each
	// bar's w*r linked after Carino (1999).
	Contributions    []float64
	CostContribution float64
	Warnings         []string
}

// Run buys the targets at the start of the first bar, trades back to them before the
// return of the first bar of each new period, and lets weights drift between:
// w <- w(1+r_i)/(1+r_p). returns are p columns of n simple returns, dates one a bar,
// ascending. A cost c makes the bar's return (1-c)(1+g)-1. Costs O(n p).
func Run(returns [][]float64, dates []time.Time, params Params) (*Result, error) {
	const op = "rebalance.Run"
	s, err := start(op, returns, dates, &params)
	if err != nil {
		return nil, err
	}
	out := s.out
	for t := range dates {
		cost, err := s.trade(op, t)
		if err != nil {
			return nil, err
		}
		g := 0.0
		for i, w := range s.w {
			if w != 0 {
				g += w * s.at(i, t)
			}
		}
		r := (1-cost)*(1+g) - 1
		if 1+r <= 0 {
			return nil, fault.E(op, fault.ReturnBelowMinusOne, "the portfolio returns %g at row %d: everything is lost", r, t).With("row", t).With("value", r)
		}
		link := 1.0 // ln(1+r)/r
		if r != 0 {
			link = math.Log1p(r) / r
		}
		for i, w := range s.w {
			v := s.at(i, t)
			out.Contributions[i] += w * v * link
			s.w[i] = w * (1 + v) / (1 + g)
		}
		s.cash /= 1 + g
		out.CostContribution -= cost * (1 + g) * link
		out.Returns[t] = r
		s.growth += math.Log1p(r)
		s.wealth *= 1 + r
	}
	out.TotalReturn = s.wealth - 1
	link := 1.0
	if s.growth != 0 {
		link = out.TotalReturn / s.growth
	}
	floats.Scale(link, out.Contributions)
	out.CostContribution *= link
	out.FinalWeights, out.FinalCash = s.w, s.cash
	return out, nil
}

// state is the portfolio between bars.
type state struct {
	returns [][]float64
	dates   []time.Time
	p       *Params
	w       []float64
	// cash is what delisted assets left.
	cash           float64
	growth, wealth float64
	out            *Result
}

func start(op string, returns [][]float64, dates []time.Time, p *Params) (*state, error) {
	k := len(returns)
	if k == 0 || len(dates) == 0 {
		return nil, quant.Bad(op, "assets and bars", fmt.Sprintf("%d and %d", k, len(dates)), "at least 1 each")
	}
	if p.Weights == nil {
		p.Weights = make([]float64, k)
		floats.AddConst(1/float64(k), p.Weights)
	}
	switch {
	case len(p.Weights) != k:
		return nil, quant.Bad(op, "weights", len(p.Weights), fmt.Sprintf("%d, one an asset", k))
	case p.Delisted != nil && len(p.Delisted) != k:
		return nil, quant.Bad(op, "delisted", len(p.Delisted), fmt.Sprintf("%d, one an asset", k))
	case p.CostBps < 0 || math.IsNaN(p.CostBps):
		return nil, quant.Bad(op, "cost_bps", p.CostBps, "0 or more")
	case p.Band < 0 || math.IsNaN(p.Band):
		return nil, quant.Bad(op, "band", p.Band, "0 or more")
	}
	switch p.Frequency {
	case "":
		p.Frequency = Monthly
	case Daily, Weekly, Monthly, Quarterly, Never:
	default:
		return nil, quant.Bad(op, "frequency", p.Frequency, "daily, weekly, monthly, quarterly or none")
	}
	if err := quant.Check(quant.Column{Name: "weights", Values: p.Weights}); err != nil {
		return nil, err
	}
	s := &state{returns: returns, dates: dates, p: p, w: make([]float64, k), wealth: 1}
	s.out = &Result{Returns: make([]float64, len(dates)), Contributions: make([]float64, k)}
	for i, r := range returns {
		if len(r) != len(dates) {
			return nil, quant.Bad(op, quant.Name(p.Names, i), len(r), fmt.Sprintf("%d returns, one a date", len(dates)))
		}
		if d := s.delisted(i); d >= 0 && d < len(r) {
			r = r[:d]
			s.out.Warnings = append(s.out.Warnings, fmt.Sprintf("%s has no returns from row %d: cash until the next rebalancing, then spread over the others", quant.Name(p.Names, i), d))
		}
		if err := quant.Check(quant.Column{Name: quant.Name(p.Names, i), Values: r}); err != nil {
			return nil, err
		}
		for t, v := range r {
			if v < -1 {
				return nil, fault.E(op, fault.ReturnBelowMinusOne, "%s has %g at row %d", quant.Name(p.Names, i), v, t).With("row", t).With("value", v)
			}
		}
	}
	for t := 1; t < len(dates); t++ {
		if !dates[t].After(dates[t-1]) {
			return nil, quant.Bad(op, "dates", dates[t].Format(time.DateOnly), "ascending")
		}
	}
	return s, nil
}

func (s *state) delisted(i int) int {
	if s.p.Delisted == nil {
		return -1
	}
	return s.p.Delisted[i]
}

func (s *state) gone(i, t int) bool {
	d := s.delisted(i)
	return d >= 0 && t >= d
}

func (s *state) at(i, t int) float64 {
	if s.gone(i, t) {
		return 0
	}
	return s.returns[i][t]
}

// trade brings the weights to the targets where bar t asks for it, and returns the
// cost as a fraction of wealth.
func (s *state) trade(op string, t int) (float64, error) {
	for i := range s.w {
		if s.gone(i, t) && s.w[i] != 0 {
			s.cash += s.w[i]
			s.w[i] = 0
		}
	}
	if t > 0 && !NewPeriod(s.p.Frequency, s.dates[t-1], s.dates[t]) && !s.outside(t) {
		return 0, nil
	}
	target, err := s.target(op, t)
	if err != nil {
		return 0, err
	}
	traded := floats.Distance(target, s.w, 1)
	copy(s.w, target)
	s.cash = 0
	cost := traded * s.p.CostBps * 1e-4
	if t > 0 {
		s.out.Turnovers = append(s.out.Turnovers, Turnover{Bar: t, OneWay: traded / 2, Cost: cost})
		s.out.TurnoverSum += traded / 2
	}
	return cost, nil
}

// target is the weights to trade to: what delisted assets leave goes to the others in
// proportion.
func (s *state) target(op string, t int) ([]float64, error) {
	out := append([]float64(nil), s.p.Weights...)
	var lost, stay float64
	for i, w := range out {
		if s.gone(i, t) {
			lost += w
			out[i] = 0
		} else {
			stay += w
		}
	}
	if lost != 0 {
		if stay == 0 {
			return nil, fault.E(op, fault.InsufficientData, "every asset with a weight is delisted at row %d", t)
		}
		floats.Scale((lost+stay)/stay, out)
	}
	return out, nil
}

// outside tells that a weight left its band.
func (s *state) outside(t int) bool {
	if s.p.Band == 0 {
		return false
	}
	for i, w := range s.w {
		if !s.gone(i, t) && math.Abs(w-s.p.Weights[i]) > s.p.Band {
			return true
		}
	}
	return false
}

// NewPeriod tells that a bar is the first of a new period.
func NewPeriod(f Frequency, before, now time.Time) bool {
	switch f {
	case Daily:
		return true
	case Weekly:
		y1, w1 := before.ISOWeek()
		y2, w2 := now.ISOWeek()
		return y1 != y2 || w1 != w2
	case Monthly:
		return before.Year() != now.Year() || before.Month() != now.Month()
	case Quarterly:
		return before.Year() != now.Year() || (before.Month()-1)/3 != (now.Month()-1)/3
	}
	return false
}

// DiversificationRatio is w'sd over the portfolio's sd, one where everything moves as
// one (Choueifaty and Coignard 2008). NaN for a portfolio without variance.
func DiversificationRatio(covariance [][]float64, weights []float64) (float64, error) {
	const op = "rebalance.DiversificationRatio"
	if len(covariance) != len(weights) || len(weights) == 0 {
		return 0, quant.Bad(op, "weights", len(weights), fmt.Sprintf("%d, one an asset", len(covariance)))
	}
	var sum, v float64
	for i, row := range covariance {
		if err := quant.Check(quant.Column{Name: "covariance", Values: row}); err != nil {
			return 0, err
		}
		sum += weights[i] * math.Sqrt(row[i])
		v += weights[i] * floats.Dot(row, weights)
	}
	if !(v > 0) {
		return math.NaN(), nil
	}
	return sum / math.Sqrt(v), nil
}
