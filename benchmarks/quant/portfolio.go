package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
	"quantdesk/internal/quant/hrp"
	"quantdesk/internal/quant/optimize"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/tracking"
)

// portfolioWorkloads are those of portfolio construction, factors and performance.
// Seconds leave out the reading of the inputs.
var portfolioWorkloads = map[string]func(dir string) (seconds, check float64, err error){
	"hrp_500":                   hrp500,
	"cvar_lp_100x1000":          cvar,
	"cvar_lp_100x1000_ipm":      cvar,
	"bootstrap_alpha_10000":     bootstrapAlpha,
	"bootstrap_alpha_10000_vec": bootstrapAlpha,
	"minvar_qp_500":             minVariance,
	"risk_parity_500":           riskParity,
	"ff6_hac_600x750":           loadings,
	"sparse_hdr_100x750":        sparseHDR,
	"metrics_1000x1250":         metrics,
}

// table reads a matrix of little-endian float64, row-major, as columns.
func table(dir, name string) ([][]float64, error) {
	var shapes map[string][]int
	text, err := os.ReadFile(filepath.Join(dir, "shapes.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &shapes); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, name+".f64"))
	if err != nil {
		return nil, err
	}
	shape := append(shapes[name], 1)
	rows, cols := shape[0], shape[1]
	if len(raw) != 8*rows*cols {
		return nil, fmt.Errorf("%s has %d bytes, not %d×%d numbers", name, len(raw), rows, cols)
	}
	out := make([][]float64, cols)
	for j := range out {
		out[j] = make([]float64, rows)
		for i := range out[j] {
			out[j][i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*(i*cols+j):]))
		}
	}
	return out, nil
}

func hrp500(dir string) (seconds, check float64, err error) {
	cov, err := table(dir, "cov_500")
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	b, err := hrp.Build(context.Background(), cov, hrp.Params{})
	if err != nil {
		return 0, 0, err
	}
	return time.Since(begin).Seconds(), floats.Dot(b.Weights, b.Weights), nil
}

func cvar(dir string) (seconds, check float64, err error) {
	returns, err := table(dir, "ret_1000x100")
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	p, err := optimize.MinCVaR(context.Background(), returns, optimize.CVaRParams{Constraints: optimize.Constraints{Upper: optimize.Fill(100, .1)}})
	if err != nil {
		return 0, 0, err
	}
	return time.Since(begin).Seconds(), p.CVaR, nil
}

func bootstrapAlpha(dir string) (seconds, check float64, err error) {
	y, err := table(dir, "boot_y_500")
	if err != nil {
		return 0, 0, err
	}
	x, err := table(dir, "boot_x_500")
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	a, err := factor.AlphaBootstrap(context.Background(), y[0], x, factor.BootstrapParams{BlockLength: 6, Replicates: 10000})
	if err != nil {
		return 0, 0, err
	}
	return time.Since(begin).Seconds(), a.PGreater, nil
}

func minVariance(dir string) (seconds, check float64, err error) {
	cov, err := table(dir, "cov_500")
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	p, err := optimize.MinVariance(context.Background(), cov, &optimize.Constraints{Upper: optimize.Fill(len(cov), .05)})
	if err != nil {
		return 0, 0, err
	}
	return time.Since(begin).Seconds(), p.Variance, nil
}

func riskParity(dir string) (seconds, check float64, err error) {
	cov, err := table(dir, "cov_500")
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	p, err := optimize.RiskParity(context.Background(), cov, nil)
	if err != nil {
		return 0, 0, err
	}
	return time.Since(begin).Seconds(), floats.Dot(p.Weights, p.Weights), nil
}

// loadings sums the standard errors of all coefficients, with six lags.
func loadings(dir string) (seconds, check float64, err error) {
	returns, err := table(dir, "ret_750x600")
	if err != nil {
		return 0, 0, err
	}
	factors, err := table(dir, "fac_750x6")
	if err != nil {
		return 0, 0, err
	}
	lags := 6
	begin := time.Now()
	m, err := factor.Loadings(returns, nil, factors, factor.Params{Lags: &lags})
	if err != nil {
		return 0, 0, err
	}
	for _, l := range m.Loadings {
		check += floats.Sum(l.HAC)
	}
	return time.Since(begin).Seconds(), check, nil
}

// sparseHDR takes 300 plain steps from equal weights, as the reference does.
func sparseHDR(dir string) (seconds, check float64, err error) {
	returns, err := table(dir, "ret_750x600")
	if err != nil {
		return 0, 0, err
	}
	returns = returns[:100]
	index := make([]float64, len(returns[0]))
	for _, c := range returns[:20] {
		floats.AddScaled(index, 1./20, c)
	}
	begin := time.Now()
	t, err := tracking.New(returns, index, tracking.Params{Huber: 5e-4, Lambda: 1e-7, P: .01, Gamma: .2, MaxWeight: .2})
	if err != nil {
		return 0, 0, err
	}
	w, next := optimize.Fill(100, .01), make([]float64, 100)
	for range 300 {
		t.Step(next, w)
		w, next = next, w
		check = t.Objective(w)
	}
	return time.Since(begin).Seconds(), check, nil
}

// metrics measures 1,000 strategies and sums their Sharpe ratios.
func metrics(dir string) (seconds, check float64, err error) {
	returns, err := table(dir, "strat_1250x1000") //nolint:misspell // the file's name
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	sharpe := make([]float64, len(returns))
	failed := make([]error, len(returns))
	err = quant.Parallel(context.Background(), len(returns), func(_, i int) {
		var r *perf.Report
		if r, failed[i] = perf.Measure(returns[i], perf.Params{}); failed[i] == nil {
			sharpe[i] = r.Sharpe
		}
	})
	for _, e := range append(failed, err) {
		if e != nil {
			return 0, 0, e
		}
	}
	return time.Since(begin).Seconds(), floats.Sum(sharpe), nil
}
