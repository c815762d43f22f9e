package research

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/correlation"
)

// ReturnKind is how prices become returns.
type ReturnKind string

// Values lists the kinds.
func (ReturnKind) Values() []string { return []string{"simple", "log"} }

// CorrelationMethod is a measure of moving together.
type CorrelationMethod string

// Values lists the methods.
func (CorrelationMethod) Values() []string {
	return []string{"pearson", "spearman", "kendall", "distance"}
}

// Alignment is which times a pair is compared at.
type Alignment string

// Values lists the alignments.
func (Alignment) Values() []string { return []string{"inner", "pairwise"} }

// CorrelationIn asks how assets move together.
type CorrelationIn struct {
	Sample
	Method    CorrelationMethod `json:"method,omitempty" jsonschema:"pearson, spearman, kendall or distance." default:"pearson"`
	Returns   ReturnKind        `json:"return_kind,omitempty" jsonschema:"simple or log." default:"simple"`
	Adjust    string            `json:"adjust,omitempty" jsonschema:"Correction for many tests: bh, holm or none. Default bh above two symbols."`
	Align     Alignment         `json:"align,omitempty" jsonschema:"inner: times that all have; pairwise: that the pair has." default:"inner"`
	Window    int               `json:"window,omitempty" jsonschema:"Rolling windows of so many returns, in the table rolling. Default: none." minimum:"0" maximum:"5000"`
	Aggregate string            `json:"aggregate,omitempty" jsonschema:"How a rolling series becomes one number: median, mean, last, min or share." default:"median"`
	Threshold float64           `json:"threshold,omitempty" jsonschema:"That of the aggregate share: the part of windows at or above it."`
}

// PairRow is the correlation of a pair.
type PairRow struct {
	A       string   `json:"symbol1" jsonschema:"One."`
	B       string   `json:"symbol2" jsonschema:"The other."`
	Rho     *float64 `json:"correlation" jsonschema:"Between -1 and 1; of distances 0 to 1."`
	P       *float64 `json:"p,omitempty" jsonschema:"Two-sided p-value."`
	PAdjust *float64 `json:"p_adjusted,omitempty" jsonschema:"Corrected for the number of pairs."`
	Rolling *float64 `json:"rolling,omitempty" jsonschema:"The rolling series as one number."`
}

// CorrelationOut is a matrix of correlations and what stands out in it.
type CorrelationOut struct {
	Symbols   []string                       `json:"symbols,omitempty" jsonschema:"In the order of the matrix."`
	Matrix    map[string]map[string]*float64 `json:"correlation_matrix,omitempty" jsonschema:"Up to 12 symbols; the table matrix has all."`
	Highest   []PairRow                      `json:"highest_correlations,omitempty" jsonschema:"The five of greatest magnitude."`
	Lowest    []PairRow                      `json:"lowest_correlations,omitempty" jsonschema:"The five of least magnitude."`
	MeanAbs   map[string]*float64            `json:"mean_abs_correlation,omitempty" jsonschema:"Of each symbol with the others."`
	Condition *float64                       `json:"condition_number,omitempty" jsonschema:"Greatest over least eigenvalue."`
	Least     *float64                       `json:"smallest_eigenvalue,omitempty" jsonschema:"Negative where pairs had different dates."`
	Meta
}

// The sizes that an answer shows in full.
const (
	shownMatrix = 12
	shownPairs  = 5
	shownNames  = 40
)

