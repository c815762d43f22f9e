package sim

import (
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Info is an instrument with what research needs to know of its history.
type Info struct {
	market.Instrument
	// Listed is the first session, Delisted the first without trading; zero for
	// what trades to the end.
	Listed, Delisted market.Date
	// FiscalYearEnd is the month whose last day ends the books' year; zero for
	// what has no books.
	FiscalYearEnd time.Month
	// Noise is the yearly deviation of the return that no factor explains, a
	// fraction; for the Y of a pair, that of the spread's steps.
	Noise float64
}

// spec is everything that is fixed about an instrument.
type spec struct {
	info   Info
	sector sector
	// scale is the decimal places of the tick, tick its value and units how many
	// ticks make one; lotScale is the places of the lot.
	scale, lotScale int
	tick            float64
	units           float64
	// listed and delisted are sessions; delisted is beyond the last for what
	// trades on.
	listed, delisted int
	// price is where it begins, yield the yearly dividend in fractions, shares
	// those outstanding at the beginning, volume a typical session's in lots.
	price, yield float64
	shares       int64
	volume       float64
	loads        [factorCount]float64
	noise        float64 // yearly deviation of the own return
	base         float64 // variance per session besides the market's and the own
	// trend, when not nil, makes the logarithm return to a trend.
	trend *pair
	// leader is the X of the pair this is the Y of, nil for most.
	leader *spec
	link   Pair
	// bps is half of the usual spread in ten-thousandths of the price.
	bps float64
	// keys of the random streams.
	dayKey, hourKey, minuteKey, secondKey, altKey, bookKey uint64
	// offset is the session of each block that a dividend is due in, splitAt
	// that on which a split is decided.
	offset, splitAt int
}

// hundredth rounds planted numbers to what can be printed.
func hundredth(x float64) float64 { return float64(nearest(x*100)) / 100 }

func (s *spec) keys(seed int64, symbol string) {
	s.dayKey, s.hourKey, s.minuteKey = keyOf(seed, symbol, "day"), keyOf(seed, symbol, "hour"), keyOf(seed, symbol, "minute")
	s.secondKey, s.altKey, s.bookKey = keyOf(seed, symbol, "second"), keyOf(seed, symbol, "alternative"), keyOf(seed, symbol, "book")
}

// places sets tick and lot from their decimal places.
func (s *spec) places(tick, lot int) {
	s.scale, s.lotScale = tick, lot
	s.units = 1
	for range tick {
		s.units *= 10
	}
	s.tick = 1 / s.units
	s.info.Tick, s.info.Lot, s.info.Multiplier = num.New(1, tick), num.New(1, lot), num.One
	s.info.MinQuantity = s.info.Lot
}

func sessionOfStamp(yyyymmdd, otherwise int) int {
	if yyyymmdd == 0 {
		return otherwise
	}
	d := market.Date{Year: yyyymmdd / 10000, Month: time.Month(yyyymmdd / 100 % 100), Day: yyyymmdd % 100}
	return sessionOn(dayOf(d))
}

func newShare(seed int64, e share) *spec {
	s := &spec{
		sector: e.sector, price: e.price, yield: e.yield / 100,
		listed: sessionOfStamp(e.listed, 0), delisted: sessionOfStamp(e.delisted, sessions),
		shares: nearest(e.cap/e.price*1e6) * 1000,
	}
	s.info = Info{Instrument: market.Instrument{
		Symbol: e.symbol, Name: e.name, Class: market.Equity, Market: "usa", Currency: "USD",
		Sector: e.sector.String(), Shortable: true,
	}}
	s.places(2, 0)
	s.keys(seed, e.symbol)
	r := at(keyOf(seed, e.symbol, "loads"), 0)
	p := &profiles[e.sector]
	for k := range styleCount {
		s.loads[k] = hundredth(p.loads[k] + float64(.1*clamp(r.normal(), -2, 2)))
	}
	// Small companies load on size.
	s.loads[smb] = hundredth(s.loads[smb] + clamp(.45-float64(.16*ln(e.cap/5)), -.3, .6))
	s.loads[firstSector+int(e.sector)] = hundredth(clamp(.9+float64(.15*r.normal()), .5, 1.3))
	s.noise = hundredth(p.noise * exp(.15*clamp(r.normal(), -2, 2)))
	turnover := .004 * exp(.3*clamp(r.normal(), -2, 2))
	s.volume = float64(s.shares) * turnover
	s.bps = clamp(3-float64(.5*ln(e.cap/5)), .5, 6)
	s.fiscal()
	s.calendar(&r)
	return s
}

func newFund(seed int64, f fund) *spec {
	s := &spec{sector: noSector, price: f.price, yield: f.yield / 100, delisted: sessions, volume: f.shares * 1e6, noise: f.noise, bps: .5}
	s.info = Info{Instrument: market.Instrument{
		Symbol: f.symbol, Name: f.name, Class: market.Equity, Market: "usa", Currency: "USD", ETF: true, Shortable: true,
	}}
	s.places(2, 0)
	s.keys(seed, f.symbol)
	copy(s.loads[:], f.loads[:])
	s.loads[firstSector+int(technology)] = f.technology
	r := at(keyOf(seed, f.symbol, "loads"), 0)
	s.calendar(&r)
	return s
}

func newPair(seed int64, p *pair, class market.Class) *spec {
	s := &spec{sector: noSector, price: p.start, delisted: sessions, trend: p, noise: p.noise, volume: p.volume, bps: .4}
	s.info = Info{Instrument: market.Instrument{
		Symbol: p.symbol, Name: p.name, Class: class, Market: "oanda", Currency: p.quote, Base: p.base,
	}}
	switch {
	case class == market.Crypto:
		s.info.Market = "coinbase"
		s.places(2, 5)
		s.volume *= 1e5
		s.bps = 1.5
		s.loads[coin] = p.common
	case p.quote == "JPY":
		s.places(3, 0)
		s.loads[dollar] = p.common
	default:
		s.places(5, 0)
		s.loads[dollar] = p.common
	}
	s.keys(seed, p.symbol)
	return s
}

// calendar draws when dividends are due. None falls on a Monday, whose session
// begins on Friday: block is whole weeks, so the weekday stays.
func (s *spec) calendar(r *rng) {
	s.offset = r.below(block/5)*5 + 1 + r.below(4)
	s.splitAt = (s.offset + 20) % block
}

// finish derives what depends on the rest.
func (s *spec) finish() {
	s.info.Noise = s.noise
	s.info.Listed = sessionDate(s.listed)
	if s.delisted < sessions {
		s.info.Delisted = sessionDate(s.delisted)
	}
	for k, b := range s.loads {
		vol := 0.0
		switch {
		case k == mkt || k == coin: // their variance of the day is used
		case k < styleCount:
			vol = styles[k].vol
		case k < dollar:
			vol = profiles[k-firstSector].vol
		default:
			vol = dollarVol
		}
		s.base += float64(float64(b*b) * float64(vol*vol) / sessionsPerYear)
	}
}
