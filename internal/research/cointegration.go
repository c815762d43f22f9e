package research

import (
	"context"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/cointegration"
	"quantdesk/internal/quant/unitroot"
)

// CointegrationMethod is a test of cointegration.
type CointegrationMethod string

// Values lists the methods.
func (CointegrationMethod) Values() []string { return []string{"engle_granger", "johansen", "both"} }

// CointegrationIn asks whether prices keep together.
type CointegrationIn struct {
	Symbol1   string              `json:"symbol1,omitempty" jsonschema:"On the left; or give symbols."`
	Symbol2   string              `json:"symbol2,omitempty" jsonschema:"The other."`
	Symbols   []string            `json:"symbols,omitempty" jsonschema:"Two to twelve instead."`
	Start     string              `json:"start_date" jsonschema:"First day."`
	End       string              `json:"end_date,omitempty" jsonschema:"Last day."`
	Method    CointegrationMethod `json:"method,omitempty" jsonschema:"Which test." default:"both"`
	Trend     string              `json:"trend,omitempty" jsonschema:"n, c, ct or ctt." default:"c"`
	LagMethod string              `json:"lag_method,omitempty" jsonschema:"aic, bic, t-stat or fixed." default:"aic"`
	Lags      *int                `json:"lags,omitempty" jsonschema:"Most, or with fixed exactly."`
	Direction string              `json:"direction,omitempty" jsonschema:"given, or both at the price of doubling p." default:"given"`
	Alpha     float64             `json:"alpha,omitempty" jsonschema:"Level." default:"0.05"`
	Log       *bool               `json:"log,omitempty" jsonschema:"Of prices." default:"true"`
	Terms     string              `json:"deterministic,omitempty" jsonschema:"Johansen: none, constant or trend." default:"constant"`
	LagsDiff  *int                `json:"lags_diff,omitempty" jsonschema:"Johansen." default:"2"`
	LagsMean  string              `json:"lag_meaning,omitempty" jsonschema:"difference or var." default:"difference"`
	Decision  string              `json:"decision,omitempty" jsonschema:"reject_r0 or seed_literal." default:"reject_r0"`
	Where
}

// EGOut is what Engle and Granger's test finds.
type EGOut struct {
	Left         string     `json:"left" jsonschema:"The series that is explained."`
	Stat         *float64   `json:"cointegration_statistic" jsonschema:"t of the residual's level; null for an identity."`
	P            *float64   `json:"cointegration_pvalue" jsonschema:"p-value of no cointegration."`
	Critical     []*float64 `json:"cointegration_critical_values" jsonschema:"At 1, 5 and 10 %."`
	Cointegrated bool       `json:"is_cointegrated" jsonschema:"p is at most alpha."`
	Reverse      *float64   `json:"reverse_pvalue,omitempty" jsonschema:"p with the other on the left."`
	Vector       []float64  `json:"cointegrating_vector" jsonschema:"1, then minus each hedge ratio: the spread's weights."`
	Hedge        []float64  `json:"hedge_ratio" jsonschema:"Coefficients of the others."`
	Intercept    float64    `json:"intercept" jsonschema:"Of the regression."`
	R2           *float64   `json:"r_squared" jsonschema:"Of the regression."`
	Lags         int        `json:"lags_used" jsonschema:"Of the residual test."`
	Mean         *float64   `json:"spread_mean" jsonschema:"Mean of the residual."`
	SD           *float64   `json:"spread_std" jsonschema:"Its standard deviation."`
	Last         *float64   `json:"spread_last" jsonschema:"The last one."`
	LastZ        *float64   `json:"spread_z" jsonschema:"Its distance from the mean in standard deviations."`
	HalfLife     *float64   `json:"half_life" jsonschema:"Bars until half of a deviation is gone."`
	Why          string     `json:"half_life_reason,omitempty" jsonschema:"Why it is null."`
}

