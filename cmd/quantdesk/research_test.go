package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/sim"
)

// analyst is an agent that researches over the real endpoint.
type analyst struct {
	t *testing.T
	s *mcp.ClientSession
}

// ask calls a tool and reads its answer; a failure ends the test.
func (a analyst) ask(into any, name, format string, args ...any) {
	a.t.Helper()
	asked := fmt.Sprintf(format, args...)
	text, out, failed := answer(a.t, a.s, name, asked)
	if failed {
		a.t.Fatalf("%s %s: %s", name, asked, text)
	}
	if len(text) > pageLimit {
		a.t.Errorf("%s: an answer of %d characters", name, len(text))
	}
	raw, err := json.Marshal(out)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		a.t.Fatalf("%s: %v in %s", name, err, raw)
	}
}

// table reads all rows of a result's table, page by page.
func (a analyst) table(handle, name, columns string) (rows []map[string]any) {
	a.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Rows []map[string]any `json:"rows"`
			Next string           `json:"next_cursor"`
		}
		a.ask(&page, "query_result", `{"result":%q,"table":%q,"columns":%s,"limit":500,"cursor":%q}`, handle, name, columns, cursor)
		rows = append(rows, page.Rows...)
		if cursor = page.Next; cursor == "" {
			return rows
		}
	}
}

func newAnalyst(t *testing.T, change func(*desk)) (running, analyst) {
	t.Helper()
	d := startDesk(t, func(s *desk) {
		unlimited(s)
		if change != nil {
			change(s)
		}
	})
	return d, analyst{t, d.session(t, "/mcp/all", d.token(t, "trader"))}
}

type handled struct {
	Result   string   `json:"result"`
	Warnings []string `json:"warnings"`
}

func value(t *testing.T, row map[string]any, name string) float64 {
	t.Helper()
	v, ok := row[name].(float64)
	if !ok {
		t.Fatalf("%s is %v in %v", name, row[name], row)
	}
	return v
}

