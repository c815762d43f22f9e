package regime

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"quantdesk/internal/quant"
	"quantdesk/internal/quant/regress"
)

// BreakParams are those of SupLR and SupF.
type BreakParams struct {
	// Trim is the part of the sample at either end in which no break is looked for; 0
	// is 0.15.
	Trim float64
	// Bootstrap is the number of replicates for SupLR's p-value and interval; 0 is
	// none: P is then the asymptotic one. 999 is a good number.
	Bootstrap int
	// Block is the mean length of the bootstrap's blocks; 0 is n^⅓.
	Block float64
	// Seed of the bootstrap; 0 is quant.DefaultSeed.
	Seed uint64
}

// SupResult is a test of a break at an unknown date.
type SupResult struct {
	// Sup is the greatest likelihood ratio over the dates, Ave their mean, Exp the
	// logarithm of the mean of exp(LR/2).
	Sup, Ave, Exp float64
	// Break is the first row of the second regime, First and Last the dates that were
	// looked at.
	Break, First, Last int
	// DF is the number of parameters that may change.
	DF int
	// P is from the bootstrap where there was one, else PAsymptotic.
	P, PAsymptotic float64
	// Before and After are the regimes' fits.
	Before, After Fit
	// Low and High bound 90 % of the bootstrap's break dates, -1 without one.
	Low, High int
}

func (p BreakParams) fill(op string, n, coefficients int) (BreakParams, error) {
	if p.Trim == 0 {
		p.Trim = 0.15
	}
	if p.Block == 0 {
		p.Block = math.Cbrt(float64(n))
	}
	if p.Seed == 0 {
		p.Seed = quant.DefaultSeed
	}
	switch {
	case !(p.Trim > 0 && p.Trim < 0.5):
		return p, quant.Bad(op, "trim", p.Trim, "between 0 and 0.5")
	case p.Bootstrap < 0:
		return p, quant.Bad(op, "bootstrap", p.Bootstrap, "zero or more")
	case !(p.Block >= 1):
		return p, quant.Bad(op, "block", p.Block, "at least 1")
	}
	least := int(math.Ceil(2 * float64(coefficients+2) / p.Trim))
	return p, quant.Check(quant.Column{Name: "y", Values: make([]float64, n), AtLeast: least})
}

// SupLR tests y on a constant and the columns of x for a change of coefficients and
// variance at a date that is not known, with at least 2(k+2)/trim rows for k
// coefficients. The bootstrap resamples the residuals of the model without a break
// in blocks. Errors as Known, and the context's. Source: Andrews (1993), Andrews
// and Ploberger (1994). Cost O(nk³), times one plus twice the replicates.
func SupLR(ctx context.Context, y []float64, x [][]float64, p BreakParams) (*SupResult, error) {
	const op = "regime.SupLR"
	n, k := len(y), len(x)+1
	if err := check(y, x, 0); err != nil {
		return nil, err
	}
	p, err := p.fill(op, n, k)
	if err != nil {
		return nil, err
	}
	first, last := int(math.Ceil(p.Trim*float64(n))), int(math.Floor((1-p.Trim)*float64(n)))
	z := design(n, x)
	s := newScanner(z)
	e := s.residuals(y)
	out := &SupResult{First: first, Last: last, DF: k + 1, Low: -1, High: -1}
	out.Sup, out.Break = s.sup(e, first, last)
	whole := s.scan(e)
	var sum, exp float64
	for t := first; t <= last; t++ {
		r := s.ratio(whole, t)
		sum += r
		exp += math.Exp((r - out.Sup) / 2)
	}
	count := float64(last - first + 1)
	out.Ave, out.Exp = sum/count, math.Log(exp/count)+out.Sup/2
	out.Before, out.After = fit(y[:out.Break], rows(z, 0, out.Break)), fit(y[out.Break:], rows(z, out.Break, n))
	out.PAsymptotic = supremumP(out.Sup, out.DF, window(first, last, n))
	out.P = out.PAsymptotic
	if p.Bootstrap > 0 {
		err = out.bootstrap(ctx, y, z, e, p)
	}
	return out, err
}

// sup is the greatest ratio and its date.
func (s *scanner) sup(e []float64, first, last int) (best float64, at int) {
	whole := s.scan(e)
	best, at = math.Inf(-1), first
	for t := first; t <= last; t++ {
		if r := s.ratio(whole, t); r > best {
			best, at = r, t
		}
	}
	return best, at
}

