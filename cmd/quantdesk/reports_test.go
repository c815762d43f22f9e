package main

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// madeReport is an answer of create_tearsheet and create_chart.
type madeReport struct {
	ID    string `json:"report_id"`
	Title string `json:"title"`
	Kind  string `json:"kind"`
	Kinds []string
	Files []struct {
		Name, URI, URL, Path string
		MIME                 string `json:"mime_type"`
		Size                 int64
	} `json:"files"`
	Summary map[string]float64 `json:"summary"`
}

const twoYears = `"start_date":"2022-01-03","end_date":"2023-12-29"`

// Every analysis that can be drawn is drawn, as each kind it can be drawn as.
func TestCharts(t *testing.T) {
	t.Parallel()
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	for _, c := range []struct{ tool, args, kinds string }{
		{"calculate_portfolio_performance", `{"symbols":["KO","PEP"],"benchmark_symbol":"SPY",` + twoYears + `}`, "equity weights"},
		{"optimize_equal_weight_portfolio", `{"symbols":["KO","PEP","XOM"],` + twoYears + `}`, "equity weights"},
		{"optimize_portfolio", `{"symbols":["KO","PEP","XOM","AAPL"],"method":"frontier",` + twoYears + `}`, "frontier"},
		{"optimize_portfolio", `{"symbols":["KO","PEP","XOM","AAPL"],"method":"hrp",` + twoYears + `}`, "weights dendrogram"},
		{"calculate_correlation_matrix", `{"symbols":["KO","PEP","XOM"],` + twoYears + `}`, "heatmap"},
		{"perform_pca_analysis", `{"symbols":["KO","PEP","XOM","AAPL"],` + twoYears + `}`, "scree loadings"},
		{"factor_loadings", `{"symbols":["KO","PEP"],` + twoYears + `}`, "loadings"},
		{"test_cointegration", `{"symbol1":"KO","symbol2":"PEP",` + twoYears + `}`, "spread"},
		{"backtest_pairs", `{"pairs":[["KO","PEP"],["XOM","CVX"]],"entry":1,"confirm":1,"formation_end":"2022-06-30",` + twoYears + `}`, "equity spread"},
		{"sparse_optimization", `{"portfolio_symbols":["AAPL","MSFT","XOM","KO"],"benchmark_symbol":"SPY","max_weight":0.5,` + twoYears + `}`, "equity weights"},
	} {
		var result struct{ Result string }
		d.must(t, token, c.tool, c.args, &result)
		for kind := range strings.FieldsSeq(c.kinds) {
			var r madeReport
			d.must(t, token, "create_chart", fmt.Sprintf(`{"result":%q,"kind":%q,"formats":["pdf","png","svg","csv","xlsx","parquet"]}`, result.Result, kind), &r)
			if r.Kind != kind || strings.Join(r.Kinds, " ") != c.kinds || len(r.Files) < 6 {
				t.Errorf("%s as %s: %+v", c.tool, kind, r)
			}
			if dir := os.Getenv("SHEETS"); dir != "" {
				show(t, dir, c.tool+"-"+kind, r)
			}
		}
		if a := d.rest(t, token, "create_chart", fmt.Sprintf(`{"result":%q,"kind":"nothing"}`, result.Result)); a.status != http.StatusBadRequest {
			t.Errorf("an unknown kind: %d %s", a.status, a.body)
		}
	}
	var bars struct{ Result string }
	d.must(t, token, "get_history", `{"symbols":["KO"],"start_date":"2024-01-02","end_date":"2024-02-01"}`, &bars)
	if a := d.rest(t, token, "create_chart", fmt.Sprintf(`{"result":%q}`, bars.Result)); a.status != http.StatusUnprocessableEntity || a.text("error", "hint") == "" {
		t.Errorf("what cannot be drawn: %d %s", a.status, a.body)
	}
}

