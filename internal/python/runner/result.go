package runner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

// hasher is a source that knows which files it read.
type hasher interface{ DataHash() (string, error) }

// object is a JSON object; its members are written in the order of their names.
type object map[string]any

// resultOf makes a result of what a run left behind.
func resultOf(job strategy.Job, o *strategy.Outcome, source algo.Source) (*project.Result, error) {
	e := o.Engine
	r := &project.Result{
		Status: string(e.Status), Start: wall(e.Start()), End: wall(e.End()), Logs: o.Log,
		DataPoints: e.Points, HistoryDataPoints: e.HistoryPoints, Seed: job.Seed, Charts: map[string]json.RawMessage{},
	}
	if o.Err != nil {
		r.Status = project.RuntimeError
		r.Error, r.StackTrace = describe(job, e, o.Err)
		r.Error, r.StackTrace = strategy.Settled(r.Error), strategy.Settled(r.StackTrace)
	}
	if o.Err == nil {
		r.Logs = append(r.Logs, missing(e)...)
	}
	if r.Logs == nil {
		r.Logs = []string{}
	}
	stats, err := e.Statistics()
	if err != nil {
		return nil, err
	}
	r.Statistics = stats.Values
	maps.Copy(r.Statistics, o.Extras.Summary)
	if r.RuntimeStatistics, err = e.RuntimeStatistics(); err != nil {
		return nil, err
	}
	r.RuntimeStatistics["Probabilistic Sharpe Ratio"] = r.Statistics["Probabilistic Sharpe Ratio"]
	maps.Copy(r.RuntimeStatistics, o.Extras.Runtime)

	id := algorithmID(job)
	total, err := e.Performance()
	if err != nil {
		return nil, err
	}
	closed := &closedTrades{algorithm: id, known: map[*algo.Trade][2][]byte{}}
	if r.TotalPerformance, err = closed.performance(nil, total); err != nil {
		return nil, err
	}
	rolling, err := e.Rolling()
	if err != nil {
		return nil, err
	}
	if r.RollingWindow, err = closed.rolling(rolling); err != nil {
		return nil, err
	}
	for _, c := range e.Charts.List {
		looks, _ := o.Extras.Charts[c.Name].(map[string]any)
		if r.Charts[c.Name], err = json.Marshal(chart(c, looks)); err != nil {
			return nil, err
		}
	}
	for _, name := range defaultCharts {
		if _, ok := r.Charts[name]; !ok {
			if r.Charts[name], err = json.Marshal(chart(&algo.Chart{Name: name}, nil)); err != nil {
				return nil, err
			}
		}
	}
	r.Orders = []json.RawMessage{}
	for _, t := range e.Tickets() {
		text, err := order(id, t)
		if err != nil {
			return nil, err
		}
		r.Orders = append(r.Orders, text)
	}
	r.Insights = []json.RawMessage{}
	for i, x := range o.Extras.Insights {
		text, err := json.Marshal(insight(id, i, x))
		if err != nil {
			return nil, err
		}
		r.Insights = append(r.Insights, text)
	}
	r.TradeableDates = e.TradeableDates()
	if h, ok := source.(hasher); ok {
		if r.DataHash, err = h.DataHash(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// NoData begins the line of a result's log that names a security without data.
const NoData = "Error: there are no data of "

// missing names the securities that had no data at all: a symbol that is
// misspelt, or a market that does not go so far.
func missing(e *algo.Engine) (out []string) {
	const most = 20
	for _, s := range e.Securities.Ever() {
		if s.HadData() || s.Symbol.Kind == algo.Base {
			continue
		}
		if len(out) == most {
			return append(out, NoData+"more securities")
		}
		res := ""
		if len(s.Configs) > 0 {
			res = " at the resolution " + s.Configs[0].Resolution.String()
		}
		out = append(out, fmt.Sprintf("%s%s (%s, %s) from %s to %s%s", NoData, s.Symbol.Value, s.Symbol.Kind, s.Symbol.Market,
			wall(e.Start()).Format(time.DateOnly), wall(e.End()).Format(time.DateOnly), res))
	}
	return out
}

// wall is a wall clock without fractions, labelled UTC.
func wall(local int64) time.Time { return time.Unix(0, local).UTC().Truncate(time.Second) }

// algorithmID names an algorithm in its orders: the same for the same code and
// parameters, as runs that are the same give the same bytes.
func algorithmID(job strategy.Job) string {
	sum := sha256.New()
	for _, dir := range append([]string{filepath.Dir(job.File)}, job.Path...) {
		_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path) //nolint:gosec // the run's own files
			rel, _ := filepath.Rel(dir, path)
			fmt.Fprintf(sum, "%s\x00%d\x00", filepath.ToSlash(rel), len(text))
			sum.Write(text)
			return err
		})
	}
	for _, k := range slices.Sorted(maps.Keys(job.Parameters)) {
		fmt.Fprintf(sum, "%s\x00%s\x00", k, job.Parameters[k])
	}
	if job.Companies != "" {
		fmt.Fprintf(sum, "companies\x00%s\x00", job.Companies)
	}
	return hex.EncodeToString(sum.Sum(nil))[:32]
}

