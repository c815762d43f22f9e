package correlation

import (
	"fmt"
	"math"

	"quantdesk/internal/quant"
)

// rebuild is after how many steps sliding sums are taken afresh.
const rebuild = 256

// Rolling correlates x and y (n each) over windows of so many observations, the
// current one included: n-window+1 values, of which the first belongs to row
// window-1. A window in which either does not vary gives NaN. Errors:
// fault.MissingValues, NonFinite, InsufficientData, InvalidParameter. Cost O(n) for
// Pearson, O(nw log w) else.
func Rolling(x, y []float64, window int, method Method) ([]float64, error) {
	const op = "correlation.Rolling"
	method, err := method.check(op)
	if err != nil {
		return nil, err
	}
	if err := checkWindow(op, [][]float64{x, y}, window); err != nil {
		return nil, err
	}
	vx, vy := quant.Varying(x, window), quant.Varying(y, window)
	out := make([]float64, len(vx))
	var s sliding
	var k knight
	for t := range out {
		a, b := x[t:t+window], y[t:t+window]
		if method == Pearson {
			s.step(x, y, t, window)
		}
		switch {
		case !vx[t] || !vy[t]:
			out[t] = math.NaN()
		case method == Pearson:
			out[t] = s.rho(float64(window))
		case method == Spearman:
			out[t] = pearson(Ranks(a), Ranks(b))
		default:
			k.pair(newRanking(a), newRanking(b))
			out[t] = k.tau()
		}
	}
	return out, nil
}

func checkWindow(op string, columns [][]float64, window int) error {
	if err := quant.CheckAll([]string{"x", "y"}, columns, quant.Column{AtLeast: minimum}); err != nil {
		return err
	}
	if n := len(columns[0]); window < minimum || window > n {
		return quant.Bad(op, "window", window, fmt.Sprintf("between %d and the %d observations", minimum, n))
	}
	return nil
}

// sliding are sums over a window around means of the window where they were last
// taken afresh.
type sliding struct {
	mx, my           float64
	x, y, xx, yy, xy float64
	peakX, peakY     float64 // the greatest sums of squares since then
	left             int     // steps until they are taken afresh
}

// lost is the part of the greatest sum of squares below which what is left of it
// has lost too many digits.
const lost = 1e-6

func (s *sliding) step(x, y []float64, t, w int) {
	if s.left > 0 {
		s.left--
		s.add(x[t-1], y[t-1], -1)
		s.add(x[t+w-1], y[t+w-1], 1)
		s.peakX, s.peakY = max(s.peakX, s.xx), max(s.peakY, s.yy)
		n := float64(w)
		if s.xx-s.x*s.x/n > lost*s.peakX && s.yy-s.y*s.y/n > lost*s.peakY {
			return
		}
	}
	*s = sliding{mx: quant.Mean(x[t : t+w]), my: quant.Mean(y[t : t+w]), left: rebuild - 1}
	for i := t; i < t+w; i++ {
		s.add(x[i], y[i], 1)
	}
	s.peakX, s.peakY = s.xx, s.yy
}

func (s *sliding) add(x, y, sign float64) {
	x, y = x-s.mx, y-s.my
	s.x += sign * x
	s.y += sign * y
	s.xx += sign * x * x
	s.yy += sign * y * y
	s.xy += sign * x * y
}

func (s *sliding) rho(w float64) float64 {
	return clamp((s.xy - s.x*s.y/w) / math.Sqrt((s.xx-s.x*s.x/w)*(s.yy-s.y*s.y/w)))
}
