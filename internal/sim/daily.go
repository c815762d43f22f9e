package sim

import "math"

// generator draws an instrument's sessions one after another.
type generator struct {
	spec   *spec
	leader *generator // its own copy of the X of a pair
	price  float64    // unrounded close of the last session
	ratio  float64    // own variance over its mean
	spread float64    // of a pair, in logarithms
	grown  float64    // shares now for one at the beginning
	close  int32      // published close of the last session, in ticks
}

func newGenerator(s *spec) *generator {
	g := &generator{spec: s, price: s.price, ratio: 1, grown: 1}
	if s.leader != nil {
		g.leader = newGenerator(s.leader)
	}
	return g
}

// follow makes s the Y of a pair: its return is its leader's times the slope
// and the step of the spread.
func (s *spec) follow(x *spec, p Pair) {
	s.leader, s.link = x, p
	s.altKey = x.altKey
	for k, b := range x.loads {
		s.loads[k] = b * p.Beta
	}
	// The steps of an AR(1) whose stationary deviation is SpreadSD.
	s.noise = p.SpreadSD * math.Sqrt((1-float64(p.Phi*p.Phi))*sessionsPerYear)
}

// change draws the simple return of session n and the variance that was to be
// expected of it. It must be called for each session in turn.
func (g *generator) change(n int, f *factorRow, r *rng) (x, variance float64) {
	s := g.spec
	z := r.fat()
	if g.leader != nil {
		lr := at(s.leader.dayKey, int64(n))
		lead, v := g.leader.change(n, f, &lr)
		before := g.spread
		step := float64(s.noise / math.Sqrt(sessionsPerYear) * z)
		g.spread = float64(s.link.Phi*before) + step
		x = exp(float64(s.link.Beta*ln(1+lead))+(g.spread-before)) - 1
		own := s.noise * s.noise / sessionsPerYear
		return clamp(x, -.5, .8), float64(s.link.Beta*s.link.Beta*v) + own
	}
	own := float64(s.noise * s.noise / sessionsPerYear * g.ratio)
	shock := float64(math.Sqrt(own) * z)
	g.ratio = garch(g.ratio, z)
	variance = s.base + own + float64(s.loads[mkt]*s.loads[mkt]*f.variance) + float64(s.loads[coin]*s.loads[coin]*f.coinVariance)
	if s.trend != nil {
		x = shock + float64(s.loads[dollar]*f.f[dollar]) + float64(s.loads[coin]*f.f[coin])
		x += float64(s.trend.revert / sessionsPerYear * (s.trend.target(n) - ln(g.price)))
		return exp(clamp(x, -.35, .35)) - 1, variance
	}
	x = f.rf + shock
	for k, b := range s.loads[:published] {
		x += float64(b * f.f[k])
	}
	if s.sector != noSector {
		x += float64(AltCoefficient * s.surprise(n/5-1))
	}
	return clamp(x, -.45, .6), variance
}

// target is the logarithm of the trend; it halves its distance to where it
// settles about every seven years.
func (p *pair) target(n int) float64 {
	const years = 10
	end := ln(p.settles)
	return end - float64((end-ln(p.start))*exp(-float64(n)/(years*sessionsPerYear)))
}

// step draws session n, which must be the one after the last, with the action
// that precedes it.
func (g *generator) step(n int, f *factorRow) (cell, action) {
	s := g.spec
	r := at(s.dayKey, int64(n))
	x, variance := g.change(n, f, &r)
	act := g.act(n)
	begin := act.apply(g.price, s)
	g.grown *= act.growth()
	end := max(begin*(1+x), minTicks*s.tick)
	g.price = end
	// High and low are drawn as those of a Brownian bridge; the price goes on
	// from the last close, save for one second's move.
	deviation := float64(begin * math.Sqrt(variance))
	open := begin + float64(.02*deviation*r.rough())
	gap2, noise2 := float64((end-begin)*(end-begin)), float64(2*deviation*deviation)
	high := (begin + end + math.Sqrt(gap2-float64(noise2*ln(r.uniform())))) / 2
	low := (begin + end - math.Sqrt(gap2-float64(noise2*ln(r.uniform())))) / 2
	low = max(low, .5*min(begin, end))
	var out cell
	out.o, out.c = s.ticks(open), s.ticks(end)
	out.h, out.l = max(s.ticks(high), out.o, out.c), min(s.ticks(low), out.o, out.c)
	surprise := min(math.Abs(x)/math.Sqrt(variance), 4)
	out.v = nearest(s.volume * g.grown * exp(float64(.3*r.rough())+float64(.25*(surprise-.8))))
	g.close = out.c
	return out, act
}

// minTicks is the least a price can be: below it a spread has no room.
const minTicks = 20

func (s *spec) ticks(price float64) int32 {
	return int32(nearest(clamp(price*s.units, minTicks, math.MaxInt32-1)))
}
