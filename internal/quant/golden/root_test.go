package golden

import "quantdesk/internal/quant"

func init() {
	analytics["returns"] = func(c *call) (map[string]any, error) {
		var p struct{ Kind string }
		c.params(&p)
		cols := c.columns("prices")
		for i, x := range cols {
			if err := quant.Check(quant.Column{Name: "prices", Values: x, AtLeast: 2, Positive: true}); err != nil {
				return nil, err
			}
			if p.Kind == "log" {
				cols[i] = quant.LogReturns(x)
			} else {
				cols[i] = quant.Returns(x)
			}
		}
		var first, last []float64
		for _, x := range cols {
			first, last = append(first, x[0]), append(last, x[len(x)-1])
		}
		return map[string]any{"first_row": first, "last_row": last, "n": len(cols[0])}, nil
	}
}
