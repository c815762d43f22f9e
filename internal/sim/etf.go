package sim

import (
	"slices"
	"strings"

	"quantdesk/internal/market"
)

// Weight is a share's part of a fund, a fraction; those of a fund add up to 1.
type Weight struct {
	Symbol string
	Weight float64
}

// basket says what a fund holds: the largest count of the shares it admits.
type basket struct {
	count  int
	admits func(sector) bool
}

func anySector(sector) bool { return true }

// growthSectors are the Nasdaq's.
func growthSectors(s sector) bool {
	return s == technology || s == communication || s == discretionary
}

// baskets has the funds whose constituents are shares of this market; it is
// never assigned to.
var baskets = map[string]basket{
	"SPY":  {100, anySector},
	"URTH": {80, anySector},
	"VTI":  {1000, anySector},
	"QQQ":  {35, growthSectors},
}

// Constituents gives what a fund held at the close of the last session on or
// before a day, largest first, weighted by capitalisation then. Members are
// chosen at the beginning of each calendar quarter, by the capitalisation of
// the close before, among the shares listed by then, so the list of a past day
// has the names that later fell, left or were delisted. It is false for what
// holds no shares of this market (EEM, TLT) and before 2010-01-04.
func (m *Market) Constituents(etf string, d market.Date) ([]Weight, bool) {
	b, ok := baskets[strings.ToUpper(strings.TrimSpace(etf))]
	now := sessionOn(dayOf(d))
	if !ok || now < 0 {
		return nil, false
	}
	day := sessionDate(now)
	quarter := market.Date{Year: day.Year, Month: (day.Month-1)/3*3 + 1, Day: 1}
	chosenAt := sessionOn(dayOf(quarter.AddDays(-1)))
	type member struct {
		x       *slot
		capital float64
	}
	var all []member
	for _, x := range m.world().all {
		s := x.spec
		if s.sector == noSector || !b.admits(s.sector) || s.delisted <= now || s.listed > max(chosenAt, 0) {
			continue
		}
		capital := float64(s.shares) * s.price
		if chosenAt >= 0 {
			capital = m.capital(x, chosenAt).Float64()
		}
		all = append(all, member{x, capital})
	}
	larger := func(a, b member) int {
		switch {
		case a.capital > b.capital:
			return -1
		case a.capital < b.capital:
			return 1
		}
		return strings.Compare(a.x.spec.info.Symbol, b.x.spec.info.Symbol)
	}
	slices.SortFunc(all, larger)
	all = all[:min(len(all), b.count)]
	total := 0.0
	for i := range all {
		all[i].capital = m.capital(all[i].x, now).Float64()
		total += all[i].capital
	}
	slices.SortFunc(all, larger)
	out := make([]Weight, len(all))
	for i, a := range all {
		out[i] = Weight{a.x.spec.info.Symbol, a.capital / total}
	}
	return out, true
}
