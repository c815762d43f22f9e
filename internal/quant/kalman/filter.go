package kalman

import (
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

func newResult(n, from int) *Result {
	const fields = 13
	flat := make([]float64, fields*n)
	next := func() []float64 {
		x := flat[:n:n]
		flat = flat[n:]
		for i := range from {
			x[i] = math.NaN()
		}
		return x
	}
	return &Result{
		Beta: next(), Alpha: next(), BetaSD: next(), AlphaSD: next(), Low: next(), High: next(), AlphaLow: next(), AlphaHigh: next(),
		Error: next(), Q: next(), Z: next(), DOF: next(), S: next(), From: from,
	}
}

// discount filters and adds up the log densities; out may be nil.
func discount(y, x []float64, delta, deltaV float64, prior *Prior, out *Result) float64 {
	b, a := prior.Mean[0], prior.Mean[1]
	c00, c01, c11 := prior.Covariance[0][0], prior.Covariance[0][1], prior.Covariance[1][1]
	dof, s := prior.DOF, prior.Variance
	d := dof * s
	grow := 1 / delta
	var sum float64
	density := newStudent()
	scale := product{of: 1}
	for t, v := range y {
		if t > 0 {
			c00, c01, c11 = c00*grow, c01*grow, c11*grow
			dof *= deltaV
			d *= deltaV
		}
		u := x[t]
		r0, r1 := c00*u+c01, c01*u+c11 // RF
		q := r0*u + r1 + s
		e := v - b*u - a
		scaled := e * e / q
		sum += density.log(scaled, dof)
		scale.times(q)
		g0, g1 := r0/q, r1/q
		if out != nil {
			i := t + out.From
			out.Error[i], out.Q[i], out.Z[i], out.DOF[i] = e, q, e/math.Sqrt(q), dof
		}
		dof++
		d += s * scaled
		next := d / dof
		k := next / s
		s = next
		b += g0 * e
		a += g1 * e
		c00, c01, c11 = k*(c00-g0*r0), k*(c01-g0*r1), k*(c11-g1*r1)
		if out != nil {
			i := t + out.From
			out.Beta[i], out.Alpha[i], out.S[i] = b, a, s
			out.BetaSD[i], out.AlphaSD[i] = math.Sqrt(c00), math.Sqrt(c11)
		}
	}
	if out != nil {
		out.Covariance = [2][2]float64{{c00, c01}, {c01, c11}}
		out.DOFLast = dof
	}
	return sum - 0.5*scale.log()
}

// product is one of many positive numbers whose logarithm is wanted: one logarithm
// for many of them.
type product struct{ of, logs float64 }

func (p *product) times(v float64) {
	const small = 1e-100
	if next := p.of * v; next > small && next < 1/small {
		p.of = next
		return
	}
	p.logs += math.Log(p.of) + math.Log(v)
	p.of = 1
}

func (p *product) log() float64 { return p.logs + math.Log(p.of) }

// student is the log density of Student's t, with what depends on the degrees of
// freedom alone kept from bar to bar: they grow by one, so that the ratio of gamma
// functions follows from the one before last.
type student struct {
	dof    float64
	offset float64
}

func newStudent() *student { return &student{dof: math.NaN()} }

// log takes the square of the argument.
func (s *student) log(square, dof float64) float64 {
	if dof != s.dof {
		s.dof = dof
		if dof > 1e3 { // the ratio's asymptotic series: its next term is below 1e-17
			s.offset = -1/(4*dof) + 1/(24*dof*dof*dof) - 1/(20*dof*dof*dof*dof*dof) - 0.5*math.Log(2*math.Pi)
		} else {
			a, _ := math.Lgamma((dof + 1) / 2)
			b, _ := math.Lgamma(dof / 2)
			s.offset = a - b - 0.5*math.Log(dof*math.Pi)
		}
	}
	x := square / dof
	if x < 1e-3 { // the next term is below 2e-16 of the first
		x *= 1 - x*(1./2-x*(1./3-x*(1./4-x/5)))
	} else {
		x = math.Log1p(x)
	}
	return s.offset - (dof+1)/2*x
}

// walk filters with fixed variances, Joseph's form, and adds up the log densities;
// out may be nil.
func walk(y, x []float64, q [2]float64, noise float64, prior *Prior, out *Result) float64 {
	b, a := prior.Mean[0], prior.Mean[1]
	c00, c01, c11 := prior.Covariance[0][0], prior.Covariance[0][1], prior.Covariance[1][1]
	var sum float64
	for t, v := range y {
		if t > 0 {
			c00 += q[0]
			c11 += q[1]
		}
		u := x[t]
		r0, r1 := c00*u+c01, c01*u+c11
		s := r0*u + r1 + noise
		e := v - b*u - a
		g0, g1 := r0/s, r1/s
		b += g0 * e
		a += g1 * e
		// (I-gF') C (I-gF')' + g noise g'
		i00, i01, i10, i11 := 1-g0*u, -g0, -g1*u, 1-g1
		h00, h01 := i00*c00+i01*c01, i00*c01+i01*c11
		h10, h11 := i10*c00+i11*c01, i10*c01+i11*c11
		c00, c01, c11 = h00*i00+h01*i01+noise*g0*g0, h00*i10+h01*i11+noise*g0*g1, h10*i10+h11*i11+noise*g1*g1
		sum -= 0.5 * (math.Log(2*math.Pi*s) + e*e/s)
		if out != nil {
			i := t + out.From
			out.Error[i], out.Q[i], out.Z[i] = e, s, e/math.Sqrt(s)
			out.Beta[i], out.Alpha[i], out.S[i], out.DOF[i] = b, a, noise, math.Inf(1)
			out.BetaSD[i], out.AlphaSD[i] = math.Sqrt(c00), math.Sqrt(c11)
		}
	}
	if out != nil {
		out.Covariance = [2][2]float64{{c00, c01}, {c01, c11}}
		out.DOFLast = math.Inf(1)
	}
	return sum
}

// maximise finds the variances of greatest likelihood, one for both parts of the
// state, by Nelder and Mead's search over their logarithms.
func (p *Params) maximise(y, x []float64, prior *Prior) error {
	noise := p.ObsVar
	if noise == 0 {
		noise = regress.Fit(y, x, regress.Trend(len(y), 0)).Variance()
	}
	state := p.StateVar[0]
	if state == 0 {
		state = noise * 1e-3
	}
	if !(noise > 0) {
		return quant.Bad("kalman.Hedge", "obs_var", noise, "above zero")
	}
	problem := optimize.Problem{Func: func(v []float64) float64 {
		q := math.Exp(v[0])
		l := walk(y, x, [2]float64{q, q}, math.Exp(v[1]), prior, nil)
		if math.IsNaN(l) {
			return math.Inf(1)
		}
		return -l
	}}
	settings := &optimize.Settings{MajorIterations: 2000, Converger: &optimize.FunctionConverge{Absolute: 1e-9, Relative: 1e-12, Iterations: 60}}
	r, err := optimize.Minimize(problem, []float64{math.Log(state), math.Log(noise)}, settings, &optimize.NelderMead{})
	if err != nil || math.IsInf(r.F, 0) {
		return fault.Wrap("kalman.Hedge", fault.NotConverged, err, "the likelihood has no maximum that the search could find")
	}
	q := math.Exp(r.X[0])
	p.StateVar, p.ObsVar = [2]float64{q, q}, math.Exp(r.X[1])
	return nil
}

// bound adds the 95 % intervals.
func (r *Result) bound(mode Mode) {
	width := distuv.UnitNormal.Quantile(0.975)
	at := math.NaN()
	for i := r.From; i < len(r.Beta); i++ {
		if dof := r.DOF[i] + 1; mode == Discount && dof != at {
			at, width = dof, studentPoint(dof)
		}
		r.Low[i], r.High[i] = r.Beta[i]-width*r.BetaSD[i], r.Beta[i]+width*r.BetaSD[i]
		r.AlphaLow[i], r.AlphaHigh[i] = r.Alpha[i]-width*r.AlphaSD[i], r.Alpha[i]+width*r.AlphaSD[i]
	}
}

// studentPoint is the 97.5 % point of Student's t: from 20 degrees of freedom on by
// Fisher and Cornish's expansion, with one step of Newton's below 100.
func studentPoint(dof float64) float64 {
	if dof < 20 {
		return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: dof}.Quantile(0.975)
	}
	x := expansion(dof)
	if dof < 100 {
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: dof}
		x += (t.Survival(x) - 0.025) / t.Prob(x)
	}
	return x
}

// expansion is studentPoint with an error of the order of dof⁻⁵.
func expansion(dof float64) float64 {
	const z = 1.959963984540054
	const (
		z3 = z * z * z
		z5 = z3 * z * z
		z7 = z5 * z * z
		z9 = z7 * z * z
		g1 = (z3 + z) / 4
		g2 = (5*z5 + 16*z3 + 3*z) / 96
		g3 = (3*z7 + 19*z5 + 17*z3 - 15*z) / 384
		g4 = (79*z9 + 776*z7 + 1482*z5 - 1920*z3 - 945*z) / 92160
	)
	u := 1 / dof
	return z + u*(g1+u*(g2+u*(g3+u*g4)))
}

// rescale makes Z the distance of an error from the mean of the last so many, the
// bar's own among them, in standard deviations.
func (r *Result) rescale(lookback int) {
	for i := range r.Z {
		r.Z[i] = math.NaN()
		if from := i - lookback + 1; from >= r.From {
			w := r.Error[from : i+1]
			if !quant.Constant(w) {
				r.Z[i] = (r.Error[i] - quant.Mean(w)) / quant.SD(w)
			}
		}
	}
}
