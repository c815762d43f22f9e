package lean

import (
	"slices"
	"strings"

	"quantdesk/internal/fault"
)

// columns says which cell is what, -1 for what a file does not have.
type columns struct {
	time, clock      int
	timeName         string
	trade            [4]int // open, high, low, close
	volume, symbol   int
	bid, ask         [4]int
	bidSize, askSize int
}

func (c *columns) trades() bool { return c.trade[3] >= 0 }
func (c *columns) quotes() bool { return c.bid[3] >= 0 && c.ask[3] >= 0 }

func noColumns() columns {
	none := [4]int{-1, -1, -1, -1}
	return columns{time: -1, clock: -1, timeName: "time", trade: none, volume: -1, symbol: -1, bid: none, ask: none, bidSize: -1, askSize: -1}
}

// positional is time, open, high, low, close and, if there is a sixth, volume.
func positional(cells int) columns {
	c := noColumns()
	c.time, c.trade = 0, [4]int{1, 2, 3, 4}
	if cells > 5 {
		c.volume = 5
	}
	return c
}

// headerWords are the usual headers of our columns, without case, spaces and
// marks, the best first.
var headerWords = map[string][]string{
	"time": {"datetime", "timestamp", "time", "date", "opentime", "starttime", "start", "ts", "gmttime", "unixtime", "unix", "indexlevel0"},
	"open": {"open", "o", "openprice"}, "high": {"high", "h", "highprice"}, "low": {"low", "l", "lowprice"},
	"close": {"close", "c", "last", "closeprice"}, "volume": {"volume", "vol", "v", "tickvol", "tickvolume"},
	"symbol":   {"symbol", "ticker", "sym", "instrument"},
	"bid_open": {"bidopen", "openbid"}, "bid_high": {"bidhigh", "highbid"}, "bid_low": {"bidlow", "lowbid"}, "bid_close": {"bidclose", "closebid"},
	"ask_open": {"askopen", "openask"}, "ask_high": {"askhigh", "highask"}, "ask_low": {"asklow", "lowask"}, "ask_close": {"askclose", "closeask"},
	"bid_size": {"bidsize", "bidvolume"}, "ask_size": {"asksize", "askvolume"},
	"clock": nil,
}

// plainHeader strips a header of case, spaces and marks.
func plainHeader(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// findColumns finds the columns by the spec, then by the usual headers.
func findColumns(header []string, spec ImportSpec) (columns, error) {
	const op = "lean.Import"
	plain := make([]string, len(header))
	for i, h := range header {
		plain[i] = plainHeader(h)
	}
	for name := range spec.Columns {
		if _, known := headerWords[name]; !known {
			return columns{}, fault.E(op, fault.Invalid, "the column name %q is not one of ours", name).
				Hinted("Map %s.", strings.Join(sortedKeys(headerWords), ", "))
		}
	}
	var missing string
	find := func(name string) int {
		if want, ok := spec.Columns[name]; ok {
			i := slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), strings.TrimSpace(want)) })
			if i < 0 && missing == "" {
				missing = want
			}
			return i
		}
		for _, word := range headerWords[name] {
			if i := slices.Index(plain, word); i >= 0 {
				return i
			}
		}
		return -1
	}
	c := noColumns()
	c.time, c.clock, c.volume, c.symbol = find("time"), find("clock"), find("volume"), find("symbol")
	for i, name := range priceNames {
		c.trade[i], c.bid[i], c.ask[i] = find(name), find("bid_"+name), find("ask_"+name)
	}
	c.bidSize, c.askSize = find("bid_size"), find("ask_size")
	if _, chosen := spec.Columns["time"]; !chosen && c.time >= 0 && plain[c.time] == "time" {
		// A date beside a time makes the time a time of day.
		if date := slices.Index(plain, "date"); date >= 0 && c.clock < 0 {
			c.time, c.clock = date, c.time
		}
	}
	if c.time >= 0 {
		c.timeName = header[c.time]
	}
	var lacking []string
	if c.time < 0 {
		lacking = append(lacking, "time")
	}
	if c.symbol < 0 && spec.Symbol == "" {
		lacking = append(lacking, "symbol")
	}
	if !c.trades() && !c.quotes() {
		lacking = append(lacking, "close")
	}
	for i, name := range priceNames[:3] {
		if c.trades() && c.trade[i] < 0 {
			lacking = append(lacking, name)
		}
		if c.quotes() && (c.bid[i] < 0 || c.ask[i] < 0) {
			lacking = append(lacking, "bid_"+name+" and ask_"+name)
		}
	}
	switch {
	case missing != "":
		return c, fault.E(op, fault.Invalid, "the file has no column %q, only %s", missing, strings.Join(header, ", ")).
			Hinted("Correct the column mapping.")
	case len(lacking) > 0:
		return c, fault.E(op, fault.Invalid, "the file has no column for %s among %s", strings.Join(lacking, ", "), strings.Join(header, ", ")).
			Hinted("Say which column is which, or give the symbol.")
	}
	return c, nil
}
