package correlation

import (
	"cmp"
	"math"
	"slices"

	"quantdesk/internal/quant"
)

// Choice is how a set is chosen.
type Choice string

const (
	// MinMean is the default: the least mean |rho| inside the set.
	MinMean Choice = "min_mean"
	// MinMax is the least greatest |rho| inside the set.
	MinMax Choice = "min_max"
	// Lowest takes those of the least mean |rho| with all names, which does not
	// control what happens inside the set.
	Lowest Choice = "lowest_correlation"
	// Highest takes those of the greatest.
	Highest Choice = "highest_correlation"
)

// ChooseResult is a chosen set.
type ChooseResult struct {
	// Members are the numbers chosen: ascending, or in order of rank.
	Members []int
	// Mean and Max are |rho| inside the set.
	Mean, Max float64
	// MeanAbs is each name's mean |rho| with all others.
	MeanAbs []float64
	// Percentile is the part of random sets of the same size that are at least as good
	// by the method's own measure (Mean, or Max for MinMax).
	Percentile float64
	// Heuristic tells that the sets were too many to look at all.
	Heuristic bool
}

const (
	// exactSets is how many sets are looked at one by one.
	exactSets = 2_000_000
	// randomSets is how many sets the percentile compares with.
	randomSets = 1000
)

// Choose picks k of p names by their matrix of correlations. All sets are compared
// where there are at most two million, else the best of those that grow greedily
// from every pair is improved by swaps. Ties go by number. A name whose row is NaN
// is refused: leave it out. Errors: fault.InvalidParameter. seed 0 is
// quant.DefaultSeed.
func Choose(rho [][]float64, k int, how Choice, seed uint64) (*ChooseResult, error) {
	const op = "correlation.Choose"
	p := len(rho)
	if k < 2 || k > p {
		return nil, quant.Bad(op, "num_assets", k, "at least 2 and at most the number of names")
	}
	if seed == 0 {
		seed = quant.DefaultSeed
	}
	a := square(p)
	for i := range a {
		for j := range a {
			if a[i][j] = math.Abs(rho[i][j]); math.IsNaN(a[i][j]) {
				return nil, quant.Bad(op, "correlation", rho[i][j], "a number for every pair: leave constant series out")
			}
		}
	}
	out := &ChooseResult{MeanAbs: MeanAbs(rho)}
	c := chooser{a: a, k: k, max: how == MinMax}
	switch how {
	case "", MinMean, MinMax:
		if sets(p, k) <= exactSets {
			c.all()
		} else {
			c.grow()
			out.Heuristic = true
		}
		out.Members = c.best
	case Lowest, Highest:
		order := make([]int, p)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int {
			d := cmp.Compare(out.MeanAbs[i], out.MeanAbs[j])
			if how == Highest {
				return -d
			}
			return d
		})
		out.Members = order[:k]
	default:
		return nil, quant.Bad(op, "method", string(how), "min_mean, min_max, lowest_correlation or highest_correlation")
	}
	out.Mean, out.Max = inside(a, out.Members)
	own := c.measure(out.Members)
	random := quant.Stream(seed, 0)
	count := 0
	for range randomSets {
		if c.measure(random.Perm(p)[:k]) <= own {
			count++
		}
	}
	out.Percentile = float64(count) / randomSets
	return out, nil
}

// sets is the number of sets of k, as a float: it may be large.
func sets(p, k int) float64 {
	n := 1.0
	for i := range min(k, p-k) {
		n = n * float64(p-i) / float64(i+1)
	}
	return n
}

// inside are mean and greatest entry over the pairs of a set.
func inside(a [][]float64, set []int) (mean, most float64) {
	for i, x := range set {
		for _, y := range set[:i] {
			mean += a[x][y]
			most = max(most, a[x][y])
		}
	}
	return mean / float64(len(set)*(len(set)-1)/2), most
}

type chooser struct {
	a     [][]float64
	k     int
	max   bool
	best  []int
	value float64
}

// measure is what is to be small: the sum, or the greatest.
func (c *chooser) measure(set []int) float64 {
	mean, most := inside(c.a, set)
	if c.max {
		return most
	}
	return mean
}

// all goes through the sets in order of their names and leaves those that are
// already no better than the best.
func (c *chooser) all() {
	c.value = math.Inf(1)
	set := make([]int, 0, c.k)
	var add func(from int, value float64)
	add = func(from int, value float64) {
		if len(set) == c.k {
			c.best, c.value = append(c.best[:0], set...), value
			return
		}
		for i := from; i <= len(c.a)-c.k+len(set); i++ {
			v := value
			for _, j := range set {
				if c.max {
					v = max(v, c.a[i][j])
				} else {
					v += c.a[i][j]
				}
			}
			if v < c.value {
				set = append(set, i)
				add(i+1, v)
				set = set[:len(set)-1]
			}
		}
	}
	add(0, 0)
}

// grow takes the best of the sets that grow greedily from every pair, and swaps
// members while that helps.
func (c *chooser) grow() {
	p := len(c.a)
	c.value = math.Inf(1)
	cost := make([]float64, p) // of taking a name in: with what it has to the set
	for i := range p {
		for j := i + 1; j < p; j++ {
			set := []int{i, j}
			for x := range cost {
				cost[x] = c.join(c.a[x][i], c.a[x][j])
			}
			for len(set) < c.k {
				next := -1
				for x := range cost {
					if !slices.Contains(set, x) && (next < 0 || cost[x] < cost[next]) {
						next = x
					}
				}
				set = append(set, next)
				for x := range cost {
					cost[x] = c.join(cost[x], c.a[x][next])
				}
			}
			slices.Sort(set)
			if v := c.measure(set); v < c.value {
				c.best, c.value = set, v
			}
		}
	}
	for c.swap() {
		slices.Sort(c.best)
	}
}

func (c *chooser) join(a, b float64) float64 {
	if c.max {
		return max(a, b)
	}
	return a + b
}

// swap makes the best single exchange, and tells whether there was one.
func (c *chooser) swap() bool {
	at, with := -1, -1
	for i, member := range c.best {
		for x := range c.a {
			if slices.Contains(c.best, x) {
				continue
			}
			c.best[i] = x
			if v := c.measure(c.best); v < c.value-1e-15 {
				at, with, c.value = i, x, v
			}
			c.best[i] = member
		}
	}
	if at >= 0 {
		c.best[at] = with
	}
	return at >= 0
}
