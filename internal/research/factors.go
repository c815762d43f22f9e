package research

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
)

// FactorSource is where factor returns come from.
type FactorSource string

// Values lists the sources.
func (FactorSource) Values() []string { return []string{"market", "french", "aqr"} }

// ImportFactorsIn brings factor returns into a workspace.
type ImportFactorsIn struct {
	Source    FactorSource `json:"source" jsonschema:"market: those that come with the simulated market; french or aqr: a file as published."`
	Content   string       `json:"content,omitempty" jsonschema:"The file's text, or its bytes in base64 (a .zip)."`
	Frequency string       `json:"frequency,omitempty" jsonschema:"Of a French file: daily, monthly or annual." default:"daily"`
	Columns   []string     `json:"columns,omitempty" jsonschema:"Only these; of an AQR sheet the country, as USA." maxItems:"200"`
	Name      string       `json:"column_name,omitempty" jsonschema:"New name of a single column, as QMJ for an AQR sheet's USA."`
	Start     string       `json:"start_date,omitempty" jsonschema:"First day."`
	End       string       `json:"end_date,omitempty" jsonschema:"Last day."`
	Book      string       `json:"instance_name,omitempty" jsonschema:"Research workspace." default:"default"`
}

// ImportFactorsOut says what was brought in.
type ImportFactorsOut struct {
	Factors   []string `json:"factors,omitempty" jsonschema:"Columns of the table factors."`
	Frequency string   `json:"frequency,omitempty" jsonschema:"daily, monthly or annual."`
	Missing   int      `json:"missing" jsonschema:"Values that the file marks as missing."`
	Ignored   int      `json:"annual_rows_ignored" jsonschema:"Rows of yearly blocks that were not asked for."`
	Meta
}

// The size of a file of factors, and where it lies in no file.
const maxFactorBytes = 20 << 20

// ImportFactors reads factor returns into a table of a workspace.
func (s *Service) ImportFactors(ctx context.Context, c Caller, in ImportFactorsIn, report Report) (ImportFactorsOut, error) {
	const op = "research.ImportFactors"
	content := in.Content
	in.Content = "" // it is in the table
	if len(content) > maxFactorBytes {
		return ImportFactorsOut{}, fault.E(op, fault.TooLarge, "the file has %d bytes; at most %d are read", len(content), maxFactorBytes).With("argument", "content")
	}
	if (in.Source == "market") != (content == "") {
		return ImportFactorsOut{}, quant.Bad(op, "content", fmt.Sprintf("%d characters", len(content)), "the file's text with french or aqr, and absent with market")
	}
	return do(ctx, s, c, in.Book, "import_factors", in, report, func(ctx context.Context, _ Report) (ImportFactorsOut, []Table, error) {
		out := ImportFactorsOut{Frequency: "daily"}
		var t *factor.Table
		var err error
		switch in.Source {
		case "market":
			t, err = s.marketFactors(ctx, in.Start, in.End)
		case "french":
			if out.Frequency = in.Frequency; out.Frequency == "" {
				out.Frequency = "daily"
			}
			t, err = factor.ParseFrench(bytesOf(content), out.Frequency)
		case "aqr":
			t, err = factor.ParseAQR(bytesOf(content))
		default:
			err = quant.Bad(op, "source", in.Source, "market, french or aqr")
		}
		if err != nil {
			return out, nil, err
		}
		table, dates, err := in.table(t)
		if err != nil {
			return out, nil, err
		}
		if in.Source == "aqr" && spacing(dates) > 20 {
			out.Frequency = "monthly"
		}
		out.Factors, out.Missing, out.Ignored = table.Info().Columns[1:], t.Missing, t.AnnualIgnored
		out.Meta = Meta{NObs: len(dates), Start: dates[0], End: dates[len(dates)-1], Params: in, Method: "returns as fractions"}
		return out, []Table{table}, nil
	})
}

// bytesOf is the file behind an argument: base64 where it is, else the text.
func bytesOf(content string) []byte {
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(content)); err == nil && len(raw) > 0 && !strings.ContainsAny(content, ", ") {
		return raw
	}
	return []byte(content)
}

// marketFactors are those that come with the market, up to its clock.
func (s *Service) marketFactors(ctx context.Context, start, end string) (*factor.Table, error) {
	if start == "" {
		start = "1990-01-01"
	}
	from, to, err := s.dates(start, end, time.UTC)
	if err != nil {
		return nil, err
	}
	dates, names, values, err := s.cfg.Reference.Factors(ctx, market.DateOf(from), market.DateOf(to.Add(-time.Nanosecond)))
	if err != nil {
		return nil, err
	}
	// The session that is not over yet has no return.
	if last := dates[len(dates)-1]; last == market.DateOf(s.cfg.Prices.Now()) {
		dates = dates[:len(dates)-1]
	}
	t := &factor.Table{Columns: names}
	for i, d := range dates {
		n, err := strconv.Atoi(d.Compact())
		if err != nil {
			return nil, err
		}
		row := make([]float64, len(names))
		for k := range names {
			row[k] = values[k][i]
		}
		t.Dates, t.Rows = append(t.Dates, n), append(t.Rows, row)
	}
	return t, nil
}

// table picks columns and dates.
func (in ImportFactorsIn) table(t *factor.Table) (Table, []string, error) {
	const op = "research.ImportFactors"
	names := in.Columns
	if len(names) == 0 {
		names = t.Columns
	}
	var dates []string
	var rows []int
	for i, n := range t.Dates {
		d := dateText(n)
		if in.Start != "" && d < in.Start || in.End != "" && d > in.End {
			continue
		}
		dates, rows = append(dates, d), append(rows, i)
	}
	if len(dates) == 0 {
		return Table{}, nil, fault.E(op, fault.InsufficientData, "the factors have no row from %s to %s", in.Start, in.End).With("argument", "start_date")
	}
	out := Table{"factors", []Column{Texts("date", dates)}}
	for _, name := range names {
		all := t.Column(name)
		if all == nil {
			return out, nil, quant.Bad(op, "columns", clip(name), "one of "+strings.Join(t.Columns, ", "))
		}
		col := make([]float64, len(rows))
		for k, i := range rows {
			col[k] = all[i]
		}
		if in.Name != "" {
			if len(names) != 1 {
				return out, nil, quant.Bad(op, "column_name", in.Name, "given with a single column")
			}
			name = in.Name
		}
		out.Columns = append(out.Columns, Numbers(name, col))
	}
	return out, dates, nil
}

// dateText writes YYYYMMDD, YYYYMM or YYYY with dashes.
func dateText(n int) string {
	switch {
	case n > 9_999_999:
		return fmt.Sprintf("%04d-%02d-%02d", n/10000, n/100%100, n%100)
	case n > 99_999:
		return fmt.Sprintf("%04d-%02d", n/100, n%100)
	}
	return strconv.Itoa(n)
}

// spacing is the usual number of days between dates.
func spacing(dates []string) float64 {
	var gaps []float64
	for i := 1; i < len(dates); i++ {
		a, err := time.Parse("2006-01-02", dates[i-1])
		b, bad := time.Parse("2006-01-02", dates[i])
		if err == nil && bad == nil {
			gaps = append(gaps, b.Sub(a).Hours()/24)
		}
	}
	if len(gaps) == 0 {
		return math.Inf(1)
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

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
