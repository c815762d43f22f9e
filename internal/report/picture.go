package report

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"sync"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Size of the picture in pixels.
const (
	Width  = 1200
	Height = 720
)

// The panels: equity above, drawdown below.
const (
	left, right   = 96, Width - 32
	top, middle   = 96, 500
	below, bottom = 536, Height - 56
)

var (
	paper  = color.RGBA{255, 255, 255, 255}
	ink    = color.RGBA{31, 41, 55, 255}
	faint  = color.RGBA{107, 114, 128, 255}
	grid   = color.RGBA{229, 231, 235, 255}
	blue   = color.RGBA{29, 78, 216, 255}
	shade  = color.RGBA{4, 12, 33, 40} // premultiplied, a light blue over white
	gray   = color.RGBA{156, 163, 175, 255}
	red    = color.RGBA{185, 28, 28, 255}
	reddle = color.RGBA{29, 4, 4, 40}
)

type faces struct{ title, text, small font.Face }

var loadFaces = sync.OnceValues(func() (f faces, err error) {
	for _, x := range []struct {
		to   *font.Face
		data []byte
		size float64
	}{{&f.title, gobold.TTF, 24}, {&f.text, goregular.TTF, 17}, {&f.small, goregular.TTF, 14}} {
		parsed, err := opentype.Parse(x.data)
		if err != nil {
			return f, err
		}
		if *x.to, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: x.size, DPI: 72, Hinting: font.HintingFull}); err != nil {
			return f, err
		}
	}
	return f, nil
})

// faceLock guards the faces: they keep glyphs and are for one goroutine.
var faceLock sync.Mutex

// canvas is a picture that is being drawn.
type canvas struct {
	img *image.RGBA
	faces
}

