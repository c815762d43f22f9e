package research

import (
	"context"
	"fmt"
	"math"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
	"quantdesk/internal/quant/regime"
)

// maxReplicates bounds a bootstrap.
const maxReplicates = 100_000

// RegimeMethod is a test for a change.
type RegimeMethod string

// Values lists the methods.
func (RegimeMethod) Values() []string { return []string{"sup_lr", "known", "sup_f", "markov"} }

// RegimeIn asks whether returns changed their ways.
type RegimeIn struct {
	Holding
	Method    RegimeMethod `json:"method,omitempty" jsonschema:"A break at an unknown or known date, in coefficients alone, or two states." default:"sup_lr"`
	Break     string       `json:"break_date,omitempty" jsonschema:"With known."`
	Trim      float64      `json:"trim,omitempty" jsonschema:"Ends without a break." default:"0.15"`
	Bootstrap *int         `json:"bootstrap,omitempty" jsonschema:"Replicates for p; default 999, markov 0."`
	Seed      int64        `json:"seed,omitempty" jsonschema:"Of the bootstrap." default:"42"`
}

// RegimeFit is one regime.
type RegimeFit struct {
	Mean       *float64 `json:"mean_annual" jsonschema:"A year; with a benchmark, alpha."`
	Beta       *float64 `json:"beta,omitempty" jsonschema:"To the benchmark."`
	Volatility *float64 `json:"volatility" jsonschema:"A year, of what is left."`
	NObs       int      `json:"n_obs" jsonschema:"Bars."`
	Stay       *float64 `json:"stay,omitempty" jsonschema:"Chance to go on, with markov."`
	Duration   *float64 `json:"duration,omitempty" jsonschema:"Expected bars of a stay."`
}

// RegimeOut tells of a change.
type RegimeOut struct {
	Statistic  *float64    `json:"statistic,omitempty" jsonschema:"Likelihood ratio or Wald statistic."`
	P          *float64    `json:"p,omitempty" jsonschema:"Of no change."`
	Asymptotic *float64    `json:"p_asymptotic,omitempty" jsonschema:"From tables for a date that was looked for."`
	DF         int         `json:"df" jsonschema:"Parameters that may change."`
	Break      string      `json:"break_date,omitempty" jsonschema:"First bar of the second regime."`
	Low        string      `json:"break_low,omitempty" jsonschema:"90 % interval of it."`
	High       string      `json:"break_high,omitempty" jsonschema:"90 % interval of it."`
	Regimes    []RegimeFit `json:"regimes,omitempty" jsonschema:"Before and after; with markov the calm state first."`
	Now        *float64    `json:"probability_now,omitempty" jsonschema:"Of the turbulent state at the last bar, with markov."`
	Meta
}

// Regime tests a holding's returns for a change; with a benchmark, the regression
// on it.
func (s *Service) Regime(ctx context.Context, c Caller, in RegimeIn, report Report) (RegimeOut, error) {
	const op = "research.Regime"
	m := in.Method
	if m == "" {
		m = "sup_lr"
	}
	if (m == "known") != (in.Break != "") {
		return RegimeOut{}, quant.Bad(op, "break_date", clip(in.Break), "given with method=known, and only then")
	}
	if m == "markov" && in.Benchmark != "" {
		return RegimeOut{}, quant.Bad(op, "benchmark_symbol", in.Benchmark, "absent with method=markov")
	}
	replicates := 999
	if m == "markov" {
		replicates = 0
	}
	if in.Bootstrap != nil {
		if replicates = *in.Bootstrap; replicates < 0 || replicates > maxReplicates {
			return RegimeOut{}, quant.Bad(op, "bootstrap", replicates, fmt.Sprintf("between 0 and %d", maxReplicates))
		}
	}
	return do(ctx, s, c, in.Book, "regime_test", in, report, func(ctx context.Context, report Report) (RegimeOut, []Table, error) {
		h, err := s.hold(ctx, c, in.Holding, 20, report)
		if err != nil {
			return RegimeOut{}, nil, err
		}
		var x [][]float64
		if h.bench != nil {
			x = [][]float64{h.bench}
		}
		t := &regimeTest{in: in, h: h, x: x, out: RegimeOut{Meta: h.meta("", in)}}
		report(.6, "testing")
		switch m {
		case "known":
			err = t.known()
		case "sup_f":
			err = t.supF()
		case "markov":
			err = t.markov(ctx, replicates)
		default:
			err = t.supLR(ctx, replicates)
		}
		return t.out, t.tables, err
	})
}

