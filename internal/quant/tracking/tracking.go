// Package tracking builds sparse portfolios that follow an index and avoid falling
// short of it: the Huber loss of the shortfall plus a penalty on the number of names.
//
//	p, err := tracking.Sparse(ctx, returns, index, tracking.Params{Lambda: 1e-6, MaxWeight: 0.3})
//	fmt.Println(p.Weights, p.Names)
package tracking

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/solve"
)

// Params are the settings of Sparse.
type Params struct {
	// Huber is the shortfall beyond which the loss grows linearly; 0 means 0.0005.
	Huber float64
	// Lambda weighs the penalty on names; 0 means none.
	Lambda float64
	// P is how small a weight must be to count as none, 0 means 0.01; Gamma scales the
	// penalty so that a weight of gamma costs one, 0 means MaxWeight.
	P, Gamma float64
	// MaxWeight bounds each weight; 0 means 1.
	MaxWeight float64
	// Tolerance is the relative change of the objective at which to stop; 0 means 1e-12.
	Tolerance float64
	// MaxIterations of one start; 0 means 20,000.
	MaxIterations int
	// Start; empty means Several.
	Start Start
	// RandomStarts beside equal weights and the tracking-only solution, where Lambda is
	// above zero; 0 means 4, negative none.
	RandomStarts int
	// Seed of the random starts; nil means quant.DefaultSeed.
	Seed *uint64
	// PeriodsPerYear annualises the tracking error; 0 means 252.
	PeriodsPerYear float64
	// Symbols are names for errors.
	Symbols []string
}

// Start says where the descent begins.
type Start string

// Several starts are tried where lambda is above zero; Equal is one, from equal
// weights.
const (
	Several Start = "several"
	Equal   Start = "equal"
)

// Portfolio is a local optimum, the best of the starts.
type Portfolio struct {
	Weights []float64
	// Names counts weights above zero.
	Names int
	// Objective is the mean Huber loss plus the penalty; HDR is the former.
	Objective, HDR float64
	// History is the objective from equal weights, one a step, falling.
	History    []float64
	Iterations int
	Starts     int
	// KKT is the largest violation of the optimality conditions, relative to the
	// largest gradient.
	KKT float64
	// TrackingError is annualised.
	TrackingError float64
	Status        string
}

func (p *Params) check(op string, k int) error {
	for _, d := range []struct {
		v *float64
		d float64
	}{{&p.Huber, 5e-4}, {&p.P, .01}, {&p.MaxWeight, 1}, {&p.Tolerance, 1e-12}, {&p.PeriodsPerYear, 252}} {
		if *d.v == 0 {
			*d.v = d.d
		}
	}
	if p.Gamma == 0 {
		p.Gamma = p.MaxWeight
	}
	if p.MaxIterations == 0 {
		p.MaxIterations = 20000
	}
	if p.RandomStarts == 0 {
		p.RandomStarts = 4
	}
	if p.Seed == nil {
		seed := uint64(quant.DefaultSeed)
		p.Seed = &seed
	}
	for name, v := range map[string]float64{"huber": p.Huber, "p": p.P, "gamma": p.Gamma, "max_weight": p.MaxWeight, "tolerance": p.Tolerance} {
		if !(v > 0) || math.IsInf(v, 0) {
			return quant.Bad(op, name, v, "above 0")
		}
	}
	switch p.Start {
	case Several, Equal, "":
	default:
		return quant.Bad(op, "start", p.Start, "several or equal")
	}
	if p.Lambda < 0 || math.IsNaN(p.Lambda) || math.IsInf(p.Lambda, 0) {
		return quant.Bad(op, "lambda", p.Lambda, "0 or more")
	}
	if p.MaxWeight*float64(k) < 1-1e-12 {
		return fault.E(op, fault.Infeasible, "%d weights of at most %g add up to %g at most; they must add up to 1", k, p.MaxWeight, p.MaxWeight*float64(k)).With("argument", "max_weight").With("value", p.MaxWeight).With("limit", 1/float64(k))
	}
	return nil
}

// dropBelow is the weight that counts as zero once the descent has ended.
const dropBelow = 1e-6

// Sparse minimises (1/T) Σ h(r_t - x_t'w) + lambda Σ rho(w_i) subject to Σw = 1 and
// 0 <= w <= MaxWeight, with h the Huber loss of shortfalls only and rho(w) =
// ln(1+w/p)/ln(1+gamma/p) (Benidis, Feng and Palomar 2018, with the loss applied to
// r - x'w > 0), by majorisation and minimisation, accelerated. returns are p columns of
// T simple returns, index as long. With lambda above zero the problem is not convex:
// several starts, the best is returned. A start that does not settle is not used; where
// none does, fault.NotConverged.
func Sparse(ctx context.Context, returns [][]float64, index []float64, params Params) (*Portfolio, error) {
	const op = "tracking.Sparse"
	t, err := New(returns, index, params)
	if err != nil {
		return nil, err
	}
	k := len(returns)
	var best *run
	out := &Portfolio{Status: solve.Optimal}
	for i, start := range t.starts(ctx, k) {
		r, err := t.descend(ctx, start)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out.History = r.history
		}
		out.Iterations += len(r.history) - 1
		out.Starts++
		if !r.settled {
			continue
		}
		if r, err = t.onSupport(ctx, r); err != nil {
			return nil, err
		}
		if best == nil || r.objective < best.objective {
			best = r
		}
	}
	if best == nil {
		return nil, fault.E(op, fault.NotConverged, "the objective still changes by more than %g after %d steps", t.p.Tolerance, t.p.MaxIterations)
	}
	out.Weights, out.Objective = best.w, best.objective
	out.HDR, out.KKT = t.loss(best.w), t.kkt(best.w)
	for _, w := range best.w {
		if w > 0 {
			out.Names++
		}
	}
	out.TrackingError = quant.SD(t.z) * math.Sqrt(t.p.PeriodsPerYear)
	return out, nil
}

