package golden

import (
	"context"
	"errors"
	"fmt"
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/correlation"
)

// returnsOf are the columns of a case about returns, whatever it calls them.
func (c *call) returnsOf() [][]float64 {
	if cols := c.columns("returns"); cols != nil {
		return cols
	}
	return c.columns("x")
}

func init() {
	ctx := context.Background()
	analytics["correlation"] = func(c *call) (map[string]any, error) {
		var p struct {
			Method  correlation.Method
			Adjust  correlation.Adjustment
			Kendall correlation.KendallP `json:"kendall_method"`
		}
		c.params(&p)
		if err := c.together(); err != nil {
			return nil, err
		}
		if p.Kendall == "" {
			p.Kendall = correlation.Asymptotic
		}
		cols := c.returnsOf()
		r, err := correlation.Matrix(ctx, nil, cols, correlation.Params{Method: p.Method, Adjust: p.Adjust, Exact: p.Kendall})
		if err != nil {
			return nil, err
		}
		return map[string]any{"matrix": r.Rho, "p_values": r.P, "adjusted": r.Adjusted, "low": r.Low, "high": r.High, "mean_abs": correlation.MeanAbs(r.Rho)}, nil
	}
	analytics["correlation_pair"] = func(c *call) (map[string]any, error) {
		var p struct {
			Kendall string `json:"kendall_method"`
		}
		c.params(&p)
		if p.Kendall == "auto" {
			p.Kendall = ""
		}
		r, err := correlation.Pair(c.series("x"), c.series("y"), correlation.KendallP(p.Kendall))
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"pearson": r.Pearson, "pearson_p": r.PearsonP, "pearson_ci": []float64{r.Low, r.High}, "spearman": r.Spearman, "spearman_p": r.SpearmanP,
			"kendall_tau_b": r.TauB, "kendall_p": r.KendallP,
		}, nil
	}
	analytics["rolling_correlation"] = func(c *call) (map[string]any, error) {
		var p struct{ Window int }
		c.params(&p)
		out := map[string]any{}
		for _, m := range []correlation.Method{correlation.Pearson, correlation.Spearman, correlation.Kendall} {
			r, err := correlation.Rolling(c.series("x"), c.series("y"), p.Window, m)
			if err != nil {
				return nil, err
			}
			mean, err := correlation.Mean.Reduce(r, 0)
			if err != nil {
				return nil, err
			}
			out[string(m)], out[string(m)+"_last"], out[string(m)+"_mean"] = r, r[len(r)-1], mean
		}
		return out, nil
	}
	analytics["multiple_testing"] = func(c *call) (map[string]any, error) {
		var p struct{ Alpha float64 }
		c.params(&p)
		reject := func(adjusted []float64) []bool {
			out := make([]bool, len(adjusted))
			for i, v := range adjusted {
				out[i] = v <= p.Alpha
			}
			return out
		}
		bh, holm := quant.BenjaminiHochberg(c.series("p")), quant.Holm(c.series("p"))
		return map[string]any{"bh_adjusted": bh, "bh_reject": reject(bh), "holm_adjusted": holm, "holm_reject": reject(holm)}, nil
	}
	analytics["distance_correlation"] = func(c *call) (map[string]any, error) {
		x := c.series("x")
		r, err := correlation.Distance(ctx, x, c.other("y", x), correlation.DistanceParams{})
		if err != nil {
			return nil, err
		}
		return map[string]any{"dcor": r.DCor, "dcov": r.DCov, "dvar_x": r.DVarX, "dvar_y": r.DVarY, "dcor2_u": r.DCor2U, "t": r.T, "df": r.DF, "p": r.P}, nil
	}
	analytics["rolling_distance_correlation"] = func(c *call) (map[string]any, error) {
		var p struct{ Window int }
		c.params(&p)
		r, err := correlation.RollingDistance(ctx, c.series("x"), c.series("y"), correlation.RollingParams{Window: p.Window})
		if err != nil {
			return nil, err
		}
		out := map[string]any{"dcor": r}
		for _, a := range []correlation.Aggregate{correlation.Mean, correlation.Median, correlation.Min, correlation.Last} {
			v, e := a.Reduce(r, 0)
			out[string(a)], err = v, errors.Join(err, e)
		}
		for percent := 50; percent <= 95; percent += 5 {
			v, e := correlation.Share.Reduce(r, float64(percent)/100)
			out[fmt.Sprintf("share_ge_%03d", percent)], err = v, errors.Join(err, e)
		}
		most := math.Inf(-1)
		for _, v := range r {
			most = max(most, v)
		}
		out["max"] = most
		return out, err
	}
}
