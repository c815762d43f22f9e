package solve

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

const (
	// siftAbove is the number of variables from which a working set pays.
	siftAbove = 120
	// siftFirst and siftMore are how many variables begin and join it.
	siftFirst, siftMore = 60, 60
	siftRounds          = 25
)

// sift solves a large quadratic program over the few variables that leave their lower
// bound: the others stay there as long as their multipliers allow it, and join where
// they do not. ok is false where it does not apply or does not end; the whole program
// is solved then.
func (p *Problem) sift(ctx context.Context) (r *Result, ok bool) {
	n := p.size()
	if n < siftAbove || p.Quadratic == nil || len(p.AtMost) > 0 || len(p.Hinges.Columns) > 0 {
		return nil, false
	}
	order := make([]int, n)
	for i := range order {
		if order[i] = i; math.IsInf(p.lower(i), 0) {
			return nil, false
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch d := p.Quadratic[a][a] - p.Quadratic[b][b]; {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	small := *p
	small.Upper = append([]float64(nil), p.Lower...)
	for _, i := range order[:siftFirst] {
		small.Upper[i] = p.upper(i)
	}
	steps := 0
	for range siftRounds {
		r, err := minimiseWhole(ctx, &small, false)
		if err != nil {
			return nil, false
		}
		steps += r.Iterations
		join, loss := p.violators(&small, r)
		if loss <= tolerance*max(math.Abs(r.Objective), 1e-300) {
			r.Gap += loss / max(math.Abs(r.Objective), 1e-300)
			r.Iterations = steps
			return r, true
		}
		for _, i := range join {
			small.Upper[i] = p.upper(i)
		}
	}
	return nil, false
}

// violators are the variables held at their lower bounds that would lower the
// objective, the strongest first, and how much they could together.
func (p *Problem) violators(small *Problem, r *Result) (join []int, loss float64) {
	slope := map[int]float64{}
	for i := range r.X {
		if small.Upper[i] > p.Lower[i] || p.upper(i) == p.Lower[i] {
			continue
		}
		g := floats.Dot(p.Quadratic[i], r.X)
		if p.Linear != nil {
			g += p.Linear[i]
		}
		for k, row := range p.Equal {
			g += r.EqualPrice[k] * row.Of[i]
		}
		if g < 0 {
			join = append(join, i)
			slope[i] = g
			loss -= g * (p.upper(i) - p.Lower[i])
		}
	}
	slices.SortStableFunc(join, func(a, b int) int {
		if slope[a] < slope[b] {
			return -1
		}
		if slope[a] > slope[b] {
			return 1
		}
		return 0
	})
	return join[:min(len(join), siftMore)], loss
}
