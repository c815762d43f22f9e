package golden

import (
	"encoding/json"
	"slices"

	"quantdesk/internal/quant/pairs"
)

func init() {
	analytics["pairs_backtest"] = func(c *call) (map[string]any, error) {
		var p struct {
			Nav0         float64
			Entry        float64
			Exit         float64
			Stop         float64
			Confirm      int
			Cap          float64
			GrossMax     float64 `json:"gross_max"`
			TMaxMult     float64 `json:"tmax_mult"`
			CostBPS      float64 `json:"cost_bps"`
			BorrowBPS    float64 `json:"borrow_bps"`
			Periods      float64
			FormationEnd int `json:"formation_end"`
		}
		c.params(&p)
		var in []map[string]json.RawMessage
		c.input("pairs", &in)
		var list []pairs.Pair
		for _, raw := range in {
			get := func(name string) []float64 {
				if raw[name] == nil {
					return nil
				}
				return c.resolve(raw[name])[0]
			}
			pair := pairs.Pair{Close1: get("c1"), Close2: get("c2"), Fill1: get("f1"), Fill2: get("f2"), Z: get("z"), Beta: get("beta")}
			if err := json.Unmarshal(raw["half_life"], &pair.HalfLife); err != nil {
				return nil, err
			}
			list = append(list, pair)
		}
		r, err := pairs.Backtest(list, pairs.Params{
			NAV: p.Nav0, Entry: p.Entry, Exit: p.Exit, Stop: p.Stop, Confirm: p.Confirm, Cap: p.Cap, GrossMax: p.GrossMax,
			TimeMult: p.TMaxMult, CostBPS: p.CostBPS, BorrowBPS: p.BorrowBPS, Periods: p.Periods, FormationEnd: p.FormationEnd,
		})
		if err != nil {
			return nil, err
		}
		trades, skipped := []any{}, []any{}
		for i := range r.Trades {
			t := &r.Trades[i]
			trades = append(trades, map[string]any{
				"pair": t.Pair, "side": t.SideName(), "signal_bar": t.SignalBar, "entry_bar": t.EntryBar, "exit_signal_bar": t.ExitSignalBar,
				"exit_bar": t.ExitBar, "z_entry": t.ZEntry, "z_exit": t.ZExit, "beta": t.Beta, "units1": t.Units1, "units2": t.Units2,
				"entry1": t.Entry1, "entry2": t.Entry2, "exit1": t.Exit1, "exit2": t.Exit2, "gross": t.Gross,
				"pnl_leg1": t.PnLLeg1, "pnl_leg2": t.PnLLeg2, "trade_cost": t.TradeCost, "borrow_cost": t.BorrowCost, "pnl": t.PnL,
				"bars_held": t.BarsHeld, "reason": string(t.Reason),
			})
		}
		for _, s := range r.Skipped {
			skipped = append(skipped, map[string]any{"pair": s.Pair, "bar": s.Bar, "reason": s.Reason})
		}
		return map[string]any{
			"trades": trades, "n_trades": len(trades), "skipped": skipped, "nav_last": r.NAV[len(r.NAV)-1], "nav_every_10": every(r.NAV),
			"gross_max": slices.Max(r.Gross), "t_max": r.MaxBars,
		}, nil
	}
}
