package sheet

import (
	"math"
	"time"
)

// Tables are the numbers behind the pages: series first, then months, drawdowns,
// statistics, positions and assumptions.
func (t Tearsheet) Tables() ([]Data, error) {
	s, err := t.derive()
	if err != nil {
		return nil, err
	}
	series := Data{"series", []Column{{Name: "time", Times: s.Times}, {Name: "return", Numbers: s.Returns}, {Name: "wealth", Numbers: s.wealth}, {Name: "drawdown", Numbers: s.fall}, {Name: "rolling_sharpe", Numbers: s.sharpe}, {Name: "rolling_volatility", Numbers: s.vol}}}
	for _, c := range []Column{{Name: "benchmark_return", Numbers: s.Benchmark}, {Name: "benchmark_wealth", Numbers: s.market}, {Name: "gross", Numbers: s.Gross}, {Name: "net", Numbers: s.Net}, {Name: "turnover", Numbers: s.Turnover}} {
		if c.Numbers != nil {
			series.Columns = append(series.Columns, c)
		}
	}
	months := Data{"months", []Column{{Name: "month", Texts: []string{}}, {Name: "return", Numbers: []float64{}}}}
	for _, m := range s.months {
		months.Columns[0].Texts = append(months.Columns[0].Texts, time.Date(m.year, m.month, 1, 0, 0, 0, 0, time.UTC).Format("2006-01"))
		months.Columns[1].Numbers = append(months.Columns[1].Numbers, m.value)
	}
	falls := Data{"drawdowns", []Column{{Name: "depth", Numbers: []float64{}}, {Name: "peak", Times: []time.Time{}}, {Name: "trough", Times: []time.Time{}}, {Name: "recovered", Times: []time.Time{}}}}
	at := func(i int) time.Time {
		if i < 0 || i >= s.n {
			return time.Time{}
		}
		return s.Times[i]
	}
	for _, f := range s.falls {
		falls.Columns[0].Numbers = append(falls.Columns[0].Numbers, f.depth)
		falls.Columns[1].Times, falls.Columns[2].Times = append(falls.Columns[1].Times, at(f.peak)), append(falls.Columns[2].Times, at(f.trough))
		end := time.Time{}
		if f.over {
			end = at(f.end)
		}
		falls.Columns[3].Times = append(falls.Columns[3].Times, end)
	}
	stats := Data{"statistics", []Column{{Name: "statistic", Texts: []string{}}, {Name: "value", Texts: []string{}}, {Name: "benchmark", Texts: []string{}}}}
	for _, r := range s.stats {
		stats.Columns[0].Texts, stats.Columns[1].Texts, stats.Columns[2].Texts = append(stats.Columns[0].Texts, r.name), append(stats.Columns[1].Texts, r.own), append(stats.Columns[2].Texts, r.theirs)
	}
	held := Data{"positions", []Column{{Name: "symbol", Texts: []string{}}, {Name: "weight", Numbers: []float64{}}, {Name: "contribution", Numbers: []float64{}}}}
	for _, p := range s.Positions {
		held.Columns[0].Texts, held.Columns[1].Numbers, held.Columns[2].Numbers = append(held.Columns[0].Texts, p.Symbol), append(held.Columns[1].Numbers, p.Weight), append(held.Columns[2].Numbers, p.Contribution)
	}
	said := Data{"assumptions", []Column{{Name: "what", Texts: []string{}}, {Name: "value", Texts: []string{}}}}
	for _, a := range s.stated() {
		said.Columns[0].Texts, said.Columns[1].Texts = append(said.Columns[0].Texts, a.Name), append(said.Columns[1].Texts, a.Value)
	}
	return []Data{series, months, falls, stats, held, said}, nil
}

// Summary are the figures of the tear sheet by their names, without what is not
// defined.
func (t Tearsheet) Summary() (map[string]float64, error) {
	s, err := t.derive()
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	if r := s.own; r != nil {
		for name, v := range map[string]float64{"total_return": r.TotalReturn, "annualized_return": r.CAGR, "volatility": r.Volatility, "sharpe_ratio": r.Sharpe, "sortino_ratio": r.Sortino, "max_drawdown": r.MaxDrawdown, "var": r.VaRHist, "cvar": r.CVaRHist} {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				out[name] = v
			}
		}
	}
	return out, nil
}
