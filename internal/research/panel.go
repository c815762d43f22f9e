package research

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/quant"
)

// The bounds of a sample.
const (
	maxSymbols = 1000
	maxValues  = 20_000_000
	// maxRows bounds the bars of one symbol, which are in memory as they are read.
	maxRows = 1_500_000
	// lossWarned is the share of times whose loss is worth a warning.
	lossWarned = .05
)

// Panel are aligned prices: Prices[i][t] is the price of Symbols[i] at Times[t].
type Panel struct {
	Symbols []string
	// Times are the ends of bars; of daily bars the dates, at midnight UTC.
	Times  []time.Time
	Prices [][]float64
	// PerYear is how many bars a year has.
	PerYear  float64
	Daily    bool
	Dropped  int
	Warnings []string
}

// series is one symbol's, before alignment: for each key, a day or Unix seconds,
// a value of each field.
type series struct {
	keys   []int64
	values [][]float64
}

func parseResolution(text string) (market.Resolution, error) {
	if text == "" {
		text = "daily"
	}
	r, err := market.ParseResolution(text)
	if err != nil {
		return r, fault.E("research.resolution", fault.InvalidParameter, "%s", err).With("argument", "resolution")
	}
	return r, nil
}

// dates reads a span of days in the market's zone.
func (s *Service) dates(start, end string, zone *time.Location) (from, to time.Time, err error) {
	const op = "research.dates"
	read := func(name, text string) (market.Date, error) {
		d, err := market.ParseDate(text)
		if err != nil || d.Year < 1800 || d.Year > 2200 {
			return d, fault.E(op, fault.InvalidParameter, "%s %q is not a date", name, clip(text)).With("argument", name).With("value", clip(text)).Hinted("Write it as 2023-01-31.")
		}
		return d, nil
	}
	first, err := read("start_date", start)
	if err != nil {
		return from, to, err
	}
	to = s.cfg.Prices.Now()
	if end != "" {
		last, err := read("end_date", end)
		if err != nil {
			return from, to, err
		}
		to = earlier(to, last.AddDays(1).In(zone))
		if last.Before(first) {
			return from, to, fault.E(op, fault.InvalidParameter, "end_date %s is before start_date %s", end, start).With("argument", "end_date").With("value", end)
		}
	}
	if from = first.In(zone); !from.Before(to) {
		return from, to, fault.E(op, fault.InvalidParameter, "start_date %s is not before the market's now, %s", start, s.cfg.Prices.Now().Format("2006-01-02")).With("argument", "start_date").With("value", start)
	}
	return from, to, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// perYear is how many bars of a resolution a year has.
func perYear(r market.Resolution, always bool) float64 {
	days, minutes := 252.0, 390.0
	if always {
		days, minutes = 365, 1440
	}
	switch r.Unit {
	case market.UnitWeek:
		return 52 / float64(r.N)
	case market.UnitDay:
		return days / float64(r.N)
	case market.UnitHour:
		return days * minutes / 60 / float64(r.N)
	}
	return days * minutes * float64(time.Minute) / float64(r.Duration())
}

// resolve finds the instruments of a sample: duplicates and unknown symbols are
// refused before any data is read.
func (s *Service) resolve(ctx context.Context, c Caller, symbols []string, book string) ([]market.Instrument, error) {
	const op = "research.resolve"
	if len(symbols) == 0 {
		b, err := s.Book(ctx, c, book)
		if err != nil {
			return nil, err
		}
		if symbols = b.Symbols(); len(symbols) == 0 {
			return nil, fault.E(op, fault.InvalidParameter, "no symbols are given and the workspace %s has none", b.Name).With("argument", "symbols").
				Hinted("Name symbols, or add some with add_multiple_equities.")
		}
	}
	if len(symbols) > maxSymbols {
		return nil, fault.E(op, fault.TooManySeries, "%d symbols are given; at most %d are read at once", len(symbols), maxSymbols).With("value", len(symbols)).With("limit", maxSymbols)
	}
	list := make([]market.Instrument, len(symbols))
	names := make([]string, len(symbols))
	for i, symbol := range symbols {
		in, ok := s.cfg.Prices.Lookup(strings.TrimSpace(symbol))
		if !ok {
			return nil, unknown(op, symbol)
		}
		list[i], names[i] = in, in.Symbol
	}
	return list, quant.CheckSymbols(names)
}

// Load reads a sample and aligns it to the times that every series has.
func (s *Service) Load(ctx context.Context, c Caller, in Sample, report Report) (*Panel, error) {
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return nil, err
	}
	return s.load(ctx, list, in, report)
}

