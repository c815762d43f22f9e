package perf

import (
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
)

// Comparison is returns against a benchmark.
type Comparison struct {
	// TrackingError, InformationRatio and ActiveReturn are a year.
	TrackingError, InformationRatio, ActiveReturn float64
	Beta                                          float64
	// Alpha is Jensen's, a year; AlphaT its t of HAC errors.
	Alpha, AlphaT float64
	Correlation   float64
	// UpCapture and DownCapture are ratios of geometric means over the periods in
	// which the benchmark rose or fell.
	UpCapture, DownCapture float64
}

func compare(returns []float64, rf float64, p *Params, undefined map[string]string) (*Comparison, error) {
	a, b := p.PeriodsPerYear, p.Benchmark
	active := make([]float64, len(returns))
	excess := make([]float64, len(returns))
	market := make([]float64, len(returns))
	for i, r := range returns {
		active[i], excess[i], market[i] = r-b[i], r-rf, b[i]-rf
	}
	c := &Comparison{}
	c.ActiveReturn = a * quant.Mean(active)
	c.InformationRatio = math.NaN()
	if quant.Constant(active) {
		undefined["information_ratio"] = "the active returns do not vary"
	} else {
		c.TrackingError = quant.SD(active) * math.Sqrt(a)
		c.InformationRatio = c.ActiveReturn / c.TrackingError
	}
	c.Beta, c.Alpha, c.AlphaT, c.Correlation = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	if quant.Constant(b) {
		for _, f := range []string{"beta", "alpha_annual", "alpha_t", "correlation"} {
			undefined[f] = "the benchmark does not vary"
		}
	} else {
		cov, vb := quant.Covariance(returns, b), quant.Variance(b)
		c.Beta = cov / vb
		c.Alpha = a * (quant.Mean(excess) - c.Beta*quant.Mean(market))
		if quant.Constant(returns) {
			undefined["correlation"] = "the returns do not vary"
		} else {
			c.Correlation = cov / math.Sqrt(vb*quant.Variance(returns))
		}
		if err := c.alphaT(excess, market, p.Lags, undefined); err != nil {
			return nil, err
		}
	}
	c.UpCapture = capture(returns, b, 1, "up_capture", undefined)
	c.DownCapture = capture(returns, b, -1, "down_capture", undefined)
	return c, nil
}

func (c *Comparison) alphaT(excess, market []float64, lags *int, undefined map[string]string) error {
	if len(excess) < 4 {
		undefined["alpha_t"] = "there are fewer than 4 observations"
		return nil
	}
	d, err := factor.NewDesign(len(excess), [][]float64{market}, []string{"benchmark"})
	if err != nil {
		return err
	}
	l := factor.AutoLags
	if lags != nil {
		l = *lags
	}
	f, err := d.Estimate(excess, min(l, len(excess)-1))
	if err != nil {
		return err
	}
	if f.HAC[0] > 0 {
		c.AlphaT = f.Coefficients[0] / f.HAC[0]
	} else {
		undefined["alpha_t"] = "the regression leaves no residual"
	}
	return nil
}

// capture compares geometric means over the periods in which the benchmark has sign.
func capture(returns, b []float64, sign float64, field string, undefined map[string]string) float64 {
	ours, theirs, n := 1.0, 1.0, 0
	for i, v := range b {
		if v*sign > 0 {
			ours *= 1 + returns[i]
			theirs *= 1 + v
			n++
		}
	}
	if n == 0 {
		undefined[field] = "the benchmark never moved that way"
		return math.NaN()
	}
	return (math.Pow(ours, 1/float64(n)) - 1) / (math.Pow(theirs, 1/float64(n)) - 1)
}
