package sheet

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"time"
)

// equity is the growth of one, beside the benchmark's, in percent; on a log scale
// where it grew or shrank many times.
func (s *sheetOf) equity(c *canvas, b box) {
	lo, hi, _ := bounds(s.wealth, s.market)
	lo, hi = min(lo, 1), max(hi, 1)
	log := lo > 0 && hi/lo > 6
	title := "Cumulative return"
	own, market := minusOne(s.wealth), minusOne(s.market)
	y := func(a, z float64) scale {
		l, h := lo-1, hi-1
		pad := (h - l) * 0.04
		return linear(l-pad, h+pad, a, z, 6, percent)
	}
	if log {
		title, own, market = "Growth of 1, logarithmic", s.wealth, s.market
		y = func(a, z float64) scale { return powers(lo, hi, a, z) }
	}
	in := c.title(b, title)
	keys := []key{{s.Name, blue}}
	if s.market != nil {
		keys = append(keys, key{s.BenchmarkName, gray})
	}
	c.keys(b.right()-6, b.y+8, b.w/2, keys)
	p := c.axes(in, s.Times, y)
	base := 0.0
	if log {
		base = 1
	}
	p.level(base, 0.7, axis)
	if !log {
		p.area(own, base, faded(blue, 0.07))
	}
	p.series(market, 0.9, gray)
	p.series(own, 1.3, blue)
}

func minusOne(x []float64) []float64 {
	if x == nil {
		return nil
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v - 1
	}
	return out
}

func (s *sheetOf) drawdowns(c *canvas, b box) {
	in := c.title(b, "Drawdown")
	lo, _, _ := bounds(s.fall, s.fallen)
	p := c.axes(in, s.Times, func(a, z float64) scale { return linear(min(lo*1.05, -1e-4), 0, a, z, 4, percent) })
	p.area(s.fall, 0, faded(red, 0.22))
	p.series(s.fallen, 0.7, faded(gray, 0.8))
	p.series(s.fall, 0.9, red)
}

// rolling is the Sharpe ratio and the volatility of a window, side by side.
func (s *sheetOf) rolling(c *canvas, b box) {
	const between = 14
	w := (b.w - between) / 2
	c.window(box{b.x, b.y, w, b.h}, fmt.Sprintf("Rolling Sharpe ratio, %d %ss", s.Window, s.bar()), s.Times, s.sharpe, number, navy)
	c.window(box{b.x + w + between, b.y, w, b.h}, fmt.Sprintf("Rolling volatility, %d %ss, a year", s.Window, s.bar()), s.Times, s.vol, percent, color.NRGBA{180, 95, 6, 255})
}

