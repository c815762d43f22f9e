package sim

import (
	"math"
	"sync"
	"sync/atomic"
)

// The factors: seven styles with the market first, eleven sectors, and two that
// are not published, the dollar's and the coins'.
const (
	mkt = iota
	smb
	hml
	rmw
	cma
	mom
	qmj
	styleCount
	firstSector = styleCount
	dollar      = firstSector + int(sectorCount)
	coin        = dollar + 1
	factorCount = coin + 1
	published   = dollar
)

// sessionsPerYear turns yearly numbers into those of a session: the market has
// no holidays.
const sessionsPerYear = 260

// styles names the style factors with their yearly premium and deviation, in
// fractions; it is never assigned to.
var styles = [styleCount]struct {
	name         string
	premium, vol float64
}{
	mkt: {"Mkt-RF", .06, .16},
	smb: {"SMB", .015, .08},
	hml: {"HML", .025, .09},
	rmw: {"RMW", .03, .06},
	cma: {"CMA", .02, .055},
	mom: {"MOM", .045, .12},
	qmj: {"QMJ", .03, .06},
}

const (
	dollarVol = .065
	coinVol   = .45
)

// A variance ratio follows GARCH(1,1) with mean 1 and is held within bounds.
const (
	garchNews = .07
	garchKeep = .89
	ratioLow  = .2
	ratioHigh = 8
)

func garch(ratio, shock float64) float64 {
	news := float64(garchNews * ratio * float64(shock*shock))
	return clamp((1-garchNews-garchKeep)+news+float64(garchKeep*ratio), ratioLow, ratioHigh)
}

// factorRow is one session's factor returns, in fractions.
type factorRow struct {
	f [factorCount]float64
	// rf is the riskless return; variance what was expected of the market, and
	// coinVariance of the coins, before the session.
	rf, variance, coinVariance float64
}

// factorPath grows session by session and never changes what it has told.
type factorPath struct {
	key  uint64
	mu   sync.Mutex // guards ratio, rate and the growing of rows
	rows atomic.Pointer[[]factorRow]
	// ratio is each factor's variance over its mean for the next session, rate
	// the yearly riskless rate of the last.
	ratio [factorCount]float64
	rate  float64
}

func newFactorPath(seed int64) *factorPath {
	p := &factorPath{key: keyOf(seed, "factors"), rate: .004}
	for k := range p.ratio {
		p.ratio[k] = 1
	}
	return p
}

// upTo gives the rows of sessions 0 to n at least.
func (p *factorPath) upTo(n int) []factorRow {
	if rows := p.rows.Load(); rows != nil && len(*rows) > n {
		return *rows
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var rows []factorRow
	if old := p.rows.Load(); old != nil {
		rows = *old
	}
	if need := blockEnd(n) - len(rows); need > 0 {
		// Readers of the old slice never look beyond its length.
		grown := append(make([]factorRow, 0, len(rows)+need), rows...)
		for len(grown) < cap(grown) && len(grown) < blockEnd(n) {
			grown = append(grown, p.step(len(grown)))
		}
		rows = grown
		p.rows.Store(&rows)
	}
	return rows
}

// blockEnd rounds a session up to the blocks that paths grow by.
func blockEnd(n int) int { return min((n/block+1)*block, sessions) }

// block is a quarter of a year.
const block = 65

func (p *factorPath) step(n int) factorRow {
	r := at(p.key, int64(n))
	row := factorRow{
		variance:     styles[mkt].vol * styles[mkt].vol / sessionsPerYear * p.ratio[mkt],
		coinVariance: coinVol * coinVol / sessionsPerYear * p.ratio[coin],
	}
	for k := range row.f {
		var premium, vol float64
		switch {
		case k < styleCount:
			premium, vol = styles[k].premium, styles[k].vol
		case k < dollar:
			vol = profiles[k-firstSector].vol
		case k == dollar:
			vol = dollarVol
		default:
			vol = coinVol
		}
		z := r.fat()
		shock := float64(vol * math.Sqrt(p.ratio[k]/sessionsPerYear) * z)
		row.f[k] = clamp(premium/sessionsPerYear+shock, -.15, .15)
		p.ratio[k] = garch(p.ratio[k], z)
	}
	const pull, wander, rest = .3 / sessionsPerYear, .0005, .025
	p.rate = clamp(p.rate+float64(pull*(rest-p.rate))+float64(wander*r.rough()), .0005, .07)
	row.rf = p.rate / sessionsPerYear
	return row
}
