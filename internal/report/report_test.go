package report

import (
	"bytes"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"
)

func example(n int) Run {
	r := Run{Name: "Trend <b>", Start: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC), End: time.Date(2022, 12, 30, 0, 0, 0, 0, time.UTC), Currency: "$",
		Statistics: []Pair{{"Net Profit", "12.3%"}}, Facts: []Pair{{"Seed", "42"}}, Orders: []Order{{Symbol: "SPY", Side: "buy", Quantity: "10"}}, Log: []string{"<script>alert(1)</script>"}}
	for i := range n {
		at := r.Start.Add(time.Duration(i) * r.End.Sub(r.Start) / time.Duration(n))
		v := 100_000 + 20_000*math.Sin(float64(i)/float64(n)*9)
		r.Equity = append(r.Equity, Point{at, v})
		r.Benchmark = append(r.Benchmark, Point{at, 300 + float64(i)/float64(n)*100})
		r.Drawdown = append(r.Drawdown, Point{at, -math.Abs(math.Sin(float64(i))) * 10})
	}
	return r
}

func TestEquityPNG(t *testing.T) {
	flat := example(0)
	for i := range 3 {
		flat.Equity = append(flat.Equity, Point{flat.Start.AddDate(0, 0, i), 100_000})
	}
	for name, r := range map[string]Run{"usual": example(500), "many points": example(20_000), "two points": example(2), "flat": flat, "nothing": {}} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := EquityPNG(&b, r); err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(&b)
			if err != nil || img.Bounds().Dx() != Width || img.Bounds().Dy() != Height {
				t.Fatal(err, img.Bounds())
			}
			if len(r.Equity) < 10 {
				return
			}
			lines := 0
			for x := left; x < right; x++ {
				for y := top; y < middle; y++ {
					if red, green, blue, _ := img.At(x, y).RGBA(); blue>>8 > 200 && red>>8 < 60 && green>>8 < 110 {
						lines++
						break
					}
				}
			}
			if lines < (right-left)*9/10 {
				t.Errorf("the equity is drawn in %d of %d columns", lines, right-left)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	r := example(100)
	r.Error = "Runtime Error: x < y"
	for range mostRows + 5 {
		r.Log = append(r.Log, "line")
	}
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, w := range []string{"Trend &lt;b&gt;", "data:image/png;base64,", "Net Profit", "x &lt; y", "&lt;script&gt;", "and 6 lines more"} {
		if !strings.Contains(page, w) {
			t.Errorf("%q is missing", w)
		}
	}
	for _, w := range []string{"<script", "http://", "https://"} {
		if strings.Contains(page, w) {
			t.Errorf("the page has %q", w)
		}
	}
}

func TestGrouped(t *testing.T) {
	for _, c := range []struct {
		v      float64
		places int
		want   string
	}{{1234567, 0, "1,234,567"}, {-1234.5, 1, "−1,234.5"}, {-0.001, 1, "0.0"}, {999, 0, "999"}, {0.25, 2, "0.25"}} {
		if got := grouped(c.v, c.places); got != c.want {
			t.Errorf("%v is %s; want %s", c.v, got, c.want)
		}
	}
}
