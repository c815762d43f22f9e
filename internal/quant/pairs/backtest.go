package pairs

import (
	"cmp"
	"math"
	"slices"
)

// Backtest trades the pairs in one account. In each bar: closes, opens (the
// greatest |z| first), borrowing, the mark, and at the close the decisions for the
// next bar. An entry needs z inside the threshold Confirm bars ago and beyond it
// since; none is made at |z| >= Stop, in the last two bars, or while the pair is
// held. NAV at the end less that at the start is the sum of the trades' profits.
// Errors: fault.InvalidParameter, MissingValues, NonFinite, NonPositivePrice,
// InsufficientData. Cost O(bars × pairs).
func Backtest(pairs []Pair, p Params) (*Result, error) {
	p, err := p.fill()
	if err != nil {
		return nil, err
	}
	if pairs, err = check(pairs); err != nil {
		return nil, err
	}
	b := &book{Params: p, pairs: pairs, cash: p.NAV, held: make([]*Trade, len(pairs)), next: make([]order, len(pairs))}
	b.out.InSample = p.FormationEnd == 0
	for _, pair := range pairs {
		b.out.MaxBars = append(b.out.MaxBars, int(math.Ceil(p.TimeMult*pair.HalfLife)))
	}
	n := len(pairs[0].Z)
	nav := p.NAV
	for t := range n {
		b.closes(t)
		b.opens(t, nav)
		value, gross := b.mark(t)
		if t == n-1 {
			for i, q := range b.held {
				if q != nil {
					b.close(i, t, t, pairs[i].Close1[t], pairs[i].Close2[t], EndOfData)
				}
			}
			value, gross = 0, 0
		}
		nav = b.cash + value
		b.out.NAV = append(b.out.NAV, nav)
		b.out.Gross = append(b.out.Gross, gross)
		for i := range pairs {
			b.decide(i, t, n)
		}
	}
	return &b.out, nil
}

// order waits for the next bar: a side to open, or a reason to close.
type order struct {
	side   int
	reason Reason
}

type book struct {
	Params
	out   Result
	pairs []Pair
	cash  float64
	held  []*Trade
	next  []order
}

const basisPoint = 1e-4

// leastRoom is the part of a pair's cap below which there is no room.
const leastRoom = 1e-3

func (b *book) closes(t int) {
	for i := range b.pairs {
		if r := b.next[i].reason; r != "" {
			b.next[i] = order{}
			b.close(i, t, t-1, b.pairs[i].Fill1[t], b.pairs[i].Fill2[t], r)
		}
	}
}

func (b *book) close(i, t, signal int, price1, price2 float64, why Reason) {
	q := b.held[i]
	b.held[i] = nil
	cost := b.CostBPS * basisPoint * (math.Abs(q.Units1*price1) + math.Abs(q.Units2*price2))
	b.cash += q.Units1*price1 + q.Units2*price2 - cost
	q.ExitSignalBar, q.ExitBar, q.ZExit, q.Exit1, q.Exit2, q.Reason = signal, t, b.pairs[i].Z[signal], price1, price2, why
	q.PnLLeg1, q.PnLLeg2 = q.Units1*(price1-q.Entry1), q.Units2*(price2-q.Entry2)
	q.TradeCost += cost
	q.PnL = q.PnLLeg1 + q.PnLLeg2 - q.TradeCost - q.BorrowCost
	q.BarsHeld = t - q.EntryBar
	b.out.Trades = append(b.out.Trades, *q)
}

// opens fills the entries of the last close, whose NAV sizes them.
func (b *book) opens(t int, nav float64) {
	var waiting []int
	for i := range b.pairs {
		if b.next[i].side != 0 {
			waiting = append(waiting, i)
		}
	}
	slices.SortStableFunc(waiting, func(i, j int) int {
		return cmp.Compare(math.Abs(b.pairs[j].Z[t-1]), math.Abs(b.pairs[i].Z[t-1]))
	})
	for _, i := range waiting {
		side := b.next[i].side
		b.next[i] = order{}
		var used float64
		for j, q := range b.held {
			if q != nil {
				used += math.Abs(q.Units1*b.pairs[j].Fill1[t]) + math.Abs(q.Units2*b.pairs[j].Fill2[t])
			}
		}
		gross := min(b.Cap*nav, max(0, b.GrossMax*nav-used))
		if !(gross >= leastRoom*b.Cap*nav) || gross <= 0 {
			b.out.Skipped = append(b.out.Skipped, Skip{Pair: i, Bar: t, Reason: "gross_cap"})
			continue
		}
		b.open(i, t, side, gross)
	}
}

