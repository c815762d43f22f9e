package lean

import (
	"bytes"
	"os"
	"path"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// mapRow says: up to and including date the security traded as ticker.
type mapRow struct {
	date   market.Date
	ticker string // lower case, as file names are
}

// farFuture is the date of a map or factor file's open end.
var farFuture = market.Date{Year: 2050, Month: 12, Day: 31}

// readMap reads a map file; the first row's date is the first trading day and
// the last row's the delisting, unless it is farFuture.
func (f *Folder) readMap(rel string) ([]mapRow, error) {
	const op = "lean.readMap"
	data, err := os.ReadFile(f.path(rel))
	if err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "map file %s cannot be read", rel).
			Hinted("Check that the desk's user may read it.")
	}
	var rows []mapRow
	err = eachLine(op, rel, data, func(line []byte) string {
		date, rest, ok := bytes.Cut(line, []byte{','})
		ticker, _, _ := bytes.Cut(rest, []byte{','})
		d, err := market.ParseDate(string(date))
		name := strings.ToLower(string(ticker))
		if !ok || err != nil || !validTicker(name) {
			return "expected a date and a ticker"
		}
		if n := len(rows); n > 0 && d.Before(rows[n-1].date) {
			return "the dates do not ascend"
		}
		rows = append(rows, mapRow{d, name})
		return ""
	})
	if err == nil && len(rows) == 0 {
		err = damaged(op, rel, 0, "the map file is empty")
	}
	return rows, err
}

// eachLine calls do with every line that is not blank and turns what it
// complains of into an error with the line's number.
func eachLine(op, rel string, data []byte, do func(line []byte) (why string)) error {
	for n := 1; len(data) > 0; n++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if why := do(line); why != "" {
			return damaged(op, rel, n, "%s in %q", why, clip(line))
		}
	}
	return nil
}

// segment is a stretch of days on which a security's files bear one ticker.
type segment struct {
	from, to market.Date
	ticker   string
}

func (s segment) covers(d market.Date) bool { return !d.Before(s.from) && !d.After(s.to) }

// segments joins map rows into stretches.
func segments(rows []mapRow) []segment {
	var out []segment
	from := rows[0].date
	for _, r := range rows {
		if n := len(out); n > 0 && out[n-1].ticker == r.ticker {
			out[n-1].to = r.date
		} else {
			out = append(out, segment{from, r.date, r.ticker})
		}
		from = r.date.AddDays(1)
	}
	return out
}

// always is the one stretch of a symbol without a map file.
func always(ticker string) []segment {
	return []segment{{market.Date{Year: 1, Month: 1, Day: 1}, market.Date{Year: 9999, Month: 12, Day: 31}, ticker}}
}

// validTicker tells whether a ticker may become a file name: letters, digits
// and a few marks, so that no symbol can name a path outside the folder.
func validTicker(s string) bool {
	if s == "" || len(s) > 40 || s[0] == '.' || path.Base(s) != s {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '^' || c == '=' || c == '$') {
			return false
		}
	}
	return true
}