func (s *Service) load(ctx context.Context, list []market.Instrument, in Sample, report Report) (*Panel, error) {
	p, all, err := s.read(ctx, list, in, []Field{in.Field}, report)
	if err != nil {
		return nil, err
	}
	if in.FillLimit > 0 {
		if n := fill(all, in.FillLimit); n > 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%d missing values were filled with the price before", n))
		}
	}
	return p.align(p.Symbols, all)
}

// align makes a panel like p of some series, at the times that all of them have.
func (p *Panel) align(symbols []string, all []series) (*Panel, error) {
	times := make([][]int64, len(all))
	for i := range all {
		times[i] = all[i].keys
	}
	a, err := quant.Align(symbols, times)
	if err != nil {
		return nil, err
	}
	out := *p
	out.Symbols, out.Dropped = symbols, a.Union-len(a.Times)
	if float64(out.Dropped) > lossWarned*float64(a.Union) {
		text := fmt.Sprintf("%d of %d times are left out because not every series has them", out.Dropped, a.Union)
		if a.Limiting >= 0 {
			text += "; " + symbols[a.Limiting] + " limits the sample"
		}
		out.Warnings = append(out.Warnings, text)
	}
	out.Times = make([]time.Time, len(a.Times))
	for t, key := range a.Times {
		out.Times[t] = p.time(key)
	}
	out.Prices = make([][]float64, len(all))
	for i, rows := range a.Rows {
		out.Prices[i] = make([]float64, len(rows))
		for t, row := range rows {
			out.Prices[i][t] = all[i].values[0][row]
		}
	}
	return &out, nil
}

// read gets fields of the bars of each instrument, none aligned.
func (s *Service) read(ctx context.Context, list []market.Instrument, in Sample, fields []Field, report Report) (*Panel, []series, error) {
	const op = "research.read"
	r, err := parseResolution(in.Resolution)
	if err != nil {
		return nil, nil, err
	}
	p := &Panel{Daily: !r.Intraday()}
	always := true
	calendars := make([]*market.Calendar, len(list))
	for i, x := range list {
		p.Symbols = append(p.Symbols, x.Symbol)
		if calendars[i], err = s.cfg.Prices.Calendar(x.Symbol); err != nil {
			return nil, nil, err
		}
		always = always && x.Class == market.Crypto
	}
	p.PerYear = perYear(r, always)
	from, to, err := s.dates(in.Start, in.End, calendars[0].Zone)
	if err != nil {
		return nil, nil, err
	}
	rows := to.Sub(from).Hours() / 24 / 365 * p.PerYear
	if rows > maxRows {
		return nil, nil, fault.E(op, fault.TooLarge, "a symbol has about %.0f bars over that time; at most %d are read at once", rows, maxRows).With("value", int(rows)).With("limit", maxRows)
	}
	if n := rows * float64(len(list)*len(fields)); n > maxValues {
		return nil, nil, fault.E(op, fault.TooLarge, "%d symbols over that time are about %.0f values; at most %d are read at once", len(list), n, maxValues).
			With("value", int(n)).With("limit", maxValues)
	}
	all, errs := make([]series, len(list)), make([]error, len(list))
	done := 0
	if err := quant.Parallel(ctx, len(list), func(w, i int) {
		bars, err := s.cfg.Prices.Bars(ctx, market.BarRequest{Symbol: list[i].Symbol, Resolution: r, Start: from, End: to, Adjustment: adjustment(in.Adjustment)})
		if errs[i] = err; err != nil {
			return
		}
		all[i] = extract(bars, fields, calendars[i], p.Daily)
		if w == 0 && report != nil {
			done = max(done, i)
			report(float64(done)/float64(len(list))/2, "reading "+list[i].Symbol)
		}
	}); err != nil {
		return nil, nil, err
	}
	for i, err := range errs {
		if err != nil {
			return nil, nil, err
		}
		if len(all[i].keys) == 0 {
			return nil, nil, fault.E(op, fault.InsufficientData, "%s has no %s bars from %s to %s", list[i].Symbol, r, from.Format("2006-01-02"), to.Format("2006-01-02")).
				With("argument", "symbols").With("value", list[i].Symbol)
		}
	}
	return p, all, nil
}

func adjustment(a market.Adjustment) market.Adjustment {
	if a == "" {
		return market.Adjusted
	}
	return a
}

