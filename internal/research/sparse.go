package research

import (
	"context"
	"fmt"
	"slices"

	"quantdesk/internal/quant/perf"
	"quantdesk/internal/quant/tracking"
)

// SparseIn asks for a few names that follow an index.
type SparseIn struct {
	Symbols    []string `json:"portfolio_symbols,omitempty" jsonschema:"Instruments to choose from; default: all of the workspace." maxItems:"1000"`
	Benchmark  string   `json:"benchmark_symbol" jsonschema:"The index."`
	Start      string   `json:"start_date" jsonschema:"First day."`
	End        string   `json:"end_date,omitempty" jsonschema:"Last day; default the market's now."`
	MaxWeight  float64  `json:"max_weight,omitempty" jsonschema:"Most of any name." default:"0.1" minimum:"0" maximum:"1"`
	Lambda     float64  `json:"lambda_param,omitempty" jsonschema:"Weight of the penalty on the number of names; 0 follows with all. Default 1e-6." minimum:"0"`
	Penalty    float64  `json:"penalty_param,omitempty" jsonschema:"How small a weight counts as none. Default 0.01." minimum:"0"`
	Huber      float64  `json:"huber_param,omitempty" jsonschema:"Shortfall beyond which the loss grows linearly. Default 0.0005." minimum:"0"`
	Tolerance  float64  `json:"tolerance,omitempty" jsonschema:"Relative change of the objective to stop at." minimum:"0"`
	Iterations int      `json:"max_iterations,omitempty" jsonschema:"Of one start." minimum:"1" maximum:"1000000"`
	Seed       int64    `json:"seed,omitempty" jsonschema:"Of the random starts." default:"42" minimum:"0"`
	Span
}

// SparseOut is a sparse portfolio.
type SparseOut struct {
	Benchmark     string              `json:"benchmark_symbol,omitempty" jsonschema:"The index."`
	Weights       map[string]*float64 `json:"optimized_weights,omitempty" jsonschema:"Those that are not zero."`
	Names         int                 `json:"names" jsonschema:"How many."`
	Iterations    int                 `json:"iterations_used" jsonschema:"Of the best start."`
	Converged     bool                `json:"converged" jsonschema:"Always true: what does not converge is an error."`
	HDR           *float64            `json:"final_hdr,omitempty" jsonschema:"Huber downside risk a bar: mean loss of the shortfall."`
	TrackingError *float64            `json:"tracking_error,omitempty" jsonschema:"A year."`
	Return        *float64            `json:"portfolio_return,omitempty" jsonschema:"A year."`
	IndexReturn   *float64            `json:"benchmark_return,omitempty" jsonschema:"A year."`
	Active        *float64            `json:"active_return,omitempty" jsonschema:"A year."`
	KKT           *float64            `json:"kkt_violation,omitempty" jsonschema:"How far from the conditions of an optimum, relative."`
	Meta
}

// Sparse finds a few names that follow an index without falling short of it.
func (s *Service) Sparse(ctx context.Context, c Caller, in SparseIn, report Report) (SparseOut, error) {
	const op = "research.Sparse"
	if in.MaxWeight == 0 {
		in.MaxWeight = .1
	}
	if in.Lambda == 0 {
		in.Lambda = 1e-6
	}
	b, ok := s.cfg.Prices.Lookup(in.Benchmark)
	if !ok {
		return SparseOut{}, unknown(op, in.Benchmark)
	}
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return SparseOut{}, err
	}
	for i, x := range list {
		if x.Symbol == b.Symbol { // an index is not part of what follows it
			list = slices.Delete(list, i, i+1)
			break
		}
	}
	return do(ctx, s, c, in.Book, "sparse_optimization", in, report, func(ctx context.Context, report Report) (SparseOut, []Table, error) {
		var out SparseOut
		p, err := s.load(ctx, append(slices.Clone(list), b), Sample{Start: in.Start, End: in.End, Span: in.Span}, report)
		if err != nil {
			return out, nil, err
		}
		returns, err := p.Returns()
		if err != nil {
			return out, nil, err
		}
		n := len(list)
		r, err := tracking.Sparse(ctx, returns[:n], returns[n], tracking.Params{
			Huber: in.Huber, Lambda: in.Lambda, P: in.Penalty, MaxWeight: in.MaxWeight, Tolerance: in.Tolerance, MaxIterations: in.Iterations, Seed: seedOf(in.Seed), PeriodsPerYear: p.PerYear, Symbols: p.Symbols[:n],
		})
		if err != nil {
			return out, nil, err
		}
		series, err := perf.PortfolioReturns(returns[:n], r.Weights, perf.None)
		if err != nil {
			return out, nil, err
		}
		mine, err := perf.Measure(series, perf.Params{PeriodsPerYear: p.PerYear, Benchmark: returns[n]})
		if err != nil {
			return out, nil, err
		}
		index, err := perf.Measure(returns[n], perf.Params{PeriodsPerYear: p.PerYear})
		if err != nil {
			return out, nil, err
		}
		out.Benchmark, out.Weights, out.Names, out.Iterations, out.Converged = b.Symbol, map[string]*float64{}, r.Names, r.Iterations, true
		for _, i := range byMagnitude(r.Weights)[:min(r.Names, shownNames)] {
			out.Weights[p.Symbols[i]] = Maybe(r.Weights[i])
		}
		out.HDR, out.TrackingError, out.KKT = Maybe(r.HDR), Maybe(r.TrackingError), Maybe(r.KKT)
		out.Return, out.IndexReturn, out.Active = Maybe(mine.CAGR), Maybe(index.CAGR), Maybe(mine.Against.ActiveReturn)
		out.Meta = p.Meta(1, len(series), fmt.Sprintf("majorisation and minimisation, best of %d starts, on simple returns", r.Starts), in)
		weights := Table{"weights", []Column{Texts("symbol", p.Symbols[:n]), Numbers("weight", r.Weights)}}
		path := Table{"returns", []Column{Texts("time", p.Stamps(1)), Numbers("return", series), Numbers("benchmark_return", returns[n])}}
		return out, []Table{weights, path}, nil
	})
}
