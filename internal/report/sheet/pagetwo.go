package sheet

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// bar is what a period is called.
func (s *sheetOf) bar() string {
	switch p := s.PeriodsPerYear; {
	case p > 200 && p < 370:
		return "day"
	case p > 50 && p < 54:
		return "week"
	case p == 12:
		return "month"
	}
	return "bar"
}

// worst is the table of the deepest drawdowns.
func (s *sheetOf) worst(c *canvas, b box) {
	in := c.title(b, "Deepest drawdowns")
	columns := []struct {
		name string
		at   float64
		a    align
	}{{"", 0.03, toRight}, {"Depth", 0.13, toRight}, {"Peak", 0.19, toLeft}, {"Trough", 0.37, toLeft}, {"Recovered", 0.55, toLeft}, {"Falling, " + s.bar() + "s", 0.86, toRight}, {"All, " + s.bar() + "s", 0.99, toRight}}
	for _, k := range columns {
		c.write(in.x+in.w*k.at, in.y+9, k.a, style{6.8, true, faint}, k.name)
	}
	c.line([]xy{{in.x, in.y + 13}, {in.right(), in.y + 13}}, 0.7, axis)
	if len(s.falls) == 0 {
		c.write(in.x+5, in.y+25, toLeft, small, "There was none.")
	}
	high := (in.h - 14) / 5
	at := func(i int) string {
		if i < 0 {
			return "start"
		}
		return dayOf(s.Times[i])
	}
	for i, f := range s.falls {
		y := in.y + 14 + high*float64(i)
		if i%2 == 1 {
			c.rect(box{in.x, y, in.w, high}, tile)
		}
		end := "not yet"
		if f.over {
			end = at(f.end)
		}
		cells := []string{strconv.Itoa(i + 1), show(f.depth, percent, 2), at(f.peak), at(f.trough), end, strconv.Itoa(f.trough - f.peak), strconv.Itoa(min(f.end, s.n-1) - f.peak)}
		for k, text := range cells {
			st := style{7.4, k == 1, ink}
			if k == 0 {
				st.col = faint
			}
			c.write(in.x+in.w*columns[k].at, y+high/2+2.6, columns[k].a, st, text)
		}
	}
}

// shape is the histogram of returns with its tail, and the scatter against the
// benchmark, where there is one.
func (s *sheetOf) shape(c *canvas, b box) {
	const between = 14
	left := b
	if s.theirs != nil {
		w := (b.w - between) / 2
		left.w = w
		s.scatter(c, box{b.x + w + between, b.y, w, b.h})
	}
	s.histogram(c, left)
}

