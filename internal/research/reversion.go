package research

import (
	"context"
	"fmt"
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/reversion"
)

// ReversionIn asks how prices stand to their means.
type ReversionIn struct {
	Sample
	Lookback  int     `json:"lookback_period,omitempty" jsonschema:"Bars of the rolling mean." default:"30" minimum:"2" maximum:"5000"`
	Transform string  `json:"transform,omitempty" jsonschema:"log of the price, or level." default:"log"`
	Threshold float64 `json:"threshold,omitempty" jsonschema:"A signal is at least so many standard deviations from the mean." default:"1" minimum:"0" maximum:"20"`
}

// ReversionRow is one symbol's.
type ReversionRow struct {
	Symbol     string   `json:"symbol" jsonschema:"The instrument."`
	Price      *float64 `json:"current_price" jsonschema:"The last."`
	Mean       *float64 `json:"mean_price" jsonschema:"Mean over the lookback, as a price."`
	SD         *float64 `json:"std" jsonschema:"Standard deviation over the lookback, of the transform."`
	Z          *float64 `json:"z_score" jsonschema:"Distance from the mean in standard deviations."`
	Signal     string   `json:"signal" jsonschema:"long, short or flat."`
	Percentile *float64 `json:"percentile" jsonschema:"Part of all z-scores at or below this one."`
	HalfLife   *float64 `json:"half_life" jsonschema:"Bars until half of a deviation is gone; null where it does not return."`
	Why        string   `json:"half_life_reason,omitempty" jsonschema:"Why it is null."`
	Hurst      *float64 `json:"hurst" jsonschema:"Below 0.5 where moves turn back."`
	ADFP       *float64 `json:"adf_p" jsonschema:"p-value of a unit root."`
	KPSSP      *float64 `json:"kpss_p" jsonschema:"p-value of stationarity, within 0.01 and 0.10."`
	Verdict    string   `json:"verdict" jsonschema:"stationary, unit_root, conflicting or inconclusive: ADF and KPSS together."`
	VR         *float64 `json:"variance_ratio_5" jsonschema:"Of 5 bars: below 1 where moves turn back."`
	VRP        *float64 `json:"variance_ratio_5_p" jsonschema:"Its p-value with changing variance."`
	Crossings  *float64 `json:"crossings_per_year" jsonschema:"How often it crosses its mean."`
	Signals    int      `json:"past_signals" jsonschema:"Signals in the sample that had time to come back."`
	HitRate    *float64 `json:"hit_rate" jsonschema:"Part of them that did within three half-lives."`
}

// ReversionOut are all symbols.
type ReversionOut struct {
	Results []ReversionRow `json:"analysis_results,omitempty" jsonschema:"One for each symbol; the first 20, the table symbols has all."`
	Signals int            `json:"total_signals" jsonschema:"Symbols whose signal is not flat."`
	Meta
}

// Reversion tells how prices stand to their means.
func (s *Service) Reversion(ctx context.Context, c Caller, in ReversionIn, report Report) (ReversionOut, error) {
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return ReversionOut{}, err
	}
	if in.Lookback == 0 {
		in.Lookback = 30
	}
	return do(ctx, s, c, in.Book, "analyze_mean_reversion", in, report, func(ctx context.Context, report Report) (ReversionOut, []Table, error) {
		var out ReversionOut
		p, err := s.load(ctx, list, in.Sample, report)
		if err != nil {
			return out, nil, err
		}
		all, errs := make([]*reversion.Result, len(p.Symbols)), make([]error, len(p.Symbols))
		if err := quant.Parallel(ctx, len(p.Symbols), func(_, i int) {
			all[i], errs[i] = reversion.Analyse(p.Symbols[i], p.Prices[i], reversion.Params{
				Lookback: in.Lookback, Transform: reversion.Transform(in.Transform), Threshold: in.Threshold, Periods: p.PerYear,
			})
		}); err != nil {
			return out, nil, err
		}
		rows := []ReversionRow{}
		var warnings []string
		z := Table{"z", []Column{Texts("time", p.Stamps(0))}}
		for i, r := range all {
			if errs[i] != nil {
				return out, nil, errs[i]
			}
			row := reversionRow(p, i, r, in.Transform != "level")
			if rows = append(rows, row); row.Signal != string(reversion.Flat) {
				out.Signals++
			}
			z.Columns = append(z.Columns, Numbers(p.Symbols[i], r.Z))
			for _, w := range r.Warnings {
				warnings = append(warnings, p.Symbols[i]+": "+w)
			}
		}
		out.Results = rows[:min(len(rows), shownValues)]
		out.Meta = p.Meta(0, len(p.Times), fmt.Sprintf("rolling z-score over %d bars, tests over the whole sample", in.Lookback), in)
		out.Warnings = append(out.Warnings, warnings...)
		return out, []Table{tableOf("symbols", rows), z}, nil
	})
}

func reversionRow(p *Panel, i int, r *reversion.Result, logs bool) ReversionRow {
	n := len(p.Times) - 1
	mean := r.Mean[n]
	if logs {
		mean = math.Exp(mean)
	}
	row := ReversionRow{
		Symbol: p.Symbols[i], Price: Maybe(p.Prices[i][n]), Mean: Maybe(mean), SD: Maybe(r.SD[n]), Z: Maybe(r.Z[n]), Signal: string(r.Signal), Percentile: Maybe(r.Percentile),
		HalfLife: Maybe(r.HalfLife.HalfLife), Why: r.HalfLife.Reason, ADFP: Maybe(r.ADF.P), KPSSP: Maybe(r.KPSS.P), Verdict: string(r.Verdict),
		Crossings: Maybe(r.CrossingsPerYear), Signals: r.Signals, HitRate: Maybe(r.HitRate),
	}
	if r.Hurst != nil {
		row.Hurst = Maybe(r.Hurst.H)
	}
	for _, v := range r.Ratios {
		if v.Q == 5 {
			row.VR, row.VRP = Maybe(v.VR), Maybe(v.PHetero)
		}
	}
	return row
}
