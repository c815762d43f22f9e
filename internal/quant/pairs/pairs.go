// Package pairs trades spreads on paper: entries on a confirmed z-score, exits by
// stop, target and time, fills on the next bar, costs and borrowing, one account
// for all pairs.
//
//	r, err := pairs.Backtest([]pairs.Pair{{Close1: a, Close2: b, Z: z, Beta: beta, HalfLife: 6}}, pairs.Params{CostBPS: 5})
//	fmt.Println(r.NAV[len(r.NAV)-1], len(r.Trades))
//
// What is decided at a close is filled on the next bar: truncating the data changes
// nothing before the last bar but the close that the end of the data forces.
package pairs

import (
	"fmt"
	"math"

	"quantdesk/internal/quant"
)

// Pair is one spread: leg 1 against Beta of leg 2. All series have the same length.
type Pair struct {
	// Name of the pair, for errors.
	Name string
	// Close1 and Close2 are the legs' closes, at which positions are marked.
	Close1, Close2 []float64
	// Fill1 and Fill2 are the prices at which orders fill in a bar, the opens for
	// example; nil is the close.
	Fill1, Fill2 []float64
	// Z and Beta at each close; NaN where there is none yet.
	Z, Beta []float64
	// HalfLife in bars bounds the holding.
	HalfLife float64
}

// Params are those of Backtest; what is zero has the default that is named.
type Params struct {
	// NAV at the start, in dollars: 1,000,000.
	NAV float64
	// Entry is the |z| to be reached: 2. Exit is where z has come back: 0. Stop is the
	// adverse |z|: 4.
	Entry, Exit, Stop float64
	// Confirm is how many closes z must have been beyond the entry, the crossing among
	// them: 2.
	Confirm int
	// Cap is a pair's gross value, both legs together, as a fraction of NAV: 0.03.
	// GrossMax is that of all pairs: 3.
	Cap, GrossMax float64
	// TimeMult times the half-life, rounded up, is the most bars a pair is held: 3.
	TimeMult float64
	// CostBPS is paid a side on the traded value, BorrowBPS a year on the market value
	// of shorts, both in hundredths of a percent.
	CostBPS, BorrowBPS float64
	// Periods a year: 252.
	Periods float64
	// FormationEnd is the first bar after the window in which the pairs were chosen:
	// no crossing before it counts. Zero is a run in sample.
	FormationEnd int
}

// Reason is why a pair was closed.
type Reason string

// The reasons, the first that applies.
const (
	Stop      Reason = "stop"
	Target    Reason = "target"
	Time      Reason = "time"
	EndOfData Reason = "end_of_data"
)

// Trade is one round trip, in bars and dollars.
type Trade struct {
	// Pair is its number.
	Pair int
	// Side is 1 for a long spread, -1 for a short one.
	Side int
	// SignalBar is where it was decided, EntryBar where it was filled; likewise for
	// the exit.
	SignalBar, EntryBar, ExitSignalBar, ExitBar int
	ZEntry, ZExit, Beta                         float64
	// Units of each leg, signed and fixed.
	Units1, Units2               float64
	Entry1, Entry2, Exit1, Exit2 float64
	// Gross value at the entry.
	Gross float64
	// PnL of the legs before costs, the costs, and the whole after them.
	PnLLeg1, PnLLeg2, TradeCost, BorrowCost, PnL float64
	BarsHeld                                     int
	Reason                                       Reason
}

// SideName is "long" or "short".
func (t *Trade) SideName() string {
	if t.Side > 0 {
		return "long"
	}
	return "short"
}

// Skip is an entry that found no room.
type Skip struct {
	Pair, Bar int
	// Reason is "gross_cap".
	Reason string
}

// Result is a backtest.
type Result struct {
	// Trades in the order of their ends.
	Trades []Trade
	// NAV and Gross at each close.
	NAV, Gross []float64
	// MaxBars is the most bars that each pair is held.
	MaxBars []int
	Skipped []Skip
	// InSample tells that the pairs were chosen on the bars they were traded on.
	InSample bool
}

func (p Params) fill() (Params, error) {
	const op = "pairs.Backtest"
	or := func(v *float64, standard float64) {
		if *v == 0 {
			*v = standard
		}
	}
	or(&p.NAV, 1e6)
	or(&p.Entry, 2)
	or(&p.Stop, 4)
	or(&p.Cap, 0.03)
	or(&p.GrossMax, 3)
	or(&p.TimeMult, 3)
	or(&p.Periods, 252)
	if p.Confirm == 0 {
		p.Confirm = 2
	}
	for _, c := range []struct {
		name  string
		value float64
		ok    bool
		bound string
	}{
		{"nav0", p.NAV, p.NAV > 0, "above zero"},
		{"entry", p.Entry, p.Entry > 0, "above zero"},
		{"exit", p.Exit, p.Exit < p.Entry && p.Exit > -p.Stop, "below entry and above -stop"},
		{"stop", p.Stop, p.Stop > p.Entry, "above entry"},
		{"cap", p.Cap, p.Cap > 0, "above zero"},
		{"gross_max", p.GrossMax, p.GrossMax > 0, "above zero"},
		{"tmax_mult", p.TimeMult, p.TimeMult > 0, "above zero"},
		{"periods", p.Periods, p.Periods > 0, "above zero"},
		{"cost_bps", p.CostBPS, p.CostBPS >= 0, "zero or more"},
		{"borrow_bps", p.BorrowBPS, p.BorrowBPS >= 0, "zero or more"},
		{"confirm", float64(p.Confirm), p.Confirm >= 1, "at least 1"},
		{"formation_end", float64(p.FormationEnd), p.FormationEnd >= 0, "zero or more"},
	} {
		if !c.ok || math.IsInf(c.value, 0) {
			return p, quant.Bad(op, c.name, c.value, c.bound)
		}
	}
	return p, nil
}

// check refuses pairs whose prices cannot be traded; it fills in the fills.
func check(pairs []Pair) ([]Pair, error) {
	const op = "pairs.Backtest"
	if len(pairs) == 0 {
		return nil, quant.Bad(op, "pairs", 0, "at least one")
	}
	out := append([]Pair(nil), pairs...)
	n := len(pairs[0].Z)
	for i := range out {
		p := &out[i]
		if p.Name == "" {
			p.Name = fmt.Sprintf("pair %d", i+1)
		}
		if p.Fill1 == nil {
			p.Fill1 = p.Close1
		}
		if p.Fill2 == nil {
			p.Fill2 = p.Close2
		}
		for _, x := range [][]float64{p.Close1, p.Close2, p.Fill1, p.Fill2, p.Z, p.Beta} {
			if len(x) != n {
				return nil, quant.Bad(op, p.Name, fmt.Sprintf("%d bars in one series", len(x)), fmt.Sprintf("%d bars in all", n))
			}
		}
		for name, x := range map[string][]float64{"close 1": p.Close1, "close 2": p.Close2, "fill 1": p.Fill1, "fill 2": p.Fill2} {
			if err := quant.Check(quant.Column{Name: p.Name + " " + name, Values: x, AtLeast: 2, Positive: true}); err != nil {
				return nil, err
			}
		}
		if !(p.HalfLife > 0) || math.IsInf(p.HalfLife, 0) {
			return nil, quant.Bad(op, p.Name+" half_life", p.HalfLife, "above zero")
		}
	}
	return out, nil
}
