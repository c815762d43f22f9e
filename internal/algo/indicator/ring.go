package indicator

// ring holds the last values of a series, newest first.
type ring struct {
	v       []float64
	head    int
	n       int     // values held
	samples int     // values ever added
	removed float64 // the value the last add pushed out
}

func newRing(size int) ring { return ring{v: make([]float64, size)} }

func (r *ring) add(x float64) {
	r.samples++
	r.head++
	if r.head == len(r.v) {
		r.head = 0
	}
	r.removed = r.v[r.head]
	r.v[r.head] = x
	if r.n < len(r.v) {
		r.n++
	}
}

func (r *ring) full() bool { return r.n == len(r.v) }

// at returns the value i steps back, 0 if there is none.
func (r *ring) at(i int) float64 {
	if i >= r.n {
		return 0
	}
	k := r.head - i
	if k < 0 {
		k += len(r.v)
	}
	return r.v[k]
}

func (r *ring) oldest() float64 { return r.at(r.n - 1) }

func (r *ring) reset() {
	clear(r.v)
	r.head, r.n, r.samples, r.removed = 0, 0, 0, 0
}

// max returns the greatest of the values from index lo to before hi.
func (r *ring) max(lo, hi int) float64 {
	m := r.at(lo)
	for i := lo + 1; i < hi; i++ {
		if x := r.at(i); x > m {
			m = x
		}
	}
	return m
}

func (r *ring) min(lo, hi int) float64 {
	m := r.at(lo)
	for i := lo + 1; i < hi; i++ {
		if x := r.at(i); x < m {
			m = x
		}
	}
	return m
}

// total is a running sum over a window. Float sums drift where decimals do not, so it is summed anew
// each time the window has gone round, and a window of equal values has its exact mean.
type total struct {
	ring
	sum float64
	run int // length of the last stretch of equal values
}

func newTotal(size int) total { return total{ring: newRing(size)} }

func (t *total) add(x float64) {
	if t.n > 0 && x == t.v[t.head] {
		t.run++
	} else {
		t.run = 1
	}
	was := t.full()
	t.ring.add(x)
	switch {
	case t.run >= t.n:
		t.sum = x * float64(t.n)
	case t.head == 0:
		t.sum = 0
		for _, y := range t.v {
			t.sum += y
		}
	case was:
		t.sum += x - t.removed
	default:
		t.sum += x
	}
}

func (t *total) mean() float64 {
	if t.run >= t.n {
		return t.v[t.head]
	}
	return t.sum / float64(t.n)
}

func (t *total) reset() {
	t.ring.reset()
	t.sum, t.run = 0, 0
}

// over is a / b, or 0 where b is 0.
func over(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
