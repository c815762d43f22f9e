package algo

import (
	"math/big"

	"quantdesk/internal/num"
)

// Charts are the series of a run, in the order they were made.
type Charts struct {
	e    *Engine
	List []*Chart
}

// Chart is a set of series drawn together.
type Chart struct {
	Name   string
	Series []*Series
	Legend bool
}

// Series is one line of a chart.
type Series struct {
	Name   string
	Kind   int // as LEAN numbers them: 0 line, 1 scatter, 2 candle, 3 bar ...
	Index  int
	Unit   string
	Color  string
	Symbol string
	Points []ChartPoint
}

// ChartPoint is a value, or a candle, at a time.
type ChartPoint struct {
	UTC           int64
	Y             num.Decimal
	O, H, L       num.Decimal // of a candle; Y is its close
	Candle, Empty bool
}

func newCharts(e *Engine) *Charts { return &Charts{e: e} }

// Get gives a chart, made when it is new.
func (c *Charts) Get(name string) *Chart {
	for _, x := range c.List {
		if x.Name == name {
			return x
		}
	}
	x := &Chart{Name: name}
	c.List = append(c.List, x)
	return x
}

// Find gives a series of a chart, nil when there is none.
func (c *Chart) Find(name string) *Series {
	for _, s := range c.Series {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Get gives a series of a chart, made when it is new.
func (c *Chart) Get(name string, kind, index int, unit string) *Series {
	if s := c.Find(name); s != nil {
		return s
	}
	s := &Series{Name: name, Kind: kind, Index: index, Unit: unit}
	c.Series = append(c.Series, s)
	return s
}

// SmartRound shortens a chart's value: above a thousand to four decimals, else
// to seven significant digits.
func SmartRound(d num.Decimal) num.Decimal {
	d = d.Normalize()
	if thousand.Less(d) {
		return d.Round(4)
	}
	return significant(d, 7).Normalize()
}

var thousand = num.FromInt(1000)

// significant rounds half-even to so many significant digits.
func significant(d num.Decimal, digits int) num.Decimal {
	if d.IsZero() {
		return d
	}
	hi, lo := d.Coef()
	n := new(big.Int).SetUint64(uint64(hi))
	n.Lsh(n, 64)
	n.Or(n, new(big.Int).SetUint64(lo))
	// As there: rounded as a fraction of the next power of ten, whose scale the
	// printed zeros come from.
	power := num.One
	for exp := len(n.String()) - d.Scale(); exp != 0; {
		if exp > 0 {
			power, exp = power.Mul(num.FromInt(10)), exp-1
		} else {
			power, exp = power.Mul(num.New(1, 1)), exp+1
		}
	}
	return power.Mul(d.Quo(power).Round(digits))
}
