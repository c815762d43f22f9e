package tracking

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"quantdesk/internal/quant/solve"
)

// Tracker takes single steps of the descent.
type Tracker struct {
	x         [][]float64
	r         []float64
	p         Params
	projector *solve.Projector

	z, root, pull []float64   // residuals, roots of their weights, weights*(r-c)
	scaled        [][]float64 // columns times roots: L = X'AX/T is their products
	rows, q       []float64
	top, image    []float64 // the dominant eigenvector of L, and L times it
	exact         bool      // the power method is not trusted any more
}

func newTracker(x [][]float64, r []float64, p Params) *Tracker {
	k, n := len(x), len(r)
	t := &Tracker{x: x, r: r, p: p, projector: solve.NewProjector(k)}
	t.z, t.root, t.pull = make([]float64, n), make([]float64, n), make([]float64, n)
	t.scaled = make([][]float64, k)
	for i := range t.scaled {
		t.scaled[i] = make([]float64, n)
	}
	t.rows, t.q, t.top, t.image = make([]float64, n), make([]float64, k), make([]float64, k), make([]float64, k)
	for i := range t.top {
		t.top[i] = 1
	}
	return t
}

// residuals sets z = r - Xw.
func (t *Tracker) residuals(w []float64) {
	copy(t.z, t.r)
	for i, v := range w {
		if v != 0 {
			floats.AddScaled(t.z, -v, t.x[i])
		}
	}
}

// loss is the mean Huber loss of the shortfalls.
func (t *Tracker) loss(w []float64) float64 {
	t.residuals(w)
	var sum float64
	for _, z := range t.z {
		switch m := t.p.Huber; {
		case z <= 0:
		case z <= m:
			sum += z * z
		default:
			sum += m * (2*z - m)
		}
	}
	return sum / float64(len(t.z))
}

// Objective is the loss plus the penalty at w.
func (t *Tracker) Objective(w []float64) float64 {
	v := t.loss(w)
	if t.p.Lambda > 0 {
		var rho float64
		for _, x := range w {
			rho += math.Log1p(x / t.p.P)
		}
		v += t.p.Lambda * rho / math.Log1p(t.p.Gamma/t.p.P)
	}
	return v
}

// Step sets next to the minimum, over the capped simplex, of a quadratic that is never
// below the objective and touches it at w; the objective never rises. Costs some 10 T*p.
func (t *Tracker) Step(next, w []float64) {
	n := float64(len(t.r))
	t.residuals(w)
	for i, z := range t.z {
		m := t.p.Huber
		a, c := 1.0, 0.0
		switch {
		case z < 0:
			a, c = m/(m-2*z), z
		case z > m:
			a = m / z
		}
		t.root[i] = math.Sqrt(a / n)
		t.pull[i] = a * (t.r[i] - c)
	}
	for i, x := range t.x {
		floats.MulTo(t.scaled[i], x, t.root)
	}
	most := t.largest()
	if most == 0 {
		copy(next, w)
		return
	}
	t.times(w)
	scale := math.Log1p(t.p.Gamma / t.p.P)
	for i := range w {
		g := 2*(t.image[i]-most*w[i]) - 2/n*floats.Dot(t.x[i], t.pull)
		if t.p.Lambda > 0 {
			g += t.p.Lambda / (scale * (t.p.P + w[i]))
		}
		t.q[i] = g / most
	}
	t.projector.Project(next, t.q, t.p.MaxWeight, 1)
}

const (
	powerSteps = 300
	// powerResidual makes the eigenvalue exact to its square.
	powerResidual = 1e-7
)

// times sets image to L v.
func (t *Tracker) times(v []float64) {
	clear(t.rows)
	for i, c := range t.scaled {
		if v[i] != 0 {
			floats.AddScaled(t.rows, v[i], c)
		}
	}
	for i, c := range t.scaled {
		t.image[i] = floats.Dot(c, t.rows)
	}
}

// largest is the greatest eigenvalue of L, by the power method from the eigenvector of
// the last step; where two are close, by the full decomposition.
func (t *Tracker) largest() float64 {
	k := len(t.top)
	floats.Scale(1/floats.Norm(t.top, 2), t.top)
	for range powerSteps {
		if t.exact {
			break
		}
		t.times(t.top)
		value := floats.Dot(t.image, t.top)
		size := floats.Norm(t.image, 2)
		if size == 0 {
			break
		}
		if residual := math.Sqrt(max(size*size-value*value, 0)); residual <= powerResidual*value {
			return value
		}
		floats.ScaleTo(t.top, 1/size, t.image)
	}
	l := mat.NewSymDense(k, nil)
	for i := range k {
		for j := i; j < k; j++ {
			l.SetSym(i, j, floats.Dot(t.scaled[i], t.scaled[j]))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(l, true) {
		return mat.Norm(l, 2) // the Frobenius norm is never less
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	mat.Col(t.top, k-1, &vectors)
	return eigen.Values(nil)[k-1]
}

// kkt is the largest violation of the optimality conditions relative to the largest
// gradient: free weights have one gradient, those at zero none below it, those at the
// bound none above it.
func (t *Tracker) kkt(w []float64) float64 {
	t.residuals(w)
	pull := make([]float64, len(t.z))
	for i, z := range t.z {
		pull[i] = -2 * min(max(z, 0), t.p.Huber) / float64(len(t.z))
	}
	g := make([]float64, len(w))
	low, high := math.Inf(-1), math.Inf(1) // of the multiplier: from weights that could fall, or rise
	for i := range w {
		g[i] = floats.Dot(t.x[i], pull)
		if t.p.Lambda > 0 {
			g[i] += t.p.Lambda / (math.Log1p(t.p.Gamma/t.p.P) * (t.p.P + w[i]))
		}
		if w[i] > 0 {
			low = max(low, g[i])
		}
		if w[i] < t.p.MaxWeight {
			high = min(high, g[i])
		}
	}
	return max(low-high, 0) / max(floats.Norm(g, math.Inf(1)), 1e-300)
}