// Correlation correlates returns.
func (s *Service) Correlation(ctx context.Context, c Caller, in CorrelationIn, report Report) (CorrelationOut, error) {
	const op = "research.Correlation"
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return CorrelationOut{}, err
	}
	if len(list) < 2 {
		return CorrelationOut{}, quant.Bad(op, "symbols", len(list), "two or more")
	}
	if in.Method == "distance" && in.Align == "pairwise" {
		return CorrelationOut{}, quant.Bad(op, "align", in.Align, "inner with method=distance")
	}
	return do(ctx, s, c, in.Book, "calculate_correlation_matrix", in, report, func(ctx context.Context, report Report) (CorrelationOut, []Table, error) {
		var out CorrelationOut
		var p *Panel
		var m *correlation.MatrixResult
		var returns [][]float64
		if in.Align == "pairwise" {
			p, m, err = s.pairwise(ctx, list, in, report)
		} else {
			if p, err = s.load(ctx, list, in.Sample, report); err != nil {
				return out, nil, err
			}
			if returns, err = p.returns(in.Returns); err != nil {
				return out, nil, err
			}
			m, err = matrixOf(ctx, p.Symbols, returns, in)
		}
		if err != nil {
			return out, nil, err
		}
		pairs := pairTable(p.Symbols, m)
		tables := []Table{matrixTable(p.Symbols, m.Rho), pairs}
		if in.Window > 0 {
			if returns == nil {
				return out, nil, quant.Bad(op, "align", in.Align, "inner with a window")
			}
			rolling, reduced, err := rollingTable(ctx, p, returns, in)
			if err != nil {
				return out, nil, err
			}
			tables[1].Columns = append(tables[1].Columns, Numbers("rolling", reduced))
			tables = append(tables, rolling)
		}
		out.Symbols = p.Symbols
		d := correlation.Describe(m.Rho, shownPairs)
		rows := func(edges []correlation.Edge) []PairRow {
			out := []PairRow{}
			for _, e := range edges {
				out = append(out, pairRow(tables[1], pairIndex(e.I, e.J, len(p.Symbols))))
			}
			return out
		}
		out.Highest, out.Lowest = rows(d.Top), rows(d.Bottom)
		out.Condition, out.Least = Maybe(d.Condition), Maybe(d.Least)
		if len(p.Symbols) <= shownNames {
			out.MeanAbs = named(p.Symbols, d.MeanAbs)
		}
		if len(p.Symbols) <= shownMatrix {
			out.Matrix = map[string]map[string]*float64{}
			for i, a := range p.Symbols {
				out.Matrix[a] = named(p.Symbols, m.Rho[i])
			}
		}
		out.Meta = p.Meta(1, m.Observations, fmt.Sprintf("%s correlation of %s returns, p-values corrected by %s", method(in.Method), kind(in.Returns), m.Adjust), in)
		if in.Align == "pairwise" && d.Least < 0 {
			out.Warnings = append(out.Warnings, "the matrix has a negative eigenvalue because its pairs have different dates: do not optimise with it")
		}
		for _, i := range m.Constant {
			out.Warnings = append(out.Warnings, p.Symbols[i]+" does not vary: its correlations are undefined")
		}
		out.Warnings = append(out.Warnings, m.Warnings...)
		return out, tables, nil
	})
}

func method(m CorrelationMethod) CorrelationMethod {
	if m == "" {
		return "pearson"
	}
	return m
}

func kind(k ReturnKind) ReturnKind {
	if k == "" {
		return "simple"
	}
	return k
}

// returns are simple or log returns.
func (p *Panel) returns(k ReturnKind) ([][]float64, error) {
	if k == "log" {
		return p.each(quant.LogReturns)
	}
	return p.Returns()
}

// named gives each symbol its value.
func named(symbols []string, values []float64) map[string]*float64 {
	out := map[string]*float64{}
	for i, s := range symbols {
		out[s] = Maybe(values[i])
	}
	return out
}

