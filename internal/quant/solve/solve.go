// Package solve finds the optimum of linear and convex quadratic programs, dense and
// of moderate size, with one primal-dual interior-point method; and the nearest point
// of a capped simplex.
//
// Every answer is optimal within a relative gap of 1e-9 or it is an error: an
// unconverged run gives fault.NotConverged, constraints that contradict one another
// give fault.Infeasible and name them.
//
//	r, err := solve.Minimise(ctx, &solve.Problem{
//		Quadratic: covariance, Lower: zeros, Upper: caps,
//		Equal: []solve.Row{{Name: "budget", Of: ones, Limit: 1}},
//	})
package solve

import (
	"context"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Problem is: minimise ½x'Qx + c'x + Σ hinges over x in R^n, within bounds and rows.
type Problem struct {
	// Quadratic is Q, n×n symmetric positive semidefinite; nil for a linear program.
	Quadratic [][]float64
	// Linear is c; nil for zero.
	Linear []float64
	// Lower and Upper are bounds, infinite where there is none; nil for no bounds.
	Lower, Upper []float64
	// Equal holds Of'x = Limit.
	Equal []Row
	// AtMost holds Of'x <= Limit.
	AtMost []Row
	// Hinges adds Weight * Σ_s max(0, row_s'x), the sum over S scenarios.
	Hinges Hinges

	// offset is added to the hinges' rows: what fixed variables contribute.
	offset []float64
}

// Row is a linear function of the variables and its limit.
type Row struct {
	// Name is what an error calls it.
	Name  string
	Of    []float64
	Limit float64
}

// Hinges are scenario rows given by columns.
type Hinges struct {
	// Columns are n columns of S scenarios each.
	Columns [][]float64
	Weight  float64
}

// Result is an optimum.
type Result struct {
	X []float64
	// Objective is the value at X.
	Objective float64
	// Gap bounds how far the objective may be from the optimum, relative to it.
	Gap float64
	// Residual is the largest violation of a constraint, in its own unit.
	Residual   float64
	Iterations int
	// Status is "optimal": there is no other kind of result.
	Status string
	// EqualPrice and AtMostPrice are the multipliers of the rows: how much the
	// optimum falls where a limit grows by one.
	EqualPrice, AtMostPrice []float64
}

// Optimal is the status of every result.
const Optimal = "optimal"

func (p *Problem) size() int {
	for _, n := range []int{len(p.Quadratic), len(p.Linear), len(p.Lower), len(p.Upper), len(p.Hinges.Columns)} {
		if n > 0 {
			return n
		}
	}
	for _, r := range append(p.Equal[:len(p.Equal):len(p.Equal)], p.AtMost...) {
		return len(r.Of)
	}
	return 0
}

// Minimise solves the problem. Errors: fault.Infeasible naming the rows that cannot
// hold together, fault.NotConverged (also where the objective has no lower bound),
// fault.InvalidParameter for bounds that are not numbers. Costs about 10 to 30 times n³/3 + (S+rows)*n²/2
// multiplications. Method: Mehrotra's predictor and corrector (SIAM J. Optim. 2,
// 1992), with the slacks and hinges eliminated, so that only an n×n matrix is factored.
func Minimise(ctx context.Context, p *Problem) (*Result, error) {
	return minimise(ctx, p, true)
}

func minimise(ctx context.Context, p *Problem, explain bool) (*Result, error) {
	const op = "solve.Minimise"
	n := p.size()
	if n == 0 {
		return nil, quant.Bad(op, "variables", 0, "at least 1")
	}
	for i := range n {
		lo, up := p.lower(i), p.upper(i)
		if math.IsNaN(lo) || math.IsNaN(up) {
			return nil, quant.Bad(op, "bound", math.NaN(), "a number")
		}
		if lo > up {
			return nil, fault.E(op, fault.Infeasible, "variable %d has the lower bound %g above its upper bound %g", i+1, lo, up)
		}
	}
	if r, ok := p.sift(ctx); ok {
		return r, nil
	}
	return minimiseWhole(ctx, p, explain)
}

// minimiseWhole solves for all variables at once.
func minimiseWhole(ctx context.Context, p *Problem, explain bool) (*Result, error) {
	const op = "solve.Minimise"
	free, reduced := p.presolve()
	if len(free) == 0 {
		return p.fixed(op)
	}
	var s *state
	for _, careful := range []bool{false, true} {
		s = newState(reduced)
		s.careful = careful
		ok, err := s.run(ctx)
		if err != nil {
			return nil, err
		}
		if ok {
			return p.restore(s, free), nil
		}
	}
	if explain {
		if err := p.explain(ctx); err != nil {
			return nil, err
		}
	}
	return nil, fault.E(op, fault.NotConverged, "after %d steps the relative gap is %.1e and the residual %.1e; both must be below %g", s.iterations, s.gap, s.residual, tolerance)
}

func (p *Problem) lower(i int) float64 {
	if p.Lower == nil {
		return math.Inf(-1)
	}
	return p.Lower[i]
}

func (p *Problem) upper(i int) float64 {
	if p.Upper == nil {
		return math.Inf(1)
	}
	return p.Upper[i]
}

// Value is the objective at x.
func (p *Problem) Value(x []float64) float64 {
	var v float64
	for i, row := range p.Quadratic {
		v += .5 * x[i] * floats.Dot(row, x)
	}
	if p.Linear != nil {
		v += floats.Dot(p.Linear, x)
	}
	if len(p.Hinges.Columns) > 0 {
		rows := make([]float64, len(p.Hinges.Columns[0]))
		for j, c := range p.Hinges.Columns {
			floats.AddScaled(rows, x[j], c)
		}
		for _, r := range rows {
			v += p.Hinges.Weight * max(r, 0)
		}
	}
	return v
}

// Violation is how far x is outside the constraint that it violates most.
func (p *Problem) Violation(x []float64) float64 {
	var worst float64
	for i, v := range x {
		worst = max(worst, p.lower(i)-v, v-p.upper(i))
	}
	for _, r := range p.Equal {
		worst = max(worst, math.Abs(floats.Dot(r.Of, x)-r.Limit))
	}
	for _, r := range p.AtMost {
		worst = max(worst, floats.Dot(r.Of, x)-r.Limit)
	}
	return worst
}

// fixed answers where the bounds leave no choice.
func (p *Problem) fixed(op string) (*Result, error) {
	x := append([]float64(nil), p.Lower...)
	if v := p.Violation(x); v > 1e-9 {
		return nil, fault.E(op, fault.Infeasible, "the bounds leave one choice only, and it violates a constraint by %g", v)
	}
	return &Result{X: x, Objective: p.Value(x), Status: Optimal, EqualPrice: make([]float64, len(p.Equal)), AtMostPrice: make([]float64, len(p.AtMost))}, nil
}

// explain solves for the least total violation of the rows: above zero the problem
// is infeasible, and the rows still violated are those to loosen.
func (p *Problem) explain(ctx context.Context) error {
	n := p.size()
	rows := make([]Row, 0, 2*len(p.Equal)+len(p.AtMost))
	for _, r := range p.Equal {
		minus := append([]float64(nil), r.Of...)
		floats.Scale(-1, minus)
		rows = append(rows, r, Row{Name: r.Name, Of: minus, Limit: -r.Limit})
	}
	rows = append(rows, p.AtMost...)
	if len(rows) == 0 {
		return nil
	}
	// A row that may be violated at a price of one is a hinge; a fixed variable at
	// one carries the limits, and a small box stands in for missing bounds.
	elastic := &Problem{Lower: make([]float64, n+1), Upper: make([]float64, n+1)}
	far := 1e3
	for _, r := range rows {
		far = max(far, 1e3*math.Abs(r.Limit)/rowScale(r))
	}
	elastic.Hinges = Hinges{Weight: 1, Columns: make([][]float64, n+1)}
	for j := range n + 1 {
		col := make([]float64, len(rows))
		for k, r := range rows {
			scale := rowScale(r)
			if j < n {
				col[k] = r.Of[j] / scale
			} else {
				col[k] = -r.Limit / scale
			}
		}
		elastic.Hinges.Columns[j] = col
		if j < n {
			elastic.Lower[j], elastic.Upper[j] = max(p.lower(j), -far), min(p.upper(j), far)
		} else {
			elastic.Lower[j], elastic.Upper[j] = 1, 1
		}
	}
	r, err := minimise(ctx, elastic, false)
	if err != nil || r.Objective < 1e-7 {
		return ctx.Err() // nothing is known to contradict
	}
	var names []string
	for _, row := range rows {
		if over := floats.Dot(row.Of, r.X[:n]) - row.Limit; over > 1e-8*rowScale(row) && !slices.Contains(names, row.Name) {
			names = append(names, row.Name)
		}
	}
	return fault.E("solve.Minimise", fault.Infeasible, "the constraints contradict one another; the nearest point still violates: %s", strings.Join(names, ", ")).With("rows", names).With("value", r.Objective)
}

// rowScale is the largest coefficient of a row, one where all are zero.
func rowScale(r Row) float64 {
	s := floats.Norm(r.Of, math.Inf(1))
	if s == 0 {
		return 1
	}
	return s
}
