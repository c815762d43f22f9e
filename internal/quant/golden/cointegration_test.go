package golden

import (
	"bytes"
	"encoding/json"
	"strconv"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/cointegration"
	"quantdesk/internal/quant/unitroot"
)

// together refuses a case whose symbols or dates cannot be taken together.
func (c *call) together() error {
	var symbols []string
	if c.input("symbols", &symbols) {
		if err := quant.CheckSymbols(symbols); err != nil {
			return err
		}
	}
	var dates [][]int
	if c.input("dates", &dates) {
		_, err := quant.Align(nil, dates)
		return err
	}
	return nil
}

// table are the columns of an input that may be a list of series, a count of
// arbitrary ones, or the inputs themselves.
func (c *call) table(name string) [][]float64 {
	raw := bytes.TrimSpace(c.Inputs[name])
	var parts []json.RawMessage
	if bytes.HasPrefix(raw, []byte("[{")) && json.Unmarshal(raw, &parts) == nil {
		var out [][]float64
		for _, part := range parts {
			out = append(out, c.resolve(part)...)
		}
		return out
	}
	var count int
	if json.Unmarshal(c.Inputs["columns"], &count) == nil {
		out := make([][]float64, count)
		for i := range out {
			out[i] = ramp(500)
		}
		return out
	}
	return c.columns(name)
}

// other is a series that nothing is wrong with, for a case that names only one.
func (c *call) other(name string, like []float64) []float64 {
	if x := c.series(name); x != nil {
		return x
	}
	return ramp(len(like))
}

func ramp(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}

func init() {
	analytics["engle_granger"] = func(c *call) (map[string]any, error) {
		var p struct {
			Trend  unitroot.Trend
			Method unitroot.Selection `json:"lag_method"`
			Lags   *int
			MaxLag *int `json:"max_lag"`
			Alpha  float64
		}
		c.params(&p)
		if err := c.together(); err != nil {
			return nil, err
		}
		if p.Lags == nil || (p.Method != unitroot.Fixed && p.MaxLag != nil) {
			p.Lags = p.MaxLag
		}
		x := c.columns("x")
		y := c.other("y", x[0])
		r, err := cointegration.EngleGranger(y, x, cointegration.EGParams{Trend: p.Trend, Lags: unitroot.Lags{Method: p.Method, Count: p.Lags}, Alpha: p.Alpha})
		if err != nil {
			return nil, err
		}
		out := map[string]any{
			"stat": r.Stat, "p": r.P, "crit_1": r.Critical[0], "crit_5": r.Critical[1], "crit_10": r.Critical[2],
			"lags_used": r.Lags, "r_squared": r.R2, "intercept": r.Intercept, "hedge_ratio": r.Hedge[0], "hedge_ratios": r.Hedge,
			"half_life": r.HalfLife, "is_cointegrated": r.Cointegrated, "warning": nil,
		}
		if len(r.Hedge) > 1 {
			out["hedge_ratio"] = r.Hedge
		}
		if len(r.Warnings) > 0 {
			out["warning"] = r.Warnings[0]
		}
		return out, nil
	}
	analytics["johansen"] = func(c *call) (map[string]any, error) {
		var p struct {
			Deterministic cointegration.Deterministic
			Lags          *int `json:"lags_diff"`
		}
		c.params(&p)
		if err := c.together(); err != nil {
			return nil, err
		}
		r, err := cointegration.Johansen(nil, c.table("x"), cointegration.JohansenParams{Deterministic: p.Deterministic, LagsDiff: p.Lags})
		if err != nil {
			return nil, err
		}
		out := map[string]any{
			"eigenvalues": r.Eigenvalues, "trace": r.Trace, "trace_crit_90_95_99": r.TraceCritical, "max_eig": r.MaxEig,
			"max_eig_crit_90_95_99": r.MaxEigCritical, "rank_trace_5": r.RankTrace, "rank_max_eig_5": r.RankMaxEig,
		}
		for i := range r.Normalised {
			out["vector_"+strconv.Itoa(i+1)+"_normalised"] = r.Normalised[i]
			out["vector_"+strconv.Itoa(i+1)] = r.Vectors[i]
		}
		return out, nil
	}
}
