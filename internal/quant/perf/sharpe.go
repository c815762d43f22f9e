package perf

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"quantdesk/internal/quant"
)

// ProbabilisticSharpe is the probability that the true Sharpe ratio is above
// benchmark, both per period, after n returns of these moments (Bailey and López de
// Prado 2012, eq. 9). NaN where the error of the ratio is not defined.
func ProbabilisticSharpe(sharpe, benchmark float64, n int, skewness, excessKurtosis float64) float64 {
	v := 1 - skewness*sharpe + (excessKurtosis+2)/4*sharpe*sharpe
	if !(v > 0) {
		return math.NaN()
	}
	return distuv.UnitNormal.CDF((sharpe - benchmark) * math.Sqrt(float64(n-1)) / math.Sqrt(v))
}

// eulerGamma is the Euler-Mascheroni constant.
const eulerGamma = 0.57721566490153286

// DeflatedSharpe is ProbabilisticSharpe against the Sharpe ratio to expect of the best
// of several trials without skill, given the variance of the trials' ratios per period
// (Bailey and López de Prado 2014, eq. 1 and 2). One trial is deflated by nothing.
func DeflatedSharpe(sharpe float64, n int, skewness, excessKurtosis float64, trials int, variance float64) (probability, expected float64) {
	if trials > 1 {
		m := float64(trials)
		expected = math.Sqrt(variance) * ((1-eulerGamma)*distuv.UnitNormal.Quantile(1-1/m) + eulerGamma*distuv.UnitNormal.Quantile(1-1/(m*math.E)))
	}
	return ProbabilisticSharpe(sharpe, expected, n, skewness, excessKurtosis), expected
}

// Ranked is one run of a parameter sweep.
type Ranked struct {
	// Run is its index among the reports.
	Run int
	// Deflated is the probability that its Sharpe ratio is more than luck among all
	// runs.
	Deflated float64
	// Excluded says why it is not ranked, empty where it is.
	Excluded string
}

// Rank orders runs of a sweep by information ratio (by Sharpe ratio where there is no
// benchmark), ties by Sharpe ratio, then by number. Runs with a drawdown deeper than
// maxDrawdown, a positive fraction (0 for no filter), or without the ratio come last,
// excluded. Every run counts as a trial for the deflated Sharpe ratio.
func Rank(reports []*Report, periodsPerYear, maxDrawdown float64) ([]Ranked, error) {
	if periodsPerYear == 0 {
		periodsPerYear = DefaultPeriods
	}
	if maxDrawdown < 0 || math.IsNaN(maxDrawdown) {
		return nil, quant.Bad("perf.Rank", "max_drawdown", maxDrawdown, "0 or more")
	}
	var ratios []float64
	for _, r := range reports {
		if !math.IsNaN(r.Sharpe) {
			ratios = append(ratios, r.Sharpe/math.Sqrt(periodsPerYear))
		}
	}
	spread := 0.0
	if len(ratios) > 1 {
		spread = quant.Variance(ratios)
	}
	key := func(r *Report) float64 {
		if r.Against != nil {
			return r.Against.InformationRatio
		}
		return r.Sharpe
	}
	out := make([]Ranked, len(reports))
	for i, r := range reports {
		out[i].Run = i
		out[i].Deflated, _ = DeflatedSharpe(r.Sharpe/math.Sqrt(periodsPerYear), r.N, r.Skewness, r.ExcessKurtosis, len(reports), spread)
		switch {
		case maxDrawdown > 0 && -r.MaxDrawdown > maxDrawdown:
			out[i].Excluded = "its drawdown is deeper than the limit"
		case math.IsNaN(key(r)):
			out[i].Excluded = "its ratio is not defined"
		}
	}
	slices.SortStableFunc(out, func(a, b Ranked) int {
		if (a.Excluded == "") != (b.Excluded == "") {
			return cmp.Compare(a.Excluded, b.Excluded)
		}
		ra, rb := reports[a.Run], reports[b.Run]
		return cmp.Or(cmp.Compare(key(rb), key(ra)), cmp.Compare(rb.Sharpe, ra.Sharpe))
	})
	return out, nil
}
