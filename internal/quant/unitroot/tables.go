package unitroot

import (
	_ "embed" // the tables
	"encoding/json"
	"math"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"
)

//go:embed tables.json
var tablesJSON []byte

// polynomials are MacKinnon's of one deterministic part, by the number of series.
type polynomials struct {
	Star   []float64   `json:"star"`
	Min    []*float64  `json:"min"`
	Max    []*float64  `json:"max"`
	SmallP [][]float64 `json:"smallp"`
	LargeP [][]float64 `json:"largep"`
}

type tables struct {
	PValue   map[Trend]polynomials   `json:"p_value"`
	Critical map[Trend][][][]float64 `json:"critical"`
	KPSS     struct {
		P  []float64 `json:"p"`
		C  []float64 `json:"c"`
		CT []float64 `json:"ct"`
	} `json:"kpss"`
}

var table = sync.OnceValue(func() *tables {
	var t tables
	if err := json.Unmarshal(tablesJSON, &t); err != nil {
		panic("unitroot: " + err.Error()) // a part of the program
	}
	return &t
})

// PValue is MacKinnon's (1994) approximate p-value of a Dickey-Fuller statistic
// for 1 to 6 series (1: a test of one series; more: of the residuals of a
// regression among so many); NaN for other numbers.
func PValue(stat float64, trend Trend, series int) float64 {
	t, ok := table().PValue[trend.orConstant()]
	if !ok || series < 1 || series > len(t.Star) || math.IsNaN(stat) {
		return math.NaN()
	}
	i := series - 1
	if t.Max[i] != nil && stat > *t.Max[i] {
		return 1
	}
	if t.Min[i] != nil && stat < *t.Min[i] {
		return 0
	}
	c := t.LargeP[i]
	if stat <= t.Star[i] {
		c = t.SmallP[i]
	}
	return distuv.UnitNormal.CDF(horner(c, stat))
}

// Critical are MacKinnon's (2010) critical values at 1, 5 and 10 % for 1 to 12
// series (1 where trend is None) and so many observations, +Inf for the
// asymptotic ones; NaN where there is no table.
func Critical(trend Trend, series int, observations float64) [3]float64 {
	rows := table().Critical[trend.orConstant()]
	out := [3]float64{math.NaN(), math.NaN(), math.NaN()}
	if series < 1 || series > len(rows) {
		return out
	}
	for i, c := range rows[series-1] {
		out[i] = horner(c, 1/observations)
	}
	return out
}

// horner is a polynomial with coefficients in increasing powers.
func horner(c []float64, x float64) float64 {
	var v float64
	for i := len(c) - 1; i >= 0; i-- {
		v = v*x + c[i]
	}
	return v
}