// JohansenOut is what Johansen's test finds.
type JohansenOut struct {
	Eigenvalues   []float64    `json:"eigenvalues" jsonschema:"Descending."`
	Trace         []float64    `json:"trace" jsonschema:"Statistic of at most r relations, r from 0."`
	TraceCritical [][3]float64 `json:"trace_critical_90_95_99" jsonschema:"Its values."`
	MaxEig        []float64    `json:"max_eig" jsonschema:"Statistic of r against r+1."`
	MaxCritical   [][3]float64 `json:"max_eig_critical_90_95_99" jsonschema:"Its values."`
	Rank          int          `json:"rank_trace" jsonschema:"Cointegrating relations by the trace at 95 %."`
	RankMax       int          `json:"rank_max_eig" jsonschema:"By the greatest eigenvalue."`
	Vector        []*float64   `json:"vector_normalised" jsonschema:"First relation with the first series at 1."`
	LagsDiff      int          `json:"lags_diff" jsonschema:"Lagged differences."`
	Cointegrated  bool         `json:"is_cointegrated" jsonschema:"By the decision that was asked for."`
}

// CointegrationOut is the answer of one or both tests.
type CointegrationOut struct {
	Symbols      []string     `json:"symbols,omitempty" jsonschema:"The instruments."`
	EG           *EGOut       `json:"engle_granger,omitempty" jsonschema:"Engle and Granger's test."`
	Johansen     *JohansenOut `json:"johansen,omitempty" jsonschema:"Johansen's test."`
	Cointegrated *bool        `json:"is_cointegrated,omitempty" jsonschema:"What was asked for says so; with both, both do."`
	Meta
}

// Cointegration tests whether prices keep together.
func (s *Service) Cointegration(ctx context.Context, c Caller, in CointegrationIn, report Report) (CointegrationOut, error) {
	const op = "research.Cointegration"
	if len(in.Symbols) == 0 {
		in.Symbols = []string{in.Symbol1, in.Symbol2}
	} else if in.Symbol1 != "" || in.Symbol2 != "" {
		return CointegrationOut{}, quant.Bad(op, "symbols", "given beside symbol1", "given alone")
	}
	in.Symbol1, in.Symbol2 = "", ""
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return CointegrationOut{}, err
	}
	if len(list) < 2 {
		return CointegrationOut{}, quant.Bad(op, "symbols", len(list), "two or more")
	}
	if in.Direction == "both" && len(list) > 2 {
		return CointegrationOut{}, quant.Bad(op, "direction", in.Direction, "given above two symbols")
	}
	return do(ctx, s, c, in.Book, "test_cointegration", in, report, func(ctx context.Context, report Report) (CointegrationOut, []Table, error) {
		var out CointegrationOut
		p, err := s.load(ctx, list, Sample{Start: in.Start, End: in.End, Span: Span{Where: in.Where}}, report)
		if err != nil {
			return out, nil, err
		}
		levels := p.Prices
		if in.Log == nil || *in.Log {
			if levels, err = p.LogPrices(); err != nil {
				return out, nil, err
			}
		}
		out.Symbols = p.Symbols
		out.Meta = p.Meta(0, len(p.Times), "", in)
		var tables []Table
		var methods []string
		decided := true
		if in.Method != "johansen" {
			eg, spread, err := engleGranger(p, levels, in, &out.Meta)
			if err != nil {
				return out, nil, err
			}
			out.EG, tables, decided = eg, append(tables, spread), eg.Cointegrated
			methods = append(methods, "Engle-Granger")
		}
		if in.Method != "engle_granger" {
			j, err := johansen(p, levels, in, &out.Meta)
			if err != nil {
				return out, nil, err
			}
			out.Johansen, decided = j, decided && j.Cointegrated
			methods = append(methods, "Johansen")
		}
		out.Cointegrated, out.Method = &decided, strings.Join(methods, " and ")
		return out, tables, nil
	})
}

func (in CointegrationIn) egParams() cointegration.EGParams {
	return cointegration.EGParams{Trend: unitroot.Trend(in.Trend), Lags: unitroot.Lags{Method: unitroot.Selection(in.LagMethod), Count: in.Lags}, Alpha: in.Alpha}
}

