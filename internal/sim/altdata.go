package sim

import "quantdesk/internal/market"

// AltCoefficient is the planted effect of the alternative data: what one
// standard deviation of a week's surprise adds to the share's simple return in
// each of the next week's five sessions, in fractions. Against a week's noise of
// some 3 % it is an information coefficient of about 0.05. For the Y of a pair,
// whose surprise is its X's, it is multiplied by the pair's slope.
const AltCoefficient = 0.0004

// altNoise is the deviation of the index's logarithm about its expectation.
const altNoise = 0.04

// AltRow is one week of a share's alternative data.
type AltRow struct {
	// Date is the Friday the week ends; the row may be used from that day's
	// close on.
	Date   market.Date
	Symbol string
	// Series is "web_traffic": visits to the company's sites, 100 in the first
	// week of 2010.
	Series string
	// Value is the index, Expected its trend, Surprise what lies between in
	// standard deviations.
	Value, Expected, Surprise float64
}

// surprise is that of a week, counted from the first; weeks before 2010 count
// below zero.
func (s *spec) surprise(week int) float64 {
	r := at(s.altKey, int64(week))
	return r.rough()
}

// Alternative gives a share's web traffic for the weeks that end from a day to
// a day, both included. It is empty for what is no share and for unknown
// symbols.
func (m *Market) Alternative(symbol string, from, to market.Date) []AltRow {
	x := m.find(symbol)
	if x == nil || x.spec.sector == noSector {
		return nil
	}
	s := x.spec
	first, last := span(from, to)
	first, last = max(first, s.listed), min(last, s.delisted-1)
	r := at(s.altKey, -1<<40)
	growth := .0004 + float64(.0006*r.rough()) // a week
	var out []AltRow
	for week := first / 5; week*5+4 <= last; week++ {
		z := s.surprise(week)
		expected := float64(100 * exp(float64(growth*float64(week))))
		out = append(out, AltRow{
			Date: sessionDate(week*5 + 4), Symbol: s.info.Symbol, Series: "web_traffic",
			Value: float64(expected * exp(altNoise*z)), Expected: expected, Surprise: z,
		})
	}
	return out
}
