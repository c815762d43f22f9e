package sim

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// Config is what a market is made of; the zero value is the default market.
type Config struct {
	// Seed chooses the history; 0 is 42.
	Seed int64
}

// Market is the simulated market. It is safe for concurrent use.
type Market struct {
	seed    int64
	factors *factorPath
	world   func() *world
	zone    func() (*time.Location, error)
	shapes  func() *shapes
	// held counts the daily rows in memory, hand is where eviction goes on.
	held atomic.Int64
	hand atomic.Uint32
}

// world is the instruments, made on first use and not changed after.
type world struct {
	all      []*slot
	bySymbol map[string]*slot
}

// slot is an instrument with what is remembered of its prices.
type slot struct {
	spec   *spec
	mu     sync.Mutex // guards gen and the growing of path
	gen    *generator
	path   atomic.Pointer[path]
	hour   atomic.Pointer[liveHour]
	minute atomic.Pointer[liveMinute]
}

// New makes a market. It computes nothing until asked.
func New(cfg Config) *Market {
	if cfg.Seed == 0 {
		cfg.Seed = 42
	}
	m := &Market{seed: cfg.Seed, factors: newFactorPath(cfg.Seed)}
	m.world = sync.OnceValue(m.populate)
	m.shapes = sync.OnceValue(newShapes)
	m.zone = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation("America/New_York") })
	return m
}

func (m *Market) populate() *world {
	w := &world{bySymbol: map[string]*slot{}}
	add := func(s *spec) {
		x := &slot{spec: s}
		w.all = append(w.all, x)
		w.bySymbol[s.info.Symbol] = x
	}
	for _, e := range equities {
		add(newShare(m.seed, e))
	}
	for _, e := range equitiesMore {
		add(newShare(m.seed, e))
	}
	for _, f := range funds {
		add(newFund(m.seed, f))
	}
	for i := range currencies {
		add(newPair(m.seed, &currencies[i], market.Forex))
	}
	for i := range coins {
		add(newPair(m.seed, &coins[i], market.Crypto))
	}
	for _, p := range m.CointegratedPairs() {
		x, y := w.bySymbol[p.X].spec, w.bySymbol[p.Y].spec
		y.follow(x, p)
	}
	for _, x := range w.all {
		x.spec.finish()
	}
	return w
}

// find is a slot by symbol, case-insensitively.
func (m *Market) find(symbol string) *slot {
	w := m.world()
	if x := w.bySymbol[symbol]; x != nil {
		return x
	}
	return w.bySymbol[strings.ToUpper(strings.TrimSpace(symbol))]
}

func (m *Market) need(op, symbol string) (*slot, error) {
	if x := m.find(symbol); x != nil {
		return x, nil
	}
	return nil, fault.E(op, fault.NotFound, "there is no instrument %q in the simulated market", symbol).
		Hinted("Call search_instruments to find its symbol.")
}

// Name is "sim".
func (m *Market) Name() string { return "sim" }

// Instruments lists what trades or will trade, shares first. Delisted shares
// are left out; Universe and Lookup have them.
func (m *Market) Instruments(context.Context) ([]market.Instrument, error) {
	var out []market.Instrument
	for _, x := range m.world().all {
		if x.spec.delisted == sessions {
			out = append(out, x.spec.info.Instrument)
		}
	}
	return out, nil
}

// Lookup finds an instrument by symbol, case-insensitively, delisted ones too.
func (m *Market) Lookup(symbol string) (market.Instrument, bool) {
	x := m.find(symbol)
	if x == nil {
		return market.Instrument{}, false
	}
	return x.spec.info.Instrument, true
}

// Calendar is always open, in New York's time. It fails with fault.NotFound for
// an unknown symbol.
func (m *Market) Calendar(symbol string) (*market.Calendar, error) {
	const op = "sim.Calendar"
	if _, err := m.need(op, symbol); err != nil {
		return nil, err
	}
	zone, err := m.zone()
	if err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "New York's time zone is not known")
	}
	return &market.Calendar{Zone: zone, DataZone: zone, AlwaysOpen: true, DayEnds: closing * time.Second}, nil
}

// Universe lists every instrument with its history's bounds, shares first, the
// delisted included, so that research need not survive with the survivors.
func (m *Market) Universe() []Info {
	all := m.world().all
	out := make([]Info, len(all))
	for i, x := range all {
		out[i] = x.spec.info
	}
	return out
}

// Sector is the name of a share's sector, empty for all else.
func (m *Market) Sector(symbol string) string {
	if x := m.find(symbol); x != nil {
		return x.spec.info.Sector
	}
	return ""
}

// Betas tells the planted loadings by factor name (those of FactorRow and
// Sectors), zero ones left out. The Y of a pair has those of its X times the
// pair's slope, exact to first order. It is nil for an unknown symbol; the
// factors of the currencies and coins are not published.
func (m *Market) Betas(symbol string) map[string]float64 {
	x := m.find(symbol)
	if x == nil {
		return nil
	}
	out := map[string]float64{}
	for k, b := range x.spec.loads[:published] {
		if b != 0 {
			out[factorName(k)] = b
		}
	}
	return out
}
