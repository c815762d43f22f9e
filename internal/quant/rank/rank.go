// Package rank turns signals into long and short books: value and momentum ranked
// into terciles, and books without market beta.
//
//	s, err := rank.Terciles(symbols, []rank.Signal{{Name: "value", Values: bm}, {Name: "momentum", Values: mom}}, rank.Params{})
//	fmt.Println(s.Long, s.Short)
package rank

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Combine says how several signals make one ranking.
type Combine string

// MeanRank averages percentile ranks; Intersection takes the names that every signal
// puts into the same tercile; Single takes the first signal alone.
const (
	MeanRank     Combine = "mean_rank"
	Intersection Combine = "intersection"
	Single       Combine = "single"
)

// Params are the settings of Terciles.
type Params struct {
	// Combine; empty means MeanRank.
	Combine Combine
	// Sectors, where given, one a symbol, rank within each sector.
	Sectors []string
}

// Signal is one number a symbol, NaN where it is missing; more is better.
type Signal struct {
	Name   string
	Values []float64
}

// Excluded is a symbol without all signals.
type Excluded struct {
	Symbol string
	// Signals are those it lacks.
	Signals []string
}

// Sorting is the outcome.
type Sorting struct {
	// Symbols are those ranked, in the order given; Composite is the score of each, the
	// mean of its percentile ranks in [0, 1].
	Symbols   []string
	Composite []float64
	// Long has the best first, Short the worst first; by symbol for Intersection.
	Long, Short []string
	// Middle counts the others.
	Middle   int
	Excluded []Excluded
}

// minNames is the least number of names for terciles.
const minNames = 6

// Terciles ranks the symbols that have all signals by percentile (r-1)/(N-1), mid-ranks
// for ties, and takes the first and last floor(N/3) by score, then by symbol. Fewer
// than six names are fault.InsufficientData, an empty side of an intersection
// fault.Infeasible, a repeated symbol fault.DuplicateSymbol.
func Terciles(symbols []string, signals []Signal, params Params) (*Sorting, error) {
	const op = "rank.Terciles"
	if err := quant.CheckSymbols(symbols); err != nil {
		return nil, err
	}
	if len(signals) == 0 {
		return nil, quant.Bad(op, "signals", 0, "at least 1")
	}
	if params.Combine == Single {
		signals = signals[:1]
	}
	if params.Sectors != nil && len(params.Sectors) != len(symbols) {
		return nil, quant.Bad(op, "sectors", len(params.Sectors), fmt.Sprintf("%d, one a symbol", len(symbols)))
	}
	out := &Sorting{}
	var kept []int
	for i, s := range symbols {
		var lacks []string
		for _, sig := range signals {
			if len(sig.Values) != len(symbols) {
				return nil, quant.Bad(op, sig.Name, len(sig.Values), fmt.Sprintf("%d values, one a symbol", len(symbols)))
			}
			if math.IsNaN(sig.Values[i]) || math.IsInf(sig.Values[i], 0) {
				lacks = append(lacks, sig.Name)
			}
		}
		if lacks != nil {
			out.Excluded = append(out.Excluded, Excluded{Symbol: s, Signals: lacks})
			continue
		}
		kept = append(kept, i)
		out.Symbols = append(out.Symbols, s)
	}
	n := len(kept)
	if n < minNames {
		return nil, fault.E(op, fault.InsufficientData, "%d names have all signals; terciles need at least %d", n, minNames).With("value", n).With("limit", minNames)
	}
	ranks := make([][]float64, len(signals))
	out.Composite = make([]float64, n)
	for k, sig := range signals {
		ranks[k] = percentiles(sig.Values, kept, params.Sectors)
		for i, r := range ranks[k] {
			out.Composite[i] += r / float64(len(signals))
		}
	}
	third := n / 3
	switch params.Combine {
	case MeanRank, Single, "":
		order := ascending(out.Composite, out.Symbols)
		for k := range third {
			out.Short = append(out.Short, out.Symbols[order[k]])
			out.Long = append(out.Long, out.Symbols[order[n-1-k]])
		}
	case Intersection:
		if err := out.intersect(op, ranks, third); err != nil {
			return nil, err
		}
	default:
		return nil, quant.Bad(op, "combine", params.Combine, "mean_rank, intersection or single")
	}
	out.Middle = n - len(out.Long) - len(out.Short)
	return out, nil
}

func (s *Sorting) intersect(op string, ranks [][]float64, third int) error {
	n := len(s.Symbols)
	low, high := make([]int, n), make([]int, n)
	for _, r := range ranks {
		order := ascending(r, s.Symbols)
		for k := range third {
			low[order[k]]++
			high[order[n-1-k]]++
		}
	}
	for i, name := range s.Symbols {
		if high[i] == len(ranks) {
			s.Long = append(s.Long, name)
		}
		if low[i] == len(ranks) {
			s.Short = append(s.Short, name)
		}
	}
	slices.Sort(s.Long)
	slices.Sort(s.Short)
	for side, names := range map[string][]string{"long": s.Long, "short": s.Short} {
		if len(names) == 0 {
			return fault.E(op, fault.Infeasible, "no name is in the %s tercile of every signal; combine=mean_rank always has some", side).With("argument", "combine")
		}
	}
	return nil
}

// ascending orders by score, then symbol.
func ascending(score []float64, symbols []string) []int {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(score[a], score[b]), cmp.Compare(symbols[a], symbols[b]))
	})
	return order
}

// percentiles are (mid-rank - 1)/(N - 1) among the kept, within sectors where given; a
// sector of one is in the middle.
func percentiles(values []float64, kept []int, sectors []string) []float64 {
	peers := map[string][]int{} // places in kept
	for k, i := range kept {
		sector := ""
		if sectors != nil {
			sector = sectors[i]
		}
		peers[sector] = append(peers[sector], k)
	}
	out := make([]float64, len(kept))
	for _, group := range peers {
		slices.SortFunc(group, func(a, b int) int { return cmp.Compare(values[kept[a]], values[kept[b]]) })
		for from := 0; from < len(group); {
			to := from + 1
			for to < len(group) && values[kept[group[to]]] == values[kept[group[from]]] {
				to++
			}
			p := .5
			if len(group) > 1 {
				p = float64(from+to-1) / 2 / float64(len(group)-1)
			}
			for _, k := range group[from:to] {
				out[k] = p
			}
			from = to
		}
	}
	return out
}