// extract takes fields of bars. Daily bars are known by the day they belong to, so
// that those of different markets align.
func extract(bars []market.Bar, fields []Field, cal *market.Calendar, daily bool) series {
	out := series{make([]int64, 0, len(bars)), make([][]float64, len(fields))}
	for k := range fields {
		out.values[k] = make([]float64, 0, len(bars))
	}
	for _, b := range bars {
		key := b.End.Unix()
		if daily {
			key = int64(cal.SessionDate(b.End.Add(-time.Nanosecond)).Days())
		}
		if n := len(out.keys); n > 0 && out.keys[n-1] >= key {
			continue
		}
		out.keys = append(out.keys, key)
		for k, f := range fields {
			out.values[k] = append(out.values[k], f.of(b))
		}
	}
	return out
}

func (f Field) of(b market.Bar) float64 {
	switch f {
	case "open":
		return b.Open.Float64()
	case "high":
		return b.High.Float64()
	case "low":
		return b.Low.Float64()
	case "volume":
		return b.Volume.Float64()
	}
	return b.Close.Float64()
}

// fill gives each series the times of the others, with its last value, for at most
// limit times in a row. It counts what it filled.
func fill(all []series, limit int) int {
	var union []int64
	for _, x := range all {
		union = append(union, x.keys...)
	}
	slices.Sort(union)
	union = slices.Compact(union)
	filled := 0
	for i, x := range all {
		keys, values := make([]int64, 0, len(union)), make([]float64, 0, len(union))
		at, gap := 0, 0
		for _, key := range union {
			switch {
			case at < len(x.keys) && x.keys[at] == key:
				keys, values = append(keys, key), append(values, x.values[0][at])
				at, gap = at+1, 0
			case at > 0 && at < len(x.keys) && gap < limit:
				keys, values = append(keys, key), append(values, x.values[0][at-1])
				gap++
				filled++
			}
		}
		all[i] = series{keys, [][]float64{values}}
	}
	return filled
}

func (p *Panel) time(key int64) time.Time {
	if p.Daily {
		return time.Unix((key-daysTo1970)*86400, 0).UTC()
	}
	return time.Unix(key, 0).UTC()
}

// key is what time came from.
func (p *Panel) key(t time.Time) int64 {
	if p.Daily {
		return t.Unix()/86400 + daysTo1970
	}
	return t.Unix()
}

// daysTo1970 is what market.Date.Days says of 1970-01-01.
var daysTo1970 = int64(market.Date{Year: 1970, Month: time.January, Day: 1}.Days())

// Stamp writes a time of the panel: a date, or RFC 3339.
func (p *Panel) Stamp(t time.Time) string {
	if p.Daily {
		return t.Format("2006-01-02")
	}
	return t.Format(time.RFC3339)
}

// Stamps are all times of the panel from a row on.
func (p *Panel) Stamps(from int) []string {
	out := make([]string, 0, len(p.Times)-from)
	for _, t := range p.Times[from:] {
		out = append(out, p.Stamp(t))
	}
	return out
}

// Returns are the simple returns of all symbols, computed after alignment.
func (p *Panel) Returns() ([][]float64, error) { return p.each(quant.Returns) }

// LogPrices are the logarithms of all prices.
func (p *Panel) LogPrices() ([][]float64, error) { return p.each(quant.Logs) }

func (p *Panel) each(f func([]float64) []float64) ([][]float64, error) {
	out := make([][]float64, len(p.Prices))
	for i, x := range p.Prices {
		if err := quant.Check(quant.Column{Name: p.Symbols[i], Values: x, Positive: true}); err != nil {
			return nil, err
		}
		out[i] = f(x)
	}
	return out, nil
}

// Index is the place of a symbol, -1 where it is not in the panel.
func (p *Panel) Index(symbol string) int { return slices.Index(p.Symbols, symbol) }

// Meta describes the panel: nObs observations beginning at a row.
func (p *Panel) Meta(from, nObs int, method string, params any) Meta {
	m := Meta{NObs: nObs, Dropped: p.Dropped, Method: method, Params: params}
	m.Warnings = slices.Clone(p.Warnings)
	if nObs > 0 && from < len(p.Times) {
		m.Start, m.End = p.Stamp(p.Times[from]), p.Stamp(p.Times[len(p.Times)-1])
	}
	return m
}

// Maybe is v for JSON: nil where it is undefined.
func Maybe(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// seedOf is a caller's seed; zero is the default.
func seedOf(seed int64) *uint64 {
	out := uint64(quant.DefaultSeed)
	if seed > 0 {
		out = uint64(seed)
	}
	return &out
}
