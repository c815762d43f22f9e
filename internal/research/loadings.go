package research

import (
	"context"
	"fmt"
	"math"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
)

// LoadingsIn asks what explains returns.
type LoadingsIn struct {
	Sample
	Factors  []string  `json:"factor_results,omitempty" jsonschema:"Handles of import_factors; default: the factors that come with the market." maxItems:"5"`
	Columns  []string  `json:"factors,omitempty" jsonschema:"Factors to use. Default Mkt-RF, SMB, HML, RMW, CMA and QMJ, as far as they are there." maxItems:"30"`
	RiskFree string    `json:"risk_free_column,omitempty" jsonschema:"Riskless return, subtracted." default:"RF"`
	Lags     *int      `json:"lags,omitempty" jsonschema:"Of the HAC errors; default by the sample's length."`
	Weights  []float64 `json:"weights,omitempty" jsonschema:"Of a portfolio of the symbols, whose exposures are split." maxItems:"1000"`
	Result   string    `json:"result,omitempty" jsonschema:"Handle of a result with weights instead of symbols."`
}

// LoadingRow is one symbol's regression.
type LoadingRow struct {
	Symbol   string              `json:"symbol" jsonschema:"The instrument."`
	Alpha    *float64            `json:"alpha_annual" jsonschema:"Return that factors do not explain, a year."`
	AlphaT   *float64            `json:"alpha_t" jsonschema:"Its t of HAC errors."`
	AlphaP   *float64            `json:"alpha_p" jsonschema:"Two-sided."`
	Betas    map[string]*float64 `json:"betas" jsonschema:"By factor."`
	TStats   map[string]*float64 `json:"t" jsonschema:"By factor, of HAC errors."`
	R2       *float64            `json:"r_squared" jsonschema:"A fraction."`
	Residual *float64            `json:"residual_volatility" jsonschema:"A year."`
}

// FactorRisk is a portfolio's risk by factors.
type FactorRisk struct {
	Exposures     map[string]*float64 `json:"exposures" jsonschema:"By factor."`
	Alpha         *float64            `json:"alpha_annual" jsonschema:"Of the portfolio."`
	Volatility    *float64            `json:"volatility" jsonschema:"A year, of factors and rest."`
	FactorShare   *float64            `json:"factor_share" jsonschema:"Part of the variance that factors explain."`
	Contributions map[string]*float64 `json:"contributions" jsonschema:"Part of the factors' variance, by factor."`
}

// LoadingsOut are all regressions.
type LoadingsOut struct {
	Factors   []string            `json:"factors,omitempty" jsonschema:"In the order of the table."`
	Results   []LoadingRow        `json:"results,omitempty" jsonschema:"The first 10; the table loadings has all, with errors and p-values."`
	Portfolio *FactorRisk         `json:"portfolio,omitempty" jsonschema:"With weights."`
	VIF       map[string]*float64 `json:"vif,omitempty" jsonschema:"Variance inflation of each factor."`
	Condition *float64            `json:"condition_number,omitempty" jsonschema:"Of the factors."`
	Lags      int                 `json:"lags" jsonschema:"Of the HAC errors."`
	Meta
}

// usual are the factors that are used where none are named.
var usual = []string{"Mkt-RF", "SMB", "HML", "RMW", "CMA", "QMJ"}

// shownRegressions is how many regressions an answer shows.
const shownRegressions = 10

// Loadings regresses returns on factors.
func (s *Service) Loadings(ctx context.Context, c Caller, in LoadingsIn, report Report) (LoadingsOut, error) {
	if in.Result != "" {
		var err error
		if in.Symbols, in.Weights, err = s.weightsOf(ctx, c, in.Result); err != nil {
			return LoadingsOut{}, err
		}
	}
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return LoadingsOut{}, err
	}
	if len(in.Weights) > 0 && len(in.Weights) != len(list) {
		return LoadingsOut{}, quant.Bad("research.Loadings", "weights", fmt.Sprintf("%d numbers", len(in.Weights)), fmt.Sprintf("%d, one for each symbol", len(list)))
	}
	return do(ctx, s, c, in.Book, "factor_loadings", in, report, func(ctx context.Context, report Report) (LoadingsOut, []Table, error) {
		p, err := s.load(ctx, list, in.Sample, report)
		if err != nil {
			return LoadingsOut{}, nil, err
		}
		table, err := s.factorTable(ctx, c, in)
		if err != nil {
			return LoadingsOut{}, nil, err
		}
		return in.regress(p, table)
	})
}

// factorTable joins the factors that are asked for by their dates.
func (s *Service) factorTable(ctx context.Context, c Caller, in LoadingsIn) (Table, error) {
	if len(in.Factors) == 0 {
		t, err := s.marketFactors(ctx, in.Start, in.End)
		if err != nil {
			return Table{}, err
		}
		out, _, err := ImportFactorsIn{}.table(t)
		return out, err
	}
	var out Table
	for k, handle := range in.Factors {
		_, t, err := s.Read(ctx, c, handle, "factors")
		if err != nil {
			return Table{}, err
		}
		if k == 0 {
			out = t
			continue
		}
		times, err := quant.Align(in.Factors[:2], [][]string{out.Columns[0].Texts, t.Columns[0].Texts})
		if err != nil {
			return Table{}, err
		}
		joined := Table{"factors", []Column{Texts("date", times.Times)}}
		for i, from := range []Table{out, t} {
			for _, col := range from.Columns[1:] {
				if _, twice := joined.Find(col.Name); twice {
					continue
				}
				x := make([]float64, len(times.Times))
				for r, row := range times.Rows[i] {
					x[r] = col.Numbers[row]
				}
				joined.Columns = append(joined.Columns, Numbers(col.Name, x))
			}
		}
		out = joined
	}
	return out, nil
}

