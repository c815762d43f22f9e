package research

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/cointegration"
	"quantdesk/internal/quant/correlation"
	"quantdesk/internal/quant/unitroot"
)

// PairsIn asks for the cointegrated pairs of a universe.
type PairsIn struct {
	Sample
	Method      CointegrationMethod `json:"method,omitempty" jsonschema:"Which test decides." default:"engle_granger"`
	Alpha       float64             `json:"alpha,omitempty" jsonschema:"Level, after the correction." default:"0.05"`
	Adjust      string              `json:"adjust,omitempty" jsonschema:"bh or none." default:"bh"`
	Direction   string              `json:"direction,omitempty" jsonschema:"given or both." default:"both"`
	MinDistance float64             `json:"min_distance_correlation,omitempty" jsonschema:"Test only pairs with at least this, rolling."`
	Window      int                 `json:"window,omitempty" jsonschema:"Of it, in returns." default:"60" minimum:"4"`
	Aggregate   string              `json:"aggregate,omitempty" jsonschema:"Of it: median, mean, last, min." default:"median"`
	MaxHalfLife float64             `json:"max_half_life,omitempty" jsonschema:"Bars."`
	MaxHurst    float64             `json:"max_hurst,omitempty" jsonschema:"Of the spread."`
	LagsDiff    *int                `json:"lags_diff,omitempty" jsonschema:"Johansen." default:"2"`
}

// PairFound is a pair of the universe.
type PairFound struct {
	Y        string   `json:"symbol1" jsonschema:"On the left."`
	X        string   `json:"symbol2" jsonschema:"The other."`
	P        *float64 `json:"p" jsonschema:"Engle and Granger's p-value."`
	Adjusted *float64 `json:"p_adjusted" jsonschema:"Corrected for the number of pairs."`
	Hedge    *float64 `json:"hedge_ratio" jsonschema:"Of log prices."`
	HalfLife *float64 `json:"half_life" jsonschema:"Bars."`
	Hurst    *float64 `json:"hurst" jsonschema:"Of the spread."`
	Distance *float64 `json:"distance_correlation" jsonschema:"Rolling, as one number; null where it was not asked for."`
	Trace    *float64 `json:"johansen_trace" jsonschema:"Statistic of rank 0."`
	Passed   bool     `json:"passed" jsonschema:"All that was asked for holds."`
	Reason   string   `json:"reason,omitempty" jsonschema:"What it failed first."`
}

// PairsOut are the pairs that passed.
type PairsOut struct {
	Tested   int         `json:"pairs_tested" jsonschema:"How many were tested."`
	Passed   int         `json:"pairs_passed" jsonschema:"How many passed."`
	Expected float64     `json:"expected_by_chance" jsonschema:"How many would have a p below alpha if none were cointegrated."`
	Pairs    []PairFound `json:"pairs,omitempty" jsonschema:"The first 20 that passed, best first; the table pairs has all that were tested."`
	Meta
}

// FindPairs tests all pairs of a universe.
func (s *Service) FindPairs(ctx context.Context, c Caller, in PairsIn, report Report) (PairsOut, error) {
	const op = "research.FindPairs"
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return PairsOut{}, err
	}
	if len(list) < 2 {
		return PairsOut{}, quant.Bad(op, "symbols", len(list), "two or more")
	}
	switch in.Adjust {
	case "", "bh", "none":
	default:
		return PairsOut{}, quant.Bad(op, "adjust", in.Adjust, "bh or none")
	}
	switch in.Direction {
	case "", "both", "given":
	default:
		return PairsOut{}, quant.Bad(op, "direction", in.Direction, "given or both")
	}
	if in.Alpha == 0 {
		in.Alpha = .05
	}
	if in.Window == 0 {
		in.Window = 60
	}
	return do(ctx, s, c, in.Book, "find_cointegrated_pairs", in, report, func(ctx context.Context, report Report) (PairsOut, []Table, error) {
		var out PairsOut
		p, err := s.load(ctx, list, in.Sample, report)
		if err != nil {
			return out, nil, err
		}
		rows, warnings, err := findPairs(ctx, p, in, report)
		if err != nil {
			return out, nil, err
		}
		out.Tested, out.Expected = len(rows), in.Alpha*float64(len(rows))
		for _, r := range rows {
			if !r.Passed {
				continue
			}
			if out.Passed++; out.Passed <= shownValues {
				out.Pairs = append(out.Pairs, r)
			}
		}
		out.Meta = p.Meta(0, len(p.Times), fmt.Sprintf("%s on log prices of all pairs, corrected by %s", methodOf(in.Method), adjustOf(in.Adjust)), in)
		out.Warnings = append(out.Warnings, warnings...)
		if out.Passed > 0 {
			out.Warnings = append(out.Warnings, "pairs that were chosen on these dates must be traded on later ones: give backtest_pairs a formation_end")
		}
		return out, []Table{tableOf("pairs", rows)}, nil
	})
}

func methodOf(m CointegrationMethod) CointegrationMethod {
	if m == "" {
		return "engle_granger"
	}
	return m
}

func adjustOf(a string) string {
	if a == "" {
		return "bh"
	}
	return a
}

