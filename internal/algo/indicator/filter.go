package indicator

import (
	"errors"
	"math"
)

var (
	hilbertSpec = spec("HilbertTransform", Point,
		"length:int=7 in_phase_multiplication_factor:float=0.635 quadrature_multiplication_factor:float=0.338",
		"Hilbert({length}, {in_phase_multiplication_factor}, {quadrature_multiplication_factor})", "in_phase quadrature",
		func(name string, a args) (node, error) { return newHilbert(name, a) },
		help("ht", "length:int in_phase_multiplication_factor:float quadrature_multiplication_factor:float",
			"HT({length}, {in_phase_multiplication_factor}, {quadrature_multiplication_factor})"))
	mamaSpec = spec("MesaAdaptiveMovingAverage", Bar, "fast_limit:float=0.5 slow_limit:float=0.05", "MAMA", "fama",
		func(name string, a args) (node, error) { return newMAMA(name, a.float(0), a.float(1)), nil },
		same("mama", "MAMA({fast_limit},{slow_limit})"))
	swissSpec = spec("SwissArmyKnife", Point, "period:int delta:float tool:SwissArmyKnifeTool", "Swiss({period},{delta},{tool})",
		"gauss butter high_pass two_pole_high_pass band_pass",
		func(name string, a args) (node, error) { return newSwiss(name, a), nil },
		same("swiss", "SWISS({period},{delta},{tool})"))
)

// hilbert splits a series into its in-phase and its quadrature component.
type hilbert struct {
	base
	n                    int
	inFactor, quadFactor float64
	lag, late2, late4    *delay
	inLate, quadLate     *delay
	inPhase, quadrature  *identity
	detrended            float64
}

func newHilbert(name string, a args) (*hilbert, error) {
	n := a.int(0)
	if n < 1 {
		return nil, errors.New("the length must be at least 1")
	}
	x := &hilbert{n: n, inFactor: a.float(1), quadFactor: a.float(2), lag: newDelay(name+"_prev", n),
		late2: newDelay("", 1), late4: newDelay("", 3), inLate: newDelay("", 2), quadLate: newDelay("", 1)}
	x.init(x, name, Point, n+2)
	x.inPhase = newOutput(name+"_inPhase", func() bool { return x.samples > n+2 })
	x.quadrature = newOutput(name+"_quad", func() bool { return x.samples > n })
	x.part("in_phase", x.inPhase)
	x.part("quadrature", x.quadrature)
	return x, nil
}

// settled is the value of a delay once it has one a whole period old.
func settled(d *delay) float64 {
	if d.Ready() {
		return d.value
	}
	return 0
}

func (x *hilbert) compute(in *Input) (float64, bool) {
	if x.lag.push(in.End, in.Value) {
		x.detrended = in.Value - x.lag.value
		x.late2.push(in.End, x.detrended)
		x.late4.push(in.End, x.detrended)
	}
	inPhase, quad := 0.0, 0.0
	if x.inPhase.Ready() {
		inPhase = 1.25*(settled(x.late4)-settled(x.late2)*x.inFactor) + settled(x.inLate)*x.inFactor
	}
	x.inPhase.push(in.End, inPhase)
	if x.inPhase.Ready() {
		x.inLate.push(in.End, inPhase)
	}
	if x.quadrature.Ready() {
		quad = settled(x.late2) - x.detrended*x.quadFactor + settled(x.quadLate)*x.quadFactor
	}
	x.quadrature.push(in.End, quad)
	if x.quadrature.Ready() {
		x.quadLate.push(in.End, quad)
	}
	return in.Value, true
}

func (x *hilbert) clear() {
	x.detrended = 0
	resetAll(x.lag, x.late2, x.late4, x.inLate, x.quadLate, x.inPhase, x.quadrature)
}

// mama adapts to the cycle that its own Hilbert transform measures; fama follows it.
type mama struct {
	base
	fast, slow                      float64
	price, smooth, detrend, in, qua ring
	fama                            *identity
	last                            mamaState
}

// mamaState is what a sample leaves to the next one.
type mamaState struct {
	period, smoothPeriod, phase, mama float64
	inPhase, quadrature, real, imag   float64
}

func newMAMA(name string, fast, slow float64) *mama {
	x := &mama{fast: fast, slow: slow, price: newRing(13), smooth: newRing(6), detrend: newRing(6), in: newRing(6), qua: newRing(6),
		fama: newIdentity(name + "_Fama")}
	x.init(x, name, Bar, 33)
	x.part("fama", x.fama)
	return x
}

// kernel is Ehlers' four-tap filter of a value and the ones 2, 4 and 6 steps before it.
func kernel(now float64, past *ring) float64 {
	const small, large = 0.0962, 0.5769
	return small*now + large*past.at(1) - large*past.at(3) - small*past.at(5)
}

