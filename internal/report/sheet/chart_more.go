package sheet

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"quantdesk/internal/fault"
)

// Scree is what part of the variance each component explains, and their sum.
type Scree struct {
	Caption
	// Ratio is a fraction each, the greatest first.
	Ratio []float64
}

// Drawing draws it.
func (s Scree) Drawing() (Drawing, error) {
	if _, _, ok := bounds(s.Ratio); !ok {
		return Drawing{}, need("Scree", false, "there is no component to draw")
	}
	const most = 40
	shown := s.Ratio[:min(len(s.Ratio), most)]
	return s.frame(chartH, func(c *canvas, b box) {
		plot := box{b.x + gutter, b.y + 18, b.w - gutter - 8, b.h - 44}
		p := &panel{c: c, plot: plot, y: linear(0, 1.03, plot.bottom(), plot.y, 5, percent)}
		p.grid()
		w := plot.w / float64(len(shown))
		sum := 0.0
		var line []xy
		for i, v := range shown {
			if math.IsNaN(v) {
				continue
			}
			sum += v
			x := plot.x + (float64(i)+0.5)*w
			bar := min(w*0.72, 60)
			y := p.y.at(min(max(v, 0), 1.03))
			c.rect(box{x - bar/2, y, bar, plot.bottom() - y}, mixed(white, blue, 0.8))
			line = append(line, xy{x, p.y.at(min(max(sum, 0), 1.03))})
			if w > 26 { // within the bar where it fits, for the line begins at its top
				st, up := small, -3.0
				if plot.bottom()-y > 24 {
					st, up = style{7, true, white}, 11
				}
				c.write(x, y+up, toMiddle, st, show(v, percent, 1))
			}
			if every := int(math.Ceil(14 / w)); i%max(every, 1) == 0 {
				c.write(x, plot.bottom()+10, toMiddle, small, strconv.Itoa(i+1))
			}
		}
		c.line(line, 1.2, lines[1])
		for _, q := range line {
			c.dot(q.x, q.y, 2, lines[1])
		}
		c.write(plot.x+plot.w/2, b.bottom()-2, toMiddle, small, "component")
		c.keys(b.right()-6, b.y+9, b.w/2, []key{{"explained variance", mixed(white, blue, 0.8)}, {"cumulative", lines[1]}})
	}), nil
}

// Spot is a named point: volatility across, return up, a year.
type Spot struct {
	Name               string
	Volatility, Return float64
}

func (s Spot) known() bool {
	return !math.IsNaN(s.Volatility+s.Return) && !math.IsInf(s.Volatility+s.Return, 0)
}

// Frontier is efficient portfolios with the assets they are made of.
type Frontier struct {
	Caption
	Curve  []Spot
	Assets []Spot
	// Chosen is marked, nil for none.
	Chosen *Spot
}

