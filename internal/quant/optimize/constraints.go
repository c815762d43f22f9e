package optimize

import (
	"fmt"
	"math"
	"strconv"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Constraints are what weights must satisfy. The zero value is a long-only book that
// is fully invested.
type Constraints struct {
	// Names are the assets' symbols, for errors and Active; nil numbers them.
	Names []string
	// Net is the sum of the weights; nil means 1.
	Net *float64
	// Lower and Upper bound each weight, infinite for no bound. Lower nil means 0,
	// Upper nil means none.
	Lower, Upper []float64
	// Groups bound sums of weights: sectors, countries, the long or the short book.
	Groups []Group
	// Beta, where given, keeps Σ beta_i w_i at BetaTarget.
	Beta       []float64
	BetaTarget float64
	// Gross bounds Σ|w|; 0 means no bound.
	Gross float64
	// Means are expected returns a period, MinReturn the least Σ mu_i w_i; nil means
	// no bound.
	Means     []float64
	MinReturn *float64
	// Turnover bounds ½Σ|w - Previous|, one-way; 0 means no bound.
	Turnover float64
	Previous []float64
}

// Group bounds the sum of some weights. Infinite bounds are none; Min equal to Max
// fixes the sum: a book of fixed sign with a given gross exposure.
type Group struct {
	Name     string
	Members  []int
	Min, Max float64
}

func (c *Constraints) copied() Constraints {
	if c == nil {
		return Constraints{}
	}
	return *c
}

func (c *Constraints) net() float64 {
	if c.Net == nil {
		return 1
	}
	return *c.Net
}

func (c *Constraints) lower(i int) float64 {
	if c.Lower == nil {
		return 0
	}
	return c.Lower[i]
}

func (c *Constraints) upper(i int) float64 {
	if c.Upper == nil {
		return math.Inf(1)
	}
	return c.Upper[i]
}

func (c *Constraints) name(i int) string {
	if i < len(c.Names) && c.Names[i] != "" {
		return c.Names[i]
	}
	return "asset " + strconv.Itoa(i+1)
}

// check refuses what has the wrong shape, and what simple arithmetic shows to be
// infeasible.
func (c *Constraints) check(op string, p int) error {
	if err := c.checkShape(op, p); err != nil {
		return err
	}
	net := c.net()
	var low, high, best float64
	for i := range p {
		lo, up := c.lower(i), c.upper(i)
		if lo > up {
			return fault.E(op, fault.Infeasible, "%s has the lower bound %g above its upper bound %g", c.name(i), lo, up)
		}
		low += lo
		high += up
		best += max(math.Abs(lo), math.Abs(up))
	}
	const slack = 1e-12
	switch {
	case net > high+slack*max(1, math.Abs(high)):
		return fault.E(op, fault.Infeasible, "the upper bounds of %d assets add up to %g; the weights must add up to %g", p, high, net).With("argument", "upper").With("value", high).With("limit", net)
	case net < low-slack*max(1, math.Abs(low)):
		return fault.E(op, fault.Infeasible, "the lower bounds of %d assets add up to %g; the weights must add up to %g", p, low, net).With("argument", "lower").With("value", low).With("limit", net)
	case c.Gross > 0 && c.Gross < math.Abs(net)*(1-slack):
		return fault.E(op, fault.Infeasible, "a gross exposure of at most %g cannot have the net exposure %g", c.Gross, net).With("argument", "gross").With("value", c.Gross).With("limit", math.Abs(net))
	}
	for _, g := range c.Groups {
		var low, high float64
		for _, i := range g.Members {
			low += c.lower(i)
			high += c.upper(i)
		}
		if g.Min > high+slack*max(1, math.Abs(high)) {
			return fault.E(op, fault.Infeasible, "group %s must hold at least %g; the upper bounds of its %d members add up to %g", g.Name, g.Min, len(g.Members), high).With("argument", g.Name)
		}
		if g.Max < low-slack*max(1, math.Abs(low)) {
			return fault.E(op, fault.Infeasible, "group %s may hold at most %g; the lower bounds of its %d members add up to %g", g.Name, g.Max, len(g.Members), low).With("argument", g.Name)
		}
	}
	return nil
}

func (c *Constraints) checkShape(op string, p int) error {
	for _, f := range []struct {
		name   string
		values []float64
		need   bool
		finite bool
	}{
		{"lower", c.Lower, false, false}, {"upper", c.Upper, false, false}, {"beta", c.Beta, false, true},
		{"means", c.Means, c.MinReturn != nil, true}, {"previous", c.Previous, c.Turnover > 0, true},
	} {
		if (f.values != nil || f.need) && len(f.values) != p {
			return quant.Bad(op, f.name, strconv.Itoa(len(f.values))+" numbers", fmt.Sprintf("%d, one an asset", p))
		}
		for _, v := range f.values {
			if math.IsNaN(v) || f.finite && math.IsInf(v, 0) {
				return quant.Bad(op, f.name, v, "a number")
			}
		}
	}
	numbers := map[string]float64{"net": c.net(), "gross": c.Gross, "turnover": c.Turnover, "beta_target": c.BetaTarget}
	if c.MinReturn != nil {
		numbers["min_return"] = *c.MinReturn
	}
	for name, v := range numbers {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return quant.Bad(op, name, v, "a number")
		}
	}
	if c.Gross < 0 || c.Turnover < 0 {
		return quant.Bad(op, "gross or turnover", min(c.Gross, c.Turnover), "0 or more")
	}
	for _, g := range c.Groups {
		if math.IsNaN(g.Min) || math.IsNaN(g.Max) || g.Min > g.Max {
			return quant.Bad(op, "group "+g.Name, fmt.Sprintf("%g to %g", g.Min, g.Max), "bounds in order")
		}
		for _, i := range g.Members {
			if i < 0 || i >= p {
				return quant.Bad(op, "group "+g.Name, i, fmt.Sprintf("asset numbers from 0 to %d", p-1))
			}
		}
	}
	return nil
}

// active names the constraints that w meets with equality.
func (c *Constraints) active(w []float64) []string {
	const near = 1e-7
	var out []string
	for i, v := range w {
		if v-c.lower(i) < near {
			out = append(out, "lower "+c.name(i))
		}
		if c.upper(i)-v < near {
			out = append(out, "upper "+c.name(i))
		}
	}
	for _, g := range c.Groups {
		var sum float64
		for _, i := range g.Members {
			sum += w[i]
		}
		if sum-g.Min < near {
			out = append(out, "min "+g.Name)
		}
		if g.Max-sum < near {
			out = append(out, "max "+g.Name)
		}
	}
	var gross, turnover, ret float64
	for i, v := range w {
		gross += math.Abs(v)
		if c.Previous != nil {
			turnover += .5 * math.Abs(v-c.Previous[i])
		}
		if c.Means != nil {
			ret += c.Means[i] * v
		}
	}
	if c.Gross > 0 && c.Gross-gross < near {
		out = append(out, "gross")
	}
	if c.Turnover > 0 && c.Turnover-turnover < near {
		out = append(out, "turnover")
	}
	if c.MinReturn != nil && ret-*c.MinReturn < near*max(math.Abs(*c.MinReturn), 1e-6) {
		out = append(out, "min_return")
	}
	if c.Beta != nil {
		out = append(out, "beta")
	}
	return out
}