func (s *sheetOf) histogram(c *canvas, b box) {
	in := c.title(b, "Returns a "+s.bar())
	// The outermost half percent would leave the rest too narrow: it is gathered at
	// the ends.
	sorted := slices.Sorted(slices.Values(s.Returns))
	lo, hi := sorted[0], sorted[len(sorted)-1]
	if len(sorted) > 400 {
		lo, hi = sorted[len(sorted)/400], sorted[len(sorted)-1-len(sorted)/400]
	}
	if hi-lo < 1e-9*max(math.Abs(lo), math.Abs(hi), 1e-9) {
		lo, hi = lo-max(math.Abs(lo)*0.1, 1e-4), hi+max(math.Abs(hi)*0.1, 1e-4)
	}
	bins := min(max(int(math.Sqrt(float64(s.n))*1.4), 8), 48)
	count := make([]float64, bins)
	for _, r := range s.Returns {
		k := int((r - lo) / (hi - lo) * float64(bins))
		count[min(max(k, 0), bins-1)]++
	}
	top := slices.Max(count)
	plot := box{in.x + gutter, in.y + 4, in.w - gutter - 6, in.h - 18}
	p := &panel{c: c, plot: plot, x: linear(lo, hi, plot.x, plot.right(), max(int(plot.w/48), 2), percent), y: linear(0, top*1.35, plot.bottom(), plot.y, 3, number)}
	p.grid()
	p.under()
	v, cv := math.NaN(), math.NaN()
	if s.own != nil {
		v, cv = -s.own.VaRHist, -s.own.CVaRHist
	}
	w := plot.w / float64(bins)
	for k, n := range count {
		middle := lo + (float64(k)+0.5)/float64(bins)*(hi-lo)
		col := mixed(white, blue, 0.62)
		if middle < v {
			col = mixed(white, red, 0.62)
		}
		y := p.y.at(n)
		c.rect(box{plot.x + float64(k)*w + 0.4, y, w - 0.8, plot.bottom() - y}, col)
	}
	for i, mark := range []struct {
		name string
		v    float64
	}{{"VaR", v}, {"CVaR", cv}} {
		if math.IsNaN(mark.v) {
			continue
		}
		x := p.x.at(min(max(mark.v, lo), hi))
		c.line([]xy{{x, plot.y + 4}, {x, plot.bottom()}}, 0.8, red, 2.5, 2)
		text := fmt.Sprintf("%s %g%%: %s", mark.name, 100*s.Confidence, show(mark.v, percent, 2))
		st := style{6.6, true, red}
		y := plot.y + 4 + 9*float64(i)
		// VaR stands right of its line and CVaR left of its own, where there is room.
		tx := min(x+3, plot.right()-c.wide(st, text))
		if left := x - 4 - c.wide(st, text); i == 1 && left >= plot.x {
			tx = left
		}
		c.rect(box{tx - 1.5, y - 1.5, c.wide(st, text) + 3, 9}, white)
		c.write(tx, y+5, toLeft, st, text)
	}
}

// under labels the axis of values below a panel.
func (p *panel) under() {
	last := math.Inf(-1)
	for i, v := range p.x.ticks {
		x := p.x.at(v)
		half := p.c.wide(small, p.x.labels[i]) / 2
		if x-half < last+5 || x+half > p.plot.right()+8 {
			continue
		}
		p.c.line([]xy{{x, p.plot.bottom()}, {x, p.plot.bottom() + 2.5}}, 0.6, axis)
		p.c.write(x, p.plot.bottom()+10.5, toMiddle, small, p.x.labels[i])
		last = x + half
	}
}

func (s *sheetOf) scatter(c *canvas, b box) {
	in := c.title(b, fmt.Sprintf("Against %s, a %s", s.BenchmarkName, s.bar()))
	lox, hix, _ := bounds(s.Benchmark)
	loy, hiy, _ := bounds(s.Returns)
	plot := box{in.x + gutter, in.y + 4, in.w - gutter - 6, in.h - 18}
	p := &panel{c: c, plot: plot, x: linear(lox, hix, plot.x+2, plot.right()-2, max(int(plot.w/48), 2), percent), y: linear(loy, hiy, plot.bottom()-2, plot.y+2, 4, percent)}
	p.grid()
	p.under()
	p.level(0, 0.7, axis)
	if lox < 0 && hix > 0 {
		c.line([]xy{{p.x.at(0), plot.y}, {p.x.at(0), plot.bottom()}}, 0.7, axis)
	}
	every := max(1, s.n/1200)
	for i := 0; i < s.n; i += every {
		c.dot(p.x.at(s.Benchmark[i]), p.y.at(s.Returns[i]), 0.95, faded(blue, 0.4))
	}
	if a := s.own; a != nil && a.Against != nil && !math.IsNaN(a.Against.Beta) {
		beta := a.Against.Beta
		alpha := mean(s.Returns) - beta*mean(s.Benchmark)
		if ends := within(p, alpha, beta); len(ends) == 2 {
			c.line(ends, 1, red)
		}
		st := style{6.6, true, red}
		text := "beta " + show(beta, number, 2)
		c.rect(box{plot.x + 4, plot.y + 2, c.wide(st, text) + 4, 9}, faded(white, 0.85))
		c.write(plot.x+6, plot.y+9, toLeft, st, text)
	}
}

