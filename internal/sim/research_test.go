package sim

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/market"
)

var (
	beginning = date(2010, 1, 4)
	today     = date(2026, 1, 2)
)

// returns gives the simple adjusted returns by session, beginning with the
// second, and the closes.
func returns(t *testing.T, m *Market, symbol string) (change, closes []float64) {
	t.Helper()
	for _, b := range bars(t, m, symbol, market.Daily, time.Time{}, instant(t, today.Year, today.Month, today.Day, 16, 0, 0), adjusted) {
		c := b.Close.Float64()
		if n := len(closes); n > 0 {
			change = append(change, c/closes[n-1]-1)
		}
		closes = append(closes, c)
	}
	return change, closes
}

// ols solves the normal equations of y on the columns of x and a constant,
// which comes last, and gives the standard errors.
func ols(y []float64, x [][]float64) (b, se []float64) {
	k := len(x) + 1
	at := func(j, i int) float64 {
		if j == k-1 {
			return 1
		}
		return x[j][i]
	}
	a := make([][]float64, k)
	for r := range k {
		a[r] = make([]float64, 2*k+1)
		a[r][k+1+r] = 1
		for i := range y {
			for c := range k {
				a[r][c] += at(r, i) * at(c, i)
			}
			a[r][k] += at(r, i) * y[i]
		}
	}
	for p := range k {
		d := a[p][p]
		for c := range a[p] {
			a[p][c] /= d
		}
		for r := range k {
			if f := a[r][p]; r != p {
				for c := range a[r] {
					a[r][c] -= f * a[p][c]
				}
			}
		}
	}
	b, se = make([]float64, k), make([]float64, k)
	s2 := 0.0
	for r := range k {
		b[r] = a[r][k]
	}
	for i := range y {
		e := y[i]
		for r := range k {
			e -= b[r] * at(r, i)
		}
		s2 += e * e
	}
	for r := range k {
		se[r] = math.Sqrt(s2 / float64(len(y)-k) * a[r][k+1+r])
	}
	return b, se
}

// TestBetasRecovered: regressions on the published factors find the planted
// loadings, within four standard errors.
func TestBetasRecovered(t *testing.T) {
	m := New(Config{})
	var x [published][]float64
	var rf []float64
	for _, f := range m.Factors(beginning.AddDays(1), today) {
		for k, v := range []float64{f.MktRF, f.SMB, f.HML, f.RMW, f.CMA, f.MOM, f.QMJ} {
			x[k] = append(x[k], v)
		}
		for k, v := range f.Sectors {
			x[firstSector+k] = append(x[firstSector+k], v)
		}
		rf = append(rf, f.RF)
	}
	for _, symbol := range []string{"SPY", "AAPL", "KO", "PG", "XOM", "TLT", "QQQ", "NVDA", "WFC", "GOOG"} {
		y, _ := returns(t, m, symbol)
		for i := range y {
			y[i] -= rf[i]
		}
		b, se := ols(y, x[:])
		truth := m.Betas(symbol)
		for k := range published {
			name := factorName(k)
			if d := math.Abs(b[k] - truth[name]); d > 4*se[k]+.004 || se[k] > .15 {
				t.Errorf("%s on %s: %.3f ± %.3f; planted %.3f", symbol, name, b[k], se[k], truth[name])
			}
		}
		if symbol == "SPY" && math.Abs(b[mkt]-1) > .01 {
			t.Errorf("SPY's beta is %v", b[mkt])
		}
	}
	if m.Betas("NOPE") != nil || len(m.Betas("EURUSD")) != 0 {
		t.Error("betas of what has none")
	}
}

// TestFactorMoments: deviations are near those planted, and returns cluster and
// have fat tails.
func TestFactorMoments(t *testing.T) {
	for seed := range int64(4) {
		m := New(Config{Seed: 100 + seed})
		var s2, s4, cluster, before float64
		rows := m.Factors(beginning, date(2060, 1, 1))
		for _, f := range rows {
			r := f.MktRF
			s2 += r * r
			s4 += r * r * r * r
			cluster += r * r * before * before
			before = r
		}
		n := float64(len(rows))
		if vol := math.Sqrt(s2 / n * sessionsPerYear); vol < .14 || vol > .18 {
			t.Errorf("the market's deviation is %v", vol)
		}
		if kurtosis := s4 / n / (s2 / n * s2 / n); kurtosis < 5 {
			t.Errorf("the market's kurtosis is %v", kurtosis)
		}
		if cluster/n < 1.1*s2/n*s2/n {
			t.Error("volatility does not cluster")
		}
	}
}

// ar1 is the regression of a de-meaned series on its last value.
func ar1(s []float64) float64 {
	mean := 0.0
	for _, v := range s {
		mean += v / float64(len(s))
	}
	var xy, xx float64
	for i := 1; i < len(s); i++ {
		xy += (s[i] - mean) * (s[i-1] - mean)
		xx += (s[i-1] - mean) * (s[i-1] - mean)
	}
	return xy / xx
}

