package algo

import (
	"bytes"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/num"
)

// riskFree is the interest of money without risk, by day: steps that hold until
// the next.
type riskFree struct {
	days  []int64
	rates []num.Decimal
}

const interestRateFile = "alternative/interest-rate/usa/interest-rate.csv"

// riskFreeRate gives the rate of a day on the wall clock.
func (e *Engine) riskFreeRate(local int64) (num.Decimal, error) {
	if e.RiskFree != nil {
		return e.RiskFree(local)
	}
	if e.rates == nil {
		e.rates = &riskFree{}
		data, err := e.source.File(interestRateFile)
		if err != nil {
			return num.Zero, err
		}
		for n, line := range bytes.Split(data, []byte{'\n'}) {
			date, rate, ok := strings.Cut(strings.TrimSpace(string(line)), ",")
			if !ok || n == 0 {
				continue
			}
			t, err1 := time.Parse("2006-01-02", date)
			r, err2 := num.Parse(rate)
			if err1 != nil || err2 != nil {
				continue // a line without a rate keeps the one before
			}
			e.rates.days = append(e.rates.days, t.UnixNano())
			e.rates.rates = append(e.rates.rates, r.Quo(num.FromInt(100)))
		}
	}
	r := e.rates
	if len(r.days) == 0 {
		return num.New(1, 2), nil
	}
	i := sort.Search(len(r.days), func(i int) bool { return r.days[i] > midnight(local) })
	return r.rates[max(i-1, 0)], nil
}

// Statistics are the figures of a run under LEAN's names, in its order.
type Statistics struct {
	Names  []string
	Values map[string]string
}

func (s *Statistics) set(name, value string) {
	if s.Values == nil {
		s.Values = map[string]string{}
	}
	s.Names = append(s.Names, name)
	s.Values[name] = value
}

// figures are the raw results that the table is printed from.
type figures struct {
	averageWin, averageLoss, annualReturn, drawdown, expectancy num.Decimal
	start, end, net                                             num.Decimal
	sharpe, sortino, probabilistic                              num.Decimal
	lossRate, winRate, ratio                                    num.Decimal
	alpha, beta, deviation, variance, information, tracking     num.Decimal
	treynor, turnover                                           num.Decimal
	risk99, risk95                                              num.Decimal
	recovery                                                    int
}

type dated struct {
	utc int64
	y   num.Decimal
}

func (e *Engine) series(chart, name string) (out []dated) {
	if known, ok := e.read[chart+name]; ok {
		return known
	}
	if e.read != nil {
		defer func() { e.read[chart+name] = out }()
	}
	for _, c := range e.Charts.List {
		if c.Name != chart {
			continue
		}
		if s := c.Find(name); s != nil {
			for _, p := range s.Points {
				if n := len(out); n > 0 && out[n-1].utc == p.UTC {
					out[n-1].y = p.Y // the last of a time counts
					continue
				}
				out = append(out, dated{p.UTC, p.Y})
			}
		}
	}
	return out
}

// tradingDays is how many days of trading a year has.
func (e *Engine) tradingDays() int {
	if e.Settings.TradingDays > 0 {
		return e.Settings.TradingDays
	}
	switch e.Brokerage.Name() {
	case "Coinbase", "GDAX", "Binance", "BinanceUS", "Bitfinex", "FTX", "FTXUS", "Kraken", "BinanceFutures", "BinanceCoinFutures", "Bybit":
		return 365
	}
	return 252
}

