package sim

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"quantdesk/internal/market"
)

// FactorRow is one session's factor returns, simple and in fractions (0.01 is
// one percent). Mkt-RF and the sectors are in excess of what they are measured
// against; RF is the riskless return of the session. The factors are drawn
// independently of one another, so that regressions on them are well
// conditioned; there are 260 sessions a year.
type FactorRow struct {
	Date                                    market.Date
	MktRF, SMB, HML, RMW, CMA, MOM, QMJ, RF float64
	// Sectors is in the order of the function Sectors.
	Sectors [sectorCount]float64
}

func factorName(k int) string {
	if k < styleCount {
		return styles[k].name
	}
	return profiles[k-firstSector].name
}

// span gives the sessions from a day to a day, both included and held to those
// there are.
func span(from, to market.Date) (first, last int) {
	return max(sessionOn(dayOf(from.AddDays(-1)))+1, 0), sessionOn(dayOf(to))
}

// Factors gives the factor returns of the sessions from a day to a day, both
// included. A share's simple return in excess of RF is the sum of Betas times
// these, the surprise of its web traffic and its own noise.
func (m *Market) Factors(from, to market.Date) []FactorRow {
	first, last := span(from, to)
	if last < first {
		return nil
	}
	rows := m.factors.upTo(last)
	out := make([]FactorRow, 0, last-first+1)
	for n := first; n <= last; n++ {
		f := &rows[n].f
		row := FactorRow{
			Date: sessionDate(n), MktRF: f[mkt], SMB: f[smb], HML: f[hml], RMW: f[rmw], CMA: f[cma], MOM: f[mom], QMJ: f[qmj],
			RF: rows[n].rf,
		}
		copy(row.Sectors[:], f[firstSector:])
		out = append(out, row)
	}
	return out
}

// WriteFactorsCSV writes the factors as the daily files of Ken French's library
// are laid out: lines of text, a blank line, a header that begins with a comma,
// then a line a session with the date as yyyymmdd and the returns in PERCENT,
// to 6 places. The columns are Mkt-RF,SMB,HML,RMW,CMA,MOM,QMJ,RF and the eleven
// sectors. It fails when w does.
func (m *Market) WriteFactorsCSV(w io.Writer, from, to market.Date) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "Factors of the simulated market, seed %d, in percent per session.\n", m.seed)
	fmt.Fprint(b, "RF is the riskless return; the sector columns are returns in excess of the market's.\n\n")
	fmt.Fprintf(b, ",Mkt-RF,SMB,HML,RMW,CMA,MOM,QMJ,RF,%s\n", strings.Join(Sectors(), ","))
	for _, r := range m.Factors(from, to) {
		fmt.Fprint(b, r.Date.Compact())
		for _, x := range [...]float64{r.MktRF, r.SMB, r.HML, r.RMW, r.CMA, r.MOM, r.QMJ, r.RF} {
			fmt.Fprintf(b, ",%.6f", float64(x*100))
		}
		for _, x := range r.Sectors {
			fmt.Fprintf(b, ",%.6f", float64(x*100))
		}
		fmt.Fprintln(b)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write factors: %w", err)
	}
	return nil
}
