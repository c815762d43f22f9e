package sim

import "slices"

// sector is one of the eleven sectors, or none.
type sector int8

const (
	energy sector = iota
	materials
	industrials
	discretionary
	staples
	health
	financials
	technology
	communication
	utilities
	estate
	sectorCount
	noSector sector = -1
)

// profile is what the shares of a sector have in common.
type profile struct {
	name string
	// vol is the yearly deviation of the sector's factor, noise the typical one
	// of a share's own.
	vol, noise float64
	// loads are the typical loadings on the style factors, market first.
	loads [styleCount]float64
	// pb is the typical price-to-book ratio.
	pb float64
}

// profiles is indexed by sector; it is never assigned to. The market loadings
// are those of the trade; the rest lean the way the sector is known for.
var profiles = [sectorCount]profile{
	energy:        {"Energy", .14, .19, [...]float64{1.05, .00, .45, .10, .20, .00, -.05}, 1.9},
	materials:     {"Materials", .09, .20, [...]float64{1.10, .15, .25, .05, .10, .00, .00}, 2.4},
	industrials:   {"Industrials", .06, .17, [...]float64{1.05, .05, .15, .15, .05, .00, .10}, 3.2},
	discretionary: {"Consumer Discretionary", .07, .22, [...]float64{1.12, .10, -.10, .05, -.15, .05, .00}, 4.5},
	staples:       {"Consumer Staples", .06, .13, [...]float64{.62, -.15, .05, .30, .20, .00, .35}, 4.6},
	health:        {"Health Care", .07, .18, [...]float64{.80, -.05, -.15, .00, .05, .05, .15}, 4.0},
	financials:    {"Financials", .09, .17, [...]float64{1.15, .00, .60, -.10, -.10, -.05, -.20}, 1.5},
	technology:    {"Information Technology", .08, .22, [...]float64{1.18, .00, -.35, .05, -.30, .10, .05}, 6.0},
	communication: {"Communication Services", .07, .20, [...]float64{.98, -.05, -.15, .05, -.15, .00, .05}, 3.6},
	utilities:     {"Utilities", .09, .12, [...]float64{.52, -.10, .20, .05, .20, .00, .05}, 1.7},
	estate:        {"Real Estate", .10, .15, [...]float64{.82, .10, .20, -.10, .05, -.05, .00}, 2.1},
}

// Sectors lists the eleven sectors by name, in the order of FactorRow.Sectors.
func Sectors() []string {
	out := make([]string, sectorCount)
	for i := range profiles {
		out[i] = profiles[i].name
	}
	return out
}

// String is the sector's name, empty for none.
func (s sector) String() string {
	if s < 0 || s >= sectorCount {
		return ""
	}
	return profiles[s].name
}

// Pair is two cointegrated shares: on adjusted closing prices
//
//	ln Y = c + Beta·ln X + s,  s(t) = Phi·s(t-1) + noise
//
// with one step a session. It is planted by construction.
type Pair struct {
	// X leads by definition, not in time; Y is priced from it.
	X, Y string
	// Beta is the slope between the logarithms.
	Beta float64
	// HalfLife is in sessions; Phi, 2^(-1/HalfLife), is the spread's
	// autoregressive coefficient and SpreadSD its stationary deviation, in
	// logarithms.
	HalfLife, Phi, SpreadSD float64
}

// pairs is the planted table, Phi left out; it is never assigned to. No symbol
// is in it twice.
var pairs = [...]Pair{
	{"KO", "PEP", 0.95, 12, 0, .022},
	{"XOM", "CVX", 1.05, 10, 0, .028},
	{"V", "MA", 1.08, 9, 0, .022},
	{"HD", "LOW", 1.05, 14, 0, .032},
	{"GS", "MS", 1.12, 11, 0, .034},
	{"UPS", "FDX", 1.15, 18, 0, .038},
	{"GOOGL", "GOOG", 1, 5, 0, .006},
	{"JPM", "BAC", 1.1, 15, 0, .036},
	{"DUK", "SO", 0.92, 20, 0, .026},
	{"VZ", "T", 0.97, 22, 0, .028},
}

// CointegratedPairs tells the planted pairs.
func (m *Market) CointegratedPairs() []Pair {
	out := slices.Clone(pairs[:])
	for i := range out {
		out[i].Phi = exp(-ln2 / out[i].HalfLife)
	}
	return out
}
