package optimize

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/hrp"
)

// Combine says how anchor weights and the CVaR program make one book.
type Combine string

// CVaRTilt lets the program move each weight within a band around its anchor;
// HRPThenScale keeps the anchor's proportions and scales each book to the volatility;
// CVaROnly has no anchor.
const (
	CVaRTilt     Combine = "cvar_tilt"
	HRPThenScale Combine = "hrp_then_scale"
	CVaROnly     Combine = "cvar_only"
)

// BookParams are the settings of LongShort. The zero value is a long book of 100 %.
type BookParams struct {
	// Combine; empty means CVaRTilt.
	Combine Combine
	// Tilt is how far a weight may be from its anchor, relatively; 0 means 0.5.
	Tilt float64
	// Cap bounds each position, as a fraction of the capital; 0 means no bound.
	Cap float64
	// Long and Short are the assets of either book; both nil means all are long.
	Long, Short []int
	// GrossLong and GrossShort are the books' exposures; 0 means 1 where the book has
	// members.
	GrossLong, GrossShort float64
	// Linkage and distance of the anchor.
	HRP hrp.Params
	// CVaR holds confidence, the volatility cap, names, and further constraints: Net,
	// Lower, Upper and Groups are set from the books.
	CVaR CVaRParams
}

// LongShort sizes a long and a short book of fixed signs: the sums of both are fixed,
// which makes gross exposure linear. Anchors are hierarchical risk parity in each book.
// A cap that cannot fill a book is fault.Infeasible with the number of names it takes.
// With HRPThenScale the exposures are at most those given: they are scaled down
// together to meet MaxVolatility.
func LongShort(ctx context.Context, returns [][]float64, params BookParams) (*CVaRPortfolio, error) {
	const op = "optimize.LongShort"
	b := &books{op: op, returns: returns, p: params}
	if err := b.check(); err != nil {
		return nil, err
	}
	if b.p.Combine == HRPThenScale {
		return b.scaled(ctx)
	}
	c := b.p.CVaR
	net := b.p.GrossLong - b.p.GrossShort
	c.Net, c.Lower, c.Upper = &net, make([]float64, len(returns)), make([]float64, len(returns))
	c.Groups = nil
	for _, s := range b.sides() {
		anchor, err := b.anchor(ctx, s.members, s.gross)
		if err != nil {
			return nil, err
		}
		for k, i := range s.members {
			low, high := 0.0, b.p.Cap
			if b.p.Combine == CVaRTilt {
				low, high = (1-b.p.Tilt)*anchor[k], min(b.p.Cap, (1+b.p.Tilt)*anchor[k])
			}
			if s.sign > 0 {
				c.Lower[i], c.Upper[i] = low, high
			} else {
				c.Lower[i], c.Upper[i] = -high, -low
			}
		}
		// One group is enough where there is one book: its sum is the net exposure.
		if len(b.p.Short) > 0 && len(b.p.Long) > 0 && s.sign > 0 {
			c.Groups = append(c.Groups, Group{Name: s.name + " book", Members: s.members, Min: s.gross, Max: s.gross})
		}
	}
	return MinCVaR(ctx, returns, c)
}

// books is LongShort at work.
type books struct {
	op      string
	returns [][]float64
	p       BookParams
}

type side struct {
	name    string
	sign    float64
	members []int
	gross   float64
}

func (b *books) sides() []side {
	var out []side
	for _, s := range []side{{"long", 1, b.p.Long, b.p.GrossLong}, {"short", -1, b.p.Short, b.p.GrossShort}} {
		if len(s.members) > 0 {
			out = append(out, s)
		}
	}
	return out
}

