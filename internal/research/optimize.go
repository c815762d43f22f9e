package research

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/covariance"
	"quantdesk/internal/quant/optimize"
	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/rank"
)

// Objective is what an optimiser wants.
type Objective string

// Values lists the objectives.
func (Objective) Values() []string {
	return []string{"min_variance", "max_sharpe", "target_return", "utility", "max_return", "risk_parity", "hrp", "cvar", "hrp_cvar", "equal_weight", "frontier"}
}

// OptimizeIn asks for portfolio weights.
type OptimizeIn struct {
	Symbols    []string             `json:"symbols,omitempty" jsonschema:"Held long."`
	Short      []string             `json:"short_symbols,omitempty" jsonschema:"Held short."`
	Ranking    string               `json:"ranking,omitempty" jsonschema:"Or a handle of rank_universe."`
	Start      string               `json:"start_date" jsonschema:"First day."`
	End        string               `json:"end_date,omitempty" jsonschema:"Last day."`
	Method     Objective            `json:"method" jsonschema:"What is wanted."`
	Covariance string               `json:"covariance,omitempty" jsonschema:"sample, ledoit_wolf, oas or ewma."`
	Means      string               `json:"means,omitempty" jsonschema:"sample or james_stein."`
	Expected   []float64            `json:"expected_returns,omitempty" jsonschema:"A year, per symbol."`
	RiskFree   float64              `json:"risk_free,omitempty" jsonschema:"A year."`
	Target     *float64             `json:"target_return,omitempty" jsonschema:"Least, a year."`
	Aversion   float64              `json:"risk_aversion,omitempty" jsonschema:"Of utility."`
	Budgets    []float64            `json:"risk_budgets,omitempty" jsonschema:"Of risk_parity."`
	Confidence float64              `json:"confidence,omitempty" jsonschema:"Of CVaR."`
	MaxVol     float64              `json:"max_volatility,omitempty" jsonschema:"A year; cvar, hrp."`
	Tilt       float64              `json:"tilt,omitempty" jsonschema:"Of hrp_cvar."`
	Linkage    string               `json:"linkage,omitempty" jsonschema:"Of hrp: single, ward …"`
	Lower      *float64             `json:"lower,omitempty" jsonschema:"Least weight."`
	Upper      *float64             `json:"upper,omitempty" jsonschema:"Greatest |weight|."`
	GrossLong  *float64             `json:"gross_long,omitempty" jsonschema:"Size of the long book."`
	GrossShort *float64             `json:"gross_short,omitempty" jsonschema:"Of the short one."`
	Neutral    bool                 `json:"beta_neutral,omitempty" jsonschema:"Books whose betas cancel."`
	Benchmark  string               `json:"benchmark_symbol,omitempty" jsonschema:"For beta."`
	Groups     map[string]GroupWant `json:"groups,omitempty" jsonschema:"Name to {symbols, min, max}."`
	Previous   []float64            `json:"previous_weights,omitempty" jsonschema:"For max_turnover."`
	Turnover   float64              `json:"max_turnover,omitempty" jsonschema:"One-way."`
	Where
}

