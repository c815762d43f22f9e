package sheet

import (
	"image/color"
	"math"
	"slices"
	"time"

	"quantdesk/internal/fault"
)

// Caption is what every chart says of itself.
type Caption struct {
	Title, Subtitle string
	// Source is where the numbers come from; Simulated, that they are no market's.
	Source    string
	Simulated bool
	// Made is the date of the document.
	Made time.Time
}

// The size of a chart in points.
const (
	chartW, chartH = 720.0, 432.0
	mostPoints     = 1_000_000
)

// frame makes a drawing of one page with the caption around it.
func (k Caption) frame(h float64, draw func(*canvas, box)) Drawing {
	made := k.Made
	if made.IsZero() {
		made = time.Unix(0, 0).UTC()
	}
	return Drawing{Title: k.Title, Made: made, w: chartW, h: h, pages: []func(*canvas){func(c *canvas) {
		c.rect(box{0, 0, chartW, h}, white)
		room := chartW - 56.0
		if k.Simulated {
			st := style{7.5, true, navy}
			w := c.wide(st, "SIMULATED") + 14
			c.round(box{chartW - 28 - w, 17, w, 14}, 7, amber)
			c.write(chartW-28-w/2, 26.8, toMiddle, st, "SIMULATED")
			room -= w + 12
		}
		st := style{14, true, navy}
		c.write(28, 30, toLeft, st, c.fit(st, k.Title, room))
		top := 42.0
		if k.Subtitle != "" {
			st := style{8.5, false, faint}
			c.write(28, 45, toLeft, st, c.fit(st, k.Subtitle, chartW-56))
			top = 56
		}
		if k.Source != "" {
			st := style{6.5, false, faint}
			c.write(28, h-9, toLeft, st, c.fit(st, "Prices: "+k.Source, chartW-56))
		}
		draw(c, box{28, top, chartW - 56, h - top - 22})
	}}}
}

func need(op string, ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fault.E("sheet."+op, fault.InsufficientData, format, args...)
}

// Line is a series with its name; NaN is a gap.
type Line struct {
	Name   string
	Values []float64
}

// Equity is growth over time with the drawdown of the first line below it.
type Equity struct {
	Caption
	Times []time.Time
	// Lines are wealth, 1 at the start.
	Lines []Line
}

// Drawing draws it.
func (e Equity) Drawing() (Drawing, error) {
	if err := lengths("Equity", e.Times, e.Lines); err != nil {
		return Drawing{}, err
	}
	return e.frame(chartH, func(c *canvas, b box) {
		upper, lower := box{b.x, b.y, b.w, b.h*0.68 - 8}, box{b.x, b.y + b.h*0.68, b.w, b.h * 0.32}
		all := make([][]float64, len(e.Lines))
		keys := make([]key, len(e.Lines))
		for i, l := range e.Lines {
			all[i] = l.Values
			keys[i] = key{l.Name, lines[i%len(lines)]}
			if i == 1 && len(e.Lines) == 2 {
				keys[i].col = gray
			}
		}
		lo, hi, _ := bounds(all...)
		lo, hi = min(lo, 1), max(hi, 1)
		log := lo > 0 && hi/lo > 6
		name := "Cumulative return"
		if log {
			name = "Growth of 1, logarithmic"
		}
		in := c.title(upper, name)
		c.keys(upper.right()-6, upper.y+8, upper.w*0.7, keys)
		p := c.axes(in, e.Times, func(a, z float64) scale {
			if log {
				return powers(lo, hi, a, z)
			}
			pad := (hi - lo) * 0.04
			return linear(lo-1-pad, hi-1+pad, a, z, 6, percent)
		})
		base := 0.0
		if log {
			base = 1
		}
		p.level(base, 0.7, axis)
		for i := len(all) - 1; i >= 0; i-- {
			x := all[i]
			if !log {
				x = minusOne(x)
			}
			p.series(x, map[bool]float64{true: 1.3, false: 0.9}[i == 0], keys[i].col)
		}
		fall := drawdown(all[0])
		in = c.title(lower, "Drawdown")
		low, _, _ := bounds(fall)
		p = c.axes(in, e.Times, func(a, z float64) scale { return linear(min(low*1.05, -1e-4), 0, a, z, 4, percent) })
		p.area(fall, 0, faded(red, 0.22))
		p.series(fall, 0.9, red)
	}), nil
}

func drawdown(wealth []float64) []float64 {
	out := make([]float64, len(wealth))
	peak := 1.0
	for i, w := range wealth {
		if !math.IsNaN(w) {
			peak = max(peak, w)
		}
		out[i] = w/peak - 1
	}
	return out
}

func lengths(op string, times []time.Time, list []Line) error {
	if err := need(op, len(times) > 0 && len(list) > 0, "there is nothing to draw"); err != nil {
		return err
	}
	if len(times) > mostPoints {
		return fault.E("sheet."+op, fault.TooLarge, "there are %d times; at most %d are drawn", len(times), mostPoints)
	}
	some := false
	for _, l := range list {
		if len(l.Values) != len(times) {
			return fault.E("sheet."+op, fault.InvalidParameter, "%s has %d values for %d times", l.Name, len(l.Values), len(times))
		}
		_, _, ok := bounds(l.Values)
		some = some || ok
	}
	return need(op, some, "there is no number to draw")
}

