package sim

import (
	"context"
	"math"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// liveHour is an hour cut into minutes, with the session up to its beginning.
type liveHour struct {
	begin   int64
	minutes [60]cell
	// open, high, low and volume are of the session before the hour; high is 0
	// where the hour is the session's first.
	open, high, low int32
	volume          int64
	// prior is the close of the session before on the scale of this one, 0 for
	// the first.
	prior int32
}

// liveMinute is a minute cut into seconds, with the session up to each of them.
type liveMinute struct {
	begin           int64
	price           [60]int32
	high, low       [60]int32
	volume          [60]int64
	open, prior     int32
	spread, bidsLow int32
}

// QuoteAt gives the quote of a moment. Last is the price of the second; Open,
// High, Low and Volume are of the session so far, that second included;
// PrevClose is the last session's close, taken over a split. The quote changes
// every second, which is its Time. After a delisting it is halted, with the last
// close. It fails with fault.NotFound for an unknown symbol and before the first
// session, and with fault.Invalid after 2099.
func (m *Market) QuoteAt(_ context.Context, symbol string, when time.Time) (market.Quote, error) {
	const op = "sim.QuoteAt"
	x, err := m.need(op, symbol)
	if err != nil {
		return market.Quote{}, err
	}
	s, now := x.spec, when.Unix()
	begin := now - now%60
	live := x.minute.Load()
	if live == nil || live.begin != begin {
		n := sessionAt(now)
		switch {
		case n < s.listed:
			return market.Quote{}, fault.E(op, fault.NotFound, "%s has no prices before the session of %s", s.info.Symbol, s.info.Listed).
				Hinted("Ask for a later time, or for an instrument that was listed then.")
		case n >= s.delisted && s.delisted < sessions:
			return m.lastQuote(x), nil
		case n >= sessions:
			return market.Quote{}, fault.E(op, fault.Invalid, "the simulated market ends with 2099")
		}
		live = m.liveMinute(x, n, begin)
		x.minute.Store(live)
	}
	i := now - begin
	last := live.price[i]
	bid := last - live.bidsLow
	q := market.Quote{
		Symbol: s.info.Symbol,
		Bid:    num.New(int64(bid), s.scale), Ask: num.New(int64(bid+live.spread), s.scale), Last: num.New(int64(last), s.scale),
		Open: num.New(int64(live.open), s.scale), High: num.New(int64(live.high[i]), s.scale), Low: num.New(int64(live.low[i]), s.scale),
		Volume: num.New(live.volume[i], s.lotScale), PrevClose: num.New(int64(live.prior), s.scale),
		Time: time.Unix(now, 0).UTC(), Feed: market.FeedSimulated, Source: "sim",
	}
	if live.prior == 0 {
		q.PrevClose = num.Zero
	}
	q.BidSize, q.AskSize = s.sizes(now)
	return q, nil
}

// lastQuote is what is left of a delisted share.
func (m *Market) lastQuote(x *slot) market.Quote {
	s := x.spec
	row := m.daily(x, s.delisted-1).at(s.delisted - 1)
	return market.Quote{
		Symbol: s.info.Symbol, Last: num.New(int64(row.c), s.scale), PrevClose: num.New(int64(row.c), s.scale),
		Time: time.Unix(sessionStart(s.delisted), 0).UTC(), Feed: market.FeedSimulated, Source: "sim", Halted: true,
	}
}

func (m *Market) liveMinute(x *slot, n int, begin int64) *liveMinute {
	hourBegin := begin - begin%3600
	hour := x.hour.Load()
	if hour == nil || hour.begin != hourBegin {
		hour = m.liveHour(x, n, hourBegin)
		x.hour.Store(hour)
	}
	k := int(begin-hourBegin) / 60
	high, low, volume := hour.high, hour.low, hour.volume
	if high == 0 {
		low = math.MaxInt32
	}
	for _, c := range hour.minutes[:k] {
		high, low, volume = max(high, c.h), min(low, c.l), volume+c.v
	}
	c := hour.minutes[k]
	out := &liveMinute{begin: begin, open: hour.open, prior: hour.prior}
	out.spread, out.bidsLow = m.spread(x.spec, begin, c)
	var lots [60]int64
	seconds(x.spec, begin, c, &out.price, &lots)
	for i, p := range out.price {
		high, low, volume = max(high, p), min(low, p), volume+lots[i]
		out.high[i], out.low[i], out.volume[i] = high, low, volume
	}
	return out
}

func (m *Market) liveHour(x *slot, n int, begin int64) *liveHour {
	s := x.spec
	p := m.daily(x, n)
	day := p.at(n)
	var buf [maxHours]cell
	first, hours := m.hours(s, n, day, &buf)
	k := int(begin-first) / 3600
	out := &liveHour{begin: begin, open: day.o}
	for i, c := range hours[:k] {
		if i == 0 {
			out.low = c.l
		}
		out.high, out.low, out.volume = max(out.high, c.h), min(out.low, c.l), out.volume+c.v
	}
	m.minutes(s, begin, hours[k], &out.minutes)
	if n > s.listed {
		split := 1.0
		for _, a := range p.acts {
			if a.n == n {
				split, _ = a.factors()
			}
		}
		out.prior = int32(nearest(float64(p.at(n-1).c) * split))
	}
	return out
}

// spread gives how far the ask is above the bid in a minute, and how far the
// bid is below the last price, which lies between them. It widens outside the
// busy hours.
func (m *Market) spread(s *spec, begin int64, c cell) (wide, below int32) {
	shape := m.shapeOf(s)
	weekend, hour := localHour(begin)
	busy := shape.variance[weekend][hour*60+int(begin%3600/60)]
	factor := 1.0
	switch {
	case busy < .03:
		factor = 6
	case busy < .1:
		factor = 4
	case busy < .5:
		factor = 2.5
	}
	r := at(s.secondKey, -begin)
	x := float64(c.o) * s.bps * 2e-4 * factor * (.6 + float64(.8*r.uniform()))
	// The bid stays above zero, whatever the price.
	wide = int32(min(max(nearest(x), 1), int64(c.l)/2))
	return wide, int32(r.below(int(wide) + 1))
}

// sizes gives what is offered in a second, in hundreds of shares, thousands of
// currency or lots of a coin.
func (s *spec) sizes(unix int64) (bid, ask num.Decimal) {
	r := at(s.secondKey, unix<<1|1<<62)
	lots := func() num.Decimal {
		u := r.uniform()
		u *= u
		switch s.info.Class {
		case market.Forex:
			return num.FromInt(100_000 * (1 + int64(u*50)))
		case market.Crypto:
			return num.New(1000+int64(u*s.volume/5e3), s.lotScale)
		}
		return num.FromInt(100 * (1 + int64(u*min(s.volume/4e5, 60))))
	}
	return lots(), lots()
}
