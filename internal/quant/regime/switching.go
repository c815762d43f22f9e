package regime

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/optimize"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// SwitchParams are those of Switching; the zero value lets mean and variance switch.
type SwitchParams struct {
	// OneMean and OneVariance hold them equal in both states.
	OneMean, OneVariance bool
	// Starts of the search, at least 20, which is what 0 means.
	Starts int
	// Bootstrap is the number of simulated series for P; 0 is none.
	Bootstrap int
	// Seed of the starts and simulations; 0 is quant.DefaultSeed.
	Seed uint64
}

// SwitchResult is a fitted model. State 0 has the lower variance, or the lower mean
// where the variance does not switch.
type SwitchResult struct {
	Model
	LogLikelihood float64
	// OneState is the log likelihood without switching, LR twice the gain: no
	// chi-square, because the second state is not there under the null.
	OneState, LR float64
	// P is the bootstrap's, NaN without one.
	P float64
	// Duration is the expected length of a stay in bars.
	Duration [2]float64
	// Probability of state 1 at each row given the data up to it, and all data.
	Filtered, Smoothed []float64
}

const (
	switchMinimum = 20
	switchStarts  = 20
	// leastPart is the part of the sample variance below which a state has collapsed
	// onto a few observations, where the likelihood has no bound.
	leastPart = 1e-4
)

// Switching fits two states to y (n at least 20) by maximum likelihood: EM from
// many starts, then BFGS on the best. Errors: fault.MissingValues, NonFinite,
// InsufficientData, ConstantSeries, NotConverged, InvalidParameter, and the
// context's. Source: Hamilton (1989). Cost O(starts·iterations·n), times the
// simulations.
func Switching(ctx context.Context, y []float64, p SwitchParams) (*SwitchResult, error) {
	const op = "regime.Switching"
	if err := check(y, nil, switchMinimum); err != nil {
		return nil, err
	}
	if p.Starts == 0 {
		p.Starts = switchStarts
	}
	if p.Seed == 0 {
		p.Seed = quant.DefaultSeed
	}
	if p.OneMean && p.OneVariance {
		return nil, quant.Bad(op, "switching_mean", false, "true where the variance does not switch")
	}
	if p.Starts < switchStarts || p.Bootstrap < 0 {
		return nil, quant.Bad(op, "starts", p.Starts, "at least 20, and the bootstrap not negative")
	}
	mean, sd := quant.Mean(y), math.Sqrt(quant.Variance(y)*float64(len(y)-1)/float64(len(y)))
	out := &SwitchResult{P: math.NaN(), OneState: oneState(y)}
	best := make([]candidate, p.Starts)
	err := quant.Parallel(ctx, p.Starts, func(_, i int) {
		best[i] = climb(y, mean, sd, p, quant.Stream(p.Seed, uint64(i))) //nolint:gosec // not negative
	})
	if err != nil {
		return nil, err
	}
	top := finish(y, sd, p, best)
	if math.IsInf(top.value, -1) {
		return nil, fault.E(op, fault.NotConverged, "every start ended with a state that holds almost no observation")
	}
	out.Model, out.LogLikelihood = top.label(p), top.value
	out.LR = 2 * (out.LogLikelihood - out.OneState)
	for i := range 2 {
		out.Duration[i] = 1 / (1 - out.Stay[i])
	}
	seen, err := Filter(y, out.Model)
	if err != nil {
		return nil, err
	}
	out.Filtered, out.Smoothed = seen.Filtered, seen.Smoothed
	if p.Bootstrap > 0 {
		out.P, err = simulate(ctx, len(y), mean, sd, out.LR, p)
	}
	return out, err
}

func oneState(y []float64) float64 {
	n := float64(len(y))
	v := quant.Variance(y) * (n - 1) / n
	return -0.5 * n * (math.Log(2*math.Pi*v) + 1)
}

// simulate is the share of series without switching whose ratio reaches lr.
func simulate(ctx context.Context, n int, mean, sd, lr float64, p SwitchParams) (float64, error) {
	reached := make([]bool, p.Bootstrap)
	err := quant.Parallel(ctx, p.Bootstrap, func(_, i int) {
		random := quant.Stream(p.Seed, uint64(i+p.Starts)) //nolint:gosec // not negative
		y := make([]float64, n)
		for t := range y {
			y[t] = mean + sd*random.NormFloat64()
		}
		m, s := quant.Mean(y), quant.SD(y)
		list := make([]candidate, p.Starts)
		for k := range list {
			list[k] = climb(y, m, s, p, random)
		}
		reached[i] = 2*(finish(y, s, p, list).value-oneState(y)) >= lr
	})
	if err != nil {
		return 0, err
	}
	count := 1
	for _, r := range reached {
		if r {
			count++
		}
	}
	return float64(count) / float64(p.Bootstrap+1), nil
}

// candidate is a model with its log likelihood.
type candidate struct {
	Model
	value float64
}

