package sheet

import (
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
)

// The colours of all drawings.
var (
	white  = color.NRGBA{255, 255, 255, 255}
	ink    = color.NRGBA{31, 41, 55, 255}
	faint  = color.NRGBA{107, 114, 128, 255}
	rule   = color.NRGBA{226, 230, 236, 255}
	axis   = color.NRGBA{148, 156, 168, 255}
	tile   = color.NRGBA{243, 246, 250, 255}
	stripe = color.NRGBA{248, 250, 252, 255}
	navy   = color.NRGBA{17, 50, 84, 255}
	sky    = color.NRGBA{190, 208, 228, 255}
	blue   = color.NRGBA{25, 103, 178, 255}
	gray   = color.NRGBA{140, 146, 156, 255}
	red    = color.NRGBA{190, 45, 45, 255}
	green  = color.NRGBA{34, 139, 76, 255}
	amber  = color.NRGBA{245, 180, 60, 255}
	// lines tell several series apart, also for those who see no red or green.
	lines = []color.NRGBA{blue, {217, 119, 6, 255}, {15, 118, 110, 255}, {147, 51, 134, 255}, {100, 116, 139, 255}, {180, 40, 60, 255}, {101, 123, 20, 255}, {60, 60, 160, 255}}
)

func faded(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(math.Round(255 * alpha))
	return c
}

// mixed is a colour between two.
func mixed(a, b color.NRGBA, t float64) color.NRGBA {
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*t)) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

type style struct {
	size float64
	bold bool
	col  color.NRGBA
}

type align int

const (
	toLeft align = iota
	toMiddle
	toRight
)

type xy struct{ x, y float64 }

// box is a part of a page: points from the top left corner.
type box struct{ x, y, w, h float64 }

func (b box) right() float64  { return b.x + b.w }
func (b box) bottom() float64 { return b.y + b.h }

// canvas draws in points from the top left corner of a page.
type canvas struct {
	to vg.Canvas
	*lettering
	w, h float64
	// script is set where the reader's own fonts write what ours cannot.
	script bool
}

func (c *canvas) at(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(c.h - y)}
}

func (c *canvas) wide(st style, s string) float64 {
	if c.script { // what the reader's fonts write may be as wide as it is high
		s = c.replaced(s, st.bold, '—')
	}
	f := c.face(st)
	return float64(f.Width(s))
}

// write puts a line of text with its base on y.
func (c *canvas) write(x, y float64, a align, st style, s string) {
	if s = tame(s); !c.script {
		s = c.shown(s, st.bold)
	}
	if s == "" {
		return
	}
	switch a {
	case toMiddle:
		x -= c.wide(st, s) / 2
	case toRight:
		x -= c.wide(st, s)
	}
	c.to.SetColor(st.col)
	c.to.FillString(c.face(st), c.at(x, y), s)
}

// up writes a text that runs upwards, its middle at y.
func (c *canvas) up(x, y float64, st style, s string) {
	if s = tame(s); !c.script {
		s = c.shown(s, st.bold)
	}
	c.to.Push()
	c.to.Translate(c.at(x, y))
	c.to.Rotate(math.Pi / 2)
	c.to.SetColor(st.col)
	c.to.FillString(c.face(st), vg.Point{X: vg.Length(-c.wide(st, s) / 2)}, s)
	c.to.Pop()
}

// fit shortens a text to a width, with an ellipsis.
func (c *canvas) fit(st style, s string, width float64) string {
	if s = tame(s); !c.script {
		s = c.shown(s, st.bold)
	}
	if c.wide(st, s) <= width {
		return s
	}
	list := []rune(s)
	lo, hi := 0, len(list)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if c.wide(st, string(list[:mid])+"…") <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return string(list[:lo]) + "…"
}

// wrap breaks a text into lines of a width, at most most of them.
func (c *canvas) wrap(st style, s string, width float64, most int) []string {
	var out []string
	line := ""
	for _, w := range strings.Fields(tame(s)) {
		try := w
		if line != "" {
			try = line + " " + w
		}
		if c.wide(st, try) <= width {
			line = try
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		line = w
		if len(out) == most {
			out[most-1] = c.fit(st, out[most-1]+" …", width)
			return out
		}
		if c.wide(st, w) > width {
			line = c.fit(st, w, width)
		}
	}
	if line != "" {
		out = append(out, line)
	}
	if len(out) > most {
		out = out[:most]
		out[most-1] = c.fit(st, out[most-1]+" …", width)
	}
	return out
}

func (c *canvas) path(points []xy, closed bool) vg.Path {
	var p vg.Path
	for i, q := range points {
		if i == 0 {
			p.Move(c.at(q.x, q.y))
		} else {
			p.Line(c.at(q.x, q.y))
		}
	}
	if closed {
		p.Close()
	}
	return p
}

func (c *canvas) fill(points []xy, col color.NRGBA) {
	if len(points) > 2 {
		c.to.SetColor(col)
		c.to.Fill(c.path(points, true))
	}
}

func (c *canvas) rect(b box, col color.NRGBA) {
	if b.w > 0 && b.h > 0 {
		c.fill([]xy{{b.x, b.y}, {b.right(), b.y}, {b.right(), b.bottom()}, {b.x, b.bottom()}}, col)
	}
}

// kappa makes a quarter of a circle of a cubic curve.
const kappa = 0.5522847498

// round is a rectangle with round corners.
func (c *canvas) round(b box, r float64, col color.NRGBA) {
	k := r * (1 - kappa)
	var p vg.Path
	p.Move(c.at(b.x+r, b.y))
	corner := func(x, y, ax, ay, bx, by, ex, ey float64) {
		p.Line(c.at(x, y))
		p.CubeTo(c.at(ax, ay), c.at(bx, by), c.at(ex, ey))
	}
	x1, y1 := b.right(), b.bottom()
	corner(x1-r, b.y, x1-k, b.y, x1, b.y+k, x1, b.y+r)
	corner(x1, y1-r, x1, y1-k, x1-k, y1, x1-r, y1)
	corner(b.x+r, y1, b.x+k, y1, b.x, y1-k, b.x, y1-r)
	corner(b.x, b.y+r, b.x, b.y+k, b.x+k, b.y, b.x+r, b.y)
	p.Close()
	c.to.SetColor(col)
	c.to.Fill(p)
}

func (c *canvas) dot(x, y, r float64, col color.NRGBA) {
	c.round(box{x - r, y - r, 2 * r, 2 * r}, r, col)
}

// line draws through points; dash alternates ink and gap.
func (c *canvas) line(points []xy, width float64, col color.NRGBA, dash ...float64) {
	if len(points) < 2 {
		return
	}
	c.to.SetColor(col)
	c.to.SetLineWidth(vg.Length(width))
	list := make([]vg.Length, len(dash))
	for i, d := range dash {
		list[i] = vg.Length(d)
	}
	c.to.SetLineDash(list, 0)
	c.to.Stroke(c.path(points, false))
}