// spreadOf regresses the logarithms and gives slope and residuals.
func spreadOf(t *testing.T, m *Market, x, y string) (beta float64, s []float64) {
	_, cx := returns(t, m, x)
	_, cy := returns(t, m, y)
	for i := range cx {
		cx[i], cy[i] = math.Log(cx[i]), math.Log(cy[i])
	}
	b, _ := ols(cy, [][]float64{cx})
	for i := range cx {
		s = append(s, cy[i]-b[1]-b[0]*cx[i])
	}
	return b[0], s
}

func TestPairsRecovered(t *testing.T) {
	m := New(Config{})
	list := m.CointegratedPairs()
	if len(list) < 8 {
		t.Fatalf("%d pairs", len(list))
	}
	for _, p := range list {
		beta, s := spreadOf(t, m, p.X, p.Y)
		sd := 0.0
		for _, v := range s {
			sd += v * v / float64(len(s))
		}
		if phi := ar1(s); math.Abs(phi-p.Phi) > .02 || math.Abs(beta-p.Beta) > .03 || math.Abs(math.Sqrt(sd)/p.SpreadSD-1) > .25 {
			t.Errorf("%s/%s: beta %.3f phi %.3f deviation %.4f; planted %+v", p.X, p.Y, beta, phi, math.Sqrt(sd), p)
		}
		if p.HalfLife < 5 || p.HalfLife > 25 || math.Abs(math.Pow(p.Phi, p.HalfLife)-.5) > 1e-12 {
			t.Errorf("%+v", p)
		}
	}
	for _, p := range [][2]string{{"KO", "XOM"}, {"PEP", "CVX"}, {"MSFT", "PG"}, {"HD", "UPS"}, {"V", "GS"}, {"CL", "KMB"}} {
		if _, s := spreadOf(t, m, p[0], p[1]); ar1(s) < .985 {
			t.Errorf("%v are no pair, but phi is %v", p, ar1(s))
		}
	}
}

// TestAlternativeLeads: over all shares and weeks, the planted coefficient.
func TestAlternativeLeads(t *testing.T) {
	m := New(Config{})
	var xy, xx float64
	for _, in := range m.Universe() {
		if in.Sector == "" || !in.Delisted.IsZero() || in.Listed != beginning {
			continue
		}
		rows := m.Alternative(in.Symbol, beginning, today)
		change, _ := returns(t, m, in.Symbol)
		if len(rows) < 800 || rows[0].Date != date(2010, 1, 8) || rows[0].Series != "web_traffic" {
			t.Fatalf("%s: %d rows, %+v", in.Symbol, len(rows), rows[0])
		}
		for w, row := range rows {
			if row.Date.Weekday() != time.Friday || math.Abs(math.Log(row.Value/row.Expected)/altNoise-row.Surprise) > 1e-9 {
				t.Fatalf("%+v", row)
			}
			// Changes begin with the second session.
			for n := 5*w + 5; n < 5*w+10 && n-1 < len(change); n++ {
				xy += row.Surprise * change[n-1]
				xx += row.Surprise * row.Surprise
			}
		}
	}
	if got := xy / xx; math.Abs(got-AltCoefficient) > .25*AltCoefficient {
		t.Errorf("coefficient %.6f; planted %.6f", got, AltCoefficient)
	}
	if len(m.Alternative("SPY", beginning, today)) != 0 || len(m.Alternative("NOPE", beginning, today)) != 0 {
		t.Error("alternative data of what has none")
	}
	if got := m.Alternative("KO", date(2015, 3, 6), date(2015, 3, 13)); len(got) != 2 {
		t.Errorf("two Fridays gave %d rows", len(got))
	}
	if got := m.Alternative("PYPL", beginning, date(2015, 7, 23)); len(got) != 0 {
		t.Errorf("%d rows before the listing's first Friday", len(got))
	}
}

// TestFactorsCSV reads the file back the way an importer of Ken French's files
// does.
func TestFactorsCSV(t *testing.T) {
	m := New(Config{})
	var b bytes.Buffer
	if err := m.WriteFactorsCSV(&b, date(2012, 1, 1), date(2012, 12, 31)); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(b.String(), "\n\n")
	lines := strings.Split(strings.TrimSpace(rest), "\n")
	header := strings.Split(lines[0], ",")
	if header[0] != "" || header[1] != "Mkt-RF" || header[8] != "RF" || len(header) != 20 {
		t.Errorf("header %q", lines[0])
	}
	rows := m.Factors(date(2012, 1, 1), date(2012, 12, 31))
	if len(lines)-1 != len(rows) || len(rows) != 261 {
		t.Fatalf("%d lines, %d rows", len(lines)-1, len(rows))
	}
	for i, r := range rows {
		cells := strings.Split(lines[i+1], ",")
		mom, err := strconv.ParseFloat(cells[6], 64)
		if err != nil || cells[0] != r.Date.Compact() || math.Abs(mom/100-r.MOM) > 1e-8 {
			t.Fatalf("line %q, row %+v", lines[i+1], r)
		}
	}
	if err := m.WriteFactorsCSV(failing{}, date(2012, 1, 1), date(2012, 12, 31)); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
	if got := m.Factors(today, beginning); got != nil {
		t.Error("factors of no days")
	}
}

type failing struct{}

var errFull = errors.New("full")

func (failing) Write([]byte) (int, error) { return 0, errFull }