// regimeTest is a test with its data.
type regimeTest struct {
	in     RegimeIn
	h      *held
	x      [][]float64
	out    RegimeOut
	tables []Table
}

func (t *regimeTest) fit(f regime.Fit) RegimeFit {
	r := RegimeFit{Mean: Maybe(f.Coef[0] * t.h.perYear), Volatility: Maybe(f.Sigma * math.Sqrt(t.h.perYear)), NObs: f.Observations}
	if len(f.Coef) > 1 {
		r.Beta = Maybe(f.Coef[1])
	}
	return r
}

func (t *regimeTest) known() error {
	at := -1
	for i, stamp := range t.h.times {
		if stamp >= t.in.Break {
			at = i
			break
		}
	}
	if at < 0 {
		return quant.Bad("research.Regime", "break_date", clip(t.in.Break), "a date within the sample, which ends "+t.h.times[len(t.h.times)-1])
	}
	r, err := regime.Known(t.h.returns, t.x, at)
	if err != nil {
		return err
	}
	t.out.Statistic, t.out.P, t.out.DF, t.out.Break = Maybe(r.LR), Maybe(r.P), r.DF, t.h.times[at]
	t.out.Regimes = []RegimeFit{t.fit(r.Before), t.fit(r.After)}
	t.out.Method = "likelihood ratio at a date that was given, chi-square"
	t.out.Warnings = append(t.out.Warnings, "the p-value holds only if the date was chosen without looking at the returns")
	return nil
}

func (t *regimeTest) supLR(ctx context.Context, replicates int) error {
	r, err := regime.SupLR(ctx, t.h.returns, t.x, regime.BreakParams{Trim: t.in.Trim, Bootstrap: replicates, Seed: *seedOf(t.in.Seed)})
	if err != nil {
		return err
	}
	t.out.Statistic, t.out.P, t.out.Asymptotic, t.out.DF, t.out.Break = Maybe(r.Sup), Maybe(r.P), Maybe(r.PAsymptotic), r.DF, t.h.times[r.Break]
	if r.Low >= 0 {
		t.out.Low, t.out.High = t.h.times[r.Low], t.h.times[r.High]
	}
	t.out.Regimes = []RegimeFit{t.fit(r.Before), t.fit(r.After)}
	t.out.Method = fmt.Sprintf("greatest likelihood ratio over all dates, %d bootstrap replicates", replicates)
	return nil
}

func (t *regimeTest) supF() error {
	r, err := regime.SupF(t.h.returns, t.x, regime.BreakParams{Trim: t.in.Trim})
	if err != nil {
		return err
	}
	t.out.Statistic, t.out.P, t.out.DF, t.out.Break = Maybe(r.Sup), Maybe(r.P), r.DF, t.h.times[r.Break]
	t.out.Method = "greatest Wald statistic of a change of coefficients, asymptotic p"
	return nil
}

func (t *regimeTest) markov(ctx context.Context, replicates int) error {
	r, err := regime.Switching(ctx, t.h.returns, regime.SwitchParams{Bootstrap: replicates, Seed: *seedOf(t.in.Seed)})
	if err != nil {
		return err
	}
	t.out.Statistic, t.out.P, t.out.Now = Maybe(r.LR), Maybe(r.P), Maybe(r.Filtered[len(r.Filtered)-1])
	share := quant.Mean(r.Smoothed)
	for k, part := range []float64{1 - share, share} {
		t.out.Regimes = append(t.out.Regimes, RegimeFit{
			Mean: Maybe(r.Mean[k] * t.h.perYear), Volatility: Maybe(r.Sigma[k] * math.Sqrt(t.h.perYear)), NObs: int(math.Round(part * float64(len(t.h.returns)))), Stay: Maybe(r.Stay[k]), Duration: Maybe(r.Duration[k]),
		})
	}
	t.out.Method = "two-state Markov switching of mean and variance"
	if replicates == 0 {
		t.out.Warnings = append(t.out.Warnings, "the statistic has no chi-square distribution: ask for bootstrap replicates to get a p-value")
	}
	t.tables = []Table{{"probabilities", []Column{Texts("time", t.h.times), Numbers("filtered", r.Filtered), Numbers("smoothed", r.Smoothed)}}}
	return nil
}