// Statistics computes the figures of a finished run.
func (e *Engine) Statistics() (Statistics, error) {
	f, err := e.figures()
	if err != nil {
		return Statistics{}, err
	}
	var s Statistics
	percent := func(d num.Decimal, places int) string {
		return text(d.Mul(num.FromInt(100)).Round(places)) + "%"
	}
	real := func(d num.Decimal) string {
		// Printed from a float there: no trailing zeros.
		return strconv.FormatFloat(math.RoundToEven(d.Float64()*1000)/1000, 'f', -1, 64)
	}
	s.set("Total Orders", fmt.Sprint(e.orderCount))
	s.set("Average Win", percent(f.averageWin, 2))
	s.set("Average Loss", percent(f.averageLoss, 2))
	s.set("Compounding Annual Return", percent(f.annualReturn, 3))
	s.set("Drawdown", percent(f.drawdown, 3))
	s.set("Expectancy", text(f.expectancy.Round(3)))
	s.set("Start Equity", text(f.start.Round(2)))
	s.set("End Equity", text(f.end.Round(2)))
	s.set("Net Profit", percent(f.net, 3))
	s.set("Sharpe Ratio", real(f.sharpe))
	s.set("Sortino Ratio", real(f.sortino))
	s.set("Probabilistic Sharpe Ratio", percent(f.probabilistic, 3))
	s.set("Loss Rate", percent(f.lossRate, 0))
	s.set("Win Rate", percent(f.winRate, 0))
	s.set("Profit-Loss Ratio", text(f.ratio.Round(2)))
	s.set("Alpha", real(f.alpha))
	s.set("Beta", real(f.beta))
	s.set("Annual Standard Deviation", real(f.deviation))
	s.set("Annual Variance", real(f.variance))
	s.set("Information Ratio", real(f.information))
	s.set("Tracking Error", real(f.tracking))
	s.set("Treynor Ratio", real(f.treynor))
	currency := currencySign(e.Portfolio.Cash.Account)
	fees := e.Portfolio.Sum(func(s *Security) num.Decimal { return s.Holding.Fees })
	s.set("Total Fees", currency+awayFromZero(fees, 2))
	s.set("Estimated Strategy Capacity", currency+text(significant(e.capacity.Value(), 2)))
	lowest := ""
	if e.capacity.Lowest != nil {
		lowest = e.capacity.Lowest.ID
	}
	s.set("Lowest Capacity Asset", lowest)
	s.set("Portfolio Turnover", percent(f.turnover, 2))
	s.set("Drawdown Recovery", fmt.Sprint(f.recovery))
	s.set("OrderListHash", e.OrderHash())
	return s, nil
}

// text prints a decimal as .NET does, trailing zeros included.
func text(d num.Decimal) string { return d.String() }

// awayFromZero prints with fixed places, rounding halves away from zero, as
// .NET formats do.
func awayFromZero(d num.Decimal, places int) string {
	half := num.New(5, places+1)
	if d.Sign() < 0 {
		half = half.Neg()
	}
	return d.Add(half).Trunc(places).Rescale(places).String()
}

var signs = map[string]string{
	"ADA": "₳", "ALGO": "Ⱥ", "AUD": "$", "BAT": "⟁", "BCH": "Ƀ", "BRL": "R$", "BSV": "Ɓ", "BTC": "₿", "CAD": "$",
	"CHF": "Fr", "CNH": "¥", "CNY": "¥", "CZK": "Kč", "DAI": "◈", "DASH": "Đ", "DKK": "kr", "DOGE": "Ð", "DOT": "●",
	"EOS": "ε", "ETC": "ξ", "ETH": "Ξ", "EUR": "€", "FIL": "⨎", "GBP": "₤", "GNF": "Fr", "HKD": "$", "HUF": "Ft",
	"ICP": "∞", "IDR": "Rp", "INR": "₹", "IOTA": "ɨ", "JPY": "¥", "KRW": "₩", "LSK": "Ⱡ", "LTC": "Ł", "MIOTA": "ɨ",
	"MKR": "Μ", "MXN": "$", "NAV": "Ꞥ", "NOK": "kr", "NZD": "$", "PLN": "zł", "REP": "Ɍ", "RUB": "₽", "SAR": "﷼",
	"SEK": "kr", "SGD": "$", "SOL": "◎", "STEEM": "ȿ", "THB": "฿", "THETA": "ϑ", "TRY": "₺", "TWD": "NT$", "USD": "$",
	"USDT": "₮", "XAG": "Ag", "XAU": "Au", "XLM": "*", "XMR": "ɱ", "XNO": "Ӿ", "XRP": "✕", "XTZ": "ꜩ", "ZAR": "R",
	"ZEC": "ⓩ", "ZRX": "ZRX",
}

// currencySign is how a currency is written before an amount.
func currencySign(currency string) string {
	if s, ok := signs[currency]; ok {
		return s
	}
	return currency
}

