package lean

import (
	"bytes"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
)

// cellReader takes the cells of a line one by one; ok turns false at the first
// that is missing or bad.
type cellReader struct {
	rest   []byte
	scaled bool
	ok     bool
}

func (c *cellReader) cell() []byte {
	if c.rest == nil {
		c.ok = false
		return nil
	}
	cell, rest, more := bytes.Cut(c.rest, []byte{','})
	if c.rest = rest; !more {
		c.rest = nil
	}
	return cell
}

func (c *cellReader) price() num.Decimal {
	d, ok := parsePrice(c.cell(), c.scaled)
	c.ok = c.ok && ok
	return d
}

func (c *cellReader) number() num.Decimal {
	d, ok := parseDecimal(c.cell())
	c.ok = c.ok && ok
	return d
}

// side reads four prices and a size; empty cells are an absent side.
func (c *cellReader) side() (s algo.Side, size num.Decimal) {
	var cells [5][]byte
	for i := range cells {
		cells[i] = c.cell()
	}
	if !c.ok || len(cells[0]) == 0 && len(cells[3]) == 0 {
		return s, size
	}
	for i, to := range []*num.Decimal{&s.O, &s.H, &s.L, &s.C} {
		d, ok := parsePrice(cells[i], c.scaled)
		c.ok = c.ok && ok
		*to = d
	}
	s.Ok = !s.O.IsZero() || !s.H.IsZero() || !s.L.IsZero() || !s.C.IsZero()
	if len(cells[4]) > 0 {
		d, ok := parseDecimal(cells[4])
		c.ok = c.ok && ok
		size = d
	}
	return s, size
}

func (c *cellReader) optional() num.Decimal {
	cell := c.cell()
	if len(cell) == 0 {
		return num.Zero
	}
	d, ok := parseDecimal(cell)
	c.ok = c.ok && ok
	return d
}

// tick reads a trade or a quote; equities carry exchange, condition and whether
// the tick is suspicious.
func (c *cellReader) tick(at int64, q algo.RowQuery) algo.TickRow {
	r := algo.TickRow{At: at}
	text := func() string {
		if c.rest == nil {
			return ""
		}
		return string(c.cell())
	}
	price := func() num.Decimal {
		d := c.optional()
		if c.scaled {
			return d.Mul(tenThousandth)
		}
		return d
	}
	if !q.Quote {
		r.Price, r.Size = price(), c.optional()
	} else {
		r.Bid = price()
		if q.Kind == algo.Equity || q.Kind == algo.Crypto {
			r.BidSize = c.optional()
		}
		r.Ask = price()
		if q.Kind == algo.Equity || q.Kind == algo.Crypto {
			r.AskSize = c.optional()
		}
		switch {
		case r.Bid.IsZero():
			r.Price = r.Ask
		case r.Ask.IsZero():
			r.Price = r.Bid
		default:
			r.Price = r.Bid.Add(r.Ask).Quo(num.FromInt(2))
		}
	}
	if q.Kind == algo.Equity {
		r.Exchange, r.Special = text(), text()
		r.Suspicious = text() == "1"
	}
	return r
}
