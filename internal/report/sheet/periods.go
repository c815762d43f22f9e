package sheet

import (
	"slices"
	"time"
)

// month is the return of a calendar month; part is set where the returns begin
// or end within it.
type month struct {
	year  int
	month time.Month
	value float64
}

// monthly compounds returns by calendar month.
func monthly(times []time.Time, returns []float64) []month {
	var out []month
	for i, r := range returns {
		y, m, _ := times[i].Date()
		if n := len(out); n == 0 || out[n-1].year != y || out[n-1].month != m {
			out = append(out, month{year: y, month: m})
		}
		last := &out[len(out)-1]
		last.value = (1+last.value)*(1+r) - 1
	}
	return out
}

// fallOf is a drawdown from its peak to its recovery: indices of returns, -1 for
// the start, the end one past what there is where it lasts.
type fallOf struct {
	peak, trough, end int
	depth             float64
	over              bool
}

// deepest are the worst drawdowns, the deepest first.
func deepest(_ []time.Time, wealth []float64, most int) []fallOf {
	var out []fallOf
	peak, at := 1.0, -1
	var now *fallOf
	for i, w := range wealth {
		switch {
		case w >= peak:
			if now != nil {
				now.end, now.over = i, true
				out = append(out, *now)
				now = nil
			}
			peak, at = w, i
		default:
			if now == nil {
				now = &fallOf{peak: at}
			}
			if d := w/peak - 1; d < now.depth {
				now.depth, now.trough = d, i
			}
		}
	}
	if now != nil {
		now.end = len(wealth)
		out = append(out, *now)
	}
	slices.SortStableFunc(out, func(a, b fallOf) int {
		switch {
		case a.depth < b.depth:
			return -1
		case a.depth > b.depth:
			return 1
		}
		return 0
	})
	return out[:min(len(out), most)]
}
