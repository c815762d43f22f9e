package qcapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"quantdesk/internal/project"
)

// order is how statistics stand in a result.
var order = []string{
	"Total Orders", "Average Win", "Average Loss", "Compounding Annual Return", "Drawdown", "Expectancy", "Start Equity", "End Equity", "Net Profit",
	"Sharpe Ratio", "Sortino Ratio", "Probabilistic Sharpe Ratio", "Loss Rate", "Win Rate", "Profit-Loss Ratio", "Alpha", "Beta",
	"Annual Standard Deviation", "Annual Variance", "Information Ratio", "Tracking Error", "Treynor Ratio", "Total Fees", "Estimated Strategy Capacity",
	"Lowest Capacity Asset", "Portfolio Turnover", "Drawdown Recovery",
}

// ordered is a map that is written in the order people know.
type ordered map[string]string

// MarshalJSON writes the known names first, then the others by name.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, k := range o.keys() {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(o[k])
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (o ordered) keys() []string {
	place := func(k string) int {
		if i := slices.Index(order, k); i >= 0 {
			return i
		}
		return len(order)
	}
	keys := sortedKeys(o)
	slices.SortStableFunc(keys, func(a, b string) int { return place(a) - place(b) })
	return keys
}

// numbers are the statistics of a list's entry; what a failed backtest lacks is
// 0.
func numbers(b project.Backtest) fields {
	s := b.Summary
	f := fields{"parameters": len(b.Parameter), "securityTypes": 0}
	for name, key := range map[string]string{
		"sharpeRatio": "Sharpe Ratio", "alpha": "Alpha", "beta": "Beta", "compoundingAnnualReturn": "Compounding Annual Return", "drawdown": "Drawdown",
		"lossRate": "Loss Rate", "netProfit": "Net Profit", "psr": "Probabilistic Sharpe Ratio", "sortinoRatio": "Sortino Ratio", "trades": "Total Orders",
		"treynorRatio": "Treynor Ratio", "winRate": "Win Rate",
	} {
		f[name] = plain(s.Statistics[key])
	}
	return f
}

// plain reads a statistic without its signs; percent stay percent.
func plain(text string) json.Number {
	text = strings.NewReplacer("%", "", "$", "", ",", "").Replace(text)
	if _, err := strconv.ParseFloat(text, 64); err != nil || strings.ContainsAny(text, "nNiIxXpP_+") {
		return "0"
	}
	return json.Number(text)
}