// Visit is a trade on a spread: where it began and ended, on which side.
type Visit struct {
	From, To int
	Long     bool
}

// Spread is the z-score of a spread with its bands and trades.
type Spread struct {
	Caption
	Times []time.Time
	Z     []float64
	// Entry, Exit and Stop are magnitudes of z; 0 draws none.
	Entry, Exit, Stop float64
	// Bands are magnitudes of z with no rule behind them, drawn faintly.
	Bands  []float64
	Trades []Visit
	// Level is the spread itself, drawn below, nil for none.
	Level []float64
}

// Drawing draws it.
func (s Spread) Drawing() (Drawing, error) {
	list := []Line{{"z", s.Z}}
	if s.Level != nil {
		list = append(list, Line{"spread", s.Level})
	}
	if err := lengths("Spread", s.Times, list); err != nil {
		return Drawing{}, err
	}
	return s.frame(chartH, func(c *canvas, b box) {
		upper := b
		if s.Level != nil {
			upper.h = b.h*0.66 - 8
		}
		lo, hi, ok := bounds(s.Z)
		if !ok {
			lo, hi = -1, 1
		}
		edge := max(s.Entry, s.Exit, slices.Max(append([]float64{0.1}, s.Bands...))) * 1.1
		if reach := max(math.Abs(lo), math.Abs(hi), edge); s.Stop <= 2.5*reach {
			edge = max(edge, s.Stop*1.05)
		}
		lo, hi = min(lo*1.05, -edge), max(hi*1.05, edge)
		in := c.title(upper, "z-score")
		p := c.axes(in, s.Times, func(a, z float64) scale { return linear(lo, hi, a, z, 7, number) })
		if s.Exit > 0 {
			top, bottom := p.y.at(min(s.Exit, hi)), p.y.at(max(-s.Exit, lo))
			c.rect(box{p.plot.x, top, p.plot.w, bottom - top}, faded(green, 0.08))
		}
		for _, t := range s.Trades {
			if t.From < 0 || t.To >= len(s.Z) || t.From > t.To {
				continue
			}
			x0, x1 := p.x.at(float64(t.From)), p.x.at(float64(t.To))
			c.rect(box{x0, p.plot.y, max(x1-x0, 0.6), p.plot.h}, faded(sideColour(t.Long), 0.08))
		}
		p.level(0, 0.7, axis)
		for _, sign := range []float64{1, -1} {
			for _, v := range s.Bands {
				p.level(sign*v, 0.7, gray, 2, 2)
			}
			if s.Entry > 0 {
				p.level(sign*s.Entry, 0.8, lines[1], 4, 2.5)
			}
			if s.Exit > 0 {
				p.level(sign*s.Exit, 0.7, green, 2, 2)
			}
			if s.Stop > 0 {
				p.level(sign*s.Stop, 0.8, red, 4, 2.5)
			}
		}
		p.series(s.Z, 0.9, blue)
		for _, t := range s.Trades {
			if t.From < 0 || t.To >= len(s.Z) || t.From > t.To {
				continue
			}
			if z := s.Z[t.From]; !math.IsNaN(z) {
				c.arrow(p.x.at(float64(t.From)), p.y.at(z), t.Long)
			}
			if z := s.Z[t.To]; !math.IsNaN(z) {
				x, y := p.x.at(float64(t.To)), p.y.at(z)
				c.dot(x, y, 2.6, white)
				c.dot(x, y, 1.8, ink)
			}
		}
		var keys []key
		for _, v := range s.Bands {
			keys = append(keys, key{"±" + show(v, number, 0), gray})
		}
		for _, k := range []struct {
			name string
			v    float64
			col  color.NRGBA
		}{{"entry", s.Entry, lines[1]}, {"exit", s.Exit, green}, {"stop", s.Stop, red}} {
			if k.v > 0 && k.v <= hi {
				keys = append(keys, key{k.name + " ±" + show(k.v, number, 2), k.col})
			}
		}
		if len(s.Trades) > 0 {
			keys = append(keys, key{"long", sideColour(true)}, key{"short", sideColour(false)}, key{"closed", ink})
		}
		c.keys(upper.right()-6, upper.y+8, upper.w*0.8, keys)
		if s.Level != nil {
			lower := box{b.x, b.y + b.h*0.66, b.w, b.h * 0.34}
			lo, hi, ok := bounds(s.Level)
			if !ok {
				lo, hi = 0, 1
			}
			pad := (hi - lo) * 0.05
			p := c.axes(c.title(lower, "Spread"), s.Times, func(a, z float64) scale { return linear(lo-pad, hi+pad, a, z, 4, number) })
			p.series(s.Level, 0.9, navy)
		}
	}), nil
}

func sideColour(long bool) color.NRGBA {
	if long {
		return lines[2]
	}
	return lines[3]
}

// arrow points up for what is bought, down for what is sold.
func (c *canvas) arrow(x, y float64, up bool) {
	const r = 4.2
	sign := 1.0
	if !up {
		sign = -1
	}
	// It stands off the line, below it for a purchase.
	y += sign * 3
	c.fill([]xy{{x, y}, {x - r*0.8, y + sign*r*1.5}, {x + r*0.8, y + sign*r*1.5}}, sideColour(up))
}
