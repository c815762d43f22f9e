package server

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

const (
	kindKept  = "kept bars"
	keptEvery = time.Second
	mostBars  = 20_000
)

// barSizes are the lengths of bars that TWS knows.
var barSizes = map[string]market.Resolution{
	"1 sec": {N: 1, Unit: market.UnitSecond}, "1 secs": {N: 1, Unit: market.UnitSecond}, "5 secs": {N: 5, Unit: market.UnitSecond}, "10 secs": {N: 10, Unit: market.UnitSecond},
	"15 secs": {N: 15, Unit: market.UnitSecond}, "30 secs": {N: 30, Unit: market.UnitSecond}, "1 min": {N: 1, Unit: market.UnitMinute}, "2 mins": {N: 2, Unit: market.UnitMinute},
	"3 mins": {N: 3, Unit: market.UnitMinute}, "5 mins": {N: 5, Unit: market.UnitMinute}, "10 mins": {N: 10, Unit: market.UnitMinute}, "15 mins": {N: 15, Unit: market.UnitMinute},
	"20 mins": {N: 20, Unit: market.UnitMinute}, "30 mins": {N: 30, Unit: market.UnitMinute}, "1 hour": {N: 1, Unit: market.UnitHour}, "2 hours": {N: 2, Unit: market.UnitHour},
	"3 hours": {N: 3, Unit: market.UnitHour}, "4 hours": {N: 4, Unit: market.UnitHour}, "8 hours": {N: 8, Unit: market.UnitHour}, "1 day": {N: 1, Unit: market.UnitDay},
	"1 week": {N: 1, Unit: market.UnitWeek}, "1W": {N: 1, Unit: market.UnitWeek}, "1 month": {}, "1M": {},
}

// beginOf is the moment a duration before another. Days are trading days, the
// one that has begun among them: one day on a Sunday is all of Friday.
func beginOf(duration string, end time.Time, cal *market.Calendar) (time.Time, error) {
	number, unit, ok := strings.Cut(strings.TrimSpace(duration), " ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n <= 0 || n > 100_000 {
		return time.Time{}, fmt.Errorf("duration %q: use a number and S, D, W, M or Y", duration)
	}
	switch unit {
	case "S":
		return end.Add(-time.Duration(n) * time.Second), nil
	case "D":
		return tradingDays(cal, n, end), nil
	case "W":
		return end.AddDate(0, 0, -7*n), nil
	case "M":
		return end.AddDate(0, -n, 0), nil
	case "Y":
		return end.AddDate(-n, 0, 0), nil
	}
	return time.Time{}, fmt.Errorf("duration %q: use a number and S, D, W, M or Y", duration)
}

// tradingDays is the beginning of the nth trading day back from a moment.
func tradingDays(cal *market.Calendar, n int, end time.Time) time.Time {
	if cal.AlwaysOpen {
		return end.AddDate(0, 0, -n)
	}
	d := market.DateOf(end.In(zone(cal)))
	for range 2*n + 30 { // more days than n sessions take
		if begins := d.In(zone(cal)); begins.Before(end) && slices.ContainsFunc(cal.Segments(d), func(s market.Segment) bool {
			return s.State != market.Closed && begins.Add(s.From).Before(end)
		}) {
			if n--; n == 0 {
				return begins
			}
		}
		d = d.AddDays(-1)
	}
	return d.In(zone(cal))
}

// parseMoment reads the times of requests: with a zone, in UTC with a hyphen, or
// in the instrument's zone.
func parseMoment(s string, local *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	if t, err := time.Parse("20060102-15:04:05", s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"20060102 15:04:05", "20060102 15:04", "20060102"} {
		n := min(len(layout), len(s))
		t, err := time.ParseInLocation(layout, s[:n], local)
		if err != nil {
			continue
		}
		name := strings.TrimSpace(s[n:])
		if name == "" {
			return t, nil
		}
		l, err := time.LoadLocation(map[string]string{"EST": "America/New_York", "EDT": "America/New_York", "GMT": "UTC"}[name])
		if err != nil || name != "EST" && name != "EDT" && name != "GMT" {
			if l, err = time.LoadLocation(name); err != nil {
				return t, fmt.Errorf("the time zone %q is not known", name)
			}
		}
		return time.ParseInLocation(layout, s[:n], l)
	}
	return time.Time{}, fmt.Errorf("the time %q: use yyyymmdd hh:mm:ss with a zone, or yyyymmdd-hh:mm:ss in UTC", s)
}

