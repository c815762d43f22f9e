package solve

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

// step takes one predictor-corrector step; false where no step is possible.
func (s *state) step(ctx context.Context) (bool, error) {
	if err := s.normal(ctx); err != nil {
		return false, err
	}
	pairs := 0
	for i := range s.n {
		if s.hasLower[i] {
			pairs++
		}
		if s.hasUpp[i] {
			pairs++
		}
	}
	pairs += s.m + s.m - s.hard
	if pairs == 0 { // only equations: one Newton step is the answer
		s.direction(refinements)
		floats.Add(s.x, s.dx)
		floats.Add(s.nu, s.dnu)
		return true, nil
	}
	mu := s.complementarity(0, 0) / float64(pairs)
	s.targets(0, false)
	s.direction(1)
	ap, ad := s.longest()
	after := s.complementarity(ap, ad) / float64(pairs)
	sigma := math.Pow(after/mu, 3)
	if s.gap < waiting && s.residual > tolerance/10 { // let the residuals catch up
		sigma = 1
	}
	s.targets(sigma*mu, true)
	s.direction(refinements)
	ap, ad = s.longest()
	// Far from the optimum a step to the boundary spoils the next ones.
	back := min(max(1-s.gap, .9), toBoundary)
	if s.careful {
		back = .9
	}
	ap, ad = min(1, back*ap), min(1, back*ad)
	if s.q != nil { // the dual residual mixes both steps
		ap = min(ap, ad)
		ad = ap
	}
	if !(ap > 1e-10 && ad > 1e-10) {
		return false, nil
	}
	floats.AddScaled(s.x, ap, s.dx)
	floats.AddScaled(s.t, ap, s.dt)
	floats.AddScaled(s.u[s.hard:], ap, s.du[s.hard:])
	floats.AddScaled(s.nu, ad, s.dnu)
	floats.AddScaled(s.y, ad, s.dy)
	floats.AddScaled(s.v[s.hard:], -ad, s.dy[s.hard:])
	floats.AddScaled(s.zl, ad, s.dzl)
	floats.AddScaled(s.zu, ad, s.dzu)
	return true, nil
}

// targets sets what each complementarity product must change by: to mu, less the
// second-order term of the predictor where there was one.
func (s *state) targets(mu float64, corrected bool) {
	for i := range s.n {
		if s.hasLower[i] {
			c := mu - (s.x[i]-s.p.Lower[i])*s.zl[i]
			if corrected {
				c -= s.dx[i] * s.dzl[i]
			}
			s.cl[i] = c
		}
		if s.hasUpp[i] {
			c := mu - (s.p.Upper[i]-s.x[i])*s.zu[i]
			if corrected {
				c += s.dx[i] * s.dzu[i]
			}
			s.cu[i] = c
		}
	}
	for k := range s.m {
		c := mu - s.t[k]*s.y[k]
		if corrected {
			c -= s.dt[k] * s.dy[k]
		}
		s.ct[k] = c
		if k < s.hard {
			continue
		}
		c = mu - s.u[k]*s.v[k]
		if corrected {
			c += s.du[k] * s.dy[k]
		}
		s.ch[k] = c
	}
}

// direction solves for the step towards the targets, the equations as often as told.
func (s *state) direction(passes int) {
	for k := range s.m {
		q := s.rr[k] + s.ct[k]/s.y[k]
		if k >= s.hard {
			q -= s.ch[k] / s.v[k]
		}
		s.qq[k] = q
		s.dy[k] = s.theta[k] * q
	}
	for i := range s.n {
		g := -s.rd[i]
		if s.m > 0 {
			g -= floats.Dot(s.cols[i], s.dy)
		}
		if s.hasLower[i] {
			g += s.cl[i] / (s.x[i] - s.p.Lower[i])
		}
		if s.hasUpp[i] {
			g -= s.cu[i] / (s.p.Upper[i] - s.x[i])
		}
		s.g[i] = g
	}
	s.newton(passes)
	for i := range s.n {
		if s.hasLower[i] {
			s.dzl[i] = (s.cl[i] - s.zl[i]*s.dx[i]) / (s.x[i] - s.p.Lower[i])
		}
		if s.hasUpp[i] {
			s.dzu[i] = (s.cu[i] + s.zu[i]*s.dx[i]) / (s.p.Upper[i] - s.x[i])
		}
	}
	for k, r := range s.rows(s.dx) {
		s.dy[k] = s.theta[k] * (r + s.qq[k])
		s.dt[k] = (s.ct[k] - s.t[k]*s.dy[k]) / s.y[k]
		if k >= s.hard {
			s.du[k] = (s.ch[k] + s.u[k]*s.dy[k]) / s.v[k]
		}
	}
}

