package research

import (
	"context"
	"fmt"

	"quantdesk/internal/quant/pca"
)

// PCAMatrix is what is decomposed.
type PCAMatrix string

// Values lists the matrices.
func (PCAMatrix) Values() []string { return []string{"covariance", "correlation"} }

// PCAIn asks for principal components.
type PCAIn struct {
	Sample
	Count   int        `json:"n_components,omitempty" jsonschema:"Components to keep; default all." minimum:"0" maximum:"1000"`
	Matrix  PCAMatrix  `json:"matrix,omitempty" jsonschema:"covariance or correlation." default:"covariance"`
	Returns ReturnKind `json:"return_kind,omitempty" jsonschema:"simple or log." default:"simple"`
}

// PCAOut are components in descending order of variance.
type PCAOut struct {
	Symbols       []string                       `json:"symbols,omitempty" jsonschema:"The instruments."`
	Count         int                            `json:"n_components" jsonschema:"How many components are kept."`
	Values        []float64                      `json:"eigenvalues,omitempty" jsonschema:"Variance of each, per bar; the first 20."`
	Ratio         []float64                      `json:"explained_variance_ratio,omitempty" jsonschema:"Part of the variance that each explains, a fraction; the first 20."`
	Cumulative    []float64                      `json:"cumulative_variance_ratio,omitempty" jsonschema:"Their running sum."`
	Loadings      map[string]map[string]*float64 `json:"component_weights,omitempty" jsonschema:"Loadings of the first 5 components by symbol; the table components has all."`
	Scores        []float64                      `json:"scores_last,omitempty" jsonschema:"Scores at the last bar; the first 20."`
	EffectiveRank *float64                       `json:"effective_rank,omitempty" jsonschema:"How many dimensions the returns fill."`
	NoiseEdge     *float64                       `json:"noise_edge,omitempty" jsonschema:"Eigenvalues of a correlation above it are more than noise (Marchenko-Pastur)."`
	Exceeding     int                            `json:"above_noise" jsonschema:"How many are above it."`
	Meta
}

// What an answer shows of components.
const (
	shownLoadings = 5
	shownValues   = 20
)

// PCA decomposes returns into principal components.
func (s *Service) PCA(ctx context.Context, c Caller, in PCAIn, report Report) (PCAOut, error) {
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return PCAOut{}, err
	}
	return do(ctx, s, c, in.Book, "perform_pca_analysis", in, report, func(ctx context.Context, report Report) (PCAOut, []Table, error) {
		var out PCAOut
		p, err := s.load(ctx, list, in.Sample, report)
		if err != nil {
			return out, nil, err
		}
		returns, err := p.returns(in.Returns)
		if err != nil {
			return out, nil, err
		}
		r, err := pca.Components(ctx, p.Symbols, returns, pca.Params{Matrix: pca.Matrix(in.Matrix), Count: in.Count})
		if err != nil {
			return out, nil, err
		}
		t := Table{"components", []Column{Texts("symbol", p.Symbols)}}
		spectrum := Table{"eigenvalues", []Column{Numbers("component", nil), Numbers("eigenvalue", r.Values), Numbers("explained_variance_ratio", r.Ratio), Numbers("cumulative", r.Cumulative)}}
		for k, v := range r.Vectors {
			name := fmt.Sprintf("PC%d", k+1)
			t.Columns = append(t.Columns, Numbers(name, v))
			spectrum.Columns[0].Numbers = append(spectrum.Columns[0].Numbers, float64(k+1))
			if k < shownLoadings && len(p.Symbols) <= shownNames {
				if out.Loadings == nil {
					out.Loadings = map[string]map[string]*float64{}
				}
				out.Loadings[name] = named(p.Symbols, v)
			}
		}
		first := func(x []float64) []float64 { return x[:min(len(x), shownValues)] }
		out.Symbols, out.Count = p.Symbols, len(r.Vectors)
		out.Values, out.Ratio, out.Cumulative, out.Scores = first(r.Values), first(r.Ratio), first(r.Cumulative), first(r.ScoresLast)
		out.EffectiveRank, out.NoiseEdge, out.Exceeding = Maybe(r.EffectiveRank), Maybe(r.MPUpperEdge), r.Exceeding
		m := in.Matrix
		if m == "" {
			m = "covariance"
		}
		out.Meta = p.Meta(1, r.Observations, fmt.Sprintf("principal components of the %s of %s returns", m, kind(in.Returns)), in)
		out.Warnings = append(out.Warnings, r.Warnings...)
		return out, []Table{t, spectrum}, nil
	})
}
