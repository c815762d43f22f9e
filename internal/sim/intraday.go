package sim

import "math"

// cell is a bar in ticks and lots.
type cell struct {
	o, h, l, c int32
	v          int64
}

// maxHours is the longest session: Monday's when the clocks go back.
const maxHours = 73

// gapShare is what part of a child's variance lies between its close and the
// next one's open: one second's of a minute, roughly.
const gapShare = 1. / 40

// variance estimates the variance of the Brownian path behind a cell from its
// range and its move, after Garman and Klass (1980): a range that the move
// explains says little of the noise.
func (c cell) variance() float64 {
	span, move := float64(c.h-c.l), float64(c.c-c.o)
	return float64(.5*span*span) - float64((2*ln2-1)*move*move)
}

// carve divides a cell into as many as there are weights, whose first open,
// last close, highest high, lowest low and volumes' sum are exactly the cell's.
//
// A walk with the weights' variances is bent to end at the close, each child's
// high and low are drawn as those of a bridge, and what lies beyond the open
// and the close is stretched to the cell's own high and low, so the ends stay.
func carve(p cell, variance, volume []float64, r rng, out []cell) {
	k := len(out)
	parts(p.v, volume, &r, func(i int, v int64) { out[i].v = v })
	if p.h == p.l {
		for i := range out {
			out[i].o, out[i].h, out[i].l, out[i].c = p.o, p.o, p.o, p.o
		}
		return
	}
	total := 0.0
	for _, w := range variance {
		total += w
	}
	unit := p.variance() / total // variance for a weight of one

	// First the walk. Until it is bent, low and high hold the clock, in weights,
	// at each child's open and close.
	var open, end, high, low [maxHours]float64
	walk, clock := 0.0, 0.0
	for i, w := range variance {
		sd := math.Sqrt(float64(unit * w))
		if i > 0 {
			walk += float64(sd * math.Sqrt(gapShare) * r.rough())
			clock += float64(w * gapShare)
		}
		open[i] = walk
		low[i] = clock
		walk += float64(sd * r.rough())
		clock += w
		end[i] = walk
		high[i] = clock
	}
	bend := (float64(p.c-p.o) - walk) / clock
	start := float64(p.o)
	top, bottom := math.Inf(-1), math.Inf(1)
	topAt, bottomAt := 0, 0
	for i, w := range variance {
		a := start + open[i] + float64(bend*low[i])
		b := start + end[i] + float64(bend*high[i])
		gap2, noise2 := float64((b-a)*(b-a)), float64(2*unit*w)
		h := (a + b + math.Sqrt(gap2-float64(noise2*ln(r.uniform())))) / 2
		l := (a + b - math.Sqrt(gap2-float64(noise2*ln(r.uniform())))) / 2
		open[i], end[i], high[i], low[i] = a, b, h, l
		if h > top {
			top, topAt = h, i
		}
		if l < bottom {
			bottom, bottomAt = l, i
		}
	}
	fit := newStretch(p, top, bottom)
	for i := range out {
		o, c := fit.ticks(open[i]), fit.ticks(end[i])
		if i == 0 {
			o = p.o
		}
		if i == k-1 {
			c = p.c
		}
		out[i].o, out[i].c = o, c
		out[i].h, out[i].l = max(fit.ticks(high[i]), o, c), min(fit.ticks(low[i]), o, c)
	}
	out[topAt].h, out[bottomAt].l = p.h, p.l
}

// stretch maps a path onto a cell: between open and close nothing moves, above
// and below is scaled to reach the high and the low.
type stretch struct {
	upper, lower, up, down float64
	high, low              int32
}

func newStretch(p cell, top, bottom float64) stretch {
	s := stretch{upper: float64(max(p.o, p.c)), lower: float64(min(p.o, p.c)), high: p.h, low: p.l}
	if top > s.upper {
		s.up = (float64(p.h) - s.upper) / (top - s.upper)
	}
	if bottom < s.lower {
		s.down = (s.lower - float64(p.l)) / (s.lower - bottom)
	}
	return s
}