// TestFactorWorkflow goes from a fund's holdings to pending trades, and finds the
// loadings that the simulated market was made with.
func TestFactorWorkflow(t *testing.T) {
	t.Parallel()
	d, a := newAnalyst(t, nil)
	var universe struct {
		Total int `json:"total_added"`
	}
	a.ask(&universe, "add_etf_universe_securities", `{"etf_ticker":"QQQ","date":"2024-01-02"}`)
	if universe.Total < 30 {
		t.Fatalf("%d holdings", universe.Total)
	}
	var loadings struct {
		handled
		Factors []string `json:"factors"`
		NObs    int      `json:"n_obs"`
	}
	a.ask(&loadings, "factor_loadings", `{"start_date":"2021-01-04","end_date":"2023-12-29","factors":["Mkt-RF","SMB","HML","RMW","CMA","MOM","QMJ","Information Technology","Communication Services","Consumer Discretionary"]}`)
	market, ok := d.feed.Source().(*sim.Market)
	if !ok {
		t.Fatal("the market is not simulated")
	}
	within, all := 0, 0
	columns, err := json.Marshal(append([]string{"symbol"}, slices.Concat([]string{"Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM", "QMJ"}, []string{"Mkt-RF_se", "SMB_se", "HML_se", "RMW_se", "CMA_se", "MOM_se", "QMJ_se"})...))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range a.table(loadings.Result, "loadings", string(columns)) {
		truth := market.Betas(fmt.Sprint(row["symbol"]))
		for _, f := range []string{"Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM", "QMJ"} {
			all++
			if math.Abs(value(t, row, f)-truth[f]) <= 2*value(t, row, f+"_se") {
				within++
			}
		}
	}
	// Of many intervals of two standard errors some 95 % hold the truth.
	if all < 200 || float64(within) < .9*float64(all) {
		t.Errorf("%d of %d loadings are within two standard errors of the truth", within, all)
	}
	var rank struct {
		handled
		Longs  int `json:"total_long"`
		Shorts int `json:"total_short"`
	}

	a.ask(&rank, "rank_universe", `{"etf_ticker":"SPY","date":"2023-12-29"}`)
	if rank.Longs < 25 || rank.Longs != rank.Shorts {
		t.Errorf("%+v", rank)
	}
	var book struct {
		handled
		Names      int     `json:"names"`
		Gross      float64 `json:"gross"`
		Volatility float64 `json:"volatility"`
		CVaR       float64 `json:"cvar"`
		Beta       float64 `json:"residual_beta"`
	}
	a.ask(&book, "optimize_portfolio", `{"ranking":%q,"start_date":"2022-01-03","end_date":"2023-12-29","method":"hrp_cvar","upper":0.05,"max_volatility":0.12,"beta_neutral":true,"benchmark_symbol":"SPY"}`, rank.Result)
	if book.Gross < 1.99 || book.Gross > 2.01 || book.Volatility > .121 || math.Abs(book.Beta) > 1e-6 || book.CVaR <= 0 {
		t.Errorf("%+v", book)
	}
	weights := 0.0
	for _, row := range a.table(book.Result, "weights", `["symbol","weight"]`) {
		w := value(t, row, "weight")
		if math.Abs(w) > .05+1e-9 {
			t.Errorf("%v is above the cap", row)
		}
		weights += math.Abs(w)
	}
	if math.Abs(weights-book.Gross) > 1e-6 {
		t.Errorf("the weights make %g, told %g", weights, book.Gross)
	}
	var measured struct {
		handled
		Metrics map[string]*float64 `json:"performance_metrics"`
		Against map[string]*float64 `json:"benchmark_comparison"`
	}
	a.ask(&measured, "calculate_portfolio_performance", `{"result":%q,"start_date":"2024-01-02","end_date":"2024-12-31","rebalance_frequency":"monthly","cost_bps":5,"benchmark_symbol":"SPY"}`, book.Result)
	if v := measured.Metrics["volatility"]; v == nil || *v > .2 || measured.Against["beta"] == nil || math.Abs(*measured.Against["beta"]) > .25 {
		t.Errorf("%+v", measured)
	}
	// The trades that lead there wait for a person.
	var ticket struct {
		ID     string           `json:"confirmation_id"`
		Status string           `json:"status"`
		Orders []map[string]any `json:"orders"`
	}
	a.ask(&ticket, "create_rebalance", `{"result":%q,"invest":0.3,"min_trade":100}`, book.Result)
	if ticket.Status != "pending_confirmation" || len(ticket.Orders) < book.Names/2 {
		t.Errorf("%+v", ticket)
	}
	var placed struct {
		Orders []any `json:"orders"`
	}
	a.ask(&placed, "get_orders", `{"status":"all"}`)
	if len(placed.Orders) != 0 {
		t.Errorf("%d orders are at the broker before anybody confirmed", len(placed.Orders))
	}
}