// starts are equal weights, then, where the penalty makes the problem non-convex, the
// solution without it and random points.
func (t *Tracker) starts(ctx context.Context, k int) [][]float64 {
	equal := make([]float64, k)
	for i := range equal {
		equal[i] = 1 / float64(k)
	}
	out := [][]float64{equal}
	if t.p.Lambda == 0 || t.p.Start == Equal {
		return out
	}
	plain := *t
	plain.p.Lambda = 0
	if r, err := plain.descend(ctx, equal); err == nil {
		out = append(out, r.w)
	}
	for i := range max(t.p.RandomStarts, 0) {
		random := quant.Stream(*t.p.Seed, uint64(i)) //nolint:gosec // not negative
		q, w := make([]float64, k), make([]float64, k)
		var sum float64
		for j := range q {
			q[j] = random.ExpFloat64()
			sum += q[j]
		}
		floats.Scale(-2/sum, q)
		t.projector.Project(w, q, t.p.MaxWeight, 1)
		out = append(out, w)
	}
	return out
}

// run is one descent.
type run struct {
	w         []float64
	objective float64
	history   []float64
	settled   bool
}

// plainSteps are taken before any is accelerated.
const plainSteps = 8

// descend steps until the objective settles. Pairs of steps are extrapolated (SQUAREM,
// Varadhan and Roland 2008, scheme S3); an extrapolation that does not lower the
// objective further than the steps themselves is dropped.
func (t *Tracker) descend(ctx context.Context, start []float64) (*run, error) {
	k := len(start)
	w := append([]float64(nil), start...)
	one, two, far := make([]float64, k), make([]float64, k), make([]float64, k)
	r := &run{history: []float64{t.Objective(w)}}
	for len(r.history) <= t.p.MaxIterations && !r.settled {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		before := r.history[len(r.history)-1]
		t.Step(one, w)
		if len(r.history) <= plainSteps {
			copy(w, one)
			r.note(t.Objective(w), before, t.p.Tolerance)
			continue
		}
		t.Step(two, one)
		value := t.Objective(two)
		var first, second float64
		for i := range w {
			a := one[i] - w[i]
			b := two[i] - one[i] - a
			first += a * a
			second += b * b
		}
		if second > 0 {
			alpha := math.Sqrt(first / second)
			for i := range w {
				a := one[i] - w[i]
				b := two[i] - one[i] - a
				far[i] = -2 * (w[i] + 2*alpha*a + alpha*alpha*b)
			}
			t.projector.Project(one, far, t.p.MaxWeight, 1)
			t.Step(far, one)
			if v := t.Objective(far); v < value {
				value = v
				two, far = far, two
			}
		}
		if value > before*(1+1e-12) && !t.exact { // an eigenvalue was missed
			t.exact = true
			continue
		}
		copy(w, two)
		r.note(value, before, t.p.Tolerance)
	}
	r.w, r.objective = w, r.history[len(r.history)-1]
	return r, nil
}

func (r *run) note(value, before, tolerance float64) {
	r.history = append(r.history, value)
	r.settled = math.Abs(before-value) <= tolerance*max(math.Abs(before), 1e-300)
}

// onSupport solves again without the names whose weight is next to nothing.
func (t *Tracker) onSupport(ctx context.Context, r *run) (*run, error) {
	var keep []int
	for i, w := range r.w {
		if w >= dropBelow {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(r.w) || float64(len(keep))*t.p.MaxWeight < 1 {
		return r, nil
	}
	some := make([][]float64, len(keep))
	q, start := make([]float64, len(keep)), make([]float64, len(keep))
	for k, i := range keep {
		some[k] = t.x[i]
		q[k] = -2 * r.w[i]
	}
	sub := newTracker(some, t.r, t.p)
	sub.projector.Project(start, q, t.p.MaxWeight, 1)
	again, err := sub.descend(ctx, start)
	if err != nil {
		return nil, err
	}
	w := make([]float64, len(r.w))
	for k, i := range keep {
		w[i] = again.w[k]
	}
	// Dropping a weight below 1e-6 may raise the objective by as little.
	if !again.settled || again.objective > r.objective*(1+1e-6) {
		return r, nil
	}
	return &run{w: w, objective: t.Objective(w), history: r.history, settled: true}, nil
}

// New checks the input and prepares the descent.
func New(returns [][]float64, index []float64, params Params) (*Tracker, error) {
	const op = "tracking.New"
	if len(returns) == 0 {
		return nil, quant.Bad(op, "assets", 0, "at least 1")
	}
	if err := params.check(op, len(returns)); err != nil {
		return nil, err
	}
	if err := quant.CheckAll(params.Symbols, returns, quant.Column{AtLeast: 2}); err != nil {
		return nil, err
	}
	if err := quant.Check(quant.Column{Name: "index", Values: index, AtLeast: 2}); err != nil {
		return nil, err
	}
	if len(index) != len(returns[0]) {
		return nil, quant.Bad(op, "index", len(index), fmt.Sprintf("%d returns, as the assets have", len(returns[0])))
	}
	return newTracker(returns, index, params), nil
}