// AlphaIn asks whether alpha is luck.
type AlphaIn struct {
	Holding
	RiskFree   float64 `json:"risk_free,omitempty" jsonschema:"A year." default:"0"`
	Replicates int     `json:"replicates,omitempty" jsonschema:"Of the bootstrap." default:"10000"`
	Block      float64 `json:"block_length,omitempty" jsonschema:"Bars; default estimated."`
	Lags       *int    `json:"lags,omitempty" jsonschema:"Of HAC errors."`
	Seed       int64   `json:"seed,omitempty" jsonschema:"Of the bootstrap." default:"42"`
	Tried      int     `json:"strategies_tried,omitempty" jsonschema:"Looked at before this one; corrects p." default:"1"`
}

// AlphaOut tells whether alpha is luck.
type AlphaOut struct {
	Alpha     *float64 `json:"alpha_annual,omitempty" jsonschema:"Return that the benchmark does not explain, a year; without one the mean."`
	T         *float64 `json:"t,omitempty" jsonschema:"Of HAC errors."`
	PGreater  *float64 `json:"p_greater,omitempty" jsonschema:"Chance of so great a t without alpha."`
	PTwo      *float64 `json:"p_two,omitempty" jsonschema:"Two-sided."`
	PTried    *float64 `json:"p_corrected,omitempty" jsonschema:"p_greater corrected for strategies_tried (Sidak)."`
	MCError   *float64 `json:"mc_error,omitempty" jsonschema:"Monte Carlo error of p_greater."`
	Block     *float64 `json:"block_length,omitempty" jsonschema:"That was used."`
	Lags      int      `json:"lags" jsonschema:"Of the HAC errors."`
	Replicate int      `json:"replicates" jsonschema:"Of the bootstrap."`
	Meta
}

// Alpha tests by bootstrap whether a holding's alpha is luck.
func (s *Service) Alpha(ctx context.Context, c Caller, in AlphaIn, report Report) (AlphaOut, error) {
	if in.Replicates < 0 || in.Replicates > maxReplicates {
		return AlphaOut{}, quant.Bad("research.Alpha", "replicates", in.Replicates, fmt.Sprintf("between 1 and %d", maxReplicates))
	}
	return do(ctx, s, c, in.Book, "bootstrap_alpha", in, report, func(ctx context.Context, report Report) (AlphaOut, []Table, error) {
		var out AlphaOut
		h, err := s.hold(ctx, c, in.Holding, 30, report)
		if err != nil {
			return out, nil, err
		}
		rf := quant.PerPeriod(in.RiskFree, h.perYear)
		excess := func(x []float64) []float64 {
			y := make([]float64, len(x))
			for i, v := range x {
				y[i] = v - rf
			}
			return y
		}
		var x [][]float64
		if h.bench != nil {
			x = [][]float64{excess(h.bench)}
		}
		report(.6, "resampling")
		r, err := factor.AlphaBootstrap(ctx, excess(h.returns), x, factor.BootstrapParams{BlockLength: in.Block, Lags: in.Lags, Replicates: in.Replicates, Seed: seedOf(in.Seed), PeriodsPerYear: h.perYear})
		if err != nil {
			return out, nil, err
		}
		out.Alpha, out.T, out.PGreater, out.PTwo, out.MCError, out.Block = Maybe(r.Annual), Maybe(r.T), Maybe(r.PGreater), Maybe(r.PTwo), Maybe(r.MCError), Maybe(r.BlockLength)
		out.Lags, out.Replicate = r.Lags, r.Replicates
		tried := max(in.Tried, 1)
		out.PTried = Maybe(1 - math.Pow(1-r.PGreater, float64(tried)))
		out.Meta = h.meta("stationary bootstrap of rows under alpha = 0, t of HAC errors", in)
		out.Warnings = append(out.Warnings, r.Warnings...)
		if tried == 1 {
			out.Warnings = append(out.Warnings, "say with strategies_tried how many were looked at: the best of many looks skilled by luck")
		}
		return out, []Table{{"replicates", []Column{Numbers("alpha", r.AlphaStar), Numbers("t", r.TStar)}}}, nil
	})
}
