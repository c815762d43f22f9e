package regime

import (
	"math"

	"quantdesk/internal/quant"
)

// Model is a two-state Markov-switching Gaussian: y_t is normal with the mean and
// standard deviation of the state of t.
type Model struct {
	Mean, Sigma [2]float64
	// Stay is the chance of each state to go on.
	Stay [2]float64
}

// Stationary are the long-run chances of the states.
func (m Model) Stationary() [2]float64 {
	a, b := 1-m.Stay[0], 1-m.Stay[1]
	if a+b == 0 {
		return [2]float64{0.5, 0.5}
	}
	return [2]float64{b / (a + b), a / (a + b)}
}

// Filtered is a series seen through a model.
type Filtered struct {
	// Probability of state 1 given the data up to each row, and given all of them.
	Filtered, Smoothed []float64
	LogLikelihood      float64
}

// Filter runs Hamilton's (1989) filter and Kim's (1994) smoother from the stationary
// chances. Errors: fault.MissingValues, NonFinite, InsufficientData (none),
// InvalidParameter.
func Filter(y []float64, m Model) (*Filtered, error) {
	const op = "regime.Filter"
	if err := quant.Check(quant.Column{Name: "y", Values: y, AtLeast: 1}); err != nil {
		return nil, err
	}
	for i := range 2 {
		if !(m.Sigma[i] > 0) || math.IsInf(m.Sigma[i], 0) {
			return nil, quant.Bad(op, "sigma", m.Sigma[i], "above zero")
		}
		if !(m.Stay[i] >= 0 && m.Stay[i] <= 1) {
			return nil, quant.Bad(op, "p", m.Stay[i], "between 0 and 1")
		}
	}
	w := newWork(len(y))
	l := w.filter(y, m)
	w.smooth(m)
	return &Filtered{Filtered: w.filtered, Smoothed: w.smoothed, LogLikelihood: l}, nil
}

// work is the memory of a filter.
type work struct {
	predicted, filtered, smoothed []float64 // of state 1
	joint                         [2][2]float64
}

func newWork(n int) *work {
	flat := make([]float64, 3*n)
	return &work{predicted: flat[:n:n], filtered: flat[n : 2*n : 2*n], smoothed: flat[2*n:]}
}

// filter gives the log likelihood. Densities go by their ratio, so that none
// underflows.
func (w *work) filter(y []float64, m Model) float64 {
	h0, h1 := 0.5/(m.Sigma[0]*m.Sigma[0]), 0.5/(m.Sigma[1]*m.Sigma[1])
	l0, l1 := math.Log(m.Sigma[0]), math.Log(m.Sigma[1])
	p := m.Stationary()[1]
	sum := -0.5 * math.Log(2*math.Pi) * float64(len(y))
	for t, v := range y {
		w.predicted[t] = p
		a, b := v-m.Mean[0], v-m.Mean[1]
		d0, d1 := -l0-a*a*h0, -l1-b*b*h1
		top := max(d0, d1)
		e0, e1 := (1-p)*math.Exp(d0-top), p*math.Exp(d1-top)
		total := e0 + e1
		sum += top + math.Log(total)
		f := e1 / total
		w.filtered[t] = f
		p = f*m.Stay[1] + (1-f)*(1-m.Stay[0])
	}
	return sum
}

// smooth goes back through the filter and adds up the expected moves.
func (w *work) smooth(m Model) {
	n := len(w.filtered)
	w.joint = [2][2]float64{}
	w.smoothed[n-1] = w.filtered[n-1]
	for t := n - 2; t >= 0; t-- {
		f, next, s := w.filtered[t], w.predicted[t+1], w.smoothed[t+1]
		var up, down float64 // how much more likely the next state became
		if next > 0 {
			up = s / next
		}
		if next < 1 {
			down = (1 - s) / (1 - next)
		}
		j11, j10 := f*m.Stay[1]*up, f*(1-m.Stay[1])*down
		j01, j00 := (1-f)*(1-m.Stay[0])*up, (1-f)*m.Stay[0]*down
		w.joint[0][0] += j00
		w.joint[0][1] += j01
		w.joint[1][0] += j10
		w.joint[1][1] += j11
		w.smoothed[t] = j11 + j10
	}
}
