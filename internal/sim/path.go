package sim

import (
	"slices"
	"sort"
)

// path is an instrument's sessions from its first; it never changes, longer
// ones take its place.
type path struct {
	first int
	rows  []cell
	acts  []action
}

// maxRows bounds the daily rows in memory, at 24 bytes each: all instruments to
// the year 2033. Beyond it others are forgotten and drawn again when needed.
const maxRows = 1 << 20

// daily gives the path to session n at least, or to the last there is.
func (m *Market) daily(x *slot, n int) *path {
	last := min(n, x.spec.delisted-1)
	if p := x.path.Load(); p != nil && p.first+len(p.rows) > last {
		return p
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	old := x.path.Load()
	if old == nil {
		old = &path{first: x.spec.listed}
		x.gen = newGenerator(x.spec)
	}
	until := min(blockEnd(last), x.spec.delisted)
	need := until - old.first - len(old.rows)
	if need <= 0 {
		return old
	}
	factors := m.factors.upTo(until - 1)
	p := &path{first: old.first, rows: slices.Grow(slices.Clip(old.rows), need), acts: slices.Clip(old.acts)}
	for n := old.first + len(old.rows); n < until; n++ {
		row, act := x.gen.step(n, &factors[n])
		p.rows = append(p.rows, row)
		if act.n != 0 {
			p.acts = append(p.acts, act)
		}
	}
	x.path.Store(p)
	m.held.Add(int64(need))
	m.evict(x)
	return p
}

// evict forgets paths of others, in turn, while there are too many rows. It
// never waits for a lock: the caller holds one.
func (m *Market) evict(keep *slot) {
	all := m.world().all
	for range all {
		if m.held.Load() <= maxRows {
			return
		}
		x := all[int(m.hand.Add(1))%len(all)]
		if x == keep || !x.mu.TryLock() {
			continue
		}
		if p := x.path.Swap(nil); p != nil {
			m.held.Add(-int64(len(p.rows)))
			x.gen = nil
		}
		x.mu.Unlock()
	}
}

// at is the row of session n, which must be within the path.
func (p *path) at(n int) cell { return p.rows[n-p.first] }

// adjustment tells by session what past prices are multiplied by.
type adjustment struct {
	at          []int // sessions of the actions, in order
	split, full []float64
}

// adjustments gives the factors that take out the actions in effect by session
// now; nothing later is looked at.
func (p *path) adjustments(now int) adjustment {
	var out adjustment
	for _, a := range p.acts {
		if a.n <= now {
			out.at = append(out.at, a.n)
		}
	}
	n := len(out.at)
	out.split, out.full = make([]float64, n), make([]float64, n)
	split, full := 1.0, 1.0
	for i := n - 1; i >= 0; i-- {
		s, f := p.acts[i].factors()
		split, full = split*s, full*f
		out.split[i], out.full[i] = split, full
	}
	return out
}

// of gives the factors for prices of session n.
func (a *adjustment) of(n int) (split, full float64) {
	i := sort.SearchInts(a.at, n+1)
	if i == len(a.at) {
		return 1, 1
	}
	return a.split[i], a.full[i]
}
