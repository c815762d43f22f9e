package sim

import (
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// joiner puts cells together into the bars of an ask.
type joiner struct {
	q     ask
	grid  *grid
	out   []market.Bar
	open  bool
	begin int64
	end   int64
	sum   wideCell
}

func newJoiner(q ask) *joiner {
	length := int64(q.r.Duration() / time.Second)
	return &joiner{q: q, grid: newGrid(q.r), out: make([]market.Bar, 0, (q.to-q.from)/length+1)}
}

func (j *joiner) add(n int, begin, end int64, c cell) {
	w := j.q.adjusted(n, c)
	if j.q.r.N == 1 {
		j.out = append(j.out, j.q.bar(begin, end, w))
		return
	}
	if !j.open || begin >= j.end {
		j.flush()
		j.begin, j.end = j.grid.around(begin)
		j.sum, j.open = w, true
		return
	}
	j.sum.join(w)
}

func (j *joiner) flush() {
	if j.open && j.end <= j.q.to {
		j.out = append(j.out, j.q.bar(j.begin, j.end, j.sum))
	}
	j.open = false
}

func (j *joiner) bars() []market.Bar {
	j.flush()
	return lastOf(j.out, j.q.last)
}

// wideCell is a cell whose prices may be adjusted ones, in ten-thousandths of a
// tick.
type wideCell struct{ o, h, l, c, v int64 }

func (a *wideCell) join(b wideCell) {
	a.h, a.l, a.c, a.v = max(a.h, b.h), min(a.l, b.l), b.c, a.v+b.v
}

// finer is the parts of a tick that adjusted prices are told in, morePlaces its
// decimals.
const (
	finer      = 10_000
	morePlaces = 4
)

// adjusted brings a cell of session n to today's scale.
func (q *ask) adjusted(n int, c cell) wideCell {
	w := wideCell{int64(c.o) * finer, int64(c.h) * finer, int64(c.l) * finer, int64(c.c) * finer, c.v}
	split, full := q.adjust.of(n)
	if q.mode == market.SplitAdjusted {
		full = split
	}
	if full != 1 {
		for _, p := range [...]*int64{&w.o, &w.h, &w.l, &w.c} {
			*p = nearest(float64(*p) * full)
		}
	}
	if split != 1 {
		w.v = nearest(float64(w.v) / split)
	}
	return w
}

func (q *ask) bar(begin, end int64, w wideCell) market.Bar {
	scale := q.x.spec.scale
	return market.Bar{
		Start: time.Unix(begin, 0).UTC(), End: time.Unix(end, 0).UTC(),
		Open: price(w.o, scale), High: price(w.h, scale), Low: price(w.l, scale), Close: price(w.c, scale),
		Volume: num.New(w.v, q.x.spec.lotScale),
	}
}

// price writes whole ticks with the tick's places.
func price(v int64, scale int) num.Decimal {
	if v%finer == 0 {
		return num.New(v/finer, scale)
	}
	return num.New(v, scale+morePlaces)
}