func (x *mama) compute(in *Input) (float64, bool) {
	x.price.add((in.High + in.Low) / 2)
	if !x.price.full() {
		return 0, true
	}
	p, last := &x.price, &x.last
	scale := 0.075*last.period + 0.54
	smooth := (4*p.at(0) + 3*p.at(1) + 2*p.at(2) + p.at(3)) / 10
	detrend := kernel(smooth, &x.smooth) * scale
	quad := kernel(detrend, &x.detrend) * scale
	phase := x.detrend.at(2)
	phase2 := phase - kernel(quad, &x.qua)*scale
	quad2 := quad + kernel(phase, &x.in)*scale
	phase2 = 0.2*phase2 + 0.8*last.inPhase
	quad2 = 0.2*quad2 + 0.8*last.quadrature
	alpha := x.alpha(phase, quad, phase2, quad2)
	last.mama = alpha*p.at(0) + (1-alpha)*last.mama
	fama := 0.5*alpha*last.mama + (1-0.5*alpha)*x.fama.value
	x.smooth.add(smooth)
	x.detrend.add(detrend)
	x.in.add(phase)
	x.qua.add(quad)
	x.fama.push(in.End, fama)
	if !x.Ready() {
		return 0, true
	}
	return last.mama, true
}

// alpha measures the period of the cycle and from the speed of its phase sets the smoothing.
func (x *mama) alpha(phase, quad, phase2, quad2 float64) float64 {
	const degrees = 180 / math.Pi
	last := &x.last
	re := 0.2*(phase2*last.inPhase+quad2*last.quadrature) + 0.8*last.real
	im := 0.2*(phase2*last.quadrature-quad2*last.inPhase) + 0.8*last.imag
	period := 0.0
	if im != 0 && re != 0 {
		if angle := math.Atan(im/re) * degrees; angle > 0 {
			period = 360 / angle
		}
	}
	period = max(min(period, 1.5*last.period), 0.67*last.period)
	period = min(max(period, 6), 50)
	period = 0.2*period + 0.8*last.period
	now := 0.0
	if phase != 0 {
		now = math.Atan(quad/phase) * degrees
	}
	alpha := max(x.slow, x.fast/max(1, last.phase-now))
	last.inPhase, last.quadrature, last.real, last.imag = phase2, quad2, re, im
	last.smoothPeriod = 0.33*period + 0.67*last.smoothPeriod
	last.period, last.phase = period, now
	return alpha
}

func (x *mama) clear() {
	for _, r := range []*ring{&x.price, &x.smooth, &x.detrend, &x.in, &x.qua} {
		r.reset()
	}
	x.last = mamaState{}
	x.fama.Reset()
}

// swiss is Ehlers' filter with five sets of coefficients, of which one gives the value.
type swiss struct {
	base
	tool  int
	tools [5]*tool
}

func newSwiss(name string, a args) *swiss {
	x := &swiss{tool: a.enum(2, "SwissArmyKnifeTool")}
	n := a.int(0)
	x.init(x, name, Point, n)
	for i, s := range []string{"Gauss", "Butter", "HP", "2PHP", "BP"} {
		x.tools[i] = newTool(name+"_"+s, n, a.float(1), i)
	}
	for i, s := range []string{"gauss", "butter", "high_pass", "two_pole_high_pass", "band_pass"} {
		x.part(s, x.tools[i])
	}
	return x
}

func (x *swiss) compute(in *Input) (float64, bool) {
	for _, t := range x.tools {
		t.push(in.End, in.Value)
	}
	return x.tools[x.tool].value, true
}

func (x *swiss) clear() {
	for _, t := range x.tools {
		t.Reset()
	}
}

// tool is one filter; its coefficients are named as in Ehlers' article.
type tool struct {
	base
	price, out         ring
	c0, b1, b2, a1, a2 float64
}

func newTool(name string, n int, delta float64, which int) *tool {
	x := &tool{price: newRing(3), out: newRing(2)}
	x.init(x, name, Point, n)
	turn := 2 * math.Pi / float64(n)
	beta := 2.415 * (1 - math.Cos(turn))
	alpha := -beta + math.Sqrt(beta*beta+2*beta)
	rest := 1 - alpha
	switch which {
	case 0:
		x.c0, x.a1, x.a2 = alpha*alpha, 2*rest, -rest*rest
	case 1:
		x.c0, x.b1, x.b2, x.a1, x.a2 = alpha*alpha/4, 2, 1, 2*rest, -rest*rest
	case 2:
		alpha = (math.Cos(turn) + math.Sin(turn) - 1) / math.Cos(turn)
		x.c0, x.b1, x.a1 = (1+alpha)/2, -1, 1-alpha
	case 3:
		x.c0, x.b1, x.b2, x.a1, x.a2 = (1+alpha)*(1+alpha)/4, -2, 1, 2*rest, -rest*rest
	case 4:
		gamma := 1 / math.Cos(2*turn*delta)
		alpha = gamma - math.Sqrt(gamma*gamma-1)
		x.c0, x.b2, x.a1, x.a2 = (1-alpha)/2, -1, -math.Cos(turn)*(1-alpha), alpha
	}
	return x
}

func (x *tool) compute(in *Input) (float64, bool) {
	x.price.add(in.Value)
	if x.samples == 1 {
		x.price.add(in.Value)
		x.price.add(in.Value)
	}
	p, f := &x.price, &x.out
	v := x.c0*(p.at(0)+x.b1*p.at(1)+x.b2*p.at(2)) + x.a1*f.at(0) + x.a2*f.at(1)
	f.add(v)
	return v, true
}

func (x *tool) clear() {
	x.price.reset()
	x.out.reset()
}
