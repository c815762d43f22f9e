package server

import (
	"context"
	"encoding/xml"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

const (
	kindScan  = "scan"
	scanEvery = 30 * time.Second
	mostScans = 10
	mostRows  = 50
)

// scan is one way to rank the market: what is ranked, highest first.
type scan struct {
	code, name string
	rank       func(q market.Quote) (num.Decimal, bool)
}

// change is a quote's move since the close before.
func change(q market.Quote) (num.Decimal, bool) {
	if q.PrevClose.Sign() <= 0 || q.Last.Sign() <= 0 {
		return num.Zero, false
	}
	return q.Last.Sub(q.PrevClose).Quo(q.PrevClose), true
}

var scans = []scan{
	{"TOP_PERC_GAIN", "Top % Gainers", change},
	{"TOP_PERC_LOSE", "Top % Losers", func(q market.Quote) (num.Decimal, bool) { d, ok := change(q); return d.Neg(), ok }},
	{"MOST_ACTIVE", "Most Active", func(q market.Quote) (num.Decimal, bool) { return q.Volume, q.Volume.Sign() > 0 }},
	{"MOST_ACTIVE_USD", "Most Active ($)", func(q market.Quote) (num.Decimal, bool) { return q.Volume.Mul(q.Last).Round(0), q.Volume.Sign() > 0 }},
	{"HOT_BY_VOLUME", "Hot by Volume", func(q market.Quote) (num.Decimal, bool) { return q.Volume, q.Volume.Sign() > 0 }},
	{"HIGH_OPEN_GAP", "Top Open Gap", gap},
	{"LOW_OPEN_GAP", "Bottom Open Gap", func(q market.Quote) (num.Decimal, bool) { d, ok := gap(q); return d.Neg(), ok }},
	{"TOP_OPEN_PERC_GAIN", "Top % Gainers Since Open", sinceOpen},
	{"TOP_OPEN_PERC_LOSE", "Top % Losers Since Open", func(q market.Quote) (num.Decimal, bool) { d, ok := sinceOpen(q); return d.Neg(), ok }},
}

func gap(q market.Quote) (num.Decimal, bool) {
	if q.PrevClose.Sign() <= 0 || q.Open.Sign() <= 0 {
		return num.Zero, false
	}
	return q.Open.Sub(q.PrevClose).Quo(q.PrevClose), true
}

func sinceOpen(q market.Quote) (num.Decimal, bool) {
	if q.Open.Sign() <= 0 || q.Last.Sign() <= 0 {
		return num.Zero, false
	}
	return q.Last.Sub(q.Open).Quo(q.Open), true
}

func (c *client) scannerParameters() {
	type scanType struct {
		DisplayName string `xml:"displayName"`
		ScanCode    string `xml:"scanCode"`
		Instruments string `xml:"instruments"`
	}
	type instrument struct {
		Name string `xml:"name"`
		Type string `xml:"type"`
	}
	var out struct {
		XMLName     xml.Name     `xml:"ScanParameterResponse"`
		Instruments []instrument `xml:"InstrumentList>Instrument"`
		Locations   []string     `xml:"LocationTree>Location>locationCode"`
		Scans       []scanType   `xml:"ScanTypeList>ScanType"`
	}
	out.Instruments = []instrument{{"US Stocks", "STK"}, {"US Funds", "ETF.EQ.US"}}
	out.Locations = []string{"STK.US.MAJOR", "STK.US"}
	for _, s := range scans {
		out.Scans = append(out.Scans, scanType{s.name, s.code, "STK,ETF.EQ.US"})
	}
	raw, err := xml.MarshalIndent(out, "", "  ")
	if err == nil {
		c.send(&tws.ScannerParameters{XML: xml.Header + string(raw)})
	}
}

func (c *client) scanner(ctx context.Context, m *tws.ReqScannerSubscription) {
	i := slices.IndexFunc(scans, func(s scan) bool { return s.code == m.ScanCode })
	switch {
	case i < 0:
		var codes []string
		for _, s := range scans {
			codes = append(codes, s.code)
		}
		c.fail(m.ReqID, 162, "Historical Market Data Service error message:Scan code %q is not known here: use %s", m.ScanCode, strings.Join(codes, ", "))
		return
	case !strings.HasPrefix(m.Instrument, "STK") && !strings.HasPrefix(m.Instrument, "ETF"):
		c.fail(m.ReqID, 162, "Historical Market Data Service error message:Scans of instrument %q are not served here: use STK", m.Instrument)
		return
	case c.running(kindScan) >= mostScans:
		c.fail(m.ReqID, 165, "Historical Market Data Service query message:Max number of scanner subscriptions (%d) has been reached", mostScans)
		return
	}
	run := func(ctx context.Context) {
		every(ctx, scanEvery, func() { c.send(c.scan(ctx, m, scans[i])) })
	}
	if !c.begin(ctx, task{kindScan, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate ticker id")
	}
}

// scan ranks the shares of the market.
func (c *client) scan(ctx context.Context, m *tws.ReqScannerSubscription, s scan) *tws.ScannerData {
	type ranked struct {
		in   market.Instrument
		rank num.Decimal
	}
	var list []ranked
	funds := strings.HasPrefix(m.Instrument, "ETF") || strings.Contains(m.StockTypeFilter, "ETF")
	for _, in := range c.s.contracts.list {
		if in.Class != market.Equity || funds && !in.ETF || m.StockTypeFilter == "CORP" && in.ETF {
			continue
		}
		q, err := c.s.cfg.Market.Quote(ctx, in.Symbol)
		if err != nil {
			continue
		}
		above, hasAbove := m.AbovePrice.Get()
		below, hasBelow := m.BelowPrice.Get()
		if hasAbove && q.Last.Less(above) || hasBelow && below.Less(q.Last) || m.AboveVolume.OK && q.Volume.Less(num.FromInt(m.AboveVolume.N)) {
			continue
		}
		if rank, ok := s.rank(q); ok {
			list = append(list, ranked{in, rank})
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return b.rank.Cmp(a.rank) })
	most := mostRows
	if m.Rows.OK && m.Rows.N > 0 && m.Rows.N < mostRows {
		most = int(m.Rows.N)
	}
	out := &tws.ScannerData{ReqID: m.ReqID}
	for i, r := range list[:min(most, len(list))] {
		k := c.s.contracts.contract(r.in)
		out.Rows = append(out.Rows, tws.ScannerRow{Rank: int64(i), Contract: k, MarketName: k.TradingClass})
	}
	return out
}
