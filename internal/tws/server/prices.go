package server

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

// The rates of what is told while it is subscribed to.
const (
	quoteEvery = 250 * time.Millisecond
	tickEvery  = 100 * time.Millisecond
	mostLines  = 100
	mostTicks  = 5 // subscriptions to every tick
	mostDepth  = 3
	kindPrices = "prices"
	kindTicks  = "ticks"
	kindBars   = "bars"
	kindDepth  = "depth"
)

// ticks are the tick types of a kind of prices.
type ticks struct {
	bid, bidSize, ask, askSize, last, lastSize, high, low, volume, closes, open, stamp, halted int64
	model                                                                                      int64
}

var (
	live    = ticks{1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 14, 45, 49, 13}
	delayed = ticks{66, 69, 67, 70, 68, 71, 72, 73, 74, 75, 76, 88, 90, 83}
)

// line is one subscription's state: what was told last.
type line struct {
	id    int64
	f     found
	types ticks
	rt    bool // RTVolume was asked for
	told  market.Quote
	begun bool
}

// ask gives the quote of a contract, and the model of an option.
func (c *client) quote(ctx context.Context, f found) (market.Quote, model, error) {
	if f.opt != nil {
		q, m, ok := c.s.contracts.optionQuote(ctx, *f.opt)
		if !ok {
			return q, m, fmt.Errorf("the underlying has no price")
		}
		return q, m, nil
	}
	q, err := c.s.cfg.Market.Quote(ctx, f.in.Symbol)
	return q, model{}, err
}

