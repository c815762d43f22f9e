package hrp

import (
	"cmp"
	"math"
	"slices"

	"quantdesk/internal/quant"
)

// Linkage is how far two clusters are apart, given the distances of their members.
type Linkage string

// Single takes the least distance, Complete the greatest, Average the mean, Ward the
// growth of the sum of squares.
const (
	Single   Linkage = "single"
	Complete Linkage = "complete"
	Average  Linkage = "average"
	Ward     Linkage = "ward"
)

// Merge joins two clusters. Assets are clusters 0 to p-1; merge k makes cluster p+k.
type Merge struct {
	// Left is the smaller of the two numbers.
	Left, Right int
	Height      float64
	// Size counts the assets below.
	Size int
}

// edge joins the clusters of two assets at a height.
type edge struct {
	a, b   int
	height float64
}

// link is the tree of p assets from their distances, row-major; d is overwritten
// where the linkage needs it.
func link(op string, d []float64, p int, kind Linkage) ([]Merge, error) {
	var edges []edge
	switch kind {
	case Single, "":
		edges = spanningTree(d, p)
	case Complete, Average, Ward:
		edges = chain(d, p, kind)
	default:
		return nil, quant.Bad(op, "linkage", kind, "single, complete, average or ward")
	}
	slices.SortStableFunc(edges, func(x, y edge) int { return cmp.Compare(x.height, y.height) })
	return tree(edges, p), nil
}

// spanningTree is the least spanning tree: its edges by height are the merges of
// single linkage (Gower and Ross 1969, by Prim's algorithm). Costs p².
func spanningTree(d []float64, p int) []edge {
	edges := make([]edge, 0, p-1)
	near := make([]float64, p) // to the tree
	from := make([]int, p)
	in := make([]bool, p)
	for i := range near {
		near[i] = math.Inf(1)
	}
	for at := 0; len(edges) < p-1; {
		in[at] = true
		next := -1
		for j, v := range d[at*p : (at+1)*p] {
			if in[j] {
				continue
			}
			if v < near[j] {
				near[j], from[j] = v, at
			}
			if next < 0 || near[j] < near[next] {
				next = j
			}
		}
		edges = append(edges, edge{a: from[next], b: next, height: near[next]})
		at = next
	}
	return edges
}

// chain follows nearest neighbours until two are each other's (Benzécri 1982), and
// updates distances by Lance and Williams. Costs p².
func chain(d []float64, p int, kind Linkage) []edge {
	edges := make([]edge, 0, p-1)
	size := make([]float64, p) // zero: merged into another
	for i := range size {
		size[i] = 1
	}
	var path []int
	for len(edges) < p-1 {
		if len(path) == 0 {
			path = append(path, slices.IndexFunc(size, func(s float64) bool { return s > 0 }))
		}
		at := path[len(path)-1]
		best, least := -1, math.Inf(1)
		if len(path) > 1 { // the one before wins ties, so that the chain ends
			best = path[len(path)-2]
			least = d[at*p+best]
		}
		for j, v := range d[at*p : (at+1)*p] {
			if j != at && size[j] > 0 && (v < least || best < 0) {
				best, least = j, v
			}
		}
		if len(path) < 2 || best != path[len(path)-2] {
			path = append(path, best)
			continue
		}
		path = path[:len(path)-2]
		keep, gone := max(at, best), min(at, best)
		edges = append(edges, edge{a: gone, b: keep, height: least})
		for j := range p {
			if size[j] > 0 && j != keep && j != gone {
				v := update(kind, d[keep*p+j], d[gone*p+j], least, size[keep], size[gone], size[j])
				d[keep*p+j], d[j*p+keep] = v, v
			}
		}
		size[keep] += size[gone]
		size[gone] = 0
	}
	return edges
}

// update is the distance to a cluster of size nk from the union of two of sizes na, nb
// that are ab apart.
func update(kind Linkage, a, b, ab, na, nb, nk float64) float64 {
	switch kind {
	case Complete:
		return max(a, b)
	case Average:
		return (na*a + nb*b) / (na + nb)
	default: // Ward
		return math.Sqrt(max(((na+nk)*a*a+(nb+nk)*b*b-nk*ab*ab)/(na+nb+nk), 0))
	}
}

// tree numbers clusters in the order of the edges.
func tree(edges []edge, p int) []Merge {
	parent := make([]int, 2*p)
	size := make([]int, 2*p)
	for i := range parent {
		parent[i], size[i] = i, 1
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	merges := make([]Merge, len(edges))
	for k, e := range edges {
		a, b := root(e.a), root(e.b)
		id := p + k
		parent[a], parent[b] = id, id
		size[id] = size[a] + size[b]
		merges[k] = Merge{Left: min(a, b), Right: max(a, b), Height: e.height, Size: size[id]}
	}
	return merges
}

// leaves are the assets from left to right.
func leaves(merges []Merge, p int) []int {
	out := make([]int, 0, p)
	for stack := []int{p + len(merges) - 1}; len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if id < p {
			out = append(out, id)
			continue
		}
		m := merges[id-p]
		stack = append(stack, m.Right, m.Left)
	}
	return out
}
