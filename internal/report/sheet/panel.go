package sheet

import (
	"image/color"
	"math"
	"time"
)

var (
	small   = style{7, false, faint}
	heading = style{9, true, navy}
	legend  = style{7, false, ink}
)

// gutter is the room that value labels have, the same in all panels of a page,
// so that their axes stand below each other.
const gutter = 38

// panel is a set of axes.
type panel struct {
	c    *canvas
	plot box
	x, y scale
}

// title writes a panel's name and gives what is left below it.
func (c *canvas) title(b box, text string) box {
	c.write(b.x, b.y+9, toLeft, heading, c.fit(heading, text, b.w))
	return box{b.x, b.y + 14, b.w, b.h - 14}
}

// axes draws a frame for values between lo and hi over times.
func (c *canvas) axes(b box, times []time.Time, y func(a, b float64) scale) *panel {
	plot := box{b.x + gutter, b.y + 4, b.w - gutter - 6, b.h - 18}
	p := &panel{c: c, plot: plot, x: calendar(times, plot.x, plot.right(), int(plot.w/62)), y: y(plot.bottom(), plot.y)}
	p.grid()
	last := math.Inf(-1)
	for i, t := range p.x.ticks {
		x := p.x.at(t)
		half := c.wide(small, p.x.labels[i]) / 2
		at := min(max(x, plot.x-gutter/2+half), b.right()-half)
		if at-half < last+6 {
			continue
		}
		c.line([]xy{{x, plot.bottom()}, {x, plot.bottom() + 2.5}}, 0.6, axis)
		c.write(at, plot.bottom()+10.5, toMiddle, small, p.x.labels[i])
		last = at + half
	}
	return p
}

// grid draws the lines of the values, with labels, and the axis.
func (p *panel) grid() {
	for i, v := range p.y.ticks {
		at := p.y.at(v)
		p.c.line([]xy{{p.plot.x, at}, {p.plot.right(), at}}, 0.5, rule)
		p.c.write(p.plot.x-5, at+2.4, toRight, small, p.c.fit(small, p.y.labels[i], gutter-6))
	}
	p.c.line([]xy{{p.plot.x, p.plot.bottom()}, {p.plot.right(), p.plot.bottom()}}, 0.6, axis)
}

// level draws a line across at a value.
func (p *panel) level(v, width float64, col color.NRGBA, dash ...float64) {
	if v >= p.y.lo && v <= p.y.hi {
		p.c.line([]xy{{p.plot.x, p.y.at(v)}, {p.plot.right(), p.y.at(v)}}, width, col, dash...)
	}
}

// runs are the parts of a series without gaps, as points of the page, thinned to
// what a page can show.
func (p *panel) runs(values []float64) [][]xy {
	var out [][]xy
	var run []xy
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) || p.y.log && v <= 0 {
			if len(run) > 0 {
				out = append(out, run)
			}
			run = nil
			continue
		}
		run = append(run, xy{p.x.at(float64(i)), p.y.at(v)})
	}
	if len(run) > 0 {
		out = append(out, run)
	}
	for i := range out {
		out[i] = thinned(out[i])
	}
	return out
}

// thinned keeps the first, the lowest, the highest and the last of the points of
// each third of a point: a page has no more.
func thinned(list []xy) []xy {
	const column = 1.0 / 3
	if len(list) < 2 || (list[len(list)-1].x-list[0].x)/column > float64(len(list))/4 {
		return list
	}
	var out []xy
	for i := 0; i < len(list); {
		k := math.Floor(list[i].x / column)
		lo, hi, j := i, i, i
		for ; j < len(list) && math.Floor(list[j].x/column) == k; j++ {
			if list[j].y < list[lo].y {
				lo = j
			}
			if list[j].y > list[hi].y {
				hi = j
			}
		}
		last := -1
		for _, at := range []int{i, min(lo, hi), max(lo, hi), j - 1} {
			if at != last {
				out = append(out, list[at])
			}
			last = at
		}
		i = j
	}
	return out
}

// series draws a line; a lone point is a dot.
func (p *panel) series(values []float64, width float64, col color.NRGBA) {
	for _, run := range p.runs(values) {
		if len(run) == 1 {
			p.c.dot(run[0].x, run[0].y, max(width, 1.2), col)
			continue
		}
		p.c.line(run, width, col)
	}
}

// area fills between a line and a value.
func (p *panel) area(values []float64, base float64, col color.NRGBA) {
	zero := p.y.at(min(max(base, p.y.lo), p.y.hi))
	for _, run := range p.runs(values) {
		ring := append([]xy{{run[0].x, zero}}, run...)
		p.c.fill(append(ring, xy{run[len(run)-1].x, zero}), col)
	}
}

// key is a line of a legend.
type key struct {
	name string
	col  color.NRGBA
}

// legend writes names beside each other, from the right end of a title's line.
func (c *canvas) keys(right, y, width float64, keys []key) {
	each := width/float64(max(len(keys), 1)) - 22
	for i := len(keys) - 1; i >= 0; i-- {
		name := c.fit(legend, keys[i].name, each)
		w := c.wide(legend, name)
		c.write(right-w, y, toLeft, legend, name)
		c.rect(box{right - w - 15, y - 3.4, 11, 1.8}, keys[i].col)
		right -= w + 25
	}
}
