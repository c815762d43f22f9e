package qcapi

import (
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"quantdesk/internal/project"
)

const reportPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Name}}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}td{border-bottom:1px solid #ddd;padding:.2rem .5rem}td+td{text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:16rem;background:#fafafa}pre{white-space:pre-wrap;background:#fff3f3;padding:1rem}</style></head><body>
<h1>{{.Name}}</h1>
<p>{{.Status}} {{.From}} to {{.To}}. Engine {{.Engine}}, seed {{.Seed}}, data {{.Data}}.</p>
{{if .Error}}<pre>{{.Error}}</pre>{{end}}
{{if .Line}}<h2>Equity</h2><svg viewBox="0 0 1000 300" preserveAspectRatio="none" role="img" aria-label="Equity from {{.Low}} to {{.High}}"><polyline fill="none" stroke="#1f6feb" stroke-width="2" vector-effect="non-scaling-stroke" points="{{.Line}}"/></svg><p>{{.Low}} to {{.High}}</p>{{end}}
<h2>Statistics</h2><table>{{range .Statistics}}<tr><td>{{index . 0}}</td><td>{{index . 1}}</td></tr>{{end}}</table>
{{if .Parameters}}<h2>Parameters</h2><table>{{range .Parameters}}<tr><td>{{.Key}}</td><td>{{.Text}}</td></tr>{{end}}</table>{{end}}
</body></html>
`

// report renders a final backtest as one page that needs nothing else.
func (c *call) report(b project.Backtest) (string, error) {
	page, err := template.New("report").Parse(reportPage)
	if err != nil {
		return "", err
	}
	in := struct {
		Name, Status, From, To, Engine, Data, Error, Line, Low, High string
		Seed                                                         uint64
		Statistics                                                   [][2]string
		Parameters                                                   []project.Parameter
	}{Name: b.Name, Status: status(b), Parameters: b.Parameter}
	if s := b.Summary; s != nil {
		in.From, in.To, in.Engine, in.Data, in.Seed = stamp(s.Start), stamp(s.End), s.EngineVersion, s.DataHash, s.Seed
		in.Error = strings.TrimSpace(s.Error + "\n" + s.StackTrace)
		stats := ordered(s.Statistics)
		for _, k := range stats.keys() {
			in.Statistics = append(in.Statistics, [2]string{k, stats[k]})
		}
		if slices.Contains(s.Charts, equityChart) {
			raw, err := c.cfg.Projects.Chart(c.ctx, b, equityChart)
			if err != nil {
				return "", err
			}
			in.Line, in.Low, in.High = polyline(raw)
		}
	}
	var out strings.Builder
	err = page.Execute(&out, in)
	return out.String(), err
}

const equityChart = "Strategy Equity"

// polyline draws the closing equity into a box of 1000 by 300.
func polyline(raw json.RawMessage) (line, low, high string) {
	var chart struct {
		Series map[string]struct {
			Values [][]*float64 `json:"values"`
		} `json:"series"`
	}
	if json.Unmarshal(raw, &chart) != nil {
		return "", "", ""
	}
	var values []float64
	for _, p := range chart.Series["Equity"].Values {
		if n := len(p); n > 1 && p[n-1] != nil {
			values = append(values, *p[n-1])
		}
	}
	if len(values) < 2 {
		return "", "", ""
	}
	step := max(1, len(values)/1000)
	lo, hi := slices.Min(values), slices.Max(values)
	var b strings.Builder
	for i := 0; i < len(values); i += step {
		y := 150.0
		if hi > lo {
			y = 290 - 280*(values[i]-lo)/(hi-lo)
		}
		fmt.Fprintf(&b, "%.1f,%.1f ", 1000*float64(i)/float64(len(values)-1), y)
	}
	return strings.TrimSpace(b.String()), fmt.Sprintf("%.2f", lo), fmt.Sprintf("%.2f", hi)
}