// label puts the state of the lower variance first.
func (c candidate) label(p SwitchParams) Model {
	m := c.Model
	if m.Sigma[0] > m.Sigma[1] || (p.OneVariance && m.Mean[0] > m.Mean[1]) {
		m.Mean[0], m.Mean[1] = m.Mean[1], m.Mean[0]
		m.Sigma[0], m.Sigma[1] = m.Sigma[1], m.Sigma[0]
		m.Stay[0], m.Stay[1] = m.Stay[1], m.Stay[0]
	}
	return m
}

// climb goes up by EM from a random start.
func climb(y []float64, mean, sd float64, p SwitchParams, random *rand.Rand) candidate {
	var m Model
	for i := range 2 {
		m.Mean[i] = mean + sd*random.NormFloat64()/2
		m.Sigma[i] = sd * math.Exp(random.NormFloat64()/2)
		m.Stay[i] = 0.7 + 0.29*random.Float64()
	}
	if p.OneMean {
		m.Mean = [2]float64{mean, mean}
	}
	if p.OneVariance {
		m.Sigma = [2]float64{sd, sd}
	}
	w := newWork(len(y))
	before := math.Inf(-1)
	const most = 500
	for range most {
		l := w.filter(y, m)
		if l-before < 1e-6 {
			return candidate{m, l}
		}
		before = l
		w.smooth(m)
		m = w.maximise(y, m, p, sd)
		if collapsed(m, sd) {
			return candidate{m, math.Inf(-1)}
		}
	}
	return candidate{m, before}
}

func collapsed(m Model, sd float64) bool {
	least := math.Sqrt(leastPart) * sd
	return !(m.Sigma[0] > least && m.Sigma[1] > least)
}

// maximise is EM's second step.
func (w *work) maximise(y []float64, m Model, p SwitchParams, sd float64) Model {
	var weight, sum [2]float64
	for t, v := range y {
		s := w.smoothed[t]
		weight[0] += 1 - s
		weight[1] += s
		sum[0] += (1 - s) * v
		sum[1] += s * v
	}
	for i := range 2 {
		m.Mean[i] = sum[i] / weight[i]
		m.Stay[i] = min(1-1e-9, w.joint[i][i]/(w.joint[i][0]+w.joint[i][1]))
	}
	if p.OneMean {
		a, b := 1/(m.Sigma[0]*m.Sigma[0]), 1/(m.Sigma[1]*m.Sigma[1])
		one := (a*sum[0] + b*sum[1]) / (a*weight[0] + b*weight[1])
		m.Mean = [2]float64{one, one}
	}
	var squares [2]float64
	for t, v := range y {
		a, b := v-m.Mean[0], v-m.Mean[1]
		squares[0] += (1 - w.smoothed[t]) * a * a
		squares[1] += w.smoothed[t] * b * b
	}
	for i := range 2 {
		m.Sigma[i] = math.Sqrt(squares[i] / weight[i])
	}
	if p.OneVariance {
		one := math.Sqrt((squares[0] + squares[1]) / float64(len(y)))
		m.Sigma = [2]float64{one, one}
	}
	return m
}

// finish takes the best of the candidates to the top by BFGS.
func finish(y []float64, sd float64, p SwitchParams, list []candidate) candidate {
	top := list[0]
	for _, c := range list[1:] {
		if c.value > top.value {
			top = c
		}
	}
	if math.IsInf(top.value, -1) {
		return top
	}
	w := newWork(len(y))
	value := func(v []float64) float64 {
		m := unpack(v, p)
		if collapsed(m, sd) {
			return math.Inf(1)
		}
		return -w.filter(y, m)
	}
	problem := optimize.Problem{Func: value, Grad: func(grad, v []float64) {
		const h = 1e-5
		for i := range v {
			at := v[i]
			v[i] = at + h
			up := value(v)
			v[i] = at - h
			grad[i] = (up - value(v)) / (2 * h)
			v[i] = at
		}
	}}
	r, err := optimize.Minimize(problem, pack(top.Model), &optimize.Settings{MajorIterations: 200, GradientThreshold: 1e-6}, &optimize.BFGS{})
	if r != nil && -r.F > top.value && (err == nil || !math.IsInf(r.F, 0)) {
		return candidate{unpack(r.X, p), -r.F}
	}
	return top
}

// pack and unpack map a model to numbers without bounds.
func pack(m Model) []float64 {
	logit := func(p float64) float64 { p = min(max(p, 1e-9), 1-1e-9); return math.Log(p / (1 - p)) }
	return []float64{m.Mean[0], m.Mean[1], math.Log(m.Sigma[0]), math.Log(m.Sigma[1]), logit(m.Stay[0]), logit(m.Stay[1])}
}

func unpack(v []float64, p SwitchParams) Model {
	m := Model{Mean: [2]float64{v[0], v[1]}, Sigma: [2]float64{math.Exp(v[2]), math.Exp(v[3])}}
	if p.OneMean {
		m.Mean[1] = m.Mean[0]
	}
	if p.OneVariance {
		m.Sigma[1] = m.Sigma[0]
	}
	for i := range 2 {
		m.Stay[i] = 1 / (1 + math.Exp(-v[4+i]))
	}
	return m
}
