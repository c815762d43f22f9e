package sheet

import (
	"fmt"
	"math"

	"quantdesk/internal/fault"
)

// Heat is a matrix in colours: correlations, or loadings of factors.
type Heat struct {
	Caption
	Rows, Columns []string
	// Values are row by row; NaN is empty.
	Values [][]float64
	// Most is the value with the full colour; 0 takes the greatest magnitude.
	Most float64
}

// mostCells is how many rows or columns are drawn one by one; more are drawn as
// means of neighbours.
const mostCells = 120

// Drawing draws it.
func (h Heat) Drawing() (Drawing, error) {
	if err := need("Heat", len(h.Rows) > 0 && len(h.Columns) > 0, "the matrix is empty"); err != nil {
		return Drawing{}, err
	}
	if len(h.Values) != len(h.Rows) {
		return Drawing{}, fault.E("sheet.Heat", fault.InvalidParameter, "there are %d rows for %d names", len(h.Values), len(h.Rows))
	}
	for _, row := range h.Values {
		if len(row) != len(h.Columns) {
			return Drawing{}, fault.E("sheet.Heat", fault.InvalidParameter, "a row has %d values for %d columns", len(row), len(h.Columns))
		}
	}
	lo, hi, ok := bounds(h.Values...)
	if err := need("Heat", ok, "there is no number to draw"); err != nil {
		return Drawing{}, err
	}
	if h.Most == 0 {
		h.Most = max(math.Abs(lo), math.Abs(hi), 1e-12)
	}
	rows, columns, values := h.Rows, h.Columns, h.Values
	if k := (max(len(rows), len(columns)) + mostCells - 1) / mostCells; k > 1 {
		rows, columns, values = pooled(h.Rows, h.Columns, h.Values, k)
		h.Subtitle += fmt.Sprintf("   ·   each cell is the mean of up to %d × %d", k, k)
	}
	// A table of few columns is no square.
	height := 640.0
	if len(columns) < len(rows)/2 || len(rows) <= 5 {
		height = min(110+float64(len(rows))*22, 760)
	}
	return h.frame(height, func(c *canvas, b box) {
		size := 8.5
		high := (b.h - 40) / float64(len(rows))
		size = min(size, high*0.8)
		st := style{max(size, 2.2), false, ink}
		named := size >= 3.4
		left, foot := 6.0, 6.0
		if named {
			for _, n := range rows {
				left = max(left, c.wide(st, n)+8)
			}
			left = min(left, 130)
		}
		grid := box{b.x + left, b.y + 4, b.w - left - 52, b.h - 8}
		w := min(grid.w/float64(len(columns)), grid.h/float64(len(rows))*4)
		upright := false
		if named {
			widest := 0.0
			for _, n := range columns {
				widest = max(widest, c.wide(st, n))
			}
			upright = widest > w-3
			foot = st.size + 8
			if upright {
				foot = min(widest, 70) + 8
			}
		}
		grid.h -= foot
		high = grid.h / float64(len(rows))
		if !upright && len(rows) == len(columns) {
			w = min(grid.w/float64(len(columns)), high*1.9)
		}
		write := min(high*0.5, w*0.3, 10)
		for i := range rows {
			y := grid.y + float64(i)*high
			if named {
				c.write(grid.x-4, y+high/2+st.size*0.36, toRight, st, c.fit(st, rows[i], left-6))
			}
			for j := range columns {
				c.heatCell(box{grid.x + float64(j)*w, y, w, high}, values[i][j], h.Most, write)
			}
		}
		if named {
			for j, n := range columns {
				x := grid.x + (float64(j)+0.5)*w
				if upright {
					text := c.fit(st, n, foot-8)
					c.up(x+st.size*0.36, grid.bottom()+4+c.wide(st, text)/2, st, text)
				} else {
					c.write(x, grid.bottom()+st.size+3, toMiddle, st, n)
				}
			}
		}
		c.ramp(box{b.right() - 30, grid.y, 9, min(grid.h, 200)}, h.Most)
	}), nil
}

// pooled makes a matrix smaller by means over k rows and columns.
func pooled(rows, columns []string, values [][]float64, k int) ([]string, []string, [][]float64) {
	pick := func(names []string) (out []string) {
		for i := 0; i < len(names); i += k {
			out = append(out, names[i])
		}
		return out
	}
	r, c := pick(rows), pick(columns)
	out := make([][]float64, len(r))
	for i := range out {
		out[i] = make([]float64, len(c))
		for j := range out[i] {
			sum, n := 0.0, 0
			for a := i * k; a < min((i+1)*k, len(rows)); a++ {
				for b := j * k; b < min((j+1)*k, len(columns)); b++ {
					if v := values[a][b]; !math.IsNaN(v) {
						sum, n = sum+v, n+1
					}
				}
			}
			out[i][j] = sum / float64(n) // NaN where there is none
		}
	}
	return r, c, out
}

// heatCell is blue for what goes together, red for what goes against.
func (c *canvas) heatCell(b box, v, most, size float64) {
	space := 0.0
	if b.w > 6 && b.h > 6 {
		space = 0.5
	}
	in := box{b.x + space, b.y + space, b.w - 2*space, b.h - 2*space}
	if space == 0 { // neighbours overlap a little, or a seam shows between them
		in.w, in.h = in.w+0.25, in.h+0.25
	}
	if math.IsNaN(v) {
		c.rect(in, stripe)
		return
	}
	t := min(math.Abs(v)/most, 1)
	to := blue
	if v < 0 {
		to = red
	}
	c.rect(in, mixed(white, to, 0.03+0.92*t))
	if size < 3.6 {
		return
	}
	st := style{size, false, ink}
	if t > 0.6 {
		st.col = white
	}
	text := show(v, number, 2)
	for st.size > 3 && c.wide(st, text) > in.w-2 {
		st.size -= 0.3
	}
	c.write(b.x+b.w/2, b.y+b.h/2+st.size*0.36, toMiddle, st, text)
}

// ramp is the key of the colours.
func (c *canvas) ramp(b box, most float64) {
	const steps = 40
	for i := range steps {
		v := most * (1 - 2*(float64(i)+0.5)/steps)
		to := blue
		if v < 0 {
			to = red
		}
		c.rect(box{b.x, b.y + b.h*float64(i)/steps, b.w, b.h/steps + 0.25}, mixed(white, to, 0.03+0.92*math.Abs(v)/most))
	}
	for _, x := range []float64{1, 0, -1} {
		c.write(b.right()+3, b.y+b.h*(1-x)/2+2.5, toLeft, style{6, false, faint}, show(x*most, number, 1))
	}
}
