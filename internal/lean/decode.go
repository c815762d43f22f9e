package lean

import (
	"bytes"
	"slices"
	"time"
	"unsafe"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// tick says which of the two kinds of bars a file holds.
type tick string

const (
	trade tick = "trade"
	quote tick = "quote"
)

// tradeRow and quoteRow are bars as they are kept: times in milliseconds since
// 1970 UTC, so that a lookup is a binary search over integers.
type tradeRow struct {
	start, end                     int64
	open, high, low, close, volume num.Decimal
}

type quoteRow struct {
	start, end       int64
	bid, ask         [4]num.Decimal // open, high, low, close; zero when the side is absent
	bidSize, askSize num.Decimal
}

// table is one decoded file; one of its halves is empty.
type table struct {
	trades []tradeRow
	quotes []quoteRow
}

func (t *table) bytes() int {
	return len(t.trades)*int(unsafe.Sizeof(tradeRow{})) + len(t.quotes)*int(unsafe.Sizeof(quoteRow{})) + 64
}

func tradeTimes(r *tradeRow) (start, end int64) { return r.start, r.end }
func quoteTimes(r *quoteRow) (start, end int64) { return r.start, r.end }

// decoder turns the text of a data file into rows.
type decoder struct {
	file   string // relative, for errors
	kind   tick
	scaled bool // equity prices in ten-thousandths
	// rowTime gives start and end of a row from its first column.
	rowTime func(field []byte) (start, end int64, ok bool)
}

// decode reads a whole file. Rows out of order are sorted and of two rows with
// one start the later line stays, as LEAN tolerates both.
func (d *decoder) decode(data []byte) (*table, error) {
	t := &table{}
	lines := bytes.Count(data, []byte{'\n'}) + 1
	if d.kind == trade {
		t.trades = make([]tradeRow, 0, lines)
	} else {
		t.quotes = make([]quoteRow, 0, lines)
	}
	sorted, last := true, int64(-1<<62)
	for n := 1; len(data) > 0; n++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) == 0 {
			continue
		}
		start, why := d.line(t, line)
		if why != "" {
			return nil, damaged("lean.decode", d.file, n, "%s in %q", why, clip(line))
		}
		sorted = sorted && start > last
		last = start
	}
	if !sorted {
		t.trades = inOrder(t.trades, tradeTimes)
		t.quotes = inOrder(t.quotes, quoteTimes)
	}
	return t, nil
}

// line decodes one row into t; why is empty when it is good.
func (d *decoder) line(t *table, line []byte) (at int64, why string) {
	field, rest, _ := bytes.Cut(line, []byte{','})
	start, end, ok := d.rowTime(field)
	if !ok {
		return 0, "the time is not understood"
	}
	if d.kind == trade {
		row := tradeRow{start: start, end: end}
		for _, to := range [...]*num.Decimal{&row.open, &row.high, &row.low, &row.close} {
			if rest == nil {
				return 0, "columns are missing"
			}
			field, rest, _ = bytes.Cut(rest, []byte{','})
			if *to, ok = parsePrice(field, d.scaled); !ok {
				return 0, "a price is not a number"
			}
		}
		if rest == nil {
			return 0, "columns are missing"
		}
		field, _, _ = bytes.Cut(rest, []byte{','})
		if row.volume, ok = parseDecimal(field); !ok {
			return 0, "the volume is not a number"
		}
		t.trades = append(t.trades, row)
		return start, ""
	}
	row := quoteRow{start: start, end: end}
	if rest, why = d.side(rest, &row.bid, &row.bidSize); why != "" {
		return 0, why
	}
	if _, why = d.side(rest, &row.ask, &row.askSize); why != "" {
		return 0, why
	}
	t.quotes = append(t.quotes, row)
	return start, ""
}

// side decodes four prices and a size; empty columns are an absent side.
func (d *decoder) side(rest []byte, prices *[4]num.Decimal, size *num.Decimal) (_ []byte, why string) {
	var field []byte
	var ok bool
	for i := range prices {
		if rest == nil {
			return nil, "columns are missing"
		}
		field, rest, _ = bytes.Cut(rest, []byte{','})
		if len(field) == 0 {
			continue
		}
		if prices[i], ok = parsePrice(field, d.scaled); !ok {
			return nil, "a price is not a number"
		}
	}
	if rest == nil {
		return nil, "columns are missing"
	}
	field, rest, _ = bytes.Cut(rest, []byte{','})
	if len(field) > 0 {
		if *size, ok = parseDecimal(field); !ok {
			return nil, "a size is not a number"
		}
	}
	return rest, ""
}

func inOrder[R any](rows []R, times func(*R) (int64, int64)) []R {
	at := func(r R) int64 { s, _ := times(&r); return s }
	slices.SortStableFunc(rows, func(a, b R) int {
		if x, y := at(a), at(b); x != y {
			if x < y {
				return -1
			}
			return 1
		}
		return 0
	})
	out := rows[:0]
	for _, r := range rows {
		if n := len(out); n > 0 && at(out[n-1]) == at(r) {
			out[n-1] = r
			continue
		}
		out = append(out, r)
	}
	return out
}

func clip(line []byte) string {
	if len(line) > 60 {
		return string(line[:60]) + "…"
	}
	return string(line)
}

const dayMillis = 24 * 60 * 60 * 1000

// sinceMidnight reads the first column of minute and second files: wall-clock
// milliseconds since midnight of the file's date in the data zone.
func sinceMidnight(d market.Date, zone *time.Location, length time.Duration) func([]byte) (int64, int64, bool) {
	wall := newWallDay(d, zone)
	return func(field []byte) (start, end int64, ok bool) {
		ms, ok := parseInt(field)
		if !ok || ms >= dayMillis {
			return 0, 0, false
		}
		start = wall.at(ms)
		return start, start + length.Milliseconds(), true
	}
}

// wallDay turns wall-clock milliseconds of one day into instants.
type wallDay struct {
	date     market.Date
	zone     *time.Location
	midnight int64
	even     bool // no clock change on this day
}

func newWallDay(d market.Date, zone *time.Location) wallDay {
	midnight := d.In(zone).UnixMilli()
	return wallDay{d, zone, midnight, d.AddDays(1).In(zone).UnixMilli()-midnight == dayMillis}
}

func (w *wallDay) at(ms int64) int64 {
	if w.even {
		return w.midnight + ms
	}
	return time.Date(w.date.Year, w.date.Month, w.date.Day, 0, 0, 0, int(ms)*int(time.Millisecond), w.zone).UnixMilli()
}

// dateAndClock reads the first column of hour and daily files, yyyyMMdd HH:mm
// in the data zone, and lets span make start and end of it.
func dateAndClock(zone *time.Location, span func(d market.Date, at int64) (start, end int64)) func([]byte) (int64, int64, bool) {
	var wall wallDay
	return func(field []byte) (start, end int64, ok bool) {
		if len(field) != 14 || field[8] != ' ' || field[11] != ':' {
			return 0, 0, false
		}
		ymd, ok1 := parseInt(field[:8])
		hour, ok2 := parseInt(field[9:11])
		minute, ok3 := parseInt(field[12:])
		d := market.Date{Year: int(ymd / 10000), Month: time.Month(ymd / 100 % 100), Day: int(ymd % 100)}
		if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 {
			return 0, 0, false
		}
		if d != wall.date {
			if market.DateOf(d.In(time.UTC)) != d {
				return 0, 0, false // the 31st of February
			}
			wall = newWallDay(d, zone)
		}
		start, end = span(d, wall.at((hour*60+minute)*60_000))
		return start, end, true
	}
}
