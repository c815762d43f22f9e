package research

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/hrp"
	"quantdesk/internal/quant/optimize"
	"quantdesk/internal/quant/rank"
)

// solve gives the weights of the method that is asked for, nil for a frontier.
func (pr *problem) solve(ctx context.Context) ([]float64, error) {
	switch in := pr.in; in.Method {
	case "equal_weight":
		return pr.each(func(book []int) ([]float64, error) { return optimize.Fill(len(book), 1/float64(len(book))), nil })
	case "hrp":
		w, err := pr.hierarchical(ctx)
		if err != nil || in.MaxVol == 0 {
			return w, err
		}
		if vol := math.Sqrt(quadratic(pr.cov.Matrix, w) * pr.p.PerYear); vol > in.MaxVol {
			w = scaled(w, in.MaxVol/vol)
			pr.out.Warnings = append(pr.out.Warnings, fmt.Sprintf("the books are scaled down by %.3g to meet max_volatility", in.MaxVol/vol))
		}
		return w, nil
	case "risk_parity":
		return pr.each(func(book []int) ([]float64, error) { return pr.parity(ctx, book) })
	case "hrp_cvar":
		return pr.tilted(ctx)
	}
	c, err := pr.constraints()
	if err != nil {
		return nil, err
	}
	return pr.program(ctx, c)
}

// book are the assets of one side.
func (pr *problem) book(short bool) []int {
	var out []int
	for i, s := range pr.short {
		if s == short {
			out = append(out, i)
		}
	}
	return out
}

// each weighs either book by itself, holds it under the cap and to its size.
func (pr *problem) each(inner func(book []int) ([]float64, error)) ([]float64, error) {
	out := make([]float64, pr.n)
	for _, side := range []struct {
		short bool
		gross float64
	}{{false, pr.long}, {true, pr.shorts}} {
		book := pr.book(side.short)
		if len(book) == 0 || side.gross == 0 {
			continue
		}
		w, err := inner(book)
		if err != nil {
			return nil, err
		}
		for k, i := range book {
			if out[i] = w[k] * side.gross; side.short {
				out[i] = -out[i]
			}
		}
	}
	out, err := pr.balance(out)
	if err != nil || pr.in.Upper == nil {
		return out, err
	}
	return pr.capped(out)
}

// capped holds each book under the greatest weight.
func (pr *problem) capped(weights []float64) ([]float64, error) {
	out := make([]float64, pr.n)
	for _, short := range []bool{false, true} {
		book := pr.book(short)
		gross := 0.0
		for _, i := range book {
			gross += math.Abs(weights[i])
		}
		if gross == 0 {
			continue
		}
		if float64(len(book))**pr.in.Upper < gross-1e-12 {
			return nil, fault.E("research.capped", fault.Infeasible, "%d names of at most %g make %g, and the book has %g", len(book), *pr.in.Upper, float64(len(book))**pr.in.Upper, gross).
				With("argument", "upper").With("value", *pr.in.Upper).With("limit", gross/float64(len(book)))
		}
		w := make([]float64, len(book))
		for k, i := range book {
			w[k] = math.Abs(weights[i]) / gross
		}
		w, err := hrp.Cap(w, min(1, *pr.in.Upper/gross))
		if err != nil {
			return nil, err
		}
		for k, i := range book {
			out[i] = math.Copysign(w[k]*gross, weights[i])
		}
	}
	return out, nil
}

// part is the covariance of one book.
func (pr *problem) part(book []int) ([][]float64, []string) {
	out, names := square(len(book), 0), make([]string, len(book))
	for a, i := range book {
		names[a] = pr.p.Symbols[i]
		for b, j := range book {
			out[a][b] = pr.cov.Matrix[i][j]
		}
	}
	return out, names
}

func (pr *problem) hierarchical(ctx context.Context) ([]float64, error) {
	return pr.each(func(book []int) ([]float64, error) {
		m, names := pr.part(book)
		b, err := hrp.Build(ctx, m, hrp.Params{Linkage: hrp.Linkage(pr.in.Linkage), Names: names})
		if err != nil {
			return nil, err
		}
		t := Table{Name: "tree"}
		if len(pr.tables) > 0 {
			t.Name = "tree_short"
		}
		var left, right, height, size []float64
		for _, m := range b.Merges {
			left, right, height, size = append(left, float64(m.Left)), append(right, float64(m.Right)), append(height, m.Height), append(size, float64(m.Size))
		}
		t.Columns = []Column{Numbers("left", left), Numbers("right", right), Numbers("height", height), Numbers("size", size)}
		order := Table{Name: t.Name + "_leaves"}
		var leaves []string
		for _, k := range b.Order {
			leaves = append(leaves, names[k])
		}
		order.Columns = []Column{Texts("symbol", leaves), Texts("asset", names)}
		pr.tables = append(pr.tables, t, order)
		return b.Weights, nil
	})
}

