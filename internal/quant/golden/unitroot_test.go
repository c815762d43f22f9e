package golden

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"quantdesk/internal/quant/unitroot"
)

// wholeOrNil is an optional number of lags, or nil where the JSON is null or text.
func wholeOrNil(raw json.RawMessage) *int {
	var n *int
	if json.Unmarshal(raw, &n) != nil {
		return nil
	}
	return n
}

func init() {
	analytics["adf"] = func(c *call) (map[string]any, error) {
		var p struct {
			Regression unitroot.Trend     `json:"regression"`
			Method     unitroot.Selection `json:"lag_method"`
			Lags       *int               `json:"lags"`
			MaxLag     *int               `json:"max_lag"`
		}
		c.params(&p)
		if p.Lags == nil {
			p.Lags = p.MaxLag
		}
		r, err := unitroot.ADF("x", c.series("x"), unitroot.ADFParams{Trend: p.Regression, Lags: unitroot.Lags{Method: p.Method, Count: p.Lags}})
		if err != nil {
			return nil, err
		}
		return map[string]any{"stat": r.Stat, "p": r.P, "lags_used": r.Lags, "nobs": r.Observations, "crit_1": r.Critical[0], "crit_5": r.Critical[1], "crit_10": r.Critical[2], "reject_5": r.Reject}, nil
	}
	analytics["kpss"] = func(c *call) (map[string]any, error) {
		var p struct {
			Regression unitroot.Trend  `json:"regression"`
			Lags       json.RawMessage `json:"lags"`
		}
		c.params(&p)
		how := unitroot.KPSSParams{Trend: p.Regression, Count: wholeOrNil(p.Lags)}
		if how.Count == nil {
			how.Lags = strings.Trim(string(p.Lags), `"`)
			if how.Lags == "null" {
				how.Lags = ""
			}
		}
		r, err := unitroot.KPSS("x", c.series("x"), how)
		if err != nil {
			return nil, err
		}
		return map[string]any{"stat": r.Stat, "p": r.P, "lags_used": r.Lags, "crit": r.Critical, "p_bound": r.PBound, "reject_5": r.Reject}, nil
	}
	analytics["half_life"] = func(c *call) (map[string]any, error) {
		var p struct {
			BarLength float64 `json:"bar_length"`
		}
		c.params(&p)
		r, err := unitroot.HalfLife("x", c.series("x"), unitroot.HalfLifeParams{BarLength: p.BarLength})
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"intercept": r.Intercept, "phi": r.Phi, "phi_se": r.PhiSE, "phi_kendall": r.PhiKendall, "sigma_eps": r.SigmaEps,
			"half_life": r.HalfLife, "half_life_se": r.HalfLifeSE, "theta": r.Theta, "mu": r.Mu, "sigma_eq": r.SigmaEq, "half_life_kendall": r.HalfLifeKendall,
		}, nil
	}
	analytics["hurst"] = func(c *call) (map[string]any, error) {
		var p struct {
			MaxLag int `json:"max_lag"`
		}
		c.params(&p)
		r, err := unitroot.Hurst("x", c.series("x"), unitroot.HurstParams{MaxLag: p.MaxLag, Scales: true})
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"structure": r.H, "structure_lags": r.Lags, "structure_r2": r.R2, "rs_corrected": r.RS, "rs_raw": r.RSRaw, "dfa": r.DFA,
			"se": r.SE, "p_value_rw": r.P,
		}, nil
	}
	analytics["variance_ratio"] = func(c *call) (map[string]any, error) {
		var p struct{ Q int }
		c.params(&p)
		r, err := unitroot.VarianceRatio("x", c.series("x"), p.Q)
		if err != nil {
			return nil, err
		}
		return map[string]any{"vr": r.VR, "z_homo": r.ZHomo, "p_homo": r.PHomo, "z_hetero": r.ZHetero, "p_hetero": r.PHetero}, nil
	}
	trends := []unitroot.Trend{unitroot.None, unitroot.Constant, unitroot.Linear, unitroot.Quadratic}
	analytics["mackinnon_p"] = func(c *call) (map[string]any, error) {
		var p struct{ Stats []float64 }
		c.params(&p)
		out := map[string]any{}
		for _, trend := range trends {
			for n := 1; n <= 6; n++ {
				row := make([]float64, len(p.Stats))
				for i, s := range p.Stats {
					row[i] = unitroot.PValue(s, trend, n)
				}
				out[fmt.Sprintf("%s_%d", trend, n)] = row
			}
		}
		return out, nil
	}
	analytics["mackinnon_crit"] = func(c *call) (map[string]any, error) {
		var p struct{ Nobs []any }
		c.params(&p)
		out := map[string]any{}
		for _, trend := range trends {
			for n := 1; n <= 12; n++ {
				rows := make([][3]float64, len(p.Nobs))
				for i, v := range p.Nobs {
					observations, ok := v.(float64)
					if !ok {
						observations = math.Inf(1)
					}
					rows[i] = unitroot.Critical(trend, n, observations)
				}
				out[fmt.Sprintf("%s_%d", trend, n)] = rows
			}
		}
		return out, nil
	}
}
