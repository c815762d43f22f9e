package mcpd

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The page reaches nothing and sets nothing of what it is told as markup.
func TestChartPageIsSelfContained(t *testing.T) {
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "new Function", "fetch(", "XMLHttpRequest", "WebSocket", "import(", "src=", "href=", "@import", "url(", "localStorage"} {
		if strings.Contains(chartPage, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, want := range []string{"e.source !== parent", "ui/initialize", "ui/notifications/initialized", "size-changed", "ui/resource-teardown", "prefers-color-scheme", "aria-live"} {
		if !strings.Contains(chartPage, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, address := range regexp.MustCompile(`https?://[^'"]*`).FindAllString(chartPage, -1) {
		if address != "http://www.w3.org/2000/svg" { // a name, not a place
			t.Errorf("the page names %s", address)
		}
	}
}

// drawings are results as a host hands them on, with what each must show.
func drawings() map[string]struct {
	params any
	want   []string
} {
	var times []string
	var own, market, fall, z []any
	for i := range 300 {
		times = append(times, time.Date(2022, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
		x := float64(i)
		own, market, fall, z = append(own, 1+x/900+0.04*math.Sin(x/9)), append(market, 1+x/1500), append(fall, -0.05*math.Abs(math.Sin(x/30))), append(z, 2.2*math.Sin(x/17))
	}
	own[7] = nil
	meta := func(d map[string]any) any {
		d["title"], d["simulated"], d["source"] = `Evil <img onerror=alert(1)> & "co"`, true, "sim, the desk's simulated market"
		return map[string]any{"_meta": map[string]any{"quantdesk/drawing": d}}
	}
	return map[string]struct {
		params any
		want   []string
	}{
		"equity": {meta(map[string]any{"kind": "equity", "times": times, "lines": []any{map[string]any{"name": "Portfolio <b>", "values": own}, map[string]any{"name": "SPY", "values": market}}, "drawdown": fall, "figures": map[string]any{"total_return": 0.33, "sharpe_ratio": 1.21, "volatility": 0.14, "max_drawdown": -0.05}}),
			[]string{"<path", "Portfolio &lt;b&gt;", "Sharpe ratio", "SIMULATED", "Evil &lt;img onerror"}},
		"spread":   {meta(map[string]any{"kind": "spread", "times": times, "lines": []any{map[string]any{"name": "z", "values": z}}, "bands": map[string]any{"entry": 1.5, "exit": 0.5, "stop": 4}, "trades": []any{map[string]any{"from": 15, "to": 45, "long": false}, map[string]any{"from": 70, "to": 100, "long": true}}}), []string{"entry ±1.5", "stroke-dasharray", "short"}},
		"heatmap":  {meta(map[string]any{"kind": "heatmap", "rows": []any{"KO", "PEP", "XOM"}, "columns": []any{"KO", "PEP", "XOM"}, "most": 1, "values": []any{[]any{1, 0.7, -0.2}, []any{0.7, 1, nil}, []any{-0.2, nil, 1}}}), []string{"0.70", "PEP", "<rect"}},
		"frontier": {meta(map[string]any{"kind": "frontier", "spots": map[string]any{"curve": []any{map[string]any{"x": 0.1, "y": 0.04}, map[string]any{"x": 0.14, "y": 0.08}, map[string]any{"x": 0.2, "y": 0.1}}, "assets": []any{map[string]any{"name": "KO", "x": 0.17, "y": 0.05}, map[string]any{"name": "AAPL", "x": 0.25, "y": 0.11}}, "chosen": []any{map[string]any{"name": "best", "x": 0.14, "y": 0.08}}}}), []string{"<circle", "AAPL", "volatility, a year"}},
		"matrix":   {map[string]any{"structuredContent": map[string]any{"feed": "simulated", "symbols": []any{"KO", "PEP"}, "correlation_matrix": map[string]any{"KO": map[string]any{"KO": 1, "PEP": 0.61}, "PEP": map[string]any{"KO": 0.61, "PEP": 1}}}}, []string{"0.61", "SIMULATED"}},
		"nothing":  {map[string]any{"structuredContent": map[string]any{}}, []string{"nothing to draw"}},
		"broken":   {meta(map[string]any{"kind": "equity", "lines": 7}), []string{"cannot be drawn here"}},
		"unknown":  {meta(map[string]any{"kind": "constructor"}), []string{"nothing to draw"}},
	}
}

// TestChartPageInBrowser draws each kind in a real browser and reads the page.
func TestChartPageInBrowser(t *testing.T) {
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil && browser == "" {
			browser = p
		}
	}
	if browser == "" || testing.Short() {
		t.Skip("there is no chromium here, or no time for it")
	}
	for name, c := range drawings() {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": "ui/notifications/tool-result", "params": c.params})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "page.html")
			page := strings.Replace(chartPage, "</body>", fmt.Sprintf("<script>addEventListener('error', e => document.body.append('FAILED ' + e.message)); postMessage(%s, '*')</script></body>", raw), 1)
			if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			dom, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir, "--virtual-time-budget=2000", "--dump-dom", "file://"+file).Output() //nolint:gosec // a browser, for the test
			if err != nil {
				t.Skip("the browser does not run here: ", err)
			}
			shown := string(dom)
			if i := strings.Index(shown, "<script"); i > 0 {
				shown = shown[:i] + shown[strings.LastIndex(shown, "</script>"):]
			}
			for _, w := range c.want {
				if !strings.Contains(shown, w) {
					t.Errorf("the page does not show %q:\n%.2000s", w, shown[strings.Index(shown, "<body"):])
				}
			}
			if strings.Contains(shown, "FAILED") || strings.Contains(shown, "NaN") || strings.Contains(shown, "<img") {
				t.Errorf("the page failed, or shows markup: %.1000s", shown[strings.Index(shown, "<body"):])
			}
		})
	}
}
