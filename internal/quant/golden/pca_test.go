package golden

import (
	"context"

	"quantdesk/internal/quant/pca"
)

func init() {
	analytics["pca"] = func(c *call) (map[string]any, error) {
		var p struct {
			Matrix pca.Matrix
			Count  int `json:"n_components"`
		}
		c.params(&p)
		if err := c.together(); err != nil {
			return nil, err
		}
		r, err := pca.Components(context.Background(), nil, c.returnsOf(), pca.Params{Matrix: p.Matrix, Count: p.Count})
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"eigenvalues": r.Values, "explained_variance_ratio": r.Ratio, "cumulative": r.Cumulative, "components": r.Vectors,
			"total_variance": r.Total, "n_components": len(r.Values), "effective_rank": r.EffectiveRank, "mp_upper_edge": r.MPUpperEdge,
			"n_above_mp": r.Exceeding, "scores_last": r.ScoresLast,
		}, nil
	}
}
