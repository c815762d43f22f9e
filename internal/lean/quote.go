package lean

import (
	"context"
	"sort"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// carryOver is how old a bar of the date before may be to count as this date's
// quote in a market that trades through midnight.
const carryOver = int64(time.Hour / time.Millisecond)

// QuoteAt gives the quote the recorded market showed at an instant: that of the
// last minute that had ended on the date of at, with Time its end and Feed
// replay. Before a date's first minute, and where it has none, the last daily,
// hourly or minute close known by then is given with Feed eod and no bid or
// ask. Open, High, Low and Volume are those of regular hours so far, zero
// before the open. It fails with fault.NotFound when nothing was known.
func (f *Folder) QuoteAt(ctx context.Context, symbol string, at time.Time) (market.Quote, error) {
	e, err := f.entry("lean.QuoteAt", symbol)
	if err != nil {
		return market.Quote{}, err
	}
	if err := ctx.Err(); err != nil {
		return market.Quote{}, err
	}
	if e.mapErr != nil {
		return market.Quote{}, e.mapErr
	}
	cal, err := e.calendar(f)
	if err != nil {
		return market.Quote{}, err
	}
	ms := at.UnixMilli()
	date := market.DateOf(at.In(cal.DataZone))
	d, err := f.day(e, cal, date)
	if err != nil {
		return market.Quote{}, err
	}
	if q, ok := d.quote(ms); ok {
		return f.replay(e, cal, date, d, d, q, ms)
	}
	// Where the market trades through the data zone's midnight, the quote of a
	// minute before it is still the quote.
	before, err := f.day(e, cal, date.AddDays(-1))
	if err != nil {
		return market.Quote{}, err
	}
	if q, ok := before.quote(ms); ok && q.time >= ms-carryOver && cal.IsOpen(time.UnixMilli(q.time-1), true) && cal.IsOpen(at, true) {
		return f.replay(e, cal, date, d, before, q, ms)
	}
	return f.closing(ctx, e, cal, ms)
}

// found is where a day's rows stand at an instant.
type found struct {
	trade, quote int // index of the last row that ended by then, -1 for none
	time         int64
}

func (d *day) quote(at int64) (found, bool) {
	x := found{trade: ended(d.trades, tradeTimes, at) - 1, quote: ended(d.quotes, quoteTimes, at) - 1}
	if x.trade >= 0 {
		x.time = d.trades[x.trade].end
	}
	if x.quote >= 0 {
		x.time = max(x.time, d.quotes[x.quote].end)
	}
	return x, x.time > 0
}

// replay makes the quote of a day's rows; today is the day of date, whose
// sessions tell which one runs at the instant.
func (f *Folder) replay(e *entry, cal *market.Calendar, date market.Date, today, d *day, x found, at int64) (market.Quote, error) {
	q := market.Quote{Symbol: e.inst.Symbol, Time: time.UnixMilli(x.time).UTC(), Feed: market.FeedReplay, Source: "lean"}
	if x.trade >= 0 {
		q.Last = d.trades[x.trade].close
	}
	switch {
	case x.quote >= 0:
		row := &d.quotes[x.quote]
		if row.bid[3].Sign() > 0 {
			q.Bid, q.BidSize = row.bid[3], row.bidSize
		}
		if row.ask[3].Sign() > 0 {
			q.Ask, q.AskSize = row.ask[3], row.askSize
		}
	case len(d.quotes) == 0:
		// Only trades are stored. A book of no width and no size would let
		// everything trade for nothing, or nothing at all: half a tick each side
		// of the last trade is the narrowest book there could have been, and
		// what traded in the minute is what was on offer.
		gap := e.inst.Tick.Mul(half)
		q.Bid, q.Ask = q.Last.Sub(gap), q.Last.Add(gap)
		q.BidSize, q.AskSize = d.trades[x.trade].volume, d.trades[x.trade].volume
		if q.Bid.Sign() <= 0 {
			q.Bid, q.BidSize = num.Zero, num.Zero
		}
	}
	now := sort.Search(len(today.sessions), func(i int) bool { return today.sessions[i].midnight > at }) - 1
	if now < 0 {
		return q, nil
	}
	session := &today.sessions[now]
	q.PrevClose = session.prevClose
	var t total
	if d == today && x.trade >= 0 && d.totals[x.trade].session == now {
		t = d.totals[x.trade]
	}
	if session.midnight < today.begin {
		// The session began in the data zone's date before.
		before, err := f.day(e, cal, date.AddDays(-1))
		if err != nil {
			return market.Quote{}, err
		}
		t = before.ending(session.date).plus(t)
	}
	if t.regular {
		q.Open, q.High, q.Low, q.Volume = t.open, t.high, t.low, t.volume
	}
	return q, nil
}

// ending is the total of a session that runs on after this date's last row.
func (d *day) ending(session market.Date) total {
	if n := len(d.totals); n > 0 && d.sessions[d.totals[n-1].session].date == session {
		return d.totals[n-1]
	}
	return total{}
}

// plus joins the totals of two stretches of one session, t before u.
func (t total) plus(u total) total {
	if !t.regular {
		return u
	}
	if u.regular {
		t.high, t.low, t.volume = num.Max(t.high, u.high), num.Min(t.low, u.low), t.volume.Add(u.volume)
	}
	return t
}

// closing gives the last close known at an instant when the date has no minute
// to show.
func (f *Folder) closing(ctx context.Context, e *entry, cal *market.Calendar, at int64) (market.Quote, error) {
	q := market.Quote{Symbol: e.inst.Symbol, Feed: market.FeedEOD, Source: "lean"}
	best, daily, err := f.lastBefore(e, cal, market.Daily, at)
	if err != nil {
		return market.Quote{}, err
	}
	if daily {
		q.Open, q.High, q.Low, q.Volume = best.open, best.high, best.low, best.volume
		prior, ok, err := f.lastBefore(e, cal, market.Daily, best.start)
		if err != nil {
			return market.Quote{}, err
		}
		if ok {
			q.PrevClose = prior.close
		}
	}
	if !daily || best.end < lastClose(cal, at) || cal.IsOpen(time.UnixMilli(at), false) {
		// Something finer may be newer. It has no session to tell of.
		for _, r := range []market.Resolution{market.Hour, market.Minute} {
			if err := ctx.Err(); err != nil {
				return market.Quote{}, err
			}
			row, ok, err := f.finer(e, cal, r, at)
			if err != nil {
				return market.Quote{}, err
			}
			if ok && row.end > best.end {
				best = row
				q.Open, q.High, q.Low, q.Volume, q.PrevClose = num.Zero, num.Zero, num.Zero, num.Zero, num.Zero
			}
		}
	}
	if best.end == 0 {
		return market.Quote{}, fault.E("lean.QuoteAt", fault.NotFound, "the data folder has no price of %s at %s",
			e.inst.Symbol, time.UnixMilli(at).UTC().Format(time.RFC3339)).
			Hinted("Ask for a time its data covers, or import more data.").With("symbol", e.inst.Symbol)
	}
	q.Last, q.Time = best.close, time.UnixMilli(best.end).UTC()
	return q, nil
}

// finer is the last hour row, or the last regular minute row of the newest
// earlier date, that ended at or before an instant.
func (f *Folder) finer(e *entry, cal *market.Calendar, r market.Resolution, at int64) (tradeRow, bool, error) {
	if r == market.Hour {
		return f.lastBefore(e, cal, r, at)
	}
	files, err := e.sessionFiles(f, r)
	if err != nil {
		return tradeRow{}, false, err
	}
	n := sort.Search(len(files), func(i int) bool { return files[i].date.In(cal.DataZone).UnixMilli() >= at })
	if n == 0 {
		return tradeRow{}, false, nil
	}
	d, err := f.day(e, cal, files[n-1].date)
	if err != nil {
		return tradeRow{}, false, err
	}
	hours := hoursFilter{cal: cal, all: cal.AlwaysOpen}
	for i := ended(d.trades, tradeTimes, at) - 1; i >= 0; i-- {
		if r := d.trades[i]; hours.open(r.start, r.end) {
			return r, true, nil
		}
	}
	return tradeRow{}, false, nil
}

// lastClose is the latest regular close not after an instant, 0 when none is
// near.
func lastClose(cal *market.Calendar, at int64) int64 {
	d := cal.SessionDate(time.UnixMilli(at))
	for range 10 {
		if _, closes, ok := cal.Session(d); ok && closes.UnixMilli() <= at {
			return closes.UnixMilli()
		}
		d = d.AddDays(-1)
	}
	return 0
}
