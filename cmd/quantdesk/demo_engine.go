package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// demoAlgorithm buys and sells in turns and predicts before it buys.
const demoAlgorithm = `from AlgorithmImports import *


class Demo(QCAlgorithm):

    def initialize(self):
        self.set_start_date(%s)
        self.set_end_date(%s)
        self.set_cash(100_000)
        self._asset = self.add_equity("%s", Resolution.DAILY).symbol
        self._share = float(self.get_parameter("share", "1"))
        self._bars = 0

    def on_data(self, data):
        self._bars += 1
        if self._bars %% 8 == 1:
            self.emit_insights(Insight.price(self._asset, timedelta(days=4), InsightDirection.UP))
            self.set_holdings(self._asset, self._share)
        elif self._bars %% 8 == 5:
            self.liquidate()
`

// engineSteps are the demo's second part; empty where user code cannot be
// confined and the operator does not allow it unconfined.
func (p *play) engineSteps() []demoStep {
	if python.SandboxLevel() < python.Confined && !p.app.set.Runs.AllowWeak {
		p.say("the engine's part is left out: this system is %s", python.SandboxLevel())
		return nil
	}
	return []demoStep{
		{"A token for the engine, and a project with an algorithm", p.project},
		{"It is compiled", p.compile},
		{"It is backtested", p.backtest},
		{"The equity, as a chart", p.chart},
		{"Its orders and insights", p.result},
	}
}

// span finds an equity with daily bars, and their first and last day.
func (p *play) span(ctx context.Context) (symbol string, from, to time.Time, err error) {
	candidates := []string{p.symbol, "SPY", "AAPL"}
	all, err := p.app.feed.Instruments(ctx)
	if err != nil {
		return "", from, to, err
	}
	for _, in := range all {
		candidates = append(candidates, in.Symbol)
	}
	now := p.app.feed.Now()
	for _, s := range candidates {
		in, ok := p.app.feed.Lookup(s)
		if !ok || in.Class != market.Equity {
			continue
		}
		bars, err := p.app.feed.Bars(ctx, market.BarRequest{Symbol: in.Symbol, Resolution: market.Daily, Start: now.AddDate(-30, 0, 0), End: now, Last: 60})
		if err == nil && len(bars) >= 5 {
			return in.Symbol, bars[0].Start, bars[len(bars)-1].Start, nil
		}
	}
	return "", from, to, broken("no equity has daily bars")
}

func (p *play) project(ctx context.Context) error {
	symbol, from, to, err := p.span(ctx)
	if err != nil {
		return err
	}
	m, err := p.app.identity.Mint(ctx, "local", []string{"trader"}, time.Hour, false)
	if err != nil {
		return err
	}
	p.say("$ quantdesk token --scopes trader --ttl 1h")
	if err := p.session.Close(); err != nil {
		return err
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "quantdesk-demo", Version: version()}, nil)
	p.session, err = client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: p.url + "/mcp/x/projects,files,compile,backtests", HTTPClient: &http.Client{Transport: bearer{m.Token}}}, nil)
	if err != nil {
		return err
	}
	var made struct {
		Project struct {
			ID      int64  `json:"project_id"`
			Backend string `json:"backend"`
		} `json:"project"`
	}
	if _, err := p.call(ctx, "create_project", map[string]any{"name": "Demo", "language": "Py"}, &made); err != nil {
		return err
	}
	if made.Project.ID == 0 || made.Project.Backend != "embedded" {
		return broken("the project is not one of the embedded engine: %+v", made)
	}
	p.projectID = made.Project.ID
	day := func(t time.Time) string { return fmt.Sprintf("%d, %d, %d", t.Year(), t.Month(), t.Day()) }
	code := fmt.Sprintf(demoAlgorithm, day(from), day(to), symbol)
	p.say("→ update_file_contents main.py, %d lines: %s, daily, %s to %s", strings.Count(code, "\n"), symbol, from.Format(time.DateOnly), to.Format(time.DateOnly))
	p.quiet = true
	defer func() { p.quiet = false }()
	_, err = p.call(ctx, "update_file_contents", map[string]any{"project_id": p.projectID, "name": "main.py", "content": code}, &struct{}{})
	return err
}

func (p *play) compile(ctx context.Context) error {
	var out struct {
		ID     string   `json:"compile_id"`
		State  string   `json:"state"`
		Errors []string `json:"errors"`
	}
	if _, err := p.call(ctx, "create_compile", map[string]any{"project_id": p.projectID, "wait_seconds": 50}, &out); err != nil {
		return err
	}
	if out.State != "BuildSuccess" {
		return broken("the compile ends with %s: %s", out.State, strings.Join(out.Errors, "; "))
	}
	p.compileID = out.ID
	p.say("← %s", out.State)
	return nil
}

