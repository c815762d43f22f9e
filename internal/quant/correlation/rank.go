package correlation

import (
	"math"
	"slices"

	"quantdesk/internal/quant"
)

// Ranks are the ranks of x from 1, the mean of them where values are equal.
func Ranks(x []float64) []float64 {
	order := ascending(x)
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		mid := float64(i+j+1) / 2
		for ; i < j; i++ {
			out[order[i]] = mid
		}
	}
	return out
}

// ascending is the order of the values of x. Values and places are sorted
// together: no indirection while comparing.
func ascending(x []float64) []int32 {
	type item struct {
		v float64
		i int32
	}
	items := make([]item, len(x))
	for i, v := range x {
		items[i] = item{v, int32(i)} //nolint:gosec // a series is shorter than that
	}
	slices.SortFunc(items, func(a, b item) int {
		switch {
		case a.v < b.v:
			return -1
		case a.v > b.v:
			return 1
		}
		return int(a.i - b.i)
	})
	out := make([]int32, len(x))
	for i, it := range items {
		out[i] = it.i
	}
	return out
}

// KendallP is how a p-value of Kendall's tau is found.
type KendallP string

const (
	// Automatic is exact up to 33 observations without ties, else normal.
	Automatic KendallP = ""
	// Exact counts permutations; it refuses ties.
	Exact KendallP = "exact"
	// Asymptotic is the normal one with the variance corrected for ties.
	Asymptotic KendallP = "asymptotic"
)

// exactMost is the number of observations up to which p-values are exact.
const exactMost = 33

// ranking is a series prepared for Kendall's tau.
type ranking struct {
	rank  []int32 // dense ranks from 0
	order []int32 // rows by ascending value
	runs  [][2]int32
	// ties of values that occur t times: Σt(t-1)/2, Σt(t-1)(t-2), Σt(t-1)(2t+5).
	pairs, triples, weighted float64
}

func newRanking(x []float64) *ranking {
	r := &ranking{rank: make([]int32, len(x)), order: ascending(x)}
	var dense int32
	for i := 0; i < len(x); dense++ {
		j := i
		for j < len(x) && x[r.order[j]] == x[r.order[i]] {
			r.rank[r.order[j]] = dense
			j++
		}
		if t := float64(j - i); t > 1 {
			r.runs = append(r.runs, [2]int32{int32(i), int32(j)}) //nolint:gosec // a series is shorter than that
			r.pairs += t * (t - 1) / 2
			r.triples += t * (t - 1) * (t - 2)
			r.weighted += t * (t - 1) * (2*t + 5)
		}
		i = j
	}
	return r
}

// knight counts concordant and discordant pairs (Knight 1966), with its memory.
type knight struct {
	x, y          *ranking
	discordant    int64
	both          float64 // pairs equal in both
	values, other []int32
}

func (k *knight) pair(x, y *ranking) {
	n := len(x.rank)
	k.x, k.y, k.both = x, y, 0
	if len(k.values) != n {
		k.values, k.other = make([]int32, n), make([]int32, n)
	}
	for i, row := range x.order {
		k.values[i] = y.rank[row]
	}
	for _, run := range x.runs { // equal x: by y, so that they count as no inversion
		g := k.values[run[0]:run[1]]
		slices.Sort(g)
		for i := 0; i < len(g); {
			j := i
			for j < len(g) && g[j] == g[i] {
				j++
			}
			t := float64(j - i)
			k.both += t * (t - 1) / 2
			i = j
		}
	}
	k.discordant = k.inversions()
}

// inversions sorts values and counts the pairs that stood the wrong way round:
// short runs by insertion, then by merging.
func (k *knight) inversions() int64 {
	const run = 8
	a, b := k.values, k.other
	n := len(a)
	var count int64
	for from := 0; from < n; from += run {
		to := min(from+run, n)
		for i := from + 1; i < to; i++ {
			v := a[i]
			j := i
			for ; j > from && a[j-1] > v; j-- {
				a[j] = a[j-1]
			}
			a[j] = v
			count += int64(i - j)
		}
	}
	for width := run; width < n; width *= 2 {
		for from := 0; from < n; from += 2 * width {
			mid, to := min(from+width, n), min(from+2*width, n)
			count += merge(b[from:to], a[from:mid], a[mid:to])
		}
		a, b = b, a
	}
	return count
}

// merge merges two ascending runs and counts by how many of the left each of the
// right is overtaken. The choice is arithmetic: a branch would be mispredicted
// every other time.
func merge(out, left, right []int32) (count int64) {
	i, j := 0, 0
	for i < len(left) && j < len(right) {
		l, r := left[i], right[j]
		less := int(uint32(r-l) >> 31) //nolint:gosec // the sign: 1 where r < l
		v := l
		if r < l {
			v = r
		}
		out[i+j] = v
		count += int64((len(left) - i) & -less)
		i += 1 - less
		j += less
	}
	copy(out[i+j:], left[i:])
	copy(out[i+j+len(left)-i:], right[j:])
	return count
}

// surplus is concordant less discordant pairs.
func (k *knight) surplus() float64 {
	n := float64(len(k.x.rank))
	return n*(n-1)/2 - k.x.pairs - k.y.pairs + k.both - 2*float64(k.discordant)
}

func (k *knight) tau() float64 {
	n := float64(len(k.x.rank))
	all := n * (n - 1) / 2
	return clamp(k.surplus() / math.Sqrt(all-k.x.pairs) / math.Sqrt(all-k.y.pairs))
}

// p is the two-sided p-value of no association, and whether it is exact.
func (k *knight) p(op string, how KendallP) (float64, bool, error) {
	n := len(k.x.rank)
	ties := k.x.pairs > 0 || k.y.pairs > 0
	switch how {
	case Automatic:
		if !ties && n <= exactMost {
			return exactKendall(n, k.discordant), true, nil
		}
	case Exact:
		if ties {
			return 0, false, quant.Bad(op, "kendall_method", string(how), "asymptotic where values are equal")
		}
		return exactKendall(n, k.discordant), true, nil
	case Asymptotic:
	default:
		return 0, false, quant.Bad(op, "kendall_method", string(how), "exact or asymptotic")
	}
	f := float64(n)
	m := f * (f - 1)
	variance := (m*(2*f+5)-k.x.weighted-k.y.weighted)/18 + 2*k.x.pairs*k.y.pairs/m + k.x.triples*k.y.triples/(9*m*(f-2))
	return math.Erfc(math.Abs(k.surplus()) / math.Sqrt(2*variance)), false, nil
}

// exactKendall is the chance of at least so uneven a number of inversions in a
// random permutation of n.
func exactKendall(n int, inversions int64) float64 {
	all := int64(n) * int64(n-1) / 2
	c := int(min(inversions, all-inversions))
	if 2*int64(c) == all {
		return 1
	}
	share := make([]float64, c+1) // of the permutations of k that have i inversions
	share[0] = 1
	next := make([]float64, c+1)
	for k := 2; k <= n; k++ {
		var sum float64
		for i := range next {
			sum += share[i]
			if i >= k {
				sum -= share[i-k]
			}
			next[i] = sum / float64(k)
		}
		share, next = next, share
	}
	var p float64
	for _, v := range share {
		p += v
	}
	return min(1, 2*p)
}
