package correlation

import (
	"context"
	"math"
	"sync"

	"quantdesk/internal/quant"
)

// kendall fills in tau-b and its p-values.
func (m *MatrixResult) kendall(ctx context.Context, columns [][]float64, p Params) error {
	const op = "correlation.Matrix"
	n := len(columns)
	ready := make([]*ranking, n)
	if err := quant.Parallel(ctx, n, func(_, i int) { ready[i] = newRanking(columns[i]) }); err != nil {
		return err
	}
	m.Rho = square(n)
	if !p.NoP {
		m.P = square(n)
	}
	var once sync.Once
	var failed error
	work := make([]knight, quant.Workers())
	err := quant.Parallel(ctx, n, func(worker, i int) {
		k := &work[worker]
		for j := range i {
			k.pair(ready[i], ready[j])
			r := k.tau()
			m.Rho[i][j], m.Rho[j][i] = r, r
			if p.NoP {
				continue
			}
			v, _, err := k.p(op, p.Exact)
			if err != nil {
				once.Do(func() { failed = err })
				return
			}
			m.P[i][j], m.P[j][i] = v, v
		}
		m.Rho[i][i] = 1
	})
	if err != nil {
		return err
	}
	for _, c := range m.Constant {
		for j := range n {
			m.Rho[c][j], m.Rho[j][c] = math.NaN(), math.NaN()
			if !p.NoP {
				m.P[c][j], m.P[j][c] = math.NaN(), math.NaN()
			}
		}
	}
	return failed
}
