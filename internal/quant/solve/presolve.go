package solve

// presolve takes out the variables that their bounds fix, since a point strictly
// inside the bounds must exist. It returns the places of those that stay.
func (p *Problem) presolve() ([]int, *Problem) {
	n := p.size()
	var free, fixed []int
	for i := range n {
		if p.lower(i) < p.upper(i) {
			free = append(free, i)
		} else {
			fixed = append(fixed, i)
		}
	}
	if len(fixed) == 0 {
		return free, p
	}
	out := &Problem{Linear: make([]float64, len(free)), Lower: pick(p.Lower, free), Upper: pick(p.Upper, free)}
	if p.Linear != nil {
		out.Linear = pick(p.Linear, free)
	}
	var away []int // fixed at another value than zero
	for _, j := range fixed {
		if p.Lower[j] != 0 {
			away = append(away, j)
		}
	}
	if p.Quadratic != nil {
		out.Quadratic = make([][]float64, len(free))
		for k, i := range free {
			out.Quadratic[k] = pick(p.Quadratic[i], free)
			for _, j := range away {
				out.Linear[k] += p.Quadratic[i][j] * p.Lower[j]
			}
		}
	}
	shorten := func(rows []Row) []Row {
		short := make([]Row, len(rows))
		for k, r := range rows {
			short[k] = Row{Name: r.Name, Of: pick(r.Of, free), Limit: r.Limit}
			for _, j := range away {
				short[k].Limit -= r.Of[j] * p.Lower[j]
			}
		}
		return short
	}
	out.Equal, out.AtMost = shorten(p.Equal), shorten(p.AtMost)
	if h := p.Hinges; len(h.Columns) > 0 {
		out.Hinges.Weight = h.Weight
		out.Hinges.Columns = make([][]float64, len(free))
		for k, i := range free {
			out.Hinges.Columns[k] = h.Columns[i]
		}
		out.offset = make([]float64, len(h.Columns[0]))
		for _, j := range away {
			for s, v := range h.Columns[j] {
				out.offset[s] += v * p.Lower[j]
			}
		}
	}
	return free, out
}

// restore puts the fixed variables back.
func (p *Problem) restore(s *state, free []int) *Result {
	x := make([]float64, p.size())
	copy(x, p.Lower)
	for k, i := range free {
		x[i] = s.x[k]
	}
	r := &Result{X: x, Objective: p.Value(x), Gap: s.gap, Residual: p.Violation(x), Iterations: s.iterations, Status: Optimal}
	r.EqualPrice, r.AtMostPrice = s.prices()
	return r
}

func pick(x []float64, at []int) []float64 {
	if x == nil {
		return nil
	}
	out := make([]float64, len(at))
	for k, i := range at {
		out[k] = x[i]
	}
	return out
}