func safe(f float64) num.Decimal {
	d, err := num.FromFloatNET(f)
	if err != nil {
		if f > 0 {
			d, _ = num.Parse("79228162514264337593543950335")
			return d
		}
		return num.Zero
	}
	return d
}

// figures are those of the whole run.
func (e *Engine) figures() (figures, error) { return e.figuresOf(whole) }

func (e *Engine) figuresOf(w days) (f figures, err error) {
	all := e.series("Strategy Equity", "Equity")
	equity := w.cut(all)
	if len(equity) == 0 {
		return f, nil
	}
	f.start = e.results.start
	if len(equity) < len(all) {
		f.start = equity[0].y
	}
	f.end = equity[len(equity)-1].y
	if turnover := w.cut(e.series("Portfolio Turnover", "Portfolio Turnover")); len(turnover) > 0 {
		sum := num.Zero
		for _, p := range turnover {
			sum = sum.Add(p.y)
		}
		f.turnover = sum.Quo(num.FromInt(int64(len(turnover))))
	}
	performance, benchmark := performances(w.cut(e.series("Strategy Equity", "Return"))), differences(w.cut(e.series("Benchmark", "Benchmark")))
	if f.start.IsZero() || len(benchmark) < 2 || len(performance) < 2 {
		return f, nil
	}
	e.wins(&f, w)
	f.net = f.end.Quo(f.start).Sub(num.One)
	days := float64(equity[len(equity)-1].utc-equity[0].utc) / float64(nsDay)
	years := safe(days).Quo(num.FromInt(365)).Float64()
	f.annualReturn = safe(math.Pow(f.end.Float64()/f.start.Float64(), 1/years) - 1)
	n := float64(e.tradingDays())
	variance := sampleVariance(performance) * n
	f.variance = safe(variance)
	f.deviation = safe(math.Sqrt(f.variance.Float64()))
	annual, annualBenchmark := annualized(performance, n), annualized(benchmark, n)
	rf := num.Zero
	for _, p := range equity {
		r, err := e.riskFreeRate(p.utc)
		if err != nil {
			return f, err
		}
		rf = rf.Add(r)
	}
	rf = rf.Quo(num.FromInt(int64(len(equity))))
	if !f.deviation.IsZero() {
		f.sharpe = safe(annual.Sub(rf).Float64()).Quo(f.deviation)
	}
	if down := safe(math.Sqrt(downside(performance) * n)); !down.IsZero() {
		f.sortino = annual.Sub(rf).Quo(down)
	}
	if v := sampleVariance(benchmark); v != 0 && !math.IsNaN(v) {
		f.beta = safe(covariance(performance, benchmark) / v)
	}
	if !f.beta.IsZero() {
		f.alpha = annual.Sub(rf.Add(f.beta.Mul(annualBenchmark.Sub(rf))))
		f.treynor = safe(annual.Float64() - rf.Float64()).Quo(f.beta)
	}
	f.tracking = safe(trackingError(performance, benchmark, n))
	if !f.tracking.IsZero() {
		f.information = safe(annual.Float64() - annualBenchmark.Float64()).Quo(f.tracking)
	}
	f.probabilistic = safe(probabilisticSharpe(performance, 1/math.Sqrt(n), rf.Float64()/n))
	f.risk99, f.risk95 = valueAtRisk(performance, int(n), normal99), valueAtRisk(performance, int(n), normal95)
	f.drawdown, f.recovery = drawdowns(equity)
	return f, nil
}

// wins computes what the closing fills say.
func (e *Engine) wins(f *figures, w days) {
	running := f.start
	won, lost := num.Zero, num.Zero
	wins, losses := int64(0), int64(0)
	isWin := int64(0)
	total := int64(0)
	for _, c := range e.Portfolio.Closed {
		if !w.has(c.Time) {
			continue
		}
		total++
		if share := c.Profit.Quo(running); c.Profit.Sign() > 0 {
			won = won.Add(share)
			wins++
		} else {
			lost = lost.Add(share)
			losses++
		}
		running = running.Add(c.Profit)
		if c.Win {
			isWin++
		}
	}
	if wins > 0 {
		f.averageWin = won.Quo(num.FromInt(wins))
	}
	if losses > 0 {
		f.averageLoss = lost.Quo(num.FromInt(losses))
	}
	if !f.averageLoss.IsZero() {
		f.ratio = f.averageWin.Quo(f.averageLoss.Abs())
	}
	if total > 0 {
		f.winRate = num.FromInt(isWin).Quo(num.FromInt(total))
		f.lossRate = num.FromInt(total - isWin).Quo(num.FromInt(total))
	}
	f.expectancy = f.winRate.Mul(f.ratio).Sub(f.lossRate)
}

