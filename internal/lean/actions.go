package lean

import (
	"slices"
	"strings"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Actions gives the corporate actions of a symbol that take effect after from
// and not after to, in order: splits and dividends out of the factor file,
// renames and the delisting out of the map file. Each takes effect on the
// session after its row's date. Symbol is always the folder's present symbol.
// It fails with fault.NotFound for an unknown symbol.
func (f *Folder) Actions(symbol string, from, to market.Date) ([]market.Action, error) {
	e, err := f.entry("lean.Actions", symbol)
	if err != nil {
		return nil, err
	}
	if e.mapErr != nil {
		return nil, e.mapErr
	}
	cal, err := e.calendar(f)
	if err != nil {
		return nil, err
	}
	factors, err := e.factors(f)
	if err != nil {
		return nil, err
	}
	var out []market.Action
	add := func(rowDate market.Date, a market.Action) {
		a.Symbol, a.Date = e.inst.Symbol, sessionAfter(cal, rowDate)
		if a.Date.After(from) && !a.Date.After(to) {
			out = append(out, a)
		}
	}
	for i := 0; i+1 < len(factors); i++ {
		row, next := factors[i], factors[i+1]
		if !row.split.Equal(next.split) {
			add(row.date, market.Action{Kind: market.Split, SplitFactor: splitRatio(row.split, next.split), PriorClose: row.reference})
		}
		if !row.price.Equal(next.price) {
			// The factor is what was left of the close after paying out.
			paid := row.reference.Mul(num.One.Sub(row.price.Quo(next.price))).Round(2)
			if paid.Sign() > 0 {
				add(row.date, market.Action{Kind: market.Dividend, Dividend: paid, PriorClose: row.reference})
			}
		}
	}
	for i, s := range e.segs {
		switch {
		case i+1 < len(e.segs):
			add(s.to, market.Action{Kind: market.Rename, NewSymbol: strings.ToUpper(e.segs[i+1].ticker)})
		case s.to.Before(farFuture):
			add(s.to, market.Action{Kind: market.Delisting})
		}
	}
	slices.SortStableFunc(out, func(a, b market.Action) int { return a.Date.Compare(b.Date) })
	return out, nil
}

// sessionAfter is the first day with a session after d, or the next day where
// none is near.
func sessionAfter(cal *market.Calendar, d market.Date) market.Date {
	for n := 1; n <= 10; n++ {
		if next := d.AddDays(n); hasSession(cal, next) {
			return next
		}
	}
	return d.AddDays(1)
}

func hasSession(cal *market.Calendar, d market.Date) bool {
	_, _, ok := cal.Session(d)
	return ok
}

// splitRatio is old over new. Factor files round to seven digits or so, which
// would turn 100 shares into 699.9997: what is within 1/20000 of a ratio
// companies announce is that ratio, to 28 places.
func splitRatio(old, next num.Decimal) num.Decimal {
	ratio := old.Quo(next)
	near := func(p, q int64) (num.Decimal, bool) {
		r := num.FromInt(p).Quo(num.FromInt(q))
		return r, ratio.Sub(r).Abs().Mul(num.FromInt(20_000)).Cmp(r) <= 0
	}
	whole := ratio.Round(0)
	if n, ok := whole.Int64(); ok && n >= 2 && n <= 1000 {
		if r, ok := near(n, 1); ok {
			return r
		}
	}
	if n, ok := num.One.Quo(ratio).Round(0).Int64(); ok && n >= 2 && n <= 1000 {
		if r, ok := near(1, n); ok {
			return r
		}
	}
	for q := int64(2); q <= 10; q++ {
		for p := int64(2); p <= 10; p++ {
			if r, ok := near(p, q); ok && p != q {
				return r
			}
		}
	}
	return ratio
}