func matrixOf(ctx context.Context, names []string, returns [][]float64, in CorrelationIn) (*correlation.MatrixResult, error) {
	if in.Method != "distance" {
		return correlation.Matrix(ctx, names, returns, correlation.Params{Method: correlation.Method(in.Method), Adjust: correlation.Adjustment(in.Adjust)})
	}
	// The whole sample as one window; its p-values are those of each pair.
	n := len(names)
	m := &correlation.MatrixResult{Rho: square(n, 1), P: square(n, 0), Observations: len(returns[0]), Method: "distance", Adjust: correlation.Adjustment(in.Adjust)}
	type at struct{ i, j int }
	var pairs []at
	for i := range n {
		for j := i + 1; j < n; j++ {
			pairs = append(pairs, at{i, j})
		}
	}
	ps, errs := make([]float64, len(pairs)), make([]error, len(pairs))
	if err := quant.Parallel(ctx, len(pairs), func(_, k int) {
		i, j := pairs[k].i, pairs[k].j
		r, err := correlation.Distance(ctx, returns[i], returns[j], correlation.DistanceParams{})
		if errs[k] = err; err != nil {
			return
		}
		m.Rho[i][j], m.Rho[j][i], m.P[i][j], m.P[j][i], ps[k] = r.DCor, r.DCor, r.P, r.P, r.P
	}); err != nil {
		return nil, err
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if err := adjust(m, ps); err != nil {
		return nil, err
	}
	m.Warnings = []string{"distance correlation is well above zero for short independent series: about 0.22 at 60 observations, 0.11 at 250"}
	return m, nil
}

// adjust corrects the p-values of all pairs, in their order, for their number.
func adjust(m *correlation.MatrixResult, ps []float64) error {
	n := len(m.Rho)
	if m.Adjust == "" {
		if m.Adjust = correlation.NoAdjustment; n > 2 {
			m.Adjust = correlation.BH
		}
	}
	switch m.Adjust {
	case correlation.BH:
		ps = quant.BenjaminiHochberg(ps)
	case correlation.Holm:
		ps = quant.Holm(ps)
	case correlation.NoAdjustment:
	default:
		return quant.Bad("research.adjust", "adjust", m.Adjust, "bh, holm or none")
	}
	m.Adjusted = square(n, 0)
	for i := range n {
		for j := i + 1; j < n; j++ {
			q := ps[pairIndex(i, j, n)]
			m.Adjusted[i][j], m.Adjusted[j][i] = q, q
		}
	}
	return nil
}

// pairwise correlates each pair at the times that the two have.
func (s *Service) pairwise(ctx context.Context, list []market.Instrument, in CorrelationIn, report Report) (*Panel, *correlation.MatrixResult, error) {
	p, all, err := s.read(ctx, list, in.Sample, []Field{in.Field}, report)
	if err != nil {
		return nil, nil, err
	}
	n := len(list)
	m := &correlation.MatrixResult{Rho: square(n, 1), P: square(n, 0), Method: correlation.Method(method(in.Method)), Adjust: correlation.Adjustment(in.Adjust)}
	var ps []float64
	days := map[int64]bool{}
	for i := range n {
		for j := i + 1; j < n; j++ {
			two := []series{all[i], all[j]}
			pair, err := p.align([]string{p.Symbols[i], p.Symbols[j]}, two)
			if err != nil {
				return nil, nil, err
			}
			returns, err := pair.returns(in.Returns)
			if err != nil {
				return nil, nil, err
			}
			r, err := correlation.Pair(returns[0], returns[1], correlation.Automatic)
			if err != nil {
				return nil, nil, err
			}
			rho, q := r.Pearson, r.PearsonP
			switch m.Method {
			case correlation.Spearman:
				rho, q = r.Spearman, r.SpearmanP
			case correlation.Kendall:
				rho, q = r.TauB, r.KendallP
			}
			m.Rho[i][j], m.Rho[j][i], m.P[i][j], m.P[j][i] = rho, rho, q, q
			ps = append(ps, q)
			m.Observations = max(m.Observations, r.Observations)
		}
		for _, key := range all[i].keys {
			days[key] = true
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
	for _, key := range slices.Sorted(maps.Keys(days)) {
		p.Times = append(p.Times, p.time(key))
	}
	p.Warnings = append(p.Warnings, "each pair is compared at its own times; n_obs is that of the pair with most")
	return p, m, adjust(m, ps)
}

func square(n int, diagonal float64) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, n)
		out[i][i] = diagonal
	}
	return out
}