// GroupWant bounds the sum of some weights.
type GroupWant struct {
	Symbols []string `json:"symbols"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
}

// FrontierPoint is one portfolio of the frontier, a year.
type FrontierPoint struct {
	Return     *float64 `json:"expected_return" jsonschema:"A year."`
	Volatility *float64 `json:"volatility" jsonschema:"A year."`
	Sharpe     *float64 `json:"sharpe_ratio" jsonschema:"Over the riskless rate."`
}

// OptimizeOut are portfolio weights.
type OptimizeOut struct {
	Weights    map[string]*float64 `json:"weights,omitempty" jsonschema:"Up to 40 that are not zero, of the capital; the table weights has all."`
	Held       int                 `json:"names" jsonschema:"Weights that are not zero."`
	Net        float64             `json:"net" jsonschema:"Sum of the weights."`
	Gross      float64             `json:"gross" jsonschema:"Sum of their magnitudes."`
	Return     *float64            `json:"expected_return,omitempty" jsonschema:"A year, in the sample."`
	Volatility *float64            `json:"volatility,omitempty" jsonschema:"A year, by the covariance that was used."`
	Sharpe     *float64            `json:"sharpe_ratio,omitempty" jsonschema:"Over the riskless rate, in the sample."`
	CVaR       *float64            `json:"cvar,omitempty" jsonschema:"A bar, a loss positive, in the sample."`
	VaR        *float64            `json:"var,omitempty" jsonschema:"As cvar."`
	Active     []string            `json:"active_constraints,omitempty" jsonschema:"Those that hold with equality; the first 40."`
	Gap        *float64            `json:"gap,omitempty" jsonschema:"Proven distance to the optimum, relative."`
	Iterations int                 `json:"iterations" jsonschema:"Of the solver."`
	Status     string              `json:"status,omitempty" jsonschema:"Of the solver."`
	Estimator  string              `json:"covariance,omitempty" jsonschema:"The estimator that was used."`
	Shrinkage  *float64            `json:"shrinkage,omitempty" jsonschema:"Weight of its target."`
	Condition  *float64            `json:"condition_number,omitempty" jsonschema:"Of the covariance."`
	Beta       *float64            `json:"residual_beta,omitempty" jsonschema:"To the benchmark, with beta_neutral."`
	Frontier   []FrontierPoint     `json:"frontier,omitempty" jsonschema:"From least variance to greatest return."`
	Meta
}

// problem is an optimisation with its data.
type problem struct {
	in      OptimizeIn
	p       *Panel // the benchmark, where there is one, is its last series
	n       int
	short   []bool
	returns [][]float64
	cov     *covariance.Estimate
	means   []float64 // a bar
	betas   []float64 // nil without a benchmark
	long    float64   // gross of either book
	shorts  float64
	out     OptimizeOut
	tables  []Table
}

// Optimize chooses portfolio weights.
func (s *Service) Optimize(ctx context.Context, c Caller, in OptimizeIn, report Report) (OptimizeOut, error) {
	const op = "research.Optimize"
	if !slices.Contains(in.Method.Values(), string(in.Method)) {
		return OptimizeOut{}, quant.Bad(op, "method", in.Method, "one of "+strings.Join(in.Method.Values(), ", "))
	}
	if err := in.check(); err != nil {
		return OptimizeOut{}, err
	}
	if in.Ranking != "" {
		if err := s.ranked(ctx, c, &in); err != nil {
			return OptimizeOut{}, err
		}
	}
	if len(in.Symbols) == 0 && len(in.Short) == 0 {
		b, err := s.Book(ctx, c, in.Book)
		if err != nil {
			return OptimizeOut{}, err
		}
		in.Symbols = b.Symbols()
	}
	symbols := slices.Concat(in.Symbols, in.Short)
	if in.Neutral {
		if in.Benchmark == "" {
			return OptimizeOut{}, quant.Bad(op, "benchmark_symbol", "missing", "given with beta_neutral")
		}
		symbols = append(symbols, in.Benchmark)
	}
	list, err := s.resolve(ctx, c, symbols, in.Book)
	if err != nil {
		return OptimizeOut{}, err
	}
	return do(ctx, s, c, in.Book, "optimize_portfolio", in, report, func(ctx context.Context, report Report) (OptimizeOut, []Table, error) {
		p, err := s.load(ctx, list, Sample{Start: in.Start, End: in.End, Span: Span{Where: in.Where}}, report)
		if err != nil {
			return OptimizeOut{}, nil, err
		}
		pr := &problem{in: in, p: p, n: len(in.Symbols) + len(in.Short)}
		if err := pr.prepare(ctx); err != nil {
			return OptimizeOut{}, nil, err
		}
		report(.6, "solving")
		weights, err := pr.solve(ctx)
		if err != nil {
			return OptimizeOut{}, nil, err
		}
		return pr.told(weights)
	})
}

// check holds the numbers to their bounds.
func (in OptimizeIn) check() error {
	const op = "research.Optimize"
	switch {
	case in.Confidence < 0 || in.Confidence >= 1:
		return quant.Bad(op, "confidence", in.Confidence, "between 0 and 1")
	case in.Tilt < 0 || in.Tilt > 1:
		return quant.Bad(op, "tilt", in.Tilt, "between 0 and 1")
	case in.MaxVol < 0:
		return quant.Bad(op, "max_volatility", in.MaxVol, "above zero")
	case in.Upper != nil && *in.Upper <= 0:
		return quant.Bad(op, "upper", *in.Upper, "above zero")
	case in.Lower != nil && in.Upper != nil && *in.Lower > *in.Upper:
		return quant.Bad(op, "lower", *in.Lower, "at most upper")
	case in.Aversion < 0:
		return quant.Bad(op, "risk_aversion", in.Aversion, "above zero")
	case in.Turnover < 0:
		return quant.Bad(op, "max_turnover", in.Turnover, "zero or more")
	}
	return nil
}

// prepare estimates what the method needs.
func (pr *problem) prepare(ctx context.Context) error {
	const op = "research.Optimize"
	in := pr.in
	all, err := pr.p.Returns()
	if err != nil {
		return err
	}
	pr.returns = all[:pr.n]
	pr.short = make([]bool, pr.n)
	for i := len(in.Symbols); i < pr.n; i++ {
		pr.short[i] = true
	}
	if pr.cov, err = covariance.Of(ctx, pr.returns, covariance.Params{Estimator: covariance.Estimator(in.Covariance), Names: pr.p.Symbols[:pr.n]}); err != nil {
		return err
	}
	n := len(pr.returns[0])
	switch {
	case len(in.Expected) > 0:
		if len(in.Expected) != pr.n {
			return quant.Bad(op, "expected_returns", fmt.Sprintf("%d numbers", len(in.Expected)), fmt.Sprintf("%d, one for each symbol", pr.n))
		}
		for _, m := range in.Expected {
			pr.means = append(pr.means, m/pr.p.PerYear)
		}
	default:
		for _, r := range pr.returns {
			pr.means = append(pr.means, quant.Mean(r))
		}
		switch in.Means {
		case "", "sample":
		case "james_stein":
			if pr.means, _, err = optimize.JamesStein(pr.means, pr.cov.Matrix, n); err != nil {
				return err
			}
		default:
			return quant.Bad(op, "means", in.Means, "sample or james_stein")
		}
		if w := optimize.MeanWarning(n); w != "" && slices.Contains([]Objective{"max_sharpe", "target_return", "utility", "max_return", "frontier"}, in.Method) {
			pr.out.Warnings = append(pr.out.Warnings, w)
		}
	}
	return pr.books(all)
}

// books decides how much is held long and short.
func (pr *problem) books(all [][]float64) error {
	const op = "research.Optimize"
	in := pr.in
	or := func(v *float64, otherwise float64) float64 {
		if v == nil {
			return otherwise
		}
		return *v
	}
	pr.long = or(in.GrossLong, 1)
	if len(in.Symbols) == 0 {
		pr.long = 0
	}
	if len(in.Short) > 0 {
		pr.shorts = or(in.GrossShort, 1)
	}
	if pr.long < 0 || pr.shorts < 0 || pr.long+pr.shorts == 0 {
		return quant.Bad(op, "gross_long", pr.long, "zero or more, not both books zero")
	}
	if !in.Neutral {
		return nil
	}
	if len(in.Short) == 0 || len(in.Symbols) == 0 {
		return quant.Bad(op, "beta_neutral", true, "used with symbols and short_symbols")
	}
	betas, err := rank.Betas(pr.returns, pr.p.Symbols[:pr.n], all[pr.n])
	if err != nil {
		return err
	}
	if pr.betas, err = rank.Shrunk(betas, ""); err != nil {
		return err
	}
	return nil
}

// balance splits the gross exposure so that the betas of the books, given their
// inner weights, cancel.
func (pr *problem) balance(weights []float64) ([]float64, error) {
	if pr.betas == nil {
		return weights, nil
	}
	var long, short, grossLong, grossShort float64
	for i, w := range weights {
		if w < 0 {
			short, grossShort = short-w*pr.betas[i], grossShort-w
		} else {
			long, grossLong = long+w*pr.betas[i], grossLong+w
		}
	}
	if grossLong == 0 || grossShort == 0 {
		return weights, nil
	}
	b, err := rank.BetaNeutral(long/grossLong, short/grossShort, grossLong+grossShort)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(weights))
	for i, w := range weights {
		if out[i] = w * b.GrossLong / grossLong; w < 0 {
			out[i] = w * b.GrossShort / grossShort
		}
	}
	return out, nil
}

// told makes the answer of weights.
func (pr *problem) told(weights []float64) (OptimizeOut, []Table, error) {
	in, out := pr.in, pr.out
	symbols := pr.p.Symbols[:pr.n]
	warnings := out.Warnings
	out.Meta = pr.p.Meta(1, len(pr.returns[0]), string(in.Method)+" on "+string(pr.cov.Estimator)+" covariance", in)
	out.Warnings = append(append(out.Warnings, warnings...), pr.cov.Warnings...)
	out.Estimator, out.Shrinkage, out.Condition = string(pr.cov.Estimator), Maybe(pr.cov.Shrinkage), Maybe(pr.cov.ConditionNumber)
	if weights == nil { // the frontier has no one portfolio
		return out, pr.tables, nil
	}
	out.Weights = map[string]*float64{}
	mean, beta := 0.0, 0.0
	for i, w := range weights {
		if math.Abs(w) < 1e-9 {
			weights[i] = 0
			continue
		}
		out.Held++
		out.Net += w
		out.Gross += math.Abs(w)
		mean += w * pr.means[i]
		if pr.betas != nil {
			beta += w * pr.betas[i]
		}
	}
	for _, i := range byMagnitude(weights)[:min(out.Held, shownNames)] {
		out.Weights[symbols[i]] = Maybe(weights[i])
	}
	if pr.betas != nil {
		out.Beta = Maybe(beta)
	}
	variance := quadratic(pr.cov.Matrix, weights)
	years := pr.p.PerYear
	out.Return, out.Volatility = Maybe(mean*years), Maybe(math.Sqrt(variance*years))
	out.Sharpe = Maybe((mean*years - in.RiskFree) / math.Sqrt(variance*years))
	series, err := perf.PortfolioReturns(pr.returns, weights, perf.None)
	if err != nil {
		return out, nil, err
	}
	losses := make([]float64, len(series))
	for t, r := range series {
		losses[t] = -r
	}
	confidence := in.Confidence
	if confidence == 0 {
		confidence = perf.DefaultConfidence
	}
	v, cv, err := perf.VaRCVaR(losses, confidence)
	if err != nil {
		return out, nil, err
	}
	out.VaR, out.CVaR = Maybe(v), Maybe(cv)
	risk := make([]float64, pr.n)
	for i := range risk {
		for j, w := range weights {
			risk[i] += pr.cov.Matrix[i][j] * w
		}
		risk[i] *= weights[i] / variance
	}
	t := Table{"weights", []Column{Texts("symbol", symbols), Numbers("weight", weights), Numbers("risk_contribution", risk), Numbers("expected_return", scaled(pr.means, years))}}
	if pr.betas != nil {
		t.Columns = append(t.Columns, Numbers("beta", pr.betas))
	}
	pr.tables = append([]Table{t}, pr.tables...)
	if len(out.Active) > shownNames {
		out.Active = out.Active[:shownNames]
	}
	return out, pr.tables, nil
}

func scaled(x []float64, by float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * by
	}
	return out
}

func quadratic(m [][]float64, w []float64) float64 {
	sum := 0.0
	for i := range w {
		for j := range w {
			sum += w[i] * m[i][j] * w[j]
		}
	}
	return sum
}

// byMagnitude orders indices by the size of weights, largest first.
func byMagnitude(weights []float64) []int {
	at := make([]int, len(weights))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int {
		switch x, y := math.Abs(weights[a]), math.Abs(weights[b]); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return at
}

// ranked takes the names of a ranking.
func (s *Service) ranked(ctx context.Context, c Caller, in *OptimizeIn) error {
	const op = "research.Optimize"
	if len(in.Symbols) > 0 || len(in.Short) > 0 {
		return quant.Bad(op, "ranking", "given beside symbols", "given alone")
	}
	r, t, err := s.Read(ctx, c, in.Ranking, "ranking")
	if err != nil {
		return err
	}
	symbols, ok := t.Find("symbol")
	sides, found := t.Find("side")
	if !ok || !found {
		return fault.E(op, fault.InvalidParameter, "the result %s is of %s, not of rank_universe", in.Ranking, r.Kind).With("argument", "ranking")
	}
	for i, side := range sides.Texts {
		switch side {
		case "long":
			in.Symbols = append(in.Symbols, symbols.Texts[i])
		case "short":
			in.Short = append(in.Short, symbols.Texts[i])
		}
	}
	return nil
}
