package sheet

import (
	"fmt"
	"image/color"
	"strings"
	"time"
)

// A4 in points, and its margins.
const (
	pageW, pageH = 595.28, 841.89
	margin       = 36
	inner        = pageW - 2*margin
	foot         = pageH - 34
)

// block is a part of a page with its height.
type block struct {
	h    float64
	draw func(*canvas, box)
	// grows tells that it may take more room, where there is some.
	grows bool
}

// gap is the room between blocks.
const gap = 10

// Drawing lays the tear sheet out on two pages.
func (t Tearsheet) Drawing() (Drawing, error) {
	s, err := t.derive()
	if err != nil {
		return Drawing{}, err
	}
	made := t.Made
	if made.IsZero() {
		made = t.Times[len(t.Times)-1]
	}
	first := []block{{44, s.tiles, false}, {176, s.equity, true}, {92, s.drawdowns, true}, {96, s.rolling, true}}
	table := s.monthTable()
	stats := s.statTable()
	rest := []block{{86, s.worst, false}, {132, s.shape, true}}
	if s.Gross != nil || s.Turnover != nil || s.Net != nil {
		rest = append(rest, block{92, s.exposure, true})
	}
	if len(s.Positions) > 0 {
		rest = append(rest, s.weights())
	}
	rest = append(rest, s.assumptions())
	first = append(first, table)
	if used(first)+gap+stats.h <= foot-(bandH+14) {
		first = append(first, stats)
	} else {
		rest = append([]block{stats}, rest...)
	}
	return Drawing{Title: s.Title, Made: made, w: pageW, h: pageH, pages: []func(*canvas){
		func(c *canvas) {
			s.band(c)
			flow(c, bandH+14, foot, first)
			s.footer(c, 1)
		},
		func(c *canvas) {
			c.rect(box{0, 0, pageW, 6}, navy)
			c.write(margin, 24, toLeft, style{8.5, true, navy}, c.fit(style{8.5, true, navy}, s.Title, inner-120))
			c.write(pageW-margin, 24, toRight, small, spanOf(s.Times))
			flow(c, 36, foot, rest)
			s.footer(c, 2)
		},
	}}, nil
}

func used(blocks []block) float64 {
	sum := 0.0
	for _, b := range blocks {
		sum += b.h + gap
	}
	return sum - gap
}

// flow puts blocks below each other; what is too much is made smaller, what is
// left is spread between them, within reason.
func flow(c *canvas, from, to float64, blocks []block) {
	spare := to - from - used(blocks)
	gaps := float64(len(blocks) - 1)
	between, ratio, grow := float64(gap), 1.0, 1.0
	if spare < 0 {
		ratio = (to - from - gap*gaps) / (used(blocks) - gap*gaps)
	} else if gaps > 0 {
		more := min(spare*0.4/gaps, 14)
		between, spare = between+more, spare-more*gaps
		elastic := 0.0
		for _, b := range blocks {
			if b.grows {
				elastic += b.h
			}
		}
		if elastic > 0 {
			grow = min(1+spare/elastic, 1.75)
		}
	}
	y := from
	for _, b := range blocks {
		h := b.h * ratio
		if b.grows {
			h *= grow
		}
		b.draw(c, box{margin, y, inner, h})
		y += h + between
	}
}

const bandH = 60

// band is the head of the first page.
func (s *sheetOf) band(c *canvas) {
	c.rect(box{0, 0, pageW, pageH}, white)
	c.rect(box{0, 0, pageW, bandH}, navy)
	room := float64(inner)
	if s.Simulated {
		st := style{8, true, navy}
		w := c.wide(st, "SIMULATED") + 16
		c.round(box{pageW - margin - w, 16, w, 16}, 8, amber)
		c.write(pageW-margin-w/2, 27, toMiddle, st, "SIMULATED")
		room -= w + 14
	}
	title := style{17, true, white}
	for title.size > 11 && c.wide(title, s.Title) > room {
		title.size--
	}
	c.write(margin, 30, toLeft, title, c.fit(title, s.Title, room))
	parts := []string{spanOf(s.Times)}
	if s.Subtitle != "" {
		parts = append(parts, s.Subtitle)
	}
	if s.Benchmark != nil {
		parts = append(parts, "benchmark "+s.BenchmarkName)
	}
	sub := style{8.5, false, sky}
	c.write(margin, 46, toLeft, sub, c.fit(sub, strings.Join(parts, "   ·   "), inner))
}

func (s *sheetOf) footer(c *canvas, page int) {
	st := style{6.5, false, faint}
	c.line([]xy{{margin, pageH - 26}, {pageW - margin, pageH - 26}}, 0.5, rule)
	text := "Past performance does not predict future returns."
	if s.Source != "" {
		text = "Prices: " + s.Source + ".   " + text
	}
	x, room := float64(margin), float64(inner-80)
	if s.Simulated {
		bold := style{6.5, true, color.NRGBA{160, 100, 0, 255}}
		c.write(x, pageH-15, toLeft, bold, "SIMULATED, not real money.")
		w := c.wide(bold, "SIMULATED, not real money.") + 8
		x, room = x+w, room-w
	}
	c.write(x, pageH-15, toLeft, st, c.fit(st, text, room))
	c.write(pageW-margin, pageH-15, toRight, st, fmt.Sprintf("%s   %d / 2", s.made().Format(time.DateOnly), page))
}

func (s *sheetOf) made() time.Time {
	if s.Made.IsZero() {
		return s.Times[s.n-1]
	}
	return s.Made
}

// tiles are the six figures that are looked at first.
func (s *sheetOf) tiles(c *canvas, b box) {
	figures := []Pair{{"Annual return", dash}, {"Volatility", dash}, {"Sharpe ratio", dash}, {"Sortino ratio", dash}, {"Deepest drawdown", dash}, {title(s.bar()) + "s that gained", dash}}
	if r := s.own; r != nil {
		figures = []Pair{
			{"Annual return", show(r.CAGR, percent, 1)}, {"Volatility", show(r.Volatility, percent, 1)}, {"Sharpe ratio", show(r.Sharpe, number, 2)},
			{"Sortino ratio", show(r.Sortino, number, 2)}, {"Deepest drawdown", show(r.MaxDrawdown, percent, 1)}, {title(s.bar()) + "s that gained", show(r.HitRate, percent, 1)},
		}
		if float64(s.n) < s.PeriodsPerYear { // a year's rate of a short time misleads
			figures[0] = Pair{"Total return", show(r.TotalReturn, percent, 1)}
		}
	}
	const between = 8
	w := (b.w - between*float64(len(figures)-1)) / float64(len(figures))
	for i, f := range figures {
		x := b.x + float64(i)*(w+between)
		c.round(box{x, b.y, w, b.h}, 4, tile)
		c.write(x+w/2, b.y+15, toMiddle, small, c.fit(small, f.Name, w-6))
		st := style{14, true, navy}
		if f.Value != dash && strings.HasPrefix(f.Value, "−") {
			st.col = red
		}
		for st.size > 7 && c.wide(st, f.Value) > w-8 {
			st.size -= 0.5
		}
		c.write(x+w/2, b.y+33, toMiddle, st, f.Value)
	}
}