// derived is an id made of others.
func derived(id string, what string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", id, what, n))
	return hex.EncodeToString(sum[:])[:32]
}

// describe is an error as LEAN tells it, with the algorithm's own file and
// line, and its trace without the engine's frames.
func describe(job strategy.Job, e *algo.Engine, err error) (text, trace string) {
	var folders []string
	for _, dir := range slices.Concat([]string{filepath.Dir(job.File), job.Library, job.Home}, job.Path, job.SitePackages) {
		folders = append(folders, dir+string(filepath.Separator), "")
	}
	clean := strings.NewReplacer(folders...)
	prefix := "Runtime Error: "
	if !e.Locked() {
		prefix = "During the algorithm initialization, the following exception has occurred: "
	}
	var p *python.Error
	if !errors.As(err, &p) {
		return prefix + clean.Replace(err.Error()), ""
	}
	text = prefix + p.Type
	if p.Message != "" {
		text += " : " + clean.Replace(p.Message)
	}
	for i := len(p.Frames) - 1; i >= 0; i-- {
		f := p.Frames[i]
		if engineFrame(job, f.File) {
			continue
		}
		file := clean.Replace(f.File)
		if f.Func != "" {
			text += "\n  at " + f.Func
		}
		if f.Text != "" {
			text += "\n    " + f.Text
		}
		text += "\n in " + file + ": line " + strconv.Itoa(f.Line)
	}
	return text, clean.Replace(p.Traceback)
}

// engineFrame tells the library's and the interpreter's files from the user's.
// Bytecode names the library's files without a folder.
func engineFrame(job strategy.Job, file string) bool {
	for _, dir := range job.SitePackages {
		if strings.HasPrefix(file, dir) {
			return true
		}
	}
	return strings.HasPrefix(file, job.Library) || strings.HasPrefix(file, job.Home) || strings.HasPrefix(file, "lean/") || file == "AlgorithmImports.py" || strings.HasPrefix(file, "<") ||
		strings.HasPrefix(file, "lib/python") || strings.HasPrefix(file, "pandas/") || strings.HasPrefix(file, "numpy/")
}

// number prints a decimal as a JSON number.
func number(d num.Decimal) json.RawMessage { return json.RawMessage(d.Normalize().String()) }

// rounded prints a figure as LEAN's results do, with four decimals at most.
func rounded(d num.Decimal) json.RawMessage { return number(d.Round(4)) }

// stamp is a moment in the form of QuantConnect's API; null for none.
func stamp(utc int64) any {
	if utc == 0 {
		return nil
	}
	return time.Unix(0, utc).UTC().Format("2006-01-02T15:04:05.9999999Z")
}