// regress aligns factors with returns and runs the regressions.
func (in LoadingsIn) regress(p *Panel, table Table) (LoadingsOut, []Table, error) {
	const op = "research.Loadings"
	var out LoadingsOut
	names := in.Columns
	if len(names) == 0 {
		for _, name := range usual {
			if _, ok := table.Find(name); ok {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return out, nil, quant.Bad(op, "factors", "none of the usual ones is there", "named: "+strings.Join(table.Info().Columns[1:], ", "))
	}
	returns, err := p.Returns()
	if err != nil {
		return out, nil, err
	}
	dates := table.Columns[0].Texts
	if len(dates[0]) != len("2006-01-02") {
		return out, nil, fault.E(op, fault.InvalidParameter, "the factors are not daily: monthly ones are never spread over days").With("argument", "factor_results").Hinted("Import the daily file.")
	}
	a, err := quant.Align([]string{"returns", "factors"}, [][]string{p.Stamps(1), dates})
	if err != nil {
		return out, nil, err
	}
	column := func(name string) ([]float64, error) {
		col, ok := table.Find(name)
		if !ok {
			return nil, quant.Bad(op, "factors", clip(name), "one of "+strings.Join(table.Info().Columns[1:], ", "))
		}
		x := make([]float64, len(a.Times))
		for r, row := range a.Rows[1] {
			x[r] = col.Numbers[row]
		}
		return x, nil
	}
	var factors [][]float64
	for _, name := range names {
		x, err := column(name)
		if err != nil {
			return out, nil, err
		}
		factors = append(factors, x)
	}
	var riskFree []float64
	rf := in.RiskFree
	if rf == "" {
		rf = "RF"
	}
	if _, ok := table.Find(rf); ok {
		if riskFree, err = column(rf); err != nil {
			return out, nil, err
		}
	} else {
		out.Warnings = append(out.Warnings, "the factors have no column "+clip(rf)+": returns are not in excess of it")
	}
	y := make([][]float64, len(returns))
	for i := range returns {
		y[i] = make([]float64, len(a.Times))
		for r, row := range a.Rows[0] {
			y[i][r] = returns[i][row]
		}
	}
	m, err := factor.Loadings(y, riskFree, factors, factor.Params{Lags: in.Lags, PeriodsPerYear: p.PerYear, Symbols: p.Symbols, Factors: names})
	if err != nil {
		return out, nil, err
	}
	warnings := out.Warnings
	out.Factors, out.Condition, out.Lags, out.VIF = names, Maybe(m.ConditionNumber), m.Lags, named(names, m.VIF)
	out.Meta = p.Meta(1, m.N, fmt.Sprintf("least squares on %s, HAC errors with %d lags", strings.Join(names, ", "), m.Lags), in)
	out.Start, out.End, out.Dropped = a.Times[0], a.Times[len(a.Times)-1], out.Dropped+len(returns[0])-len(a.Times)
	out.Warnings = append(append(out.Warnings, warnings...), m.Warnings...)
	t := loadingsTable(p.Symbols, names, m)
	for i := range p.Symbols[:min(len(p.Symbols), shownRegressions)] {
		l := m.Loadings[i]
		out.Results = append(out.Results, LoadingRow{
			p.Symbols[i], Maybe(l.AlphaAnnual), Maybe(l.T[0]), Maybe(l.P[0]), named(names, l.Betas), named(names, l.T[1:]), Maybe(l.R2), Maybe(l.ResidualVolAnnual),
		})
	}
	if len(in.Weights) > 0 {
		r, err := m.PortfolioRisk(in.Weights)
		if err != nil {
			return out, nil, err
		}
		out.Portfolio = &FactorRisk{
			named(names, r.Exposures), Maybe(r.Alpha * p.PerYear), Maybe(math.Sqrt(r.Total * p.PerYear)), Maybe(r.Factor / r.Total), named(names, r.Contributions),
		}
	}
	return out, []Table{t}, nil
}

func loadingsTable(symbols, names []string, m *factor.Model) Table {
	t := Table{"loadings", []Column{Texts("symbol", symbols)}}
	add := func(name string, of func(l factor.Loading) float64) {
		x := make([]float64, len(symbols))
		for i, l := range m.Loadings {
			x[i] = of(l)
		}
		t.Columns = append(t.Columns, Numbers(name, x))
	}
	add("alpha_annual", func(l factor.Loading) float64 { return l.AlphaAnnual })
	add("alpha_t", func(l factor.Loading) float64 { return l.T[0] })
	add("alpha_p", func(l factor.Loading) float64 { return l.P[0] })
	for k, name := range names {
		add(name, func(l factor.Loading) float64 { return l.Betas[k] })
		add(name+"_se", func(l factor.Loading) float64 { return l.HAC[k+1] })
		add(name+"_t", func(l factor.Loading) float64 { return l.T[k+1] })
		add(name+"_p", func(l factor.Loading) float64 { return l.P[k+1] })
	}
	add("r_squared", func(l factor.Loading) float64 { return l.R2 })
	add("adjusted_r_squared", func(l factor.Loading) float64 { return l.AdjustedR2 })
	add("residual_volatility", func(l factor.Loading) float64 { return l.ResidualVolAnnual })
	add("durbin_watson", func(l factor.Loading) float64 { return l.DurbinWatson })
	return t
}
