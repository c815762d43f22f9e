package golden

import (
	"quantdesk/internal/quant/optimize"
	"quantdesk/internal/quant/rank"
)

func init() {
	analytics["rank_terciles"] = terciles
	analytics["beta_neutral"] = betaNeutral
	analytics["beta_shrink"] = betaShrink
}

func terciles(c *call) (map[string]any, error) {
	var p struct {
		Momentum struct{ Lookback, Skip int }
		Combine  rank.Combine
		Signal   string
	}
	c.params(&p)
	var symbols []string
	c.input("symbols", &symbols)
	momentum, err := rank.Momentum(c.columns("prices"), symbols, p.Momentum.Lookback, p.Momentum.Skip)
	if err != nil {
		return nil, err
	}
	signals := []rank.Signal{{Name: "momentum", Values: momentum}}
	if value := c.series("book_to_market"); value != nil && p.Signal != "momentum" {
		signals = append([]rank.Signal{{Name: "value", Values: rank.Value(value)}}, signals...)
	}
	s, err := rank.Terciles(symbols, signals, rank.Params{Combine: p.Combine})
	if err != nil {
		return nil, err
	}
	excluded := []string{}
	for _, e := range s.Excluded {
		excluded = append(excluded, e.Symbol)
	}
	return map[string]any{"momentum": momentum, "excluded": excluded, "composite": s.Composite, "long": s.Long, "short": s.Short, "n_middle": s.Middle}, nil
}

func betaNeutral(c *call) (map[string]any, error) {
	p := struct {
		Long    *float64 `json:"beta_long"`
		Short   float64  `json:"beta_short"`
		Gross   float64
		Weights []float64
	}{Gross: 2}
	c.params(&p)
	if p.Long != nil {
		b, err := rank.BetaNeutral(*p.Long, p.Short, p.Gross)
		if err != nil {
			return nil, err
		}
		return map[string]any{"gross_long": b.GrossLong, "gross_short": b.GrossShort, "net_exposure": b.NetExposure, "net_beta": b.NetBeta}, nil
	}
	betas, err := rank.Betas(c.columns("returns"), nil, c.series("market"))
	if err != nil {
		return nil, err
	}
	raw, err := rank.Shrunk(betas, rank.ShrinkNone)
	if err != nil {
		return nil, err
	}
	projected, err := rank.Project(p.Weights, raw)
	if err != nil {
		return nil, err
	}
	neutral, err := rank.Project(p.Weights, raw, optimize.Fill(len(raw), 1))
	return map[string]any{"betas": raw, "projected": projected, "projected_dollar_neutral": neutral}, err
}

func betaShrink(c *call) (map[string]any, error) {
	var p struct {
		Beta, SE  float64
		PriorMean float64 `json:"prior_mean"`
		PriorSD   float64 `json:"prior_sd"`
	}
	c.params(&p)
	return map[string]any{"blume": rank.Blume(p.Beta), "vasicek": rank.Vasicek(rank.Beta{Beta: p.Beta, SE: p.SE}, p.PriorMean, p.PriorSD)}, nil
}