func (s *stretch) ticks(x float64) int32 {
	switch {
	case x > s.upper:
		x = s.upper + float64((x-s.upper)*s.up)
	case x < s.lower:
		x = s.lower - float64((s.lower-x)*s.down)
	}
	return min(max(int32(math.Floor(x+.5)), s.low), s.high)
}

// parts divides a volume by noisy weights into whole lots that add up to it.
func parts(v int64, weights []float64, r *rng, put func(i int, v int64)) {
	var noisy [maxHours]float64
	total := 0.0
	for i, w := range weights {
		noisy[i] = float64(w * (.5 + r.uniform()))
		total += noisy[i]
	}
	sum, given := 0.0, int64(0)
	for i := range weights {
		sum += noisy[i]
		upTo := int64(float64(v) * (sum / total))
		if i == len(weights)-1 {
			upTo = v
		}
		put(i, upTo-given)
		given = upTo
	}
}

// hours gives the hours of session n into buf and where it begins.
func (m *Market) hours(s *spec, n int, day cell, buf *[maxHours]cell) (begin int64, out []cell) {
	begin = sessionStart(n)
	k := int((sessionEnd(n) - begin) / 3600)
	var variance, volume [maxHours]float64
	shape := m.shapeOf(s)
	weekend, hour := localHour(begin)
	for i := range k {
		// The wall clock is asked again where it may have jumped.
		if k > 24 || hour == 24 {
			weekend, hour = localHour(begin + int64(i)*3600)
		}
		variance[i], volume[i] = shape.hourVariance[weekend][hour], shape.hourVolume[weekend][hour]
		hour++
	}
	carve(day, variance[:k], volume[:k], at(s.hourKey, int64(n)), buf[:k])
	return begin, buf[:k]
}

// minutes gives the minutes of the hour that begins at an instant.
func (m *Market) minutes(s *spec, begin int64, hour cell, out *[60]cell) {
	shape := m.shapeOf(s)
	weekend, h := localHour(begin)
	carve(hour, shape.variance[weekend][h*60:h*60+60], shape.volume[weekend][h*60:h*60+60], at(s.minuteKey, begin/3600), out[:])
}

// even is weights that are all the same; it is never assigned to.
var even = func() (w [60]float64) {
	for i := range w {
		w[i] = 1
	}
	return w
}()

// seconds gives the one price of each second of a minute and its volume.
func seconds(s *spec, begin int64, p cell, price *[60]int32, volume *[60]int64) {
	r := at(s.secondKey, begin/60)
	parts(p.v, even[:], &r, func(i int, v int64) { volume[i] = v })
	if p.h == p.l {
		for i := range price {
			price[i] = p.o
		}
		return
	}
	var walk [60]float64
	sd := math.Sqrt(p.variance() / 59)
	for i := 1; i < 60; i++ {
		walk[i] = walk[i-1] + float64(sd*r.rough())
	}
	bend := (float64(p.c-p.o) - walk[59]) / 59
	top, bottom := math.Inf(-1), math.Inf(1)
	topAt, bottomAt := 1, 2
	for i := range walk {
		walk[i] += float64(p.o) + float64(bend*float64(i))
		if i == 0 || i == 59 {
			continue
		}
		if walk[i] > top {
			top, topAt = walk[i], i
		}
		if walk[i] < bottom {
			bottom, bottomAt = walk[i], i
		}
	}
	fit := newStretch(p, top, bottom)
	for i := range price {
		price[i] = fit.ticks(walk[i])
	}
	price[0], price[59] = p.o, p.c
	// 58 numbers that are not all alike have their ends in different places;
	// rounding may make them alike, the walk's places stay.
	price[topAt], price[bottomAt] = p.h, p.l
}