// TestPairsWorkflow finds the pairs that the simulated market was made with, trades
// them on later dates and tests what came of it.
func TestPairsWorkflow(t *testing.T) {
	t.Parallel()
	d, a := newAnalyst(t, nil)
	market, ok := d.feed.Source().(*sim.Market)
	if !ok {
		t.Fatal("the market is not simulated")
	}
	var symbols []string
	planted := map[string]sim.Pair{}
	for _, p := range market.CointegratedPairs() {
		symbols = append(symbols, p.X, p.Y)
		planted[p.X+"~"+p.Y], planted[p.Y+"~"+p.X] = p, p
	}
	symbols = append(symbols, "AAPL", "MSFT", "AMZN", "WMT", "DIS", "CAT")
	names, err := json.Marshal(symbols)
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		handled
		Tested   int     `json:"pairs_tested"`
		Passed   int     `json:"pairs_passed"`
		Expected float64 `json:"expected_by_chance"`
	}
	a.ask(&found, "find_cointegrated_pairs", `{"symbols":%s,"start_date":"2016-01-04","end_date":"2021-12-31","max_half_life":40,"max_hurst":0.5}`, names)
	if found.Tested != len(symbols)*(len(symbols)-1)/2 {
		t.Errorf("%d pairs tested", found.Tested)
	}
	right, wrong := 0, 0
	for _, row := range a.table(found.Result, "pairs", `["symbol1","symbol2","hedge_ratio","half_life","passed"]`) {
		p, ok := planted[fmt.Sprint(row["symbol1"], "~", row["symbol2"])]
		if row["passed"] != "true" {
			continue
		}
		if !ok {
			wrong++
			continue
		}
		right++
		// By the delta method, of an autoregression over some 1,560 days.
		se := math.Ln2 * math.Sqrt((1-p.Phi*p.Phi)/1560) / (p.Phi * math.Pow(math.Log(p.Phi), 2))
		if h := value(t, row, "half_life"); math.Abs(h-p.HalfLife) > 3*se {
			t.Errorf("%v: half-life %g, made with %g (standard error %g)", row, h, p.HalfLife, se)
		}
	}
	if right != 10 || wrong > 2 {
		t.Errorf("%d of the 10 planted pairs are found, and %d others", right, wrong)
	}
	var traded struct {
		handled
		Pairs    int                 `json:"pairs"`
		Trades   int                 `json:"trades"`
		Start    float64             `json:"nav_start"`
		End      float64             `json:"nav_end"`
		InSample bool                `json:"in_sample"`
		Metrics  map[string]*float64 `json:"metrics"`
	}
	a.ask(&traded, "backtest_pairs", `{"result":%q,"start_date":"2016-01-04","end_date":"2024-12-31","formation_end":"2021-12-31","model":"fixed","cost_bps":2,"borrow_bps":50,"pair_cap":0.2}`, found.Result)
	if traded.InSample || traded.Pairs < 9 || traded.Trades < 60 {
		t.Fatalf("%+v", traded)
	}
	pnl := 0.0
	for _, row := range a.table(traded.Result, "trades", `["pnl","entry_time","exit_time"]`) {
		pnl += value(t, row, "pnl")
		if fmt.Sprint(row["entry_time"]) <= "2021-12-31" {
			t.Errorf("%v is within the formation", row)
		}
	}
	if math.Abs(pnl-(traded.End-traded.Start)) > 1e-5 {
		t.Errorf("the trades make %g, the account %g", pnl, traded.End-traded.Start)
	}
	if pnl <= 0 { // spreads that were made to return
		t.Errorf("trading planted pairs lost %g", -pnl)
	}
	var alpha struct {
		Greater *float64 `json:"p_greater"`
		Two     *float64 `json:"p_two"`
	}
	a.ask(&alpha, "bootstrap_alpha", `{"result":%q,"benchmark_symbol":"SPY","replicates":2000}`, traded.Result)
	if alpha.Greater == nil || *alpha.Greater > .05 {
		t.Errorf("%+v; the alpha of planted pairs is no luck", alpha)
	}
	var again struct {
		Greater *float64 `json:"p_greater"`
	}
	a.ask(&again, "bootstrap_alpha", `{"result":%q,"benchmark_symbol":"SPY","replicates":2000}`, traded.Result)
	if again.Greater == nil || *again.Greater != *alpha.Greater {
		t.Error("the same seed gives another p-value")
	}
	var regime struct {
		P     *float64 `json:"p"`
		Break string   `json:"break_date"`
	}
	a.ask(&regime, "regime_test", `{"result":%q,"bootstrap":199}`, traded.Result)
	if regime.P == nil || regime.Break == "" {
		t.Errorf("%+v", regime)
	}
	var filtered struct {
		handled
		Tested int `json:"pairs_tested"`
	}
	a.ask(&filtered, "find_cointegrated_pairs", `{"symbols":%s,"start_date":"2020-01-02","end_date":"2021-12-31","min_distance_correlation":0.5,"window":60}`, names)
	if filtered.Tested == 0 || filtered.Tested >= found.Tested/2 {
		t.Errorf("%d pairs pass the distance correlation, of %d", filtered.Tested, found.Tested)
	}
}

