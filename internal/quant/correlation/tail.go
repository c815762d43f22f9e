package correlation

import "math"

const (
	// tailPairs is from how many p-values on a table pays.
	tailPairs = 8192
	// tailEnd is the |r| up to which the table goes, in so many steps.
	tailEnd   = 0.8
	tailSteps = 2048
	// tailMost is the number of observations up to which the table has ten digits.
	tailMost = 10_000
)

// tail is studentP for many correlations of n observations: its logarithm by cubic
// interpolation, with the slope known from the density.
type tail struct {
	n          float64
	log, slope []float64 // nil: no table
}

func newTail(n float64, pairs int) *tail {
	t := &tail{n: n}
	if pairs < tailPairs || n > tailMost || studentP(tailEnd, n) == 0 {
		return t
	}
	t.log, t.slope = make([]float64, tailSteps+1), make([]float64, tailSteps+1)
	a, _ := math.Lgamma((n - 1) / 2)
	b, _ := math.Lgamma((n - 2) / 2)
	for i := range t.log {
		r := tailEnd * float64(i) / tailSteps
		density := a - b - 0.5*math.Log(math.Pi) + (n-4)/2*math.Log1p(-r*r)
		t.log[i] = math.Log(studentP(r, n))
		t.slope[i] = -2 * math.Exp(density-t.log[i]) * tailEnd / tailSteps
	}
	return t
}

func (t *tail) p(r float64) float64 {
	at := math.Abs(r) * (tailSteps / tailEnd)
	if t.log == nil || !(at < tailSteps) {
		return studentP(r, t.n)
	}
	i := int(at)
	x := at - float64(i)
	y0, y1, d0, d1 := t.log[i], t.log[i+1], t.slope[i], t.slope[i+1]
	rise := y1 - y0
	return math.Exp(y0 + x*(d0+x*(3*rise-2*d0-d1+x*(d0+d1-2*rise))))
}