func (b *book) open(i, t, side int, gross float64) {
	pair := &b.pairs[i]
	beta := pair.Beta[t-1]
	size := math.Abs(beta)
	leg := gross / (1 + size)
	q := &Trade{
		Pair: i, Side: side, SignalBar: t - 1, EntryBar: t, ZEntry: pair.Z[t-1], Beta: beta, Gross: gross,
		Entry1: pair.Fill1[t], Entry2: pair.Fill2[t],
		TradeCost: b.CostBPS * basisPoint * gross,
	}
	q.Units1 = float64(side) * leg / q.Entry1
	if beta != 0 {
		q.Units2 = math.Copysign(gross-leg, -float64(side)*beta) / q.Entry2
	}
	b.cash -= q.Units1*q.Entry1 + q.Units2*q.Entry2 + q.TradeCost
	b.held[i] = q
}

// mark takes the borrowing and values what is held at the close.
func (b *book) mark(t int) (value, gross float64) {
	for i, q := range b.held {
		if q == nil {
			continue
		}
		v1, v2 := q.Units1*b.pairs[i].Close1[t], q.Units2*b.pairs[i].Close2[t]
		borrow := b.BorrowBPS * basisPoint / b.Periods * (max(0, -v1) + max(0, -v2))
		b.cash -= borrow
		q.BorrowCost += borrow
		value += v1 + v2
		gross += math.Abs(v1) + math.Abs(v2)
	}
	return value, gross
}

func (b *book) decide(i, t, n int) {
	z := b.pairs[i].Z
	if q := b.held[i]; q != nil {
		side := float64(q.Side)
		switch {
		case side*z[t] <= -b.Stop:
			b.next[i].reason = Stop
		case side*z[t] >= -b.Exit:
			b.next[i].reason = Target
		case t-q.EntryBar >= b.out.MaxBars[i]:
			b.next[i].reason = Time
		}
		return
	}
	if t-b.Confirm < b.FormationEnd || t >= n-2 || math.IsNaN(b.pairs[i].Beta[t]) {
		return
	}
	for _, side := range []int{1, -1} { // a long spread enters from below
		s := -float64(side)
		beyond := s*z[t-b.Confirm] < b.Entry && s*z[t] < b.Stop
		for _, v := range z[t-b.Confirm+1 : t+1] {
			beyond = beyond && s*v >= b.Entry
		}
		if beyond {
			b.next[i].side = side
		}
	}
}

// Attribution is profit by one way of grouping: sum, trades and winners of each
// group.
type Attribution map[string]Group

// Group is what the trades of a group made.
type Group struct {
	PnL, Costs   float64
	Trades, Wins int
}

// By groups the trades; a key may be the pair, the side, the reason, or the month
// of the exit bar. The groups add up to the change of NAV.
func By(trades []Trade, key func(*Trade) string) Attribution {
	out := Attribution{}
	for i := range trades {
		t := &trades[i]
		g := out[key(t)]
		g.PnL += t.PnL
		g.Costs += t.TradeCost + t.BorrowCost
		g.Trades++
		if t.PnL > 0 {
			g.Wins++
		}
		out[key(t)] = g
	}
	return out
}

// Legs are the profits of the first legs, the second, and the costs of both.
func Legs(trades []Trade) (leg1, leg2, costs float64) {
	for i := range trades {
		leg1 += trades[i].PnLLeg1
		leg2 += trades[i].PnLLeg2
		costs += trades[i].TradeCost + trades[i].BorrowCost
	}
	return leg1, leg2, costs
}
