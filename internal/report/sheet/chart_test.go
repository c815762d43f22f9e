package sheet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// drawn is what can be drawn: each kind of chart, and the tear sheet.
type drawn interface{ Drawing() (Drawing, error) }

var caption = Caption{Title: "KO against PEP", Subtitle: "4 Jan 2021 to 29 Dec 2023", Source: "quantdesk simulated market, seed 42", Simulated: true}

func walk(n int, pull float64) []float64 {
	rng := rand.New(rand.NewPCG(3, uint64(n))) //nolint:gosec // numbers for a picture
	out := make([]float64, n)
	for i := range out {
		out[i] = rng.NormFloat64() * 0.3
		if i > 0 {
			out[i] += out[i-1] * (1 - pull)
		}
	}
	return out
}

func matrixOf(n int) ([]string, [][]float64) {
	names, m := make([]string, n), make([][]float64, n)
	for i := range m {
		names[i] = fmt.Sprintf("SYM%d", i)
		m[i] = make([]float64, n)
		for j := range m[i] {
			m[i][j] = math.Cos(float64(i-j)) * math.Exp(-math.Abs(float64(i-j))/10)
		}
	}
	return names, m
}

func treeOf(n int) Dendrogram {
	d := Dendrogram{Caption: caption}
	for i := range n {
		d.Leaves = append(d.Leaves, fmt.Sprintf("LEAF%d", i))
	}
	last := 0
	for i := 1; i < n; i++ {
		d.Merges = append(d.Merges, Merge{last, i, 0.1 + 0.9*float64(i)/float64(n)})
		last = n + i - 1
	}
	return d
}

func charts() map[string]drawn {
	base := sample(754, 24*time.Hour)
	own, _, _ := grow(base.Returns)
	market, _, _ := grow(base.Benchmark)
	z := walk(754, 0.08)
	var visits []Visit
	for i := 0; i < 700; {
		if math.Abs(z[i]) > 1.2 {
			j := i
			for j < 753 && math.Abs(z[j]) > 0.3 {
				j++
			}
			visits = append(visits, Visit{i, j, z[i] < 0})
			i = j
		}
		i++
	}
	names, m := matrixOf(10)
	many, big := matrixOf(300)
	front := Frontier{Caption: caption, Chosen: &Spot{"max Sharpe", 0.16, 0.105}}
	for i := range 20 {
		v := 0.12 + 0.012*float64(i)
		front.Curve = append(front.Curve, Spot{"", v, 0.05 + 0.3*math.Sqrt(v-0.12)})
	}
	for i, n := range []string{"AAPL", "KO", "PEP", "XOM", "MSFT", "JPM"} {
		front.Assets = append(front.Assets, Spot{n, 0.18 + 0.03*float64(i), 0.04 + 0.02*float64(i%4)})
	}
	loadings := Heat{Caption: caption, Rows: names, Columns: []string{"Mkt-RF", "SMB", "HML", "MOM"}}
	for i := range names {
		loadings.Values = append(loadings.Values, m[i][:4])
	}
	return map[string]drawn{
		"equity":     Equity{caption, base.Times, []Line{{"Portfolio", own}, {"SPY", market}}},
		"spread":     Spread{Caption: caption, Times: base.Times, Z: z, Entry: 1.2, Exit: 0.3, Stop: 2.5, Trades: visits},
		"spread-two": Spread{Caption: caption, Times: base.Times, Z: z, Entry: 2, Level: z},
		"heat":       Heat{Caption: caption, Rows: names, Columns: names, Values: m, Most: 1},
		"heat-large": Heat{Caption: caption, Rows: many, Columns: many, Values: big, Most: 1},
		"loadings":   loadings,
		"scree":      Scree{caption, []float64{0.52, 0.2, 0.1, 0.06, 0.04, 0.03, 0.02, 0.02, 0.01}},
		"frontier":   front,
		"weights":    Bars{Caption: caption, Names: names, Values: m[0], Percent: true},
		"tree":       treeOf(12),
		"tree-large": treeOf(150),
	}
}

func TestShowCharts(t *testing.T) {
	dir := os.Getenv("SHEETS")
	if dir == "" {
		t.Skip("SHEETS names no folder")
	}
	for name, c := range charts() {
		d, err := c.Drawing()
		if err != nil {
			t.Fatal(name, err)
		}
		keep(t, dir, "chart-"+name, d)
	}
}