// pairIndex is the place of the pair i < j among the pairs of n in order.
func pairIndex(i, j, n int) int {
	if i > j {
		i, j = j, i
	}
	return i*(2*n-i-1)/2 + j - i - 1
}

func matrixTable(symbols []string, rho [][]float64) Table {
	t := Table{"matrix", []Column{Texts("symbol", symbols)}}
	for i, s := range symbols {
		t.Columns = append(t.Columns, Numbers(s, rho[i]))
	}
	return t
}

func pairTable(symbols []string, m *correlation.MatrixResult) Table {
	var a, b []string
	cols := map[string][]float64{}
	add := func(name string, from [][]float64, i, j int) {
		if from != nil {
			cols[name] = append(cols[name], from[i][j])
		}
	}
	for i := range symbols {
		for j := i + 1; j < len(symbols); j++ {
			a, b = append(a, symbols[i]), append(b, symbols[j])
			add("correlation", m.Rho, i, j)
			add("p", m.P, i, j)
			add("p_adjusted", m.Adjusted, i, j)
			add("low", m.Low, i, j)
			add("high", m.High, i, j)
		}
	}
	t := Table{"pairs", []Column{Texts("symbol1", a), Texts("symbol2", b)}}
	for _, name := range []string{"correlation", "p", "p_adjusted", "low", "high"} {
		if cols[name] != nil {
			t.Columns = append(t.Columns, Numbers(name, cols[name]))
		}
	}
	return t
}

func pairRow(t Table, row int) PairRow {
	at := func(name string) *float64 {
		if c, ok := t.Find(name); ok {
			return Maybe(c.Numbers[row])
		}
		return nil
	}
	return PairRow{t.Columns[0].Texts[row], t.Columns[1].Texts[row], at("correlation"), at("p"), at("p_adjusted"), at("rolling")}
}

// rollingTable is the rolling correlation of all pairs, a column a pair, and each
// pair's aggregate.
func rollingTable(ctx context.Context, p *Panel, returns [][]float64, in CorrelationIn) (Table, []float64, error) {
	n, length := len(p.Symbols), len(returns[0])
	if in.Window > length {
		return Table{}, nil, fault.E("research.rolling", fault.InsufficientData, "a window of %d returns is asked for and there are %d", in.Window, length).With("argument", "window").With("value", in.Window).With("limit", length)
	}
	if cells := n * (n - 1) / 2 * (length - in.Window + 1); cells > maxCells {
		return Table{}, nil, fault.E("research.rolling", fault.TooLarge, "the rolling correlations of %d pairs are %d values; at most %d are kept", n*(n-1)/2, cells, maxCells).With("value", cells).With("limit", maxCells)
	}
	var series [][]float64
	var err error
	if in.Method == "distance" {
		if series, err = correlation.RollingDistances(ctx, p.Symbols, returns, correlation.RollingParams{Window: in.Window}); err != nil {
			return Table{}, nil, err
		}
	} else {
		for i := range n {
			for j := i + 1; j < n; j++ {
				one, err := correlation.Rolling(returns[i], returns[j], in.Window, correlation.Method(method(in.Method)))
				if err != nil {
					return Table{}, nil, err
				}
				if series = append(series, one); ctx.Err() != nil {
					return Table{}, nil, ctx.Err()
				}
			}
		}
	}
	how := correlation.Aggregate(in.Aggregate)
	if how == "" {
		how = correlation.Median
	}
	t := Table{"rolling", []Column{Texts("time", p.Stamps(in.Window))}}
	reduced := make([]float64, len(series))
	k := 0
	for i := range n {
		for j := i + 1; j < n; j++ {
			if reduced[k], err = how.Reduce(series[k], in.Threshold); err != nil {
				return Table{}, nil, err
			}
			t.Columns = append(t.Columns, Numbers(p.Symbols[i]+"~"+p.Symbols[j], series[k]))
			k++
		}
	}
	return t, reduced, nil
}
