package main

import (
	"context"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/lean"
	"quantdesk/internal/market"
	"quantdesk/internal/research"
	"quantdesk/internal/sim"
)

// openResearch makes the research room over the desk's market.
func (a *app) openResearch(ctx context.Context) error {
	var ref research.Reference
	switch m := a.feed.Source().(type) {
	case *sim.Market:
		ref = simReference{m}
	case *lean.Folder:
		ref = m
	}
	a.research = research.New(research.Config{Prices: a.feed, Reference: ref, Store: a.db, Now: time.Now, Log: a.log})
	return a.research.Recover(ctx)
}

// simReference is what the simulated market knows of itself.
type simReference struct{ m *sim.Market }

// webTraffic is the simulator's alternative data.
const webTraffic = "web_traffic"

func (r simReference) Constituents(_ context.Context, fund string, on market.Date) ([]research.Member, market.Date, error) {
	list, ok := r.m.Constituents(fund, on)
	if !ok {
		return nil, on, fault.E("research.Constituents", fault.NotFound, "there are no holdings of %s on %s", fund, on).With("argument", "etf_ticker").
			Hinted("There are those of SPY, QQQ, VTI and URTH, from 2010-01-04 on.")
	}
	for on.Weekday() == time.Saturday || on.Weekday() == time.Sunday { // it trades on every other day
		on = on.AddDays(-1)
	}
	out := make([]research.Member, len(list))
	for i, w := range list {
		out[i] = research.Member{Symbol: w.Symbol, Weight: w.Weight}
	}
	return out, on, nil
}

func (r simReference) Fundamentals(_ context.Context, symbol string, on market.Date) (research.Fundamentals, error) {
	size, ok := r.m.MarketCap(symbol, on)
	if !ok {
		return research.Fundamentals{}, fault.E("research.Fundamentals", fault.NotFound, "%s has no fundamentals on %s", symbol, on)
	}
	f := research.Fundamentals{Sector: r.m.Sector(symbol), MarketCap: size.Float64()}
	if book, published, ok := r.m.BookEquity(symbol, on); ok {
		f.Book, f.Published = book.Float64(), published
	}
	return f, nil
}

func (simReference) Datasets(context.Context) ([]string, error) { return []string{webTraffic}, nil }

func (r simReference) Alternative(_ context.Context, _, symbol string, from, to market.Date) ([]research.AltRow, error) {
	var out []research.AltRow
	for _, w := range r.m.Alternative(symbol, from, to) {
		out = append(out, research.AltRow{Date: w.Date, Values: map[string]float64{"value": w.Value, "expected": w.Expected, "surprise": w.Surprise}})
	}
	return out, nil
}

func (r simReference) Factors(_ context.Context, from, to market.Date) ([]market.Date, []string, [][]float64, error) {
	rows := r.m.Factors(from, to)
	if len(rows) == 0 {
		return nil, nil, nil, fault.E("research.Factors", fault.NotFound, "there are no factor returns from %s to %s", from, to)
	}
	names := slices.Concat([]string{"Mkt-RF", "SMB", "HML", "RMW", "CMA", "MOM", "QMJ", "RF"}, sim.Sectors())
	values := make([][]float64, len(names))
	dates := make([]market.Date, len(rows))
	for t, row := range rows {
		dates[t] = row.Date
		for k, v := range slices.Concat([]float64{row.MktRF, row.SMB, row.HML, row.RMW, row.CMA, row.MOM, row.QMJ, row.RF}, row.Sectors[:]) {
			values[k] = append(values[k], v)
		}
	}
	return dates, names, values, nil
}