// TestQuestions are asked in words of every day.
func TestQuestions(t *testing.T) {
	t.Parallel()
	_, a := newAnalyst(t, nil)
	for _, year := range []string{"2023", "2024"} {
		var c struct {
			Symbols      []string `json:"symbols"`
			Cointegrated *bool    `json:"is_cointegrated"`
			EG           *struct {
				P     *float64  `json:"cointegration_pvalue"`
				Hedge []float64 `json:"hedge_ratio"`
			} `json:"engle_granger"`
			Johansen *struct {
				Rank int `json:"rank_trace"`
			} `json:"johansen"`
			NObs int `json:"n_obs"`
		}
		a.ask(&c, "test_cointegration", `{"symbol1":"KO","symbol2":"PEP","start_date":"%s-01-01","end_date":"%s-12-31"}`, year, year)
		if c.Cointegrated == nil || c.EG == nil || c.EG.P == nil || c.Johansen == nil || c.NObs < 250 || len(c.EG.Hedge) != 1 {
			t.Errorf("%s: %+v", year, c)
		}
	}
	var r struct {
		Results []struct {
			Symbol  string   `json:"symbol"`
			Z       *float64 `json:"z_score"`
			Verdict string   `json:"verdict"`
		} `json:"analysis_results"`
		Params map[string]any `json:"params"`
	}
	a.ask(&r, "analyze_mean_reversion", `{"symbols":["KO","PEP"],"start":"2023-01-01","end":"2024-12-31","lookback":20}`)
	if len(r.Results) != 2 || r.Results[0].Z == nil || r.Results[0].Verdict == "" || r.Params["lookback_period"] != 20.0 || r.Params["transform"] != "log" {
		t.Errorf("%+v", r)
	}
	var p struct {
		Ratio    []float64                     `json:"explained_variance_ratio"`
		Loadings map[string]map[string]float64 `json:"component_weights"`
	}
	a.ask(&p, "perform_pca_analysis", `{"symbols":["GOOGL","AMZN","MSFT"],"start_date":"2023-01-01","end_date":"2023-12-31"}`)
	sum := 0.0
	for _, v := range p.Ratio {
		sum += v
	}
	if len(p.Ratio) != 3 || math.Abs(sum-1) > 1e-12 || p.Ratio[0] < p.Ratio[1] || len(p.Loadings["PC1"]) != 3 || p.Loadings["PC1"]["MSFT"] <= 0 {
		t.Errorf("%+v", p)
	}
}

// TestResearchOnRecordedPrices asks the same of real prices, where they are there.
func TestResearchOnRecordedPrices(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "shared", "data", "lean")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the shared market data are not there")
	}
	_, a := newAnalyst(t, func(s *desk) { s.Market = folder })
	var members struct {
		Count int    `json:"count"`
		Date  string `json:"date"`
	}
	a.ask(&members, "get_etf_constituents", `{"etf_ticker":"SPY","date":"2021-01-10"}`)
	if members.Count < 400 || members.Date != "2020-12-01" {
		t.Errorf("%+v; want the newest file before the day", members)
	}
	var p struct {
		NObs  int       `json:"n_obs"`
		Ratio []float64 `json:"explained_variance_ratio"`
	}
	a.ask(&p, "perform_pca_analysis", `{"symbols":["AAPL","IBM","SPY"],"start_date":"2016-01-04","end_date":"2018-12-31"}`)
	if p.NObs < 700 || p.Ratio[0] < .5 {
		t.Errorf("%+v", p)
	}
	var perf struct {
		Metrics map[string]*float64 `json:"performance_metrics"`
	}
	a.ask(&perf, "calculate_portfolio_performance", `{"symbols":["SPY"],"start_date":"2009-03-09","end_date":"2019-12-31"}`)
	if r := perf.Metrics["annualized_return"]; r == nil || *r < .13 || *r > .2 { // dividends included: some 17 % a year
		t.Errorf("SPY made %v a year", r)
	}
	var c struct {
		EG *struct {
			P *float64 `json:"cointegration_pvalue"`
		} `json:"engle_granger"`
	}
	a.ask(&c, "test_cointegration", `{"symbols":["SPY","IWM"],"start_date":"2012-01-03","end_date":"2014-12-31"}`)
	if c.EG == nil || c.EG.P == nil || *c.EG.P < .05 {
		t.Errorf("%+v; SPY and IWM are not cointegrated", c)
	}
}
