package golden

import (
	"encoding/json"

	"quantdesk/internal/quant/kalman"
)

// every is one value of ten.
func every(x []float64) []float64 {
	var out []float64
	for i := 0; i < len(x); i += 10 {
		out = append(out, x[i])
	}
	return out
}

func init() {
	analytics["kalman_hedge"] = func(c *call) (map[string]any, error) {
		var p struct {
			Mode     kalman.Mode
			StateVar json.RawMessage `json:"state_var"`
			ObsVar   float64         `json:"obs_var"`
			Delta    json.RawMessage
			DeltaV   float64 `json:"delta_v"`
			M0       *[2]float64
			P0       [2][2]float64
			C0       [2][2]float64
			N0       float64
			S0       float64
			BurnIn   int `json:"burn_in"`
			Lookback int
		}
		c.params(&p)
		how := kalman.Params{Mode: p.Mode, ObsVar: p.ObsVar, DeltaV: p.DeltaV, BurnIn: p.BurnIn, Lookback: p.Lookback}
		var one float64
		if json.Unmarshal(p.StateVar, &one) == nil {
			how.StateVar = [2]float64{one, one}
		} else if p.StateVar != nil {
			_ = json.Unmarshal(p.StateVar, &how.StateVar)
		}
		how.AutoDelta = string(p.Delta) == `"auto"`
		if p.Delta != nil && !how.AutoDelta {
			if err := json.Unmarshal(p.Delta, &how.Delta); err != nil {
				return nil, err
			}
		}
		if p.M0 != nil {
			how.Prior = &kalman.Prior{Mean: *p.M0, Covariance: p.C0, DOF: p.N0, Variance: p.S0}
			if p.Mode != kalman.Discount && p.Mode != "" {
				how.Prior.Covariance = p.P0
			}
		}
		r, err := kalman.Hedge(c.series("y"), c.series("x"), how)
		if err != nil {
			return nil, err
		}
		last := len(r.Beta) - 1
		return map[string]any{
			"beta_last": r.Beta[last], "alpha_last": r.Alpha[last], "beta_every_10": every(r.Beta), "alpha_every_10": every(r.Alpha),
			"innovation_every_10": every(r.Error), "innovation_var_every_10": every(r.Q), "z_every_10": every(r.Z),
			"loglik": r.LogLikelihood, "log_predictive": r.LogLikelihood, "P_last": r.Covariance, "C_last": r.Covariance,
			"dof_last": r.DOF[last], "S_last": r.S[last], "beta_sd_last": r.BetaSD[last], "alpha_sd_last": r.AlphaSD[last],
			"delta": r.Delta, "state_var": r.StateVar[0], "obs_var": r.ObsVar,
		}, nil
	}
}