// bootstrap finds P under the model without a break, and the interval of the date
// under the one with it.
func (r *SupResult) bootstrap(ctx context.Context, y []float64, z [][]float64, e []float64, p BreakParams) error {
	n := len(y)
	parts := make([]float64, 0, n) // residuals of the two regimes
	parts = append(parts, regress.Fit(y[:r.Break], rows(z, 0, r.Break)...).Residuals...)
	parts = append(parts, regress.Fit(y[r.Break:], rows(z, r.Break, n)...).Residuals...)
	level := make([]float64, n) // the fit with the break
	for t := range level {
		level[t] = y[t] - parts[t]
	}
	reached, dates := make([]bool, p.Bootstrap), make([]int, p.Bootstrap)
	type scratch struct {
		s *scanner
		e []float64
	}
	work := make([]scratch, quant.Workers())
	err := quant.Parallel(ctx, p.Bootstrap, func(worker, i int) {
		w := &work[worker]
		if w.s == nil {
			w.s, w.e = newScanner(z), make([]float64, n)
		}
		random := quant.Stream(p.Seed, uint64(i)) //nolint:gosec // not negative
		blocks(random, p.Block, e, w.e)
		v, _ := w.s.sup(w.s.residuals(w.e), r.First, r.Last)
		reached[i] = v >= r.Sup
		blocks(random, p.Block, parts[:r.Break], w.e[:r.Break])
		blocks(random, p.Block, parts[r.Break:], w.e[r.Break:])
		for t := range w.e {
			w.e[t] += level[t]
		}
		_, dates[i] = w.s.sup(w.s.residuals(w.e), r.First, r.Last)
	})
	if err != nil {
		return err
	}
	count := 1
	for _, hit := range reached {
		if hit {
			count++
		}
	}
	r.P = float64(count) / float64(p.Bootstrap+1)
	slices.Sort(dates)
	r.Low, r.High = dates[(len(dates)-1)*5/100], dates[(len(dates)-1)*95/100]
	return nil
}

// blocks is a stationary bootstrap (Politis and Romano 1994): blocks of random
// length around the mean, from random places of a circle.
func blocks(random *rand.Rand, mean float64, from, to []float64) {
	at := 0
	for t := range to {
		if t == 0 || random.Float64() < 1/mean {
			at = random.IntN(len(from))
		}
		to[t] = from[at]
		if at++; at == len(from) {
			at = 0
		}
	}
}

// FResult is a test of a break in the coefficients alone.
type FResult struct {
	// Sup is the greatest Wald statistic, k times F; Break the first row of the second
	// regime.
	Sup   float64
	Break int
	// First and Last are the dates that were looked at, P the asymptotic p-value.
	First, Last int
	P           float64
	// DF is the number of coefficients.
	DF int
}

// SupF tests for a change of coefficients, not of variance, at a date that is not
// known: R strucchange's Fstats with its default. Errors as SupLR.
func SupF(y []float64, x [][]float64, p BreakParams) (*FResult, error) {
	n, k := len(y), len(x)+1
	if err := check(y, x, 0); err != nil {
		return nil, err
	}
	p, err := p.fill("regime.SupF", n, k)
	if err != nil {
		return nil, err
	}
	out := &FResult{DF: k, Sup: math.Inf(-1)}
	out.First, out.Last = max(int(math.Floor(p.Trim*float64(n))), k+1), min(int(math.Floor((1-p.Trim)*float64(n))), n-k-1)
	s := newScanner(design(n, x))
	whole := s.scan(s.residuals(y))
	for t := out.First; t <= out.Last; t++ {
		u := s.before[t] + s.after[t]
		if f := (whole - u) / (u / float64(n-2*k)); f > out.Sup {
			out.Sup, out.Break = f, t
		}
	}
	out.P = supremumP(out.Sup, k, window(out.First, out.Last, n))
	return out, nil
}

// window is the length of the dates from first to last on the scale on which the
// limit is stationary: ln λ of Andrews (1993).
func window(first, last, n int) float64 {
	a, b, f := float64(first), float64(last), float64(n)
	return math.Log(b * (f - a) / (a * (f - b)))
}