func (pr *problem) parity(ctx context.Context, book []int) ([]float64, error) {
	m, _ := pr.part(book)
	budgets := pr.in.Budgets
	if len(budgets) > 0 && (len(budgets) != len(book) || len(book) != pr.n) {
		return nil, quant.Bad("research.Optimize", "risk_budgets", fmt.Sprintf("%d numbers", len(budgets)), fmt.Sprintf("%d, one for each symbol of a long book", pr.n))
	}
	r, err := optimize.RiskParity(ctx, m, budgets)
	if err != nil {
		return nil, err
	}
	pr.out.Gap, pr.out.Iterations, pr.out.Status = Maybe(r.Gap), r.Iterations, r.Status
	return r.Weights, nil
}

// The names of the books among the groups.
const (
	longBook  = "long book"
	shortBook = "short book"
)

// constraints are what the programs must satisfy.
func (pr *problem) constraints() (*optimize.Constraints, error) {
	in := pr.in
	net := pr.long - pr.shorts
	c := &optimize.Constraints{Names: pr.p.Symbols[:pr.n], Net: &net, Lower: make([]float64, pr.n), Upper: make([]float64, pr.n), Turnover: in.Turnover, Previous: in.Previous}
	if in.Turnover > 0 && len(in.Previous) != pr.n {
		return nil, quant.Bad("research.Optimize", "previous_weights", fmt.Sprintf("%d numbers", len(in.Previous)), fmt.Sprintf("%d, one for each symbol", pr.n))
	}
	upper := math.Inf(1)
	if in.Upper != nil {
		upper = *in.Upper
	}
	for i, short := range pr.short {
		switch {
		case short:
			c.Lower[i], c.Upper[i] = -upper, 0
		default:
			if c.Upper[i] = upper; in.Lower != nil {
				c.Lower[i] = *in.Lower
			}
		}
	}
	if len(in.Short) > 0 {
		long, shorts := pr.long, pr.shorts
		if pr.betas != nil { // the optimiser then cancels beta within books of these sizes
			b, err := rank.BetaNeutral(pr.meanBeta(false), pr.meanBeta(true), long+shorts)
			if err != nil {
				return nil, err
			}
			long, shorts = b.GrossLong, b.GrossShort
			net = long - shorts
			c.Beta = pr.betas
		}
		c.Groups = append(c.Groups, optimize.Group{Name: longBook, Members: pr.book(false), Min: long, Max: long}, optimize.Group{Name: shortBook, Members: pr.book(true), Min: -shorts, Max: -shorts})
	}
	for _, name := range slices.Sorted(maps.Keys(in.Groups)) {
		g := in.Groups[name]
		group := optimize.Group{Name: name, Min: math.Inf(-1), Max: math.Inf(1)}
		for _, symbol := range g.Symbols {
			i := pr.p.Index(symbol)
			if i < 0 || i >= pr.n {
				return nil, quant.Bad("research.Optimize", "groups", symbol, "among the symbols")
			}
			group.Members = append(group.Members, i)
		}
		if g.Min != nil {
			group.Min = *g.Min
		}
		if g.Max != nil {
			group.Max = *g.Max
		}
		c.Groups = append(c.Groups, group)
	}
	if in.Target != nil {
		least := *in.Target / pr.p.PerYear
		c.Means, c.MinReturn = pr.means, &least
	}
	return c, nil
}

func (pr *problem) meanBeta(short bool) float64 {
	var x []float64
	for _, i := range pr.book(short) {
		x = append(x, pr.betas[i])
	}
	return quant.Mean(x)
}