// span is a duration as .NET prints it: "1.02:03:04".
func span(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	days := d / (24 * time.Hour)
	d -= days * 24 * time.Hour
	text := fmt.Sprintf("%02d:%02d:%02d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
	if ticks := d % time.Second / 100; ticks > 0 {
		text += fmt.Sprintf(".%07d", ticks)
	}
	if days > 0 {
		text = fmt.Sprintf("%d.", days) + text
	}
	return sign + text
}

func symbol(s *algo.Symbol) object {
	return object{"value": s.Value, "id": s.ID, "permtick": s.Value}
}

// closedTrades writes closed trades. A trade is in the whole and in up to 22
// windows, so its text is made once; only its id says where it stands.
type closedTrades struct {
	algorithm string
	known     map[*algo.Trade][2][]byte // what comes before and after the id
}

func (c *closedTrades) append(to []byte, list []*algo.Trade) ([]byte, error) {
	to = append(to, '[')
	for i, t := range list {
		if i > 0 {
			to = append(to, ',')
		}
		parts, ok := c.known[t]
		if !ok {
			var err error
			if parts, err = tradeParts(t); err != nil {
				return nil, err
			}
			c.known[t] = parts
		}
		to = append(to, parts[0]...)
		to = append(to, derived(c.algorithm, "trade "+t.Symbol.ID, int(t.Entry/1000)+i)...)
		to = append(to, parts[1]...)
	}
	return append(to, ']'), nil
}

// tradeParts is a trade in JSON without its id.
func tradeParts(t *algo.Trade) (parts [2][]byte, err error) {
	const id = `"id":"`
	side := 0
	if t.Short {
		side = 1
	}
	text, err := json.Marshal(object{
		"id": "", "symbol": symbol(t.Symbol), "symbols": []object{symbol(t.Symbol)},
		"entryTime": stamp(t.Entry), "entryPrice": number(t.EntryPrice), "direction": side, "quantity": number(t.Quantity),
		"exitTime": stamp(t.Exit), "exitPrice": number(t.ExitPrice), "profitLoss": number(t.Profit), "totalFees": number(t.Fees),
		"mae": number(t.MAE), "mfe": number(t.MFE), "duration": span(t.Duration()), "endTradeDrawdown": number(t.Drawdown), "isWin": t.Win(), "orderIds": t.Orders,
	})
	if err != nil {
		return parts, err
	}
	// The first of that name is the trade's: the symbol's comes after it.
	at := bytes.Index(text, []byte(id)) + len(id)
	return [2][]byte{text[:at:at], text[at:]}, nil
}

// performance appends how a run or a part of it went.
func (c *closedTrades) performance(to []byte, p algo.Performance) ([]byte, error) {
	to, err := c.append(append(to, `{"closedTrades":`...), p.Closed)
	if err != nil {
		return nil, err
	}
	figures, err := json.Marshal(figures(p))
	if err != nil {
		return nil, err
	}
	return append(append(to, ','), figures[1:]...), nil
}

// rolling writes the parts of a run by their keys.
func (c *closedTrades) rolling(parts []algo.Performance) (text []byte, err error) {
	slices.SortStableFunc(parts, func(a, b algo.Performance) int { return strings.Compare(a.Key, b.Key) })
	text = []byte{'{'}
	for i, p := range parts {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(strconv.AppendQuote(text, p.Key), ':')
		if text, err = c.performance(text, p); err != nil {
			return nil, err
		}
	}
	return append(text, '}'), nil
}

// figures are the figures of a run or a part of it.
func figures(p algo.Performance) object {
	t, f := p.Trades, p.Portfolio
	return object{
		"tradeStatistics": object{
			"startDateTime": stamp(t.Start), "endDateTime": stamp(t.End), "totalNumberOfTrades": t.Total, "numberOfWinningTrades": t.Winning, "numberOfLosingTrades": t.Losing,
			"totalProfitLoss": rounded(t.ProfitLoss), "totalProfit": rounded(t.Profit), "totalLoss": rounded(t.Loss), "largestProfit": rounded(t.LargestProfit), "largestLoss": rounded(t.LargestLoss),
			"averageProfitLoss": rounded(t.AverageProfitLoss), "averageProfit": rounded(t.AverageProfit), "averageLoss": rounded(t.AverageLoss),
			"averageTradeDuration": span(t.AverageDuration), "averageWinningTradeDuration": span(t.AverageWinning), "averageLosingTradeDuration": span(t.AverageLosing),
			"medianTradeDuration": span(t.MedianDuration), "medianWinningTradeDuration": span(t.MedianWinning), "medianLosingTradeDuration": span(t.MedianLosing),
			"maxConsecutiveWinningTrades": t.ConsecutiveWinning, "maxConsecutiveLosingTrades": t.ConsecutiveLosing,
			"profitLossRatio": rounded(t.ProfitLossRatio), "winLossRatio": rounded(t.WinLossRatio), "winRate": rounded(t.WinRate), "lossRate": rounded(t.LossRate),
			"averageMAE": rounded(t.AverageMAE), "averageMFE": rounded(t.AverageMFE), "largestMAE": rounded(t.LargestMAE), "largestMFE": rounded(t.LargestMFE),
			"maximumClosedTradeDrawdown": rounded(t.ClosedDrawdown), "maximumIntraTradeDrawdown": rounded(t.IntraDrawdown),
			"profitLossStandardDeviation": rounded(t.Deviation), "profitLossDownsideDeviation": rounded(t.Downside), "profitFactor": rounded(t.ProfitFactor),
			"sharpeRatio": rounded(t.Sharpe), "sortinoRatio": rounded(t.Sortino), "profitToMaxDrawdownRatio": rounded(t.ProfitToDrawdown),
			"maximumEndTradeDrawdown": rounded(t.LargestEndDrawdown), "averageEndTradeDrawdown": rounded(t.AverageEndDrawdown),
			"maximumDrawdownDuration": span(t.DrawdownDuration), "totalFees": rounded(t.TotalFees),
		},
		"portfolioStatistics": object{
			"averageWinRate": rounded(f.AverageWinRate), "averageLossRate": rounded(f.AverageLossRate), "profitLossRatio": rounded(f.ProfitLossRatio), "winRate": rounded(f.WinRate),
			"lossRate": rounded(f.LossRate), "expectancy": rounded(f.Expectancy), "startEquity": rounded(f.StartEquity), "endEquity": rounded(f.EndEquity),
			"compoundingAnnualReturn": rounded(f.AnnualReturn), "drawdown": rounded(f.Drawdown), "totalNetProfit": rounded(f.NetProfit), "sharpeRatio": rounded(f.Sharpe),
			"probabilisticSharpeRatio": rounded(f.Probabilistic), "sortinoRatio": rounded(f.Sortino), "alpha": rounded(f.Alpha), "beta": rounded(f.Beta),
			"annualStandardDeviation": rounded(f.Deviation), "annualVariance": rounded(f.Variance), "informationRatio": rounded(f.Information), "trackingError": rounded(f.Tracking),
			"treynorRatio": rounded(f.Treynor), "portfolioTurnover": rounded(f.Turnover), "valueAtRisk99": rounded(f.ValueAtRisk99), "valueAtRisk95": rounded(f.ValueAtRisk95),
			"drawdownRecovery": f.DrawdownRecovery,
		},
	}
}

// chart is a chart with its series; looks are the colours that the algorithm
// chose.
func chart(c *algo.Chart, looks map[string]any) object {
	series := object{}
	for i, s := range c.Series {
		// Written by hand: a run has a hundred thousand points.
		values := []byte{'['}
		for n, p := range s.Points {
			if n > 0 {
				values = append(values, ',')
			}
			values = append(values, '[')
			values = strconv.AppendInt(values, p.UTC/int64(time.Second), 10)
			list := []num.Decimal{p.Y}
			if p.Candle {
				list = []num.Decimal{p.O, p.H, p.L, p.Y}
			}
			for _, d := range list {
				values = append(values, ',')
				if p.Empty {
					values = append(values, "null"...)
				} else {
					values = append(values, d.Normalize().String()...)
				}
			}
			values = append(values, ']')
		}
		values = append(values, ']')
		x := object{"name": s.Name, "unit": s.Unit, "index": s.Index, "seriesType": s.Kind, "values": json.RawMessage(values)}
		if s.Kind != candle {
			color, marker := s.Color, "none"
			if look, ok := looks[s.Name].(map[string]any); ok {
				if v, _ := look["color"].(string); strings.HasPrefix(v, "#") {
					color = v
				}
			}
			x["color"], x["scatterMarkerSymbol"] = color, marker
		}
		if i > 0 {
			x["zIndex"] = i
		}
		series[s.Name] = x
	}
	return object{"name": c.Name, "chartType": 0, "series": series}
}

// defaultCharts are those that every backtest has on QuantConnect.
var defaultCharts = []string{"Strategy Equity", "Drawdown", "Benchmark", "Exposure", "Assets Sales Volume", "Portfolio Turnover", "Portfolio Margin", "Capacity"}

// candle is the number of the series type whose points are candles.
const candle = 2

// lowerFirst makes LEAN's name of a state that of its JSON.
func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// order is an order with its events: LEAN's own JSON of it, and more members.
func order(id string, t *algo.Ticket) (json.RawMessage, error) {
	events := []object{}
	for _, ev := range t.Events {
		x := object{
			"algorithmId": id, "symbol": ev.Symbol.ID, "symbolValue": ev.Symbol.Value, "symbolPermtick": ev.Symbol.Value, "orderId": ev.OrderID, "orderEventId": ev.ID,
			"id": fmt.Sprintf("%s-%d-%d", id, ev.OrderID, ev.ID), "status": lowerFirst(ev.Status.String()), "fillPrice": number(ev.FillPrice), "fillPriceCurrency": ev.Currency,
			"fillQuantity": number(ev.FillQuantity), "direction": [...]string{"buy", "sell", "hold"}[ev.Direction], "isAssignment": false, "quantity": number(ev.Quantity),
			"time": json.RawMessage(strconv.FormatFloat(float64(ev.Time/1000)/1e6, 'f', -1, 64)), "isInTheMoney": false,
		}
		if ev.Message != "" {
			x["message"] = ev.Message
		}
		if !ev.Fee.Amount.IsZero() {
			x["orderFeeAmount"], x["orderFeeCurrency"] = number(ev.Fee.Amount), ev.Fee.Currency
		}
		for name, v := range map[string]*num.Decimal{"stopPrice": ev.StopPrice, "limitPrice": ev.LimitPrice, "triggerPrice": ev.TriggerPrice} {
			if v != nil {
				x[name] = number(*v)
			}
		}
		events = append(events, x)
	}
	text, err := json.Marshal(events)
	if err != nil {
		return nil, err
	}
	whole := strings.TrimSuffix(algo.OrderJSON(t.Order), "}")
	if t.Order.Type == algo.TrailingStop {
		whole += `,"trailingPercentage":` + strconv.FormatBool(t.Order.AsPercent)
	}
	return json.RawMessage(whole + `,"events":` + string(text) + "}"), nil
}

func insight(id string, n int, x map[string]any) object {
	s, _ := x["symbol"].(*algo.Symbol)
	seconds := func(v any) any {
		if f, ok := v.(float64); ok {
			return json.RawMessage(strconv.FormatFloat(f, 'f', -1, 64))
		}
		return v
	}
	kinds, ways := [...]string{"price", "volatility"}, [...]string{"down", "flat", "up"}
	kind, _ := x["type"].(int64)
	way, _ := x["direction"].(int64)
	out := object{
		"id": derived(id, "insight", n), "groupId": nil, "sourceModel": x["source"], "generatedTime": seconds(x["generated"]), "createdTime": seconds(x["generated"]),
		"closeTime": seconds(x["close"]), "symbol": s.ID, "ticker": s.Value, "type": kinds[min(max(kind, 0), 1)], "direction": ways[min(max(way, -1), 1)+1],
		"period": seconds(x["period"]), "reference": x["reference"], "referenceFinal": x["reference_final"], "referenceValueFinal": x["reference_final"],
		"magnitude": x["magnitude"], "confidence": x["confidence"], "weight": x["weight"], "estimatedValue": x["estimated"], "tag": x["tag"],
		"scoreFinal": x["score_final"], "scoreIsFinal": x["score_final"], "scoreDirection": x["score_direction"], "scoreMagnitude": x["score_magnitude"],
	}
	if g, ok := x["group"].(string); ok {
		group, _ := strconv.Atoi(strings.TrimPrefix(g, "group-"))
		out["groupId"] = derived(id, "group", group)
	}
	return out
}