// within cuts a line to a panel.
func within(p *panel, intercept, slope float64) []xy {
	var out []xy
	const steps = 200
	for i := range steps + 1 {
		x := p.x.lo + (p.x.hi-p.x.lo)*float64(i)/steps
		if y := intercept + slope*x; y >= p.y.lo && y <= p.y.hi {
			out = append(out, xy{p.x.at(x), p.y.at(y)})
		}
	}
	if len(out) < 2 {
		return nil
	}
	return []xy{out[0], out[len(out)-1]}
}

// exposure is what was held, and what was traded.
func (s *sheetOf) exposure(c *canvas, b box) {
	const between = 14
	left := b
	if s.Turnover != nil && (s.Gross != nil || s.Net != nil) {
		w := (b.w - between) / 2
		left.w = w
		s.traded(c, box{b.x + w + between, b.y, w, b.h})
	} else if s.Turnover != nil {
		s.traded(c, b)
		return
	}
	in := c.title(left, "Exposure, of wealth")
	lo, hi, ok := bounds(s.Gross, s.Net)
	if !ok {
		lo, hi = 0, 1
	}
	pad := max(hi-min(lo, 0), 1e-3) * 0.06
	p := c.axes(in, s.Times, func(a, z float64) scale { return linear(min(lo-pad, 0), hi+pad, a, z, 4, percent) })
	p.level(0, 0.7, axis)
	var keys []key
	if s.Gross != nil {
		p.series(s.Gross, 0.9, navy)
		keys = append(keys, key{"gross", navy})
	}
	if s.Net != nil {
		p.series(s.Net, 0.9, lines[1])
		keys = append(keys, key{"net", lines[1]})
	}
	c.keys(left.right()-6, left.y+8, left.w/2, keys)
}

func (s *sheetOf) traded(c *canvas, b box) {
	in := c.title(b, "Turnover, one-way, of wealth")
	_, hi, ok := bounds(s.Turnover)
	if !ok || hi <= 0 {
		hi = 0.01
	}
	p := c.axes(in, s.Times, func(a, z float64) scale { return linear(0, hi*1.06, a, z, 4, percent) })
	// Each column of the page shows the most that was traded in it.
	w := max(p.plot.w/float64(max(s.n, 1)), 0.7)
	columns := map[int]float64{}
	for i, v := range s.Turnover {
		if v > 0 {
			k := int((p.x.at(float64(i)) - p.plot.x) / w)
			columns[k] = max(columns[k], v)
		}
	}
	for k := range int(p.plot.w/w) + 1 {
		if v := columns[k]; v > 0 {
			y := p.y.at(v)
			x := min(p.plot.x+float64(k)*w, p.plot.right()-w*0.8)
			c.rect(box{x, y, w * 0.8, p.plot.bottom() - y}, lines[2])
		}
	}
}

// mostBars is how many positions are drawn.
const mostBars = 10

