package algo

import (
	"fmt"
	"math"
	"sort"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// days is a stretch of whole days in UTC, as their first and last nanosecond;
// the zero value is the whole run.
type days struct{ from, to int64 }

var whole days

func daysOf(from, to market.Date) days { return days{localOf(from), localOf(to) + nsDay - 1} }

func (w days) has(utc int64) bool { return w == whole || utc >= w.from && utc <= w.to }

// cut gives the part of a series, which is in order, that lies in the days.
func (w days) cut(list []dated) []dated {
	if w == whole {
		return list
	}
	a := sort.Search(len(list), func(i int) bool { return list[i].utc >= w.from })
	b := sort.Search(len(list), func(i int) bool { return list[i].utc > w.to })
	return list[a:b]
}

// The normal distribution's quantiles at 1 and 5 percent.
const (
	normal99 = -2.3263478740408408
	normal95 = -1.6448536269514729
)

// valueAtRisk is the daily return that is undercut with the quantile's chance,
// were returns normal; over at most so many last days.
func valueAtRisk(x []float64, most int, quantile float64) num.Decimal {
	if len(x) > most {
		x = x[len(x)-most:]
	}
	return safe(mean(x) + quantile*math.Sqrt(sampleVariance(x))).Round(3)
}

// PortfolioStatistics are the figures of the whole account under
// QuantConnect's names; rates and returns are fractions, not percent.
type PortfolioStatistics struct {
	AverageWinRate, AverageLossRate, ProfitLossRatio        num.Decimal
	WinRate, LossRate, Expectancy                           num.Decimal
	StartEquity, EndEquity                                  num.Decimal
	AnnualReturn, Drawdown, NetProfit                       num.Decimal
	Sharpe, Probabilistic, Sortino                          num.Decimal
	Alpha, Beta, Deviation, Variance, Information, Tracking num.Decimal
	Treynor, Turnover, ValueAtRisk99, ValueAtRisk95         num.Decimal
	DrawdownRecovery                                        int // days
}

// Performance is how a run, or a part of it, went.
type Performance struct {
	// Key names a part of a run, as "M1_20131011": so many months to a day.
	Key       string
	Trades    TradeStatistics
	Portfolio PortfolioStatistics
	Closed    []*Trade
}

// Performance computes the figures of a finished run.
func (e *Engine) Performance() (Performance, error) { return e.performance("", whole) }

func (e *Engine) performance(key string, w days) (Performance, error) {
	p := Performance{Key: key}
	f, err := e.figuresOf(w)
	if err != nil {
		return p, err
	}
	p.Portfolio = PortfolioStatistics{
		AverageWinRate: f.averageWin, AverageLossRate: f.averageLoss, ProfitLossRatio: f.ratio, WinRate: f.winRate, LossRate: f.lossRate, Expectancy: f.expectancy,
		StartEquity: f.start, EndEquity: f.end, AnnualReturn: f.annualReturn, Drawdown: f.drawdown, NetProfit: f.net,
		Sharpe: f.sharpe, Probabilistic: f.probabilistic, Sortino: f.sortino, Alpha: f.alpha, Beta: f.beta, Deviation: f.deviation, Variance: f.variance,
		Information: f.information, Tracking: f.tracking, Treynor: f.treynor, Turnover: f.turnover, ValueAtRisk99: f.risk99, ValueAtRisk95: f.risk95, DrawdownRecovery: f.recovery,
	}
	for _, t := range e.trades.closed {
		if w.has(t.Exit) {
			p.Closed = append(p.Closed, t)
		}
	}
	p.Trades = StatisticsOf(p.Closed)
	return p, nil
}

// Rolling computes the figures of the last 1, 3, 6 and 12 months at the end of
// every month of the run, and at its last day.
func (e *Engine) Rolling() (out []Performance, err error) {
	equity := e.series("Strategy Equity", "Equity")
	if len(equity) == 0 {
		return nil, nil
	}
	// The series are the same for every part.
	e.read = map[string][]dated{}
	defer func() { e.read = nil }()
	first, last := dateOf(equity[0].utc), dateOf(equity[len(equity)-1].utc)
	var ends []market.Date
	for d := last; !d.Before(first); d = (market.Date{Year: d.Year, Month: d.Month, Day: 1}).AddDays(-1) {
		ends = append(ends, d)
	}
	for _, months := range []int{1, 3, 6, 12} {
		for i := len(ends) - 1; i >= 0; i-- {
			from := first
			if i < len(ends)-1 {
				// The first day of the months that end with this one.
				t := time.Date(ends[i].Year, ends[i].Month, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 1-months, 0)
				if d := market.DateOf(t); first.Before(d) {
					from = d
				}
			}
			p, err := e.performance(fmt.Sprintf("M%d_%s", months, ends[i].Compact()), daysOf(from, ends[i]))
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// RuntimeStatistics are the figures QuantConnect shows beside a run.
func (e *Engine) RuntimeStatistics() (map[string]string, error) {
	p := e.Portfolio
	sign := currencySign(p.Cash.Account)
	unrealized := num.Zero
	for _, s := range e.Securities.Ever() {
		if !s.Invested() {
			continue
		}
		u, err := s.UnrealizedProfit()
		if err != nil {
			return nil, err
		}
		unrealized = unrealized.Add(u)
	}
	fees := p.Sum(func(s *Security) num.Decimal { return s.Holding.Fees })
	total, start := p.TotalValue(), e.results.start
	gain := num.Zero
	if !start.IsZero() {
		gain = total.Sub(start).Quo(start)
	}
	return map[string]string{
		"Equity":     sign + thousands(total),
		"Fees":       "-" + sign + thousands(fees),
		"Holdings":   sign + thousands(p.Sum(func(s *Security) num.Decimal { return s.HoldingsValue().Abs() })),
		"Net Profit": sign + thousands(p.Sum(func(s *Security) num.Decimal { return s.Holding.Profit }).Sub(fees)),
		"Return":     thousands(gain.Mul(num.FromInt(100))) + " %",
		"Unrealized": sign + thousands(unrealized),
		"Volume":     sign + thousands(p.Sum(func(s *Security) num.Decimal { return s.Holding.SaleVolume })),
	}, nil
}

// thousands prints two decimals with separators.
func thousands(d num.Decimal) string {
	s := awayFromZero(d, 2)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 6; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// TradeableDates counts the days of the run on which a security that was added
// trades.
func (e *Engine) TradeableDates() int {
	n := 0
	for day := midnight(e.start); day <= e.end; day += nsDay {
		for _, s := range e.Securities.Ever() {
			if s.Hours != nil && s.Hours.IsDateOpen(day, s.extended()) {
				n++
				break
			}
		}
	}
	return n
}
