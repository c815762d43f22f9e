package server_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/feed"
	"quantdesk/internal/lean"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

const leanFolder = "../../../../shared/data/lean"

// replay is the feed of a recorded session, from noon of 11 October 2013.
func replay(t *testing.T) *feed.Feed {
	t.Helper()
	if _, err := os.Stat(leanFolder); err != nil {
		t.Skipf("no market data at %s", leanFolder)
	}
	folder, err := lean.Open(leanFolder)
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2013, 10, 11, 16, 0, 0, 0, time.UTC)
	f, err := feed.New(feed.Config{Source: folder, Kind: market.FeedReplay, Clock: feed.NewReplay(noon, noon.Add(4*time.Hour), 1, time.Now)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var spy = tws.Contract{Symbol: "SPY", SecType: "STK", Exchange: "SMART", Currency: "USD"}

// bars asks for historical bars.
func (p *peer) bars(id int64, m tws.ReqHistoricalData) []tws.Bar {
	p.t.Helper()
	m.ReqID = id
	if m.Contract.Symbol == "" {
		m.Contract = spy
	}
	if m.WhatToShow == "" {
		m.WhatToShow = "TRADES"
	}
	p.send(&m)
	return await(p, m.Duration+" of "+m.BarSize, func(x *tws.HistoricalData) bool { return x.ReqID == id }).Bars
}

// Bars of a recorded session are those of the record, in every form in which they
// can be asked for.
func TestBarsOfReplay(t *testing.T) {
	d := open(t, setup{feed: replay(t)})
	p := d.dial(t, 1)
	day := p.bars(1, tws.ReqHistoricalData{BarSize: "1 min", Duration: "1 D", End: "20131009 16:00:00 US/Eastern", UseRTH: true, FormatDate: 1})
	if len(day) != 390 || day[0].Date != "20131009 09:30:00 US/Eastern" || day[389].Date != "20131009 15:59:00 US/Eastern" {
		t.Fatalf("a day has %d minutes, from %q", len(day), day[0].Date)
	}
	// The same moment in its other spellings.
	for i, end := range []string{"20131009-20:00:00", "20131009 16:00:00", "20131009 16:00:00 EST", "20131009 20:00:00 UTC", "20131009 16:00:00 America/New_York", "20131009 15:00:00 US/Central"} {
		if got := p.bars(int64(10+i), tws.ReqHistoricalData{BarSize: "1 min", Duration: "1 D", End: end, UseRTH: true, FormatDate: 1}); len(got) != 390 || got[0] != day[0] || got[389] != day[389] {
			t.Errorf("until %q there are %d minutes", end, len(got))
		}
	}
	if got := p.bars(20, tws.ReqHistoricalData{BarSize: "1 min", Duration: "1 D", End: "20131009-20:00:00", UseRTH: true, FormatDate: 2}); got[0].Date != strconv.Itoa(1381325400) {
		t.Errorf("in seconds the day begins at %q", got[0].Date)
	}
	extended := p.bars(21, tws.ReqHistoricalData{BarSize: "1 min", Duration: "1 D", End: "20131009-20:00:00", FormatDate: 1})
	if len(extended) <= 390 || !strings.HasPrefix(extended[0].Date, "20131009 0") || extended[0].Date >= day[0].Date {
		t.Errorf("with extended hours there are %d minutes, from %q", len(extended), extended[0].Date)
	}
	hours := p.bars(22, tws.ReqHistoricalData{BarSize: "1 hour", Duration: "1 D", End: "20131009-20:00:00", UseRTH: true, FormatDate: 1})
	high, volume := num.Zero, num.Zero
	for _, b := range day {
		high, volume = num.Max(high, b.High), volume.Add(b.Volume)
	}
	top, sum := num.Zero, num.Zero
	for _, b := range hours {
		top, sum = num.Max(top, b.High), sum.Add(b.Volume)
	}
	if !top.Equal(high) || !sum.Equal(volume) || !hours[len(hours)-1].Close.Equal(day[389].Close) {
		t.Errorf("hours reach %s with %s shares, minutes %s with %s", top, sum, high, volume)
	}
	// On a Sunday, a day is the Friday before: here the data ends earlier, at the
	// weekend of 6 October.
	if got := p.bars(23, tws.ReqHistoricalData{BarSize: "1 day", Duration: "1 D", End: "20131006 12:00:00 US/Eastern", UseRTH: true, FormatDate: 1}); len(got) != 1 || got[0].Date != "20131004" {
		t.Errorf("a day until Sunday is %+v", got)
	}
	days := p.bars(24, tws.ReqHistoricalData{BarSize: "1 day", Duration: "5 D", End: "20131004 23:59:59 US/Eastern", UseRTH: true, FormatDate: 1})
	if len(days) != 5 || days[0].Date != "20130930" || days[4].Date != "20131004" {
		t.Errorf("five days are %+v", days)
	}
	weeks := p.bars(25, tws.ReqHistoricalData{BarSize: "1 week", Duration: "1 M", End: "20131005 00:00:00 US/Eastern", UseRTH: true, FormatDate: 1})
	if n := len(weeks); n < 4 || weeks[n-1].Date != "20131004" || !weeks[n-1].Open.Equal(days[0].Open) || !weeks[n-1].Close.Equal(days[4].Close) {
		t.Errorf("weeks are %+v", weeks)
	}
	months := p.bars(26, tws.ReqHistoricalData{BarSize: "1 month", Duration: "1 Y", End: "20131001 00:00:00 US/Eastern", UseRTH: true, FormatDate: 1})
	if n := len(months); n < 12 || months[n-1].Date != "20130930" || !months[n-1].Close.Equal(days[0].Close) {
		t.Errorf("months are %+v", months)
	}
	bid := p.bars(27, tws.ReqHistoricalData{BarSize: "1 day", Duration: "1 D", End: "20131004 23:59:59 US/Eastern", UseRTH: true, FormatDate: 1, WhatToShow: "BID"})
	if len(bid) != 1 || !bid[0].Close.Less(days[4].Close) || !bid[0].Volume.Equal(num.FromInt(-1)) || bid[0].Count != -1 {
		t.Errorf("bids are %+v", bid)
	}
	p.send(&tws.ReqHistoricalData{ReqID: 28, Contract: spy, BarSize: "1 day", Duration: "1 D", End: "20131009 16:00:00 Mars/Olympus", UseRTH: true, FormatDate: 1, WhatToShow: "TRADES"})
	p.failed(28, 321)
	p.send(&tws.ReqHistoricalData{ReqID: 29, Contract: spy, BarSize: "1 day", Duration: "1 D", End: "19500101-00:00:00", UseRTH: true, FormatDate: 1, WhatToShow: "TRADES"})
	p.failed(29, 162)
	p.send(&tws.ReqHistoricalData{ReqID: 30, Contract: spy, BarSize: "1 day", Duration: "1 D", End: "20131009-20:00:00", KeepUpToDate: true, UseRTH: true, FormatDate: 1, WhatToShow: "TRADES"})
	p.failed(30, 321)
	p.send(&tws.ReqHistoricalData{ReqID: 31, Contract: spy, BarSize: "1 day", Duration: "1 W", End: "20131005-00:00:00", UseRTH: true, FormatDate: 1, WhatToShow: "SCHEDULE"})
	if m := await(p, "a schedule", func(m *tws.HistoricalSchedule) bool { return m.ReqID == 31 }); len(m.Sessions) < 5 || m.Sessions[len(m.Sessions)-1].RefDate != "20131004" {
		t.Errorf("sessions %+v", m.Sessions)
	}
	// The first day is told in both forms, and is the same.
	p.send(&tws.ReqHeadTimestamp{ReqID: 40, Contract: spy, WhatToShow: "TRADES", UseRTH: true, FormatDate: 1})
	p.send(&tws.ReqHeadTimestamp{ReqID: 41, Contract: spy, WhatToShow: "TRADES", UseRTH: true, FormatDate: 2})
	text := await(p, "a head", func(m *tws.HeadTimestamp) bool { return m.ReqID == 40 }).Time
	seconds := await(p, "a head", func(m *tws.HeadTimestamp) bool { return m.ReqID == 41 }).Time
	at, err := time.Parse("20060102-15:04:05", text)
	if err != nil || strconv.FormatInt(at.Unix(), 10) != seconds || at.Year() != 1998 {
		t.Errorf("the head is %q and %q (%v)", text, seconds, err)
	}
}

// Bars that are kept up to date go on from the last one, through the change of a
// bar, and never go back.
func TestKeptBars(t *testing.T) {
	d := open(t, setup{})
	p := d.dial(t, 1)
	p.send(&tws.ReqHistoricalData{ReqID: 1, Contract: apple, BarSize: "5 secs", Duration: "60 S", WhatToShow: "TRADES", FormatDate: 2, KeepUpToDate: true})
	first := await(p, "bars", func(m *tws.HistoricalData) bool { return m.ReqID == 1 }).Bars
	dates := map[string]bool{}
	for end := time.Now().Add(20 * time.Second); len(dates) < 3; time.Sleep(20 * time.Millisecond) {
		for _, m := range all[*tws.HistoricalDataUpdate](p) {
			dates[m.Bar.Date] = true
		}
		if time.Now().After(end) {
			t.Fatalf("the bars are %v", dates)
		}
	}
	p.send(&tws.CancelHistoricalData{ReqID: 1})
	p.sync()
	last := first[len(first)-1].Date
	for _, m := range all[*tws.HistoricalDataUpdate](p) {
		b := m.Bar
		if b.Date < last || b.High.Less(b.Low) || b.Open.Less(b.Low) || b.High.Less(b.Close) {
			t.Errorf("after %s: %+v", last, b)
		}
		last = b.Date
	}
	p.send(&tws.CancelHistoricalData{ReqID: 1})
	p.failed(1, 366)
}

// Prices come in the kind that was asked for, and a snapshot ends by itself.
func TestPrices(t *testing.T) {
	d := open(t, setup{})
	p := d.dial(t, 1)
	kinds := func(id int64) map[int64]bool {
		out := map[int64]bool{}
		for _, m := range all[*tws.TickPrice](p) {
			if m.ReqID == id {
				out[m.TickType] = true
			}
		}
		for _, m := range all[*tws.TickSize](p) {
			if m.ReqID == id {
				out[m.TickType] = true
			}
		}
		return out
	}
	snapshot := func(id int64) {
		t.Helper()
		p.send(&tws.ReqMktData{ReqID: id, Contract: apple, Snapshot: true})
		await(p, "the end of a snapshot", func(m *tws.TickSnapshotEnd) bool { return m.ReqID == id })
	}
	snapshot(1)
	for _, want := range []int64{1, 0, 2, 3, 4, 5, 8, 9} {
		if !kinds(1)[want] {
			t.Errorf("a snapshot lacks tick %d: %v", want, kinds(1))
		}
	}
	p.send(&tws.ReqMarketDataType{Type: 3})
	snapshot(2)
	for kind := range kinds(2) {
		if kind < 66 || kind > 76 {
			t.Errorf("a delayed snapshot has tick %d", kind)
		}
	}
	if m := await(p, "its kind", func(m *tws.MarketDataType) bool { return m.ReqID == 2 }); m.Type != 3 {
		t.Errorf("the kind is %d", m.Type)
	}
	p.send(&tws.ReqMarketDataType{Type: 1})
	snapshot(1) // the id is free again
	p.send(&tws.ReqMktData{ReqID: 3, Contract: apple, GenericTicks: "233", Snapshot: true})
	p.failed(3, 414)
	p.send(&tws.ReqMktData{ReqID: 4, Contract: apple, GenericTicks: "233"})
	sale := await(p, "a time and sale", func(m *tws.TickString) bool { return m.ReqID == 4 && m.TickType == 48 })
	if !regexp.MustCompile(`^[\d.]+;[\d.]+;\d{13};[\d.]+;[\d.]+;(true|false)$`).MatchString(sale.Value) {
		t.Errorf("RTVolume is %q", sale.Value)
	}
	p.send(&tws.ReqMktData{ReqID: 4, Contract: apple})
	p.failed(4, 322)
	p.send(&tws.CancelMktData{ReqID: 4})
	p.sync()
	p.send(&tws.CancelMktData{ReqID: 4})
	p.failed(4, 300)
}

// An option is found by its number alone, by a client that has not asked for it.
func TestOptionByID(t *testing.T) {
	d := open(t, setup{})
	p := d.dial(t, 1)
	under := p.contract(apple).Contract
	p.send(&tws.ReqSecDefOptParams{ReqID: 2, Symbol: "AAPL", SecType: "STK", ConID: under.ConID})
	chain := await(p, "a chain", func(m *tws.SecDefOptParams) bool { return m.ReqID == 2 })
	o := tws.Contract{Symbol: "AAPL", SecType: "OPT", Exchange: "SMART", Currency: "USD", Right: "C", LastTradeDate: chain.Expirations[6], Strike: chain.Strikes[len(chain.Strikes)/2]}
	p.send(&tws.ReqContractDetails{ReqID: 3, Contract: o})
	k := await(p, "the option", func(m *tws.ContractData) bool { return m.ReqID == 3 })
	if k.UnderConID != under.ConID || k.Contract.ConID <= 0 {
		t.Fatalf("got %+v", k)
	}
	other := d.dial(t, 2)
	other.send(&tws.ReqMktData{ReqID: 4, Contract: tws.Contract{ConID: k.Contract.ConID}})
	m := await(other, "its model", func(m *tws.TickOptionComputation) bool { return m.ReqID == 4 && m.TickType == 13 })
	if !m.ImpliedVol.Positive() || !m.Delta.Positive() || !m.Price.Positive() {
		t.Errorf("got %+v", m)
	}
	o.SecType = "OPT"
	other.send(&tws.PlaceOrder{OrderID: 1, Contract: o, Order: tws.Order{Action: "BUY", TotalQuantity: num.One, OrderType: "MKT", TIF: "DAY", Transmit: true, Account: account, ExemptCode: -1}})
	other.failed(1, 201)
}