func (c *canvas) window(b box, title string, times []time.Time, values []float64, u unit, col color.NRGBA) {
	in := c.title(b, title)
	lo, hi, ok := bounds(values)
	if !ok {
		lo, hi = 0, 1
	}
	if u == percent {
		lo = 0
	}
	pad := (hi - lo) * 0.05
	p := c.axes(in, times, func(a, z float64) scale { return linear(lo-pad*b2f(u == number), hi+pad, a, z, 4, u) })
	if !ok {
		c.write(p.plot.x+p.plot.w/2, p.plot.y+p.plot.h/2, toMiddle, small, "too few returns that differ")
		return
	}
	p.level(0, 0.7, axis)
	p.series(values, 0.9, col)
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// mostYears is how many years the table has; earlier ones are in the data.
const mostYears = 30

// monthTable is the heat table of months, with each year's return.
func (s *sheetOf) monthTable() block {
	type year struct {
		year   int
		months [12]float64
		total  float64
	}
	var years []year
	for _, m := range s.months {
		if n := len(years); n == 0 || years[n-1].year != m.year {
			y := year{year: m.year}
			for i := range y.months {
				y.months[i] = math.NaN()
			}
			years = append(years, y)
		}
		y := &years[len(years)-1]
		y.months[m.month-1] = m.value
		y.total = (1+y.total)*(1+m.value) - 1
	}
	title := "Monthly returns, %"
	if n := len(years); n > mostYears {
		title = fmt.Sprintf("Monthly returns, %%, the last %d of %d years", mostYears, n)
		years = years[n-mostYears:]
	}
	row := 15.0
	switch n := len(years); {
	case n > 16:
		row = 8.6
	case n > 8:
		row = 11
	}
	return block{h: 28 + row*float64(len(years)), draw: func(c *canvas, b box) {
		in := c.title(b, title)
		row := (b.h - 28) / float64(max(len(years), 1))
		size := min(7.2, row*0.72)
		const head = 34
		w := (in.w - head) / 13
		for i := range 13 {
			name := "Year"
			if i < 12 {
				name = time.Month(i + 1).String()[:3]
			}
			c.write(in.x+head+w*(float64(i)+0.5), in.y+9, toMiddle, style{6.8, true, faint}, name)
		}
		strongest := 0.0
		for _, y := range years {
			for _, v := range y.months {
				if a := math.Abs(v); !math.IsNaN(v) && a < 10 {
					strongest = max(strongest, a)
				}
			}
		}
		strongest = min(max(strongest, 0.005), 0.12)
		for k, y := range years {
			top := in.y + 14 + row*float64(k)
			base := top + row/2 + size*0.36
			c.write(in.x+head-8, base, toRight, style{size, true, ink}, strconv.Itoa(y.year))
			for i, v := range y.months {
				c.cell(box{in.x + head + w*float64(i), top, w, row}, v, strongest, size, false)
			}
			c.cell(box{in.x + head + w*12, top, w, row}, y.total, strongest*3, size, true)
		}
	}}
}

// cell is a field of a heat table; the text turns white where the colour is dark.
func (c *canvas) cell(b box, v, strongest, size float64, bold bool) {
	inside := box{b.x + 0.8, b.y + 0.7, b.w - 1.6, b.h - 1.4}
	if math.IsNaN(v) {
		c.rect(inside, stripe)
		return
	}
	t := min(math.Abs(v)/strongest, 1)
	to := green
	if v < 0 {
		to = red
	}
	c.rect(inside, mixed(white, to, 0.06+0.79*t))
	st := style{size, bold, ink}
	if t > 0.72 {
		st.col = white
	}
	text := show(100*v, number, 1)
	if math.Abs(v) < 0.0005 {
		text = "0.0"
	}
	if math.Abs(v) >= 10 {
		text = show(100*v, number, 0)
	}
	for st.size > 3.5 && c.wide(st, text) > inside.w-1 {
		st.size -= 0.4
	}
	c.write(b.x+b.w/2, b.y+b.h/2+st.size*0.36, toMiddle, st, text)
}

// statTable is the statistics in two columns of rows.
func (s *sheetOf) statTable() block {
	rows := (len(s.stats) + 1) / 2
	const high = 12.2
	return block{h: 28 + high*float64(rows), draw: func(c *canvas, b box) {
		in := c.title(b, "Statistics")
		const between = 18
		w := (in.w - between) / 2
		high := (b.h - 28) / float64(max(rows, 1))
		for half := range 2 {
			x := in.x + float64(half)*(w+between)
			own, theirs := x+w-8, x+w-8
			if s.theirs != nil {
				own = x + w - 72
			}
			st := style{6.8, true, faint}
			c.write(own, in.y+9, toRight, st, c.fit(st, s.Name, 78))
			if s.theirs != nil {
				c.write(theirs, in.y+9, toRight, st, c.fit(st, s.BenchmarkName, 58))
			}
			c.line([]xy{{x, in.y + 13}, {x + w, in.y + 13}}, 0.7, axis)
			for k := range rows {
				i := half*rows + k
				if i >= len(s.stats) {
					break
				}
				y := in.y + 14 + high*float64(k)
				if k%2 == 1 {
					c.rect(box{x, y, w, high}, tile)
				}
				r := s.stats[i]
				base := y + high/2 + 2.6
				c.write(x+5, base, toLeft, style{7.4, false, ink}, c.fit(style{7.4, false, ink}, r.name, w-150))
				c.write(own, base, toRight, style{7.4, true, ink}, r.own)
				if r.theirs != "" {
					c.write(theirs, base, toRight, style{7.4, false, ink}, r.theirs)
				}
			}
		}
	}}
}
