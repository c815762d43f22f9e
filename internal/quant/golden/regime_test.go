package golden

import (
	"context"
	"math"

	"quantdesk/internal/quant/regime"
)

func init() {
	ctx := context.Background()
	analytics["lr_break_known"] = func(c *call) (map[string]any, error) {
		var p struct {
			At int `json:"break_index"`
		}
		c.params(&p)
		r, err := regime.Known(c.series("y"), c.columns("x"), p.At)
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"lr": r.LR, "df": r.DF, "p": r.P, "loglik0": r.Whole.LogLikelihood, "loglik1": r.Before.LogLikelihood + r.After.LogLikelihood,
			"sigma1": r.Before.Sigma, "sigma2": r.After.Sigma, "coef1": r.Before.Coef, "coef2": r.After.Coef,
		}, nil
	}
	analytics["lr_break_sup"] = func(c *call) (map[string]any, error) {
		var p struct{ Trim float64 }
		c.params(&p)
		r, err := regime.SupLR(ctx, c.series("y"), c.columns("x"), regime.BreakParams{Trim: p.Trim})
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"sup_lr": r.Sup, "ave_lr": r.Ave, "exp_lr": r.Exp, "break_index": r.Break, "first": r.First, "last": r.Last, "df": r.DF,
			"p_asymptotic": r.PAsymptotic, "sigma1": r.Before.Sigma, "sigma2": r.After.Sigma, "coef1": r.Before.Coef, "coef2": r.After.Coef,
		}, nil
	}
	analytics["sup_f"] = func(c *call) (map[string]any, error) {
		var p struct{ Trim float64 }
		c.params(&p)
		r, err := regime.SupF(c.series("y"), c.columns("x"), regime.BreakParams{Trim: p.Trim})
		if err != nil {
			return nil, err
		}
		return map[string]any{"sup_f": r.Sup, "break_index": r.Break, "p_hansen": r.P}, nil
	}
	analytics["markov_switching"] = func(c *call) (map[string]any, error) {
		p := struct {
			Mean     bool `json:"switching_mean"`
			Variance bool `json:"switching_variance"`
		}{true, true}
		c.params(&p)
		r, err := regime.Switching(ctx, c.series("y"), regime.SwitchParams{OneMean: !p.Mean, OneVariance: !p.Variance})
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"loglik": r.LogLikelihood, "loglik_1state": r.OneState, "lr": r.LR, "mu_low_vol": r.Mean[0], "mu_high_vol": r.Mean[1],
			"sigma_low": r.Sigma[0], "sigma_high": r.Sigma[1], "stay_low": r.Stay[0], "stay_high": r.Stay[1],
			"duration_low": r.Duration[0], "duration_high": r.Duration[1],
		}, nil
	}
	analytics["hamilton_filter"] = func(c *call) (map[string]any, error) {
		var p struct {
			P00, P10   float64
			Mu, Sigma2 [2]float64
		}
		c.params(&p)
		m := regime.Model{Mean: p.Mu, Stay: [2]float64{p.P00, 1 - p.P10}}
		for i, v := range p.Sigma2 {
			m.Sigma[i] = math.Sqrt(v)
		}
		r, err := regime.Filter(c.series("y"), m)
		if err != nil {
			return nil, err
		}
		last := len(r.Filtered) - 1
		return map[string]any{"loglik": r.LogLikelihood, "prob1_last": r.Filtered[last], "prob1_every_10": every(r.Filtered), "smoothed1_every_10": every(r.Smoothed)}, nil
	}
}
