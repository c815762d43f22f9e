package lean

import (
	"strconv"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// encoder writes rows as the lines of a data file.
type encoder struct {
	e      *entry
	cal    *market.Calendar
	r      market.Resolution
	scaled bool
}

// line appends a *tradeRow or a *quoteRow.
func (enc *encoder) line(b []byte, row any) (_ []byte, err error) {
	switch r := row.(type) {
	case *tradeRow:
		if b, err = enc.time(b, r.start); err != nil {
			return nil, err
		}
		for _, p := range [...]num.Decimal{r.open, r.high, r.low, r.close} {
			if b, err = enc.price(append(b, ','), p); err != nil {
				return nil, err
			}
		}
		if b, err = enc.size(append(b, ','), r.volume); err != nil {
			return nil, err
		}
	case *quoteRow:
		if b, err = enc.time(b, r.start); err != nil {
			return nil, err
		}
		if b, err = enc.side(b, &r.bid, r.bidSize); err != nil {
			return nil, err
		}
		if b, err = enc.side(b, &r.ask, r.askSize); err != nil {
			return nil, err
		}
	}
	return append(b, '\n'), nil
}

func (enc *encoder) side(b []byte, prices *[4]num.Decimal, size num.Decimal) (_ []byte, err error) {
	if prices[3].IsZero() {
		return append(b, ",,,,,0"...), nil // the side is absent
	}
	for _, p := range prices {
		if b, err = enc.price(append(b, ','), p); err != nil {
			return nil, err
		}
	}
	return enc.size(append(b, ','), size)
}

// time appends the first column, in the data zone.
func (enc *encoder) time(b []byte, start int64) ([]byte, error) {
	t := time.UnixMilli(start)
	if enc.r == market.Daily {
		return append(append(b, enc.e.dayOf(enc.cal, t).Compact()...), " 00:00"...), nil
	}
	t = t.In(enc.cal.DataZone)
	h, m, s := t.Clock()
	if enc.r == market.Hour {
		if s != 0 || t.Nanosecond() != 0 {
			return nil, fault.E("lean.write", fault.Invalid, "an hour bar starts at %s", t.UTC().Format(time.RFC3339Nano)).
				Hinted("Give hour bars that start on a minute.")
		}
		return t.AppendFormat(b, "20060102 15:04"), nil
	}
	return strconv.AppendInt(b, int64(h*3600+m*60+s)*1000+int64(t.Nanosecond())/1e6, 10), nil
}

// price appends a price; equities in ten-thousandths, rounded half-even.
func (enc *encoder) price(b []byte, p num.Decimal) ([]byte, error) {
	if err := inRange(p); err != nil {
		return nil, err
	}
	if !enc.scaled {
		return p.AppendText(b), nil
	}
	return p.Mul(num.FromInt(10_000)).Round(0).AppendText(b), nil
}

func (enc *encoder) size(b []byte, v num.Decimal) ([]byte, error) {
	if err := inRange(v); err != nil {
		return nil, err
	}
	return v.AppendText(b), nil
}

// inRange refuses what could not be read back.
func inRange(d num.Decimal) error {
	if d.Abs().Less(maxNumber) {
		return nil
	}
	return fault.E("lean.write", fault.Invalid, "%s is too large for a price or a volume", d).
		Hinted("Prices and volumes are below 1e15.")
}