// Drawing draws it.
func (f Frontier) Drawing() (Drawing, error) {
	var xs, ys []float64
	for _, s := range slices.Concat(f.Curve, f.Assets) {
		if s.known() {
			xs, ys = append(xs, s.Volatility), append(ys, s.Return)
		}
	}
	if f.Chosen != nil && !f.Chosen.known() {
		f.Chosen = nil
	}
	if f.Chosen != nil {
		xs, ys = append(xs, f.Chosen.Volatility), append(ys, f.Chosen.Return)
	}
	lox, hix, ok := bounds(xs)
	loy, hiy, up := bounds(ys)
	if !ok || !up {
		return Drawing{}, need("Frontier", false, "there is no portfolio to draw")
	}
	return f.frame(chartH, func(c *canvas, b box) {
		plot := box{b.x + gutter + 10, b.y + 16, b.w - gutter - 50, b.h - 44}
		padX, padY := max((hix-lox)*0.08, 1e-6), max((hiy-loy)*0.08, 1e-6)
		p := &panel{c: c, plot: plot, x: linear(max(lox-padX, 0), hix+padX, plot.x, plot.right(), 7, percent), y: linear(loy-padY, hiy+padY, plot.bottom(), plot.y, 6, percent)}
		p.grid()
		p.under()
		p.level(0, 0.7, axis)
		c.write(plot.x+plot.w/2, b.bottom()-2, toMiddle, small, "volatility, a year")
		c.up(b.x+5, plot.y+plot.h/2, small, "expected return, a year")
		var taken []box
		place := func(x, y float64, st style, name string) {
			name = c.fit(st, name, 90)
			w := c.wide(st, name)
			for _, at := range []xy{{x + 5, y + 2.5}, {x - 5 - w, y + 2.5}, {x - w/2, y - 6}, {x - w/2, y + 10}} {
				label := box{at.x, at.y - st.size, w, st.size + 1.5}
				clash := label.right() > chartW-4 || label.x < plot.x || slices.ContainsFunc(taken, func(o box) bool {
					return label.x < o.right() && o.x < label.right() && label.y < o.bottom() && o.y < label.bottom()
				})
				if !clash {
					taken = append(taken, label)
					c.write(at.x, at.y, toLeft, st, name)
					return
				}
			}
		}
		for _, a := range f.Assets {
			if a.known() {
				x, y := p.x.at(a.Volatility), p.y.at(a.Return)
				taken = append(taken, box{x - 3, y - 3, 6, 6})
			}
		}
		var line []xy
		for _, s := range f.Curve {
			if s.known() {
				line = append(line, xy{p.x.at(s.Volatility), p.y.at(s.Return)})
			}
		}
		c.line(line, 1.6, blue)
		for _, q := range line {
			c.dot(q.x, q.y, 2, blue)
			taken = append(taken, box{q.x - 2, q.y - 2, 4, 4})
		}
		if f.Chosen != nil {
			x, y := p.x.at(f.Chosen.Volatility), p.y.at(f.Chosen.Return)
			c.dot(x, y, 5, white)
			c.dot(x, y, 4, lines[1])
			place(x, y, style{8, true, lines[1]}, f.Chosen.Name)
		}
		for _, a := range f.Assets {
			if !a.known() {
				continue
			}
			x, y := p.x.at(a.Volatility), p.y.at(a.Return)
			c.dot(x, y, 2.6, gray)
			place(x, y, style{7.5, false, ink}, a.Name)
		}
		keys := []key{{"assets", gray}}
		if len(line) > 0 {
			keys = append([]key{{"efficient portfolios", blue}}, keys...)
		}
		c.keys(plot.right(), b.y+8, b.w/2, keys)
	}), nil
}

// Bars are named values: weights, contributions.
type Bars struct {
	Caption
	Names  []string
	Values []float64
	// Percent writes fractions as percent.
	Percent bool
}

// Drawing draws the greatest values, a row each.
func (x Bars) Drawing() (Drawing, error) {
	if len(x.Names) != len(x.Values) {
		return Drawing{}, fault.E("sheet.Bars", fault.InvalidParameter, "there are %d names for %d values", len(x.Names), len(x.Values))
	}
	var at []int
	for i, v := range x.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			at = append(at, i)
		}
	}
	if err := need("Bars", len(at) > 0, "there is no number to draw"); err != nil {
		return Drawing{}, err
	}
	slices.SortStableFunc(at, func(a, b int) int {
		switch p, q := math.Abs(x.Values[a]), math.Abs(x.Values[b]); {
		case p > q:
			return -1
		case p < q:
			return 1
		}
		return 0
	})
	const most = 40
	if len(at) > most {
		x.Subtitle += fmt.Sprintf("   ·   the %d largest of %d", most, len(at))
		at = at[:most]
	}
	names, values := make([]string, len(at)), make([]float64, len(at))
	for i, k := range at {
		names[i], values[i] = x.Names[k], x.Values[k]
	}
	u := number
	if x.Percent {
		u = percent
	}
	return x.frame(min(110+15*float64(len(at)), 720), func(c *canvas, b box) {
		c.bars(box{b.x, b.y + 6, b.w, b.h - 10}, names, values, u)
	}), nil
}

