package quant

import (
	"cmp"
	"slices"

	"quantdesk/internal/fault"
)

// CheckSymbols refuses a symbol that is named twice: fault.DuplicateSymbol.
func CheckSymbols(symbols []string) error {
	seen := map[string]bool{}
	for _, s := range symbols {
		if seen[s] {
			return fault.E("quant.CheckSymbols", fault.DuplicateSymbol, "%s is named twice", s).With("value", s)
		}
		seen[s] = true
	}
	return nil
}

// Aligned is what several series have in common.
type Aligned[T any] struct {
	// Times are those that every series has.
	Times []T
	// Rows holds, for each series, the row of each of the times.
	Rows [][]int
	// Union counts the times that any series has.
	Union int
	// Limiting is the series whose absence costs the most times, -1 where none does.
	Limiting int
}

// Align finds the times that every series has. The times of each series ascend
// without repetition. No time in common is fault.NoOverlap.
func Align[T cmp.Ordered](names []string, times [][]T) (*Aligned[T], error) {
	type where struct{ count, last int }
	all := map[T]where{}
	for i, ts := range times {
		for _, t := range ts {
			w := all[t]
			w.count++
			w.last += i
			all[t] = w
		}
	}
	out := &Aligned[T]{Rows: make([][]int, len(times)), Union: len(all), Limiting: -1}
	missing := make([]int, len(times))
	sum := len(times) * (len(times) - 1) / 2
	for t, w := range all {
		switch w.count {
		case len(times):
			out.Times = append(out.Times, t)
		case len(times) - 1: // only one lacks it: the sum of the others tells which
			missing[sum-w.last]++
		}
	}
	slices.Sort(out.Times)
	for i, ts := range times {
		rows := make([]int, 0, len(out.Times))
		k := 0
		for row, t := range ts {
			if k < len(out.Times) && t == out.Times[k] {
				rows = append(rows, row)
				k++
			}
		}
		out.Rows[i] = rows
		if missing[i] > 0 && (out.Limiting < 0 || missing[i] > missing[out.Limiting]) {
			out.Limiting = i
		}
	}
	if len(out.Times) == 0 && len(times) > 0 {
		short := 0
		for i, ts := range times {
			if len(ts) < len(times[short]) {
				short = i
			}
		}
		if out.Limiting >= 0 {
			short = out.Limiting
		}
		return nil, fault.E("quant.Align", fault.NoOverlap, "the series have no time in common; %s limits the sample, with %d rows", Name(names, short), len(times[short])).With("argument", Name(names, short))
	}
	return out, nil
}
