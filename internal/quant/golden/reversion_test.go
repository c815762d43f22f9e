package golden

import (
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/reversion"
)

func init() {
	analytics["mean_reversion_z"] = func(c *call) (map[string]any, error) {
		var p struct {
			Lookback  int
			Transform reversion.Transform
		}
		c.params(&p)
		x := c.series("x")
		if p.Transform == reversion.Log {
			x = quant.Logs(x)
		}
		z, mean, sd := reversion.ZScores(x, p.Lookback)
		low, far := 0, 0
		for _, v := range z {
			if v <= -1 {
				low++
			}
			if math.Abs(v) >= 2 {
				far++
			}
		}
		last := len(z) - 1
		return map[string]any{"z_last": z[last], "z_first": z[p.Lookback-1], "mean_last": mean[last], "std_last": sd[last], "count_le_minus1": low, "count_abs_ge_2": far}, nil
	}
}
