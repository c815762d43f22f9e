package main

import (
	"context"
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/cointegration"
	"quantdesk/internal/quant/correlation"
	"quantdesk/internal/quant/kalman"
	"quantdesk/internal/quant/pca"
	"quantdesk/internal/quant/regime"
	"quantdesk/internal/quant/unitroot"
)

// seriesWorkloads are those of the analyses of series.
var seriesWorkloads = map[string]workload{
	"dcor_rolling_100x500_w60":  on("ret_500x100", rollingDistance),
	"dcor_single_1560":          on("xy_1560", distance),
	"dcor_single_5000":          on("xy_5000", distance),
	"engle_granger_100x500_aic": on("logp_500x100", engleGranger),
	"johansen_100x500_lag2":     on("logp_500x100", johansen),
	"pca_500x1000_svd":          on("ret_500x1000", components),
	"pca_500x1000_gram":         on("ret_500x1000", components),
	"pearson_500x500":           on("ret_500x500", matrix(correlation.Params{NoP: true})),
	"spearman_500x500":          on("ret_500x500", matrix(correlation.Params{Method: correlation.Spearman, Adjust: correlation.NoAdjustment})),
	"kendall_100x500":           on("ret_500x100", matrix(correlation.Params{Method: correlation.Kendall, Adjust: correlation.NoAdjustment})),
	"hurst_1000x500":            on("spread_500x1000", hurst),
	"kalman_dlm_20000":          onTwo("kal_y", "kal_x", hedge),
	"sup_lr_1000":               onTwo("lr_y_1000", "lr_x_1000", breaks),
}

func on(name string, do func(context.Context, [][]float64) (float64, error)) workload {
	return func(dir string) (float64, float64, error) {
		x, err := columns(dir, name)
		if err != nil {
			return 0, 0, err
		}
		return timed(func() (float64, error) { return do(context.Background(), x) })
	}
}

func onTwo(first, second string, do func(a, b []float64) (float64, error)) workload {
	return func(dir string) (float64, float64, error) {
		a, err := columns(dir, first)
		if err != nil {
			return 0, 0, err
		}
		b, err := columns(dir, second)
		if err != nil {
			return 0, 0, err
		}
		return timed(func() (float64, error) { return do(a[0], b[0]) })
	}
}

func rollingDistance(ctx context.Context, x [][]float64) (sum float64, err error) {
	r, err := correlation.RollingDistances(ctx, nil, x, correlation.RollingParams{Window: 60})
	for _, pair := range r {
		sum += quant.Sum(pair)
	}
	return sum, err
}

func distance(ctx context.Context, x [][]float64) (float64, error) {
	r, err := correlation.Distance(ctx, x[0], x[1], correlation.DistanceParams{})
	if err != nil {
		return 0, err
	}
	return r.DCor, nil
}

func engleGranger(ctx context.Context, x [][]float64) (sum float64, err error) {
	r, err := cointegration.EngleGrangerPairs(ctx, nil, x, cointegration.EGParams{}, false)
	if err != nil {
		return 0, err
	}
	for _, p := range r.Pairs {
		sum += p.Stat
	}
	return sum, nil
}

func johansen(ctx context.Context, x [][]float64) (sum float64, err error) {
	r, err := cointegration.JohansenPairs(ctx, nil, x, cointegration.JohansenParams{})
	if err != nil {
		return 0, err
	}
	for _, p := range r.Pairs {
		sum += p.Trace[0]
	}
	return sum, nil
}

// components finds all of them, as the reference does.
func components(ctx context.Context, x [][]float64) (sum float64, err error) {
	r, err := pca.Components(ctx, nil, x, pca.Params{})
	if err != nil {
		return 0, err
	}
	return quant.Sum(r.Values[:10]), nil
}

func matrix(p correlation.Params) func(context.Context, [][]float64) (float64, error) {
	return func(ctx context.Context, x [][]float64) (sum float64, err error) {
		r, err := correlation.Matrix(ctx, nil, x, p)
		if err != nil {
			return 0, err
		}
		for i, row := range r.Rho {
			for j, v := range row {
				switch {
				case p.Method != correlation.Kendall:
					sum += math.Abs(v)
				case j > i:
					sum += v
				}
			}
		}
		return sum, nil
	}
}

func hurst(ctx context.Context, x [][]float64) (sum float64, err error) {
	h := make([]float64, len(x))
	failed := make([]error, len(x))
	err = quant.Parallel(ctx, len(x), func(_, i int) {
		r, err := unitroot.Hurst("spread", x[i], unitroot.HurstParams{})
		if failed[i] = err; err == nil {
			h[i] = r.H
		}
	})
	for _, f := range failed {
		if err == nil {
			err = f
		}
	}
	return quant.Sum(h), err
}

func hedge(y, x []float64) (float64, error) {
	r, err := kalman.Hedge(y, x, kalman.Params{Delta: 0.999, DeltaV: 1, Prior: &kalman.Prior{
		Mean: [2]float64{1, 0}, Covariance: [2][2]float64{{1, 0}, {0, 1}}, DOF: 1, Variance: 1e-4,
	}})
	if err != nil {
		return 0, err
	}
	return r.Beta[len(r.Beta)-1], nil
}

func breaks(y, x []float64) (float64, error) {
	r, err := regime.SupLR(context.Background(), y, [][]float64{x}, regime.BreakParams{})
	if err != nil {
		return 0, err
	}
	return r.Sup, nil
}