func (b *books) check() error {
	p := &b.p
	if p.Combine == "" {
		p.Combine = CVaRTilt
	}
	if p.Tilt == 0 {
		p.Tilt = .5
	}
	if p.Cap == 0 {
		p.Cap = math.Inf(1)
	}
	if p.Long == nil && p.Short == nil {
		for i := range b.returns {
			p.Long = append(p.Long, i)
		}
	}
	switch {
	case p.Combine != CVaRTilt && p.Combine != HRPThenScale && p.Combine != CVaROnly:
		return quant.Bad(b.op, "combine", p.Combine, "cvar_tilt, hrp_then_scale or cvar_only")
	case !(p.Tilt > 0 && p.Tilt <= 1):
		return quant.Bad(b.op, "tilt", p.Tilt, "above 0 and at most 1")
	case !(p.Cap > 0):
		return quant.Bad(b.op, "cap", p.Cap, "above 0")
	case p.GrossLong < 0 || p.GrossShort < 0 || math.IsNaN(p.GrossLong+p.GrossShort):
		return quant.Bad(b.op, "gross", min(p.GrossLong, p.GrossShort), "0 or more")
	case len(b.returns) == 0:
		return quant.Bad(b.op, "assets", 0, "at least 1")
	}
	if len(p.Long) > 0 && p.GrossLong == 0 {
		p.GrossLong = 1
	}
	if len(p.Short) > 0 && p.GrossShort == 0 {
		p.GrossShort = 1
	}
	if len(p.Long) == 0 {
		p.GrossLong = 0
	}
	if len(p.Short) == 0 {
		p.GrossShort = 0
	}
	seen := map[int]bool{}
	for _, s := range b.sides() {
		for _, i := range s.members {
			if i < 0 || i >= len(b.returns) || seen[i] {
				return quant.Bad(b.op, s.name+" book", i, fmt.Sprintf("asset numbers from 0 to %d, each once", len(b.returns)-1))
			}
			seen[i] = true
		}
		if need := int(math.Ceil(s.gross/p.Cap - 1e-9)); len(s.members) < need {
			return fault.E(b.op, fault.Infeasible, "the %s book has %d names of at most %g each, %g together; %g needs at least %d names", s.name, len(s.members), p.Cap, float64(len(s.members))*p.Cap, s.gross, need).With("argument", "cap").With("value", len(s.members)).With("limit", need)
		}
	}
	return quant.CheckAll(p.CVaR.Names, b.returns, quant.Column{AtLeast: 2, Varies: true})
}

// anchor is capped hierarchical risk parity of some assets, adding up to gross.
func (b *books) anchor(ctx context.Context, members []int, gross float64) ([]float64, error) {
	some := make([][]float64, len(members))
	for k, i := range members {
		some[k] = b.returns[i]
	}
	book, err := hrp.Build(ctx, sampleCovariance(some), b.p.HRP)
	if err != nil {
		return nil, err
	}
	w := book.Weights
	if limit := b.p.Cap / gross; limit < 1 {
		if w, err = hrp.Cap(w, limit); err != nil {
			return nil, err
		}
	}
	floats.Scale(gross, w)
	return w, nil
}

// scaled keeps the anchors and shrinks both books until the volatility is met.
func (b *books) scaled(ctx context.Context) (*CVaRPortfolio, error) {
	if b.p.CVaR.Confidence == 0 {
		b.p.CVaR.Confidence = .95
	}
	if b.p.CVaR.PeriodsPerYear == 0 {
		b.p.CVaR.PeriodsPerYear = 252
	}
	if !(b.p.CVaR.Confidence > 0 && b.p.CVaR.Confidence < 1) {
		return nil, quant.Bad(b.op, "confidence", b.p.CVaR.Confidence, "between 0 and 1, both excluded")
	}
	w := make([]float64, len(b.returns))
	for _, s := range b.sides() {
		anchor, err := b.anchor(ctx, s.members, s.gross)
		if err != nil {
			return nil, err
		}
		for k, i := range s.members {
			w[i] = s.sign * anchor[k]
		}
	}
	search := &cvarSearch{op: b.op, returns: b.returns, params: b.p.CVaR}
	out := search.measured(&Portfolio{Weights: w, Return: math.NaN(), Status: "scaled"})
	if limit := b.p.CVaR.MaxVolatility; limit > 0 && out.Volatility > limit {
		floats.Scale(limit/out.Volatility, w)
		out = search.measured(&Portfolio{Weights: w, Return: math.NaN(), Status: "scaled", Active: []string{"max_volatility"}})
	}
	out.Objective, out.CVaRWithoutCap = out.CVaR, math.NaN()
	return out, nil
}