func (pr *problem) program(ctx context.Context, c *optimize.Constraints) ([]float64, error) {
	const op = "research.Optimize"
	in, years := pr.in, pr.p.PerYear
	var r *optimize.Portfolio
	var err error
	switch in.Method {
	case "min_variance":
		r, err = optimize.MinVariance(ctx, pr.cov.Matrix, c)
	case "target_return":
		if in.Target == nil {
			return nil, quant.Bad(op, "target_return", "missing", "given")
		}
		r, err = optimize.MinVariance(ctx, pr.cov.Matrix, c)
	case "max_sharpe":
		r, err = optimize.MaxSharpe(ctx, pr.cov.Matrix, pr.means, in.RiskFree/years, c)
	case "utility":
		aversion := in.Aversion
		if aversion == 0 {
			aversion = 5
		}
		r, err = optimize.Utility(ctx, pr.cov.Matrix, pr.means, aversion, c)
	case "max_return":
		r, err = optimize.MaxReturn(ctx, pr.means, c)
	case "cvar":
		return pr.leastTail(ctx, c)
	case "frontier":
		return nil, pr.frontier(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	pr.took(r)
	return r.Weights, nil
}

func (pr *problem) took(r *optimize.Portfolio) {
	pr.out.Gap, pr.out.Iterations, pr.out.Status, pr.out.Active = Maybe(r.Gap), r.Iterations, r.Status, r.Active
	pr.out.Warnings = append(pr.out.Warnings, r.Warnings...)
}

func (pr *problem) leastTail(ctx context.Context, c *optimize.Constraints) ([]float64, error) {
	r, err := optimize.MinCVaR(ctx, pr.returns, optimize.CVaRParams{Confidence: pr.in.Confidence, MaxVolatility: pr.in.MaxVol, PeriodsPerYear: pr.p.PerYear, Constraints: *c})
	if err != nil {
		return nil, err
	}
	pr.took(&r.Portfolio)
	return r.Weights, nil
}

// tilted has HRP give each weight an anchor and CVaR choose within reach of it.
func (pr *problem) tilted(ctx context.Context) ([]float64, error) {
	c, err := pr.constraints()
	if err != nil {
		return nil, err
	}
	long, short := pr.long, pr.shorts
	for _, g := range c.Groups {
		switch g.Name {
		case longBook:
			long = g.Max
		case shortBook:
			short = -g.Min
		}
	}
	params := optimize.BookParams{
		Tilt: pr.in.Tilt, Long: pr.book(false), Short: pr.book(true), GrossLong: long, GrossShort: short, HRP: hrp.Params{Linkage: hrp.Linkage(pr.in.Linkage)},
		CVaR: optimize.CVaRParams{Confidence: pr.in.Confidence, MaxVolatility: pr.in.MaxVol, PeriodsPerYear: pr.p.PerYear, Constraints: optimize.Constraints{
			Names: c.Names, Beta: c.Beta, Means: c.Means, MinReturn: c.MinReturn, Turnover: c.Turnover, Previous: c.Previous,
		}},
	}
	if pr.in.Upper != nil {
		params.Cap = *pr.in.Upper
	}
	if len(pr.in.Groups) > 0 {
		return nil, quant.Bad("research.Optimize", "groups", "given", "absent with hrp_cvar, whose books are the groups")
	}
	r, err := optimize.LongShort(ctx, pr.returns, params)
	if fault.CodeOf(err) == fault.Infeasible && pr.in.MaxVol > 0 {
		f := fault.As(err)
		return nil, f.Hinted("Raise max_volatility, lower gross_long and gross_short, or widen tilt.")
	}
	if err != nil {
		return nil, err
	}
	pr.took(&r.Portfolio)
	return r.Weights, nil
}

// frontierPoints is how many portfolios a frontier has.
const frontierPoints = 20

func (pr *problem) frontier(ctx context.Context, c *optimize.Constraints) error {
	list, err := optimize.Frontier(ctx, pr.cov.Matrix, pr.means, frontierPoints, c)
	if err != nil {
		return err
	}
	years := pr.p.PerYear
	weights := Table{"frontier_weights", []Column{Texts("symbol", pr.p.Symbols[:pr.n])}}
	for k, r := range list {
		vol := math.Sqrt(r.Variance * years)
		pr.out.Frontier = append(pr.out.Frontier, FrontierPoint{Maybe(r.Return * years), Maybe(vol), Maybe((r.Return*years - pr.in.RiskFree) / vol)})
		weights.Columns = append(weights.Columns, Numbers(fmt.Sprintf("P%d", k+1), r.Weights))
	}
	assets := Table{"assets", []Column{Texts("symbol", pr.p.Symbols[:pr.n]), Numbers("expected_return", scaled(pr.means, years)), Numbers("volatility", nil)}}
	for i := range pr.n {
		assets.Columns[2].Numbers = append(assets.Columns[2].Numbers, math.Sqrt(pr.cov.Matrix[i][i]*years))
	}
	pr.tables = append(pr.tables, tableOf("frontier", pr.out.Frontier), weights, assets)
	return nil
}
