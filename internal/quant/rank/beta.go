package rank

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/solve"
)

// Beta is the slope of returns on the market, with its classical standard error.
type Beta struct{ Beta, SE float64 }

// Betas regresses p return columns on the market with a constant.
func Betas(returns [][]float64, names []string, market []float64) ([]Beta, error) {
	if err := quant.CheckAll(names, returns, quant.Column{AtLeast: 3}); err != nil {
		return nil, err
	}
	if err := quant.Check(quant.Column{Name: "market", Values: market, AtLeast: 3, Varies: true}); err != nil {
		return nil, err
	}
	if len(returns) > 0 && len(returns[0]) != len(market) {
		return nil, quant.Bad("rank.Betas", "market", len(market), "as long as the returns")
	}
	n := float64(len(market))
	vm, mean := quant.Variance(market), quant.Mean(market)
	out := make([]Beta, len(returns))
	for i, r := range returns {
		b := quant.Covariance(r, market) / vm
		e := append([]float64(nil), r...)
		floats.AddScaled(e, -b, market)
		floats.AddConst(b*mean-quant.Mean(r), e)
		out[i] = Beta{Beta: b, SE: math.Sqrt(floats.Dot(e, e) / (n - 2) / (vm * (n - 1)))}
	}
	return out, nil
}

// Blume moves a beta a third of the way to one (Blume 1971).
func Blume(beta float64) float64 { return 1./3 + 2./3*beta }

// Vasicek weighs a beta against a prior by their precisions (Vasicek 1973, eq. 18).
// Without any uncertainty on either side the beta stays.
func Vasicek(b Beta, priorMean, priorSD float64) float64 {
	v, pv := b.SE*b.SE, priorSD*priorSD
	if v+pv == 0 {
		return b.Beta
	}
	return (pv*b.Beta + v*priorMean) / (v + pv)
}

// Shrink names a way to shrink betas.
type Shrink string

// ShrinkVasicek takes mean and standard deviation across the betas as prior.
const (
	ShrinkVasicek Shrink = "vasicek"
	ShrinkBlume   Shrink = "blume"
	ShrinkNone    Shrink = "none"
)

// Shrunk applies a method to all betas; empty means ShrinkVasicek.
func Shrunk(betas []Beta, method Shrink) ([]float64, error) {
	raw := make([]float64, len(betas))
	for i, b := range betas {
		raw[i] = b.Beta
	}
	switch method {
	case ShrinkNone:
	case ShrinkBlume:
		for i := range raw {
			raw[i] = Blume(raw[i])
		}
	case ShrinkVasicek, "":
		if len(raw) < 2 {
			return raw, nil
		}
		mean, sd := quant.Mean(raw), quant.SD(raw)
		for i, b := range betas {
			raw[i] = Vasicek(b, mean, sd)
		}
	default:
		return nil, quant.Bad("rank.Shrunk", "shrink", method, "vasicek, blume or none")
	}
	return raw, nil
}

// Books are the gross exposures of a long and a short book without beta.
type Books struct {
	GrossLong, GrossShort float64
	// NetExposure is long less short; NetBeta is zero within rounding.
	NetExposure, NetBeta float64
}

// BetaNeutral splits a gross exposure between books of these betas so that beta
// cancels. A beta not above zero is fault.Infeasible.
func BetaNeutral(betaLong, betaShort, gross float64) (*Books, error) {
	const op = "rank.BetaNeutral"
	if !(gross > 0) || math.IsInf(gross, 0) {
		return nil, quant.Bad(op, "gross", gross, "above 0")
	}
	for _, b := range []struct {
		name string
		beta float64
	}{{"long", betaLong}, {"short", betaShort}} {
		if !(b.beta > 0) || math.IsInf(b.beta, 0) {
			return nil, fault.E(op, fault.Infeasible, "the %s book has beta %g; both must be above 0 for exposures to cancel", b.name, b.beta).With("argument", "beta_"+b.name).With("value", b.beta).With("limit", 0)
		}
	}
	out := &Books{GrossLong: gross * betaShort / (betaLong + betaShort), GrossShort: gross * betaLong / (betaLong + betaShort)}
	out.NetExposure = out.GrossLong - out.GrossShort
	out.NetBeta = out.GrossLong*betaLong - out.GrossShort*betaShort
	return out, nil
}

// Project removes from weights what lies along each exposure: w - B'(BB')^-1 B w, the
// nearest weights with Bw = 0. Exposures that depend on one another are
// fault.SingularCovariance.
func Project(weights []float64, exposures ...[]float64) ([]float64, error) {
	const op = "rank.Project"
	k := len(exposures)
	if err := quant.CheckAll(nil, append([][]float64{weights}, exposures...), quant.Column{AtLeast: 1}); err != nil {
		return nil, err
	}
	bb, bw := make([]float64, k*k), make([]float64, k)
	for i, a := range exposures {
		bw[i] = floats.Dot(a, weights)
		for j, b := range exposures {
			bb[i*k+j] = floats.Dot(a, b)
		}
	}
	var ch solve.Cholesky
	if ch.Factor(bb, k) > 0 {
		return nil, fault.E(op, fault.SingularCovariance, "the exposures depend on one another")
	}
	ch.Solve(bw)
	out := append([]float64(nil), weights...)
	for i, a := range exposures {
		floats.AddScaled(out, -bw[i], a)
	}
	return out, nil
}

// Lots is a book in whole lots.
type Lots struct {
	// Units are shares or contracts, Weights what they are of the capital.
	Units, Weights []float64
	// ResidualBeta and NetExposure are what rounding left.
	ResidualBeta, NetExposure float64
}

// Round rounds weights of the capital to whole lots of the prices, to the nearest,
// and states the beta that stays. lot of zero means 1.
func Round(weights, prices, betas []float64, capital, lot float64) (*Lots, error) {
	const op = "rank.Round"
	if lot == 0 {
		lot = 1
	}
	if !(capital > 0) || !(lot > 0) {
		return nil, quant.Bad(op, "capital and lot", fmt.Sprintf("%g and %g", capital, lot), "above 0")
	}
	if err := quant.CheckAll([]string{"weights", "prices", "betas"}, [][]float64{weights, prices, betas}, quant.Column{AtLeast: 1}); err != nil {
		return nil, err
	}
	if err := quant.Check(quant.Column{Name: "prices", Values: prices, Positive: true}); err != nil {
		return nil, err
	}
	out := &Lots{Units: make([]float64, len(weights)), Weights: make([]float64, len(weights))}
	for i, w := range weights {
		out.Units[i] = math.Round(w*capital/(prices[i]*lot)) * lot
		out.Weights[i] = out.Units[i] * prices[i] / capital
		out.ResidualBeta += out.Weights[i] * betas[i]
		out.NetExposure += out.Weights[i]
	}
	return out, nil
}