// Merge joins two clusters, by their numbers: leaves first, then merges in order.
type Merge struct {
	Left, Right int
	Height      float64
}

// Dendrogram is a tree of clusters.
type Dendrogram struct {
	Caption
	// Leaves are named in the order of their numbers.
	Leaves []string
	Merges []Merge
}

// Drawing draws the tree, leaves at the left.
func (d Dendrogram) Drawing() (Drawing, error) {
	const op, most = "Dendrogram", 400
	n := len(d.Leaves)
	switch {
	case n < 2:
		return Drawing{}, need(op, false, "a tree needs two leaves; there are %d", n)
	case n > most:
		return Drawing{}, fault.E("sheet."+op, fault.TooLarge, "the tree has %d leaves; at most %d are drawn", n, most)
	case len(d.Merges) != n-1:
		return Drawing{}, fault.E("sheet."+op, fault.InvalidParameter, "%d leaves are joined by %d merges, not by %d", n, n-1, len(d.Merges))
	}
	used := make([]bool, 2*n-1)
	top := 0.0
	for i, m := range d.Merges {
		for _, k := range []int{m.Left, m.Right} {
			if k < 0 || k >= n+i || used[k] {
				return Drawing{}, fault.E("sheet."+op, fault.InvalidParameter, "merge %d joins what it cannot", i)
			}
			used[k] = true
		}
		if math.IsNaN(m.Height) || math.IsInf(m.Height, 0) || m.Height < 0 {
			return Drawing{}, fault.E("sheet."+op, fault.InvalidParameter, "merge %d has no height", i)
		}
		top = max(top, m.Height)
	}
	if top == 0 {
		top = 1
	}
	var order []int
	stack := []int{2*n - 2}
	for len(stack) > 0 {
		k := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if k < n {
			order = append(order, k)
			continue
		}
		m := d.Merges[k-n]
		stack = append(stack, m.Right, m.Left)
	}
	row := min(max(16, 320/float64(n)), 30)
	if n > 40 {
		row = max(640/float64(n), 1.6)
	}
	return d.frame(96+row*float64(n), func(c *canvas, b box) {
		high := (b.h - 22) / float64(n)
		st := style{min(8, max(high*0.8, 1)), false, ink}
		named := st.size >= 3.4
		name := 8.0
		if named {
			for _, l := range d.Leaves {
				name = max(name, c.wide(st, l)+8)
			}
			name = min(name, 150)
		}
		plot := box{b.x + name, b.y + 4, b.w - name - 12, b.h - 24}
		x := linear(0, top*1.03, plot.x, plot.right(), 6, number)
		for i, v := range x.ticks {
			c.line([]xy{{x.at(v), plot.y}, {x.at(v), plot.bottom()}}, 0.5, rule)
			c.write(x.at(v), plot.bottom()+10, toMiddle, small, x.labels[i])
		}
		at := make([]xy, 2*n-1)
		for i, k := range order {
			y := plot.y + (float64(i)+0.5)*plot.h/float64(n)
			at[k] = xy{plot.x, y}
			if named {
				c.write(plot.x-5, y+st.size*0.36, toRight, st, c.fit(st, d.Leaves[k], name-6))
			}
		}
		for i, m := range d.Merges {
			p, q := at[m.Left], at[m.Right]
			h := x.at(m.Height)
			c.line([]xy{p, {h, p.y}, {h, q.y}, q}, min(1.1, max(high*0.25, 0.3)), blue)
			at[n+i] = xy{h, (p.y + q.y) / 2}
		}
		c.write(plot.x+plot.w/2, b.bottom(), toMiddle, small, "distance")
	}), nil
}
