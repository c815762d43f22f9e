package cointegration

import (
	"context"
	_ "embed" // the tables
	"encoding/json"
	"math"
	"sync"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

//go:embed tables.json
var tablesJSON []byte

type criticalValues struct {
	Trace  [][3]float64 `json:"trace"`
	MaxEig [][3]float64 `json:"max_eig"`
}

var criticalTable = sync.OnceValue(func() map[Deterministic]criticalValues {
	var raw map[Deterministic]json.RawMessage
	out := map[Deterministic]criticalValues{}
	err := json.Unmarshal(tablesJSON, &raw)
	for _, d := range []Deterministic{NoTerm, UnrestrictedConstant, LinearTrend} {
		var v criticalValues
		if err == nil {
			err = json.Unmarshal(raw[d], &v)
		}
		out[d] = v
	}
	if err != nil {
		panic("cointegration: " + err.Error()) // a part of the program
	}
	return out
})

// Deterministic is the deterministic part of a Johansen test.
type Deterministic string

const (
	// NoTerm has none.
	NoTerm Deterministic = "none"
	// UnrestrictedConstant is the default.
	UnrestrictedConstant Deterministic = "constant"
	// LinearTrend takes a line out of the levels first, over the whole sample.
	LinearTrend Deterministic = "trend"
)

// Decision is how a Johansen test of a pair is read.
type Decision string

const (
	// RejectR0 is the default: cointegrated where the trace statistic of rank 0
	// exceeds its 5 % value.
	RejectR0 Decision = "reject_r0"
	// SeedLiteral is the opposite, kept for those who ask for it by name: it selects
	// what shows no evidence of cointegration.
	SeedLiteral Decision = "seed_literal"
)

// JohansenParams are those of Johansen.
type JohansenParams struct {
	Deterministic Deterministic
	// LagsDiff is the number of lagged differences; nil is 2.
	LagsDiff *int
	// VAR reads LagsDiff as the order of the autoregression in levels, which has one
	// lagged difference fewer.
	VAR bool
	// Decision reads the result.
	Decision Decision
}

// JohansenResult is what Johansen finds, for p series.
type JohansenResult struct {
	// Eigenvalues descend.
	Eigenvalues []float64
	// Trace and MaxEig are the statistics of rank r = 0 … p-1.
	Trace, MaxEig []float64
	// TraceCritical and MaxEigCritical are their values at 90, 95 and 99 %.
	TraceCritical, MaxEigCritical [][3]float64
	// Vectors are the cointegrating vectors, one an eigenvalue, with v'S11v = 1 and
	// the first entry that is not zero positive.
	Vectors [][]float64
	// Normalised are the same with the first series at 1, NaN where it has no part.
	Normalised [][]float64
	// RankTrace and RankMaxEig are the first rank whose statistic does not exceed its
	// 95 % value, p where all do.
	RankTrace, RankMaxEig int
	// LagsDiff is the number of lagged differences, Observations what is left.
	LagsDiff, Observations int
	// Cointegrated follows the decision, and is false at full rank.
	Cointegrated bool
	// Warnings: levels_look_stationary at full rank, seed_literal_decision.
	Warnings []string
}

func (p JohansenParams) resolve(op string, series int) (JohansenParams, int, error) {
	if p.Deterministic == "" {
		p.Deterministic = UnrestrictedConstant
	}
	if _, ok := criticalTable()[p.Deterministic]; !ok {
		return p, 0, quant.Bad(op, "deterministic", string(p.Deterministic), "none, constant or trend")
	}
	switch p.Decision {
	case "":
		p.Decision = RejectR0
	case RejectR0, SeedLiteral:
	default:
		return p, 0, quant.Bad(op, "decision", string(p.Decision), "reject_r0 or seed_literal")
	}
	k := p.lags()
	if k < 0 {
		return p, 0, quant.Bad(op, "lags_diff", k, "zero or more")
	}
	return p, max(40, 4*(series*(k+1)+1)), nil
}

func (p JohansenParams) lags() int {
	k := 2
	if p.LagsDiff != nil {
		k = *p.LagsDiff
	}
	if p.VAR {
		k--
	}
	return k
}

// Johansen tests the cointegrating rank of p columns of n levels each (log prices;
// at least max(40, 4(p(k+1)+1))): the eigenvalues of S10 S00⁻¹ S01 in the metric
// of S11, from the residuals of differences and lagged levels on k lagged
// differences. Errors: fault.TooManySeries (above 12), MissingValues,
// InsufficientData, ConstantSeries, SingularCovariance, InvalidParameter. Source:
// Johansen (1991); with a trend as statsmodels' coint_johansen. Cost O(n(pk)²).
func Johansen(names []string, columns [][]float64, p JohansenParams) (*JohansenResult, error) {
	const op = "cointegration.Johansen"
	series := len(columns)
	if series > maxSeries {
		return nil, fault.E(op, fault.TooManySeries, "%d series; the tables end at %d", series, maxSeries).With("value", series).With("limit", maxSeries)
	}
	if series < 2 {
		return nil, quant.Bad(op, "series", series, "at least 2")
	}
	p, least, err := p.resolve(op, series)
	if err != nil {
		return nil, err
	}
	if err := quant.CheckAll(names, columns, quant.Column{AtLeast: least, Varies: true}); err != nil {
		return nil, err
	}
	k := p.lags()
	parts := make([][]float64, series*(k+2))
	for i, c := range columns {
		for j, v := range p.parts(c) {
			parts[j*series+i] = v // lags, level, difference
		}
	}
	s := newSystem(series, k)
	t := len(parts[0])
	if !s.solveColumns(parts) {
		return nil, fault.E(op, fault.SingularCovariance, "the series, or their moves, are combinations of one another")
	}
	out := &JohansenResult{Eigenvalues: s.values, LagsDiff: k, Observations: t}
	out.read(s, p, criticalTable()[p.Deterministic])
	return out, nil
}

// parts are the columns that one series gives to the system: its differences
// lagged 1 … k, its level before each difference, and its differences.
func (p JohansenParams) parts(c []float64) [][]float64 {
	k := p.lags()
	n := len(c)
	if p.Deterministic == LinearTrend {
		c = append([]float64(nil), c...)
		regress.Project(regress.Polynomials(n, 2), c)
	}
	d := make([]float64, n-1)
	floats.SubTo(d, c[1:], c[:n-1])
	out := make([][]float64, 0, k+2)
	for l := 1; l <= k; l++ {
		out = append(out, append([]float64(nil), d[k-l:n-1-l]...))
	}
	out = append(out, append([]float64(nil), c[k:n-1]...), d[k:])
	if p.Deterministic != NoTerm {
		for _, x := range out {
			floats.AddConst(-quant.Mean(x), x)
		}
	}
	return out
}

func (r *JohansenResult) read(s *system, p JohansenParams, critical criticalValues) {
	t, series := float64(r.Observations), len(r.Eigenvalues)
	r.Trace, r.MaxEig = make([]float64, series), make([]float64, series)
	var sum float64
	for i := series - 1; i >= 0; i-- {
		r.MaxEig[i] = -t * math.Log1p(-r.Eigenvalues[i])
		sum += r.MaxEig[i]
		r.Trace[i] = sum
	}
	for i := range series {
		r.TraceCritical = append(r.TraceCritical, critical.Trace[series-1-i])
		r.MaxEigCritical = append(r.MaxEigCritical, critical.MaxEig[series-1-i])
		v := s.vector(i, t)
		r.Vectors = append(r.Vectors, v)
		scaled := make([]float64, series)
		for j := range v {
			scaled[j] = math.NaN()
			if v[0] != 0 {
				scaled[j] = v[j] / v[0]
			}
		}
		r.Normalised = append(r.Normalised, scaled)
	}
	r.RankTrace = rank(r.Trace, r.TraceCritical)
	r.RankMaxEig = rank(r.MaxEig, r.MaxEigCritical)
	r.Cointegrated = r.RankTrace > 0 && r.RankTrace < series
	if r.RankTrace == series {
		r.Warnings = append(r.Warnings, "levels_look_stationary")
	}
	if p.Decision == SeedLiteral {
		r.Cointegrated = r.RankTrace == 0
		r.Warnings = append(r.Warnings, "seed_literal_decision")
	}
}

func rank(stats []float64, critical [][3]float64) int {
	for i, s := range stats {
		if s <= critical[i][1] {
			return i
		}
	}
	return len(stats)
}

// JohansenPair is one pair of a universe.
type JohansenPair struct {
	// A and B are the columns' numbers.
	A, B int
	// Eigenvalues, Trace and MaxEig are those of ranks 0 and 1; NaN where the pair's
	// covariance is singular.
	Eigenvalues, Trace, MaxEig [2]float64
	// Hedge is minus the second entry of the first vector with the first at 1.
	Hedge float64
	// Rank by the trace statistic at 95 %, -1 where there is none.
	Rank         int
	Cointegrated bool
}

// JohansenPairsResult are all pairs, in the order (0,1), (0,2) … (1,2) ….
type JohansenPairsResult struct {
	Pairs                         []JohansenPair
	TraceCritical, MaxEigCritical [2][3]float64
	LagsDiff, Observations        int
	// Singular counts pairs without a result.
	Singular int
	Warnings []string
}

// JohansenPairs tests all pairs of columns. All cross products are taken once,
// each pair reads its own among them. Cost O(n(pk)²). Errors as Johansen, and the
// context's.
func JohansenPairs(ctx context.Context, names []string, columns [][]float64, p JohansenParams) (*JohansenPairsResult, error) {
	const op = "cointegration.JohansenPairs"
	if len(columns) < 2 {
		return nil, quant.Bad(op, "series", len(columns), "at least 2")
	}
	p, least, err := p.resolve(op, 2)
	if err != nil {
		return nil, err
	}
	if err := quant.CheckAll(names, columns, quant.Column{AtLeast: least, Varies: true}); err != nil {
		return nil, err
	}
	k, series := p.lags(), len(columns)
	var parts [][]float64
	for _, c := range columns {
		parts = append(parts, p.parts(c)...)
	}
	t := float64(len(parts[0]))
	products, err := quant.Gram(ctx, parts)
	if err != nil {
		return nil, err
	}
	critical := criticalTable()[p.Deterministic]
	out := &JohansenPairsResult{LagsDiff: k, Observations: len(parts[0])}
	out.TraceCritical = [2][3]float64{critical.Trace[1], critical.Trace[0]}
	out.MaxEigCritical = [2][3]float64{critical.MaxEig[1], critical.MaxEig[0]}
	out.Pairs = allPairs(series, func(i, j int) JohansenPair { return JohansenPair{A: i, B: j, Rank: -1} })
	systems := make([]*system, quant.Workers())
	err = quant.Parallel(ctx, len(out.Pairs), func(worker, i int) {
		s := systems[worker]
		if s == nil {
			s = newSystem(2, k)
			systems[worker] = s
		}
		s.test(&out.Pairs[i], products, t, out, p.Decision)
	})
	if err != nil {
		return nil, err
	}
	for _, r := range out.Pairs {
		if r.Rank < 0 {
			out.Singular++
		}
	}
	if p.Decision == SeedLiteral {
		out.Warnings = append(out.Warnings, "seed_literal_decision")
	}
	return out, nil
}

// test fills in a pair from the cross products of the universe.
func (s *system) test(r *JohansenPair, products [][]float64, t float64, all *JohansenPairsResult, decision Decision) {
	width := s.lags + 2
	for i := range s.moments {
		a := at(r, i%2)*width + i/2
		for j := range i + 1 {
			s.moments[i][j] = products[a][at(r, j%2)*width+j/2]
		}
	}
	nan := math.NaN()
	if !s.solve() {
		r.Eigenvalues, r.Trace, r.MaxEig, r.Hedge = [2]float64{nan, nan}, [2]float64{nan, nan}, [2]float64{nan, nan}, nan
		return
	}
	copy(r.Eigenvalues[:], s.values)
	r.MaxEig = [2]float64{-t * math.Log1p(-s.values[0]), -t * math.Log1p(-s.values[1])}
	r.Trace = [2]float64{r.MaxEig[0] + r.MaxEig[1], r.MaxEig[1]}
	v := s.vector(0, t)
	r.Hedge = -v[1] / v[0]
	r.Rank = rank(r.Trace[:], all.TraceCritical[:])
	r.Cointegrated = r.Rank == 1
	if decision == SeedLiteral {
		r.Cointegrated = r.Rank == 0
	}
}

func at(r *JohansenPair, which int) int {
	if which == 0 {
		return r.A
	}
	return r.B
}
