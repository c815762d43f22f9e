package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// The rebalancing of the design, step by step over MCP against a paper TWS:
// history, targets, drift, trades, confirmation, executions, new weights.
func TestIBKRRebalance(t *testing.T) {
	t.Parallel()
	d, port := withTWS(t)
	s := d.session(t, "/mcp", d.token(t, "trader"))
	call := func(name, args string) map[string]any {
		t.Helper()
		text, out, failed := answer(t, s, name, args)
		if failed {
			t.Fatalf("%s %s: %s", name, args, text)
		}
		return out
	}
	number := func(v any) float64 { n, _ := v.(float64); return n }
	call("ibkr_connect", fmt.Sprintf(`{"port":%d}`, port))

	// 1: prices of a month give each holding's volatility.
	symbols := []string{"AAPL", "MSFT", "KO"}
	risk, price := map[string]float64{}, map[string]float64{}
	for _, sym := range symbols {
		rows, _ := call("ibkr_get_historical_data", fmt.Sprintf(`{"symbol":%q,"duration":"30 D","barSize":"1 day"}`, sym))["bars"].([]any)
		if len(rows) < 15 {
			t.Fatalf("%s has %d bars", sym, len(rows))
		}
		before := 0.0
		for _, r := range rows {
			bar, _ := r.(map[string]any)
			last := number(bar["close"])
			if before > 0 {
				risk[sym] += math.Pow(math.Log(last/before), 2)
			}
			before, price[sym] = last, last
		}
	}
	// 2: targets: nine tenths of the account, by inverse volatility.
	inverse := 0.0
	for _, sym := range symbols {
		inverse += 1 / math.Sqrt(risk[sym])
	}
	target := map[string]float64{}
	for _, sym := range symbols {
		target[sym] = 0.9 / math.Sqrt(risk[sym]) / inverse
	}
	weights := func() (map[string]float64, float64) {
		summary, _ := call("ibkr_get_account_summary", `{}`)["summary"].(map[string]any)
		row, _ := summary["NetLiquidation"].(map[string]any)
		equity := 0.0
		if _, err := fmt.Sscan(fmt.Sprint(row["value"]), &equity); err != nil {
			t.Fatal(err)
		}
		out := map[string]float64{}
		rows, _ := call("get_positions", `{}`)["positions"].([]any)
		for _, r := range rows {
			p, _ := r.(map[string]any)
			out[fmt.Sprint(p["symbol"])] = number(p["market_value"]) / equity
		}
		return out, equity
	}
	// What is held at first is far from it.
	hold := call("ibkr_place_order", `{"symbol":"KO","action":"BUY","quantity":800}`)
	call("confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, hold["confirmation_id"]))
	eventually(t, "the first holding is there", func() bool { w, _ := weights(); return w["KO"] > 0 })

	for round := range 10 { // a policy bounds an order: large drifts take several
		// 3: drift.
		now, equity := weights()
		var trades []string
		const largest = 90_000
		for _, sym := range symbols {
			quotes, _ := call("get_quotes", fmt.Sprintf(`{"symbols":[%q]}`, sym))["quotes"].([]any)
			q, _ := quotes[0].(map[string]any)
			price[sym] = (number(q["bid"]) + number(q["ask"])) / 2
			money := (target[sym] - now[sym]) * equity
			side := "BUY"
			if money < 0 {
				side = "SELL"
			}
			// 4: trades.
			if n := math.Round(min(math.Abs(money), largest) / price[sym]); n > 0 && math.Abs(money)/equity > 0.001 {
				trades = append(trades, fmt.Sprintf(`{"symbol":%q,"side":%q,"quantity":%.0f,"type":"MKT"}`, sym, side, n))
			}
		}
		if len(trades) == 0 {
			break
		}
		basket := call("create_basket", fmt.Sprintf(`{"account":%q,"orders":[%s]}`, paperAccount, strings.Join(trades, ",")))
		// 5: a person has seen the summary.
		if basket["summary"] == "" || basket["status"] != "pending_confirmation" {
			t.Fatalf("round %d: %v", round, basket)
		}
		call("confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, basket["confirmation_id"]))
		eventually(t, "the trades are done", func() bool {
			open, _ := call("ibkr_get_open_orders", `{}`)["orders"].([]any)
			return len(open) == 0
		})
	}
	// 6: executions.
	done, _ := call("ibkr_get_executions", `{"limit":500}`)["executions"].([]any)
	seen := map[string]bool{}
	for _, e := range done {
		row, _ := e.(map[string]any)
		k, _ := row["contract"].(map[string]any)
		seen[fmt.Sprint(k["symbol"])] = row["commissionReport"] != nil
	}
	// 7: new weights.
	now, _ := weights()
	for _, sym := range symbols {
		if !seen[sym] || math.Abs(now[sym]-target[sym]) > 0.005 {
			t.Errorf("%s: weight %.4f, target %.4f, executions with their costs: %v", sym, now[sym], target[sym], seen[sym])
		}
	}
}