// performances are the daily returns, less the first two samples, which are the
// start's.
func performances(points []dated) (out []float64) {
	for i := 2; i < len(points); i++ {
		out = append(out, points[i].y.Quo(num.FromInt(100)).Float64())
	}
	return out
}

// differences are the benchmark's relative changes, without the first.
func differences(points []dated) (out []float64) {
	for i := 2; i < len(points); i++ {
		d := 0.0
		if prev := points[i-1].y; !prev.IsZero() {
			d = points[i].y.Sub(prev).Quo(prev).Float64()
		}
		out = append(out, d)
	}
	return out
}

func mean(x []float64) float64 {
	// Welford's running mean, which the last digits depend on.
	m := 0.0
	for i, v := range x {
		m += (v - m) / float64(i+1)
	}
	return m
}

func sampleVariance(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	variance, t := 0.0, x[0]
	for i := 1; i < len(x); i++ {
		t += x[i]
		diff := float64(i+1)*x[i] - t
		variance += diff * diff / (float64(i+1) * float64(i))
	}
	return variance / float64(len(x)-1)
}

func covariance(x, y []float64) float64 {
	n := min(len(x), len(y))
	if n < 2 {
		return math.NaN()
	}
	mx, my := mean(x[:n]), mean(y[:n])
	sum := 0.0
	for i := range n {
		sum += (x[i] - mx) * (y[i] - my)
	}
	return sum / float64(n-1)
}

func annualized(x []float64, n float64) num.Decimal { return safe(math.Pow(mean(x)+1, n) - 1) }

func downside(x []float64) float64 {
	var below []float64
	for _, v := range x {
		if v < 0 {
			below = append(below, v)
		}
	}
	if v := sampleVariance(below); !math.IsNaN(v) {
		return v
	}
	return 0
}

func trackingError(x, y []float64, n float64) float64 {
	if len(x) != len(y) || len(x) < 2 {
		return 0
	}
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	return math.Sqrt(n * sampleVariance(d))
}

// probabilisticSharpe is the chance that the Sharpe ratio is above a benchmark's.
func probabilisticSharpe(x []float64, benchmark, rf float64) float64 {
	n := float64(len(x))
	s := (mean(x) - rf) / math.Sqrt(sampleVariance(x))
	m := mean(x)
	var m2, m3, m4 float64
	for _, v := range x {
		d := v - m
		m2 += d * d
		m3 += d * d * d
		m4 += d * d * d * d
	}
	variance := m2 / (n - 1)
	sd := math.Sqrt(variance)
	skew := n / ((n - 1) * (n - 2)) * m3 / (variance * sd)
	kurtosis := n*(n+1)/((n-1)*(n-2)*(n-3))*m4/(variance*variance) - 3*(n-1)*(n-1)/((n-2)*(n-3))
	se := math.Sqrt((1 - skew*s + (kurtosis-1)/4*s*s) / (n - 1))
	p := 0.5 * math.Erfc(-(s-benchmark)/se/math.Sqrt2)
	if math.IsNaN(p) {
		return 0
	}
	return p
}

// drawdowns are the deepest fall from a peak and the longest time, in whole
// days, until a peak was reached again.
func drawdowns(equity []dated) (num.Decimal, int) {
	deepest := num.Zero
	recovery := 0
	peak, peakAt := equity[0].y, equity[0].utc
	fallen := false
	for _, p := range equity {
		if !p.y.Less(peak) {
			if fallen {
				recovery = max(recovery, int((p.utc-peakAt)/nsDay))
				fallen = false
			}
			peak, peakAt = p.y, p.utc
			continue
		}
		fallen = true
		if !peak.IsZero() {
			deepest = num.Max(deepest, num.One.Sub(p.y.Quo(peak)))
		}
	}
	return deepest.Round(3), recovery
}