func findPairs(ctx context.Context, p *Panel, in PairsIn, report Report) ([]PairFound, []string, error) {
	logs, err := p.LogPrices()
	if err != nil {
		return nil, nil, err
	}
	n := len(p.Symbols)
	var distances []float64
	if in.MinDistance > 0 {
		report(.5, "rolling distance correlations")
		if distances, err = reducedDistances(ctx, p, in); err != nil {
			return nil, nil, err
		}
	}
	report(.6, "Engle-Granger")
	eg, err := cointegration.EngleGrangerPairs(ctx, p.Symbols, logs, cointegration.EGParams{Alpha: in.Alpha}, in.Direction != "given")
	if err != nil {
		return nil, nil, err
	}
	var warnings []string
	var jo *cointegration.JohansenPairsResult
	if m := methodOf(in.Method); m != "engle_granger" {
		report(.8, "Johansen")
		if jo, err = cointegration.JohansenPairs(ctx, p.Symbols, logs, cointegration.JohansenParams{LagsDiff: in.LagsDiff}); err != nil {
			return nil, nil, err
		}
		warnings = append(warnings, jo.Warnings...)
	}
	// What distance correlation leaves out is not tested: the correction counts the
	// rest.
	var kept []int
	var ps []float64
	for k := range eg.Pairs {
		if distances == nil || distances[k] >= in.MinDistance {
			kept, ps = append(kept, k), append(ps, eg.Pairs[k].P)
		}
	}
	adjusted := ps
	if adjustOf(in.Adjust) == "bh" {
		adjusted = quant.BenjaminiHochberg(ps)
	}
	report(.9, "spreads")
	rows := make([]PairFound, len(kept))
	if err := quant.Parallel(ctx, len(kept), func(_, i int) {
		e := eg.Pairs[kept[i]]
		r := PairFound{Y: p.Symbols[e.Y], X: p.Symbols[e.X], P: Maybe(e.P), Adjusted: Maybe(adjusted[i]), Hedge: Maybe(e.Hedge), HalfLife: Maybe(e.HalfLife)}
		if distances != nil {
			r.Distance = Maybe(distances[pairIndex(e.Y, e.X, n)])
		}
		spread := make([]float64, len(logs[0]))
		for t := range spread {
			spread[t] = logs[e.Y][t] - e.Intercept - e.Hedge*logs[e.X][t]
		}
		if h, err := unitroot.Hurst("spread", spread, unitroot.HurstParams{}); err == nil {
			r.Hurst = Maybe(h.H)
		}
		johansen := true
		if jo != nil {
			r.Trace, johansen = Maybe(jo.Pairs[kept[i]].Trace[0]), jo.Pairs[kept[i]].Cointegrated
		}
		r.Passed, r.Reason = in.judge(r, johansen)
		rows[i] = r
	}); err != nil {
		return nil, nil, err
	}
	sortPairs(rows)
	return rows, warnings, nil
}

// judge says whether a pair passes, and what it fails first.
func (in PairsIn) judge(r PairFound, johansen bool) (bool, string) {
	m := methodOf(in.Method)
	switch {
	case m != "johansen" && (r.Adjusted == nil || *r.Adjusted > in.Alpha):
		return false, "p"
	case m != "engle_granger" && !johansen:
		return false, "johansen"
	case in.MaxHalfLife > 0 && (r.HalfLife == nil || *r.HalfLife > in.MaxHalfLife):
		return false, "half_life"
	case in.MaxHurst > 0 && (r.Hurst == nil || *r.Hurst > in.MaxHurst):
		return false, "hurst"
	}
	return true, ""
}

// reducedDistances is each pair's rolling distance correlation as one number.
func reducedDistances(ctx context.Context, p *Panel, in PairsIn) ([]float64, error) {
	returns, err := p.Returns()
	if err != nil {
		return nil, err
	}
	if in.Window > len(returns[0]) {
		return nil, fault.E("research.FindPairs", fault.InsufficientData, "a window of %d returns is asked for and there are %d", in.Window, len(returns[0])).With("argument", "window").With("value", in.Window).With("limit", len(returns[0]))
	}
	all, err := correlation.RollingDistances(ctx, p.Symbols, returns, correlation.RollingParams{Window: in.Window})
	if err != nil {
		return nil, err
	}
	how := correlation.Aggregate(in.Aggregate)
	if how == "" {
		how = correlation.Median
	}
	out := make([]float64, len(all))
	for k := range all {
		if out[k], err = how.Reduce(all[k], 0); err != nil {
			return nil, err
		}
		if math.IsNaN(out[k]) {
			out[k] = 0
		}
	}
	return out, nil
}

// sortPairs puts the pairs that passed first, then the least p-value.
func sortPairs(rows []PairFound) {
	key := func(r PairFound) float64 {
		if r.P == nil {
			return math.Inf(1)
		}
		return *r.P
	}
	slices.SortStableFunc(rows, func(a, b PairFound) int {
		if a.Passed != b.Passed {
			return ifElse(a.Passed, -1, 1)
		}
		return cmp.Compare(key(a), key(b))
	})
}