// show is how a kind of historical data is made of trades.
func showable(what string) bool {
	return slices.Contains([]string{"TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST", "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "SCHEDULE", "AGGTRADES"}, what)
}

func (c *client) historicalData(ctx context.Context, m *tws.ReqHistoricalData) {
	refuse := func(format string, args ...any) {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - %s", fmt.Sprintf(format, args...))
	}
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	size, known := barSizes[m.BarSize]
	month := known && size == market.Resolution{}
	switch {
	case !known:
		refuse("Historical data bar size setting is invalid: %q", m.BarSize)
		return
	case !showable(m.WhatToShow):
		refuse("Historical data type %q is not known", m.WhatToShow)
		return
	case m.KeepUpToDate && m.End != "":
		refuse("End date is not supported for bars that are kept up to date")
		return
	case f.opt != nil:
		c.fail(m.ReqID, 162, "Historical Market Data Service error message:HMDS query returned no data: %s@%s %s", f.LocalSymbol, f.Exchange, m.WhatToShow)
		return
	}
	if month {
		size = market.Daily
	}
	cal, err := c.s.cfg.Market.Calendar(f.in.Symbol)
	if err != nil {
		refuse("%s", err)
		return
	}
	end := c.s.cfg.Market.Now()
	if m.End != "" {
		if end, err = parseMoment(m.End, zone(cal)); err != nil {
			refuse("%s", err)
			return
		}
	}
	start, err := beginOf(m.Duration, end, cal)
	if err != nil {
		refuse("%s", err)
		return
	}
	if c.s.cfg.Pace > 0 && size.Duration() <= 30*time.Second {
		if why := c.history.take(time.Now(), m, f.LocalSymbol); why != "" {
			c.fail(m.ReqID, 162, "Historical Market Data Service error message:Historical data request pacing violation: %s", why)
			return
		}
	}
	if m.WhatToShow == "SCHEDULE" {
		c.schedule(m.ReqID, cal, start, end)
		return
	}
	h := &history{c: c, f: f, m: m, size: size, month: month, zone: zone(cal)}
	bars, err := h.bars(ctx, start, end)
	if err != nil || len(bars) == 0 {
		c.fail(m.ReqID, 162, "Historical Market Data Service error message:HMDS query returned no data: %s@%s %s", f.LocalSymbol, f.Exchange, m.WhatToShow)
		return
	}
	if len(bars) > mostBars {
		refuse("Time length exceeds max: %d bars of %s", len(bars), m.BarSize)
		return
	}
	c.send(&tws.HistoricalData{ReqID: m.ReqID, Start: stamp(start.In(h.zone)), End: stamp(end.In(h.zone)), Bars: bars})
	if !m.KeepUpToDate {
		return
	}
	last := bars[len(bars)-1]
	run := func(ctx context.Context) {
		every(ctx, keptEvery, func() {
			if c.s.faults.dataLost() {
				return
			}
			if bar, ok := h.current(ctx, last); ok && bar != last {
				c.send(&tws.HistoricalDataUpdate{ReqID: m.ReqID, Bar: bar})
				last = bar
			}
		})
	}
	if !c.begin(ctx, task{kindKept, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate ticker id")
	}
}

// history makes bars of one request.
type history struct {
	c     *client
	f     found
	m     *tws.ReqHistoricalData
	size  market.Resolution
	month bool
	zone  *time.Location
	// What the day's volume was when the bar began that is kept up to date.
	began  time.Time
	before num.Decimal
}

func (h *history) bars(ctx context.Context, start, end time.Time) ([]tws.Bar, error) {
	adjustment := market.SplitAdjusted
	if h.m.WhatToShow == "ADJUSTED_LAST" {
		adjustment = market.Adjusted
	}
	extended := !h.m.UseRTH && h.size.Intraday()
	base := h.size.Base()
	req := market.BarRequest{Symbol: h.f.in.Symbol, Resolution: base, Start: start, End: end, Adjustment: adjustment, Extended: extended}
	bars, err := h.c.s.cfg.Market.Bars(ctx, req)
	if err != nil {
		return nil, err
	}
	bars = market.Aggregate(bars, h.size, h.zone)
	if h.month {
		bars = months(bars, h.zone)
	}
	out := make([]tws.Bar, 0, len(bars))
	for _, b := range bars {
		out = append(out, h.bar(b))
	}
	return out, nil
}

// months joins daily bars by their month.
func months(bars []market.Bar, loc *time.Location) (out []market.Bar) {
	for i, b := range bars {
		if i > 0 && b.Start.In(loc).Month() == bars[i-1].Start.In(loc).Month() {
			o := &out[len(out)-1]
			o.End, o.Close = b.End, b.Close
			o.High, o.Low, o.Volume = num.Max(o.High, b.High), num.Min(o.Low, b.Low), o.Volume.Add(b.Volume)
			continue
		}
		out = append(out, b)
	}
	return out
}

func (h *history) bar(b market.Bar) tws.Bar {
	out := tws.Bar{Date: h.date(b), Open: b.Open, High: b.High, Low: b.Low, Close: b.Close, Volume: b.Volume}
	out.WAP = b.High.Add(b.Low).Add(b.Close).Quo(num.FromInt(3)).Round(6)
	n, _ := b.Volume.Quo(num.FromInt(100)).Round(0).Int64()
	out.Count = max(1, n)
	switch h.m.WhatToShow {
	case "MIDPOINT", "BID", "ASK", "BID_ASK":
		half := h.f.in.Tick
		minus := num.FromInt(-1)
		out.Volume, out.WAP, out.Count = minus, minus, -1
		switch h.m.WhatToShow {
		case "BID":
			out.Open, out.High, out.Low, out.Close = out.Open.Sub(half), out.High.Sub(half), out.Low.Sub(half), out.Close.Sub(half)
		case "ASK":
			out.Open, out.High, out.Low, out.Close = out.Open.Add(half), out.High.Add(half), out.Low.Add(half), out.Close.Add(half)
		case "BID_ASK": // open is the average bid, close the average ask
			out.Open, out.Close = b.Close.Sub(half), b.Close.Add(half)
		}
	}
	if out.Volume.IsZero() && h.f.in.Class != market.Equity {
		out.Volume, out.WAP, out.Count = num.FromInt(-1), num.FromInt(-1), -1
	}
	return out
}

// date writes a bar's time: its day, or its beginning.
func (h *history) date(b market.Bar) string {
	if !h.size.Intraday() {
		return market.DateOf(b.End.Add(-1).In(h.zone)).Compact()
	}
	if h.m.FormatDate == 2 {
		return strconv.FormatInt(b.Start.Unix(), 10)
	}
	return stamp(b.Start.In(h.zone))
}

// current is the newest bar, with the last price in it.
func (h *history) current(ctx context.Context, last tws.Bar) (tws.Bar, bool) {
	now := h.c.s.cfg.Market.Now()
	back := 2 * h.size.Duration()
	switch {
	case h.month:
		back = 32 * 24 * time.Hour // the whole month
	case !h.size.Intraday():
		back = 10 * 24 * time.Hour
	}
	q, err := h.c.s.cfg.Market.Quote(ctx, h.f.in.Symbol)
	if err != nil || q.Mark().Sign() <= 0 {
		return last, false
	}
	price := q.Mark()
	if h.m.WhatToShow != "TRADES" && h.m.WhatToShow != "ADJUSTED_LAST" {
		price = q.Mid()
	}
	var b market.Bar
	if h.size.Intraday() {
		at := startOf(now.In(h.zone), h.size)
		b = market.Bar{Start: at, End: at.Add(h.size.Duration()), Open: price, High: price, Low: price, Close: price}
		if !h.began.Equal(at) {
			h.began, h.before = at, q.Volume
		}
		b.Volume = num.Max(num.Zero, q.Volume.Sub(h.before))
		part := market.BarRequest{Symbol: h.f.in.Symbol, Resolution: market.Minute, Start: at, End: now, Adjustment: market.Raw, Extended: true}
		if whole, err := h.c.s.cfg.Market.Bars(ctx, part); err == nil && len(whole) > 0 && h.size.Duration() > time.Minute {
			b.Open, b.Volume = whole[0].Open, num.Zero
			for _, w := range whole {
				b.High, b.Low, b.Volume = num.Max(b.High, w.High), num.Min(b.Low, w.Low), b.Volume.Add(w.Volume)
			}
		}
	} else {
		bars, err := h.bars(ctx, now.Add(-back), now)
		if err != nil || len(bars) == 0 {
			return last, false
		}
		day := market.DateOf(now.In(h.zone)).Compact()
		if h.size != market.Daily || h.month || bars[len(bars)-1].Date == day {
			return bars[len(bars)-1], true
		}
		b = market.Bar{Start: now, End: now, Open: q.Open, High: num.Max(q.High, price), Low: num.Min(q.Low, price), Close: price, Volume: q.Volume}
		if q.Open.Sign() <= 0 {
			b.Open, b.High, b.Low = price, price, price
		}
	}
	out := h.bar(b)
	if out.Date == last.Date { // the same bar goes on: it keeps its open and extremes
		out.Open, out.High, out.Low = last.Open, num.Max(last.High, out.High), num.Min(last.Low, out.Low)
		out.Volume, out.Count = num.Max(last.Volume, out.Volume), max(last.Count, out.Count)
	}
	return out, true
}

func startOf(t time.Time, r market.Resolution) time.Time {
	y, m, d := t.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	return midnight.Add(t.Sub(midnight).Truncate(r.Duration()))
}

func (c *client) cancelHistoricalData(id int64) {
	if !c.end(task{kindKept, id}) {
		c.fail(id, 366, "No historical data query found for ticker id:%d", id)
	}
}

func (c *client) schedule(id int64, cal *market.Calendar, start, end time.Time) {
	out := &tws.HistoricalSchedule{ReqID: id, Start: start.In(zone(cal)).Format("20060102-15:04:05"), End: end.In(zone(cal)).Format("20060102-15:04:05"), TimeZone: zoneName(zone(cal))}
	for d := market.DateOf(start.In(zone(cal))); !d.After(market.DateOf(end.In(zone(cal)))); d = d.AddDays(1) {
		if opens, closes, ok := cal.Session(d); ok {
			out.Sessions = append(out.Sessions, tws.ScheduleSession{Start: opens.In(zone(cal)).Format("20060102-15:04:05"), End: closes.In(zone(cal)).Format("20060102-15:04:05"), RefDate: d.Compact()})
		}
	}
	c.send(out)
}

func (c *client) headTimestamp(ctx context.Context, m *tws.ReqHeadTimestamp) {
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	now := c.s.cfg.Market.Now()
	bars, err := c.s.cfg.Market.Bars(ctx, market.BarRequest{Symbol: f.in.Symbol, Resolution: market.Daily, Start: now.AddDate(-60, 0, 0), End: now, Adjustment: market.Raw})
	if err != nil || len(bars) == 0 || f.opt != nil {
		c.fail(m.ReqID, 162, "Historical Market Data Service error message:No head time stamp")
		return
	}
	at := bars[0].Start.UTC()
	text := at.Format("20060102-15:04:05")
	if m.FormatDate == 2 {
		text = strconv.FormatInt(at.Unix(), 10)
	}
	c.send(&tws.HeadTimestamp{ReqID: m.ReqID, Time: text})
}

func (c *client) histogram(ctx context.Context, m *tws.ReqHistogramData) {
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	now := c.s.cfg.Market.Now()
	number, unit, _ := strings.Cut(strings.TrimSpace(m.Period), " ")
	letter := map[string]string{"second": "S", "minute": "S", "day": "D", "week": "W", "month": "M", "year": "Y"}[strings.TrimSuffix(strings.ToLower(unit), "s")]
	cal, err := c.s.cfg.Market.Calendar(f.in.Symbol)
	var start time.Time
	if err == nil {
		start, err = beginOf(number+" "+letter, now, cal)
	}
	if err != nil {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - Invalid period %q: use 3 days, 1 week, 2 months", m.Period)
		return
	}
	bars, err := c.s.cfg.Market.Bars(ctx, market.BarRequest{Symbol: f.in.Symbol, Resolution: market.Hour, Start: start, End: now, Adjustment: market.Raw, Extended: !m.UseRTH})
	if err != nil {
		c.fail(m.ReqID, 162, "Historical Market Data Service error message:HMDS query returned no data: %s", f.LocalSymbol)
		return
	}
	sizes := map[string]num.Decimal{}
	var keys []num.Decimal
	for _, b := range bars {
		p := b.Close.Round(1).Normalize()
		if _, ok := sizes[p.String()]; !ok {
			keys = append(keys, p)
		}
		sizes[p.String()] = sizes[p.String()].Add(b.Volume)
	}
	slices.SortFunc(keys, func(a, b num.Decimal) int { return a.Cmp(b) })
	out := &tws.HistogramData{ReqID: m.ReqID}
	for _, p := range keys {
		out.Items = append(out.Items, tws.HistogramItem{Price: p, Size: sizes[p.String()]})
	}
	c.send(out)
}

func (c *client) historicalTicks(ctx context.Context, m *tws.ReqHistoricalTicks) {
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	cal, err := c.s.cfg.Market.Calendar(f.in.Symbol)
	if err != nil || f.opt != nil || (m.Start == "") == (m.End == "") || m.Count <= 0 {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - Give a start or an end, and how many ticks (1 to 1000)")
		return
	}
	n := int(min(m.Count, 1000))
	req := market.BarRequest{Symbol: f.in.Symbol, Resolution: market.Minute, Adjustment: market.Raw, Extended: !m.UseRTH}
	if m.End != "" {
		if req.End, err = parseMoment(m.End, zone(cal)); err == nil {
			req.Start, req.Last = req.End.AddDate(0, 0, -10), n
		}
	} else if req.Start, err = parseMoment(m.Start, zone(cal)); err == nil {
		req.End = req.Start.AddDate(0, 0, 10)
	}
	var bars []market.Bar
	if err == nil {
		bars, err = c.s.cfg.Market.Bars(ctx, req)
	}
	if err != nil {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - %v", err)
		return
	}
	bars = bars[:min(n, len(bars))]
	ticks := make([]tws.PastTick, 0, len(bars))
	for _, b := range bars {
		ticks = append(ticks, tws.PastTick{Time: b.Start.Unix(), Price: b.Close, Size: b.Volume, Exchange: f.PrimaryExchange})
	}
	switch m.WhatToShow {
	case "BID_ASK":
		for i := range ticks {
			ticks[i].Ask, ticks[i].Price = ticks[i].Price.Add(f.in.Tick), ticks[i].Price.Sub(f.in.Tick)
			ticks[i].AskSize = ticks[i].Size
		}
		c.send(&tws.HistoricalTicksBidAsk{ReqID: m.ReqID, Ticks: ticks, Done: true})
	case "MIDPOINT":
		c.send(&tws.HistoricalTicks{ReqID: m.ReqID, Ticks: ticks, Done: true})
	default:
		c.send(&tws.HistoricalTicksLast{ReqID: m.ReqID, Ticks: ticks, Done: true})
	}
}
