package sim

import (
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// fiscal draws the month the books close in.
func (s *spec) fiscal() {
	r := at(s.bookKey, -1)
	s.info.FiscalYearEnd = time.December
	switch u := r.uniform(); {
	case u < .1:
		s.info.FiscalYearEnd = time.September
	case u < .18:
		s.info.FiscalYearEnd = time.June
	case u < .24:
		s.info.FiscalYearEnd = time.January
	}
}

// outstanding is the shares there are in session n.
func (p *path) outstanding(s *spec, n int) int64 {
	shares := s.shares
	for _, a := range p.acts {
		if a.n <= n && a.up != 0 {
			shares = shares * a.up / a.down
		}
	}
	return shares
}

// capital is the close of session n times the shares, in USD.
func (m *Market) capital(x *slot, n int) num.Decimal {
	p := m.daily(x, n)
	return num.New(int64(p.at(n).c), x.spec.scale).Mul(num.FromInt(p.outstanding(x.spec, n)))
}

// MarketCap is a share's capitalisation in USD at the close of the last session
// that ended on or before a day; false for what is no share and outside its
// time on the market.
func (m *Market) MarketCap(symbol string, d market.Date) (num.Decimal, bool) {
	x := m.find(symbol)
	n := sessionOn(dayOf(d))
	if x == nil || x.spec.sector == noSector || n < x.spec.listed || n >= x.spec.delisted {
		return num.Zero, false
	}
	return m.capital(x, n), true
}

// BookEquity is a share's book value of equity in USD as last published on or
// before a day, and the day it was published: once a year, 80 to 95 days after
// the end of the fiscal year, never before. It is false off the market and for
// what is no share.
func (m *Market) BookEquity(symbol string, d market.Date) (value num.Decimal, publishedOn market.Date, ok bool) {
	x := m.find(symbol)
	n := sessionOn(dayOf(d))
	if x == nil || x.spec.sector == noSector || n < x.spec.listed || n >= x.spec.delisted {
		return num.Zero, market.Date{}, false
	}
	for year := d.Year; year >= d.Year-2; year-- {
		ends, told := x.spec.fiscalYear(year)
		if !told.After(d) {
			return m.book(x, ends), told, true
		}
	}
	return num.Zero, market.Date{}, false
}

// fiscalYear gives the last day of the fiscal year that ends in a calendar year
// and the day its books are published.
func (s *spec) fiscalYear(year int) (ends, told market.Date) {
	ends = market.DateOf(time.Date(year, s.info.FiscalYearEnd+1, 0, 0, 0, 0, 0, time.UTC))
	r := at(s.bookKey, int64(year))
	return ends, ends.AddDays(80 + r.below(16))
}

// book is the equity at the end of a fiscal year: the capitalisation then over
// a price-to-book ratio that is low where the loading on HML is high. Years
// that ended before the listing are reckoned from the first price.
func (m *Market) book(x *slot, ends market.Date) num.Decimal {
	s := x.spec
	capital := float64(s.shares) * s.price
	if n := sessionOn(dayOf(ends)); n >= s.listed {
		capital = m.capital(x, n).Float64()
	}
	own, year := at(s.bookKey, -2), at(s.bookKey, 1e6+int64(ends.Year))
	lean := s.loads[hml] - profiles[s.sector].loads[hml]
	ratio := profiles[s.sector].pb * exp(float64(.2*own.rough())+float64(.1*year.rough())-lean)
	return num.FromInt(nearest(capital / ratio / 1e6)).Mul(num.FromInt(1e6))
}
