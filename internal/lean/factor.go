package lean

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"sort"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// factorRow holds for days up to and including date: price × split makes that
// day's prices comparable with those after the last row.
type factorRow struct {
	date         market.Date
	price, split num.Decimal
	reference    num.Decimal // raw close of date
}

// Factors outside these bounds are damage; within them no product of a price
// and factors leaves a Decimal's range.
var minFactor, maxFactor = num.New(1, 7), num.New(1e6, 0)

// readFactors reads a factor file, nil when there is none.
func (f *Folder) readFactors(rel string) ([]factorRow, error) {
	const op = "lean.readFactors"
	data, err := os.ReadFile(f.path(rel))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "factor file %s cannot be read", rel).
			Hinted("Check that the desk's user may read it.")
	}
	var rows []factorRow
	return rows, eachLine(op, rel, data, func(line []byte) string {
		var fields [4][]byte
		for i := range fields {
			fields[i], line, _ = bytes.Cut(line, []byte{','})
		}
		d, err := market.ParseDate(string(fields[0]))
		price, ok1 := parseDecimal(fields[1])
		split, ok2 := parseDecimal(fields[2])
		if err != nil || !ok1 || !ok2 {
			return "expected a date, a price factor and a split factor"
		}
		for _, x := range []num.Decimal{price, split} {
			if x.Less(minFactor) || maxFactor.Less(x) {
				return "a factor is out of range"
			}
		}
		if n := len(rows); n > 0 && d.Before(rows[n-1].date) {
			return "the dates do not ascend"
		}
		// Older files have no reference price.
		reference, _ := parseDecimal(fields[3])
		rows = append(rows, factorRow{d, price, split, reference})
		return ""
	})
}

// adjust makes past prices comparable with today's, in place: the row whose
// date is the first not before the bar's applies. Prices keep every digit of
// the product, as LEAN's do; volumes are whole.
func adjust(bars []market.Bar, rows []factorRow, mode market.Adjustment, zone *time.Location) {
	if mode == market.Raw || mode == "" || len(rows) == 0 {
		return
	}
	var until int64 = -1 << 62 // start of the first day the factor does not hold for
	var factor, split num.Decimal
	plain := false
	for i := range bars {
		b := &bars[i]
		if at := b.Start.UnixMilli(); at >= until {
			d := market.DateOf(b.Start.In(zone))
			n := sort.Search(len(rows), func(k int) bool { return !rows[k].date.Before(d) })
			if n == len(rows) {
				return // beyond the last row nothing is adjusted
			}
			until = rows[n].date.AddDays(1).In(zone).UnixMilli()
			split = rows[n].split
			factor = split
			if mode == market.Adjusted {
				factor = rows[n].price.Mul(split)
			}
			plain = factor.Equal(num.One) && split.Equal(num.One)
		}
		if plain {
			continue
		}
		b.Open, b.High, b.Low, b.Close = b.Open.Mul(factor), b.High.Mul(factor), b.Low.Mul(factor), b.Close.Mul(factor)
		if !split.Equal(num.One) {
			b.Volume = b.Volume.Quo(split).Round(0)
		}
	}
}
