package sim

import (
	"context"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// QuoteBars gives the bid and ask bars that end after start and not after end,
// in time order: what QuoteAt shows, added up, with the sizes of the last
// second. It fails with fault.NotFound for an unknown symbol and with
// fault.Invalid without an end, for resolutions beyond one day, and for more
// than two million bars. Cost: every resolution but the second is made of
// minutes, 0.2 ms a day.
func (m *Market) QuoteBars(ctx context.Context, symbol string, r market.Resolution, start, end time.Time) ([]market.QuoteBar, error) {
	const op = "sim.QuoteBars"
	x, err := m.need(op, symbol)
	if err != nil {
		return nil, err
	}
	if !r.Intraday() && r != market.Daily {
		return nil, fault.E(op, fault.Invalid, "quote bars of %s are not made", r).
			Hinted("Ask for quote bars of a day or shorter.")
	}
	q, err := m.understand(op, x, r, start, end)
	if err != nil || q.from >= q.to {
		return nil, err
	}
	if r == market.Daily {
		q.from = sessionStart(sessionAt(q.from))
	} else if err := q.bound(op); err != nil {
		return nil, err
	}
	q.path = m.daily(x, min(sessionAt(q.to), sessions-1))
	s := x.spec
	out := quoteJoiner{q: q, grid: newGrid(r)}
	var prices [60]int32
	var lots [60]int64
	whole := q
	whole.to += (60 - q.to%60) % 60 // seconds are cut out of whole minutes
	err = m.cells(ctx, whole, market.UnitMinute, func(n int, begin, stop int64, c cell) {
		wide, below := m.spread(s, begin, c)
		if r.Unit != market.UnitSecond {
			out.add(n, begin, stop, c, wide, below)
			return
		}
		seconds(s, begin, c, &prices, &lots)
		for i, p := range prices {
			if t := begin + int64(i); t >= q.from && t < q.to {
				out.add(n, t, t+1, cell{o: p, h: p, l: p, c: p}, wide, below)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	out.flush()
	return out.bars, nil
}

// quoteJoiner puts the quotes of minutes or seconds together.
type quoteJoiner struct {
	q          ask
	grid       *grid
	bars       []market.QuoteBar
	open       bool
	begin, end int64
	bid, ask   cell
}

func (j *quoteJoiner) add(n int, begin, end int64, c cell, wide, below int32) {
	bid := cell{o: c.o - below, h: c.h - below, l: c.l - below, c: c.c - below}
	ask := cell{o: bid.o + wide, h: bid.h + wide, l: bid.l + wide, c: bid.c + wide}
	if j.open && begin < j.end {
		j.bid.join(bid)
		j.ask.join(ask)
		return
	}
	j.flush()
	if j.q.r == market.Daily {
		j.begin, j.end = sessionStart(n), sessionEnd(n)
	} else {
		j.begin, j.end = j.grid.around(begin)
	}
	j.bid, j.ask, j.open = bid, ask, true
}

func (a *cell) join(b cell) {
	a.h, a.l, a.c, a.v = max(a.h, b.h), min(a.l, b.l), b.c, a.v+b.v
}

func (j *quoteJoiner) flush() {
	if !j.open {
		return
	}
	j.open = false
	if j.end > j.q.to {
		return
	}
	begin, end := time.Unix(j.begin, 0).UTC(), time.Unix(j.end, 0).UTC()
	side := func(c cell) market.Bar {
		scale := j.q.x.spec.scale
		return market.Bar{
			Start: begin, End: end, Open: num.New(int64(c.o), scale), High: num.New(int64(c.h), scale),
			Low: num.New(int64(c.l), scale), Close: num.New(int64(c.c), scale),
		}
	}
	b := market.QuoteBar{Start: begin, End: end, Bid: side(j.bid), Ask: side(j.ask)}
	b.BidSize, b.AskSize = j.q.x.spec.sizes(j.end - 1)
	j.bars = append(j.bars, b)
}