const (
	// refinements and refined bound the corrections of one direction.
	refinements = 5
	refined     = 1e-11
)

// newton solves H dx + A'dnu = g, A dx = -rp with the factors, and corrects by what the
// equations themselves leave: the factored matrix lost the small terms beside the large
// ones, the terms applied one after the other keep them.
func (s *state) newton(passes int) {
	clear(s.dx)
	clear(s.dnu)
	copy(s.r1, s.g)
	for k, r := range s.rp {
		s.r2[k] = -r
	}
	last := math.Inf(1)
	enough := max(refined, 1e-3*max(norm(s.rd), norm(s.rp)))
	for pass := range passes {
		for k, a := range s.eq {
			floats.AddScaled(s.r1, s.rho*s.r2[k], a)
		}
		s.kkt.Solve(s.r1)
		for k, a := range s.eq {
			s.r2[k] = floats.Dot(a, s.r1) - s.r2[k]
		}
		s.schur.Solve(s.r2)
		for k := range s.eq {
			floats.AddScaled(s.r1, -s.r2[k], s.hinvA[k])
		}
		copy(s.lastX, s.dx)
		copy(s.lastNu, s.dnu)
		floats.Add(s.dx, s.r1)
		floats.Add(s.dnu, s.r2)
		if pass == passes-1 {
			return
		}
		left := s.leave()
		if !(left < last) {
			copy(s.dx, s.lastX)
			copy(s.dnu, s.lastNu)
			return
		}
		if left <= enough || left > .5*last {
			return
		}
		last = left
	}
}

// leave sets r1, r2 to what the direction leaves of the equations, and returns the
// largest element.
func (s *state) leave() float64 {
	copy(s.r1, s.g)
	for i := range s.n {
		if s.q != nil {
			s.r1[i] -= floats.Dot(s.q[i], s.dx)
		}
		s.r1[i] -= s.diagonal[i] * s.dx[i]
	}
	if s.m > 0 {
		rows := s.rows(s.dx)
		floats.Mul(rows, s.theta)
		for i, c := range s.cols {
			s.r1[i] -= floats.Dot(c, rows)
		}
	}
	for k, a := range s.eq {
		floats.AddScaled(s.r1, -s.dnu[k], a)
		s.r2[k] = -s.rp[k] - floats.Dot(a, s.dx)
	}
	return max(norm(s.r1), norm(s.r2))
}

// longest are the steps, primal and dual, that reach the first bound; at most one
// over toBoundary, so that a full step stays possible.
func (s *state) longest() (primal, dual float64) {
	primal, dual = 1/toBoundary, 1/toBoundary
	reach := func(a *float64, value, change float64) {
		if change < 0 {
			*a = min(*a, -value/change)
		}
	}
	for i := range s.n {
		if s.hasLower[i] {
			reach(&primal, s.x[i]-s.p.Lower[i], s.dx[i])
			reach(&dual, s.zl[i], s.dzl[i])
		}
		if s.hasUpp[i] {
			reach(&primal, s.p.Upper[i]-s.x[i], -s.dx[i])
			reach(&dual, s.zu[i], s.dzu[i])
		}
	}
	for k := range s.m {
		reach(&primal, s.t[k], s.dt[k])
		reach(&dual, s.y[k], s.dy[k])
		if k >= s.hard {
			reach(&primal, s.u[k], s.du[k])
			reach(&dual, s.v[k], -s.dy[k])
		}
	}
	return primal, dual
}

// complementarity is the sum of all products after a step of these lengths.
func (s *state) complementarity(ap, ad float64) float64 {
	ap, ad = min(ap, 1), min(ad, 1)
	var sum float64
	for i := range s.n {
		if s.hasLower[i] {
			sum += (s.x[i] + ap*s.dx[i] - s.p.Lower[i]) * (s.zl[i] + ad*s.dzl[i])
		}
		if s.hasUpp[i] {
			sum += (s.p.Upper[i] - s.x[i] - ap*s.dx[i]) * (s.zu[i] + ad*s.dzu[i])
		}
	}
	for k := range s.m {
		sum += (s.t[k] + ap*s.dt[k]) * (s.y[k] + ad*s.dy[k])
		if k >= s.hard {
			sum += (s.u[k] + ap*s.du[k]) * (s.v[k] - ad*s.dy[k])
		}
	}
	return sum
}