// weights draws the largest positions with what they added.
func (s *sheetOf) weights() block {
	list := slices.Clone(s.Positions)
	slices.SortStableFunc(list, func(a, b Position) int {
		switch x, y := math.Abs(a.Weight), math.Abs(b.Weight); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	title := "Weights"
	if len(list) > mostBars {
		title = fmt.Sprintf("The %d largest of %d weights", mostBars, len(list))
		list = list[:mostBars]
	}
	known := slices.ContainsFunc(list, func(p Position) bool { return !math.IsNaN(p.Contribution) })
	return block{h: 18 + 12*float64(len(list)), draw: func(c *canvas, b box) {
		half := b
		if known {
			half.w = (b.w - 14) / 2
		}
		names, weights, added := make([]string, len(list)), make([]float64, len(list)), make([]float64, len(list))
		for i, p := range list {
			names[i], weights[i], added[i] = p.Symbol, p.Weight, p.Contribution
		}
		c.bars(c.title(half, title), names, weights, percent)
		if known {
			right := box{half.right() + 14, b.y, half.w, b.h}
			c.bars(c.title(right, "Their part of the total return"), names, added, percent)
		}
	}}
}

// bars draws a bar a row, with its name before and its value behind.
func (c *canvas) bars(b box, names []string, values []float64, u unit) {
	lo, hi, ok := bounds(values)
	if !ok {
		lo, hi = 0, 1
	}
	lo, hi = min(lo, 0), max(hi, 0)
	if hi == lo {
		hi = 1
	}
	name, value := min(b.w*0.24, 110), 44.0
	left := 0.0
	if lo < 0 {
		left = value
	}
	x := scale{lo: lo, hi: hi, a: b.x + name + left, b: b.right() - value}
	high := b.h / float64(max(len(names), 1))
	st := style{min(7.2, high*0.75), false, ink}
	for i, n := range names {
		y := b.y + high*float64(i)
		c.write(b.x+name-6, y+high/2+st.size*0.36, toRight, st, c.fit(st, n, name-6))
		v := values[i]
		if math.IsNaN(v) {
			c.write(x.at(0)+3, y+high/2+st.size*0.36, toLeft, st, dash)
			continue
		}
		from, to := min(x.at(0), x.at(v)), max(x.at(0), x.at(v))
		col := blue
		if v < 0 {
			col = red
		}
		c.rect(box{from, y + high*0.16, max(to-from, 0.5), high * 0.68}, mixed(white, col, 0.8))
		text := show(v, u, 1)
		if v < 0 {
			c.write(from-3, y+high/2+st.size*0.36, toRight, st, text)
		} else {
			c.write(to+3, y+high/2+st.size*0.36, toLeft, st, text)
		}
	}
	c.line([]xy{{x.at(0), b.y}, {x.at(0), b.bottom()}}, 0.6, axis)
}

// stated are the assumptions with what is always said.
func (s *sheetOf) stated() []Pair {
	list := []Pair{{"Risk-free rate", show(s.RiskFree, percent, 2) + " a year"}, {"A year", thousands(math.Round(s.PeriodsPerYear), 0) + " " + s.bar() + "s"}}
	switch {
	case s.InSample == nil:
		list = append(list, Pair{"Sample", "not stated: the choice may have seen these returns"})
	case *s.InSample:
		list = append(list, Pair{"Sample", "IN SAMPLE: chosen on the returns that are shown"})
	default:
		list = append(list, Pair{"Sample", "out of sample"})
	}
	list = append(list, s.Assumptions...)
	source := s.Source
	if s.Simulated {
		source = "SIMULATED: " + source
	}
	if source != "" {
		list = append(list, Pair{"Data", source})
	}
	for _, n := range s.Notes {
		list = append(list, Pair{"Note", n})
	}
	return list
}

// assumptions are what the figures rest on.
func (s *sheetOf) assumptions() block {
	list := s.stated()
	const line, most = 10.0, 16
	return block{h: 20 + line*float64(min(len(list)+1, most)), draw: func(c *canvas, b box) {
		in := c.title(b, "Assumptions and data")
		y := in.y
		st := style{7.2, false, ink}
		for _, a := range list {
			rows := c.wrap(st, a.Value, in.w-112, 2)
			if y+line*float64(len(rows)) > in.bottom()+2 {
				c.write(in.x, y+8, toLeft, small, "There is more in the data file.")
				return
			}
			c.write(in.x, y+8, toLeft, style{7.2, true, faint}, c.fit(style{7.2, true, faint}, a.Name, 104))
			for _, r := range rows {
				c.write(in.x+112, y+8, toLeft, st, r)
				y += line
			}
		}
	}}
}

// title gives a word its capital.
func title(s string) string { return string(s[0]-'a'+'A') + s[1:] }

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}