func (c *client) marketData(ctx context.Context, m *tws.ReqMktData) {
	f, ok := c.one(m.ReqID, m.Contract)
	switch {
	case !ok:
		return
	case m.Snapshot && m.GenericTicks != "":
		c.fail(m.ReqID, 414, "Snapshot market data subscription is not applicable to generic ticks")
		return
	case c.running(kindPrices) >= mostLines:
		c.fail(m.ReqID, 101, "Max number of tickers has been reached")
		return
	}
	l := &line{id: m.ReqID, f: f, types: live, rt: strings.Contains(","+m.GenericTicks+",", ",233,")}
	c.mu.Lock()
	kind := c.delayed
	c.mu.Unlock()
	if kind >= 3 {
		l.types = delayed
	}
	run := func(ctx context.Context) {
		c.send(&tws.MarketDataType{ReqID: l.id, Type: kind})
		c.send(&tws.TickReqParams{ReqID: l.id, MinTick: f.in.Tick, BBOExchange: "9c0001", SnapshotPermissions: 3})
		if m.Snapshot || m.RegulatorySnapshot {
			c.tell(ctx, l)
			c.send(&tws.TickSnapshotEnd{ReqID: l.id})
			c.end(task{kindPrices, l.id})
			return
		}
		every(ctx, quoteEvery, func() { c.tell(ctx, l) })
	}
	if !c.begin(ctx, task{kindPrices, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate ticker id")
	}
}

// every calls f at once and then so often until ctx ends.
func every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for ctx.Err() == nil {
		f()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}

// tell sends what has changed of a quote.
func (c *client) tell(ctx context.Context, l *line) {
	if c.s.faults.dataLost() {
		return
	}
	q, m, err := c.quote(ctx, l.f)
	if err != nil {
		return // the market is away; the next look tells
	}
	t, was, first := l.types, l.told, !l.begun
	l.told, l.begun = q, true
	price := func(tick int64, p, size num.Decimal, mask int64) {
		if p.Sign() <= 0 {
			p, size = num.FromInt(-1), num.Zero
		}
		c.send(&tws.TickPrice{ReqID: l.id, TickType: tick, Price: tws.Num(p), Size: size, Mask: mask})
	}
	size := func(tick int64, n num.Decimal) { c.send(&tws.TickSize{ReqID: l.id, TickType: tick, Size: n}) }
	side := func(priceTick, sizeTick int64, p, n, wasP, wasN num.Decimal) {
		if first || !p.Equal(wasP) {
			price(priceTick, p, n, 1)
		}
		if first || !p.Equal(wasP) || !n.Equal(wasN) {
			size(sizeTick, n)
		}
	}
	side(t.bid, t.bidSize, q.Bid, q.BidSize, was.Bid, was.BidSize)
	side(t.ask, t.askSize, q.Ask, q.AskSize, was.Ask, was.AskSize)
	if traded := lastSize(was, q); q.Last.Sign() > 0 && (first || !q.Last.Equal(was.Last) || !q.Volume.Equal(was.Volume)) {
		price(t.last, q.Last, traded, 0)
		size(t.lastSize, traded)
		c.send(&tws.TickString{ReqID: l.id, TickType: t.stamp, Value: strconv.FormatInt(q.Time.Unix(), 10)})
		if l.rt {
			c.send(&tws.TickString{ReqID: l.id, TickType: 48, Value: fmt.Sprintf("%s;%s;%d;%s;%s;true", q.Last, traded, q.Time.UnixMilli(), q.Volume, q.Last)})
		}
	}
	if q.Volume.Sign() > 0 && (first || !q.Volume.Equal(was.Volume)) {
		size(t.volume, q.Volume)
	}
	for _, p := range []struct {
		tick    int64
		now, at num.Decimal
	}{{t.high, q.High, was.High}, {t.low, q.Low, was.Low}, {t.closes, q.PrevClose, was.PrevClose}, {t.open, q.Open, was.Open}} {
		if p.now.Sign() > 0 && (first || !p.now.Equal(p.at)) {
			price(p.tick, p.now, num.Zero, 0)
		}
	}
	if first || q.Halted != was.Halted {
		halted := num.Zero
		if q.Halted {
			halted = num.One
		}
		c.send(&tws.TickGeneric{ReqID: l.id, TickType: t.halted, Value: halted})
	}
	if l.f.opt != nil && (first || !q.Last.Equal(was.Last)) {
		c.send(computation(l.id, t.model, m, m.price()))
	}
}

// lastSize is what has traded since, or a round lot.
func lastSize(was, q market.Quote) num.Decimal {
	if d := q.Volume.Sub(was.Volume); was.Volume.Sign() > 0 && d.Sign() > 0 {
		return d
	}
	return num.FromInt(100)
}

func (c *client) cancelMarketData(id int64) {
	if !c.end(task{kindPrices, id}) {
		c.fail(id, 300, "Can't find EId with tickerId:%d", id)
	}
}

func (c *client) marketDataType(kind int64) {
	if kind < 1 || kind > 4 {
		c.fail(-1, 321, "Error validating request.-'bW' : cause - Invalid market data type %d", kind)
		return
	}
	c.mu.Lock()
	c.delayed = kind
	c.mu.Unlock()
}

// tickKinds are the kinds of every-tick subscriptions by their wire number.
var tickKinds = map[string]int64{"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}

func (c *client) tickByTick(ctx context.Context, m *tws.ReqTickByTick) {
	kind := tickKinds[m.TickType]
	if kind == 0 {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - Invalid tick type %q", m.TickType)
		return
	}
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	if c.running(kindTicks) >= mostTicks {
		c.fail(m.ReqID, 10190, "Max number of tick-by-tick requests has been reached")
		return
	}
	run := func(ctx context.Context) {
		if m.Count > 0 {
			c.past(ctx, m.ReqID, f, kind, min(m.Count, 1000))
		}
		var was market.Quote
		first := true
		every(ctx, tickEvery, func() {
			q, _, err := c.quote(ctx, f)
			if err != nil || c.s.faults.dataLost() {
				return
			}
			changed := first || !q.Last.Equal(was.Last) || !q.Volume.Equal(was.Volume)
			if kind >= 3 {
				changed = first || !q.Bid.Equal(was.Bid) || !q.Ask.Equal(was.Ask) || !m.IgnoreSize && (!q.BidSize.Equal(was.BidSize) || !q.AskSize.Equal(was.AskSize))
			}
			if changed {
				c.send(tickOf(m.ReqID, kind, q, lastSize(was, q)))
			}
			was, first = q, false
		})
	}
	if !c.begin(ctx, task{kindTicks, m.ReqID}, run) {
		c.fail(m.ReqID, 102, "Duplicate ticker ID for API tick-by-tick")
	}
}

func tickOf(id, kind int64, q market.Quote, traded num.Decimal) *tws.TickByTick {
	t := &tws.TickByTick{ReqID: id, Kind: kind, Time: q.Time.Unix()}
	switch kind {
	case 3:
		t.Bid, t.Ask, t.BidSize, t.AskSize = q.Bid, q.Ask, q.BidSize, q.AskSize
	case 4:
		t.Price = q.Mid()
	default:
		t.Price, t.Size, t.Exchange = q.Last, traded, "NASDAQ"
	}
	return t
}

// past sends the last ticks as far as minute bars tell them.
func (c *client) past(ctx context.Context, id int64, f found, kind, n int64) {
	now := c.s.cfg.Market.Now()
	bars, err := c.s.cfg.Market.Bars(ctx, market.BarRequest{Symbol: f.in.Symbol, Resolution: market.Minute, Start: now.AddDate(0, 0, -7), End: now, Adjustment: market.Raw, Extended: true, Last: int(n)})
	if err != nil || f.opt != nil {
		return
	}
	half := f.in.Tick
	for _, b := range bars {
		q := market.Quote{Last: b.Close, Bid: b.Close.Sub(half), Ask: b.Close.Add(half), BidSize: num.FromInt(100), AskSize: num.FromInt(100), Time: b.End}
		c.send(tickOf(id, kind, q, b.Volume))
	}
}

func (c *client) realTimeBars(ctx context.Context, m *tws.ReqRealTimeBars) {
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	const length = 5 * time.Second
	run := func(ctx context.Context) {
		var bar *tws.RealTimeBar
		var volume num.Decimal
		every(ctx, quoteEvery, func() {
			q, _, err := c.quote(ctx, f)
			if err != nil || c.s.faults.dataLost() {
				return
			}
			p := q.Mark()
			if m.WhatToShow != "TRADES" {
				p = q.Mid()
			}
			at := c.s.cfg.Market.Now().Truncate(length).Unix()
			if bar != nil && bar.Time != at {
				c.send(bar)
				bar = nil
			}
			if bar == nil {
				bar = &tws.RealTimeBar{ReqID: m.ReqID, Time: at, Open: p, High: p, Low: p}
				volume = q.Volume
			}
			bar.High, bar.Low, bar.Close, bar.WAP = num.Max(bar.High, p), num.Min(bar.Low, p), p, p
			bar.Volume = num.Max(num.Zero, q.Volume.Sub(volume))
			bar.Count++
		})
	}
	if !c.begin(ctx, task{kindBars, m.ReqID}, run) {
		c.fail(m.ReqID, 102, "Duplicate ticker ID for API real time bars")
	}
}

// depth shows a book of as many rows as asked for, a tick apart, around the
// quote: the market has no more than its best prices.
func (c *client) depth(ctx context.Context, m *tws.ReqMktDepth) {
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	if c.running(kindDepth) >= mostDepth {
		c.fail(m.ReqID, 309, "Max number (3) of market depth requests has been reached")
		return
	}
	rows := min(max(m.Rows, 1), 10)
	run := func(ctx context.Context) {
		var was market.Quote
		operation := int64(0)
		every(ctx, quoteEvery, func() {
			q, _, err := c.quote(ctx, f)
			if err != nil || c.s.faults.dataLost() || operation == 1 && q.Bid.Equal(was.Bid) && q.Ask.Equal(was.Ask) {
				return
			}
			for i := range rows {
				away := f.in.Tick.Mul(num.FromInt(i))
				for side, p := range []num.Decimal{q.Ask.Add(away), q.Bid.Sub(away)} {
					if p.Sign() <= 0 {
						continue
					}
					size := q.AskSize
					if side == 1 {
						size = q.BidSize
					}
					size = size.Mul(num.FromInt(i + 1))
					if m.Smart {
						c.send(&tws.MktDepthL2{ReqID: m.ReqID, Position: i, MarketMaker: "NASDAQ", Operation: operation, Side: int64(side), Price: p, Size: size, Smart: true})
					} else {
						c.send(&tws.MktDepth{ReqID: m.ReqID, Position: i, Operation: operation, Side: int64(side), Price: p, Size: size})
					}
				}
			}
			was, operation = q, 1
		})
	}
	if !c.begin(ctx, task{kindDepth, m.ReqID}, run) {
		c.fail(m.ReqID, 102, "Duplicate ticker ID for API market depth")
	}
}
