package research

import (
	"math"
	"time"

	"quantdesk/internal/report/sheet"
)

// A view draws no more points than these: what is sent stays small.
const (
	viewPoints = 400
	viewCells  = 60
)

// drawing is what the view in a chat draws. Numbers that are not defined are null.
type drawing struct {
	Kind      string                `json:"kind"`
	Title     string                `json:"title"`
	Subtitle  string                `json:"subtitle,omitempty"`
	Source    string                `json:"source,omitempty"`
	Simulated bool                  `json:"simulated"`
	Times     []string              `json:"times,omitempty"`
	Lines     []viewLine            `json:"lines,omitempty"`
	Drawdown  []*float64            `json:"drawdown,omitempty"`
	Figures   map[string]*float64   `json:"figures,omitempty"`
	Rows      []string              `json:"rows,omitempty"`
	Columns   []string              `json:"columns,omitempty"`
	Values    [][]*float64          `json:"values,omitempty"`
	Most      float64               `json:"most,omitempty"`
	Bands     map[string]float64    `json:"bands,omitempty"`
	Trades    []viewTrade           `json:"trades,omitempty"`
	Spots     map[string][]viewSpot `json:"spots,omitempty"`
}

type viewLine struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

type viewTrade struct {
	From int  `json:"from"`
	To   int  `json:"to"`
	Long bool `json:"long"`
}

type viewSpot struct {
	Name string  `json:"name,omitempty"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
}

func drawingOf(kind string, c sheet.Caption) drawing {
	return drawing{Kind: kind, Title: c.Title, Subtitle: c.Subtitle, Source: c.Source, Simulated: c.Simulated}
}

// picked are indices of n points, evenly, the first and the last among them.
func picked(n int) []int {
	k := min(n, viewPoints)
	out := make([]int, k)
	for i := range out {
		out[i] = i
		if k < n {
			out[i] = i * (n - 1) / (k - 1)
		}
	}
	return out
}

// rounded keeps five digits; what is no number is nil.
func rounded(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	if v != 0 {
		p := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(v))))
		if r := math.Round(v*p) / p; !math.IsNaN(r) && !math.IsInf(r, 0) {
			v = r
		}
	}
	return &v
}

func at(values []float64, indices []int) []*float64 {
	out := make([]*float64, len(indices))
	for i, k := range indices {
		out[i] = rounded(values[k])
	}
	return out
}

func stamps(times []time.Time, indices []int) []string {
	out := make([]string, len(indices))
	for i, k := range indices {
		if out[i] = times[k].Format(time.DateOnly); times[k].Hour() != 0 || times[k].Minute() != 0 {
			out[i] = times[k].UTC().Format("2006-01-02 15:04")
		}
	}
	return out
}

func equityLines(c sheet.Caption, times []time.Time, lines []sheet.Line, figures map[string]float64) any {
	d := drawingOf("equity", c)
	keep := picked(len(times))
	d.Times = stamps(times, keep)
	for _, l := range lines {
		d.Lines = append(d.Lines, viewLine{l.Name, at(l.Values, keep)})
	}
	// The drawdown is computed before points are left out, or its depth would be.
	fall, peak := make([]float64, len(times)), 1.0
	for i, w := range lines[0].Values {
		peak = max(peak, w)
		fall[i] = w/peak - 1
	}
	d.Drawdown = at(fall, keep)
	for name, v := range figures {
		if d.Figures == nil {
			d.Figures = map[string]*float64{}
		}
		d.Figures[name] = rounded(v)
	}
	return d
}

// equityView is a tear sheet in a chat: its first chart and its figures.
func equityView(t sheet.Tearsheet, series sheet.Data, figures map[string]float64) any {
	name := t.Name
	if name == "" {
		name = "Portfolio"
	}
	var lines []sheet.Line
	for _, c := range series.Columns {
		switch c.Name {
		case "wealth":
			lines = append(lines, sheet.Line{Name: name, Values: c.Numbers})
		case "benchmark_wealth":
			bench := t.BenchmarkName
			if bench == "" {
				bench = "Benchmark"
			}
			lines = append(lines, sheet.Line{Name: bench, Values: c.Numbers})
		}
	}
	return equityLines(sheet.Caption{Title: t.Title, Subtitle: t.Subtitle, Source: t.Source, Simulated: t.Simulated}, t.Times, lines, figures)
}

// heatView sends a matrix that a chat has room for; a larger one stays a picture.
func heatView(h sheet.Heat) any {
	if len(h.Rows) > viewCells || len(h.Columns) > viewCells {
		return nil
	}
	d := drawingOf("heatmap", h.Caption)
	d.Rows, d.Columns, d.Most = h.Rows, h.Columns, h.Most
	for _, row := range h.Values {
		out := make([]*float64, len(row))
		for i, v := range row {
			out[i] = rounded(v)
			if h.Most == 0 && out[i] != nil {
				d.Most = max(d.Most, math.Abs(v))
			}
		}
		d.Values = append(d.Values, out)
	}
	return d
}

func spreadView(s sheet.Spread) any {
	d := drawingOf("spread", s.Caption)
	keep := picked(len(s.Times))
	d.Times, d.Lines = stamps(s.Times, keep), []viewLine{{"z", at(s.Z, keep)}}
	d.Bands = map[string]float64{}
	for name, v := range map[string]float64{"entry": s.Entry, "exit": s.Exit, "stop": s.Stop} {
		if v > 0 {
			d.Bands[name] = v
		}
	}
	if len(d.Bands) == 0 && len(s.Bands) > 0 {
		d.Bands["band"] = s.Bands[len(s.Bands)-1]
	}
	n := len(s.Times)
	place := func(i int) int {
		if k := len(keep); k < n {
			return i * (k - 1) / (n - 1)
		}
		return i
	}
	for _, t := range s.Trades[:min(len(s.Trades), viewPoints)] {
		d.Trades = append(d.Trades, viewTrade{place(t.From), place(t.To), t.Long})
	}
	return d
}

func frontierView(f sheet.Frontier) any {
	d := drawingOf("frontier", f.Caption)
	d.Spots = map[string][]viewSpot{}
	add := func(name string, list []sheet.Spot) {
		for _, s := range list[:min(len(list), viewPoints)] {
			if x, y := rounded(s.Volatility), rounded(s.Return); x != nil && y != nil {
				d.Spots[name] = append(d.Spots[name], viewSpot{s.Name, *x, *y})
			}
		}
	}
	add("curve", f.Curve)
	add("assets", f.Assets)
	if f.Chosen != nil {
		add("chosen", []sheet.Spot{*f.Chosen})
	}
	return d
}