// EquityPNG draws the equity over the benchmark, and the drawdown below.
func EquityPNG(w io.Writer, r Run) error {
	faceLock.Lock()
	defer faceLock.Unlock()
	f, err := loadFaces()
	if err != nil {
		return err
	}
	c := &canvas{img: image.NewRGBA(image.Rect(0, 0, Width, Height)), faces: f}
	draw.Draw(c.img, c.img.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	c.text(left-64, 40, c.title, ink, r.Name)
	if len(r.Equity) < 2 {
		c.text(left-64, 72, c.faces.text, faint, "The run has no equity to draw.")
		return png.Encode(w, c.img)
	}
	first, last := r.Equity[0], r.Equity[len(r.Equity)-1]
	change := 0.0
	if first.Value != 0 {
		change = (last.Value/first.Value - 1) * 100
	}
	c.text(left-64, 70, c.faces.text, faint, fmt.Sprintf("%s to %s    %s%s → %s%s    %+.2f %%", r.Start.Format(time.DateOnly), r.End.Format(time.DateOnly),
		r.Currency, grouped(first.Value, 0), r.Currency, grouped(last.Value, 0), change))

	market := rebased(r.Benchmark, first)
	x := scale{from: float64(first.At.Unix()), to: float64(last.At.Unix()), a: left, b: right}
	y := vertical(append(append([]Point{}, r.Equity...), market...), middle, top)
	c.levels(y, r.Currency, "")
	c.times(x, first.At, last.At)
	c.area(r.Equity, x, y, middle, shade)
	c.line(market, x, y, gray, 1.6)
	c.line(r.Equity, x, y, blue, 2.4)
	c.legend(market)

	if len(r.Drawdown) > 1 {
		d := vertical(append([]Point{{Value: 0}}, r.Drawdown...), bottom, below+8)
		d.a, d.b = bottom, below+8
		c.levels(d, "", " %")
		c.area(r.Drawdown, x, d, d.at(0), reddle)
		c.line(r.Drawdown, x, d, red, 1.6)
		c.text(left+8, below-8, c.small, faint, "Drawdown")
	}
	return png.Encode(w, c.img)
}

func (c *canvas) legend(market []Point) {
	c.rect(left+8, top-13, left+32, top-10, blue)
	c.text(left+40, top-6, c.small, ink, "Equity")
	if len(market) > 1 {
		c.rect(left+104, top-13, left+128, top-10, gray)
		c.text(left+136, top-6, c.small, ink, "Benchmark, bought with the same money")
	}
}

// rebased are prices as the worth of a holding that cost the first equity.
func rebased(list []Point, first Point) (out []Point) {
	base := 0.0
	for _, p := range list {
		if base == 0 {
			if base = p.Value; base == 0 {
				continue
			}
		}
		if !p.At.Before(first.At) {
			out = append(out, Point{p.At, first.Value * p.Value / base})
		}
	}
	return out
}

// scale maps values to pixels.
type scale struct{ from, to, a, b, step float64 }

func (s scale) at(v float64) float64 {
	if s.to == s.from {
		return s.a
	}
	return s.a + (v-s.from)/(s.to-s.from)*(s.b-s.a)
}

// vertical is a scale over all values with steps that read well.
func vertical(list []Point, a, b float64) scale {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, p := range list {
		lo, hi = min(lo, p.Value), max(hi, p.Value)
	}
	if hi-lo < 1e-9 {
		pad := max(math.Abs(hi)*0.01, 0.5)
		lo, hi = lo-pad, hi+pad
	}
	raw := (hi - lo) / 5
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := power
	for _, m := range []float64{2, 5, 10} {
		if step < raw {
			step = m * power
		}
	}
	return scale{from: math.Floor(lo/step) * step, to: math.Ceil(hi/step) * step, a: a, b: b, step: step}
}

func (c *canvas) levels(y scale, before, after string) {
	places := 0
	if y.step < 1 {
		places = int(math.Ceil(-math.Log10(y.step)))
	}
	for i := 0; ; i++ {
		v := y.from + float64(i)*y.step
		if v > y.to+y.step/2 {
			return
		}
		at := int(math.Round(y.at(v)))
		c.rect(left, at, right, at+1, grid)
		label := before + grouped(v, places) + after
		c.text(left-8-c.wide(c.small, label), at+5, c.small, faint, label)
	}
}

// times writes dates below both panels, as many as there is room for.
func (c *canvas) times(x scale, first, last time.Time) {
	days := last.Sub(first).Hours() / 24
	layout, months := "2 Jan", 0
	switch {
	case days > 365*6:
		layout, months = "2006", 12
		for days/30.4/float64(months) > 10 {
			months += 12
		}
	case days > 60:
		layout, months = "Jan 2006", 1
		for days/30.4/float64(months) > 9 {
			months++
		}
	}
	put := func(t time.Time, layout string) {
		at := x.at(float64(t.Unix()))
		if at < left || at > right {
			return
		}
		c.rect(int(at), top, int(at)+1, middle, grid)
		c.rect(int(at), below, int(at)+1, bottom, grid)
		label := t.Format(layout)
		half := c.wide(c.small, label) / 2
		c.text(min(max(int(at)-half, left-half/2), right-2*half), bottom+24, c.small, faint, label)
	}
	if months > 0 {
		t := time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, time.UTC)
		if months%12 == 0 {
			t = time.Date(first.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		}
		for ; !t.After(last); t = t.AddDate(0, months, 0) {
			put(t, layout)
		}
		return
	}
	every := max(1, int(math.Ceil(days/10)))
	for t := first.Truncate(24 * time.Hour); !t.After(last); t = t.AddDate(0, 0, every) {
		put(t, layout)
	}
}

func (c *canvas) text(x, y int, f font.Face, col color.Color, s string) {
	d := font.Drawer{Dst: c.img, Src: image.NewUniform(col), Face: f, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

func (c *canvas) wide(f font.Face, s string) int { return font.MeasureString(f, s).Ceil() }

func (c *canvas) rect(x0, y0, x1, y1 int, col color.Color) {
	draw.Draw(c.img, image.Rect(x0, y0, x1, y1), image.NewUniform(col), image.Point{}, draw.Src)
}

// thinned keeps the first, the lowest, the highest and the last of the points
// that fall on one pixel: a picture has no more.
func thinned(list []Point, x scale) []Point {
	if len(list) < 4*Width {
		return list
	}
	var out []Point
	for i := 0; i < len(list); {
		column := int(x.at(float64(list[i].At.Unix())))
		lo, hi, j := i, i, i
		for ; j < len(list) && int(x.at(float64(list[j].At.Unix()))) == column; j++ {
			if list[j].Value < list[lo].Value {
				lo = j
			}
			if list[j].Value > list[hi].Value {
				hi = j
			}
		}
		out = append(out, list[i], list[min(lo, hi)], list[max(lo, hi)], list[j-1])
		i = j
	}
	return out
}

// line draws a line of some width, smoothed.
func (c *canvas) line(list []Point, x, y scale, col color.Color, width float64) {
	if len(list) < 2 {
		return
	}
	list = thinned(list, x)
	r := vector.NewRasterizer(Width, Height)
	for i := 1; i < len(list); i++ {
		ax, ay := x.at(float64(list[i-1].At.Unix())), y.at(list[i-1].Value)
		bx, by := x.at(float64(list[i].At.Unix())), y.at(list[i].Value)
		length := math.Hypot(bx-ax, by-ay)
		if length < 1e-6 {
			continue
		}
		// A little longer than it is, so that corners close.
		ux, uy := (bx-ax)/length*width/2, (by-ay)/length*width/2
		ax, ay, bx, by = ax-ux/2, ay-uy/2, bx+ux/2, by+uy/2
		nx, ny := -uy, ux
		r.MoveTo(float32(ax+nx), float32(ay+ny))
		r.LineTo(float32(bx+nx), float32(by+ny))
		r.LineTo(float32(bx-nx), float32(by-ny))
		r.LineTo(float32(ax-nx), float32(ay-ny))
		r.ClosePath()
	}
	r.Draw(c.img, c.img.Bounds(), image.NewUniform(col), image.Point{})
}

// area fills between a line and a level.
func (c *canvas) area(list []Point, x, y scale, level float64, col color.Color) {
	if len(list) < 2 {
		return
	}
	list = thinned(list, x)
	r := vector.NewRasterizer(Width, Height)
	r.MoveTo(float32(x.at(float64(list[0].At.Unix()))), float32(level))
	for _, p := range list {
		r.LineTo(float32(x.at(float64(p.At.Unix()))), float32(y.at(p.Value)))
	}
	r.LineTo(float32(x.at(float64(list[len(list)-1].At.Unix()))), float32(level))
	r.ClosePath()
	r.Draw(c.img, c.img.Bounds(), image.NewUniform(col), image.Point{})
}

// grouped prints a number with separators between thousands.
func grouped(v float64, places int) string {
	s := fmt.Sprintf("%.*f", places, math.Abs(v))
	whole, rest := s, ""
	if places > 0 {
		whole, rest = s[:len(s)-places-1], s[len(s)-places-1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if v < 0 && s != fmt.Sprintf("%.*f", places, 0.0) {
		whole = "−" + whole
	}
	return whole + rest
}