func (in CointegrationIn) johansenParams() (cointegration.JohansenParams, error) {
	out := cointegration.JohansenParams{Deterministic: cointegration.Deterministic(in.Terms), LagsDiff: in.LagsDiff, Decision: cointegration.Decision(in.Decision)}
	switch in.LagsMean {
	case "", "difference":
	case "var":
		out.VAR = true
	default:
		return out, quant.Bad("research.Cointegration", "lag_meaning", in.LagsMean, "difference or var")
	}
	return out, nil
}

func engleGranger(p *Panel, levels [][]float64, in CointegrationIn, meta *Meta) (*EGOut, Table, error) {
	var r *cointegration.EGResult
	var reverse *float64
	var err error
	switch in.Direction {
	case "", "given":
		r, err = cointegration.EngleGranger(levels[0], levels[1:], in.egParams())
	case "both":
		var both *cointegration.BothResult
		if both, err = cointegration.Both(levels[0], levels[1], in.egParams()); err == nil {
			r, reverse = both.Given, Maybe(both.Reverse.P)
			r.P, r.Cointegrated = both.P, both.Cointegrated
		}
	default:
		err = quant.Bad("research.Cointegration", "direction", in.Direction, "given or both")
	}
	if err != nil {
		return nil, Table{}, renamed(err, p.Symbols)
	}
	out := &EGOut{
		Left: p.Symbols[0], Stat: Maybe(r.Stat), P: Maybe(r.P), Cointegrated: r.Cointegrated, Reverse: reverse, Vector: []float64{1}, Hedge: r.Hedge, Intercept: r.Intercept,
		R2: Maybe(r.R2), Lags: r.Lags, Mean: Maybe(r.Mean), SD: Maybe(r.SD), Last: Maybe(r.Last), LastZ: Maybe(r.LastZ), HalfLife: Maybe(r.HalfLife), Why: r.HalfLifeReason,
	}
	for _, h := range r.Hedge {
		out.Vector = append(out.Vector, -h)
	}
	for _, v := range r.Critical {
		out.Critical = append(out.Critical, Maybe(v))
	}
	meta.Warnings = append(meta.Warnings, r.Warnings...)
	z := make([]float64, len(r.Spread))
	for i, v := range r.Spread {
		z[i] = (v - r.Mean) / r.SD
	}
	return out, Table{"spread", []Column{Texts("time", p.Stamps(0)), Numbers("spread", r.Spread), Numbers("z", z)}}, nil
}

func johansen(p *Panel, levels [][]float64, in CointegrationIn, meta *Meta) (*JohansenOut, error) {
	params, err := in.johansenParams()
	if err != nil {
		return nil, err
	}
	r, err := cointegration.Johansen(p.Symbols, levels, params)
	if err != nil {
		return nil, err
	}
	out := &JohansenOut{
		Eigenvalues: r.Eigenvalues, Trace: r.Trace, TraceCritical: r.TraceCritical, MaxEig: r.MaxEig, MaxCritical: r.MaxEigCritical, Rank: r.RankTrace, RankMax: r.RankMaxEig,
		LagsDiff: r.LagsDiff, Cointegrated: r.Cointegrated,
	}
	for _, v := range r.Normalised[0] {
		out.Vector = append(out.Vector, Maybe(v))
	}
	meta.Warnings = append(meta.Warnings, r.Warnings...)
	return out, nil
}

// renamed gives errors about y and x the symbols' names.
func renamed(err error, symbols []string) error {
	f := fault.As(err)
	switch f.Detail["argument"] {
	case "y":
		f.Message = strings.Replace(f.Message, "y ", symbols[0]+" ", 1)
		return f.With("argument", symbols[0])
	case "x":
		f.Message = strings.Replace(f.Message, "x ", symbols[1]+" ", 1)
		return f.With("argument", symbols[1])
	}
	return err
}