func (p *play) backtest(ctx context.Context) error {
	var out struct {
		ID         string            `json:"backtest_id"`
		Status     string            `json:"status"`
		Error      string            `json:"error"`
		Completed  bool              `json:"completed"`
		Statistics map[string]string `json:"statistics"`
	}
	args := map[string]any{"project_id": p.projectID, "compile_id": p.compileID, "backtest_name": "demo", "parameters": map[string]any{"share": 0.9}, "wait_seconds": 50}
	if _, err := p.call(ctx, "create_backtest", args, &out); err != nil {
		return err
	}
	if !out.Completed || out.Error != "" || out.Statistics["Total Orders"] == "" || out.Statistics["Total Orders"] == "0" {
		return broken("the backtest ends with %s %s and %s orders", out.Status, out.Error, out.Statistics["Total Orders"])
	}
	p.backtestID = out.ID
	p.say("← %s", out.Status)
	for _, name := range []string{"Total Orders", "Net Profit", "Compounding Annual Return", "Drawdown", "Sharpe Ratio", "Total Fees", "End Equity"} {
		p.say("← %-26s %s", name, out.Statistics[name])
	}
	return nil
}

// one names the backtest in arguments.
func (p *play) one(more map[string]any) map[string]any {
	out := map[string]any{"project_id": p.projectID, "backtest_id": p.backtestID}
	maps.Copy(out, more)
	return out
}

func (p *play) chart(ctx context.Context) error {
	var out struct {
		Series []struct {
			Name   string  `json:"name"`
			Points [][]any `json:"points"`
		} `json:"series"`
	}
	if _, err := p.call(ctx, "read_backtest_chart", p.one(map[string]any{"name": "Strategy Equity", "count": 60}), &out); err != nil {
		return err
	}
	for _, s := range out.Series {
		if s.Name != "Equity" {
			continue
		}
		var values []float64
		for _, point := range s.Points {
			if v, ok := point[len(point)-1].(float64); ok && len(point) > 1 {
				values = append(values, v)
			}
		}
		if len(values) < 2 {
			return broken("the equity has %d points", len(values))
		}
		p.say("← %s  %.2f to %.2f in %d points", sparkline(values), slices.Min(values), slices.Max(values), len(values))
		return nil
	}
	return broken("the chart has no equity")
}

// sparkline draws values with blocks of eight heights.
func sparkline(values []float64) string {
	blocks := []rune("▁▂▃▄▅▆▇█")
	low, high := slices.Min(values), slices.Max(values)
	var b strings.Builder
	for _, v := range values {
		at := 0
		if high > low {
			at = int(float64(len(blocks)-1) * (v - low) / (high - low))
		}
		b.WriteRune(blocks[at])
	}
	return b.String()
}

func (p *play) result(ctx context.Context) error {
	var orders struct {
		Orders []struct {
			Side     string      `json:"side"`
			Quantity num.Decimal `json:"quantity"`
			Symbol   string      `json:"symbol"`
			Price    num.Decimal `json:"price"`
			Status   string      `json:"status"`
			Created  time.Time   `json:"created_at"`
		} `json:"orders"`
		Length int `json:"length"`
	}
	if _, err := p.call(ctx, "read_backtest_orders", p.one(map[string]any{"end": 3}), &orders); err != nil {
		return err
	}
	if orders.Length == 0 || len(orders.Orders) == 0 {
		return broken("there are no orders")
	}
	for _, o := range orders.Orders {
		p.say("← %s %-4s %s %s at %s, %s", o.Created.Format(time.DateOnly), o.Side, o.Quantity, o.Symbol, o.Price.Rescale(2), o.Status)
	}
	var insights struct {
		Insights []struct {
			Direction string    `json:"direction"`
			Symbol    string    `json:"symbol"`
			Generated time.Time `json:"generated_at"`
		} `json:"insights"`
		Length int `json:"length"`
	}
	if _, err := p.call(ctx, "read_backtest_insights", p.one(map[string]any{"end": 1}), &insights); err != nil {
		return err
	}
	if len(insights.Insights) == 0 {
		return broken("there are no insights")
	}
	i := insights.Insights[0]
	p.say("← %d orders; %d insights, the first of %s: %s %s", orders.Length, insights.Length, i.Generated.Format(time.DateOnly), i.Symbol, i.Direction)
	return nil
}