// show copies pictures into the folder that SHEETS names, to look at them.
func show(t *testing.T, dir, name string, r madeReport) {
	t.Helper()
	for _, f := range r.Files {
		if strings.HasSuffix(f.Name, ".pdf") {
			raw, err := os.ReadFile(f.Path)
			if err == nil {
				err = os.WriteFile(dir+"/"+name+".pdf", raw, 0o600) //nolint:gosec // where the developer wants it
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A tear sheet is made of weights, of each result that has returns or weights,
// and of a project's backtest.
func TestTearsheets(t *testing.T) {
	t.Parallel()
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	args := map[string]string{"weights": `"symbols":["KO","PEP"],"weights":[0.6,0.4],"benchmark_symbol":"SPY","rebalance_frequency":"monthly","cost_bps":5,` + twoYears}
	for name, c := range map[string][2]string{
		"performance": {"calculate_portfolio_performance", `{"symbols":["KO","PEP"],"benchmark_symbol":"SPY",` + twoYears + `}`},
		"equal":       {"optimize_equal_weight_portfolio", `{"symbols":["KO","PEP","XOM"],` + twoYears + `}`},
		"optimised":   {"optimize_portfolio", `{"symbols":["KO","PEP","XOM","AAPL"],"method":"hrp",` + twoYears + `}`},
		"pairs":       {"backtest_pairs", `{"pairs":[["KO","PEP"]],"entry":1,"confirm":1,"formation_end":"2022-06-30",` + twoYears + `}`},
	} {
		var result struct{ Result string }
		d.must(t, token, c[0], c[1], &result)
		args[name] = fmt.Sprintf(`"result":%q`, result.Result)
	}
	project, _, backtest := d.ran(t, token, "drawn")
	args["backtest"] = fmt.Sprintf(`"project_id":%d,"backtest_id":%q`, project, backtest)
	for name, a := range args {
		var r madeReport
		d.must(t, token, "create_tearsheet", `{`+a+`,"risk_free":0.02,"formats":["pdf","png","svg","csv","xlsx","parquet"]}`, &r)
		if len(r.Files) != 16 || r.Title == "" || len(r.Summary) == 0 {
			t.Errorf("%s: %d files, %+v", name, len(r.Files), r)
		}
		if dir := os.Getenv("SHEETS"); dir != "" {
			show(t, dir, "sheet-"+name, r)
		}
	}
	// Weights that were chosen on the days they are followed say so.
	for name, want := range map[string]bool{"optimised": true, "pairs": false} {
		var r madeReport
		d.must(t, token, "create_tearsheet", `{`+args[name]+`,"formats":["csv"]}`, &r)
		at := slices.IndexFunc(r.Files, func(f struct {
			Name, URI, URL, Path string
			MIME                 string `json:"mime_type"`
			Size                 int64
		}) bool {
			return f.Name == "tearsheet-assumptions.csv"
		})
		a := d.do(t, "GET", r.Files[at].URL, token, "")
		if strings.Contains(a.body, "IN SAMPLE") != want {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for _, bad := range []string{`{}`, `{"result":"none"}`, fmt.Sprintf(`{"project_id":%d}`, project), fmt.Sprintf(`{"project_id":%d,"backtest_id":"none"}`, project), fmt.Sprintf(`{%s,"symbols":["KO"]}`, args["backtest"]), `{"symbols":["KO"]}`} {
		if a := d.rest(t, token, "create_tearsheet", bad); a.status < 400 || a.status >= 500 || a.text("error", "hint") == "" {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
}

func TestReportsBelongToTheirUser(t *testing.T) {
	t.Parallel()
	d := startDesk(t, unlimited)
	alice, bob := d.tokenOf(t, d.user(t, "alice"), "research:read", "market:read"), d.tokenOf(t, d.user(t, "bob"), "research:read", "market:read")
	var r madeReport
	d.must(t, alice, "create_tearsheet", `{"symbols":["KO"],`+twoYears+`,"formats":["pdf","csv"]}`, &r)
	for _, f := range r.Files {
		if f.Path != "" {
			t.Errorf("a remote user is told the path %s", f.Path)
		}
		a := d.do(t, "GET", f.URL, alice, "")
		if a.status != http.StatusOK || int64(len(a.body)) != f.Size || a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("GET %s: %d, %d bytes, %v", f.URL, a.status, len(a.body), a.header)
		}
		for who, token := range map[string]string{"bob": bob, "the local user": d.token(t, "admin")} {
			if a := d.do(t, "GET", f.URL, token, ""); a.status != http.StatusNotFound {
				t.Errorf("%s gets alice's report: %d", who, a.status)
			}
			s := d.session(t, "/mcp/all", token)
			if _, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: f.URI}); err == nil {
				t.Errorf("%s reads alice's report", who)
			}
		}
		if a := d.do(t, "GET", f.URL, "", ""); a.status != http.StatusUnauthorized {
			t.Errorf("without a token: %d", a.status)
		}
		if a := d.do(t, "GET", f.URL, d.token(t, "market:read"), ""); a.status != http.StatusForbidden {
			t.Errorf("without the scope: %d", a.status)
		}
	}
	for _, path := range []string{"reports/" + r.ID + "/..%2f..%2f..%2fkeys%2fsigning.json", "reports/..%2f" + r.ID + "/tearsheet.pdf", "reports/" + r.ID + "/.report", "reports/" + r.ID + "/%2e%2e", "reports/x/y"} {
		if a := d.do(t, "GET", "/api/v1/"+path, alice, ""); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %.200s", path, a.status, a.body)
		}
	}
	s := d.session(t, "/mcp/all", alice)
	for _, uri := range []string{"report://" + r.ID + "/../../keys/signing.json", "report://" + r.ID + "/..%2fx.pdf", "report://../" + r.ID + "/tearsheet.pdf", "report://" + r.ID, "report:///tearsheet.pdf"} {
		if out, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri}); err == nil {
			t.Errorf("%s is read: %+v", uri, out)
		}
	}
	var list struct {
		Reports []struct {
			ID string `json:"report_id"`
		}
	}
	if d.must(t, bob, "read_report", `{}`, &list); len(list.Reports) != 0 {
		t.Errorf("bob lists %+v", list)
	}
	if d.must(t, alice, "read_report", `{}`, &list); len(list.Reports) != 1 {
		t.Errorf("alice lists %+v", list)
	}
	// A backtest needs the scope of backtests.
	if a := d.rest(t, alice, "create_tearsheet", `{"project_id":1,"backtest_id":"x"}`); a.status != http.StatusForbidden {
		t.Errorf("a backtest without its scope: %d %s", a.status, a.body)
	}
}

// A reply over MCP links to the files and shows a small picture; a client that
// shows views gets the address of the page and what it is to draw.
func TestReportsOverMCP(t *testing.T) {
	t.Parallel()
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	views := &mcp.ClientCapabilities{}
	views.AddExtension("io.modelcontextprotocol/ui", map[string]any{"mimeTypes": []string{"text/html;profile=mcp-app"}})
	for name, c := range map[string]struct {
		caps *mcp.ClientCapabilities
		opt  *mcp.ClientSessionOptions
		want bool
	}{"plain": {nil, nil, false}, "plain, older": {nil, legacy(), false}, "with views": {views, nil, true}, "with views, older": {views, legacy(), true}} {
		t.Run(name, func(t *testing.T) {
			s := d.connect(t, "/mcp/all", token, &mcp.ClientOptions{Capabilities: c.caps}, c.opt)
			list, err := s.ListTools(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var with []string
			for _, tl := range list.Tools {
				if ui, ok := tl.Meta["ui"].(map[string]any); ok {
					if ui["resourceUri"] != "ui://quantdesk/chart" {
						t.Errorf("%s names %v", tl.Name, ui)
					}
					with = append(with, tl.Name)
				}
			}
			if c.want != slices.Contains(with, "create_tearsheet") || c.want != slices.Contains(with, "create_chart") {
				t.Errorf("tools with a view: %v", with)
			}
			res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "create_tearsheet", Arguments: map[string]any{"symbols": []string{"KO", "PEP"}, "start_date": "2022-01-03", "end_date": "2023-12-29"}})
			if err != nil || res.IsError {
				t.Fatal(err, res)
			}
			drawing, ok := res.Meta["quantdesk/drawing"].(map[string]any)
			if ok != c.want || ok && (drawing["kind"] != "equity" || drawing["simulated"] != true) {
				t.Errorf("what is to be drawn: %v", drawing)
			}
			links, pictures := 0, 0
			for _, part := range res.Content[1:] {
				switch x := part.(type) {
				case *mcp.ResourceLink:
					links++
					read, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: x.URI})
					if err != nil || len(read.Contents) != 1 || int64(len(read.Contents[0].Blob)) != *x.Size || read.Contents[0].MIMEType != x.MIMEType {
						t.Errorf("%s: %v", x.URI, err)
					}
				case *mcp.ImageContent:
					pictures++
					if img, err := png.Decode(bytes.NewReader(x.Data)); err != nil || img.Bounds().Dx() < 600 {
						t.Errorf("the picture: %v", err)
					}
				}
			}
			if links != 2 || pictures != 1 {
				t.Errorf("%d links and %d pictures", links, pictures)
			}
			if text, ok := res.Content[0].(*mcp.TextContent); !ok || !strings.HasPrefix(text.Text, "SIMULATED") || !strings.Contains(text.Text, "sharpe_ratio") {
				t.Errorf("the text is %v", res.Content[0])
			}
			page, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "ui://quantdesk/chart"})
			if err != nil || page.Contents[0].MIMEType != "text/html;profile=mcp-app" || !strings.Contains(page.Contents[0].Text, "ui/initialize") {
				t.Errorf("the page: %v", err)
			}
			// Through call_tool the files come along.
			relayed, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "call_tool", Arguments: map[string]any{"name": "create_tearsheet", "arguments": map[string]any{"symbols": []string{"KO"}, "start_date": "2022-01-03"}}})
			if err != nil || relayed.IsError || len(relayed.Content) != 4 {
				t.Errorf("through call_tool: %v, %+v", err, relayed)
			}
		})
	}
}
